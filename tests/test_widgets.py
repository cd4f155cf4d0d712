"""The interactive figures: what they compute, what they show, and that their controls work."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore import data, scratch
from dlcore.widgets import convolution
from dlcore.widgets.widget import Checkbox, Choice, Matrix, Slider, Widget

WIDGETS = [getattr(convolution, name) for name in convolution.__all__]
CONTROLS = [(make, control) for make in WIDGETS for control in make().controls]
LIVE = "application/vnd.jupyter.widget-view+json"
TRUE_CONVOLUTION = "true convolution (flip)"

every_widget = pytest.mark.parametrize("make", WIDGETS, ids=lambda make: make.__name__)
every_control = pytest.mark.parametrize(
    ("make", "control"), CONTROLS, ids=[f"{make.__name__}-{control.name}" for make, control in CONTROLS]
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
    if isinstance(control, Choice):
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
        for one, other in zip(first, second):
            assert_same(one, other)
    elif isinstance(first, np.ndarray):
        assert first.dtype.kind in "fbi"
        np.testing.assert_array_equal(first, second)
    else:
        assert first is None or isinstance(first, str | int | float | np.number)
        assert first == second


def is_same(first, second):
    try:
        assert_same(first, second)
    except AssertionError:
        return False
    return True


# ---- every widget ----------------------------------------------------------------------------------------------------


@every_widget
def test_the_default_scene_is_plain_data_and_always_the_same(make):
    assert_same(make().scene(), make().scene())


@every_control
def test_every_control_changes_the_scene_and_the_picture_keeps_its_description(make, control):
    widget = make()
    # Sobel's entries sum to 0, so there is nothing to divide by.
    rest = {"preset": "box blur"} if control.name == "normalise" else {}
    before, after = widget.scene(**rest), widget.scene(**rest, **{control.name: another_value(control)})
    assert not is_same(before, after)
    assert widget.describe(before) != widget.describe(after)


@every_control
def test_a_value_out_of_range_raises_an_error_that_names_the_control(make, control):
    wrong = {
        Slider: [getattr(control, "maximum", 0) + 1, -1, 1.5, "3", True, float("nan")],
        Choice: ["nonsense", None, 1.5],
        Checkbox: [1, "yes"],
        Matrix: [
            3,
            ((1, 2), (3, 4)),
            ((1, 2, 3), (1, 2), (1, 2, 3)),
            ((1, 2, float("nan")),) * 3,
            ((1e9,) * 3,) * 3,
        ],
    }[type(control)]
    for value in wrong:
        with pytest.raises((TypeError, ValueError), match=rf"^{control.name}: expected"):
            make().scene(**{control.name: value})


@every_widget
def test_an_unknown_parameter_raises_an_error_that_names_it(make):
    with pytest.raises(TypeError, match=r"^colr: no control"):
        make().scene(colr=3)


@every_widget
def test_the_bundle_holds_the_live_view_and_a_described_picture(make):
    bundle = make()._repr_mimebundle_()
    assert bundle[LIVE]["version_major"] == 2
    assert bundle[LIVE]["model_id"]
    html = bundle["text/html"]
    assert re.match(r'<figure class="dlcore-widget"', html)
    assert f">{make().title}</figcaption>" in html
    assert html.count("<svg") == html.count('role="img"') == 1
    alt = re.search(r'<svg[^>]* aria-label="([^"]*)"', html).group(1)
    assert len(re.findall(r"\d+", alt)) >= 10
    assert "The controls work in the notebook; this page shows the first picture." in html
    assert bundle["text/plain"].startswith(make().title)


@every_widget
def test_without_ipywidgets_the_bundle_holds_the_picture_alone(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert set(make()._repr_mimebundle_()) == {"text/html", "text/plain"}


@every_widget
def test_the_default_picture_needs_no_more_than_a_tenth_of_a_megabyte(make):
    assert len(make()._repr_mimebundle_()["text/html"]) < 100_000


def test_scenes_are_computed_without_matplotlib_ipywidgets_or_torch():
    blocked = ["matplotlib", "ipywidgets", "IPython", "torch", "scipy", "sklearn", "PIL"]
    code = f"""
import sys
for name in {blocked!r}:
    sys.modules[name] = None  # an import of it fails
from dlcore import widgets
for name in widgets.convolution.__all__:
    widget = getattr(widgets.convolution, name)()
    print(len(widget.describe(widget.scene())))
"""
    root = Path(__file__).resolve().parent.parent
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.split()) == len(WIDGETS)


# ---- the live view ---------------------------------------------------------------------------------------------------


def live(widget):
    pytest.importorskip("ipywidgets")
    from dlcore.widgets.live import LiveView

    return LiveView(widget)


def set_value(entry, control, value):
    """As a reader would: a matrix cell by cell."""
    if not isinstance(control, Matrix):
        entry.element.value = value
        return
    cells = [cell for row in entry.element.children[1].children for cell in row.children]
    for cell, number in zip(cells, np.ravel(value)):
        if cell.value != number:
            cell.value = number


@every_control
def test_setting_a_control_changes_the_live_picture_to_that_of_the_scene(make, control):
    widget = make()
    view = live(widget)
    before = view.picture.value
    set_value(view.inputs[control.name], control, another_value(control))
    assert view.picture.value == widget.html(widget.scene(**{control.name: another_value(control)}))
    if control.name != "normalise":  # Sobel's entries sum to 0
        assert view.picture.value != before


def test_one_change_by_the_reader_computes_one_scene_though_others_follow():
    widget = convolution.photograph_kernels()
    seen = []

    def compute(**parameters):
        seen.append(parameters)
        return widget.compute(**parameters)

    view = live(Widget(widget.title, compute, widget.controls, widget.draw, widget.describe, widget.adjust))
    assert len(seen) == 1
    view.inputs["preset"].element.value = "Gaussian blur 5 × 5"  # fills 25 entries and the size
    assert len(seen) == 2
    assert view.inputs["size"].value == 5
    assert view.inputs["kernel"].value[2][2] == 36
    set_value(view.inputs["kernel"], widget.controls[2], ((2, 4, 6, 4, 1), *seen[-1]["kernel"][1:]))
    assert len(seen) == 3
    assert view.inputs["preset"].value == "your own"
    view.inputs["size"].element.value = 3
    assert seen[-1]["kernel"] == ((16, 24, 16), (24, 36, 24), (16, 24, 16))
    assert len(seen) == 4


def test_the_position_slider_ends_at_the_last_output_cell():
    view = live(convolution.sliding_kernel())
    slider = view.inputs["position"].element
    assert (slider.value, slider.max) == (6, 16)
    slider.value = 16
    view.inputs["stride"].element.value = 3
    assert (slider.value, slider.max) == (9, 9)
    view.inputs["stride"].element.value = 1
    assert (slider.value, slider.max) == (9, 49)
    view.inputs["mode"].element.value = "full"
    slider.value = slider.max
    assert slider.max == 81
    assert "output[8, 8]" in view.picture.value


def test_impossible_settings_and_the_way_back_keep_the_controls_working():
    widget = convolution.sliding_kernel()
    view = live(widget)
    view.inputs["mode"].element.value = "same"
    assert "stride 1 only" in view.picture.value
    view.inputs["stride"].element.value = 1
    assert view.picture.value == widget.html(widget.scene(stride=1, mode="same", position=1))


def test_an_error_while_computing_becomes_a_sentence_and_never_a_traceback():
    def compute(number):
        if number == 2:
            raise RuntimeError("the kernel <5> is larger than the input")
        return {"number": number}

    def draw(scene):
        from matplotlib.figure import Figure

        return Figure(figsize=(1, 1))

    widget = Widget(
        "A title",
        compute,
        (Slider("number", "number", 1, 3, 1, 1),),
        draw,
        lambda scene: f"The number is {scene}.",
    )
    view = live(widget)
    slider = view.inputs["number"].element
    assert "<svg" in view.picture.value
    slider.value = 2
    assert "the kernel &lt;5&gt; is larger than the input" in view.picture.value
    assert "<svg" not in view.picture.value
    slider.value = 3
    assert "The number is {'number': 3}." in view.picture.value.replace("&#x27;", "'")


# ---- a kernel slides over a small input ------------------------------------------------------------------------------


def padding_by_definition(mode, padding, kernel_size, dilation, operation):
    reach = dilation * (kernel_size - 1)
    if mode == "same":
        return (
            (reach - reach // 2, reach // 2)
            if operation == TRUE_CONVOLUTION
            else (reach // 2, reach - reach // 2)
        )
    return {"explicit": (padding, padding), "valid": (0, 0), "full": (reach, reach)}[mode]


@settings(max_examples=100, deadline=None)
@given(parameters_of(convolution.sliding_kernel))
def test_sliding_kernel_shows_what_the_definition_gives(parameters):
    widget = convolution.sliding_kernel()
    chosen = widget.parameters(**parameters)  # the position follows the other controls
    scene = widget.compute(**chosen)
    stride, dilation, operation = chosen["stride"], chosen["dilation"], chosen["operation"]
    panels, size = scene["panels"], scene["size"]
    assert widget.describe(scene)

    shape, kernel_shape = (
        (chosen["height"], chosen["width"]),
        (chosen["kernel_height"], chosen["kernel_width"]),
    )
    sides = [
        padding_by_definition(chosen["mode"], chosen["padding"], k, dilation, operation) for k in kernel_shape
    ]
    inside = tuple(slice(before, before + n) for (before, _), n in zip(sides, shape))
    padded = panels["input"]["values"]
    image = padded[inside]
    np.testing.assert_array_equal(padded, np.pad(image, sides))
    np.testing.assert_array_equal(
        panels["input"]["padding"], np.pad(np.zeros(shape, bool), sides, constant_values=True)
    )
    kernel = panels["kernel"]["values"]
    assert kernel.shape == kernel_shape

    if panels["output"] is None:
        is_too_large = any(dilation * (k - 1) >= n for n, k in zip(padded.shape, kernel_shape))
        is_same_with_stride = chosen["mode"] == "same" and stride > 1
        assert is_too_large or is_same_with_stride
        assert "PyTorch" in scene["problem"]
        assert is_same_with_stride or min(size["formula"]) < 1
        padding = chosen["mode"] if chosen["mode"] == "same" else [before for before, _ in sides]
        with pytest.raises(RuntimeError):
            scratch.conv2d(image[None], kernel[None, None], stride=stride, padding=padding, dilation=dilation)
        return

    output = panels["output"]["values"]
    assert list(output.shape) == size["formula"] == size["counted"]
    for line, length in zip(size["lines"], output.shape):
        expression = line.replace("·", "*").replace("−", "-").split(" = ")
        exact = "floor" not in expression[0]
        value = eval(expression[0], {"floor": np.floor})
        assert value == int(expression[1]) == length
        unfloored = eval(expression[0].replace("floor", ""))
        assert (unfloored == value) == exact

    # By hand: every output from its own window.
    is_touched = np.zeros(padded.shape, bool)
    for row, column in np.ndindex(output.shape):
        rows = [row * stride + dilation * tap for tap in range(kernel_shape[0])]
        columns = [column * stride + dilation * tap for tap in range(kernel_shape[1])]
        window = np.zeros(padded.shape, bool)
        window[np.ix_(rows, columns)] = True
        is_touched |= window
        assert output[row, column] == (padded[np.ix_(rows, columns)] * kernel).sum()
        number = row * output.shape[1] + column + 1
        assert panels["output"]["selected"][row, column] == (number == chosen["position"])
        assert panels["output"]["done"][row, column] == (number <= chosen["position"])
        if number == chosen["position"]:
            np.testing.assert_array_equal(panels["input"]["window"], window)
            written = " + ".join(scene["sum"]["rows"]).replace("·", "*")
            assert written.count("*") == kernel.size
            assert eval(written) == output[row, column] == scene["sum"]["value"]
            assert f"output[{row}, {column}]" in widget.describe(scene)
    np.testing.assert_array_equal(panels["input"]["untouched"][inside], ~is_touched[inside])

    rows, columns = (np.flatnonzero(~is_touched[inside].any(axis)).tolist() for axis in (1, 0))
    (note,) = scene["notes"]
    for name, indices in (("row", rows), ("column", columns)):
        named = re.search(rf"{name}s? ([\d, ]+)", note)
        assert ([int(index) for index in named.group(1).split(",")] if named else []) == indices


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_true_convolution_is_that_of_scratch_convolve_in_the_same_mode(mode, data):
    draw = {name: data.draw(st.integers(1, 5), name) for name in ("kernel_height", "kernel_width")}
    size = {name: data.draw(st.integers(5, 9), name) for name in ("height", "width")}
    scene = convolution.sliding_kernel().scene(
        stride=1, mode=mode, operation=TRUE_CONVOLUTION, **draw, **size
    )
    panels = scene["panels"]
    image = panels["input"]["values"][~panels["input"]["padding"]].reshape(size["height"], size["width"])
    kernel = panels["kernel"]["values"][::-1, ::-1]
    np.testing.assert_array_equal(panels["output"]["values"], scratch.convolve(image, kernel, mode))


@pytest.mark.parametrize("height", range(1, 6))
@pytest.mark.parametrize("width", range(1, 6))
def test_flipping_changes_every_kernel_but_the_one_of_a_single_cell(height, width):
    widget = convolution.sliding_kernel()
    plain = widget.scene(kernel_height=height, kernel_width=width)["panels"]["kernel"]["values"]
    flipped = widget.scene(kernel_height=height, kernel_width=width, operation=TRUE_CONVOLUTION)["panels"][
        "kernel"
    ]["values"]
    np.testing.assert_array_equal(flipped, plain[::-1, ::-1])
    assert np.array_equal(plain, flipped) == (height == width == 1)
    assert plain.any()


def test_a_position_beyond_the_last_output_cell_raises_an_error_that_names_it():
    with pytest.raises(ValueError, match=r"^position: expected 1 to 16 for these settings, got 17"):
        convolution.sliding_kernel().scene(position=17)


def test_same_padding_with_a_stride_is_refused_as_pytorch_refuses_it():
    scene = convolution.sliding_kernel().scene(mode="same", stride=2)
    assert scene["panels"]["output"] is None
    assert "stride 1 only" in scene["problem"]


# ---- a kernel on a photograph ----------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(parameters_of(convolution.photograph_kernels))
def test_photograph_kernels_shows_the_convolution_of_the_photograph(parameters):
    widget = convolution.photograph_kernels()
    chosen, scene = widget.parameters(**parameters), widget.scene(**parameters)
    image = data.photograph(chosen["photograph"], gray=chosen["colour"] == "gray", dtype=np.float64)
    small = np.mean([image[:, y:426:3, x:639:3] for y in range(3) for x in range(3)], axis=0)
    np.testing.assert_allclose(scene["panels"]["input"]["image"], small, rtol=0, atol=1e-12)

    kernel = np.array(chosen["kernel"], float)
    border = 0 if chosen["padding"] == "none" else len(kernel) // 2
    mode = {
        "zeros": "constant",
        "replicate": "edge",
        "circular": "wrap",
        "reflect": "reflect",
        "none": "constant",
    }
    padded = np.pad(small, [(0, 0), (border, border), (border, border)], mode=mode[chosen["padding"]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape, axis=(1, 2))
    step = chosen["stride"]
    expected = np.einsum("chwuv,uv->chw", windows[:, ::step, ::step], kernel / scene["divisor"])
    tolerance = 1e-12 * max(1, np.abs(kernel / scene["divisor"]).sum())
    np.testing.assert_allclose(scene["values"], expected, rtol=0, atol=tolerance)
    total = kernel.sum()
    assert scene["divisor"] in ({1.0, total} if chosen["normalise"] else {1.0})

    shown = scene["panels"]["output"]["image"]
    assert shown.shape == scene["values"].shape
    assert 0 <= shown.min() <= shown.max() <= 1
    for line, length in zip(scene["size"]["lines"], shown.shape[1:]):
        assert line.endswith(f"= {length}")
    facts = "; ".join(scene["facts"]).replace("−", "-")
    assert f"from {scene['values'].min():.2f} to {scene['values'].max():.2f}" in facts
    assert widget.describe(scene)


def test_a_kernel_whose_entries_sum_to_one_after_division_keeps_the_mean_of_a_flat_region():
    scene = convolution.photograph_kernels().scene(kernel=((7,) * 3,) * 3)
    assert scene["divisor"] == 63
    low, high = scene["panels"]["input"]["image"].min(), scene["panels"]["input"]["image"].max()
    assert low <= scene["values"].min() <= scene["values"].max() <= high


def test_entries_that_cancel_but_for_rounding_are_not_divided_by_the_rounding_error():
    kernel = ((0.1, 0.2, -0.3), (0, 0, 0), (0, 0, 0))
    assert sum(kernel[0]) != 0
    assert convolution.photograph_kernels().scene(kernel=kernel)["divisor"] == 1


def test_the_preset_and_the_kernel_follow_each_other():
    widget = convolution.photograph_kernels()
    box = ((1, 1, 1),) * 3
    assert widget.parameters(preset="box blur")["kernel"] == box
    assert widget.parameters(kernel=box)["preset"] == "box blur"
    assert widget.parameters(kernel=((1, 1, 1), (1, 2, 1), (1, 1, 1)))["preset"] == "your own"
    wide = widget.parameters(preset="box blur", size=5)
    assert wide["preset"] == "your own"
    np.testing.assert_array_equal(wide["kernel"], np.pad(box, 1))
    assert widget.parameters(preset="box blur", size=5, stride=2)["kernel"] == wide["kernel"]
    assert widget.parameters(preset="Gaussian blur 5 × 5")["size"] == 5


@pytest.mark.parametrize("photograph", data.PHOTOGRAPHS)
def test_the_identity_returns_the_photograph(photograph):
    scene = convolution.photograph_kernels().scene(preset="identity", photograph=photograph, colour="colour")
    np.testing.assert_array_equal(scene["values"], scene["panels"]["input"]["image"])


def test_a_flat_output_can_be_stretched():
    scene = convolution.photograph_kernels().scene(
        kernel=((0,) * 3,) * 3, display="stretched from black to white"
    )
    assert not scene["panels"]["output"]["image"].any()


# ---- what a separable convolution saves ------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(parameters_of(convolution.separable_cost))
def test_separable_cost_follows_the_formulas_and_the_counts_agree(parameters):
    scene = convolution.separable_cost().scene(**parameters)
    k, c_in, c_out, size, groups = (
        parameters[name] for name in ("kernel_size", "in_channels", "out_channels", "size", "groups")
    )
    standard, grouped, separable = scene["rows"]
    assert standard["parameters"] == k * k * c_in * c_out
    assert grouped["parameters"] * groups == standard["parameters"]
    assert separable["parameters"] == k * k * c_in + c_in * c_out
    assert separable["times_less"] == pytest.approx(1 / (1 / c_out + 1 / k**2), rel=1e-12)
    for row in scene["rows"]:
        assert row["multiply_adds"] == row["parameters"] * size**2 == row["counted_multiply_adds"]
        assert row["parameters"] == row["counted_parameters"]


def test_the_counts_are_taken_from_a_convolution_and_not_from_the_formula(monkeypatch):
    def lossy(input, weight, groups):
        return scratch.conv2d(input, weight, groups=groups)[:-1]

    monkeypatch.setattr(convolution, "scratch", type("Stub", (), {"conv2d": staticmethod(lossy)}))
    scene = convolution.separable_cost().scene()
    assert scene["rows"][0]["counted_multiply_adds"] < scene["rows"][0]["multiply_adds"]
    assert "differ" in convolution.separable_cost().describe(scene)
