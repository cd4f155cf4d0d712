"""Normalization."""

__all__ = []
