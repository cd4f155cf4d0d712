"""Text: what is done to given positions, what is drawn, and the table of synonyms."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlcore import data, pytorch, scratch
from dlcore.data.synonyms import GROUPS
from dlcore.pytorch import text_transforms as theirs
from dlcore.scratch import text_transforms as ours

BACKENDS = {
    "scratch": (ours, np.random.default_rng),
    "pytorch": (theirs, lambda seed: torch.Generator().manual_seed(seed)),
}
backends = pytest.mark.parametrize(("backend", "generator"), BACKENDS.values(), ids=BACKENDS)

SENTENCE = 'A GREAT film, "truly" great -- don\'t miss it!'
TABLE = {"great": ("superb", "excellent"), "film": ("movie",), "truly": ("really",)}
MAKE = {
    "SynonymReplacement": lambda backend, **options: backend.SynonymReplacement(TABLE, **options),
    "RandomInsertion": lambda backend, **options: backend.RandomInsertion(TABLE, **options),
    "RandomSwap": lambda backend, **options: backend.RandomSwap(**options),
    "RandomDeletion": lambda backend, **options: backend.RandomDeletion(**options),
}
kinds = pytest.mark.parametrize("kind", MAKE)

texts = st.text("ab Cé9.,'’- \n\t_", max_size=30)


def long(count):
    return " ".join(f"w{number}" for number in range(count))


def test_the_backends_have_the_same_names():
    assert set(ours.__all__) == set(theirs.__all__)
    assert set(ours.__all__) <= set(scratch.augmentation.__all__)
    assert set(ours.__all__) <= set(pytorch.augmentation.__all__)


# Words


def test_words_are_runs_of_letters_and_digits_with_apostrophes_and_hyphens_inside():
    assert ours.split_words(SENTENCE) == ["A", "GREAT", "film", "truly", "great", "don't", "miss", "it"]
    assert ours.split_words("well-made, déjà-vu (2nd)... 'quoted' it’s snake_case -") == [
        "well-made", "déjà-vu", "2nd", "quoted", "it’s", "snake", "case",
    ]  # fmt: skip
    assert ours.split_words(["A", "film", ",", "'s", "--", "2nd", ""]) == ["A", "film", "'s", "2nd"]
    assert ours.split_words("") == ours.split_words("...") == ours.split_words([]) == []


@given(texts)
def test_a_change_of_nothing_returns_the_same_text(text):
    for function, nothing in (
        (ours.replace_words, {}), (ours.swap_words, []), (ours.delete_words, []), (ours.insert_words, []),
    ):  # fmt: skip
        tokens = text.split(" ")
        assert function([text, tokens], [nothing, nothing]) == [text, tokens]


# What is done to given positions


def test_replacements_keep_case_and_punctuation():
    replacements = {1: "superb", 2: "movie", 3: "really", 0: "one"}
    assert ours.replace_words([SENTENCE], [replacements]) == [
        'One SUPERB movie, "really" great -- don\'t miss it!'
    ]
    assert ours.replace_words(["I like It"], [{0: "you", 2: "NASA"}]) == ["You like NASA"]
    tokens = ["A", "GREAT", ",", "film", "!"]
    assert ours.replace_words([tokens], [{1: "superb", 2: "movie"}]) == [["A", "SUPERB", ",", "movie", "!"]]
    assert tokens == ["A", "GREAT", ",", "film", "!"]


def test_swaps_are_done_one_after_the_other():
    assert ours.swap_words(["a, b; c."], [[(0, 2), (0, 1)]]) == ["b, c; a."]
    assert ours.swap_words(["a, b; c."], [[(1, 1)]]) == ["a, b; c."]
    assert ours.swap_words([["a", ",", "b"]], [[(0, 1)]]) == [["b", ",", "a"]]


@pytest.mark.parametrize(
    ("sentence", "positions", "left"),
    [
        ("a b c", [1], "a c"),
        ("a b c", [0], "b c"),
        ("a b c", [2, 0], "b"),
        ("a b c", [0, 1, 2, 2], ""),
        ("A great, funny film.", [1], "A, funny film."),
        ("A great, funny film.", [2], "A great, film."),
        ("A great, funny film.", [3], "A great, funny."),
        ('"Great" film', [0], '"" film'),
        ('"Great film"', [0], '"film"'),
        ("one\ntwo  three", [1], "one  three"),
    ],
)
def test_a_word_goes_with_the_space_before_it(sentence, positions, left):
    assert ours.delete_words([sentence], [positions]) == [left]


def test_tokens_are_deleted_by_position_among_the_words():
    assert ours.delete_words([["a", ",", "b", "!", "c"]], [[1, 0]]) == [[",", "!", "c"]]


@pytest.mark.parametrize(
    ("example", "insertions", "output"),
    [
        ("a b.", [(0, "x")], "x a b."),
        ("a b.", [(1, "x")], "a x b."),
        ("a b.", [(2, "x")], "a b x."),
        ("a b.", [(2, "x"), (0, "y"), (2, "z"), (0, "u")], "y u a b x z."),
        ("(a) b", [(0, "x"), (1, "y")], "(x a) y b"),
        ("", [(0, "x"), (0, "y")], "x y"),
        ("!", [(0, "x")], "x!"),
        (["a", ",", "b", "."], [(0, "x"), (1, "y"), (2, "z")], ["x", "a", ",", "y", "b", "z", "."]),
        ([], [(0, "x")], ["x"]),
    ],
)
def test_insertions_known_by_hand(example, insertions, output):
    assert ours.insert_words([example], [insertions]) == [output]


@given(texts, st.data())
def test_sentences_and_tokens_change_alike(text, choose):
    words = ours.split_words(text)
    tokens = re.findall(r"\S+", text)
    if ours.split_words(tokens) != words:
        tokens = words
    positions = st.lists(st.integers(0, max(0, len(words) - 1)), max_size=3 if words else 0)
    gone, pair = choose.draw(positions), choose.draw(positions)
    kept = [word for place, word in enumerate(words) if place not in gone]
    added = [(place, "new") for place in pair]
    expected = list(words)
    for place in sorted(pair, reverse=True):
        expected.insert(place, "new")
    for example in (text, tokens):
        assert ours.split_words(ours.delete_words([example], [gone])[0]) == kept
        assert ours.split_words(ours.insert_words([example], [added])[0]) == expected
        new = ours.split_words(ours.replace_words([example], [{place: "zz" for place in gone}])[0])
        assert [word.lower() for word in new] == [
            "zz" if place in gone else word.lower() for place, word in enumerate(words)
        ]


@pytest.mark.parametrize(
    ("name", "entry", "error"),
    [
        ("replace_words", {9: "x"}, ValueError),
        ("replace_words", {-1: "x"}, ValueError),
        ("replace_words", {0.0: "x"}, TypeError),
        ("replace_words", {0: 1}, TypeError),
        ("swap_words", [(0, 9)], ValueError),
        ("swap_words", [(0, None)], TypeError),
        ("delete_words", [2], ValueError),
        ("delete_words", ["a"], TypeError),
        ("insert_words", [(3, "x")], ValueError),
        ("insert_words", [(0, None)], TypeError),
        ("replace_words", [(0, "x")], TypeError),
        ("swap_words", [1], TypeError),
        ("swap_words", [(0, 1, 1)], ValueError),
        ("swap_words", None, TypeError),
        ("delete_words", 0, TypeError),
        ("insert_words", {0: "x"}, TypeError),
        ("insert_words", [(0,)], ValueError),
    ],
)
def test_positions_without_words_are_refused(name, entry, error):
    argument = {
        "replace_words": "replacements", "swap_words": "swaps", "delete_words": "positions",
        "insert_words": "insertions",
    }[name]  # fmt: skip
    function = getattr(ours, name)
    with pytest.raises(error, match=f"^{argument}: "):
        function(["a b"], [entry])
    for entries, other_error in (([], ValueError), (3, TypeError), ({0: entry}, TypeError)):
        with pytest.raises(other_error, match=f"^{argument}: "):
            function(["a b"], entries)
    with pytest.raises(TypeError, match="batch"):
        function("a b", [[]] * 3)
    with pytest.raises(TypeError, match="example"):
        function([3], [[]])


# What is drawn


@backends
@kinds
def test_a_transform_is_its_draw_applied_and_repeats_with_the_seed(backend, generator, kind):
    batch = [SENTENCE, long(30), "Great film", "", ["Great", "!", "film"]]
    held = [item if isinstance(item, str) else list(item) for item in batch]
    transform = MAKE[kind](backend, p=0.4)
    drawn = transform.draw(batch, generator(3))
    assert transform.apply(batch, **drawn) == transform(batch, generator(3))
    assert batch == held
    assert any(transform(batch, generator(3)) != transform(batch, generator(seed)) for seed in range(4, 9))
    assert [type(item) for item in transform(batch, generator(0))] == [str, str, str, str, list]


@backends
@pytest.mark.parametrize(
    ("options", "words", "changed"),
    [
        ({"p": 0.3}, 10, 3),
        ({"p": 0.3}, 12, 3),
        ({"p": 0.1}, 3, 1),
        ({"p": 0.29}, 100, 29),
        ({"p": 0.0}, 10, 0),
        ({"p": 1.0}, 10, 10),
        ({"count": 4}, 10, 4),
        ({"count": 4}, 2, 2),
        ({"count": 0}, 2, 0),
    ],
)
def test_a_share_or_a_number_of_words_is_replaced(backend, generator, options, words, changed):
    table = {f"w{number}": ("new",) for number in range(100)}
    transform = backend.SynonymReplacement(table, **options)
    for seed in range(5):
        output = transform([long(words)], generator(seed))[0].split()
        assert len(output) == words and output.count("new") == changed
        assert all(new in (old, "new") for new, old in zip(output, long(words).split()))


@backends
def test_only_words_with_synonyms_are_replaced_and_each_synonym_is_met(backend, generator):
    transform, state, met = backend.SynonymReplacement(TABLE, p=1.0), generator(0), set()
    for _ in range(40):
        output = transform([SENTENCE], state)[0]
        found = re.fullmatch(
            r"A (SUPERB|EXCELLENT) movie, \"really\" (superb|excellent) -- don't miss it!", output
        )
        assert found, output
        met.add(found.groups())
    assert len(met) == 4
    assert transform(["nothing here", "", "?!"], state) == ["nothing here", "", "?!"]


@backends
def test_words_and_synonyms_are_drawn_uniformly(backend, generator):
    table = {f"w{number}": ("x", "y", "z") for number in range(5)}
    transform, state, counts = backend.SynonymReplacement(table, count=1), generator(0), {}
    for output in transform([long(5)] * 3000, state):
        (place,) = (i for i, word in enumerate(output.split()) if word in "xyz")
        counts[place, output.split()[place]] = counts.get((place, output.split()[place]), 0) + 1
    assert len(counts) == 15
    assert all(abs(count / 3000 - 1 / 15) < 5 * np.sqrt(14 / 225 / 3000) for count in counts.values())


@backends
def test_deletion_leaves_out_a_share_p_but_never_all(backend, generator):
    outputs = backend.RandomDeletion(0.3)([long(50)] * 200, generator(0))
    left = [output.split() for output in outputs]
    assert abs(np.mean([len(words) for words in left]) / 50 - 0.7) < 5 * np.sqrt(0.21 / 10000)
    assert all(words == sorted(words, key=lambda word: int(word[1:])) for words in left)
    last = {backend.RandomDeletion(1.0)([long(3)], generator(seed))[0] for seed in range(40)}
    assert last == {"w0", "w1", "w2"}
    assert backend.RandomDeletion(1.0)(["alone!", "", "?"], generator(0)) == ["alone!", "", "?"]
    assert backend.RandomDeletion(0.0)([long(9)], generator(0)) == [long(9)]


@backends
def test_swaps_exchange_two_different_words(backend, generator):
    pairs = set()
    for seed in range(100):
        output = backend.RandomSwap(count=1)([long(4)], generator(seed))[0].split()
        moved = [place for place, word in enumerate(output) if word != f"w{place}"]
        assert len(moved) == 2 and sorted(output) == ["w0", "w1", "w2", "w3"]
        pairs.add(tuple(moved))
    assert len(pairs) == 6
    assert backend.RandomSwap(count=3)(["alone!", ""], generator(0)) == ["alone!", ""]
    assert len(backend.RandomSwap(0.5).draw([long(10)], generator(0))["swaps"][0]) == 5


@backends
def test_insertions_are_synonyms_of_words_that_are_there_at_any_place(backend, generator):
    places = set()
    for seed in range(100):
        output = backend.RandomInsertion(TABLE, count=1)(["this film there"], generator(seed))[0].split()
        assert len(output) == 4 and [word for word in output if word != "movie"] == ["this", "film", "there"]
        places.add(output.index("movie"))
    assert places == {0, 1, 2, 3}
    assert backend.RandomInsertion(TABLE, count=2)(["nothing", ""], generator(0)) == ["nothing", ""]
    assert len(backend.RandomInsertion(TABLE, p=0.5)([long(9) + " film"], generator(0))[0].split()) == 15


@backends
def test_transforms_work_within_compose_and_random_apply(backend, generator):
    home = {ours: scratch, theirs: pytorch}[backend].augmentation
    both = home.Compose([home.RandomApply(backend.RandomDeletion(0.5), 0.5), backend.RandomSwap(p=0.0)])
    outputs = both([long(20)] * 200, generator(0))
    assert 60 < sum(output == long(20) for output in outputs) < 140


@pytest.mark.parametrize("backend", [ours, theirs], ids=["scratch", "pytorch"])
@pytest.mark.parametrize(
    ("make", "error", "name"),
    [
        (lambda backend: backend.SynonymReplacement(["great"]), TypeError, "synonyms"),
        (lambda backend: backend.SynonymReplacement({"great": "superb"}), TypeError, "synonyms"),
        (lambda backend: backend.SynonymReplacement({"great": (1,)}), TypeError, "synonyms"),
        (lambda backend: backend.SynonymReplacement({1: ("one",)}), TypeError, "synonyms"),
        (lambda backend: backend.SynonymReplacement(TABLE, p=1.5), ValueError, "p"),
        (lambda backend: backend.SynonymReplacement(TABLE, count=-1), ValueError, "count"),
        (lambda backend: backend.RandomSwap(count=1.5), TypeError, "count"),
        (lambda backend: backend.RandomDeletion("some"), TypeError, "p"),
        (lambda backend: backend.RandomInsertion(None), TypeError, "synonyms"),
    ],
)
def test_bad_options_are_refused(backend, make, error, name):
    with pytest.raises(error, match=f"^{name}:"):
        make(backend)


@kinds
def test_generators_of_another_kind_are_refused(kind):
    with pytest.raises(TypeError, match="generator"):
        MAKE[kind](ours)([SENTENCE])
    with pytest.raises(TypeError, match="generator"):
        MAKE[kind](ours)([SENTENCE], torch.Generator())
    with pytest.raises(TypeError, match="generator"):
        MAKE[kind](theirs)([SENTENCE], np.random.default_rng(0))
    with pytest.raises(TypeError, match="batch"):
        MAKE[kind](ours)(SENTENCE, np.random.default_rng(0))
    results = []
    for _ in range(2):
        torch.manual_seed(1)
        results.append(MAKE[kind](theirs, p=0.5)([SENTENCE, long(30)]))
    assert results[0] == results[1]


def test_repr_shows_the_options_but_not_the_table():
    assert repr(ours.SynonymReplacement(TABLE, p=0.2)) == "SynonymReplacement(p=0.2, count=None)"
    assert repr(theirs.RandomDeletion()) == "RandomDeletion(p=0.1)"
    assert ours.SynonymReplacement({"Great": ["superb"], "none": ()}).synonyms == {"great": ("superb",)}


# The table


def test_the_table_of_synonyms_is_symmetric_and_of_single_words():
    table = data.synonyms()
    assert len(table) >= 150
    for word, others in table.items():
        assert ours.split_words(word) == [word] and word == word.lower()
        assert others and word not in others and len(set(others)) == len(others)
        for other in others:
            assert set(table[other]) | {other} == set(others) | {word}
    table.clear()
    assert data.synonyms()


def test_no_word_stands_in_the_table_twice():
    assert sorted(GROUPS.split()) == sorted(set(GROUPS.split()))


def test_the_table_serves_the_transform():
    review = "A boring film with terrible actors, but a beautiful ending."
    output = ours.SynonymReplacement(data.synonyms(), p=1.0)([review], np.random.default_rng(0))[0]
    old, new = ours.split_words(review), ours.split_words(output)
    assert [a == b for a, b in zip(old, new)] == [word.lower() not in data.synonyms() for word in old]
    assert sum(a != b for a, b in zip(old, new)) == 6 and output.endswith(".")
