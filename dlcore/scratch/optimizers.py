"""Optimizers: how parameters move along their gradients. Classes and arguments are those of ``torch.optim``.

In the formulas θ is a parameter, g its gradient and t the number of the step, from 1. All operations are elementwise:
each weight moves by itself. Two options are common to all. ``maximize`` climbs, with -g for g. ``weight_decay`` adds
``weight_decay * θ`` to g, the gradient of ``weight_decay / 2 * |θ|²``; where it is decoupled it shrinks θ itself
instead, ``θ = (1 - lr * weight_decay) * θ``, before the step.

:class:`LBFGS`, :class:`BFGS`, :class:`ConjugateGradient` and :class:`Newton` see all parameters as one vector instead,
and have neither option.
"""

import math

import numpy as np

from . import clipping, second_order
from .clipping import *
from .optimizer import Optimizer, flags, not_negative, number, two_fractions
from .second_order import *

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop",
]  # fmt: skip
__all__ += clipping.__all__ + second_order.__all__


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and Nesterov's variant.

    ``θ = θ - lr * g``. With momentum ``v = momentum * v + (1 - dampening) * g``, where v begins as the first g, and v
    takes the place of g; with Nesterov ``g + momentum * v`` does.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        What to optimize, see :class:`Optimizer`. It is changed in place; what has no gradient stays as it is.
    lr : float
        The learning rate. Here as for every option, one that an array or a tensor holds is a number too.
    momentum, dampening, weight_decay : float
    nesterov : bool
        Needs momentum and no dampening.
    maximize : bool

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; a negative rate, momentum or weight decay, Nesterov without momentum or with dampening.

    Source: ``torch.optim.SGD``; Sutskever et al., "On the importance of initialization and momentum in deep
    learning" (2013).
    """

    def __init__(
        self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False
    ):
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "momentum", "weight_decay")
        flags(options, "nesterov", "maximize")
        momentum = number(options["momentum"], "momentum")
        dampening = number(options["dampening"], "dampening")
        if options["nesterov"] and (momentum == 0 or dampening != 0):
            raise ValueError(
                f"nesterov: needs momentum and no dampening, got momentum={momentum}, dampening={dampening}"
            )

    def update(self, theta, grad, state, group):
        g, momentum = _downhill(theta, grad, group), group["momentum"]
        if momentum:
            v = state.get("momentum_buffer")
            if v is None:
                v = state["momentum_buffer"] = np.array(g)
            else:
                v *= momentum
                v += (1 - group["dampening"]) * g
            g = g + momentum * v if group["nesterov"] else v
        theta -= group["lr"] * g


class Adagrad(Optimizer):
    """A rate of its own for each weight, which falls with all that its gradients have been.

    ``s = s + g²`` and ``θ = θ - lr / (1 + (t - 1) * lr_decay) * g / (√s + eps)``.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        See :class:`SGD`.
    lr_decay : float
    initial_accumulator_value : float
        What s begins with. A group may have its own, which PyTorch passes over.
    eps : float

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; a negative option.

    Source: ``torch.optim.Adagrad``; Duchi et al., "Adaptive subgradient methods for online learning and stochastic
    optimization" (2011).
    """

    def __init__(
        self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
        flags(options, "maximize")

    def start(self, theta, group):
        value = number(group["initial_accumulator_value"], "initial_accumulator_value")
        return {"step": 0, "sum": np.full_like(theta, value)}

    def update(self, theta, grad, state, group):
        g, s = _downhill(theta, grad, group), state["sum"]
        t = state["step"] = state["step"] + 1
        s += g * g
        theta -= group["lr"] / (1 + (t - 1) * group["lr_decay"]) * g / (np.sqrt(s) + group["eps"])


class RMSprop(Optimizer):
    """Adagrad that forgets: the gradient is divided by the root of its recent mean square.

    ``v = alpha * v + (1 - alpha) * g²`` and ``θ = θ - lr * g / (√v + eps)``. Centered, ``v - a²`` takes the place of v,
    the variance around the mean ``a = alpha * a + (1 - alpha) * g``; where rounding makes it negative it is 0, NaN in
    PyTorch. With momentum ``b = momentum * b + g / (√v + eps)`` and ``θ = θ - lr * b``.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        See :class:`SGD`.
    alpha, eps, momentum : float
    centered : bool

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; a negative option.

    Source: ``torch.optim.RMSprop``; Tieleman and Hinton, "Lecture 6.5: RMSProp", Coursera (2012); centered: Graves,
    "Generating sequences with recurrent neural networks" (2013).
    """

    def __init__(
        self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "alpha", "eps", "weight_decay", "momentum")
        flags(options, "centered", "maximize")

    def start(self, theta, group):
        return _zeros(theta, "square_avg")

    def update(self, theta, grad, state, group):
        g, v, alpha = _downhill(theta, grad, group), state["square_avg"], group["alpha"]
        state["step"] += 1
        _average(v, alpha, g * g)
        if group["centered"]:
            a = _kept(state, "grad_avg", theta)
            _average(a, alpha, g)
            v = np.maximum(v - a * a, 0)
        g = g / (np.sqrt(v) + group["eps"])
        if group["momentum"]:
            b = _kept(state, "momentum_buffer", theta)
            b *= group["momentum"]
            b += g
            g = b
        theta -= group["lr"] * g


class Adadelta(Optimizer):
    """RMSprop whose rate is the size of its own recent steps, so that the units fit.

    ``v = rho * v + (1 - rho) * g²``, ``d = √(u + eps) / √(v + eps) * g``, ``u = rho * u + (1 - rho) * d²`` and
    ``θ = θ - lr * d``.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        See :class:`SGD`. The paper has no rate: lr is 1.
    rho : float
        From 0 to 1.
    eps : float

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; a negative option, rho above 1.

    Source: ``torch.optim.Adadelta``; Zeiler, "ADADELTA: an adaptive learning rate method" (2012), algorithm 1.
    """

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, *, maximize=False):
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "rho", "eps", "weight_decay")
        flags(options, "maximize")
        if number(options["rho"], "rho") > 1:
            raise ValueError(f"rho: expected a number from 0 to 1, got {options['rho']!r}")

    def start(self, theta, group):
        return _zeros(theta, "square_avg", "acc_delta")

    def update(self, theta, grad, state, group):
        g, rho, eps = _downhill(theta, grad, group), group["rho"], group["eps"]
        v, u = state["square_avg"], state["acc_delta"]
        state["step"] += 1
        _average(v, rho, g * g)
        d = np.sqrt((u + eps) / (v + eps)) * g
        _average(u, rho, d * d)
        theta -= group["lr"] * d


class Adam(Optimizer):
    """Momentum and RMSprop together, both corrected for their beginning at 0.

    ``m = β1 * m + (1 - β1) * g``, ``v = β2 * v + (1 - β2) * g²``, ``m̂ = m / (1 - β1^t)``, ``v̂ = v / (1 - β2^t)`` and
    ``θ = θ - lr * m̂ / (√v̂ + eps)``. AMSGrad puts the largest v so far into v̂.

    Parameters
    ----------
    params, lr, weight_decay, maximize
        See :class:`SGD`.
    betas : tuple of two floats
        β1 and β2, from 0 to below 1.
    eps : float
    amsgrad : bool
    decoupled_weight_decay : bool
        Shrink the parameters themselves: :class:`AdamW`.

    Raises
    ------
    ValueError, TypeError
        See :class:`Optimizer`; a negative option, betas outside of [0, 1).

    Source: ``torch.optim.Adam``; Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1;
    AMSGrad: Reddi et al., "On the convergence of Adam and beyond" (2018), algorithm 2.
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, maximize=False,
        decoupled_weight_decay=False,
    ):  # fmt: skip
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "eps", "weight_decay")
        two_fractions(options, "betas")
        flags(options, "amsgrad", "maximize", "decoupled_weight_decay")

    def start(self, theta, group):
        return _zeros(theta, "exp_avg", "exp_avg_sq")

    def update(self, theta, grad, state, group):
        g, (beta1, beta2) = _downhill(theta, grad, group), group["betas"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        t = state["step"] = state["step"] + 1
        _average(m, beta1, g)
        _average(v, beta2, g * g)
        if group["amsgrad"]:
            largest = _kept(state, "max_exp_avg_sq", theta)
            v = np.maximum(largest, v, out=largest)
        theta -= group["lr"] / (1 - beta1**t) * m / _root(v, 1 - beta2**t, group["eps"])


class AdamW(Adam):
    """:class:`Adam` with decoupled weight decay, which shrinks all weights alike, whatever their gradients were.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, maximize
        See :class:`Adam`.

    Raises
    ------
    ValueError, TypeError
        See :class:`Adam`.

    Source: ``torch.optim.AdamW``; Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2,
    where the decay is multiplied by the schedule's factor alone, not by the rate.
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, maximize=False
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True
        )

    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        for group in self.param_groups:  # also where it was saved by Adam
            group["decoupled_weight_decay"] = True


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of their mean square.

    ``m = β1 * m + (1 - β1) * g``, ``u = max(β2 * u, |g| + eps)`` and ``θ = θ - lr / (1 - β1^t) * m / u``.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, maximize
        See :class:`Adam`.

    Raises
    ------
    ValueError, TypeError
        See :class:`Adam`.

    Source: ``torch.optim.Adamax``; Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 2,
    which has no eps.
    """

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, *, maximize=False
    ):  # fmt: skip
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "eps", "weight_decay")
        two_fractions(options, "betas")
        flags(options, "maximize")

    def start(self, theta, group):
        return _zeros(theta, "exp_avg", "exp_inf")

    def update(self, theta, grad, state, group):
        g, (beta1, beta2) = _downhill(theta, grad, group), group["betas"]
        m, u = state["exp_avg"], state["exp_inf"]
        t = state["step"] = state["step"] + 1
        _average(m, beta1, g)
        u *= beta2
        np.maximum(u, np.abs(g) + group["eps"], out=u)
        theta -= group["lr"] / (1 - beta1**t) * m / u


class NAdam(Optimizer):
    """Adam with Nesterov's momentum: the step looks ahead to the next m.

    m, v and v̂ as in :class:`Adam`. The momentum rises from about β1 / 2 to β1 as
    ``μ(t) = β1 * (1 - 0.96^(t * momentum_decay) / 2)``; Π is the product of μ(1) to μ(t). Then ::

        d = (1 - μ(t)) / (1 - Π) * g + μ(t + 1) / (1 - Π * μ(t + 1)) * m
        θ = θ - lr * d / (√v̂ + eps)

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, decoupled_weight_decay, maximize
        See :class:`Adam`.
    momentum_decay : float

    Raises
    ------
    ValueError, TypeError
        See :class:`Adam`.

    Source: ``torch.optim.NAdam``; Dozat, "Incorporating Nesterov momentum into Adam" (2016).
    """

    def __init__(
        self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3,
        decoupled_weight_decay=False, *, maximize=False,
    ):  # fmt: skip
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "eps", "weight_decay", "momentum_decay")
        two_fractions(options, "betas")
        flags(options, "decoupled_weight_decay", "maximize")

    def start(self, theta, group):
        # The product is in single precision whatever the parameter is, as PyTorch's is.
        return {**_zeros(theta, "exp_avg", "exp_avg_sq"), "mu_product": np.ones((), np.float32)}

    def update(self, theta, grad, state, group):
        g, (beta1, beta2) = _downhill(theta, grad, group), group["betas"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        t = state["step"] = state["step"] + 1
        mu, mu_next = (beta1 * (1 - 0.96 ** (n * group["momentum_decay"]) / 2) for n in (t, t + 1))
        state["mu_product"] *= mu
        product = state["mu_product"].item()
        _average(m, beta1, g)
        _average(v, beta2, g * g)
        d = (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * m
        theta -= group["lr"] * d / _root(v, 1 - beta2**t, group["eps"])


class RAdam(Optimizer):
    """Adam that divides by √v̂ only once enough gradients have been seen for v to mean something.

    m̂ and v as in :class:`Adam`. v is the mean of about ``ρ = ρ∞ - 2 t β2^t / (1 - β2^t)`` gradients, in the long run of
    ``ρ∞ = 2 / (1 - β2) - 1``. As long as ρ is at most 5 (4 in the paper), ``θ = θ - lr * m̂``. After that ::

        r = √((ρ - 4) (ρ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρ))
        θ = θ - lr * r * m̂ * √(1 - β2^t) / (√v + eps)

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, decoupled_weight_decay, maximize
        See :class:`Adam`.

    Raises
    ------
    ValueError, TypeError
        See :class:`Adam`.

    Source: ``torch.optim.RAdam``; Liu et al., "On the variance of the adaptive learning rate and beyond" (2020),
    algorithm 2.
    """

    def __init__(
        self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled_weight_decay=False, *,
        maximize=False,
    ):  # fmt: skip
        super().__init__(params, _options(locals()))

    def check(self, options):
        not_negative(options, "lr", "eps", "weight_decay")
        two_fractions(options, "betas")
        flags(options, "decoupled_weight_decay", "maximize")

    def start(self, theta, group):
        return _zeros(theta, "exp_avg", "exp_avg_sq")

    def update(self, theta, grad, state, group):
        g, (beta1, beta2) = _downhill(theta, grad, group), group["betas"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        t = state["step"] = state["step"] + 1
        _average(m, beta1, g)
        _average(v, beta2, g * g)
        rate, correction = group["lr"] / (1 - beta1**t), 1 - beta2**t
        most = 2 / (1 - beta2) - 1
        rho = most - 2 * t * beta2**t / correction
        if rho <= 5:
            theta -= rate * m
        else:
            r = math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
            theta -= rate * r * math.sqrt(correction) * m / (np.sqrt(v) + group["eps"])


def _options(arguments):
    """The options among a constructor's arguments, its ``locals()``."""
    return {name: value for name, value in arguments.items() if name not in {"self", "params", "__class__"}}


def _downhill(theta, grad, group):
    """The gradient g that the formulas have: of what is minimized, with weight decay in it or already done."""
    if group["maximize"]:
        grad = -grad
    if not group["weight_decay"]:
        return grad
    if group.get("decoupled_weight_decay"):
        theta *= 1 - group["lr"] * group["weight_decay"]
        return grad
    return grad + group["weight_decay"] * theta


def _zeros(theta, *names):
    """The state before the first step: these arrays of zeros, like theta."""
    return {"step": 0, **{name: np.zeros_like(theta) for name in names}}


def _kept(state, name, theta):
    """What the state has under this name; zeros at first, as the option may have been switched on at any step."""
    if name not in state:
        state[name] = np.zeros_like(theta)
    return state[name]


def _average(average, beta, value):
    """Update a running average in place: ``average = beta * average + (1 - beta) * value``."""
    average *= beta
    average += (1 - beta) * value


def _root(v, correction, eps):
    """``√v̂ + eps`` with ``v̂ = v / correction``."""
    root = np.sqrt(v)
    root /= math.sqrt(correction)
    root += eps
    return root
