"""Every chapter keeps to the book's anatomy, and the checker finds each kind of defect, alone."""

import re
import sys
from pathlib import Path
from types import ModuleType

import chapter_anatomy
import nbformat
import pytest
from chapter_anatomy import COLAB_CELL, COLAB_TAGS, KEPT_OUTPUT, defects, file_defects, widget_defects
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import dlcore
from dlcore.verdicts import claims

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = chapter_anatomy.chapters(ROOT)


# ------------------------------------------------------------------------------------- the book's chapters


def read(chapter):
    if not (ROOT / chapter).is_file():
        pytest.fail(f"_toc.yml lists {chapter.as_posix()}, which does not exist", pytrace=False)
    return nbformat.read(ROOT / chapter, as_version=4)


def report(found):
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_the_book_has_chapters():
    assert CHAPTERS


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_chapter_has_the_anatomy(chapter):
    report(defects(read(chapter), chapter.stem))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_chapter_s_widgets_have_default_pictures(chapter):
    report(widget_defects(read(chapter)))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_chapter_has_modules_and_tests_of_its_name(chapter):
    report(file_defects(ROOT, chapter))


# ------------------------------------------------------------------------------------- the checker itself

TOPIC = "hardware"
CLAIMS = [name for name, claim in claims().items() if claim["chapter"] == TOPIC]
ALT = "Throughput of both devices against the size of the matrices."


def text(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def code(source, *tags, outputs=()):
    return new_code_cell(source, metadata={"tags": list(tags)} if tags else {}, outputs=list(outputs))


def experiment(claim):
    return [
        text(
            f"### {claim}: as the notes claim\n\n> {claims()[claim]['statement']}\n\nWe measure both devices."
        ),
        code(f'ratio = measure("{claim}")\nverdict("{claim}", ratio > 10, {{"ratio": ratio}}, "Timed.")'),
    ]


@pytest.fixture
def notebook(example_widgets):
    """A well-formed chapter."""
    cells = [
        text("(hardware)=\n# Hardware\n\nYou will know what a GPU, e.g. yours, is good at."),
        code(COLAB_CELL, *COLAB_TAGS),
        text("## What you will be able to do\n\n- Read a roofline."),
        code(
            "import numpy as np\nimport matplotlib.pyplot as plt\nimport torch\n"
            "from dlcore import scratch, widgets\nfrom myst_nb import glue\n"
            "from dlcore.plots import show, use_style\n"
            "from dlcore.verdicts import verdict\n\nrng = np.random.default_rng(0)\nuse_style()"
        ),
        text("## The idea by hand\n\nIn 1998 LeNet-5 used 5×5 kernels; two 3×3 kernels see as much."),
        text("## The formula\n\n$$y = 0.5 x$$\n\nWith $\\mu = 0.9$ and `eps=1e-5` on Python 3.11."),
        text("## From scratch\n\n### In a few lines\n\nThe operator takes arrays of shape (1, 3, 32, 32)."),
        code("output = scratch.conv2d(rng.random((1, 1, 4, 4)), rng.random((1, 1, 3, 3)))"),
        text("## The same through PyTorch\n\nThey differ by {glue:text}`difference:.1e`."),
        code('torch.manual_seed(0)\ndifference = abs(torch.randn(3)).max()\nglue("difference", difference)'),
        text("## Explore\n\nMove the slider."),
        code("widgets.example.slide()"),
        text("## Experiments\n\nTwo claims are tested."),
        *(cell for claim in CLAIMS for cell in experiment(claim)),
        text("## What it costs\n\nThe cost grows with the square of the side."),
        code(f'figure, axes = plt.subplots()\naxes.plot([1, 2])\nshow(figure, alt="{ALT}")'),
        code("print(output.shape)", KEPT_OUTPUT, outputs=[new_output("stream", text="(1, 1, 2, 2)\n")]),
        text("## In practice\n\nUse a GPU for large batches."),
        text("## Exercises\n\n[Five of them](../exercises/hardware.ipynb)."),
        text("## History and references\n\nSee {cite}`lecun1998` and [a survey](https://example.org/1.5)."),
    ]  # fmt: skip
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


class Picture:
    """Stands in for a widget: an object with a mime bundle."""

    def __init__(self, html):
        self.html = html

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self.html, "text/plain": "a widget"}


@pytest.fixture
def example_widgets(monkeypatch):
    """Stand in for the package's widgets, so that the checker is tested apart from them."""
    package, example = ModuleType("dlcore.widgets"), ModuleType("dlcore.widgets.example")
    package.__path__, package.example = [], example
    example.__all__ = ["slide"]
    example.slide = lambda: Picture('<svg role="img" aria-label="A kernel on its input."></svg>')
    example.hidden = None
    monkeypatch.setitem(sys.modules, "dlcore.widgets", package)
    monkeypatch.setitem(sys.modules, "dlcore.widgets.example", example)
    monkeypatch.setattr(dlcore, "widgets", package, raising=False)
    return example


def test_well_formed_chapter_has_no_defect(notebook):
    assert defects(notebook, TOPIC) == []
    assert widget_defects(notebook) == []


def position(notebook, start):
    """Return the index of the one cell that begins with `start`."""
    (found,) = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith(start)]
    return found


def assert_only_defect(notebook, expected):
    found = defects(notebook, TOPIC)
    assert len(found) == 1 and re.search(expected, found[0]), "\n".join(found) or "no defect found"


def test_missing_colab_cell(notebook):
    del notebook.cells[1]
    assert_only_defect(notebook, "^cell 2 is not the Colab set-up cell")


@pytest.mark.parametrize(
    "cell",
    [
        code(COLAB_CELL.replace("--no-deps ", ""), *COLAB_TAGS),
        code(COLAB_CELL, "colab-setup"),
        code(COLAB_CELL.replace('SOURCE = ""', 'SOURCE = "someone/fork@main"'), *COLAB_TAGS),
    ],
)
def test_altered_colab_cell(notebook, cell):
    notebook.cells[1] = cell
    assert_only_defect(notebook, "^cell 2 is not the Colab set-up cell")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("You will know what a GPU is good at.\n\n# Hardware", "begin with the title"),
        ("# Hardware", "promise"),
        ("# Hardware\n\nYou will know GPUs. You will know CPUs.", "promise"),
        ("# Hardware\n\nYou will know GPUs", "promise"),
    ],
)
def test_title_without_a_promise_of_one_sentence(notebook, source, expected):
    notebook.cells[0].source = source
    assert_only_defect(notebook, f"^cell 1.*{expected}")


def test_second_title(notebook):
    notebook.cells.append(text("# Another title\n\nText."))
    assert_only_defect(notebook, "more than one level-1 heading")


@pytest.mark.parametrize("title", ["What you will be able to do", "In practice", "Exercises"])
def test_missing_and_empty_section(notebook, title):
    cell = notebook.cells[position(notebook, f"## {title}")]
    body = cell.source.removeprefix(f"## {title}\n\n")
    cell.source = f"## {title}"
    assert_only_defect(notebook, f"section '{title}' has no text")
    cell.source = f"## Another heading\n\n{body}"
    assert_only_defect(notebook, f"section '{title}' is missing")
    cell.source = f"```\n## {title}\n```\n\n{body}"
    assert_only_defect(notebook, f"section '{title}' is missing")


def test_sections_out_of_order(notebook):
    first, second = position(notebook, "## In practice"), position(notebook, "## Exercises")
    cells = notebook.cells
    cells[first], cells[second] = cells[second], cells[first]
    assert_only_defect(notebook, "section 'Exercises' is out of order")


def test_section_twice(notebook):
    notebook.cells.append(text("## Exercises\n\n2. Predict the cost."))
    assert_only_defect(notebook, "section 'Exercises' stands more than once")


def test_section_between_the_fixed_ones_is_welcome(notebook):
    notebook.cells.insert(position(notebook, "## In practice"), text("## Fourier\n\nAn aside."))
    assert defects(notebook, TOPIC) == []


def test_section_without_code(notebook):
    del notebook.cells[position(notebook, "output = scratch")]
    notebook.cells[position(notebook, "print(output")].source = "print(rng.random(2).shape)"
    assert_only_defect(notebook, "section 'From scratch' runs no code")


def test_explore_without_widget(notebook):
    notebook.cells[position(notebook, "widgets.")].source = "print('no widget')"
    assert_only_defect(notebook, "'Explore' calls no widget")


@pytest.mark.parametrize("source", ["widgets.example.slide();", "slider = widgets.example.slide()"])
def test_widget_not_shown(notebook, source):
    notebook.cells[position(notebook, "widgets.")].source = source
    assert_only_defect(notebook, "widget dlcore.widgets.example.slide is not shown")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", "no default picture"),
        ("<svg></svg>", "no default picture"),
        ('<svg role="img"></svg>', "text alternative"),
        ('<svg role="img" aria-label=" "></svg>', "text alternative"),
    ],
)
def test_widget_without_default_picture(notebook, example_widgets, html, expected):
    example_widgets.slide = lambda: Picture(html)
    (defect,) = widget_defects(notebook)
    assert re.search(rf"^dlcore.widgets.example.slide\(\) has .*{expected}", defect)


def test_claim_without_heading(notebook):
    cell = notebook.cells[position(notebook, f"### {CLAIMS[0]}")]
    cell.source = cell.source.replace(f"{CLAIMS[0]}: ", "")
    assert_only_defect(notebook, f"claim {CLAIMS[0]} has no level-3 heading")


def test_claim_without_verdict(notebook):
    notebook.cells[position(notebook, f'ratio = measure("{CLAIMS[0]}")')].source = "print('no verdict')"
    assert_only_defect(notebook, f"claim {CLAIMS[0]} has no verdict")


def test_claim_with_two_verdicts(notebook):
    again = code(f'verdict("{CLAIMS[0]}", ratio > 9, ratio, "Again.")')
    notebook.cells.insert(position(notebook, f"### {CLAIMS[1]}"), again)
    assert_only_defect(notebook, f"claim {CLAIMS[0]} has 2 verdict")


def test_verdict_away_from_its_heading(notebook):
    verdict = notebook.cells.pop(position(notebook, f'ratio = measure("{CLAIMS[1]}")'))
    notebook.cells.insert(position(notebook, f"### {CLAIMS[0]}"), verdict)
    assert_only_defect(notebook, f"verdict on {CLAIMS[1]} does not stand below the heading")


def test_verdict_on_another_chapter_s_claim(notebook):
    notebook.cells.append(code('verdict("C08", ratio > 9, ratio, "Again.")'))
    assert_only_defect(notebook, "verdict is given on C08")


def test_mention_of_a_claim_without_verdict(notebook):
    notebook.cells.append(text("This recalls C08."))
    assert_only_defect(notebook, "claim C08 is mentioned")


@pytest.mark.parametrize(
    "holds",
    [
        "True",
        "not False",
        '"the matrices are large"',
        'f"the side is above {ratio}"',
        '"small" if True else False',
        "outcome",
        "bool(1)",
        "holds=True",
    ],
)
def test_typed_outcome(notebook, holds):
    cell = notebook.cells[position(notebook, f'ratio = measure("{CLAIMS[0]}")')]
    rest = "figure=ratio, how='Timed.'" if holds.startswith("holds") else "ratio, 'Timed.'"
    cell.source = f'outcome = True\nratio = measure()\nverdict("{CLAIMS[0]}", {holds}, {rest})'
    assert_only_defect(notebook, f"`holds` of the verdict on {CLAIMS[0]} is typed")


@pytest.mark.parametrize(
    "holds", ["outcome", '"the batch is large" if ratio > 2 else False', "holds=(ratio > 2).all()"]
)
def test_computed_outcome_is_welcome(notebook, holds):
    cell = notebook.cells[position(notebook, f'ratio = measure("{CLAIMS[0]}")')]
    rest = "figure=ratio, how='Timed.'" if holds.startswith("holds") else "ratio, 'Timed.'"
    cell.source = (
        "ratio = measure()\noutcome = False\nif ratio > 2:\n    outcome = ratio > 3\n"
        f'verdict("{CLAIMS[0]}", {holds}, {rest})'
    )
    assert defects(notebook, TOPIC) == []


@pytest.mark.parametrize("figure", ["8.5", '"8.5 times"', '{"ratio": 8.5}', '{"ratio": ratio, "tried": 49}'])
def test_typed_figure(notebook, figure):
    cell = notebook.cells[position(notebook, f'ratio = measure("{CLAIMS[0]}")')]
    cell.source = f'ratio = measure()\nverdict("{CLAIMS[0]}", ratio > 2, {figure}, "Timed.")'
    assert_only_defect(notebook, f"`figure` of the verdict on {CLAIMS[0]} is typed")


def test_verdict_not_shown(notebook):
    cell = notebook.cells[position(notebook, f'ratio = measure("{CLAIMS[0]}")')]
    cell.source = cell.source.replace("verdict(", "judged = verdict(")
    assert_only_defect(notebook, f"verdict on {CLAIMS[0]} is not shown")


@pytest.mark.parametrize(
    "sentence",
    [
        "It is about 8.5 times cheaper.",
        "The network reaches 98.6 % on the digits.",
        "The network reaches 98 percent.",
        "It is 9 times cheaper.",
        "It is 9× cheaper.",
        "It is 2x faster.",
        "It is 2-fold faster.",
        "It is ten times faster.",
        "It takes 12 ms.",
        "It needs 3 seconds and 4 MB.",
        "They agree to 1e-10.",
        "They agree to 10⁻¹⁰.",
        "It has 61,706 parameters.",
        "It has 61706 parameters.",
        "It is $8.5$ times cheaper.",
        "It is `8.5` cheaper.",
        ":::{note}\nIt is 9 times cheaper.\n:::",
        "```{note}\nIt is 9 times cheaper.\n```",
        "| cost |\n|---|\n| 8.53 |",
    ],
)
def test_number_that_no_cell_computes(notebook, sentence):
    notebook.cells.append(text(sentence))
    found = defects(notebook, TOPIC)
    assert found and all("a number that no cell computes" in defect for defect in found), "\n".join(found)
    notebook.cells[-1].metadata["tags"] = ["definition"]
    assert defects(notebook, TOPIC) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "A 3×3 kernel, two 3×3 kernels, a 3 × 3 kernel and a 3x3 kernel; 3×3×64 weights.",
        "A kernel of size 3 with stride 2 on an image of 32 × 32 pixels in 3 channels.",
        "LeNet-5 was published in 1998, between 1989 and 2012, in the 1990s.",
        "Equation 1, Figure 2.1, Section 9.5 and Exercise 3 use Python 3.11 and PyTorch 2.0.",
        "We set $\\mu = 0.9$, `eps=1e-5` and\n\n$$\\alpha = 1.5 \\times 10^{-3}$$",
        "```python\nratio = 8.5\n```",
        "The ratio is {glue:text}`difference:.2f`.",
        "See [the notes](https://example.org/v1.5/98.6) and {cite}`author2.5`.",
        f"The claim was: {claims()[CLAIMS[0]]['statement']}",
        "### A heading about 8.5",
        "A 10-class problem with 32×100 pixels, and 10 × 10 blocks.",
        "Values lie in [0, 1]. 4 images make a batch of 16.",
    ],
)
def test_number_that_measures_nothing_is_welcome(notebook, sentence):
    notebook.cells.append(text(sentence))
    assert defects(notebook, TOPIC) == []


def test_glue_that_nothing_sets(notebook):
    notebook.cells.append(text("The ratio is {glue:text}`speed:.2f`."))
    assert_only_defect(notebook, "no glue.'speed'")


def test_glue_of_a_typed_number(notebook):
    notebook.cells.append(code('glue("speed", 8.5)'))
    assert_only_defect(notebook, "glued value 'speed' is typed")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("figure, axes = plt.subplots()\naxes.plot([1, 2, 3])", "not shown by show"),
        ("plt.plot([1, 2, 3])", "not shown by show"),
        ("plt.plot([1, 2, 3])\nplt.show()", r"plt.show\(\) gives no alt"),
        ("figure = plt.figure()\nfigure.show()", r"figure.show\(\) gives no alt"),
        ("figure, axes = plt.subplots()\nshow(figure)", "no alt text"),
        ('figure, axes = plt.subplots()\nshow(figure, alt="")', "no alt text"),
        ('figure, axes = plt.subplots()\nshow(figure, "A figure")', "no alt text"),
        ("from matplotlib.figure import Figure\n\nfigure = Figure()", "not shown by show"),
    ],
)
def test_figure_without_alt(notebook, source, expected):
    notebook.cells.append(code(source))
    assert_only_defect(notebook, expected)


@pytest.mark.parametrize(
    "source",
    [
        "![](kernel.png)",
        '<img src="kernel.png">',
        '<img src="kernel.png" alt=" ">',
        "```{figure} kernel.png\n:width: 50%\nA kernel.\n```",
        ":::{image} kernel.png\n:::",
    ],
)
def test_image_without_alt(notebook, source):
    notebook.cells.append(text(source, "definition"))
    assert_only_defect(notebook, "an image has no alt text")


def test_image_with_alt_is_welcome(notebook):
    notebook.cells.append(text("![A kernel](kernel.png)\n\n```{figure} kernel.png\n:alt: A kernel\n```"))
    assert defects(notebook, TOPIC) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from dlcore.scratch import conv9d", "dlcore.scratch does not export 'conv9d'"),
        ("from dlcore import nothing", "dlcore does not export 'nothing'"),
        ("import dlcore.nothing", "dlcore does not export 'nothing'"),
        ("output = scratch.conv9d(output)", "dlcore.scratch does not export 'conv9d'"),
        (
            "output = scratch.convolution.conv9d(output)",
            "dlcore.scratch.convolution does not export 'conv9d'",
        ),
        ("import dlcore.scratch as s\n\ns.conv9d", "dlcore.scratch does not export 'conv9d'"),
        ("from dlcore.verdicts import _format", "dlcore.verdicts does not export '_format'"),
        ("from dlcore.verdicts import tomllib", "dlcore.verdicts does not export 'tomllib'"),
        ("widgets.example.hidden", "dlcore.widgets.example does not export 'hidden'"),
        ("from dlcore.scratch import *", "star import"),
        ("scratch = 3", "'scratch' is given another meaning"),
    ],
)
def test_name_that_is_not_exported(notebook, source, expected):
    notebook.cells.append(code(source))
    assert_only_defect(notebook, expected)


def test_network_as_a_function_of_nn_is_welcome(notebook):
    source = (
        "from dlcore.scratch import nn\n\ndef tiny(nn):\n    return nn.Sequential(nn.Anything())\n\ntiny(nn)"
    )
    notebook.cells.append(code(source))
    assert defects(notebook, TOPIC) == []


RESULT = new_output("execute_result", {"text/plain": "3"})
IMAGE = new_output("display_data", {"text/plain": "<Figure>", "image/png": "aGVsbG8="})
ERROR = new_output("error", ename="ValueError", evalue="wrong", traceback=[])


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (code("1 + 2", outputs=[RESULT]), "outputs are not stripped"),
        (code("1 + 2", KEPT_OUTPUT), "no output to compare with"),
        (code("1 + 2", KEPT_OUTPUT, outputs=[RESULT, IMAGE]), "a kept output is not plain text"),
        (code("1 + 2", KEPT_OUTPUT, outputs=[ERROR]), "a kept output is not plain text"),
        (new_code_cell("1 + 2", execution_count=3), "execution count is not stripped"),
    ],
)
def test_stale_output(notebook, cell, expected):
    notebook.cells.append(cell)
    assert_only_defect(notebook, f"cell {len(notebook.cells)}: .*{expected}")


def test_kept_text_is_welcome(notebook):
    notebook.cells.append(code("1 + 2", KEPT_OUTPUT, outputs=[RESULT]))
    assert defects(notebook, TOPIC) == []


def test_metadata_of_an_editor(notebook):
    notebook.metadata["widgets"] = {"state": {}}
    assert_only_defect(notebook, "the notebook's metadata holds widgets")


def test_metadata_of_a_cell(notebook):
    notebook.cells[3].metadata["ExecuteTime"] = {}
    assert_only_defect(notebook, "cell 4: the metadata holds ExecuteTime")


def test_other_kernel(notebook):
    notebook.metadata.kernelspec.name = "conda-env"
    assert_only_defect(notebook, "kernel is not python3")


def test_invalid_notebook(notebook):
    notebook.cells[3].id = "not an id"
    assert_only_defect(notebook, "not a valid notebook")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("np.random.seed(0)", "numpy.random.seed uses NumPy's global state"),
        ("x = np.random.rand(3)", "numpy.random.rand uses"),
        ("from numpy.random import randn\n\nrandn(3)", "numpy.random.randn uses"),
        ("generator = np.random.default_rng()", r"default_rng\(\) has no seed"),
        ("generator = np.random.default_rng(None)", r"default_rng\(\) has no seed"),
        ("import random\n\nrandom.random()", "random.random uses Python's global state"),
    ],
)
def test_unseeded_randomness(notebook, source, expected):
    notebook.cells.append(code(source))
    assert_only_defect(notebook, expected)


def test_unseeded_torch(notebook):
    cell = notebook.cells[position(notebook, "torch.manual_seed")]
    cell.source = cell.source.replace("torch.manual_seed(0)\n", "")
    assert_only_defect(notebook, "torch.randn has no generator")
    cell.source = cell.source.replace("randn(3", "randn(3, generator=torch.Generator().manual_seed(0)")
    assert defects(notebook, TOPIC) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("!pip install something", "not plain Python"),
        ("%timeit output.sum()", "not plain Python"),
        ("import urllib.request", "urllib.request is imported"),
        ("from requests import get", "requests is imported"),
        ("from dlcore import data\n\nimages, labels = data.mnist()", "dlcore.data.mnist downloads"),
        ("from dlcore.data import cifar10\n\ncifar10()", "dlcore.data.cifar10 downloads"),
        ("from sklearn.datasets import fetch_openml\n\nfetch_openml('mnist')", "fetch_openml downloads"),
    ],
)
def test_network_and_shell(notebook, source, expected):
    notebook.cells.append(code(source))
    assert_only_defect(notebook, expected)


def test_download_on_demand_is_welcome(notebook):
    source = "from dlcore import data\n\nUSE_MNIST = False\nif USE_MNIST:\n    images, labels = data.mnist()"
    notebook.cells.append(code(source))
    assert defects(notebook, TOPIC) == []
    notebook.cells[-1].source = source.replace("False", "True")
    assert_only_defect(notebook, "dlcore.data.mnist downloads")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([text(" \n")], "is empty"),
        ([code("")], "is empty"),
        ([code("1 + 2"), code("1 + 2")], r"repeats cell \d+"),
        ([code("\n".join(f"x{i} = {i}" for i in range(41)))], "is longer than 40 lines"),
        ([text("#### Too deep\n\nText.")], "jumps from level 2 to 4"),
    ],
)
def test_untidy_cells(notebook, cells, expected):
    notebook.cells.extend(cells)
    assert_only_defect(notebook, expected)


def test_exercises_that_are_not_linked(notebook):
    notebook.cells[position(notebook, "## Exercises")].source = "## Exercises\n\nPredict the shape."
    assert_only_defect(notebook, "^section 'Exercises' does not link ../exercises/hardware.ipynb")


def test_missing_files_are_named(tmp_path):
    chapter = Path("book/operators/example.ipynb")
    assert file_defects(tmp_path, chapter) == [
        f"{name} does not exist"
        for name in (
            "book/operators/example.ipynb",
            "book/exercises/example.ipynb",
            "dlcore/exercises/example.py",
            "tests/wrong_answers/example.py",
            "dlcore/scratch/example.py",
            "dlcore/pytorch/example.py",
            "tests/test_example.py",
        )
    ]
    assert file_defects(tmp_path, Path("book/networks/example.ipynb")) == [
        "book/networks/example.ipynb does not exist",
        "book/exercises/example.ipynb does not exist",
        "dlcore/exercises/example.py does not exist",
        "tests/wrong_answers/example.py does not exist",
    ]


def test_chapters_are_those_of_the_parts(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n"
        "  - chapters:\n      - file: book/operators/convolution\n        sections:\n"
        "          - file: book/operators/pooling.ipynb\n"
        "  - chapters:\n      - file: book/notation\n      - file: book/vision/detection\n"
    )
    assert [chapter.as_posix() for chapter in chapter_anatomy.chapters(tmp_path)] == [
        "book/operators/convolution.ipynb",
        "book/operators/pooling.ipynb",
        "book/vision/detection.ipynb",
    ]
