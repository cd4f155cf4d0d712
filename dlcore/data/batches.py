"""Divide arrays into a training and a test part, and into minibatches."""

import numpy as np

from dlcore.data._checks import random_generator, whole_number


def train_test_split(*arrays, test_fraction=0.25, generator, stratify=None):
    """Divide arrays at random, all alike, into a training and a test part.

    Parameters
    ----------
    *arrays : ndarrays of one length N along their first axis
    test_fraction : float in (0, 1), default 0.25
        The test part has ``round(test_fraction * N)`` examples.
    generator : numpy.random.Generator
    stratify : array (N,), optional
        Labels. If given, each part has every class in its overall proportion, to within one example a class.

    Returns
    -------
    parts : tuple of 2 * len(arrays) ndarrays
        ``train, test`` of the first array, then of the second, and so on: copies, in shuffled order.

    Raises
    ------
    ValueError
        No arrays; arrays of unequal lengths; a fraction outside (0, 1) or one that leaves a part empty.
    TypeError
        An argument that is no array, or no Generator.
    """
    length = _common_length(arrays)
    random_generator(generator)
    if not isinstance(test_fraction, (float, np.floating)) or not 0 < test_fraction < 1:
        raise ValueError(
            f"test_fraction must be a float between 0 and 1, both excluded; got {test_fraction!r}"
        )
    test_count = round(test_fraction * length)
    if not 0 < test_count < length:
        raise ValueError(
            f"test_fraction={test_fraction} of {length} examples leaves {length - test_count} for training "
            f"and {test_count} for the test; both parts need at least one"
        )

    order = generator.permutation(length)
    if stratify is None:
        in_test = np.arange(length) < test_count
    else:
        stratify = np.asarray(stratify)
        if stratify.shape != (length,):
            raise ValueError(
                f"stratify must have shape ({length},), a label an example; got {stratify.shape}"
            )
        # Shuffled within each class, then class after class: taking every (N / test_count)-th gives each
        # class its share, and exactly test_count in all.
        order = order[np.argsort(stratify[order], kind="stable")]
        in_test = np.diff(np.arange(length + 1) * test_count // length).astype(bool)
    train, test = (generator.permutation(part) for part in (order[~in_test], order[in_test]))
    return tuple(array[part] for array in arrays for part in (train, test))


def minibatches(*arrays, batch_size, generator=None, drop_last=False):
    """Go through arrays once, in minibatches: one epoch.

    Parameters
    ----------
    *arrays : ndarrays of one length N along their first axis
    batch_size : int, at least 1
    generator : numpy.random.Generator, optional
        If given, the order is a new random permutation; without it, the order is that of the arrays and the
        minibatches are views.
    drop_last : bool, default False
        Leave out the last minibatch if it is smaller than `batch_size`.

    Returns
    -------
    iterator of tuples of ndarrays
        A tuple of ``len(arrays)``, each at most `batch_size` long.

    Raises
    ------
    ValueError
        No arrays, arrays of unequal lengths, or `batch_size` below 1.
    TypeError
        An argument that is no array, no whole number, or no Generator.
    """
    length = _common_length(arrays)
    batch_size = whole_number("batch_size", batch_size, least=1)
    order = None if generator is None else random_generator(generator).permutation(length)
    stop = length - length % batch_size if drop_last else length

    def batches():
        for start in range(0, stop, batch_size):
            chosen = slice(start, start + batch_size)
            yield tuple(array[chosen if order is None else order[chosen]] for array in arrays)

    # A generator function would find the errors above only at its first minibatch.
    return batches()


def _common_length(arrays):
    """Return the length that all arrays share."""
    if not arrays:
        raise ValueError("arrays: at least one is needed, got none")
    for position, array in enumerate(arrays):
        if not getattr(array, "shape", ()):
            raise TypeError(
                f"arrays[{position}] must be an array of at least one dimension, got {type(array).__name__}"
            )
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(f"arrays must have the same length along their first axis; got lengths {lengths}")
    return lengths[0]
