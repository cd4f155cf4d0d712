"""Text: words replaced by synonyms, exchanged, left out and put in; the last part of the file draws them at random.

A batch is a list of examples, each a sentence (a string) or a list of tokens. A word is a run of letters and digits, with
apostrophes and hyphens inside it ("don't", "well-made"); in a list of tokens, a token with a letter or digit in it.
Positions count words, from 0. What stands between the words, spaces and punctuation, is kept.
"""

import re
from collections.abc import Mapping

from .transform import Transform, as_probability
from .windows import as_generator, as_int

__all__ = [
    "RandomDeletion", "RandomInsertion", "RandomSwap", "SynonymReplacement", "delete_words", "insert_words",
    "replace_words", "split_words", "swap_words",
]  # fmt: skip

WORD = re.compile(r"([^\W_]+(?:['’\-][^\W_]+)*)")


def split_words(example):
    """The words of an example, in their order.

    Parameters
    ----------
    example : str or list of str

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        Anything else.
    """
    return _parts(example)[0]


def replace_words(batch, replacements):
    """Each example with some of its words replaced by others.

    Parameters
    ----------
    batch : list of str, or of lists of str
    replacements : list of dict from int to str
        For each example, the new word for each position. It takes on the case of the old one where that has a capital
        first letter, or capitals throughout; otherwise it stays as given.

    Returns
    -------
    list
        New examples of the same kind.

    Raises
    ------
    TypeError
        A batch, entry, position or word of another type.
    ValueError
        Another number of entries than of examples (or of a pair than two), a position where there is no word.

    Source: Wei and Zou, "EDA: easy data augmentation techniques for boosting performance on text classification tasks"
    (2019), section 2, as the other three.
    """

    def change(words, gaps, replacements):
        if not isinstance(replacements, Mapping):
            raise TypeError(f"replacements: expected a dict for each example, got {replacements!r}")
        for position, new in replacements.items():
            position = _position(position, len(words), "replacements")
            words[position] = _in_the_case_of(words[position], _word(new, "replacements"))

    return _each(batch, replacements, "replacements", change)


def swap_words(batch, swaps):
    """Each example with words exchanged, one pair after the other.

    Parameters
    ----------
    batch : list of str, or of lists of str
    swaps : list of lists of (int, int)
        For each example, pairs of positions. The words take their case with them.

    Returns
    -------
    list
        New examples of the same kind.

    Raises
    ------
    TypeError, ValueError
        As for :func:`replace_words`.

    Source: Wei and Zou (2019), section 2.
    """

    def change(words, gaps, swaps):
        for pair in _sequence(swaps, "swaps"):
            one, other = (_position(item, len(words), "swaps") for item in _sequence(pair, "swaps", 2))
            words[one], words[other] = words[other], words[one]

    return _each(batch, swaps, "swaps", change)


def delete_words(batch, positions):
    """Each example without some of its words; in a sentence the space before such a word goes too, or else that after.

    Parameters
    ----------
    batch : list of str, or of lists of str
    positions : list of lists of int
        For each example, the positions of the words to leave out.

    Returns
    -------
    list
        New examples of the same kind.

    Raises
    ------
    TypeError, ValueError
        As for :func:`replace_words`.

    Source: Wei and Zou (2019), section 2.
    """

    def change(words, gaps, positions):
        gone = {_position(item, len(words), "positions") for item in _sequence(positions, "positions")}
        for position in sorted(gone, reverse=True):
            del words[position]
            before, after = gaps[position : position + 2]
            if isinstance(before, str):
                shorter = before.rstrip()
                before, after = shorter, after if len(shorter) < len(before) else after.lstrip()
            gaps[position : position + 2] = [before + after]

    return _each(batch, positions, "positions", change)


def insert_words(batch, insertions):
    """Each example with words put in; in a sentence with a space.

    Parameters
    ----------
    batch : list of str, or of lists of str
    insertions : list of lists of (int, str)
        For each example, positions and words: a word goes before the one at this position in `batch`, or after the last
        one if the position is the number of words. Of several at one position the first comes first.

    Returns
    -------
    list
        New examples of the same kind.

    Raises
    ------
    TypeError, ValueError
        As for :func:`replace_words`.

    Source: Wei and Zou (2019), section 2.
    """

    def change(words, gaps, insertions):
        waiting = [[] for _ in range(len(words) + 1)]
        for pair in _sequence(insertions, "insertions"):
            position, new = _sequence(pair, "insertions", 2)
            waiting[_position(position, len(waiting), "insertions")].append(_word(new, "insertions"))
        *waiting, last = waiting
        nothing = gaps[0][:0]
        space = " " if isinstance(nothing, str) else nothing
        end = gaps.pop()  # now a gap stands before each word
        parts = [
            part for new, gap, word in zip(waiting, gaps, words) for part in _before(new, gap, word, space)
        ]
        parts += [(space if parts or place else nothing, word) for place, word in enumerate(last)]
        gaps[:], words[:] = [gap for gap, _ in parts] + [end], [word for _, word in parts]

    return _each(batch, insertions, "insertions", change)


def _before(new, gap, word, space):
    """Pairs of a gap and the word after it, with the `new` words between `gap` and `word`."""
    return zip([gap, *[space] * len(new)], [*new, word], strict=True)


def _each(batch, changes, name, change):
    """``change(words, gaps, entry)`` done to each example of `batch` with its entry of `changes`."""
    check_batch(batch)
    output = []
    for example, entry in zip(batch, _sequence(changes, name, len(batch)), strict=True):
        words, gaps = _parts(example)
        change(words, gaps, entry)
        pieces = [gaps[0]]
        for word, gap in zip(words, gaps[1:], strict=True):
            pieces += [word if isinstance(gap, str) else [word], gap]
        output.append(
            "".join(pieces) if isinstance(gaps[0], str) else [token for part in pieces for token in part]
        )
    return output


def _parts(example):
    """The words, and what stands before, between and behind them: strings, or lists of tokens."""
    if isinstance(example, str):
        parts = WORD.split(example)
        return parts[1::2], parts[::2]
    if not isinstance(example, (list, tuple)) or not all(isinstance(token, str) for token in example):
        raise TypeError(f"example: expected a sentence or a list of tokens, got {example!r}")
    words, gaps = [], [[]]
    for token in example:
        if WORD.search(token):
            words.append(token)
            gaps.append([])
        else:
            gaps[-1].append(token)
    return words, gaps


def _in_the_case_of(old, new):
    if old.isupper() and len(old) > 1:
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def check_batch(batch):
    """TypeError for what is no list of examples, a single sentence among them."""
    if not isinstance(batch, (list, tuple)):
        raise TypeError(
            f"batch: expected a list of sentences or of lists of tokens, got {type(batch).__name__}"
        )


def _sequence(value, name, length=None):
    """`value`, a sequence of so many things, or an error naming it."""
    if isinstance(value, (str, Mapping)) or not hasattr(value, "__len__"):
        raise TypeError(f"{name}: expected a list, got {value!r}")
    if length not in (None, len(value)):
        raise ValueError(f"{name}: expected {length} entries, got {value!r}")
    return value


def _position(position, count, name):
    position = as_int(position, name)
    if not 0 <= position < count:
        raise ValueError(f"{name}: expected a position from 0 to {count - 1}, got {position}")
    return position


def _word(word, name):
    if not isinstance(word, str):
        raise TypeError(f"{name}: expected a string, got {word!r}")
    return word


# With chance


class _Some(Transform):
    """What the transforms share that change a share of the words, or a number of them.

    Parameters
    ----------
    p : float, from 0 to 1
        The share: of n words ``p n`` are changed, rounded down, but one at least unless `p` is 0.
    count : int, optional
        How many, whatever the number of words; then `p` does not count.
    """

    def __init__(self, p=0.1, count=None):
        self.p = as_probability(p)
        self.count = None if count is None else _count(count)

    def draw(self, batch, generator=None):
        """For each example what is to be done, under the name that :meth:`apply` takes it by."""
        check_batch(batch)
        generator = self._numbers(generator)
        return {self._drawn: [self._draw(split_words(example), generator) for example in batch]}

    def _numbers(self, generator):
        return as_generator(generator)

    def _times(self, available):
        """How often something is done to so many words."""
        if self.count is not None:
            return self.count
        return max(1, int(self.p * available + 1e-9)) if self.p > 0 else 0  # 0.29 * 100 is 28.999...


class _WithSynonyms(_Some):
    """One of these that needs a table of synonyms."""

    def __init__(self, synonyms, p=0.1, count=None):
        super().__init__(p, count)
        if not isinstance(synonyms, Mapping):
            raise TypeError(f"synonyms: expected a mapping, got {type(synonyms).__name__}")
        for word, others in synonyms.items():
            listed = isinstance(others, (tuple, list)) and all(isinstance(other, str) for other in others)
            if not isinstance(word, str) or not listed:
                raise TypeError(f"synonyms: expected tuples of strings by word, got {word!r}: {others!r}")
        self._table = {word.lower(): tuple(others) for word, others in synonyms.items() if others}

    @property
    def synonyms(self):
        """The table, by words in small letters."""
        return self._table

    def _known(self, words):
        """The positions of words that have synonyms."""
        return [position for position, word in enumerate(words) if word.lower() in self._table]

    def _synonym(self, word, generator):
        others = self._table[word.lower()]
        return others[generator.integers(len(others))]


class SynonymReplacement(_WithSynonyms):
    """Replace some words of each example by one of their synonyms. Grammar ("a", "an") is not looked after.

    Parameters
    ----------
    synonyms : mapping from str to tuple of str
        Such as ``dlcore.data.synonyms()``. Words are looked up in small letters.
    p : float, from 0 to 1
        The share: of n words ``p n`` are replaced, rounded down, but at least one unless `p` is 0. Where fewer have
        synonyms, all those are.
    count : int, not negative, optional
        How many words are replaced, whatever their number; then `p` does not count.

    Raises
    ------
    TypeError
        Options of another type; when called, a batch that is no list, no generator.
    ValueError
        A `p` out of range, a negative `count`.

    Source: Wei and Zou (2019), section 2, who leave out stop words; here those go without that have no entry.
    """

    _drawn = "replacements"

    def _draw(self, words, generator):
        known = self._known(words)
        times = min(self._times(len(words)), len(known))
        chosen = generator.choice(len(known), times, replace=False) if times else ()
        return {known[place]: self._synonym(words[known[place]], generator) for place in chosen}

    def apply(self, batch, replacements):
        """`batch` with these words replaced."""
        return replace_words(batch, replacements)


class RandomInsertion(_WithSynonyms):
    """Put in, somewhere in each example, a synonym of one of its words; several times.

    Parameters
    ----------
    synonyms, p, count
        As for :class:`SynonymReplacement`: ``p n`` words are put in. Where no word has synonyms, none is.

    Raises
    ------
    TypeError, ValueError
        As for :class:`SynonymReplacement`.

    Source: Wei and Zou (2019), section 2.
    """

    _drawn = "insertions"

    def _draw(self, words, generator):
        known = self._known(words)
        return [
            (
                int(generator.integers(len(words) + 1)),
                self._synonym(words[known[generator.integers(len(known))]], generator),
            )
            for _ in range(self._times(len(words)) if known else 0)
        ]

    def apply(self, batch, insertions):
        """`batch` with these words put in."""
        return insert_words(batch, insertions)


class RandomSwap(_Some):
    """Exchange two words of each example; several times.

    Parameters
    ----------
    p, count
        As for :class:`SynonymReplacement`: ``p n`` pairs are exchanged, one after the other. A word alone stays.

    Raises
    ------
    TypeError, ValueError
        As for :class:`SynonymReplacement`.

    Source: Wei and Zou (2019), section 2.
    """

    _drawn = "swaps"

    def _draw(self, words, generator):
        times = self._times(len(words)) if len(words) > 1 else 0
        return [tuple(generator.choice(len(words), 2, replace=False).tolist()) for _ in range(times)]

    def apply(self, batch, swaps):
        """`batch` with these words exchanged."""
        return swap_words(batch, swaps)


class RandomDeletion(_Some):
    """Leave out each word with probability `p`, but never all: one drawn at random stays then.

    Parameters
    ----------
    p : float, from 0 to 1

    Raises
    ------
    TypeError, ValueError
        As for :class:`SynonymReplacement`.

    Source: Wei and Zou (2019), section 2.
    """

    _drawn = "positions"

    def __init__(self, p=0.1):
        self.p = as_probability(p)

    def _draw(self, words, generator):
        gone = generator.random(len(words)) < self.p
        if gone.all() and len(words):
            gone[generator.integers(len(words))] = False
        return gone.nonzero()[0].tolist()

    def apply(self, batch, positions):
        """`batch` without these words."""
        return delete_words(batch, positions)


def _count(count):
    count = as_int(count, "count")
    if count < 0:
        raise ValueError(f"count: must not be negative, got {count}")
    return count
