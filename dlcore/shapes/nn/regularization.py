"""Layers that regularize."""

__all__ = []
