"""What all optimizers share: groups of parameters, their state, and the walk over both."""

import copy
import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from .tensor import Tensor
from .windows import as_number

__all__ = ["Optimizer"]


class Optimizer:
    """The base of all optimizers, with the interface of ``torch.optim.Optimizer``.

    A subclass writes the formula of one step for one parameter in :meth:`update`, and what its options must fulfil in
    :meth:`check`.

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
        Each holds ``"params"`` and the options, which may be changed between steps: ``group["lr"] *= 0.1``.
    state : dict of Tensor to dict
        What is remembered from step to step, such as a velocity, for every parameter that has moved.
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

    def update(self, theta, grad, state, group):
        """Move one parameter.

        Parameters
        ----------
        theta : ndarray
            The parameter's values, to be changed in place.
        grad : ndarray
            Its gradient, of the same shape and dtype. It belongs to the caller and must not be changed.
        state : dict
            What :meth:`update` left here at the step before; empty at the first.
        group : dict
            The options.
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
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    self.update(param.data, param.grad, self.state[param], group)
        return loss

    def zero_grad(self, set_to_none=True):
        """Forget the gradients, or with ``set_to_none=False`` set them to 0."""
        for group in self.param_groups:
            for param in group["params"]:
                param.grad = None if set_to_none or param.grad is None else np.zeros_like(param.grad)

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

        Raises
        ------
        ValueError
            Other groups, or groups of another size, an option out of its range, a state of another shape than its
            parameter.
        """
        groups, saved = self.param_groups, state_dict["param_groups"]
        sizes = [[len(group["params"]) for group in side] for side in (groups, saved)]
        if sizes[0] != sizes[1]:
            raise ValueError(f"state_dict: expected groups of {sizes[0]} parameters, got {sizes[1]}")
        params = {
            place: param
            for group, other in zip(groups, saved)
            for place, param in zip(other["params"], group["params"])
        }
        loaded = defaultdict(dict)
        for place, state in state_dict["state"].items():
            loaded[params[place]] = {
                key: _fitting(value, params[place], f"{place}.{key}") for key, value in state.items()
            }
        options = [
            {**{key: group[key] for key in self.defaults}, **copy.deepcopy(_without_params(other))}
            for group, other in zip(groups, saved)
        ]
        for option in options:
            self.check(option)
        for group, option in zip(groups, options):
            group.update({key: value for key, value in option.items() if key in group or key == "initial_lr"})
        self.state = loaded

    def __repr__(self):
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def not_negative(options, *names):
    """Raise an error naming the first of the options that is no number or is negative (or NaN)."""
    for name in names:
        if not as_number(options[name], name) >= 0:
            raise ValueError(f"{name}: must not be negative, got {options[name]!r}")


def fractions(options, *names):
    """Raise an error naming the first of the options that is not in [0, 1); each a number, or several in a tuple."""
    for name in names:
        values = options[name] if isinstance(options[name], (tuple, list)) else [options[name]]
        for value in values:
            if not 0 <= as_number(value, name) < 1:
                raise ValueError(f"{name}: expected numbers from 0 to below 1, got {options[name]!r}")


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


def _without_params(group):
    return {key: value for key, value in group.items() if key != "params"}


def _fitting(value, param, name):
    """A copy of a saved value; arrays of the parameter's shape take its dtype, one number becomes a Python number."""
    if hasattr(value, "detach"):
        value = value.detach()
        value = value.data if isinstance(value, Tensor) else value.cpu().numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        if name.endswith(".step"):
            return math.trunc(value) if float(value).is_integer() else float(value)
        if value.shape != param.shape:
            raise ValueError(f"state_dict: expected {name} of shape {param.shape}, got {value.shape}")
        return np.array(value, param.dtype)
    return copy.deepcopy(value) if not isinstance(value, Mapping) else dict(value)
