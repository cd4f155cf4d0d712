"""Second-order optimizers: what the gradient's changes tell about the curvature.

All of them see the parameters as one vector x with the gradient g. They choose a direction d and go ``x = x + t d``,
with a line search for t:

- Newton's method, ``d = -H⁻¹ g`` with the Hessian H;
- BFGS, the same with an inverse that it learns from the gradients it meets;
- L-BFGS, BFGS without the matrix, from the last few gradients;
- conjugate gradients, ``d = -g + β d``, from the last direction alone.

One call of ``step(closure)`` makes up to `max_iter` iterations. It ends sooner if the largest entry of the gradient is
at most `tolerance_grad`, if `max_eval` evaluations of the closure have been made, or if the slope ``gᵀd``, the largest
change of a parameter or the change of the loss is below `tolerance_change`.

The last gradient is remembered from one step to the next. Where the closure has changed in between, as with
minibatches, its change is no longer due to the curvature alone: these methods want large batches, best all of the data.
"""

import math

import numpy as np

from .descent import Descent, at_least_1
from .line_search import strong_wolfe
from .optimizer import not_negative, recorded
from .tensor import Tensor

__all__ = ["BFGS", "LBFGS", "ConjugateGradient", "Newton", "strong_wolfe"]


class LBFGS(Descent):
    """L-BFGS: BFGS that remembers the last few changes instead of a matrix.

    With the changes ``s = t d`` of the parameters and ``y`` of the gradient over each of the last `history_size`
    iterations, ``d = -H g`` where H is what BFGS would make of them, starting from ``(sᵀy / yᵀy) I`` of the last.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or a list of one dict
        What to optimize, see :class:`Optimizer`; one group. It is changed in place.
    lr : float
        The step length; with line search the one tried first. The very first step is at most lr / Σ|g|.
    max_iter : int
        Iterations in one :meth:`step`.
    max_eval : int, optional
        Evaluations of the closure in one step after which no iteration begins; ``max_iter * 5 // 4`` if left out.
    tolerance_grad, tolerance_change : float
        When to end a step sooner, see :mod:`dlcore.scratch.second_order`.
    history_size : int
        How many changes to remember.
    line_search_fn : str, optional
        ``"strong_wolfe"``, see :func:`strong_wolfe`, or None.

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; several groups, an option out of its range.
    RuntimeError
        An unknown line search.

    Two things differ from PyTorch. Where a trial's loss is infinite or NaN, the search steps back; PyTorch's goes on from
    there. A direction that was not followed, because its slope was too small, changed nothing; PyTorch's counts as
    followed.

    Source: ``torch.optim.LBFGS``; Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), algorithms 7.4
    and 7.5.
    """

    def __init__(
        self,
        params,
        lr=1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        history_size=100,
        line_search_fn=None,
    ):
        super().__init__(
            params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn,
            history_size=history_size,
        )  # fmt: skip

    def check(self, options):
        if options["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(
                f"line_search_fn: expected 'strong_wolfe' or None, got {options['line_search_fn']!r}"
            )
        super().check(options)
        at_least_1(options, "history_size")

    def direction(self, grad, state, group, evaluate):
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -grad
        s, y = changes(grad, state)
        sy = float(s @ y)
        if sy > 1e-10:  # the loss curves upwards along s, so that H stays positive definite
            newest = slice(-group["history_size"], None)
            for key, value in (("old_stps", s), ("old_dirs", y), ("ro", 1 / sy)):
                state[key] = [*state[key], value][newest]
            state["H_diag"] = sy / float(y @ y)

        # -H g in two loops: H is the product of factors I - ρ s yᵀ, and no factor is ever built.
        memory = list(zip(state["old_stps"], state["old_dirs"], state["ro"]))
        d, alphas = -grad, []
        for s, y, rho in reversed(memory):
            alpha = rho * float(s @ d)
            d -= alpha * y
            alphas.append(alpha)
        d *= state["H_diag"]
        for (s, y, rho), alpha in zip(memory, reversed(alphas)):
            beta = rho * float(y @ d)
            d += (alpha - beta) * s
        return d


class BFGS(Descent):
    """BFGS: Newton's method with an inverse Hessian learned from the gradients.

    ``d = -H g``. After each iteration, with the changes ``s = t d`` of the parameters and y of the gradient, and
    ``ρ = 1 / yᵀs``::

        H = (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ

    which is the smallest change that makes ``H y = s``. H begins as I, and is ``(sᵀy / yᵀy) I`` at the first update.
    An update is skipped where ``sᵀy`` is not positive: the loss curves downwards along s, and H would no longer lead
    down. H has n² entries for n parameters.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or a list of one dict
        What to optimize, see :class:`Optimizer`; one group. It is changed in place.
    lr : float
        The step length that the search tries first, or the step length if there is no search. The very first step is
        at most lr / Σ|g|.
    max_iter : int
        Iterations in one :meth:`step`.
    max_eval : int, optional
        Evaluations of the closure in one step after which no iteration begins; ``max_iter * 5 // 4`` if left out.
    tolerance_grad, tolerance_change : float
        When to end a step sooner, see :mod:`dlcore.scratch.second_order`.
    line_search_fn : str, optional
        ``"strong_wolfe"``, see :func:`strong_wolfe`, or None.
    curvature : float
        The search's c2, between 0 and 1: how flat the slope must become. With a small one the search is nearly
        exact, and on a quadratic of n unknowns H is the inverse Hessian after n iterations.

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; several groups, an option out of its range.

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), algorithm 6.1, equations 6.17 and 6.20.
    """

    def __init__(
        self,
        params,
        lr=1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        line_search_fn="strong_wolfe",
        curvature=0.9,
    ):
        super().__init__(
            params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn,
            curvature=curvature,
        )  # fmt: skip

    def direction(self, grad, state, group, evaluate):
        if state["n_iter"] > 1:
            self._learn(*changes(grad, state), state)
        H = state.get("inverse_hessian")
        return -grad if H is None else -(H @ grad)

    def _learn(self, s, y, state):
        sy = float(s @ y)
        if not sy > np.finfo(s.dtype).eps * float(np.linalg.norm(s)) * float(np.linalg.norm(y)) > 0:
            return  # not positive beyond rounding
        H, rho = state.get("inverse_hessian"), 1 / sy
        if H is None:
            H = sy / float(y @ y) * np.eye(s.size, dtype=s.dtype)
        H = H - rho * np.outer(s, y @ H)  # (I - ρ s yᵀ) H
        state["inverse_hessian"] = H - rho * np.outer(H @ y, s) + rho * np.outer(s, s)


class ConjugateGradient(Descent):
    """Nonlinear conjugate gradients: every direction keeps what the ones before have achieved.

    ``d = -g + β d`` with the last direction d, the gradient g and the one before, g'::

        β = gᵀg / g'ᵀg'                        "fletcher-reeves"
        β = max(0, gᵀ(g - g') / g'ᵀg')         "polak-ribiere", which restarts by itself after a poor step

    With exact steps a quadratic of n unknowns is solved in n iterations. Steps become exact with a small `curvature`,
    such as 1e-3: from two trials the search finds the minimum of a cubic, which on a quadratic is the minimum itself,
    unless a trial is flat enough before that.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or a list of one dict
        What to optimize, see :class:`Optimizer`; one group. It is changed in place.
    lr : float
        The very first step tried is at most lr / Σ|g|; each later search begins with the step that promises the
        descent of the last, ``t' g'ᵀd' / gᵀd``. Without search all later steps are lr.
    max_iter : int
        Iterations in one :meth:`step`.
    max_eval : int, optional
        Evaluations of the closure in one step after which no iteration begins; ``max_iter * 5 // 2`` if left out:
        a nearly exact search takes two or more.
    tolerance_grad, tolerance_change : float
        When to end a step sooner, see :mod:`dlcore.scratch.second_order`.
    method : str
        ``"fletcher-reeves"`` or ``"polak-ribiere"``.
    restart : int, optional
        After how many iterations to forget the past and begin with -g again; n, the number of unknowns, if left out.
        It also begins again if d would lead up, or the last search found nothing.
    curvature : float
        The search's c2, between 0 and 1: how flat the slope must become. Below 0.5 Fletcher-Reeves always leads down.
    line_search_fn : str, optional
        ``"strong_wolfe"``, see :func:`strong_wolfe`, or None.

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; several groups, an option out of its range.

    Source: Fletcher and Reeves, "Function minimization by conjugate gradients" (1964); Nocedal and Wright, "Numerical
    Optimization" (2nd edition, 2006), algorithm 5.4, equation 5.45, section 3.5 (first trial).
    """

    evaluations = 5 / 2

    def __init__(
        self,
        params,
        lr=1,
        max_iter=20,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        method="fletcher-reeves",
        restart=None,
        curvature=0.1,
        line_search_fn="strong_wolfe",
    ):
        super().__init__(
            params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn,
            method=method, restart=restart, curvature=curvature,
        )  # fmt: skip

    def check(self, options):
        super().check(options)
        check_conjugate_gradient(options)

    def direction(self, grad, state, group, evaluate):
        age = state["since_restart"] = state.get("since_restart", 0) + 1
        if state["n_iter"] > 1 and age < (group["restart"] or grad.size) and state["t"]:
            before = state["prev_flat_grad"]
            change = grad if group["method"] == "fletcher-reeves" else grad - before
            size = float(before @ before)
            beta = max(0.0, float(grad @ change)) / size if size else 0.0
            d = beta * state["d"] - grad
            if grad @ d < 0:
                return d
        state["since_restart"] = 0
        return -grad

    def first_length(self, grad, slope, state, group):
        if state["n_iter"] > 1 and group["line_search_fn"] and slope:
            promising = state["t"] * float(state["prev_flat_grad"] @ state["d"]) / slope
            if 0 < promising < math.inf:
                return promising
        return super().first_length(grad, slope, state, group)


class Newton(Descent):
    """Newton's method: go to where the quadratic that fits the loss here is flat.

    ``d = -(H + damping I)⁻¹ g`` with the Hessian H, and ``x = x + lr d``. A quadratic is solved in one step.

    Where H has a negative eigenvalue, that flat place is no minimum: the method climbs along that eigenvector, and
    walks to saddle points and maxima as readily as to minima. A damping larger than the most negative eigenvalue is
    deep makes d lead down again; the larger, the more d is like ``-g / damping``.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or a list of one dict
        What to optimize, see :class:`Optimizer`; one group. It is changed in place; what has no gradient stays as it
        is, and its rows and columns of H are left out.
    lr : float
        The step length; with line search the one tried first.
    damping : float
        What to add to the diagonal of H.
    hessian : callable, optional
        Returns H at the present parameters, of shape (n, n), in the order of the parameters, each flattened.
        If left out, H is measured: column j is ``(g(x + h eⱼ) - g(x - h eⱼ)) / 2h``, which takes 2 n evaluations. With
        ``h = ε^(1/3) max(1, |xⱼ|)`` for a machine precision ε both errors, about ``h² |f''''| / 6`` of the formula and
        ``ε |g| / h`` of rounding, are of the order ``ε^(2/3)``: 4e-11 in float64, 2e-5 in float32, relative to the
        size of the derivatives. The mean of H and its transpose is taken.
    line_search_fn : str, optional
        ``"strong_wolfe"``, see :func:`strong_wolfe`, or None.
    max_iter : int
        Iterations in one :meth:`step`.
    max_eval : int, optional
        Evaluations of the closure in one step after which no iteration begins, those for H not counted;
        ``max_iter * 25`` if left out.
    tolerance_grad, tolerance_change : float
        When to end a step sooner, see :mod:`dlcore.scratch.second_order`; without line search the slope does not end it.
    curvature : float
        The search's c2, between 0 and 1: how flat the slope must become.

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; several groups, an option out of its range.
    RuntimeError
        In :meth:`step`: H is of another shape, not finite, or singular (to within its error, if it was measured); with
        line search: d leads up.

    The 2 n evaluations must all be of the same function: a closure that draws a new dropout mask each time measures
    noise, divided by h. Running averages of batch normalization move with each of them.

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), sections 3.3, 3.4 (damping) and 8.1
    (central differences).
    """

    evaluations = 25

    def __init__(
        self,
        params,
        lr=1,
        damping=0.0,
        hessian=None,
        line_search_fn=None,
        max_iter=1,
        max_eval=None,
        tolerance_grad=1e-7,
        tolerance_change=1e-9,
        curvature=0.9,
    ):
        if hessian is not None and not callable(hessian):
            raise TypeError(f"hessian: expected a function that returns a matrix, or None, got {hessian!r}")
        self.hessian = hessian
        super().__init__(
            params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn,
            damping=damping, curvature=curvature,
        )  # fmt: skip

    def check(self, options):
        super().check(options)
        not_negative(options, "damping")

    def direction(self, grad, state, group, evaluate):
        params = group["params"]
        free = np.concatenate([np.full(param.data.size, param.grad is not None) for param in params])
        eps = max(float(np.finfo(param.dtype).eps) for param in params)
        if self.hessian is None:
            matrix, error = self._measured(np.flatnonzero(free), evaluate, eps), eps ** (2 / 3)
        else:
            matrix, error = self._given(grad)[np.ix_(free, free)], grad.size * eps
        matrix = matrix.astype(np.result_type(matrix, np.float32))  # linalg knows no half precision
        matrix += group["damping"] * np.eye(len(matrix), dtype=matrix.dtype)
        if not np.isfinite(matrix).all():
            raise RuntimeError("hessian: has entries that are not finite")
        sizes = np.linalg.svd(matrix, compute_uv=False)
        if sizes.min(initial=math.inf) <= error * sizes.max(initial=0):
            raise RuntimeError("hessian: is singular, a damping above 0 makes it invertible")
        d = np.zeros_like(grad)
        d[free] = np.linalg.solve(matrix, -grad[free].astype(matrix.dtype))
        return d

    def _measured(self, free, evaluate, eps):
        """The Hessian with respect to the entries `free` of the parameters, by central differences."""
        place = self._place()
        matrix = np.empty((len(free), len(free)), place.dtype)
        for column, j in enumerate(free):
            width = eps ** (1 / 3) * max(1.0, abs(float(place[j])))
            ends = []
            for sign in (1, -1):
                there = place.copy()
                there[j] += sign * width
                _, grad = evaluate(there)
                ends.append((self._place()[j], grad[free]))
            (ahead, grad_ahead), (behind, grad_behind) = ends
            matrix[:, column] = (grad_ahead - grad_behind) / (ahead - behind)  # 2 h, as it was after rounding
        self._go(place)
        return (matrix + matrix.T) / 2

    def _given(self, grad):
        with recorded():
            matrix = self.hessian()
        matrix = np.asarray(matrix.data if isinstance(matrix, Tensor) else matrix)
        if matrix.dtype.kind not in "iuf" or matrix.shape != (grad.size, grad.size):
            raise RuntimeError(
                f"hessian: expected shape {(grad.size, grad.size)} and real numbers, got {matrix.shape} and {matrix.dtype}"
            )
        return matrix.astype(grad.dtype)

    def first_length(self, grad, slope, state, group):
        return group["lr"]

    def is_stuck(self, slope, group):
        if not group["line_search_fn"]:
            return False
        if slope > group["tolerance_change"]:
            raise RuntimeError(
                "damping: too small for this hessian, which has negative eigenvalues; its Newton direction leads up, "
                "and a line search finds nothing there"
            )
        return super().is_stuck(slope, group)


def changes(grad, state):
    """By how much the last iteration changed the parameters (s) and the gradient (y)."""
    return state["t"] * state["d"], grad - state["prev_flat_grad"]


def check_conjugate_gradient(options):
    if options["method"] not in ("fletcher-reeves", "polak-ribiere"):
        raise ValueError(f"method: expected 'fletcher-reeves' or 'polak-ribiere', got {options['method']!r}")
    if options["restart"] is not None:
        at_least_1(options, "restart")
