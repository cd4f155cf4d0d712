"""Recurrent networks."""

__all__ = []
