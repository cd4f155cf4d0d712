"""What the layers of a network return, by their names, for networks of both backends.

Features are recorded with the gradients that arrive there, to look at them or to make a loss of them::

    with features.record(network, "layer1", "layer2.0.relu") as seen:
        scores = network(images)
    seen.activations["layer1"]  # the tensor itself, on the tape
    scores[0, 3].backward()
    seen.gradients["layer1"]

They are also measured (:func:`statistics`) and put out of action (:func:`replace`). Names are those of
``named_modules()`` and ``state_dict()``; "" is the network itself.
"""

import contextlib
from collections.abc import Mapping

import numpy as np

from .backends import backend_of, evaluating
from .scratch.windows import as_bool, nearest

__all__ = ["Features", "gram", "record", "replace", "statistics"]


class Features:
    """What :func:`record` keeps, by the names of the modules, in the order in which they returned.

    Attributes
    ----------
    names : tuple of str
        Of the modules that are recorded.
    activations : mapping of str to tensor
        What the module returned, the tensor itself: it is on the tape, and a loss may be made of it.
    gradients : mapping of str to array or tensor
        After ``backward()``, the gradient with respect to the activation: an array of scratch, a tensor of
        PyTorch. Several calls of ``backward()`` add up.

    Notes
    -----
    Where a module returns several tensors, such as the tuple of a recurrent layer, the activation is all that
    it returns. The gradient is of the same form, with None for those that got none. With ``every_call``, both
    are lists with an entry for each call.

    The mappings contain what there is. Looking up anything else is a KeyError if the name was not given to
    :func:`record`, and otherwise a RuntimeError that says why: the module did not run, it ran without
    recording, nothing was propagated back to it, or a layer that works in place has overwritten what it
    returned.
    """

    def __init__(self, names, every_call=False):
        self.names, self._every_call = tuple(names), every_call
        self.clear()

    activations = property(lambda self: _ByName(self, _activation))
    gradients = property(lambda self: _ByName(self, _gradient))

    def clear(self):
        """Forget everything, which frees the memory."""
        self._calls = {}  # name to pairs of what came out and the versions of its tensors

    def _add(self, names, output):
        call = output, [_version(tensor) for tensor in _tensors(output)]
        for name in names:
            self._calls[name] = [*self._calls.get(name, ()), call] if self._every_call else [call]

    def _find(self, name, look):
        """What there is under `name`; where there is nothing, raises the error that says why."""
        if name not in self.names:
            raise KeyError(f"{name!r} is not recorded{nearest(name, self.names)}")
        if name not in self._calls:
            raise RuntimeError(
                f"{name!r} has not run since the recording, or the last call of the network, began"
            )
        for output, versions in self._calls[name]:
            if versions != [_version(tensor) for tensor in _tensors(output)]:
                raise RuntimeError(
                    f"what {name!r} returned was changed in place by a later layer, such as "
                    "ReLU(inplace=True); record(..., copy=True) keeps it"
                )
        found = [look(name, output) for output, _ in self._calls[name]]
        return found if self._every_call else found[-1]

    def __repr__(self):
        outputs = {name: calls[-1][0] for name, calls in self._calls.items()}
        return f"Features({_shapes_text(outputs)})"


class _ByName(Mapping):
    """The activations or the gradients, always those of the moment."""

    def __init__(self, seen, look):
        self._seen, self._look = seen, look

    def __getitem__(self, name):
        return self._seen._find(name, self._look)

    def get(self, name, default=None):
        try:
            return self[name]
        except (KeyError, RuntimeError):
            return default

    def __contains__(self, name):
        return self.get(name, self) is not self

    def __iter__(self):
        return (name for name in self._seen._calls if name in self)

    def __len__(self):
        return len(list(iter(self)))

    def __repr__(self):
        return f"{{{_shapes_text(self)}}}"


def _activation(name, output):
    return output


def _gradient(name, output):
    if not any(tensor.requires_grad for tensor in _tensors(output)):
        raise RuntimeError(
            f"{name!r} has no gradient: it ran under no_grad(), or neither its input nor a parameter up to "
            "there requires grad"
        )
    if all(tensor.grad is None for tensor in _tensors(output)):
        raise RuntimeError(
            f"{name!r} has no gradient yet: call backward() on something that depends on what it returned"
        )
    return _mapped(lambda tensor: tensor.grad, output)


@contextlib.contextmanager
def record(network, *names, every_call=False, copy=False):
    """Keep what modules return, for the length of a ``with`` block.

    The network computes the same as without, in the mode it is in. The hooks are gone at the end, also after
    an error. What was recorded last, with the tape behind it, stays as long as the :class:`Features` do, or
    until they are cleared: ``backward()`` may come after the block. For features without gradients call the
    network under ``no_grad()``, which saves the tape.

    Parameters
    ----------
    network : dlcore.scratch.nn.Module or torch.nn.Module
    names : str
        Of modules within, layers or containers. Without names, all layers without layers within.
    every_call : bool
        Whether a module that is called several times in one pass, because it stands at several places, gives
        a list of what it returned each time. By default the last call counts. It is found under each of its
        names.
    copy : bool
        Whether the following layers get a copy, so that those that work in place, such as
        ``torch.nn.ReLU(inplace=True)``, cannot overwrite what is recorded. In scratch no layer does, and
        nothing is copied.

    Yields
    ------
    Features
        Of the last forward pass: with each call of `network` it begins anew.

    Raises
    ------
    KeyError
        A name that is none of the network's; the message has the nearest ones.
    TypeError
        A network of neither backend.

    Notes
    -----
    A module that returns its input unchanged, such as Identity, is given a tensor of its own that shares the
    values: its gradient is then what comes back through this module alone.

    Copies of the network that are made in the block record nothing. Call the network itself, not what
    ``torch.compile`` made of it: compiled code does not notice when hooks come and go.
    """
    every_call, copy = as_bool(every_call, "every_call"), as_bool(copy, "copy")
    modules = _modules(network, names)
    seen = Features(modules, every_call)

    def begin(module, inputs):
        if module is network:
            seen.clear()

    def keep(names, inputs, output):
        given = {id(tensor) for tensor in _tensors(inputs)}
        if any(id(tensor) in given for tensor in _tensors(output)):
            output = _mapped(lambda one: one.reshape(one.shape) if id(one) in given else one, output)
        for tensor in _tensors(output):
            if tensor.requires_grad and not tensor.is_leaf:
                tensor.retain_grad()
        seen._add(names, output)
        return _mapped(lambda one: one.clone() if hasattr(one, "clone") else one, output) if copy else output

    with network.register_forward_pre_hook(begin), _hooked(modules, keep):
        yield seen


@contextlib.contextmanager
def replace(network, functions):
    """Replace what modules return, for the length of a ``with`` block.

    Gradients go through the functions. Parts of a network are so put out of action: a product with 0
    silences a branch (``lambda output: 0 * output``), one with zeros and ones single channels.

    Parameters
    ----------
    network : dlcore.scratch.nn.Module or torch.nn.Module
    functions : dict of str to callable
        For the names of modules, what to make of the output: ``function(output)``, at every call. What it
        returns takes the place of the output. The whole tuple is handed over where a module returns one.

    Raises
    ------
    KeyError
        A name that is none of the network's; the message has the nearest ones.
    ValueError
        Two names of one module, which stands at both places.
    TypeError
        A network of neither backend, something else than functions, and at the call a function that returns
        None.

    Notes
    -----
    Blocks act in the order in which they begin: :func:`record` within it sees what the function returned, and
    around it what the module did.
    """
    if not isinstance(functions, Mapping):
        raise TypeError(f"functions: expected a dictionary, got {type(functions).__name__}")
    for name, function in functions.items():
        if not callable(function):
            raise TypeError(f"functions: expected a function for {name!r}, got {type(function).__name__}")
    modules = _modules(network, functions) if functions else {}
    for module in set(modules.values()):
        if len(one := [name for name in modules if modules[name] is module]) > 1:
            raise ValueError(f"functions: {one[0]!r} and {one[1]!r} are one module")

    def put(names, inputs, output):
        replaced = functions[names[0]](output)
        if replaced is None:
            raise TypeError(f"functions: that for {names[0]!r} returned None")
        return replaced

    with _hooked(modules, put):
        yield


def statistics(network, inputs, *names):
    """How the outputs of modules are distributed, in evaluation mode and without recording.

    Parameters
    ----------
    network : dlcore.scratch.nn.Module or torch.nn.Module
    inputs : array or tensor
        What the network is called with.
    names : str
        Of modules within. Without names, all layers without layers within.

    Returns
    -------
    dict of str to dict
        In the order in which the modules returned: "mean", "std" (that of the values themselves, so it is
        divided by their number) and "zeros", the share of values that are exactly 0. Where a module returns
        several tensors, of the first; where it is called several times, of the last call. Modules that are
        not called are left out.

    Raises
    ------
    KeyError
        A name that is none of the network's; the message has the nearest ones.
    TypeError
        A network of neither backend.
    """
    modules, found = _modules(network, names), {}

    def measure(names, inputs, output):
        values = _values(output)
        for name in names:
            found[name] = {
                "mean": float(values.mean()),
                "std": float(values.std()),
                "zeros": float((values == 0).mean()),
            }
        return output

    with evaluating(network), backend_of(network).no_grad(), _hooked(modules, measure):
        network(inputs)
    return found


def gram(activation):
    """The Gram matrix of each example's channels: which of them are active together, no matter where.

    Parameters
    ----------
    activation : Tensor of either backend
        (N, C, ...), such as images (N, C, H, W).

    Returns
    -------
    Tensor (N, C, C)
        The products of channels, summed over all places and divided by ``C * H * W``, so that layers of all
        sizes compare.

    Source: Gatys, Ecker and Bethge, "Image style transfer using convolutional neural networks" (2016);
    the division is that of Johnson, Alahi and Fei-Fei, "Perceptual losses for real-time style
    transfer and super-resolution" (2016).
    """
    channels = activation.reshape(*activation.shape[:2], -1)
    channels = channels / (channels.shape[1] * channels.shape[2]) ** 0.5  # before the sum, for half precision
    return channels @ channels.transpose(1, 2)


# What the functions above share


def _modules(network, names):
    """The modules by name; without names, those without modules within."""
    backend_of(network)  # or TypeError
    if not names:
        return {
            name: module
            for name, module in network.named_modules()
            if next(iter(module.children()), None) is None
        }
    places = dict(network.named_modules(remove_duplicate=False))
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"names: expected strings, got {type(name).__name__}")
        if name not in places:
            raise KeyError(f"names: {type(network).__name__} has no module {name!r}{nearest(name, places)}")
    return {name: places[name] for name in names}


@contextlib.contextmanager
def _hooked(modules, see):
    """At each call of one of the `modules`, a dict, what ``see(names, inputs, output)`` returns is its output."""
    places = {}
    for name, module in modules.items():
        places.setdefault(module, []).append(name)

    def hook_of(own, names):
        # A function, which copies of the module share: what they return is none of our business.
        return lambda module, inputs, output: see(names, inputs, output) if module is own else None

    with contextlib.ExitStack() as stack:
        for module, names in places.items():
            stack.enter_context(module.register_forward_hook(hook_of(module, names)))
        yield


def _tensors(value):
    """All tensors, of either backend, in what a module takes or returns."""
    if hasattr(value, "requires_grad"):
        yield value
    elif isinstance(value, (tuple, list, Mapping)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(item)


def _shapes_text(values):
    """Names and the shapes of what is under them, instead of thousands of numbers."""

    def text(value):
        if isinstance(value, (tuple, list, Mapping)):
            return ", ".join(map(text, value.values() if isinstance(value, Mapping) else value))
        return str(tuple(value.shape)) if hasattr(value, "shape") else repr(value)

    return ", ".join(f"{name}: {text(value)}" for name, value in values.items())


def _mapped(function, value):
    """`value` with ``function(tensor)`` for each tensor within."""
    if hasattr(value, "requires_grad"):
        return function(value)
    if isinstance(value, (tuple, list)):
        items = [_mapped(function, item) for item in value]
        return type(value)._make(items) if hasattr(value, "_make") else type(value)(items)
    if isinstance(value, Mapping):
        return type(value)((key, _mapped(function, item)) for key, item in value.items())
    return value


def _version(tensor):
    """How often the tensor was changed in place; None where that is not counted (``inference_mode()``)."""
    try:
        return tensor._version
    except (AttributeError, RuntimeError):
        return None


def _values(output):
    """The values of a tensor, or of the first of several, as an array of float64."""
    while isinstance(output, (tuple, list, Mapping)):
        output = next(iter(output.values() if isinstance(output, Mapping) else output))
    if hasattr(output, "detach"):
        output = output.detach()
        output = output.cpu().double().numpy() if hasattr(output, "cpu") else output.data
    return np.asarray(output, np.float64)
