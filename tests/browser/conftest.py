"""The browser, the served book, and pages that must not misbehave."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from .server import Site
from .view import View


def missing(what):
    """Without what a test needs it is skipped; where the tests decide (CI), it fails."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def pytest_collection_modifyitems(items):
    """Put the tests of one page's widgets together: they share the page."""
    places = [place for place, item in enumerate(items) if item.path.name == "test_widgets_in_page.py"]

    def page(item):
        figure = item.callspec.params.get("figure") if hasattr(item, "callspec") else None
        return getattr(figure, "page", "")

    for place, item in zip(places, sorted((items[place] for place in places), key=page), strict=True):
        items[place] = item


# The scope "package" ends the browser after this folder. Playwright leaves an event loop running in this
# thread, which the tests that come later must not find.
@pytest.fixture(scope="package")
def browser():
    """One Chromium for all tests of this folder."""
    import install_chromium

    try:
        from .chromium import chromium
    except ImportError:
        missing("Playwright is not installed, so the pages are not tested in a browser: run `make book`.")
    path = install_chromium.find()
    if path is None:
        missing("No Chromium was found, so the pages are not tested: run `python tools/install_chromium.py`.")
    with chromium(path) as started:
        yield started


@pytest.fixture(scope="session")
def site(built_book):
    """The built book, served as by a static host."""
    with Site(built_book) as served:
        yield served


@pytest.fixture(scope="session")
def runtime(built_book):
    """That the book brings Python with it."""
    if not any(built_book.glob("_static/live/runtime*/manifest.json")):
        # Skipped in CI too: `.ci/run` fetches it where there is a network, and a book without it is a book as well.
        pytest.skip(
            "The book was built without Python for its pages: run `make vendor-pyodide` and `make book`."
        )


@dataclass
class Visit:
    """A page that somebody opened, and what went wrong in it.

    Attributes
    ----------
    page : playwright.sync_api.Page
    path : str
        Relative to the book.
    errors : list of str
        Messages of the console that are errors, and exceptions that nobody caught.
    foreign : list of str
        Addresses outside of the site that the page asked for.
    allowed : list of str
        Errors that hold one of these words are meant to happen.
    """

    page: object
    path: str
    errors: list = field(default_factory=list)
    foreign: list = field(default_factory=list)
    allowed: list = field(default_factory=list)

    def figure(self, figure):
        """The element of a widget."""
        return self.page.locator("figure.dlcore-widget[data-dlcore]").nth(figure.index)

    def view(self, figure):
        """The view of a widget, drawn."""
        return View(self.page, self.figure(figure), figure.declaration).wait()

    def defects(self):
        """What a page must never do."""
        errors = [error for error in self.errors if not any(word in error for word in self.allowed)]
        return errors + [f"request to another host: {address}" for address in self.foreign]


class Visits:
    """Opens pages, each in a profile of its own, and closes them."""

    def __init__(self, browser, site):
        self.browser, self.site, self.open = browser, site, []

    def __call__(self, path, *, prepare=None, allowed=(), base=None, **options):
        """Open a page of the book and return the visit.

        Parameters
        ----------
        path : str
            Relative to the book.
        prepare : callable, optional
            Is given the page before it opens anything.
        allowed : sequence of str
        base : str, optional
            Where the book lies, if not on the site.
        **options
            Of the browser's profile, such as ``java_script_enabled=False``.
        """
        base = base or self.site.url
        context = self.browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        context.set_default_timeout(20_000)
        visit = Visit(context.new_page(), path, allowed=list(allowed))
        self.open.append(visit)

        def note_request(request):
            address = urlsplit(request.url)
            if address.scheme in ("http", "https", "ws", "wss") and not request.url.startswith(base):
                visit.foreign.append(request.url)

        def note_message(message):
            if message.type == "error":
                where = message.location.get("url", "")
                visit.errors.append(f"console: {message.text:.500} ({where})")

        context.on("request", note_request)
        visit.page.on("console", note_message)
        visit.page.on("pageerror", lambda error: visit.errors.append(f"exception: {error!s:.500}"))
        if prepare:
            prepare(visit.page)
        visit.page.goto(f"{base}/{path}", wait_until="load")
        return visit

    def close(self):
        """Close all pages; return what went wrong in them."""
        defects = []
        for visit in self.open:
            defects += visit.defects()
            visit.page.context.close()
        self.open.clear()
        return defects


@pytest.fixture
def visit(browser, site):
    """Open pages for one test: ``visit(path)``. What a page must never do fails the test."""
    visits = Visits(browser, site)
    yield visits
    assert visits.close() == []
