"""The key that makes the build execute a notebook again when the package code behind it changes."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from package_key import Package, modules_used, notebook_key

ROOT = Path(__file__).resolve().parent.parent

FILES = {
    "toy/__init__.py": "",
    "toy/claims.toml": "C01 = 'statement'",
    "toy/verdicts.py": "from importlib.resources import files\ntext = files('toy') / 'claims.toml'",
    "toy/scratch/__init__.py": "from .convolution import conv\nfrom toy.scratch import tensor as _tensor",
    "toy/scratch/tensor.py": "import math",
    "toy/scratch/windows.py": "from . import tensor",
    "toy/scratch/convolution.py": "from .windows import view\nfrom ..shared import check",
    "toy/shared.py": "",
    "toy/data/__init__.py": "from importlib import import_module\n\ndef load(name): return import_module('toy.lazy')",
    "toy/data/files/digits.npz": "1",
    "toy/exercises/__init__.py": "from importlib import import_module",
    "toy/exercises/areas.py": "from toy import shared",
    "toy/exercises/volumes.py": "",
    "toy/lazy.py": "",
    "toy/widgets/__init__.py": "",
    "toy/widgets/convolution.py": "import toy.scratch as s\n\ndef slide(): return s.convolution",
    "toy/widgets/pooling.py": "",
    "requirements.txt": "numpy==2.0",
}


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def notebook(*sources):
    return new_notebook(cells=[new_markdown_cell("# Title"), *map(new_code_cell, sources)])


def used(project, *sources):
    return {name.removeprefix("toy.") for name in modules_used(notebook(*sources), Package(project / "toy"))}


SCRATCH = {"toy", "scratch", "scratch.convolution", "scratch.windows", "scratch.tensor", "shared"}


@pytest.mark.parametrize(
    "source, modules",
    [
        ("import numpy as np\nnp.sqrt(2)", set()),
        ("import toy", {"toy"}),
        ("import toy\ntoy.widgets.pooling.show()", {"toy", "widgets", "widgets.pooling"}),
        ("import toy.verdicts", {"toy", "verdicts"}),
        ("import toy.widgets as w\nw.pooling.show()", {"toy", "widgets", "widgets.pooling"}),
        ("from toy import verdicts", {"toy", "verdicts"}),
        ("from toy.verdicts import text", {"toy", "verdicts"}),
        ("from toy import verdicts as v, shared", {"toy", "verdicts", "shared"}),
        ("from toy import widgets\nwidgets.pooling.show()", {"toy", "widgets", "widgets.pooling"}),
        ("from toy.verdicts import *", {"toy", "verdicts"}),
        ("def f():\n    from toy import shared", {"toy", "shared"}),
        ("import importlib\nimportlib.import_module('toy.shared')", {"toy", "shared"}),
        ("%matplotlib inline\n!ls\nfrom toy import shared", {"toy", "shared"}),
        ("%%time\nfrom toy import shared", {"toy", "shared"}),
        ("text = 'from toy import shared'", set()),
        (
            "from toy.exercises import check\ncheck('areas.square', 1)",
            {"toy", "exercises", "exercises.areas"},
        ),
        ("import toy.exercises as e\ne.check('areas.square', 1)", {"toy", "exercises", "exercises.areas"}),
        ("from toy.exercises import check\ncheck(1.5, 'areas square')", {"toy", "exercises"}),
        ("from toy import shared\nprint('areas.square')", {"toy", "shared"}),
    ],
)
def test_modules_that_a_notebook_names_are_found(project, source, modules):
    assert used(project, source) == modules


def test_a_name_imported_in_one_cell_is_followed_in_another(project):
    assert "widgets.pooling" in used(project, "from toy import widgets", "widgets.pooling.show()")


def test_a_cell_that_is_not_python_counts_as_using_everything(project):
    everything = {name.removeprefix("toy.") for name in Package(project / "toy").modules}
    assert used(project, "%%bash\nfor file in *; do echo $file; done") == everything


@pytest.mark.parametrize(
    "module, reached",
    [
        ("toy.scratch.tensor", SCRATCH),  # importing a module runs the packages above it
        ("toy.verdicts", {"toy", "verdicts"}),
        ("toy.data", {"toy", "data", "lazy"}),
        ("toy.widgets.convolution", SCRATCH | {"widgets", "widgets.convolution"}),
        ("toy.widgets.pooling", {"toy", "widgets", "widgets.pooling"}),
    ],
)
def test_imports_are_followed_through_the_package(project, module, reached):
    package = Package(project / "toy")
    assert {name.removeprefix("toy.") for name in package.reached_from(package.modules_in(module))} == reached


@pytest.mark.parametrize(
    "source, edited, changes",
    [
        ("from toy import scratch", "toy/scratch/windows.py", True),
        ("from toy import scratch", "toy/shared.py", True),
        ("from toy import scratch", "toy/__init__.py", True),
        ("from toy import scratch", "toy/verdicts.py", False),
        ("from toy import scratch", "toy/widgets/convolution.py", False),
        ("from toy import scratch", "toy/claims.toml", False),
        ("from toy import verdicts", "toy/claims.toml", True),
        ("from toy import scratch", "toy/data/files/digits.npz", False),
        ("from toy import data", "toy/data/files/digits.npz", True),
        ("from toy.widgets import pooling", "toy/widgets/convolution.py", False),
        ("from toy.exercises import check\ncheck('areas.square', 1)", "toy/exercises/areas.py", True),
        ("from toy.exercises import check\ncheck('areas.square', 1)", "toy/shared.py", True),
        ("from toy.exercises import check\ncheck('areas.square', 1)", "toy/exercises/volumes.py", False),
        ("import math", "toy/__init__.py", False),
        ("import math", "requirements.txt", True),
    ],
)
def test_the_key_changes_with_the_files_behind_the_notebook_and_with_no_other(
    project, source, edited, changes
):
    def key():
        return notebook_key(notebook(source), Package(project / "toy"), [project / "requirements.txt"])

    before = key()
    assert key() == before
    (project / edited).write_text((project / edited).read_text() + "\n# edited")
    assert (key() != before) == changes


def test_a_file_that_moves_changes_the_key(project):
    source = notebook("from toy import data")
    before = notebook_key(source, Package(project / "toy"))
    (project / "toy/data/files/digits.npz").rename(project / "toy/data/files/other.npz")
    assert notebook_key(source, Package(project / "toy")) != before


# ---- real builds ------------------------------------------------------------------------------------------

CONFIGURATION = f"""
import sys
sys.path[:0] = [{str(ROOT / "book" / "_ext")!r}]
extensions = ["myst_nb", "package_key"]
exclude_patterns = ["out", "toy"]
nb_execution_mode = "cache"
package_key_package = "toy"
"""


@pytest.fixture
def book(project):
    """A book of two notebooks, each of which notes in a file that it was executed."""
    (project / "conf.py").write_text(CONFIGURATION)
    (project / "index.md").write_text("# Book\n\n```{toctree}\nfirst\nsecond\n```\n")
    for name, module in [("first", "shared"), ("second", "lazy")]:
        cells = f"import sys\nsys.path.insert(0, '.')\nfrom toy import {module}\nopen('executed', 'a').write('{name} ')"
        file = notebook(cells)
        file.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(file, project / f"{name}.ipynb")
    return project


def executed_by_build(book, warns=False):
    """Build the book; the names of the notebooks that this build executed."""
    log = book / "executed"
    log.write_text("")
    result = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "out/html", "-d", "out/doctrees"],
        cwd=book,
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert ("WARNING: Executing notebook failed" in result.stderr) == warns, result.stderr
    return log.read_text().split()


def test_a_build_executes_exactly_the_notebooks_whose_package_code_changed(book):
    assert executed_by_build(book) == ["first", "second"]
    assert executed_by_build(book) == []

    (book / "toy/lazy.py").write_text("edited = 1")
    assert executed_by_build(book) == ["second"]
    assert executed_by_build(book) == []

    (book / "toy/widgets/pooling.py").write_text("edited = 1")
    assert executed_by_build(book) == []


def test_undoing_an_edit_that_broke_a_notebook_brings_its_page_back(book):
    executed_by_build(book)
    (book / "toy/shared.py").write_text("raise RuntimeError('broken on purpose')")
    executed_by_build(book, warns=True)
    assert "broken on purpose" in (book / "out/html/first.html").read_text()

    (book / "toy/shared.py").write_text(FILES["toy/shared.py"])
    assert executed_by_build(book) == ["first"]
    assert "broken on purpose" not in (book / "out/html/first.html").read_text()


def test_a_notebook_that_fails_is_tried_again_at_every_build(book):
    (book / "toy/shared.py").write_text("raise RuntimeError('broken on purpose')")
    assert executed_by_build(book, warns=True) == ["second"]
    assert executed_by_build(book, warns=True) == []


def test_reverting_a_notebook_after_a_package_edit_executes_it(book):
    path = book / "first.ipynb"
    original = path.read_text()
    executed_by_build(book)
    path.write_text(original.replace("first ", "first  "))
    (book / "toy/shared.py").write_text("edited = 1")
    assert executed_by_build(book) == ["first"]
    path.write_text(original)  # its old outputs, made by the old package, must not come back
    assert executed_by_build(book) == ["first"]
