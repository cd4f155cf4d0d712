"""Pooling: PyTorch's operators, and those of ``dlcore.scratch.pooling`` that it lacks, in its operations."""

import torch
from torch.nn.functional import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    pad,
    relu,
)

from ..scratch.pooling import mixing_shape, pooling_options, pyramid_options
from ..scratch.windows import as_bool, output_size

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "max_pool1d", "max_pool2d", "max_pool3d", "mixed_pool2d", "spatial_pyramid_pool2d", "stochastic_pool2d",
]  # fmt: skip


def mixed_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    weight=None,
    training=False,
    *,
    generator=None,
):
    """Between the largest element of each window and the mean: ``weight * maximum + (1 - weight) * mean``.

    Parameters
    ----------
    input : torch.Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size, stride, padding, ceil_mode
        As for :func:`max_pool2d`. The padding does not count, neither for the maximum nor for the mean.
    weight : float or torch.Tensor of one element or of shape (C,), optional
        The share of the maximum, one for all channels or one for each; it may be learned. Without it each channel
        pools, in training, by its maximum or by its mean, as a coin falls anew in every call; otherwise both count
        half, what the coin gives on average.
    training : bool
        Whether a `weight` that is not given is drawn.
    generator : torch.Generator, optional
        Where the coins come from; PyTorch's own by default.

    Returns
    -------
    torch.Tensor, shape (N, C, H', W') or (C, H', W')

    Raises
    ------
    RuntimeError
        As :func:`max_pool2d`, and a `weight` of another shape.
    TypeError
        Options of the wrong type.
    NotImplementedError
        An input that is not floating point.

    Source: Yu, Wang, Chen and Wei, "Mixed pooling for convolutional neural networks" (2014), with the coin; Lee,
    Gallagher and Tu, "Generalizing pooling functions in convolutional neural networks: mixed, gated, and tree" (2016),
    with a learned weight.
    """
    _check(input, kernel_size, stride, padding, ceil_mode)
    largest = max_pool2d(input, kernel_size, stride, padding, ceil_mode=ceil_mode)
    mean = avg_pool2d(input, kernel_size, stride, padding, ceil_mode, count_include_pad=False)
    is_training, channels = as_bool(training, "training"), input.shape[-3]
    if isinstance(weight, torch.Tensor):
        weight = weight.reshape(mixing_shape(weight.shape, channels))
    elif weight is None and is_training:
        device = input.device if generator is None else generator.device
        coins = torch.randint(2, (channels, 1, 1), generator=generator, device=device)
        weight = coins.to(input)
    elif weight is None:
        weight = 0.5
    return weight * largest + (1 - weight) * mean


def stochastic_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, training=False, *, generator=None
):
    """One element of each window, drawn with a probability in proportion to its size; or what that gives on average.

    Element i of a window is drawn with probability ``p_i = a_i / sum of a``, and it alone gets the
    gradient. Outside of training the output is ``sum of p_i * a_i``.

    Parameters
    ----------
    input : torch.Tensor, shape (N, C, H, W) or (C, H, W)
        Activations that are not negative, as behind a ReLU; what is negative counts as 0. A window of nothing but
        zeros gives 0 and no gradient.
    kernel_size, stride, padding, ceil_mode
        As for :func:`max_pool2d`. The padding is never drawn.
    training : bool
        Whether to draw.
    generator : torch.Generator, optional
        Where the draws come from; PyTorch's own by default.

    Returns
    -------
    torch.Tensor, shape (N, C, H', W') or (C, H', W')
        NaN where a window holds NaN or infinity.

    Raises
    ------
    RuntimeError
        As :func:`max_pool2d`.
    TypeError
        Options of the wrong type.
    NotImplementedError
        An input that is not floating point.

    Source: Zeiler and Fergus, "Stochastic pooling for regularization of deep convolutional neural networks" (2013).
    """
    patches = _patches(relu(input), *_check(input, kernel_size, stride, padding, ceil_mode))
    so_far = patches.cumsum(-1)
    total = so_far[..., -1:]
    if as_bool(training, "training"):
        device = input.device if generator is None else generator.device
        dtype = torch.promote_types(input.dtype, torch.float32)
        drawn = torch.rand(total.shape, generator=generator, device=device, dtype=dtype)
        reached = so_far > drawn.to(input.device) * total
        chosen = reached & (reached.cumsum(-1) == 1)  # the first with which the sum exceeds the drawn part
        unknown = (total * 0).detach().squeeze(-1)  # NaN where the sum is not finite
        return torch.where(chosen, patches, 0).sum(-1) + unknown
    return (patches / torch.where(total == 0, 1, total) * patches).sum(-1)


def spatial_pyramid_pool2d(input, levels=(1, 2, 4), method="max"):
    """Pool to l x l windows for each level l and lay the results side by side: a vector of one length for every image.

    Parameters
    ----------
    input : torch.Tensor, shape (N, C, H, W) or (C, H, W)
        H and W may differ from call to call.
    levels : sequence of int
        How many windows along each axis; they lie as in :func:`adaptive_avg_pool2d`.
    method : {"max", "avg"}

    Returns
    -------
    torch.Tensor, shape (N, C * sum of l**2) or (C * sum of l**2,)
        Level after level; within a level channel after channel, and each channel's windows row by row.

    Raises
    ------
    RuntimeError
        An input that :func:`adaptive_max_pool2d` refuses, no levels, or levels below 1.
    TypeError
        Levels that are not a sequence of integers.
    ValueError
        An unknown method.

    Source: He, Zhang, Ren and Sun, "Spatial pyramid pooling in deep convolutional networks for visual recognition"
    (2014). It trains with windows of ``ceil(n / l)`` elements, ``floor(n / l)`` apart; where l does not divide n, those
    need not be l windows.
    """
    levels, method = pyramid_options(levels, method)
    _check_image(input)
    pool = adaptive_max_pool2d if method == "max" else adaptive_avg_pool2d
    return torch.cat([pool(input, level).flatten(-3) for level in levels], -1)


def _check(input, kernel_size, stride, padding, ceil_mode):
    """How many windows there are, and the options as tuples; or the error that a bad one makes."""
    _check_image(input)
    kernel_size, stride, padding, _, ceil_mode = pooling_options(
        2, kernel_size, stride, padding, 1, ceil_mode
    )
    lengths = zip(input.shape[-2:], kernel_size, stride, padding)
    windows = [output_size(n, k, s, p, 1, ceil_mode) for n, k, s, p in lengths]
    if min(windows) < 1:
        raise RuntimeError(f"input: no window of size {kernel_size} fits into {tuple(input.shape[-2:])}")
    return windows, kernel_size, stride, padding


def _check_image(input):
    if not input.is_floating_point():
        raise NotImplementedError(f"input: expected floating-point numbers, got {input.dtype}")
    if input.ndim not in (3, 4) or 0 in input.shape[-3:]:
        raise RuntimeError(
            f"input: expected (N, C, H, W) or (C, H, W), only N may be 0, got shape {tuple(input.shape)}"
        )


def _patches(input, windows, kernel_size, stride, padding):
    """Each window's elements along a last axis, with zeros beyond the input."""
    borders = []
    for n, m, k, s, p in zip(input.shape[-2:], windows, kernel_size, stride, padding):
        borders = [p, (m - 1) * s + k - n - p, *borders]  # the last axis comes first; fewer than 0 cut
    patches = pad(input, borders)
    for axis, (k, s) in enumerate(zip(kernel_size, stride), input.ndim - 2):
        patches = patches.unfold(axis, k, s)
    return patches.flatten(-2)
