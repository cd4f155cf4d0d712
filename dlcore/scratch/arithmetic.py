"""Arithmetic on arrays and tensors: what ``+``, ``@``, ``[...]`` and ``.sum()`` of a tensor do.

Names, arguments and dtypes are those of ``torch``: a floating-point array keeps its dtype when it meets an integer
or a single number, of whatever dtype; integers become float32 where the result has fractions, in :func:`exp` or when
they meet a Python float. Every function takes and returns arrays, or tensors that record the operation. Of torch's
options `alpha`, `rounding_mode` and `out` are left out.
"""

import builtins
import math

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from .special import as_floating
from .tensor import Tensor, as_operand, differentiable, is_grad_enabled
from .windows import as_bool, as_int, numeric

__all__ = [
    "abs", "add", "cat", "div", "exp", "flatten", "log", "matmul", "mean", "mul", "neg", "permute", "pow", "reshape",
    "sqrt", "stack", "sub", "sum", "transpose",
]  # fmt: skip


def unbroadcast(gradient, shape):
    """Sum `gradient` over the axes along which an input of `shape` was repeated: broadcasting, backward."""
    if gradient.shape == shape:
        return gradient
    extra = gradient.ndim - len(shape)
    repeated = tuple(
        axis for axis, size in enumerate(shape, extra) if size == 1 and gradient.shape[axis] != 1
    )
    return gradient.sum(tuple(range(extra)) + repeated).reshape(shape)


def select(gradient, mask):
    """`gradient` where `mask` is true, elsewhere 0.

    The product takes a tenth of the time of ``np.where``, which stumbles over every change of a random mask. But 0
    times infinity is NaN, so where a NaN comes out ``np.where`` has the last word.
    """
    product = gradient * mask
    return np.where(mask, gradient, 0) if product.size and np.isnan(product.min()) else product


def _promote(input, other):
    """Both operands, neither widening the other beyond what ``torch`` allows."""
    input, other = (x if type(x) in (bool, int, float) else np.asarray(x) for x in (input, other))
    return _weaken(input, other), _weaken(other, input)


_RANK = {"b": 0, "i": 1, "u": 1, "f": 2}
"""Kinds of numbers: what is of one kind takes the dtype of what is of a higher one."""


def _weaken(operand, partner):
    """`operand` in the dtype of its `partner`, if it is an array of a lower kind, or of the same and without axes."""
    if not isinstance(operand, np.ndarray) or operand.dtype.kind not in _RANK:
        return operand
    if not isinstance(partner, np.ndarray):
        return as_floating(operand) if isinstance(partner, float) else operand
    if partner.dtype.kind not in _RANK:
        return operand
    one, other = _RANK[operand.dtype.kind], _RANK[partner.dtype.kind]
    weaker = one < other or (one == other and operand.ndim == 0 < partner.ndim)
    return operand.astype(partner.dtype) if weaker else operand


def _apply(function, input, other, name="other"):
    """``function(input, other)``, a NumPy function, with PyTorch's classes of error."""
    try:
        return function(input, other)
    except (ValueError, TypeError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else RuntimeError
        raise kind(f"{name}: does not go together with the input: {error}") from None


def _axes(dim, ndim):
    """`dim`, an int, several ints or None for all, as axes counted from the front, or None for all."""
    if dim is None:
        return None
    dims = tuple(as_int(item, "dim") for item in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    most = max(1, ndim)  # a number has an axis 0, too
    axes = tuple(normalize_axis_index(item, most, "dim") for item in dims)
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"dim: names an axis twice: {dim}")
    return axes if axes and ndim else None


@differentiable
def add(input, other):
    """``input + other``, elementwise."""
    input, other = _promote(input, other)

    def pullback(grad):
        return lambda: unbroadcast(grad, np.shape(input)), lambda: unbroadcast(grad, np.shape(other))

    return _apply(np.add, input, other), pullback


@differentiable
def sub(input, other):
    """``input - other``, elementwise, of numbers but not of booleans."""
    input, other = _promote(_not_boolean(input, "input"), _not_boolean(other, "other"))

    def pullback(grad):
        return lambda: unbroadcast(grad, np.shape(input)), lambda: unbroadcast(-grad, np.shape(other))

    return _apply(np.subtract, input, other), pullback


@differentiable
def mul(input, other):
    """``input * other``, elementwise."""
    input, other = _promote(input, other)

    def pullback(grad):
        return (
            lambda: unbroadcast(grad * other, np.shape(input)),
            lambda: unbroadcast(grad * input, np.shape(other)),
        )

    return _apply(np.multiply, input, other), pullback


@differentiable
def div(input, other):
    """``input / other``, elementwise true division."""
    if builtins.all(np.asarray(operand).dtype.kind in "biu" for operand in (input, other)):
        input = as_floating(input)
    input, other = _promote(input, other)
    output = _apply(np.true_divide, input, other)

    def pullback(grad):
        return (
            lambda: unbroadcast(grad / other, np.shape(input)),
            lambda: unbroadcast(-grad * output / other, np.shape(other)),
        )

    return output, pullback


@differentiable
def pow(input, exponent):
    """``input ** exponent``, elementwise.

    The gradient with respect to the exponent is 0 where the base is 0, but for negative exponents.
    """
    input, exponent = _promote(input, exponent)
    output = _apply(np.power, input, exponent, "exponent")

    def grad_exponent(grad):
        zero = np.equal(input, 0) & np.greater_equal(exponent, 0)
        return unbroadcast(grad * output * np.log(np.where(zero, 1, input)), np.shape(exponent))

    def grad_input(grad):
        constant = np.equal(exponent, 0)
        lower = np.where(constant, 1, np.subtract(exponent, 1))
        slope = np.where(constant, 0, exponent * np.power(input, lower))
        return unbroadcast(grad * slope.astype(output.dtype, copy=False), np.shape(input))

    def pullback(grad):
        return lambda: grad_input(grad), lambda: grad_exponent(grad)

    return output, pullback


@differentiable
def neg(input):
    """``-input``, of numbers but not of booleans."""
    return np.negative(_not_boolean(input, "input")), lambda grad: -grad


def _not_boolean(operand, name):
    if np.asarray(operand).dtype == bool:
        raise RuntimeError(f"{name}: expected numbers, got booleans")
    return operand


@differentiable
def exp(input):
    """The exponential, elementwise."""
    output = np.exp(as_floating(input))
    return output, lambda grad: grad * output


@differentiable
def log(input):
    """The natural logarithm, elementwise."""
    input = as_floating(input)
    return np.log(input), lambda grad: grad / input


@differentiable
def sqrt(input):
    """The square root, elementwise."""
    output = np.sqrt(as_floating(input))
    return output, lambda grad: grad / (2 * output)


@differentiable
def abs(input):
    """The absolute value, elementwise; its gradient at 0 and at NaN is 0."""
    input = numeric(input, "input")
    return np.abs(input), lambda grad: grad * np.subtract(input > 0, input < 0, dtype=np.int8)


@differentiable
def matmul(input, other):
    """The matrix product ``input @ other``, batched over leading axes, vectors as in ``torch.matmul``."""
    input, other = numeric(input, "input"), numeric(other, "other")
    if input.dtype != other.dtype:
        raise RuntimeError(f"other: expected the input's dtype {input.dtype}, got {other.dtype}")
    output = _apply(np.matmul, input, other)

    def pullback(grad):
        left = input[np.newaxis, :] if input.ndim == 1 else input
        right = other[:, np.newaxis] if other.ndim == 1 else other
        matrix = grad[..., np.newaxis] if other.ndim == 1 else grad
        matrix = matrix[..., np.newaxis, :] if input.ndim == 1 else matrix
        return (
            lambda: unbroadcast(matrix @ right.swapaxes(-1, -2), left.shape).reshape(input.shape),
            lambda: unbroadcast(left.swapaxes(-1, -2) @ matrix, right.shape).reshape(other.shape),
        )

    return output, pullback


@differentiable
def sum(input, dim=None, keepdim=False, *, dtype=None):
    """The sum over the axes `dim` (an int, a tuple, or ``None`` for all of them).

    In `dtype`; by default integers and booleans are added in int64, floating-point numbers in their own.
    """
    input = np.asarray(input)
    dim, keepdim = _axes(dim, input.ndim), as_bool(keepdim, "keepdim")
    if dtype is None and input.dtype.kind in "biu":
        dtype = np.int64
    output = np.sum(input, axis=dim, keepdims=keepdim, dtype=dtype)
    return output, lambda grad: _spread(grad, input.shape, dim, keepdim)


@differentiable
def mean(input, dim=None, keepdim=False, *, dtype=None):
    """The mean over the axes `dim` (an int, a tuple, or ``None`` for all of them) of floating-point numbers.

    With `dtype` numbers of any kind are converted to that first.
    """
    input = np.asarray(input) if dtype is None else np.asarray(input).astype(dtype)
    if not np.issubdtype(input.dtype, np.floating):
        raise RuntimeError(f"input: expected floating point, got {input.dtype}")
    dim, keepdim = _axes(dim, input.ndim), as_bool(keepdim, "keepdim")
    wide = np.promote_types(input.dtype, np.float32)  # in which the sum of half precision does not overflow
    total = np.sum(input, axis=dim, keepdims=keepdim, dtype=wide)
    count = input.size // max(1, total.size)
    output = (total / wide.type(count)).astype(input.dtype)  # the mean of nothing is NaN
    return output, lambda grad: _spread(grad / grad.dtype.type(max(1, count)), input.shape, dim, keepdim)


def _spread(grad, shape, dim, keepdim):
    """The gradient of a sum over the axes `dim`, which each of its terms gets."""
    if dim is not None and not keepdim:
        grad = np.expand_dims(grad, dim)
    return np.broadcast_to(grad, shape)


@differentiable
def reshape(input, shape):
    """The same elements in another `shape`; one entry may be -1."""
    shape = _ints(shape, "shape")
    if min(shape, default=0) < -1:
        raise RuntimeError(f"shape: must not be negative, but for one -1, got {shape}")
    try:
        return np.reshape(input, shape), lambda grad: grad.reshape(np.shape(input))
    except ValueError as error:
        raise RuntimeError(f"shape: {error}") from None


@differentiable
def permute(input, dims):
    """The axes in the order `dims`."""
    ndim = np.ndim(input)
    axes = _ints(dims, "dims")
    if len(axes) == ndim:
        axes = [normalize_axis_index(item, ndim, "dims") for item in axes]
    if sorted(axes) != list(range(ndim)):
        raise RuntimeError(f"dims: expected each of {ndim} axes once, got {dims}")
    return np.transpose(input, axes), lambda grad: np.transpose(grad, np.argsort(axes))


def _ints(value, name):
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name}: expected a sequence of ints, got {value!r}")
    return [as_int(item, name) for item in value]


def transpose(input, dim0, dim1):
    """The axes `dim0` and `dim1` exchanged."""
    input = as_operand(input)
    one, other = (
        normalize_axis_index(as_int(dim, name), max(1, input.ndim), name)
        for dim, name in ((dim0, "dim0"), (dim1, "dim1"))
    )
    order = list(range(input.ndim))
    if order:
        order[one], order[other] = order[other], order[one]
    return permute(input, order)


def flatten(input, start_dim=0, end_dim=-1):
    """The axes from `start_dim` to `end_dim`, both included, laid out as one."""
    input = as_operand(input)
    shape = input.shape or (1,)
    start = normalize_axis_index(as_int(start_dim, "start_dim"), len(shape), "start_dim")
    end = normalize_axis_index(as_int(end_dim, "end_dim"), len(shape), "end_dim")
    if start > end:
        raise RuntimeError(f"start_dim: must not come after end_dim, got {start_dim} and {end_dim}")
    return reshape(input, shape[:start] + (math.prod(shape[start : end + 1]),) + shape[end + 1 :])


@differentiable
def cat(tensors, dim=0):
    """The `tensors` (a list) joined along the axis `dim`."""
    arrays = _several(tensors, ValueError)
    joined = [
        array for array in arrays if array.shape != (0,)
    ] or arrays  # such an array fits everywhere, as nothing
    if joined[0].ndim == 0:
        raise RuntimeError("tensors: numbers cannot be joined, see stack")
    axis = normalize_axis_index(as_int(dim, "dim"), joined[0].ndim, "dim")
    output = _join(np.concatenate, joined, axis)
    ends = np.cumsum([array.shape[axis] if array.shape != (0,) else 0 for array in arrays])[:-1]

    def pullback(grad):
        parts = np.split(grad, ends, axis=axis)
        return ([part.reshape(array.shape) for part, array in zip(parts, arrays)],)

    return output, pullback


@differentiable
def stack(tensors, dim=0):
    """The `tensors` (a list, equal in shape) joined along a new axis `dim`."""
    arrays = _several(tensors, RuntimeError)
    axis = normalize_axis_index(as_int(dim, "dim"), arrays[0].ndim + 1, "dim")
    return _join(np.stack, arrays, axis), lambda grad: (list(np.moveaxis(grad, axis, 0)),)


def _several(tensors, error):
    """`tensors`, a list of at least one, as arrays; integers take the dtype of those that are floating point."""
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(f"tensors: expected a list of tensors, got {type(tensors).__name__}")
    if len(tensors) == 0:
        raise error("tensors: expected at least one")
    arrays = [np.asarray(tensor) for tensor in tensors]
    if builtins.any(array.dtype.kind not in "biuf" for array in arrays):
        raise TypeError("tensors: expected numbers or booleans")
    floating = [array.dtype for array in arrays if array.dtype.kind == "f"]
    return [array.astype(np.result_type(*floating), copy=False) for array in arrays] if floating else arrays


def _join(function, arrays, axis):
    try:
        return function(arrays, axis=axis)
    except ValueError as error:
        raise RuntimeError(f"tensors: {error}") from None


@differentiable
def _getitem(input, index):
    def pullback(grad):
        total = np.zeros_like(input, dtype=grad.dtype)
        parts = index if isinstance(index, tuple) else (index,)
        if builtins.all(part is None or part is Ellipsis or isinstance(part, (int, slice)) for part in parts):
            total[index] = grad
        else:
            np.add.at(total, index, grad)  # an integer array may name an element twice
        return total

    return input[index], pullback


def _plain(index):
    """`index` with arrays in place of tensors; a tuple stays a tuple, which to NumPy is not the same as a list."""
    if isinstance(index, tuple):
        return tuple(map(_plain, index))
    return index.data if isinstance(index, Tensor) else index


def _method(function):
    """`function` as a method, with a shape or an order of axes also given as separate numbers."""
    return lambda self, *dims: function(
        self, dims[0] if dims and isinstance(dims[0], (tuple, list)) else dims
    )


def _comparison(function):
    """`function` as a method that gives a tensor of booleans, which has no gradient."""
    return lambda self, other: Tensor(function(self.data, other.data if isinstance(other, Tensor) else other))


def _in_place(function):
    """`function` as a method that changes a tensor's values, as parameter updates do."""

    @np.errstate(all="ignore")  # an operator would see to that
    def method(self, other):
        tensors = [item for item in (self, other) if isinstance(item, Tensor)]
        if is_grad_enabled() and builtins.any(tensor.requires_grad for tensor in tensors):
            raise RuntimeError(
                "in-place arithmetic is not recorded: do it under no_grad(), or write x = x + y"
            )
        function(self.data, _promote(self.data, _plain(other))[1], out=self.data, casting="same_kind")
        return self

    return method


# The operators and methods of Tensor, in one place.
Tensor.__add__ = Tensor.__radd__ = add
Tensor.__sub__ = sub
Tensor.__rsub__ = lambda self, other: sub(other, self)
Tensor.__mul__ = Tensor.__rmul__ = mul
Tensor.__truediv__ = div
Tensor.__rtruediv__ = lambda self, other: div(other, self)
Tensor.__pow__ = pow
Tensor.__rpow__ = lambda self, other: pow(other, self)
Tensor.__matmul__ = matmul
Tensor.__rmatmul__ = lambda self, other: matmul(other, self)
Tensor.__neg__ = neg
Tensor.__lt__, Tensor.__le__, Tensor.__gt__ = (
    _comparison(np.less),
    _comparison(np.less_equal),
    _comparison(np.greater),
)
Tensor.__ge__, Tensor.__eq__, Tensor.__ne__ = (
    _comparison(np.greater_equal),
    _comparison(np.equal),
    _comparison(np.not_equal),
)
Tensor.__iadd__, Tensor.__isub__ = _in_place(np.add), _in_place(np.subtract)
Tensor.__imul__, Tensor.__itruediv__ = _in_place(np.multiply), _in_place(np.true_divide)
Tensor.__hash__ = object.__hash__  # by identity, although == compares the values
Tensor.__getitem__ = lambda self, index: _getitem(self, _plain(index))
for _function in (abs, exp, flatten, log, mean, sqrt, sum, transpose):
    setattr(Tensor, _function.__name__, _function)
Tensor.reshape, Tensor.permute = _method(reshape), _method(permute)
