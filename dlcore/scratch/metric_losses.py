"""Losses on angles and distances between features."""

__all__ = []
