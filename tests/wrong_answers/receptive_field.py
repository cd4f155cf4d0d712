"""Wrong answers to the exercises on receptive fields, each in another style, each with one mistake.

They are written from the text of the exercises alone, so that a mistake is recognised by what it computes.
"""

import math

import numpy as np

# ---- by_hand ---------------------------------------------------------------------------------------------------------


def stride_spreads_its_own_window():
    return {"size": [3, 7, 19], "jump": [1, 2, 2], "offset": [-1, -2, -4]}


def never_looked_at_the_strides():
    return {"size": (3, 5, 11), "jump": (1, 1, 1), "offset": (-1, -2, -3)}


def right_jump_that_is_not_used():
    sizes = [3]
    sizes.append(sizes[-1] + 2)
    sizes.append(sizes[-1] + 6)
    return {"size": sizes, "jump": [1, 2, 2], "offset": [-1, -2, -4]}


def third_window_is_not_dilated():
    return {"size": np.array([3, 5, 9]), "jump": np.array([1, 2, 2]), "offset": np.array([-1, -2, -4])}


def padding_moves_it_inside():
    return {"size": [3, 5, 17], "jump": [1, 2, 2], "offset": [1, 2, 4]}


def every_window_adds_its_size():
    sizes, total = [], 1
    for added in (3, 3, 18):
        total += added
        sizes.append(total)
    return {"size": sizes, "jump": [1, 2, 2], "offset": [-1, -2, -4]}


# ---- fields ----------------------------------------------------------------------------------------------------------


def jump_before_size(layers):
    r, j, o = 1, 1, 0
    out = []
    for kernel_size, stride, padding, dilation in layers:
        j = j * stride
        o = o - j * padding // stride
        r = r + j * dilation * (kernel_size - 1)
        out.append([r, j, o])
    return np.array(out)


def everything_at_stride_one(layers):
    reach = np.cumsum([d * (k - 1) for k, _, _, d in layers])
    zeros = np.cumsum([p for _, _, p, _ in layers])
    return [(1 + int(a), 1, -int(b)) for a, b in zip(reach, zeros)]


def products_of_strides_left_out_of_the_sum(layers):
    out = []
    for depth in range(1, len(layers) + 1):
        part = layers[:depth]
        jump = math.prod(s for _, s, _, _ in part)
        size = 1 + sum(d * (k - 1) for k, _, _, d in part)
        offset = -sum(p * math.prod(s for _, s, _, _ in part[:i]) for i, (_, _, p, _) in enumerate(part))
        out.append((size, jump, offset))
    return out


def no_holes_in_the_window(layers):
    r = [1]
    j = [1]
    o = [0]
    for k, s, p, _ in layers:
        r.append(r[-1] + (k - 1) * j[-1])
        o.append(o[-1] - p * j[-1])
        j.append(j[-1] * s)
    return list(zip(r, j, o))[1:]


def zeros_counted_as_pixels(layers):
    r, j, o, out = 1, 1, 0, []
    for k, s, p, d in layers:
        r, o = r + (k - 1) * d * j, o - p
        j *= s
        out.append((r, j, o))
    return out


def adds_up_the_strides(layers):
    out, r, j, o, shown = [], 1, 1, 0, 1
    for k, s, p, d in layers:
        r, o = r + (k - 1) * d * j, o - p * j
        j *= s
        shown = shown + s - 1
        out.append((r, shown, o))
    return out


def begins_with_the_input(layers):
    out = [(1, 1, 0)]
    for k, s, p, d in layers:
        r, j, o = out[-1]
        out.append((r + d * (k - 1) * j, j * s, o - p * j))
    return np.array(out)


def returns_what_is_left_at_the_end(layers):
    r, j, o = 1, 1, 0
    for k, s, p, d in layers:
        r, o, j = r + d * (k - 1) * j, o - p * j, j * s
    return r, j, o


def window_stretched_by_the_dilation(layers):
    r, j, o, out = 1, 1, 0, []
    for k, s, p, d in layers:
        stretched = k * d
        r += (stretched - 1) * j
        o -= p * j
        j *= s
        out.append((r, j, o))
    return out


# ---- sees ------------------------------------------------------------------------------------------------------------


def from_the_three_numbers(layers, n, unit):
    r, j, o = 1, 1, 0
    for k, s, p, d in layers:
        r += d * (k - 1) * j
        o -= p * j
        j *= s
    first = o + unit * j
    return np.arange(max(first, 0), min(first + r, n))


def negative_pixels_too(layers, n, unit):
    places = [unit]
    for k, s, p, d in reversed(layers):
        places = [place * s - p + element * d for place in places for element in range(k)]
    return np.unique(places)


def only_the_image_is_cut(layers, n, unit):
    places = {unit}
    for k, s, p, d in reversed(layers):
        places = {place * s - p + element * d for place in places for element in range(k)}
    return np.array(sorted(place for place in places if 0 <= place < n))


def from_the_input_up(layers, n, unit):
    counts = [n]
    for k, s, p, d in reversed(layers):
        counts.append((counts[-1] + 2 * p - d * (k - 1) - 1) // s + 1)
    places = {unit}
    for (k, s, p, d), count in zip(layers, reversed(counts[:-1])):
        places = {place * s - p + element * d for place in places for element in range(k)}
        places = {place for place in places if 0 <= place < count}
    return np.array(sorted(places), dtype=int)


def walks_without_holes(layers, n, unit):
    counts = [n]
    for k, s, p, d in layers:
        counts.append((counts[-1] + 2 * p - d * (k - 1) - 1) // s + 1)
    places = [unit]
    for (k, s, p, d), count in zip(reversed(layers), reversed(counts[:-1])):
        if len(places) == 0:
            break
        first, last = min(places) * s - p, max(places) * s - p + (k - 1) * d
        places = [place for place in range(first, last + 1) if 0 <= place < count]
    return np.array(places, dtype=int)


# ---- mended ----------------------------------------------------------------------------------------------------------


def a_step_too_many(layers, units):
    need = units
    for k, s in reversed(layers):
        need = need * s + k - 1
    return need


def window_after_all_the_steps(layers, units):
    need = units
    for k, s in reversed(layers):
        need = k + s * need
    return need


def goes_from_first_to_last(layers, units):
    for k, s in layers:
        units = k + (units - 1) * s
    return units


def repaired_nothing(layers, units):
    for k, s in layers:
        units = units * s + k - 1
    return units


def all_windows_apart(layers, units):
    for k, _ in layers:
        units *= k
    return units


def strides_left_out(layers, units):
    return units + sum(k - 1 for k, _ in layers)


# ---- kernel_sizes ----------------------------------------------------------------------------------------------------


def divided_by_its_own_jump(table):
    out, r, j = [], 1, 1
    for size, jump in table:
        out.append(((size - r) // jump + 1, jump // j))
        r, j = size, jump
    return out


def steps_and_not_elements(table):
    sizes = [1] + [size for size, _ in table]
    jumps = [1] + [jump for _, jump in table]
    return [((b - a) // c, d // c) for a, b, c, d in zip(sizes, sizes[1:], jumps, jumps[1:])]


def pixels_and_not_steps(table):
    sizes = [1] + [size for size, _ in table]
    jumps = [1] + [jump for _, jump in table]
    return [(b - a + 1, d // c) for a, b, c, d in zip(sizes, sizes[1:], jumps, jumps[1:])]


def gives_the_jumps_back(table):
    r, j, out = 1, 1, []
    for size, jump in table:
        out.append([(size - r) // j + 1, jump])
        r, j = size, jump
    return np.array(out)


def started_from_nothing(table):
    r, j, out = 0, 1, []
    for size, jump in table:
        out.append((1 + (size - r) // j, jump // j))
        r, j = size, jump
    return out


# ---- gradient --------------------------------------------------------------------------------------------------------


def _forward(image, kernels, strides):
    """Inputs of all layers, and their outputs before ReLU."""
    inputs, outputs = [image], []
    for w, s in zip(kernels, strides):
        x, k = inputs[-1], len(w)
        rows, columns = (x.shape[0] - k) // s + 1, (x.shape[1] - k) // s + 1
        y = np.array(
            [
                [(x[i * s : i * s + k, j * s : j * s + k] * w).sum() for j in range(columns)]
                for i in range(rows)
            ]
        )
        outputs.append(y)
        inputs.append(np.where(y > 0, y, 0))
    return inputs, outputs


def _back(g, w, s, shape):
    back, k = np.zeros(shape), len(w)
    for i in range(g.shape[0]):
        for j in range(g.shape[1]):
            back[i * s : i * s + k, j * s : j * s + k] += w * g[i, j]
    return back


def straight_through_every_activation(image, kernels, strides, unit):
    inputs, outputs = _forward(image, kernels, strides)
    g = np.zeros_like(outputs[-1])
    g[unit[0], unit[1]] = 1
    for x, w, s in zip(inputs[-2::-1], kernels[::-1], strides[::-1]):
        g = _back(g, w, s, x.shape)
    return g


def an_activation_after_the_last_layer_too(image, kernels, strides, unit):
    inputs, outputs = _forward(image, kernels, strides)
    g = np.zeros_like(outputs[-1])
    g[unit[0], unit[1]] = 1
    for x, y, w, s in zip(inputs[-2::-1], outputs[::-1], kernels[::-1], strides[::-1]):
        g = _back(g * (y > 0), w, s, x.shape)
    return g


def turned_the_kernels(image, kernels, strides, unit):
    inputs, outputs = _forward(image, kernels, strides)
    g = np.zeros_like(outputs[-1])
    g[unit[0], unit[1]] = 1
    for n in range(len(kernels) - 1, -1, -1):
        g = _back(g, np.rot90(kernels[n], 2), strides[n], inputs[n].shape)
        if n:
            g[inputs[n] == 0] = 0
    return g


def last_window_wins(image, kernels, strides, unit):
    inputs, outputs = _forward(image, kernels, strides)
    g = np.zeros_like(outputs[-1])
    g[unit[0], unit[1]] = 1
    for n in reversed(range(len(kernels))):
        x, w, s, k = inputs[n], kernels[n], strides[n], len(kernels[n])
        back = np.zeros(x.shape)
        for i in range(g.shape[0]):
            for j in range(g.shape[1]):
                back[i * s : i * s + k, j * s : j * s + k] = w * g[i, j]
        g = back * (x > 0) if n else back
    return g


def how_strong_and_not_which_way(image, kernels, strides, unit):
    inputs, outputs = _forward(image, kernels, strides)
    g = np.zeros_like(outputs[-1])
    g[unit[0], unit[1]] = 1
    for n in reversed(range(len(kernels))):
        g = _back(g, kernels[n], strides[n], inputs[n].shape)
        g = g * (inputs[n] > 0) if n else g
    return g * g


WRONG = [
    ("by_hand", stride_spreads_its_own_window, "stride of a layer counted for the layer itself"),
    ("by_hand", never_looked_at_the_strides, "strides forgotten"),
    ("by_hand", right_jump_that_is_not_used, "strides forgotten"),
    ("by_hand", third_window_is_not_dilated, "dilation forgotten"),
    ("by_hand", padding_moves_it_inside, "offset with the wrong sign"),
    ("by_hand", every_window_adds_its_size, "kernel size added in place of the reach"),
    ("fields", jump_before_size, "stride of a layer counted for the layer itself"),
    ("fields", everything_at_stride_one, "strides forgotten"),
    ("fields", products_of_strides_left_out_of_the_sum, "strides forgotten"),
    ("fields", no_holes_in_the_window, "dilation forgotten"),
    ("fields", zeros_counted_as_pixels, "padding counted in pixels"),
    ("fields", adds_up_the_strides, "strides added"),
    ("fields", begins_with_the_input, "input returned as well"),
    ("fields", returns_what_is_left_at_the_end, "only the last layer returned"),
    ("fields", window_stretched_by_the_dilation, "dilation times kernel size"),
    ("sees", from_the_three_numbers, "gaps filled"),
    ("sees", walks_without_holes, "gaps filled"),
    ("sees", negative_pixels_too, "padding counted as pixels"),
    ("sees", only_the_image_is_cut, "padding between layers looked through"),
    ("sees", from_the_input_up, "layers in the wrong order"),
    ("mended", a_step_too_many, "a step for every unit"),
    ("mended", window_after_all_the_steps, "a step for every unit"),
    ("mended", goes_from_first_to_last, "first layer asked first"),
    ("mended", repaired_nothing, "both bugs still there"),
    ("mended", all_windows_apart, "windows laid side by side"),
    ("mended", strides_left_out, "strides ignored"),
    ("kernel_sizes", divided_by_its_own_jump, "jump behind the layer in place of the one before"),
    ("kernel_sizes", steps_and_not_elements, "one element missing"),
    ("kernel_sizes", pixels_and_not_steps, "jump not divided out"),
    ("kernel_sizes", gives_the_jumps_back, "jumps in place of strides"),
    ("kernel_sizes", started_from_nothing, "input seen as zero pixels"),
    ("gradient", straight_through_every_activation, "ReLU forgotten on the way back"),
    ("gradient", an_activation_after_the_last_layer_too, "ReLU behind the last layer"),
    ("gradient", turned_the_kernels, "kernels flipped"),
    ("gradient", last_window_wins, "overwritten in place of added"),
    ("gradient", how_strong_and_not_which_way, "energy in place of the gradient"),
]
