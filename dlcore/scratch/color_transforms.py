"""Changes of colour: brightness, contrast, saturation, hue, noise; the last part of the file draws them at random.

Images are floating point in [0, 1], (N, C, H, W) or one (C, H, W). Where a function takes a number, it also takes one
number for each image, an array of shape (N,).
"""

import math
import numbers

import numpy as np

from .regularization import probability
from .transform import Transform, chosen, images
from .windows import as_bool, as_generator, volume

__all__ = [
    "ColorJitter", "GaussianNoise", "PCAColor", "RandomGamma", "RandomGrayscale",
    "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue", "adjust_saturation", "gaussian_noise",
    "hsv_to_rgb", "invert", "pca_color", "posterize", "principal_components", "rgb_to_grayscale", "rgb_to_hsv",
    "solarize",
]  # fmt: skip

GREY = (0.2989, 0.587, 0.114)
"""The shares of red, green and blue in a grey level, as torchvision has them; together 0.9999."""

JITTER = ("brightness", "contrast", "saturation", "hue")
"""What :class:`ColorJitter` changes."""

BLOCK = 1 << 14  # pixels converted at a time: the dozen planes of a conversion stay in the cache


# Grey, brightness, contrast, saturation: a blend of the image with something simpler


def rgb_to_grayscale(input, num_output_channels=1):
    """The grey level of every pixel: ``0.2989 R + 0.587 G + 0.114 B``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        3 channels, or 1, which is grey already.
    num_output_channels : {1, 3}
        With 3 the grey level stands in each of them.

    Returns
    -------
    array, shape (N, num_output_channels, H, W) or (num_output_channels, H, W)

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels.
    ValueError
        Another number of axes, another `num_output_channels`.

    Source: ``torchvision.transforms.v2.functional.rgb_to_grayscale``. The weights are those of ITU-R BT.601 (0.299,
    0.587, 0.114), but that torchvision has 0.2989 for the first: white becomes 0.9999.
    """
    input, batched = images(input)
    check_grey_channels(num_output_channels)
    grey = input.copy() if color_channels(input) == 1 else _grey(input)
    if num_output_channels == 3:
        grey = np.repeat(grey, 3, axis=1)
    return _like(grey, batched)


def _grey(input):
    """The grey level of colour images, (N, 1, H, W)."""
    red, green, blue = (input[:, c : c + 1] for c in range(3))
    grey = red * GREY[0]
    grey += green * GREY[1]
    grey += blue * GREY[2]
    return grey


def adjust_brightness(input, brightness_factor):
    """Make images brighter or darker: ``clip(f x, 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        1 or 3 channels.
    brightness_factor : float or array of shape (N,)
        Not negative: 0 gives black, 1 the image.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels, a factor that is not a number.
    ValueError
        Another number of axes, a negative factor, another number of factors than images.

    Source: ``torchvision.transforms.v2.functional.adjust_brightness``.
    """
    input, batched = images(input)
    color_channels(input)
    return _like(_clipped(input * _per_image(brightness_factor, input, "brightness_factor", 0)), batched)


def adjust_contrast(input, contrast_factor):
    """Blend each image with the mean of its grey levels: ``clip(f x + (1 - f) mean(grey(x)), 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        1 or 3 channels.
    contrast_factor : float or array of shape (N,)
        Not negative: 0 gives one grey level everywhere, 1 the image.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError, ValueError
        As for :func:`adjust_brightness`.

    Source: ``torchvision.transforms.v2.functional.adjust_contrast``.
    """
    input, batched = images(input)
    factor = _per_image(contrast_factor, input, "contrast_factor", 0)
    colored = color_channels(input) == 3
    if input.size == 0:
        return _like(input.copy(), batched)
    means = input.mean((2, 3), keepdims=True)  # the mean of the grey levels is the grey level of the means
    return _like(_blended(input, _grey(means) if colored else means, factor), batched)


def adjust_saturation(input, saturation_factor):
    """Blend each image with its grey version: ``clip(f x + (1 - f) grey(x), 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        3 channels, or 1, which is left as it is.
    saturation_factor : float or array of shape (N,)
        Not negative: 0 gives the grey version, 1 the image.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError, ValueError
        As for :func:`adjust_brightness`.

    Source: ``torchvision.transforms.v2.functional.adjust_saturation``.
    """
    input, batched = images(input)
    factor = _per_image(saturation_factor, input, "saturation_factor", 0)
    if color_channels(input) == 1:
        return _like(input.copy(), batched)
    return _like(_blended(input, _grey(input), factor), batched)


def _blended(input, other, factor):
    output = input * factor
    output += other * (1 - factor)
    return _clipped(output)


# Hue


def rgb_to_hsv(input):
    """Hue, saturation and value of every pixel.

    With ``V = max(R, G, B)`` and the chroma ``C = V - min(R, G, B)``, the saturation is ``S = C / V``, and the hue is
    the position on the hexagon of pure colours, ::

        6 H = (G - B) / C        if R is the maximum     red at 0
              (B - R) / C + 2    if G is                 green at 1/3
              (R - G) / C + 4    if B is                 blue at 2/3

    Parameters
    ----------
    input : array_like, shape (N, 3, H, W) or (3, H, W)
        Not negative.

    Returns
    -------
    array, of the input's shape
        Channels H, S, V, from 0 to 1 (a hue of 1 is one of 0). Grey has H = S = 0, black too.

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels.
    ValueError
        Another number of axes.

    Source: Smith, "Color gamut transform pairs" (1978); as Python's ``colorsys.rgb_to_hsv``.
    """
    input, batched = images(input)
    require_colors(input)
    output = np.empty(input.shape, input.dtype)
    for part in _blocks(input.shape):
        hue, chroma, value = _hexagon(input[part])
        hue /= 6
        hue -= np.floor(hue)
        output[part, 0], output[part, 2] = hue, value
        np.divide(chroma, value + (value == 0), out=output[part, 1])
    return _like(output, batched)


def hsv_to_rgb(input):
    """The colour of every hue, saturation and value: the inverse of :func:`rgb_to_hsv`.

    Each channel falls from V by the chroma ``V S`` as the hue leaves its colour: ``V - V S clip(d - 1, 0, 1)``, where d
    is the distance from 6 H to 0 for red, 2 for green and 4 for blue on a circle of length 6.

    Parameters
    ----------
    input : array_like, shape (N, 3, H, W) or (3, H, W)
        Channels H (1 turns once around the circle, also outside [0, 1]), S and V.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError, ValueError
        As for :func:`rgb_to_hsv`.

    Source: Smith, "Color gamut transform pairs" (1978); as Python's ``colorsys.hsv_to_rgb``.
    """
    input, batched = images(input)
    require_colors(input)
    output = np.empty(input.shape, input.dtype)
    for part in _blocks(input.shape):
        hue, saturation, value = (input[part, c] for c in range(3))
        _colored(hue * 6, value * saturation, value, output[part])
    return _like(output, batched)


def adjust_hue(input, hue_factor):
    """Turn the hue of every pixel by `hue_factor`, and leave saturation and value.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        3 channels, not negative; or 1, which is left as it is.
    hue_factor : float or array of shape (N,)
        From -0.5 to 0.5, as a fraction of the circle: 0 leaves the image, 1/3 makes red green, and both ends give the
        opposite colours.

    Returns
    -------
    array, of the input's shape
        Grey pixels stay exactly as they are.

    Raises
    ------
    TypeError
        An input that is not floating point, another number of channels, a factor that is not a number.
    ValueError
        Another number of axes, a factor out of range, another number of factors than images.

    Source: ``torchvision.transforms.v2.functional.adjust_hue``.
    """
    input, batched = images(input)
    turn = 6 * _per_image(hue_factor, input, "hue_factor", -0.5, 0.5)
    if color_channels(input) == 1:
        return _like(input.copy(), batched)
    turn = np.broadcast_to(turn[:, 0], (len(input), 1, 1))
    output = np.empty(input.shape, input.dtype)
    for part in _blocks(input.shape):
        hue, chroma, value = _hexagon(input[part])
        hue += turn[part]
        _colored(hue, chroma, value, output[part])
    return _like(output, batched)


def _blocks(shape):
    """Slices of a batch of this shape with about ``BLOCK`` pixels each."""
    step = max(1, BLOCK // max(1, volume(shape[2:])))
    return [slice(start, start + step) for start in range(0, shape[0], step)]


def _hexagon(input):
    """Hue from -1 to 5 (0 for grey), chroma and value of colours (N, 3, H, W)."""
    red, green, blue = (input[:, c] for c in range(3))
    value = np.maximum(red, green)
    chroma = np.minimum(red, green)
    np.maximum(value, blue, out=value)
    np.minimum(chroma, blue, out=chroma)
    np.subtract(value, chroma, out=chroma)
    # Where two colours share the maximum, both formulas give the same hue.
    is_blue = value == blue
    is_red = value == red
    hue = np.where(is_red, green, np.where(is_blue, red, blue))
    hue -= np.where(is_red, blue, np.where(is_blue, green, red))
    hue /= chroma + (chroma == 0)  # of grey: 0 / 1
    hue += np.where(is_red, 0, np.where(is_blue, 4, 2)).astype(np.int8)
    return hue, chroma, value


def _colored(hue, chroma, value, output):
    """Put the colours of a hue (6 is once around; changed here), chroma and value into `output`, (N, 3, H, W)."""
    hue -= 6 * np.floor(hue / 6)
    for channel, center in enumerate((3, 2, 4)):
        fall = np.abs(hue - center)
        if channel == 0:
            np.subtract(2, fall, out=fall)  # red lies at both ends of the circle: 3 is opposite
        else:
            fall -= 1
        np.clip(fall, 0, 1, out=fall)
        fall *= chroma
        np.subtract(value, fall, out=output[:, channel])


# Pixel by pixel


def adjust_gamma(input, gamma, gain=1):
    """Gamma correction: ``clip(gain x^gamma, 0, 1)``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
        Not negative, any number of channels.
    gamma : float or array of shape (N,)
        Not negative: above 1 makes shadows darker, below 1 brighter.
    gain : float or array of shape (N,)

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, options that are not numbers.
    ValueError
        Another number of axes, a negative `gamma`, another number of values than images.

    Source: ``torchvision.transforms.v2.functional.adjust_gamma``.
    """
    input, batched = images(input)
    output = input ** _per_image(gamma, input, "gamma", 0)
    output *= _per_image(gain, input, "gain")
    return _like(_clipped(output), batched)


def invert(input):
    """The negative: ``1 - x``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point.
    ValueError
        Another number of axes.

    Source: ``torchvision.transforms.v2.functional.invert``.
    """
    input, batched = images(input)
    return _like(1 - input, batched)


def posterize(input, bits):
    """Leave ``L = 2^bits`` levels: ``clip(floor(L x), 0, L - 1) / L``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    bits : int or array of shape (N,)
        From 0 to 8.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, `bits` that are not integers.
    ValueError
        Another number of axes, `bits` out of range, another number of values than images.

    Source: ``torchvision.transforms.v2.functional.posterize`` of floating-point images.
    """
    input, batched = images(input)
    levels = 2 ** _per_image(bits, input, "bits", 0, 8, whole=True)
    output = np.floor(input * levels)
    np.clip(output, 0, levels - 1, out=output)
    output /= levels
    return _like(output, batched)


def solarize(input, threshold):
    """The negative of what is bright: ``1 - x where x >= threshold``.

    Parameters
    ----------
    input : array_like, shape (N, C, H, W) or (C, H, W)
    threshold : float or array of shape (N,)
        From 0 to 1.

    Returns
    -------
    array, of the input's shape

    Raises
    ------
    TypeError
        An input that is not floating point, a `threshold` that is not a number.
    ValueError
        Another number of axes, a `threshold` out of range, another number of values than images.

    Source: ``torchvision.transforms.v2.functional.solarize``.
    """
    input, batched = images(input)
    return _like(
        np.where(input >= _per_image(threshold, input, "threshold", 0, 1), 1 - input, input), batched
    )


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
    mean, sigma = _per_image(mean, input, "mean"), _per_image(sigma, input, "sigma", 0)
    clip = as_bool(clip, "clip")
    shape = input.shape if batched else input.shape[1:]
    if noise is None:
        noise = _standard_normal(shape, input.dtype, generator)
    noise = np.asarray(noise)
    if noise.shape != shape:
        raise ValueError(f"noise: expected the shape of the input, {shape}, got {noise.shape}")
    output = noise.reshape(input.shape).astype(input.dtype)  # a copy always
    output *= sigma
    output += input
    if mean.any():
        output += mean
    return _like(_clipped(output) if clip else output, batched)


def _standard_normal(shape, dtype, generator):
    precise = dtype if dtype in (np.float32, np.float64) else np.float32
    return as_generator(generator).standard_normal(shape, precise).astype(dtype, copy=False)


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
    for part in _blocks(images.shape):
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
    eigenvalues, eigenvectors = (
        real_array(eigenvalues, "eigenvalues"),
        real_array(eigenvectors, "eigenvectors"),
    )
    check_components(eigenvalues, eigenvectors, input.shape[1])
    check_alpha(alpha, input.shape)
    shift = (alpha * eigenvalues) @ eigenvectors.T
    output = input + shift.astype(input.dtype).reshape(-1, input.shape[1], 1, 1)
    return _like(_clipped(output) if clip else output, batched)


# With chance


class ColorJitter(Transform):
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
        count, generator = len(images(batch)[0]), as_generator(generator)
        drawn = {"order": tuple(JITTER[place] for place in generator.permutation(len(JITTER)))}
        for name in JITTER:
            bounds = getattr(self, name)
            drawn[name] = None if bounds is None else generator.uniform(*bounds, count)
        return drawn

    def apply(self, batch, order, brightness=None, contrast=None, saturation=None, hue=None):
        """`batch` with the changes in this order, None for no change."""
        check_order(order)
        changes = dict(zip(JITTER, zip(self._changes, (brightness, contrast, saturation, hue))))
        output = batch
        for change, factor in (changes[name] for name in order):
            if factor is not None:
                output = change(output, factor)
        return np.array(batch) if output is batch else output


class GaussianNoise(Transform):
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

    def __init__(self, mean=0.0, sigma=0.1, clip=True):
        self.mean, self.sigma = number_in_range(mean, "mean"), number_in_range(sigma, "sigma", 0)
        self.clip = as_bool(clip, "clip")

    def draw(self, batch, generator=None):
        """`noise`: standard normal numbers of the batch's shape and dtype."""
        batch, batched = images(batch)
        shape = batch.shape if batched else batch.shape[1:]
        return {"noise": _standard_normal(shape, batch.dtype, generator)}

    def apply(self, batch, noise):
        """`batch` with the noise added."""
        return gaussian_noise(batch, self.mean, self.sigma, self.clip, noise=noise)


class PCAColor(Transform):
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
        shape = (len(images(batch)[0]), len(self.eigenvalues))
        return {"alpha": self.std * as_generator(generator).standard_normal(shape)}

    def apply(self, batch, alpha):
        """`batch` shifted by this much of each component."""
        return pca_color(batch, alpha, self.eigenvalues, self.eigenvectors, self.clip)


class RandomGrayscale(Transform):
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
        self.p = probability(p)

    def draw(self, batch, generator=None):
        """`chosen`: for each image whether it becomes grey, shape (N,)."""
        return {"chosen": chosen(len(images(batch)[0]), self.p, generator)}

    def apply(self, batch, chosen):
        """`batch` with the chosen images grey."""
        batch, batched = images(batch)
        color_channels(batch)
        output = batch.copy()
        output[chosen] = rgb_to_grayscale(batch[chosen], batch.shape[1])
        return _like(output, batched)


class RandomGamma(Transform):
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

    Source: the chance is that of :class:`ColorJitter`, the formula that of :func:`adjust_gamma`.
    """

    def __init__(self, gamma):
        self.gamma = factor_range(gamma, "gamma") or (1.0, 1.0)

    def draw(self, batch, generator=None):
        """`gamma`, shape (N,)."""
        return {"gamma": as_generator(generator).uniform(*self.gamma, len(images(batch)[0]))}

    def apply(self, batch, gamma):
        """`batch` with these exponents."""
        return adjust_gamma(batch, gamma)


# What is allowed. But for `_per_image` the checks serve both backends.


def _like(output, batched):
    return output if batched else output[0]


def _clipped(output):
    return np.clip(output, 0, 1, out=output)


def _per_image(value, input, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a number or one for each image, in the input's dtype and shaped to meet it: (1 or N, 1, 1, 1)."""
    values = values_in_range(value, len(input), name, low, high, whole)
    return values.astype(input.dtype).reshape(-1, 1, 1, 1)


def values_in_range(value, count, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a number or `count` of them, as an array, or an error naming `name`."""
    if isinstance(value, numbers.Real):
        return np.asarray(number_in_range(value, name, low, high, whole))
    values = np.asarray(value)
    if values.dtype.kind not in ("iu" if whole else "iuf"):
        raise TypeError(f"{name}: expected {'ints' if whole else 'numbers'}, got {value!r}")
    require_count(values.shape, count, name)
    if not (np.isfinite(values) & (values >= low) & (values <= high)).all():
        raise ValueError(f"{name}: expected finite numbers from {low} to {high}, got {value!r}")
    return values


def number_in_range(value, name, low=-math.inf, high=math.inf, whole=False):
    """`value`, a finite number, or an error naming `name`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(
        value, numbers.Integral if whole else numbers.Real
    ):
        raise TypeError(f"{name}: expected {'an int' if whole else 'a number'}, got {value!r}")
    if not (low <= value <= high and -math.inf < value < math.inf):
        raise ValueError(f"{name}: expected a finite number from {low} to {high}, got {value!r}")
    return value


def require_count(shape, count, name):
    """An error unless `shape` is that of one number or of `count` of them."""
    if tuple(shape) not in ((), (count,)):
        raise ValueError(
            f"{name}: expected a number or one for each of {count} images, got shape {tuple(shape)}"
        )


def real_array(value, name):
    """`value` as an array of real numbers, or an error naming `name`."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected real numbers, got {value!r}")
    return array


def factor_range(value, name, center=1, low=0, high=math.inf):
    """`value`, None, a number or a pair of them, as a pair (min, max); None where nothing would change."""
    if value is None:
        return None
    if isinstance(value, (tuple, list)) and len(value) == 2:
        bounds = tuple(float(number_in_range(item, name)) for item in value)
    elif isinstance(value, numbers.Real):
        reach = float(number_in_range(value, name, 0))
        bounds = (center - reach if low < 0 else max(low, center - reach), center + reach)
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


def check_grey_channels(count):
    """An error unless `count` is a number of channels that grey images have."""
    if isinstance(count, bool) or count not in (1, 3):
        raise ValueError(f"num_output_channels: expected 1 or 3, got {count!r}")


def color_channels(input):
    """The number of channels of images (N, C, H, W), 1 or 3."""
    if input.shape[1] not in (1, 3):
        raise TypeError(f"input: expected 1 or 3 channels, got {input.shape[1]}")
    return input.shape[1]


def require_colors(input):
    """An error unless images (N, C, H, W) have 3 channels."""
    if input.shape[1] != 3:
        raise TypeError(f"input: expected 3 channels, got {input.shape[1]}")


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
