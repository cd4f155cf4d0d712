"""Exercises on receptive fields: what is right, and what typical mistakes look like.

The references are written in NumPy alone: the exercises ask to do without `dlcore.shapes` and `dlcore.scratch`.
"""

import numpy as np

from dlcore.exercises.comparison import kind as kind_of
from dlcore.exercises.exercise import case, exercise

__all__ = ["by_hand", "fields", "gradient", "kernel_sizes", "mended", "sees"]

_BY_HAND = "dlcore.scratch", "dlcore.shapes", "torch", "scipy"


def _mistakes(exercise, table):
    """Declare mistakes: from the name of each to its advice, and the ways to make it."""
    for name, (advice, *ways) in table.items():
        for way in ways:
            exercise.mistake(name, advice)(way)


def _followed(layers, size=1, jump=1, offset=0):
    """Size, jump and offset behind each layer (kernel size, stride, padding, dilation)."""
    rows = []
    for k, s, p, d in layers:
        size, jump, offset = size + d * (k - 1) * jump, jump * s, offset - p * jump
        rows.append((size, jump, offset))
    return rows


def _as_array(rows):
    """Rows as an array: a list of tuples is as good an answer. What is no table is left as it is."""
    try:
        return None if rows is None else np.array(rows)
    except ValueError:
        return rows


def _rows_of_layers(answer, layers):
    return _as_array(answer(layers))


def _rows_of_table(answer, table):
    return _as_array(answer(table))


def _changed(change):
    """The recurrence on layers of which every one was changed."""
    return lambda layers: _followed([change(*layer) for layer in layers])


def _stride_at_once(layers):
    """The jump is multiplied before it is used."""
    size, jump, offset, rows = 1, 1, 0, []
    for k, s, p, d in layers:
        jump *= s
        size, offset = size + d * (k - 1) * jump, offset - p * jump
        rows.append((size, jump, offset))
    return rows


def _sizes_after(new):
    """The right jumps and offsets, and sizes by another rule: ``new(size, k, s, d, jump)``."""

    def mistaken(layers):
        size, jump, rows = 1, 1, []
        for (k, s, _, d), (_, after, offset) in zip(layers, _followed(layers)):
            size, jump = new(size, k, s, d, jump), after
            rows.append((size, after, offset))
        return rows

    return mistaken


def _offsets_after(new):
    """The right sizes and jumps, and offsets by another rule: ``new(offset, p, jump before, jump after)``."""

    def mistaken(layers):
        offset, jump, rows = 0, 1, []
        for (_, _, p, _), (size, after, _) in zip(layers, _followed(layers)):
            offset, jump = new(offset, p, jump, after), after
            rows.append((size, after, offset))
        return rows

    return mistaken


def _jumps_by(new):
    """The right sizes and offsets, and jumps by another rule: ``new(jump reported before, stride)``."""

    def mistaken(layers):
        jump, rows = 1, []
        for (_, s, _, _), (size, _, offset) in zip(layers, _followed(layers)):
            jump = new(jump, s)
            rows.append((size, jump, offset))
        return rows

    return mistaken


# ---- 1. by hand ------------------------------------------------------------------------------------------------------

_STACK = ((3, 1, 1, 1), (3, 2, 1, 1), (3, 1, 1, 3))
_NAMES = ("size", "jump", "offset")
_RIGHT = {name: [row[number] for row in _followed(_STACK)] for number, name in enumerate(_NAMES)}


def _columns(rows):
    return {name: [row[number] for row in rows] for number, name in enumerate(_NAMES)}


_HAND_MISTAKES = {
    "stride of a layer counted for the layer itself": (
        "A stride moves the next window; it does not spread the elements of this one. From which layer on does it count?",
        _stride_at_once,
        _sizes_after(lambda size, k, s, d, jump: size + d * (k - 1) * jump * s),
    ),
    "strides forgotten": (
        "Your numbers are those of a stack without strides. How far apart do neighbours behind a stride look?",
        _changed(lambda k, s, p, d: (k, 1, p, d)),
        _sizes_after(lambda size, k, s, d, jump: size + d * (k - 1)),
    ),
    "dilation forgotten": (
        "A dilation spreads the elements of a window. Where does the last element of its window stand?",
        _changed(lambda k, s, p, d: (k, s, p, 1)),
    ),
    "padding counted in pixels": (
        "A unit of padding stands before the units of the layer below, and those may be several pixels apart.",
        _offsets_after(lambda offset, p, before, after: offset - p),
    ),
    "offset with the wrong sign": (
        "Which way does padding move the first window: into the image or out of it?",
        _offsets_after(lambda offset, p, before, after: offset + p * before),
    ),
    "kernel size added in place of the reach": (
        "A window of three elements adds how many pixels to one that is already seen?",
        _sizes_after(lambda size, k, s, d, jump: size + d * k * jump),
        _sizes_after(lambda size, k, s, d, jump: (size if size > 1 else 0) + d * k * jump),
    ),
}


def _judge_by_hand(value):
    if not isinstance(value, dict) or set(value) != set(_NAMES):
        given = ", ".join(map(repr, value)) or "an empty dict" if isinstance(value, dict) else kind_of(value)
        return f"Expected a dict with 'size', 'jump' and 'offset', got {given}."
    answer = {}
    for name in _NAMES:
        try:
            answer[name] = [int(number) for number in value[name]]
        except (TypeError, ValueError):
            return name, f"Expected a list of three numbers, got {value[name]!r:.60}."
        if len(answer[name]) != len(_STACK):
            return name, f"Expected three numbers, one for each layer, got {len(answer[name])}."
    if answer == _RIGHT:
        return None
    for name, (_, *ways) in _HAND_MISTAKES.items():
        if any(answer == _columns(way(_STACK)) for way in ways):
            return name
    wrong = next(name for name in _NAMES if answer[name] != _RIGHT[name])
    layer = 1 + next(i for i, (a, b) in enumerate(zip(answer[wrong], _RIGHT[wrong])) if a != b)
    return wrong, f"Not right from layer {layer} on."


@exercise(
    "by_hand",
    accepts=_judge_by_hand,
    hints=(
        "Start with a pixel: it sees itself, its neighbour looks one pixel further, and it begins at pixel 0.",
        "A layer adds what lies between the first and the last element of its window, in steps of the jump so far.",
        "Take size and offset first, with the jump of the layer below. Multiply the jump by the stride last.",
    ),
)
def by_hand():
    """Size, jump and offset behind each of three layers."""
    return {name: list(numbers) for name, numbers in _RIGHT.items()}


_mistakes(
    by_hand,
    {
        name: (advice, *(lambda way=way: _columns(way(_STACK)) for way in ways))
        for name, (advice, *ways) in _HAND_MISTAKES.items()
    },
)


# ---- 2. the recurrence -----------------------------------------------------------------------------------------------


def _stacks(generator):
    yield case("one layer without options", [(3, 1, 0, 1)])
    yield case("a 1×1 layer", [(1, 1, 0, 1)])
    yield case("three equal layers", [(3, 1, 1, 1)] * 3)
    yield case("a stride before another layer", [(3, 2, 0, 1), (3, 1, 0, 1)])
    yield case("padding behind a stride", [(2, 2, 0, 1), (5, 1, 2, 1)])
    yield case("dilation behind a stride", [(3, 2, 1, 1), (3, 1, 3, 3)])
    yield case("two strides and an even kernel", [(4, 2, 1, 1), (4, 2, 1, 1), (2, 1, 1, 2)])
    for _ in range(3):
        layers = [tuple(map(int, generator.integers((2, 2, 1, 2), (6, 4, 4, 4)))) for _ in range(4)]
        yield case("random layers", layers)


@exercise(
    "fields",
    cases=_stacks,
    use=_rows_of_layers,
    refuses=_BY_HAND,
    hints=(
        "Keep three numbers while you go through the layers. What are they for the input itself?",
        "How many pixels lie between the first and the last element of the window, if a unit is `jump` pixels wide?",
        "Size and offset need the jump of the layer below; the stride changes it afterwards.",
    ),
)
def fields(layers):
    """Size, jump and offset behind each layer."""
    return np.array(_followed(layers))


_mistakes(
    fields,
    {
        **_HAND_MISTAKES,
        "dilation times kernel size": (
            "Draw a window of three elements under dilation two. How far is it from the first to the last?",
            _sizes_after(lambda size, k, s, d, jump: size + (d * k - 1) * jump),
        ),
        "strides added": (
            "Two layers of stride two: how far apart do neighbours behind the second one look?",
            _jumps_by(lambda jump, s: jump + s - 1),
            _jumps_by(lambda jump, s: jump + s),
        ),
        "stride of the last layer alone": (
            "Your jump forgets the layers below. Neighbours look a stride apart, but a stride of what?",
            _jumps_by(lambda jump, s: s),
        ),
        "padding in steps of the new jump": (
            "The padding stands among the units of the layer below. Whose jump is their distance?",
            _offsets_after(lambda offset, p, before, after: offset - p * after),
        ),
        "offset of the last layer alone": (
            "The layers below have padding too. Do their offsets go away?",
            _offsets_after(lambda offset, p, before, after: -p * before),
        ),
        "only the last layer returned": (
            "Asked for is a row for each layer, from the first to the last.",
            lambda layers: _followed(layers)[-1:],
            lambda layers: _followed(layers)[-1],
        ),
        "input returned as well": (
            "Your first row is that of the input. Asked for is a row for each layer.",
            lambda layers: [(1, 1, 0), *_followed(layers)],
        ),
    },
)


# ---- 3. which pixels a unit sees -------------------------------------------------------------------------------------


def _looks(generator):
    yield case("one layer", [(3, 1, 0, 1)], 10, 2)
    yield case("a dilated layer", [(3, 1, 0, 3)], 12, 1)
    yield case("padding at the left border", [(3, 1, 1, 1), (3, 1, 1, 1)], 8, 0)
    yield case("padding at the right border", [(3, 1, 1, 1), (3, 1, 1, 1)], 8, 7)
    yield case("dilations 2 and 2", [(3, 1, 0, 2), (3, 1, 0, 2)], 14, 3)
    yield case("dilations 1 and 3", [(3, 1, 0, 1), (3, 1, 0, 3)], 14, 3)
    yield case("a stride longer than its window", [(2, 3, 0, 1), (2, 1, 0, 1)], 12, 1)
    yield case("a unit of padding between layers", [(3, 1, 0, 1), (3, 1, 3, 3)], 12, 2)
    for _ in range(3):
        k, d = int(generator.integers(2, 4)), int(generator.integers(2, 4))
        unit = int(generator.integers(0, 4))
        yield case("random layers", [(3, 2, 1, 1), (k, 1, d, d)], 18, unit)


def _walked(layers, n, unit, outside=False, gaps=True, start=0):
    """Which pixels a unit sees, going down; `outside` keeps padding in between as if it read what lies below."""
    counts = [n]
    for k, s, p, d in layers:
        counts.append((counts[-1] + 2 * p - d * (k - 1) - 1) // s + 1)
    read = {unit + start}
    for (k, s, p, d), count in zip(layers[::-1], counts[-2::-1]):
        read = {u * s - p + v * d for u in read for v in range(k)}
        if not gaps and read:
            read = set(range(min(read), max(read) + 1))
        if not outside:
            read = {u for u in read if 0 <= u < count}
    return np.array(sorted(read), dtype=int)


def _by_interval(layers, n, unit, clipped=True):
    size, jump, offset = _followed(layers)[-1]
    pixels = np.arange(size) + offset + unit * jump
    return pixels[(pixels >= 0) & (pixels < n)] if clipped else pixels


def _from_above(layers, n, unit):
    """The layers in the wrong order."""
    return _walked(layers[::-1], n, unit)


@exercise(
    "sees",
    cases=_looks,
    refuses=_BY_HAND,
    hints=(
        "Start with the unit alone, and go from the last layer to the first. Which units of the layer below does it read?",
        "A unit of padding is a constant: it reads nothing. How many units does each layer have?",
        "Unit t reads the places t·stride − padding + u·dilation. Keep those from 0 to the number of units below less one.",
    ),
)
def sees(layers, n, unit):
    """The pixels that one unit depends on, gaps and border included."""
    return _walked(list(layers), n, unit)


_mistakes(
    sees,
    {
        "gaps filled": (
            "You return every pixel from the first to the last. Does the unit read what lies between the elements?",
            lambda layers, n, unit: _walked(list(layers), n, unit, gaps=False),
            _by_interval,
        ),
        "padding counted as pixels": (
            "Some of your pixels do not exist. What stands before pixel 0?",
            lambda layers, n, unit: _walked(list(layers), n, unit, outside=True),
            lambda layers, n, unit: _by_interval(layers, n, unit, clipped=False),
        ),
        "padding between layers looked through": (
            "A unit of padding between two layers is a zero that was put there. Does it depend on any pixel?",
            lambda layers, n, unit: (p := _walked(list(layers), n, unit, outside=True))[(p >= 0) & (p < n)],
        ),
        "layers in the wrong order": (
            "The way goes from the unit down. Which layer does it meet first?",
            _from_above,
        ),
        "units counted from one": (
            "Your pixels are those of the next unit. Which number has the first one?",
            lambda layers, n, unit: _walked(list(layers), n, unit, start=-1),
            lambda layers, n, unit: _walked(list(layers), n, unit, start=1),
        ),
        "strides forgotten": (
            "Your pixels do not move with the strides. Where does the window of unit 1 begin?",
            lambda layers, n, unit: _walked([(k, 1, p, d) for k, _, p, d in layers], n, unit),
        ),
        "padding forgotten": (
            "Your pixels do not move with the padding. Where does the window of unit 0 begin?",
            lambda layers, n, unit: _walked([(k, s, 0, d) for k, s, _, d in layers], n, unit),
        ),
        "dilation forgotten": (
            "Your pixels do not change with the dilation. How far apart are the elements of a window?",
            lambda layers, n, unit: _walked([(k, s, p, 1) for k, s, p, _ in layers], n, unit),
        ),
    },
)


# ---- 4. a bug to find ------------------------------------------------------------------------------------------------


def _networks(generator):
    yield case("no strides", [(3, 1), (3, 1), (5, 1)], 4)
    yield case("a 1×1 layer", [(1, 1), (3, 1)], 2)
    yield case("a stride at the end", [(3, 1), (3, 2)], 3)
    yield case("a stride at the beginning", [(3, 2), (3, 1)], 3)
    yield case("a stride and a large kernel", [(7, 2), (3, 2), (3, 1)], 2)
    yield case("one unit", [(3, 2), (5, 2)], 1)
    for _ in range(3):
        layers = [tuple(map(int, generator.integers((2, 2), (6, 4)))) for _ in range(3)]
        yield case("random layers", layers, int(generator.integers(2, 6)))


def _needed(layers, units, add=True):
    """How many pixels make `units` units: back through the layers."""
    for k, s in layers[::-1]:
        units = (units - 1) * s + k
    return units


def _needed_by(new):
    def mistaken(layers, units):
        for k, s in layers[::-1]:
            units = new(units, k, s)
        return units

    return mistaken


@exercise(
    "mended",
    cases=_networks,
    refuses=_BY_HAND,
    hints=(
        "Try a single layer of kernel size 3 and stride 2. How many pixels do one, two and three units need?",
        "Two units are one step apart. How many steps are there between the first and the last of several units?",
        "The last layer is the first to ask for units. In which order does the code go through the list?",
    ),
)
def mended(layers, units):
    """How many pixels a stack without padding needs, to make so many units."""
    return _needed(list(layers), units)


_mistakes(
    mended,
    {
        "first layer asked first": (
            "The number of units is asked from the last layer. Which layer has to provide for whom?",
            lambda layers, units: _needed(list(layers)[::-1], units),
        ),
        "a step for every unit": (
            "One unit needs a window and no step. How many steps do two units need?",
            _needed_by(lambda units, k, s: units * s + k),
            _needed_by(lambda units, k, s: units * s + k - 1),
        ),
        "both bugs still there": (
            "It is right while all strides are one. Try one layer with stride two, then two layers with different ones.",
            lambda layers, units: _needed_by(lambda u, k, s: u * s + k - 1)(list(layers)[::-1], units),
        ),
        "strides ignored": (
            "Your number does not change with the strides. How far apart are the windows of two units?",
            _needed_by(lambda units, k, s: units + k - 1),
        ),
        "kernel less one": (
            "For one layer and one unit you should get the size of the kernel. Do you?",
            _needed_by(lambda units, k, s: (units - 1) * s + k - 1),
        ),
        "windows laid side by side": (
            "You gave every unit a window of its own. Neighbouring windows share pixels: how many are new?",
            _needed_by(lambda units, k, s: units * k),
        ),
    },
)


# ---- 5. which kernels a network must have had ------------------------------------------------------------------------

_ALEXNET = [(11, 4), (19, 8), (51, 8), (67, 16), (99, 16), (131, 16), (163, 16), (195, 32)]


def _tables(generator):
    yield case("one layer", [(5, 1)])
    yield case("three layers without strides", [(3, 1), (5, 1), (11, 1)])
    yield case("AlexNet, by its table", _ALEXNET)
    yield case("1×1 layers", [(1, 1), (3, 2), (3, 2), (7, 4)])
    for _ in range(3):
        layers = [(*map(int, generator.integers((2, 2), (8, 4))), 0, 1) for _ in range(4)]
        yield case("random layers", [row[:2] for row in _followed(layers)])


def _recovered(table):
    rows, size, jump = [], 1, 1
    for new, after in table:
        rows.append(((new - size) // jump + 1, after // jump))
        size, jump = new, after
    return rows


def _recovered_by(new):
    """Kernel sizes by another rule: ``new(size, size before, jump, jump before)``."""

    def mistaken(table):
        rows, size, jump = [], 1, 1
        for (after, jump_after), (_, s) in zip(table, _recovered(table)):
            rows.append((new(after, size, jump_after, jump), s))
            size, jump = after, jump_after
        return rows

    return mistaken


@exercise(
    "kernel_sizes",
    cases=_tables,
    use=_rows_of_table,
    refuses=_BY_HAND,
    hints=(
        "Write down the recurrence of size and jump for one layer. Which of its numbers do you know?",
        "What a layer adds to the size is its reach in steps of the jump below. Divide.",
        "Before the first layer stands the input: size 1 and jump 1.",
    ),
)
def kernel_sizes(table):
    """Kernel size and stride of every layer, from the size and jump behind it."""
    return np.array(_recovered(table))


_mistakes(
    kernel_sizes,
    {
        "jump behind the layer in place of the one before": (
            "A window lies on the units of the layer below. How far apart do those look?",
            _recovered_by(lambda size, before, jump, jump_before: (size - before) // jump + 1),
            _recovered_by(lambda size, before, jump, jump_before: round((size - before) / jump) + 1),
        ),
        "one element missing": (
            "A window that adds two steps has how many elements? The first one adds none.",
            _recovered_by(lambda size, before, jump, jump_before: (size - before) // jump_before),
        ),
        "jump not divided out": (
            "You took the pixels that a layer adds for elements. How many pixels is one step?",
            _recovered_by(lambda size, before, jump, jump_before: size - before + 1),
        ),
        "jumps in place of strides": (
            "The jump is that of all layers together. Which part of it is due to this one?",
            lambda table: [(k, jump) for (k, _), (_, jump) in zip(_recovered(table), table)],
        ),
        "strides by subtraction": (
            "A stride multiplies the jump. How do you undo a multiplication?",
            lambda table: [
                (k, jump - before)
                for (k, _), (_, jump), before in zip(
                    _recovered(table), table, (1, *(jump for _, jump in table))
                )
            ],
        ),
        "input seen as zero pixels": (
            "Only your first kernel is wrong. How many pixels does a pixel see?",
            lambda table: [(k + (not n), s) for n, (k, s) in enumerate(_recovered(table))],
        ),
    },
)


# ---- 6. the gradient of a stack --------------------------------------------------------------------------------------


def _images(generator):
    def drawn(*shape):
        return generator.integers(1, 7, shape) / 2 * generator.choice((-1, 1), shape)

    def prepared(label, n, kernel_sizes, strides, unit):
        image, kernels = drawn(*n), [drawn(k, k) for k in kernel_sizes]
        if len(kernels) == 1 and _correlated(image, kernels[0], strides[0])[unit] > 0:
            kernels[0] = -kernels[0]  # a ReLU behind the last layer would show
        return case(label, image, kernels, list(strides), unit)

    yield prepared("one layer", (4, 5), (3,), (1,), (1, 2))
    yield prepared("one layer with a stride", (7, 6), (3,), (2,), (2, 1))
    for _ in range(2):
        yield prepared("two layers", (7, 7), (3, 3), (1, 1), (1, 2))
    yield prepared("two layers, the first with a stride", (9, 10), (3, 2), (2, 1), (1, 2))
    for _ in range(3):
        yield prepared("three layers with strides", (13, 12), (3, 2, 3), (1, 2, 1), (1, 1))


def _correlated(x, w, s):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)[::s, ::s]
    return np.einsum("ijuv,uv->ij", windows, w)


def _spread(g, w, s, shape):
    """The gradient of the input of a layer from that of its output."""
    back = np.zeros(shape)
    for i, j in np.ndindex(g.shape):
        back[i * s : i * s + len(w), j * s : j * s + len(w)] += g[i, j] * w
    return back


def _energy(
    image,
    kernels,
    strides,
    unit,
    *,
    gates=True,
    last=False,
    flip=False,
    step=None,
    from_y=False,
    spread=_spread,
):
    inputs, outputs = [np.asarray(image, float)], []
    for w, s in zip(kernels, strides):
        outputs.append(_correlated(inputs[-1], w, s))
        inputs.append(np.maximum(outputs[-1], 0))
    g = np.zeros(outputs[-1].shape)
    g[unit] = 1
    for level in reversed(range(len(kernels))):
        if gates and (level < len(kernels) - 1 or last):
            g = g * (inputs[level + 1] if from_y else outputs[level] > 0)
        w = kernels[level][::-1, ::-1] if flip else kernels[level]
        g = spread(g, w, step or strides[level], inputs[level].shape)
    return g


def _overwritten(g, w, s, shape):
    back = np.zeros(shape)
    for i, j in np.ndindex(g.shape):
        back[i * s : i * s + len(w), j * s : j * s + len(w)] = g[i, j] * w
    return back


@exercise(
    "gradient",
    cases=_images,
    refuses=_BY_HAND,
    hints=(
        "Run forward first, and keep the input and the output of every layer: the way back needs them.",
        "Begin the way back with an array of zeros and a single one. Which window did that unit read, with which weights?",
        (
            "Between two layers ReLU stands. It passes the gradient on where its input was positive, and nothing "
            "elsewhere. Behind the last layer stands none."
        ),
    ),
)
def gradient(image, kernels, strides, unit):
    """The gradient of one unit with respect to every pixel."""
    return _energy(image, kernels, strides, tuple(unit))


def _energy_with(**options):
    return lambda image, kernels, strides, unit: _energy(image, kernels, strides, tuple(unit), **options)


_mistakes(
    gradient,
    {
        "ReLU forgotten on the way back": (
            "It is right for one layer. What becomes of a gradient that arrives where ReLU returned zero?",
            _energy_with(gates=False),
        ),
        "ReLU behind the last layer": (
            "Your unit is sometimes switched off altogether. Does an activation follow the last layer here?",
            _energy_with(last=True),
        ),
        "multiplied by the value of ReLU": (
            "The slope of ReLU is asked for, not its value. What is it where the input is positive?",
            _energy_with(from_y=True),
        ),
        "kernels flipped": (
            "Your gradient is that of a stack that turns its kernels round. Which weight met the top left pixel?",
            _energy_with(flip=True),
        ),
        "strides forgotten on the way back": (
            "Where does the window of unit (1, 1) begin in the layer below, if the stride is two?",
            _energy_with(step=1),
        ),
        "overwritten in place of added": (
            "A place below belongs to several windows. What becomes of the first gradient when the second one comes?",
            _energy_with(spread=_overwritten),
        ),
        "energy in place of the gradient": (
            "Asked for is the gradient itself, with its sign.",
            lambda image, kernels, strides, unit: _energy(image, kernels, strides, tuple(unit)) ** 2,
            lambda image, kernels, strides, unit: np.abs(_energy(image, kernels, strides, tuple(unit))),
        ),
    },
)
