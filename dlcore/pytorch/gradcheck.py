"""Numerical gradients: the definition of the derivative, used to check the formulas."""

import torch
from torch.autograd import gradcheck

__all__ = ["gradcheck", "numerical_gradient"]


@torch.no_grad()
def numerical_gradient(function, array, gradient=None, eps=1e-6):
    """The gradient of ``sum(gradient * function(array))`` by central differences.

    Parameters
    ----------
    function : callable
        From a tensor of the shape of `array` to a tensor.
    array : torch.Tensor
        Where to differentiate; computed in float64. It is left as it was.
    gradient : torch.Tensor, optional
        The gradient with respect to the function's output, of its shape; ones by default.
    eps : float
        The step. The error is of order ``eps**2`` from the formula and ``1e-16 / eps`` from rounding.

    Returns
    -------
    torch.Tensor
        Of the shape of `array`, float64. It costs two evaluations of `function` per element.
    """
    array = array.detach().double()
    slopes = []
    for place in range(array.numel()):
        step = torch.zeros(array.numel(), dtype=array.dtype, device=array.device)
        step[place] = eps
        step = step.reshape(array.shape)
        change = function(array + step).double() - function(array - step).double()
        slopes.append((change if gradient is None else change * gradient).sum() / (2 * eps))
    return torch.stack(slopes).reshape(array.shape) if slopes else torch.zeros_like(array)
