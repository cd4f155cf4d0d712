"""Time the widgets of the built pages in a browser: ``python -m benchmarks.live --help``.

How long it takes from the first touch of a widget to a scene that Python computed, how many bytes travel
until then, and how quickly every widget follows its controls.
"""

import argparse
import itertools
import pathlib
import statistics
import sys
import tempfile

from .comparison import write
from .machine import processor

ROOT = pathlib.Path(__file__).resolve().parent.parent
# The tests of the pages find the widgets, serve the book and move the controls in the same way.
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]

import install_chromium
from browser.chromium import options
from browser.figures import BOOK, figures
from browser.server import Site
from browser.view import View

LIMITS = {
    "cold_seconds": 6,
    "again_seconds": 3,
    "live_bytes": 9e6,
    "untouched_bytes": 1.2e6,
    "median_milliseconds": 60,
    "percentile_milliseconds": 150,
}

# From the key or the pointer that moves a control to the scene that is drawn, and to the frame that shows it.
# `performance.now()` and the events' times are of one clock.
WATCH = """view => {
    const watch = {touched: null, moved: null, pointed: null, moves: []};
    let before = 0;
    for (const name of ["keydown", "pointermove"])
        view.addEventListener(name, event => {
            before = event.timeStamp;
            watch.moved = null; // a field that is left reports its change late
        }, true);
    view.closest("figure").addEventListener("focusin", event => { watch.touched ??= event.timeStamp; }, true);
    for (const name of ["input", "change"])
        view.addEventListener(name, () => { watch.moved ??= before; }, true);
    view.addEventListener("pointermove", () => { watch.pointed = before; });
    view.addEventListener("dlcore:drawn", ({detail}) => {
        const [drawn, moved] = [performance.now(), watch.moved ?? watch.pointed];
        if (detail.id === 0 || moved === null) return;
        watch.moved = watch.pointed = null;
        const move = {drawn: drawn - moved, touched: drawn - watch.touched};
        watch.moves.push(move);
        requestAnimationFrame(() => setTimeout(() => { move.shown = performance.now() - moved; }));
    });
    view.watch = watch;
}"""


class Watched(View):
    """A view whose moves are timed in the page."""

    def watch(self):
        """Begin to time; return the view."""
        self.element.evaluate(WATCH)
        return self

    def timed(self):
        """How many moves were timed until now."""
        return self.element.evaluate("view => view.watch.moves.length")

    def moves(self):
        """The times of the moves until now, in milliseconds, once the last one is on the screen."""
        self.settle()
        self.page.wait_for_function(
            "view => view.watch.moves.every(move => move.shown !== undefined)",
            arg=self.element.element_handle(),
        )
        return self.element.evaluate("view => view.watch.moves")


def open_view(context, site, figure):
    """A new page with a widget's view, drawn and timed, and nothing on its way."""
    page = context.new_page()
    page.set_viewport_size({"width": 1200, "height": 900})
    page.goto(f"{site.url}/{figure.page}")
    root = page.locator("figure.dlcore-widget[data-dlcore]").nth(figure.index)
    view = Watched(page, root, figure.declaration).wait().watch()
    page.wait_for_load_state("networkidle")
    return view


def first_scene(chromium, launch, site, figure, profile):
    """Seconds from the first touch of a widget to the first scene by Python, and the bytes until then."""
    context = chromium.launch_persistent_context(profile, **launch)
    site.answers.clear()
    view = open_view(context, site, figure)
    view.press(next(iter(view.controls)))
    sent = sum(answer.bytes for answer in site.answers)
    seconds = view.moves()[0]["touched"] / 1000
    # What was loaded is written to the disk a little later; a reader who comes back comes later, too.
    view.page.wait_for_timeout(1000)
    context.close()
    return seconds, sent


def measure_start(chromium, launch, site, figure, runs):
    """First scenes with an empty cache and on a second visit; medians."""
    with tempfile.TemporaryDirectory() as profile:
        first_scene(chromium, launch, site, figure, profile)  # the host compresses its files
    cold, again, sent = [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as profile:
            for seconds in (cold, again):
                taken, size = first_scene(chromium, launch, site, figure, profile)
                seconds.append(taken)
                sent.append(size)
    return {
        "figure": str(figure),
        "cold_seconds": statistics.median(cold),
        "again_seconds": statistics.median(again),
        "live_bytes": max(sent),
    }


def measure_weight(browser, site, book=BOOK):
    """The bytes that each page loads when nobody touches it, heaviest first."""
    sizes = {}
    for path in sorted((book / "book").rglob("*.html")):
        name = path.relative_to(book).as_posix()
        context = browser.new_context()
        site.answers.clear()
        page = context.new_page()
        page.goto(f"{site.url}/{name}")
        page.wait_for_load_state("networkidle")
        sizes[name] = sum(answer.bytes for answer in site.answers)
        context.close()
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def move_by_keyboard(view, name, count):
    """Move one control so many times. Nothing is timed where a key changes nothing, such as beyond an end."""
    keys = {
        "slider": ("ArrowRight", "ArrowLeft"),
        "choice": ("ArrowDown", "ArrowUp"),
        "picture": ("ArrowDown", "ArrowUp"),
        "checkbox": ("Space", "Space"),
        "matrix": ("7", "5"),
    }
    kind = view.controls[name]["type"]
    view.focus(name)
    direction = 0
    for _ in range(count):
        for _ in range(2):
            done = view.timed()
            if kind == "matrix":
                view.page.keyboard.press("ControlOrMeta+a")
                direction = 1 - direction
            view.page.keyboard.press(keys[kind][direction])
            view.settle()
            if view.timed() > done:
                break
            direction = 1 - direction


def move_by_pointer(view, panel, count):
    """Move the pointer over a panel so many times, a cell or a bit further each time."""
    drawing = view.panel(panel).locator("[data-pointer]")
    drawing.scroll_into_view_if_needed()
    area = drawing.bounding_box()
    drags = drawing.get_attribute("data-pointer").startswith("drag")
    steps = [((0.5 + 0.6180340 * move) % 1, (0.5 + 0.7548777 * move) % 1) for move in range(count)]
    for index, (across, down) in enumerate(steps):
        view.page.mouse.move(area["x"] + across * area["width"], area["y"] + down * area["height"])
        if drags and index == 0:
            view.page.mouse.down()
        view.settle()
    if drags:
        view.page.mouse.up()


def measure_moves(browser, site, figure, moves):
    """Milliseconds from the input to the scene, for moves of all controls and of the pointer."""
    context = browser.new_context()
    view = open_view(context, site, figure)
    view.press(next(iter(view.controls)))  # Python starts
    panels = {control["on"].partition(".")[0] for control in view.controls.values() if control.get("on")}
    pointed = sorted(panel for panel in panels if view.panel(panel).locator("[data-pointer]").count())
    ways = [(move_by_keyboard, name) for name in view.controls] + [
        (move_by_pointer, name) for name in pointed
    ]
    times = {}
    for (move, name), share in zip(ways, shares(moves, len(ways)), strict=True):
        view.set(figure.reply["parameters"])
        done = len(view.moves())
        move(view, name, share)
        times[f"{name}{' by pointer' if move is move_by_pointer else ''}"] = view.moves()[done:]
    context.close()
    return record(figure, times)


def shares(total, parts):
    """`total` as a sum of so many whole numbers that differ by 1 at most."""
    return [total // parts + (part < total % parts) for part in range(parts)]


def record(figure, times):
    """Median and 95th percentile of all moves of a widget, and its slowest control."""
    every = list(itertools.chain.from_iterable(times.values()))
    medians = {
        name: statistics.median(move["drawn"] for move in moves) for name, moves in times.items() if moves
    }
    slowest = max(medians, key=medians.get)
    return {
        "figure": str(figure),
        "moves": len(every),
        "median_milliseconds": statistics.median(move["drawn"] for move in every),
        "percentile_milliseconds": percentile([move["drawn"] for move in every], 95),
        "shown_median_milliseconds": statistics.median(move["shown"] for move in every),
        "shown_percentile_milliseconds": percentile([move["shown"] for move in every], 95),
        "slowest": slowest,
        "slowest_median_milliseconds": medians[slowest],
    }


def percentile(values, percent):
    """The smallest value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def table(start, weights, records):
    """All that was measured as text, limits beside it."""
    heaviest, weight = next(iter(weights.items()))
    line = "{:58} {:>9} {:>7}"
    figures_of_start = [
        ("first scene after the first touch, nothing in the cache", "cold_seconds", start["cold_seconds"]),
        ("the same on a second visit", "again_seconds", start["again_seconds"]),
        ("loaded until the first live widget", "live_bytes", start["live_bytes"]),
        (f"loaded by an untouched page, {heaviest}", "untouched_bytes", weight),
    ]
    lines = [line.format(start["figure"], "measured", "limit")]
    for text, name, value in figures_of_start:
        unit, size = ("s", 1) if name.endswith("seconds") else ("MB", 1e6)
        lines.append(line.format(text, f"{value / size:.2f} {unit}", f"{LIMITS[name] / size:g} {unit}"))
    line = "{:38} {:>5} {:>8} {:>8} {:>8} {:>8}  {}"
    lines += [
        "",
        line.format("milliseconds from the input to", "", "drawn", "drawn", "frame", "frame", ""),
        line.format("", "moves", "median", "95 %", "median", "95 %", "slowest control, median to drawn"),
    ]
    for row in records:
        columns = ("median", "percentile", "shown_median", "shown_percentile")
        lines.append(
            line.format(
                row["figure"],
                row["moves"],
                *(f"{row[f'{name}_milliseconds']:.1f}" for name in columns),
                f"{row['slowest']}, {row['slowest_median_milliseconds']:.1f}",
            )
        )
    limits = [str(LIMITS[f"{name}_milliseconds"]) for name in ("median", "percentile")]
    lines.append(line.format("limit", "", *limits, "", "", ""))
    return "\n".join(lines)


def exceeded(start, weights, records):
    """The names of the limits that were not kept, each with what it was."""
    found = [
        f"{name} {start[name]:.4g}"
        for name in ("cold_seconds", "again_seconds", "live_bytes")
        if start[name] > LIMITS[name]
    ]
    found += [f"{page} {size} bytes" for page, size in weights.items() if size > LIMITS["untouched_bytes"]]
    for row in records:
        for name in ("median_milliseconds", "percentile_milliseconds"):
            if row[name] > LIMITS[name]:
                found.append(f"{row['figure']} {name} {row[name]:.4g}")
    return found


def main():
    """Parse the arguments, measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=7, help="fresh profiles, of which the median (default: 7)"
    )
    parser.add_argument("--moves", type=int, default=100, help="moves of each widget (default: 100)")
    parser.add_argument("--only", default="", help="only widgets whose name contains this")
    parser.add_argument(
        "--output", type=pathlib.Path, default="_build/benchmarks_live.json", help="where the JSON goes"
    )
    arguments = parser.parse_args()
    found = [figure for figure in figures() if arguments.only in str(figure)]
    path = install_chromium.find()
    if not found:
        parser.error("no widget was found in _build/html: run `make book`")
    if path is None:
        parser.error("no Chromium was found: run `python tools/install_chromium.py`")
    from playwright.sync_api import sync_playwright

    launch = options(path)
    with sync_playwright() as playwright, Site(BOOK) as site:
        browser = playwright.chromium.launch(**launch)
        version = browser.version
        records = [measure_moves(browser, site, figure, arguments.moves) for figure in found]
        weights = measure_weight(browser, site)
        browser.close()
        start = measure_start(playwright.chromium, launch, site, found[0], arguments.runs)
    print(f"{processor()}, Chromium {version}, headless")
    print(table(start, weights, records))
    too_much = exceeded(start, weights, records)
    print(f"beyond a limit: {'; '.join(too_much) or 'nothing'}")
    write(arguments.output, records, start=start, untouched_bytes=weights, limits=LIMITS, chromium=version)


if __name__ == "__main__":
    main()
