"""An interactive figure: a pure function that computes a scene, and the controls that set its parameters."""

import functools
import inspect
import json
import reprlib
from html import escape

from dlcore.widgets import controls as _controls
from dlcore.widgets.scene import encode, encode_as_text

__all__ = ["Widget", "widget"]

_LIVE_MIME_TYPE = "application/vnd.jupyter.widget-view+json"
# On which kinds of panel the pointer can set what a control asks for.
_TARGETS = {
    "cell": ("cells",),
    "row": ("cells", "image"),
    "column": ("cells", "image"),
    "x": ("plot",),
    "y": ("plot",),
    "": ("image",),
}
_NOTE = "The controls work where JavaScript runs, and in the notebook; this is the first picture."


def widget(title, *controls, adjust=None):
    """Turn a function that computes a scene into one that makes a widget. A decorator.

    Parameters
    ----------
    title : str
    *controls : Slider, Choice, Checkbox, Matrix or Picture
        One for each parameter of the function, under the same name.
    adjust : callable, optional
        ``adjust(parameters, changed) -> parameters``: what else moves when the reader has moved the control named
        `changed`, such as the kernel when a preset is chosen. `changed` is None where all were set at once.

    Returns
    -------
    callable
        The decorated function takes the parameters of `compute` by name, checks them and returns a `Widget` that starts
        with them; the rest start with their controls' defaults. The function that computes is its attribute ``compute``.

    Examples
    --------
    ::

        @widget("How does the leak change ReLU?", Slider("slope", "slope", 0, 1, 0.05, 0.1))
        def leaky_relu(slope):
            x = np.linspace(-3, 3, 121)
            curve = line(x, scratch.leaky_relu(x, slope))
            return scene({"curve": plot([curve])}, f"Leaky ReLU with slope {slope}.")
    """
    if not isinstance(title, str):
        raise TypeError(f"title: expected a sentence before the controls, got {title!r}")
    for control in controls:
        if not isinstance(control, _controls.KINDS):
            raise TypeError(f"controls: expected Slider(...), Choice(...) and the like, got {control!r}")
    names = [control.name for control in controls]

    def decorate(compute):
        parameters = list(inspect.signature(compute).parameters)
        if sorted(parameters) != sorted(names):
            raise TypeError(
                f"{compute.__name__}: expected one control for each of {', '.join(parameters)}, "
                f"got {', '.join(names) or 'none'}"
            )

        @functools.wraps(compute)
        def make(**starts):
            return Widget(title, compute, controls, adjust or _keep, starts)

        make.compute = compute
        # The call takes any of the parameters, or none.
        keyword = inspect.Parameter.KEYWORD_ONLY
        make.__signature__ = inspect.Signature(
            [inspect.Parameter(control.name, keyword, default=control.default) for control in controls]
        )
        return make

    return decorate


class Widget:
    """An interactive figure.

    In a notebook it shows its controls and a picture that follows them; in the published page the reader's browser
    computes; elsewhere it is the picture of the first scene. Made by a function under the decorator `widget`.

    Parameters
    ----------
    title : str
    compute : callable
        ``compute(**parameters) -> scene``, with the parts of `dlcore.widgets.scene`. Pure, on NumPy alone.
    controls : sequence of Slider, Choice, Checkbox, Matrix and Picture
    adjust : callable
        ``adjust(parameters, changed) -> parameters``.
    starts : dict
        Parameters that do not start with their control's default.

    Raises
    ------
    TypeError, ValueError
        Naming the parameter that is unknown, of the wrong type or out of range.
    """

    def __init__(self, title, compute, controls, adjust, starts):
        self.title, self.compute, self.controls, self.adjust = title, compute, tuple(controls), adjust
        self._by_name = {control.name: control for control in self.controls}
        self.starts = {name: self._control(name).check(value) for name, value in starts.items()}

    def parameters(self, **given):
        """Return all parameters: where the widget starts, then those given, as if the reader set them in this order.

        Where all are given they are set at once; ``adjust(parameters, None)`` makes them consistent.

        Raises
        ------
        TypeError, ValueError
            Naming the parameter that is unknown, of the wrong type or out of range.
        """
        given = {name: self._control(name).check(value) for name, value in given.items()}
        if given.keys() == self._by_name.keys():
            return self._adjusted({name: given[name] for name in self._by_name}, None)
        parameters = {name: control.check(control.default) for name, control in self._by_name.items()}
        for name, value in (self.starts | given).items():
            parameters = self._adjusted({**parameters, name: value}, name)
        return parameters

    def scene(self, **given):
        """Return the scene for these parameters; the rest stand where the widget starts. Errors as `parameters`."""
        return self._computed(self.parameters(**given))

    def respond(self, request):
        """Answer a view.

        Parameters
        ----------
        request : dict
            ``id``, ``parameters`` (all of them, in JSON's types) and ``changed``: the name of the control that was
            moved, or None where all were set at once.

        Returns
        -------
        dict
            ``id``; ``parameters`` as they are now, others having followed; ``scene``, encoded; ``error``, a sentence or
            None. After an error ``scene`` is None.
        """
        reply = {"id": request["id"], "parameters": request["parameters"], "scene": None, "error": None}
        try:
            parameters = {
                name: self._control(name).check(value) for name, value in request["parameters"].items()
            }
            if missing := self._by_name.keys() - parameters.keys():
                raise ValueError(f"parameters: expected all, {', '.join(sorted(missing))} missing")
            parameters = self._adjusted(parameters, request["changed"])
            reply["scene"] = encode(self._computed(parameters))
            reply["parameters"] = self._plain(parameters)
        except MemoryError:
            raise  # whoever runs Python has to deal with that
        except Exception as error:  # noqa: BLE001, a reader's setting must never end in a traceback
            reply["error"] = f"This cannot be shown. {error}"
        return reply

    @property
    def declaration(self):
        """What a view must know: a name under which Python finds the widget, the title, the controls, the start."""
        return {
            "id": f"{self.compute.__module__}:{self.compute.__name__}",
            "title": self.title,
            "controls": [_controls.declaration(control) for control in self.controls],
            "starts": self._plain(self.starts),
        }

    def first_reply(self, encode=encode):
        """Return what `respond` would answer before anything was moved.

        Raises
        ------
        ValueError
            If a control is `on` a panel that the scene does not have, or of a kind on which that means nothing; or the
            scene has limits of what is no slider.
        """
        parameters = self.parameters()
        scene = self._computed(parameters)
        self._check_references(scene)
        return {"id": 0, "parameters": self._plain(parameters), "scene": encode(scene), "error": None}

    def figure(self, **given):
        """Return the picture of a scene as a matplotlib figure. Errors as `parameters`."""
        from dlcore.widgets.picture import draw

        return draw(self.scene(**given))

    def html(self):
        """Return the figure as HTML: the title, the first picture with its text alternative, and the data of a view."""
        from dlcore import plots
        from dlcore.widgets.picture import draw

        content = {"declaration": self.declaration, "reply": self.first_reply(encode_as_text)}
        scene = self.scene()
        svg = plots.picture(draw(scene), scene["description"])
        # "</script>" inside a text would end the element, and "<!--" would keep the right one from ending it.
        data = json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        return (
            f'<figure class="dlcore-widget" data-dlcore="{escape(content["declaration"]["id"])}" '
            'style="margin: 0 0 1rem; line-height: 1.5">'
            f'<figcaption style="font-weight: 600; margin: 0 0 0.5rem">{escape(self.title)}</figcaption>'
            f'<div class="dlcore-widget__picture" style="max-width: 34rem">{svg}'
            f'<p class="dlcore-widget__note" style="font-size: 0.85em; opacity: 0.8">{escape(_NOTE)}</p></div>'
            f'<script type="application/json" class="dlcore-widget__data">{data}</script></figure>'
        )

    def __repr__(self):
        return f"{self.title} {self.scene()['description']}"

    def _control(self, name):
        if name not in self._by_name:
            raise TypeError(f"{name}: no control of {self.title!r}, which has {', '.join(self._by_name)}")
        return self._by_name[name]

    def _adjusted(self, parameters, changed):
        """What follows when `changed` was moved, checked: the next request has to take it."""
        adjusted = self.adjust(parameters, changed)
        if not isinstance(adjusted, dict) or adjusted.keys() != self._by_name.keys():
            raise TypeError(
                f"adjust: expected a dict of {', '.join(self._by_name)}; got {reprlib.repr(adjusted)}"
            )
        try:
            return {name: self._by_name[name].check(value) for name, value in adjusted.items()}
        except (TypeError, ValueError) as error:
            raise type(error)(f"adjust: {error}") from error

    def _computed(self, parameters):
        scene = self.compute(**parameters)
        if not (isinstance(scene, dict) and {"panels", "layout", "description", "limits"} <= scene.keys()):
            name = self.compute.__name__
            raise TypeError(f"{name}: expected to get what scene() makes, got {reprlib.repr(scene)}")
        return scene

    def _check_references(self, scene):
        """Whether the names by which controls and the first scene mean each other are right."""
        kinds = {name: panel["kind"] for name, panel in scene["panels"].items()}
        for control in self.controls:
            panel, _, quantity = getattr(control, "on", "").partition(".")
            is_right = panel in kinds and kinds[panel] in _TARGETS[quantity]
            # With other starts a panel may have given way to a sentence.
            if panel and not is_right and not self.starts:
                raise ValueError(
                    f"{control.name}: on={control.on!r} expects a panel {panel!r} of the kind "
                    f"{' or '.join(_TARGETS[quantity])}, got {kinds}"
                )
        sliders = [control.name for control in self.controls if isinstance(control, _controls.Slider)]
        if unknown := scene["limits"].keys() - set(sliders):
            raise ValueError(
                f"limits: expected names of sliders ({', '.join(sliders)}), got {', '.join(unknown)}"
            )

    def _plain(self, parameters):
        return {name: _controls.plain(value) for name, value in parameters.items()}

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": repr(self), "text/html": self.html()}
        try:
            import anywidget  # noqa: F401
        except ImportError:
            return bundle
        from dlcore.widgets.notebook import NotebookView

        model = NotebookView(self).model_id
        if model is not None:  # without a kernel nothing could answer the controls
            bundle[_LIVE_MIME_TYPE] = {"version_major": 2, "version_minor": 0, "model_id": model}
        return bundle


def _keep(parameters, changed):
    return parameters
