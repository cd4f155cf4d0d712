"""Text has no tensors: functions and transforms are those of ``dlcore.scratch.augmentation``.

Only the generator differs. As everywhere in this package it is a torch.Generator, and without one PyTorch's global one
serves. It draws a seed for the NumPy generator that draws the words.
"""

import numpy as np
import torch

from ..scratch import text_transforms as _scratch
from ..scratch.text_transforms import delete_words, insert_words, replace_words, split_words, swap_words
from .transform import source

__all__ = [
    "RandomDeletion", "RandomInsertion", "RandomSwap", "SynonymReplacement", "delete_words", "insert_words",
    "replace_words", "split_words", "swap_words",
]  # fmt: skip


class _SeededByTorch:
    """The NumPy generator that a torch.Generator stands for; 128 bits are drawn from it each time."""

    def _numbers(self, generator):
        seed = torch.randint(2**32, (4,), generator=generator, device=source(generator, "cpu"))
        return np.random.default_rng(seed.tolist())


class SynonymReplacement(_SeededByTorch, _scratch.SynonymReplacement):
    """Replace some words of each example by one of their synonyms."""


class RandomInsertion(_SeededByTorch, _scratch.RandomInsertion):
    """Put in, somewhere in each example, a synonym of one of its words; several times."""


class RandomSwap(_SeededByTorch, _scratch.RandomSwap):
    """Exchange two words of each example; several times."""


class RandomDeletion(_SeededByTorch, _scratch.RandomDeletion):
    """Leave out each word with probability `p`, but never all."""
