"""The arithmetic of sliding windows: integers only, so that there is one for both backends."""

from ..scratch.windows import output_size, same_padding

__all__ = ["output_size", "same_padding"]
