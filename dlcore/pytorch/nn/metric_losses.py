"""Losses on angles and distances as layers."""

__all__ = []
