"""The interactive figures of the convolution chapter."""

from functools import cache

import numpy as np

from dlcore import data, scratch
from dlcore.scratch.windows import output_size, same_padding
from dlcore.widgets.controls import Checkbox, Choice, Matrix, Picture, Slider
from dlcore.widgets.scene import bar, bars, box, cells, image, paragraph, scene, text
from dlcore.widgets.widget import widget

__all__ = ["photograph_kernels", "separable_cost", "sliding_kernel"]

# ---- a kernel slides over a small input ------------------------------------------------------------------------------

# Small integers keep the sums easy to check by hand. No part of the kernel that the sliders cut out equals its own
# flip, so that convolution and cross-correlation differ.
_INPUT = np.array(
    [
        [3, 3, 2, 1, 0, 2, 1, 4, 0],
        [0, 0, 1, 3, 1, 4, 2, 0, 3],
        [3, 1, 2, 2, 3, 0, 1, 2, 1],
        [2, 0, 0, 2, 2, 1, 3, 4, 0],
        [2, 0, 0, 0, 1, 3, 0, 1, 2],
        [1, 4, 2, 3, 0, 1, 2, 2, 4],
        [0, 2, 1, 1, 4, 0, 3, 0, 1],
        [4, 0, 3, 2, 1, 2, 0, 3, 2],
        [1, 3, 0, 4, 2, 1, 1, 0, 3],
    ],
    dtype=np.float64,
)
_KERNEL = np.array(
    [[1, 0, 2, 1, 0], [2, 1, 0, 0, 1], [0, 1, 0, 2, 1], [1, 2, 1, 0, 0], [0, 1, 2, 1, 1]], dtype=np.float64
)
_CROSS_CORRELATION, _CONVOLUTION = "cross-correlation", "true convolution (flip)"
_MODES = ("explicit", "valid", "same", "full")
_SIZES = range(1, 6)


def _rows(array):
    """A matrix as the tuples of Python numbers that the control `Matrix` deals in."""
    return tuple(tuple(int(entry) for entry in row) for row in array)


def _keep_sliding_kernel_consistent(parameters, changed):
    """The kernel has the size that the sliders say, the other way round when it was changed; the position exists."""
    kernel = parameters["kernel"]
    if changed == "kernel":
        parameters = {**parameters, "kernel_height": len(kernel), "kernel_width": len(kernel[0])}
    height, width = parameters["kernel_height"], parameters["kernel_width"]
    # What was cut off comes back as it was at first: the reader's own numbers are gone with their cells.
    fresh = [list(row) for row in _rows(_KERNEL[:height, :width])]
    for row, entries in zip(fresh, kernel):
        row[: len(entries)] = entries[:width]
    parameters = {**parameters, "kernel": tuple(tuple(row) for row in fresh)}
    last = sliding_kernel.compute(**parameters)["limits"]["position"][1]
    return {**parameters, "position": min(parameters["position"], last)}


@widget(
    "Which inputs make which output?",
    Slider("position", "output cell", 1, 21 * 21, 1, 6, on="output.cell"),
    Slider("stride", "stride", 1, 3, 1, 2),
    Choice("mode", "padding mode", _MODES, "explicit"),
    Slider("padding", "padding (explicit)", 0, 3, 1, 1),
    Slider("dilation", "dilation", 1, 3, 1, 1),
    Slider("kernel_height", "kernel height", 1, 5, 1, 3),
    Slider("kernel_width", "kernel width", 1, 5, 1, 3),
    Matrix("kernel", "kernel", _rows(_KERNEL[:3, :3]), tuple((h, w) for h in _SIZES for w in _SIZES), 99),
    Slider("height", "input height", 5, 9, 1, 7),
    Slider("width", "input width", 5, 9, 1, 7),
    Choice("operation", "operation", (_CROSS_CORRELATION, _CONVOLUTION), _CROSS_CORRELATION),
    adjust=_keep_sliding_kernel_consistent,
)
def sliding_kernel(
    position, stride, mode, padding, dilation, kernel_height, kernel_width, kernel, height, width, operation
):
    """Slide a kernel over a small input and show which inputs make which output.

    Parameters
    ----------
    position : int
        The output cell that is looked at, counted from 1, row by row. Beyond the last it means the last.
    stride, padding, dilation : int
        Along both axes; `padding` counts in mode "explicit" only.
    mode : {"explicit", "valid", "same", "full"}
    kernel_height, kernel_width : int
        The size of `kernel`.
    kernel : tuple of tuple of float
    height, width : int
        Of the input.
    operation : {"cross-correlation", "true convolution (flip)"}

    Returns
    -------
    dict
        A scene with the padded input, the kernel as it is laid on, the output, the selected output written out as a sum,
        and the output's size by formula and by count. Where no output exists it says why.
    """
    picture, weights = _INPUT[:height, :width], np.array(kernel, dtype=np.float64)
    is_flipped = operation == _CONVOLUTION
    laid_on = weights[::-1, ::-1] if is_flipped else weights
    sides = [_sides(mode, padding, size, dilation, is_flipped) for size in weights.shape]
    (top, bottom), (left, right) = sides
    padded = scratch.pad(picture, [left, right, top, bottom])
    is_padding = scratch.pad(np.zeros(picture.shape), [left, right, top, bottom], value=1) == 1

    # The formula, and a count that does not know of it: put the window down again and again while it fits.
    formula = [
        output_size(n + sum(side), k, stride, 0, dilation)
        for n, k, side in zip(picture.shape, weights.shape, sides)
    ]
    places = [
        [
            reached
            for start in range(0, length, stride)
            if (reached := [start + dilation * tap for tap in range(k)])[-1] < length
        ]
        for length, k in zip(padded.shape, weights.shape)
    ]
    counted = [len(places[0]), len(places[1])]
    size_lines = [
        _size_line(n, k, side, stride, dilation, size)
        for n, k, side, size in zip(picture.shape, weights.shape, sides, formula)
    ]

    input_title = f"input {_by(picture.shape)}"
    if padded.shape != picture.shape:
        input_title += f", padded to {_by(padded.shape)}"
    kernel_title = f"kernel {_by(weights.shape)}" + (", flipped" if is_flipped else "")
    settings = (
        f"{operation.capitalize()}, stride {stride}, dilation {dilation}. "
        f"{input_title.capitalize()}. {kernel_title.capitalize()}."
    )
    laid_on_panel = cells(laid_on, kernel_title, colours="diverging")
    if problem := _problem(mode, stride, dilation, weights.shape, padded.shape, counted):
        return scene(
            {
                "input": cells(padded, input_title, muted=is_padding),
                "laid_on": laid_on_panel,
                "output": cells(np.full((1, 1), np.nan), "no output"),
                "problem": text(paragraph(problem, strong=True)),
            },
            f"{settings} {problem}",
            layout=[["input", "laid_on", "output"], ["problem"]],
            limits={"position": (1, 1)},
        )

    output = scratch.conv2d(padded[None], laid_on[None, None], stride=stride, dilation=dilation)[0]
    # Where products such as 0.1 + 0.2 − 0.3 cancel, a rounding error is left.
    output[np.abs(output) <= 1e-12 * np.abs(weights).sum()] = 0
    position = min(position, output.size)
    row, column = (int(index) for index in np.unravel_index(position - 1, output.shape))
    window = np.zeros(padded.shape, bool)
    window[np.ix_(places[0][row], places[1][column])] = True
    touched = [np.isin(np.arange(length), place) for length, place in zip(padded.shape, places)]
    is_untouched = ~np.logical_and.outer(*touched) & ~is_padding
    order = np.arange(1, output.size + 1).reshape(output.shape)

    cell, value = f"output[{row}, {column}]", _signed(output[row, column])
    factors = zip(padded[window].reshape(weights.shape), laid_on)
    products = [" + ".join(f"{_signed(x)}·{_factor(w)}" for x, w in zip(*pair)) for pair in factors]
    # Numbers cut to three digits need not add up to the result as it is shown.
    is_exact = all(map(_is_shown_exactly, (*laid_on.flat, output[row, column])))
    result = f"{'=' if is_exact else '≈'} {value}"
    agreement = "formula and count agree" if formula == counted else "they differ"
    counting = f"Counted one by one, {_by(counted)} windows fit: {agreement}."
    note = _untouched_note(touched, sides, picture.shape)
    output_title = f"output {_by(output.shape)}"
    return scene(
        {
            "input": cells(padded, input_title, highlight=window, muted=is_padding, hatched=is_untouched),
            "laid_on": laid_on_panel,
            # What the window has not reached yet is left empty: the output fills cell by cell.
            "output": cells(
                np.where(order <= position, output, np.nan), output_title, selected=order == position
            ),
            "sum": text(
                paragraph(cell, strong=True, swatch="highlight"),
                *(f"{'+' if number else '='} {line}" for number, line in enumerate(products)),
                paragraph(result, strong=True),
            ),
            "size": text(f"height {size_lines[0]}", f"width {size_lines[1]}", counting, note),
        },
        # What moves most stands first: a screen reader reads it out after every step.
        f"{cell} = {' + '.join(products)} {result}, from the window that is marked in the input. {settings} "
        f"{output_title.capitalize()}: height {size_lines[0]}, width {size_lines[1]}. {note}",
        layout=[["input", "laid_on", "output"], ["sum", "size"]],
        limits={"position": (1, output.size)},
    )


def _sides(mode, padding, kernel_size, dilation, is_flipped):
    """How many zeros go before and after the input along one axis."""
    if mode == "explicit":
        return padding, padding
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return (dilation * (kernel_size - 1),) * 2
    before, after = same_padding(kernel_size, dilation)
    # A flipped kernel has its middle on the other side: where the number is odd the extra zero goes before the input.
    return (after, before) if is_flipped else (before, after)


def _problem(mode, stride, dilation, kernel_size, padded_size, counted):
    """Why there is no output, or ""."""
    if mode == "same" and stride > 1:
        return (
            f"Mode “same” keeps the size of the input, and stride {stride} makes the output smaller. "
            "PyTorch accepts padding='same' with stride 1 only. Set the stride to 1, or choose explicit padding."
        )
    for name, k, length, count in zip(("height", "width"), kernel_size, padded_size, counted):
        if count == 0:
            span = dilation * (k - 1) + 1
            return (
                f"No window fits: along the {name} the kernel spans {span} cells and the padded input has {length}. "
                f"PyTorch asks for {name} + padding on both sides ≥ dilation·(kernel {name} − 1) + 1 "
                "and raises a RuntimeError otherwise."
            )
    return ""


def _size_line(size, kernel_size, sides, stride, dilation, result):
    """The formula along one axis with its numbers put in; the floor stands where it changes something."""
    padding = f"2·{sides[0]}" if sides[0] == sides[1] else f"{sides[0]} + {sides[1]}"
    span = f"{kernel_size}" if dilation == 1 else f"({dilation}·({kernel_size} − 1) + 1)"
    quotient = f"({size} + {padding} − {span})/{stride}"
    if (size + sum(sides) - dilation * (kernel_size - 1) - 1) % stride:
        quotient = f"floor({quotient})"
    return f"{quotient} + 1 = {_signed(result)}"


def _untouched_note(touched, sides, size):
    """Which rows and columns of the input lie in no window."""
    inside = [mask[before : before + n] for mask, (before, _), n in zip(touched, sides, size)]
    missed = [(name, np.flatnonzero(~mask)) for name, mask in zip(("row", "column"), inside)]
    parts = [
        f"{name}{'s' if len(indices) > 1 else ''} {', '.join(map(str, indices))}"
        for name, indices in missed
        if len(indices)
    ]
    if parts:
        return f"No window touches {' and '.join(parts)} of the input (counted from 0)."
    if not all(mask.all() for mask in touched):
        return "Every input cell lies in a window; only padding is left over."
    return "Every input cell lies in a window."


# ---- a kernel on a photograph ----------------------------------------------------------------------------------------

_OWN = "your own"
_PRESETS = {
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "box blur": ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
    "Gaussian blur": ((1, 2, 1), (2, 4, 2), (1, 2, 1)),
    "Gaussian blur 5 × 5": tuple(tuple(a * b for b in (1, 4, 6, 4, 1)) for a in (1, 4, 6, 4, 1)),
    "motion blur 5 × 5": tuple(tuple(int(row == column) for column in range(5)) for row in range(5)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "Sobel x": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "Sobel y": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "Laplacian": ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
    "emboss": ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
}
_PADDINGS = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
    "none": None,
}
_CLIPPED, _ABSOLUTE, _STRETCHED = "values", "absolute values", "stretched from black to white"
_HEIGHT, _WIDTH = 142, 213


def _match_preset(parameters, changed):
    """A preset fills the kernel; a kernel that was changed is known by the preset that it equals, or is the reader's."""
    kernel, preset = parameters["kernel"], parameters["preset"]
    if changed == "preset":
        kernel = _PRESETS.get(preset, kernel)
    elif changed == "size":
        kernel = _resized(kernel, parameters["size"])
    preset = next((name for name, entries in _PRESETS.items() if entries == kernel), _OWN)
    return {**parameters, "preset": preset, "kernel": kernel, "size": len(kernel)}


@widget(
    "What does a kernel do to a photograph?",
    Choice("preset", "kernel", (*_PRESETS, _OWN), "Sobel x"),
    Choice("size", "kernel size", (3, 5), 3),
    Matrix("kernel", "entries", _PRESETS["Sobel x"], ((3, 3), (5, 5)), 100),
    Checkbox("normalise", "divide by the sum of the entries, if it is not 0", True),
    Choice("display", "show", (_CLIPPED, _ABSOLUTE, _STRETCHED), _ABSOLUTE),
    Slider("stride", "stride", 1, 4, 1, 1),
    Choice("padding", "padding", tuple(_PADDINGS), "reflect"),
    Picture("photograph", "photograph", data.PHOTOGRAPHS, "china", _HEIGHT, _WIDTH, on="input"),
    Choice("colour", "colour", ("gray", "colour"), "gray"),
    Slider("row", "output row", 0, _HEIGHT - 1, 1, 60, on="output.row"),
    Slider("column", "output column", 0, _WIDTH - 1, 1, 100, on="output.column"),
    adjust=_match_preset,
)
def photograph_kernels(
    preset, size, kernel, normalise, display, stride, padding, photograph, colour, row, column
):
    """Apply a kernel, chosen, typed or painted, to a photograph.

    Parameters
    ----------
    preset : str
        The name that the kernel is known by.
    size : int
        Height and width of `kernel`.
    kernel : tuple of tuple of float
    normalise : bool
        Divide the kernel by the sum of its entries, unless that is 0.
    display : str
        How output values become shades.
    stride : int
    padding : {"zeros", "reflect", "replicate", "circular", "none"}
        What stands beyond the border; half the kernel's size on each side, or nothing.
    photograph : str or array, uint8, shape (H, W, 3)
        The name of a bundled one, or the reader's.
    colour : {"gray", "colour"}
        A colour picture is convolved channel by channel.
    row, column : int
        The pixel of the output that is looked at. Beyond the border it means the last.

    Returns
    -------
    dict
        A scene with the photograph, the kernel and the output, and marks on a pixel and on the pixels that make it. Where
        the picture is smaller than the kernel it says so.
    """
    pixels = _pixels(photograph, colour == "gray")
    entries = np.array(kernel, dtype=np.float64)
    total = entries.sum()
    # Entries such as 0.1, 0.2, -0.3 sum to a rounding error, which must not count as a sum.
    is_divided = normalise and abs(total) > 1e-12 * np.abs(entries).sum()
    divisor = float(total) if is_divided else 1.0
    border = size // 2 if _PADDINGS[padding] else 0
    input_title = f"input {_by(pixels.shape[1:])}"
    # Reflection needs more pixels than it adds, and a window that nothing is added to has to fit.
    if min(pixels.shape[1:]) < size:
        problem = (
            f"The picture, {_by(pixels.shape[1:])} pixels, is smaller than the kernel, {_by((size, size))}. "
            "Choose a larger picture."
        )
        return scene(
            {
                "input": image(pixels.astype(np.float32), input_title),
                "kernel": cells(entries, preset, colours="diverging"),
                "output": text(problem),
            },
            f"{input_title.capitalize()}. {problem}",
            layout=[["input", "output"], ["kernel"]],
            limits={"row": (0, 0), "column": (0, 0)},
        )
    channels = pixels[:, None]  # (C, 1, H, W): the channels as a batch, so that one kernel serves them all
    padded = scratch.pad(channels, [border] * 4, _PADDINGS[padding]) if border else channels
    output = scratch.conv2d(padded, entries[None, None] / divisor, stride=stride)[:, 0]
    shown, facts = _shades(output, display)
    if divisor != 1:
        facts.insert(0, f"entries divided by {_signed(divisor)}")

    height, width = output.shape[1:]
    row, column = min(row, height - 1), min(column, width - 1)
    window = box(stride * row - border, stride * column - border, size, size)
    names = ("",) if len(output) == 1 else ("red ", "green ", "blue ")
    values = ", ".join(f"{name}{_hundredths(value)}" for name, value in zip(names, output[:, row, column]))
    looked_at = f"output[{row}, {column}] = {values}, from the {_by((size, size))} pixels in the frame"
    size_lines = [
        _size_line(n, size, (border, border), stride, 1, result)
        for n, result in zip(pixels.shape[1:], output.shape[1:])
    ]
    output_title = f"output {_by((height, width))}"
    whose = "Your picture" if isinstance(photograph, np.ndarray) else f"The photograph {photograph}"
    listed = "; ".join(" ".join(_signed(entry) for entry in entries_of_row) for entries_of_row in entries)
    return scene(
        {
            # Single precision for the way to the screen: half the bytes, far finer than its shades.
            "input": image(pixels.astype(np.float32), input_title, [window]),
            "output": image(shown.astype(np.float32), output_title, [box(row, column, 1, 1, "selected")]),
            "kernel": cells(entries, preset, colours="diverging"),
            "facts": text(
                paragraph(looked_at, swatch="highlight"),
                *facts,
                f"height {size_lines[0]}",
                f"width {size_lines[1]}",
            ),
        },
        f"{looked_at}. {whose} in {colour}, stride {stride}, padding: {padding}: {input_title}, {output_title}. "
        f"Kernel: {preset}, rows {listed}. {'; '.join(facts).capitalize()}.",
        layout=[["input", "output"], ["kernel", "facts"]],
        limits={"row": (0, height - 1), "column": (0, width - 1)},
    )


def _shades(output, display):
    """The output in [0, 1], and what is said about it."""
    low, high = float(output.min()), float(output.max())
    if display == _STRETCHED:
        shades = (output - low) / (high - low) if high > low else np.zeros_like(output)
    else:
        shades = np.abs(output) if display == _ABSOLUTE else output
    shown = np.clip(shades, 0, 1)
    clipped = float(np.mean(shades != shown))
    return shown, [
        f"output from {_hundredths(low)} to {_hundredths(high)}",
        f"shown: {display}",
        f"{_share(clipped)} of the values clipped to [0, 1]" if clipped else "nothing clipped",
    ]


def _pixels(photograph, gray):
    """A picture as float64 of shape (C, H, W) in [0, 1]."""
    if not isinstance(photograph, np.ndarray):
        return _small_photograph(photograph, gray)
    pixels = photograph.transpose(2, 0, 1) / 255
    # Luminance by ITU-R BT.601, as the bundled photographs.
    return np.tensordot([[0.299, 0.587, 0.114]], pixels, 1).clip(0, 1) if gray else pixels


@cache
def _small_photograph(name, gray):
    """The photograph at a third of its height and width: the mean of each 3 x 3 block. Shape (C, 142, 213)."""
    image = data.photograph(name, gray=gray, dtype=np.float64)[:, :426, :639]
    image = image.reshape(len(image), 142, 3, 213, 3).mean((2, 4))
    image.setflags(write=False)  # it is kept from call to call
    return image


def _resized(kernel, size):
    """The kernel with a border of zeros added or the border taken off."""
    border = (size - len(kernel)) // 2
    if border < 0:
        return tuple(row[-border:border] for row in kernel[-border:border])
    blank = ((0,) * size,) * border
    return (*blank, *((0,) * border + row + (0,) * border for row in kernel), *blank)


# ---- what a separable convolution saves ------------------------------------------------------------------------------


@widget(
    "What does a depthwise separable convolution save?",
    Slider("kernel_size", "kernel size", 1, 7, 1, 3),
    Slider("in_channels", "input channels", 8, 256, 8, 64),
    Slider("out_channels", "output channels", 8, 256, 8, 128),
    Slider("size", "height and width", 1, 112, 1, 56),
    Choice("groups", "groups", (2, 4, 8), 4),
)
def separable_cost(kernel_size, in_channels, out_channels, size, groups):
    """Set the cost of grouped and depthwise separable convolution against the standard one.

    Parameters
    ----------
    kernel_size, in_channels, out_channels : int
    size : int
        Height and width of the output; the input is padded to keep them.
    groups : int
        Of the grouped convolution; divides both numbers of channels.

    Returns
    -------
    dict
        A scene with a bar for each kind of convolution: its multiply-adds and parameters by formula, checked against a
        count, and how many times less it needs than the standard one. No biases.
    """
    taps, places = kernel_size**2, size**2
    depthwise = ((in_channels, 1, kernel_size, kernel_size), in_channels)
    pointwise = ((out_channels, in_channels, 1, 1), 1)

    def spatial(groups):
        return (out_channels, in_channels // groups, kernel_size, kernel_size), groups

    standard = taps * in_channels * out_channels
    kinds = (
        ("standard", "Kh·Kw·Cin·Cout", standard, [spatial(1)]),
        (f"{groups} groups", f"Kh·Kw·Cin·Cout/{groups}", standard // groups, [spatial(groups)]),
        (
            "depthwise separable",
            "Kh·Kw·Cin + Cin·Cout",
            taps * in_channels + in_channels * out_channels,
            [depthwise, pointwise],
        ),
    )
    rows, agree = [], True
    for name, formula, parameters, steps in kinds:
        counts = [_count(shape, groups) for shape, groups in steps]
        # Each weight is used once at every place.
        agree &= (
            sum(weights for weights, _ in counts) == sum(products for _, products in counts) == parameters
        )
        notes = [
            f"{parameters * places:,} multiply-adds, {parameters:,} parameters",
            f"{formula} parameters, each used H·W times",
        ]
        times = _times(standard / parameters)
        rows.append(bar(name, parameters * places, times, notes, highlight=name == "depthwise separable"))
    settings = (
        f"kernel {_by((kernel_size, kernel_size))}, {in_channels} → {out_channels} channels, "
        f"image {_by((size, size))}"
    )
    agreement = "Formulas and counts agree." if agree else "Formulas and counts differ."
    listed = "; ".join(f"{row['label']}: {row['notes'][0]}, {row['text']}" for row in rows)
    return scene(
        {"costs": bars(rows, settings), "agreement": text(agreement)},
        f"Cost of three kinds of convolution, {settings}. {listed}. {agreement}",
    )


def _count(weight_shape, groups):
    """Count the weights of a convolution, and its products at one place of the image.

    A convolution of ones with ones adds up a 1 for every product.
    """
    weight = np.ones(weight_shape, np.float32)
    window = np.ones((weight_shape[1] * groups, *weight_shape[2:]), np.float32)
    products = scratch.conv2d(window, weight, groups=groups)
    return weight.size, int(products.sum(dtype=np.float64))


def _times(ratio):
    if ratio == 1:
        return "taken as 1"
    word = "fewer" if ratio > 1 else "more"
    ratio = max(ratio, 1 / ratio)
    # No "1.00 times" where there is a difference.
    return f"{ratio:.2f} times {word}" if ratio >= 1.005 else f"{ratio:.4f} times {word}"


# ---- small things that the figures share -----------------------------------------------------------------------------


def _by(size):
    return " × ".join(map(str, size))


def _signed(number):
    """A number with three significant digits, a large one as a whole number, and a true minus sign."""
    number = float(number) + 0.0  # -0.0 becomes 0.0
    text = f"{number:.0f}" if number.is_integer() or abs(number) >= 1000 else f"{number:.3g}"
    return text.replace("-", "−")


def _is_shown_exactly(number):
    """Whether `_signed` leaves nothing of a number out, but for rounding errors."""
    shown = float(_signed(number).replace("−", "-"))
    return abs(shown - number) <= 1e-9 * abs(number)


def _hundredths(number):
    """A number with two decimals and a true minus sign, but none before 0.00."""
    return f"{round(float(number), 2) + 0.0:.2f}".replace("-", "−")


def _share(fraction):
    """A part of a whole, neither nothing nor all of it."""
    if fraction < 0.001:
        return "less than 0.1%"
    return f"{fraction:.1%}" if fraction <= 0.999 else "more than 99.9%"


def _factor(number):
    """A number as the second factor of a product."""
    return f"({_signed(number)})" if number < 0 else _signed(number)
