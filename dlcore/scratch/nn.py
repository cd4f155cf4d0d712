"""Layers: operators that own their parameters. Names, arguments and state are those of ``torch.nn``.

A network is spelled in this vocabulary; ``dlcore.pytorch.nn`` and ``dlcore.shapes.nn`` read the same spelling.

Layers with parameters draw them when they are made, from the operating system's entropy: two networks differ.
``reset_parameters(network, generator)`` draws them again and makes a network reproducible.
"""

import math
from collections.abc import Mapping

import numpy as np

from . import activations, arithmetic, convolution, fully_connected, pooling
from .tensor import Tensor
from .windows import as_int, as_tuple, padding_pairs

__all__ = [
    "AvgPool2d", "Conv1d", "Conv2d", "Conv3d", "Flatten", "Linear", "MaxPool2d", "Module", "Parameter", "ReLU",
    "Sequential", "reset_parameters",
]  # fmt: skip


class Parameter(Tensor):
    """A tensor that a module owns and an optimizer may change."""

    __slots__ = ()

    def __init__(self, data, requires_grad=True):
        super().__init__(data, requires_grad)


class Module:
    """A part of a network: parameters, buffers and other modules, found by assigning them to attributes.

    Subclasses write ``forward``. Calling the module calls it.
    """

    def __init__(self):
        self._parameters, self._buffers, self._modules = {}, {}, {}
        self.training = True

    def __setattr__(self, name, value):
        if isinstance(value, (Parameter, Module)) and "_parameters" not in self.__dict__:
            raise AttributeError(f"{name}: call super().__init__() before assigning parameters or modules")
        for kind, table in ((Parameter, "_parameters"), (Module, "_modules"), (_ARRAY, "_buffers")):
            own = self.__dict__.get(table, {})
            if name in own or (kind is not _ARRAY and isinstance(value, kind)):
                value = _checked(value, kind, table, name)
                for other in (self.__dict__, self._parameters, self._buffers, self._modules):
                    if other is not own:
                        other.pop(name, None)
                own[name] = value
                return
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        for table in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(table, ()):
                return self.__dict__[table][name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def register_buffer(self, name, array):
        """Keep an array as part of the state that no optimizer changes, such as a running mean."""
        self._buffers[name] = _checked(array, _ARRAY, "_buffers", name)

    def forward(self, *inputs):
        raise NotImplementedError(f"{type(self).__name__}: write forward()")

    def __call__(self, *inputs, **options):
        return self.forward(*inputs, **options)

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """This module and all within, each with its dotted name.

        Parameters
        ----------
        memo : set, optional
            Modules to leave out.
        prefix : str
            What the names begin with.
        remove_duplicate : bool
            Whether a module that stands at several places comes once, under its first name.
        """
        memo = set() if memo is None else memo
        if remove_duplicate:
            if self in memo:
                return
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                inner = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, inner, remove_duplicate)

    def modules(self):
        """This module and all within."""
        return (module for _, module in self.named_modules())

    def children(self):
        """The modules directly within, each once."""
        return iter(dict.fromkeys(module for module in self._modules.values() if module is not None))

    def named_parameters(self):
        """All parameters, each with its dotted name; one shared by several modules comes once."""
        seen = set()
        for prefix, module in self.named_modules():
            for name, parameter in module._parameters.items():
                if parameter is not None and id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield (f"{prefix}.{name}" if prefix else name), parameter

    def parameters(self):
        """All parameters, for an optimizer."""
        return (parameter for _, parameter in self.named_parameters())

    def zero_grad(self):
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def train(self, mode=True):
        """Switch to training mode (or, with False, to evaluation mode), all modules within too."""
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self):
        """Switch to evaluation mode."""
        return self.train(False)

    def state_dict(self):
        """All parameters and buffers by dotted name, as arrays that share memory with the module.

        What several modules share comes under each of its names.
        """
        state = {}
        for prefix, module in self.named_modules(remove_duplicate=False):
            for table in (module._parameters, module._buffers):
                for name, value in table.items():
                    if value is not None:
                        key = f"{prefix}.{name}" if prefix else name
                        state[key] = value.data if isinstance(value, Tensor) else value
        return state

    def load_state_dict(self, state_dict, strict=True):
        """Copy values, arrays or PyTorch tensors, into the parameters and buffers of the same names.

        Raises
        ------
        RuntimeError
            Shapes that differ, a kind of number that the parameter cannot hold (complex in float), or with `strict`
            names that are missing or unexpected. Nothing is copied then.
        TypeError
            `state_dict` is not a mapping.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"state_dict: expected a mapping, got {type(state_dict).__name__}")
        own = self.state_dict()
        arrays = {name: _as_array(value) for name, value in state_dict.items()}
        problems = []
        if strict:
            problems += [f"missing {name!r}" for name in own if name not in arrays]
            problems += [f"unexpected {name!r}" for name in arrays if name not in own]
        for name in own.keys() & arrays.keys():
            if own[name].shape != arrays[name].shape:
                problems.append(f"{name!r}: expected shape {own[name].shape}, got {arrays[name].shape}")
            if not np.can_cast(arrays[name].dtype, own[name].dtype, "same_kind"):
                problems.append(f"{name!r}: {own[name].dtype} cannot hold {arrays[name].dtype}")
        if problems:
            raise RuntimeError(
                f"state_dict: does not fit {type(self).__name__}: " + "; ".join(sorted(problems))
            )
        for name in own.keys() & arrays.keys():
            own[name][...] = arrays[name]

    def to(self, dtype):
        """Convert the floating-point parameters and buffers to `dtype`."""
        for module in self.modules():
            for parameter in module._parameters.values():
                if parameter is not None:
                    parameter.data, parameter.grad = parameter.data.astype(dtype), None
            for name, buffer in module._buffers.items():
                if buffer is not None and np.issubdtype(buffer.dtype, np.floating):
                    module._buffers[name] = buffer.astype(dtype)
        return self

    def float(self):
        """Convert to float32."""
        return self.to(np.float32)

    def double(self):
        """Convert to float64."""
        return self.to(np.float64)

    def extra_repr(self):
        """What stands between the parentheses of ``repr``."""
        return ""

    def __repr__(self):
        inside = [f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self._modules.items()]
        if not inside:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(inside) + "\n)"


_ARRAY = (np.ndarray, np.generic)
_EXPECTED = {"_parameters": "a Parameter", "_modules": "a Module", "_buffers": "an array"}


def _checked(value, kind, table, name):
    """What may be kept under `name`: None or of that kind. Anything else would drop out of the state unnoticed."""
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name}: expected {_EXPECTED[table]} or None, got {type(value).__name__}")
    return np.asarray(value) if isinstance(value, np.generic) else value


def _as_array(value):
    if hasattr(value, "detach"):  # a tensor of either backend, wherever it lives
        value = value.detach()
        value = value.data if isinstance(value, Tensor) else value.cpu().numpy()
    return np.asarray(value)


class Sequential(Module):
    """Modules one after the other; each takes what the one before returns."""

    def __init__(self, *modules):
        super().__init__()
        for place, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"Sequential: expected modules, got {type(module).__name__} at place {place}")
            setattr(self, str(place), module)

    def forward(self, input):
        for module in self._modules.values():
            input = module(input)
        return input

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, index):
        modules = list(self._modules.values())
        return Sequential(*modules[index]) if isinstance(index, slice) else modules[index]

    def __iter__(self):
        return iter(self._modules.values())


def reset_parameters(module, generator):
    """Draw the parameters of `module` and all within anew, as PyTorch initializes its layers.

    Parameters
    ----------
    module : Module
    generator : numpy.random.Generator
        Where the numbers come from; the same generator state gives the same network.

    Returns
    -------
    Module
        `module` itself.

    Raises
    ------
    TypeError
        A generator of another kind, or a module that has parameters of its own and no method ``reset_parameters``.
    """
    if not isinstance(generator, np.random.Generator):
        raise TypeError(f"generator: expected a numpy.random.Generator, got {type(generator).__name__}")
    for part in module.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters(generator)
        elif any(parameter is not None for parameter in part._parameters.values()):
            raise TypeError(f"module: no rule to draw the parameters of {type(part).__name__}")
    return module


class _Weighted(Module):
    """A layer with a weight, of which each output takes `fan_in` products, and perhaps a bias.

    Both are drawn from the operating system's entropy.
    """

    def __init__(self, weight_shape, bias, dtype):
        super().__init__()
        self.weight = Parameter(np.empty(weight_shape, dtype))
        self.bias = Parameter(np.empty(weight_shape[0], dtype)) if bias else None
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Uniform between ±1/√fan_in, weight and bias: what PyTorch's Linear and Conv layers start from."""
        fan_in = math.prod(self.weight.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                parameter.data[...] = generator.uniform(-bound, bound, parameter.shape)


class Linear(_Weighted):
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


def convolution_options(
    axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
):
    """Check what a convolution layer is made with; its kernel size, stride, padding and dilation as tuples."""
    for name, value, least in (
        ("in_channels", in_channels, 0), ("out_channels", out_channels, 0), ("groups", groups, None)
    ):  # fmt: skip
        as_int(value, name, least)
    kernel_size = as_tuple(kernel_size, axes, "kernel_size", 1)
    stride, dilation = as_tuple(stride, axes, "stride", 1), as_tuple(dilation, axes, "dilation", 1)
    if groups < 1:
        raise ValueError(f"groups: must be at least 1, got {groups}")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ValueError(f"{name}: must be a multiple of groups={groups}, got {channels}")
    if not isinstance(padding, str):
        padding = as_tuple(padding, axes, "padding", 0)
    elif padding not in ("same", "valid"):
        raise ValueError(f"padding: expected ints, 'same' or 'valid', got {padding!r}")
    elif padding == "same" and max(stride) > 1:
        raise ValueError(f"padding: 'same' needs stride 1, got stride={stride}")
    if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
        raise ValueError(
            f"padding_mode: expected 'zeros', 'reflect', 'replicate' or 'circular', got {padding_mode!r}"
        )
    return kernel_size, stride, padding, dilation


class _Convolution(_Weighted):
    axes = None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros", *, dtype=np.float32,
    ):  # fmt: skip
        options = convolution_options(
            self.axes, in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
        )
        super().__init__((out_channels, in_channels // groups, *options[0]), bias, dtype)
        self.kernel_size, self.stride, self.padding, self.dilation = options
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.padding_mode = groups, padding_mode

    def forward(self, input):
        operator = (convolution.conv1d, convolution.conv2d, convolution.conv3d)[self.axes - 1]
        padding = self.padding
        if self.padding_mode != "zeros":
            if 0 in np.shape(input)[-self.axes :]:
                raise RuntimeError(
                    f"input: only the batch and the channels may be empty, got shape {np.shape(input)}"
                )
            pairs = padding_pairs(self.padding, self.kernel_size, self.dilation)
            sides = [number for pair in reversed(pairs) for number in pair]  # from the last axis backwards
            input, padding = convolution.pad(input, sides, self.padding_mode), 0
        return operator(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self):
        shown = [
            f"{self.in_channels}, {self.out_channels}",
            f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        defaults = {"padding": (0,) * self.axes, "dilation": (1,) * self.axes, "groups": 1}
        shown += [
            f"{name}={getattr(self, name)}"
            for name, default in defaults.items()
            if getattr(self, name) != default
        ]
        shown += ["bias=False"] if self.bias is None else []
        shown += [f"padding_mode={self.padding_mode}"] if self.padding_mode != "zeros" else []
        return ", ".join(shown)


class Conv1d(_Convolution):
    """:func:`dlcore.scratch.conv1d` with its own kernels; see :class:`Conv2d`. Source: ``torch.nn.Conv1d``."""

    axes = 1


class Conv2d(_Convolution):
    """:func:`dlcore.scratch.conv2d` with its own kernels.

    Weight and bias begin at random; :func:`reset_parameters` makes them reproducible.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation, groups
        As the operator takes them.
    bias : bool
        Whether to add a bias to each output channel.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding holds, as for :func:`dlcore.scratch.pad`.
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        Channels that are not multiples of `groups`, an unknown padding, "same" padding with a stride.
    RuntimeError
        Negative channels, other options out of range.
    TypeError
        Options that are not integers.

    Source: ``torch.nn.Conv2d``.
    """

    axes = 2


class Conv3d(_Convolution):
    """:func:`dlcore.scratch.conv3d` with its own kernels; see :class:`Conv2d`. Source: ``torch.nn.Conv3d``."""

    axes = 3


class ReLU(Module):
    """:func:`dlcore.scratch.relu` as a layer. Source: ``torch.nn.ReLU``."""

    def forward(self, input):
        return activations.relu(input)


class MaxPool2d(Module):
    """:func:`dlcore.scratch.max_pool2d` as a layer. Source: ``torch.nn.MaxPool2d``."""

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input):
        return pooling.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """:func:`dlcore.scratch.avg_pool2d` as a layer. Source: ``torch.nn.AvgPool2d``."""

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input):
        return pooling.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` as one; by default all but the batch. Source: ``torch.nn.Flatten``."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = as_int(start_dim, "start_dim"), as_int(end_dim, "end_dim")

    def forward(self, input):
        return arithmetic.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
