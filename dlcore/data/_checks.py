"""Checks of arguments that several modules of `dlcore.data` share."""

import operator

import numpy as np


def floating(dtype):
    """Return ``np.dtype(dtype)`` if it is a floating-point type; TypeError otherwise."""
    dtype = np.dtype(dtype)
    if not np.issubdtype(dtype, np.floating):
        raise TypeError(f"dtype must be a floating-point type, because images lie in [0, 1]; got {dtype}")
    return dtype


def whole_number(name, value, least):
    """Return `value` as an int of at least `least`; TypeError or ValueError that names it otherwise."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    return number


def random_generator(generator):
    """Return `generator` if it is a ``numpy.random.Generator``; TypeError otherwise."""
    if not isinstance(generator, np.random.Generator):
        raise TypeError(
            "generator must be a numpy.random.Generator, as numpy.random.default_rng(seed) makes; "
            f"got {type(generator).__name__}"
        )
    return generator


def one_of(name, value, allowed):
    """Return `value` if it is one of the strings `allowed`; ValueError otherwise."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r}")
    return value
