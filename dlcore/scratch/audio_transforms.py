"""Sound: noise at a given signal-to-noise ratio, gain, shifts in time; the last part of the file draws them at random.

Waveforms are floating point, (..., L): every axis before the last counts examples, and each waveform is changed by
itself. Where a function takes a number, it also takes one for each waveform, an array of shape (...). Ratios are in
decibels, ``10 log10`` of a ratio of energies, which is ``20 log10`` of a ratio of amplitudes. No gradient is recorded.
"""

import math
import numbers

import numpy as np

from .transform import Transform, number_in_range, real_array, uniform
from .windows import as_bool, as_generator, as_number

__all__ = [
    "AdditiveNoise", "RandomGain", "TimeShift", "add_noise", "color_noise", "gain", "time_shift", "white_noise",
]  # fmt: skip

LONGEST = 2**62
"""The largest shift, which added to a position is still a 64-bit integer."""


@np.errstate(all="ignore")  # infinities and NaN are results like any other
def add_noise(waveform, noise, snr, lengths=None):
    """Waveforms with noise added at a given signal-to-noise ratio: ``x + a n``.

    The noise is scaled by ``a = |x| / |n| * 10**(-snr / 20)``, which makes ``10 log10(|x|**2 / |a n|**2)`` the `snr`.

    Parameters
    ----------
    waveform : array_like, shape (..., L)
    noise : array_like, shape (..., L)
    snr : float or array_like, shape (...)
        In decibels; 0 makes noise and signal equally strong.
    lengths : array_like of int, shape (...), optional
        How much of each is signal and how much padding: only the samples before count for ``|x|`` and ``|n|``. Noise is added
        everywhere.

    Returns
    -------
    array, shape (..., L)
        Of the waveform's dtype. Axes of size 1 are repeated to meet the others. Where the waveform or the noise is
        silent no scale gives the ratio: such a waveform stays as it is.

    Raises
    ------
    TypeError
        A waveform or noise that is not floating point, a ratio that is not a number, lengths that are not integers.
    ValueError
        Shapes that do not go together.

    Source: ``torchaudio.functional.add_noise``, where silent noise gives NaN.
    """
    waveform, noise = waveforms(waveform), waveforms(noise, "noise")
    snr, lengths = real_array(snr, "snr"), None if lengths is None else real_array(lengths, "lengths")
    check_noise(waveform, noise, snr, lengths)
    valid = None if lengths is None else np.arange(waveform.shape[-1]) < lengths[..., np.newaxis]
    signal, strength = _norm(waveform, valid), _norm(noise, valid)
    audible = (signal > 0) & (strength > 0)
    scale = np.where(audible, signal / strength * 10 ** (snr.astype(np.float64) / -20), 0)
    return waveform + (scale[..., np.newaxis] * noise).astype(waveform.dtype)


def white_noise(shape, generator=None, *, dtype=np.float32):
    """Independent standard normal numbers: on average every frequency is equally strong.

    Parameters
    ----------
    shape : tuple of int
    generator : numpy.random.Generator
    dtype : floating-point dtype
        It changes the precision and not what is drawn.

    Returns
    -------
    array

    Raises
    ------
    TypeError
        A `dtype` that is not floating point, no `generator`.
    """
    if not np.issubdtype(dtype, np.floating):
        raise TypeError(f"dtype: expected floating point, got {dtype!r}")
    return np.asarray(as_generator(generator).standard_normal(shape)).astype(dtype)


def color_noise(noise, exponent=1.0):
    """Noise filtered so that its power falls as ``1 / frequency**exponent``: white noise becomes coloured.

    The amplitude of frequency k is multiplied by ``k**(-exponent / 2)``, that of the constant part as for k = 1, and all
    by one number that keeps the power of white noise on average.

    Parameters
    ----------
    noise : array_like, shape (..., L)
    exponent : float
        0 leaves the noise as it is, 1 makes white noise pink, 2 brown, -1 blue, -2 violet.

    Returns
    -------
    array, shape (..., L)

    Raises
    ------
    TypeError
        Noise that is not floating point, an exponent that is not a number.
    ValueError
        Noise without axes, an exponent that is not finite.

    Source: Timmer and König, "On generating power law noise" (1995).
    """
    noise, exponent = waveforms(noise, "noise"), number_in_range(exponent, "exponent")
    length = noise.shape[-1]
    if noise.size == 0:
        return noise.copy()
    factors = color_factors(length, exponent).astype(np.result_type(noise, np.float32))
    return np.fft.irfft(np.fft.rfft(noise) * factors, length).astype(noise.dtype, copy=False)


@np.errstate(over="ignore")  # too loud becomes infinite
def gain(waveform, gain_db=1.0):
    """Waveforms made louder or softer by so many decibels: ``10**(gain_db / 20) x``.

    Parameters
    ----------
    waveform : array_like, shape (..., L)
    gain_db : float or array_like, shape (...)
        6 decibels double the amplitude, nearly; 20 multiply it by 10.

    Returns
    -------
    array, shape (..., L)

    Raises
    ------
    TypeError
        A waveform that is not floating point, a gain that is not a number.
    ValueError
        Another number of gains than waveforms.

    Source: ``torchaudio.functional.gain``, which takes one number.
    """
    waveform = waveforms(waveform)
    factor = 10 ** (_per_waveform(gain_db, waveform, "gain_db").astype(np.float64) / 20)
    return (waveform * factor[..., np.newaxis]).astype(waveform.dtype)


def time_shift(waveform, shift, circular=False):
    """Waveforms moved in time: sample i goes to ``i + shift``.

    Parameters
    ----------
    waveform : array_like, shape (..., L)
    shift : int or array_like of int, shape (...)
        In samples; positive is later.
    circular : bool
        True: what leaves at one end comes in at the other. False: it is lost, and silence comes in.

    Returns
    -------
    array, shape (..., L)

    Raises
    ------
    TypeError
        A waveform that is not floating point, a shift that is not an integer, a `circular` that is not a bool.
    ValueError
        Another number of shifts than waveforms, a shift by more than 2**62.

    Source: ``numpy.roll`` where it is circular.
    """
    waveform, circular = waveforms(waveform), as_bool(circular, "circular")
    length = waveform.shape[-1]
    source = np.arange(length) - _per_waveform(shift, waveform, "shift", whole=True)[..., np.newaxis]
    source = np.broadcast_to(source, waveform.shape)
    output = np.take_along_axis(waveform, source % max(1, length), -1)
    return output if circular else np.where((source >= 0) & (source < length), output, 0)


def _norm(array, valid):
    """The Euclidean length of each waveform, of its valid part, such that no square is too small or too large."""
    array = array.astype(np.float64) if valid is None else np.where(valid, array, 0).astype(np.float64)
    largest = np.abs(array).max(-1, keepdims=True, initial=0)
    array /= np.where((largest > 0) & np.isfinite(largest), largest, 1)
    return largest[..., 0] * np.sqrt((array * array).sum(-1))


def _per_waveform(value, waveform, name, whole=False):
    """`value`, a number or one for each waveform, as an array."""
    if isinstance(value, numbers.Real):
        value = number_for_all(value, name, whole)
    value = real_array(value, name)
    check_each(value, waveform, name, whole)
    return value.astype(np.int64) if whole else value


# Checks that serve both backends


def waveforms(batch, name="waveform"):
    """`batch`, floating-point waveforms (..., L), as an array."""
    batch = np.asarray(batch)
    check_waveforms(batch, np.issubdtype(batch.dtype, np.floating), name)
    return batch


def check_waveforms(batch, floating, name="waveform"):
    """Raise unless `batch`, an array or tensor, holds waveforms."""
    if not floating:
        raise TypeError(f"{name}: expected floating point, got {batch.dtype}")
    if not batch.shape:
        raise ValueError(f"{name}: expected waveforms (..., L), got a number")


def number_for_all(value, name, whole=False):
    """`value`, a number or a number of samples, or an error naming `name`."""
    limits = (-LONGEST, LONGEST) if whole else (-math.inf, math.inf)
    return number_in_range(value, name, *limits, whole=whole)


def check_each(value, waveform, name, whole=False):
    """Raise unless `value`, numbers in an array or tensor, is one or one for each waveform."""
    if whole and not has_integers(value):
        raise TypeError(f"{name}: expected integers, got {value.dtype}")
    wanted = tuple(waveform.shape[:-1])
    if not value.shape:
        return
    if len(value.shape) != len(wanted) or any(a not in (1, b) for a, b in zip(value.shape, wanted)):
        raise ValueError(f"{name}: expected a number or shape {wanted}, got shape {tuple(value.shape)}")


def has_integers(value):
    """Whether an array or tensor is of some type of integers."""
    return str(value.dtype).removeprefix("torch.").startswith(("int", "uint"))


def check_noise(waveform, noise, snr, lengths):
    """Raise unless arrays or tensors can be added as :func:`add_noise` does."""
    if waveform.shape[-1] != noise.shape[-1]:
        raise ValueError(f"noise: expected {waveform.shape[-1]} samples, got {noise.shape[-1]}")
    if lengths is not None and not has_integers(lengths):
        raise TypeError(f"lengths: expected integers, got {lengths.dtype}")
    leading = tuple(waveform.shape[:-1])
    shapes = {
        "noise": noise.shape[:-1],
        "snr": snr.shape,
        "lengths": () if lengths is None else lengths.shape,
    }
    for name, shape in shapes.items():
        fits = len(shape) == len(waveform.shape) - 1 or (name != "noise" and not shape)
        try:
            leading = np.broadcast_shapes(leading, tuple(shape)) if fits else None
        except ValueError:
            leading = None
        if leading is None:
            raise ValueError(
                f"{name}: expected one for each waveform of shape {tuple(waveform.shape)}, got {tuple(shape)}"
            )


def color_factors(length, exponent):
    """What :func:`color_noise` multiplies the frequencies of so many samples by, float64."""
    powers = -exponent / 2 * np.log(np.maximum(np.arange(length // 2 + 1), 1))
    factors = np.exp(powers - powers.max())  # the largest is 1, however steep the fall
    times = np.full(factors.shape, 2.0)  # a frequency also stands for its mirror image
    times[0] = 1
    if length % 2 == 0:
        times[-1] = 1
    return factors / math.sqrt((times * factors**2).sum() / length)


def number_range(value, name):
    """`value`, a number or a pair (low, high), as a pair, or an error naming `name`."""
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name}: expected a number or (low, high), got {value!r}")
    low, high = (number_in_range(as_number(item, name), name) for item in pair)
    if low > high:
        raise ValueError(f"{name}: expected low <= high, got {value!r}")
    return low, high


# With chance


class AdditiveNoise(Transform):
    """Add noise to each waveform at a signal-to-noise ratio drawn for it.

    Parameters
    ----------
    snr : float or (low, high)
        In decibels; of a pair every ratio between is equally likely.
    exponent : float
        The colour of the noise, as for :func:`color_noise`: 0 for white.

    Raises
    ------
    TypeError
        Options that are not numbers.
    ValueError
        Options that are not finite, a range upside down.

    Source: ``torchaudio.transforms.AddNoise``, which takes noise and ratio from its caller.
    """

    example_axes = 1

    def __init__(self, snr=(5.0, 20.0), exponent=0.0):
        self._range, self.snr = number_range(snr, "snr"), snr
        self.exponent = number_in_range(exponent, "exponent")

    def draw(self, batch, generator=None):
        """`noise`, white, of the batch's shape, and `snr`, one for each waveform."""
        batch = waveforms(batch)
        snr = np.asarray(uniform(batch.shape[:-1], generator, *self._range))
        return {"noise": white_noise(batch.shape, generator, dtype=batch.dtype), "snr": snr}

    def apply(self, batch, noise, snr):
        """`batch` with the noise, coloured, added at these ratios."""
        return add_noise(batch, color_noise(noise, self.exponent), snr)


class RandomGain(Transform):
    """Make each waveform louder or softer by a number of decibels drawn for it.

    Parameters
    ----------
    gain_db : float or (low, high)

    Raises
    ------
    TypeError, ValueError
        As for :class:`AdditiveNoise`.

    Source: ``torchaudio.transforms.Vol`` with a gain in decibels, which is fixed.
    """

    example_axes = 1

    def __init__(self, gain_db=(-6.0, 6.0)):
        self._range, self.gain_db = number_range(gain_db, "gain_db"), gain_db

    def draw(self, batch, generator=None):
        """`gain_db`, one for each waveform."""
        return {"gain_db": np.asarray(uniform(waveforms(batch).shape[:-1], generator, *self._range))}

    def apply(self, batch, gain_db):
        """`batch` louder by so much."""
        return gain(batch, gain_db)


class TimeShift(Transform):
    """Move each waveform in time by a number of samples drawn for it.

    Parameters
    ----------
    shift : int, not negative
        From ``-shift`` to ``shift`` samples, equally likely.
    circular : bool
        As for :func:`time_shift`.

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        A `shift` that is negative or more than 2**62.
    """

    example_axes = 1

    def __init__(self, shift, circular=False):
        self.shift = number_in_range(shift, "shift", 0, LONGEST, whole=True)
        self.circular = as_bool(circular, "circular")

    def draw(self, batch, generator=None):
        """`shift`, one for each waveform."""
        shape, generator = waveforms(batch).shape[:-1], as_generator(generator)
        return {"shift": np.asarray(generator.integers(-self.shift, self.shift, shape, endpoint=True))}

    def apply(self, batch, shift):
        """`batch` moved by so much."""
        return time_shift(batch, shift, self.circular)
