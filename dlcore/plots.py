"""Figures that read on a light and on a dark page, on a phone and in print.

A chapter calls `use_style` once, draws with matplotlib, and ends the cell with `show`::

    figure, axes = plt.subplots()
    axes.plot(sizes, seconds)
    show(figure, alt="Time of three implementations against the size of the image; loops are slowest.")

Text, axes and ticks are drawn in `INK`, which the picture replaces by the colour of the page's own text.
"""

import base64
import hashlib
import io
import re
from contextlib import contextmanager
from xml.etree import ElementTree

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib import colors
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image, features

from dlcore import live

__all__ = [
    "CYCLE",
    "DIVERGING",
    "INK",
    "SEQUENTIAL",
    "draw_image",
    "draw_matrix",
    "picture",
    "show",
    "style",
    "use_style",
]

INK = "#010203"
"""The colour of text and lines: black in print, the page's text colour in a notebook and on the page."""

CYCLE = ("#4060d0", "#d97a06", "#2ca682", "#cd0837", "#8c538f")
"""Blue, orange, green, red, plum: told apart by colour-blind readers too, legible on white and on black."""

SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

_PARAMETERS = {
    "figure.facecolor": "none",
    "figure.figsize": (5.6, 3.5),
    "figure.constrained_layout.use": True,
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Lines repeat the colours dashed, so ten of them differ.
    "axes.prop_cycle": cycler(linestyle=["-", "--"]) * cycler(color=CYCLE),
    "boxplot.boxprops.color": INK,
    "boxplot.capprops.color": INK,
    "boxplot.whiskerprops.color": INK,
    "font.size": 11,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "hatch.color": INK,
    "image.cmap": SEQUENTIAL,
    "legend.frameon": False,
    "patch.edgecolor": INK,
    "savefig.dpi": 144,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "dlcore",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}

SMALLEST = 0.65
"""The least share of its natural width to which a figure may shrink: text of 10 points is then still legible."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_PNG_LIMIT = 300_000
_MUTED_ALPHA = 0.45


def use_style():
    """Draw every later figure of this notebook in the book's style."""
    matplotlib.rcParams.update(_PARAMETERS)


@contextmanager
def style():
    """Draw the figures of a ``with`` block in the book's style."""
    with matplotlib.rc_context(_PARAMETERS):
        yield


def show(figure, alt):
    """Show a figure in a notebook or in a live cell of the page, and close it.

    In a notebook the output holds an SVG picture for screens and a PNG on white for print.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What a reader who cannot see the figure must know, at least 20 characters.

    Raises
    ------
    TypeError, ValueError
        As `picture`.
    """
    from matplotlib import pyplot

    html = picture(figure, alt)
    # An open figure would be shown a second time when the cell ends.
    pyplot.close(figure)
    if session := live.current():
        session.show(html, alt)
        return
    from IPython.display import display

    png = base64.b64encode(_png(figure)).decode()
    display({"text/html": html, "image/png": png, "text/plain": alt}, raw=True)


def picture(figure, alt, css_class="dlcore-figure"):
    """Return a figure as an SVG element to stand inside an HTML page.

    Its ids come from its content, so that any number of pictures may share a page, and the same figure
    always gives the same text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn in the book's style (`use_style` or `style`).
    alt : str
        The text alternative, at least 20 characters.
    css_class : str
        The element's class.

    Returns
    -------
    str
        ``<svg role="img" aria-label="...">...</svg>``, as wide as the column allows and no wider than drawn.

    Raises
    ------
    TypeError
        If `figure` is no figure or `alt` no string.
    ValueError
        If `alt` is too short to describe anything, or text of the figure is black, which a dark page hides.
    """
    if not isinstance(figure, Figure):
        raise TypeError(f"figure must be a matplotlib Figure, got {type(figure).__name__}")
    if not isinstance(alt, str):
        raise TypeError(f"alt must be a string, got {type(alt).__name__}")
    if len(alt.strip()) < 20:
        raise ValueError(f"alt must describe the figure in at least 20 characters, got {alt!r}")
    black = [text.get_text() for text in figure.findobj(Text) if is_black(text)]
    if black:
        raise ValueError(
            f"figure has black text ({black[0]!r}), which a dark page hides: "
            "call use_style() before drawing, or give the text the colour INK"
        )
    stream = io.StringIO()
    with style():
        figure.savefig(stream, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None})
    return _inline(stream.getvalue(), alt.strip(), css_class)


def is_black(text):
    """Return whether a text of a figure is seen and is black, which a dark page hides."""
    return text.get_visible() and text.get_text().strip() and colors.to_rgb(text.get_color()) == (0, 0, 0)


def _inline(document, alt, css_class):
    """Make matplotlib's SVG document an element that inherits from the page and leaves it alone."""
    root = ElementTree.fromstring(document)
    for child in list(root):
        # The metadata is of no use in a page, and the style sheet would restyle every SVG on it.
        if child.tag == f"{{{_SVG}}}metadata" or child.find(f"{{{_SVG}}}style") is not None:
            root.remove(child)
    referenced = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', document))
    prefix = "d" + hashlib.sha256((document + alt + css_class).encode()).hexdigest()[:10] + "-"
    for element in root.iter():
        if element.get("id") in referenced:
            element.set("id", prefix + element.get("id"))
        else:
            element.attrib.pop("id", None)
        for name, value in element.items():
            if name == f"{{{_XLINK}}}href":
                value = "#" + prefix + value[1:] if value.startswith("#") else _lighter(value)
            else:
                value = value.replace("url(#", "url(#" + prefix).replace(INK, "currentColor")
            if name == "style":
                value = re.sub(r"(font(?:-family)?: [^;']*)'[^;]*", r"\1system-ui, sans-serif", value)
            element.set(name, value)
    width, height = (float(root.get(side).removesuffix("pt")) * 4 / 3 for side in ("width", "height"))
    root.attrib = {
        "class": css_class,
        "role": "img",
        "aria-label": alt,
        "viewBox": root.get("viewBox"),
        "width": f"{width:.0f}",
        "height": f"{height:.0f}",
        # matplotlib leaves out a fill that is black, hence the fill here.
        "fill": "currentColor",
        # On a phone a wide figure scrolls by itself rather than shrink until nobody can read it.
        "style": f"max-width: 100%; min-width: {SMALLEST * width:.0f}px; height: auto; "
        "stroke-linejoin: round; stroke-linecap: butt",
    }
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _lighter(data_url):
    """Return an embedded picture as JPEG where it is an opaque photograph and that saves more than half."""
    start = "data:image/png;base64,"
    # Pillow in a reader's browser may have been built without JPEG.
    if not data_url.startswith(start) or len(data_url) < 50_000 or not features.check("jpg"):
        return data_url
    image = Image.open(io.BytesIO(base64.b64decode(data_url.removeprefix(start))))
    if image.mode == "RGBA" and image.getextrema()[3][0] < 255:
        return data_url
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "JPEG", quality=90)
    jpeg = "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
    return jpeg if len(jpeg) < len(data_url) / 2 else data_url


def _png(figure):
    """Return the figure as PNG on white, at the finest of a few resolutions that keeps it below the limit."""
    for dots_per_inch in (150, 110, 80, 60, 40):
        stream = io.BytesIO()
        with style():
            figure.savefig(stream, format="png", dpi=dots_per_inch, bbox_inches="tight", facecolor="white")
        if stream.tell() > _PNG_LIMIT:
            # 256 colours are enough for print and take a third of the bytes of a photograph.
            image = Image.open(stream).convert("RGB").quantize()
            stream = io.BytesIO()
            image.save(stream, "PNG", optimize=True)
        if stream.tell() <= _PNG_LIMIT:
            return stream.getvalue()
    raise ValueError(f"figure is too large to print: {stream.tell()} bytes at 40 dots per inch")


def draw_matrix(axes, matrix, highlight=None, muted=None, colour_map=None, limits=None, value_format=None):
    """Draw a small matrix as a grid of cells with their values.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    matrix : array_like, shape (rows, columns)
        Real numbers; a cell that is NaN or None is drawn empty.
    highlight : array_like of bool, shape (rows, columns), optional
        Cells to tint and to surround with a thick line, such as the window of a kernel.
    muted : array_like of bool, shape (rows, columns), optional
        Cells to draw faint and dashed, such as padding.
    colour_map : str, optional
        Fill the cells by value, with `SEQUENTIAL` or `DIVERGING`. Without it they are left clear.
    limits : pair of float, optional
        The values at the two ends of the colour map. Without it, the smallest and the largest value,
        or plus and minus the largest magnitude for `DIVERGING`.
    value_format : str, optional
        How to write a value, as for `format`; "" writes nothing. Without it integers are written in full
        and other numbers with up to three significant digits.

    Raises
    ------
    ValueError
        If `matrix` has not two dimensions, or a mask not its shape.
    """
    matrix = np.array(matrix, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"matrix must have shape (rows, columns), got {matrix.shape}")
    highlight = _mask("highlight", highlight, matrix.shape)
    muted = _mask("muted", muted, matrix.shape)
    fills = _fills(matrix, colour_map, limits)
    for (row, column), value in np.ndenumerate(matrix):
        alpha = _MUTED_ALPHA if muted[row, column] else 1
        fill = fills[row, column] if fills is not None and np.isfinite(value) else None
        if fill is not None:
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=fill, edgecolor="none", alpha=alpha)
            )
        elif highlight[row, column]:
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=CYCLE[1], edgecolor="none", alpha=0.25)
            )
        if not np.isnan(value) and value_format != "":
            # On a faint cell the page shows through, so its text must be the page's.
            ink = INK if fill is None or muted[row, column] else _text_on(fill)
            text = _short(value) if value_format is None else format(value, value_format)
            axes.text(column, row, text, ha="center", va="center", color=ink, alpha=max(alpha, 0.7))
    _draw_edges(axes, ~muted, color=INK, linewidth=0.8, alpha=0.6)
    _draw_edges(axes, muted, color=INK, linewidth=0.8, alpha=0.6, linestyle=(0, (3, 3)))
    _draw_edges(axes, highlight, outline=True, color=CYCLE[1], linewidth=3, capstyle="projecting")
    rows, columns = matrix.shape
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    _remove_frame(axes)


def draw_image(axes, image):
    """Draw an image without ticks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    image : array_like, shape (H, W), (1, H, W) or (3, H, W)
        Grey levels or red, green and blue, in [0, 1].

    Raises
    ------
    ValueError
        If `image` has another shape or holds a value outside [0, 1].
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[0] not in (1, 3)) or image.size == 0:
        raise ValueError(f"image must have shape (H, W), (1, H, W) or (3, H, W), got {image.shape}")
    # Written so that NaN is refused as well.
    if not (image.min() >= 0 and image.max() <= 1):
        raise ValueError(f"image must hold values in [0, 1], got values from {image.min()} to {image.max()}")
    if image.ndim == 3:
        image = np.moveaxis(image, 0, -1)
    # The pixels of a small image are what is to be seen; a photograph is resampled to its size on the page.
    interpolation = "none" if max(image.shape[:2]) <= 64 else "auto"
    axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation=interpolation)
    _remove_frame(axes)


def _mask(argument, mask, shape):
    mask = np.zeros(shape, bool) if mask is None else np.asarray(mask)
    if mask.shape != shape or mask.dtype != bool:
        raise ValueError(
            f"{argument} must be boolean of shape {shape}, got {mask.dtype} of shape {mask.shape}"
        )
    return mask


def _fills(matrix, colour_map, limits):
    """Return the cells' colours, shape (rows, columns, 4), or None for clear cells."""
    finite = matrix[np.isfinite(matrix)]
    if colour_map is None or finite.size == 0:
        return None
    if limits is not None:
        low, high = limits
    elif colour_map == DIVERGING:
        high = np.abs(finite).max()
        low = -high
    else:
        low, high = finite.min(), finite.max()
    return matplotlib.colormaps[colour_map](colors.Normalize(low, high)(matrix))


def _text_on(fill):
    """Return near-black or white, whichever contrasts more with an opaque colour by WCAG 2.2."""
    linear = np.where(fill[:3] <= 0.04045, fill[:3] / 12.92, ((fill[:3] + 0.055) / 1.055) ** 2.4)
    return "#040404" if linear @ [0.2126, 0.7152, 0.0722] > 0.182 else "#ffffff"


def _short(value):
    return str(int(value)) if float(value).is_integer() else f"{value:.3g}"


def _draw_edges(axes, cells, outline=False, **line):
    """Draw each edge of the chosen cells once; for an outline, only those towards other cells."""
    framed = np.pad(cells, 1)
    beside = np.logical_xor if outline else np.logical_or
    horizontal = np.argwhere(beside(framed[:-1], framed[1:]))
    vertical = np.argwhere(beside(framed[:, :-1], framed[:, 1:]))
    segments = [((c - 1.5, r - 0.5), (c - 0.5, r - 0.5)) for r, c in horizontal]
    segments += [((c - 0.5, r - 1.5), (c - 0.5, r - 0.5)) for r, c in vertical]
    if segments:
        axes.add_collection(LineCollection(segments, **line), autolim=False)


def _remove_frame(axes):
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
