"""Changing colours at random: jitter, noise, grey images, and shifts along the principal components of the colours.

Images are floating point in [0, 1], (N, C, H, W) or one (C, H, W). What :class:`ColorJitter` and its kin draw is applied by
the functions of :mod:`dlcore.scratch.colors`.
"""

import math

import numpy as np

from .colors import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    blocks,
    clipped,
    color_channels,
    per_image,
    rgb_to_grayscale,
)
from .transform import (
    ImageTransform,
    as_probability,
    images,
    number_in_range,
    real_array,
    standard_normal,
    unbatched,
)
from .windows import as_bool, as_generator

__all__ = [
    "ColorJitter", "GaussianNoise", "PCAColor", "RandomGamma", "RandomGrayscale", "gaussian_noise", "pca_color",
    "principal_components",
]  # fmt: skip

JITTER = ("brightness", "contrast", "saturation", "hue")
"""What :class:`ColorJitter` changes."""


def gaussian_noise(input, mean=0.0, sigma=0.1, clip=True, *, noise=None, generator=None):
    """Add normal noise to every element: ``clip(x + mean + sigma noise, 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    mean, sigma : float or array of shape (N,)
        Of the noise; `sigma` is not negative.
    clip : bool
        Keep the result in [0, 1].
    noise : array of the input's shape, optional
        Standard normal numbers; without it they are drawn.
    generator : numpy.random.Generator
        Needed where there is no `noise`.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, options of another type, neither `noise` nor `generator`.
    ValueError
        Another number of axes, a negative `sigma`, a `noise` of another shape.

    Source: ``torchvision.transforms.v2.functional.gaussian_noise``, which draws its noise always.
    """
    input, batched = images(input)
    mean, sigma = per_image(mean, input, "mean"), per_image(sigma, input, "sigma", 0)
    clip = as_bool(clip, "clip")
    shape = input.shape if batched else input.shape[1:]
    if noise is None:
        noise = standard_normal(shape, input.dtype, generator)
    noise = real_array(noise, "noise")
    if noise.shape != shape:
        raise ValueError(f"noise: expected the shape of the input, {shape}, got {noise.shape}")
    output = noise.reshape(input.shape).astype(input.dtype)  # a copy always
    output *= sigma
    output += input
    if mean.any():
        output += mean
    return unbatched(clipped(output) if clip else output, batched)


# The principal components of the colours

_images = images  # for where an argument has the name


def principal_components(images):
    """The principal components of the pixels' colours: ``Cov = P diag(eigenvalues) P^T``.

    Parameters
    ----------
    images : array_like, shape (N, C, H, W) or (C, H, W)
        A training set; every pixel of every image counts once.

    Returns
    -------
    eigenvalues : array, shape (C,)
        Of the covariance matrix of the channels (it divides by the number of pixels), the largest first.
    eigenvectors : array, shape (C, C)
        P: eigenvector i is column i. In each column the entry of largest magnitude (the first of equals) is positive.

    Raises
    ------
    TypeError
        Images that are not floating point.
    ValueError
        Another number of axes, no pixels.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks" (2012), section 4.1;
    the signs as in scikit-learn's ``PCA``.
    """
    images, _ = _images(images, "images")
    channels, count = images.shape[1], images.size // max(images.shape[1], 1)
    if count == 0:
        raise ValueError(f"images: expected at least one pixel, got shape {images.shape}")
    mean = images.mean((0, 2, 3), dtype=np.float64)
    covariance = np.zeros((channels, channels))
    for part in blocks(images.shape):
        deviations = images[part].swapaxes(0, 1).reshape(channels, -1) - mean[:, np.newaxis]
        covariance += deviations @ deviations.T
    eigenvalues, vectors = np.linalg.eigh(covariance / count)
    # eigh has the smallest first; rounding may leave it below 0
    eigenvalues, vectors = np.maximum(eigenvalues[::-1], 0), vectors[:, ::-1]
    sizes = np.abs(vectors)
    largest = (sizes > (1 - 1e-6) * sizes.max(0)).argmax(0)
    vectors = vectors * np.sign(vectors[largest, np.arange(channels)])
    return eigenvalues.astype(images.dtype), vectors.astype(images.dtype)


def pca_color(input, alpha, eigenvalues, eigenvectors, clip=True):
    """Add multiples of the principal components to every pixel: ``x + P (alpha * eigenvalues)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    alpha : array_like, shape (C,) or (N, C)
        How much of each component, for all images or for each by itself.
    eigenvalues, eigenvectors : array_like, shapes (C,) and (C, C)
        As :func:`principal_components` gives them.
    clip : bool
        Keep the result in [0, 1].

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, options of another type.
    ValueError
        Shapes that do not fit.

    Notes
    -----
    The paper says neither which range the pixels have nor what happens to those that leave it. The range matters: an
    eigenvalue is a variance, so it grows with the square of the unit. Here pixels lie in [0, 1], where ImageNet's
    largest eigenvalue is about 0.2 and an alpha of 0.1 shifts the channels by about 0.01; for pixels in [0, 255] the
    same formula would shift them by hundreds of levels. (Krizhevsky's later program cuda-convnet2 multiplies by the
    standard deviations; hand in the square roots of the eigenvalues for that.) The result is clipped unless `clip` says
    otherwise.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks" (2012), section 4.1.
    """
    input, batched = images(input)
    clip = as_bool(clip, "clip")
    alpha = real_array(alpha, "alpha")
    eigenvalues = real_array(eigenvalues, "eigenvalues")
    eigenvectors = real_array(eigenvectors, "eigenvectors")
    check_components(eigenvalues, eigenvectors, input.shape[1])
    check_alpha(alpha, input.shape)
    shift = (alpha * eigenvalues) @ eigenvectors.T
    output = input + shift.astype(input.dtype).reshape(-1, input.shape[1], 1, 1)
    return unbatched(clipped(output) if clip else output, batched)


# At random: for each image numbers of its own


class ColorJitter(ImageTransform):
    """Change brightness, contrast, saturation and hue of each image by random factors, in a random order.

    Parameters
    ----------
    brightness, contrast, saturation : float or (float, float), optional
        Factors are drawn evenly from `min` to `max` of a pair; a number f stands for the pair
        ``(max(0, 1 - f), 1 + f)``. Not negative. None changes nothing.
    hue : float or (float, float), optional
        Likewise, from -0.5 to 0.5; a number f stands for ``(-f, f)``.

    Raises
    ------
    TypeError
        Neither a number nor a pair of them.
    ValueError
        Values out of range or in the wrong order.

    Notes
    -----
    Every image has factors of its own. The order of the four is drawn once for a batch, so that each of them is one
    operation on all images; from batch to batch all 24 orders come. (torchvision draws order and factors once for
    whatever it is given: for each image when images come one by one, and for a whole batch when it gets one.)

    Source: ``torchvision.transforms.v2.ColorJitter``.
    """

    _changes = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)

    def __init__(self, brightness=None, contrast=None, saturation=None, hue=None):
        self.brightness = factor_range(brightness, "brightness")
        self.contrast = factor_range(contrast, "contrast")
        self.saturation = factor_range(saturation, "saturation")
        self.hue = factor_range(hue, "hue", center=0, low=-0.5, high=0.5)

    def draw(self, batch, generator=None):
        """The `order`, a tuple of names, and for each name the factors, shape (N,), or None."""
        self._images(batch)  # an error for what is none, also where nothing changes
        drawn = {"order": tuple(JITTER[place] for place in self._order(generator))}
        for name in JITTER:
            bounds = getattr(self, name)
            drawn[name] = None if bounds is None else self._uniform(batch, generator, *bounds)
        return drawn

    def apply(self, batch, order, brightness=None, contrast=None, saturation=None, hue=None):
        """`batch` with the changes in this order, None for no change."""
        check_order(order)
        changes = dict(zip(JITTER, zip(self._changes, (brightness, contrast, saturation, hue))))
        output = batch
        for change, factor in (changes[name] for name in order):
            if factor is not None:
                output = change(output, factor)
        return self._copy(batch) if output is batch else output

    def _order(self, generator):
        return as_generator(generator).permutation(len(JITTER))

    def _copy(self, batch):
        return np.array(batch)


class GaussianNoise(ImageTransform):
    """Add normal noise, drawn for every element: ``clip(x + mean + sigma noise, 0, 1)``.

    Parameters
    ----------
    mean, sigma : float
        Of the noise; `sigma` is not negative.
    clip : bool
        Keep the result in [0, 1].

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        A negative `sigma`.

    Source: ``torchvision.transforms.v2.GaussianNoise``.
    """

    function = staticmethod(gaussian_noise)
    _options = ("mean", "sigma", "clip")

    def __init__(self, mean=0.0, sigma=0.1, clip=True):
        self.mean, self.sigma = number_in_range(mean, "mean"), number_in_range(sigma, "sigma", 0)
        self.clip = as_bool(clip, "clip")

    def draw(self, batch, generator=None):
        """`noise`: normal numbers with mean 0 and variance 1, of the batch's shape and dtype."""
        return {"noise": self._noise(batch, generator)}


class PCAColor(ImageTransform):
    """Shift the colour of each image along the principal components of the training set's colours.

    ``x + P (alpha * eigenvalues)`` with a normal alpha for each image and component: the shift has the covariance
    ``std^2 P diag(eigenvalues)^2 P^T``.

    Parameters
    ----------
    eigenvalues, eigenvectors : array_like, shapes (C,) and (C, C)
        As :func:`principal_components` gives them; :meth:`fit` takes a training set instead.
    std : float
        Standard deviation of alpha, not negative.
    clip : bool
        Keep the result in [0, 1].

    Raises
    ------
    TypeError
        Options of another type.
    ValueError
        Shapes that do not fit, a negative `std` or eigenvalue.

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks" (2012), section 4.1;
    :func:`pca_color` says what the paper leaves open.
    """

    function = staticmethod(pca_color)
    _options = ("eigenvalues", "eigenvectors", "clip")

    def __init__(self, eigenvalues, eigenvectors, std=0.1, clip=True):
        self.eigenvalues = real_array(eigenvalues, "eigenvalues").copy()
        self.eigenvectors = real_array(eigenvectors, "eigenvectors").copy()
        check_components(self.eigenvalues, self.eigenvectors)
        if not (self.eigenvalues >= 0).all():
            raise ValueError(f"eigenvalues: must not be negative, got {eigenvalues}")
        self.std, self.clip = number_in_range(std, "std", 0), as_bool(clip, "clip")

    @classmethod
    def fit(cls, images, std=0.1, clip=True):
        """The transform for a training set (N, C, H, W)."""
        return cls(*principal_components(images), std, clip)

    def draw(self, batch, generator=None):
        """`alpha`, shape (N, C)."""
        return {"alpha": self.std * self._normal(batch, generator, (len(self.eigenvalues),))}


class RandomGrayscale(ImageTransform):
    """Make each image grey with probability `p`; the number of channels stays.

    Parameters
    ----------
    p : float, from 0 to 1

    Raises
    ------
    TypeError
        A `p` that is not a number.
    ValueError
        A `p` out of range.

    Source: ``torchvision.transforms.v2.RandomGrayscale``.
    """

    def __init__(self, p=0.1):
        self.p = as_probability(p)

    def draw(self, batch, generator=None):
        """`where`: for each image whether it becomes grey, shape (N,)."""
        return {"where": self._uniform(batch, generator) < self.p}

    def apply(self, batch, where):
        """`batch` with these images grey."""
        batch, batched = images(batch)
        color_channels(batch)
        output = batch.copy()
        output[where] = rgb_to_grayscale(batch[where], batch.shape[1])
        return unbatched(output, batched)


class RandomGamma(ImageTransform):
    """Gamma correction of each image by a random exponent.

    Parameters
    ----------
    gamma : float or (float, float)
        The exponents are drawn evenly from `min` to `max` of a pair; a number f stands for the pair
        ``(max(0, 1 - f), 1 + f)``. Not negative.

    Raises
    ------
    TypeError
        Neither a number nor a pair of them.
    ValueError
        Values out of range or in the wrong order.

    Source: ``torchvision.transforms.v2.functional.adjust_gamma``, drawn as ``ColorJitter`` draws its factors.
    """

    function = staticmethod(adjust_gamma)

    def __init__(self, gamma):
        self.gamma = factor_range(gamma, "gamma") or (1.0, 1.0)

    def draw(self, batch, generator=None):
        """`gamma`, shape (N,)."""
        return {"gamma": self._uniform(batch, generator, *self.gamma)}


# Checks of the options, which serve both backends


def factor_range(value, name, center=1, low=0, high=math.inf):
    """`value`, None, a number or a pair of them, as a pair (min, max); None where nothing would change."""
    if value is None:
        return None
    shape = np.shape(value)
    if shape == ():
        reach = float(number_in_range(value, name, 0))
        bounds = max(low, center - reach), center + reach
    elif shape == (2,):
        bounds = tuple(float(number_in_range(item, name)) for item in value)
    else:
        raise TypeError(f"{name}: expected a number or a pair of them, got {value!r}")
    if not low <= bounds[0] <= bounds[1] <= high:
        raise ValueError(
            f"{name}: expected values from {low} to {high}, the smaller one first, got {value!r}"
        )
    return None if bounds == (center, center) else bounds


def check_order(order):
    """An error unless `order` holds the names of what ColorJitter changes, each once."""
    if sorted(order) != sorted(JITTER):
        raise ValueError(f"order: expected {', '.join(JITTER)} in some order, got {order!r}")


def check_components(eigenvalues, eigenvectors, channels=None):
    """An error unless the shapes are those of the principal components of so many channels, or of any."""
    if eigenvalues.ndim != 1 or (channels is not None and eigenvalues.shape[0] != channels):
        count = "one for each channel" if channels is None else f"{channels} of them"
        raise ValueError(f"eigenvalues: expected {count}, got shape {tuple(eigenvalues.shape)}")
    if tuple(eigenvectors.shape) != (eigenvalues.shape[0],) * 2:
        raise ValueError(
            f"eigenvectors: expected as many rows and columns as eigenvalues, {eigenvalues.shape[0]}, "
            f"got shape {tuple(eigenvectors.shape)}"
        )


def check_alpha(alpha, shape):
    """An error unless the shape of `alpha` is (C,) or (N, C) for images of this shape."""
    if tuple(alpha.shape) not in (tuple(shape[1:2]), tuple(shape[:2])):
        raise ValueError(
            f"alpha: expected shape {tuple(shape[1:2])} or {tuple(shape[:2])}, got {tuple(alpha.shape)}"
        )
