"""Normalization: PyTorch's operators, and those of ``dlcore.scratch.normalization`` that it lacks, in its operations."""

import torch
from torch.nn.functional import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    rms_norm,
)

from ..scratch.input_normalization import contrast_stretch_check, equalize_histogram_check, standardize_check
from ..scratch.normalization_checks import (
    batch_renorm_check,
    require_constant,
    switchable_norm_check,
    values_per_channel,
)
from ..scratch.windows import volume

__all__ = [
    "batch_norm", "batch_renorm", "contrast_stretch", "equalize_histogram", "group_norm", "instance_norm",
    "layer_norm", "local_response_norm", "rms_norm", "standardize", "switchable_norm",
]  # fmt: skip


def standardize(input, dim=None, correction=0, eps=0.0):
    """Shift to mean 0 and scale to variance 1 along `dim`: ``(x - mean) / sqrt(variance + eps)``.

    Arguments, result and errors are those of ``dlcore.scratch.standardize``: a constant gives 0 where `eps` is 0.
    """
    axes, correction, eps = standardize_check(input, dim, correction, eps)
    if not axes or input.numel() == 0:
        return input * 0
    count = volume([input.shape[axis] for axis in axes])
    centered = input - input.mean(axes, keepdim=True)
    variance = (centered * centered).sum(axes, keepdim=True) / (count - correction) + eps
    if eps != 0:
        return centered / variance.sqrt()
    constant = (input.amin(axes, keepdim=True) == input.amax(axes, keepdim=True)) | (variance == 0)
    return torch.where(constant, 0, centered / torch.where(constant, 1, variance).sqrt())


def contrast_stretch(input, dim=(-2, -1)):
    """Stretch the grey levels over the whole range from 0 to 1: ``(x - min) / (max - min)``.

    Arguments, result and errors are those of ``dlcore.scratch.contrast_stretch``: a constant image gives 0.
    """
    axes = contrast_stretch_check(input, dim)
    if not axes:
        return input * 0
    low, high = input.amin(axes, keepdim=True), input.amax(axes, keepdim=True)
    constant = low == high
    return torch.where(constant, 0, (input - low) / torch.where(constant, 1, high - low))


def equalize_histogram(input, levels=256):
    """Spread the grey levels evenly: level k becomes ``round((levels - 1) * share of the pixels that are <= k)``.

    Arguments, result and errors are those of ``dlcore.scratch.equalize_histogram``: uint8 in, uint8 out, no gradient.
    Under ``torch.compile`` grey levels that do not exist are not looked for.
    """
    levels = equalize_histogram_check(input, levels)
    if not torch.compiler.is_compiling() and input.numel() and int(input.max()) >= levels:
        raise RuntimeError(f"input: expected grey levels from 0 to {levels - 1}, got {int(input.max())}")
    pixels = volume(input.shape[-2:])
    rows = input.reshape(volume(input.shape[:-2]), pixels).long()
    counts = rows.new_zeros((len(rows), levels)).scatter_add(1, rows, torch.ones_like(rows))
    numerators = 2 * (levels - 1) * counts.cumsum(1) + pixels  # half a step more, then cut: rounded
    table = torch.div(numerators, 2 * max(pixels, 1), rounding_mode="floor")
    return table.gather(1, rows).to(torch.uint8).reshape(input.shape)


def batch_renorm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, r_max=3.0,
    d_max=5.0,
):  # fmt: skip
    """Batch norm, corrected in training to what the running averages would give.

    Arguments, result and errors are those of ``dlcore.scratch.batch_renorm``: ``(x - m) / s * r + d`` with the batch's
    mean and standard deviation, where r and d are clipped and count as constants. Source: Ioffe (2017).
    """
    require_constant(torch.is_grad_enabled(), running_mean=running_mean, running_var=running_var)
    momentum, eps, r_max, d_max = batch_renorm_check(
        input, running_mean, running_var, weight, bias, training, momentum, eps, r_max, d_max
    )
    if not training:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    shape = (-1, *[1] * (input.ndim - 2))
    mean, variance = _moments(input, (0, *range(2, input.ndim)))
    # A running total of one element is the element. PyTorch's compiler keeps it for the backward pass, where it would
    # read other numbers again from the running averages, which have been updated by then.
    before = [array.unsqueeze(-1).cumsum(-1).reshape(shape) for array in (running_mean, running_var)]
    std, running_std = (variance + eps).sqrt(), (before[1] + eps).sqrt()
    r = (std / running_std).detach().clamp(1 / r_max, r_max)
    d = ((mean - before[0]) / running_std).detach().clamp(-d_max, d_max)
    _update(running_mean, running_var, mean, variance, input, momentum)
    return _scale_and_shift((input - mean) / std * r + d, weight, bias)


def switchable_norm(
    input, running_mean, running_var, mean_weight, var_weight, weight=None, bias=None, training=False, momentum=0.1,
    eps=1e-5,
):  # fmt: skip
    """Standardize by a learned mixture of instance, layer and batch statistics.

    Arguments, result and errors are those of ``dlcore.scratch.switchable_norm``. Source: Luo et al. (2019).
    """
    require_constant(torch.is_grad_enabled(), running_mean=running_mean, running_var=running_var)
    momentum, eps = switchable_norm_check(
        input, running_mean, running_var, mean_weight, var_weight, weight, bias, training, momentum, eps
    )
    spatial = tuple(range(2, input.ndim))
    if training:
        batch = _moments(input, (0, *spatial))
        _update(running_mean, running_var, *batch, input, momentum)
    else:
        batch = [item.reshape(-1, *[1] * len(spatial)) for item in (running_mean, running_var)]
    means, variances = zip(_moments(input, spatial), _moments(input, (1, *spatial)), batch)
    mean = sum([share * item for share, item in zip(mean_weight.softmax(0), means)])
    variance = sum([share * item for share, item in zip(var_weight.softmax(0), variances)])
    return _scale_and_shift((input - mean) / (variance + eps).sqrt(), weight, bias)


def _moments(input, axes):
    """Mean and (biased) variance over these axes, which stay with size 1."""
    count = max(1, volume([input.shape[axis] for axis in axes]))  # the mean of nothing is 0, not NaN
    mean = input.sum(axes, keepdim=True) / count
    return mean, (input - mean).square().sum(axes, keepdim=True) / count


@torch.no_grad()
def _update(running_mean, running_var, mean, variance, input, momentum):
    """Move the running averages, if any, towards the statistics of this batch, with the unbiased variance."""
    count = values_per_channel(input)
    if running_mean is not None and count:
        for running, statistic in ((running_mean, mean), (running_var, variance * (count / (count - 1)))):
            running.mul_(1 - momentum).add_(statistic.flatten(), alpha=momentum)


def _scale_and_shift(output, weight, bias):
    """``output * weight + bias``, one of each for every channel, where there are any."""
    shape = (-1, *[1] * (output.ndim - 2))
    output = output if weight is None else output * weight.reshape(shape)
    return output if bias is None else output + bias.reshape(shape)
