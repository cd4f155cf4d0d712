"""Scenes: what their parts refuse, how they travel, and that every part is drawn."""

import base64
import json
import re

import numpy as np
import pytest
from browser.scenes import decode
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import to_hex, to_rgb
from matplotlib.quiver import Quiver

from dlcore import plots
from dlcore.widgets import scene as parts
from dlcore.widgets.picture import draw
from dlcore.widgets.scene import (
    arrows,
    axis,
    bar,
    bars,
    box,
    cells,
    columns,
    encode,
    encode_as_text,
    heatmap,
    image,
    label,
    line,
    paragraph,
    plot,
    points,
    scene,
    table,
    text,
)

X = np.linspace(0, 1, 5)
NUMBERS = np.arange(12.0).reshape(3, 4)
NO_CELL = np.zeros((3, 4), bool)
TWO_CELLS = NO_CELL.copy()
TWO_CELLS[1, 1:3] = True
ALT = "A description of what the picture shows."

# ---- what the parts refuse -------------------------------------------------------------------------------------------

REFUSED = {
    "a panel that is not laid out": (lambda: scene({"a": text("x")}, ALT, [["b"]]), "layout: expected each of a"),
    "a panel laid out twice": (lambda: scene({"a": text("x")}, ALT, [["a"], ["a"]]), "layout: expected each"),
    "no description": (lambda: scene({"a": text("x")}, ""), "description: expected"),
    "cells in one dimension": (lambda: cells(X), r"values: expected numbers in 2 dimensions, got float64 of shape \(5,\)"),
    "cells of texts": (lambda: cells([["a"]]), "values: expected numbers"),
    "a mask of another shape": (lambda: cells(NUMBERS, highlight=TWO_CELLS.T), r"highlight: expected booleans of shape"),
    "a mask of numbers": (lambda: cells(NUMBERS, muted=NUMBERS), "muted: expected booleans"),
    "an unknown mark": (lambda: cells(NUMBERS, bold=TWO_CELLS), "marks: expected one of 'highlight'"),
    "unknown colours": (lambda: cells(NUMBERS, colours="rainbow"), "colours: expected one of 'none'"),
    "limits the wrong way round": (lambda: cells(NUMBERS, limits=(1, 0)), "limits: expected low < high"),
    "a picture of two channels": (lambda: image(np.zeros((2, 3, 3))), "values: expected one or three channels, got 2"),
    "a picture beyond white": (lambda: image(np.full((1, 2, 2), 1.5)), r"values: expected numbers in \[0, 1\]"),
    "a picture with NaN": (lambda: image(np.full((1, 2, 2), np.nan)), r"values: expected numbers in \[0, 1\]"),
    "an unknown role": (lambda: box(0, 0, 1, 1, "danger"), "role: expected one of"),
    "an unknown aspect": (lambda: plot([], aspect="square"), "aspect: expected one of"),
    "an unknown scale": (lambda: axis(scale="sqrt"), "scale: expected one of"),
    "a logarithm of zero": (lambda: axis(scale="log", limits=(0, 1)), "limits: expected positive numbers"),
    "a line of two lengths": (lambda: line(X, X[1:]), "x, y: expected one length, got {'x': 5, 'y': 4}"),
    "a sixth series": (lambda: points(X, X, series=5), "series: expected 0 to 4, got 5"),
    "arrows of two lengths": (lambda: arrows(X, X, X, X[1:]), "x, y, dx, dy: expected one length"),
    "too few texts": (lambda: label(X, X, ["a"]), "texts: expected 5 of them, got 1"),
    "a heat map with three sides": (lambda: heatmap(NUMBERS, (0, 1, 2)), "extent: expected 4 numbers, got \\(0, 1, 2\\)"),
    "a heat map without colours": (lambda: heatmap(NUMBERS, (0, 1, 0, 1), "none"), "colours: expected one of"),
    "a negative bar": (lambda: bar("a", -1), "value: expected a number from 0 on, got -1.0"),
    "an endless bar": (lambda: bar("a", np.inf), "value: expected a number"),
    "a row that is too short": (lambda: table(["a", "b"], [["1"]]), "rows: expected 2 texts in each"),
    "an unknown swatch": (lambda: paragraph("a", swatch="red"), "swatch: expected one of"),
    "panels in a list": (lambda: scene([text("x")], ALT), "panels: expected a dict from names to panels, got list"),
    "an array as a panel": (lambda: scene({"a": X}, ALT), "panels: expected panels such as"),
    "a mark as a panel": (lambda: scene({"a": line(X, X)}, ALT), "panels: expected panels such as"),
    "a layout of one row": (lambda: scene({"a": text("x")}, ALT, ["a"]), "layout: expected rows of names"),
    "a description of one word": (lambda: scene({}, "Short."), "description: expected .* 20 characters, got 'Short.'"),
    "a number as description": (lambda: scene({}, 5), "description: expected text, got 5"),
    "a single limit": (lambda: scene({}, ALT, limits={"x": 3}), "limits of x: expected 2 numbers, got 3"),
    "limits that exclude all": (lambda: scene({}, ALT, limits={"x": (1, 0)}), "limits of x: expected low <= high"),
    "a number as title": (lambda: cells(NUMBERS, 5), "title: expected text, got 5"),
    "a number as text": (lambda: text(5), "lines: expected texts, or what paragraph"),
    "rows of two lengths": (lambda: cells([[1, 2], [3]]), "values: expected rows of one length"),
    "a format of words": (lambda: cells(NUMBERS, format="abc"), "format: expected '', 'none' or a form such as '.2f', got 'abc'"),
    "a format of whole numbers": (lambda: cells(NUMBERS, format="d"), "format: expected"),
    "limits that are not finite": (lambda: axis(limits=(0, np.inf)), "limits: expected a number, got inf"),
    "a tick at the logarithm of zero": (lambda: axis(scale="log", ticks=[0, 1]), "ticks: expected positive numbers"),
    "a number as ticks": (lambda: axis(ticks=3), "ticks: expected a list of numbers, got 3"),
    "a heat map over the logarithm of zero": (
        lambda: plot([heatmap(NUMBERS, (0, 1, 1, 2))], x=axis(scale="log")), "extent: expected positive numbers"
    ),
    "a heat map without width": (lambda: heatmap(NUMBERS, (1, 1, 0, 1)), "extent: expected x0, x1, y0, y1 with x0 != x1"),
    "a label as axis": (lambda: plot([], x="input"), r"x: expected what axis\(\) makes, got 'input'"),
    "a mark alone": (lambda: plot(line(X, X)), "marks: expected a list of marks"),
    "a panel as mark": (lambda: plot([cells(NUMBERS)]), "marks: expected marks"),
    "a label that is none": (lambda: line(X, X, None), "label: expected text, got None"),
    "one text for all": (lambda: label([0], [0], "a"), "texts: expected a list of texts, got 'a'"),
    "a note that is no list": (lambda: bar("a", 1, notes="note"), "notes: expected a list of texts, got 'note'"),
    "a bar of nothing": (lambda: bar("a", None), "value: expected a number, got None"),
    "a bar with a number at its right": (lambda: bar("a", 5, 5), "text: expected text, got 5"),
    "bars that are pairs": (lambda: bars([("a", 5)]), r"rows: expected what bar\(\) makes, got \('a', 5\)"),
    "a table of numbers": (lambda: table(["a"], [[5]]), r"rows: expected a list of texts, got \[5\]"),
    "a row of letters": (lambda: table(["a", "b"], ["cd"]), "rows: expected a list of texts, got 'cd'"),
    "a box that is no box": (lambda: image(np.zeros((1, 8, 8)), boxes=[(1, 2, 3, 4)]), "boxes: expected what box"),
    "a box nowhere": (lambda: box(np.nan, 0, 1, 1), "row: expected a number, got nan"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_part_that_cannot_be_drawn_raises_an_error_that_names_the_argument(case):
    make, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match="^" + message) as refused:
        make()
    assert len(str(refused.value)) < 300


def test_numbers_of_numpy_and_parts_from_a_generator_are_as_good_as_any():
    made = plot(
        (line(X, X) for _ in range(2)), x=axis(limits=(np.int64(0), np.float32(1)), ticks=np.arange(3))
    )
    assert len(made["marks"]) == 2
    assert (made["x"]["limits"], made["x"]["ticks"]) == ([0, 1], [0, 1, 2])
    assert bar("a", np.float32(3), highlight=np.bool_(True))["value"] == 3
    whole = scene({"a": made}, ALT, limits={"position": (np.int64(1), 5)})
    json.dumps(encode(whole, base64_text), allow_nan=False)


def test_without_a_layout_each_panel_has_a_row_and_limits_are_lists():
    whole = scene({"a": text("x"), "b": text("y")}, ALT, limits={"position": (1, 25)})
    assert whole["layout"] == [["a"], ["b"]]
    assert whole["limits"] == {"position": [1, 25]}


# ---- on its way to a view --------------------------------------------------------------------------------------------


def base64_text(content):
    return base64.b64encode(content).decode()


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 3), (4,), (2, 3), (3, 2, 4)])
def test_an_array_comes_back_with_its_shape_its_type_and_its_numbers(dtype, shape):
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    encoded = encode({"values": array}, base64_text)
    assert json.loads(json.dumps(encoded, allow_nan=False)) == encoded
    back = decode(encoded)["values"]
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", ["int64", "float16", "uint16"])
def test_a_type_that_views_do_not_know_travels_as_float64(dtype):
    encoded = encode(np.arange(3, dtype=dtype), base64_text)
    assert encoded["dtype"] == "float64"
    np.testing.assert_array_equal(decode(encoded), [0, 1, 2])


@pytest.mark.parametrize(
    "array", [NUMBERS.T, NUMBERS[::-1, ::2], np.asfortranarray(NUMBERS), NUMBERS.astype(">f8")]
)
def test_the_memory_layout_of_an_array_does_not_matter(array):
    np.testing.assert_array_equal(decode(encode(array, base64_text)), array)


def test_arrays_keep_what_is_not_finite_and_plain_numbers_become_null():
    array = np.array([np.nan, np.inf, -np.inf, 0])
    encoded = encode(
        {"array": array, "numbers": [np.nan, np.float32(np.inf), 1.5, np.int64(3), True]}, base64_text
    )
    np.testing.assert_array_equal(decode(encoded)["array"], array)
    assert encoded["numbers"] == [None, None, 1.5, 3, True]
    assert isinstance(encode({"array": array})["array"]["data"], bytes)


def test_only_pictures_lose_precision_on_the_way_into_a_page():
    shades = np.linspace(0, 1, 60).reshape(3, 4, 5)
    whole = scene(
        {"photograph": image(shades), "numbers": cells(NUMBERS / 7, highlight=TWO_CELLS), "curve": plot([line(X, X / 3)])},
        ALT,
    )  # fmt: skip
    embedded = json.loads(json.dumps(encode_as_text(whole), allow_nan=False))["panels"]
    assert (embedded["photograph"]["values"]["dtype"], embedded["photograph"]["values"]["scale"]) == (
        "uint8",
        255,
    )
    np.testing.assert_allclose(
        decode(embedded)["photograph"]["values"], shades, rtol=0, atol=0.5 / 255 + 1e-12
    )
    np.testing.assert_array_equal(decode(embedded)["numbers"]["values"], NUMBERS / 7)
    np.testing.assert_array_equal(decode(embedded)["numbers"]["marks"]["highlight"], TWO_CELLS)
    np.testing.assert_array_equal(decode(embedded)["curve"]["marks"][0]["y"], X / 3)


# ---- the picture -----------------------------------------------------------------------------------------------------


def axes_of(panel, kind):
    """The axes on which a picture of this panel draws."""
    figure = draw(scene({"panel": panel}, ALT))
    (found,) = [axes for axes in figure.axes if axes.get_label() == kind]
    return found


def texts_of(*panels):
    """All texts of a picture, in the order in which they were written."""
    names = [f"panel {number}" for number in range(len(panels))]
    figure = draw(scene(dict(zip(names, panels, strict=True)), ALT, [names]))
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def is_orange(colour):
    return to_hex(colour) == plots.CYCLE[1]


def test_each_cell_shows_its_number_and_an_empty_one_nothing():
    numbers = np.array([[1, 2.5, np.nan], [-3, 0.12345, 1000]])
    assert [text.get_text() for text in axes_of(cells(numbers), "cells").texts] == [
        "1",
        "2.5",
        "-3",
        "0.123",
        "1000",
    ]
    written = [text.get_text() for text in axes_of(cells(numbers, format=".1f"), "cells").texts]
    assert written == ["1.0", "2.5", "-3.0", "0.1", "1000.0"]
    assert not axes_of(cells(numbers, format="none"), "cells").texts


def test_the_title_stands_above_its_panel_and_is_broken_to_its_width():
    assert texts_of(cells(NUMBERS, "input"))[0] == "input"
    long = texts_of(cells([[1]], "a title that is much longer than the one cell below it"))
    assert len(long) > 2
    assert " ".join(long[:-1]) == "a title that is much longer than the one cell below it"


@pytest.mark.parametrize("mark", ["highlight", "selected"])
def test_marked_cells_are_filled_and_surrounded_by_orange(mark):
    axes = axes_of(cells(NUMBERS, **{mark: TWO_CELLS}), "cells")
    assert sum(is_orange(patch.get_facecolor()) for patch in axes.patches) == 2
    (outline,) = [lines for lines in axes.collections if is_orange(lines.get_color()[0])]
    assert outline.get_linewidth()[0] >= 2.5
    length = sum(np.abs(np.subtract(end, start)).sum() for start, end in outline.get_segments())
    assert length == pytest.approx(6)  # around two cells side by side, with no line between them


def test_muted_cells_are_dashed_and_fainter_and_hatched_ones_are_hatched():
    axes = axes_of(cells(NUMBERS, muted=TWO_CELLS), "cells")
    assert (
        sum(
            isinstance(lines, LineCollection) and lines.get_linestyle()[0][1] is not None
            for lines in axes.collections
        )
        == 1
    )
    assert [text.get_alpha() < 1 for text in axes.texts] == TWO_CELLS.ravel().tolist()
    assert (
        sum(bool(patch.get_hatch()) for patch in axes_of(cells(NUMBERS, hatched=TWO_CELLS), "cells").patches)
        == 2
    )


def test_cells_are_coloured_by_value_within_the_limits():
    fills = [
        patch.get_facecolor() for patch in axes_of(cells(NUMBERS, colours="sequential"), "cells").patches
    ]
    assert len({to_hex(fill) for fill in fills}) == 12
    middle = axes_of(cells([[-1, 0, 3]], colours="diverging"), "cells").patches[1].get_facecolor()
    assert min(to_rgb(middle)) > 0.95  # zero is white, though -1 and 3 are not symmetric
    high = axes_of(cells([[0, 1]], colours="sequential", limits=(0, 100)), "cells").patches
    assert np.abs(np.subtract(high[0].get_facecolor(), high[1].get_facecolor())).max() < 0.05


@pytest.mark.parametrize("colours", ["sequential", "diverging"])
def test_without_numbers_one_picture_has_the_colours_that_cells_have(colours):
    numbers = NUMBERS - 3
    axes = axes_of(cells(numbers, format="none", colours=colours), "cells")
    (drawn,) = axes.images
    filled = axes_of(cells(numbers, colours=colours), "cells").patches
    np.testing.assert_allclose(
        drawn.cmap(drawn.norm(numbers)).reshape(-1, 4), [patch.get_facecolor() for patch in filled]
    )
    assert axes.get_xlim() == pytest.approx((-0.6, 3.6))
    assert axes.get_ylim() == pytest.approx((2.6, -0.6))


def test_where_numbers_would_run_into_each_other_only_the_marked_ones_are_written():
    numbers, mask = np.full((30, 30), 123.25), np.zeros((30, 30), bool)
    mask[4, 5] = True
    assert len(axes_of(cells(numbers, selected=mask), "cells").texts) == 1
    assert len(axes_of(cells(numbers[:10, :10], selected=mask[:10, :10]), "cells").texts) == 100


def test_a_picture_shows_its_pixels_and_boxes_are_cut_at_its_border():
    shades = np.linspace(0, 1, 60).reshape(3, 4, 5)
    inside, across, outside = box(1, 1, 2, 3), box(-2.5, 3, 4, 9, "selected"), box(9, 9, 1, 1)
    axes = axes_of(image(shades, boxes=[inside, across, outside]), "image")
    np.testing.assert_array_equal(axes.images[0].get_array(), np.moveaxis(shades, 0, -1))
    orange = [patch.get_bbox().extents.tolist() for patch in axes.patches if is_orange(patch.get_edgecolor())]
    assert orange == [[0.5, 0.5, 3.5, 2.5], [2.5, -0.5, 4.5, 1]]
    assert len(axes.patches) == 4  # a light line under each


def test_a_box_of_one_pixel_in_a_large_picture_can_be_seen():
    axes = axes_of(image(np.zeros((1, 200, 300)), boxes=[box(50, 60, 1, 1)]), "image")
    points_per_pixel = axes.get_window_extent().width / axes.figure.dpi * 72 / 300
    extents = axes.patches[0].get_bbox()
    assert extents.width * points_per_pixel >= 4 - 1e-9
    assert (extents.x0 + extents.x1) / 2 == pytest.approx(60)


def test_pictures_of_a_row_share_one_scale():
    whole = {"a": image(np.zeros((1, 40, 60))), "b": image(np.zeros((3, 20, 30)))}
    first, second = [
        axes.get_window_extent() for axes in draw(scene(whole, ALT, [["a", "b"]])).axes if axes.images
    ]
    assert first.width / second.width == pytest.approx(2)
    assert first.height / second.height == pytest.approx(2)
    assert first.y1 == pytest.approx(second.y1)


def test_every_mark_of_a_plot_is_drawn():
    marks = [
        heatmap(NUMBERS, (0, 2, 0, 1)),
        line(X, X, "line", dashed=True),
        points(X, X, "points", series=2),
        columns(X, X, 0.1, "columns", series=3),
        arrows(X, X, X, 0 * X, "arrows", series=4),
        label([0.5, 0.25], [0.5, 0.25], ["here", "there"]),
    ]
    axes = axes_of(plot(marks, x=axis("the input"), y=axis("the output")), "plot")
    dashed, separate = axes.lines
    assert (dashed.get_linestyle(), dashed.get_color()) == ("--", plots.CYCLE[0])
    assert (separate.get_linestyle(), separate.get_color()) == ("None", plots.CYCLE[2])
    assert separate.get_marker() not in ("", "None")
    assert [patch.get_height() for patch in axes.patches] == X.tolist()
    (mesh,) = [drawn for drawn in axes.collections if isinstance(drawn, QuadMesh)]
    np.testing.assert_array_equal(mesh.get_array(), NUMBERS)
    (quiver,) = [drawn for drawn in axes.collections if isinstance(drawn, Quiver)]
    assert quiver.N == 5
    assert [text.get_text() for text in axes.texts] == ["here", "there"]
    (legend,) = axes.figure.legends
    assert [text.get_text() for text in legend.texts] == ["line", "points", "columns", "arrows"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("the input", "the output")
    assert axes.get_xlim()[1] >= 2  # the arrows end there
    assert all(is_shown(text) for text in legend.texts)


def is_shown(text):
    sheet, extents = text.get_figure(root=True).bbox.padded(1), text.get_window_extent()
    return sheet.x0 <= extents.x0 < extents.x1 <= sheet.x1 and sheet.y0 <= extents.y0 < extents.y1 <= sheet.y1


def test_nan_interrupts_a_line_and_a_plot_without_labels_has_no_legend():
    axes = axes_of(plot([line([0, 1, np.nan, 3], [0, 1, 2, 3])]), "plot")
    assert np.isnan(axes.lines[0].get_xdata()).sum() == 1
    assert not axes.figure.legends


def test_row_0_of_a_heat_map_lies_at_its_first_y():
    mesh = axes_of(plot([heatmap([[0, 1], [2, 3]], (10, 20, 5, 7))]), "plot").collections[0]
    corners = mesh.get_coordinates()
    np.testing.assert_array_equal(corners[0, 0], (10, 5))
    np.testing.assert_array_equal(corners[-1, -1], (20, 7))
    assert mesh.get_array()[0].tolist() == [0, 1]


def test_axes_have_the_scale_limits_and_ticks_that_were_asked_for():
    axes = axes_of(
        plot(
            [line([1, 10, 100], [1e-3, 1, 10])],
            x=axis(scale="log", ticks=[1, 10, 100]),
            y=axis(scale="log", limits=(1e-4, 100)),
        ),
        "plot",
    )
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_ylim() == (1e-4, 100)
    assert axes.get_xticks().tolist() == [1, 10, 100]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1", "10", "100"]


def test_equal_units_are_as_long_on_both_axes():
    axes = axes_of(plot([line([0, 4], [0, 1])], x=axis("x"), y=axis("y"), aspect="equal"), "plot")
    axes.apply_aspect()
    (left, below), (right, above) = axes.transData.transform([(0, 0), (1, 1)])
    assert right - left == pytest.approx(above - below)


@pytest.mark.parametrize("per_row", [1, 2, 3])
def test_the_labels_of_a_plot_stay_on_the_sheet(per_row):
    def one():
        return plot(
            [
                line([0, 1], [0, 12345], "a label so long that it has to be broken"),
                line([0, 1], [1, 2], "another", 1),
            ],
            x=axis("the input"),
            y=axis("the output"),
        )

    names = ["a", "b", "c"][:per_row]
    figure = draw(scene({name: one() for name in names}, ALT, [names]))
    sheet = figure.bbox.padded(1.5)
    drawn = [axes for axes in figure.axes if axes.get_label() == "plot"]
    assert len(drawn) == len(figure.legends) == per_row
    figure.draw_without_rendering()
    boxes = [part.get_tightbbox() for part in (*drawn, *figure.legends)]
    for number, tight in enumerate(boxes):
        assert sheet.x0 <= tight.x0 and tight.x1 <= sheet.x1
        assert sheet.y0 <= tight.y0 and tight.y1 <= sheet.y1
        assert not any(tight.overlaps(other.padded(-1)) for other in boxes[:number])


def test_bars_are_as_long_as_their_values_and_carry_their_texts():
    rows = [
        bar("one", 10, "ten", ["a note", "another"]),
        bar("two", 5, "five", highlight=True),
        bar("none", 0),
    ]
    figure = draw(scene({"bars": bars(rows, "title")}, ALT))
    (paper,) = figure.axes
    widths = [patch.get_width() for patch in paper.patches]
    assert widths[0] == pytest.approx(2 * widths[1])
    assert 0 < widths[2] < 2
    assert [is_orange(patch.get_facecolor()) for patch in paper.patches] == [False, True, False]
    assert [text.get_text() for text in paper.texts if text.get_text()] == [
        "title", "one", "ten", "a note", "another", "two", "five", "none",
    ]  # fmt: skip
    assert draw(scene({"bars": bars([bar("nothing", 0)])}, ALT))
    assert draw(scene({"bars": bars([])}, ALT))


def test_a_table_shows_all_its_cells_with_numbers_at_the_right():
    figure = draw(scene({"table": table(["layer", "size"], [["conv", "1,024"], ["fc", "10"]])}, ALT))
    (paper,) = figure.axes
    assert [text.get_text() for text in paper.texts] == ["layer", "size", "conv", "1,024", "fc", "10"]
    assert [text.get_ha() for text in paper.texts] == ["left", "right"] * 3
    assert [text.get_weight() for text in paper.texts] == ["bold"] * 2 + ["normal"] * 4


def test_long_texts_are_broken_to_the_sheet():
    long = " ".join(["word"] * 60)
    for panel in (text(long), table(["a", "b"], [["1", long]]), bars([bar("a", 1, notes=[long])])):
        figure = draw(scene({"panel": panel}, ALT))
        paper = figure.axes[0]
        assert " ".join(text.get_text() for text in paper.texts).count("word") == 60
        assert len(paper.texts) > 5
        figure.draw_without_rendering()
        assert max(text.get_window_extent().x1 for text in paper.texts) < figure.bbox.x1 * 1.05


def test_a_strong_line_is_bold_and_a_swatch_has_the_colour_of_highlighted_cells():
    figure = draw(scene({"text": text("plain", paragraph("strong", strong=True, swatch="highlight"))}, ALT))
    (paper,) = figure.axes
    assert [text.get_weight() for text in paper.texts] == ["normal", "bold"]
    assert [is_orange(patch.get_facecolor()) for patch in paper.patches] == [True]


def test_panels_stand_side_by_side_where_they_fit_and_below_each_other_where_not():
    def places(*widths):
        names = [str(number) for number in range(len(widths))]
        panels = {name: cells(np.zeros((3, width))) for name, width in zip(names, widths, strict=True)}
        figure = draw(scene(panels, ALT, [names]))
        return [axes.get_window_extent() for axes in figure.axes if axes.get_label() == "cells"]

    first, second = places(4, 4)
    assert first.x1 < second.x0
    assert first.y1 == pytest.approx(second.y1)
    first, second = places(12, 10)
    assert first.y0 > second.y1
    high, low, below = [
        axes.get_window_extent()
        for axes in draw(
            scene(
                {"a": cells(np.zeros((9, 9))), "b": cells(NUMBERS), "c": cells(NUMBERS)},
                ALT,
                [["a", "b", "c"]],
            )
        ).axes[1:]
    ]
    assert high.x1 < low.x0 == pytest.approx(below.x0)
    assert low.y0 > below.y1


def test_panels_without_anything_in_them_are_drawn():
    nothing = {
        "cells": cells(np.zeros((0, 3))),
        "image": image(np.zeros((1, 0, 5))),
        "plot": plot([]),
        "marks": plot(
            [line([], []), points([], []), arrows([], [], [], []), label([], [], []), columns([], [])]
        ),
        "nan": plot([heatmap(np.full((2, 2), np.nan), (0, 1, 0, 1))], aspect="equal"),
        "bars": bars([]),
        "table": table(["a"], []),
        "text": text(),
        "one value": cells([[2.0]], colours="diverging"),
        "zeros": cells([[0.0]], colours="diverging", format="none"),
    }
    assert "<svg" in plots.picture(draw(scene(nothing, ALT)), ALT)
    assert "<svg" in plots.picture(draw(scene({}, ALT)), ALT)


def every_kind():
    return scene(
        {
            "cells": cells(NUMBERS, "cells", colours="diverging", highlight=TWO_CELLS, muted=TWO_CELLS, hatched=TWO_CELLS),
            "image": image(np.zeros((1, 4, 5)), "image", [box(0, 0, 2, 2)]),
            "plot": plot([heatmap(NUMBERS, (0, 1, 0, 1)), line(X, X, "line"), label([0.5], [0.5], ["text"])], "plot"),
            "bars": bars([bar("bar", 1, "text", ["note"])], "bars"),
            "table": table(["a"], [["1"]], "table"),
            "text": text("line", title="text"),
        },
        ALT,
        [["cells", "image"], ["plot"], ["bars", "table"], ["text"]],
    )  # fmt: skip


def test_text_has_the_colour_of_the_page_and_is_text():
    svg = plots.picture(draw(every_kind()), ALT)  # raises where text is black
    assert "currentColor" in svg
    assert set(re.findall(r"font-size: ([\d.]+)px", svg)) <= {"10", "11"}
    for word in ("cells", "image", "plot", "bars", "table", "text", "line", "note"):
        assert f">{word}</text>" in svg


def test_the_same_scene_gives_the_same_picture_and_no_other_figure_changes():
    import matplotlib

    before = dict(matplotlib.rcParams)
    assert plots.picture(draw(every_kind()), ALT) == plots.picture(draw(every_kind()), ALT)
    assert dict(matplotlib.rcParams) == before
    assert draw(every_kind()).get_figwidth() * 72 == pytest.approx(340)


def test_the_module_exports_every_part_that_the_picture_can_draw():
    made = {name for name in parts.__all__ if not name.startswith("encode")}
    assert made == {
        "arrows", "axis", "bar", "bars", "box", "cells", "columns", "heatmap", "image", "label", "line", "paragraph",
        "plot", "points", "scene", "table", "text",
    }  # fmt: skip
