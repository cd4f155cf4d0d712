"""Exercises on convolution: what is right, and what typical mistakes look like."""

import numpy as np

from dlcore import scratch
from dlcore.exercises.exercise import case, exercise

__all__ = ["full_mode"]


def _pairs_of_sequences(generator):
    yield case("the sequences of exercise 1", np.array([1.0, 0, 2, 1]), np.array([1.0, 3, 2]))
    yield case("one number each", np.array([2.0]), np.array([5.0]))
    for n, k in [(5, 2), (4, 4), (2, 5), (7, 3)]:
        drawn = (generator.integers(-3, 4, size).astype(float) for size in (n, k))
        yield case(f"{n} and {k} random numbers", *drawn)


@exercise(
    "full_mode",
    cases=_pairs_of_sequences,
    hints=(
        "How many places are there where the two sequences touch?",
        "Write zeros before and after x, so that the window may stick out on both sides.",
        "With x[i - u] w[u] the index of x falls while that of w rises.",
    ),
)
def full_mode(x, w):
    """Convolve two sequences in full mode: every place where they touch."""
    return scratch.convolve(x, w, "full")


@full_mode.mistake(
    "kernel not flipped",
    "Your sums are those of the cross-correlation. While one index rises, where must the other one go?",
)
def _(x, w):
    return scratch.convolve(x, w[::-1], "full")


@full_mode.mistake(
    "valid in place of full", "Your result has only the places where the whole kernel lies on x."
)
def _(x, w):
    return np.convolve(x, w, "valid")


@full_mode.mistake("same in place of full", "Your result is as long as x. How many places are there in all?")
def _(x, w):
    return np.convolve(x, w, "full")[(len(w) - 1) // 2 :][: len(x)]


@full_mode.mistake("padding off by one", "One place at the end of your result is missing.")
def _(x, w):
    return np.convolve(x, w, "full")[:-1]
