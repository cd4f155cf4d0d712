"""Changing colours at random, with torch operations on any device: jitter, noise, grey images, principal components.

Options and errors are those of :mod:`dlcore.scratch.color_transforms`; a generator is a torch.Generator, and without one
numbers come from PyTorch's global one. What is applied never waits for a GPU, so numbers that lie on one are not looked
at: there a factor out of range goes unnoticed.
"""

import torch

from ..scratch import color_transforms as _scratch
from ..scratch.color_transforms import JITTER, check_alpha, check_components
from ..scratch.colors import color_channels
from ..scratch.transform import unbatched
from ..scratch.windows import as_bool
from .colors import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    factors,
    rgb_to_grayscale,
)
from .transform import Draws, images, moved, normal, precise, real_tensor, source

__all__ = [
    "ColorJitter", "GaussianNoise", "PCAColor", "RandomGamma", "RandomGrayscale", "gaussian_noise", "pca_color",
    "principal_components",
]  # fmt: skip


def gaussian_noise(input, mean=0.0, sigma=0.1, clip=True, *, noise=None, generator=None):
    """``clip(x + mean + sigma noise, 0, 1)``; standard normal `noise` is drawn unless it is handed in."""
    input, batched = images(input)
    mean, sigma = factors(mean, input, "mean"), factors(sigma, input, "sigma", 0)
    clip = as_bool(clip, "clip")
    shape = input.shape if batched else input.shape[1:]
    if noise is None:
        noise = normal(shape, generator, input.device, input.dtype)
    noise = real_tensor(noise, "noise", input)
    if noise.shape != shape:
        raise ValueError(f"noise: expected the shape of the input, {tuple(shape)}, got {tuple(noise.shape)}")
    output = input + mean + sigma * noise.reshape(input.shape)
    return unbatched(output.clamp(0, 1) if clip else output, batched)


def principal_components(images):
    """Eigenvalues, the largest first, and eigenvectors, in columns, of the covariance of the pixels' channels."""
    images, _ = _images(images, "images")
    channels, count = images.shape[1], images.numel() // max(images.shape[1], 1)
    if count == 0:
        raise ValueError(f"images: expected at least one pixel, got shape {tuple(images.shape)}")
    work = precise(images.device)
    mean = images.mean((0, 2, 3), dtype=work)[:, None]
    covariance = images.new_zeros((channels, channels), dtype=work)
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
        real_tensor(value, name, input, precise(input.device))
        for value, name in ((alpha, "alpha"), (eigenvalues, "eigenvalues"), (eigenvectors, "eigenvectors"))
    )
    check_components(eigenvalues, eigenvectors, input.shape[1])
    check_alpha(alpha, input.shape)
    shift = (alpha * eigenvalues) @ eigenvectors.T
    output = input + shift.to(input.dtype).reshape(-1, input.shape[1], 1, 1)
    return unbatched(output.clamp(0, 1) if clip else output, batched)


class ColorJitter(Draws, _scratch.ColorJitter):
    """Change brightness, contrast, saturation and hue of each image by random factors, in a random order.

    The order is drawn once for a batch; only on a GPU's generator does drawing it wait for the device.
    """

    _changes = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)

    def _order(self, generator):
        return torch.randperm(len(JITTER), generator=generator, device=source(generator, "cpu")).tolist()

    def _copy(self, batch):
        return batch.clone()


class GaussianNoise(Draws, _scratch.GaussianNoise):
    """Add normal noise, drawn for every element: ``clip(x + mean + sigma noise, 0, 1)``."""

    function = staticmethod(gaussian_noise)


class PCAColor(Draws, _scratch.PCAColor):
    """Shift the colour of each image along the principal components of the training set's colours."""

    function = staticmethod(pca_color)

    def __init__(self, eigenvalues, eigenvectors, std=0.1, clip=True):
        components = (
            value.detach().double().cpu().numpy() if isinstance(value, torch.Tensor) else value
            for value in (eigenvalues, eigenvectors)
        )
        super().__init__(*components, std, clip)

    @classmethod
    def fit(cls, images, std=0.1, clip=True):
        """The transform for a training set (N, C, H, W)."""
        return cls(*principal_components(images), std, clip)


class RandomGrayscale(Draws, _scratch.RandomGrayscale):
    """Make each image grey with probability `p`; the number of channels stays."""

    def apply(self, batch, where):
        """`batch` with these images grey."""
        batch, batched = images(batch)
        grey = rgb_to_grayscale(batch, color_channels(batch))
        where = moved(torch.as_tensor(where), batch.device).reshape(-1, 1, 1, 1)
        return unbatched(torch.where(where, grey, batch), batched)


class RandomGamma(Draws, _scratch.RandomGamma):
    """Gamma correction of each image by a random exponent."""

    function = staticmethod(adjust_gamma)
