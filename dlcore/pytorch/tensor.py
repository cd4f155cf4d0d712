"""The tape: PyTorch's own, and the way to put a formula of one's own on it."""

import functools
import inspect

import torch
from torch import Tensor, is_grad_enabled, no_grad, tensor
from torch.autograd.function import once_differentiable

__all__ = ["Tensor", "differentiable", "is_grad_enabled", "no_grad", "tensor"]


def differentiable(function):
    """Make an operator of a function that returns ``(output, pullback)``, as ``scratch.differentiable`` does.

    `function` computes with PyTorch's operations and states its own gradient, which autograd then uses instead of
    recording what `function` did. Tensors may stand anywhere among the arguments, lists of tensors included.

    ``pullback(gradient)`` returns the gradients for the first parameters of `function`, in their order: a tensor of
    the input's shape, ``None`` for a parameter without gradient, a list for a parameter that is a list, or a
    function of no arguments that computes the gradient, called only when somebody needs it. It must not write
    into `gradient`. An operator with several outputs returns them as a tuple; its pullback then takes a
    gradient for each.

    The operator can be differentiated once: the pullback itself is not recorded. What the pullback closes over must
    not be changed in place before it has run; PyTorch cannot notice that here.

    Raises
    ------
    RuntimeError
        In ``backward``: a gradient whose shape is not its input's, or a gradient of a gradient.
    """
    position = {name: place for place, name in enumerate(inspect.signature(function).parameters)}

    @functools.wraps(function)
    def operator(*args, **kwargs):
        found = list(_tensors(enumerate(args)))
        found += _tensors((position.get(name), value) for name, value in kwargs.items())
        if not (torch.is_grad_enabled() and any(item.requires_grad for item, _ in found)):
            return function(*args, **kwargs)[0]

        def call(*tensors):
            supply = iter(tensors)
            filled = [_replace(value, supply) for value in args]
            return function(*filled, **{name: _replace(value, supply) for name, value in kwargs.items()})

        places = [place for _, place in found]
        return _Operator.apply(function.__name__, call, places, *(item for item, _ in found))

    return operator


class _Operator(torch.autograd.Function):
    """One call of an operator on PyTorch's tape."""

    @staticmethod
    def forward(ctx, name, call, places, *tensors):
        output, ctx.pullback = call(*tensors)
        ctx.name, ctx.places, ctx.shapes = name, places, [item.shape for item in tensors]
        kind = tensors[0].device.type
        ctx.autocast = kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind)
        # The pullback may hold the output. A second handle on the same values keeps it from holding itself alive.
        handles = [item.detach() for item in (output if isinstance(output, tuple) else (output,))]
        if not all(item.is_floating_point() for item in handles):
            ctx.mark_non_differentiable(*(item for item in handles if not item.is_floating_point()))
        return tuple(handles) if isinstance(output, tuple) else handles[0]

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        kind, dtype, enabled = ctx.autocast
        with torch.autocast(kind, dtype, enabled):
            results = ctx.pullback(*gradients)
            results = results if isinstance(results, tuple) else (results,)
            answers = []
            for place, shape, needed in zip(ctx.places, ctx.shapes, ctx.needs_input_grad[3:]):
                result = None
                if needed:
                    result = results[place] if isinstance(place, int) else results[place[0]][place[1]]
                    result = result() if callable(result) else result
                if result is not None and result.shape != shape:
                    raise RuntimeError(
                        f"{ctx.name}: its pullback returned a gradient of shape {tuple(result.shape)} "
                        f"for an input of shape {tuple(shape)}"
                    )
                answers.append(result)
        return None, None, None, *answers


def _tensors(arguments):
    """The tensors among (place, argument) pairs, each with the place of its gradient in the pullback's answer."""
    for place, argument in arguments:
        if isinstance(argument, Tensor):
            yield argument, place
        elif isinstance(argument, (list, tuple)):
            yield from (
                (item, (place, index)) for index, item in enumerate(argument) if isinstance(item, Tensor)
            )


def _replace(argument, supply):
    """`argument` with each tensor in it replaced by the next of `supply`."""
    if isinstance(argument, Tensor):
        return next(supply)
    if isinstance(argument, (list, tuple)) and any(isinstance(item, Tensor) for item in argument):
        return [_replace(item, supply) for item in argument]
    return argument
