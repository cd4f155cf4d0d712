"""Second-order optimizers: PyTorch's LBFGS, and with PyTorch's operations what it lacks.

They treat all parameters as one vector, on the device and in the dtype of the parameters. Decisions are made on the
host: every iteration waits for a few numbers from the device.
"""

import math

import torch
from torch.optim import LBFGS, Optimizer

from ..scratch.line_search import strong_wolfe
from ..scratch.optimizer import not_negative, number
from ..scratch.second_order import as_loss, check_conjugate_gradient, check_descent, evaluations

__all__ = ["BFGS", "LBFGS", "ConjugateGradient", "Newton", "strong_wolfe"]


class Descent(Optimizer):
    """What the classes here share: the loop ``x = x + t d``, as in ``scratch.second_order.Descent``.

    A subclass writes :meth:`direction`. State is kept under the first parameter, with the same keys.
    """

    def __init__(self, params, defaults):
        self.check(defaults)
        super().__init__(params, defaults)

    def check(self, options):
        """Raise an error where an option is out of its range. `options` has all of them."""
        check_descent(options)

    def add_param_group(self, param_group):
        """Refuse a second group: the parameters are one vector, with one length of step."""
        if self.param_groups:
            raise ValueError(
                f"params: {type(self).__name__} takes one group, all parameters share their options"
            )
        super().add_param_group(param_group)
        self.check(self.param_groups[0])
        if any(param.is_complex() for param in self.param_groups[0]["params"]):
            raise ValueError("params: expected real parameters, got complex ones")

    def direction(self, grad, state, evaluate):
        """Where to go from the present place, a vector.

        Parameters
        ----------
        grad : Tensor, shape (n,)
            The gradient here.
        state : dict
            What is remembered; ``state["n_iter"]`` is 1 at the first iteration.
        evaluate : callable
            Gives ``(loss, gradient)`` at another place, a vector, and stays there.
        """
        raise NotImplementedError(f"{type(self).__name__}: write direction()")

    def first_length(self, grad, slope, state):
        """The step length to try first."""
        lr = number(self.param_groups[0]["lr"], "lr")
        if state["n_iter"] > 1:
            return lr
        return lr / max(1.0, grad.abs().sum().item())

    def is_stuck(self, slope):
        """Whether the direction leads down too little, or up, to follow it."""
        return slope > -self.param_groups[0]["tolerance_change"]

    @torch.no_grad()
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
        options, state = self.param_groups[0], self.state[self.param_groups[0]["params"][0]]
        for count in ("func_evals", "n_iter"):
            state.setdefault(count, 0)
        closure = torch.enable_grad()(closure)

        def evaluate(place):
            self._go(place)
            state["func_evals"] += 1
            return as_loss(closure()), self._gradient()

        answer = closure()
        state["func_evals"] += 1
        loss, grad, budget = as_loss(answer), self._gradient(), options["max_eval"] - 1
        if _largest(grad) <= options["tolerance_grad"]:
            return answer
        for left in reversed(range(options["max_iter"])):
            state["n_iter"] += 1
            origin, earlier = self._place(), loss
            d = self.direction(grad, state, evaluate)
            slope = torch.dot(grad, d).item()
            t = self.first_length(grad, slope, state)
            state["d"], state["t"], state["prev_flat_grad"], state["prev_loss"] = d, 0.0, grad, loss
            if self.is_stuck(slope):
                break
            if options["line_search_fn"] is not None:
                t, loss, grad, used = self._search(evaluate, origin, d, t, slope, (loss, grad), budget)
                budget -= used
            arrived = torch.add(origin, d, alpha=t) if t else origin
            if options["line_search_fn"] is None and left:
                loss, grad = evaluate(arrived)
                budget -= 1
            else:
                self._go(arrived)
            state["t"] = t
            small = options["tolerance_change"]
            if t == 0 or budget <= 0 or _largest(grad) <= options["tolerance_grad"]:
                break
            if t * _largest(d) <= small or abs(loss - earlier) < small:
                break
        return answer

    def _search(self, evaluate, origin, d, t, slope, here, budget):
        """The line search along d: how far to go, the loss and gradient there, and how many evaluations it took."""
        if not (math.isfinite(here[0]) and -math.inf < slope < 0 < t):
            return 0.0, *here, 0

        def along(t):
            loss, grad = evaluate(torch.add(origin, d, alpha=t))
            return loss, grad, torch.dot(grad, d).item()

        options = self.param_groups[0]
        curvature, loss = number(options["curvature"], "curvature"), here[0]
        return strong_wolfe(
            along,
            t,
            loss,
            slope,
            c1=min(1e-4, curvature / 2),
            c2=curvature,
            max_iter=budget,
            scale=_largest(d),
            gradient=here[1],
        )

    def _place(self):
        """A copy of all parameters as one vector."""
        return torch.cat([param.reshape(-1) for param in self.param_groups[0]["params"]])

    def _gradient(self):
        """A copy of all gradients as one vector, 0 for parameters without."""
        return torch.cat([_gradient(param).reshape(-1) for param in self.param_groups[0]["params"]])

    def _go(self, place):
        """Write a vector into the parameters."""
        params = self.param_groups[0]["params"]
        for param, part in zip(params, place.split([param.numel() for param in params])):
            param.copy_(part.view_as(param))


class BFGS(Descent):
    """BFGS: Newton's method with an inverse Hessian learned from the gradients. See ``scratch.optimizers.BFGS``.

    ``d = -H g``, and with the changes ``s = t d`` of the parameters and y of the gradient and ``ρ = 1 / yᵀs``::

        H = (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ

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
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": evaluations(max_eval, max_iter, 5 / 4),
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "line_search_fn": line_search_fn,
            "curvature": curvature,
        }
        super().__init__(params, defaults)

    def direction(self, grad, state, evaluate):
        if state["n_iter"] > 1:
            self._learn(state["d"] * state["t"], grad - state["prev_flat_grad"], state)
        H = state.get("inverse_hessian")
        return grad.neg() if H is None else -torch.mv(H, grad)

    def _learn(self, s, y, state):
        sy, size = torch.dot(s, y).item(), (s.norm() * y.norm()).item()
        if not sy > torch.finfo(s.dtype).eps * size > 0:
            return
        H, rho = state.get("inverse_hessian"), 1 / sy
        if H is None:
            H = torch.eye(len(s), dtype=s.dtype, device=s.device) * (sy / torch.dot(y, y).item())
        H = H - rho * torch.outer(s, y @ H)  # (I - ρ s yᵀ) H
        state["inverse_hessian"] = H - rho * torch.outer(H @ y, s) + rho * torch.outer(s, s)


class ConjugateGradient(Descent):
    """Nonlinear conjugate gradients. See ``scratch.optimizers.ConjugateGradient``.

    ``d = -g + β d`` with ``β = gᵀg / g'ᵀg'`` ("fletcher-reeves") or ``max(0, gᵀ(g - g') / g'ᵀg')`` ("polak-ribiere").

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), algorithm 5.4, equations 5.44 and 5.45.
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
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": evaluations(max_eval, max_iter, 5 / 2),
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "method": method,
            "restart": restart,
            "curvature": curvature,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def check(self, options):
        super().check(options)
        check_conjugate_gradient(options)

    def direction(self, grad, state, evaluate):
        steepest, age = grad.neg(), state.get("since_restart", 0) + 1
        period = self.param_groups[0]["restart"] or len(grad)
        if state["n_iter"] > 1 and age < period and state["t"] != 0:
            d = torch.add(steepest, state["d"], alpha=self._beta(grad, state["prev_flat_grad"]))
            if torch.dot(d, grad).item() < 0:
                state["since_restart"] = age
                return d
        state["since_restart"] = 0
        return steepest

    def _beta(self, grad, earlier):
        above, below = torch.dot(grad, grad).item(), torch.dot(earlier, earlier).item()
        if self.param_groups[0]["method"] == "polak-ribiere":
            above = max(0.0, torch.dot(grad, grad - earlier).item())
        return above / below if below else 0.0

    def first_length(self, grad, slope, state):
        length = 0.0
        if state["n_iter"] > 1 and self.param_groups[0]["line_search_fn"] is not None:
            length = state["t"] * torch.dot(state["prev_flat_grad"], state["d"]).item() / slope
        return length if 0 < length < math.inf else super().first_length(grad, slope, state)


class Newton(Descent):
    """Newton's method: ``d = -(H + damping I)⁻¹ g`` with the Hessian H. See ``scratch.optimizers.Newton``.

    Without `hessian` H is measured by central differences of the closure's gradient, 2 n evaluations; ``lambda:
    torch.func.hessian(loss)(x)`` gives it exactly where the loss is a function of one vector. Where H has negative
    eigenvalues the method climbs along their eigenvectors, unless `damping` outweighs them.

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), equation 3.30, sections 3.4 and 8.1.
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
        if not (hessian is None or callable(hessian)):
            raise TypeError(f"hessian: expected a function that returns a matrix, or None, got {hessian!r}")
        defaults = {
            "lr": lr,
            "damping": damping,
            "line_search_fn": line_search_fn,
            "max_iter": max_iter,
            "max_eval": evaluations(max_eval, max_iter, 25),
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "curvature": curvature,
        }
        super().__init__(params, defaults)
        self.hessian = hessian

    def check(self, options):
        super().check(options)
        not_negative(options, "damping")

    def direction(self, grad, state, evaluate):
        params = self.param_groups[0]["params"]
        moving = torch.cat([torch.full((param.numel(),), param.grad is not None) for param in params])
        moving = moving.to(grad.device)
        eps = torch.finfo(grad.dtype).eps
        if self.hessian is None:
            matrix, error = self._measure(moving.nonzero()[:, 0], evaluate, eps), eps ** (2 / 3)
        else:
            matrix, error = self._ask(grad)[moving][:, moving], eps * len(grad)
        matrix = matrix.clone()
        matrix.diagonal().add_(number(self.param_groups[0]["damping"], "damping"))
        if not matrix.isfinite().all():
            raise RuntimeError("hessian: has entries that are not finite")
        stretches = torch.linalg.svdvals(matrix)
        if len(stretches) and (stretches[-1] <= error * stretches[0]).item():
            raise RuntimeError("hessian: is singular, a damping above 0 makes it invertible")
        d = torch.zeros_like(grad)
        d[moving] = torch.linalg.solve(matrix, -grad[moving])
        return d

    def _measure(self, places, evaluate, eps):
        """The Hessian with respect to the entries at `places`, by central differences, symmetric."""
        x = self._place()
        rows = []
        for j in places.tolist():
            h = eps ** (1 / 3) * max(1.0, abs(x[j].item()))
            right, left = x.clone(), x.clone()
            right[j], left[j] = x[j] + h, x[j] - h
            rows.append((evaluate(right)[1] - evaluate(left)[1])[places] / (right[j] - left[j]))
        self._go(x)
        matrix = torch.stack(rows) if rows else x.new_zeros(0, 0)
        return (matrix + matrix.T) / 2

    def _ask(self, grad):
        with torch.enable_grad():
            matrix = self.hessian()
        matrix = torch.as_tensor(matrix, dtype=grad.dtype, device=grad.device).detach()
        if matrix.shape != (len(grad), len(grad)):
            raise RuntimeError(f"hessian: expected shape {(len(grad), len(grad))}, got {tuple(matrix.shape)}")
        return matrix

    def first_length(self, grad, slope, state):
        return number(self.param_groups[0]["lr"], "lr")

    def is_stuck(self, slope):
        if self.param_groups[0]["line_search_fn"] is None:
            return False
        if slope > self.param_groups[0]["tolerance_change"]:
            raise RuntimeError(
                "damping: too small for this hessian, which has negative eigenvalues; its Newton direction leads up, "
                "and a line search finds nothing there"
            )
        return super().is_stuck(slope)


def _gradient(param):
    if param.grad is None:
        return torch.zeros_like(param)
    return param.grad.to_dense() if param.grad.is_sparse else param.grad


def _largest(vector):
    return vector.abs().max().item()
