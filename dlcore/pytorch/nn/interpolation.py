"""Upsampling layers that interpolate."""

__all__ = []
