"""Initial values of parameters. Functions change what they are given, as ``torch.nn.init`` does."""

import numpy as np

from .tensor import Tensor, no_grad
from .windows import as_int

__all__ = ["icnr_"]


def icnr_(tensor, upscale_factor, initializer, generator=None):
    """Fill the weight of a convolution before :func:`dlcore.scratch.pixel_shuffle` so that no checkerboard shows.

    The r² output channels that become one pixel's neighbours, with r the `upscale_factor`, begin with the same kernel:
    ``tensor[c r² + j] = kernels[c]``. So the r x r pixels begin equal, and convolution and shuffle begin as a
    convolution followed by nearest-neighbour interpolation.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, *)``
        Filled in place. Where the convolution has a bias fill that too, or the pixels differ by it.
    upscale_factor : int
        r; O is a multiple of r².
    initializer : callable
        Fills the kernels, a tensor or array of shape ``(O / r², *)``, in place.
    generator : numpy.random.Generator, optional
        Handed to `initializer` as ``generator=generator``.

    Returns
    -------
    Tensor or array
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
    values = tensor.data if isinstance(tensor, Tensor) else tensor
    kernels = np.zeros((len(values) // repeats, *values.shape[1:]), values.dtype)
    with no_grad():
        initializer(
            Tensor(kernels) if isinstance(tensor, Tensor) else kernels,
            **({} if generator is None else {"generator": generator}),
        )
    values[...] = np.repeat(kernels, repeats, axis=0)
    return tensor


def icnr_repeats(shape, upscale_factor, initializer):
    """How often :func:`icnr_` repeats each kernel."""
    repeats = as_int(upscale_factor, "upscale_factor", 1) ** 2
    if not shape or shape[0] % repeats:
        raise RuntimeError(
            f"tensor: expected a first axis in multiples of {repeats}, got shape {tuple(shape)}"
        )
    if not callable(initializer):
        raise TypeError(f"initializer: expected a function, got {type(initializer).__name__}")
    return repeats
