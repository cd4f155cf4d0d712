"""A widget in a notebook: the kernel computes, `static/view.js` draws."""

from pathlib import Path

import anywidget
import traitlets

__all__ = ["NotebookView"]

_STATIC = Path(__file__).parent / "static"


class NotebookView(anywidget.AnyWidget):
    """The view of a `Widget`, as an ipywidget.

    Parameters
    ----------
    widget : Widget
    """

    _esm = _STATIC / "view.js"
    _css = _STATIC / "view.css"
    declaration = traitlets.Dict().tag(sync=True)
    request = traitlets.Dict().tag(sync=True)
    reply = traitlets.Dict().tag(sync=True)
    failure = traitlets.Unicode().tag(sync=True)

    def __init__(self, widget):
        super().__init__(declaration=widget.declaration, reply=widget.first_reply())
        self._widget = widget
        self.observe(self._answer, names="request")

    def _answer(self, change):
        self.reply = self._widget.respond(change["new"])
