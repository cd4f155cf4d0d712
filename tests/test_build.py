"""The tools around the book: what they do to a notebook, a page, a build."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import strip_notebooks
from self_contained import clean_page

ROOT = Path(__file__).resolve().parent.parent


def executed_cell(*tags, name="kept-id"):
    outputs = [new_output("execute_result", {"text/plain": "1"}, execution_count=7)]
    metadata = {"tags": list(tags), "execution": {"iopub.execute_input": "now"}}
    return new_code_cell("1", id=name, execution_count=7, outputs=outputs, metadata=metadata)


def test_stripping_keeps_outputs_of_checked_cells_alone():
    plain, checked = strip_notebooks.strip(
        new_notebook(cells=[executed_cell(), executed_cell("nbval-check-output", name="another-id")])
    ).cells
    assert plain.outputs == []
    assert checked.outputs[0].data == {"text/plain": "1"}
    assert checked.outputs[0].execution_count is None
    assert (plain.id, checked.id) == ("kept-id", "another-id")
    for cell in (plain, checked):
        assert cell.execution_count is None
        assert set(cell.metadata) == {"tags"}


def test_stripping_says_whether_it_changed_a_file(tmp_path):
    path = tmp_path / "chapter.ipynb"
    nbformat.write(new_notebook(cells=[executed_cell()], metadata={"widgets": {"state": {}}}), path)
    assert strip_notebooks.main([tmp_path])
    stripped = path.read_text()
    assert "widgets" not in stripped
    assert not strip_notebooks.main([tmp_path])
    assert path.read_text() == stripped


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_a_virtual_environment_that_was_moved_is_made_anew(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after the move"
    before.mkdir()
    shutil.copy(ROOT / "Makefile", before)
    for name in ("requirements.txt", "pyproject.toml"):
        (before / name).touch()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", before / ".venv"], check=True)
    (before / ".venv" / ".ready").touch()

    def make(folder, *options):
        command = ["make", "-C", folder, f"PYTHON={sys.executable}", *options, ".venv/.ready"]
        return subprocess.run(command, check=False, capture_output=True, text=True).returncode

    assert make(before, "--question") == 0
    before.rename(after)
    assert make(after, "--question") == 1
    (after / "requirements.txt").write_text("--this stops the set-up")
    assert make(after) != 0
    assert str(after / ".venv") in (after / ".venv" / "pyvenv.cfg").read_text()


@pytest.mark.parametrize(
    "path, width",
    [("book/operators/convolution.ipynb", 88), ("book/_ext/package_key.py", 110), ("dlcore/plots.py", 110)],
)
def test_code_shown_on_pages_has_shorter_lines(path, width):
    command = [sys.executable, "-m", "ruff", "check", "--show-settings", path]
    settings = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert f"formatter.line_width = {width}\n" in settings


def script(filename=None, **attributes):
    return SimpleNamespace(filename=filename, attributes=attributes)


@pytest.fixture
def page_scripts():
    """A function that gives the scripts which `clean_page` leaves on a page with this body."""

    def scripts(body):
        found = [
            script("a.js"),
            script("a.js"),
            script(body="let a"),
            script(body="let b"),
            script(body="let a"),
            script(body="{}", type="application/vnd.jupyter.widget-state+json"),
            script("mathjax/tex-chtml.js"),
            script(body="window.MathJax = {}"),
        ]
        context = {"script_files": found, "css_files": [], "body": body}
        clean_page(SimpleNamespace(config=SimpleNamespace(root_doc="index")), "page", "", context, None)
        return [item.filename or item.attributes["body"] for item in context["script_files"]]

    return scripts


def test_scripts_stay_once_and_widget_state_goes(page_scripts):
    formulas = '<div class="math notranslate">x</div>'
    kept = ["a.js", "let a", "let b"]
    assert page_scripts("<p>text</p>") == kept
    assert page_scripts(formulas) == [*kept, "mathjax/tex-chtml.js", "window.MathJax = {}"]


def test_a_build_that_warned_warns_again(tmp_path):
    extensions = str(ROOT / "book" / "_ext")
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path[:0] = [{extensions!r}]\nextensions = ['unforgotten_warnings']\n"
    )
    page = tmp_path / "index.rst"

    def build():
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", ".", "out"]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode

    page.write_text("Title\n=====\n\n:doc:`missing`\n")
    assert build() != 0
    assert build() != 0
    page.write_text("Title\n=====\n\ntext\n")
    assert build() == 0
