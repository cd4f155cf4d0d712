"""The fully connected layer: shape and cost."""

from math import prod

from ...scratch import nn as computing
from ...scratch.nn.fully_connected import linear_options
from .module import Layer

__all__ = ["Linear"]


class Linear(Layer):
    """Shape and cost of ``scratch.nn.Linear``."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = linear_options(in_features, out_features)
        self.parameter_shapes = {"weight": (self.out_features, self.in_features)}
        if bias:
            self.parameter_shapes["bias"] = (self.out_features,)

    extra_repr = computing.Linear.extra_repr

    def output_shape(self, shape):
        if shape[-1] != self.in_features:
            raise RuntimeError(f"input: expected a last axis of {self.in_features}, got shape {shape}")
        return (*shape[:-1], self.out_features)

    def spans(self, signal):
        if not signal.spans or len(signal.shape) != len(signal.spans) + 2:
            return signal.spans  # flattened before: every unit sees all there is to see
        return (*signal.spans[:-1], signal.spans[-1].mixed(signal.shape[-1]))

    def multiply_adds(self, output_shape):
        return prod(output_shape) * self.in_features
