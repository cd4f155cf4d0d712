"""Optimizers: how parameters move along their gradients. Classes and arguments are those of ``torch.optim``."""

import numpy as np

from .optimizer import Optimizer, not_negative

__all__ = ["SGD", "Optimizer"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, Nesterov's variant and weight decay.

    Each step, for a parameter θ with gradient g: ``g = g + weight_decay * θ``; with momentum ``v = momentum * v +
    (1 - dampening) * g`` (v = g at the first step) and then ``g = v``, or ``g + momentum * v`` with Nesterov; finally
    ``θ = θ - lr * g``.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        What to optimize, see :class:`Optimizer`. It is changed in place; what has no gradient stays as it is.
    lr : float
        The learning rate.
    momentum, dampening, weight_decay : float
    nesterov : bool
        Needs momentum and no dampening.
    maximize : bool
        Climb instead of descending.

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
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def check(self, options):
        not_negative(options, "lr", "momentum", "weight_decay")
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise ValueError(
                "nesterov: needs momentum and no dampening, got "
                f"momentum={options['momentum']!r}, dampening={options['dampening']!r}"
            )

    def update(self, theta, grad, state, group):
        if group["maximize"]:
            grad = -grad
        if group["weight_decay"]:
            grad = grad + group["weight_decay"] * theta
        if group["momentum"]:
            velocity = state.get("momentum_buffer")
            if velocity is None:
                velocity = state["momentum_buffer"] = np.array(grad)
            else:
                velocity *= group["momentum"]
                velocity += (1 - group["dampening"]) * grad
            grad = grad + group["momentum"] * velocity if group["nesterov"] else velocity
        theta -= group["lr"] * grad
