"""The interactive figures of the convolution chapter.

Each has a function ``..._scene`` that computes on `dlcore.scratch` alone, and views of the scene below it.
"""

import textwrap
from functools import cache

import numpy as np

from dlcore import data, scratch
from dlcore.scratch.windows import output_size, same_padding
from dlcore.widgets.widget import Checkbox, Choice, Matrix, Slider, Widget

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


def sliding_kernel():
    """Return a widget that slides a kernel over a small input and shows which inputs make which output."""
    return Widget(
        title="Which inputs make which output?",
        compute=sliding_kernel_scene,
        controls=(
            Slider("position", "output cell", 1, 21 * 21, 1, 6),
            Slider("stride", "stride", 1, 3, 1, 2),
            Choice("mode", "padding mode", _MODES, "explicit"),
            Slider("padding", "padding (explicit)", 0, 3, 1, 1),
            Slider("dilation", "dilation", 1, 3, 1, 1),
            Slider("kernel_height", "kernel height", 1, 5, 1, 3),
            Slider("kernel_width", "kernel width", 1, 5, 1, 3),
            Slider("height", "input height", 5, 9, 1, 7),
            Slider("width", "input width", 5, 9, 1, 7),
            Choice("operation", "operation", (_CROSS_CORRELATION, _CONVOLUTION), _CROSS_CORRELATION),
        ),
        draw=_draw_sliding_kernel,
        describe=_describe_sliding_kernel,
        adjust=_keep_position_inside,
    )


def sliding_kernel_scene(
    position, stride, mode, padding, dilation, kernel_height, kernel_width, height, width, operation
):
    """Compute what `sliding_kernel` shows.

    Parameters
    ----------
    position : int
        The output cell that is looked at, counted from 1, row by row.
    stride, padding, dilation : int
        Along both axes; `padding` counts in mode "explicit" only.
    mode : {"explicit", "valid", "same", "full"}
    kernel_height, kernel_width, height, width : int
    operation : {"cross-correlation", "true convolution (flip)"}

    Returns
    -------
    dict
        ``panels`` (arrays and boolean masks of the padded input, the kernel as it is laid on, the output), ``size``
        (by formula and by count), ``sum`` (the selected output written out), ``notes``, ``limits``. Where no output
        exists ``panels["output"]`` and ``sum`` are None and ``problem`` says why.
    """
    image, kernel = _INPUT[:height, :width], _KERNEL[:kernel_height, :kernel_width]
    is_flipped = operation == _CONVOLUTION
    laid_on = kernel[::-1, ::-1] if is_flipped else kernel
    sides = [_sides(mode, padding, size, dilation, is_flipped) for size in kernel.shape]
    (top, bottom), (left, right) = sides
    padded = scratch.pad(image, [left, right, top, bottom])
    is_padding = scratch.pad(np.zeros(image.shape), [left, right, top, bottom], value=1) == 1

    # The formula, and a count that does not know of it: put the window down again and again while it fits.
    formula = [
        output_size(n + sum(side), k, stride, 0, dilation)
        for n, k, side in zip(image.shape, kernel.shape, sides)
    ]
    places = [
        [
            reached
            for start in range(0, length, stride)
            if (reached := [start + dilation * tap for tap in range(k)])[-1] < length
        ]
        for length, k in zip(padded.shape, kernel.shape)
    ]
    counted = [len(places[0]), len(places[1])]
    problem = _problem(mode, stride, dilation, kernel.shape, padded.shape, counted)
    scene = {
        "operation": operation,
        "options": {"stride": stride, "dilation": dilation, "mode": mode, "padding": sides},
        "size": {
            "formula": formula,
            "counted": counted,
            "lines": [
                _size_line(n, k, side, stride, dilation, size)
                for n, k, side, size in zip(image.shape, kernel.shape, sides, formula)
            ],
        },
        "problem": problem,
        "limits": {"position": (1, 1)},
    }
    if problem:
        nothing = np.zeros(padded.shape, bool)
        scene["panels"] = {
            "input": _input_panel(image, padded, is_padding, nothing, nothing),
            "kernel": {"title": _kernel_title(kernel, is_flipped), "values": laid_on},
            "output": None,
        }
        return scene | {"sum": None, "notes": []}

    output = scratch.conv2d(padded[None], laid_on[None, None], stride=stride, dilation=dilation)[0]
    if not 1 <= position <= output.size:
        raise ValueError(f"position: expected 1 to {output.size} for these settings, got {position}")
    row, column = np.unravel_index(position - 1, output.shape)
    window = np.zeros(padded.shape, bool)
    window[np.ix_(places[0][row], places[1][column])] = True
    touched = [np.isin(np.arange(length), place) for length, place in zip(padded.shape, places)]
    is_untouched = ~np.logical_and.outer(*touched) & ~is_padding
    order = np.arange(1, output.size + 1).reshape(output.shape)
    scene["panels"] = {
        "input": _input_panel(image, padded, is_padding, window, is_untouched),
        "kernel": {"title": _kernel_title(kernel, is_flipped), "values": laid_on},
        "output": {
            "title": f"output {_by(output.shape)}",
            "values": output,
            "selected": order == position,
            "done": order <= position,
        },
    }
    values = padded[window].reshape(kernel.shape)
    scene["sum"] = {
        "cell": (int(row), int(column)),
        "rows": [" + ".join(f"{x:.0f}·{w:.0f}" for x, w in zip(*pair)) for pair in zip(values, laid_on)],
        "value": output[row, column],
    }
    scene["notes"] = [_untouched_note(touched, sides, image.shape)]
    scene["limits"] = {"position": (1, output.size)}
    return scene


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
            f"With stride {stride} the output cannot have the size of the input, so “same” has no meaning. "
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


def _input_panel(image, padded, is_padding, window, is_untouched):
    title = f"input {_by(image.shape)}"
    if padded.shape != image.shape:
        title += f", padded to {_by(padded.shape)}"
    return {
        "title": title,
        "values": padded,
        "padding": is_padding,
        "window": window,
        "untouched": is_untouched,
    }


def _kernel_title(kernel, is_flipped):
    return f"kernel {_by(kernel.shape)}" + (", flipped" if is_flipped else "")


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


def _keep_position_inside(parameters, changed):
    """When another control leaves fewer output cells, look at the last one."""
    if changed == "position":
        return parameters
    last = sliding_kernel_scene(**{**parameters, "position": 1})["limits"]["position"][1]
    return {**parameters, "position": min(parameters["position"], last)}


def _describe_sliding_kernel(scene):
    size, panels = scene["size"], scene["panels"]
    options = scene["options"]
    settings = (
        f"{scene['operation'].capitalize()} of an {panels['input']['title']} with a {panels['kernel']['title']}, "
        f"stride {options['stride']}, dilation {options['dilation']}."
    )
    if scene["problem"]:
        return f"{settings} {scene['problem']}"
    (row, column), rows = scene["sum"]["cell"], " + ".join(scene["sum"]["rows"])
    return (
        f"{settings} The {panels['output']['title']}: height {size['lines'][0]}, width {size['lines'][1]}; "
        f"counting the windows gives {_by(size['counted'])} as well. "
        f"Marked in the input is the window that makes output[{row}, {column}] = {rows} = {scene['sum']['value']:.0f}. "
        f"{scene['notes'][0]}"
    )


def _draw_sliding_kernel(scene):
    from matplotlib.patches import Rectangle

    from dlcore.plots import CYCLE, INK
    from dlcore.widgets.drawing import WIDTH, Sheet

    panels, gap = scene["panels"], 16
    sheet = Sheet()
    shapes = {name: panel["values"].shape if panel else (0, 0) for name, panel in panels.items()}
    columns = {name: shape[1] for name, shape in shapes.items()}
    title_width = 118
    beside = max(columns["kernel"], columns["output"])
    cell = min(
        24,
        (WIDTH - gap) / (columns["input"] + beside + 0.4),
        (WIDTH - gap - title_width) / (columns["input"] + 0.2),
    )
    is_side_by_side = cell >= 18.5
    cells = dict.fromkeys(panels, cell)
    if not is_side_by_side:
        cells["input"] = min(24, WIDTH / (columns["input"] + 0.2))
        # The output holds the longer numbers: where the input is crowded its cells stay large.
        cells["kernel"] = cells["output"] = max(cells["input"], min(20, WIDTH / (columns["output"] + 0.2)))

    def draw_input(axes):
        panel = panels["input"]
        # In a crowd the zeros of the padding are left out: its dashed cells say enough.
        is_hidden = panel["padding"] & ~panel["window"] & (cells["input"] < 18)
        values = np.where(is_hidden, np.nan, panel["values"])
        _draw_cells(axes, values, cells["input"], highlight=panel["window"], muted=panel["padding"])
        for row, column in np.argwhere(panel["untouched"]):
            axes.add_patch(
                Rectangle(
                    (column - 0.5, row - 0.5),
                    1,
                    1,
                    fill=False,
                    hatch="////",
                    linewidth=0,
                    edgecolor=INK,
                    alpha=0.5,
                )
            )

    def draw_output(axes):
        panel = panels["output"]
        values = np.where(panel["done"], panel["values"], np.nan)
        _draw_cells(axes, values, cells["output"], highlight=panel["selected"])

    def put(name, x, y, draw):
        (height, width), cell = shapes[name], cells[name]
        y = sheet.text(x + 0.1 * cell, y, panels[name]["title"], weight="bold") + 2
        return sheet.panel(x, y, (width + 0.2) * cell, (height + 0.2) * cell, draw)

    def draw_kernel(axes):
        _draw_cells(axes, panels["kernel"]["values"], cells["kernel"])

    below = put("input", 0, 0, draw_input)
    x, y = ((columns["input"] + 0.2) * cells["input"] + gap, 0) if is_side_by_side else (0, below + 10)
    kernel_below = put("kernel", x, y, draw_kernel)
    if panels["output"]:
        kernel_width = max(title_width, (columns["kernel"] + 0.2) * cells["kernel"])
        if is_side_by_side:
            y = kernel_below + 10
        elif kernel_width + gap + max(80, (columns["output"] + 0.2) * cells["output"]) <= WIDTH:
            x = kernel_width + gap
        else:
            y = kernel_below + 10
        put("output", x, y, draw_output)

    y = sheet.height + 12
    if scene["problem"]:
        return _write(sheet, y, scene["problem"], size=11).figure()
    (row, column), lines = scene["sum"]["cell"], scene["sum"]["rows"]
    label_width = 118
    sheet.panel(2, y + 1, 10, 10, lambda axes: _swatch(axes, CYCLE[1]))
    sheet.text(18, y, f"output[{row}, {column}]", weight="bold", size=10.5)
    for number, line in enumerate(lines):
        y = sheet.text(label_width, y, f"{'+' if number else '='}  {line}", size=10.5)
    y = sheet.text(label_width, y, f"=  {scene['sum']['value']:.0f}", size=10.5, weight="bold") + 8
    y = _write_sizes(sheet, y, scene)
    agreement = (
        "formula and count agree" if scene["size"]["formula"] == scene["size"]["counted"] else "they differ"
    )
    y = sheet.text(2, y, f"Counted one by one, {_by(scene['size']['counted'])} windows fit: {agreement}.")
    return _write(sheet, y, scene["notes"][0]).figure()


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


def photograph_kernels():
    """Return a widget that applies a kernel, chosen or typed in, to a photograph."""
    return Widget(
        title="What does a kernel do to a photograph?",
        compute=photograph_kernels_scene,
        controls=(
            Choice("preset", "kernel", (*_PRESETS, _OWN), "Sobel x"),
            Choice("size", "kernel size", (3, 5), 3),
            Matrix("kernel", "entries", _PRESETS["Sobel x"], ((3, 3), (5, 5)), 100),
            Checkbox("normalise", "divide by the sum of the entries, if it is not 0", True),
            Choice("display", "show", (_CLIPPED, _ABSOLUTE, _STRETCHED), _ABSOLUTE),
            Slider("stride", "stride", 1, 4, 1, 1),
            Choice("padding", "padding", tuple(_PADDINGS), "reflect"),
            Choice("photograph", "photograph", data.PHOTOGRAPHS, "china"),
            Choice("colour", "colour", ("gray", "colour"), "gray"),
        ),
        draw=_draw_photograph_kernels,
        describe=_describe_photograph_kernels,
        adjust=_match_preset,
    )


def photograph_kernels_scene(preset, size, kernel, normalise, display, stride, padding, photograph, colour):
    """Compute what `photograph_kernels` shows.

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
    photograph : {"china", "flower"}
    colour : {"gray", "colour"}
        A colour picture is convolved channel by channel.

    Returns
    -------
    dict
        ``panels`` with the input and the shown output (C, H, W) in [0, 1] and the kernel as typed; ``values`` (the
        output before it is shown), ``divisor``, ``size``, ``facts``.
    """
    image = _small_photograph(photograph, colour == "gray")
    entries = np.array(kernel, dtype=np.float64)
    total = entries.sum()
    # Entries such as 0.1, 0.2, -0.3 sum to a rounding error, which must not count as a sum.
    is_divided = normalise and abs(total) > 1e-12 * np.abs(entries).sum()
    divisor = float(total) if is_divided else 1.0
    border = size // 2 if _PADDINGS[padding] else 0
    channels = image[:, None]  # (C, 1, H, W): the channels as a batch, so that one kernel serves them all
    padded = scratch.pad(channels, [border] * 4, _PADDINGS[padding]) if border else channels
    output = scratch.conv2d(padded, entries[None, None] / divisor, stride=stride)[:, 0]
    low, high = float(output.min()), float(output.max())
    if display == _STRETCHED:
        shades = (output - low) / (high - low) if high > low else np.zeros_like(output)
    else:
        shades = np.abs(output) if display == _ABSOLUTE else output
    shown = np.clip(shades, 0, 1)
    clipped = float(np.mean(shades != shown))
    facts = [
        f"output from {low:.2f} to {high:.2f}".replace("-", "−"),
        f"shown: {display}",
        f"{clipped:.1%} clipped to [0, 1]" if clipped else "nothing clipped",
    ]
    if divisor != 1:
        facts.insert(0, f"entries divided by {_signed(divisor)}")
    return {
        "panels": {
            "input": {"title": f"input {_by(image.shape[1:])}", "image": image},
            "kernel": {"title": preset, "values": entries},
            "output": {"title": f"output {_by(output.shape[1:])}", "image": shown},
        },
        "values": output,
        "divisor": divisor,
        "settings": f"{photograph} in {colour}, stride {stride}, padding: {padding}",
        "size": {
            "lines": [
                _size_line(n, size, (border, border), stride, 1, result)
                for n, result in zip(image.shape[1:], output.shape[1:])
            ]
        },
        "facts": facts,
    }


@cache
def _small_photograph(name, gray):
    """The photograph at a third of its height and width: the mean of each 3 x 3 block. Shape (C, 142, 213)."""
    image = data.photograph(name, gray=gray, dtype=np.float64)[:, :426, :639]
    image = image.reshape(len(image), 142, 3, 213, 3).mean((2, 4))
    image.setflags(write=False)  # it is kept from call to call
    return image


def _match_preset(parameters, changed):
    """A preset fills the kernel; a kernel that was changed is known by the preset that it equals, or is the reader's."""
    kernel, preset = parameters["kernel"], parameters["preset"]
    if changed == "preset":
        kernel = _PRESETS.get(preset, kernel)
    elif changed in ("kernel", "size"):
        if changed == "size":
            kernel = _resized(kernel, parameters["size"])
        preset = next((name for name, entries in _PRESETS.items() if entries == kernel), _OWN)
    return {**parameters, "preset": preset, "kernel": kernel, "size": len(kernel)}


def _resized(kernel, size):
    """The kernel with a border of zeros added or the border taken off."""
    border = (size - len(kernel)) // 2
    if border < 0:
        return tuple(row[-border:border] for row in kernel[-border:border])
    blank = ((0,) * size,) * border
    return (*blank, *((0,) * border + row + (0,) * border for row in kernel), *blank)


def _describe_photograph_kernels(scene):
    panels = scene["panels"]
    rows = "; ".join(" ".join(_signed(entry) for entry in row) for row in panels["kernel"]["values"])
    return (
        f"The photograph {scene['settings']}: {panels['input']['title']}, {panels['output']['title']}. "
        f"Kernel: {panels['kernel']['title']}, rows {rows}. {'; '.join(scene['facts']).capitalize()}."
    )


def _draw_photograph_kernels(scene):
    from dlcore.plots import DIVERGING
    from dlcore.widgets.drawing import WIDTH, Sheet

    panels, gap = scene["panels"], 12
    sheet = Sheet()
    scale = (WIDTH - gap) / 2 / panels["input"]["image"].shape[2]

    def put(name, x):
        height, width = panels[name]["image"].shape[1:]
        y = sheet.text(x, 0, panels[name]["title"], weight="bold") + 2
        return sheet.panel(
            x, y, width * scale, height * scale, lambda axes: _draw_photograph(axes, panels[name])
        )

    y = put("input", 0) + 12
    put("output", (WIDTH + gap) / 2)
    kernel = panels["kernel"]["values"]
    cell = 24 if len(kernel) == 5 else 32
    kernel_top = sheet.text(2, y, panels["kernel"]["title"], weight="bold") + 2

    def draw_kernel(axes):
        _draw_cells(axes, kernel, cell, colour_map=DIVERGING)

    sheet.panel(0, kernel_top, (len(kernel) + 0.2) * cell, (len(kernel) + 0.2) * cell, draw_kernel)
    x = (WIDTH + gap) / 2
    for line in scene["facts"]:
        for part in textwrap.wrap(line, 28):
            y = sheet.text(x, y, part)
    _write_sizes(sheet, sheet.height + 10, scene)
    return sheet.figure()


def _draw_photograph(axes, panel):
    from dlcore.plots import draw_image

    draw_image(axes, panel["image"])
    axes.images[0].set_interpolation("none")  # pixel by pixel into the page, which scales it


# ---- what a separable convolution saves ------------------------------------------------------------------------------


def separable_cost():
    """Return a widget that sets the cost of grouped and depthwise separable convolution against the standard one."""
    return Widget(
        title="What does a depthwise separable convolution save?",
        compute=separable_cost_scene,
        controls=(
            Slider("kernel_size", "kernel size", 1, 7, 1, 3),
            Slider("in_channels", "input channels", 8, 256, 8, 64),
            Slider("out_channels", "output channels", 8, 256, 8, 128),
            Slider("size", "height and width", 1, 112, 1, 56),
            Choice("groups", "groups", (2, 4, 8), 4),
        ),
        draw=_draw_separable_cost,
        describe=_describe_separable_cost,
    )


def separable_cost_scene(kernel_size, in_channels, out_channels, size, groups):
    """Compute what `separable_cost` shows.

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
        ``rows``: for each kind of convolution its name, formula, multiply-adds and parameters by formula, both counted,
        and how many times less it needs than the standard one. No biases.
    """
    taps, places = kernel_size**2, size**2
    depthwise = ((in_channels, 1, kernel_size, kernel_size), in_channels)
    pointwise = ((out_channels, in_channels, 1, 1), 1)

    def spatial(groups):
        return (out_channels, in_channels // groups, kernel_size, kernel_size), groups

    kinds = (
        ("standard", "Kh·Kw·Cin·Cout", taps * in_channels * out_channels, [spatial(1)]),
        (
            f"{groups} groups",
            f"Kh·Kw·Cin·Cout/{groups}",
            taps * in_channels * out_channels // groups,
            [spatial(groups)],
        ),
        (
            "depthwise separable",
            "Kh·Kw·Cin + Cin·Cout",
            taps * in_channels + in_channels * out_channels,
            [depthwise, pointwise],
        ),
    )
    standard = kinds[0][2]
    rows = []
    for name, formula, parameters, steps in kinds:
        counts = [_count(shape, groups) for shape, groups in steps]
        rows.append(
            {
                "name": name,
                "formula": formula,
                "parameters": parameters,
                "multiply_adds": parameters * places,
                "counted_parameters": sum(weights for weights, _ in counts),
                "counted_multiply_adds": sum(products for _, products in counts) * places,
                "times_less": standard / parameters,
            }
        )
    return {
        "rows": rows,
        "settings": {
            "kernel_size": kernel_size,
            "in_channels": in_channels,
            "out_channels": out_channels,
            "size": size,
        },
    }


def _count(weight_shape, groups):
    """Count the weights of a convolution, and its products at one place of the image.

    A convolution of ones with ones adds up a 1 for every product.
    """
    weight = np.ones(weight_shape, np.float32)
    window = np.ones((weight_shape[1] * groups, *weight_shape[2:]), np.float32)
    products = scratch.conv2d(window, weight, groups=groups)
    return weight.size, int(products.sum(dtype=np.float64))


def _describe_separable_cost(scene):
    rows = "; ".join(
        f"{row['name']}: {row['multiply_adds']:,} multiply-adds, {row['parameters']:,} parameters, "
        f"{_times(row['times_less'])}"
        for row in scene["rows"]
    )
    return f"Cost of three kinds of convolution, {_cost_settings(scene)}. {rows}. {_cost_agreement(scene)}"


def _cost_settings(scene):
    settings = scene["settings"]
    return (
        f"kernel {_by([settings['kernel_size']] * 2)}, {settings['in_channels']} → {settings['out_channels']} channels, "
        f"image {_by([settings['size']] * 2)}"
    )


def _cost_agreement(scene):
    agree = all(
        row["counted_" + key] == row[key] for row in scene["rows"] for key in ("parameters", "multiply_adds")
    )
    return "Formulas and counts agree." if agree else "Formulas and counts differ."


def _times(ratio):
    if ratio == 1:
        return "taken as 1"
    return f"{ratio:.2f} times fewer" if ratio > 1 else f"{1 / ratio:.2f} times more"


def _draw_separable_cost(scene):
    from dlcore.plots import CYCLE
    from dlcore.widgets.drawing import WIDTH, Sheet

    sheet = Sheet()
    y = sheet.text(2, 0, _cost_settings(scene), size=10) + 8
    longest = max(row["multiply_adds"] for row in scene["rows"])
    for row, colour in zip(scene["rows"], (CYCLE[0], CYCLE[0], CYCLE[1])):
        sheet.text(2, y, row["name"], size=11, weight="bold")
        y = sheet.text(WIDTH, y, _times(row["times_less"]), size=11, weight="bold", ha="right") + 1
        bar = max(1, WIDTH * row["multiply_adds"] / longest)
        y = sheet.panel(0, y, bar, 14, lambda axes, colour=colour: _swatch(axes, colour)) + 3
        sheet.text(2, y, f"{row['multiply_adds']:,} multiply-adds")
        y = sheet.text(WIDTH, y, f"{row['parameters']:,} parameters", ha="right")
        y = sheet.text(2, y, f"{row['formula']} parameters, each used H·W times", alpha=0.8) + 9
    sheet.text(2, y, _cost_agreement(scene))
    return sheet.figure()


# ---- small things that the pictures share ----------------------------------------------------------------------------


def _by(size):
    return " × ".join(map(str, size))


def _signed(number):
    """A number with up to three significant digits and a true minus sign."""
    text = f"{number:.0f}" if float(number).is_integer() else f"{number:.3g}"
    return text.replace("-", "−")


def _write(sheet, y, text, size=10):
    """Write a paragraph, broken into lines that fit the sheet."""
    for line in textwrap.wrap(text, 56):
        y = sheet.text(2, y, line, size=size)
    return sheet


def _write_sizes(sheet, y, scene):
    """Write the output's height and width as formulas with their numbers. Return where the next line begins."""
    for name, line in zip(("height", "width"), scene["size"]["lines"]):
        sheet.text(2, y, name, weight="bold")
        y = sheet.text(48, y, line)
    return y


def _draw_cells(axes, values, cell, **options):
    from matplotlib import rc_context

    from dlcore.plots import draw_matrix

    with rc_context({"font.size": 11 if cell >= 20 else 10}):
        draw_matrix(axes, values, **options)
    if cell < 16:  # a thick outline would cover the number in so small a cell
        for lines in axes.collections:
            lines.set_linewidth(np.minimum(lines.get_linewidth(), 1.2))
    rows, columns = values.shape
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6))


def _swatch(axes, colour):
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((0, 0), 1, 1, color=colour))
    axes.set_axis_off()
