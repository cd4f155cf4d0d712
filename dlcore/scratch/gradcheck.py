"""Numerical gradients: the definition of the derivative, used to check the formulas."""

import numpy as np

from .tensor import Tensor, no_grad, tensor

__all__ = ["gradcheck", "numerical_gradient"]


def numerical_gradient(function, array, gradient=None, eps=1e-6):
    """The gradient of ``sum(gradient * function(array))`` by central differences.

    Parameters
    ----------
    function : callable
        From an array of the shape of `array` to an array.
    array : numpy.ndarray
        Where to differentiate; float64. It is left as it was.
    gradient : numpy.ndarray, optional
        The gradient with respect to the function's output, of its shape; ones by default.
    eps : float
        The step. The error is of order ``eps**2`` from the formula and ``1e-16 / eps`` from rounding.

    Returns
    -------
    numpy.ndarray
        Of the shape of `array`. It costs two evaluations of `function` per element.
    """
    array = np.array(array, dtype=np.float64)
    result = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + eps
        above = np.array(function(array), dtype=np.float64)
        array[index] = value - eps
        below = np.array(function(array), dtype=np.float64)
        array[index] = value
        result[index] = np.sum((above - below) * (1 if gradient is None else gradient)) / (2 * eps)
    return result


def gradcheck(func, inputs, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, generator=None):
    """Compare the tape's gradients of `func` with numerical ones, as ``torch.autograd.gradcheck`` does.

    Parameters
    ----------
    func : callable
        From tensors to a tensor or a tuple of tensors.
    inputs : sequence of Tensor or array_like
        The arguments. Those that are tensors with ``requires_grad`` are checked; they must be float64.
    eps, atol, rtol : float
        The step of the differences and the tolerances of the comparison.
    raise_exception : bool
        Raise when they differ, instead of returning ``False``.
    generator : numpy.random.Generator, optional
        Draws the gradient with respect to the output. A random one is needed: ones would hide every error that
        cancels in a sum, such as a permuted axis.

    Raises
    ------
    ValueError
        If no input requires grad, or one that does is not float64.
    RuntimeError
        If they differ: names the input, the element, and both values.
    """
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    checked = [place for place, item in enumerate(inputs) if isinstance(item, Tensor) and item.requires_grad]
    if not checked:
        raise ValueError("inputs: at least one must be a Tensor with requires_grad=True")
    for place in checked:
        if inputs[place].dtype != np.float64:
            raise ValueError(
                f"inputs[{place}]: expected float64, got {inputs[place].dtype}: too coarse for differences"
            )
    generator = np.random.default_rng(0) if generator is None else generator
    cotangents = []

    def total(*arguments):
        """The outputs of `func`, weighted and added up, so that one number has all their gradients."""
        outputs = func(*arguments)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        outputs = [output for output in outputs if np.issubdtype(output.dtype, np.floating)]
        if not cotangents:
            cotangents.extend(generator.standard_normal(output.shape) for output in outputs)
        return sum((output * cotangent).sum() for output, cotangent in zip(outputs, cotangents))

    fresh = [
        tensor(item, requires_grad=item.requires_grad) if isinstance(item, Tensor) else item
        for item in inputs
    ]
    total(*fresh).backward()
    for place in checked:

        def along(array, place=place):
            with no_grad():
                changed = [item.detach() if isinstance(item, Tensor) else item for item in inputs]
                changed[place] = Tensor(array)
                return total(*changed).data

        expected = numerical_gradient(along, inputs[place].data, eps=eps)
        actual = fresh[place].grad
        actual = np.zeros_like(expected) if actual is None else actual
        wrong = ~np.isclose(actual, expected, atol=atol, rtol=rtol)
        if wrong.any():
            if not raise_exception:
                return False
            index = tuple(int(part) for part in np.argwhere(wrong)[0])
            raise RuntimeError(
                f"inputs[{place}]: {wrong.sum()} of {wrong.size} gradients differ, first at {index}: "
                f"the tape gives {actual[index]:.6g}, differences give {expected[index]:.6g}"
            )
    return True
