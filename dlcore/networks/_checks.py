"""What the functions that make networks are given, checked in one place."""

import functools
import inspect
import math


def checked(function):
    """`function`, which now refuses the arguments that networks share, known by their names, where they make no sense.

    It stands over whatever builds a whole network: a network's own function, or the builder of a family.
    """
    names = inspect.signature(function).parameters

    @functools.wraps(function)
    def build(*args, **kwargs):
        for name, value in (*zip(names, args), *kwargs.items()):
            check(name, value)
        return function(*args, **kwargs)

    return build


def check(name, value):
    """A value that the argument of this name can have, or an error; arguments of other names are not looked at."""
    from ..scratch.windows import as_bool, as_int, as_number  # here: importing networks needs no NumPy

    if name == "nn" and not hasattr(value, "Conv2d"):
        raise TypeError(f"nn: expected a vocabulary of layers, such as dlcore.scratch.nn, got {value!r}")
    if name in ("num_classes", "in_channels", "groups"):
        as_int(value, name, minimum=1)
    if name in ("small", "aux_heads"):
        as_bool(value, name)
    if name == "width_multiplier" and not 0 < as_number(value, name) < math.inf:
        raise ValueError(f"width_multiplier: expected a finite number above 0, got {value!r}")
