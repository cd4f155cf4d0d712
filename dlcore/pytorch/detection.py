"""Boxes and regions."""

__all__ = []
