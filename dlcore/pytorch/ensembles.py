"""Ensembles: several networks whose predictions, or whose weights, are averaged. Any device."""

import numpy as np
import torch

from ..scratch import ensembles as shared
from ..scratch.ensembles import check_predictions, check_weights, examples, same_names
from ..scratch.transform import real_array
from .transform import precise, source

__all__ = ["Ensemble", "Snapshots", "average_predictions", "average_weights", "bootstrap"]


def average_predictions(predictions, weights=None):
    """The mean of the members' predictions: ``sum over m of weights_m * predictions_m / sum over m of weights_m``.

    Arguments, result and errors are those of ``dlcore.scratch.average_predictions``.
    """
    several = isinstance(predictions, (list, tuple))
    members = [torch.as_tensor(item) for item in predictions] if several else torch.as_tensor(predictions)
    check_predictions(members)
    members = torch.stack(members) if several else members
    if weights is None:
        return members.mean(0)
    if not isinstance(weights, torch.Tensor):
        weights = torch.as_tensor(real_array(weights, "weights")).to(members.device, precise(members.device))
    check_weights(weights, len(members))
    weights = weights if weights.is_floating_point() else weights.to(precise(weights.device))
    shares = (weights / weights.sum()).to(members.dtype)
    return (shares.reshape(-1, *[1] * (members.ndim - 1)) * members).sum(0)


class Ensemble(shared.Ensemble):
    """Several networks as one: the mean of their probabilities. See ``dlcore.scratch.Ensemble``."""

    _average, _softmax = staticmethod(average_predictions), staticmethod(torch.softmax)

    def to(self, *arguments, **options):
        """Bring the members that are networks to a device or dtype, by their ``to``; returns the ensemble."""
        for member in self.members:
            if isinstance(member, torch.nn.Module):
                member.to(*arguments, **options)
        return self


def bootstrap(*arrays, generator=None):
    """Draw as many examples as there are, each time from all of them: the training set of one member in bagging.

    Arguments, result and errors are those of ``dlcore.scratch.bootstrap``; the arrays are tensors or NumPy's, which come
    back as such. `generator` is a torch.Generator. Without one, numbers come from PyTorch's global generator.
    """
    count, device = examples(arrays, (torch.Tensor, np.ndarray)), source(generator, "cpu")
    drawn = torch.randint(count, (count,), generator=generator, device=device)
    left_out = torch.ones(count, dtype=torch.bool, device=device)
    left_out[drawn] = False
    left_out = left_out.nonzero().squeeze(1)
    if not isinstance(arrays[0], (torch.Tensor, np.ndarray)):
        return drawn, left_out
    return *(array[_beside(array, drawn)] for array in arrays), _beside(arrays[0], left_out)


def _beside(array, numbers):
    """`numbers` as an array of the same library, on the same device."""
    return numbers.cpu().numpy() if isinstance(array, np.ndarray) else numbers.to(array.device)


@torch.no_grad()
def average_weights(state_dicts):
    """The mean of several states of a network, name by name: ``sum over m of state_m / M``.

    Arguments, result and errors are those of ``dlcore.scratch.average_weights``; the values are tensors. For running
    statistics of the averaged network see ``torch.optim.swa_utils.update_bn``.
    """
    states = same_names(state_dicts)
    average = {}
    for name, last in states[-1].items():
        mean = last.detach().clone()
        if mean.is_floating_point() or mean.is_complex():
            total = torch.zeros_like(mean, dtype=torch.promote_types(mean.dtype, torch.float32))
            for state in states:
                total += state[name]
            mean = (total / len(states)).to(mean.dtype)
        average[name] = mean
    return average


class Snapshots(shared.Snapshots):
    """Keep a copy of a network from the end of every cycle of its learning rate. See ``dlcore.scratch.Snapshots``."""

    _ensemble, _average = Ensemble, staticmethod(average_weights)
