"""The parts that every layer is made of: parameters, modules, and drawing parameters at random."""

import math
from collections.abc import Mapping

import numpy as np

from ..tensor import Tensor

__all__ = ["Module", "Parameter", "reset_parameters"]  # the rest is for the other modules of this package


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
        self._forward_pre_hooks, self._forward_hooks = {}, {}
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
        for hook in list(self._forward_pre_hooks.values()):
            changed = hook(self, inputs)
            if changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)
        output = self.forward(*inputs, **options)
        for hook in list(self._forward_hooks.values()):
            changed = hook(self, inputs, output)
            output = output if changed is None else changed
        return output

    def register_forward_pre_hook(self, hook):
        """Have ``hook(module, inputs)`` called before every forward pass of this module.

        `inputs` is the tuple of the arguments without names. Where the hook returns something other than None, that
        takes their place: a tuple, or for one argument that alone.

        Returns
        -------
        An object whose ``remove()`` ends it; as a ``with`` block, it ends with that.
        """
        return _registered(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook):
        """Have ``hook(module, inputs, output)`` called after every forward pass of this module.

        `inputs` is the tuple of the arguments without names. Where the hook returns something other than None, that
        takes the place of the output.

        Returns
        -------
        An object whose ``remove()`` ends it; as a ``with`` block, it ends with that.
        """
        return _registered(self._forward_hooks, hook)

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

    def get_submodule(self, target):
        """The module within that has this dotted name; the module itself for "".

        Raises
        ------
        AttributeError
            There is none; the message says what there is at that place.
        """
        module = self
        for depth, name in enumerate(target.split(".") if target else []):
            if module._modules.get(name) is None:
                place = ".".join(target.split(".")[:depth])
                raise AttributeError(
                    f"target: no module {target!r}: {place or type(module).__name__} has {', '.join(module._modules) or 'none'}"
                )
            module = module._modules[name]
        return module

    def apply(self, fn):
        """Call `fn` with every module within and then with this one, such as to initialize them; returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

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
        own = self.extra_repr().splitlines()
        inside = [f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self._modules.items()]
        if not inside and len(own) <= 1:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}(\n  " + "\n  ".join(own + inside) + "\n)"


def _registered(hooks, hook):
    if not callable(hook):
        raise TypeError(f"hook: expected a function, got {type(hook).__name__}")
    handle = _HookHandle(hooks)
    hooks[handle] = hook
    return handle


class _HookHandle:
    """Takes a hook away again: once, or at the end of a ``with`` block."""

    def __init__(self, hooks):
        self._hooks = hooks

    def remove(self):
        """End the hook; a second call changes nothing."""
        self._hooks.pop(self, None)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.remove()


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


class Weighted(Module):
    """A layer with a weight, of which each output takes `fan_in` products, and perhaps a bias.

    Both are drawn from the operating system's entropy.
    """

    def __init__(self, weight_shape, bias, dtype, outputs=None):
        super().__init__()
        outputs = weight_shape[0] if outputs is None else outputs
        self.weight = Parameter(np.empty(weight_shape, dtype))
        self.bias = Parameter(np.empty(outputs, dtype)) if bias else None
        self.reset_parameters(np.random.default_rng())

    def reset_parameters(self, generator):
        """Uniform between ±1/√fan_in, weight and bias: what PyTorch's Linear and Conv layers start from."""
        fan_in = math.prod(self.weight.shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                parameter.data[...] = generator.uniform(-bound, bound, parameter.shape)


class OperatorLayer(Module):
    """An operator as a layer. A subclass names the operator and hands its options to :meth:`keep`."""

    operator = None
    shown = None  # the options that stand in repr; all by default

    def __init__(self):
        super().__init__()
        self._options = ()

    def keep(self, **options):
        """Make the options attributes, which may be changed, and arguments of every call."""
        self._options = tuple(options)
        for name, value in options.items():
            setattr(self, name, value.item() if isinstance(value, np.number) else value)

    def forward(self, *inputs):
        return self.operator(*inputs, **{name: getattr(self, name) for name in self._options})

    def extra_repr(self):
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in (self.shown or self._options))
