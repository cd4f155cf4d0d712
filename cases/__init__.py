"""The registry: every operator and layer of both backends with the cases that test, publish and time it.

A topic has one file, which bears its name and holds three lists: OPERATORS, LAYERS and TIMED. Adding an operator adds
an entry here and no test code.
"""

from . import (
    activations,
    arithmetic,
    attention,
    combinators,
    convolution,
    deconvolution,
    detection,
    ensembles,
    fully_connected,
    interpolation,
    losses,
    metric_losses,
    mixing,
    normalization,
    pooling,
    recurrent,
    regularization,
)  # fmt: skip

__all__ = ["LAYERS", "OPERATORS", "TIMED", "TOPICS"]

TOPICS = (
    arithmetic, convolution, deconvolution, interpolation, pooling, fully_connected, activations, losses, metric_losses,
    normalization, regularization, mixing, ensembles, recurrent, attention, detection, combinators,
)  # fmt: skip
"""In the order in which the book treats them."""

OPERATORS = [operator for topic in TOPICS for operator in topic.OPERATORS]
LAYERS = [layer for topic in TOPICS for layer in topic.LAYERS]
TIMED = [case for topic in TOPICS for case in topic.TIMED]
