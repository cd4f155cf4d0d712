"""What all interactive figures share: controls, the widget that joins them to a scene, and its pictures.

A scene is plain data (dictionaries, arrays, numbers, texts), so it can be drawn by any view: by matplotlib for print
and for the notebook, or by the page itself.
"""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

__all__ = ["Checkbox", "Choice", "Matrix", "Slider", "Widget"]

_LIVE_MIME_TYPE = "application/vnd.jupyter.widget-view+json"
_PAGE_NOTE = "The controls work in the notebook; this page shows the first picture."


@dataclass(frozen=True)
class Slider:
    """A number between two ends, in equal steps. Values are integers where `minimum` and `step` are."""

    name: str
    label: str
    minimum: float
    maximum: float
    step: float
    default: float

    def __post_init__(self):
        self.check(self.default)

    def check(self, value):
        """Return `value` as a Python number, or raise an error that names the control."""
        value = _number(self.name, value)
        if not self.minimum <= value <= self.maximum:
            raise ValueError(
                f"{self.name}: expected a number from {self.minimum} to {self.maximum}, got {value!r}"
            )
        steps = round((value - self.minimum) / self.step)
        nearest = self.minimum + steps * self.step
        if not math.isclose(value, nearest, abs_tol=1e-9 * self.step):
            raise ValueError(
                f"{self.name}: expected {self.minimum} plus a multiple of {self.step}, got {value!r}"
            )
        return nearest


@dataclass(frozen=True)
class Choice:
    """One of several strings or numbers."""

    name: str
    label: str
    options: tuple
    default: str | int

    def __post_init__(self):
        self.check(self.default)

    def check(self, value):
        """Return the option that equals `value`, or raise an error that names the control."""
        for option in self.options:
            if type(option) is type(value) and option == value:
                return option
        raise ValueError(f"{self.name}: expected one of {', '.join(map(repr, self.options))}, got {value!r}")


@dataclass(frozen=True)
class Checkbox:
    """Yes or no."""

    name: str
    label: str
    default: bool

    def __post_init__(self):
        self.check(self.default)

    def check(self, value):
        """Return `value`, or raise an error that names the control."""
        if not isinstance(value, bool):
            raise TypeError(f"{self.name}: expected True or False, got {value!r}")
        return value


@dataclass(frozen=True)
class Matrix:
    """A matrix whose entries the reader types. Its shape is one of `shapes`; entries lie within `limit` of 0."""

    name: str
    label: str
    default: tuple
    shapes: tuple
    limit: float

    def __post_init__(self):
        self.check(self.default)

    def check(self, value):
        """Return `value` as a tuple of rows of Python numbers, or raise an error that names the control."""
        try:
            rows = tuple(tuple(_number(self.name, entry) for entry in row) for row in value)
        except TypeError as error:
            raise TypeError(f"{self.name}: expected rows of numbers, got {value!r}") from error
        if (len(rows), len(rows[0]) if rows else 0) not in self.shapes or len(
            {len(row) for row in rows}
        ) != 1:
            shapes = " or ".join(f"{height} x {width}" for height, width in self.shapes)
            raise ValueError(f"{self.name}: expected a matrix of {shapes} numbers, got {value!r}")
        for entry in (entry for row in rows for entry in row):
            if not abs(entry) <= self.limit:
                raise ValueError(
                    f"{self.name}: expected entries from {-self.limit} to {self.limit}, got {entry!r}"
                )
        return rows


def _number(name, value):
    """`value` as a Python int where it is whole, else as a float."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    value = float(value)
    return int(value) if value.is_integer() else value


def _keep(parameters, changed):
    return parameters


@dataclass(frozen=True)
class Widget:
    """An interactive figure.

    Parameters
    ----------
    title : str
    compute : callable
        ``compute(**parameters) -> scene``. Pure, on NumPy alone. A scene may hold ``"limits"``, a mapping from the
        name of a slider to the (minimum, maximum) that these parameters leave to it.
    controls : sequence of Slider, Choice, Checkbox and Matrix
        One for each parameter of `compute`.
    draw : callable
        ``draw(scene) -> matplotlib.figure.Figure``, called in the book's style.
    describe : callable
        ``describe(scene) -> str``: what a reader who cannot see the picture must know.
    adjust : callable, optional
        ``adjust(parameters, changed) -> parameters``: what else moves when the reader has moved the control named
        `changed`, such as the kernel when a preset is chosen.

    In a notebook it shows its controls and a picture that follows them; elsewhere the picture of the default scene.
    """

    title: str
    compute: Callable[..., dict] = field(repr=False)
    controls: tuple = field(repr=False)
    draw: Callable = field(repr=False)
    describe: Callable[[dict], str] = field(repr=False)
    adjust: Callable[[dict, str], dict] = field(default=_keep, repr=False)

    def parameters(self, **given):
        """Return all parameters: the defaults, then those given, as if the reader set them in this order.

        Raises
        ------
        TypeError, ValueError
            Naming the parameter that is unknown, of the wrong type or out of range.
        """
        controls = {control.name: control for control in self.controls}
        parameters = {name: control.default for name, control in controls.items()}
        for name, value in given.items():
            if name not in controls:
                raise TypeError(f"{name}: no control of {self.title!r}, which has {', '.join(controls)}")
            parameters = self.adjust({**parameters, name: controls[name].check(value)}, name)
        return parameters

    def scene(self, **given):
        """Return the scene for these parameters; the rest keep their defaults. Errors as `parameters`."""
        return self.compute(**self.parameters(**given))

    def figure(self, **given):
        """Return the picture of a scene as a matplotlib figure. Errors as `parameters`."""
        return self._figure(self.scene(**given))

    def html(self, scene, note=""):
        """Return a scene as an HTML figure: the title, the picture with its text alternative, and a note."""
        from dlcore.plots import picture

        svg = picture(self._figure(scene), self.describe(scene), css_class="dlcore-widget__picture")
        below = (
            f'<p style="margin: 0.4rem 0 0; font-size: 0.85em; opacity: 0.8">{escape(note)}</p>'
            if note
            else ""
        )
        return _framed(self.title, svg + below)

    def error_html(self, error):
        """Return the sentence that stands in place of the picture where a scene cannot be computed."""
        return _framed(self.title, f'<p role="status">This cannot be shown. {escape(str(error))}</p>')

    def _figure(self, scene):
        from dlcore.plots import style

        with style():
            return self.draw(scene)

    def _repr_mimebundle_(self, include=None, exclude=None):
        scene = self.scene()
        bundle = {
            "text/plain": f"{self.title}. {self.describe(scene)}",
            "text/html": self.html(scene, _PAGE_NOTE),
        }
        try:
            import ipywidgets  # noqa: F401
        except ImportError:
            return bundle
        from dlcore.widgets.live import LiveView

        model = LiveView(self).box.model_id
        if model is not None:  # without a kernel nothing could answer the controls
            bundle[_LIVE_MIME_TYPE] = {"version_major": 2, "version_minor": 0, "model_id": model}
        return bundle


def _framed(title, content):
    return (
        '<figure class="dlcore-widget" style="margin: 0 0 1rem; line-height: 1.5; max-width: 34rem">'
        f'<figcaption style="font-weight: 600; margin: 0 0 0.5rem">{escape(title)}</figcaption>{content}</figure>'
    )
