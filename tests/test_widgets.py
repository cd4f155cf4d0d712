"""The interactive figures: their controls, what they compute, what travels to a view, and that each view shows it."""

import base64
import importlib.util
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from browser.scenes import decode
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import data, scratch, widgets
from dlcore.widgets import convolution
from dlcore.widgets.controls import Checkbox, Choice, Matrix, Picture, Slider, declaration, plain
from dlcore.widgets.scene import cells, encode, image, line, plot, scene, text
from dlcore.widgets.widget import Widget, widget

ROOT = Path(__file__).resolve().parent.parent
MACHINERY = {"controls", "notebook", "picture", "scene", "widget"}
TOPICS = [
    import_module(f"dlcore.widgets.{module.name}")
    for module in pkgutil.iter_modules(widgets.__path__)
    if module.name not in MACHINERY
]
WIDGETS = [getattr(topic, name) for topic in TOPICS for name in topic.__all__]
CONTROLS = [(make, control) for make in WIDGETS for control in make().controls]
LIVE = "application/vnd.jupyter.widget-view+json"
TRUE_CONVOLUTION = "true convolution (flip)"


def id_of(make):
    return f"{make.__module__.rpartition('.')[2]}.{make.__name__}"


every_widget = pytest.mark.parametrize("make", WIDGETS, ids=id_of)
every_control = pytest.mark.parametrize(
    ("make", "control"), CONTROLS, ids=[f"{id_of(make)}-{control.name}" for make, control in CONTROLS]
)


def pictures(height, width):
    """A strategy for a reader's own picture of at most this size, and now and then a single pixel."""
    sizes = st.tuples(st.integers(1, min(height, 20)), st.integers(1, min(width, 20)))
    seeds = st.integers(0, 2**32 - 1)
    return st.builds(
        lambda size, seed: np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8),
        sizes,
        seeds,
    )


def values_of(control):
    """A strategy for the whole range of a control."""
    if isinstance(control, Slider):
        steps = round((control.maximum - control.minimum) / control.step)
        return st.integers(0, steps).map(lambda step: control.minimum + step * control.step)
    if isinstance(control, Choice):
        return st.sampled_from(control.options)
    if isinstance(control, Checkbox):
        return st.booleans()
    if isinstance(control, Picture):
        return st.one_of(st.sampled_from(control.options), pictures(control.height, control.width))
    entry = st.one_of(st.integers(-9, 9), st.floats(-control.limit, control.limit))
    return st.sampled_from(control.shapes).flatmap(
        lambda shape: st.tuples(*[st.tuples(*[entry] * shape[1])] * shape[0])
    )


def parameters_of(make):
    """A strategy for parameters over the whole range of all controls, set in the order of the controls."""
    names = [control.name for control in make().controls]
    values = st.fixed_dictionaries({control.name: values_of(control) for control in make().controls})
    return values.map(lambda drawn: {name: drawn[name] for name in names})


def another_value(control):
    if isinstance(control, Slider):
        up = control.default + control.step
        return up if up <= control.maximum else control.default - control.step
    if isinstance(control, Choice | Picture):
        return next(option for option in control.options if option != control.default)
    if isinstance(control, Checkbox):
        return not control.default
    return ((7, *control.default[0][1:]), *control.default[1:])


def assert_same(first, second):
    """Scenes are plain data: dictionaries, sequences, arrays, numbers, texts."""
    assert type(first) is type(second)
    if isinstance(first, dict):
        assert list(first) == list(second)
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, list | tuple):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    elif isinstance(first, np.ndarray):
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)
    else:
        assert first is None or isinstance(first, str | int | float)
        assert first == second


def arrays_in(value):
    if isinstance(value, np.ndarray):
        return [value]
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [array for entry in entries for array in arrays_in(entry)]


def is_same(first, second):
    try:
        assert_same(first, second)
    except AssertionError:
        return False
    return True


def as_a_view_sends_it(value):
    """What is left of a value when it has been JavaScript's."""
    return json.loads(json.dumps(plain(value)))


def lines_of(panel):
    return [entry["text"] for entry in panel["lines"]]


# ---- controls --------------------------------------------------------------------------------------------------------


def test_a_slider_gives_the_number_that_the_reader_set():
    slider = Slider("rate", "rate", 0, 1, 0.1, 0.5)
    assert [slider.check(3 * 0.1), slider.check(0.7), slider.check(1.0)] == [0.3, 0.7, 1]
    assert isinstance(slider.check(1.0), int)
    assert Slider("rate", "rate", 0, 1e-7, 1e-8, 0).check(3e-8) == 3e-8
    assert Slider("size", "size", 0, 1000, 100, 0).check(np.int64(300)) == 300


def test_a_choice_among_numbers_takes_them_as_javascript_writes_them():
    choice = Choice("factor", "factor", (0.5, 1.0, 2), 1.0)
    assert [choice.check(value) for value in (0.5, 1, 2.0)] == [0.5, 1, 2]
    assert isinstance(choice.check(1), float)
    assert isinstance(choice.check(2.0), int)


MADE_WRONG = {
    "a default beyond the end": (lambda: Slider("x", "x", 0, 1, 1, 2), "x: expected a number from 0 to 1, got 2"),
    "a default between steps": (lambda: Slider("x", "x", 0, 1, 0.5, 0.2), "x: expected 0 plus a multiple of 0.5, got 0.2"),
    "an unknown quantity": (lambda: Slider("x", "x", 0, 1, 1, 0, on="plot.z"), "on: expected a panel, a dot and one of"),
    "a default that is no option": (lambda: Choice("x", "x", ("a", "b"), "c"), "x: expected one of 'a', 'b', got 'c'"),
    "yes and no as numbers": (lambda: Checkbox("x", "x", 1), "x: expected True or False, got 1"),
    "a matrix of another shape": (lambda: Matrix("x", "x", ((1, 2),), ((2, 2),), 9), "x: expected a matrix of 2 x 2 numbers"),
    "a picture that is not there": (lambda: Picture("x", "x", ("a",), "b", 8, 8), "x: expected one of a, got 'b'"),
    "an array as the default picture": (lambda: Picture("x", "x", ("a",), np.zeros((1, 1, 3), np.uint8), 8, 8), "x: expected the name"),
    "no label": (lambda: Checkbox("x", "", True), "label: expected what the reader reads at x, got ''"),
    "a quantity without a panel": (lambda: Slider("x", "x", 0, 1, 1, 0, on=".x"), "on: expected a panel, a dot and one of"),
    "no step": (lambda: Slider("x", "x", 0, 1, 0, 0), "x: expected minimum < maximum and step > 0, got 0, 1 and 0"),
    "ends the wrong way round": (lambda: Slider("x", "x", 1, 0, 1, 0), "x: expected minimum < maximum"),
    "an end that is not finite": (lambda: Slider("x", "x", 0, np.inf, 1, 0), "maximum: expected a finite number"),
    "an end between steps": (lambda: Slider("x", "x", 0, 1, 0.3, 0), "x: expected 0 plus a multiple of 0.3, got 1"),
    "one string as options": (lambda: Choice("x", "x", "abc", "a"), "options: expected a list without repeats, got 'abc'"),
    "no options": (lambda: Choice("x", "x", (), "a"), "options: expected a list"),
    "an option twice": (lambda: Choice("x", "x", (1, 1.0), 1), "options: expected a list without repeats"),
    "yes and no as options": (lambda: Choice("x", "x", (True, False), True), "options: expected strings or numbers"),
    "one shape that is no list": (lambda: Matrix("x", "x", ((1, 2),), (1, 2), 9), "shapes: expected pairs"),
    "a limit below 0": (lambda: Matrix("x", "x", ((0, 0),), ((1, 2),), -9), "limit: expected a number above 0, got -9"),
}  # fmt: skip


@pytest.mark.parametrize("case", MADE_WRONG)
def test_a_control_that_contradicts_itself_cannot_be_made(case):
    make, message = MADE_WRONG[case]
    with pytest.raises((TypeError, ValueError), match="^" + message):
        make()


def test_what_an_author_writes_with_numpy_and_lists_is_declared_in_plain_data():
    controls = [
        Slider("x", "x", np.int64(0), np.float32(1), np.float64(0.5), np.float64(0.5)),
        Choice("x", "x", np.arange(3), np.int64(1)),
        Matrix("x", "x", np.eye(2), [[2, 2]], np.int64(9)),
        Picture("x", "x", ["a"], "a", 8, 8),
    ]
    declared = [json.loads(json.dumps(declaration(control))) for control in controls]
    assert [entry["default"] for entry in declared] == [0.5, 1, [[1, 0], [0, 1]], "a"]
    assert declared[1]["options"] == [0, 1, 2]
    assert hash(controls[1]) == hash(Choice("x", "x", (0, 1, 2), 1))


def wrong_values(control):
    if isinstance(control, Slider):
        return [control.maximum + control.step, control.minimum - 1, control.minimum + control.step / 3, "3", True, None,
                float("nan")]  # fmt: skip
    if isinstance(control, Choice):
        return ["nonsense", None, 1.5, True]
    if isinstance(control, Checkbox):
        return [1, "yes", None]
    if isinstance(control, Matrix):
        return [3, None, "abc", ((1,) * 9,) * 9, ((1, 2, 3), (1, 2), (1, 2, 3)), ((1, 2, float("nan")),) * 3,
                ((1e9,) * 3,) * 3, ((True,) * 3,) * 3, ()]  # fmt: skip
    pixels = base64.b64encode(bytes(12)).decode()
    return [
        "nonsense", None, 3, np.zeros((4, 4)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8),
        np.zeros((control.height + 1, 4, 3), np.uint8), np.zeros((4, control.width + 1, 3), np.uint8),
        {}, {"height": 2, "width": 2}, {"height": 2, "width": 3, "pixels": pixels},
        {"height": -2, "width": -2, "pixels": pixels}, {"height": 2, "width": 2, "pixels": "?" + pixels},
        {"height": "x", "width": 2, "pixels": pixels}, {"height": 2, "width": 2, "pixels": None},
    ]  # fmt: skip


@every_control
def test_a_value_out_of_range_raises_an_error_that_names_the_control(make, control):
    for value in wrong_values(control):
        with pytest.raises((TypeError, ValueError), match=rf"^{control.name}: expected"):
            make().scene(**{control.name: value})
        with pytest.raises((TypeError, ValueError), match=rf"^{control.name}: expected"):
            make(**{control.name: value})


@every_control
@settings(max_examples=10)
@given(st.data())
def test_a_value_that_went_to_a_view_and_back_is_the_same(make, control, data):
    value = control.check(data.draw(values_of(control)))
    assert_same(control.check(as_a_view_sends_it(value)), value)


@every_control
def test_a_view_learns_all_of_a_control_in_plain_data(make, control):
    declared = json.loads(json.dumps(declaration(control)))
    assert declared["type"] == type(control).__name__.lower()
    assert set(declared) == {"type", *inspect.signature(type(control)).parameters}
    assert declared["label"]
    assert control.check(declared["default"]) == control.default
    panel, _, quantity = declared.get("on", "").partition(".")
    if panel:
        kind = make().scene()["panels"][panel]["kind"]
        asked = {
            "x": "plot",
            "y": "plot",
            "cell": "cells",
            "row": "cells image",
            "column": "cells image",
            "": "image",
        }
        assert kind in asked[quantity].split()


# ---- every widget ----------------------------------------------------------------------------------------------------


@every_widget
def test_the_default_scene_is_plain_data_and_always_the_same(make):
    scene = make().scene()
    assert_same(scene, make().scene())
    for array in arrays_in(scene):
        assert array.dtype in (bool, np.float32, np.float64)
    json.dumps(make().first_reply(), default=len)  # bytes alone are not JSON


@every_widget
@settings(max_examples=15)
@given(st.data())
def test_a_scene_depends_on_the_parameters_alone(make, data):
    widget = make()
    first = widget.scene(**(given := data.draw(parameters_of(make))))
    widget.scene(**data.draw(parameters_of(make)))
    assert_same(widget.scene(**given), first)
    assert len(first["description"]) >= 60
    declared = {control.name: control for control in widget.controls}
    for name, (low, high) in first["limits"].items():
        assert declared[name].minimum <= low <= widget.parameters(**given)[name]
        assert low <= high <= declared[name].maximum


@every_control
def test_every_control_changes_the_scene_and_its_description(make, control):
    widget = make()
    # Some controls count under another's choice only: Sobel's entries sum to 0, so nothing can be divided by it.
    others = [{}] + [
        {other.name: option}
        for other in widget.controls
        if isinstance(other, Choice) and other is not control
        for option in other.options
    ]
    changes = (
        (widget.scene(**rest), widget.scene(**rest, **{control.name: another_value(control)}))
        for rest in others
    )
    assert any(
        not is_same(before, after) and before["description"] != after["description"]
        for before, after in changes
    )


@every_widget
def test_an_unknown_parameter_raises_an_error_that_names_it(make):
    with pytest.raises(TypeError, match=r"^colr: no control"):
        make().scene(colr=3)
    with pytest.raises(TypeError, match=r"^colr: no control"):
        make(colr=3)


@every_widget
def test_the_call_takes_any_of_the_parameters_and_is_documented(make):
    widget = make()
    parameters = inspect.signature(make).parameters
    assert {name: entry.default for name, entry in parameters.items()} == {
        control.name: control.default for control in widget.controls
    }
    assert "Parameters\n" in make.__doc__
    assert make.compute.__name__ == make.__name__


@every_control
def test_a_widget_starts_with_what_the_call_says(make, control):
    value = another_value(control)
    started = make(**{control.name: value})
    assert_same(started.scene(), make().scene(**{control.name: value}))
    assert started.declaration["starts"] == {control.name: value}
    assert make().declaration["starts"] == {}
    # The reader goes on from there.
    other = next(entry for entry in started.controls if entry.name != control.name)
    given = {other.name: another_value(other)}
    assert_same(started.parameters(**given), make().parameters(**{control.name: value}, **given))


def test_scenes_are_computed_without_matplotlib_anywidget_or_torch():
    blocked = [
        "matplotlib",
        "ipywidgets",
        "anywidget",
        "traitlets",
        "IPython",
        "torch",
        "scipy",
        "sklearn",
        "PIL",
    ]
    code = f"""
import sys
for name in {blocked!r}:
    sys.modules[name] = None  # an import of it fails
from importlib import import_module
for module, name in {[(make.__module__, make.__name__) for make in WIDGETS]!r}:
    widget = getattr(import_module(module), name)()
    first = widget.first_reply()
    reply = widget.respond({{"id": 1, "parameters": first["parameters"], "changed": None}})
    print(reply["error"], reply == {{**first, "id": 1}})
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ["None True"] * len(WIDGETS)


def test_a_topic_without_widgets_is_no_attribute_of_the_package():
    from dlcore import widgets

    with pytest.raises(AttributeError, match="no attribute 'knitting'"):
        widgets.knitting  # noqa: B018


# ---- the answer to a view --------------------------------------------------------------------------------------------


def request(widget, changed=None, id=1, **given):
    """What a view asks that shows the first scene, when the reader has set one control or all at once."""
    parameters = widget.first_reply()["parameters"] | {name: plain(value) for name, value in given.items()}
    return {"id": id, "parameters": json.loads(json.dumps(parameters)), "changed": changed, "previous": {}}


@every_control
def test_the_answer_to_a_moved_control_is_the_scene_of_its_value(make, control):
    widget, value = make(), another_value(control)
    reply = widget.respond(request(widget, control.name, 17, **{control.name: value}))
    assert (reply["id"], reply["error"]) == (17, None)
    assert reply["scene"] == encode(widget.scene(**{control.name: value}))
    assert reply["parameters"] == widget.parameters(**{control.name: value})


@every_widget
@settings(max_examples=15)
@given(st.data())
def test_all_parameters_may_be_set_at_once_and_come_back_as_they_were(make, data):
    widget = make()
    parameters = widget.parameters(**data.draw(parameters_of(make)))
    reply = widget.respond(request(widget, **parameters))
    assert reply["error"] is None
    assert reply["scene"] == encode(widget.scene(**parameters)) == encode(widget.compute(**parameters))
    assert reply["parameters"] == {name: plain(value) for name, value in parameters.items()}


@every_widget
def test_an_answer_to_nonsense_is_a_sentence(make):
    widget = make()
    control = widget.controls[0]
    for parameters, complaint in (
        ({**widget.parameters(), control.name: "nonsense"}, f"{control.name}: expected"),
        ({**widget.parameters(), "colr": 3}, "colr: no control"),
        ({name: value for name, value in widget.parameters().items() if name != control.name}, f"{control.name} missing"),
        ({}, "missing"),
    ):  # fmt: skip
        reply = widget.respond({"id": 3, "parameters": parameters, "changed": None, "previous": {}})
        assert (reply["id"], reply["scene"], reply["parameters"]) == (3, None, parameters)
        assert reply["error"].startswith("This cannot be shown. ")
        assert complaint in reply["error"]


def make_fragile():
    @widget("A title", Slider("number", "number", 1, 4, 1, 1))
    def fragile(number):
        if number == 2:
            raise RuntimeError("the kernel <5> is larger than the input")
        if number == 3:
            raise MemoryError
        return scene({"text": text(f"The number is {number}.")}, f"The number is {number}, and that is all.")

    return fragile()


def test_an_error_while_computing_becomes_a_sentence_and_the_next_request_is_answered():
    widget = make_fragile()
    reply = widget.respond(request(widget, "number", number=2))
    assert reply["error"] == "This cannot be shown. the kernel <5> is larger than the input"
    assert reply["scene"] is None
    assert widget.respond(request(widget, "number", number=4))["error"] is None


def test_whoever_runs_python_learns_that_memory_has_run_out():
    widget = make_fragile()
    with pytest.raises(MemoryError):
        widget.respond(request(widget, "number", number=3))


def test_a_function_and_its_controls_must_agree():
    for controls in ([], [Slider("b", "b", 0, 1, 1, 0)], [Slider("a", "a", 0, 1, 1, 0)] * 2):
        with pytest.raises(TypeError, match="^compute: expected one control for each of a, got"):

            @widget("A title", *controls)
            def compute(a):
                return scene({}, "A description of nothing.")


def with_control(control, adjust=None, limits=None):
    """A widget of one panel of cells and this control, whose name is `x`."""

    @widget("A title", control, adjust=adjust)
    def compute(x):
        return scene({"cells": cells([[1.0]])}, "A single cell that holds one.", limits=limits)

    return compute()


@pytest.mark.parametrize(
    ("control", "message"),
    [
        (Slider("x", "x", 0, 1, 1, 0, on="curve.x"), "x: on='curve.x' expects a panel 'curve' of the kind plot"),
        (Slider("x", "x", 0, 1, 1, 0, on="cells.x"), "x: on='cells.x' expects a panel 'cells' of the kind plot"),
        (Picture("x", "x", ("a",), "a", 8, 8, on="cells"), "x: on='cells' expects a panel 'cells' of the kind image"),
    ],
)  # fmt: skip
def test_a_control_on_a_panel_that_is_not_there_is_found_before_a_reader_finds_it(control, message):
    for show in (lambda: with_control(control).html(), with_control(control).first_reply):
        with pytest.raises(ValueError, match=f"^{message}, got {{'cells': 'cells'}}"):
            show()


def test_limits_of_what_is_no_slider_are_refused():
    with pytest.raises(ValueError, match=r"^limits: expected names of sliders \(x\), got y"):
        with_control(Slider("x", "x", 0, 1, 1, 0), limits={"y": (0, 1)}).html()


ADJUSTED_WRONG = {
    "nothing": (lambda parameters, changed: None, "adjust: expected a dict of x; got None"),
    "too little": (lambda parameters, changed: {}, "adjust: expected a dict of x; got {}"),
    "too much": (lambda parameters, changed: {**parameters, "y": 2}, "adjust: expected a dict of x"),
    "out of range": (lambda parameters, changed: {"x": 7}, "adjust: x: expected a number from 0 to 1, got 7"),
}


@pytest.mark.parametrize("case", ADJUSTED_WRONG)
def test_what_adjust_returns_is_checked(case):
    adjust, message = ADJUSTED_WRONG[case]
    made = with_control(Slider("x", "x", 0, 1, 0.5, 0), adjust)
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        made.parameters(x=1)
    reply = made.respond({"id": 1, "parameters": {"x": 1}, "changed": "x"})
    assert reply["error"].startswith(f"This cannot be shown. {message}")
    numpy = with_control(Slider("x", "x", 0, 1, 0.5, 0), lambda parameters, changed: {"x": np.float32(0.5)})
    assert (
        json.dumps(numpy.respond({"id": 1, "parameters": {"x": 1}, "changed": "x"})["parameters"])
        == '{"x": 0.5}'
    )


@pytest.mark.parametrize("returned", [None, {"panels": {}}, cells([[1]])])
def test_a_function_that_returns_no_scene_is_named(returned):
    @widget("A title")
    def forgetful():
        return returned

    for show in (forgetful().scene, forgetful().html, forgetful().first_reply):
        with pytest.raises(TypeError, match=r"^forgetful: expected to get what scene\(\) makes, got "):
            show()


def test_the_decorator_says_what_it_takes():
    with pytest.raises(TypeError, match="^title: expected a sentence before the controls, got <function"):
        widget(lambda: None)
    with pytest.raises(TypeError, match="^controls: expected Slider"):
        widget("A title", Slider)


def test_what_followed_a_control_comes_back_and_one_scene_is_computed():
    seen = []

    def compute(**given):
        seen.append(given)
        return convolution.photograph_kernels.compute(**given)

    first = convolution.photograph_kernels()
    counting = Widget(first.title, compute, first.controls, first.adjust, {})
    parameters = counting.first_reply()["parameters"]
    seen.clear()

    def move(**given):
        nonlocal parameters
        (changed,) = given
        sent = json.loads(json.dumps({**parameters, **given}))
        parameters = counting.respond({"id": 1, "parameters": sent, "changed": changed})["parameters"]
        return parameters

    assert move(preset="Gaussian blur 5 × 5")["size"] == 5  # fills 25 entries and the size
    assert parameters["kernel"][2][2] == 36
    assert move(kernel=((2, 4, 6, 4, 1), *parameters["kernel"][1:]))["preset"] == "your own"
    assert move(size=3)["kernel"] == ((16, 24, 16), (24, 36, 24), (16, 24, 16))
    assert move(preset="your own")["kernel"] == ((16, 24, 16), (24, 36, 24), (16, 24, 16))
    assert len(seen) == 4


# ---- HTML and the notebook -------------------------------------------------------------------------------------------


def embedded(html):
    """The data that a page hands to the view, as a browser reads it."""
    return json.loads(BeautifulSoup(html, "html.parser").select_one("script.dlcore-widget__data").string)


@every_widget
def test_the_html_is_a_described_picture_under_a_title(make):
    widget = make()
    html = widget.html()
    page = BeautifulSoup(html, "html.parser")
    (figure,) = page.find_all("figure", recursive=False)
    assert figure["class"] == ["dlcore-widget"]
    assert figure["data-dlcore"] == f"{make.__module__}:{make.__name__}"
    assert figure.figcaption.string == widget.title
    (picture,) = page.find_all("svg")
    assert picture["role"] == "img"
    assert picture["aria-label"] == widget.scene()["description"]
    assert len(re.findall(r"\d+", picture["aria-label"])) >= 3
    assert "this is the first picture" in page.select_one(".dlcore-widget__note").string
    assert len(str(picture)) < 70_000
    assert len(html) < 150_000


@every_widget
def test_the_html_holds_the_declaration_and_the_first_scene(make):
    widget = make()
    content = embedded(widget.html())
    assert content["declaration"] == json.loads(json.dumps(widget.declaration))
    reply = content["reply"]
    assert (reply["id"], reply["error"]) == (0, None)
    assert reply["parameters"] == as_a_view_sends_it(widget.parameters())
    shown, computed = decode(reply["scene"]), widget.scene()
    assert list(shown) == list(computed)
    for name, panel in computed["panels"].items():
        if panel["kind"] == "image":
            assert reply["scene"]["panels"][name]["values"]["dtype"] == "uint8"
            np.testing.assert_allclose(
                shown["panels"][name]["values"], panel["values"], rtol=0, atol=0.5 / 255 + 1e-6
            )
            del shown["panels"][name]["values"], panel["values"]
    assert_same(shown["panels"], computed["panels"])
    assert {name: shown[name] for name in shown if name != "panels"} == {
        name: computed[name] for name in computed if name != "panels"
    }


TROUBLE = "</script><!--<script> & \"quotes\" 'and' <b>bold</b> ]]> \u2028 ∑"


def test_no_text_of_a_widget_can_end_its_html():
    @widget(TROUBLE, Choice("word", TROUBLE, ("a", TROUBLE), TROUBLE))
    def troublesome(word):
        return scene({"text": text(word, title=TROUBLE)}, TROUBLE)

    html = troublesome().html()
    page = BeautifulSoup(html + "<p>after</p>", "html.parser")
    assert [entry.name for entry in page.find_all(recursive=False)] == ["figure", "p"]
    assert html.count("<script") == html.count("</script") == 1
    assert "<!--" not in html
    assert not page.find_all("b")
    assert page.figcaption.string == TROUBLE
    assert page.svg["aria-label"] == TROUBLE
    content = embedded(html)
    assert content["declaration"]["controls"][0]["options"] == ["a", TROUBLE]
    assert content["reply"]["scene"]["description"] == TROUBLE


def test_what_is_not_finite_travels_in_valid_json():
    @widget("A title", Slider("number", "number", 1, 3, 1, 1))
    def unfinished(number):
        panels = {"cells": cells([[1, np.nan]]), "plot": plot([line([0, np.inf], [np.nan, 1])])}
        return scene(panels, "Numbers that are missing from a picture.")

    reply = embedded(unfinished().html())["reply"]
    assert "NaN" not in json.dumps(reply)
    np.testing.assert_array_equal(decode(reply)["scene"]["panels"]["cells"]["values"], [[1, np.nan]])


@every_widget
def test_the_bundle_holds_the_live_view_the_html_and_the_description(make):
    bundle = make()._repr_mimebundle_()
    assert set(bundle) == {LIVE, "text/html", "text/plain"}
    assert bundle[LIVE]["version_major"] == 2
    assert bundle[LIVE]["model_id"]
    assert bundle["text/html"] == make().html()
    assert bundle["text/plain"] == f"{make().title} {make().scene()['description']}"


@every_widget
def test_without_anywidget_the_bundle_holds_the_picture_alone(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    assert set(make()._repr_mimebundle_()) == {"text/html", "text/plain"}


@every_widget
def test_the_picture_is_drawn_for_any_parameters(make):
    figure = make().figure(**{make().controls[0].name: another_value(make().controls[0])})
    assert figure.get_figwidth() * 72 == pytest.approx(340)


@every_control
def test_the_notebook_answers_what_its_view_asks(make, control):
    pytest.importorskip("anywidget")
    from dlcore.widgets.notebook import NotebookView

    widget, value = make(), another_value(control)
    view = NotebookView(widget)
    assert view.declaration == widget.declaration
    assert view.reply == widget.first_reply()
    assert view.failure == ""
    view.request = request(widget, control.name, 5, **{control.name: value})
    assert (view.reply["id"], view.reply["error"]) == (5, None)
    assert view.reply["scene"] == encode(widget.scene(**{control.name: value}))
    view.request = {"id": 6, "parameters": {}, "changed": None, "previous": {}}
    assert view.reply["id"] == 6
    assert "missing" in view.reply["error"]


# ---- the example of CONTRIBUTING.md ----------------------------------------------------------------------------------


def load_example(monkeypatch):
    """The example as the module that it would be in `dlcore/widgets`."""
    path = ROOT / "tests" / "files" / "example_widget.py"
    specification = importlib.util.spec_from_file_location("example_widget", path)
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "example_widget", module)
    specification.loader.exec_module(module)
    return path, module


def test_a_widget_takes_one_file_of_forty_lines(monkeypatch):
    path, module = load_example(monkeypatch)
    assert len(path.read_text().splitlines()) <= 40
    assert f"```python\n{path.read_text()}```" in (ROOT / "CONTRIBUTING.md").read_text()
    made = module.leaky_relu()
    assert made.declaration["id"] == "example_widget:leaky_relu"
    shown = made.scene(slope=0.25, x=-2)
    curve, tangent, at = shown["panels"]["curve"]["marks"]
    np.testing.assert_allclose(
        curve["y"], np.where(curve["x"] > 0, curve["x"], 0.25 * curve["x"]), atol=1e-12
    )
    np.testing.assert_allclose(tangent["y"], 0.25 * tangent["x"], atol=1e-12)
    assert (at["x"].item(), at["y"].item()) == (-2, -0.5)
    assert "0.25 times the gradient" in shown["description"]

    content = embedded(made.html())  # the page
    np.testing.assert_array_equal(
        decode(content)["reply"]["scene"]["panels"]["curve"]["marks"][0]["y"],
        made.scene()["panels"]["curve"]["marks"][0]["y"],
    )
    assert [axes.get_label() for axes in made.figure().axes] == ["paper", "plot"]  # print
    assert made.respond(request(made, "x", x=1.5))["scene"] == encode(made.scene(x=1.5))  # a view
    assert set(made._repr_mimebundle_()) == {LIVE, "text/html", "text/plain"}  # the notebook


# ---- a kernel slides over a small input ------------------------------------------------------------------------------


def padding_by_definition(mode, padding, kernel_size, dilation, operation):
    reach = dilation * (kernel_size - 1)
    if mode == "same":
        halves = reach // 2, reach - reach // 2
        return halves[::-1] if operation == TRUE_CONVOLUTION else halves
    return {"explicit": (padding, padding), "valid": (0, 0), "full": (reach, reach)}[mode]


def evaluated(expression):
    return eval(expression.replace("·", "*").replace("−", "-"), {"floor": np.floor})


@settings(max_examples=100, deadline=None)
@given(parameters_of(convolution.sliding_kernel))
def test_sliding_kernel_shows_what_the_definition_gives(parameters):
    widget = convolution.sliding_kernel()
    chosen = widget.parameters(**parameters)  # the position follows the other controls
    shown = widget.compute(**chosen)
    stride, dilation, operation = chosen["stride"], chosen["dilation"], chosen["operation"]
    panels = shown["panels"]

    shape, kernel_shape = (chosen["height"], chosen["width"]), np.shape(chosen["kernel"])
    assert kernel_shape == (chosen["kernel_height"], chosen["kernel_width"])
    sides = [
        padding_by_definition(chosen["mode"], chosen["padding"], k, dilation, operation) for k in kernel_shape
    ]
    inside = tuple(slice(before, before + n) for (before, _), n in zip(sides, shape, strict=True))
    padded, marks = panels["input"]["values"], panels["input"]["marks"]
    picture = padded[inside]
    np.testing.assert_array_equal(padded, np.pad(picture, sides))
    np.testing.assert_array_equal(marks["muted"], np.pad(np.zeros(shape, bool), sides, constant_values=True))
    turn = -1 if operation == TRUE_CONVOLUTION else 1
    kernel = panels["laid_on"]["values"]
    np.testing.assert_array_equal(kernel, np.array(chosen["kernel"], float)[::turn, ::turn])
    assert ("flipped" in panels["laid_on"]["title"]) == (turn == -1)

    if "problem" in panels:
        is_too_large = any(dilation * (k - 1) >= n for n, k in zip(padded.shape, kernel_shape, strict=True))
        is_same_with_stride = chosen["mode"] == "same" and stride > 1
        assert is_too_large or is_same_with_stride
        assert np.isnan(panels["output"]["values"]).all()
        (problem,) = lines_of(panels["problem"])
        assert "PyTorch" in problem
        assert problem in shown["description"]
        assert shown["limits"] == {"position": [1, 1]}
        padding = chosen["mode"] if chosen["mode"] == "same" else [before for before, _ in sides]
        with pytest.raises(RuntimeError):
            scratch.conv2d(
                picture[None], kernel[None, None], stride=stride, padding=padding, dilation=dilation
            )
        return

    # By hand: every output from its own window.
    output, selected = panels["output"]["values"], panels["output"]["marks"]["selected"]
    assert shown["limits"] == {"position": [1, output.size]}
    is_touched = np.zeros(padded.shape, bool)
    scale = 4 * np.abs(kernel).sum()
    for row, column in np.ndindex(output.shape):
        rows = [row * stride + dilation * tap for tap in range(kernel_shape[0])]
        columns = [column * stride + dilation * tap for tap in range(kernel_shape[1])]
        window = np.zeros(padded.shape, bool)
        window[np.ix_(rows, columns)] = True
        is_touched |= window
        value = (padded[np.ix_(rows, columns)] * kernel).sum()
        number = row * output.shape[1] + column + 1
        assert selected[row, column] == (number == chosen["position"])
        if number > chosen["position"]:
            assert np.isnan(output[row, column])
            continue
        assert output[row, column] == pytest.approx(value, rel=0, abs=1e-12 * scale)
        if number == chosen["position"]:
            np.testing.assert_array_equal(marks["highlight"], window)
            cell, *products, result = lines_of(panels["sum"])
            assert cell == f"output[{row}, {column}]"
            written = " ".join(products).removeprefix("= ")
            assert written.count("·") == kernel.size
            # Three digits of each number are shown, and all of an integer.
            is_whole = np.array_equal(kernel, kernel.round())
            tolerance = 0 if is_whole and abs(value) < 1e15 else 0.01 * scale
            assert evaluated(written) == pytest.approx(value, rel=0, abs=tolerance)
            sign, _, number = result.partition(" ")
            assert evaluated(number) == pytest.approx(value, rel=0, abs=tolerance)
            # An equals sign stands only where the numbers as they are shown make the result that is shown.
            assert sign in ("=", "≈")
            assert sign == "=" or not is_whole
            if sign == "=":
                assert evaluated(written) == pytest.approx(evaluated(number), rel=0, abs=1e-8 * scale)
            assert shown["description"].startswith(f"{cell} = {written} {result}, from the window")
    # Nothing more would have fitted.
    for length, k, count in zip(padded.shape, kernel_shape, output.shape, strict=True):
        assert count * stride + dilation * (k - 1) >= length
    np.testing.assert_array_equal(marks["hatched"][inside], ~is_touched[inside])
    assert not (marks["hatched"] & marks["muted"]).any()

    *sizes, counting, note = lines_of(panels["size"])
    assert f"{output.shape[0]} × {output.shape[1]} windows fit: formula and count agree" in counting
    for name, line_of_size, length in zip(("height ", "width "), sizes, output.shape, strict=True):
        expression, result = line_of_size.removeprefix(name).split(" = ")
        assert evaluated(expression) == int(result) == length
        exact = evaluated(expression.replace("floor", "")) == length
        assert exact == ("floor" not in expression)
    missed = [np.flatnonzero(~is_touched[inside].any(other)).tolist() for other in (1, 0)]
    for name, indices in zip(("row", "column"), missed, strict=True):
        named = re.search(rf"{name}s? ([\d, ]+)", note)
        assert ([int(index) for index in named.group(1).split(",")] if named else []) == indices


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_true_convolution_is_that_of_scratch_convolve_in_the_same_mode(mode, data):
    draw = {name: data.draw(st.integers(1, 5), name) for name in ("kernel_height", "kernel_width")}
    size = {name: data.draw(st.integers(5, 9), name) for name in ("height", "width")}
    given = {"stride": 1, "mode": mode, "operation": TRUE_CONVOLUTION, **draw, **size}
    panels = convolution.sliding_kernel().scene(**given, position=1)["panels"]
    last = convolution.sliding_kernel().scene(**given)["limits"]["position"][1]
    output = convolution.sliding_kernel().scene(**given, position=last)["panels"]["output"]["values"]
    picture = panels["input"]["values"][~panels["input"]["marks"]["muted"]].reshape(
        size["height"], size["width"]
    )
    kernel = panels["laid_on"]["values"][::-1, ::-1]
    np.testing.assert_array_equal(output, scratch.convolve(picture, kernel, mode))


@pytest.mark.parametrize("height", range(1, 6))
@pytest.mark.parametrize("width", range(1, 6))
def test_flipping_changes_every_kernel_but_the_one_of_a_single_cell(height, width):
    given = {"kernel_height": height, "kernel_width": width}
    unflipped, flipped = [
        convolution.sliding_kernel().scene(**given, **operation)["panels"]["laid_on"]["values"]
        for operation in ({}, {"operation": TRUE_CONVOLUTION})
    ]
    assert unflipped.shape == (height, width)
    np.testing.assert_array_equal(flipped, unflipped[::-1, ::-1])
    assert np.array_equal(unflipped, flipped) == (height == width == 1)
    assert unflipped.any()


def test_the_position_ends_at_the_last_output_cell():
    widget = convolution.sliding_kernel()
    parameters = widget.first_reply()["parameters"]

    def move(**given):
        nonlocal parameters
        (changed,) = given
        reply = widget.respond({"id": 1, "parameters": {**parameters, **given}, "changed": changed})
        parameters = reply["parameters"]
        return parameters["position"], reply["scene"]["limits"]["position"][1]

    assert (parameters["position"], widget.scene()["limits"]["position"]) == (6, [1, 16])
    assert move(position=16) == (16, 16)
    assert move(stride=3) == (9, 9)
    assert move(stride=1) == (9, 49)
    assert move(mode="full") == (9, 81)
    assert move(position=81) == (81, 81)
    assert "output[8, 8]" in widget.scene(**parameters)["description"]
    beyond = widget.scene(stride=2, position=400)
    assert_same(beyond, widget.scene(stride=2, position=16))


def test_a_sum_of_numbers_that_are_cut_is_not_said_to_be_equal():
    def result(kernel):
        given = {"kernel": (kernel,), "stride": 1, "mode": "valid", "position": 1}  # of the cells 3, 3, 2
        return lines_of(convolution.sliding_kernel().scene(**given)["panels"]["sum"])[-1]

    assert result((98.7654, -98.7654, 12.3456)) == "≈ 24.7"
    assert result((0.5, 0.25, -2)) == "= −1.75"
    assert result((0.1, 0.2, -0.45)) == "= 0"  # and not a rounding error


def test_the_kernel_follows_its_size_and_the_size_follows_the_kernel():
    widget = convolution.sliding_kernel()
    own = ((9, 8, 7), (6, 5, 4), (3, 2, 1))
    smaller = widget.parameters(kernel=own, kernel_height=2)
    assert smaller["kernel"] == own[:2]
    larger = widget.parameters(kernel=own, kernel_width=4)
    assert tuple(row[:3] for row in larger["kernel"]) == own
    assert np.shape(larger["kernel"]) == (3, 4)
    follows = widget.parameters(kernel=((1, 2), (3, 4)))
    assert (follows["kernel_height"], follows["kernel_width"]) == (2, 2)


def test_same_padding_with_a_stride_is_refused_as_pytorch_refuses_it_and_there_is_a_way_back():
    widget = convolution.sliding_kernel()
    refused = widget.scene(mode="same", stride=2)
    assert "stride 1 only" in lines_of(refused["panels"]["problem"])[0]
    back = widget.parameters(mode="same", stride=1)
    assert_same(widget.scene(**back), widget.scene(stride=1, mode="same", position=1))


# ---- a kernel on a photograph ----------------------------------------------------------------------------------------


def pixels_of(photograph, is_gray):
    """The picture that is convolved, by its definition: float64, shape (C, H, W)."""
    if isinstance(photograph, str):
        whole = data.photograph(photograph, gray=is_gray, dtype=np.float64)
        return np.mean([whole[:, y:426:3, x:639:3] for y in range(3) for x in range(3)], axis=0)
    channels = np.moveaxis(photograph / 255, -1, 0)
    return (0.299 * channels[:1] + 0.587 * channels[1:2] + 0.114 * channels[2:]) if is_gray else channels


@settings(max_examples=60, deadline=None)
@given(parameters_of(convolution.photograph_kernels))
def test_photograph_kernels_shows_the_convolution_of_the_photograph(parameters):
    widget = convolution.photograph_kernels()
    chosen = widget.parameters(**parameters)
    shown = widget.compute(**chosen)
    panels = shown["panels"]
    picture = pixels_of(chosen["photograph"], chosen["colour"] == "gray")
    np.testing.assert_allclose(panels["input"]["values"], picture, rtol=0, atol=1e-6)
    kernel = np.array(chosen["kernel"], float)
    np.testing.assert_array_equal(panels["kernel"]["values"], kernel)
    assert panels["kernel"]["title"] == chosen["preset"]
    size = len(kernel)
    if min(picture.shape[1:]) < size:
        assert "smaller than the kernel" in lines_of(panels["output"])[0]
        assert shown["limits"] == {"row": [0, 0], "column": [0, 0]}
        return

    border = 0 if chosen["padding"] == "none" else size // 2
    modes = {"replicate": "edge", "circular": "wrap", "reflect": "reflect"}
    padded = np.pad(
        picture, [(0, 0), (border, border), (border, border)], modes.get(chosen["padding"], "constant")
    )
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape, axis=(1, 2))
    step, total = chosen["stride"], kernel.sum()
    has_sum = abs(total) > 1e-12 * np.abs(kernel).sum()
    divisor = total if chosen["normalise"] and has_sum else 1
    expected = np.einsum("chwuv,uv->chw", windows[:, ::step, ::step], kernel / divisor)

    looked_at, *facts, height_line, width_line = lines_of(panels["facts"])
    facts = "; ".join(facts).replace("−", "-")
    scale = np.abs(kernel / divisor).sum()
    low, high = (float(number) for number in re.search(r"output from (\S+) to ([^;]+)", facts).groups())
    assert low == pytest.approx(expected.min(), rel=0, abs=0.0051 + 1e-12 * scale)
    assert high == pytest.approx(expected.max(), rel=0, abs=0.0051 + 1e-12 * scale)
    assert ("entries divided by" in facts) == (divisor != 1)
    for line_of_size, length in zip((height_line, width_line), expected.shape[1:], strict=True):
        assert line_of_size.endswith(f"= {length}")
    assert shown["limits"] == {"row": [0, expected.shape[1] - 1], "column": [0, expected.shape[2] - 1]}

    values = panels["output"]["values"]
    assert values.shape == expected.shape
    assert 0 <= values.min() <= values.max() <= 1
    spread = np.ptp(expected)
    if chosen["display"] == "stretched from black to white":
        if spread > 1e-6 * scale:
            np.testing.assert_allclose(values, (expected - expected.min()) / spread, rtol=0, atol=1e-5)
    else:
        shades = np.abs(expected) if chosen["display"] == "absolute values" else expected
        np.testing.assert_allclose(values, shades.clip(0, 1), rtol=0, atol=1e-6 + 1e-12 * scale)

    # The frame in the input holds the pixels that make the one that is looked at.
    (frame,), (pixel,) = panels["input"]["boxes"], panels["output"]["boxes"]
    row, column = min(chosen["row"], expected.shape[1] - 1), min(chosen["column"], expected.shape[2] - 1)
    assert (pixel["row"], pixel["column"], pixel["height"], pixel["width"]) == (row, column, 1, 1)
    assert (frame["row"], frame["column"]) == (row * step - border, column * step - border)
    assert frame["height"] == frame["width"] == size
    cell, _, result = looked_at.replace("−", "-").partition(" = ")
    assert cell == f"output[{row}, {column}]"
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d\d", result)]
    np.testing.assert_allclose(numbers, expected[:, row, column], rtol=0, atol=0.0051 + 1e-12 * scale)


def test_texts_on_a_photograph_do_not_contradict_themselves():
    def facts(**given):
        return "; ".join(lines_of(convolution.photograph_kernels().scene(**given)["panels"]["facts"]))

    assert "−0.00" not in facts(kernel=((-0.001, 0, 0), (0, 0, 0), (0, 0, 0)), normalise=False)
    bright = np.zeros((80, 80, 3), np.uint8)
    bright[3, 3] = 255
    twice = {"kernel": ((0, 0, 0), (0, 2, 0), (0, 0, 0)), "normalise": False}
    assert "less than 0.1% of the values clipped" in facts(photograph=bright, **twice)
    assert "more than 99.9% of the values clipped" in facts(photograph=255 - bright, **twice)
    assert re.search(r"= red −?\d\.\d\d, green −?\d\.\d\d, blue −?\d\.\d\d, from", facts(colour="colour"))


def test_a_picture_that_is_too_small_is_told_its_size_and_what_to_do():
    shown = convolution.photograph_kernels().scene(photograph=np.zeros((5, 4, 3), np.uint8), size=5)
    (problem,) = lines_of(shown["panels"]["output"])
    assert problem == "The picture, 5 × 4 pixels, is smaller than the kernel, 5 × 5. Choose a larger picture."
    assert problem in shown["description"]


def test_a_kernel_whose_entries_sum_to_one_after_division_keeps_the_mean_of_a_flat_region():
    shown = convolution.photograph_kernels().scene(kernel=((7,) * 3,) * 3)
    facts = lines_of(shown["panels"]["facts"])
    assert "entries divided by 63" in facts
    assert "nothing clipped" in facts


def test_entries_that_cancel_but_for_rounding_are_not_divided_by_the_rounding_error():
    kernel = ((0.1, 0.2, -0.3), (0, 0, 0), (0, 0, 0))
    assert sum(kernel[0]) != 0
    facts = lines_of(convolution.photograph_kernels().scene(kernel=kernel)["panels"]["facts"])
    assert not any("divided" in fact for fact in facts)


def test_the_preset_and_the_kernel_follow_each_other():
    widget = convolution.photograph_kernels()
    flat = ((1, 1, 1),) * 3
    assert widget.parameters(preset="box blur")["kernel"] == flat
    assert widget.parameters(kernel=flat)["preset"] == "box blur"
    assert widget.parameters(kernel=((1, 1, 1), (1, 2, 1), (1, 1, 1)))["preset"] == "your own"
    wide = widget.parameters(preset="box blur", size=5)
    assert wide["preset"] == "your own"
    np.testing.assert_array_equal(wide["kernel"], np.pad(flat, 1))
    assert widget.parameters(preset="box blur", size=5, stride=2)["kernel"] == wide["kernel"]
    assert widget.parameters(preset="Gaussian blur 5 × 5")["size"] == 5


@pytest.mark.parametrize("photograph", data.PHOTOGRAPHS)
def test_the_identity_returns_the_photograph(photograph):
    panels = convolution.photograph_kernels().scene(
        preset="identity", photograph=photograph, colour="colour"
    )["panels"]
    np.testing.assert_array_equal(panels["output"]["values"], panels["input"]["values"])


def test_a_flat_output_can_be_stretched():
    stretched = {"display": "stretched from black to white"}
    shown = convolution.photograph_kernels().scene(kernel=((0,) * 3,) * 3, **stretched)
    assert not shown["panels"]["output"]["values"].any()


@pytest.mark.parametrize("shade", [1, 77, 200, 255])
def test_stretching_does_not_blow_up_rounding_errors(shade):
    flat = np.full((20, 30, 3), shade, np.uint8)
    for kernel in ("Sobel x", "Laplacian", "box blur", "Gaussian blur 5 × 5"):
        shown = convolution.photograph_kernels().scene(
            preset=kernel, photograph=flat, colour="colour", display="stretched from black to white"
        )
        assert not shown["panels"]["output"]["values"].any(), kernel


def test_a_reader_s_picture_arrives_as_it_was_chosen():
    chosen = np.arange(7 * 9 * 3, dtype=np.uint8).reshape(7, 9, 3)
    widget = convolution.photograph_kernels()
    reply = widget.respond(
        request(widget, "photograph", photograph=chosen, colour="colour", preset="identity")
    )
    assert reply["error"] is None
    assert reply["parameters"]["photograph"] == plain(chosen)
    whole = widget.scene(photograph=chosen, colour="colour")
    np.testing.assert_allclose(
        whole["panels"]["input"]["values"],
        image(chosen.transpose(2, 0, 1) / 255)["values"],
        rtol=0,
        atol=1e-7,
    )
    assert "Your picture in colour" in whole["description"]


# ---- what a separable convolution saves ------------------------------------------------------------------------------


def numbers_in(line_of_text):
    return [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", line_of_text)]


@settings(max_examples=60, deadline=None)
@given(parameters_of(convolution.separable_cost))
def test_separable_cost_follows_the_formulas_and_the_counts_agree(parameters):
    shown = convolution.separable_cost().scene(**parameters)
    k, c_in, c_out, size, groups = (
        parameters[name] for name in ("kernel_size", "in_channels", "out_channels", "size", "groups")
    )
    rows = shown["panels"]["costs"]["rows"]
    parameters_by_formula = [
        k * k * c_in * c_out,
        k * k * c_in * c_out // groups,
        k * k * c_in + c_in * c_out,
    ]
    assert [row["value"] for row in rows] == [count * size**2 for count in parameters_by_formula]
    for row, count in zip(rows, parameters_by_formula, strict=True):
        assert numbers_in(row["notes"][0]) == [count * size**2, count]
    assert [row["text"] for row in rows[:2]] == ["taken as 1", f"{groups:.2f} times fewer"]
    ratio = 1 / (1 / c_out + 1 / k**2)
    if abs(ratio - 1) > 1e-9:
        word = "fewer" if ratio > 1 else "more"
        assert rows[2]["text"].endswith(f" times {word}")
        assert float(rows[2]["text"].split()[0]) == pytest.approx(max(ratio, 1 / ratio), rel=0, abs=0.0051)
    assert [row["highlight"] for row in rows] == [False, False, True]
    assert lines_of(shown["panels"]["agreement"]) == ["Formulas and counts agree."]


def test_a_small_difference_in_cost_is_not_called_once():
    rows = convolution.separable_cost().scene(kernel_size=1, out_channels=256)["panels"]["costs"]["rows"]
    assert rows[2]["text"] == "1.0039 times more"


def test_the_counts_are_taken_from_a_convolution_and_not_from_the_formula(monkeypatch):
    def lossy(input, weight, groups):
        return scratch.conv2d(input, weight, groups=groups)[:-1]

    monkeypatch.setattr(convolution, "scratch", type("Stub", (), {"conv2d": staticmethod(lossy)}))
    shown = convolution.separable_cost().scene()
    assert lines_of(shown["panels"]["agreement"]) == ["Formulas and counts differ."]
    assert shown["description"].endswith("Formulas and counts differ.")
