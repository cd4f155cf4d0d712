"""Exercises on convolution: what is right, and what typical mistakes look like.

The references are written in NumPy alone, by sums over the places of the kernel, and not by `dlcore.scratch`: several
exercises ask to do without it.
"""

import numpy as np

from dlcore.exercises.exercise import case, exercise
from dlcore.exercises.question import question

__all__ = [
    "backward", "by_hand", "conv2d", "full_mode", "mended", "mobilenet_shares", "output_size", "seen",
]  # fmt: skip


def _numbers(generator, *shape):
    """Random halves between -3 and 3: short to read, not all whole, and none zero, which would hide mistakes."""
    return generator.integers(1, 7, shape) / 2 * generator.choice((-1, 1), shape)


# ---- 1. by hand ------------------------------------------------------------------------------------------------------

_BY_HAND = {"full": [1, 3, 4, 7, 7, 2], "same": [3, 4, 7, 7], "valid": [4, 7]}


@question(
    "by_hand",
    asked="a list of numbers",
    mistakes={
        "kernel not flipped": (
            "You slid the kernel as it is written, which gives the cross-correlation. What does a convolution do first?",
            {
                "full": [[2, 3, 5, 8, 5, 1], [1, 5, 8, 5, 3, 2]],
                "same": [[3, 5, 8, 5], [5, 8, 5, 3]],
                "valid": [[5, 8], [8, 5]],
            },
        ),
        "order reversed": (
            "Your numbers run backwards. With which number of the sequence does the first window begin?",
            {"full": [[2, 7, 7, 4, 3, 1]], "same": [[7, 7, 4, 3]], "valid": [[7, 4]]},
        ),
        "full mode one place short": (
            "At the first place one number of the kernel lies on the sequence, and so at the last. Which is missing?",
            {"full": [[1, 3, 4, 7, 7], [3, 4, 7, 7, 2]]},
        ),
        "same mode cut off by one place": (
            "As many numbers as the sequence has, yes. But where do they stand within those of full mode?",
            {"same": [[1, 3, 4, 7], [4, 7, 7, 2]]},
        ),
        "modes exchanged": (
            "These numbers belong to another mode. Which of the modes keeps fewest?",
            {
                "full": [_BY_HAND["valid"], _BY_HAND["same"]],
                "same": [_BY_HAND["valid"], _BY_HAND["full"]],
                "valid": [_BY_HAND["full"], _BY_HAND["same"]],
            },
        ),
        "multiplied place by place": (
            "Each of your numbers comes from a single product. How many products meet at one place of the window?",
            {
                "full": [[1, 0, 4], [1, 0, 4, 0], [1, 0, 4, 1], [2, 0, 2], [2, 0, 2, 0]],
                "same": [[1, 0, 4, 0], [1, 0, 4], [1, 0, 4, 1], [2, 0, 2, 0], [2, 0, 2]],
                "valid": [[1, 0, 4], [1, 0, 4, 0], [1, 0, 4, 1], [2, 0, 2], [2, 0, 2, 0]],
            },
        ),
    },
    hints=(
        (
            "Write the kernel backwards on a strip of paper. Slide it along under the sequence, from the first place where "
            "the two touch to the last."
        ),
        "At each place multiply the numbers that lie on each other, and add. Beyond its ends the sequence is zero.",
        (
            "Valid mode keeps the places where the strip does not stick out. Same mode keeps as many numbers as the sequence "
            "has, from the middle."
        ),
    ),
)
def by_hand():
    """Convolve (1, 0, 2, 1) with (1, 3, 2) in three modes."""
    return dict(_BY_HAND)


# ---- 2. output size --------------------------------------------------------------------------------------------------


def _sizes(generator):
    yield case("a small kernel and no options", 7, 3, 1, 0, 1)
    yield case("a kernel as large as the input", 4, 4, 1, 0, 1)
    yield case("a stride that leaves no remainder", 7, 3, 2, 0, 1)
    yield case("a stride that leaves a remainder", 8, 3, 2, 0, 1)
    yield case("a stride of three that leaves one place", 10, 3, 3, 0, 1)
    yield case("a stride of three that leaves two places", 11, 3, 3, 0, 1)
    yield case("padding", 7, 3, 1, 1, 1)
    yield case("dilation", 12, 3, 1, 0, 3)
    yield case("a kernel of one element under dilation", 5, 1, 1, 0, 4)
    yield case("the first layer of many networks", 224, 7, 2, 3, 1)
    for _ in range(3):
        k, stride, padding, dilation = (int(n) for n in generator.integers((2, 2, 1, 2), (6, 5, 4, 5)))
        n = dilation * (k - 1) + 1 + int(generator.integers(5, 30))
        yield case("random numbers", n, k, stride, padding, dilation)


def _steps(n, k, padding, dilation):
    """How far the kernel can move from its first place."""
    return n + 2 * padding - dilation * (k - 1) - 1


@exercise(
    "output_size",
    cases=_sizes,
    refuses=("dlcore.scratch", "torch", "scipy"),
    hints=(
        "How long is the kernel from its first element to its last, when neighbours stand `dilation` places apart?",
        "At which place of the padded input does the last window start, if the stride is 1?",
        "With a larger stride count the starts from 0 up to that place. The start at 0 counts too.",
    ),
)
def output_size(n, k, stride, padding, dilation):
    """Count the windows along one axis."""
    return _steps(n, k, padding, dilation) // stride + 1


output_size.declare(
    {
        "dilation forgotten": (
            "Your size does not change with the dilation. What does the dilation spread?",
            lambda n, k, s, p, d: _steps(n, k, p, 1) // s + 1,
        ),
        "padding on one side only": (
            "Where do the zeros go? Draw a padded row, and count them.",
            lambda n, k, s, p, d: _steps(n + p, k, 0, d) // s + 1,
        ),
        "padding ignored": (
            "Your size does not change with the padding. How long is the input with its zeros?",
            lambda n, k, s, p, d: _steps(n, k, 0, d) // s + 1,
        ),
        "stride ignored": (
            "Your size does not change with the stride. How far is it from one window to the next?",
            lambda n, k, s, p, d: _steps(n, k, p, d) + 1,
        ),
        "one window missing": (
            "You counted steps. How many windows are there when there is no room for a single step?",
            lambda n, k, s, p, d: _steps(n, k, p, d) // s,
        ),
        "last start excluded": (
            "May a window start at the last place where it fits? Count for a kernel as large as the input.",
            lambda n, k, s, p, d: len(range(0, _steps(n, k, p, d), s)),
        ),
        "one added before the division": (
            "It is right for stride 1. Is the first window counted before you divide by the stride, or after?",
            lambda n, k, s, p, d: (_steps(n, k, p, d) + 1) // s,
        ),
        "parentheses forgotten": (
            "Which part of your formula is divided by the stride? Python divides before it adds and subtracts.",
            lambda n, k, s, p, d: n + 2 * p - d * (k - 1) - 1 // s + 1,
            lambda n, k, s, p, d: n + 2 * p - (d * (k - 1) + 1) // s + 1,
        ),
        "rounded up": (
            "Where the division leaves a remainder, is there room for one more whole window?",
            lambda n, k, s, p, d: -(-_steps(n, k, p, d) // s) + 1,
        ),
        "rounded to the nearest": (
            "Where half a step or more is left over, is there room for one more whole window?",
            lambda n, k, s, p, d: round(_steps(n, k, p, d) / s) + 1,
            lambda n, k, s, p, d: int(_steps(n, k, p, d) / s + 1.5),
        ),
        "not rounded": (
            "A number of windows is whole. What becomes of the rest of the division?",
            lambda n, k, s, p, d: _steps(n, k, p, d) / s + 1,
        ),
        "dilation times kernel size": (
            "Draw three crosses with two places free between neighbours. How long is that, from first to last?",
            lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1,
        ),
        "dilation counted as gaps": (
            "How many places are free between two neighbours when the dilation is 1?",
            lambda n, k, s, p, d: _steps(n, k, p, d + 1) // s + 1,
        ),
    },
)


# ---- 3. full mode ----------------------------------------------------------------------------------------------------


def _pairs_of_sequences(generator):
    yield case("the sequences of exercise 1", np.array([1.0, 0, 2, 1]), np.array([1.0, 3, 2]))
    yield case("one number each", np.array([2.0]), np.array([5.0]))
    yield case("a kernel longer than the input", _numbers(generator, 2), _numbers(generator, 5))
    for n, k in [(5, 2), (4, 4), (7, 3)]:
        yield case(f"{n} and {k} random numbers", _numbers(generator, n), _numbers(generator, k))


def _convolved_sequences(x, w):
    full = np.zeros(len(x) + len(w) - 1)
    for u, weight in enumerate(w):
        full[u : u + len(x)] += weight * x
    return full


@exercise(
    "full_mode",
    cases=_pairs_of_sequences,
    refuses=("dlcore.scratch", "numpy.convolve", "numpy.correlate", "torch", "scipy"),
    hints=(
        "How many places are there where the two sequences touch?",
        "Write zeros before and after x, so that the window may stick out on both sides.",
        "With `x[i - u] * w[u]` the index of x falls while that of w rises.",
    ),
)
def full_mode(x, w):
    """Convolve two sequences in full mode: every place where they touch."""
    return _convolved_sequences(x, w)


def _assigned_sequences(x, w):
    """The full convolution with `=` in place of `+=`."""
    full = np.zeros(len(x) + len(w) - 1)
    for u, weight in enumerate(w):
        full[u : u + len(x)] = weight * x
    return full


def _single_products(x, w):
    products = np.array([a * b for a, b in zip(x, w)])
    return np.append(products, np.zeros(max(len(x), len(w)) - 1))


def _wrapped_round(x, w):
    full = np.zeros(len(x) + len(w) - 1)
    for i, u in np.ndindex(len(full), len(w)):
        if i - u < len(x):
            full[i] += x[i - u] * w[u] if u - i <= len(x) else 0
    return full


full_mode.declare(
    {
        "kernel not flipped": (
            "Your sums are those of the cross-correlation. While one index rises, where must the other one go?",
            lambda x, w: _convolved_sequences(x, w[::-1]),
            lambda x, w: _convolved_sequences(x[::-1], w),
        ),
        "valid in place of full": (
            "Your result has only the places where the whole kernel lies on x. At which others do the two touch?",
            lambda x, w: _convolved_sequences(x, w)[len(w) - 1 : len(x)],  # none for a longer kernel
            lambda x, w: _convolved_sequences(x, w)[min(len(x), len(w)) - 1 : max(len(x), len(w))],
            lambda x, w: _convolved_sequences(x, w[::-1])[len(w) - 1 : len(x)],  # nor flipped
        ),
        "same in place of full": (
            "Your result is as long as x. How far may the kernel stick out at each end, and still touch x?",
            lambda x, w: _convolved_sequences(x, w)[(len(w) - 1) // 2 :][: len(x)],
            lambda x, w: _convolved_sequences(x, w)[len(w) // 2 :][: len(x)],
            lambda x, w: _convolved_sequences(x, w)[: len(x)],
        ),
        "one place too few": (
            "At one end of your result a place is missing. Where does only one number of the kernel lie on x?",
            lambda x, w: _convolved_sequences(x, w)[:-1],
            lambda x, w: _convolved_sequences(x, w)[1:],
            # One zero too few beside x, which a kernel of one number does not need.
            lambda x, w: _convolved_sequences(x, w)[: len(x) + max(0, len(w) - 2)],
        ),
        "one place too many": (
            "At an end of your result is a place where the sequences do not touch. Count the places once more.",
            lambda x, w: np.append(_convolved_sequences(x, w), 0.0),
            lambda x, w: np.append(0.0, _convolved_sequences(x, w)),
            lambda x, w: np.pad(_convolved_sequences(x, w), 1),
        ),
        "overwritten in place of added": (
            "A place of the result gets several products. What becomes of the first one when the second one comes?",
            _assigned_sequences,
            lambda x, w: _assigned_sequences(w, x),
        ),
        "multiplied place by place": (
            "Each of your numbers comes from a single product. How many products meet at one place of the window?",
            _single_products,
            lambda x, w: _single_products(x, w)[: min(len(x), len(w))],
        ),
        "circular convolution": (
            "What sticks out at one end comes in again at the other. Which numbers stand beyond the ends of x?",
            lambda x, w: np.array(
                [sum(w[u] * x[(i - u) % len(x)] for u in range(len(w))) for i in range(len(x))]
            ),
        ),
        "negative index wraps round": (
            "In Python x[-1] is the last number of x. Which numbers does x have before its first one?",
            _wrapped_round,
        ),
    },
)


# ---- 4. seen ---------------------------------------------------------------------------------------------------------

_SEEN = {
    "5x5, dilation 3": (13, 25),
    "3x3, then 3x3": (5, 25),
    "3x3, dilations 1 and 3": (9, 81),
    "3x3, dilations 2 and 2": (9, 25),
}


@question(
    "seen",
    asked="a pair (width, number of pixels)",
    parts=("width", "number of pixels"),
    mistakes={
        "pixels of the whole span counted": (
            "The span is right. Does the output read every pixel in it? Draw one row, and mark what is read.",
            {"5x5, dilation 3": [(13, 169)], "3x3, dilations 2 and 2": [(9, 81)]},
        ),
        "dilation times kernel size": (
            "From the first element of a row to its last there are fewer steps than elements. How long is each step?",
            {
                "5x5, dilation 3": [(15, 25), (15, 225)],
                "3x3, dilations 1 and 3": [(11, 81), (11, 121)],
                "3x3, dilations 2 and 2": [(11, 25), (11, 121)],
            },
        ),
        "dilation ignored": (
            "Your numbers are those of kernels without holes. What does dilation spread?",
            {
                "5x5, dilation 3": [(5, 25)],
                "3x3, dilations 1 and 3": [(5, 25)],
                "3x3, dilations 2 and 2": [(5, 25)],
            },
        ),
        "dilation counted as gaps": (
            "How many places are free between two neighbours when the dilation is 1?",
            {
                "5x5, dilation 3": [(17, 25), (17, 289)],
                "3x3, dilations 1 and 3": [(13, 81), (13, 169)],
                "3x3, dilations 2 and 2": [(13, 25), (13, 169)],
            },
        ),
        "sizes added": (
            "Two layers see less than the sum. How far does the second one reach beyond the first, on each side?",
            {
                "3x3, then 3x3": [(6, 36), (6, 25)],
                "3x3, dilations 1 and 3": [(10, 100), (10, 81)],
                "3x3, dilations 2 and 2": [(10, 100), (10, 25)],
            },
        ),
        "sizes multiplied": (
            "The windows of neighbouring outputs share most of their pixels. Draw three of them side by side.",
            {
                "3x3, then 3x3": [(9, 81), (9, 25)],
                "3x3, dilations 1 and 3": [(21, 441), (21, 81)],
                "3x3, dilations 2 and 2": [(25, 625), (25, 25), (25, 81)],
            },
        ),
        "weights counted in place of pixels": (
            "You counted weights. A pixel may be reached in several ways, and a weight reaches several pixels.",
            {
                "3x3, then 3x3": [(5, 18)],
                "3x3, dilations 1 and 3": [(9, 18)],
                "3x3, dilations 2 and 2": [(9, 18)],
            },
        ),
        "ways counted in place of pixels": (
            "You counted the ways from pixels to the output. In how many ways is the pixel in the middle reached?",
            {"3x3, then 3x3": [(5, 81)], "3x3, dilations 2 and 2": [(9, 81)]},
        ),
        "only one layer": (
            "You counted what one layer reads of the layer below it. What did those places read in the input?",
            {
                "3x3, then 3x3": [(3, 9)],
                "3x3, dilations 1 and 3": [(7, 9), (3, 9)],
                "3x3, dilations 2 and 2": [(5, 9)],
            },
        ),
        "numbers of a pair exchanged": (
            "Which of the two is the width of the square, and which one counts the pixels in it?",
            {
                "5x5, dilation 3": [(25, 13)],
                "3x3, then 3x3": [(25, 5)],
                "3x3, dilations 1 and 3": [(81, 9)],
                "3x3, dilations 2 and 2": [(25, 9)],
            },
        ),
        "distance from the middle": (
            "You measured from the middle to the border. How wide is the whole square, from border to border?",
            {
                "5x5, dilation 3": [(6, 25)],
                "3x3, then 3x3": [(2, 25)],
                "3x3, dilations 1 and 3": [(4, 81)],
                "3x3, dilations 2 and 2": [(4, 25)],
            },
        ),
        "steps counted in place of pixels": (
            "So many steps lead from the first pixel of a row to the last. How many pixels do they join?",
            {
                "5x5, dilation 3": [(12, 25)],
                "3x3, then 3x3": [(4, 25)],
                "3x3, dilations 1 and 3": [(8, 81)],
                "3x3, dilations 2 and 2": [(8, 25)],
            },
        ),
    },
    hints=(
        "Do it along one axis first. Which inputs does one output read, as steps to the left and to the right?",
        (
            "With two layers every place that the second one reads is itself an output that reads places of the first. Add "
            "each step of the one to each step of the other."
        ),
        (
            "Write down all those sums and strike out the doubles. The outermost two give the width; how many are left, "
            "squared, is the number of pixels."
        ),
    ),
)
def seen():
    """Predict the width of the span and the number of pixels that one output sees."""
    return dict(_SEEN)


# ---- the operator itself, for the exercises 5 to 7 -------------------------------------------------------------------


def _convolved(x, w, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=1, groups=1):
    """Cross-correlate (N, C, H, W) with (O, C / groups, kh, kw); `padding` has a pair (before, after) for each axis."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    rows, columns = (
        max(0, (size - dilation * (k - 1) - 1) // step + 1)
        for size, k, step in zip(x.shape[2:], w.shape[2:], stride)
    )
    kernels = w.reshape(groups, -1, *w.shape[1:])
    y = np.zeros((len(x), groups, kernels.shape[1], rows, columns))
    for u, v in np.ndindex(w.shape[2:]):
        read = x[:, :, u * dilation :: stride[0], v * dilation :: stride[1]][:, :, :rows, :columns]
        read = read.reshape(len(x), groups, -1, rows, columns)
        y += np.einsum("ngcij,goc->ngoij", read, kernels[..., u, v])
    return y.reshape(len(x), len(w), rows, columns)


def _around(padding):
    return ((padding, padding), (padding, padding))


# ---- 5. find the bug -------------------------------------------------------------------------------------------------


def _single_images(generator):
    for label, size, kernel, stride, padding in (
        ("a square kernel and no options", (4, 4), (2, 2), (1, 1), (0, 0)),
        ("the same stride and padding along both axes", (5, 5), (3, 3), (2, 2), (1, 1)),
        ("a kernel wider than high", (4, 5), (1, 3), (1, 1), (0, 0)),
        ("different strides along rows and columns", (5, 6), (2, 2), (1, 2), (0, 0)),
        ("different padding along rows and columns", (4, 4), (3, 3), (1, 1), (0, 2)),
        ("padding above and below only", (4, 5), (3, 2), (1, 1), (1, 0)),
        ("different strides and different padding", (6, 7), (3, 2), (3, 1), (1, 3)),
    ):
        yield case(label, _numbers(generator, *size), _numbers(generator, *kernel), stride, padding)
    for _ in range(2):
        size, kernel = generator.integers(6, 10, 2), generator.integers(1, 4, 2)
        one, other, more = (int(n) for n in generator.integers(1, 3, 3))
        options = (one, one + other), (1 + more, 1)
        yield case("random numbers", _numbers(generator, *size), _numbers(generator, *kernel), *options)


def _convolved_image(image, kernel, stride, padding):
    return _convolved(image[None, None], kernel[None, None], stride, padding)[0, 0]


@exercise(
    "mended",
    cases=_single_images,
    refuses=("dlcore.scratch", "torch", "scipy"),
    hints=(
        "Where stride and padding are the same along both axes everything comes out right. Then what gets confused?",
        (
            "Hand the code an image of ones with stride (1, 2) and no padding, and look at the shape of the result. Then one "
            "with stride (1, 1) and padding (0, 2)."
        ),
        "Print what `np.pad(np.ones((2, 2)), (0, 1))` returns, and read in the help of `np.pad` what a single pair means.",
    ),
)
def mended(image, kernel, stride, padding):
    """Cross-correlate one image with one kernel; stride and padding are pairs (rows, columns)."""
    py, px = padding
    return _convolved_image(image, kernel, stride, ((py, py), (px, px)))


def _padded_by_hand(before, after):
    """A mended version with so many times the padding before and after the image."""

    def mistaken(image, kernel, stride, padding):
        zeros = [(before * p, after * p) for p in padding]
        return _convolved_image(image, kernel, stride, zeros)

    return mistaken


def _last_window_missing(image, kernel, stride, padding):
    output = mended(image, kernel, stride, padding)
    sides = zip(image.shape, padding, kernel.shape, stride)
    rows, columns = (len(range(0, size + 2 * p - k, step)) for size, p, k, step in sides)
    return output[:rows, :columns]


mended.declare(
    {
        "unchanged copy": (
            "It computes what the given code computes. Which options did its author try, and which did nobody try?",
            lambda image, kernel, s, p: _convolved_image(image, kernel, s[::-1], (p, p)),
        ),
        "stride on the wrong axis": (
            "The padding is right. Which number of the stride belongs to the rows, and which does the code take?",
            lambda image, kernel, s, p: mended(image, kernel, s[::-1], p),
        ),
        "padding before and after in place of rows and columns": (
            "The stride is right. Pad an image of ones with (0, 2), and look where the zeros are.",
            lambda image, kernel, s, p: _convolved_image(image, kernel, s, (p, p)),
        ),
        "padding on the wrong axis": (
            "As many zeros before as after, good. Now: along which axis go how many?",
            lambda image, kernel, s, p: mended(image, kernel, s, p[::-1]),
        ),
        "stride and padding on the wrong axes": (
            "As many zeros before as after, good. But rows and columns are exchanged, and not in the padding alone.",
            lambda image, kernel, s, p: mended(image, kernel, s[::-1], p[::-1]),
        ),
        "padding on one side only": (
            "Along each axis your zeros stand on one side. On which sides of the image must they be?",
            _padded_by_hand(1, 0),
            _padded_by_hand(0, 1),
            _padded_by_hand(0, 2),  # the shape is right
        ),
        "padding ignored": (
            "Your result does not change with the padding. Where are the zeros put?",
            _padded_by_hand(0, 0),
        ),
        "one number for both axes": (
            "One number of a pair serves both axes in your code. Where is the other number of that pair used?",
            lambda image, kernel, s, p: mended(image, kernel, s[:1] * 2, p[:1] * 2),
            lambda image, kernel, s, p: mended(image, kernel, s[1:] * 2, p[1:] * 2),
            lambda image, kernel, s, p: mended(image, kernel, s, p[:1] * 2),
            lambda image, kernel, s, p: mended(image, kernel, s, p[1:] * 2),
            lambda image, kernel, s, p: mended(image, kernel, s[:1] * 2, p),
            lambda image, kernel, s, p: mended(image, kernel, s[1:] * 2, p),
        ),
        "kernel flipped": (
            "Stride and padding are right. The given code does not turn the kernel round: why do you?",
            lambda image, kernel, s, p: mended(image, kernel[::-1, ::-1], s, p),
        ),
        "last window missing": (
            "A row or a column is missing where the last window ends at the border. Where does that window start?",
            _last_window_missing,
            lambda image, kernel, s, p: mended(image, kernel, s, p)[:-1, :-1],
        ),
    },
)


# ---- 6. backward -----------------------------------------------------------------------------------------------------


def _layers_to_go_back(generator):
    for label, x_shape, w_shape, stride, padding in (
        ("one channel and no options", (1, 1, 3, 4), (1, 1, 2, 2), 1, 0),
        ("a kernel as large as the input", (1, 1, 2, 3), (1, 1, 2, 3), 1, 0),
        ("two input and three output channels", (1, 2, 3, 3), (3, 2, 2, 2), 1, 0),
        ("two images", (2, 1, 3, 3), (1, 1, 2, 2), 1, 0),
        ("padding", (1, 1, 3, 3), (1, 1, 3, 3), 1, 1),
        ("a stride that reaches every row", (1, 1, 5, 5), (1, 1, 3, 3), 2, 0),
        ("a stride that leaves a last row which no window reaches", (1, 1, 4, 5), (1, 1, 2, 3), 3, 0),
        ("a kernel higher than wide", (1, 2, 4, 3), (2, 2, 3, 1), 1, 0),
        ("everything together", (2, 2, 5, 4), (3, 2, 3, 2), 2, 1),
    ):
        yield _backward_case(label, generator, x_shape, w_shape, stride, padding)
    for _ in range(2):
        images, channels, outputs = generator.integers(1, 4, 3)
        size, kernel = generator.integers(3, 6, 2), generator.integers(2, 4, 2)
        stride = int(generator.integers(1, 3))
        shapes = (images, channels, *size), (outputs, channels, *kernel)
        yield _backward_case("random shapes", generator, *shapes, stride, 1)


def _backward_case(label, generator, x_shape, w_shape, stride, padding):
    x, w = _numbers(generator, *x_shape), _numbers(generator, *w_shape)
    g = _numbers(generator, *_convolved(x, w, (stride, stride), _around(padding)).shape)
    return case(label, g, x, w, stride, padding)


def _gradients(g, x, w, stride, padding):
    """The gradients of the padded input, of the kernels and of the bias."""
    padded = np.pad(x, ((0, 0), (0, 0), *_around(padding)))
    back, of_w = np.zeros(padded.shape), np.zeros(w.shape)
    rows, columns = g.shape[2:]
    for u, v in np.ndindex(w.shape[2:]):
        read = np.s_[
            :, :, u : u + (rows - 1) * stride + 1 : stride, v : v + (columns - 1) * stride + 1 : stride
        ]
        of_w[:, :, u, v] = np.einsum("noij,ncij->oc", g, padded[read])
        back[read] += np.einsum("noij,oc->ncij", g, w[:, :, u, v])
    return back, of_w, g.sum((0, 2, 3))


def _inside(back, x, padding):
    return back[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


@exercise(
    "backward",
    cases=_layers_to_go_back,
    results=("gradient of x", "gradient of w", "gradient of b"),
    refuses=("dlcore.scratch", "torch", "scipy"),
    hints=(
        (
            "Take one number of the output. Which numbers of x, of w and of b was it made from? Only those get a share of "
            "its gradient."
        ),
        (
            "Go through the output as the forward pass does. There a window was read and multiplied by a kernel; now add to "
            "the window, and to the kernel."
        ),
        (
            "Collect the gradient of the padded image, which is larger than x. What happened to its border at the start of "
            "the forward pass?"
        ),
    ),
)
def backward(g, x, w, stride, padding):
    """Send the gradient of a convolution's output back to its input, its kernels and its bias."""
    back, of_w, of_b = _gradients(g, x, w, stride, padding)
    return _inside(back, x, padding), of_w, of_b


def _but(of_x=None, of_w=None, of_b=None):
    """The backward pass with other ways to make single gradients."""

    def mistaken(g, x, w, stride, padding):
        arguments = g, x, w, stride, padding
        ways = zip(backward(*arguments), (of_x, of_w, of_b))
        return tuple(part if way is None else way(*arguments) for part, way in ways)

    return mistaken


def _flipped(w):
    return w[:, :, ::-1, ::-1]


def _of_x_flipped(g, x, w, stride, padding):
    return backward(g, x, _flipped(w), stride, padding)[0]


def _of_w_flipped(*arguments):
    return _flipped(backward(*arguments)[1])


def _of_x_with_stride_one(g, x, w, stride, padding):
    return backward(g, x, w, 1, padding)[0]


def _of_w_with_stride_one(g, x, w, stride, padding):
    return backward(g, x, w, 1, padding)[1]


def _of_x_not_spread(g, x, w, stride, padding):
    """As large as the full convolution of g with the kernel, less the padding."""
    return _of_x_within_windows(g, x, w, 1, padding)


def _of_x_within_windows(g, x, w, stride, padding):
    ends = ((windows - 1) * stride + k - padding for windows, k in zip(g.shape[2:], w.shape[2:]))
    return _of_x_cut(padding, *ends)(g, x, w, stride, padding)


def _of_x_cut(start, *ends):
    def cut(*arguments):
        rows, columns = (slice(start, end) for end in ends)
        return _gradients(*arguments)[0][:, :, rows, columns]

    return cut


def _of_x_overwritten(g, x, w, stride, padding):
    back = np.zeros(np.pad(x, ((0, 0), (0, 0), *_around(padding))).shape)
    for i, j in np.ndindex(g.shape[2:]):
        rows, columns = (slice(m * stride, m * stride + k) for m, k in zip((i, j), w.shape[2:]))
        back[:, :, rows, columns] = np.tensordot(g[:, :, i, j], w, 1)
    return _inside(back, x, padding)


def _of_w_overwritten(g, x, w, stride, padding):
    last = np.zeros(g.shape)
    last[:, :, -1, -1] = g[:, :, -1, -1]
    return backward(last, x, w, stride, padding)[1]


# Loops over channels or images too: then only the last one is left.
def _of_last_x_overwritten(g, x, w, stride, padding):
    return _of_x_overwritten(g[:, -1:], x, w[-1:], stride, padding)


def _of_last_w_overwritten(g, x, w, stride, padding):
    return _of_w_overwritten(g[-1:], x[-1:], w, stride, padding)


def _of_w_from_the_image(g, x, w, stride, padding):
    """Where a weight lay on the padding nothing is added."""
    of_w = np.zeros(w.shape)
    for i, j, u, v in np.ndindex(*g.shape[2:], *w.shape[2:]):
        row, column = i * stride + u, j * stride + v
        if row < x.shape[2] and column < x.shape[3]:
            of_w[:, :, u, v] += g[:, :, i, j].T @ x[:, :, row, column]
    return of_w


def _of_images(part, images):
    """The gradient of w or b made from some of the images."""
    return lambda g, x, *others: backward(g[images], x[images], *others)[part]


def _divided(*parts):
    """The gradients with some of them divided by the number of images."""
    return lambda g, x, w, stride, padding: tuple(
        gradient / len(g) if number in parts else gradient
        for number, gradient in enumerate(backward(g, x, w, stride, padding))
    )


def _ordered(*order):
    return lambda g, x, w, stride, padding: tuple(backward(g, x, w, stride, padding)[part] for part in order)


backward.declare(
    {
        "kernel flipped in the gradient of x": (
            "The kernel is turned the wrong way. With stride 1 and no padding, which weight met x[m, n] in output [m, n]?",
            _but(_of_x_flipped),
        ),
        "kernel flipped in the gradient of w": (
            "Right numbers, but each plane is turned round. Which pixel did w[0, 0] meet for output [0, 0]?",
            _but(of_w=_of_w_flipped),
        ),
        "kernel flipped in both gradients": (
            "The gradients of x and w are those of a layer that turns its kernels round. Does conv2d turn them?",
            _but(_of_x_flipped, _of_w_flipped),
        ),
        "stride forgotten": (
            "Where does the window of output [1, 1] start in the input, if the stride is 2?",
            _but(_of_x_with_stride_one, _of_w_with_stride_one),
            _but(of_x=_of_x_with_stride_one),
            _but(of_w=_of_w_with_stride_one),
        ),
        "gradient not spread for the stride": (
            "It is made as if the windows stood side by side. Where do zeros belong between the numbers of g?",
            _but(_of_x_not_spread),
        ),
        "rows without a window left out": (
            "It ends where the last window ends. What is the gradient of a pixel that no window reads?",
            _but(_of_x_within_windows),
        ),
        "padding not cut off": (
            "The gradient of x is as large as the padded image. Whose gradient stands on its border?",
            _gradients,
        ),
        "everything cut off where there is no padding": (
            "Without padding the gradient of x is empty. What does a slice p:-p keep, if p is 0?",
            _but(lambda g, x, w, s, p: _of_x_cut(p, -p, -p)(g, x, w, s, p)),
        ),
        "padding cut off at one side only": (
            "The padding is cut off on one side of each axis. Where does the image lie within the padded one?",
            _but(lambda g, x, w, s, p: _of_x_cut(0, *x.shape[2:])(g, x, w, s, p)),
            _but(lambda g, x, w, s, p: _of_x_cut(p, None, None)(g, x, w, s, p)),
            _but(lambda g, x, w, s, p: _of_x_cut(2 * p, None, None)(g, x, w, s, p)),
        ),
        "x not padded in the gradient of w": (
            "The gradient of w is made from x without its zeros. Which numbers did the forward pass multiply by w?",
            _but(of_w=_of_w_from_the_image),
        ),
        "overwritten in place of added": (
            "A pixel lies in several windows, and a weight meets many pixels. What becomes of their first shares?",
            _but(_of_x_overwritten),
            _but(_of_last_x_overwritten),
            _but(of_w=_of_w_overwritten),
            _but(of_w=_of_last_w_overwritten),
            _but(_of_x_overwritten, _of_w_overwritten),
            _but(_of_last_x_overwritten, _of_last_w_overwritten),
        ),
        "only one image": (
            "All images use the same weights. Which images have a share in the gradient of w?",
            _but(of_w=_of_images(1, np.s_[:1])),
            _but(of_w=_of_images(1, np.s_[-1:])),
            _but(of_w=_of_images(1, np.s_[:1]), of_b=_of_images(2, np.s_[:1])),
            _but(of_w=_of_images(1, np.s_[-1:]), of_b=_of_images(2, np.s_[-1:])),
        ),
        "mean for sum in the gradient of b": (
            "The bias moves every output of its channel. Do their gradients add up, or is there a reason to divide?",
            _but(of_b=lambda g, *_: g.mean((0, 2, 3))),
            _but(of_b=lambda g, *_: g.mean((2, 3)).sum(0)),
            _but(of_b=lambda g, *_: g.sum((2, 3)).mean(0)),
        ),
        "mean over the images": (
            "A gradient is divided by the number of images. Was the output divided by it?",
            _divided(1, 2),
            _divided(0, 1, 2),
            _divided(1),
        ),
        "bias summed over the wrong axes": (
            "Each output channel has one bias for all images and all places. Over which axes of g does it add up?",
            _but(of_b=lambda g, *_: g.sum((2, 3))),
            _but(of_b=lambda g, *_: g.sum(0)),
            _but(of_b=lambda g, *_: g[0].sum((1, 2))),
            _but(of_b=lambda g, *_: g.sum((1, 2, 3))),
            _but(of_b=lambda g, *_: g.sum()),
        ),
        "channels exchanged in the gradient of w": (
            "Input and output channels of the gradient of w are exchanged. In which order does w itself have them?",
            _but(of_w=lambda *arguments: backward(*arguments)[1].swapaxes(0, 1)),
        ),
        "results in another order": (
            "You have all three gradients. Which one does the text ask for first, and which last?",
            _ordered(1, 0, 2),
            _ordered(0, 2, 1),
            _ordered(1, 2, 0),
        ),
    },
)


# ---- 7. conv2d -------------------------------------------------------------------------------------------------------


def _layers(generator):
    for label, x_shape, w_shape, options in (
        ("one channel and a bias", (1, 1, 4, 5), (1, 1, 2, 3), (1, 0, 1, 1)),
        ("three input and two output channels", (1, 3, 4, 4), (2, 3, 2, 2), (1, 0, 1, 1)),
        ("two images", (2, 1, 3, 4), (1, 1, 2, 2), (1, 0, 1, 1)),
        ("padding", (1, 2, 4, 5), (3, 2, 3, 3), (1, 1, 1, 1)),
        ("a stride", (1, 2, 7, 6), (2, 2, 3, 2), (2, 0, 1, 1)),
        ("dilation", (1, 2, 8, 7), (2, 2, 3, 2), (1, 0, 2, 1)),
        ("two groups", (1, 4, 5, 5), (4, 2, 2, 2), (1, 0, 1, 2)),
        ("a group for each input channel", (1, 3, 5, 4), (6, 1, 2, 2), (1, 0, 1, 3)),
    ):
        yield _layer_case(label, generator, x_shape, w_shape, options)
    for _ in range(2):
        groups, stride, images = (int(n) for n in generator.integers(2, 4, 3))
        # Large enough for a window to fit also where a stride or a dilation is applied in a wrong way.
        size, kernel = generator.integers(13, 16, 2), generator.integers(2, 4, 2)
        shapes = (images, 2 * groups, *size), (2 * groups, 2, *kernel)
        yield _layer_case("everything together", generator, *shapes, (stride, 1, 2, groups))


def _layer_case(label, generator, x_shape, w_shape, options):
    bias = generator.integers(1, 7, w_shape[0]) / 2
    return case(label, _numbers(generator, *x_shape), _numbers(generator, *w_shape), bias, *options)


def _layer(x, w, bias, stride, padding, dilation, groups):
    y = _convolved(x, w, (stride, stride), _around(padding), dilation, groups)
    return y + bias[:, None, None]


@exercise(
    "conv2d",
    cases=_layers,
    refuses=("dlcore.scratch", "torch", "scipy"),
    hints=(
        (
            "Two short loops over the elements (u, v) of the kernel are enough. Which numbers of the padded input does one "
            "element meet, over all windows? They are a slice with a step."
        ),
        (
            "One element (u, v) of all kernels is a matrix (output channels, input channels). Multiply it with that slice by "
            "`np.einsum`, and add up over u and v."
        ),
        (
            "For groups give channels an axis more, (groups, channels of a group), in x, in w and in the result. Reshape "
            "back at the end."
        ),
    ),
)
def conv2d(x, w, bias, stride, padding, dilation, groups):
    """Cross-correlate images with kernels, with every option."""
    return _layer(x, w, bias, stride, padding, dilation, groups)


def _padded(x, before, after):
    return np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)))


def _cut_to_size(y, *arguments):
    """As many rows and columns as the right output has."""
    rows, columns = conv2d(*arguments).shape[2:]
    return y[:, :, :rows, :columns]


def _with_a_part(part):
    """The layer with a part of its weights, and zeros elsewhere."""

    def mistaken(x, w, bias, stride, padding, dilation, groups):
        kept = np.zeros(w.shape)
        kept[part] = w[part]
        return conv2d(x, kept, bias, stride, padding, dilation, groups)

    return mistaken


def _dealt(channels, groups):
    """Every so many-th channel in the same group: 0, 2, 1, 3 for four channels in two groups."""
    return np.arange(channels).reshape(-1, groups).T.ravel()


def _outputs_dealt(x, w, bias, stride, padding, dilation, groups):
    order = _dealt(len(w), groups)
    y = conv2d(x, w[order], bias[order], stride, padding, dilation, groups)
    return y[:, np.argsort(order)]


def _only_outputs_dealt(x, w, bias, stride, padding, dilation, groups):
    """The kernels are those of blocks; the bias is added at the end."""
    y = conv2d(x, w, 0 * bias, stride, padding, dilation, groups)
    return y[:, np.argsort(_dealt(len(w), groups))] + bias[:, None, None]


conv2d.declare(
    {
        "kernel flipped": (
            "In a layer the kernel stays as it is. Which weight meets the top left pixel of a window?",
            lambda x, w, b, s, p, d, g: conv2d(x, _flipped(w), b, s, p, d, g),
        ),
        "rows and columns exchanged": (
            "Rows and columns are exchanged, in the output or in the kernel. Print the shapes on the way.",
            lambda x, w, b, s, p, d, g: conv2d(x, w, b, s, p, d, g).swapaxes(2, 3),
            lambda x, w, b, s, p, d, g: conv2d(x, w.swapaxes(2, 3), b, s, p, d, g),
        ),
        "overwritten in place of added": (
            "An output is a sum over channels and kernel elements. What becomes of a product when the next one comes?",
            _with_a_part(np.s_[..., -1:, -1:]),
            _with_a_part(np.s_[:, -1:]),
            _with_a_part(np.s_[:, -1:, -1:, -1:]),
        ),
        "bias forgotten": (
            "Something is missing that every output of a channel has in common.",
            lambda x, w, b, s, p, d, g: conv2d(x, w, 0 * b, s, p, d, g),
        ),
        "bias added twice": (
            "Every number is too large by the bias of its channel. Where is it added?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, 2 * b, s, p, d, g),
        ),
        "bias added once for each input channel": (
            "What is too much grows with the number of input channels. Before which sum is the bias added?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, w.shape[1] * b, s, p, d, g),
        ),
        "bias added once for each kernel element": (
            "What is too much grows with the size of the kernel. In which loop is the bias added?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, w[0, 0].size * b, s, p, d, g),
            lambda x, w, b, s, p, d, g: conv2d(x, w, w[0].size * b, s, p, d, g),
        ),
        "padding ignored": (
            "Your output does not change with the padding. Which windows lie partly on zeros?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, b, s, 0, d, g),
        ),
        "padding on one side only": (
            "Your output is too small. On which sides of the image are zeros?",
            lambda x, w, b, s, p, d, g: conv2d(_padded(x, p, 0), w, b, s, 0, d, g),
            lambda x, w, b, s, p, d, g: conv2d(_padded(x, 0, p), w, b, s, 0, d, g),
        ),
        "stride applied to the input": (
            "The stride moves the window, in which all pixels are neighbours. Are some thrown away before?",
            lambda x, w, b, s, p, d, g: conv2d(_padded(x, p, p)[:, :, ::s, ::s], w, b, 1, 0, d, g),
            lambda x, w, b, s, p, d, g: conv2d(x[:, :, ::s, ::s], w, b, 1, p, d, g),
        ),
        "stride ignored": (
            "Your windows are those of stride 1. How far is it from window to window?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, b, 1, p, d, g),
            lambda x, w, b, s, p, d, g: _cut_to_size(conv2d(x, w, b, 1, p, d, g), x, w, b, s, p, d, g),
        ),
        "dilation ignored": (
            "Your windows are those of dilation 1. How far apart are a kernel's elements?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, b, s, p, 1, g),
            lambda x, w, b, s, p, d, g: _cut_to_size(conv2d(x, w, b, s, p, 1, g), x, w, b, s, p, d, g),
        ),
        "dilation off by one": (
            "Dilation 1 is the ordinary kernel, without holes. How far apart are its elements?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, b, s, p, d + 1, g),
        ),
        "stride and dilation exchanged": (
            "One option moves the window, the other one spreads its elements. Which one does your code use for what?",
            lambda x, w, b, s, p, d, g: conv2d(x, w, b, d, p, s, g),
        ),
        "groups ignored": (
            "Every output channel reads the first input channels. Which ones belong to the last output channel?",
            lambda x, w, b, s, p, d, g: conv2d(x[:, : w.shape[1]], w, b, s, p, d, 1),
        ),
        "input channels dealt round": (
            "The channels of a group stand side by side. Which two of four channels make up the first of two groups?",
            lambda x, w, b, s, p, d, g: conv2d(x[:, _dealt(x.shape[1], g)], w, b, s, p, d, g),
        ),
        "output channels dealt round": (
            "The inputs are right. Which output channels belong to the first group: neighbours, or every other one?",
            _outputs_dealt,
            _only_outputs_dealt,
        ),
    },
)


# ---- 8. MobileNet's table --------------------------------------------------------------------------------------------


def _networks(generator):
    yield case(
        "a small network with a layer of each kind",
        [
            ("convolution", 3, 2, 4, 6, 6),
            ("depthwise", 3, 4, 4, 6, 6),
            ("pointwise", 1, 4, 8, 6, 6),
            ("fully connected", 1, 8, 10, 1, 1),
        ],
    )
    yield case("a single layer", [("pointwise", 1, 3, 5, 4, 4)])
    yield case(
        "kinds that come twice",
        [
            ("depthwise", 3, 4, 4, 8, 8),
            ("pointwise", 1, 4, 6, 8, 8),
            ("depthwise", 5, 6, 6, 4, 4),
            ("pointwise", 1, 6, 9, 4, 4),
            ("fully connected", 1, 9, 3, 1, 1),
        ],
    )
    yield case(
        "images higher than wide",
        [("convolution", 5, 1, 3, 9, 2), ("depthwise", 3, 3, 3, 9, 2), ("convolution", 3, 3, 2, 7, 5)],
    )
    for _ in range(2):
        channels, height, width = (int(n) for n in generator.integers(3, 9, 3))
        layers = [("convolution", 3, 3, channels, height, width)]
        for _ in range(int(generator.integers(2, 4))):
            wider = channels + int(generator.integers(1, 9))
            layers.append(("depthwise", 3, channels, channels, height, width))
            layers.append(("pointwise", 1, channels, wider, height, width))
            channels = wider
        yield case("random layers", [*layers, ("fully connected", 1, channels, 10, 1, 1)])


def _totals(layers, cost):
    """The sum of `cost(kind, k, c_in, c_out, height, width)` over the layers of each kind."""
    totals = {}
    for layer in layers:
        totals[layer[0]] = totals.get(layer[0], 0) + cost(*layer)
    return totals


def _multiply_adds(kind, k, c_in, c_out, height, width):
    return k * k * (1 if kind == "depthwise" else c_in) * c_out * height * width


def _shares(layers, cost):
    totals = _totals(layers, cost)
    return {kind: total / sum(totals.values()) for kind, total in totals.items()}


@exercise(
    "mobilenet_shares",
    cases=_networks,
    hints=(
        (
            "How many multiply-adds make one number of one output channel? That many, times the output channels, times the "
            "places."
        ),
        "A channel of a depthwise layer reads one input channel. Those of the other kinds read all of them.",
        "Add up the costs for each kind in a dict first. Divide by the sum over all kinds at the end.",
    ),
)
def mobilenet_shares(layers):
    """Compute the share of each kind of layer in a network's multiply-adds."""
    return _shares(layers, _multiply_adds)


def _last_of_each_kind(layers):
    return list({layer[0]: layer for layer in layers}.values())


def _share_of_one(layers, layer):
    return _multiply_adds(*layer) / sum(_multiply_adds(*other) for other in layers)


def _shares_of_means(layers):
    number = _totals(layers, lambda *layer: 1)
    return _shares(layers, lambda kind, *sizes: _multiply_adds(kind, *sizes) / number[kind])


def _means_of_shares(layers):
    number = _totals(layers, lambda *layer: 1)
    return {kind: share / number[kind] for kind, share in mobilenet_shares(layers).items()}


def _each(change):
    """The right shares, each of them changed."""
    return lambda layers: {kind: change(share) for kind, share in mobilenet_shares(layers).items()}


mobilenet_shares.declare(
    {
        "depthwise counted as an ordinary convolution": (
            "Your depthwise layers are too dear. How many input channels does one of their output channels read?",
            lambda layers: _shares(layers, lambda kind, *sizes: _multiply_adds("convolution", *sizes)),
        ),
        "input channels forgotten": (
            "Your ordinary layers are too cheap. Over how many channels does one of their windows reach?",
            lambda layers: _shares(layers, lambda kind, *sizes: _multiply_adds("depthwise", *sizes)),
        ),
        "output channels forgotten": (
            "You counted one output channel. How many does a layer have, and does each of them cost something?",
            lambda layers: _shares(layers, lambda *layer: _multiply_adds(*layer) / layer[3]),
        ),
        "kernel area forgotten": (
            "Your shares do not change with the kernel. How many pixels of one channel does a window have?",
            lambda layers: _shares(layers, lambda kind, k, *sizes: _multiply_adds(kind, 1, *sizes)),
        ),
        "kernel side in place of its area": (
            "A window has a height and a width. How many pixels are that?",
            lambda layers: _shares(layers, lambda kind, k, *sizes: k * _multiply_adds(kind, 1, *sizes)),
        ),
        "output places forgotten": (
            "You counted weights. How often is each weight used in a convolution, and in a fully connected layer?",
            lambda layers: _shares(layers, lambda *layer: _multiply_adds(*layer[:4], 1, 1)),
        ),
        "one side of the output only": (
            "The output of a layer has a height and a width. How many places are that?",
            lambda layers: _shares(layers, lambda *layer: _multiply_adds(*layer[:5], 1)),
            lambda layers: _shares(layers, lambda *layer: _multiply_adds(*layer[:4], 1, layer[5])),
        ),
        "shares in percent": (
            "Asked for are fractions that add up to one.",
            _each(lambda share: 100 * share),
            _each(lambda share: round(100 * share, 2)),
        ),
        "rounded": (
            "Your shares are right as far as their digits go. Return them as they come from the division.",
            *(_each(lambda share, digits=digits: round(share, digits)) for digits in (2, 3, 4, 5)),
        ),
        "counts in place of shares": (
            "The counts are right. Of which number are they a share?",
            lambda layers: _totals(layers, _multiply_adds),
        ),
        "only the last layer of each kind": (
            "Layers of the same kind add up. Does a later one overwrite what was counted before?",
            lambda layers: _shares(_last_of_each_kind(layers), _multiply_adds),
            lambda layers: {layer[0]: _share_of_one(layers, layer) for layer in layers},
        ),
        "mean for sum": (
            "Where a kind comes more than once its layers add up. Is a mean taken over them?",
            _shares_of_means,
            _means_of_shares,
        ),
        "layers counted in place of multiply-adds": (
            "Every layer counts the same in your shares. Which one takes longer?",
            lambda layers: _shares(layers, lambda *layer: 1),
        ),
    },
)
