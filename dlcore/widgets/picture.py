"""The picture of a scene, drawn by matplotlib: for print, and where no JavaScript runs.

Rows of panels are laid out on a sheet, in points from its top left corner. Each panel is measured first; then the
panels of a row stand side by side as far as they fit, and the figure is drawn when its height is known.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dlcore.plots import CYCLE, DIVERGING, INK, SEQUENTIAL, draw_image, draw_matrix, style

__all__ = ["draw"]

_WIDTH = 340
"""Points. A sheet of this width fits a phone's screen with text of 10 points at a legible 9 pixels or more."""

_GAP = 14
_SIZE = 10
_LINE = 1.45  # height of a line of text, for each point of its size
_EM = 0.6  # mean width of a character, likewise; the reader's font is not known here
_TITLE = 130  # a title is broken into lines only beyond this width
_COLOUR_MAPS = {"none": None, "sequential": SEQUENTIAL, "diverging": DIVERGING}
_MARKERS = "os^Dv"


def draw(scene):
    """Draw a scene in the book's style.

    Parameters
    ----------
    scene : dict
        Made by `dlcore.widgets.scene.scene`.

    Returns
    -------
    matplotlib.figure.Figure
        At most 340 points wide, so that its text can be read on a phone.
    """
    with style():
        placed, top = [], 0
        for names in scene["layout"]:
            row, height = _arrange([scene["panels"][name] for name in names])
            placed += [(block, x, top + y) for block, x, y in row]
            top += height + _GAP
        sheet = _Sheet(max(1, top - _GAP))
        for block, x, y in placed:
            block.draw(sheet, x, y)
        sheet.settle()
        return sheet.figure


class _Sheet:
    """A figure on which panels and texts stand at places in points from the top left corner."""

    def __init__(self, height):
        self.height = height
        self.figure = Figure(figsize=(_WIDTH / 72, height / 72), layout="none")
        FigureCanvasAgg(self.figure)
        # An empty frame over the whole sheet keeps its width when the figure is cropped to what is drawn.
        self._paper = self.figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height, 0), label="paper")
        self._paper.set_axis_off()
        self._plots = []

    def axes(self, x, y, width, height, label):
        place = (x / _WIDTH, 1 - (y + height) / self.height, width / _WIDTH, height / self.height)
        return self.figure.add_axes(place, label=label)

    def plot(self, x, y, width, height):
        """Return axes that will keep their labels inside the rectangle."""
        axes = self.axes(x, y, width, height, "plot")
        self._plots.append(axes)
        return axes

    def text(self, x, y, lines, size=_SIZE, **options):
        """Write lines whose top is at `y`. Return where the next line begins."""
        for line in lines:
            self._paper.text(x, y, line, va="top", fontsize=size, **{"color": INK, **options})
            y += _LINE * size
        return y

    def rectangle(self, x, y, width, height, colour, **options):
        self._paper.add_patch(Rectangle((x, y), width, height, color=colour, linewidth=0, **options))

    def legend(self, x, y, drawn, labels, **options):
        place = x / _WIDTH, 1 - y / self.height
        spaces = {"borderpad": 0, "borderaxespad": 0, "handlelength": 1.6, "columnspacing": 1.5}
        self.figure.legend(
            drawn, labels, loc="upper left", bbox_to_anchor=place, fontsize=_SIZE, **spaces, **options
        )

    def settle(self):
        """Shrink each plot by what its labels need, which is known only when it has been drawn."""
        scale = self.figure.dpi / 72
        rectangles = [axes.bbox.frozen() for axes in self._plots]
        for _ in range(2):  # a narrower plot may have other ticks
            self.figure.draw_without_rendering()
            for axes, given in zip(self._plots, rectangles, strict=True):
                inner, outer = axes.bbox, axes.get_tightbbox()
                left, bottom = max(0, inner.x0 - outer.x0), max(0, inner.y0 - outer.y0)
                right, above = max(0, outer.x1 - inner.x1), max(0, outer.y1 - inner.y1)
                width = max(0.3 * given.width, given.width - left - right)
                height = max(0.3 * given.height, given.height - bottom - above)
                place = given.x0 + left, given.y1 - above - height, width, height
                axes.set_position(np.divide(place, scale * np.array([_WIDTH, self.height] * 2)))


# ---- layout ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """A measured panel; ``draw(sheet, x, y)`` puts it on the sheet."""

    width: float
    height: float
    draw: Callable


def _arrange(panels):
    """Return ``[(block, x, y)]`` and the height of a row.

    Panels grow from their least to their preferred size together. The largest of a few sizes is taken at which the
    row is broken into the fewest lines.
    """
    widest = max((panel["values"].shape[2] for panel in panels if panel["kind"] == "image"), default=1)
    sizes = np.linspace(1, 0, 33)
    rows = [_pack([_with_title(panel, size, widest) for panel in panels]) for size in sizes]
    placed, height, _ = min(rows, key=lambda row: row[2])
    return placed, height


def _pack(blocks):
    """Put blocks beside each other, under the last one where there is room, or on a new line."""
    placed, lines, top, bottom = [], 0, 0, 0
    x = right = column = _WIDTH + 1  # as if a line were full
    for block in blocks:
        if right + _GAP + block.width <= _WIDTH + 0.01:
            x, column = right + _GAP, top
        elif x > 0 and x + block.width <= _WIDTH and column + block.height <= bottom + 20:
            pass  # below the last one, which is lower than what stands at its left
        else:
            lines, top = lines + 1, bottom + _GAP if placed else 0
            x, column, right = 0, top, 0
        placed.append((block, x, column))
        right = max(right, x + block.width)
        bottom = max(bottom, column + block.height)
        column += block.height + _GAP
    return placed, bottom, lines


def _with_title(panel, size, widest):
    body = _KINDS[panel["kind"]](panel, size, widest)
    title = panel["title"]
    if not title:
        return body
    width = min(_WIDTH, max(body.width, min(_TITLE, _length(title))))
    lines = _wrapped(title, width)
    head = _LINE * _SIZE * len(lines) + (8 if panel["kind"] == "bars" else 2)

    def put(sheet, x, y):
        sheet.text(x, y, lines, weight="bold")
        body.draw(sheet, x, y + head)

    return _Block(width, head + body.height, put)


def _length(text, size=_SIZE):
    return _EM * size * len(text)


def _wrapped(text, width, size=_SIZE):
    return textwrap.wrap(text, max(4, int(width / (_EM * size)))) or [""]


# ---- numbers in cells, and pictures ----------------------------------------------------------------------------------


def _cells(panel, size, widest):
    values, marks = panel["values"], panel["marks"]
    (height, width), none = values.shape, np.zeros(values.shape, bool)
    is_marked = marks.get("highlight", none) | marks.get("selected", none)
    is_muted = marks.get("muted", none)
    is_written = panel["format"] != "none"
    colour_map = _COLOUR_MAPS[panel["colours"]]
    numbers = [_number(value, panel["format"]) for value in values[np.isfinite(values)]] if is_written else []
    longest = max(map(len, numbers), default=0)
    room = _WIDTH / (width + 0.2)
    largest = min(room, max(24, _length("0" * longest, 11) + 6))
    smallest = min(largest, max(18.5 if is_written else 4, _length("0" * longest) + 2))
    cell = smallest + size * (largest - smallest)

    font = min(11 if cell >= 20 else 10, (cell - 1) / (_EM * max(1, longest)))
    if font < 7:  # where numbers would run into each other only the marked ones are written
        values, font = np.where(is_marked, values, np.nan), 8
    elif cell < 18:  # in a crowd the dashes of padding say enough
        values = np.where(is_muted & ~is_marked, np.nan, values)
    value_format = {"": None, "none": ""}.get(panel["format"], panel["format"])

    def put(sheet, x, y):
        axes = sheet.axes(x, y, (width + 0.2) * cell, (height + 0.2) * cell, "cells")
        masks = {"highlight": is_marked, "muted": is_muted}
        if is_written:
            with matplotlib.rc_context({"font.size": font}):
                fill = {"colour_map": colour_map, "limits": panel["limits"]}
                draw_matrix(axes, values, **masks, **fill, value_format=value_format)
        else:
            draw_matrix(axes, values, **masks, value_format="")
            if colour_map and values.size:  # one picture is far smaller than hundreds of rectangles
                axes.imshow(values, colour_map, _colours(panel), interpolation="none", zorder=0)
                axes.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6))
        for row, column in np.argwhere(marks.get("hatched", none)):
            place = (column - 0.5, row - 0.5)
            axes.add_patch(Rectangle(place, 1, 1, fill=False, hatch="////", lw=0, ec=INK, alpha=0.5))
        for lines in axes.collections:
            lines.set_segments(_joined(lines.get_segments()))
            if cell < 16:  # a thick outline would cover the number in so small a cell
                lines.set_linewidth(np.minimum(lines.get_linewidth(), 1.2))

    return _Block((width + 0.2) * cell, (height + 0.2) * cell, put)


def _joined(segments):
    """Join segments that go on where another one ended: the page holds one line for a row and not one for each cell."""
    lines = {}  # by direction and end
    for start, end in segments:
        is_upright = start[0] == end[0]
        begin = lines.pop((is_upright, *start), start)
        lines[is_upright, *end] = begin
    return [[begin, end] for (_, *end), begin in lines.items()]


def _colours(panel):
    """Return how values become places on the colour map."""
    finite = panel["values"][np.isfinite(panel["values"])]
    low, high = panel["limits"] or ((finite.min(), finite.max()) if finite.size else (0, 1))
    if panel["limits"] is None and panel["colours"] == "diverging":
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    return Normalize(low, high)


def _number(value, value_format):
    if value_format:
        return format(value, value_format)
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.3g}"


def _image(panel, size, widest):
    _, rows, columns = panel["values"].shape
    # Pictures of a row share one scale, so that a smaller output looks smaller.
    largest = min(_WIDTH, max(110, 6 * widest), 300 * widest / max(1, rows))
    smallest = min(largest, 110)
    scale = (smallest + size * (largest - smallest)) / widest
    width, height = columns * scale, rows * scale

    def put(sheet, x, y):
        axes = sheet.axes(x, y, width, height, "image")
        axes.set_axis_off()
        if not panel["values"].size:
            return
        draw_image(axes, panel["values"])
        axes.images[0].set_interpolation("none")  # pixel by pixel into the page, which scales it
        for box in panel["boxes"]:
            _draw_box(axes, box, rows, columns, 4 / scale)

    return _Block(width, height, put)


def _draw_box(axes, box, rows, columns, least):
    """Draw what of a box lies inside the picture; a box of a few pixels at a size that can be seen."""
    sides = []
    for start, length, end in ((box["column"], box["width"], columns), (box["row"], box["height"], rows)):
        low, high = max(0, start), min(end, start + length)
        if low >= high:
            return
        more = max(0, least - (high - low)) / 2
        sides.append((low - more - 0.5, high - low + 2 * more))
    (x, width), (y, height) = sides
    # The white line below keeps the orange one apart from an orange picture.
    for colour, thickness in (("#ffffff", 4), (CYCLE[1], 2)):
        outline = Rectangle((x, y), width, height, fill=False, ec=colour, lw=thickness, clip_on=False)
        axes.add_patch(outline)


# ---- plots -----------------------------------------------------------------------------------------------------------


def _plot(panel, size, widest):
    width = 155 + size * (_WIDTH - 155)
    labels = [_wrapped(mark["label"], width - 35) for mark in panel["marks"] if mark.get("label")]
    entry = max((_length(line) for lines in labels for line in lines), default=0) + 45
    per_row = max(1, min(len(labels), int((width + 20) / entry)))
    # Entries fill a column before the next one begins.
    legend = -(-len(labels) // per_row) * (3 + 12 * max(map(len, labels), default=0))
    shape = 0.6 if width > 240 else 0.85
    height = min(360, width * shape)
    if panel["aspect"] == "equal":
        height = min(360, max(0.3 * width, (width - 45) * _proportion(panel) + 35))

    def put(sheet, x, y):
        axes = sheet.plot(x, y + legend, width, height)
        for letter in "xy":
            getattr(axes, f"set_{letter}scale")(panel[letter]["scale"])
        labelled = []
        for mark in panel["marks"]:
            drawn = _MARKS[mark["mark"]](axes, mark, {"color": CYCLE[mark.get("series", 0)]})
            labelled += [drawn] if mark.get("label") else []
        for letter in "xy":
            _finish_axis(axes, letter, panel[letter])
        if panel["aspect"] == "equal":
            axes.set_aspect("equal", adjustable="box", anchor="NW")
        axes.tick_params(labelsize=_SIZE)
        if labels:
            sheet.legend(x, y, labelled, ["\n".join(lines) for lines in labels], ncols=per_row)

    return _Block(width, legend + height, put)


def _proportion(panel):
    """Height of what a plot shows for each unit of its width."""
    spans = []
    for letter in "xy":
        places = [panel[letter]["limits"] or ()]
        for mark in panel["marks"] if panel[letter]["limits"] is None else ():
            if mark["mark"] == "heatmap":
                places.append(mark["extent"][:2] if letter == "x" else mark["extent"][2:])
            else:
                places += [mark[letter], mark[letter] + mark.get("d" + letter, 0)]
        places = np.concatenate([np.asarray(place, float) for place in places])
        if panel[letter]["scale"] == "log":
            places = np.log10(np.where(places > 0, places, np.nan))
        places = places[np.isfinite(places)]
        spans.append(np.ptp(places) if places.size else 1)
    return spans[1] / spans[0] if spans[0] > 0 else 1


def _finish_axis(axes, letter, axis):
    side = axes.xaxis if letter == "x" else axes.yaxis
    side.set_label_text(axis["label"], fontsize=_SIZE)
    if axis["limits"] is not None:
        getattr(axes, f"set_{letter}lim")(axis["limits"])
    if axis["ticks"] is not None:
        side.set_ticks(axis["ticks"], labels=[_number(tick, "").replace("-", "−") for tick in axis["ticks"]])
        side.set_minor_locator(matplotlib.ticker.NullLocator())


def _draw_line(axes, mark, colour):
    dashes = "--" if mark["dashed"] else "-"
    (drawn,) = axes.plot(mark["x"], mark["y"], linestyle=dashes, linewidth=2, label=mark["label"], **colour)
    return drawn


def _draw_points(axes, mark, colour):
    shape = {"linestyle": "none", "marker": _MARKERS[mark["series"]], "markersize": 6}
    (drawn,) = axes.plot(mark["x"], mark["y"], label=mark["label"], **shape, **colour)
    return drawn


def _draw_columns(axes, mark, colour):
    return axes.bar(mark["x"], mark["y"], width=mark["width"], linewidth=0, label=mark["label"], **colour)


def _draw_arrows(axes, mark, colour):
    starts = np.column_stack([mark["x"], mark["y"]])
    ends = starts + np.column_stack([mark["dx"], mark["dy"]])
    drawn = axes.quiver(
        *starts.T,
        *(ends - starts).T,
        angles="xy",
        scale_units="xy",
        scale=1,
        units="inches",
        width=1.6 / 72,
        label=mark["label"],
        **colour,
    )
    # matplotlib sees where arrows start, not where they end.
    _include(axes, ends)
    return drawn


def _draw_text(axes, mark, colour):
    is_on_heatmap = any(isinstance(drawn, QuadMesh) for drawn in axes.collections)
    under = {"boxstyle": "round,pad=0.15", "fc": "#ffffff", "ec": "none", "alpha": 0.8}
    for x, y, text in zip(mark["x"], mark["y"], mark["texts"], strict=True):
        options = {"bbox": under} if is_on_heatmap else {}
        axes.text(x, y, text, ha="center", va="center", size=_SIZE, clip_on=True, **options, **colour)
    _include(axes, np.column_stack([mark["x"], mark["y"]]))


def _draw_heatmap(axes, mark, colour):
    x0, x1, y0, y1 = mark["extent"]
    height, width = mark["values"].shape
    edges = [
        (np.geomspace if scale == "log" else np.linspace)(low, high, n + 1)
        for low, high, n, scale in ((x0, x1, width, axes.get_xscale()), (y0, y1, height, axes.get_yscale()))
    ]
    axes.pcolormesh(
        *edges, mark["values"], cmap=_COLOUR_MAPS[mark["colours"]], norm=_colours(mark), rasterized=True
    )


def _include(axes, places):
    places = places[np.isfinite(places).all(1)]
    if len(places):
        axes.update_datalim(places)
        axes.autoscale_view()


# ---- bars, tables, text ----------------------------------------------------------------------------------------------


def _bars(panel, size, widest):
    width = 240 + size * (_WIDTH - 240)
    longest = max((row["value"] for row in panel["rows"]), default=0) or 1
    rows = []
    for row in panel["rows"]:
        is_short = _length(row["label"] + row["text"], 11) + 10 <= width
        notes = [line for note in row["notes"] for line in _wrapped(note, width)]
        head = 1 if is_short or not row["text"] else 2
        rows.append((row, head, notes, _LINE * (11 * head + _SIZE * len(notes)) + 18))

    def put(sheet, x, y):
        for row, head, notes, height in rows:
            sheet.text(x, y, [row["label"]], size=11, weight="bold")
            where = y + _LINE * 11 * (head - 1)
            below = sheet.text(x + width, where, [row["text"]], size=11, weight="bold", ha="right") + 1
            colour = CYCLE[1] if row["highlight"] else CYCLE[0]
            sheet.rectangle(x, below - 1, max(1, width * row["value"] / longest), 13, colour)
            sheet.text(x, below + 16, notes, alpha=0.85)
            y += height + 8

    return _Block(width, sum(height for *_, height in rows) + 8 * max(0, len(rows) - 1), put)


def _table(panel, size, widest):
    rows = [panel["columns"], *panel["rows"]]
    columns = list(zip(*rows, strict=True))
    widths = [max(map(_length, column)) for column in columns]
    if (total := sum(widths) + 10 * (len(widths) - 1)) > _WIDTH:
        # Narrow columns keep what they need; the wide ones share the rest.
        spare, wide = _WIDTH - 10 * (len(widths) - 1), np.argsort(widths)
        for done, index in enumerate(wide):
            widths[index] = min(widths[index], spare / (len(widths) - done))
            spare -= widths[index]
        total = _WIDTH
    is_number = [all(_is_number(text) for text in column[1:]) for column in columns]
    broken = [[_wrapped(text, width) for text, width in zip(row, widths, strict=True)] for row in rows]
    heights = [_LINE * _SIZE * max(map(len, row), default=1) + 3 for row in broken]
    heights[0] += 3

    def put(sheet, x, y):
        for number, (row, height) in enumerate(zip(broken, heights, strict=True)):
            left = x
            for lines, width, is_right in zip(row, widths, is_number, strict=True):
                weight = "normal" if number else "bold"
                place = left + width if is_right else left
                sheet.text(place, y, lines, weight=weight, ha="right" if is_right else "left")
                left += width + 10
            y += height
            if not number:
                sheet.rectangle(x, y - 5, total, 0.8, INK)

    return _Block(total, sum(heights), put)


def _is_number(text):
    digits = text.replace("−", "").replace(",", "").replace("\u2009", "").strip(" +-%×")
    return digits.replace(".", "", 1).isdigit()


def _text(panel, size, widest):
    natural = max((_length(line["text"]) + 18 * bool(line["swatch"]) for line in panel["lines"]), default=0)
    natural = min(_WIDTH, max(natural, 20))
    narrowest = min(natural, 190)  # few sentences read well in a narrower column
    width = narrowest + size * (natural - narrowest)
    broken = [(line, _wrapped(line["text"], width - 16 * bool(line["swatch"]))) for line in panel["lines"]]

    def put(sheet, x, y):
        for line, lines in broken:
            if line["swatch"]:
                sheet.rectangle(x + 1, y + 1, 10, 10, CYCLE[1])
            weight = "bold" if line["strong"] else "normal"
            y = sheet.text(x + 16 * bool(line["swatch"]), y, lines, weight=weight)

    return _Block(width, _LINE * _SIZE * sum(len(lines) for _, lines in broken), put)


_KINDS = {"cells": _cells, "image": _image, "plot": _plot, "bars": _bars, "table": _table, "text": _text}
_MARKS = {
    "line": _draw_line,
    "points": _draw_points,
    "bars": _draw_columns,
    "arrows": _draw_arrows,
    "text": _draw_text,
    "heatmap": _draw_heatmap,
}
