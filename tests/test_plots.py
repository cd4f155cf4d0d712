"""Pictures read in light, dark and print, share a page, describe themselves, and come out the same twice."""

import base64
import io
import itertools
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot
from PIL import Image

from dlcore import plots
from dlcore.plots import CYCLE, DIVERGING, INK, SEQUENTIAL, draw_image, draw_matrix, picture, show, style

ALT = "A line that rises from the origin to one."

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency"
# (2009), severity 1.0, applied to linear red, green and blue.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ_OF_RGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@pytest.fixture(autouse=True)
def book_style():
    with style():
        yield
    pyplot.close("all")


def line(slope=1.0):
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], [0, slope])
    axes.set(xlabel="time (s)", xlim=(0, 0.5))
    return figure


def linear(colour):
    """Return linear red, green and blue of a hexadecimal sRGB colour."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(first, second):
    """Return the contrast ratio of WCAG 2.2."""
    low, high = sorted(XYZ_OF_RGB[1] @ linear(colour) + 0.05 for colour in (first, second))
    return high / low


def lab(rgb):
    """Return the CIELAB coordinates (D65) of a linear colour."""
    ratio = XYZ_OF_RGB @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("background", ["#ffffff", "#121212", "#14181e"])
@pytest.mark.parametrize("colour", CYCLE)
def test_colours_stand_out_from_white_and_from_dark(colour, background):
    assert contrast(colour, background) >= 3


@pytest.mark.parametrize("vision", VISIONS)
def test_colours_differ_for_every_kind_of_colour_vision(vision):
    seen = [lab(VISIONS[vision] @ linear(colour)) for colour in CYCLE]
    # A difference of 2.3 is just noticeable; 20 is told apart in thin lines that do not touch.
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) >= 20


def test_picture_describes_itself_and_takes_the_page_s_colour():
    svg = BeautifulSoup(picture(line(), 'A "line" <rising> & falling.'), "html.parser").find("svg")
    assert svg["role"] == "img" and svg["aria-label"] == 'A "line" <rising> & falling.'
    assert svg["class"] == ["dlcore-figure"] and svg["viewbox"]
    assert "max-width: 100%" in svg["style"]
    least = float(re.search(r"min-width: (\d+)px", svg["style"]).group(1))
    assert abs(least / float(svg["width"]) - plots.SMALLEST) < 0.01
    text = svg.find("text", string="time (s)")
    assert "currentColor" in text["style"] and "system-ui" in text["style"] and "DejaVu" not in str(svg)
    assert INK not in str(svg) and "#ffffff" not in str(svg) and "#000000" not in str(svg)


def test_picture_leaves_the_rest_of_the_page_alone():
    svg = picture(line(), ALT)
    assert "<style" not in svg and "<?xml" not in svg and "<!DOCTYPE" not in svg and "<metadata" not in svg


def test_picture_is_the_same_every_time():
    assert picture(line(), ALT) == picture(line(), ALT)


def test_ids_are_referenced_and_do_not_collide_between_pictures():
    def ids(svg):
        return set(re.findall(r'\bid="([^"]+)"', svg))

    def references(svg):
        return set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))

    # Both are clipped to the same rectangle, which matplotlib names alike in both.
    first, second = picture(line(), ALT), picture(line(0.5), ALT)
    assert ids(first) == references(first) != set()
    assert not ids(first) & ids(second)


@pytest.mark.parametrize("alt", ["", " " * 30, "A line.", " " * 20 + "A line."])
def test_alt_too_short_to_describe_is_refused(alt):
    for function in (picture, show):
        with pytest.raises(ValueError, match="^alt"):
            function(line(), alt)


def test_wrong_types_are_named():
    with pytest.raises(TypeError, match="^figure"):
        picture(line().axes[0], ALT)
    with pytest.raises(TypeError, match="^alt"):
        picture(line(), None)


def test_text_that_a_dark_page_hides_is_refused():
    figure = line()
    figure.axes[0].set_title("Too dark", color="k")
    with pytest.raises(ValueError, match="Too dark"):
        picture(figure, ALT)


def test_use_style_styles_later_figures():
    with pyplot.rc_context():
        pyplot.rcdefaults()
        plots.use_style()
        picture(line(), ALT)


def test_photograph_in_a_picture_is_light():
    rng = np.random.default_rng(0)
    # Smooth shades with a little noise, as of a photograph, which PNG stores badly.
    rows, columns = np.mgrid[:427, :640] / 640
    image = np.stack([rows, columns, rows * columns]) + rng.uniform(0, 0.1, (3, 427, 640))
    figure, axes = pyplot.subplots()
    draw_image(axes, image / image.max())
    assert len(picture(figure, ALT)) < 300_000
    assert len(plots._png(figure)) <= 300_000


def test_photograph_stays_png_where_pillow_has_no_jpeg(monkeypatch):
    monkeypatch.setattr(plots.features, "check", lambda feature: feature != "jpg")
    figure, axes = pyplot.subplots()
    draw_image(axes, np.random.default_rng(0).uniform(size=(3, 300, 400)))
    assert "data:image/png;base64," in picture(figure, ALT)
    assert "data:image/jpeg" not in picture(figure, ALT)


def shown(monkeypatch, figure):
    outputs = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: outputs.append(data))
    show(figure, ALT)
    (data,) = outputs
    return data


def test_show_gives_one_output_with_svg_png_and_text_and_closes_the_figure(monkeypatch):
    figure = line()
    data = shown(monkeypatch, figure)
    assert data["text/html"].startswith("<svg") and data["text/plain"] == ALT
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGBA")
    assert image.getpixel((0, 0)) == (255, 255, 255, 255) and image.width >= 600
    assert not pyplot.fignum_exists(figure.number)


def matrix_axes(*arguments, **options):
    axes = pyplot.figure().add_subplot()
    draw_matrix(axes, *arguments, **options)
    return axes


def values(axes):
    return [text.get_text() for text in axes.texts]


def test_matrix_cells_show_their_values_and_missing_ones_are_empty():
    assert values(matrix_axes([[1, 2.5, None], [np.nan, -3, 1 / 3]])) == ["1", "2.5", "-3", "0.333"]
    assert values(matrix_axes([[1, 2]], value_format=".1f")) == ["1.0", "2.0"]
    assert values(matrix_axes([[1, 2]], value_format="")) == []


def test_matrix_draws_each_edge_once():
    (edges,) = matrix_axes(np.ones((2, 3))).collections
    segments = edges.get_segments()
    assert len(segments) == 3 * 3 + 2 * 4 == len({str(np.sort(s, axis=0)) for s in segments})


def test_highlight_is_outlined_as_a_whole():
    highlight = np.zeros((4, 4), bool)
    highlight[:2, :2] = True
    *_, outline = matrix_axes(np.ones((4, 4)), highlight=highlight).collections
    points = np.array(outline.get_segments())
    assert len(points) == 8 and points.min() == -0.5 and points.max() == 1.5


def test_muted_cells_are_dashed():
    solid, dashed = matrix_axes(np.ones((1, 2)), muted=[[True, False]]).collections
    assert solid.get_linestyles()[0][1] is None and dashed.get_linestyles()[0][1] is not None


@pytest.mark.parametrize("colour_map", [SEQUENTIAL, DIVERGING])
def test_values_are_legible_on_their_cells(colour_map):
    axes = matrix_axes(np.linspace(-1, 1, 33)[None], colour_map=colour_map)
    for patch, text in zip(axes.patches, axes.texts, strict=True):
        fill = "#" + "".join(f"{round(255 * part):02x}" for part in patch.get_facecolor()[:3])
        assert contrast(fill, text.get_color()) >= 4.5


def test_diverging_colours_are_centred_on_zero():
    axes = matrix_axes([[-1, 0, 4]], colour_map=DIVERGING)
    assert np.ptp(axes.patches[1].get_facecolor()[:3]) < 0.02


def test_wrong_matrix_and_masks_are_named():
    with pytest.raises(ValueError, match="^matrix"):
        matrix_axes([1, 2])
    with pytest.raises(ValueError, match="^highlight"):
        matrix_axes([[1, 2]], highlight=[[True]])
    with pytest.raises(ValueError, match="^muted"):
        matrix_axes([[1, 2]], muted=[[1, 0]])


@pytest.mark.parametrize(
    ("shape", "drawn"), [((4, 5), (4, 5)), ((1, 4, 5), (4, 5, 1)), ((3, 4, 5), (4, 5, 3))]
)
def test_image_is_drawn_in_full_without_ticks(shape, drawn):
    axes = pyplot.figure().add_subplot()
    draw_image(axes, np.linspace(0, 1, np.prod(shape)).reshape(shape))
    (image,) = axes.images
    assert image.get_array().reshape(drawn).shape == drawn and image.get_clim() == (0, 1)
    assert not axes.get_xticks().size and not axes.get_yticks().size


@pytest.mark.parametrize(
    "image",
    [np.zeros(4), np.zeros((2, 4, 4)), np.zeros((1, 3, 4, 4)), np.zeros((0, 4)), np.full((2, 2), 255),
     np.full((2, 2), -0.1), np.array([[0, np.nan]])],
)  # fmt: skip
def test_image_of_wrong_shape_or_range_is_refused(image):
    with pytest.raises(ValueError, match="^image"):
        draw_image(pyplot.figure().add_subplot(), image)
