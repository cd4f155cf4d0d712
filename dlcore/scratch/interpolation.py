"""Interpolation: values between the grid points."""

__all__ = []
