"""Ensembles: several networks whose predictions, or whose weights, are averaged."""

import copy
import math
from collections.abc import Mapping

import numpy as np

from .early_stopping import count_from
from .normalization_checks import is_floating
from .probabilities import softmax
from .tensor import Tensor, differentiable
from .transform import real_array
from .windows import as_bool, as_generator, as_int, as_number

__all__ = ["Ensemble", "Snapshots", "average_predictions", "average_weights", "bootstrap"]


@differentiable
def average_predictions(predictions, weights=None):
    """The mean of the members' predictions: ``sum over m of weights_m * predictions_m / sum over m of weights_m``.

    Probabilities stay probabilities, where the weights are not negative.

    Parameters
    ----------
    predictions : array_like or Tensor, shape (M, ...), or sequence of M of them, all of shape (...)
        Floating point. M is at least 1.
    weights : array_like or Tensor, shape (M,), optional
        By default all are equal.

    Returns
    -------
    array or Tensor, shape (...)

    Raises
    ------
    RuntimeError
        No predictions, predictions of different shapes, or that are not floating point; weights of another shape.
    TypeError
        Weights that are not numbers.

    Source: Goodfellow, Bengio and Courville, "Deep learning" (2016), section 7.11; Hansen and Salamon, "Neural network
    ensembles" (1990).
    """
    several = isinstance(predictions, (list, tuple))
    members = [np.asarray(item) for item in predictions] if several else np.asarray(predictions)
    check_predictions(members)
    dtype = np.result_type(*members) if several else members.dtype
    given = np.ones(len(members), dtype) if weights is None else real_array(weights, "weights")
    check_weights(given, len(members))
    total = given.sum()
    shares = (given / total).astype(dtype)
    output = np.zeros(members[0].shape, dtype)
    for share, member in zip(shares, members):
        output += share * member

    def towards_predictions(grad):
        if several:
            return [share * grad for share in shares]
        return np.multiply.outer(shares, grad)

    def towards_weights(grad):
        return np.stack([np.vdot(grad, member - output) for member in members]) / total

    return output, lambda grad: (towards_predictions(grad), lambda: towards_weights(grad))


def check_predictions(members):
    """Refuse what cannot be averaged: the members of either backend, in a list or as one array."""
    if isinstance(members, list):
        shapes = [tuple(member.shape) for member in members]
        if len(set(shapes)) > 1:
            raise RuntimeError(f"predictions: expected one shape, got {shapes}")
    if not (isinstance(members, list) or members.ndim) or not len(members):
        raise RuntimeError("predictions: expected those of at least one member")
    for member in members if isinstance(members, list) else [members]:
        if not is_floating(member):
            raise RuntimeError(f"predictions: expected floating point, got {member.dtype}")


def check_weights(weights, count):
    """Refuse weights, an array of either backend, that are not one number for each member."""
    if tuple(weights.shape) != (count,):
        raise RuntimeError(
            f"weights: expected one for each of {count} members, got shape {tuple(weights.shape)}"
        )


class Ensemble:
    """Several networks as one: the mean of their probabilities.

    :func:`dlcore.training.evaluate` takes it like a network, with a loss of probabilities::

        ensemble = Ensemble(networks)
        found = evaluate(ensemble, lambda output, target: nll_loss(output.log(), target), data)

    Parameters
    ----------
    members : iterable of callables, at least one
        From an input to scores, such as networks. A call leaves their modes as they are: see :meth:`eval`.
    weights : sequence of float, optional
        How much each member counts; finite, not negative, not all 0. By default all count the same.
    softmax : bool
        Whether the members return scores, which softmax makes probabilities. False: they return probabilities (or
        anything else that shall be averaged, such as the values of a regression).
    dim : int
        The axis of the classes.

    Raises
    ------
    ValueError
        No members, weights out of range, another number of them than of members.
    TypeError
        Members that cannot be called, options of another type.

    Source: Goodfellow, Bengio and Courville, "Deep learning" (2016), section 7.11.
    """

    _average, _softmax = staticmethod(average_predictions), staticmethod(softmax)

    def __init__(self, members, weights=None, *, softmax=True, dim=1):
        if not hasattr(members, "__iter__"):
            raise TypeError(f"members: expected several, got {type(members).__name__}")
        self.members, self.weights = list(members), weights
        self.softmax, self.dim = as_bool(softmax, "softmax"), as_int(dim, "dim")
        if not self.members:
            raise ValueError("members: expected at least one, got none")
        for member in self.members:
            if not callable(member):
                raise TypeError(f"members: expected functions or networks, got {type(member).__name__}")
        if weights is not None:
            self.weights = _shares(weights, len(self.members))

    def __call__(self, input):
        """The mean of the members' probabilities for an input: what a member returns, in shape and kind."""
        outputs = [member(input) for member in self.members]
        if self.softmax:
            outputs = [self._softmax(output, self.dim) for output in outputs]
        return self._average(outputs, self.weights)

    def __len__(self):
        return len(self.members)

    def modules(self):
        """Those of all members that are networks."""
        for member in self.members:
            yield from member.modules() if hasattr(member, "modules") else ()

    def eval(self):
        """Put the members that are networks in evaluation mode; returns the ensemble."""
        for member in self.members:
            if hasattr(member, "eval"):
                member.eval()
        return self


def _shares(weights, count):
    """`weights` as so many numbers whose sum can be divided by, or an error."""
    if not hasattr(weights, "__iter__"):
        raise TypeError(f"weights: expected a sequence of numbers, got {weights!r}")
    weights = [float(as_number(weight, "weights")) for weight in weights]
    if len(weights) != count:
        raise ValueError(f"weights: expected {count}, got {len(weights)}")
    if not (all(weight >= 0 for weight in weights) and 0 < sum(weights) < math.inf):
        raise ValueError(f"weights: expected some above 0, none below, a finite sum, got {weights}")
    return weights


def bootstrap(*arrays, generator=None):
    """Draw as many examples as there are, each time from all of them: the training set of one member in bagging.

    An example is left out with probability ``(1 - 1/N)^N``, which tends to 1/e: about 63.2 % of them come, some several
    times.

    Parameters
    ----------
    *arrays : arrays of one length N along their first axis, or one int N
        N stands for the examples' numbers, ``arange(N)``.
    generator : numpy.random.Generator

    Returns
    -------
    tuple of arrays
        Each array drawn from, all alike; at last the numbers of the examples that were left out, ascending, on which
        this member can be evaluated ("out of bag").

    Raises
    ------
    ValueError
        No arrays, no examples, arrays of different lengths.
    TypeError
        Something that is neither an array nor an int, no generator.

    Source: Breiman, "Bagging predictors" (1996).
    """
    count = examples(arrays, np.ndarray)
    drawn = as_generator(generator).integers(count, size=count)
    left_out = np.ones(count, bool)
    left_out[drawn] = False
    if not isinstance(arrays[0], np.ndarray):
        return drawn, np.flatnonzero(left_out)
    return *(array[drawn] for array in arrays), np.flatnonzero(left_out)


def examples(arrays, kind):
    """How many examples the arguments of :func:`bootstrap` stand for; `kind` is the backend's array."""
    if not arrays:
        raise ValueError("arrays: expected at least one, got none")
    if len(arrays) == 1 and not isinstance(arrays[0], kind):
        return count_from(arrays[0], "arrays", 1)
    for array in arrays:
        if not isinstance(array, kind) or not array.ndim:
            raise TypeError(f"arrays: expected arrays of examples or one int, got {type(array).__name__}")
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1 or not lengths[0]:
        raise ValueError(f"arrays: expected one length above 0, got {lengths}")
    return lengths[0]


def average_weights(state_dicts):
    """The mean of several states of a network, name by name: ``sum over m of state_m / M``.

    Floating-point values are averaged; others, such as the number of batches that batch normalization has seen, are
    those of the last state. Averaged running means and variances are not those of the averaged network: let it see the
    training data once more, in training mode.

    Parameters
    ----------
    state_dicts : iterable of dict, at least one
        From ``network.state_dict()`` at several times, each a copy (a state shares memory with its network; see
        :class:`Snapshots`).

    Returns
    -------
    dict of str to array
        New arrays, to be loaded by ``network.load_state_dict``.

    Raises
    ------
    ValueError
        No states, or states that differ in names or shapes.
    TypeError
        States that are not dicts.

    Source: Izmailov et al., "Averaging weights leads to wider optima and better generalization" (2018).
    """
    states = same_names(state_dicts)
    average = {}
    for name in states[-1]:
        values = [
            np.asarray(state[name].data if isinstance(state[name], Tensor) else state[name])
            for state in states
        ]
        mean = values[-1].copy()
        if mean.dtype.kind in "fc":
            total = np.zeros(mean.shape, np.promote_types(mean.dtype, np.float32))  # float16 would overflow
            for value in values:
                total += value
            mean = (total / len(values)).astype(mean.dtype)
        average[name] = mean
    return average


def same_names(state_dicts):
    """The states as a list, or an error where they are not of one kind of network."""
    states = list(state_dicts)
    if not states:
        raise ValueError("state_dicts: expected at least one, got none")
    for state in states:
        if not isinstance(state, Mapping):
            raise TypeError(f"state_dicts: expected dicts, got {type(state).__name__}")
    for state in states:
        if state.keys() != states[0].keys():
            odd = sorted(state.keys() ^ states[0].keys())
            raise ValueError(f"state_dicts: expected the same names in all, but not all have {odd}")
        for name, value in state.items():
            if value.shape != states[0][name].shape:
                shapes = [tuple(value.shape), tuple(states[0][name].shape)]
                raise ValueError(f"state_dicts: expected one shape of {name!r}, got {shapes}")
    return states


class Snapshots:
    """Keep a copy of a network from the end of every cycle of its learning rate, for the price of one training.

    ::

        snapshots = Snapshots(cycle_length=100)
        for step in range(500):
            ...  # at the rate schedules.cosine_restarts(step, lr, T_0=100)
            optimizer.step()
            snapshots.observe(network)
        ensemble = snapshots.ensemble(make_network, last=3)

    :func:`dlcore.training.train` does this with ``snapshots=snapshots`` and
    ``schedule=functools.partial(schedules.cosine_restarts, T_0=100)``.

    Parameters
    ----------
    cycle_length : int, at least 1

    Attributes
    ----------
    step : int
        How often the network was observed.
    states : list of dict
        Its states at the ends of the cycles so far.

    Raises
    ------
    ValueError, TypeError
        A length below 1, or that is no int.

    Source: Huang et al., "Snapshot ensembles: train 1, get M for free" (2017).
    """

    _ensemble, _average = Ensemble, staticmethod(average_weights)

    def __init__(self, cycle_length):
        self.cycle_length = count_from(cycle_length, "cycle_length", 1)
        self.step, self.states = 0, []

    def observe(self, network):
        """To be called after each step; keeps a copy of the state if a cycle ends here, and says whether it does."""
        self.step += 1
        ends = self.step % self.cycle_length == 0
        if ends:
            self.states.append(copy.deepcopy(network.state_dict()))
        return ends

    def ensemble(self, make, last=None, **options):
        """The networks of the ends of the cycles, in evaluation mode, as an :class:`Ensemble`.

        Parameters
        ----------
        make : callable
            Returns a new network of the same kind.
        last : int, optional
            Only so many, the latest. By default all.
        **options
            Of :class:`Ensemble`.

        Raises
        ------
        ValueError
            Fewer cycles than asked for have ended, or none.
        """
        members = []
        for state in self._latest(last):
            member = make()
            member.load_state_dict(state)
            members.append(member)
        return self._ensemble(members, **options).eval()

    def average(self, last=None):
        """One state, the mean of those of the ends of the cycles (of the `last` ones), as :func:`average_weights`."""
        return self._average(self._latest(last))

    def state_dict(self):
        """What was kept so far, for a training that goes on later."""
        return {"step": self.step, "states": list(self.states)}

    def load_state_dict(self, state_dict):
        """Go on from what :meth:`state_dict` returned. Everything is copied.

        Raises
        ------
        ValueError
            Other names than those of :meth:`state_dict`.
        """
        if state_dict.keys() != {"step", "states"}:
            raise ValueError(f"state_dict: expected ['step', 'states'], got {list(state_dict)}")
        vars(self).update(copy.deepcopy(dict(state_dict)))

    def _latest(self, last):
        count = len(self.states) if last is None else count_from(last, "last", 1)
        if not 0 < count <= len(self.states):
            raise ValueError(
                f"last: expected at most the {len(self.states)} cycles that have ended, got {last}"
            )
        return self.states[-count:]
