"""What a reader can set in a widget. Every view makes its inputs from these declarations."""

import base64
import binascii
import math
import numbers
import operator
from dataclasses import asdict, dataclass

import numpy as np

__all__ = ["Checkbox", "Choice", "Matrix", "Picture", "Slider"]

_QUANTITIES = ("cell", "row", "column", "x", "y")


@dataclass(frozen=True)
class Slider:
    """A number between two ends, in equal steps. Values are integers where `minimum` and `step` are.

    Attributes
    ----------
    name, label : str
        The parameter of the widget's function, and what the reader reads.
    minimum, maximum, step, default : float
    on : str
        ``"panel.quantity"``: the pointer over that panel sets the slider, too. The quantity is "cell" (the number of
        the cell, row by row, from the minimum on), "row" or "column" (of a cell or a pixel), or "x" or "y" (the place
        on a plot).
    """

    name: str
    label: str
    minimum: float
    maximum: float
    step: float
    default: float
    on: str = ""

    def __post_init__(self):
        _label(self)
        _settle(self, **{end: _number(end, getattr(self, end)) for end in ("minimum", "maximum", "step")})
        if not (self.minimum < self.maximum and self.step > 0):
            raise ValueError(
                f"{self.name}: expected minimum < maximum and step > 0, "
                f"got {self.minimum}, {self.maximum} and {self.step}"
            )
        panel, _, quantity = self.on.partition(".")
        if self.on and not (panel and quantity in _QUANTITIES):
            raise ValueError(
                f"on: expected a panel, a dot and one of {', '.join(_QUANTITIES)}; got {self.on!r}"
            )
        self.check(self.maximum)  # an input that cannot reach its end would be a puzzle
        _settle(self, default=self.check(self.default))

    def check(self, value):
        """Return `value` as a Python number, or raise an error that names the control."""
        value = _number(self.name, value)
        if not self.minimum <= value <= self.maximum:
            raise ValueError(
                f"{self.name}: expected a number from {self.minimum} to {self.maximum}, got {value!r}"
            )
        steps = round((value - self.minimum) / self.step)
        nearest = self.minimum + steps * self.step
        if not math.isclose(value, nearest, rel_tol=0, abs_tol=1e-6 * self.step):
            raise ValueError(
                f"{self.name}: expected {self.minimum} plus a multiple of {self.step}, got {value!r}"
            )
        # 0 plus three steps of 0.1 is 0.30000000000000004; a reader set 0.3.
        digits = max(0, 9 - math.floor(math.log10(self.step)))
        return _number(self.name, round(nearest, digits))


@dataclass(frozen=True)
class Choice:
    """One of several strings or numbers."""

    name: str
    label: str
    options: tuple
    default: str | int | float

    def __post_init__(self):
        _label(self)
        _settle(self, options=_options(self))
        _settle(self, default=self.check(self.default))

    def check(self, value):
        """Return the option that equals `value`, or raise an error that names the control."""
        for option in self.options:
            # JavaScript does not tell 1.0 from 1.
            are_numbers = _is_number(option) and _is_number(value)
            if (are_numbers or type(option) is type(value)) and option == value:
                return option
        raise ValueError(f"{self.name}: expected one of {', '.join(map(repr, self.options))}, got {value!r}")


@dataclass(frozen=True)
class Checkbox:
    """Yes or no."""

    name: str
    label: str
    default: bool

    def __post_init__(self):
        _label(self)
        self.check(self.default)

    def check(self, value):
        """Return `value`, or raise an error that names the control."""
        if not isinstance(value, bool):
            raise TypeError(f"{self.name}: expected True or False, got {value!r}")
        return value


@dataclass(frozen=True)
class Matrix:
    """A matrix whose entries the reader types or paints. Its shape is one of `shapes`; entries lie within `limit` of 0."""

    name: str
    label: str
    default: tuple
    shapes: tuple
    limit: float

    def __post_init__(self):
        _label(self)
        try:
            shapes = tuple((operator.index(height), operator.index(width)) for height, width in self.shapes)
        except (TypeError, ValueError) as error:
            raise TypeError(f"shapes: expected pairs as in ((3, 3), (5, 5)), got {self.shapes!r}") from error
        _settle(self, shapes=shapes, limit=_number("limit", self.limit))
        if self.limit <= 0:
            raise ValueError(f"limit: expected a number above 0, got {self.limit}")
        _settle(self, default=self.check(self.default))

    def check(self, value):
        """Return `value` as a tuple of rows of Python numbers, or raise an error that names the control."""
        try:
            rows = tuple(tuple(_number(self.name, entry) for entry in row) for row in value)
        except TypeError as error:
            raise TypeError(f"{self.name}: expected rows of numbers, got {value!r}") from error
        shape = (len(rows), len(rows[0]) if rows else 0)
        if shape not in self.shapes or len({len(row) for row in rows}) != 1:
            shapes = " or ".join(f"{height} x {width}" for height, width in self.shapes)
            raise ValueError(f"{self.name}: expected a matrix of {shapes} numbers, got {value!r}")
        for entry in (entry for row in rows for entry in row):
            if not abs(entry) <= self.limit:
                raise ValueError(
                    f"{self.name}: expected entries from {-self.limit} to {self.limit}, got {entry!r}"
                )
        return rows


@dataclass(frozen=True)
class Picture:
    """A bundled picture, or one of the reader's own. The widget's function gets its name, or its pixels.

    Attributes
    ----------
    name, label : str
    options : tuple of str
        The bundled pictures.
    default : str
    height, width : int
        A picture of the reader's is made to fit into so many pixels.
    on : str
        The panel on which a picture may be dropped.
    """

    name: str
    label: str
    options: tuple
    default: str
    height: int
    width: int
    on: str = ""

    def __post_init__(self):
        _label(self)
        _settle(self, options=_options(self))
        if not isinstance(self.default, str):
            raise TypeError(f"{self.name}: expected the name of a bundled picture, got {self.default!r}")
        self.check(self.default)

    def check(self, value):
        """Return one of the options, or the pixels as a uint8 array (H, W, 3); or raise an error that names the control.

        `value` may be an array of that kind, or what a view sends: ``{"height", "width", "pixels"}``, the last the RGB
        bytes in base64.
        """
        if isinstance(value, str):
            if value in self.options:
                return value
            raise ValueError(f"{self.name}: expected one of {', '.join(self.options)}, got {value!r}")
        if isinstance(value, dict):
            value = self._decode(value)
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{self.name}: expected a name or an array, got {value!r}")
        if value.dtype != np.uint8 or value.ndim != 3 or value.shape[2] != 3 or not value.size:
            raise ValueError(
                f"{self.name}: expected uint8 of shape (H, W, 3), got {value.dtype} of shape {value.shape}"
            )
        if value.shape[0] > self.height or value.shape[1] > self.width:
            raise ValueError(
                f"{self.name}: expected at most {self.height} x {self.width} pixels, "
                f"got {value.shape[0]} x {value.shape[1]}"
            )
        return value

    def _decode(self, value):
        try:
            height, width = int(value["height"]), int(value["width"])
            pixels = base64.b64decode(value["pixels"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ValueError(f"{self.name}: expected height, width and pixels in base64") from error
        if min(height, width) < 1 or len(pixels) != 3 * height * width:
            raise ValueError(
                f"{self.name}: expected {height} x {width} pixels of three bytes, got {len(pixels)} bytes"
            )
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


KINDS = (Slider, Choice, Checkbox, Matrix, Picture)


def declaration(control):
    """Return a control in JSON's types, for a view."""
    return {"type": type(control).__name__.lower(), **asdict(control)}


def plain(value):
    """Return a control's value in JSON's types, for a view."""
    if isinstance(value, np.ndarray):
        pixels = base64.b64encode(value.tobytes()).decode("ascii")
        return {"height": value.shape[0], "width": value.shape[1], "pixels": pixels}
    return value


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _number(name, value):
    """`value` as a Python int where it is whole, else as a float."""
    if not _is_number(value):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value}")
    return int(value) if value.is_integer() else value


# ---- what a declaration must be --------------------------------------------------------------------------------------


def _settle(control, **values):
    """Set attributes of a control that is being made: plain Python's, whatever the author wrote."""
    for name, value in values.items():
        object.__setattr__(control, name, value)


def _label(control):
    if not (isinstance(control.label, str) and control.label.strip()):
        raise ValueError(f"label: expected what the reader reads at {control.name}, got {control.label!r}")


def _options(control):
    """The options as a tuple of strings and Python's numbers."""
    options = () if isinstance(control.options, str) else tuple(control.options)
    options = tuple(option.item() if isinstance(option, np.generic) else option for option in options)
    if not all(isinstance(option, str) or _is_number(option) for option in options):
        raise TypeError(f"options: expected strings or numbers, got {control.options!r}")
    if not options or len(set(options)) < len(options):
        raise ValueError(f"options: expected a list without repeats, got {control.options!r}")
    return options
