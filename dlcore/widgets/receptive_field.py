"""The interactive figures of the chapter on receptive fields."""

from functools import cache

import numpy as np

from dlcore import data, scratch
from dlcore.widgets.controls import Checkbox, Choice, Slider
from dlcore.widgets.scene import (
    axis,
    box,
    columns,
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
from dlcore.widgets.widget import widget

__all__ = ["effective", "photograph", "stack"]


def _followed(layers):
    """Size, jump and offset of the input and behind each layer (kernel size, stride, padding, dilation)."""
    rows = [(1, 1, 0)]
    for k, s, p, d in layers:
        size, jump, offset = rows[-1]
        rows.append((size + d * (k - 1) * jump, jump * s, offset - p * jump))
    return rows


def _signed(number):
    """A whole number with a true minus sign."""
    return str(number).replace("-", "−")


# ---- a stack of layers, drawn back to the input ----------------------------------------------------------------------

_PIXELS = 24
_NONE = "none"
# Kernel size, stride, dilation.
_KINDS = {
    _NONE: None,
    "3": (3, 1, 1),
    "5": (5, 1, 1),
    "1": (1, 1, 1),
    "3, stride 2": (3, 2, 1),
    "2, stride 2": (2, 2, 1),
    "1, stride 2": (1, 2, 1),
    "3, dilation 2": (3, 1, 2),
    "3, dilation 4": (3, 1, 4),
}
_NAMES = ("first", "second", "third", "fourth", "fifth")
_DEFAULTS = ("3", "2, stride 2", "3", "3, dilation 2", _NONE)


@widget(
    "What does a unit see?",
    *(Choice(name, f"{name} layer", tuple(_KINDS), kind) for name, kind in zip(_NAMES, _DEFAULTS)),
    Checkbox("padded", "pad each layer by half its span", False),
    Slider("layer", "look at layer", 1, 5, 1, 3, on="stack.y"),
    Slider("pixel", "look above pixel", 0, _PIXELS - 1, 1, 8, on="stack.x"),
)
def stack(first, second, third, fourth, fifth, padded, layer, pixel):
    """Stack up to five layers along one axis and draw what one unit sees, layer by layer, down to the input.

    Parameters
    ----------
    first, second, third, fourth, fifth : str
        Kernel size, stride and dilation of each layer, from the input upwards; "none" leaves it out.
    padded : bool
        Pad each layer by half the span of its window.
    layer : int
        The layer of the unit, from 1; beyond the last it means the last.
    pixel : int
        The unit is the one whose field has its middle closest to this pixel.

    Returns
    -------
    dict
        A scene with all units of all layers, the lines from one unit back to the input, the fields of this unit, its
        neighbour and unit 0 as bars, and a table of size, jump and offset.
    """
    layers, counts, problem = [], [_PIXELS], ""
    for name, kind in zip(_NAMES, (first, second, third, fourth, fifth)):
        if kind == _NONE:
            continue
        k, s, d = _KINDS[kind]
        p = d * (k - 1) // 2 if padded else 0
        room = counts[-1] + 2 * p - d * (k - 1) - 1
        if room < 0:
            problem = (
                f"The {name} layer and those above it are left out: its window spans {d * (k - 1) + 1} units, "
                f"and only {counts[-1] + 2 * p} stand below it."
            )
            break
        layers.append((k, s, p, d))
        counts.append(room // s + 1)
    if not layers:
        problem = (
            problem or "There is no layer yet, and each pixel sees itself alone. Choose a kernel for one."
        )
        empty = plot(_units([(1, 1, 0)], counts), x=_pixel_axis(0, _PIXELS - 1), y=_layer_axis(0))
        return scene({"stack": empty, "facts": text(problem)}, problem, limits={"layer": (1, 1)})

    layer = min(layer, len(layers))
    rows = _followed(layers)
    size, jump, offset = rows[layer]
    middles = offset + (size - 1) / 2 + jump * np.arange(counts[layer])
    unit = int(np.abs(middles - pixel).argmin())

    # Down from the unit: which units of each layer below are read; those outside are padding.
    read, marks = {unit}, []
    drawn = [_places(rows[layer], sorted(read))]
    for level in range(layer, 0, -1):
        k, s, p, d = layers[level - 1]
        xs, ys, below = [], [], set()
        for top in sorted(read):
            for element in range(k):
                under = top * s - p + element * d
                below.add(under)
                xs += [*_places(rows[level], [top]), *_places(rows[level - 1], [under]), np.nan]
                ys += [level, level - 1, np.nan]
        marks.append(line(np.array(xs), np.array(ys)))
        # Padding is a zero, and what is beyond the layer below reads nothing.
        read = {under for under in below if 0 <= under < counts[level - 1]}
        outside = sorted(below - read)
        if outside:
            places = _places(rows[level - 1], outside)
            marks.append(label(places, np.full(len(places), level - 1.0), ["0"] * len(places)))
        drawn.append(_places(rows[level - 1], sorted(read)))
    seen = sorted(read)
    for level, places in zip(range(layer, -1, -1), drawn):
        marks.append(points(places, np.full(len(places), float(level)), series=1))

    last = min(unit + 1, counts[layer] - 1)
    own, other = offset + unit * jump, offset + last * jump
    bars = [(own, "this unit", 1), (offset, "unit 0", 2)]
    if last > unit:
        bars.insert(1, (other, "its neighbour", 3))
    for number, (start, name, series) in enumerate(bars):
        y = np.full(2, -0.55 - 0.3 * number)
        marks.append(line(np.array([start - 0.3, start + size - 0.7]), y, name, series))

    low = min([0, own, offset, *(float(places.min()) for places in drawn if len(places))]) - 1
    high = max(_PIXELS - 1, own + size - 1, other + size - 1) + 1
    picture = plot(
        [*_units(rows, counts), *marks],
        f"unit {unit} of layer {layer}, closest above pixel {pixel}",
        x=_pixel_axis(low, high),
        y=_layer_axis(len(layers)),
    )
    listed = [
        [str(n), *map(str, options), *map(_signed, row), str(count)]
        for n, (options, row, count) in enumerate(zip(layers, rows[1:], counts[1:]), 1)
    ]
    titles = ["layer", "k", "s", "p", "d", "size", "jump", "offset", "units"]
    by_gradient = _seen_by_gradient(layers[:layer], unit)
    agreement = (
        "The gradient reaches the same pixels."
        if by_gradient == seen
        else "The gradient reaches other pixels."
    )
    gaps = "all of them" if len(seen) == size else f"{len(seen)} of them"
    sentence = (
        f"Unit {unit} of layer {layer} has the field from pixel {_signed(own)} to {_signed(own + size - 1)}: size {size}, "
        f"jump {jump}, offset {_signed(offset)}. It sees {gaps} in the image."
    )
    return scene(
        {
            "stack": picture,
            "table": table(titles, listed),
            "facts": text(
                paragraph(sentence, swatch="highlight"), agreement, *([problem] if problem else [])
            ),
        },
        f"{sentence} {agreement} {problem} It is the closest above pixel {pixel}. Layers by kernel size, stride, padding "
        "and dilation: " + "; ".join(", ".join(map(str, options)) for options in layers),
        limits={"layer": (1, len(layers))},
    )


def _places(row, units):
    """Where units stand: above the middle of their fields."""
    size, jump, offset = row
    return offset + (size - 1) / 2 + jump * np.array(units, dtype=float)


def _units(rows, counts):
    """Every unit of every layer as a point."""
    return [
        points(_places(row, range(count)), np.full(count, float(level)), series=0)
        for level, (row, count) in enumerate(zip(rows, counts))
    ]


def _pixel_axis(low, high):
    return axis("pixel", limits=(low, high), ticks=range(0, _PIXELS, 4))


def _layer_axis(number):
    return axis("layer", limits=(-1.5, number + 0.5), ticks=range(number + 1))


def _seen_by_gradient(layers, unit):
    """The pixels that have a gradient from the unit, found without the recurrence."""
    x = scratch.Tensor(np.ones((1, 1, _PIXELS)), requires_grad=True)
    y = x
    for k, s, p, d in layers:
        y = scratch.conv1d(y, np.ones((1, 1, k)), stride=s, padding=p, dilation=d)
    start = np.zeros(y.shape)
    start[0, 0, unit] = 1
    y.backward(start)
    return np.flatnonzero(x.grad[0, 0]).tolist()


# ---- the part of the field that matters ------------------------------------------------------------------------------

_ONES, _RANDOM = "all one", "random"
_PATTERNS = {"1 in every layer": (1,), "1, 2, 4, 1, 2, 4": (1, 2, 4), "2 in every layer": (2,)}


@widget(
    "How much of the field matters?",
    Slider("depth", "layers", 1, 6, 1, 4),
    Choice("kernel_size", "kernel size", (3, 5), 3),
    Choice("dilations", "dilations", tuple(_PATTERNS), "1 in every layer"),
    Choice("weights", "weights", (_RANDOM, _ONES), _RANDOM),
    Choice("channels", "channels", (1, 4, 16), 4),
    Slider("seed", "draw", 1, 20, 1, 1),
)
def effective(depth, kernel_size, dilations, weights, channels, seed):
    """Draw the energy of one unit's gradient over the image, for a stack without activations.

    Parameters
    ----------
    depth : int
        Number of layers, of stride 1.
    kernel_size : int
    dilations : str
        The dilations of the layers, repeated as often as needed.
    weights : {"random", "all one"}
        Random ones are normal with mean 0.
    channels : int
        Of every layer but the image, which has one.
    seed : int
        Of the weights.

    Returns
    -------
    dict
        A scene with a map of the energy, its shares by column beside a flat field, and both widths.
    """
    pattern = _PATTERNS[dilations]
    steps = [pattern[number % len(pattern)] for number in range(depth)]
    generator = np.random.default_rng(seed)
    # Back from one unit: the gradient of a convolution is a transposed one. No activation, so no pass forward.
    gradient = np.eye(channels)[:1, :, None, None]
    for level in reversed(range(depth)):
        shape = (channels, channels if level else 1, kernel_size, kernel_size)
        w = np.ones(shape) if weights == _ONES else generator.standard_normal(shape)
        gradient = scratch.conv_transpose2d(gradient, w / np.sqrt(w[0].size), dilation=steps[level])
    # Weights of one count the ways themselves; of random weights the square does so, in the mean.
    energy = gradient[0, 0] if weights == _ONES else gradient[0, 0] ** 2
    energy = energy / energy.sum()
    size = len(energy)
    width = np.mean([_width(energy.sum(0)), _width(energy.sum(1))])
    predicted = np.sqrt(1 + sum((kernel_size**2 - 1) * d**2 for d in steps))
    places = np.arange(size) - size // 2
    reach = size / 2
    last = size // 2
    edge = axis("pixel", limits=(-reach - 1, reach + 1), ticks=(-last, 0, last))
    found = plot(
        [heatmap(energy, (-reach, reach, -reach, reach), limits=(0, float(energy.max())))],
        "ways to each pixel" if weights == _ONES else "energy of the gradient",
        x=edge,
        y=edge,
        aspect="equal",
    )
    share = energy.sum(0)
    profile = plot(
        [
            columns(places.astype(float), share, 0.9, "this unit"),
            line(np.array([-reach, reach]), np.full(2, 1 / size), "flat field", series=1, dashed=True),
        ],
        "share of each column",
        x=edge,
        y=axis("share", limits=(0, max(0.02, float(share.max()) * 1.15))),
    )
    whose = "as counted" if weights == _ONES else "in the mean over many draws"
    sentence = (
        f"Effective width {width:.1f}, theoretical field {size}. The formula gives {predicted:.1f}, {whose}."
    )
    lines = [f"{(energy > 0).sum()} of {size**2} pixels have a way to the unit."]
    if predicted > size:
        lines.append("A field with gaps spreads more than a full one of its size, so its width is larger.")
    else:
        lines.append(f"By the formula that is {predicted / size:.0%} of the field along one axis.")
    return scene(
        {
            "map": found,
            "profile": profile,
            "facts": text(
                paragraph(sentence, strong=True),
                *lines,
            ),
        },
        f"{sentence} {depth} layers of kernel size {kernel_size}, dilations {', '.join(map(str, steps))}, weights "
        f"{weights}, channels {channels}.",
        layout=[["map", "profile"], ["facts"]],
    )


def _width(share):
    """The size of the flat field with the same variance."""
    share = share / share.sum()
    places = np.arange(len(share))
    return np.sqrt(12 * (share @ places**2 - (share @ places) ** 2) + 1)


# ---- units of known networks on a photograph -------------------------------------------------------------------------

_POOL = (2, 2, 0, 1)
_NETWORKS = {
    "VGG-16": tuple(
        layer
        for count in (2, 2, 3, 3, 3)
        for layer in (*(("3×3", (3, 1, 1, 1)),) * count, ("pooling", _POOL))
    ),
    "AlexNet": (
        ("11×11, stride 4", (11, 4, 2, 1)),
        ("pooling", (3, 2, 0, 1)),
        ("5×5", (5, 1, 2, 1)),
        ("pooling", (3, 2, 0, 1)),
        *((("3×3", (3, 1, 1, 1)),) * 3),
        ("pooling", (3, 2, 0, 1)),
    ),
    "LeNet-5": (("5×5", (5, 1, 0, 1)), ("pooling", _POOL), ("5×5", (5, 1, 0, 1)), ("pooling", _POOL)),
    "3×3, dilations 1 to 64": tuple((f"3×3, dilation {d}", (3, 1, d, d)) for d in (1, 2, 4, 8, 16, 32, 64)),
}
_SHRUNK, _HEIGHT, _WIDTH = 3, 142, 213
_DEEPEST = max(map(len, _NETWORKS.values()))


def _keep_a_layer_of_the_network(parameters, changed):
    deepest = len(_NETWORKS[parameters["network"]])
    return {**parameters, "layer": min(parameters["layer"], deepest)}


@widget(
    "What does a unit of a known network see?",
    Choice("network", "network", tuple(_NETWORKS), "VGG-16"),
    Slider("layer", "layer", 1, _DEEPEST, 1, 14),
    Choice("picture", "photograph", data.PHOTOGRAPHS, "flower"),
    Slider("row", "row", 0, _HEIGHT - 1, 1, 75, on="photograph.row"),
    Slider("column", "column", 0, _WIDTH - 1, 1, 105, on="photograph.column"),
    adjust=_keep_a_layer_of_the_network,
)
def photograph(network, layer, picture, row, column):
    """Frame on a photograph what a unit of a known network sees.

    Parameters
    ----------
    network : str
    layer : int
        From 1; activations, which change nothing, are not counted.
    picture : str
        A bundled photograph of 427 x 640 pixels, drawn at a third of its size.
    row, column : int
        Where to look, in the pixels of the drawing.

    Returns
    -------
    dict
        A scene with the photograph, the frame of the field, and size, jump and offset.
    """
    chosen = _NETWORKS[network][: min(layer, len(_NETWORKS[network]))]
    size, jump, offset = _followed([options for _, options in chosen])[-1]
    counts = list(_full_size(picture))
    for _, (k, s, p, d) in chosen:
        counts = [(count + 2 * p - d * (k - 1) - 1) // s + 1 for count in counts]
    starts, units = [], []
    for place, count in zip((row, column), counts):
        middle = _SHRUNK * place + _SHRUNK // 2
        unit = round((middle - offset - (size - 1) / 2) / jump)
        units.append(min(max(unit, 0), count - 1))
        starts.append(offset + units[-1] * jump)
    frame = box(*(start / _SHRUNK for start in starts), size / _SHRUNK, size / _SHRUNK)
    inside = [
        max(0, min(start + size, full) - max(start, 0)) for start, full in zip(starts, _full_size(picture))
    ]
    part = inside[0] * inside[1] / size**2
    sentence = (
        f"Layer {len(chosen)} of {network}, {chosen[-1][0]}: unit ({units[0]}, {units[1]}) sees {size} × {size} pixels "
        f"from row {_signed(starts[0])} and column {_signed(starts[1])} on."
    )
    return scene(
        {
            "photograph": image(_small(picture), "", [frame, box(row, column, 1, 1, "selected")]),
            "facts": text(
                paragraph(sentence, swatch="highlight"),
                f"size {size}, jump {jump}, offset {_signed(offset)}; {counts[0]} × {counts[1]} units",
                "The whole field lies in the image."
                if part == 1
                else f"{part:.0%} of the field lies in the image.",
            ),
        },
        f"{sentence} Jump {jump}, offset {offset}. {part:.0%} of the field lies in the photograph {picture}. It is the "
        f"unit closest to row {row} and column {column} of the drawing.",
        limits={"layer": (1, len(_NETWORKS[network]))},
    )


@cache
def _full_size(picture):
    return data.photograph(picture).shape[1:]


@cache
def _small(picture):
    """The photograph at a third of its height and width: the mean of each 3 x 3 block."""
    pixels = data.photograph(picture)[:, : _HEIGHT * _SHRUNK, : _WIDTH * _SHRUNK]
    pixels = pixels.reshape(3, _HEIGHT, _SHRUNK, _WIDTH, _SHRUNK).mean((2, 4)).clip(0, 1)
    pixels.setflags(write=False)  # it is kept from call to call
    return pixels
