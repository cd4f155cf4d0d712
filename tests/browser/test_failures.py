"""Python does not start in the page, or ends: the picture stays, and one sentence says what happened."""

import re

import pytest

from .figures import BOOK, figures, native
from .scenes import decode, differences

pytestmark = pytest.mark.usefixtures("runtime")
FIGURE = next(iter(figures()), None)
WORKER = re.compile(r"/worker\.js")
ONE_SENTENCE = re.compile(r"[A-Z][^.!?]*\.")

# What Chromium throws where the memory that WebAssembly asks for is not to be had.
OUT_OF_MEMORY = """
WebAssembly.Memory = function () {
  throw new RangeError("WebAssembly.Memory(): could not allocate memory");
};
for (const name of ["instantiate", "instantiateStreaming"]) {
  WebAssembly[name] = () =>
    Promise.reject(new RangeError("WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory"));
}
"""


@pytest.fixture
def figure(built_book):
    """The first widget of the book."""
    assert FIGURE is not None, "no page holds a widget: run `make book` again"
    return FIGURE


def touch(view):
    """Use the first control, as a reader does who knows of nothing. That may disable it at once."""
    view.control(next(iter(view.controls))).locator("input, select").first.focus()
    view.page.keyboard.press("ArrowRight")


def told(opened, figure):
    """What the figure says about the failure, once it says something."""
    failed = opened.figure(figure).locator(".dlcore-view[data-failed]")
    failed.wait_for(timeout=30_000)
    return opened.figure(figure).locator(".dlcore-widget__status [role=status]").inner_text()


def check_that_the_first_scene_stays(figure, view):
    assert view.parameters() == figure.reply["parameters"]
    assert differences(decode(figure.reply["scene"]), view.scene()) == []
    assert all(view.panel(name).is_visible() for name in view.panels())
    for part in view.element.locator("input, select").all():
        assert part.is_disabled()


def check_that_it_works(figure, view):
    view.press(next(iter(view.controls)))
    assert differences(native(figure.widget, view.parameters()), view.scene()) == []


def without_webassembly(page):
    page.add_init_script("delete globalThis.WebAssembly;")


def without_worker_script(page):
    page.route(WORKER, lambda route: route.abort())


def with_workers_forbidden(page):
    def forbid(route):
        answer = route.fetch()
        route.fulfill(
            response=answer, headers=answer.headers | {"content-security-policy": "worker-src 'none'"}
        )

    page.route("**/*.html", forbid)


def without_memory(page):
    def poison(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=f"{OUT_OF_MEMORY}\n{answer.text()}")

    page.route(WORKER, poison)


def without_python(page):
    """The host sends something else instead of the interpreter."""
    page.route("**/*.wasm", lambda route: route.fulfill(body="no program", content_type="application/wasm"))


@pytest.mark.parametrize(
    ("prepare", "word"),
    [
        (without_webassembly, "WebAssembly"),
        (without_worker_script, "worker"),
        (with_workers_forbidden, "worker"),
        (without_memory, "memory"),
        (without_python, "start"),
    ],
)
def test_where_python_does_not_start_the_scene_stays_and_a_sentence_says_why(visit, figure, prepare, word):
    opened = visit(figure.page, prepare=prepare, allowed=[""])
    view = opened.view(figure)
    touch(view)
    sentence = told(opened, figure)
    assert ONE_SENTENCE.fullmatch(sentence) and word in sentence
    check_that_the_first_scene_stays(figure, view)


@pytest.mark.parametrize("which", [1, 2])
def test_after_the_network_was_gone_half_way_trying_again_works(visit, figure, which):
    asked = []

    def lose(route):
        asked.append(route.request.url)
        if len(asked) >= which:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    def prepare(page):
        page.route(re.compile(r"/runtime[-/].*\.(tar|zip)"), lose)

    opened = visit(
        figure.page, prepare=prepare, allowed=["ERR_INTERNET_DISCONNECTED", "Failed to load resource"]
    )
    view = opened.view(figure)
    touch(view)
    sentence = told(opened, figure)
    assert ONE_SENTENCE.fullmatch(sentence) and "connection" in sentence
    check_that_the_first_scene_stays(figure, view)
    opened.page.unroute_all()
    opened.figure(figure).get_by_role("button", name="Try again").press("Enter")
    opened.figure(figure).locator(".dlcore-view:not([data-failed])").wait_for()
    check_that_it_works(figure, view)


def test_where_a_worker_can_come_back_trying_again_works(visit, figure):
    opened = visit(figure.page, prepare=without_worker_script, allowed=["ERR_FAILED"])
    view = opened.view(figure)
    touch(view)
    told(opened, figure)
    opened.page.unroute_all()
    opened.figure(figure).get_by_role("button", name="Try again").click()
    opened.figure(figure).locator(".dlcore-view:not([data-failed])").wait_for()
    check_that_it_works(figure, view)


def check_that_the_picture_stays(opened, figure, word):
    element = opened.figure(figure)
    assert element.locator(".dlcore-widget__picture svg").is_visible()
    note = element.locator(".dlcore-widget__note")
    note.filter(has_text=word).wait_for(timeout=10_000)
    assert ONE_SENTENCE.fullmatch(note.inner_text().strip())
    assert element.locator("input, select, button").filter(visible=True).count() == 0


def test_in_a_page_opened_as_a_file_the_picture_stays_and_a_sentence_says_why(visit, figure):
    opened = visit(figure.page, base=BOOK.as_uri(), allowed=["file:"])
    check_that_the_picture_stays(opened, figure, "file")


@pytest.mark.parametrize("part", ["page.js", "runtime.js"])
def test_where_a_part_of_the_page_is_lost_the_picture_stays_and_a_sentence_says_so(visit, figure, part):
    def prepare(page):
        page.route(re.compile(rf"/live/{re.escape(part)}"), lambda route: route.abort())

    opened = visit(figure.page, prepare=prepare, allowed=[""])
    check_that_the_picture_stays(opened, figure, "load")


def test_where_the_view_is_lost_the_picture_stays(visit, figure):
    def prepare(page):
        page.route(re.compile(r"/live/view\.js"), lambda route: route.abort())

    opened = visit(figure.page, prepare=prepare, allowed=[""])
    opened.page.wait_for_load_state("networkidle")
    assert opened.figure(figure).locator(".dlcore-widget__picture svg").is_visible()
    assert opened.figure(figure).locator("input, select, button").filter(visible=True).count() == 0
