"""Second-order optimizers: what the gradient's changes tell about the curvature.

All of them see the parameters as one vector x with the gradient g, and choose a direction d:

- Newton's method, ``d = -H⁻¹ g`` with the Hessian H;
- BFGS, the same with an inverse that it learns from the gradients it meets;
- L-BFGS, BFGS without the matrix, from the last few gradients;
- conjugate gradients, ``d = -g + β d``, from the last direction alone.

They share the loop around that, :class:`Descent`: a line search along d, and the conditions for stopping.
"""

import copy
import math
from collections.abc import Mapping

import numpy as np

from .line_search import strong_wolfe
from .optimizer import Optimizer, not_negative, number, recorded
from .tensor import Tensor
from .windows import as_int, as_number

__all__ = ["BFGS", "LBFGS", "ConjugateGradient", "Newton", "strong_wolfe"]


class Descent(Optimizer):
    """What second-order optimizers share: the loop ``x = x + t d``. A subclass writes :meth:`direction`.

    One call of :meth:`step` makes up to `max_iter` iterations. It ends sooner if the largest entry of the gradient is
    at most `tolerance_grad`, if `max_eval` evaluations have been made, if the slope along d, the largest change of a
    parameter or the change of the loss is below `tolerance_change`.

    All is kept under the first parameter, ``optimizer.state[params[0]]``: ``"n_iter"`` and ``"func_evals"`` count
    iterations and evaluations; ``"d"``, ``"t"``, ``"prev_flat_grad"`` and ``"prev_loss"`` are the last direction, how
    far it was followed, and the gradient and loss where it began.
    """

    def check(self, options):
        check_descent(options)

    def add_param_group(self, param_group):
        """Refuse a second group: the parameters are one vector, with one length of step."""
        if self.param_groups:
            raise ValueError(
                f"params: {type(self).__name__} takes one group, all parameters share their options"
            )
        super().add_param_group(param_group)

    def direction(self, grad, state, evaluate):
        """Where to go from the present place.

        Parameters
        ----------
        grad : ndarray, shape (n,)
            The gradient here.
        state : dict
            What is remembered, see :class:`Descent`; ``state["n_iter"]`` is 1 at the first iteration.
        evaluate : callable
            Gives ``(loss, gradient)`` at another place, an array of shape (n,), and stays there.

        Returns
        -------
        ndarray, shape (n,)
        """
        raise NotImplementedError(f"{type(self).__name__}: write direction()")

    def first_length(self, grad, slope, state):
        """The step length to try first: lr, but less where nothing is known of the scale and g is large."""
        lr = number(self.param_groups[0]["lr"], "lr")
        return lr / max(1.0, float(np.abs(grad).sum())) if state["n_iter"] == 1 else lr

    def is_stuck(self, slope):
        """Whether the direction leads down too little, or up, to follow it."""
        return slope > -self.param_groups[0]["tolerance_change"]

    @np.errstate(over="ignore", invalid="ignore")  # a step too far is a result like any other, as in PyTorch
    def step(self, closure):
        """Make up to `max_iter` iterations.

        Parameters
        ----------
        closure : callable
            Clears the gradients, computes them anew and returns the loss: always the same function of the parameters,
            so no new batch and no new dropout mask while the step lasts.

        Returns
        -------
        The loss before the step, as `closure` returned it. Afterwards the gradients are those of the last evaluation,
        which need not be those of the place reached.
        """
        if not callable(closure):
            raise TypeError(f"closure: expected a function that returns the loss, got {closure!r}")
        closure = recorded()(closure)  # also where the caller records nothing
        group, state = self.param_groups[0], self.state[self.param_groups[0]["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate(place):
            self._go(place)
            state["func_evals"] += 1
            return as_loss(closure()), self._gradient()

        answer = closure()
        state["func_evals"] += 1
        loss, grad, spent = as_loss(answer), self._gradient(), 1
        if np.abs(grad).max() <= group["tolerance_grad"]:
            return answer
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            place, before, count = self._place(), loss, 0
            d = self.direction(grad, state, evaluate)
            slope = float(grad @ d)
            t = self.first_length(grad, slope, state)
            state.update(d=d, t=0.0, prev_flat_grad=grad, prev_loss=loss)
            if self.is_stuck(slope):
                break
            if group["line_search_fn"]:
                t, loss, grad, count = self._search(place, d, t, loss, grad, slope, evaluate, spent)
                self._go(place + t * d if t else place)
            elif iteration < group["max_iter"]:
                loss, grad = evaluate(place + t * d)
                count = 1
            else:  # nobody needs the gradient after the last iteration
                self._go(place + t * d)
            state["t"], spent = t, spent + count
            if not t or spent >= group["max_eval"] or self._has_converged(grad, t * d, loss - before):
                break
        return answer

    def _search(self, place, d, t, loss, grad, slope, evaluate, spent):
        """The line search from `place` along d: how far to go, the loss and gradient there, and what it took."""

        def along(step):
            loss, grad = evaluate(place + step * d)
            return loss, grad, float(grad @ d)

        if not (math.isfinite(loss) and -math.inf < slope < 0 < t):  # NaN, or a learning rate of 0
            return 0.0, loss, grad, 0
        group = self.param_groups[0]
        c2 = number(group.get("curvature", 0.9), "curvature")
        return strong_wolfe(
            along,
            t,
            loss,
            slope,
            min(1e-4, c2 / 2),  # c1 stays below c2
            c2,
            group["max_eval"] - spent,
            scale=float(np.abs(d).max()),
            gradient=grad,
        )

    def _has_converged(self, grad, change, loss_change):
        group = self.param_groups[0]
        return (
            np.abs(grad).max() <= group["tolerance_grad"]
            or np.abs(change).max() <= group["tolerance_change"]
            or abs(loss_change) < group["tolerance_change"]
        )

    def _place(self):
        """A copy of all parameters as one vector."""
        return np.concatenate([param.data.ravel() for param in self.param_groups[0]["params"]])

    def _gradient(self):
        """A copy of all gradients as one vector, 0 for parameters without."""
        return np.concatenate(
            [
                np.zeros(param.data.size, param.dtype) if param.grad is None else np.ravel(param.grad)
                for param in self.param_groups[0]["params"]
            ]
        )

    def _go(self, place):
        """Write a vector into the parameters."""
        start = 0
        for param in self.param_groups[0]["params"]:
            stop = start + param.data.size
            param.data[...] = place[start:stop].reshape(param.shape)
            start = stop

    def load_state_dict(self, state_dict):
        """Continue from what :meth:`state_dict` returned, here or in PyTorch. Everything is copied.

        Raises
        ------
        ValueError
            Other parameters, an option out of its range, a vector or matrix of another size than there are numbers
            in the parameters.
        """
        params, dtype = self.param_groups[0]["params"], self._place().dtype
        size = sum(param.data.size for param in params)
        states = [
            {key: _fitting(value, size, dtype, key) for key, value in state.items()}
            for state in state_dict["state"].values()
        ]
        super().load_state_dict({**state_dict, "state": {}})
        self.state.update(zip(params, states))  # there is one, of the first parameter


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
        When to end a step sooner, see :class:`Descent`.
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

    Where a trial's loss is infinite or NaN, the search steps back; PyTorch's goes on from there.

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
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": evaluations(max_eval, max_iter, 5 / 4),
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )

    def check(self, options):
        if options["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(
                f"line_search_fn: expected 'strong_wolfe' or None, got {options['line_search_fn']!r}"
            )
        super().check(options)
        at_least_1(options, "history_size")

    def direction(self, grad, state, evaluate):
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -grad
        s, y = changes(grad, state)
        sy = float(s @ y)
        if sy > 1e-10:  # the loss curves upwards along s, so that H stays positive definite
            kept = slice(-self.param_groups[0]["history_size"], None)
            for key, value in (("old_stps", s), ("old_dirs", y), ("ro", 1 / sy)):
                state[key] = [*state[key], value][kept]
            state["H_diag"] = sy / float(y @ y)

        memory = list(zip(state["old_stps"], state["old_dirs"], state["ro"]))
        d, alphas = -grad, []
        for s, y, rho in reversed(memory):
            alphas.append(rho * float(s @ d))
            d -= alphas[-1] * y
        d *= state["H_diag"]
        for (s, y, rho), alpha in zip(memory, reversed(alphas)):
            d += (alpha - rho * float(y @ d)) * s
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
        When to end a step sooner, see :class:`Descent`.
    line_search_fn : str, optional
        ``"strong_wolfe"``, see :func:`strong_wolfe`, or None.
    curvature : float
        The search's c2, between 0 and 1: how flat the slope must become. With a small one the search is nearly
        exact, and on a quadratic of n unknowns H is the inverse Hessian after n iterations.

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; several groups, an option out of its range.

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), algorithm 6.1, equations 6.17 and 6.20,
    theorem 6.4.
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
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": evaluations(max_eval, max_iter, 5 / 4),
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "line_search_fn": line_search_fn,
                "curvature": curvature,
            },
        )

    def direction(self, grad, state, evaluate):
        if state["n_iter"] == 1:
            return -grad
        s, y = changes(grad, state)
        sy = float(s @ y)
        if sy > float(np.finfo(grad.dtype).eps) * math.sqrt(float(s @ s) * float(y @ y)) > 0:
            H = state.get("inverse_hessian")
            if H is None:
                H = sy / float(y @ y) * np.eye(grad.size, dtype=grad.dtype)
            Hy, rho = H @ y, 1 / sy
            cross = np.outer(s, Hy)
            state["inverse_hessian"] = (
                H - rho * (cross + cross.T) + (rho + rho**2 * float(y @ Hy)) * np.outer(s, s)
            )
        return -(state["inverse_hessian"] @ grad) if "inverse_hessian" in state else -grad


class ConjugateGradient(Descent):
    """Nonlinear conjugate gradients: every direction keeps what the ones before have achieved.

    ``d = -g + β d`` with the last direction d, the gradient g and the one before, g'::

        β = gᵀg / g'ᵀg'                        "fletcher-reeves"
        β = max(0, gᵀ(g - g') / g'ᵀg')         "polak-ribiere", which restarts by itself after a poor step

    With exact steps a quadratic of n unknowns is solved in n iterations. Steps become exact with a small `curvature`:
    from two trials the search finds the minimum of a cubic, which on a quadratic is the minimum itself, unless a trial
    is flat enough before that.

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
        When to end a step sooner, see :class:`Descent`.
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
    Optimization" (2nd edition, 2006), algorithm 5.4, equations 5.44 and 5.45, section 3.5 (first trial).
    """

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
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": evaluations(max_eval, max_iter, 5 / 2),
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "method": method,
                "restart": restart,
                "curvature": curvature,
                "line_search_fn": line_search_fn,
            },
        )

    def check(self, options):
        super().check(options)
        check_conjugate_gradient(options)

    def direction(self, grad, state, evaluate):
        group = self.param_groups[0]
        state["since_restart"] = state.get("since_restart", 0) + 1
        if 1 < state["n_iter"] and state["since_restart"] < (group["restart"] or grad.size) and state["t"]:
            before = state["prev_flat_grad"]
            change = grad if group["method"] == "fletcher-reeves" else grad - before
            before = float(before @ before)
            d = -grad + (max(0.0, float(grad @ change) / before) if before else 0.0) * state["d"]
            if grad @ d < 0:
                return d
        state["since_restart"] = 0
        return -grad

    def first_length(self, grad, slope, state):
        if state["n_iter"] > 1 and self.param_groups[0]["line_search_fn"]:
            promising = state["t"] * float(state["prev_flat_grad"] @ state["d"]) / slope
            if 0 < promising < math.inf:
                return promising
        return super().first_length(grad, slope, state)


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
        When to end a step sooner, see :class:`Descent`; without line search the slope does not end it.
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

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), equation 3.30, sections 3.4 (damping) and
    8.1 (central differences).
    """

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
            params,
            {
                "lr": lr,
                "damping": damping,
                "line_search_fn": line_search_fn,
                "max_iter": max_iter,
                "max_eval": evaluations(max_eval, max_iter, 25),
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "curvature": curvature,
            },
        )

    def check(self, options):
        super().check(options)
        not_negative(options, "damping")

    def direction(self, grad, state, evaluate):
        params = self.param_groups[0]["params"]
        free = np.concatenate([np.full(param.data.size, param.grad is not None) for param in params])
        eps = float(np.finfo(grad.dtype).eps)
        if self.hessian is None:
            matrix, error = self._measured(np.flatnonzero(free), evaluate, eps), eps ** (2 / 3)
        else:
            matrix, error = self._given(grad)[np.ix_(free, free)], grad.size * eps
        damping = number(self.param_groups[0]["damping"], "damping")
        matrix = matrix + damping * np.eye(len(matrix), dtype=grad.dtype)
        if not np.isfinite(matrix).all():
            raise RuntimeError("hessian: has entries that are not finite")
        sizes = np.linalg.svd(matrix, compute_uv=False)
        if sizes.min(initial=math.inf) <= error * sizes.max(initial=0):
            raise RuntimeError("hessian: is singular, a damping above 0 makes it invertible")
        d = np.zeros_like(grad)
        d[free] = np.linalg.solve(matrix, -grad[free])
        return d

    def _measured(self, free, evaluate, eps):
        """The Hessian with respect to the entries `free` of the parameters, by central differences."""
        place = self._place()
        matrix = np.empty((len(free), len(free)), place.dtype)
        for column, j in enumerate(free):
            ahead, behind = place.copy(), place.copy()
            width = eps ** (1 / 3) * max(1.0, abs(float(place[j])))
            ahead[j] += width
            behind[j] -= width
            difference = evaluate(ahead)[1] - evaluate(behind)[1]
            matrix[:, column] = difference[free] / (ahead[j] - behind[j])  # 2 h, as it was after rounding
        self._go(place)
        return (matrix + matrix.T) / 2

    def _given(self, grad):
        with recorded():
            matrix = self.hessian()
        matrix = np.asarray(matrix.data if isinstance(matrix, Tensor) else matrix, grad.dtype)
        if matrix.shape != (grad.size, grad.size):
            raise RuntimeError(f"hessian: expected shape {(grad.size, grad.size)}, got {matrix.shape}")
        return matrix

    def first_length(self, grad, slope, state):
        return number(self.param_groups[0]["lr"], "lr")

    def is_stuck(self, slope):
        group = self.param_groups[0]
        if not group["line_search_fn"]:
            return False
        if slope > group["tolerance_change"]:
            raise RuntimeError(
                "damping: too small for this hessian, which has negative eigenvalues; its Newton direction leads up, "
                "and a line search finds nothing there"
            )
        return super().is_stuck(slope)


def changes(grad, state):
    """By how much the last iteration changed the parameters (s) and the gradient (y)."""
    return state["t"] * state["d"], grad - state["prev_flat_grad"]


def evaluations(max_eval, max_iter, each):
    """`max_eval`, or if it is None what `max_iter` iterations usually need."""
    return int(as_int(max_iter, "max_iter") * each) if max_eval is None else max_eval


def at_least_1(options, name):
    if as_int(options[name], name) < 1:
        raise ValueError(f"{name}: must be at least 1, got {options[name]!r}")


def check_descent(options):
    """The options that all second-order optimizers have."""
    not_negative(options, "lr")
    for name in ("max_iter", "max_eval"):
        if as_int(options[name], name) < 0:
            raise ValueError(f"{name}: must not be negative, got {options[name]!r}")
    for name in ("tolerance_grad", "tolerance_change"):
        as_number(options[name], name)  # a negative one never ends a step, as in PyTorch
    if options["line_search_fn"] not in (None, "strong_wolfe"):
        raise ValueError(
            f"line_search_fn: expected 'strong_wolfe' or None, got {options['line_search_fn']!r}"
        )
    if "curvature" in options and not 0 < as_number(options["curvature"], "curvature") < 1:
        raise ValueError(f"curvature: expected a number between 0 and 1, got {options['curvature']!r}")


def check_conjugate_gradient(options):
    if options["method"] not in ("fletcher-reeves", "polak-ribiere"):
        raise ValueError(f"method: expected 'fletcher-reeves' or 'polak-ribiere', got {options['method']!r}")
    if options["restart"] is not None:
        at_least_1(options, "restart")


def as_loss(answer):
    """What a closure returned as a Python number."""
    try:
        return float(answer.item() if hasattr(answer, "item") else answer)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"closure: expected it to return the loss, one number, got {answer!r}") from None


def _fitting(value, size, dtype, name):
    """A copy of a saved value: vectors and matrices of `size` numbers a side, lists of them, numbers."""
    if isinstance(value, (list, tuple)):
        return [_fitting(item, size, dtype, name) for item in value]
    if hasattr(value, "detach"):
        value = value.detach()
        value = value.data if isinstance(value, Tensor) else value.cpu().numpy()
    if not isinstance(value, (np.ndarray, np.generic)):
        return dict(value) if isinstance(value, Mapping) else copy.deepcopy(value)
    if value.ndim == 0:
        return value.item()
    if set(value.shape) != {size}:
        raise ValueError(
            f"state_dict: expected {name} with {size} entries along each axis, got {value.shape}"
        )
    return np.array(value, dtype)
