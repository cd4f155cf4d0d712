"""The widgets of the built book: which there are, what they declare, what Python makes of their settings."""

import base64
import importlib
import json
import random
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup

__all__ = ["BOOK", "Figure", "figures", "native", "pages_with", "random_value", "settings"]

BOOK = Path(__file__).resolve().parent.parent.parent / "_build" / "html"


@dataclass(frozen=True)
class Figure:
    """A widget on a page.

    Attributes
    ----------
    page : str
        Relative to the book.
    index : int
        Which of the widgets of this page.
    declaration, reply : dict
        What the page carries of it.
    """

    page: str
    index: int
    declaration: dict = field(repr=False, hash=False)
    reply: dict = field(repr=False, hash=False)

    def __str__(self):
        return f"{Path(self.page).stem}-{self.index}-{self.declaration['id'].partition(':')[2]}"

    @property
    def widget(self):
        """The widget in this Python."""
        module, _, function = self.declaration["id"].partition(":")
        return getattr(importlib.import_module(module), function)(**self.declaration["starts"])


def pages_with(selector, hint, book=BOOK):
    """The pages of the built book that hold an element: pairs of path and elements.

    `hint` is a text without which a page need not be parsed.
    """
    found = []
    for path in sorted((book / "book").rglob("*.html")):
        html = path.read_text(encoding="utf-8")
        if hint in html and (elements := BeautifulSoup(html, "html.parser").select(selector)):
            found.append((path.relative_to(book).as_posix(), elements))
    return found


def figures(book=BOOK):
    """Every widget on every page of the built book."""
    found = []
    for page, elements in pages_with("figure.dlcore-widget[data-dlcore]", "data-dlcore", book):
        for index, element in enumerate(elements):
            data = json.loads(element.select_one("script.dlcore-widget__data").string)
            found.append(Figure(page, index, data["declaration"], data["reply"]))
    return found


def native(widget, parameters):
    """The scene that this Python computes for parameters as a view has them, in JSON's types.

    Raises
    ------
    TypeError, ValueError
        As the widget does.
    """
    checked = {control.name: control.check(parameters[control.name]) for control in widget.controls}
    return widget.compute(**checked)


def random_value(control, generator):
    """A value that a reader could give to a control.

    Parameters
    ----------
    control : dict
        The declaration of the control.
    generator : random.Random
    """
    kind = control["type"]
    if kind == "slider":
        steps = round((control["maximum"] - control["minimum"]) / control["step"])
        return control["minimum"] + generator.randint(0, steps) * control["step"]
    if kind == "checkbox":
        return generator.random() < 0.5
    if kind == "choice":
        return generator.choice(control["options"])
    if kind == "matrix":
        height, width = generator.choice(control["shapes"])
        bound = min(control["limit"], 9)
        return [[round(generator.uniform(-bound, bound), 1) for _ in range(width)] for _ in range(height)]
    if kind == "picture":
        if generator.random() < 0.5:
            return generator.choice(control["options"])
        height, width = (
            generator.randint((side + 1) // 2, side) for side in (control["height"], control["width"])
        )
        pixels = base64.b64encode(generator.randbytes(3 * height * width)).decode("ascii")
        return {"height": height, "width": width, "pixels": pixels}
    raise ValueError(f"type: expected a kind of control, got {kind!r}")


def settings(figure, count, seed=0):
    """So many settings of all controls as a reader may find them, always the same ones.

    What is drawn is made consistent by the widget; what has no scene, such as a kernel larger than its input,
    is drawn anew.

    Raises
    ------
    ValueError
        If hardly any setting has a scene.
    """
    generator = random.Random(zlib.crc32(figure.declaration["id"].encode()) + seed)
    widget = figure.widget
    found = []
    for _ in range(50 * count):
        drawn = {
            control["name"]: random_value(control, generator) for control in figure.declaration["controls"]
        }
        reply = widget.respond({"id": 1, "parameters": drawn, "changed": None, "previous": {}})
        if reply["error"] is None:
            found.append(json.loads(json.dumps(reply["parameters"])))
        if len(found) == count:
            return found
    raise ValueError(f"{figure}: only {len(found)} of {50 * count} settings of the controls have a scene")
