"""Layers that regularize. They draw from a generator of their own, which :func:`reset_parameters` sets."""

import numpy as np

from .. import regularization
from .module import OperatorLayer

__all__ = [
    "AlphaDropout",
    "DropPath",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class _Dropout(OperatorLayer):
    """A random operator that is switched on in training mode only.

    Attributes
    ----------
    generator : numpy.random.Generator
        Where the numbers come from; at first from the operating system's entropy.
    """

    def __init__(self, p=0.5):
        super().__init__()
        regularization.probability(p)
        self.keep(p=p)
        self.generator = np.random.default_rng()

    def reset_parameters(self, generator):
        """Draw from a child of `generator` from now on."""
        self.generator = generator.spawn(1)[0]

    def forward(self, input):
        options = {name: getattr(self, name) for name in self._options}
        return self.operator(input, **options, training=self.training, generator=self.generator)


class Dropout(_Dropout):
    """:func:`dlcore.scratch.dropout` in training mode. Source: ``torch.nn.Dropout``."""

    operator = staticmethod(regularization.dropout)


class Dropout1d(_Dropout):
    """:func:`dlcore.scratch.dropout1d` in training mode. Source: ``torch.nn.Dropout1d``."""

    operator = staticmethod(regularization.dropout1d)


class Dropout2d(_Dropout):
    """:func:`dlcore.scratch.dropout2d` in training mode. Source: ``torch.nn.Dropout2d``."""

    operator = staticmethod(regularization.dropout2d)


class Dropout3d(_Dropout):
    """:func:`dlcore.scratch.dropout3d` in training mode. Source: ``torch.nn.Dropout3d``."""

    operator = staticmethod(regularization.dropout3d)


class AlphaDropout(_Dropout):
    """:func:`dlcore.scratch.alpha_dropout` in training mode. Source: ``torch.nn.AlphaDropout``."""

    operator = staticmethod(regularization.alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """:func:`dlcore.scratch.feature_alpha_dropout` in training mode. Source: ``torch.nn.FeatureAlphaDropout``."""

    operator = staticmethod(regularization.feature_alpha_dropout)


class DropPath(_Dropout):
    """:func:`dlcore.scratch.drop_path` in training mode. Source: ``torchvision.ops.StochasticDepth``."""

    operator = staticmethod(regularization.drop_path)

    def __init__(self, p=0.5, mode="row"):
        super().__init__(p)
        regularization.path_mask_shape((1,), mode)
        self.keep(p=p, mode=mode)
