"""The live cells of the built book: readers run, change, stop and reset them in the page."""

from dataclasses import dataclass, field

import pytest

from dlcore import live
from dlcore.widgets import convolution

from .conftest import Visits
from .figures import pages_with
from .scenes import differences
from .view import View

pytestmark = pytest.mark.usefixtures("runtime")
TOOLBAR = ".dlcore-cell__toolbar"


@dataclass(frozen=True)
class Cell:
    """A live cell of a page; `code` is its own, `before` that of the live cells above it."""

    page: str
    index: int
    code: str = field(repr=False)
    before: tuple = field(repr=False)

    def __str__(self):
        return f"{self.page.removesuffix('.html').rpartition('/')[2]}-{self.index}"


# Exercises need their page's set-up code, and have tests of their own.
SELECTOR = "div.cell.tag_live:not(.tag_exercise)"


def cells():
    """Every live cell on every page that is no exercise."""
    found = []
    for page, elements in pages_with(SELECTOR, "tag_live"):
        codes = [element.select_one(".cell_input pre").get_text().removesuffix("\n") for element in elements]
        found += [Cell(page, index, code, tuple(codes[:index])) for index, code in enumerate(codes)]
    return found


CELLS = cells()
PAGES = [cell for cell in CELLS if cell.index == 0]

each_cell = pytest.mark.parametrize("cell", CELLS, ids=str)
each_page = pytest.mark.parametrize("cell", PAGES, ids=str)


def native_texts(cell):
    """What the cell shows when this Python runs it after those above it: the texts, in order, joined."""
    session = live.Session()
    for code in cell.before:
        session.run(code)
    written = []
    result = session.run(cell.code, lambda name, text: written.append(text))
    assert result["error"] is None, result["error"]
    stream, parts, start = "".join(written), [], 0
    for output in result["output"]:
        parts += [stream[start : output["after"]], output.get("text", "")]
        start = output["after"]
    parts.append(stream[start:])
    return "\n".join(part.rstrip("\n") for part in parts if part), [
        output for output in result["output"] if "text" not in output
    ]


class LiveCell:
    """What a test does with a live cell in a page."""

    def __init__(self, page, cell):
        self.page = page
        self.element = page.locator(SELECTOR).nth(cell.index)
        self.element.locator(TOOLBAR).wait_for()

    def button(self, name):
        return self.element.locator(TOOLBAR).get_by_role("button", name=name, exact=True)

    def finished(self, timeout=60_000):
        """Wait until it does not run; return the message beside the buttons."""
        self.element.locator(f"{TOOLBAR} button:text-is('Stop')").wait_for(state="hidden", timeout=timeout)
        return self.message

    @property
    def message(self):
        return self.element.locator(".dlcore-cell__message").inner_text()

    def run(self):
        self.button("Run").click()
        return self.finished()

    def edit(self, code):
        """Replace the code, by keyboard alone."""
        if self.button("Edit").is_visible():
            self.button("Edit").press("Enter")
        else:
            self.element.locator(".cm-content").focus()
        self.element.locator(".cm-content:focus").wait_for()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(code)

    @property
    def texts(self):
        """All text that the cell has put out, joined."""
        return "\n".join(self.element.locator(".dlcore-cell__text pre").all_text_contents())


@pytest.fixture(scope="module")
def page_of(browser, site):
    """A function that returns a live cell, its published code restored. Cells of a page share the page."""
    visits = Visits(browser, site)
    kept = {}

    def open_cell(cell):
        if kept.get("page") != cell.page:
            assert visits.close() == []
            kept.update(page=cell.page, opened=visits(cell.page).page)
        found = LiveCell(kept["opened"], cell)
        if found.button("Reset").is_visible():
            found.button("Reset").click()
        return found

    yield open_cell
    assert visits.close() == []


@each_cell
def test_a_cell_shows_in_the_page_what_it_shows_here(page_of, cell):
    for index in range(cell.index):
        page_of(Cell(cell.page, index, "", ())).run()
    found = page_of(cell)
    assert found.run().startswith("Finished")
    text, others = native_texts(cell)
    assert found.texts == text
    assert found.element.locator(".dlcore-cell__output > .text_html").count() == len(others)


@each_cell
def test_reset_brings_back_the_published_code_and_output(page_of, cell):
    found = page_of(cell)
    output = found.element.locator(":scope > .cell_output:not(.dlcore-cell__output)")
    published = output.inner_text() if output.count() else ""
    found.edit("print('something else')")
    found.run()
    assert found.texts == "something else"
    assert not output.count() or not output.is_visible()
    found.button("Reset").click()
    assert found.element.locator(".dlcore-cell__output").count() == 0
    assert not output.count() or output.inner_text() == published
    assert "\n".join(found.element.locator(".cm-line").all_text_contents()) == cell.code


@each_page
def test_changed_code_gives_other_output(page_of, cell):
    found = page_of(cell)
    found.edit("import numpy as np\nprint(np.arange(3) * 2)\n'the last value'")
    found.run()
    assert found.texts == "[0 2 4]\n'the last value'"


@each_page
def test_by_keyboard_alone_a_cell_is_changed_run_and_left(page_of, cell):
    found = page_of(cell)
    found.edit("6 * 7")
    found.page.keyboard.press("Control+Enter")
    found.element.locator(".dlcore-cell__text", has_text="42").wait_for(timeout=60_000)
    found.page.keyboard.insert_text(" + 1")
    found.page.keyboard.press("Shift+Enter")
    found.element.locator(".dlcore-cell__text", has_text="43").wait_for()
    found.page.keyboard.press("Tab")  # indents
    assert found.element.locator(".cm-content:focus").count() == 1
    found.page.keyboard.press("Escape")
    found.page.keyboard.press("Tab")
    assert found.element.locator(".cm-content:focus").count() == 0
    description = found.element.locator(".cm-content").get_attribute("aria-description")
    assert "Escape" in description


@each_page
def test_an_error_is_told_and_its_line_marked(page_of, cell):
    found = page_of(cell)
    found.edit("x = 1\ny = x / 0\nz = 2")
    assert "line 2" in found.run()
    error = found.element.locator(".dlcore-cell__error")
    assert "ZeroDivisionError" in error.inner_text() and "pyodide" not in error.inner_text()
    assert found.element.locator(".dlcore-editor__error").inner_text() == "y = x / 0"
    error.get_by_role("button", name="Go to line 2").click()
    assert found.element.locator(".cm-content:focus").count() == 1
    found.edit("print('mended'")
    assert "line 1" in found.run()
    assert "SyntaxError" in error.inner_text()


@each_page
def test_a_figure_is_shown_as_a_drawing(page_of, cell):
    found = page_of(cell)
    found.edit("import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('three points');")
    assert found.run().startswith("Finished"), found.element.inner_text()
    drawing = found.element.locator(".dlcore-cell__output svg")
    assert drawing.bounding_box()["width"] > 100


@each_page
def test_a_widget_that_a_cell_ends_with_is_alive(page_of, cell):
    found = page_of(cell)
    found.edit("from dlcore import widgets\nwidgets.convolution.separable_cost(kernel_size=5)")
    assert found.run().startswith("Finished")
    widget = convolution.separable_cost(kernel_size=5)
    view = View(found.page, found.element.locator("figure"), widget.declaration).wait()
    assert differences(widget.scene(), view.scene()) == []
    view.press("kernel_size")
    assert differences(widget.scene(kernel_size=6), view.scene()) == []


@each_page
def test_an_endless_loop_is_stopped_and_the_next_run_works(page_of, cell):
    found = page_of(cell)
    found.edit("kept = 1\nprint('begun')\nwhile True: pass")
    found.button("Run").click()
    found.element.locator(".dlcore-cell__text", has_text="begun").wait_for(timeout=60_000)
    found.button("Stop").press("Enter")
    assert "gone" in found.finished(timeout=5000)
    found.edit("print('kept' in globals())")
    found.run()
    assert found.texts == "False"


@each_page
def test_where_no_worker_is_to_be_had_the_cell_says_so(visit, cell):
    opened = visit(
        cell.page, prepare=lambda page: page.route("**/worker.js", lambda route: route.abort()), allowed=[""]
    )
    found = LiveCell(opened.page, cell)
    found.button("Run").click()
    assert "worker" in found.finished()
