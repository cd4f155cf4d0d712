"""A network as a picture, drawn from its definition.

It is read as a tree of parts (`parts`), these are laid out (`layout`), and the marks written as SVG here.
"""

from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

from ..scratch.windows import as_int
from . import nn
from .layout import CARD, LARGE, SMALL, page
from .parts import Part, contents_text, cost_texts, layer_texts, option, read, shape_text
from .reading import layers

__all__ = ["Diagram", "diagram"]

FAMILIES = {  # by the module that defines a layer; the colours are those of plots.CYCLE
    "convolution": "#4060d0",
    "activations": "#d97a06",
    "pooling": "#2ca682",
    "fully_connected": "#cd0837",
    "normalization": "#8c538f",
}
OTHER = "currentColor"
LOOKS = {  # by the style of a box: how round its corners are, how dense its colour and that of its border
    "layer": (5, 0.17, 0.9),
    "other": (5, 0.05, 0.5),
    "stack": (3, 0.09, 0.7),
    "join": (11, 0, 0.9),
    "frame": (8, 0.025, 0.25),
}
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif"
# In a page it takes the width that there is, but scrolls rather than be smaller than four fifths.
INLINE = ' style="display: block; margin: 0 auto; height: auto; max-width: max(100%, {}px)"'
THEMES = (
    "<style>svg { color: #1f2328; background: #ffffff } "
    "@media (prefers-color-scheme: dark) { svg { color: #e6e6e6; background: #14181e } }</style>"
)
MANY = 100  # boxes: a drawing of more is shown if one asks for it, and not offered otherwise


def color(module):
    """That of the box of a layer, which says what it is in words too."""
    if option(module, "in_channels") and option(module, "kernel_size"):
        return FAMILIES["convolution"]
    homes = [kind.__module__.removeprefix(f"{nn.__name__}.") for kind in type(module).__mro__]
    return next((FAMILIES[home] for home in homes if home in FAMILIES and home != "convolution"), OTHER)


def text_svg(x, y, text, size=SMALL, weight=400, anchor="middle"):
    faint = ' opacity=".75"' if size == SMALL and weight == 400 else ""
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    anchored = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{bold}{anchored}{faint}>{escape(text)}</text>'


def box_svg(mark):
    """A box, what stands in it, and below a stack its cards."""
    (left, top), (right, bottom) = mark.points
    paint = color(mark.part.module) if mark.style == "layer" else OTHER
    corner, fill, border = LOOKS["other" if mark.style == "layer" and paint == OTHER else mark.style]
    look = f'fill="{paint}" fill-opacity="{fill}" stroke="{paint}" stroke-opacity="{border}"'
    cards = [1, 2] if mark.style == "stack" else []
    height = bottom - top - CARD * len(cards)
    size = f'width="{right - left}" height="{height}" rx="{corner}"'
    drawn = [f"<title>{escape(tooltip(mark.part))}</title>", f'<rect x="{left}" y="{top}" {size} {look}/>']
    for card in cards:
        x, y, width = left + 5 * card, top + height + CARD * (card - 1), right - left - 10 * card
        drawn.append(f'<path d="M{x} {y}v{CARD}h{width}v{-CARD}" {look}/>')
    first, *more = mark.texts
    if mark.style == "frame":
        drawn.append(text_svg(left + 8, top + 16, first, SMALL, 650, "start"))
    else:
        x, y = (left + right) // 2, top + LARGE + (3 if mark.style == "join" else 5)
        drawn.append(text_svg(x, y, first, LARGE, 650 if mark.style == "stack" else 500))
        drawn += [text_svg(x, y + (SMALL + 4) * place, text) for place, text in enumerate(more, 1)]
    return f'<g data-style="{mark.style}" data-name="{escape(mark.part.name)}">{"".join(drawn)}</g>'


def tooltip(part):
    name = part.name if part.times == 1 else f"{part.name} to {part.last}"
    what = contents_text(part) if part.is_container else repr(part.module)
    return ", ".join([f"{name}: {what}" if name else what, *cost_texts(part)])


def line_svg(mark):
    """A line whose corners are round, and the head of its arrow."""
    points = mark.points
    path = "M{} {}".format(*points[0])
    for (x0, y0), (x, y), (x1, y1) in zip(points, points[1:], points[2:]):
        r = min(7, abs(x - x0) + abs(y - y0), (abs(x1 - x) + abs(y1 - y)) // 2)
        path += f"L{x - r * sign(x - x0)} {y - r * sign(y - y0)}"
        path += f"Q{x} {y} {x + r * sign(x1 - x)} {y + r * sign(y1 - y)}"
    (x0, y0), (x, y) = points[-2:]
    name = f' data-name="{escape(mark.part.name)}"' if mark.part else ""
    line = f'<path d="{path}L{x} {y}"{name}/>'
    if mark.style == "line":
        return line
    dx, dy = 6 * sign(x - x0), 6 * sign(y - y0)
    head = f"M{x} {y}l{-dx - dy // 2} {-dy - dx // 2}l{dy} {dx}z"
    return f'{line}<path d="{head}" fill="currentColor" stroke="none"/>'


def sign(number):
    return (number > 0) - (number < 0)


@dataclass(frozen=True)
class Diagram:
    """A drawing of a network. In a notebook and on a page one can choose how deep it is open.

    Attributes
    ----------
    part : Part
        The network, read.
    depth : int or None
    unfold : tuple of str
    """

    part: Part = field(repr=False)
    depth: int | None = None
    unfold: tuple[str, ...] = ()

    def opens(self, part, level):
        """Whether a part that stands at this level is drawn with what is within it."""
        shallow = self.depth is None or level < self.depth
        return part.is_container and (
            shallow or any(is_in(name, part.name) or is_in(part.name, name) for name in self.unfold)
        )

    def describe(self):
        """What is drawn, in a sentence."""
        part = self.part
        what = contents_text(part) if part.is_container else layer_texts(part)[0]
        shapes = [f"from {shape_text(part.before)} to {shape_text(part.after)}"] if part.before else []
        return ", ".join([f"Diagram of a network: {what}", *shapes, *cost_texts(part)])

    def svg(self):
        """The drawing as text to stand in a page, in the colour of the text around it."""
        return self._svg(INLINE)

    def save(self, path):
        """Write the drawing to a file of its own, which is light or dark as its reader prefers."""
        Path(path).write_text(self._svg("", THEMES), encoding="utf-8")

    def _svg(self, style, themes=""):
        marks, width, height = page(self.part, self.opens)
        lines = [line_svg(mark) for mark in marks if mark.style in ("line", "arrow")]
        boxes = [box_svg(mark) for mark in marks if mark.style in LOOKS]
        anchors = {"label": "start", "title": "middle"}
        labels = [
            text_svg(*mark.points[0], mark.texts[0], anchor=anchors[mark.style])
            for mark in marks
            if mark.style in anchors
        ]
        parts = "; ".join(tooltip(part) for part in self.part.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label="{escape(self.describe())}" font-family="{FONTS}" '
            f'fill="currentColor"{style.format(width * 4 // 5)}>'
            f"<title>{escape(self.describe())}</title><desc>{escape(parts)}</desc>{themes}"
            f'<g fill="none" stroke="currentColor" stroke-width="1.3">{"".join(lines)}</g>'
            f"{''.join(boxes + labels)}</svg>"
        )

    def _repr_html_(self):
        """The drawing, and behind buttons that need no script those of other depths unless they are large."""
        deepest = max(1, self.part.depth)
        asked = min(self.depth or deepest, deepest)
        drawings = {asked: self.svg()}
        for depth in range(1, deepest + 1):
            other = replace(self, depth=depth)
            if sum(mark.style in LOOKS for mark in page(self.part, other.opens)[0]) > MANY:
                break
            drawings[depth] = other.svg()
        return switched(dict(sorted(drawings.items())), asked, deepest)


def is_in(name, other):
    """Whether the part called `name` is the `other` or in it."""
    return not other or f"{name}.".startswith(f"{other}.")


def switched(drawings, asked, deepest):
    """Drawings by depth, of which one is shown: that `asked` for, or the one that the reader chooses.

    A browser that does not know ``:has``, or is not let style the page, shows that `asked` for.
    """
    shown = [f'.dlcore-diagram:has([value="{depth}"]:checked) > [data-depth="{depth}"]' for depth in drawings]
    panels, buttons = [], []
    for depth, drawing in drawings.items():
        hidden, checked = (" hidden", "") if depth != asked else ("", " checked")
        panels.append(f'<div data-depth="{depth}" style="overflow-x: auto"{hidden}>{drawing}</div>')
        buttons.append(
            '<label style="margin-inline-start: 0.8em; white-space: nowrap">'
            f'<input type="radio" name="depth" value="{depth}"{checked}> '
            f"{'all' if depth == deepest else depth}</label>"
        )
    if len(drawings) == 1:
        return f'<div class="dlcore-diagram">{panels[0]}</div>'
    return (
        # A form keeps its buttons apart from those of other diagrams; this one is never sent.
        '<form class="dlcore-diagram" method="dialog"><style>'
        ".dlcore-diagram:has(:checked) > [data-depth] { display: none } "
        f"{', '.join(shown)} {{ display: block }} "
        "@media print { .dlcore-diagram fieldset { display: none } }</style>"
        '<fieldset style="border: 0; margin: 0 0 0.5em; padding: 0; font-size: 0.9em" aria-label="Depth">'
        f"Open to depth {''.join(buttons)}</fieldset>{''.join(panels)}</form>"
    )


def diagram(network, input_shape=None, depth=None, unfold=()):
    """Draw `network` from its definition.

    Parameters
    ----------
    network : dlcore.shapes.nn.Module
        Such as ``networks.resnet18(shapes.nn)``. Heads that only help to train are drawn in training mode,
        which is what a new network is in, and left out after ``network.eval()``.
    input_shape : tuple of int, optional
        (N, C, H, W), as for :func:`layers`. If given, shapes stand beside the lines where they change,
        without the batch axis, and a folded part says what it costs, for the whole batch.
    depth : int, optional
        How many parts of a name to tell apart, as for :func:`summary`. With 1 one sees the parts of the
        network, each as one box; with 2 what these consist of. By default all is open. Folded neighbours
        that are defined alike are drawn as one, with their number.
    unfold : sequence of str
        Names of parts to open all the same, with all that is in them and all that they are in.

    Returns
    -------
    Diagram

    Raises
    ------
    RuntimeError, IndexError, ValueError, TypeError
        As for :func:`layers`; a `depth` below 1, or a name in `unfold` that the network does not have.
    """
    if not isinstance(network, nn.Module):
        raise TypeError(f"network: expected one spelled in dlcore.shapes.nn, got {type(network).__name__}")
    if depth is not None and as_int(depth, "depth") < 1:
        raise ValueError(f"depth: must be at least 1, got {depth}")
    if not isinstance(unfold, (tuple, list)) or not all(isinstance(name, str) for name in unfold):
        raise TypeError(f"unfold: expected a sequence of names, got {unfold!r}")
    for name in unfold:
        try:
            network.get_submodule(name)
        except AttributeError as error:
            raise ValueError(str(error).replace("target", "unfold", 1)) from None
    rows, before = {}, None
    if input_shape is not None:
        rows, before = {row.name: row for row in layers(network, input_shape)}, tuple(input_shape)
    return Diagram(read(network, "", before, rows), depth, tuple(unfold))
