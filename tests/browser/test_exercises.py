"""Exercises in the reader's browser: answers are checked, what is solved and written stays, nothing is sent.

The page is a small one of its own, so that it does not matter what the book's exercises are.
"""

import json
import re
import shutil
from html import escape
from importlib import import_module
from itertools import pairwise

import nbformat
import pack_runtime
import pytest

from dlcore.exercises import check

from .conftest import Visits
from .notebooks import ROOT
from .server import Site

NOTEBOOKS = sorted((ROOT / "book/exercises").glob("*.ipynb"))
PAGE = "exercises.html"
ID = "convolution.full_mode"
SETUP = """import numpy as np
from dlcore.exercises import check, hint, progress
starts = globals().get("starts", 0) + 1"""
STUB = """def full_mode(x, w):
    # YOUR CODE HERE
    raise NotImplementedError()

check("convolution.full_mode", full_mode)"""
RIGHT = """def full_mode(x, w):
    y = np.zeros(len(x) + len(w) - 1)
    for place, number in enumerate(x):
        y[place : place + len(w)] += number * w
    return y

check("convolution.full_mode", full_mode)"""
WRONG = RIGHT.replace("* w\n", "* w[::-1]\n")
ENDLESS = "def full_mode(x, w):\n    while True:\n        x = x\n\ncheck('convolution.full_mode', full_mode)"
WIDE = """from dlcore.exercises.answer import Answer
numbers = 1e4 * np.arange(144.0).reshape(12, 12)
Answer("convolution.full_mode", 2, problem="It is wrong.", arguments={"x": numbers}, got=np.arange(300.0))"""


def page(*setup):
    """A page as the book's build makes them, with two exercises."""

    def code(text):
        return f'<div class="cell_input docutils container"><div><pre>{escape(text)}</pre></div></div>'

    def exercise(id, title, text):
        name = re.sub("[._]", "-", id)
        return f"""<section id="{title.lower()}"><span id="{name}"></span>
            <h2>{title}<a class="headerlink" href="#{title.lower()}">#</a></h2>
            <div class="cell tag_exercise tag_live docutils container" id="{name}-answer">{code(text)}</div>
            <div class="cell tag_hide-cell docutils container" id="{name}-solution">
            <details><summary>Show the solution</summary>{code("the solution")}</details></div></section>"""

    return f"""<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Exercises</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <link rel="icon" href="data:,"><link rel="stylesheet" href="live/live.css">
        <style>pre {{ overflow: auto }}</style>
        <script src="live/start.js" data-runtime="live/runtime/" defer></script></head>
        <body><main><h1 hidden>For print</h1><article><section id="exercises"><h1>Exercises</h1><p>A promise.</p>
        {"".join(f'<div class="cell tag_live-setup docutils container">{code(text)}</div>' for text in setup)}
        {exercise(ID, "First", STUB)}
        {exercise("convolution.other", "Second", STUB.replace("full_mode", "other"))}
        </section></article></main></body></html>"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The page with Python, as a static host serves it."""
    if not (ROOT / "vendor/pyodide/SHA256SUMS").exists():
        pytest.skip("no vendored Pyodide; make vendor-pyodide brings it")
    folder = tmp_path_factory.mktemp("exercises")
    shutil.copytree(ROOT / "book/_static/live", folder / "live")
    packed = pack_runtime.pack(ROOT / "vendor/pyodide", ROOT / "_build/.runtime")
    shutil.copytree(packed, folder / "live/runtime")
    (folder / PAGE).write_text(page(SETUP), encoding="utf-8")
    (folder / "broken.html").write_text(page("import numpy as np\nimport no_such_module"), encoding="utf-8")
    with Site(folder) as served:
        yield served


@pytest.fixture
def visit(browser, site):
    visits = Visits(browser, site)
    yield visits
    assert visits.close() == []


class Exercise:
    """What a reader does with the first exercise of a page."""

    def __init__(self, page):
        self.page = page
        self.cell = page.locator("#convolution-full-mode-answer")
        self.toolbar = self.cell.locator(".dlcore-cell__toolbar")
        self.toolbar.wait_for()
        self.answer = self.cell.locator(".dlcore-answer")
        self.mark = page.locator("h2", has_text="First").locator(".dlcore-solved")
        self.line = page.locator(".dlcore-progress")

    def button(self, name):
        return self.toolbar.get_by_role("button", name=name, exact=True)

    def write(self, code):
        if self.button("Edit").is_visible():
            self.button("Edit").press("Enter")
        else:
            self.cell.locator(".cm-content").focus()
        self.cell.locator(".cm-content:focus").wait_for()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(code)

    def finished(self):
        """Wait until it does not run; return the message beside the buttons."""
        self.button("Stop").wait_for(state="hidden", timeout=60_000)
        return self.message

    def run(self, code=None):
        if code is not None:
            self.write(code)
        self.button("Run").click()
        return self.finished()

    @property
    def message(self):
        return self.toolbar.locator(".dlcore-cell__message").inner_text()

    @property
    def text(self):
        return self.cell.locator(".dlcore-cell__output").inner_text()

    @property
    def code(self):
        """The code that is seen, coloured or in the editor."""
        lines = self.cell.locator(".cm-line").all_text_contents()
        return "\n".join(lines) or self.cell.locator(".cell_input pre").first.text_content()

    def kept(self, key):
        return self.page.evaluate("(key) => localStorage.getItem(key)", key)

    def wait_until_kept(self, word):
        self.page.wait_for_function(
            "([key, word]) => localStorage.getItem(key)?.includes(word)", arg=[f"dlcore.code.{ID}", word]
        )

    def forget(self):
        self.line.get_by_role("button", name="Forget").click()
        self.line.get_by_role("button", name="Really forget?").click()


def test_an_answer_is_checked_after_the_set_up_ran_once(visit):
    exercise = Exercise(visit(PAGE).page)
    assert exercise.run().endswith("s: not yet.")
    assert "Nothing is written yet" in exercise.answer.inner_text()
    exercise.run(WRONG)
    assert "kernel not flipped" in exercise.answer.inner_text()
    assert exercise.run(RIGHT).endswith("s: right.")
    assert exercise.answer.get_attribute("data-exercise") == ID
    exercise.run("print(starts)")
    assert exercise.text == "1"


def test_lines_are_counted_in_the_answer_alone(visit):
    exercise = Exercise(visit(PAGE).page)
    exercise.run(RIGHT.replace("np.zeros", "np.zebras"))
    assert "AttributeError in line 2" in exercise.answer.inner_text()
    assert exercise.run("x = 1\nx / 0") == "ZeroDivisionError in line 2."


def test_what_is_solved_is_marked_kept_and_forgotten(visit):
    exercise = Exercise(visit(PAGE).page)
    assert exercise.mark.count() == 0
    assert not exercise.line.is_visible()
    exercise.run()
    assert exercise.line.inner_text().startswith("0 of 2 solved on this device.")
    exercise.run(RIGHT)
    assert exercise.mark.inner_text() == "solved"
    assert json.loads(exercise.kept("dlcore.exercises")) == {ID: {"tries": 2, "hints": 0, "solved": True}}
    exercise.run(STUB)
    assert exercise.mark.count() == 1
    asked = []
    exercise.page.on("request", lambda request: asked.append(request.url))
    exercise.page.reload()
    again = Exercise(exercise.page)
    assert again.mark.count() == 1
    assert again.line.inner_text().startswith("1 of 2 solved")
    assert not [address for address in asked if "runtime/" in address]
    again.line.get_by_role("button", name="Forget").click()
    assert again.mark.count() == 1
    again.line.get_by_role("button", name="Really forget?").press("Tab")
    again.forget()
    assert again.mark.count() == 0
    assert not again.line.is_visible()
    assert again.kept("dlcore.exercises") == "{}"


def test_python_knows_what_was_solved_before_and_what_was_forgotten(visit):
    exercise = Exercise(visit(PAGE).page)
    record = {ID: {"tries": 3, "hints": 1, "solved": True}}
    exercise.page.evaluate("(text) => localStorage.setItem('dlcore.exercises', text)", json.dumps(record))
    exercise.page.reload()
    exercise = Exercise(exercise.page)
    exercise.run("print(hint('convolution.full_mode'))\nprogress('convolution')")
    assert "Hint 2 of" in exercise.text
    assert f"{ID}: solved, tries 3, hints 2" in exercise.text
    exercise.forget()
    exercise.run("progress('convolution')")
    assert f"{ID}: open, tries 0, hints 0" in exercise.text


def test_two_tabs_do_not_lose_what_the_other_has_solved(visit):
    first = Exercise(visit(PAGE).page)
    first.run("1 + 1")  # Python has read the records
    second = first.page.context.new_page()
    second.goto(first.page.url)
    second = Exercise(second)
    other = {"convolution.other": {"tries": 1, "hints": 2, "solved": True}}
    second.page.evaluate("(text) => localStorage.setItem('dlcore.exercises', text)", json.dumps(other))
    first.page.locator("h2", has_text="Second").locator(".dlcore-solved").wait_for()
    first.run(RIGHT)
    second.mark.wait_for()
    assert json.loads(second.kept("dlcore.exercises")) == other | {
        ID: {"tries": 1, "hints": 0, "solved": True}
    }


def test_an_answer_is_there_again_and_can_be_reset(visit):
    exercise = Exercise(visit(PAGE).page)
    exercise.write(RIGHT)
    exercise.wait_until_kept("enumerate")
    exercise.write(WRONG)
    exercise.page.reload()  # before the typing has paused
    exercise = Exercise(exercise.page)
    assert exercise.message == "Your earlier answer is back."
    assert exercise.code == WRONG
    assert "not yet" in exercise.run()
    exercise.button("Reset").click()
    assert exercise.code.rstrip("\n") == STUB
    exercise.button("Undo reset").click()
    assert exercise.code == WRONG
    exercise.button("Edit").click()
    exercise.cell.locator(".cm-content:focus").wait_for()
    assert exercise.code == WRONG
    exercise.button("Reset").click()
    exercise.page.wait_for_function("!Object.keys(localStorage).some((key) => key.startsWith('dlcore.code'))")
    exercise.page.reload()
    exercise = Exercise(exercise.page)
    assert exercise.code.rstrip("\n") == STUB
    assert not exercise.button("Undo reset").is_visible()


def solutions(notebook):
    """The set-up of an exercise notebook, and each solution with its check."""
    cells = nbformat.read(notebook, as_version=4).cells
    setup = [cell.source for cell in cells if "live-setup" in cell.metadata.get("tags", ())]
    answers = [
        (cell.source, check.source.splitlines()[0])
        for cell, check in pairwise(cells)
        if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    return setup, [f"{re.sub('.*### (BEGIN|END) SOLUTION.*', '', code)}\n{check}" for code, check in answers]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_solution_is_right_in_the_page(visit, site, notebook):
    setup, answers = solutions(notebook)
    assert answers
    (site.folder / f"{notebook.stem}.html").write_text(page(*setup), encoding="utf-8")
    exercise = Exercise(visit(f"{notebook.stem}.html").page)
    said = [(answer.splitlines()[-1], exercise.run(answer)) for answer in answers]
    assert [one for one in said if not one[1].endswith("s: right.")] == []
    exercise.page.wait_for_function(
        "(count) => Object.values(JSON.parse(localStorage['dlcore.exercises'])).filter((one) => one.solved)"
        ".length === count",
        arg=len(answers),
    )


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_of_every_wrong_answer_the_page_says_what_python_says_elsewhere(visit, site, notebook):
    topic = notebook.stem
    (site.folder / f"wrong-{topic}.html").write_text(page(SETUP), encoding="utf-8")
    exercise = Exercise(visit(f"wrong-{topic}.html").page)
    code = (ROOT / f"tests/wrong_answers/{topic}.py").read_text(encoding="utf-8")
    code += f"""
for name, answer, mistake in WRONG:
    print(name, mistake, *check(f"{topic}.{{name}}", answer).sentences, sep=" / ")
"""
    assert exercise.run(code).startswith("Finished")
    wrong = import_module(f"wrong_answers.{topic}").WRONG
    expected = [
        " / ".join([name, mistake, *check(f"{topic}.{name}", answer).sentences])
        for name, answer, mistake in wrong
    ]
    assert exercise.text.splitlines() == expected


def refuse_storage(page):
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('refused'); } });"
    )


def fill_storage(page):
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('it is full'); };")


@pytest.mark.parametrize("prepare", [refuse_storage, fill_storage])
def test_where_the_browser_keeps_nothing_exercises_work_and_it_is_said(visit, prepare):
    exercise = Exercise(visit(PAGE, prepare=prepare).page)
    exercise.write(RIGHT)
    exercise.toolbar.get_by_text("This browser does not keep your code").wait_for()
    exercise.run()
    assert exercise.mark.count() == 1
    exercise.run("progress('convolution')")
    assert f"{ID}: solved, tries 1" in exercise.text


def test_broken_records_are_none(visit):
    def prepare(page):
        page.add_init_script("localStorage.setItem('dlcore.exercises', '{\"convolution.full_mode\": 3')")

    exercise = Exercise(visit(PAGE, prepare=prepare).page)
    assert not exercise.line.is_visible()
    exercise.run(RIGHT)
    assert exercise.mark.count() == 1


def test_an_endless_loop_in_an_answer_is_ended_and_one_beside_it_is_stopped(visit):
    exercise = Exercise(visit(PAGE).page)
    assert "not yet" in exercise.run(ENDLESS)
    assert "Does a loop never end?" in exercise.answer.inner_text()
    exercise.write("print('begun')\nwhile True: pass")
    exercise.page.keyboard.press("Shift+Enter")
    exercise.cell.get_by_text("begun", exact=True).wait_for()
    exercise.button("Stop").press("Enter")
    assert exercise.finished().startswith("Stopped.")
    assert exercise.run(RIGHT).endswith("s: right.")  # the set-up ran again
    exercise.run("print(starts)")
    assert exercise.text == "1"


def test_an_error_in_the_set_up_is_told_as_such(visit):
    exercise = Exercise(visit("broken.html").page)
    assert exercise.run() == "ModuleNotFoundError."
    assert "no_such_module" in exercise.text
    assert "before yours" in exercise.text
    assert "line 2 of the page's set-up" in exercise.text
    assert "Go to line" not in exercise.text


def test_a_link_to_a_solution_opens_it(visit):
    page = visit(f"{PAGE}#convolution-full-mode-solution").page
    Exercise(page)
    fold = page.locator("#convolution-full-mode-solution details")
    assert fold.get_attribute("open") is not None
    page.evaluate("location.hash = 'convolution-other-solution'")
    page.locator("#convolution-other-solution details[open]").wait_for()


def test_wide_values_are_scrolled_in_their_own_place(visit):
    opened = visit(PAGE, viewport={"width": 390, "height": 800})
    exercise = Exercise(opened.page)
    exercise.run(WIDE)
    table = exercise.answer.locator("figure").first
    assert table.evaluate("(figure) => figure.scrollWidth > figure.clientWidth")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
