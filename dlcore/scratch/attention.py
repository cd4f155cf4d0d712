"""Attention."""

__all__ = []
