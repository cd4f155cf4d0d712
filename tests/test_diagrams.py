"""shapes.diagram: the drawing says what the definition says, and can be read."""

import inspect
import re
from collections import Counter, OrderedDict, defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import ImageFont

from dlcore import networks, scratch, shapes
from dlcore.networks import PUBLISHED
from dlcore.shapes import nn

each = pytest.mark.parametrize("name", PUBLISHED, scope="module")
CONTAINERS = (nn.Sequential, nn.AuxiliaryHeads, nn.Sum, nn.Concat, nn.Split, nn.Scale)
JOINS = (nn.Sum, nn.Concat, nn.Split, nn.Scale)


@cache
def small(name):
    build = getattr(networks, name)
    return build(nn, small=True) if "small" in inspect.signature(build).parameters else build(nn)


def image(name):
    """The shape of an input for the small variant."""
    return 1, 1 if name == "lenet5" else 3, 32, 32


@cache
def drawing(name, depth=None):
    return Drawing(shapes.diagram(small(name), image(name), depth).svg())


# Reading a drawing


class Drawing:
    """What a browser shows: boxes and texts as rectangles (left, top, right, bottom), lines as lists of points."""

    def __init__(self, svg):
        self.root = ElementTree.fromstring(svg)
        self.boxes, self.frames, self.lines, self.labels = [], [], [], []
        for item in self.root.iter():
            item.tag = item.tag.rpartition("}")[2]
        for item in self.root:
            if item.tag == "text":
                self.labels.append((item.text, extent(item)))
            elif item.tag == "g" and "data-style" in item.attrib:
                self.read_box(item)
            elif item.tag == "g":
                self.lines += [
                    (item.get("data-name"), [tuple(map(float, pair)) for pair in pairs(item.get("d"))])
                    for item in item
                    if item.get("fill") is None
                ]

    def read_box(self, item):
        rectangle = item.find("rect")
        left, top, width, height = (float(rectangle.get(key)) for key in ("x", "y", "width", "height"))
        cards = sum(float(re.search(r"v(\d+)h", path.get("d"))[1]) for path in item.findall("path"))
        place = (left, top, left + width, top + height + cards)
        texts = [(text.text, extent(text)) for text in item.findall("text")]
        kind = item.get("data-style")
        (self.frames if kind == "frame" else self.boxes).append((item.get("data-name"), kind, place, texts))

    def parts(self):
        """Name, kind and texts of what stands for a layer or a folded part: boxes, and plain lines."""
        yield from ((name, "line", []) for name, _ in self.lines if name is not None)
        for name, kind, _, texts in self.boxes:
            if kind != "join":
                yield name, kind, [text for text, _ in texts]


def pairs(path):
    """The corners of a path of straight lines with round corners: of a curve its control point."""
    path = re.sub(r"L\S+ \S+?(?=Q)", "", path)
    path = re.sub(r"Q(\S+ \S+) [-\d.]+ [-\d.]+", r"L\1", path)
    return [pair.split() for pair in re.findall(r"[ML]([-\d.]+ [-\d.]+)", path)]


@cache
def font(size, bold):
    """The widest of the fonts that readers are likely to have."""
    folder = Path(matplotlib.get_data_path(), "fonts/ttf")
    return ImageFont.truetype(folder / f"DejaVuSans{'-Bold' if bold else ''}.ttf", size)


@cache
def length(text, size, bold):
    return font(size, bold).getlength(text)


def extent(text):
    size, bold = int(text.get("font-size")), int(text.get("font-weight", 400)) > 500
    width = length(text.text, size, bold)
    left = float(text.get("x")) - (width / 2 if text.get("text-anchor") == "middle" else 0)
    baseline = float(text.get("y"))
    return left, baseline - 0.75 * size, left + width, baseline + 0.22 * size


def sides(rectangles):
    """Left, top, right, bottom: an array of each."""
    return np.array(rectangles, np.float32).reshape(-1, 4).T


def overlaps(first, second):
    """For all pairs of rectangles whether they share area."""
    (left, top, right, bottom), others = sides(first)[..., None], sides(second)
    return (left < others[2]) & (right > others[0]) & (top < others[3]) & (bottom > others[1])


def holds(first, second):
    """For all pairs whether the second is within the first."""
    (left, top, right, bottom), others = sides(first)[..., None], sides(second)
    return (left <= others[0]) & (right >= others[2]) & (top <= others[1]) & (bottom >= others[3])


def strips(lines):
    """The straight pieces of lines, as wide as they are drawn."""
    ends = [
        (min(x, u) - 0.7, min(y, v) - 0.7, max(x, u) + 0.7, max(y, v) + 0.7)
        for _, points in lines
        for (x, y), (u, v) in pairwise(points)
    ]
    return np.array(ends).reshape(-1, 4)


def drawn_flow(drawing):
    """Which box is followed by which, found by going along the lines."""
    lines = [points for _, points in drawing.lines]
    ends, by_edge = {}, defaultdict(set)
    for points in lines:
        ends.setdefault(points[-1], []).append(points)
    for name, _, (left, top, right, bottom), _ in drawing.boxes:
        for edge in (top, bottom, left + 0.5, right + 0.5):  # all lengths are whole: a half tells x from y
            by_edge[edge].add((name, left, top, right, bottom))

    @cache
    def box_at(point):
        x, y = point
        found = [
            (name, left, top)
            for name, left, top, right, bottom in by_edge[y] | by_edge[x + 0.5]
            if left <= x <= right and top <= y <= bottom
        ]
        assert len(found) <= 1
        return found[0] if found else None

    @cache
    def sources(start):
        """The boxes that a line comes from which begins here."""
        if box := box_at(start):
            return {box}
        if start in ends:
            return set().union(*(sources(points[0]) for points in ends[start]))
        x, y = start  # it branches off on the way of others
        passed = [
            points[0]
            for points in lines
            for (x0, y0), (x1, y1) in pairwise(points)
            if x0 == x1 == x and y0 < y < y1
        ]
        return set().union(*map(sources, passed)) if passed else {("input", x, y)}

    begins, flow = {points[0] for points in lines}, set()
    for points in lines:
        if end := box_at(points[-1]):
            flow |= {(begin, end) for begin in sources(points[0])}
        elif points[-1] not in begins:
            flow |= {(begin, ("output", *points[-1])) for begin in sources(points[0])}
    return Counter((begin[0], end[0]) for begin, end in flow)


def expected_flow(network):
    """The same, from the definition."""
    flow = []

    def through(module, name, sources):
        """Where what goes into the module comes out."""
        inside = [(child, f"{name}.{place}" if name else place) for place, child in module._modules.items()]
        if isinstance(module, nn.Identity):
            return sources
        if isinstance(module, nn.Sequential):
            for child, place in inside:
                sources = through(child, place, sources)
            return sources
        if isinstance(module, nn.AuxiliaryHeads):
            heads = module._modules["heads"]._modules
            for child, place in inside[:-1]:
                sources = through(child, place, sources)
                short = place.rpartition(".")[2]
                if short in heads:
                    prefix = f"{name}.heads" if name else "heads"
                    flow.extend(
                        (item, "output") for item in through(heads[short], f"{prefix}.{short}", sources)
                    )
            return sources
        if isinstance(module, nn.Split):
            flow.extend((item, name) for item in sources)
            sources = [name]
        outputs = (
            [through(child, place, sources) for child, place in inside]
            if isinstance(module, JOINS)
            else [sources]
        )
        if isinstance(module, nn.Scale):
            outputs.append(sources)
        flow.extend((item, name) for branch in outputs for item in branch)
        return [name]

    flow.extend((item, "output") for item in through(network, "", ["input"]))
    return Counter(flow)


def leaves(network):
    return Counter(
        name
        for name, module in network.named_modules(remove_duplicate=False)
        if not isinstance(module, CONTAINERS)
    )


# Every network


@each
@pytest.mark.parametrize("depth", [None, 2])
def test_boxes_lie_apart_within_the_picture_and_frames_around_them(name, depth):
    drawn = drawing(name, depth)
    boxes = [place for _, _, place, _ in drawn.boxes]
    frames = [place for _, _, place, _ in drawn.frames]
    assert len(boxes) > 5
    assert overlaps(boxes, boxes).sum() == len(boxes)  # each with itself
    assert (overlaps(frames, boxes) == holds(frames, boxes)).all()
    nested = holds(frames, frames)
    assert (overlaps(frames, frames) == nested | nested.T).all()
    width, height = (float(drawn.root.get(key)) for key in ("width", "height"))
    assert drawn.root.get("viewBox") == f"0 0 {width:.0f} {height:.0f}"
    seen = [(1, 1, width - 1, height - 1)]
    assert holds(seen, boxes + frames).all()
    assert holds(seen, [place for _, place in drawn.labels]).all()


@each
@pytest.mark.parametrize("depth", [None, 2])
def test_no_text_is_cut_covered_or_crossed(name, depth):
    drawn = drawing(name, depth)
    for _, _, place, texts in drawn.boxes:
        assert holds([place], [text for _, text in texts]).all(), texts
    captions = [text for *_, texts in drawn.frames for _, text in texts]
    free = [place for _, place in drawn.labels] + captions
    texts = free + [text for *_, texts in drawn.boxes for _, text in texts]
    assert overlaps(texts, texts).sum() == len(texts)
    assert not overlaps(free, [place for _, _, place, _ in drawn.boxes]).any()
    assert not overlaps(texts, strips(drawn.lines)).any()


@each
@pytest.mark.parametrize("depth", [None, 2])
def test_no_line_runs_through_a_box(name, depth):
    drawn = drawing(name, depth)
    insides = [
        (left + 1, top + 1, right - 1, bottom - 1) for _, _, (left, top, right, bottom), _ in drawn.boxes
    ]
    assert not overlaps(insides, strips(drawn.lines)).any()


@each
def test_all_open_every_layer_is_drawn_once_and_the_lines_are_the_flow_of_the_definition(name):
    drawn = drawing(name)
    assert Counter(first for first, _, _ in drawn.parts()) == leaves(small(name))
    assert drawn_flow(drawn) == expected_flow(small(name))


@each
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_folded_every_layer_is_in_one_box(name, depth):
    network, drawn = small(name), drawing(name, depth)
    covered = Counter()
    for first, kind, texts in drawn.parts():
        assert first.removeprefix("heads.").count(".") < depth
        for item in run(network, first, texts):
            covered.update(f"{item}.{leaf}" if leaf else item for leaf in leaves(network.get_submodule(item)))
    assert covered == leaves(network)


def run(network, first, texts):
    """The names of those that a box stands for: the first, and as many of its neighbours as it says."""
    times = re.search(r"\(× (\d+)\)$", texts[0]) if texts else None
    if not times:
        return [first]
    within, _, place = first.rpartition(".")
    neighbours = list(network.get_submodule(within)._modules)
    start = neighbours.index(place)
    names = [f"{within}.{item}".lstrip(".") for item in neighbours[start : start + int(times[1])]]
    assert len({repr(network.get_submodule(item)) for item in names}) == 1
    assert len(names) == int(times[1]) > 1
    assert f" … {names[-1].rpartition('.')[2]} (" in texts[0]
    return names


@each
def test_shapes_and_costs_are_those_of_the_layers(name):
    network, shape, drawn = small(name), image(name), drawing(name, 1)
    rows = shapes.layers(network, shape)
    known = {" × ".join(map(str, row.output_shape[1:])) for row in rows}
    said = [text for text, _ in drawn.labels]
    heads = [text for text in said if text.startswith("output in training ")]
    assert said[0] == "input " + " × ".join(map(str, shape[1:]))
    assert said[-1] == "output " + " × ".join(map(str, rows[-1].output_shape[1:]))
    assert set(said[1:-1]) - set(heads) <= known
    assert {text.removeprefix("output in training ") for text in heads} <= known
    for first, kind, texts in drawn.parts():
        if kind == "stack" and "(×" not in texts[0]:
            inside = [row for row in rows if f"{row.name}.".startswith(f"{first}.")]
            assert texts[2] == f"{sum(row.parameters for row in inside):,} parameters"
            assert approximate(texts[3]) == pytest.approx(sum(row.multiply_adds for row in inside), rel=0.006)


def approximate(text):
    """The number of which ``1.81 G multiply-adds`` speaks."""
    number, unit, _ = re.fullmatch(r"([\d.]+) ([kMG]?) ?(multiply-adds)", text).groups()
    return float(number) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[unit]


# What a drawing says


def labels(network, shape, **options):
    return [text for text, _ in Drawing(shapes.diagram(network, shape, **options).svg()).labels]


def boxes(network, shape=None, **options):
    """Name and style of each box, and its texts."""
    drawn = Drawing(shapes.diagram(network, shape, **options).svg())
    return {(name, kind): texts for name, kind, texts in drawn.parts()}


def test_a_layer_says_what_matters():
    said = {
        nn.Conv2d(3, 64, 7, stride=2, padding=3): ["Conv2d 7×7, 64, /2", "it"],
        nn.Conv2d(32, 32, (1, 3), groups=32, dilation=(1, 2)): [
            "Conv2d 1×3, 32",
            "it · groups 32 · dilation 1×2",
        ],
        nn.Conv1d(3, 8, 5, stride=3): ["Conv1d 5, 8, /3", "it"],
        nn.MaxPool2d(3, 2): ["MaxPool2d 3×3, /2", "it"],
        nn.AvgPool2d((2, 3)): ["AvgPool2d 2×3, /2×3", "it"],
        nn.AdaptiveAvgPool2d(1): ["AdaptiveAvgPool2d 1×1", "it"],
        nn.BatchNorm2d(3): ["BatchNorm2d", "it"],
        nn.LocalResponseNorm(5): ["LocalResponseNorm 5", "it"],
        nn.GroupNorm(4, 8): ["GroupNorm 4", "it"],
        nn.Linear(3, 1000): ["Linear 1000", "it"],
        nn.Dropout(0.25): ["Dropout 0.25", "it"],
        nn.ChannelShuffle(3): ["ChannelShuffle", "it · groups 3"],
        nn.ReLU(): ["ReLU", "it"],
    }
    for layer, texts in said.items():
        assert boxes(nn.Sequential(OrderedDict(it=layer))) == {("it", "layer"): texts}
    assert boxes(nn.Conv2d(1, 2, 3)) == {("", "layer"): ["Conv2d 3×3, 2"]}


def test_shapes_stand_where_they_change():
    assert labels(networks.lenet5(nn), (8, 1, 32, 32)) == [
        "input 1 × 32 × 32", "6 × 28 × 28", "6 × 14 × 14", "16 × 10 × 10", "16 × 5 × 5", "400", "120", "84", "output 10",
    ]  # fmt: skip
    split = nn.Sequential(
        OrderedDict(split=nn.Split(nn.Identity(), nn.Conv2d(2, 4, 3, padding=1)), relu=nn.ReLU())
    )
    assert labels(split, (1, 4, 8, 8)) == [
        "input 4 × 8 × 8", "2 × 8 × 8", "2 × 8 × 8", "4 × 8 × 8", "6 × 8 × 8", "output 6 × 8 × 8",
    ]  # fmt: skip
    assert labels(networks.lenet5(nn), None) == ["input", "output"]


def test_heads_are_drawn_as_they_are_computed():
    trunk = OrderedDict(a=nn.ReLU(), b=nn.Linear(4, 3))
    network = nn.AuxiliaryHeads(trunk, {"a": nn.Linear(4, 2)})
    assert boxes(network).keys() == {("a", "layer"), ("b", "layer"), ("heads.a", "layer")}
    assert sorted(labels(network, (1, 4))) == ["input 4", "output 3", "output in training 2"]
    network.eval()
    assert boxes(network).keys() == {("a", "layer"), ("b", "layer")}
    assert labels(network, (1, 4)) == ["input 4", "output 3"]


def test_an_empty_chain_and_a_shared_layer():
    shared = nn.Linear(3, 3)
    assert boxes(nn.Sequential(shared, nn.Sequential(), shared)).keys() == {("0", "layer"), ("2", "layer")}
    network = nn.Sequential(nn.Sequential(shared), nn.Sequential(shared))
    texts = boxes(network, (1, 3), depth=1)
    assert texts["0", "stack"][2] == "12 parameters"
    assert texts["1", "stack"][2] == "0 parameters"  # counted before, and so not the same


def test_folded_neighbours_that_are_alike_are_one():
    texts = boxes(networks.resnet50(nn), (1, 3, 224, 224), depth=2)
    assert texts["layer1.1", "stack"] == [
        "layer1.1 … 2 (× 2)", "Sequential · 2 parts", "each 70,400 parameters", "each 218 M multiply-adds",
    ]  # fmt: skip
    assert texts["layer1.0", "stack"][:2] == ["layer1.0", "Sequential · 2 parts"]


def test_unfold_opens_what_it_names_and_what_that_is_in():
    network = small("resnet18")
    folded, open_all = boxes(network, depth=1), boxes(network)
    unfolded = boxes(network, depth=1, unfold=("layer2.0",))
    inside = {key for key in open_all if key[0].startswith("layer2.0.")}
    assert len(inside) == 8
    assert unfolded.keys() == folded.keys() - {("layer2", "stack")} | inside | {("layer2.1", "stack")}
    assert boxes(network, depth=1, unfold=[""]).keys() == open_all.keys()
    assert boxes(network, depth=9).keys() == open_all.keys()


def test_a_folded_part_hides_its_names():
    svg = shapes.diagram(small("resnet18"), depth=1).svg()
    assert "layer1" in svg
    assert "layer1." not in svg


# How it is written


def test_text_is_escaped():
    name = """<b>"a" & 'b'"""
    network = nn.Sequential(
        OrderedDict({name: nn.Sequential(OrderedDict({name: nn.ReLU(), "other": nn.Identity()}))})
    )
    for depth in (1, 2):
        drawn = shapes.diagram(network, depth=depth)
        assert any(name in text for *_, texts in Drawing(drawn.svg()).parts() for text in texts)
        assert "<b>" not in drawn._repr_html_()


def test_it_is_the_same_every_time():
    first, second = (shapes.diagram(networks.resnet18(nn, small=True), (1, 3, 32, 32), 2) for _ in range(2))
    assert first.svg() == second.svg()
    assert first._repr_html_() == second._repr_html_()


def test_it_says_what_it_shows_to_those_who_do_not_see_it():
    root = Drawing(shapes.diagram(networks.resnet18(nn), (1, 3, 224, 224), depth=1).svg()).root
    sentence = (
        "Diagram of a network: Sequential · 11 parts, from 3 × 224 × 224 to 1000, 11,689,512 parameters, "
        "1.81 G multiply-adds"
    )
    assert (root.get("role"), root.get("aria-label"), root.find("title").text) == ("img", sentence, sentence)
    assert (
        "layer1: Sequential · 2 blocks, 147,968 parameters, 462 M multiply-adds; layer2"
        in root.find("desc").text
    )


def test_kinds_differ_in_colour_and_all_say_in_words_what_they_are():
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.ChannelShuffle(2),
        nn.Linear(4, 4),
    )
    root = Drawing(shapes.diagram(network).svg()).root
    layers = [item for item in root.iter("g") if item.get("data-style") == "layer"]
    assert len({item.find("rect").get("fill") for item in layers}) == 6
    for item, module in zip(layers, network, strict=True):
        assert item.find("text").text.startswith(type(module).__name__)


def test_within_a_page_it_takes_the_colours_of_the_page():
    svg = shapes.diagram(networks.lenet5(nn)).svg()
    assert "<style" not in svg
    texts = [item for item in Drawing(svg).root.iter("text")]
    assert len(texts) > 20
    assert all(item.get("fill") is None for item in texts)  # and so that of the root
    assert Drawing(svg).root.get("fill") == "currentColor"


def test_a_saved_drawing_stands_alone(tmp_path):
    diagram = shapes.diagram(small("resnet18"), (1, 3, 32, 32), 2)
    diagram.save(tmp_path / "it.svg")
    saved = (tmp_path / "it.svg").read_text(encoding="utf-8")
    style = Drawing(saved).root.find("style").text
    assert "prefers-color-scheme: dark" in style
    assert list(Drawing(saved).parts()) == list(Drawing(diagram.svg()).parts())


def test_on_a_page_one_chooses_the_depth_without_a_script():
    network = small("resnet18")
    source = shapes.diagram(network, depth=2)._repr_html_()
    html = BeautifulSoup(source, "html.parser")
    buttons = html.select("form[method=dialog] fieldset label input[type=radio]")
    assert [button["value"] for button in buttons] == ["1", "2", "3", "4", "5"]
    assert [label.get_text(strip=True) for label in html.select("label")] == ["1", "2", "3", "4", "all"]
    assert [button["value"] for button in buttons if button.has_attr("checked")] == ["2"]
    panels = html.select("form > div")
    assert [panel["data-depth"] for panel in panels if not panel.has_attr("hidden")] == ["2"]
    for depth, panel in enumerate(panels, 1):
        assert str(panel.svg["aria-label"]) == shapes.diagram(network).describe()
        assert f'[value="{depth}"]:checked) > [data-depth="{depth}"]' in html.style.string
        assert shapes.diagram(network, depth=depth).svg() in source
    assert not html.select("script, [id], [onclick]")


def test_on_a_page_what_is_too_large_is_there_only_if_asked_for():
    network = small("resnet152")

    def depths(depth):
        html = BeautifulSoup(shapes.diagram(network, depth=depth)._repr_html_(), "html.parser")
        return [panel["data-depth"] for panel in html.select("[data-depth]")]

    assert depths(2) == ["1", "2"]
    assert depths(None) == ["1", "2", "5"]
    assert BeautifulSoup(shapes.diagram(nn.ReLU())._repr_html_(), "html.parser").select("input") == []


# What is refused


def test_only_networks_of_this_vocabulary():
    with pytest.raises(
        TypeError, match=r"network: expected one spelled in dlcore\.shapes\.nn, got Sequential"
    ):
        shapes.diagram(scratch.nn.Sequential())


@pytest.mark.parametrize(
    "depth, error", [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_depth(depth, error):
    with pytest.raises(error, match="depth: .* got"):
        shapes.diagram(networks.lenet5(nn), depth=depth)


def test_unfold():
    network = small("resnet18")
    with pytest.raises(ValueError, match=r"unfold: no module 'layer1.7': layer1 has 0, 1"):
        shapes.diagram(network, depth=1, unfold=("layer1.7",))
    for unfold in ("layer1", [1], None):
        with pytest.raises(TypeError, match="unfold: expected a sequence of names, got"):
            shapes.diagram(network, depth=1, unfold=unfold)


def test_shapes_that_do_not_fit():
    with pytest.raises(RuntimeError, match="conv1"):
        shapes.diagram(small("resnet18"), (1, 1, 32, 32))
