"""Initial values of parameters. Functions change what they are given, as ``torch.nn.init`` does.

Each fills a tensor or an array in place and returns it. Nothing is recorded on the tape. Where numbers are drawn, they
come from `generator`; the same state of the generator gives the same numbers.
"""

import math
import warnings

import numpy as np

from .special import pieces, representable
from .tensor import Tensor, no_grad
from .windows import as_generator, as_int, as_number

__all__ = [
    "calculate_fan_in_and_fan_out", "calculate_gain", "constant_", "dirac_", "eye_", "icnr_", "kaiming_normal_",
    "kaiming_uniform_", "normal_", "ones_", "orthogonal_", "sparse_", "standard_uniform_", "trunc_normal_", "uniform_",
    "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
)  # fmt: skip


def zeros_(tensor):
    """Fill with 0. Source: ``torch.nn.init.zeros_``."""
    _values(tensor)[...] = 0
    return tensor


def ones_(tensor):
    """Fill with 1. Source: ``torch.nn.init.ones_``."""
    _values(tensor)[...] = 1
    return tensor


@np.errstate(all="ignore")  # in the comparison with the largest number of a dtype
def constant_(tensor, val):
    """Fill with the number `val`.

    Tensors of integers cut its fraction off. What the dtype cannot hold is a RuntimeError.

    Source: ``torch.nn.init.constant_``.
    """
    values, val = _values(tensor), as_number(val, "val")
    values[...] = bool(val) if values.dtype.kind == "b" else representable(val, "val", values.dtype)
    return tensor


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Fill with numbers that are uniform in [a, b): mean (a + b) / 2, variance (b - a)² / 12.

    Parameters
    ----------
    tensor : Tensor or array
        Floating point, of any shape; filled in place.
    a, b : float
        As numbers are rounded, b itself may come out.
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    RuntimeError
        a > b, bounds or a distance between them that the dtype cannot hold.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator, or bounds that are not numbers.

    Source: ``torch.nn.init.uniform_``.
    """
    return _uniform(tensor, as_number(a, "a"), as_number(b, "b"), generator, ("a", "b"))


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Fill with numbers of the normal distribution N(mean, std²).

    Parameters
    ----------
    tensor : Tensor or array
        Floating point, of any shape; filled in place.
    mean, std : float
        std may be 0.
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    RuntimeError
        std is negative or NaN.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator, or a mean or std that is not a number.

    Source: ``torch.nn.init.normal_``.
    """
    return _normal(tensor, as_number(mean, "mean"), _not_negative(std, "std"), generator)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Fill with numbers of the normal distribution N(mean, std²), given that they lie in [a, b].

    What is left has a smaller standard deviation than std: 0.88 std between -2 std and 2 std.

    Parameters
    ----------
    tensor : Tensor or array
        Floating point, of any shape; filled in place.
    mean, std : float
        Of the distribution before it is cut off.
    a, b : float
        The bounds, absolute and not in units of std. Either may be infinite, and mean may lie far outside.
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    RuntimeError
        a > b or no number between them, a bound that the dtype cannot hold, NaN, std negative or infinite.
    ZeroDivisionError
        std is 0.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator, or options that are not numbers.

    Notes
    -----
    Numbers are drawn and some rejected, by which the distribution becomes exact.

    - Where the interval holds more than 0.3 of the normal distribution, normal numbers are drawn, as in PyTorch, and
      those outside the interval rejected.
    - Where it holds less, they come from the exponential density (uniform around the mean) that touches the normal one
      at the likeliest number of the interval. One at a distance of x std from there is kept with the probability
      exp(-x²/2), the ratio of the two densities.

    Fewer than four have to be drawn for each that is kept, however far off the interval lies.

    Source: ``torch.nn.init.trunc_normal_``; for the tails Robert, "Simulation of truncated normal variables" (1995).
    """
    values = _values(tensor, floating=True)
    mean, std, a, b = (
        as_number(value, name) for value, name in ((mean, "mean"), (std, "std"), (a, "a"), (b, "b"))
    )
    if not math.isfinite(mean):
        raise RuntimeError(f"mean: expected a finite number, got {mean}")
    if std == 0:
        raise ZeroDivisionError("std: must not be 0")
    if not 0 < std < math.inf:
        raise RuntimeError(f"std: expected a positive number, got {std}")
    if not a <= b or a == math.inf or b == -math.inf:
        raise RuntimeError(f"a: expected a <= b and numbers between them, got a = {a} and b = {b}")
    with np.errstate(all="ignore"):
        a, b = representable(a, "a", values.dtype), representable(b, "b", values.dtype)
        drawn, generator = np.empty(values.size, values.dtype), as_generator(generator)
        for piece in pieces(drawn.size):
            drawn[piece] = _truncated(drawn[piece].size, mean, std, a, b, generator)
        values[...] = drawn.reshape(values.shape)
    return tensor


def calculate_fan_in_and_fan_out(tensor):
    """How many inputs reach one output of a layer with this weight, and how many outputs one input reaches.

    ``fan_in = I K`` and ``fan_out = O K`` for a weight of shape ``(O, I, *kernel_size)``, with K the number of positions
    of the kernel.

    Returns
    -------
    fan_in, fan_out : int

    Raises
    ------
    ValueError
        Fewer than two axes.

    Source: ``torch.nn.init``, where the name has an underscore in front.
    """
    shape = _array(tensor).shape
    if len(shape) < 2:
        raise ValueError(f"tensor: expected at least two axes, (outputs, inputs, ...), got shape {shape}")
    positions = math.prod(shape[2:])
    return shape[1] * positions, shape[0] * positions


def calculate_gain(nonlinearity, param=None):
    """By how much weights before an activation have to be larger so that the signal keeps its size.

    ===================================  =======================
    linear, conv1d ... conv_transpose3d  1
    sigmoid                              1
    tanh                                 5/3
    relu                                 √2
    leaky_relu                           √(2 / (1 + param²))
    selu                                 3/4
    ===================================  =======================

    Parameters
    ----------
    nonlinearity : str
    param : float, optional
        The slope of leaky_relu below 0; 0.01 if left out. The others ignore it.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Another nonlinearity, or a slope that is no int or float.

    Source: ``torch.nn.init.calculate_gain``; for leaky_relu He et al., "Delving deep into rectifiers: Surpassing
    human-level performance on ImageNet classification" (2015), where it is derived. That of SELU was found by trial.
    """
    if nonlinearity in LINEAR or nonlinearity == "sigmoid":
        return 1
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"param: expected the slope of leaky_relu, a number, got {param!r}")
        return math.sqrt(2 / (1 + slope**2))
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    if not isinstance(nonlinearity, str) or nonlinearity not in gains:
        known = [*LINEAR, "sigmoid", *gains, "leaky_relu"]
        raise ValueError(f"nonlinearity: expected one of {known}, got {nonlinearity!r}")
    return gains[nonlinearity]


def standard_uniform_(tensor, generator=None):
    """Fill with numbers that are uniform between ±1/√fan_in: the usual choice before Xavier initialization.

    Their variance is 1 / (3 fan_in), so a linear layer divides the variance of its input by 3. PyTorch's Linear and
    Conv layers begin with this distribution to this day; their code asks for it as ``kaiming_uniform_(a=√5)``.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, I, *)``
        Floating point; filled in place. Without elements there is a warning.
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    ValueError
        Fewer than two axes.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010),
    equation 1.
    """
    if is_empty(_values(tensor).shape):
        return tensor
    bound = 1 / math.sqrt(calculate_fan_in_and_fan_out(tensor)[0])
    return _uniform(tensor, -bound, bound, generator)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Fill with numbers that are uniform between ±gain √(6 / (fan_in + fan_out)).

    Their variance is that of :func:`xavier_normal_`, which has the parameters and errors, too.

    Source: ``torch.nn.init.xavier_uniform_``; Glorot and Bengio, "Understanding the difficulty of training deep
    feedforward neural networks" (2010), equation 16.
    """
    bound = math.sqrt(3) * _xavier_std(tensor, gain)
    return _uniform(tensor, -bound, bound, generator, ("gain", "gain"))


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Fill with numbers of N(0, std²), std = gain √(2 / (fan_in + fan_out)).

    A compromise between the variance 1 / fan_in, by which a linear layer keeps the variance of the activations, and
    1 / fan_out, by which it keeps that of the gradients.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, I, *)``
        Floating point; filled in place.
    gain : float
        See :func:`calculate_gain`.
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    ValueError
        Fewer than two axes.
    ZeroDivisionError
        fan_in and fan_out are both 0.
    RuntimeError
        A gain that is negative or NaN.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator, or a gain that is not a number.

    Source: ``torch.nn.init.xavier_normal_``; Glorot and Bengio, "Understanding the difficulty of training deep
    feedforward neural networks" (2010), equation 12.
    """
    return _normal(tensor, 0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Fill with numbers that are uniform between ±gain √(3 / fan).

    Their variance is that of :func:`kaiming_normal_`, which has the parameters and errors, too.

    Source: ``torch.nn.init.kaiming_uniform_``; He et al., "Delving deep into rectifiers: Surpassing human-level
    performance on ImageNet classification" (2015).
    """
    if is_empty(_values(tensor).shape):
        return tensor
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return _uniform(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Fill with numbers of N(0, std²), std = gain / √fan.

    With a rectifier's gain √2 the variance is 2 / fan: twice that of a linear layer, because half of the signal is cut
    off.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, I, *)``
        Floating point; filled in place. Without elements there is a warning.
    a : float
        The slope of leaky_relu below 0; with the default 0 it is relu. The others ignore it.
    mode : {"fan_in", "fan_out"}
        Which variance to keep, that of the activations or that of the gradients.
    nonlinearity : str
        Its gain is :func:`calculate_gain`'s.
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    ValueError
        Fewer than two axes, another mode or nonlinearity, a slope that is no int or float.
    RuntimeError
        A slope that is NaN.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator.

    Source: ``torch.nn.init.kaiming_normal_``; He et al., "Delving deep into rectifiers: Surpassing human-level
    performance on ImageNet classification" (2015).
    """
    if is_empty(_values(tensor).shape):
        return tensor
    return _normal(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor, gain=1, generator=None):
    """Fill with gain times a random orthogonal matrix Q: ``QᵀQ = 1`` or, with more columns than rows, ``QQᵀ = 1``.

    All such matrices are equally likely. Q comes from the decomposition A = QR of a matrix of normal numbers, with the
    columns' signs chosen so that R has a positive diagonal.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, *)``
        Floating point, at least two axes, of which all but the first count as one; filled in place. Without elements
        nothing happens.
    gain : float
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    ValueError
        Fewer than two axes.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator, or a gain that is not a number.

    Source: ``torch.nn.init.orthogonal_``; Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks" (2013); for the signs Mezzadri, "How to generate random matrices from the classical compact
    groups" (2007).
    """
    values, gain = _values(tensor, floating=True), as_number(gain, "gain")
    if values.ndim < 2:
        raise ValueError(f"tensor: expected at least two axes, got shape {values.shape}")
    if not values.size:
        return tensor
    rows, columns = len(values), values.size // len(values)
    matrix = _standard_normal((rows, columns), values.dtype, generator)
    q, r = np.linalg.qr(matrix if rows >= columns else matrix.T)
    q *= np.sign(np.diagonal(r))
    q = q if rows >= columns else q.T
    with np.errstate(all="ignore"):
        values[...] = gain * q.reshape(values.shape)
    return tensor


def eye_(tensor):
    """Fill a matrix with 1 on the diagonal and 0 elsewhere: a linear layer that hands its input on.

    Raises ValueError for anything but two axes.

    Source: ``torch.nn.init.eye_``.
    """
    values = _matrix(tensor)
    diagonal = np.arange(min(values.shape))
    values[...] = 0
    values[diagonal, diagonal] = 1
    return tensor


def dirac_(tensor, groups=1):
    """Fill the weight of a convolution so that it hands its input's channels on: 1 in the middle of a kernel, else 0.

    Output channel d of each group is input channel d of this group, as long as there is one.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, I / groups, *kernel_size)``
        With one to three spatial axes; filled in place.
    groups : int
        O is a multiple of it.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    ValueError
        Another number of axes, an O that is no multiple of `groups`, `groups` below 1.
    IndexError
        A kernel without positions.
    TypeError
        `groups` is not an integer.

    Source: ``torch.nn.init.dirac_``.
    """
    values, groups = _values(tensor), as_int(groups, "groups")
    if values.ndim not in (3, 4, 5):
        raise ValueError(f"tensor: expected 3, 4 or 5 axes, got shape {values.shape}")
    if groups < 1 or len(values) % groups:
        raise ValueError(f"groups: expected a divisor of the {len(values)} output channels, got {groups}")
    outputs = len(values) // groups
    channels = np.arange(min(outputs, values.shape[1]))
    if channels.size and 0 in values.shape[2:]:
        raise IndexError(f"tensor: expected a kernel with a middle, got shape {values.shape}")
    middle = tuple(size // 2 for size in values.shape[2:])
    values[...] = 0
    for first in range(0, outputs * groups, outputs or 1):
        values[(first + channels, channels, *middle)] = 1
    return tensor


def sparse_(tensor, sparsity, std=0.01, generator=None):
    """Fill a matrix ``(O, I)`` with numbers of N(0, std²), of which in each column ``ceil(sparsity O)`` become 0.

    So each input reaches few outputs.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, I)``
        Floating point; filled in place.
    sparsity : float, from 0 to 1
        The fraction of zeros in each column; which, is random.
    std : float
    generator : numpy.random.Generator
        Where the numbers come from; must be given.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    ValueError
        Not two axes, a fraction out of range.
    RuntimeError
        std is negative or NaN.
    NotImplementedError
        A tensor of integers.
    TypeError
        No generator, options that are not numbers.

    Source: ``torch.nn.init.sparse_``; Martens, "Deep learning via Hessian-free optimization" (2010).
    """
    values = _matrix(tensor)
    if not 0 <= as_number(sparsity, "sparsity") <= 1:
        raise ValueError(f"sparsity: expected a fraction from 0 to 1, got {sparsity!r}")
    normal_(tensor, 0, std, generator)
    zeros = np.arange(len(values)) < math.ceil(sparsity * len(values))
    zeros = np.repeat(zeros[:, np.newaxis], values.shape[1], 1)
    values[generator.permuted(zeros, axis=0)] = 0
    return tensor


def icnr_(tensor, upscale_factor, initializer, generator=None):
    """Fill the weight of a convolution before :func:`dlcore.scratch.pixel_shuffle` so that no checkerboard shows.

    The r² output channels that become one pixel's neighbours, with r the `upscale_factor`, begin with the same kernel:
    ``tensor[c r² + j] = kernels[c]``. So the r x r pixels begin equal, and convolution and shuffle begin as a
    convolution followed by nearest-neighbour interpolation.

    Parameters
    ----------
    tensor : Tensor or array, shape ``(O, *)``
        Filled in place. Where the convolution has a bias fill that too, or the pixels differ by it.
    upscale_factor : int
        r; O is a multiple of r².
    initializer : callable
        Fills the kernels, a tensor or array of shape ``(O / r², *)``, in place.
    generator : numpy.random.Generator, optional
        Handed to `initializer` as ``generator=generator``.

    Returns
    -------
    Tensor or array
        `tensor` itself.

    Raises
    ------
    RuntimeError
        A first axis that is not a multiple of r², a factor below 1.
    TypeError
        A factor that is not an integer, an `initializer` that cannot be called.

    Source: Aitken et al., "Checkerboard artifact free sub-pixel convolution" (2017), where it is called initialization
    to convolution NN resize.
    """
    values = _values(tensor)
    repeats = icnr_repeats(values.shape, upscale_factor, initializer)
    kernels = np.zeros((len(values) // repeats, *values.shape[1:]), values.dtype)
    with no_grad():
        initializer(
            Tensor(kernels) if isinstance(tensor, Tensor) else kernels,
            **({} if generator is None else {"generator": generator}),
        )
    values[...] = np.repeat(kernels, repeats, axis=0)
    return tensor


def icnr_repeats(shape, upscale_factor, initializer):
    """How often :func:`icnr_` repeats each kernel."""
    repeats = as_int(upscale_factor, "upscale_factor", 1) ** 2
    if not shape or shape[0] % repeats:
        raise RuntimeError(
            f"tensor: expected a first axis in multiples of {repeats}, got shape {tuple(shape)}"
        )
    if not callable(initializer):
        raise TypeError(f"initializer: expected a function, got {type(initializer).__name__}")
    return repeats


def _array(tensor):
    """The array that holds the tensor's elements, or an error."""
    array = tensor.data if isinstance(tensor, Tensor) else tensor
    if not isinstance(array, np.ndarray):
        raise TypeError(f"tensor: expected a Tensor or an array, got {type(tensor).__name__}")
    return array


def _values(tensor, floating=False):
    """The array to be filled, or an error."""
    values = _array(tensor)
    if not values.flags.writeable:
        raise ValueError("tensor: expected one that can be filled, got one that is read-only")
    if values.dtype.kind not in ("f" if floating else "biuf"):
        wanted = "floating point" if floating else "real numbers"
        raise NotImplementedError(f"tensor: expected {wanted}, got {values.dtype}")
    return values


def _matrix(tensor):
    values = _values(tensor)
    if values.ndim != 2:
        raise ValueError(f"tensor: expected two axes, got shape {values.shape}")
    return values


def _not_negative(value, name):
    value = as_number(value, name)
    if not value >= 0:
        raise RuntimeError(f"{name}: must not be negative, got {value!r}")
    return value


def is_empty(shape):
    """Whether there is nothing to fill, of which the caller's caller is warned."""
    if 0 not in shape:
        return False
    warnings.warn(f"tensor: no elements to fill, of shape {tuple(shape)}", stacklevel=3)
    return True


def _drawn_in(dtype):
    """The dtype in which NumPy draws: it has no random numbers in half precision."""
    return np.float32 if dtype.itemsize <= 4 else np.float64


def _standard_normal(shape, dtype, generator):
    return as_generator(generator).standard_normal(shape, _drawn_in(dtype))


@np.errstate(all="ignore")  # an infinite mean or std
def _normal(tensor, mean, std, generator):
    values = _values(tensor, floating=True)
    drawn = _standard_normal(values.shape, values.dtype, generator)
    values[...] = drawn * std + mean
    return tensor


def _uniform(tensor, low, high, generator, names=("low", "high")):
    """Fill with numbers uniform in [low, high); `names` are those of the arguments that the bounds come from."""
    values = _values(tensor, floating=True)
    largest = float(np.finfo(values.dtype).max)
    for bound, name in zip((low, high), names):
        if not abs(bound) <= largest:
            raise RuntimeError(f"{name}: {values.dtype} cannot hold the bound {bound}")
    if not 0 <= high - low <= largest:
        raise RuntimeError(
            f"{names[0]}: expected low <= high, not too far apart, got {low} and {high} as bounds"
        )
    drawn = as_generator(generator).random(values.shape, _drawn_in(values.dtype))
    values[...] = np.minimum(drawn * (high - low) + low, high)  # rounding may lead beyond high
    return tensor


def _xavier_std(tensor, gain):
    fans = sum(calculate_fan_in_and_fan_out(tensor))
    if not fans:
        raise ZeroDivisionError(f"tensor: fan_in and fan_out are both 0, of shape {tensor.shape}")
    return _not_negative(gain, "gain") * math.sqrt(2 / fans)


def _kaiming_std(tensor, a, mode, nonlinearity):
    modes = ("fan_in", "fan_out")
    if not isinstance(mode, str) or mode.lower() not in modes:
        raise ValueError(f"mode: expected 'fan_in' or 'fan_out', got {mode!r}")
    fan = calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]
    try:
        gain = calculate_gain(nonlinearity, a)
    except ValueError as error:
        raise ValueError(str(error).replace("param:", "a:")) from None
    if math.isnan(gain):
        raise RuntimeError(f"a: expected a slope, got {a!r}")
    return gain / math.sqrt(fan)


def _truncated(count, mean, std, a, b, generator):
    """`count` numbers of N(mean, std²) between a and b; see :func:`trunc_normal_`.

    The likeliest number of the interval is the mean or the bound next to it. At a distance x from it, in units of std,
    the density is proportional to ``exp(-slope x - x²/2)``. In distances nothing is lost to rounding, however far off
    the interval lies.
    """
    if mean > b:  # then the mirror image, with the mean at the left
        return -_truncated(count, -mean, std, -b, -a, generator)
    likeliest = max(mean, a)
    slope = (likeliest - mean) / std
    low, high = (a - likeliest) / std, (b - likeliest) / std
    share = (math.erf((high + slope) / math.sqrt(2)) - math.erf((low + slope) / math.sqrt(2))) / 2

    kept = np.empty(0)
    while kept.size < count:
        missing = count - kept.size
        if share > 0.3:
            distance = generator.standard_normal(missing) - slope
            accepted = (low <= distance) & (distance <= high)
        else:
            distance = low + _exponential(missing, slope, high - low, generator)
            accepted = generator.random(missing) < np.exp(-distance * distance / 2)
        kept = np.append(kept, distance[accepted])
    return np.clip(likeliest + std * kept, a, b)


def _exponential(count, slope, length, generator):
    """`count` numbers from 0 to `length` of a density proportional to exp(-slope number), by its inverse."""
    fractions = generator.random(count)
    if slope * length > 1e-300:
        return np.log1p(fractions * math.expm1(-slope * length)) / -slope
    return fractions * length  # so flat that rounding makes it uniform
