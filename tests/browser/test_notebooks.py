"""The same view in the notebooks that readers have: JupyterLab, and the classic one with ipywidgets 7."""

import sys
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as NotInTime

from dlcore.widgets import convolution

from .conftest import Visits, missing
from .figures import native
from .notebooks import TOKEN, Unavailable, classic_environment, jupyter, write_notebook
from .scenes import differences
from .view import View

CODE = "from dlcore import widgets\nwidgets.convolution.sliding_kernel()"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a notebook in JupyterLab, and how its cell is run."""
    home = tmp_path_factory.mktemp("lab")
    write_notebook(home / "figure.ipynb", CODE)
    options = [
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={home}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        f"--LabApp.workspaces_dir={home / '.workspaces'}",
        f"--LabApp.user_settings_dir={home / '.settings'}",
    ]
    # It would ask whether the reader wants news, over the page.
    pages = home / ".jupyter" / "labconfig" / "page_config.json"
    pages.parent.mkdir(parents=True)
    pages.write_text('{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}')
    with jupyter(Path(sys.executable).parent, ["jupyterlab"], options, home) as (url, address):
        yield url, address("lab/tree/figure.ipynb"), ".jp-CodeCell .cm-content", "text=| Idle"


@pytest.fixture(scope="module")
def classic(tmp_path_factory):
    """The address of a notebook in the classic server, and how its cell is run."""
    try:
        programs = classic_environment()
    except Unavailable as error:
        missing(str(error))
    home = tmp_path_factory.mktemp("classic")
    write_notebook(home / "figure.ipynb", CODE)
    # MathJax comes from another host there; without formulas nobody misses it.
    options = [f"--NotebookApp.token={TOKEN}", f"--notebook-dir={home}", "--NotebookApp.enable_mathjax=False"]
    with jupyter(programs, ["notebook"], options, home) as (url, address):
        yield url, address("notebooks/figure.ipynb"), ".code_cell .CodeMirror", ".kernel_idle_icon"


@pytest.fixture(scope="module", params=["lab", "classic"])
def view(request, browser):
    """The view of a widget that a notebook's cell made, drawn."""
    url, path, cell, ready = request.getfixturevalue(request.param)
    visits = Visits(browser, None)
    opened = visits(path, base=url)
    page = opened.page
    page.locator(ready).first.wait_for(timeout=60_000)
    page.locator(cell).first.click()
    page.keyboard.press("Shift+Enter")
    try:
        view = View(page, page.locator("body"), convolution.sliding_kernel().declaration).wait(timeout=30_000)
    except NotInTime:
        shown = page.locator(".jp-OutputArea, .output").all_inner_texts()
        pytest.fail(
            f"no view in {request.param}: the cell shows {shown!r:.2000}; {opened.errors!r:.2000}",
            pytrace=False,
        )
    yield view
    # Errors of the notebook's own are not ours; a request to another host would be.
    foreign = [address for one in visits.open for address in one.foreign]
    visits.close()
    assert foreign == []


def test_a_notebook_shows_the_first_scene_and_all_controls(view):
    widget = convolution.sliding_kernel()
    assert differences(widget.scene(), view.scene()) == []
    assert view.element.locator("input, select").count() >= len(widget.controls)


def test_a_slider_moved_by_keyboard_asks_the_kernel(view):
    widget = convolution.sliding_kernel()
    before = view.scene_text()
    for name in ("position", "stride"):
        view.press(name)
        assert differences(native(widget, view.parameters()), view.scene()) == []
    assert view.scene_text() != before


def test_all_values_set_at_once_are_computed_by_the_kernel(view):
    widget = convolution.sliding_kernel()
    values = widget.first_reply()["parameters"] | {"stride": 2}
    view.set(values)
    assert differences(native(widget, view.parameters()), view.scene()) == []
