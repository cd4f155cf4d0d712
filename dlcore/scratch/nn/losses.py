"""Losses as layers."""

__all__ = []
