"""Initial values of parameters. Functions change what they are given, as ``torch.nn.init`` does.

Where PyTorch has them they are PyTorch's own. Its ``sparse_`` takes the numbers from `generator`, but the places of the
zeros from PyTorch's global one.
"""

import math

import torch
from torch.nn.init import _calculate_fan_in_and_fan_out as calculate_fan_in_and_fan_out
from torch.nn.init import (
    calculate_gain,
    constant_,
    dirac_,
    eye_,
    kaiming_normal_,
    kaiming_uniform_,
    normal_,
    ones_,
    orthogonal_,
    sparse_,
    trunc_normal_,
    uniform_,
    xavier_normal_,
    xavier_uniform_,
    zeros_,
)

from ..scratch.initialization import icnr_repeats, is_empty

__all__ = [
    "calculate_fan_in_and_fan_out", "calculate_gain", "constant_", "dirac_", "eye_", "icnr_", "kaiming_normal_",
    "kaiming_uniform_", "normal_", "ones_", "orthogonal_", "sparse_", "standard_uniform_", "trunc_normal_", "uniform_",
    "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip


def standard_uniform_(tensor, generator=None):
    """Fill with numbers that are uniform between ±1/√fan_in: the usual choice before Xavier initialization.

    Their variance is 1 / (3 fan_in), so a linear layer divides the variance of its input by 3. PyTorch's Linear and
    Conv layers begin with this distribution to this day; their code asks for it as ``kaiming_uniform_(a=√5)``.

    Parameters
    ----------
    tensor : torch.Tensor, shape ``(O, I, *)``
        Floating point; filled in place. Without elements there is a warning.
    generator : torch.Generator, optional
        Where the numbers come from; by default PyTorch's global one.

    Returns
    -------
    torch.Tensor
        `tensor` itself.

    Raises
    ------
    ValueError
        Fewer than two axes.
    NotImplementedError
        A tensor of integers.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010),
    equation 1.
    """
    if is_empty(tensor.shape):
        return tensor
    bound = 1 / math.sqrt(calculate_fan_in_and_fan_out(tensor)[0])
    return uniform_(tensor, -bound, bound, generator)


@torch.no_grad()
def icnr_(tensor, upscale_factor, initializer, generator=None):
    """Fill the weight of a convolution before ``pixel_shuffle`` so that no checkerboard shows.

    The r² output channels that become one pixel's neighbours, with r the `upscale_factor`, begin with the same kernel:
    ``tensor[c r² + j] = kernels[c]``. So the r x r pixels begin equal, and convolution and shuffle begin as a
    convolution followed by nearest-neighbour interpolation.

    Parameters
    ----------
    tensor : torch.Tensor, shape ``(O, *)``
        Filled in place. Where the convolution has a bias fill that too, or the pixels differ by it.
    upscale_factor : int
        r; O is a multiple of r².
    initializer : callable
        Fills the kernels, a tensor of shape ``(O / r², *)``, in place; one of ``torch.nn.init``, for instance.
    generator : torch.Generator, optional
        Handed to `initializer` as ``generator=generator``.

    Returns
    -------
    torch.Tensor
        `tensor` itself.

    Raises
    ------
    RuntimeError
        A first axis that is not a multiple of r², a factor below 1.
    TypeError
        A factor that is not an integer, an `initializer` that cannot be called.

    Source: Aitken et al., "Checkerboard artifact free sub-pixel convolution" (2017), where it is called initialization
    to convolution NN resize.
    """
    repeats = icnr_repeats(tensor.shape, upscale_factor, initializer)
    kernels = tensor.new_zeros((len(tensor) // repeats, *tensor.shape[1:]))
    initializer(kernels, **({} if generator is None else {"generator": generator}))
    return tensor.copy_(kernels.repeat_interleave(repeats, dim=0))
