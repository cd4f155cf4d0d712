"""How Chromium is started, by the tests and by ``benchmarks.live``."""

import contextlib
import os

from playwright.sync_api import sync_playwright

__all__ = ["chromium", "options"]


def options(path):
    """The options of Playwright's ``launch`` for the Chromium at `path`."""
    arguments = [
        # Chromium's own requests are no requests of the page.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        # Whatever a page or its worker asks of another host fails at once, with or without a network.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {"executable_path": path, "args": arguments}


@contextlib.contextmanager
def chromium(path):
    """A Chromium without a window, as Playwright's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options(path))
        yield browser
        browser.close()
