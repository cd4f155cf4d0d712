"""What a widget shows, as plain data: panels of numbers, pictures, curves, bars and text.

A widget's function builds a scene out of these parts. Every view draws the same scene: the page and the notebook by
`static/view.js`, print by `dlcore.widgets.picture`. ::

    x = np.linspace(-3, 3, 121)
    return scene(
        {"curve": plot([line(x, scratch.relu(x), "ReLU")], x=axis("x"), y=axis("y"))},
        description="ReLU: zero up to 0, then the identity.",
    )
"""

import base64
import math
import numbers
import re
import reprlib

import numpy as np

__all__ = [
    "arrows",
    "axis",
    "bar",
    "bars",
    "box",
    "cells",
    "columns",
    "encode",
    "encode_as_text",
    "heatmap",
    "image",
    "label",
    "line",
    "paragraph",
    "plot",
    "points",
    "scene",
    "table",
    "text",
]

_MARKS = ("highlight", "selected", "muted", "hatched")
_COLOURS = ("none", "sequential", "diverging")
_FORMAT = re.compile(r"none|\+?,?(\.\d+)?[efg%]?")
_SHORTEST = 20  # characters of a description, as `dlcore.plots.picture` asks


def scene(panels, description, layout=None, limits=None):
    """Put panels together.

    Parameters
    ----------
    panels : dict
        From the name of each panel to the panel, in drawing order.
    description : str
        What a reader who cannot see the picture must know, at least 20 characters. It is read out when the scene
        changes.
    layout : sequence of sequence of str, optional
        Rows of names of panels; every panel once. Each panel in a row of its own where it is left out.
    limits : dict, optional
        From the name of a slider to the (minimum, maximum) that the parameters leave to it.

    Returns
    -------
    dict

    Raises
    ------
    TypeError, ValueError
        If a panel is none, the layout does not hold every panel once, the description is too short, or limits are no
        two numbers in order. The parts below raise the same, and name the argument.
    """
    if not isinstance(panels, dict):
        raise TypeError(f"panels: expected a dict from names to panels, got {type(panels).__name__}")
    _parts("panels", panels.values(), "kind", "panels such as text() and plot() make")
    layout = [[name] for name in panels] if layout is None else layout
    if any(isinstance(row, str) for row in layout):
        raise TypeError(f"layout: expected rows of names, [['a', 'b'], ['c']], got {layout}")
    layout = [list(row) for row in layout]
    if sorted(name for row in layout for name in row) != sorted(panels):
        raise ValueError(f"layout: expected each of {', '.join(panels)} once, got {layout}")
    _words("description", description)
    if len(description.strip()) < _SHORTEST:
        raise ValueError(
            f"description: expected what the picture says in at least {_SHORTEST} characters, got {description!r}"
        )
    limits = {name: _numbers(f"limits of {name}", pair, 2) for name, pair in (limits or {}).items()}
    for name, (low, high) in limits.items():
        if not low <= high:
            raise ValueError(f"limits of {name}: expected low <= high, got {low} and {high}")
    return {"panels": dict(panels), "layout": layout, "description": description, "limits": limits}


# ---- panels ----------------------------------------------------------------------------------------------------------


def cells(values, title="", *, format="", colours="none", limits=None, **marks):
    """Return a panel of numbers in cells.

    Parameters
    ----------
    values : array_like, shape (H, W)
        NaN leaves a cell empty.
    title : str
    format : str
        As in ``format(value, ".2f")``, with e, f, g or %; "" for three significant digits, "none" for no numbers.
    colours : {"none", "sequential", "diverging"}
        How a cell is filled by its value.
    limits : (low, high), optional
        The values at the ends of the colours. By default the values' own; for diverging colours symmetric about 0.
    **marks : array_like of bool, shape (H, W)
        ``highlight``, ``selected``, ``muted``, ``hatched``: cells to be marked.
    """
    values = _array("values", values, 2)
    _words("title", title)
    if not (isinstance(format, str) and _FORMAT.fullmatch(format)):
        raise ValueError(f"format: expected '', 'none' or a form such as '.2f', got {format!r}")
    _one_of("colours", colours, _COLOURS)
    for name, mask in marks.items():
        _one_of("marks", name, _MARKS)
        if np.shape(mask) != values.shape or np.asarray(mask).dtype != bool:
            raise ValueError(f"{name}: expected booleans of shape {values.shape}, got shape {np.shape(mask)}")
    return {
        "kind": "cells",
        "title": title,
        "values": values,
        "format": format,
        "colours": colours,
        "limits": _pair("limits", limits),
        "marks": {name: np.asarray(mask) for name, mask in marks.items()},
    }


def image(values, title="", boxes=()):
    """Return a panel with a picture.

    Parameters
    ----------
    values : array_like, shape (C, H, W)
        One or three channels, in [0, 1].
    title : str
    boxes : sequence of dict
        Rectangles over the picture, made by `box`.
    """
    values = _array("values", values, 3)
    _words("title", title)
    if len(values) not in (1, 3):
        raise ValueError(f"values: expected one or three channels, got {len(values)}")
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"values: expected numbers in [0, 1], got {values.min()} to {values.max()}")
    boxes = _parts("boxes", boxes, "role", "what box() makes")
    return {"kind": "image", "title": title, "values": values, "boxes": boxes}


def box(row, column, height, width, role="highlight"):
    """Return a rectangle over a picture, in pixels; role "highlight" or "selected"."""
    _one_of("role", role, ("highlight", "selected"))
    sides = {"row": row, "column": column, "height": height, "width": width}
    return {name: _number(name, value) for name, value in sides.items()} | {"role": role}


def plot(marks, title="", *, x=None, y=None, aspect="auto"):
    """Return a panel with axes.

    Parameters
    ----------
    marks : sequence of dict
        Made by `line`, `points`, `columns`, `arrows`, `label` and `heatmap`; later ones lie above earlier ones.
    title : str
    x, y : dict, optional
        Made by `axis`.
    aspect : {"auto", "equal"}
        "equal": one unit is as long on both axes.
    """
    _one_of("aspect", aspect, ("auto", "equal"))
    _words("title", title)
    axes = {"x": axis() if x is None else x, "y": axis() if y is None else y}
    for name, made in axes.items():
        _parts(name, [made], "scale", "what axis() makes")
    marks = _parts("marks", marks, "mark", "marks such as line() and points() make")
    for mark in marks:
        if mark["mark"] == "heatmap":
            for made, sides in ((axes["x"], mark["extent"][:2]), (axes["y"], mark["extent"][2:])):
                if made["scale"] == "log" and min(sides) <= 0:
                    raise ValueError(f"extent: expected positive numbers on a logarithmic axis, got {sides}")
    return {"kind": "plot", "title": title, **axes, "aspect": aspect, "marks": marks}


def bars(rows, title=""):
    """Return a panel of horizontal bars from 0 to the largest value; `rows` are made by `bar`."""
    _words("title", title)
    return {"kind": "bars", "title": title, "rows": _parts("rows", rows, "notes", "what bar() makes")}


def bar(name, value, text="", notes=(), highlight=False):
    """Return one horizontal bar: its name, its length, a text at its right, lines of notes below it."""
    value = _number("value", value)
    if value < 0:
        raise ValueError(f"value: expected a number from 0 on, got {value}")
    _words("name", name)
    _words("text", text)
    notes = _texts("notes", notes)
    return {"label": name, "value": value, "text": text, "notes": notes, "highlight": bool(highlight)}


def table(columns, rows, title=""):
    """Return a panel with a table of texts."""
    _words("title", title)
    columns, rows = _texts("columns", columns), [_texts("rows", row) for row in rows]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"rows: expected {len(columns)} texts in each, got {row}")
    return {"kind": "table", "title": title, "columns": columns, "rows": rows}


def text(*lines, title=""):
    """Return a panel of lines of text. Each is a string, or made by `paragraph`."""
    _words("title", title)
    lines = [paragraph(one) if isinstance(one, str) else one for one in lines]
    lines = _parts("lines", lines, "swatch", "texts, or what paragraph() makes")
    return {"kind": "text", "title": title, "lines": lines}


def paragraph(text, strong=False, swatch=None):
    """Return one line of text; swatch "highlight" puts a spot of the colour of highlighted cells before it."""
    _words("text", text)
    _one_of("swatch", swatch, (None, "highlight"))
    return {"text": text, "strong": bool(strong), "swatch": swatch}


# ---- what stands on a plot -------------------------------------------------------------------------------------------


def axis(label="", scale="linear", limits=None, ticks=None):
    """Return an axis: its label, "linear" or "log", the (low, high) that it shows and the places of its ticks."""
    _words("label", label)
    _one_of("scale", scale, ("linear", "log"))
    limits = _pair("limits", limits)
    ticks = None if ticks is None else _numbers("ticks", ticks)
    for name, places in (("limits", limits), ("ticks", ticks)):
        if scale == "log" and places and min(places) <= 0:
            raise ValueError(f"{name}: expected positive numbers on a logarithmic axis, got {places}")
    return {"label": label, "scale": scale, "limits": limits, "ticks": ticks}


def line(x, y, label="", series=0, dashed=False):
    """Return a line through points; NaN interrupts it. `series` chooses one of five colours."""
    return {"mark": "line", **_series(label, series, x=x, y=y), "dashed": bool(dashed)}


def points(x, y, label="", series=0):
    """Return separate points; `series` chooses one of five colours and markers."""
    return {"mark": "points", **_series(label, series, x=x, y=y)}


def columns(x, heights, width=0.8, label="", series=0):
    """Return upright bars from 0, centred at `x`."""
    return {"mark": "bars", **_series(label, series, x=x, y=heights), "width": _number("width", width)}


def arrows(x, y, dx, dy, label="", series=0):
    """Return arrows from (x, y) to (x + dx, y + dy)."""
    return {"mark": "arrows", **_series(label, series, x=x, y=y, dx=dx, dy=dy)}


def label(x, y, texts, series=0):
    """Return texts centred at the points (x, y)."""
    mark, texts = _series("", series, x=x, y=y), _texts("texts", texts)
    if len(mark["x"]) != len(texts):
        raise ValueError(f"texts: expected {len(mark['x'])} of them, got {len(texts)}")
    return {"mark": "text", "x": mark["x"], "y": mark["y"], "texts": texts, "series": mark["series"]}


def heatmap(values, extent, colours="sequential", limits=None):
    """Return a rectangle coloured by values.

    Parameters
    ----------
    values : array_like, shape (H, W)
        Row 0 lies at y0.
    extent : (x0, x1, y0, y1)
    colours : {"sequential", "diverging"}
    limits : (low, high), optional
    """
    _one_of("colours", colours, ("sequential", "diverging"))
    extent = _numbers("extent", extent, 4)
    if extent[0] == extent[1] or extent[2] == extent[3]:
        raise ValueError(f"extent: expected x0, x1, y0, y1 with x0 != x1 and y0 != y1, got {extent}")
    values = _array("values", values, 2)
    limits = _pair("limits", limits)
    return {"mark": "heatmap", "values": values, "extent": extent, "colours": colours, "limits": limits}


def _series(label, series, **arrays):
    if series not in range(5):
        raise ValueError(f"series: expected 0 to 4, got {series!r}")
    _words("label", label)
    arrays = {name: _array(name, array, 1) for name, array in arrays.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{', '.join(arrays)}: expected one length, got {lengths}")
    return arrays | {"label": label, "series": int(series)}


def _array(name, values, dimensions):
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name}: expected rows of one length; {error}") from error
    if array.dtype.kind not in "fiub" or array.ndim != dimensions:
        raise ValueError(
            f"{name}: expected numbers in {dimensions} dimensions, got {array.dtype} of shape {array.shape}"
        )
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _number(name, value):
    if not isinstance(value, numbers.Real | np.bool_) or not math.isfinite(value):
        raise ValueError(f"{name}: expected a number, got {value!r}")
    return float(value)


def _numbers(name, values, length=None):
    if not isinstance(values, list | tuple | range | np.ndarray) or length not in (None, len(values)):
        raise ValueError(f"{name}: expected {length or 'a list of'} numbers, got {values!r}")
    return [_number(name, value) for value in values]


def _pair(name, limits):
    if limits is None:
        return None
    low, high = _numbers(name, limits, 2)
    if not low < high:
        raise ValueError(f"{name}: expected low < high, got {low} and {high}")
    return [low, high]


def _words(name, value):
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected text, got {value!r}")


def _texts(name, values):
    # A text is a sequence of texts, too, but never meant as one.
    texts = [] if isinstance(values, str) else list(values)
    if isinstance(values, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name}: expected a list of texts, got {reprlib.repr(values)}")
    return texts


def _parts(name, values, key, expected):
    """The values as a list, if each has the key by which parts of its kind are known."""
    if isinstance(values, dict):
        raise TypeError(f"{name}: expected a list of {expected}, got one alone")
    values = list(values)
    for value in values:
        if not (isinstance(value, dict) and key in value):
            raise TypeError(f"{name}: expected {expected}, got {reprlib.repr(value)}")
    return values


def _one_of(name, value, choices):
    if value not in choices:
        raise ValueError(f"{name}: expected one of {', '.join(map(repr, choices))}, got {value!r}")


# ---- on its way to the view ------------------------------------------------------------------------------------------

_DTYPES = ("float64", "float32", "int32", "uint8", "bool")


def encode(value, pack=bytes):
    """Return a scene in JSON's types, but for the bytes of its arrays.

    Parameters
    ----------
    value : dict
    pack : callable
        Takes the bytes of an array (little-endian, row by row) and returns what stands for them.

    Returns
    -------
    dict
        Each array is ``{"dtype", "shape", "data"}``. A number that is not finite is None.
    """
    if isinstance(value, np.ndarray):
        name = value.dtype.name if value.dtype.name in _DTYPES else "float64"
        array = np.ascontiguousarray(value, np.dtype(name).newbyteorder("<"))
        return {"dtype": name, "shape": list(value.shape), "data": pack(array.tobytes())}
    if isinstance(value, dict):
        return {name: encode(entry, pack) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [encode(entry, pack) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def encode_as_text(scene):
    """Return a scene in JSON's types alone, its pictures with 8 bits: a screen shows no more."""

    def base64_text(content):
        return base64.b64encode(content).decode("ascii")

    encoded = encode(scene, base64_text)
    for name, panel in scene["panels"].items():
        if panel["kind"] == "image":
            shades = np.rint(255 * panel["values"]).astype(np.uint8)
            encoded["panels"][name]["values"] = encode(shades, base64_text) | {"scale": 255}
    return encoded
