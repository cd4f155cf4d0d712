"""Normalization layers."""

import warnings

import numpy as np

from .. import normalization, normalization_checks
from ..arithmetic import reshape
from ..windows import as_bool, as_int
from .module import Module, OperatorLayer, Parameter

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "BatchRenorm1d", "BatchRenorm2d", "BatchRenorm3d", "GroupNorm",
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LayerNorm", "LocalResponseNorm", "RMSNorm",
    "SwitchableNorm2d",
]  # fmt: skip


class _Norm(Module):
    """A layer that scales and shifts what it has standardized, from 1 and 0 on."""

    def keep_affine(self, shape, weight, bias, dtype):
        """A weight and a bias of this shape, if wanted."""
        self.weight = Parameter(np.ones(shape, dtype)) if weight else None
        self.bias = Parameter(np.zeros(shape, dtype)) if weight and bias else None

    def reset_parameters(self, generator=None):
        """Scale by 1 and shift by 0; nothing is drawn."""
        for parameter, value in ((self.weight, 1), (getattr(self, "bias", None), 0)):
            if parameter is not None:
                parameter.data[...] = value


class _Tracking(_Norm):
    """A layer that may keep running averages, for inputs with numbers of axes in `ranks`."""

    ranks = ()

    def __init__(self, num_features, eps, momentum, affine, track_running_stats, bias, dtype):
        super().__init__()
        self.num_features = as_int(num_features, "num_features", 0)
        self.eps, self.momentum = eps, momentum
        self.affine = as_bool(affine, "affine")
        self.track_running_stats = as_bool(track_running_stats, "track_running_stats")
        self.keep_affine(num_features, affine, bias, dtype)
        self.register_buffer("running_mean", np.zeros(num_features, dtype) if track_running_stats else None)
        self.register_buffer("running_var", np.ones(num_features, dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", np.array(0) if track_running_stats else None)

    def reset_running_stats(self):
        """Forget the running averages: mean 0, variance 1."""
        if self.track_running_stats:
            self.running_mean[...], self.running_var[...], self.num_batches_tracked[...] = 0, 1, 0

    def reset_parameters(self, generator=None):
        """Scale by 1, shift by 0 and forget the running averages; nothing is drawn."""
        self.reset_running_stats()
        super().reset_parameters()

    def check_axes(self, shape):
        """ValueError for an input of another number of axes."""
        if len(shape) not in self.ranks:
            raise ValueError(f"input: expected {' or '.join(map(str, self.ranks))} axes, got shape {shape}")

    def count_batch(self):
        """In training one more batch is tracked; the momentum with which it counts, 1 / batches for None."""
        if self.training and self.track_running_stats:
            self.num_batches_tracked += 1
            if self.momentum is None:
                return 1 / int(self.num_batches_tracked)
        return 0.0 if self.momentum is None else self.momentum

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Tracking):
    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, *, bias=True,
        dtype=np.float32,
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def forward(self, input):
        self.check_axes(np.shape(input))
        momentum = self.count_batch()
        running = self.running_mean, self.running_var
        training = self.training or (self.running_mean is None and self.running_var is None)
        if self.training and not self.track_running_stats:
            running = None, None
        return normalization.batch_norm(input, *running, self.weight, self.bias, training, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """:func:`dlcore.scratch.batch_norm` of (N, C) or (N, C, L); see :class:`BatchNorm2d`.

    Source: ``torch.nn.BatchNorm1d``.
    """

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """:func:`dlcore.scratch.batch_norm` of (N, C, H, W) with its own weight, bias and running averages.

    Training mode takes the batch's mean and variance, evaluation mode the running ones.

    Parameters
    ----------
    num_features : int
        C.
    eps : float
    momentum : float or None
        The share of the newest batch in the running averages; None averages all batches alike.
    affine : bool
        Whether to have a weight (and with `bias` a bias), which begin as 1 and 0.
    track_running_stats : bool
        Without, evaluation too takes the batch's.
    dtype : dtype
        Of parameters and averages.

    Source: ``torch.nn.BatchNorm2d``.
    """

    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """:func:`dlcore.scratch.batch_norm` of (N, C, D, H, W); see :class:`BatchNorm2d`.

    Source: ``torch.nn.BatchNorm3d``.
    """

    ranks = (5,)


class _BatchRenorm(_Tracking):
    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=True, *, r_max=3.0, d_max=5.0, dtype=np.float32
    ):
        super().__init__(num_features, eps, momentum, affine, True, True, dtype)
        self.r_max, self.d_max = r_max, d_max

    def forward(self, input):
        self.check_axes(np.shape(input))
        momentum = self.count_batch()
        return normalization.batch_renorm(
            input, self.running_mean, self.running_var, self.weight, self.bias, self.training, momentum,
            self.eps, self.r_max, self.d_max,
        )  # fmt: skip

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"r_max={self.r_max}, d_max={self.d_max}"
        )


class BatchRenorm1d(_BatchRenorm):
    """:func:`dlcore.scratch.batch_renorm` of (N, C) or (N, C, L); see :class:`BatchRenorm2d`."""

    ranks = (2, 3)


class BatchRenorm2d(_BatchRenorm):
    """:func:`dlcore.scratch.batch_renorm` of (N, C, H, W) with its own weight, bias and running averages.

    Its state is that of :class:`BatchNorm2d`. `r_max` and `d_max` are attributes: training begins with 1 and 0, which
    is batch norm, and relaxes them.

    Source: Ioffe, "Batch renormalization" (2017).
    """

    ranks = (4,)


class BatchRenorm3d(_BatchRenorm):
    """:func:`dlcore.scratch.batch_renorm` of (N, C, D, H, W); see :class:`BatchRenorm2d`."""

    ranks = (5,)


class _InstanceNorm(_Tracking):
    def __init__(
        self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, *, bias=True,
        dtype=np.float32,
    ):  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, dtype)

    def check_axes(self, shape):
        """ValueError for another number of axes, or of channels where that matters; a warning where it does not."""
        super().check_axes(shape)
        channels = shape[len(shape) - self.ranks[0]]
        if channels != self.num_features:
            if self.affine:
                raise ValueError(f"input: expected {self.num_features} channels, got shape {shape}")
            warnings.warn(
                f"input: num_features is {self.num_features}, got shape {shape}; without affine it is not used",
                stacklevel=4,
            )

    def forward(self, input):
        shape = np.shape(input)
        self.check_axes(shape)
        output = normalization.instance_norm(
            reshape(input, (1, *shape)) if len(shape) == self.ranks[0] else input,
            self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip
        return reshape(output, shape) if len(shape) == self.ranks[0] else output


class InstanceNorm1d(_InstanceNorm):
    """:func:`dlcore.scratch.instance_norm` of (N, C, L) or (C, L); see :class:`InstanceNorm2d`.

    Source: ``torch.nn.InstanceNorm1d``.
    """

    ranks = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """:func:`dlcore.scratch.instance_norm` of (N, C, H, W) or (C, H, W).

    Parameters as for :class:`BatchNorm2d`, but by default there is neither weight nor running average, and evaluation
    does what training does. With `track_running_stats` evaluation takes the running averages; how many batches there
    were is not counted.

    Source: ``torch.nn.InstanceNorm2d``.
    """

    ranks = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """:func:`dlcore.scratch.instance_norm` of (N, C, D, H, W) or (C, D, H, W); see :class:`InstanceNorm2d`.

    Source: ``torch.nn.InstanceNorm3d``.
    """

    ranks = (4, 5)


class SwitchableNorm2d(_Tracking):
    """:func:`dlcore.scratch.switchable_norm` of (N, C, H, W) with its own weights and running averages.

    Source: Luo et al., "Differentiable learning-to-normalize via switchable normalization" (2019).
    """

    ranks = (4,)

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, *, dtype=np.float32):
        super().__init__(num_features, eps, momentum, affine, True, True, dtype)
        self.mean_weight, self.var_weight = Parameter(np.ones(3, dtype)), Parameter(np.ones(3, dtype))

    def reset_parameters(self, generator=None):
        """As batch norm does; instance, layer and batch have equal shares. Nothing is drawn."""
        super().reset_parameters()
        self.mean_weight.data[...] = self.var_weight.data[...] = 1

    def forward(self, input):
        self.check_axes(np.shape(input))
        momentum = self.count_batch()
        return normalization.switchable_norm(
            input, self.running_mean, self.running_var, self.mean_weight, self.var_weight, self.weight,
            self.bias, self.training, momentum, self.eps,
        )  # fmt: skip

    def extra_repr(self):
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"


class GroupNorm(_Norm):
    """:func:`dlcore.scratch.group_norm` with its own weight and bias. Source: ``torch.nn.GroupNorm``."""

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, *, bias=True, dtype=np.float32):
        super().__init__()
        self.num_groups, self.num_channels = num_groups, as_int(num_channels, "num_channels", 0)
        normalization_checks.check_groups(num_groups, num_channels, ValueError)
        self.eps, self.affine = eps, as_bool(affine, "affine")
        self.keep_affine(num_channels, affine, bias, dtype)

    def forward(self, input):
        return normalization.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class _LastAxesNorm(_Norm):
    def __init__(self, normalized_shape, eps, elementwise_affine):
        super().__init__()
        if not isinstance(normalized_shape, (tuple, list)):
            normalized_shape = (normalized_shape,)
        self.normalized_shape = tuple(as_int(size, "normalized_shape", 0) for size in normalized_shape)
        self.eps, self.elementwise_affine = eps, as_bool(elementwise_affine, "elementwise_affine")

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LayerNorm(_LastAxesNorm):
    """:func:`dlcore.scratch.layer_norm` with its own weight and bias. Source: ``torch.nn.LayerNorm``."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, *, dtype=np.float32):
        super().__init__(normalized_shape, eps, elementwise_affine)
        self.keep_affine(self.normalized_shape, elementwise_affine, bias, dtype)

    def forward(self, input):
        return normalization.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return f"{super().extra_repr()}, bias={self.bias is not None}"


class RMSNorm(_LastAxesNorm):
    """:func:`dlcore.scratch.rms_norm` with its own weight. Source: ``torch.nn.RMSNorm``."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, *, dtype=np.float32):
        super().__init__(normalized_shape, eps, elementwise_affine)
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None

    def forward(self, input):
        return normalization.rms_norm(input, self.normalized_shape, self.weight, self.eps)


class LocalResponseNorm(OperatorLayer):
    """:func:`dlcore.scratch.local_response_norm` as a layer. Source: ``torch.nn.LocalResponseNorm``."""

    operator = staticmethod(normalization.local_response_norm)
    shown = ("alpha", "beta", "k")

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.keep(size=size, alpha=alpha, beta=beta, k=k)

    def extra_repr(self):
        return f"{self.size!r}, {super().extra_repr()}"
