"""Optimizers: how parameters move along their gradients. Classes and arguments are those of ``torch.optim``."""

import numpy as np

from .tensor import Tensor

__all__ = ["SGD"]


class SGD:
    """Stochastic gradient descent, with momentum, Nesterov's variant and weight decay.

    Each step, for a parameter θ with gradient g: ``g = g + weight_decay * θ``; with momentum ``v = momentum * v +
    (1 - dampening) * g`` (v = g at the first step) and then ``g = v``, or ``g + momentum * v`` with Nesterov; finally
    ``θ = θ - lr * g``.

    Parameters
    ----------
    params : iterable of Tensor
        What to optimize. They are changed in place; those without a gradient, as frozen ones, stay as they are.
    lr : float
        The learning rate.
    momentum, dampening, weight_decay : float
    nesterov : bool
        Needs momentum and no dampening.
    maximize : bool
        Climb instead of descending.

    Raises
    ------
    ValueError
        No parameters, one that an operator made or that comes twice, a negative rate, momentum or weight decay,
        Nesterov without momentum or with dampening.
    TypeError
        Parameters that are not tensors, or a single tensor.

    Source: ``torch.optim.SGD``; Sutskever et al., "On the importance of initialization and momentum in deep
    learning" (2013).
    """

    def __init__(
        self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False
    ):
        for name, value in (("lr", lr), ("momentum", momentum), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name}: must not be negative, got {value!r}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"nesterov: needs momentum and no dampening, got momentum={momentum!r}, dampening={dampening!r}"
            )
        if isinstance(params, Tensor):
            raise TypeError("params: expected several tensors, such as module.parameters(), got one")
        self.params = list(params)
        if not self.params:
            raise ValueError("params: got no parameters")
        for param in self.params:
            if not isinstance(param, Tensor):
                raise TypeError(f"params: expected tensors, got {type(param).__name__}")
            if not param.is_leaf:
                raise ValueError("params: expected leaves, got a tensor that an operator made")
        if len(set(map(id, self.params))) < len(self.params):
            raise ValueError("params: the same tensor stands there twice, and would move twice as far")
        self.lr, self.momentum, self.dampening = lr, momentum, dampening
        self.weight_decay, self.nesterov, self.maximize = weight_decay, nesterov, maximize
        self.velocity = [None] * len(self.params)

    def zero_grad(self):
        """Forget the gradients."""
        for param in self.params:
            param.grad = None

    def step(self):
        """Move every parameter that has a gradient."""
        for place, param in enumerate(self.params):
            if param.grad is None:
                continue
            grad = -param.grad if self.maximize else param.grad
            if self.weight_decay:
                grad = grad + self.weight_decay * param.data
            if self.momentum:
                velocity = self.velocity[place]
                if velocity is None:
                    velocity = self.velocity[place] = np.array(grad)
                else:
                    velocity *= self.momentum
                    velocity += (1 - self.dampening) * grad
                grad = grad + self.momentum * velocity if self.nesterov else velocity
            param.data -= self.lr * grad
