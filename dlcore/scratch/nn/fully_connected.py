"""The fully connected layer."""

import numpy as np

from .. import fully_connected
from ..windows import as_int
from .module import Weighted

__all__ = ["Linear"]


class Linear(Weighted):
    """:func:`dlcore.scratch.linear` from `in_features` to `out_features`.

    Its parameters begin at random; :func:`reset_parameters` makes them reproducible. Source: ``torch.nn.Linear``.
    """

    def __init__(self, in_features, out_features, bias=True, *, dtype=np.float32):
        in_features, out_features = linear_options(in_features, out_features)
        super().__init__((out_features, in_features), bias, dtype)
        self.in_features, self.out_features = in_features, out_features

    def forward(self, input):
        return fully_connected.linear(input, self.weight, self.bias)

    def extra_repr(self):
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )


def linear_options(in_features, out_features):
    """Check what a linear layer is made with."""
    return as_int(in_features, "in_features", 0), as_int(out_features, "out_features", 0)
