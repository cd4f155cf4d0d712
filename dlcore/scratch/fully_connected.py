"""The fully connected layer as an operator."""

import math

import numpy as np

from .tensor import differentiable
from .windows import numeric

__all__ = ["linear"]


@differentiable
def linear(input, weight, bias=None):
    """``input @ weight.T + bias``: every output is a weighted sum of every input.

    Parameters
    ----------
    input : array_like or Tensor, shape (..., I)
    weight : array_like or Tensor, shape (O, I) or (I,)
    bias : array_like or Tensor, shape (O,), (1,) or (), optional
        Without an O axis of the weight no bias is taken.

    Returns
    -------
    array or Tensor, shape (..., O), or (...) for a weight of shape (I,)

    Raises
    ------
    RuntimeError
        Shapes that do not fit together or dtypes that differ.
    NotImplementedError
        Booleans.

    Source: ``torch.nn.functional.linear``.
    """
    input, weight = numeric(input, "input"), np.asarray(weight)
    bias = None if bias is None else np.asarray(bias)
    if weight.ndim not in (1, 2):
        raise RuntimeError(f"weight: expected shape (O, I) or (I,), got {weight.shape}")
    if input.ndim == 0 or input.shape[-1] != weight.shape[-1]:
        raise RuntimeError(f"input: expected a last axis of {weight.shape[-1]}, got shape {input.shape}")
    if bias is not None and (weight.ndim == 1 or bias.shape not in ((len(weight),), (1,), ())):
        raise RuntimeError(f"bias: does not fit a weight of shape {weight.shape}, got shape {bias.shape}")
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.dtype != input.dtype:
            raise RuntimeError(f"{name}: expected the input's dtype {input.dtype}, got {array.dtype}")
    # Whatever the leading axes, one product of two matrices.
    matrix = weight if weight.ndim == 2 else weight[np.newaxis]
    examples = input.reshape(math.prod(input.shape[:-1]), input.shape[-1])
    output = (examples @ matrix.T).reshape((*input.shape[:-1], *weight.shape[:-1]))
    if bias is not None:
        output += bias

    def grad_bias(grad):
        total = grad.sum(0)
        return total if bias.shape == total.shape else total.sum().reshape(bias.shape)

    def pullback(grad):
        grad = grad.reshape(len(examples), len(matrix))
        return (
            lambda: (grad @ matrix).reshape(input.shape),
            lambda: (grad.T @ examples).reshape(weight.shape),
            lambda: grad_bias(grad),
        )

    return output, pullback
