"""Line search: how far to go along a direction. Plain arithmetic on numbers, for both backends.

Along a direction d from a place x the loss is a function of one number, φ(α) = f(x + α d), with the slope
φ'(α) = ∇f(x + α d)·d. A step α is good enough if it fulfils the strong Wolfe conditions::

    φ(α)    <= φ(0) + c1 α φ'(0)      the loss falls (Armijo)
    |φ'(α)| <= c2 |φ'(0)|             and the slope has flattened (curvature)

First a bracket is found, two steps between which a good one must lie; then the bracket shrinks around it. Both choose
the next trial at the minimum of the cubic through the losses and slopes at two steps, which on a quadratic is the
minimum itself.
"""

import math
from typing import NamedTuple

from .windows import as_int, as_number

__all__ = ["strong_wolfe"]


class Found(NamedTuple):
    """What a search returns: the step length, the loss and gradient there, and how many losses that took."""

    step: float
    loss: float
    gradient: object
    evaluations: int


class Point(NamedTuple):
    """One step length α with φ(α), φ'(α), and the gradient that the slope comes from."""

    step: float
    loss: float
    slope: float
    gradient: object = None


class Line:
    """φ, with what the conditions need, and a count of how often it was evaluated."""

    def __init__(self, evaluate, start, c1, c2, max_iter):
        self.evaluate, self.start, self.c1, self.c2 = evaluate, start, c1, c2
        self.max_iter, self.evaluations = max_iter, 0

    def at(self, step):
        """The point at `step`. What is not finite counts as infinitely high, so that the search turns back."""
        loss, gradient, slope = self.evaluate(step)
        loss, slope = float(loss), float(slope)
        self.evaluations += 1
        finite = math.isfinite(loss) and math.isfinite(slope)
        return Point(step, loss if finite else math.inf, slope, gradient)

    @property
    def used_up(self):
        return self.evaluations > self.max_iter

    def too_high(self, point):
        return point.loss > self.start.loss + self.c1 * point.step * self.start.slope

    def flat(self, point):
        return abs(point.slope) <= -self.c2 * self.start.slope


def strong_wolfe(
    evaluate, step, loss, slope, c1=1e-4, c2=0.9, max_iter=25, *, tolerance=1e-9, scale=1.0, gradient=None
):
    """A step length that fulfils the strong Wolfe conditions: a lower loss and a flatter slope.

    Parameters
    ----------
    evaluate : callable
        For a step length α returns the loss φ(α), the gradient there (of any kind, it is handed through) and the
        slope φ'(α).
    step : float
        The step length to try first, positive.
    loss, slope : float
        φ(0) and φ'(0); the slope is negative: the direction leads downhill.
    c1, c2 : float
        How much the loss must fall and how flat the slope must become, ``0 < c1 < c2 < 1``. A small `c2` makes the
        search nearly exact.
    max_iter : int
        How many trials may follow the first one.
    tolerance, scale : float
        The search ends where the bracket's width times `scale` (the direction's largest entry) is below `tolerance`.
    gradient : object
        The gradient at 0, to be returned if no trial is better.

    Returns
    -------
    Found
        ``(step, loss, gradient, evaluations)``. If the trials or the bracket are used up first, the lowest point
        known, which may be 0 and then does not fulfil the conditions. Losses that are infinite or NaN are stepped
        back from.

    Raises
    ------
    ValueError
        A step that is not positive, a slope that is not negative, a loss that is not finite, constants out of order.

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), algorithms 3.5 and 3.6; the decisions
    between trials are those of ``torch.optim.LBFGS``.
    """
    loss, slope, c1, c2 = (
        float(as_number(value, name))
        for value, name in ((loss, "loss"), (slope, "slope"), (c1, "c1"), (c2, "c2"))
    )
    if not 0 < as_number(step, "step") < math.inf:
        raise ValueError(f"step: expected a positive number, got {step!r}")
    if not math.isfinite(loss):
        raise ValueError(f"loss: expected a finite number, got {loss!r}")
    if not -math.inf < slope < 0:
        raise ValueError(f"slope: expected a negative number, a direction that leads downhill, got {slope!r}")
    if not 0 < c1 < c2 < 1:
        raise ValueError(f"c1, c2: expected 0 < c1 < c2 < 1, got {c1!r} and {c2!r}")
    if as_int(max_iter, "max_iter") < 0:
        raise ValueError(f"max_iter: must not be negative, got {max_iter!r}")
    tolerance, scale = as_number(tolerance, "tolerance"), as_number(scale, "scale")
    line = Line(evaluate, Point(0.0, loss, slope, gradient), c1, c2, max_iter)
    ends, done = bracket(line, float(step))
    found = ends[-1] if done else zoom(line, ends, tolerance, scale)
    return Found(found.step, found.loss, found.gradient, line.evaluations)


def bracket(line, step):
    """Two points around a good step, and whether the second is one itself. Algorithm 3.5.

    As long as the loss falls and the slope says that it will go on falling, the step grows, at most tenfold.
    """
    before, point = line.start, line.at(step)
    while not line.used_up:
        if line.too_high(point) or (line.evaluations > 2 and point.loss >= before.loss):
            return [before, point], False
        if line.flat(point):
            return [before, point], True
        if point.slope >= 0:
            return [before, point], False
        beyond = cubic_minimum(before, point, point.step + 0.01 * (point.step - before.step), 10 * point.step)
        before, point = point, line.at(beyond)
    return [line.start, point], False


def zoom(line, ends, tolerance, scale):
    """A good step between `ends`, or the lowest found. Algorithm 3.6.

    ``ends[low]`` is the lowest point that falls far enough; a good step lies between it and the other end.
    """
    low, hesitant = lower(ends), False
    while not line.used_up and not abs(ends[1].step - ends[0].step) * scale < tolerance:
        nearest, farthest = sorted(end.step for end in ends)
        step, hesitant = inward(cubic_minimum(*ends, nearest, farthest), nearest, farthest, hesitant)
        point = line.at(step)
        if line.too_high(point) or point.loss >= ends[low].loss:
            ends[1 - low] = point
            low = lower(ends)
            continue
        if line.flat(point):
            return point
        towards = ends[1 - low].step - ends[low].step
        if point.slope * towards >= 0:  # uphill: the minimum lies on the other side
            ends[1 - low] = ends[low]
        ends[low] = point
    return ends[low]


def lower(ends):
    return 0 if ends[0].loss <= ends[1].loss else 1


def inward(step, nearest, farthest, hesitant):
    """`step`, moved a tenth of the bracket inward where it keeps hugging an end, and whether it hugs one now.

    Trials close to an end hardly shrink the bracket: one is allowed, a second in a row is not.
    """
    margin = 0.1 * (farthest - nearest)
    if min(farthest - step, step - nearest) >= margin:
        return step, False
    if not hesitant and nearest < step < farthest:
        return step, True
    return (farthest - margin if farthest - step < step - nearest else nearest + margin), False


def cubic_minimum(one, other, smallest, largest):
    """Where the cubic with the losses and slopes of two points has its minimum, kept in [smallest, largest].

    The middle of that interval if the cubic has no minimum. Equation 3.59.
    """
    left, right = (one, other) if one.step <= other.step else (other, one)
    middle, width = (smallest + largest) / 2, right.step - left.step
    if width == 0 or math.inf in (left.loss, right.loss):
        return middle
    bend = left.slope + right.slope - 3 * (right.loss - left.loss) / width
    square = bend * bend - left.slope * right.slope
    if not 0 <= square < math.inf:
        return middle
    root = math.sqrt(square)
    above, below = right.slope + root - bend, right.slope - left.slope + 2 * root
    if above == 0 == below:  # a straight line without slope
        return middle
    share = above / below if below else math.copysign(math.inf, above)
    return min(max(right.step - width * share, smallest), largest)
