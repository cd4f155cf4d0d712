"""What activations need and NumPy lacks: the normal distribution, and walking through an array piece by piece."""

import math

import numpy as np

__all__ = []  # for the operators here, not for readers

PIECE = 1 << 16
"""So many float32 numbers, a quarter of a megabyte, stay in the cache between one pass over them and the next."""

# The probability that a standard normal number lies beyond |x| on one side, over exp(-x²/2), in two forms.
# For float64 a series in Chebyshev polynomials of (z - 3.75) / (z + 3.75) with z = |x| / √2: Schonfelder, "Chebyshev
# expansions for the error and related functions" (1978). Right to rounding, also where the probability is small.
SERIES = (
    3.0507154096160021e-01, -4.3484127271257747e-01, 1.7635119364360550e-01, -6.0710795609249415e-02,
    1.7712068995694114e-02, -4.3211193855672938e-03, 8.5421667688709868e-04, -1.2715509060916274e-04,
    1.1248167243671189e-05, 3.1306388542182097e-07, -2.7098806853776202e-07, 3.0737622701407688e-08,
    2.5156203848176229e-09, -1.0289299213203191e-09, 2.9944052119949940e-11, 2.6051789687266936e-11,
    -2.6348399241719694e-12, -6.4340450989063644e-13, 1.1245740180166345e-13, 1.7281533389986098e-14,
    -4.2641016949423750e-15, -5.4537197788019100e-16, 1.5869760776167100e-16,
)  # fmt: skip
DOUBLE = (np.polynomial.chebyshev.cheb2poly(SERIES) / 2).tolist()
# For float32 a polynomial in 1 / (1 + 0.2316419 |x|): Abramowitz and Stegun, "Handbook of mathematical functions"
# (1964), equation 26.2.17. The probability is wrong by 7.5e-8 at most, which is less than a rounding error of 1.
SINGLE = (
    np.array([0, 0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429]) / math.sqrt(2 * math.pi)
).tolist()


def floating(input, name="input"):
    """`input` as an array of floating-point numbers, or an error naming it."""
    input = np.asarray(input)
    if not np.issubdtype(input.dtype, np.floating):
        raise NotImplementedError(f"{name}: expected floating point, got {input.dtype}")
    return input


def as_floating(input):
    """`input` in floating point; integers and booleans become float32, as in PyTorch."""
    input = np.asarray(input)
    return input.astype(np.float32) if input.dtype.kind in "biu" else floating(input)


def representable(value, name, dtype):
    """`value`, a number, as an array of this dtype takes it: integers cut the fraction off. Or an error."""
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    in_range = limits.min <= value <= limits.max
    if not in_range and (dtype.kind != "f" or math.isfinite(value)):
        raise RuntimeError(f"{name}: {dtype} cannot hold {value}")
    return value if dtype.kind == "f" else int(value)


def pieces(rows, length=1):
    """Slices that walk through `rows` of `length` numbers each, several at a time but no more than the cache holds."""
    step = max(1, PIECE // max(1, length))
    return (slice(start, start + step) for start in range(0, rows, step))


def by_pieces(formula, *arrays):
    """``formula(*arrays)``, elementwise on arrays of one shape and dtype, piece by piece.

    What the formula computes on its way stays in the cache. Half precision is widened to single for it.
    """
    first = arrays[0]
    output = np.empty(first.shape, first.dtype)
    flat, width = output.reshape(-1), np.promote_types(first.dtype, np.float32)
    arrays = [np.ravel(array) for array in arrays]
    for piece in pieces(flat.size):
        flat[piece] = formula(*(array[piece].astype(width, copy=False) for array in arrays))
    return output


def normal_cdf(x):
    """The probability Φ(x) that a standard normal number is at most `x`: ``(1 + erf(x / √2)) / 2``, elementwise.

    The error is some 1e-15 in float64, for negative `x` also relative to the result. In float32 it is below 3e-7;
    relative to the result it grows where the probability is small, from 5e-5 at -3 to more than 1e-2 far out.
    """
    return by_pieces(_normal_cdf, np.asarray(x))


def _normal_cdf(x):
    t = np.abs(x)
    if x.dtype == np.float32:
        coefficients = SINGLE
        t *= 0.2316419
        t += 1
        np.reciprocal(t, out=t)
    else:
        coefficients = DOUBLE
        t *= math.sqrt(0.5) / 3.75
        t += 1
        t = 1 - 2 / t  # (z - 3.75) / (z + 3.75), also where z is infinite
    *others, highest = coefficients
    beyond = np.full_like(t, highest)
    for coefficient in reversed(others):
        beyond *= t
        beyond += coefficient
    square = np.square(x, out=t)
    square *= -0.5
    beyond *= np.exp(square, out=square)  # Φ(-|x|)
    return beyond + (x > 0) * (1 - 2 * beyond)
