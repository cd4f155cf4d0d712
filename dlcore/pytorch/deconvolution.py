"""Upsampling by transposed convolution and by rearranging."""

__all__ = []
