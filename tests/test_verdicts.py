"""Verdicts show what was computed, record it for the ledger, and refuse what cannot be a verdict."""

import json
import re

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup

from dlcore.verdicts import MIME_TYPE, claims, collect, verdict

HOW = "A photograph was shifted by every offset up to 3 pixels."


def bundle(holds=True, figure=1, how=HOW, claim="C08"):
    return verdict(claim, holds, figure, how)._repr_mimebundle_()


def test_claims_are_numbered_without_gap_and_stated_in_a_sentence_each():
    assert list(claims()) == [f"C{number:02}" for number in range(1, 84)]
    for claim in claims().values():
        assert claim.keys() == {"chapter", "statement"}
        assert re.fullmatch(r"[a-z_]+", claim["chapter"])
        assert re.fullmatch(r"[^\n]{20,200}\.", claim["statement"])


def test_convolution_chapter_owns_claims_8_to_13():
    assert [name for name, claim in claims().items() if claim["chapter"] == "convolution"] == [
        "C08", "C09", "C10", "C11", "C12", "C13",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("holds", "kind", "words"),
    [
        (True, "holds", "Verdict: holds."),
        (np.True_, "holds", "Verdict: holds."),
        (False, "fails", "Verdict: does not hold."),
        (np.False_, "fails", "Verdict: does not hold."),
        ("the stride is 1", "partly", "Verdict: holds only if the stride is 1."),
        ("the stride is 1.", "partly", "Verdict: holds only if the stride is 1."),
    ],
)
def test_outcome_is_said_in_words_in_html_and_in_text(holds, kind, words):
    data = bundle(holds)
    box = BeautifulSoup(data["text/html"], "html.parser").find("aside")
    assert box["class"] == ["dlcore-verdict", f"dlcore-verdict--{kind}"]
    assert box["role"] == "note" and "C08" in box["aria-label"]
    for text in (box.get_text("\n"), data["text/plain"]):
        assert words in text and claims()["C08"]["statement"] in text and HOW in text and "C08" in text


def test_record_is_what_json_gives_back():
    figure = {"ratio": np.float32(8.5), "shifts": np.int64(49), "mode": "same"}
    record = bundle(np.bool_(True), figure)[MIME_TYPE]
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record == {
        "claim": "C08",
        "statement": claims()["C08"]["statement"],
        "holds": True,
        "figure": {"ratio": 8.5, "shifts": 49, "mode": "same"},
        "how": HOW,
    }
    assert record["holds"] is True


def test_record_keeps_full_precision():
    assert bundle(figure=1 / 3)[MIME_TYPE]["figure"] == 1 / 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.5, "8.500"), (0.0, "0"), (1 / 3, "0.3333"), (9.99996, "10.00"), (-3.14159, "-3.142"),
        (123456.7, "123,500"), (1.25e-16, "1.250 × 10⁻¹⁶"), (6.02e23, "6.020 × 10²³"),
        (1234567, "1,234,567"), ("two", "two"),
    ],
)  # fmt: skip
def test_figures_are_shown_with_four_significant_digits_and_integers_in_full(value, text):
    assert f"Computed: {text}\n" in bundle(figure=value)["text/plain"]
    assert f">{text}<" in bundle(figure={"cost": value})["text/html"]


def test_html_is_escaped():
    html = bundle("<b>x</b> & y", {"<i>": "<script>"}, 'a "quoted" <how>')["text/html"]
    box = BeautifulSoup(html, "html.parser").find("aside")
    assert not box.find(["b", "i", "script", "how"])
    assert box["aria-label"].endswith("<b>x</b> & y")
    assert "<script>" in box.get_text()


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        (("C99", True, 1, HOW), ValueError, "claim"),
        ((8, True, 1, HOW), ValueError, "claim"),
        ((["C08"], True, 1, HOW), ValueError, "claim"),
        (("C08", 1, 1, HOW), TypeError, "holds"),
        (("C08", None, 1, HOW), TypeError, "holds"),
        (("C08", np.array([True]), 1, HOW), TypeError, "holds"),
        (("C08", " ", 1, HOW), ValueError, "holds"),
        (("C08", True, "", HOW), ValueError, "figure"),
        (("C08", True, {}, HOW), ValueError, "figure"),
        (("C08", True, None, HOW), TypeError, "figure"),
        (("C08", True, True, HOW), TypeError, "figure"),
        (("C08", True, [1, 2], HOW), TypeError, "figure"),
        (("C08", True, float("nan"), HOW), ValueError, "figure"),
        (("C08", True, {"ratio": np.inf}, HOW), ValueError, r"figure\['ratio'\]"),
        (("C08", True, {"": 1}, HOW), ValueError, "figure"),
        (("C08", True, {1: 1}, HOW), TypeError, "figure"),
        (("C08", True, 1, ""), ValueError, "how"),
        (("C08", True, 1, None), TypeError, "how"),
    ],
)
def test_wrong_argument_is_named(arguments, error, named):
    with pytest.raises(error, match=f"^{named}|in {named}"):
        verdict(*arguments)


def executed_notebook(*records):
    outputs = [
        nbformat.v4.new_output("display_data", {MIME_TYPE: record, "text/plain": ""}) for record in records
    ]
    cell = nbformat.v4.new_code_cell(
        "...", outputs=[nbformat.v4.new_output("stream", text="noise"), *outputs]
    )
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), cell])


def test_collect_finds_the_records_in_order_in_a_node_and_in_a_file(tmp_path):
    records = [bundle(claim=claim, figure=0.1)[MIME_TYPE] for claim in ("C09", "C08")]
    notebook = executed_notebook(*records)
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    assert (
        collect(notebook)
        == collect(tmp_path / "chapter.ipynb")
        == collect(str(tmp_path / "chapter.ipynb"))
        == records
    )


def test_collect_refuses_an_incomplete_record():
    record = bundle()[MIME_TYPE]
    del record["how"]
    with pytest.raises(ValueError, match="without how"):
        collect(executed_notebook(record))
