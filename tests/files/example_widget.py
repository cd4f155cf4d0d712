"""The widget on which CONTRIBUTING.md shows what adding one takes."""

import numpy as np

from dlcore import scratch
from dlcore.widgets.controls import Slider
from dlcore.widgets.scene import axis, line, plot, points, scene, text
from dlcore.widgets.widget import widget

__all__ = ["leaky_relu"]


@widget(
    "What does the leak let through?",
    Slider("slope", "slope left of 0", 0, 1, 0.05, 0.1),
    Slider("x", "input", -3, 3, 0.1, -2, on="curve.x"),
)
def leaky_relu(slope, x):
    """Draw leaky ReLU and its tangent at a point that the pointer drags along the curve."""
    inputs = np.linspace(-3, 3, 121)
    at = scratch.Tensor(np.array([x], dtype=float), requires_grad=True)
    value = scratch.leaky_relu(at, slope)
    value.backward(np.ones(1))  # the tape of the book: nobody derives anything by hand
    (y,), (gradient,) = value.data, at.grad
    curve = plot(
        [
            line(inputs, scratch.leaky_relu(inputs, slope), "leaky ReLU"),
            line(inputs, y + gradient * (inputs - x), "tangent", series=1, dashed=True),
            points([x], [y], "the input", series=2),
        ],
        x=axis("input", limits=(-3, 3)),
        y=axis("output", limits=(-3, 3)),
    )
    sentence = f"At input {x:g} the output is {y:.2f} and {gradient:g} times the gradient goes back."
    return scene(
        {"curve": curve, "sentence": text(sentence)},
        description=f"Leaky ReLU with slope {slope:g} left of 0. {sentence}",
    )
