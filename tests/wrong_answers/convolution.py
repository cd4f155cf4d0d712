"""Wrong answers to the exercises on convolution, each in another style, each with one mistake.

They are written from the text of the exercises alone, so that a mistake is recognised by what it computes.
"""

import math

import numpy as np

# ---- by_hand ---------------------------------------------------------------------------------------------------------


def slid_the_kernel_as_it_is():
    full = [2, 3, 5, 8, 5, 1]
    return {"full": full, "same": full[1:5], "valid": full[2:4]}


def only_full_is_the_cross_correlation():
    answer = {"same": [3, 4, 7, 7], "valid": [4, 7]}
    answer["full"] = [2, 3, 5, 8, 5, 1]
    return answer


def full_stops_one_place_early():
    full = [1, 3, 4, 7, 7]
    return {"full": full, "same": full[1:], "valid": full[2:4]}


def full_starts_one_place_late():
    full = np.array([3, 4, 7, 7, 2])
    return {"full": full, "same": full[:-1], "valid": full[1:3]}


def same_takes_the_first_four():
    full = [1, 3, 4, 7, 7, 2]
    return {"full": full, "same": full[:4], "valid": full[2:4]}


def same_takes_the_last_four():
    full = (1, 3, 4, 7, 7, 2)
    return {"full": full, "same": full[-4:], "valid": full[2:-2]}


def valid_and_same_exchanged():
    full = [1, 3, 4, 7, 7, 2]
    return {"full": full, "valid": full[1:5], "same": full[2:4]}


def full_and_valid_exchanged():
    numbers = [1, 3, 4, 7, 7, 2]
    return {"full": numbers[2:4], "same": numbers[1:5], "valid": numbers}


def multiplied_in_pairs():
    products = [a * b for a, b in zip([1, 0, 2, 1], [1, 3, 2])]
    return {"full": products, "same": products, "valid": products}


def turned_the_sequence():
    sums = [1, 5, 8, 5, 3, 2]
    return {"full": sums, "same": sums[1:-1], "valid": sums[2:-2]}


def wrote_them_from_right_to_left():
    full = [1, 3, 4, 7, 7, 2][::-1]
    return {"full": full, "same": full[1:5], "valid": full[2:4]}


# ---- output_size -----------------------------------------------------------------------------------------------------


def formula_without_dilation(n, k, stride, padding, dilation):
    return (n - k + 2 * padding) // stride + 1


def padding_counted_once(n, k, stride, padding, dilation):
    span = k + (k - 1) * (dilation - 1)
    return int((n + padding - span) / stride) + 1


def forgot_to_add_one(n, k, stride, padding, dilation):
    span = dilation * (k - 1) + 1
    count = 0
    start = stride
    while start + span <= n + 2 * padding:
        count += 1
        start += stride
    return count


def took_the_ceiling(n, k, stride, padding, dilation):
    return math.ceil((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1


def divided_with_a_fraction(n, k, stride, padding, dilation):
    steps = (n + 2 * padding - dilation * (k - 1) - 1) / stride
    return steps + 1


def stretched_the_kernel_by_the_dilation(n, k, stride, padding, dilation):
    k *= dilation
    return 1 + (n + 2 * padding - k) // stride


def took_the_dilation_for_the_gap(n, k, stride, padding, dilation):
    row = "x"
    for _ in range(k - 1):
        row += "." * dilation + "x"
    return (n + 2 * padding - len(row)) // stride + 1


def loop_without_the_last_start(n, k, stride, padding, dilation):
    count, start = 0, 0
    while start + dilation * (k - 1) + 1 < n + 2 * padding:
        count, start = count + 1, start + stride
    return count


def one_inside_the_division(n, k, stride, padding, dilation):
    last = n + 2 * padding - (1 + dilation * (k - 1))
    return int((last + 1) / stride)


def divided_the_one_alone(n, k, stride, padding, dilation):
    span = dilation * (k - 1)
    last = n + 2 * padding - span - 1 // stride
    return 1 + last


def cut_after_one_and_a_half(n, k, stride, padding, dilation):
    steps = (n + 2 * padding - dilation * (k - 1) - 1) / stride
    return int(steps + 1.5)


def no_zeros_at_all(n, k, stride, padding, dilation):
    return 1 + (n - (dilation * (k - 1) + 1)) // stride


# ---- full_mode -------------------------------------------------------------------------------------------------------


def windows_times_kernel(x, w):
    k = len(w)
    padded = np.concatenate([np.zeros(k - 1), x, np.zeros(k - 1)])
    return np.array([padded[i : i + k] @ w for i in range(len(x) + k - 1)])


def only_whole_windows(x, w):
    if len(w) > len(x):
        x, w = w, x
    k = len(w)
    y = []
    for i in range(len(x) - k + 1):
        total = 0
        for j in range(k):
            total += x[i + j] * w[k - 1 - j]
        y.append(total)
    return np.array(y)


def as_long_as_the_input(x, w):
    n, k = len(x), len(w)
    padded = np.pad(x, k // 2)
    y = np.zeros(n)
    for i in range(n):
        for j in range(k):
            y[i] += padded[i + j] * w[k - 1 - j]
    return y


def loop_ends_one_place_early(x, w):
    y = []
    for n in range(len(x) + len(w) - 2):
        y.append(sum(x[n - j] * w[j] for j in range(len(w)) if 0 <= n - j < len(x)))
    return np.array(y)


def room_for_one_more(x, w):
    y = np.zeros(len(x) + len(w))
    for i, number in enumerate(x):
        y[i : i + len(w)] += number * w
    return y


def only_the_upper_end_is_tested(x, w):
    y = np.zeros(len(x) + len(w) - 1)
    for n in range(len(y)):
        for j in range(len(w)):
            if n - j < len(x):
                y[n] += x[n - j] * w[j]
    return y


def flipped_the_input(x, w):
    k = len(w)
    padded = np.pad(x[::-1], k - 1)
    return np.array([np.dot(padded[i : i + k], w) for i in range(len(padded) - k + 1)])


def wrote_into_integers(x, w):
    y = np.zeros(len(x) + len(w) - 1, dtype=int)
    for n in range(len(y)):
        y[n] = sum(x[i] * w[n - i] for i in range(len(x)) if 0 <= n - i < len(w))
    return y


def averaged_over_the_kernel(x, w):
    table = np.zeros((len(w), len(x) + len(w) - 1))
    for j in range(len(w)):
        table[j, j : j + len(x)] = w[j] * x
    return table.mean(axis=0)


def equals_sign_alone(x, w):
    y = np.zeros(len(x) + len(w) - 1)
    for i in range(len(x)):
        for j in range(len(w)):
            y[i + j] = x[i] * w[j]
    return y


def index_modulo_the_length(x, w):
    y = np.zeros(len(x))
    for n in range(len(x)):
        for j in range(len(w)):
            y[n] += x[(n - j) % len(x)] * w[j]
    return y


def no_place_beyond_the_end(x, w):
    y = np.zeros_like(x)
    for n in range(len(x)):
        for j in range(len(w)):
            if n >= j:
                y[n] += x[n - j] * w[j]
    return y


# ---- seen ------------------------------------------------------------------------------------------------------------

STACKS = {
    "5x5, dilation 3": [(5, 3)],
    "3x3, then 3x3": [(3, 1), (3, 1)],
    "3x3, dilations 1 and 3": [(3, 1), (3, 3)],
    "3x3, dilations 2 and 2": [(3, 2), (3, 2)],
}
PIXELS = dict(zip(STACKS, (25, 25, 81, 25)))


def every_pixel_of_the_square():
    answer = {}
    for name, layers in STACKS.items():
        width = 1 + sum(dilation * (k - 1) for k, dilation in layers)
        answer[name] = (width, width**2)
    return answer


def elements_times_dilation():
    answer = {}
    for name, layers in STACKS.items():
        width = 1
        for k, dilation in layers:
            width += k * dilation - 1
        answer[name] = (width, PIXELS[name])
    return answer


def kernels_without_holes():
    return {name: (5, 25) for name in STACKS}


def widths_added_up():
    return {name: (sum(d * (k - 1) + 1 for k, d in layers), PIXELS[name]) for name, layers in STACKS.items()}


def widths_multiplied():
    widths = [math.prod(d * (k - 1) + 1 for k, d in layers) for layers in STACKS.values()]
    return {name: (width, PIXELS[name]) for name, width in zip(STACKS, widths)}


def number_of_weights():
    weights = {name: sum(k * k for k, _ in layers) for name, layers in STACKS.items()}
    return {name: [width, weights[name]] for name, width in zip(STACKS, (13, 5, 9, 9))}


def looked_one_layer_down():
    answer = {}
    for name, layers in STACKS.items():
        for k, dilation in layers:
            answer[name] = (1 + dilation * (k - 1), k * k)
    return answer


def pixels_before_width():
    return {name: (PIXELS[name], width) for name, width in zip(STACKS, (13, 5, 9, 9))}


def reach_to_one_side():
    answer = {}
    for name, layers in STACKS.items():
        answer[name] = (sum(d * (k // 2) for k, d in layers), PIXELS[name])
    return answer


def forgot_the_pixel_in_the_middle():
    answer = {}
    for name, layers in STACKS.items():
        answer[name] = (sum(d * (k - 1) for k, d in layers), PIXELS[name])
    return answer


def product_of_the_weights():
    ways = {name: math.prod(k**2 for k, _ in layers) for name, layers in STACKS.items()}
    return {name: (width, ways[name]) for name, width in zip(STACKS, (13, 5, 9, 9))}


# ---- mended ----------------------------------------------------------------------------------------------------------


def renamed_the_variables(image, kernel, stride, padding):
    a, b = kernel.shape
    image = np.pad(image, padding)
    height = (image.shape[0] - a) // stride[1] + 1
    width = (image.shape[1] - b) // stride[0] + 1
    out = np.empty((height, width))
    for i in range(height):
        for j in range(width):
            y, x = i * stride[1], j * stride[0]
            out[i, j] = np.sum(image[y : y + a, x : x + b] * kernel)
    return out


def mended_the_stride_alone(image, kernel, stride, padding):
    rows, columns = stride
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, padding), kernel.shape)
    return np.einsum("ijmn,mn->ij", windows[::rows, ::columns], kernel)


def mended_the_padding_alone(image, kernel, stride, padding):
    step_x, step_y = stride
    pad_y, pad_x = padding
    padded = np.pad(image, ((pad_y, pad_y), (pad_x, pad_x)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[::step_y, ::step_x]
    return (windows * kernel).sum(axis=(2, 3))


def unpacked_the_padding_as_x_and_y(image, kernel, stride, padding):
    h, w = image.shape
    px, py = padding
    padded = np.zeros((h + 2 * py, w + 2 * px))
    padded[py : py + h, px : px + w] = image
    kh, kw = kernel.shape
    rows = []
    for top in range(0, len(padded) - kh + 1, stride[0]):
        row = []
        for left in range(0, len(padded[0]) - kw + 1, stride[1]):
            row.append(np.vdot(padded[top : top + kh, left : left + kw], kernel))
        rows.append(row)
    return np.array(rows)


def everything_as_x_and_y(image, kernel, stride, padding):
    (sx, sy), (px, py) = stride, padding
    kh, kw = kernel.shape
    image = np.pad(image, [(py, py), (px, px)])
    h = (image.shape[0] - kh) // sy + 1
    w = (image.shape[1] - kw) // sx + 1
    out = np.zeros((h, w))
    for m in range(kh):
        for n in range(kw):
            out += kernel[m, n] * image[m : m + sy * (h - 1) + 1 : sy, n : n + sx * (w - 1) + 1 : sx]
    return out


def zeros_above_and_left_only(image, kernel, stride, padding):
    h, w = image.shape
    padded = np.zeros((h + padding[0], w + padding[1]))
    padded[padding[0] :, padding[1] :] = image
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[:: stride[0], :: stride[1]]
    return np.tensordot(windows, kernel, 2)


def squares_in_mind(image, kernel, stride, padding):
    s, p = stride[0], padding[0]
    padded = np.pad(image, p)
    kh, kw = kernel.shape
    return np.array(
        [
            [(padded[i : i + kh, j : j + kw] * kernel).sum() for j in range(0, padded.shape[1] - kw + 1, s)]
            for i in range(0, padded.shape[0] - kh + 1, s)
        ]
    )


def columns_outside_rows_inside(image, kernel, stride, padding):
    padded = np.pad(image, ((padding[0],) * 2, (padding[1],) * 2))
    kh, kw = kernel.shape
    return np.array(
        [
            [
                (padded[i : i + kh, j : j + kw] * kernel).sum()
                for i in range(0, padded.shape[0] - kh + 1, stride[0])
            ]
            for j in range(0, padded.shape[1] - kw + 1, stride[1])
        ]
    )


def zeros_below_and_right_only(image, kernel, stride, padding):
    padded = np.pad(image, ((0, padding[0]), (0, padding[1])))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[:: stride[0], :: stride[1]]
    return np.einsum("ijmn,mn", windows, kernel)


def padded_all_sides_alike(image, kernel, stride, padding):
    kh, kw = kernel.shape
    padded = np.pad(image, padding[0])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw))
    return (windows[:: stride[0], :: stride[1]] * kernel).sum((2, 3))


def turned_the_kernel_to_be_safe(image, kernel, stride, padding):
    padded = np.pad(image, [(number, number) for number in padding])
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)[:: stride[0], :: stride[1]]
    return np.tensordot(windows, np.rot90(kernel, 2), 2)


def ranges_without_the_last_start(image, kernel, stride, padding):
    kh, kw = kernel.shape
    padded = np.pad(image, ((padding[0],) * 2, (padding[1],) * 2))
    tops = range(0, padded.shape[0] - kh, stride[0])
    lefts = range(0, padded.shape[1] - kw, stride[1])
    output = np.zeros((len(tops), len(lefts)))
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            output[i, j] = np.sum(padded[top : top + kh, left : left + kw] * kernel)
    return output


# ---- backward --------------------------------------------------------------------------------------------------------


def full_convolution_with_the_kernel_turned_again(g, x, w, stride, padding):
    rows, columns = g.shape[2:]
    kh, kw = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    grad_padded, grad_w = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(rows):
        for j in range(columns):
            place = (..., slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw))
            grad_padded[place] += np.tensordot(g[:, :, i, j], w[:, :, ::-1, ::-1], 1)
            grad_w += np.tensordot(g[:, :, i, j].T, padded[place], 1)
    height, width = x.shape[2:]
    grad_x = grad_padded[:, :, padding : padding + height, padding : padding + width]
    return grad_x, grad_w, np.einsum("noij->o", g)


def each_weight_meets_the_opposite_pixel(g, x, w, stride, padding):
    rows, columns = g.shape[2:]
    kh, kw = w.shape[2:]
    height, width = x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    grad_padded, grad_w = np.zeros_like(padded), np.zeros_like(w)
    for m in range(kh):
        for n in range(kw):
            down, right = slice(m, m + stride * rows, stride), slice(n, n + stride * columns, stride)
            seen = padded[:, :, down, right][:, :, :rows, :columns]
            grad_w[:, :, kh - 1 - m, kw - 1 - n] = np.einsum("noij,ncij->oc", g, seen)
            for i in range(rows):
                for j in range(columns):
                    grad_padded[:, :, m + i * stride, n + j * stride] += g[:, :, i, j] @ w[:, :, m, n]
    grad_x = grad_padded[:, :, padding : padding + height, padding : padding + width]
    return grad_x, grad_w, g.sum((0, 2, 3))


def windows_start_at_i_and_j(g, x, w, stride, padding):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    grad_padded, grad_w, grad_b = np.zeros(padded.shape), np.zeros(w.shape), np.zeros(len(w))
    _, _, kh, kw = w.shape
    for image, output, i, j in np.ndindex(g.shape):
        number = g[image, output, i, j]
        grad_padded[image, :, i : i + kh, j : j + kw] += number * w[output]
        grad_w[output] += number * padded[image, :, i : i + kh, j : j + kw]
        grad_b[output] += number
    end = -padding if padding else None
    return grad_padded[:, :, padding:end, padding:end], grad_w, grad_b


def gave_back_the_padded_image(g, x, w, stride, padding):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    grad_x, grad_w = np.zeros(x.shape), np.zeros(w.shape)
    for image in range(g.shape[0]):
        for output in range(g.shape[1]):
            for channel in range(x.shape[1]):
                for i in range(g.shape[2]):
                    for j in range(g.shape[3]):
                        for m in range(w.shape[2]):
                            for n in range(w.shape[3]):
                                y, z = i * stride + m, j * stride + n
                                number = g[image, output, i, j]
                                grad_x[image, channel, y, z] += number * w[output, channel, m, n]
                                grad_w[output, channel, m, n] += number * x[image, channel, y, z]
    return grad_x, grad_w, g.sum(axis=(0, 2, 3))


def kept_the_first_rows_and_columns(g, x, w, stride, padding):
    height, width = x.shape[-2:]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    grad_x, grad_w = 0 * x, 0 * w
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            y = slice(i * stride, i * stride + w.shape[2])
            z = slice(j * stride, j * stride + w.shape[3])
            grad_x[:, :, y, z] += np.einsum("bo,ocmn->bcmn", g[:, :, i, j], w)
            grad_w += np.einsum("bo,bcmn->ocmn", g[:, :, i, j], x[:, :, y, z])
    return grad_x[:, :, :height, :width], grad_w, g.sum(axis=0).sum(axis=1).sum(axis=1)


def cut_with_minus_zero(g, x, w, stride, padding):
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    grad_padded, grad_w = np.zeros(padded.shape), np.zeros(w.shape)
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            for m in range(w.shape[2]):
                for n in range(w.shape[3]):
                    y, z = i * stride + m, j * stride + n
                    grad_padded[:, :, y, z] += g[:, :, i, j] @ w[:, :, m, n]
                    grad_w[:, :, m, n] += g[:, :, i, j].T @ padded[:, :, y, z]
    return grad_padded[:, :, padding:-padding, padding:-padding], grad_w, g.sum(axis=(0, 2, 3))


def full_mode_of_g_as_it_is(g, x, w, stride, padding):
    _, grad_w, grad_b = _with_its_scale(g, x, w, stride, padding, 1)
    rows, columns = g.shape[2:]
    kh, kw = w.shape[2:]
    grad_x = np.zeros((len(x), x.shape[1], rows + kh - 1, columns + kw - 1))
    for m in range(kh):
        for n in range(kw):
            grad_x[:, :, m : m + rows, n : n + columns] += np.einsum("boij,oc->bcij", g, w[:, :, m, n])
    bottom, right = grad_x.shape[2] - padding, grad_x.shape[3] - padding
    return grad_x[:, :, padding:bottom, padding:right], grad_w, grad_b


def averaged_the_bias(g, x, w, stride, padding):
    grad_x, grad_w, _ = _with_its_scale(g, x, w, stride, padding, 1)
    return grad_x, grad_w, g.mean(axis=(0, 2, 3))


def averaged_over_the_batch(g, x, w, stride, padding):
    grad_x, grad_w, grad_b = _with_its_scale(g, x, w, stride, padding, len(x))
    return grad_x, grad_w, grad_b


def bias_of_each_image(g, x, w, stride, padding):
    grad_x, grad_w, _ = _with_its_scale(g, x, w, stride, padding, 1)
    return grad_x, grad_w, g.sum(axis=(2, 3))


def einsum_with_c_before_o(g, x, w, stride, padding):
    grad_x, grad_w, grad_b = _with_its_scale(g, x, w, stride, padding, 1)
    return grad_x, np.einsum("ocmn->comn", grad_w), grad_b


def descended_already(g, x, w, stride, padding):
    return tuple(-part for part in _with_its_scale(g, x, w, stride, padding, 1))


def each_window_written_anew(g, x, w, stride, padding):
    _, _, kh, kw = w.shape
    grad_x = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            y, z = i * stride, j * stride
            grad_x[:, :, y : y + kh, z : z + kw] = np.einsum("bo,ocmn->bcmn", g[:, :, i, j], w)
    end = -padding if padding else None
    _, grad_w, grad_b = _with_its_scale(g, x, w, stride, padding, 1)
    return grad_x[:, :, padding:end, padding:end], grad_w, grad_b


def full_mode_of_g_with_zeros_between(g, x, w, stride, padding):
    _, grad_w, grad_b = _with_its_scale(g, x, w, stride, padding, 1)
    images, outputs, rows, columns = g.shape
    kh, kw = w.shape[2:]
    spread = np.zeros((images, outputs, (rows - 1) * stride + 1, (columns - 1) * stride + 1))
    spread[:, :, ::stride, ::stride] = g
    spread = np.pad(spread, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(spread, (kh, kw), (2, 3))
    grad_x = np.einsum("boijmn,ocmn->bcij", windows, w[:, :, ::-1, ::-1])
    bottom, right = grad_x.shape[2] - padding, grad_x.shape[3] - padding
    return grad_x[:, :, padding:bottom, padding:right], grad_w, grad_b


def the_parameters_first(g, x, w, stride, padding):
    grad_x, grad_w, grad_b = _with_its_scale(g, x, w, stride, padding, 1)
    return grad_w, grad_b, grad_x


def _with_its_scale(g, x, w, stride, padding, divisor):
    """The three gradients, those of the parameters divided by a number."""
    _, _, kh, kw = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    grad_padded, grad_w = np.zeros(padded.shape), np.zeros(w.shape)
    for image, output, i, j in np.ndindex(g.shape):
        place = (image, slice(None), slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw))
        grad_padded[place] += g[image, output, i, j] * w[output]
        grad_w[output] += g[image, output, i, j] * padded[place]
    end = -padding if padding else None
    grad_b = g.sum(axis=(0, 2, 3))
    return grad_padded[:, :, padding:end, padding:end], grad_w / divisor, grad_b / divisor


# ---- conv2d ----------------------------------------------------------------------------------------------------------


def a_true_convolution(x, w, bias, stride, padding, dilation, groups):
    return _layer(x, w[:, :, ::-1, ::-1], bias, stride, padding, dilation, groups)


def never_used_the_bias(x, w, bias, stride, padding, dilation, groups):
    images, _, height, width = x.shape
    outputs, per_group, kh, kw = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows = (height + 2 * padding - dilation * (kh - 1) - 1) // stride + 1
    columns = (width + 2 * padding - dilation * (kw - 1) - 1) // stride + 1
    x = padded.reshape(images, groups, per_group, height + 2 * padding, width + 2 * padding)
    w = w.reshape(groups, outputs // groups, per_group, kh, kw)
    y = 0
    for m in range(kh):
        for n in range(kw):
            top, left = m * dilation, n * dilation
            part = x[:, :, :, top : top + stride * rows : stride, left : left + stride * columns : stride]
            part = part[:, :, :, :rows, :columns]
            y = y + np.einsum("bgchw,goc->bgohw", part, w[:, :, :, m, n])
    return y.reshape(images, outputs, rows, columns)


def started_with_the_bias_and_added_it(x, w, bias, stride, padding, dilation, groups):
    y = _layer(x, w, bias, stride, padding, dilation, groups)
    y += bias.reshape(1, -1, 1, 1)
    return y


def bias_before_the_sum_over_channels(x, w, bias, stride, padding, dilation, groups):
    windows = _windows(x, w, stride, padding, dilation)
    per_group, outputs = w.shape[1], len(w) // groups
    parts = []
    for group in range(groups):
        own = windows[:, group * per_group : (group + 1) * per_group]
        kernels = w[group * outputs : (group + 1) * outputs]
        planes = np.einsum("bchwmn,ocmn->bochw", own, kernels)
        planes += bias[group * outputs : (group + 1) * outputs][:, None, None, None]
        parts.append(planes.sum(axis=2))
    return np.concatenate(parts, axis=1)


def zeros_on_two_sides(x, w, bias, stride, padding, dilation, groups):
    images, channels, height, width = x.shape
    padded = np.zeros((images, channels, height + padding, width + padding))
    padded[:, :, padding:, padding:] = x
    return _layer(padded, w, bias, stride, 0, dilation, groups)


def threw_pixels_away_first(x, w, bias, stride, padding, dilation, groups):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return _layer(padded[:, :, ::stride, ::stride], w, bias, 1, 0, dilation, groups)


def one_window_at_every_pixel(x, w, bias, stride, padding, dilation, groups):
    stride = 1
    return _layer(x, w, bias, stride, padding, dilation, groups)


def slices_without_the_dilation(x, w, bias, stride, padding, dilation, groups):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    kh, kw = w.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    parts = [
        np.tensordot(inputs, kernels, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
        for inputs, kernels in zip(np.split(windows, groups, axis=1), np.split(w, groups))
    ]
    return np.hstack(parts) + bias[:, None, None]


def dilation_as_the_number_of_holes(x, w, bias, stride, padding, dilation, groups):
    step = dilation + 1
    outputs, per_group, kh, kw = w.shape
    spread = np.zeros((outputs, per_group, step * (kh - 1) + 1, step * (kw - 1) + 1))
    spread[:, :, ::step, ::step] = w
    return _layer(x, spread, bias, stride, padding, 1, groups)


def all_read_the_first_channels(x, w, bias, stride, padding, dilation, groups):
    windows = _windows(x, w, stride, padding, dilation)[:, : w.shape[1]]
    return np.einsum("bchwmn,ocmn->bohw", windows, w) + bias[None, :, None, None]


def every_other_channel_in_a_group(x, w, bias, stride, padding, dilation, groups):
    windows = _windows(x, w, stride, padding, dilation)
    outputs = len(w) // groups
    parts = []
    for group in range(groups):
        kernels = w[group * outputs : (group + 1) * outputs]
        parts.append(np.einsum("bchwmn,ocmn->bohw", windows[:, group::groups], kernels))
    return np.concatenate(parts, axis=1) + bias[:, None, None]


def every_other_output_in_a_group(x, w, bias, stride, padding, dilation, groups):
    windows = _windows(x, w, stride, padding, dilation)
    y = np.zeros((len(x), len(w), *windows.shape[2:4]))
    for group, inputs in enumerate(np.split(windows, groups, axis=1)):
        y[:, group::groups] = np.einsum("bchwmn,ocmn->bohw", inputs, w[group::groups])
    return y + bias[:, None, None]


def the_last_element_wins(x, w, bias, stride, padding, dilation, groups):
    windows = _windows(x, w, stride, padding, dilation)
    outputs, per_group, kh, kw = w.shape
    y = np.zeros((len(x), outputs, *windows.shape[2:4]))
    for o in range(outputs):
        first = o // (outputs // groups) * per_group
        for m in range(kh):
            for n in range(kw):
                own = windows[:, first : first + per_group, :, :, m, n]
                y[:, o] = np.tensordot(own, w[o, :, m, n], (1, 0)) + bias[o]
    return y


def steps_and_holes_mixed_up(x, w, bias, stride, padding, dilation, groups):
    stride, dilation = dilation, stride
    return _layer(x, w, bias, stride, padding, dilation, groups)


def blocks_written_to_every_other_output(x, w, bias, stride, padding, dilation, groups):
    windows = _windows(x, w, stride, padding, dilation)
    y = np.zeros((len(x), len(w), *windows.shape[2:4]))
    for group, (inputs, kernels) in enumerate(zip(np.split(windows, groups, axis=1), np.split(w, groups))):
        y[:, group::groups] = np.einsum("bchwmn,ocmn->bohw", inputs, kernels)
    return y + bias.reshape(1, -1, 1, 1)


def _windows(x, w, stride, padding, dilation):
    """What the kernel reads, of shape (N, C, H', W', kh, kw)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    span = [dilation * (k - 1) + 1 for k in w.shape[2:]]
    windows = np.lib.stride_tricks.sliding_window_view(padded, span, axis=(2, 3))
    return windows[:, :, ::stride, ::stride, ::dilation, ::dilation]


def _layer(x, w, bias, stride, padding, dilation, groups):
    windows = _windows(x, w, stride, padding, dilation)
    pairs = zip(np.split(windows, groups, axis=1), np.split(w, groups))
    parts = [np.einsum("bchwmn,ocmn->bohw", inputs, kernels) for inputs, kernels in pairs]
    return np.concatenate(parts, axis=1) + bias[:, None, None]


# ---- mobilenet_shares ------------------------------------------------------------------------------------------------


def one_formula_for_all(layers):
    totals = {}
    for kind, k, c_in, c_out, height, width in layers:
        totals[kind] = totals.get(kind, 0) + k * k * c_in * c_out * height * width
    return {kind: total / sum(totals.values()) for kind, total in totals.items()}


def one_input_channel_in_every_layer(layers):
    totals = {}
    for kind, k, _, c_out, height, width in layers:
        totals[kind] = totals.get(kind, 0) + k**2 * c_out * height * width
    whole = sum(totals.values())
    return {kind: total / whole for kind, total in totals.items()}


def kernel_left_out(layers):
    numbers = np.array([layer[2:] for layer in layers], dtype=float)
    kinds = np.array([layer[0] for layer in layers])
    counts = numbers.prod(axis=1)
    counts[kinds == "depthwise"] /= numbers[kinds == "depthwise", 0]
    return {str(kind): counts[kinds == kind].sum() / counts.sum() for kind in np.unique(kinds)}


def kernel_not_squared(layers):
    counts = []
    for kind, k, c_in, c_out, height, width in layers:
        count = k * c_out * height * width
        if kind != "depthwise":
            count *= c_in
        counts.append((kind, count))
    total = sum(count for _, count in counts)
    shares = dict.fromkeys((kind for kind, _ in counts), 0.0)
    for kind, count in counts:
        shares[kind] += count / total
    return shares


def share_of_the_weights(layers):
    shares, total = {}, 0
    for kind, k, c_in, c_out, _, _ in layers:
        weights = k**2 * c_out if kind == "depthwise" else k**2 * c_in * c_out
        shares.setdefault(kind, 0)
        shares[kind] += weights
        total += weights
    for kind in shares:
        shares[kind] /= total
    return shares


def as_the_paper_prints_them(layers):
    return {kind: 100 * count / sum(_counts(layers).values()) for kind, count in _counts(layers).items()}


def forgot_to_divide(layers):
    return _counts(layers)


def assigned_in_place_of_added(layers):
    counts = {}
    for layer in layers:
        counts[layer[0]] = _counts([layer])[layer[0]]
    total = sum(counts.values())
    return {kind: count / total for kind, count in counts.items()}


def mean_of_each_kind(layers):
    found = {}
    for layer in layers:
        found.setdefault(layer[0], []).append(_counts([layer])[layer[0]])
    means = {kind: sum(counts) / len(counts) for kind, counts in found.items()}
    return {kind: mean / sum(means.values()) for kind, mean in means.items()}


def counted_the_layers(layers):
    kinds = [layer[0] for layer in layers]
    return {kind: kinds.count(kind) / len(kinds) for kind in set(kinds)}


def two_decimals(layers):
    counts = _counts(layers)
    return {kind: round(count / sum(counts.values()), 2) for kind, count in counts.items()}


def one_output_channel(layers):
    counts = dict.fromkeys([layer[0] for layer in layers], 0)
    for kind, k, c_in, _, height, width in layers:
        counts[kind] += k * k * height * width * (1 if kind == "depthwise" else c_in)
    return {kind: count / sum(counts.values()) for kind, count in counts.items()}


def forgot_the_width(layers):
    counts = _counts([(*layer[:5], 1) for layer in layers])
    return {kind: counts[kind] / sum(counts.values()) for kind in counts}


def _counts(layers):
    counts = {}
    for kind, k, c_in, c_out, height, width in layers:
        inputs = 1 if kind == "depthwise" else c_in
        counts[kind] = counts.get(kind, 0) + k * k * inputs * c_out * height * width
    return counts


WRONG = [
    ("by_hand", slid_the_kernel_as_it_is, "kernel not flipped"),
    ("by_hand", only_full_is_the_cross_correlation, "kernel not flipped"),
    ("by_hand", full_stops_one_place_early, "full mode one place short"),
    ("by_hand", full_starts_one_place_late, "full mode one place short"),
    ("by_hand", same_takes_the_first_four, "same mode cut off by one place"),
    ("by_hand", same_takes_the_last_four, "same mode cut off by one place"),
    ("by_hand", valid_and_same_exchanged, "modes exchanged"),
    ("by_hand", full_and_valid_exchanged, "modes exchanged"),
    ("by_hand", multiplied_in_pairs, "multiplied place by place"),
    ("by_hand", turned_the_sequence, "kernel not flipped"),
    ("by_hand", wrote_them_from_right_to_left, "order reversed"),
    ("output_size", formula_without_dilation, "dilation forgotten"),
    ("output_size", padding_counted_once, "padding on one side only"),
    ("output_size", forgot_to_add_one, "one window missing"),
    ("output_size", took_the_ceiling, "rounded up"),
    ("output_size", divided_with_a_fraction, "not rounded"),
    ("output_size", stretched_the_kernel_by_the_dilation, "dilation times kernel size"),
    ("output_size", took_the_dilation_for_the_gap, "dilation counted as gaps"),
    ("output_size", loop_without_the_last_start, "last start excluded"),
    ("output_size", one_inside_the_division, "one added before the division"),
    ("output_size", divided_the_one_alone, "parentheses forgotten"),
    ("output_size", cut_after_one_and_a_half, "rounded to the nearest"),
    ("output_size", no_zeros_at_all, "padding ignored"),
    ("full_mode", windows_times_kernel, "kernel not flipped"),
    ("full_mode", only_whole_windows, "valid in place of full"),
    ("full_mode", as_long_as_the_input, "same in place of full"),
    ("full_mode", loop_ends_one_place_early, "one place too few"),
    ("full_mode", room_for_one_more, "one place too many"),
    ("full_mode", only_the_upper_end_is_tested, "negative index wraps round"),
    ("full_mode", flipped_the_input, "order reversed"),
    ("full_mode", wrote_into_integers, "cut to integers"),
    ("full_mode", averaged_over_the_kernel, "constant factor"),
    ("full_mode", equals_sign_alone, "overwritten in place of added"),
    ("full_mode", index_modulo_the_length, "circular convolution"),
    ("full_mode", no_place_beyond_the_end, "same in place of full"),
    ("seen", every_pixel_of_the_square, "pixels of the whole span counted"),
    ("seen", elements_times_dilation, "dilation times kernel size"),
    ("seen", kernels_without_holes, "dilation ignored"),
    ("seen", widths_added_up, "sizes added"),
    ("seen", widths_multiplied, "sizes multiplied"),
    ("seen", number_of_weights, "weights counted in place of pixels"),
    ("seen", looked_one_layer_down, "only one layer"),
    ("seen", pixels_before_width, "numbers of a pair exchanged"),
    ("seen", reach_to_one_side, "distance from the middle"),
    ("seen", forgot_the_pixel_in_the_middle, "steps counted in place of pixels"),
    ("seen", product_of_the_weights, "ways counted in place of pixels"),
    ("mended", renamed_the_variables, "unchanged copy"),
    ("mended", mended_the_stride_alone, "padding before and after in place of rows and columns"),
    ("mended", mended_the_padding_alone, "stride on the wrong axis"),
    ("mended", unpacked_the_padding_as_x_and_y, "padding on the wrong axis"),
    ("mended", everything_as_x_and_y, "stride and padding on the wrong axes"),
    ("mended", zeros_above_and_left_only, "padding on one side only"),
    ("mended", squares_in_mind, "one number for both axes"),
    ("mended", columns_outside_rows_inside, "axes exchanged"),
    ("mended", zeros_below_and_right_only, "padding on one side only"),
    ("mended", padded_all_sides_alike, "one number for both axes"),
    ("mended", turned_the_kernel_to_be_safe, "kernel flipped"),
    ("mended", ranges_without_the_last_start, "last window missing"),
    ("backward", full_convolution_with_the_kernel_turned_again, "kernel flipped in the gradient of x"),
    ("backward", each_weight_meets_the_opposite_pixel, "kernel flipped in the gradient of w"),
    ("backward", windows_start_at_i_and_j, "stride forgotten"),
    ("backward", gave_back_the_padded_image, "padding not cut off"),
    ("backward", kept_the_first_rows_and_columns, "padding cut off at one side only"),
    ("backward", cut_with_minus_zero, "everything cut off where there is no padding"),
    ("backward", full_mode_of_g_as_it_is, "gradient not spread for the stride"),
    ("backward", averaged_the_bias, "mean for sum in the gradient of b"),
    ("backward", averaged_over_the_batch, "mean over the images"),
    ("backward", bias_of_each_image, "bias summed over the wrong axes"),
    ("backward", einsum_with_c_before_o, "channels exchanged in the gradient of w"),
    ("backward", descended_already, "sign"),
    ("backward", each_window_written_anew, "overwritten in place of added"),
    ("backward", full_mode_of_g_with_zeros_between, "rows without a window left out"),
    ("backward", the_parameters_first, "results in another order"),
    ("conv2d", a_true_convolution, "kernel flipped"),
    ("conv2d", never_used_the_bias, "bias forgotten"),
    ("conv2d", started_with_the_bias_and_added_it, "bias added twice"),
    ("conv2d", bias_before_the_sum_over_channels, "bias added once for each input channel"),
    ("conv2d", zeros_on_two_sides, "padding on one side only"),
    ("conv2d", threw_pixels_away_first, "stride applied to the input"),
    ("conv2d", one_window_at_every_pixel, "stride ignored"),
    ("conv2d", slices_without_the_dilation, "dilation ignored"),
    ("conv2d", dilation_as_the_number_of_holes, "dilation off by one"),
    ("conv2d", all_read_the_first_channels, "groups ignored"),
    ("conv2d", every_other_channel_in_a_group, "input channels dealt round"),
    ("conv2d", every_other_output_in_a_group, "output channels dealt round"),
    ("conv2d", the_last_element_wins, "overwritten in place of added"),
    ("conv2d", steps_and_holes_mixed_up, "stride and dilation exchanged"),
    ("conv2d", blocks_written_to_every_other_output, "output channels dealt round"),
    ("mobilenet_shares", one_formula_for_all, "depthwise counted as an ordinary convolution"),
    ("mobilenet_shares", one_input_channel_in_every_layer, "input channels forgotten"),
    ("mobilenet_shares", kernel_left_out, "kernel area forgotten"),
    ("mobilenet_shares", kernel_not_squared, "kernel side in place of its area"),
    ("mobilenet_shares", share_of_the_weights, "output places forgotten"),
    ("mobilenet_shares", as_the_paper_prints_them, "shares in percent"),
    ("mobilenet_shares", forgot_to_divide, "counts in place of shares"),
    ("mobilenet_shares", assigned_in_place_of_added, "only the last layer of each kind"),
    ("mobilenet_shares", mean_of_each_kind, "mean for sum"),
    ("mobilenet_shares", counted_the_layers, "layers counted in place of multiply-adds"),
    ("mobilenet_shares", two_decimals, "rounded"),
    ("mobilenet_shares", one_output_channel, "output channels forgotten"),
    ("mobilenet_shares", forgot_the_width, "one side of the output only"),
]
