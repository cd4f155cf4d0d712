"""Sound, with torch operations on any device.

Arguments, results and errors are those of ``dlcore.scratch.augmentation``; a generator is a torch.Generator, and without
one numbers come from PyTorch's global one. What is applied never waits for the device. Gradients are autograd's.
"""

import numbers

import torch

from ..scratch import audio_transforms as _scratch
from ..scratch.audio_transforms import (
    check_each,
    check_noise,
    check_waveforms,
    color_factors,
    number_for_all,
)
from ..scratch.transform import number_in_range, real_array
from ..scratch.windows import as_bool
from .transform import precise, source, uniform

__all__ = [
    "AdditiveNoise", "RandomGain", "TimeShift", "add_noise", "color_noise", "gain", "time_shift", "white_noise",
]  # fmt: skip


def add_noise(waveform, noise, snr, lengths=None):
    """Waveforms with noise added at a signal-to-noise ratio in decibels: ``x + |x| / |n| * 10**(-snr / 20) n``."""
    _waveforms(waveform), _waveforms(noise, "noise")
    snr, lengths = _numbers(snr, "snr"), None if lengths is None else _numbers(lengths, "lengths")
    check_noise(waveform, noise, snr, lengths)
    device = waveform.device
    valid = None
    if lengths is not None:
        valid = torch.arange(waveform.shape[-1], device=device) < lengths.to(device, torch.int64).unsqueeze(
            -1
        )
    noise = noise.to(device)
    signal, strength = _norm(waveform, valid), _norm(noise, valid)
    audible = (signal > 0) & (strength > 0)
    factor = 10 ** (snr.to(device, precise(device)) / -20)
    scale = torch.where(audible, signal / torch.where(audible, strength, 1) * factor, 0)
    return waveform + (scale.unsqueeze(-1) * noise).to(waveform.dtype)


def white_noise(shape, generator=None, *, dtype=torch.float32, device=None):
    """Independent standard normal numbers, on the generator's device unless `device` says otherwise."""
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise TypeError(f"dtype: expected floating point, got {dtype!r}")
    place = source(generator, "cpu" if device is None else device)
    noise = torch.randn(shape, generator=generator, device=place, dtype=precise(place))
    return noise.to(place if device is None else device, dtype)


def color_noise(noise, exponent=1.0):
    """Noise filtered so that its power falls as ``1 / frequency**exponent``."""
    _waveforms(noise, "noise")
    exponent, length = number_in_range(exponent, "exponent"), noise.shape[-1]
    if noise.numel() == 0:
        return noise.clone()
    dtype = torch.promote_types(noise.dtype, torch.float32)  # the transform needs it
    factors = torch.as_tensor(color_factors(length, exponent), dtype=dtype, device=noise.device)
    return torch.fft.irfft(torch.fft.rfft(noise.to(dtype)) * factors, length).to(noise.dtype)


def gain(waveform, gain_db=1.0):
    """Waveforms made louder by so many decibels: ``10**(gain_db / 20) x``."""
    _waveforms(waveform)
    gain_db = _per_waveform(gain_db, waveform, "gain_db")
    return (waveform * (10 ** (gain_db / 20)).unsqueeze(-1)).to(waveform.dtype)


def time_shift(waveform, shift, circular=False):
    """Waveforms moved by so many samples, later where that is positive."""
    _waveforms(waveform)
    circular, length = as_bool(circular, "circular"), waveform.shape[-1]
    shift = _per_waveform(shift, waveform, "shift", whole=True).unsqueeze(-1)
    place = (torch.arange(length, device=waveform.device) - shift).expand(waveform.shape)
    output = waveform.gather(-1, place % max(1, length))
    return output if circular else torch.where((place >= 0) & (place < length), output, 0)


def _waveforms(batch, name="waveform"):
    if not isinstance(batch, torch.Tensor):
        raise TypeError(f"{name}: expected a torch.Tensor, got {type(batch).__name__}")
    check_waveforms(batch, batch.is_floating_point(), name)


def _numbers(value, name):
    """`value` as a tensor of real numbers, or an error naming it."""
    if not isinstance(value, torch.Tensor):
        value = torch.tensor(real_array(value, name))
    if value.is_complex() or value.dtype == torch.bool:
        raise TypeError(f"{name}: expected real numbers, got {value.dtype}")
    return value


def _norm(array, valid):
    """The Euclidean length of each waveform, of its valid part, so that no square is too small or too large."""
    array = array.to(precise(array.device))
    if valid is not None:
        array = torch.where(valid, array, 0)
    if array.shape[-1] == 0:
        return array.sum(-1)
    largest = array.detach().abs().amax(-1, keepdim=True)
    largest = torch.where((largest > 0) & largest.isfinite(), largest, 1)
    return largest.squeeze(-1) * torch.linalg.vector_norm(array / largest, dim=-1)


def _per_waveform(value, waveform, name, whole=False):
    """`value`, a number or one for each waveform, as a tensor on the waveforms' device."""
    if isinstance(value, numbers.Real):
        value = number_for_all(value, name, whole)
    value = _numbers(value, name)
    check_each(value, waveform, name, whole)
    return value.to(waveform.device, torch.int64 if whole else precise(waveform.device))


class AdditiveNoise(_scratch.AdditiveNoise):
    """Add noise to each waveform at a signal-to-noise ratio drawn for it."""

    def draw(self, batch, generator=None):
        """`noise`, white, of the batch's shape, and `snr`, one for each waveform."""
        _waveforms(batch)
        snr = uniform(batch.shape[:-1], generator, batch.device, *self._range)
        return {
            "noise": white_noise(batch.shape, generator, dtype=batch.dtype, device=batch.device),
            "snr": snr,
        }

    def apply(self, batch, noise, snr):
        """`batch` with the noise, coloured, added at these ratios."""
        return add_noise(batch, color_noise(noise, self.exponent), snr)


class RandomGain(_scratch.RandomGain):
    """Make each waveform louder or softer by a number of decibels drawn for it."""

    def draw(self, batch, generator=None):
        """`gain_db`, one for each waveform."""
        _waveforms(batch)
        return {"gain_db": uniform(batch.shape[:-1], generator, batch.device, *self._range)}

    def apply(self, batch, gain_db):
        """`batch` louder by so much."""
        return gain(batch, gain_db)


class TimeShift(_scratch.TimeShift):
    """Move each waveform in time by a number of samples drawn for it."""

    def draw(self, batch, generator=None):
        """`shift`, one for each waveform."""
        _waveforms(batch)
        place = source(generator, batch.device)
        shift = torch.randint(
            -self.shift, self.shift + 1, batch.shape[:-1], generator=generator, device=place
        )
        return {"shift": shift.to(batch.device)}

    def apply(self, batch, shift):
        """`batch` moved by so much."""
        return time_shift(batch, shift, self.circular)
