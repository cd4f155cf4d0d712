"""What second-order optimizers share: the loop around their directions."""

import copy
import math

import numpy as np

from .line_search import strong_wolfe
from .optimizer import Optimizer, _plain, gradient, not_negative, number, recorded
from .tensor import Tensor
from .windows import as_int

__all__ = ["Descent"]


class Descent(Optimizer):
    """The loop ``x = x + t d`` over all parameters as one vector x. A subclass writes :meth:`direction`.

    What is remembered stands under the first parameter, ``optimizer.state[params[0]]``: ``"n_iter"`` and
    ``"func_evals"`` count iterations and evaluations; ``"d"`` is the last direction, ``"t"`` how far it was followed,
    ``"prev_flat_grad"`` and ``"prev_loss"`` are the gradient and the loss where it began.

    Attributes
    ----------
    evaluations : float
        How many evaluations each iteration is granted if `max_eval` is left out.
    """

    evaluations = 5 / 4

    def __init__(
        self, params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn, **others
    ):
        if max_eval is None:
            max_eval = int(as_int(max_iter, "max_iter") * self.evaluations)
        shared = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, {**shared, **others})

    def check(self, options):
        check_descent(options)

    def add_param_group(self, param_group):
        """Refuse a second group: the parameters are one vector, with one length of step."""
        if self.param_groups:
            raise ValueError(
                f"params: {type(self).__name__} takes one group, all parameters share their options"
            )
        super().add_param_group(param_group)

    def direction(self, grad, state, group, evaluate):
        """Where to go from here.

        Parameters
        ----------
        grad : ndarray, shape (n,)
            The gradient here.
        state : dict
            What is remembered; ``state["n_iter"]`` is 1 at the first iteration.
        group : dict
            The options, numbers as Python numbers.
        evaluate : callable
            Goes to another place, an array of shape (n,), and returns the loss and the gradient there.

        Returns
        -------
        ndarray, shape (n,)
        """
        raise NotImplementedError(f"{type(self).__name__}: write direction()")

    def first_length(self, grad, slope, state, group):
        """The step length to try first: lr, but less where nothing is known of the scale and g is large."""
        return group["lr"] / max(1.0, float(np.abs(grad).sum())) if state["n_iter"] == 1 else group["lr"]

    def is_stuck(self, slope, group):
        """Whether the direction leads down too little, or up, to follow it."""
        return slope > -group["tolerance_change"]

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
        group = {
            key: value if key == "params" else _plain(value) for key, value in self.param_groups[0].items()
        }
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def here():
            state["func_evals"] += 1
            with recorded():
                answer = closure()
            return answer, as_loss(answer), self._gradient()

        def evaluate(place):
            self._go(place)
            return here()[1:]

        answer, loss, grad = here()
        if largest(grad) <= group["tolerance_grad"]:
            return answer
        left = group["max_eval"] - 1
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            x, before, used = self._place(), loss, 0
            d = self.direction(grad, state, group, evaluate)
            slope = float(grad @ d)
            t = self.first_length(grad, slope, state, group)
            state.update(d=d, t=0.0, prev_flat_grad=grad, prev_loss=loss)
            if self.is_stuck(slope, group):
                break
            if group["line_search_fn"]:
                t, loss, grad, used = self._search(evaluate, x, d, t, loss, grad, slope, left)
                self._go(x + t * d if t else x)  # 0 times an infinite d is NaN
            elif iteration < group["max_iter"]:
                loss, grad = evaluate(x + t * d)
                used = 1
            else:  # nobody needs the gradient after the last iteration
                self._go(x + t * d)
            state["t"], left = t, left - used
            if t == 0 or left <= 0 or has_converged(grad, t * d, loss - before, group):
                break
        return answer

    def _search(self, evaluate, x, d, t, loss, grad, slope, left):
        """The line search from x along d: how far to go, the loss and gradient there, and what it took."""

        def along(t):
            loss, grad = evaluate(x + t * d)
            return loss, grad, float(grad @ d)

        if not (math.isfinite(loss) and -math.inf < slope < 0 < t):  # NaN, or a learning rate of 0
            return 0.0, loss, grad, 0
        c2 = number(self.param_groups[0].get("curvature", 0.9), "curvature")
        c1 = min(1e-4, c2 / 2)  # stays below c2
        return strong_wolfe(along, t, loss, slope, c1, c2, max(left, 0), scale=largest(d), gradient=grad)

    def _place(self):
        """A copy of all parameters as one vector."""
        return np.concatenate([param.data.ravel() for param in self.param_groups[0]["params"]])

    def _gradient(self):
        """A copy of all gradients as one vector, 0 for parameters without."""
        return np.concatenate(
            [
                np.zeros(param.data.size, param.dtype) if param.grad is None else gradient(param).ravel()
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
        place = self._place()
        states = {
            number: {key: _fitting(key, value, place) for key, value in state.items()}
            for number, state in state_dict["state"].items()
        }
        first = [number for group in state_dict["param_groups"] for number in group["params"][:1]]
        if not set(states) <= set(first):
            raise ValueError(
                f"state_dict: expected a state of the first parameter alone, got {sorted(states)}"
            )
        super().load_state_dict({**state_dict, "state": {}})
        self.state.update(zip(self.param_groups[0]["params"], states.values()))


def has_converged(grad, change, loss_change, group):
    """Whether the gradient, the last change of the parameters or that of the loss is small enough to stop."""
    small = group["tolerance_change"]
    return largest(grad) <= group["tolerance_grad"] or largest(change) <= small or abs(loss_change) < small


def largest(vector):
    """The largest of the absolute values."""
    return float(np.abs(vector).max(initial=0))


def as_loss(answer):
    """What a closure returned as a Python number."""
    try:
        return float(answer.item() if hasattr(answer, "item") else answer)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"closure: expected it to return the loss, one number, got {answer!r}") from None


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
        number(options[name], name)  # a negative one never ends a step, as in PyTorch
    if options["line_search_fn"] not in (None, "strong_wolfe"):
        raise ValueError(
            f"line_search_fn: expected 'strong_wolfe' or None, got {options['line_search_fn']!r}"
        )
    if "curvature" in options and not 0 < number(options["curvature"], "curvature") < 1:
        raise ValueError(f"curvature: expected a number between 0 and 1, got {options['curvature']!r}")


def _fitting(key, value, place):
    """A copy of a saved value: vectors and matrices of the size and dtype of `place`, lists of them, numbers."""
    if isinstance(value, (list, tuple)):
        return [_fitting(key, item, place) for item in value]
    if hasattr(value, "detach"):
        value = value.detach()
        value = value.data if isinstance(value, Tensor) else value.cpu().numpy()
    if not isinstance(value, (np.ndarray, np.generic)):
        return copy.deepcopy(value)
    if value.ndim == 0:
        return value.item()
    if set(value.shape) != {place.size}:
        raise ValueError(
            f"state_dict: expected {key} with {place.size} entries along each axis, got {value.shape}"
        )
    return np.array(value, place.dtype)
