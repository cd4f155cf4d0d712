"""The tape: a record of operations that can be read backwards to obtain gradients.

An operator is one function that returns its output and a *pullback*, the function that sends the gradient with
respect to the output back to the inputs. :func:`differentiable` turns such a function into an operator that takes
plain arrays (and returns an array) or :class:`Tensor` objects (and remembers the pullback). :meth:`Tensor.backward`
then calls the pullbacks in the opposite order: reverse-mode differentiation.
"""

import contextlib
import contextvars
import functools
import inspect
import itertools

import numpy as np

__all__ = ["Tensor", "differentiable", "is_grad_enabled", "no_grad", "tensor"]

_recording = contextvars.ContextVar("recording", default=True)
_clock = itertools.count()


class Tensor:
    """An array that knows how it was computed.

    Parameters
    ----------
    data : array_like
        The values. An ``ndarray`` is shared, not copied.
    requires_grad : bool
        Whether :meth:`backward` shall compute the gradient with respect to this tensor.

    Attributes
    ----------
    data : numpy.ndarray
        The values.
    grad : numpy.ndarray or None
        The gradient that ``backward`` accumulated here, of the shape and dtype of `data`. Only leaves (tensors
        that no operator made) keep it, unless :meth:`retain_grad` was called.

    Raises
    ------
    RuntimeError
        If `requires_grad` is set on data that is not floating point.
    """

    __slots__ = ("__weakref__", "_array", "_node", "_retains_grad", "_slot", "grad", "requires_grad")
    __array_ufunc__ = None  # array + tensor must reach Tensor.__radd__, not NumPy's elementwise loop

    def __init__(self, data, requires_grad=False):
        self.data = data.data if isinstance(data, Tensor) else np.asarray(data)
        self.grad = None
        self._node, self._slot, self._retains_grad = None, 0, False
        self.requires_grad_(requires_grad)

    @property
    def data(self):
        return self._array

    @data.setter
    def data(self, array):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"data: expected a NumPy array, got {type(array).__name__}")
        self._array = array

    shape = property(lambda self: self.data.shape)
    dtype = property(lambda self: self.data.dtype)
    ndim = property(lambda self: self.data.ndim)
    is_leaf = property(lambda self: self._node is None)

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return (self[place] for place in range(len(self)))

    def __bool__(self):
        return bool(self.data)

    def __float__(self):
        return float(self.data)

    def __format__(self, specification):
        return format(self.item() if self.ndim == 0 else str(self), specification)

    def __repr__(self):
        note = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({np.array2string(self.data, separator=', ', prefix='Tensor(')}{note})"

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError("a tensor that requires grad cannot become an array: use .detach() or .data")
        return np.array(self.data, dtype=dtype, copy=copy)

    def item(self):
        """The value of a one-element tensor as a Python number."""
        return self.data.item()

    def detach(self):
        """The same values, without their history."""
        return Tensor(self.data)

    def requires_grad_(self, requires_grad=True):
        """Switch on or off, in place, whether :meth:`backward` reaches this tensor; returns the tensor."""
        if self._node is not None and not requires_grad:
            raise RuntimeError("requires_grad: only a leaf can be switched off; use .detach()")
        if requires_grad and not np.issubdtype(self.dtype, np.floating):
            raise RuntimeError(
                f"requires_grad: only floating-point tensors can require gradients, got dtype {self.dtype}"
            )
        self.requires_grad = bool(requires_grad)
        return self

    def argmax(self, dim=None):
        """Where the largest element stands, along `dim` or in the flattened tensor; it has no gradient."""
        return Tensor(self.data.argmax(dim))

    def retain_grad(self):
        """Keep ``.grad`` on this tensor although an operator made it."""
        if not self.requires_grad:
            raise RuntimeError("retain_grad: the tensor does not require grad")
        self._retains_grad = True

    @np.errstate(all="ignore")
    def backward(self, gradient=None, retain_graph=False):
        """Accumulate in ``.grad`` of every leaf the gradient of this tensor with respect to it.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient of the final scalar with respect to this tensor, of its shape. May be left out for a
            one-element tensor, where it is 1.
        retain_graph : bool
            Keep the record for another call. By default it is dropped as it is read, which frees its memory.

        Raises
        ------
        RuntimeError
            If the tensor does not require grad, `gradient` is missing or of another shape, or the record has
            been dropped by an earlier call.
        """
        if not self.requires_grad:
            raise RuntimeError("backward: this tensor does not require grad and no operator recorded it")
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError(f"gradient: may be left out only for one element, got shape {self.shape}")
            gradient = np.ones_like(self.data)
        gradient = np.asarray(
            getattr(gradient, "data", gradient) if isinstance(gradient, Tensor) else gradient
        )
        gradient = gradient.astype(self.dtype, copy=False)
        if gradient.shape != self.shape:
            raise RuntimeError(f"gradient: expected shape {self.shape}, got {gradient.shape}")

        owned = {
            id(_root(gradient))
        }  # arrays that somebody else may hold: a leaf must get its own copy of these
        pending = {}
        _receive(self, gradient, pending, owned)
        for node in sorted(_reachable(self._node), key=lambda node: node.time, reverse=True):
            gradients = pending.pop(node, None)
            if gradients is None:  # nothing arrived: only unused outputs led here
                continue
            for tensor, gradient in node.pull(gradients):
                _receive(tensor, gradient, pending, owned)
            if not retain_graph:
                node.drop()


class _Node:
    """One call of an operator: where its inputs came from and how to send a gradient back to them."""

    __slots__ = ("inputs", "name", "outputs", "parameters", "pullback", "time")

    def __init__(self, name, parameters, inputs, pullback, outputs):
        self.name, self.parameters, self.inputs, self.pullback = name, parameters, inputs, pullback
        self.time = next(_clock)
        self.outputs = [(array.shape, array.dtype) for array in outputs]

    def pull(self, gradients):
        if self.pullback is None:
            raise RuntimeError(
                f"backward: the record of {self.name} was dropped by an earlier backward; "
                "pass retain_graph=True to the first call to go through it twice"
            )
        gradients = [
            np.zeros(shape, dtype) if gradient is None else gradient
            for gradient, (shape, dtype) in zip(gradients, self.outputs)
        ]
        results = self.pullback(*gradients)
        results = results if isinstance(results, tuple) else (results,)
        for tensor, place in self.inputs:
            argument = place if isinstance(place, int) else place[0]
            if argument >= len(results):
                raise RuntimeError(
                    f"{self.name}: has no gradient with respect to {self.parameters[argument]}, which requires grad"
                )
            result = results[place] if isinstance(place, int) else results[place[0]][place[1]]
            gradient = result() if callable(result) else result
            if gradient is None:
                continue
            gradient = np.asarray(gradient)
            if gradient.shape != tensor.shape:
                raise RuntimeError(
                    f"{self.name}: its pullback returned a gradient of shape {gradient.shape} "
                    f"for an input of shape {tensor.shape}"
                )
            yield tensor, gradient.astype(tensor.dtype, copy=False)

    def drop(self):
        self.pullback, self.inputs = None, ()


def _receive(tensor, gradient, pending, owned):
    """Add `gradient` to what has arrived at `tensor`."""
    if tensor._node is not None:
        arrived = pending.setdefault(tensor._node, [None] * len(tensor._node.outputs))
        earlier = arrived[tensor._slot]
        arrived[tensor._slot] = gradient if earlier is None else np.asarray(earlier + gradient)
    if tensor._node is None or tensor._retains_grad:
        if tensor.grad is not None:
            tensor.grad = np.asarray(tensor.grad + gradient)
        else:
            root = _root(gradient)
            shared = id(root) in owned or root.size != gradient.size or not gradient.flags.writeable
            shared = shared or tensor._node is not None
            tensor.grad = gradient.copy() if shared else gradient
        owned.add(id(_root(tensor.grad)))


def _root(array):
    """The array whose memory `array` looks at, itself or another."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _reachable(node):
    """All nodes that `node` depends on, itself included; a loop, so that depth costs no recursion."""
    found, stack = set(), [node] if node is not None else []
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(tensor._node for tensor, _ in node.inputs if tensor._node is not None)
    return found


def differentiable(function):
    """Make an operator of a function that returns ``(output, pullback)``.

    The operator takes what `function` takes, with tensors wherever `function` expects arrays, lists of tensors
    included. With arrays alone it returns the output. With a tensor among its arguments it returns tensors, and
    where one of them requires grad the pullback is put on the tape.

    ``pullback(gradient)`` returns the gradients for the first parameters of `function`, in their order: an array of
    the input's shape, ``None`` for a parameter without gradient, a list for a parameter that is a list, or a
    function of no arguments that computes the gradient, called only when somebody needs it. It must not write
    into `gradient`, and what it returns must be new, or `gradient` itself or a view of it: never an array that
    somebody else holds. An operator with several outputs returns them as a tuple; its pullback then takes a
    gradient for each.
    """
    parameters = list(inspect.signature(function).parameters)
    position = {name: place for place, name in enumerate(parameters)}

    @functools.wraps(function)
    @np.errstate(all="ignore")  # infinities and NaN are results like any other, as in PyTorch
    def operator(*args, **kwargs):
        inputs = list(_tensors(enumerate(args)))
        if kwargs:
            inputs += _tensors((position.get(name), value) for name, value in kwargs.items())
        if not inputs:
            return function(*args, **kwargs)[0]
        output, pullback = function(
            *map(_data, args), **{name: _data(value) for name, value in kwargs.items()}
        )
        arrays = [np.asarray(array) for array in (output if isinstance(output, tuple) else (output,))]
        tensors = [Tensor(array) for array in arrays]
        inputs = [(tensor, place) for tensor, place in inputs if tensor.requires_grad]
        if inputs and _recording.get():
            node = _Node(function.__name__, parameters, inputs, pullback, arrays)
            for slot, tensor in enumerate(tensors):
                if np.issubdtype(tensor.dtype, np.floating):
                    tensor.requires_grad, tensor._node, tensor._slot = True, node, slot
        return tuple(tensors) if isinstance(output, tuple) else tensors[0]

    return operator


def _tensors(arguments):
    """The tensors among (place, argument) pairs, each with the place of its gradient in the pullback's answer."""
    for place, argument in arguments:
        if isinstance(argument, Tensor):
            yield argument, place
        elif isinstance(argument, (list, tuple)):
            yield from (
                (item, (place, index)) for index, item in enumerate(argument) if isinstance(item, Tensor)
            )


def as_operand(value):
    """`value` as something with a shape: a tensor as it is, anything else as an array."""
    return value if isinstance(value, Tensor) else np.asarray(value)


def _data(argument):
    if isinstance(argument, Tensor):
        return argument.data
    if isinstance(argument, np.number):
        return argument.item()  # as weak as a Python number: np.float64(2) must not turn float32 into float64
    if isinstance(argument, (list, tuple)) and any(isinstance(item, Tensor) for item in argument):
        return [_data(item) for item in argument]
    return argument


@contextlib.contextmanager
def no_grad():
    """Compute without recording, as a ``with`` block or a decorator: for evaluation and for parameter updates."""
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


def is_grad_enabled():
    """Whether operators record at present."""
    return _recording.get()


def tensor(data, *, dtype=None, requires_grad=False):
    """A tensor with its own copy of `data` (array_like), as ``torch.tensor`` makes it."""
    data = data.data if isinstance(data, Tensor) else data
    return Tensor(np.array(data, dtype=dtype), requires_grad)
