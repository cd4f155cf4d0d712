"""Walk with an optimizer of ``dlcore.scratch`` and PyTorch's side by side, along the same gradients."""

import copy

import numpy as np
import torch

from dlcore import pytorch, scratch

__all__ = ["STEPS", "TOLERANCE", "Walk", "deviation"]

STEPS = 100
TOLERANCE = {"float64": 1e-11, "float32": 1e-4}

SHAPES = ((2, 3), ())


class Walk:
    """The same parameters on both sides, and an optimizer on each.

    The gradients are noise plus the slope of a bowl at the place where PyTorch is, one array for both sides. Each weight
    has its own scale, from 0.01 to 1, so that what stabilizes a division is felt. Now and then a parameter has no
    gradient.

    Parameters
    ----------
    name : str
        The optimizer.
    path : cases.vocabulary.Path
    dtype : type
    device : str
        Where PyTorch computes.
    seed : int

    Attributes
    ----------
    ours, theirs : lists of tensors
    our_optimizer, their_optimizer
        May be exchanged on the way.
    deviation : float
        The largest so far, see :meth:`advance`.
    """

    def __init__(self, name, path, dtype, device="cpu", seed=0):
        self.name, self.path, self.dtype, self.device = name, path, dtype, device
        self.generator = np.random.default_rng(seed)
        self.values = [np.asarray(self.generator.standard_normal(shape), dtype) for shape in SHAPES]
        self.scales = [10 ** self.generator.uniform(-2, 0, shape) for shape in SHAPES]
        self.ours = [scratch.tensor(array, requires_grad=True) for array in self.values]
        self.theirs = [torch.tensor(array, device=device, requires_grad=True) for array in self.values]
        self.largest = [np.abs(array).max() for array in self.values]
        self.steps, self.deviation = 0, 0.0
        self.our_optimizer, self.their_optimizer = self.make()

    def make(self):
        """A pair of new optimizers of these parameters."""
        return [
            getattr(backend.optimizers, self.name)(
                _grouped(tensors, self.path.groups), **copy.deepcopy(self.path.options)
            )
            for backend, tensors in ((scratch, self.ours), (pytorch, self.theirs))
        ]

    def advance(self, steps=STEPS):
        """Go on, and return the largest deviation so far.

        It is that of an element, divided by the largest value that its parameter has had on the way.
        """
        ours, theirs = [], []
        for _ in range(steps):
            self._change_options()
            self._set_gradients()
            self.our_optimizer.step()
            self.their_optimizer.step()
            self.steps += 1
            self.values = [tensor.detach().cpu().numpy().copy() for tensor in self.theirs]
            ours.append([tensor.data.copy() for tensor in self.ours])
            theirs.append(self.values)
        for place, (our, their) in enumerate(zip(zip(*ours), zip(*theirs))):
            self._compare(place, np.reshape(our, (steps, -1)), np.reshape(their, (steps, -1)))
        return self.deviation

    def _change_options(self):
        for optimizer in (self.our_optimizer, self.their_optimizer):
            for group in optimizer.param_groups:
                group.update(self.path.changes.get(self.steps, {}))

    def _set_gradients(self):
        for place, (our, their, value) in enumerate(zip(self.ours, self.theirs, self.values)):
            noise = self.generator.standard_normal(value.shape)
            gradient = np.asarray(self.scales[place] * (noise + 0.5 * value), self.dtype)
            missing = place == self.steps % 4
            our.grad = None if missing else gradient
            their.grad = None if missing else torch.tensor(gradient, device=self.device)

    def _compare(self, place, our, their):
        """Compare a parameter at each step; arrays of shape (steps, elements)."""
        largest = np.maximum.accumulate([self.largest[place], *np.abs(their).max(axis=1)])
        error = (np.abs(our - their).max(axis=1) / largest[1:]).max()
        self.largest[place] = largest[-1]
        # The deviation from NaN, and to NaN, is without bound: no path leads there.
        self.deviation = max(self.deviation, float(error) if np.isfinite(error) else np.inf)


def deviation(name, path, dtype, device="cpu", seed=0):
    """How far both sides are apart on this path at most, over all steps."""
    return Walk(name, path, dtype, device, seed).advance()


def _grouped(tensors, groups):
    if not groups:
        return tensors
    return [{"params": tensors[place :: len(groups)], **group} for place, group in enumerate(groups)]
