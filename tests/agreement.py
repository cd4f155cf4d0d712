"""Run an operator of dlcore.scratch and PyTorch's side by side and compare all that can be seen of them.

Two measures of error are used, because no single one is honest for every operator.

- An operator that adds products (convolution, averaging, folding) may cancel: the exact sum can be as small as one
  likes beside its terms, and no order of summation is better than another. Its rounding error is proportional to the
  sum of the terms' absolute values, which the operator itself computes when it is fed absolute values. The error of
  *each element*, forward and backward, is divided by that.
- Any other operator is measured against the largest value of the reference (for a gradient, of the gradient that
  came in too, where that is larger), one number for the whole array.
"""

import numpy as np
import torch
from hypothesis import strategies as st

from dlcore import scratch

TOLERANCE = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-5}
LAYOUTS = ("C", "Fortran", "strided", "reversed")

dtypes = st.sampled_from([np.float64, np.float32])
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def laid_out(array, layout):
    """`array`, the same values, in another memory layout."""
    array = np.asarray(array)
    if layout == "C" or array.ndim == 0:
        return np.ascontiguousarray(array).reshape(array.shape)
    if layout == "Fortran":
        return np.asfortranarray(array)
    steps = (slice(None, None, 2 if layout == "strided" else -1),) * array.ndim
    shape = tuple(2 * size for size in array.shape) if layout == "strided" else array.shape
    home = np.full(shape, np.nan if np.issubdtype(array.dtype, np.floating) else 0, array.dtype)
    view = home[steps]
    view[...] = array
    return view


def both(operator):
    """The two functions behind a name, or the two that were handed in."""
    if isinstance(operator, str):
        return getattr(scratch, operator), getattr(torch.nn.functional, operator)
    return operator


def agree(operator, *arguments, generator, sums=True, check_gradients=True, **options):
    """Assert that both sides agree on `arguments` and return our output as arrays.

    Parameters
    ----------
    operator : str or pair of callables
        A name that both sides have, or (ours, theirs).
    arguments
        Arrays are handed to our side as tensors in a random memory layout and to PyTorch as its tensors; anything
        else to both as it is.
    generator : numpy.random.Generator
        Draws layouts and the gradients that come in at the outputs.
    sums : bool
        Which measure of error; see above.
    options
        For both sides.
    """
    ours, theirs = both(operator)
    arguments = [np.array(item) if isinstance(item, np.ndarray) else item for item in arguments]
    layouts = generator.choice(LAYOUTS, len(arguments))
    given = [
        laid_out(item, how) if isinstance(item, np.ndarray) else item for item, how in zip(arguments, layouts)
    ]
    about = (
        f"{operator} on {[getattr(item, 'shape', item) for item in arguments]}, {options}, laid out {layouts}"
    )

    tensors = [_scratch_tensor(item) for item in given]
    references = [_torch_tensor(item) for item in arguments]
    outputs, expected = _tuple(ours(*tensors, **options)), _tuple(theirs(*references, **options))
    _require(len(outputs) == len(expected), f"{about}: {len(outputs)} outputs, not {len(expected)}")

    cotangents = [_cotangent(tuple(item.shape), item.detach().numpy().dtype, generator) for item in expected]
    sizes = _sizes(theirs, arguments, cotangents, options) if sums else None
    for slot, (output, reference) in enumerate(zip(outputs, expected)):
        _require(isinstance(output, scratch.Tensor), f"{about}: output {slot} is {type(output)}")
        size = sizes[0][slot] if sums else None
        _compare(output.data, reference.detach().numpy(), size, f"{about}: output {slot}")
    _plain_arrays_give_the_same(ours, given, options, outputs, about)

    if check_gradients and any(item.requires_grad for item in references if isinstance(item, torch.Tensor)):
        ours_in = [item.copy() for item in cotangents]
        _backward(outputs, ours_in)
        theirs_in = [torch.from_numpy(item) for item, out in zip(cotangents, expected) if out.requires_grad]
        torch.autograd.backward([out for out in expected if out.requires_grad], theirs_in)
        _require(all(map(_same_bits, ours_in, cotangents)), f"{about}: backward wrote into its gradient")
        incoming = max(
            (np.abs(item).max(initial=0) for item in cotangents if item.dtype.kind == "f"), default=0
        )
        for place, (tensor, reference) in enumerate(zip(tensors, references)):
            if isinstance(reference, torch.Tensor) and reference.requires_grad:
                label = f"{about}: gradient of argument {place}"
                _require(isinstance(tensor.grad, np.ndarray), f"{label} is {type(tensor.grad)}")
                truth = (
                    np.zeros(tensor.shape, tensor.dtype) if reference.grad is None else reference.grad.numpy()
                )
                _compare(tensor.grad, truth, sizes[1][place] if sums else None, label, incoming)
        _each_gradient_alone_is_the_same(ours, given, options, tensors, cotangents, generator, about)
    for item, before in zip(given, arguments):
        if isinstance(item, np.ndarray):
            _require(_same_bits(item, before), f"{about}: an input was changed")
    return [item.data for item in outputs]


def same_error(operator, *arguments, naming, **options):
    """Assert that PyTorch refuses these arguments, that we refuse them with the same class of error, and that our
    message names the argument `naming`."""
    ours, theirs = both(operator)
    expected = _error(theirs, [_torch_tensor(item) for item in arguments], options)
    assert expected is not None, "PyTorch accepts this: there is no error to compare with"
    actual = _error(ours, [_scratch_tensor(item) for item in arguments], options)
    assert actual is not None, f"accepted, but PyTorch says {type(expected).__name__}: {expected}"
    assert related(type(actual), type(expected)), f"{actual!r} is not of the class of {expected!r}"
    assert naming in str(actual), f"the message does not name {naming!r}: {actual}"
    return actual


def related(ours, theirs):
    """Whether who catches one of the two classes may catch the other: one is a subclass of the other."""
    return issubclass(ours, theirs) or (issubclass(theirs, ours) and ours is not Exception)


def _error(function, arguments, options):
    try:
        function(*arguments, **options)
    except Exception as error:  # noqa: BLE001 - its class is the question
        return error
    return None


def _require(holds, message):
    if not holds:
        raise AssertionError(message)


def _scratch_tensor(item):
    if isinstance(item, np.ndarray):
        return scratch.Tensor(item, requires_grad=np.issubdtype(item.dtype, np.floating))
    return item


def _torch_tensor(item):
    if isinstance(item, np.ndarray):
        tensor = torch.from_numpy(item.copy(order="C"))
        return tensor.requires_grad_(tensor.is_floating_point())
    return item


def _tuple(output):
    return output if isinstance(output, tuple) else (output,)


def _cotangent(shape, dtype, generator):
    return np.asarray(generator.standard_normal(shape) if dtype.kind == "f" else np.zeros(shape)).astype(
        dtype
    )


def _backward(outputs, cotangents):
    floating = [(out, grad) for out, grad in zip(outputs, cotangents) if out.requires_grad]
    for number, (output, gradient) in enumerate(floating, 1):
        output.backward(gradient, retain_graph=number < len(floating))


def _sizes(operator, arguments, cotangents, options):
    """The sums of absolute values behind each output and each gradient."""
    arguments = [
        _torch_tensor(np.asarray(np.abs(item), np.float64))
        if isinstance(item, np.ndarray) and item.dtype.kind == "f"
        else _torch_tensor(item)
        for item in arguments
    ]
    outputs = _tuple(operator(*arguments, **options))
    floating = [
        (out, torch.from_numpy(np.asarray(np.abs(grad), np.float64)))
        for out, grad in zip(outputs, cotangents)
        if out.requires_grad
    ]
    if floating:
        torch.autograd.backward(*zip(*floating))
    gradients = [
        None if getattr(item, "grad", None) is None else np.abs(item.grad.numpy()) for item in arguments
    ]
    return [np.abs(item.detach().numpy()) for item in outputs], gradients


def _compare(actual, expected, size, label, incoming=0):
    """Shape and dtype equal; infinities and NaN at the same places; the rest as close as the dtype allows."""
    _require(actual.shape == expected.shape, f"{label}: shape {actual.shape}, not {expected.shape}")
    _require(actual.dtype == expected.dtype, f"{label}: dtype {actual.dtype}, not {expected.dtype}")
    if actual.dtype.kind != "f":
        _require(np.array_equal(actual, expected), f"{label}: {actual} is not {expected}")
        return
    finite = np.isfinite(expected)
    same = (
        np.array_equal(actual[~finite], expected[~finite], equal_nan=True)
        and np.isfinite(actual[finite]).all()
    )
    _require(same, f"{label}: {actual} is not {expected}")
    if size is None:
        size = np.full(expected.shape, max(np.abs(expected[finite]).max(initial=0), incoming))
    difference = np.abs(actual[finite].astype(np.float64) - expected[finite])
    excess = difference - TOLERANCE[expected.dtype] * size[finite]
    if (excess > 0).any():
        worst = np.argmax(excess)
        raise AssertionError(
            f"{label}: off by {difference[worst]:.3g} in a value of size {size[finite][worst]:.3g}: "
            f"{actual[finite][worst]!r} is not {expected[finite][worst]!r}"
        )


def _same_bits(one, other):
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def _plain_arrays_give_the_same(ours, arguments, options, outputs, about):
    plain = _tuple(ours(*arguments, **options))
    for output, tensor in zip(plain, outputs, strict=True):
        _require(not isinstance(output, scratch.Tensor), f"{about}: arrays in, but a tensor out")
        _require(
            _same_bits(np.asarray(output), tensor.data), f"{about}: arrays and tensors give different results"
        )


def _each_gradient_alone_is_the_same(ours, arguments, options, tensors, cotangents, generator, about):
    """One input, drawn at random, asks for its gradient: it gets the same, and nobody else gets any."""
    places = [place for place, item in enumerate(tensors) if getattr(item, "grad", None) is not None]
    chosen = int(generator.choice(places))
    alone = [
        scratch.Tensor(item, requires_grad=place == chosen) if isinstance(item, np.ndarray) else item
        for place, item in enumerate(arguments)
    ]
    _backward(_tuple(ours(*alone, **options)), cotangents)
    for place, item in enumerate(alone):
        if place == chosen:
            _require(
                _same_bits(item.grad, tensors[place].grad), f"{about}: the gradient {place} alone differs"
            )
        elif isinstance(item, scratch.Tensor):
            _require(item.grad is None, f"{about}: argument {place} got a gradient without asking for one")
