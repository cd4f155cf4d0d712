"""Interactive figures, by chapter: ``widgets.convolution.sliding_kernel()``.

Each is a pure function that computes a scene on NumPy, and the controls of its parameters. The same function runs in
the notebook and in the reader's browser; `dlcore.widgets.widget` joins the two. Importing this package asks for NumPy
alone. matplotlib is imported when a picture is drawn, anywidget when a notebook shows the controls.
"""

from importlib import import_module
from importlib.util import find_spec


def __getattr__(name):
    # A topic is a file in this folder: nothing else has to know of it.
    if name.startswith("_") or find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
