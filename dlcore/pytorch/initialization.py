"""Initial values of parameters. Functions change what they are given, as ``torch.nn.init`` does."""

import torch

from ..scratch.initialization import icnr_repeats

__all__ = ["icnr_"]


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
