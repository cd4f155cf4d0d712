"""The live view of a widget in a notebook: ipywidgets for the controls, one HTML element for the picture.

It uses only what ipywidgets 7.7 and 8 have in common.
"""

import ipywidgets

from dlcore.widgets.widget import Checkbox, Choice, Matrix, Slider

__all__ = ["LiveView"]

_ROW = {"flex": "1 1 20rem", "max_width": "28rem", "min_width": "16rem"}
_LABEL = {"description_width": "9.5rem"}


class LiveView:
    """The controls of a widget and its picture, which follows them.

    Attributes
    ----------
    box : ipywidgets.Widget
        What the notebook shows.
    inputs : dict
        From the name of each control to its input, with ``value``.
    picture : ipywidgets.HTML
    """

    def __init__(self, widget):
        self._widget = widget
        self._parameters = widget.parameters()
        self._is_settling = False
        self.inputs = {control.name: _INPUTS[type(control)](control) for control in widget.controls}
        self.picture = ipywidgets.HTML()
        controls = ipywidgets.Box(
            [entry.element for entry in self.inputs.values()],
            layout=ipywidgets.Layout(flex_flow="row wrap", margin="0 0 0.5rem"),
        )
        self.box = ipywidgets.VBox([controls, self.picture])
        self._refresh()
        for entry in self.inputs.values():
            entry.on_change(self._follow)

    def _follow(self):
        """Take over what the reader changed, let the other inputs follow, and draw once."""
        if self._is_settling:
            return
        try:
            parameters = self._parameters
            for control in self._widget.controls:
                value = control.check(self.inputs[control.name].value)
                if value != self._parameters[control.name]:
                    parameters = self._widget.adjust({**parameters, control.name: value}, control.name)
        except Exception as error:  # noqa: BLE001, as below
            self.picture.value = self._widget.error_html(error)
            return
        self._parameters = parameters
        self._refresh()

    def _refresh(self):
        # A limit or a follower that moves an input would otherwise start another drawing of a half-set state.
        self._is_settling = True
        try:
            scene = self._widget.compute(**self._parameters)
            html = self._widget.html(scene)
            for name, (minimum, maximum) in scene.get("limits", {}).items():
                self.inputs[name].limit(minimum, maximum)
            for name, value in self._parameters.items():
                self.inputs[name].value = value
        except Exception as error:  # noqa: BLE001, a reader's setting must never end in a traceback
            html = self._widget.error_html(error)
        finally:
            self._is_settling = False
        self.picture.value = html


class _Input:
    """One ipywidgets element with its value."""

    def __init__(self, element):
        self.element = element

    @property
    def value(self):
        return self.element.value

    @value.setter
    def value(self, value):
        self.element.value = value

    def on_change(self, callback):
        self.element.observe(lambda change: callback(), names="value")


class _SliderInput(_Input):
    def __init__(self, control):
        whole = isinstance(control.minimum, int) and isinstance(control.step, int)
        slider = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        super().__init__(
            slider(
                value=control.default, min=control.minimum, max=control.maximum, step=control.step,
                description=control.label, style=_LABEL, layout=ipywidgets.Layout(**_ROW),
            )
        )  # fmt: skip

    def limit(self, minimum, maximum):
        # In an order that never crosses the two ends.
        if minimum > self.element.max:
            self.element.max, self.element.min = maximum, minimum
        else:
            self.element.min, self.element.max = minimum, maximum


class _ChoiceInput(_Input):
    def __init__(self, control):
        super().__init__(
            ipywidgets.Dropdown(
                options=[(str(option), option) for option in control.options],
                value=control.default, description=control.label, style=_LABEL, layout=ipywidgets.Layout(**_ROW),
            )
        )  # fmt: skip


class _CheckboxInput(_Input):
    def __init__(self, control):
        super().__init__(
            ipywidgets.Checkbox(
                value=control.default,
                description=control.label,
                indent=False,
                layout=ipywidgets.Layout(**_ROW),
            )
        )


class _MatrixInput(_Input):
    """A grid of number boxes, built anew when the shape changes."""

    def __init__(self, control):
        self._limit = control.limit
        self._rows = ()
        self._callback = lambda: None
        self._grid = ipywidgets.VBox()
        super().__init__(
            ipywidgets.VBox([ipywidgets.Label(control.label), self._grid], layout=ipywidgets.Layout(**_ROW))
        )
        self.value = control.default

    @property
    def value(self):
        return tuple(tuple(cell.value for cell in row) for row in self._rows)

    @value.setter
    def value(self, value):
        if [len(row) for row in value] != [len(row) for row in self._rows]:
            self._rows = tuple(tuple(self._cell(entry) for entry in row) for row in value)
            self._grid.children = tuple(ipywidgets.HBox(row) for row in self._rows)
        for cells, entries in zip(self._rows, value, strict=True):
            for cell, entry in zip(cells, entries, strict=True):
                cell.value = entry

    def _cell(self, entry):
        cell = ipywidgets.BoundedFloatText(
            value=entry, min=-self._limit, max=self._limit, step=1, layout=ipywidgets.Layout(width="3.6rem")
        )
        cell.observe(lambda change: self._callback(), names="value")
        return cell

    def on_change(self, callback):
        self._callback = callback


_INPUTS = {Slider: _SliderInput, Choice: _ChoiceInput, Checkbox: _CheckboxInput, Matrix: _MatrixInput}
