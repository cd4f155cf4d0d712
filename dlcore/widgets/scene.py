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


def scene(panels, description, layout=None, limits=None):
    """Put panels together.

    Parameters
    ----------
    panels : dict
        From the name of each panel to the panel, in drawing order.
    description : str
        What a reader who cannot see the picture must know. It is read out when the scene changes.
    layout : sequence of sequence of str, optional
        Rows of names of panels; every panel once. Each panel in a row of its own where it is left out.
    limits : dict, optional
        From the name of a slider to the (minimum, maximum) that the parameters leave to it.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the layout does not hold every panel once, or the description is empty.
    """
    layout = [[name] for name in panels] if layout is None else [list(row) for row in layout]
    if sorted(name for row in layout for name in row) != sorted(panels):
        raise ValueError(f"layout: expected each of {', '.join(panels)} once, got {layout}")
    if not description:
        raise ValueError("description: expected what the picture says, in words; got nothing")
    limits = {name: [low, high] for name, (low, high) in (limits or {}).items()}
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
        As in ``format(value, ".2f")``; "" for three significant digits, "none" for no numbers.
    colours : {"none", "sequential", "diverging"}
        How a cell is filled by its value.
    limits : (low, high), optional
        The values at the ends of the colours. By default the values' own; for diverging colours symmetric about 0.
    **marks : array_like of bool, shape (H, W)
        ``highlight``, ``selected``, ``muted``, ``hatched``: cells to be marked.
    """
    values = _array("values", values, 2)
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
    if len(values) not in (1, 3):
        raise ValueError(f"values: expected one or three channels, got {len(values)}")
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"values: expected numbers in [0, 1], got {values.min()} to {values.max()}")
    return {"kind": "image", "title": title, "values": values, "boxes": list(boxes)}


def box(row, column, height, width, role="highlight"):
    """Return a rectangle over a picture, in pixels; role "highlight" or "selected"."""
    _one_of("role", role, ("highlight", "selected"))
    sides = {"row": row, "column": column, "height": height, "width": width}
    return {name: float(value) for name, value in sides.items()} | {"role": role}


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
    axes = {"x": x or axis(), "y": y or axis()}
    return {"kind": "plot", "title": title, **axes, "aspect": aspect, "marks": list(marks)}


def bars(rows, title=""):
    """Return a panel of horizontal bars from 0 to the largest value; `rows` are made by `bar`."""
    return {"kind": "bars", "title": title, "rows": list(rows)}


def bar(name, value, text="", notes=(), highlight=False):
    """Return one horizontal bar: its name, its length, a text at its right, lines of notes below it."""
    value = float(value)
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"value: expected a number from 0 on, got {value}")
    return {"label": name, "value": value, "text": text, "notes": list(notes), "highlight": bool(highlight)}


def table(columns, rows, title=""):
    """Return a panel with a table of texts."""
    columns, rows = list(columns), [list(row) for row in rows]
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"rows: expected {len(columns)} texts in each, got {row}")
    return {"kind": "table", "title": title, "columns": columns, "rows": rows}


def text(*lines, title=""):
    """Return a panel of lines of text. Each is a string, or made by `paragraph`."""
    lines = [paragraph(one) if isinstance(one, str) else one for one in lines]
    return {"kind": "text", "title": title, "lines": lines}


def paragraph(text, strong=False, swatch=None):
    """Return one line of text; swatch "highlight" puts a spot of the colour of highlighted cells before it."""
    _one_of("swatch", swatch, (None, "highlight"))
    return {"text": text, "strong": bool(strong), "swatch": swatch}


# ---- what stands on a plot -------------------------------------------------------------------------------------------


def axis(label="", scale="linear", limits=None, ticks=None):
    """Return an axis: its label, "linear" or "log", the (low, high) that it shows and the places of its ticks."""
    _one_of("scale", scale, ("linear", "log"))
    limits = _pair("limits", limits)
    if scale == "log" and limits and not limits[0] > 0:
        raise ValueError(f"limits: expected positive numbers on a logarithmic axis, got {limits}")
    ticks = None if ticks is None else [float(tick) for tick in ticks]
    return {"label": label, "scale": scale, "limits": limits, "ticks": ticks}


def line(x, y, label="", series=0, dashed=False):
    """Return a line through points; NaN interrupts it. `series` chooses one of five colours."""
    return {"mark": "line", **_series(label, series, x=x, y=y), "dashed": bool(dashed)}


def points(x, y, label="", series=0):
    """Return separate points; `series` chooses one of five colours and markers."""
    return {"mark": "points", **_series(label, series, x=x, y=y)}


def columns(x, heights, width=0.8, label="", series=0):
    """Return upright bars from 0, centred at `x`."""
    return {"mark": "bars", **_series(label, series, x=x, y=heights), "width": float(width)}


def arrows(x, y, dx, dy, label="", series=0):
    """Return arrows from (x, y) to (x + dx, y + dy)."""
    return {"mark": "arrows", **_series(label, series, x=x, y=y, dx=dx, dy=dy)}


def label(x, y, texts, series=0):
    """Return texts centred at the points (x, y)."""
    mark = _series("", series, x=x, y=y)
    if len(mark["x"]) != len(texts):
        raise ValueError(f"texts: expected {len(mark['x'])} of them, got {len(texts)}")
    return {"mark": "text", "x": mark["x"], "y": mark["y"], "texts": list(texts), "series": mark["series"]}


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
    extent = [float(side) for side in extent]
    if len(extent) != 4:
        raise ValueError(f"extent: expected x0, x1, y0, y1, got {extent}")
    values = _array("values", values, 2)
    limits = _pair("limits", limits)
    return {"mark": "heatmap", "values": values, "extent": extent, "colours": colours, "limits": limits}


def _series(label, series, **arrays):
    if series not in range(5):
        raise ValueError(f"series: expected 0 to 4, got {series!r}")
    arrays = {name: _array(name, array, 1) for name, array in arrays.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{', '.join(arrays)}: expected one length, got {lengths}")
    return arrays | {"label": label, "series": int(series)}


def _array(name, values, dimensions):
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or array.ndim != dimensions:
        raise ValueError(
            f"{name}: expected numbers in {dimensions} dimensions, got {array.dtype} of shape {array.shape}"
        )
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _pair(name, limits):
    if limits is None:
        return None
    low, high = (float(limit) for limit in limits)
    if not low < high:
        raise ValueError(f"{name}: expected low < high, got {low} and {high}")
    return [low, high]


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
