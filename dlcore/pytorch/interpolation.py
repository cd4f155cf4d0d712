"""Interpolation: PyTorch's own operators."""

from torch.nn.functional import affine_grid, grid_sample, interpolate

__all__ = ["affine_grid", "grid_sample", "interpolate"]
