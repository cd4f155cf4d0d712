"""Loss surfaces on which optimizers race: small formulas with every difficulty that a real loss has.

A surface is called with a point ``(..., 2)``, an array or a tensor of either backend, and returns the values ``(...)``,
through which ``.backward()`` goes::

    point = scratch.tensor(rosenbrock.start, requires_grad=True)
    rosenbrock(point).backward()  # point.grad is rosenbrock.gradient(point)

Gradients and Hessians stand here by hand as well: for Newton's method, for arrows in a drawing, and as a check of the
tape.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .scratch.initialization import orthogonal_
from .scratch.windows import as_generator, as_int, as_number

__all__ = [
    "SURFACES", "Quadratic", "Surface", "beale", "bowl", "himmelblau", "quadratic", "random_quadratic", "ravine",
    "rosenbrock", "saddle",
]  # fmt: skip


@dataclass(frozen=True)
class Surface:
    """A function of two numbers, ``f(x, y)``, with its derivatives and what is known about it.

    Attributes
    ----------
    name : str
    formula : str
        f(x, y) in LaTeX.
    value : callable ``(x, y)``
        f, made of ``+``, ``-``, ``*`` and ``**``: numbers, arrays and tensors of either backend go through.
    slopes : callable ``(x, y)``
        The first derivatives ``(f_x, f_y)``.
    curvatures : callable ``(x, y)``
        The second derivatives ``(f_xx, f_xy, f_yy)``.
    minima, saddles : tuple of points
        All points where the gradient is 0 and the Hessian has positive eigenvalues, or eigenvalues of both signs.
    start : point
        Where a race begins.
    domain : ((x, x), (y, y))
        What a drawing shows.
    """

    name: str
    formula: str
    value: Callable
    slopes: Callable
    curvatures: Callable
    minima: tuple
    start: tuple
    domain: tuple
    saddles: tuple = ()

    def __call__(self, point):
        """f at the points ``(..., 2)``: values ``(...)``, of the kind that the points are."""
        return _silently(lambda point: self.value(point[..., 0], point[..., 1]), _points(point, 2))

    @np.errstate(all="ignore")  # a race that diverges overflows
    def gradient(self, point):
        """The gradient ``(f_x, f_y)`` at the points ``(..., 2)``, of the same shape and kind, without a record."""
        array = _values(point, 2)
        return _like(point, np.stack(self.slopes(array[..., 0], array[..., 1]), -1))

    @np.errstate(all="ignore")
    def hessian(self, point):
        """The matrices of second derivatives ``(..., 2, 2)`` at the points ``(..., 2)``, without a record."""
        array = _values(point, 2)
        xx, xy, yy = self.curvatures(array[..., 0], array[..., 1])
        return _like(point, np.stack([xx, xy, xy, yy], -1).reshape(*array.shape, 2))

    def __repr__(self):
        return f"<Surface {self.name}: {self.formula}>"


@dataclass(frozen=True, eq=False)
class Quadratic:
    """The quadratic ``f(x) = (x - minimum)ᵀ matrix (x - minimum) / 2`` of n numbers.

    As of a :class:`Surface`, there is ``f(point)`` at points ``(..., n)``, :meth:`gradient` and :meth:`hessian`. The
    minimum solves ``matrix @ minimum = b`` with ``b = -gradient(0)``, the problem for which conjugate gradients were
    made.

    Attributes
    ----------
    matrix : ndarray ``(n, n)``
        The Hessian, symmetric and positive definite.
    minimum, start : ndarray ``(n,)``
    """

    matrix: np.ndarray
    minimum: np.ndarray
    start: np.ndarray

    @property
    def minima(self):
        """The only minimum, in a tuple as a :class:`Surface` has it."""
        return (self.minimum,)

    def __call__(self, point):
        """f at the points ``(..., n)``: values ``(...)``, of the kind that the points are."""

        def value(point):
            offset = point - _like(point, self.minimum)
            return (offset @ _like(point, self.matrix) * offset).sum(-1) / 2

        return _silently(value, _points(point, len(self.minimum)))

    @np.errstate(all="ignore")
    def gradient(self, point):
        """The gradient ``matrix (x - minimum)`` at the points ``(..., n)``, of the same kind, without a record."""
        array = _values(point, len(self.minimum))
        offset = array - self.minimum.astype(array.dtype)
        return _like(point, offset @ self.matrix.astype(array.dtype))

    def hessian(self, point):
        """The matrix, once for each of the points ``(..., n)``, of the same kind."""
        array = _values(point, len(self.minimum))
        return _like(point, np.broadcast_to(self.matrix, (*array.shape, len(self.minimum))).copy())


def _condition(condition):
    condition = as_number(condition, "condition")
    if not 1 <= condition < math.inf:
        raise ValueError(f"condition: expected a finite number of at least 1, got {condition!r}")
    return condition


def quadratic(condition, angle=0.0):
    """A valley with the minimum at 0: ``(u² + condition v²) / 2``, u and v being x and y turned by an angle.

    Gradient descent with momentum or without it does not notice the angle; methods with a learning rate for each
    coordinate do.

    Parameters
    ----------
    condition : float
        The ratio of the curvatures across the valley and along it, at least 1.
    angle : float, in radians
        Between the x-axis and the valley, counterclockwise.

    Returns
    -------
    Surface

    Raises
    ------
    ValueError
        A condition below 1 or not finite, an angle not finite.
    TypeError
        Something else than numbers.
    """
    condition, angle = _condition(condition), as_number(angle, "angle")
    if not math.isfinite(angle):
        raise ValueError(f"angle: expected a finite number, got {angle!r}")
    along, across = math.cos(angle), math.sin(angle)
    xx = along**2 + condition * across**2
    xy = (1 - condition) * along * across
    yy = across**2 + condition * along**2

    def value(x, y):
        return (xx * x**2 + 2 * xy * x * y + yy * y**2) / 2

    def slopes(x, y):
        return xx * x + xy * y, xy * x + yy * y

    def curvatures(x, y):
        return xx + 0 * x, xy + 0 * x, yy + 0 * x

    factor = "" if condition == 1 else f"{condition:g} "
    if angle:
        u = rf"(x \cos {angle:.3g} + y \sin {angle:.3g})^2"
        v = rf"(y \cos {angle:.3g} - x \sin {angle:.3g})^2"
    else:
        u, v = "x^2", "y^2"
    name = "bowl" if condition == 1 else "ravine"
    formula = rf"\tfrac{{1}}{{2}} ({u} + {factor}{v})"
    return Surface(
        name, formula, value, slopes, curvatures, ((0.0, 0.0),), (-4.0, 1.5), ((-5.0, 5.0), (-3.0, 3.0))
    )


bowl = quadratic(1)
"""The easiest: ``(x² + y²) / 2``. The gradient points away from the minimum, and the learning rate 1 gets there."""

ravine = quadratic(100)
"""``(x² + 100 y²) / 2``: learning rates above 2/100 diverge across it, and so the way along it is long."""


def _rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_slopes(x, y):
    return -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)


def _rosenbrock_curvatures(x, y):
    return 2 - 400 * (y - 3 * x**2), -400 * x, 200 + 0 * y


rosenbrock = Surface(
    "Rosenbrock",
    "(1 - x)^2 + 100 (y - x^2)^2",
    _rosenbrock, _rosenbrock_slopes, _rosenbrock_curvatures,
    minima=((1.0, 1.0),),
    start=(-1.2, 1.0),
    domain=((-2.0, 2.0), (-1.0, 3.0)),
)  # fmt: skip
"""``(1 - x)² + 100 (y - x²)²``: a curved valley, soon found and long to follow; at its end the condition is 2508.

Source: Rosenbrock, "An automatic method for finding the greatest or least value of a function" (1960), where the race
begins at (-1.2, 1), too.
"""


def _saddle(x, y):
    return x**2 - y**2


def _saddle_slopes(x, y):
    return 2 * x, -2 * y


def _saddle_curvatures(x, y):
    return 2 + 0 * x, 0 * x, -2 + 0 * y


saddle = Surface(
    "saddle",
    "x^2 - y^2",
    _saddle, _saddle_slopes, _saddle_curvatures,
    minima=(),
    start=(-1.5, 0.001),
    domain=((-2.0, 2.0), (-2.0, 2.0)),
    saddles=((0.0, 0.0),),
)  # fmt: skip
"""``x² - y²``, without a lower bound: who begins almost on the ridge first stops at 0. Newton's method stays there."""


def _beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _beale_slopes(x, y):
    one, two, three = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    return (
        2 * (one * (y - 1) + two * (y**2 - 1) + three * (y**3 - 1)),
        2 * x * (one + 2 * two * y + 3 * three * y**2),
    )


def _beale_curvatures(x, y):
    one, two, three = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    across = (y - 1) + 2 * y * (y**2 - 1) + 3 * y**2 * (y**3 - 1)
    return (
        2 * ((y - 1) ** 2 + (y**2 - 1) ** 2 + (y**3 - 1) ** 2),
        2 * x * across + 2 * (one + 2 * two * y + 3 * three * y**2),
        2 * x**2 * (1 + 4 * y**2 + 9 * y**4) + 2 * x * (2 * two + 6 * three * y),
    )


beale = Surface(
    "Beale",
    "(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2",
    _beale, _beale_slopes, _beale_curvatures,
    minima=((3.0, 0.5),),
    start=(1.0, 1.0),
    domain=((-4.5, 4.5), (-4.5, 4.5)),
    saddles=((0.0, 1.0), (0.10053793732415836, -2.644513585023125)),
)  # fmt: skip
"""``(1.5 - x + xy)² + (2.25 - x + xy²)² + (2.625 - x + xy³)²``: almost flat plains, steep walls at the corners.

Source: Beale, "On an iterative method for finding a local minimum of a function of more than one variable" (1958).
"""


def _himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _himmelblau_slopes(x, y):
    one, two = x**2 + y - 11, x + y**2 - 7
    return 4 * x * one + 2 * two, 2 * one + 4 * y * two


def _himmelblau_curvatures(x, y):
    return 12 * x**2 + 4 * y - 42, 4 * (x + y), 4 * x + 12 * y**2 - 26


himmelblau = Surface(
    "Himmelblau",
    "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
    _himmelblau, _himmelblau_slopes, _himmelblau_curvatures,
    minima=(
        (3.0, 2.0), (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286169), (3.5844283403304917, -1.8481265269644034),
    ),
    start=(0.0, 0.0),
    domain=((-5.0, 5.0), (-5.0, 5.0)),
    saddles=(
        (0.08667750455539634, 2.884254701174776), (3.385154183607021, 0.07385187983774928),
        (-3.0730257507643897, -0.08135304428796751), (-0.12796134673068005, -1.9537149802445766),
    ),
)  # fmt: skip
"""``(x² + y - 11)² + (x + y² - 7)²``: four minima, all of value 0, and a hill between them. The start decides.

Source: Himmelblau, "Applied nonlinear programming" (1972).
"""

SURFACES = (bowl, ravine, rosenbrock, saddle, beale, himmelblau)
"""All of them, as the races need them."""


def random_quadratic(size, condition, generator):
    """A quadratic of `size` numbers in a random place, turned at random.

    Its curvatures are ``condition ** (k / (size - 1))`` with k = 0 ... size - 1: from 1 to `condition`.
    Newton's method needs one step to the minimum, and conjugate gradients at most `size`.

    Parameters
    ----------
    size : int
    condition : float
        The ratio of the largest and the smallest curvature, at least 1.
    generator : numpy.random.Generator
        The same state gives the same quadratic.

    Returns
    -------
    Quadratic
        Its minimum is drawn from the standard normal distribution, and its start is 0.

    Raises
    ------
    ValueError
        A condition below 1 or not finite.
    RuntimeError
        A size below 1.
    TypeError
        Arguments of another type.
    """
    size, condition, generator = as_int(size, "size", 1), _condition(condition), as_generator(generator)
    directions = orthogonal_(np.empty((size, size)), generator=generator)
    matrix = directions.T * np.geomspace(1, condition, size) @ directions
    return Quadratic((matrix + matrix.T) / 2, generator.standard_normal(size), np.zeros(size))


def _points(point, size):
    """`point`, a tensor as it is and anything else as an array, or an error if its last axis is not of this size."""
    if not hasattr(point, "detach"):
        point = np.asarray(point)
        point = point.astype(float) if point.dtype.kind in "iu" else point
    if "float" not in str(point.dtype):
        raise TypeError(f"point: expected floating point, got {point.dtype}")
    if point.ndim == 0 or point.shape[-1] != size:
        raise ValueError(f"point: expected shape (..., {size}), got {tuple(point.shape)}")
    return point


def _silently(formula, point):
    """``formula(point)``, of arrays too without a warning where a race diverges. Tensors give none."""
    if not isinstance(point, np.ndarray):
        return formula(point)
    with np.errstate(all="ignore"):
        return formula(point)


def _values(point, size):
    """The numbers of points of any kind, as an array."""
    point = _points(point, size)
    if hasattr(point, "detach"):
        point = point.detach()
        point = point.cpu().double().numpy() if hasattr(point, "cpu") else point.data
    return point


def _like(point, array):
    """`array` as what `point` is, of its dtype and, for PyTorch, on its device."""
    if hasattr(point, "new_tensor"):
        return point.new_tensor(array)
    if hasattr(point, "detach"):
        return type(point.detach())(array.astype(point.dtype, copy=False))
    return array.astype(point.dtype, copy=False) if hasattr(point, "dtype") else array
