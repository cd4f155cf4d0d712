"""The third reader of a network: what its layers cost and see, without computing a single activation.

``networks.lenet5(shapes.nn)`` is the same network as with ``scratch.nn`` or ``pytorch.nn``, read for the shape of each
layer's output, its parameters, its multiply-adds and its receptive field. :func:`layers` returns them as
records, :func:`summary` as a table to look at, and :func:`diagram` draws it.
"""

from . import nn
from .diagrams import Diagram, diagram
from .reading import Layer, layers
from .summaries import Summary, summary

__all__ = ["Diagram", "Layer", "Summary", "diagram", "layers", "nn", "summary"]
