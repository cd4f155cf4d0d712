"""Reading a network: one record for each layer."""

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from ..scratch.windows import as_tuple
from .nn.module import Module, Signal
from .receptive_field import Span

__all__ = ["Layer", "layers"]


@dataclass(frozen=True)
class Layer:
    """What is known of one layer without computing it.

    Attributes
    ----------
    name : str
        Dotted, as ``state_dict`` begins the names of its parameters; empty if the layer is the whole network.
    kind : str
        The name of its class.
    output_shape : tuple of int
    parameters : int
        0 where the layer has been counted before: one module may stand at several places.
    multiply_adds : int
        Products, each added to a sum, for the whole batch. A product with padding counts, as it is computed; adding
        the bias does not, nor do the comparisons and sums of ReLU and pooling.
    memory : int
        Bytes of its output, for the whole batch; 0 where it hands on the memory of its input, as Flatten does.
    receptive_field, jump, offset : tuple of int (or Fraction)
        One number for each spatial axis of the network's input. The unit at position o of the output sees the input
        from ``offset + o * jump`` on, `receptive_field` positions far, padding included; see :class:`Span`. Behind a
        layer that enlarges, `jump` and `offset` may be fractions, and as units then differ, some see less. Once all
        positions are mixed (flattened, or by a linear layer) it is all that the layers before can reach, in general
        the whole input, and `jump` is 0.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int
    memory: int
    receptive_field: tuple[int, ...]
    jump: tuple[int | Fraction, ...]
    offset: tuple[int | Fraction, ...]


def layers(network, input_shape, dtype="float32"):
    """Read `network` layer by layer, in the order of computation.

    Parameters
    ----------
    network : dlcore.shapes.nn.Module
        Such as ``networks.lenet5(shapes.nn)``.
    input_shape : tuple of int
        With the batch axis, as the network is called: (N, C, H, W) for images, (N, F) for features. Output shapes and
        multiply-adds are those of the whole batch; N = 1 gives those of one image.
    dtype : dtype
        Of the activations, for their memory: a floating-point one of NumPy, or its name.

    Returns
    -------
    list of Layer

    Raises
    ------
    RuntimeError, IndexError
        A layer whose input or options do not fit, named by its place.
    TypeError
        Options of a layer that are of another kind, a layer behind an ``AuxiliaryHeads`` in training mode, whose
        output is a tuple, `network` is spelled in another vocabulary, `input_shape` is not a sequence of ints, or
        `dtype` is not one of floating-point numbers.
    """
    if not isinstance(network, Module):
        raise TypeError(f"network: expected one spelled in dlcore.shapes.nn, got {type(network).__name__}")
    if not isinstance(input_shape, (tuple, list)):
        raise TypeError(f"input_shape: expected a tuple of ints, got {input_shape!r}")
    if len(input_shape) < 2:
        raise RuntimeError(f"input_shape: expected a batch axis and one more at least, got {input_shape!r}")
    shape = as_tuple(input_shape, len(input_shape), "input_shape", 0)
    itemsize = size_of(dtype)
    rows, counted = [], set()

    def record(layer, name, outgoing):
        rows.append(
            Layer(
                name,
                type(layer).__name__,
                outgoing.shape,
                0 if layer in counted else layer.parameters,
                layer.multiply_adds(outgoing.shape),
                prod(outgoing.shape) * itemsize if layer.allocates else 0,
                tuple(span.size for span in outgoing.spans),
                tuple(span.jump for span in outgoing.spans),
                tuple(span.offset for span in outgoing.spans),
            )
        )
        counted.add(layer)

    network.read(Signal(shape, tuple(map(Span, shape[2:]))), "", record)
    return rows


def size_of(dtype):
    """The bytes of a number of this `dtype`."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if dtype is None or found is None or found.kind != "f":  # to NumPy, None is float64
        raise TypeError(f"dtype: expected a floating-point one of NumPy, got {dtype!r}")
    return found.itemsize
