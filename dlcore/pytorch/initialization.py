"""Initialization."""

__all__ = []
