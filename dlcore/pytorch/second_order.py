"""Second-order optimizers: PyTorch's LBFGS, and with PyTorch's operations what it lacks.

They treat all parameters as one vector, on the device and in the dtype of the parameters. Decisions are made on the
host: every iteration waits for a few numbers from the device.
"""

import math

import torch
from torch.optim import LBFGS, Optimizer

from ..scratch.descent import as_loss, check_descent
from ..scratch.line_search import strong_wolfe
from ..scratch.optimizer import not_negative
from ..scratch.second_order import check_conjugate_gradient
from ..scratch.windows import as_int

__all__ = ["BFGS", "LBFGS", "ConjugateGradient", "Newton", "strong_wolfe"]


class Descent(Optimizer):
    """What the classes here share: the loop ``x = x + t d``, as in ``scratch.descent.Descent``.

    A subclass writes :meth:`direction`. State is kept under the first parameter, with the same keys.
    """

    evaluations = 5 / 4

    def __init__(
        self, params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn, **others
    ):
        defaults = dict(
            lr=lr,
            max_iter=max_iter,
            max_eval=int(as_int(max_iter, "max_iter") * self.evaluations) if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            line_search_fn=line_search_fn,
            **others,
        )
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

    def direction(self, grad, state, options, evaluate):
        """Where to go from here, a vector.

        Parameters
        ----------
        grad : Tensor, shape (n,)
            The gradient here.
        state : dict
            What is remembered; ``state["n_iter"]`` is 1 at the first iteration.
        options : dict
            Those of the group, numbers as Python numbers.
        evaluate : callable
            Goes to another place, a vector, and returns the loss and the gradient there.
        """
        raise NotImplementedError(f"{type(self).__name__}: write direction()")

    def first_length(self, grad, slope, state, options):
        """The step length to try first."""
        if state["n_iter"] > 1:
            return options["lr"]
        return options["lr"] / max(1.0, grad.abs().sum().item())

    def is_stuck(self, slope, options):
        """Whether the direction leads down too little, or up, to follow it."""
        return slope > -options["tolerance_change"]

    @torch.no_grad()
    def step(self, closure):
        """Make up to `max_iter` iterations; returns the loss before them. See ``scratch.descent.Descent.step``."""
        if not callable(closure):
            raise TypeError(f"closure: expected a function that returns the loss, got {closure!r}")
        options, state = self._options(), self.state[self.param_groups[0]["params"][0]]
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
            d = self.direction(grad, state, options, evaluate)
            slope = torch.dot(grad, d).item()
            t = self.first_length(grad, slope, state, options)
            state["d"], state["t"], state["prev_flat_grad"], state["prev_loss"] = d, 0.0, grad, loss
            if self.is_stuck(slope, options):
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

        curvature, loss = self._options()["curvature"], here[0]
        return strong_wolfe(
            along,
            t,
            loss,
            slope,
            c1=min(1e-4, curvature / 2),
            c2=curvature,
            max_iter=max(budget, 0),
            scale=_largest(d),
            gradient=here[1],
        )

    def _options(self):
        """The options, with Python numbers instead of arrays and tensors that hold one."""
        options = {key: value for key, value in self.param_groups[0].items() if key != "params"}
        return {key: value.item() if hasattr(value, "item") else value for key, value in options.items()}

    def _place(self):
        """A copy of all parameters as one vector."""
        return torch.cat([param.reshape(-1) for param in self.param_groups[0]["params"]])

    def _gradient(self):
        """A copy of all gradients as one vector, 0 for parameters without."""
        return torch.cat([_gradient_of(param).reshape(-1) for param in self.param_groups[0]["params"]])

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
        super().__init__(
            params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn,
            curvature=curvature,
        )  # fmt: skip

    def direction(self, grad, state, options, evaluate):
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

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), algorithm 5.4, equation 5.45.
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

    def direction(self, grad, state, options, evaluate):
        steepest, age = grad.neg(), state.get("since_restart", 0) + 1
        period = options["restart"] or len(grad)
        if state["n_iter"] > 1 and age < period and state["t"] != 0:
            beta = _beta(grad, state["prev_flat_grad"], options["method"])
            d = torch.add(steepest, state["d"], alpha=beta)
            if torch.dot(d, grad).item() < 0:
                state["since_restart"] = age
                return d
        state["since_restart"] = 0
        return steepest

    def first_length(self, grad, slope, state, options):
        length = 0.0
        if state["n_iter"] > 1 and options["line_search_fn"] is not None and slope != 0:
            length = state["t"] * torch.dot(state["prev_flat_grad"], state["d"]).item() / slope
        return length if 0 < length < math.inf else super().first_length(grad, slope, state, options)


class Newton(Descent):
    """Newton's method: ``d = -(H + damping I)⁻¹ g`` with the Hessian H. See ``scratch.optimizers.Newton``.

    Without `hessian` H is measured by central differences of the closure's gradient, 2 n evaluations; ``lambda:
    torch.func.hessian(loss)(x)`` gives it exactly where the loss is a function of one vector. Where H has negative
    eigenvalues the method climbs along their eigenvectors, unless `damping` outweighs them.

    Source: Nocedal and Wright, "Numerical Optimization" (2nd edition, 2006), sections 3.3, 3.4 and 8.1.
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
        if not (hessian is None or callable(hessian)):
            raise TypeError(f"hessian: expected a function that returns a matrix, or None, got {hessian!r}")
        self.hessian = hessian
        super().__init__(
            params, lr, max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn,
            damping=damping, curvature=curvature,
        )  # fmt: skip

    def __getstate__(self):
        """What copying and pickling take along; PyTorch's leaves out what it does not know."""
        return {**super().__getstate__(), "hessian": self.hessian}

    def check(self, options):
        super().check(options)
        not_negative(options, "damping")

    def direction(self, grad, state, options, evaluate):
        params = self.param_groups[0]["params"]
        moving = torch.cat([torch.full((param.numel(),), param.grad is not None) for param in params])
        moving = moving.to(grad.device)
        eps = max(torch.finfo(param.dtype).eps for param in params)
        if self.hessian is None:
            matrix, error = self._measure(moving.nonzero()[:, 0], evaluate, eps), eps ** (2 / 3)
        else:
            matrix, error = self._ask(grad)[moving][:, moving], eps * len(grad)
        matrix = matrix.to(torch.promote_types(grad.dtype, torch.float32))  # linalg knows no half precision
        matrix = matrix + options["damping"] * torch.eye(
            len(matrix), dtype=matrix.dtype, device=matrix.device
        )
        if not matrix.isfinite().all():
            raise RuntimeError("hessian: has entries that are not finite")
        stretches = torch.linalg.svdvals(matrix)
        if len(stretches) and (stretches[-1] <= error * stretches[0]).item():
            raise RuntimeError("hessian: is singular, a damping above 0 makes it invertible")
        d = torch.zeros_like(grad)
        d[moving] = torch.linalg.solve(matrix, -grad[moving].to(matrix.dtype)).to(grad.dtype)
        return d

    def _measure(self, places, evaluate, eps):
        """The Hessian with respect to the entries at `places`, by central differences, symmetric."""
        x = self._place()
        rows = []
        for j in places.tolist():
            h = eps ** (1 / 3) * max(1.0, abs(x[j].item()))
            there, grads = [], []
            for offset in (h, -h):
                shifted = x.clone()
                shifted[j] += offset
                grads.append(evaluate(shifted)[1][places])
                there.append(self._place()[j])  # as it is after rounding
            rows.append((grads[0] - grads[1]) / (there[0] - there[1]))
        self._go(x)
        matrix = torch.stack(rows) if rows else x.new_zeros(0, 0)
        return (matrix + matrix.T) / 2

    def _ask(self, grad):
        with torch.enable_grad():
            matrix = self.hessian()
        matrix = torch.as_tensor(matrix).detach()
        if matrix.is_complex() or matrix.shape != (len(grad), len(grad)):
            raise RuntimeError(
                f"hessian: expected shape {(len(grad), len(grad))} and real numbers, "
                f"got {tuple(matrix.shape)} and {matrix.dtype}"
            )
        return matrix.to(grad)

    def first_length(self, grad, slope, state, options):
        return options["lr"]

    def is_stuck(self, slope, options):
        if options["line_search_fn"] is None:
            return False
        if slope > options["tolerance_change"]:
            raise RuntimeError(
                "damping: too small for this hessian, which has negative eigenvalues; its Newton direction leads up, "
                "and a line search finds nothing there"
            )
        return super().is_stuck(slope, options)


def _beta(grad, earlier, method):
    above, below = torch.dot(grad, grad).item(), torch.dot(earlier, earlier).item()
    if method == "polak-ribiere":
        above = max(0.0, torch.dot(grad, grad - earlier).item())
    return above / below if below else 0.0


def _gradient_of(param):
    if param.grad is None:
        return torch.zeros_like(param)
    return param.grad.to_dense() if param.grad.is_sparse else param.grad


def _largest(vector):
    return vector.abs().max().item() if len(vector) else 0.0
