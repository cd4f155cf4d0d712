"""Arithmetic on arrays and tensors: what ``+``, ``@``, ``[...]`` and ``.sum()`` of a tensor do.

Names, arguments and dtypes are those of ``torch``: a floating-point array keeps its dtype when it meets an integer
or a single number, of whatever dtype. Every function takes and returns arrays, or tensors that record the operation.
"""

import builtins
import math
import warnings

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from .tensor import Tensor, as_operand, differentiable, is_grad_enabled

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
    with np.errstate(invalid="ignore"):
        product = gradient * mask
    return np.where(mask, gradient, 0) if product.size and np.isnan(product.min()) else product


def _promote(input, other):
    """Both operands, neither widening the other beyond what ``torch`` allows."""
    input, other = (x if type(x) in (bool, int, float) else np.asarray(x) for x in (input, other))
    return _weaken(input, other), _weaken(other, input)


def _weaken(operand, partner):
    """`operand`, in the dtype of a floating-point `partner` if it is an integer or has fewer axes than one."""
    if (
        not isinstance(operand, np.ndarray)
        or not isinstance(partner, np.ndarray)
        or partner.dtype.kind != "f"
    ):
        return operand
    weak = operand.dtype.kind in "biu" or (operand.dtype.kind == "f" and operand.ndim == 0 < partner.ndim)
    return operand.astype(partner.dtype) if weak else operand


@differentiable
def add(input, other):
    """``input + other``, elementwise."""
    input, other = _promote(input, other)

    def pullback(grad):
        return lambda: unbroadcast(grad, np.shape(input)), lambda: unbroadcast(grad, np.shape(other))

    return np.add(input, other), pullback


@differentiable
def sub(input, other):
    """``input - other``, elementwise."""
    input, other = _promote(input, other)

    def pullback(grad):
        return lambda: unbroadcast(grad, np.shape(input)), lambda: unbroadcast(-grad, np.shape(other))

    return np.subtract(input, other), pullback


@differentiable
def mul(input, other):
    """``input * other``, elementwise."""
    input, other = _promote(input, other)

    def pullback(grad):
        return (
            lambda: unbroadcast(grad * other, np.shape(input)),
            lambda: unbroadcast(grad * input, np.shape(other)),
        )

    return np.multiply(input, other), pullback


@differentiable
def div(input, other):
    """``input / other``, elementwise true division."""
    input, other = _promote(input, other)
    output = np.true_divide(input, other)

    def pullback(grad):
        return (
            lambda: unbroadcast(grad / other, np.shape(input)),
            lambda: unbroadcast(-grad * output / other, np.shape(other)),
        )

    return output, pullback


@differentiable
def pow(input, exponent):
    """``input ** exponent``, elementwise. The gradient with respect to the exponent is 0 where the base is 0."""
    input, exponent = _promote(input, exponent)
    output = np.power(input, exponent)

    def grad_exponent(grad):
        logarithm = np.log(np.where(np.equal(input, 0), 1, input))
        return unbroadcast(grad * output * logarithm, np.shape(exponent))

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
    """``-input``."""
    return np.negative(input), lambda grad: -grad


@differentiable
def exp(input):
    """The exponential, elementwise."""
    output = np.exp(input)
    return output, lambda grad: grad * output


@differentiable
def log(input):
    """The natural logarithm, elementwise."""
    return np.log(input), lambda grad: grad / input


@differentiable
def sqrt(input):
    """The square root, elementwise."""
    output = np.sqrt(input)
    return output, lambda grad: grad / (2 * output)


@differentiable
def abs(input):
    """The absolute value, elementwise; its gradient at 0 is 0."""
    return np.abs(input), lambda grad: grad * np.sign(input)


@differentiable
def matmul(input, other):
    """The matrix product ``input @ other``, batched over leading axes, vectors as in ``torch.matmul``."""
    input, other = np.asarray(input), np.asarray(other)
    output = np.matmul(input, other)

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
def sum(input, dim=None, keepdim=False):
    """The sum over the axes `dim` (an int, a tuple, or ``None`` for all of them)."""
    dim = tuple(dim) if isinstance(dim, list) else dim
    output = np.sum(input, axis=dim, keepdims=keepdim)

    def pullback(grad):
        if dim is not None and not keepdim:
            grad = np.expand_dims(grad, dim)
        return np.broadcast_to(grad, np.shape(input))

    return output, pullback


@differentiable
def mean(input, dim=None, keepdim=False):
    """The mean over the axes `dim` (an int, a tuple, or ``None`` for all of them) of floating-point numbers."""
    input = np.asarray(input)
    if not np.issubdtype(input.dtype, np.floating):
        raise RuntimeError(f"input: expected floating point, got {input.dtype}")
    dim = tuple(dim) if isinstance(dim, list) else dim
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is NaN, as in torch
        output = np.mean(input, axis=dim, keepdims=keepdim)

    def pullback(grad):
        if dim is not None and not keepdim:
            grad = np.expand_dims(grad, dim)
        share = grad / grad.dtype.type(max(1, input.size // max(1, np.size(output))))
        return np.broadcast_to(share, input.shape)

    return output, pullback


@differentiable
def reshape(input, shape):
    """The same elements in another `shape`; one entry may be -1."""
    return np.reshape(input, shape), lambda grad: grad.reshape(np.shape(input))


@differentiable
def permute(input, dims):
    """The axes in the order `dims`."""
    return np.transpose(input, dims), lambda grad: np.transpose(grad, np.argsort(np.mod(dims, len(dims))))


def transpose(input, dim0, dim1):
    """The axes `dim0` and `dim1` exchanged."""
    input = as_operand(input)
    order = list(range(input.ndim))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return permute(input, order)


def flatten(input, start_dim=0, end_dim=-1):
    """The axes from `start_dim` to `end_dim`, both included, laid out as one."""
    input = as_operand(input)
    shape = input.shape or (1,)
    start = normalize_axis_index(start_dim, len(shape), "start_dim")
    end = normalize_axis_index(end_dim, len(shape), "end_dim")
    if start > end:
        raise RuntimeError(f"start_dim: must not come after end_dim, got {start_dim} and {end_dim}")
    return reshape(input, shape[:start] + (math.prod(shape[start : end + 1]),) + shape[end + 1 :])


@differentiable
def cat(tensors, dim=0):
    """The `tensors` (a list) joined along the axis `dim`."""
    ends = np.cumsum([np.shape(tensor)[dim] for tensor in tensors])[:-1]
    return np.concatenate(tensors, axis=dim), lambda grad: (np.split(grad, ends, axis=dim),)


@differentiable
def stack(tensors, dim=0):
    """The `tensors` (a list, equal in shape) joined along a new axis `dim`."""
    return np.stack(tensors, axis=dim), lambda grad: (list(np.moveaxis(grad, dim, 0)),)


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
    return lambda self, *dims: function(self, dims[0] if isinstance(dims[0], (tuple, list)) else dims)


def _comparison(function):
    """`function` as a method that gives a tensor of booleans, which has no gradient."""
    return lambda self, other: Tensor(function(self.data, other.data if isinstance(other, Tensor) else other))


def _in_place(function):
    """`function` as a method that changes a tensor's values, as parameter updates do."""

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
