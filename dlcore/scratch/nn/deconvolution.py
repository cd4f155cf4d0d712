"""Upsampling layers that learn or rearrange."""

__all__ = []
