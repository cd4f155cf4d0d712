"""What all optimizers share: groups of parameters, their state, and the walk over both."""

import contextlib
import copy
import math
from collections import defaultdict

import numpy as np

from .tensor import Tensor, _recording
from .windows import as_bool, as_number

__all__ = ["Optimizer"]

ONLY_PYTORCH = {"foreach", "fused", "capturable", "differentiable"}
"""Options that say how PyTorch shall compute a step, not what."""


class Optimizer:
    """The base of all optimizers, with the interface of ``torch.optim.Optimizer``.

    A subclass writes the formula of one step for one parameter in :meth:`update`, what is remembered before the first
    step in :meth:`start`, and what its options must fulfil in :meth:`check`.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        What to optimize: leaves of the tape. Dictionaries are groups: ``{"params": [...], "lr": 0.1}`` has options of
        its own, and `defaults` for the others.
    defaults : dict
        The options of every group that does not state them.

    Attributes
    ----------
    param_groups : list of dict
        Each holds ``"params"`` and the options, which may be changed between steps: ``group["lr"] *= 0.1``. The range
        of such a change is not checked. What an option remembers begins when it is switched on, where PyTorch raises a
        KeyError.
    state : dict of Tensor to dict
        What is remembered from step to step, such as a velocity, for every parameter that has moved. Its names are those
        of PyTorch.
    defaults : dict

    Raises
    ------
    ValueError
        No parameters, one that an operator made or that comes twice, some with and some without names, an option out of
        its range.
    TypeError
        Parameters that are not tensors, a single tensor, or a set, which has no order.

    Source: ``torch.optim.Optimizer``.
    """

    def __init__(self, params, defaults):
        if isinstance(params, Tensor):
            raise TypeError("params: expected several tensors, such as module.parameters(), got one")
        self.defaults, self.state, self.param_groups = dict(defaults), defaultdict(dict), []
        self.check(self.defaults)
        groups = _listed(params)
        if not groups:
            raise ValueError("params: got no parameters")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group):
        """Optimize more parameters, with options of their own: ``{"params": [...], "lr": 0.1}``."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group: expected a dict, got {type(param_group).__name__}")
        if "params" not in param_group:
            raise KeyError("param_group: expected a dict with 'params'")
        unknown = sorted(param_group.keys() - self.defaults.keys() - {"params", "initial_lr", "param_names"})
        if unknown:
            raise ValueError(
                f"param_group: {type(self).__name__} has the options {sorted(self.defaults)}, got {unknown}"
            )
        group = {**self.defaults, **param_group}
        self.check(group)
        names, group["params"] = _named(param_group["params"])
        if names:
            group["param_names"] = names
        earlier = {id(param) for other in self.param_groups for param in other["params"]}
        for param in group["params"]:
            if not isinstance(param, Tensor):
                raise TypeError(f"params: expected tensors, got {type(param).__name__}")
            if not param.is_leaf:
                raise ValueError("params: expected leaves, got a tensor that an operator made")
            if id(param) in earlier:
                raise ValueError("params: the same tensor stands there twice, and would move twice as far")
            earlier.add(id(param))
        if self.param_groups and ("param_names" in group) != ("param_names" in self.param_groups[0]):
            raise ValueError("params: expected all parameters with a name or none, got some of each")
        self.param_groups.append(group)

    def check(self, options):
        """Raise an error where an option is out of its range. `options` has all of them."""

    def start(self, theta, group):
        """What is remembered of a parameter with the values `theta` before its first step: a new dict."""
        return {}

    def update(self, theta, grad, state, group):
        """Move one parameter.

        Parameters
        ----------
        theta : ndarray
            The parameter's values, to be changed in place.
        grad : ndarray
            Its gradient, of the same shape and dtype. It belongs to the caller and must not be changed.
        state : dict
            What :meth:`update` left here at the step before; at the first, what :meth:`start` returned.
        group : dict
            The options, numbers as Python numbers, which widen no dtype.
        """
        raise NotImplementedError(f"{type(self).__name__}: write update()")

    def step(self, closure=None):
        """Move every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients anew and returns the loss. Called once, before the step.

        Returns
        -------
        What `closure` returned, or None.
        """
        loss = None
        if closure is not None:
            with recorded():
                loss = closure()
        for group in self.param_groups:
            options = {key: value if key == "params" else _plain(value) for key, value in group.items()}
            for param in group["params"]:
                if param.grad is not None:
                    self._move(param, options)
        return loss

    @np.errstate(all="ignore")  # infinities and NaN are results like any other, as in PyTorch
    def _move(self, param, options):
        grad = gradient(param)
        state = self.state.get(param) or self.start(param.data, options)
        self.update(param.data, grad, state, options)
        if state:
            self.state[param] = state

    def zero_grad(self, set_to_none=True):
        """Forget the gradients, or with ``set_to_none=False`` fill them with 0."""
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    gradient(param)[...] = 0

    def state_dict(self):
        """The state and the options, by the parameters' places instead of the parameters themselves.

        Returns
        -------
        dict
            ``"state"``: for each place what is remembered; ``"param_groups"``: the options, with places under
            ``"params"``. The arrays share memory with the optimizer.
        """
        order = [param for group in self.param_groups for param in group["params"]]
        place = {id(param): number for number, param in enumerate(order)}
        groups = [
            {**group, "params": [place[id(param)] for param in group["params"]]}
            for group in self.param_groups
        ]
        state = {place[id(param)]: dict(state) for param, state in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` returned, here or in PyTorch. Everything is copied.

        Options that say only how PyTorch computes are left out. Where an error is raised nothing has changed.

        Raises
        ------
        ValueError
            Groups or states of another optimizer or of other parameters, an option out of its range.
        """
        saved = state_dict["param_groups"]
        sizes = [[len(group["params"]) for group in side] for side in (self.param_groups, saved)]
        if sizes[0] != sizes[1]:
            raise ValueError(f"state_dict: expected groups of {sizes[0]} parameters, got {sizes[1]}")
        groups = [self._loaded_group(group, other) for group, other in zip(self.param_groups, saved)]
        owners = {
            place: (param, group)
            for group, other in zip(groups, saved)
            for place, param in zip(other["params"], group["params"])
        }
        state = defaultdict(dict)
        for place, values in state_dict["state"].items():
            if place not in owners:
                raise ValueError(f"state_dict: state of a parameter {place!r} that no group has")
            param, group = owners[place]
            missing = sorted(self.start(param.data, group).keys() - values.keys()) if values else []
            if missing:
                raise ValueError(f"state_dict: {type(self).__name__} misses {missing} of parameter {place}")
            state[param] = {key: _fitting(key, value, param) for key, value in values.items()}
        self.param_groups, self.state = groups, state

    def _loaded_group(self, group, saved):
        """The group with the options that were saved."""
        missing = sorted(self.defaults.keys() - saved.keys())
        if missing:
            raise ValueError(f"state_dict: {type(self).__name__} misses the options {missing}")
        options = {
            key: copy.deepcopy(_plain(value))
            for key, value in saved.items()
            if key not in {"params", *ONLY_PYTORCH}
        }
        self.check(options)
        names = {"param_names": group["param_names"]} if "param_names" in group else {}
        return {**names, **options, "params": group["params"]}

    def __repr__(self):
        groups = [
            f"Parameter Group {number}\n"
            + "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
            for number, group in enumerate(self.param_groups)
        ]
        return f"{type(self).__name__} (\n" + "\n".join(groups) + ")"


def number(value, name):
    """`value` as a Python number, also where an array or a tensor holds it; or an error naming `name`."""
    if hasattr(value, "shape"):
        if math.prod(value.shape) != 1:
            raise ValueError(f"{name}: expected one number, got shape {tuple(value.shape)}")
        value = value.item()
    return as_number(value, name)


def not_below_0(value, name):
    """`value` as a Python number, or an error naming `name` where it is none, is negative or NaN."""
    value = number(value, name)
    if not value >= 0:
        raise ValueError(f"{name}: must not be negative, got {value!r}")
    return value


def not_negative(options, *names):
    """Raise an error naming the first of the options that is no number, is negative or NaN."""
    for name in names:
        not_below_0(options[name], name)


def two_fractions(options, name):
    """Raise an error unless the option is a pair of numbers from 0 to below 1."""
    pair = options[name]
    if not isinstance(pair, (tuple, list)):
        raise TypeError(f"{name}: expected two numbers, got {pair!r}")
    if len(pair) != 2 or not all(0 <= number(value, name) < 1 for value in pair):
        raise ValueError(f"{name}: expected two numbers from 0 to below 1, got {pair!r}")


def flags(options, *names):
    """Raise an error naming the first of the options that is no bool."""
    for name in names:
        as_bool(options[name], name)


def gradient(param):
    """The gradient of `param` as an array that shares its memory, or an error where it does not fit the parameter."""
    grad = param.grad.data if isinstance(param.grad, Tensor) else param.grad
    if not isinstance(grad, np.ndarray):
        raise TypeError(f"grad: expected an array, got {type(grad).__name__}")
    if grad.shape != param.shape or grad.dtype != param.dtype:
        raise RuntimeError(
            f"grad: expected shape {param.shape} and {param.dtype} as the parameter has, "
            f"got {grad.shape} and {grad.dtype}"
        )
    return grad


@contextlib.contextmanager
def recorded():
    """Record what is computed, also within ``no_grad()``: a closure asks for gradients."""
    token = _recording.set(True)
    try:
        yield
    finally:
        _recording.reset(token)


def _plain(value):
    """An option with Python numbers instead of arrays and tensors that hold one."""
    if isinstance(value, (tuple, list)):
        return type(value)(map(_plain, value))
    return value.item() if hasattr(value, "item") else value


def _listed(params):
    """`params` as a list, refusing what has no order."""
    if isinstance(params, (set, frozenset)):
        raise TypeError("params: a set has no order that two runs would share; pass a list")
    try:
        return list(params)
    except TypeError:
        raise TypeError(f"params: expected an iterable of tensors, got {type(params).__name__}") from None


def _named(params):
    """Names, or None, and tensors of a group's parameters."""
    listed = [params] if isinstance(params, Tensor) else _listed(params)
    named = [isinstance(item, tuple) and len(item) == 2 for item in listed]
    if any(named) and not all(named):
        raise ValueError("params: expected all parameters with a name or none, got some of each")
    if not any(named):
        return None, listed
    return [name for name, _ in listed], [param for _, param in listed]


def _fitting(key, value, param):
    """A copy of a saved value: an array of the parameter's shape and dtype, or a number; "step" a Python number."""
    if hasattr(value, "detach"):
        value = value.detach()
        value = value.data if isinstance(value, Tensor) else value.cpu().numpy()
    if not isinstance(value, (np.ndarray, np.generic)):
        return copy.deepcopy(value)
    if key == "step":
        return int(value) if float(value).is_integer() else float(value)
    if value.shape not in (param.shape, ()):
        raise ValueError(f"state_dict: expected {key} of shape {param.shape}, got {value.shape}")
    # NAdam's product is in single precision whatever the parameter is, see there.
    return np.array(value, np.float32 if key == "mu_product" else param.dtype)
