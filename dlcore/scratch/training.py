"""How :mod:`dlcore.training` computes with NumPy."""

import contextlib
import json

import numpy as np

from .clipping import clip_grads_with_norm_, get_total_norm
from .tensor import Tensor, no_grad

__all__ = ["Engine"]


class Engine:
    """Answers what the training loop asks of a backend.

    Attributes
    ----------
    is_first : bool
        Whether this process writes checkpoints and shows progress: always, as there is one.
    skips_infinite_gradients : bool
        Whether a step with an infinite gradient is passed over: never.
    """

    is_first, skips_infinite_gradients = True, False
    no_grad, precision = staticmethod(no_grad), contextlib.nullcontext

    def place(self, network):
        """Bring the network to where the engine computes."""

    def prepare(self, network):
        """What to call in place of the network."""
        return network

    def arrays(self, data):
        """Inputs and targets as arrays, of which :meth:`tensors` takes a part."""
        return tuple(np.asarray(array) for array in data)

    def tensors(self, data, rows):
        """A copy of the examples `rows`, an array of indices, of inputs and targets."""
        return tuple(array[rows] for array in data)

    def array(self, tensor):
        """A tensor's values."""
        return tensor.data if isinstance(tensor, Tensor) else tensor

    def generator(self, seed, step):
        """A generator for what is drawn in a step."""
        return np.random.default_rng([seed, 1, step])

    def share(self, inputs, targets):
        """This process's part of a minibatch and its weight in the mean: everything, 1."""
        return inputs, targets, 1

    def mean(self, number):
        """The mean over the processes."""
        return number

    def agree(self, network):
        """Let all processes have the same running averages: there is one."""

    def backward(self, loss):
        """Compute the gradients."""
        loss.backward()

    def clip(self, optimizer, parameters, max_norm):
        """The norm of all gradients together, which are then scaled down to `max_norm` where it is larger."""
        norm = get_total_norm([param.grad for param in parameters if param.grad is not None])
        if max_norm is not None:
            clip_grads_with_norm_(parameters, max_norm, norm)
        return float(norm)

    def step(self, optimizer, closure):
        """Have the optimizer take a step."""
        optimizer.step(closure)

    def state_dict(self, network):
        """The state of the layers' generators of random numbers."""
        return [generator.bit_generator.state for generator in generators_of(network, np.random.Generator)]

    def load_state_dict(self, network, state_dict):
        """Continue their sequences."""
        for generator, state in zip(generators_of(network, np.random.Generator), state_dict, strict=True):
            generator.bit_generator.state = state

    def restore(self, part, state_dict):
        """Have a network, an optimizer or another part of a run continue from a state."""
        part.load_state_dict(state_dict)

    def save(self, file, state):
        """Write nested dicts and lists of numbers, strings and arrays: one .npz, without pickle."""
        arrays = []
        text = json.dumps(_without_arrays(state, arrays))
        np.savez(file, json=text, **{str(place): array for place, array in enumerate(arrays)})

    def load(self, file):
        """Read what :meth:`save` wrote."""
        with np.load(file) as archive:
            return _with_arrays(json.loads(archive["json"].item()), archive)


def generators_of(network, kind):
    """The generators of class `kind` that the layers hold; one that several share comes several times."""
    found = (value for module in network.modules() for value in vars(module).values())
    return [value for value in found if isinstance(value, kind)]


def _without_arrays(value, arrays):
    """`value` as JSON can hold it. Arrays go into the list; dicts become pairs, because their keys may be numbers."""
    if isinstance(value, Tensor):  # such as a rate that was given as one
        value = value.data
    if isinstance(value, (np.ndarray, np.generic)):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, dict):
        return {"dict": [[key, _without_arrays(item, arrays)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_without_arrays(item, arrays) for item in value]}
    return value


def _with_arrays(value, arrays):
    """The inverse of :func:`_without_arrays`."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return arrays[str(content)]
    if kind == "dict":
        return {key: _with_arrays(item, arrays) for key, item in content}
    return {"list": list, "tuple": tuple}[kind](_with_arrays(item, arrays) for item in content)
