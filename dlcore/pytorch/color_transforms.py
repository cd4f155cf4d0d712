"""Changes of colour, with torch operations on any device: the names of torchvision, one number for each image allowed.

Arguments, results and errors are those of ``dlcore.scratch.augmentation``; a generator is a torch.Generator, and
without one numbers come from PyTorch's global one. What is applied never waits for the device, so numbers that lie on a
GPU are not looked at: there a factor out of range goes unnoticed.
"""

import math
import numbers

import torch

from ..scratch import color_transforms as _scratch
from ..scratch.color_transforms import (
    GREY,
    JITTER,
    check_alpha,
    check_components,
    check_grey_channels,
    check_order,
    color_channels,
    number_in_range,
    require_colors,
    require_count,
    values_in_range,
)
from ..scratch.windows import as_bool
from .transform import chosen, images, uniform

__all__ = [
    "ColorJitter", "GaussianNoise", "PCAColor", "RandomGamma", "RandomGrayscale",
    "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation", "gaussian_noise",
    "hsv_to_rgb", "invert", "pca_color", "posterize", "principal_components", "rgb_to_grayscale", "rgb_to_hsv",
    "solarize",
]  # fmt: skip


def rgb_to_grayscale(input, num_output_channels=1):
    """The grey level of every pixel, ``0.2989 R + 0.587 G + 0.114 B``, in 1 channel or 3."""
    input, batched = images(input)
    check_grey_channels(num_output_channels)
    grey = input.clone() if color_channels(input) == 1 else _grey(input)
    return _like(grey.repeat(1, num_output_channels, 1, 1), batched)


def _grey(input):
    return sum(share * channel for share, channel in zip(GREY, input.split(1, dim=1)))


def adjust_brightness(input, brightness_factor):
    """``clip(f x, 0, 1)`` with a factor that is not negative."""
    input, batched = images(input)
    color_channels(input)
    return _like((_per_image(brightness_factor, input, "brightness_factor", 0) * input).clamp(0, 1), batched)


def adjust_contrast(input, contrast_factor):
    """``clip(f x + (1 - f) mean(grey(x)), 0, 1)`` with a factor that is not negative."""
    input, batched = images(input)
    factor = _per_image(contrast_factor, input, "contrast_factor", 0)
    grey = input if color_channels(input) == 1 else _grey(input)
    return _like(_blended(input, grey.mean((1, 2, 3), keepdim=True), factor), batched)


def adjust_saturation(input, saturation_factor):
    """``clip(f x + (1 - f) grey(x), 0, 1)`` with a factor that is not negative; one channel is left as it is."""
    input, batched = images(input)
    factor = _per_image(saturation_factor, input, "saturation_factor", 0)
    if color_channels(input) == 1:
        return _like(input.clone(), batched)
    return _like(_blended(input, _grey(input), factor), batched)


def _blended(input, other, factor):
    return (factor * input + (1 - factor) * other).clamp(0, 1)


def rgb_to_hsv(input):
    """Hue, saturation and value of every pixel, each from 0 to 1; grey has hue and saturation 0."""
    input, batched = images(input)
    require_colors(input)
    red, green, blue = input.unbind(1)
    value = input.amax(1)
    chroma = value - input.amin(1)
    divisor = torch.where(chroma == 0, 1, chroma)
    sixths = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    hue = (sixths / 6).remainder(1)
    saturation = chroma / torch.where(value == 0, 1, value)
    return _like(torch.stack((hue, saturation, value), 1), batched)


def hsv_to_rgb(input):
    """The colour of every hue, saturation and value: the inverse of :func:`rgb_to_hsv`.

    A channel is ``V - V S clip(min(k, 4 - k), 0, 1)`` with ``k = (6 H + n) mod 6``; n = 5, 3, 1 for red, green, blue.
    """
    input, batched = images(input)
    require_colors(input)
    hue, saturation, value = input.split(1, dim=1)
    starts = torch.arange(5, 0, -2, device=input.device, dtype=input.dtype).reshape(1, 3, 1, 1)
    places = (6 * hue + starts).remainder(6)
    return _like(value - value * saturation * torch.minimum(places, 4 - places).clamp(0, 1), batched)


def adjust_hue(input, hue_factor):
    """Turn every hue by this fraction of the circle, from -0.5 to 0.5; one channel is left as it is."""
    input, batched = images(input)
    factor = _per_image(hue_factor, input, "hue_factor", -0.5, 0.5)
    if color_channels(input) == 1:
        return _like(input.clone(), batched)
    hue, saturation, value = rgb_to_hsv(input).split(1, dim=1)
    return _like(hsv_to_rgb(torch.cat((hue + factor, saturation, value), 1)), batched)


def adjust_gamma(input, gamma, gain=1):
    """``clip(gain x^gamma, 0, 1)`` with a gamma that is not negative."""
    input, batched = images(input)
    powers = input ** _per_image(gamma, input, "gamma", 0)
    return _like((_per_image(gain, input, "gain") * powers).clamp(0, 1), batched)


def invert(input):
    """The negative: ``1 - x``."""
    input, batched = images(input)
    return _like(1 - input, batched)


def posterize(input, bits):
    """Leave ``L = 2^bits`` levels: ``clip(floor(L x), 0, L - 1) / L``."""
    input, batched = images(input)
    levels = 2 ** _per_image(bits, input, "bits", 0, 8, whole=True)
    return _like(torch.minimum((levels * input).floor().clamp(min=0), levels - 1) / levels, batched)


def solarize(input, threshold):
    """``1 - x where x >= threshold``, which is from 0 to 1."""
    input, batched = images(input)
    bright = input >= _per_image(threshold, input, "threshold", 0, 1)
    return _like(torch.where(bright, 1 - input, input), batched)


def gaussian_noise(input, mean=0.0, sigma=0.1, clip=True, *, noise=None, generator=None):
    """``clip(x + mean + sigma noise, 0, 1)``; standard normal `noise` is drawn unless it is handed in."""
    input, batched = images(input)
    mean, sigma = _per_image(mean, input, "mean"), _per_image(sigma, input, "sigma", 0)
    clip = as_bool(clip, "clip")
    shape = input.shape if batched else input.shape[1:]
    if noise is None:
        noise = _normal(shape, generator, input.device, input.dtype)
    if tuple(noise.shape) != tuple(shape):
        raise ValueError(f"noise: expected the shape of the input, {tuple(shape)}, got {tuple(noise.shape)}")
    noise = torch.as_tensor(noise, dtype=input.dtype, device=input.device).reshape(input.shape)
    output = input + mean + sigma * noise
    return _like(output.clamp(0, 1) if clip else output, batched)


def _normal(shape, generator, device, dtype):
    """Standard normal numbers, drawn where the generator is and brought to `device`."""
    source = device if generator is None else generator.device
    return torch.randn(shape, generator=generator, device=source, dtype=dtype).to(device)


def principal_components(images):
    """Eigenvalues, the largest first, and eigenvectors, in columns, of the covariance of the pixels' channels."""
    images, _ = _images(images, "images")
    channels, count = images.shape[1], images.numel() // max(images.shape[1], 1)
    if count == 0:
        raise ValueError(f"images: expected at least one pixel, got shape {tuple(images.shape)}")
    mean = images.mean((0, 2, 3), dtype=torch.float64)[:, None]
    covariance = images.new_zeros((channels, channels), dtype=torch.float64)
    for part in images.split(256):  # not a copy of all in float64 at once
        deviations = part.transpose(0, 1).flatten(1) - mean
        covariance += deviations @ deviations.T
    eigenvalues, vectors = torch.linalg.eigh(covariance / count)
    eigenvalues, vectors = eigenvalues.flip(0).clamp(min=0), vectors.flip(1)
    sizes = vectors.abs()
    largest = (sizes > (1 - 1e-6) * sizes.amax(0)).to(torch.uint8).argmax(0, keepdim=True)
    vectors = vectors * vectors.gather(0, largest).sign()
    return eigenvalues.to(images.dtype), vectors.to(images.dtype)


_images = images  # for where an argument has the name


def pca_color(input, alpha, eigenvalues, eigenvectors, clip=True):
    """``x + P (alpha * eigenvalues)``, for all images or, with an alpha (N, C), for each by itself."""
    input, batched = images(input)
    clip = as_bool(clip, "clip")
    alpha, eigenvalues, eigenvectors = (
        torch.as_tensor(value, dtype=torch.float64, device=input.device)
        for value in (alpha, eigenvalues, eigenvectors)
    )
    check_components(eigenvalues, eigenvectors, input.shape[1])
    check_alpha(alpha, input.shape)
    shift = (alpha * eigenvalues) @ eigenvectors.T
    output = input + shift.to(input.dtype).reshape(-1, input.shape[1], 1, 1)
    return _like(output.clamp(0, 1) if clip else output, batched)


class ColorJitter(_scratch.ColorJitter):
    """Change brightness, contrast, saturation and hue of each image by random factors, in a random order.

    The order is drawn once for a batch; only on a GPU's generator does drawing it wait for the device.
    """

    _changes = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)

    def draw(self, batch, generator=None):
        """The `order`, a tuple of names, and for each name the factors, shape (N,), or None."""
        count, device = len(images(batch)[0]), batch.device
        source = "cpu" if generator is None else generator.device
        places = torch.randperm(len(JITTER), generator=generator, device=source)
        drawn = {"order": tuple(JITTER[place] for place in places.tolist())}
        for name in JITTER:
            bounds = getattr(self, name)
            drawn[name] = None if bounds is None else uniform(count, generator, device, *bounds)
        return drawn

    def apply(self, batch, order, brightness=None, contrast=None, saturation=None, hue=None):
        """`batch` with the changes in this order, None for no change."""
        check_order(order)
        changes = dict(zip(JITTER, zip(self._changes, (brightness, contrast, saturation, hue))))
        output = batch
        for change, factor in (changes[name] for name in order):
            if factor is not None:
                output = change(output, factor)
        return batch.clone() if output is batch else output


class GaussianNoise(_scratch.GaussianNoise):
    """Add normal noise, drawn for every element: ``clip(x + mean + sigma noise, 0, 1)``."""

    def draw(self, batch, generator=None):
        """`noise`: standard normal numbers of the batch's shape and dtype."""
        images(batch)
        return {"noise": _normal(batch.shape, generator, batch.device, batch.dtype)}

    def apply(self, batch, noise):
        """`batch` with the noise added."""
        return gaussian_noise(batch, self.mean, self.sigma, self.clip, noise=noise)


class PCAColor(_scratch.PCAColor):
    """Shift the colour of each image along the principal components of the training set's colours.

    The components move to the images' device with the first batch.
    """

    def __init__(self, eigenvalues, eigenvectors, std=0.1, clip=True):
        given = (eigenvalues, eigenvectors)
        plain = [
            value.detach().double().cpu().numpy() if isinstance(value, torch.Tensor) else value
            for value in given
        ]
        super().__init__(*plain, std, clip)
        self.eigenvalues, self.eigenvectors = (
            torch.as_tensor(value, dtype=torch.float64).clone() for value in given
        )

    @classmethod
    def fit(cls, images, std=0.1, clip=True):
        """The transform for a training set (N, C, H, W)."""
        return cls(*principal_components(images), std, clip)

    def draw(self, batch, generator=None):
        """`alpha`, shape (N, C)."""
        shape = (len(images(batch)[0]), len(self.eigenvalues))
        return {"alpha": self.std * _normal(shape, generator, batch.device, torch.float64)}

    def apply(self, batch, alpha):
        """`batch` shifted by this much of each component."""
        if self.eigenvalues.device != batch.device:
            self.eigenvalues = self.eigenvalues.to(batch.device)
            self.eigenvectors = self.eigenvectors.to(batch.device)
        return pca_color(batch, alpha, self.eigenvalues, self.eigenvectors, self.clip)


class RandomGrayscale(_scratch.RandomGrayscale):
    """Make each image grey with probability `p`; the number of channels stays."""

    def draw(self, batch, generator=None):
        """`chosen`: for each image whether it becomes grey, shape (N,)."""
        return {"chosen": chosen(len(images(batch)[0]), self.p, generator, batch.device)}

    def apply(self, batch, chosen):
        """`batch` with the chosen images grey."""
        batch, batched = images(batch)
        grey = rgb_to_grayscale(batch, color_channels(batch))
        chosen = torch.as_tensor(chosen, device=batch.device).reshape(-1, 1, 1, 1)
        return _like(torch.where(chosen, grey, batch), batched)


class RandomGamma(_scratch.RandomGamma):
    """Gamma correction of each image by a random exponent."""

    def draw(self, batch, generator=None):
        """`gamma`, shape (N,)."""
        return {"gamma": uniform(len(images(batch)[0]), generator, batch.device, *self.gamma)}

    def apply(self, batch, gamma):
        """`batch` with these exponents."""
        return adjust_gamma(batch, gamma)


def _like(output, batched):
    return output if batched else output[0]


def _per_image(value, input, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a number or one for each image, in the input's dtype and shaped to meet it: (1 or N, 1, 1, 1)."""
    if isinstance(value, numbers.Real):
        value = number_in_range(value, name, low, high, whole)
        # Filled in where the images are: to bring it there would be to wait for the device.
        return torch.full((1, 1, 1, 1), value, dtype=input.dtype, device=input.device)
    if not isinstance(value, torch.Tensor):
        value = torch.from_numpy(values_in_range(value, len(input), name, low, high, whole))
    elif value.device.type == "cpu" and not torch.compiler.is_compiling():
        plain = value.detach()
        plain = plain.double() if plain.is_floating_point() else plain  # NumPy has no bfloat16
        values_in_range(plain.numpy(), len(input), name, low, high, whole)
    else:
        require_count(value.shape, len(input), name)
    return value.to(input.device, input.dtype).reshape(-1, 1, 1, 1)
