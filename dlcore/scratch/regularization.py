"""Regularization."""

__all__ = []
