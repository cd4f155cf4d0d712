"""How layers are put together."""

import contextlib
import math
from collections import OrderedDict

from .. import arithmetic
from ..windows import as_int, as_number, as_tuple
from .module import Module, OperatorLayer, Weighted

__all__ = [
    "AuxiliaryHeads",
    "Concat",
    "Flatten",
    "Identity",
    "Multiply",
    "Scale",
    "Sequential",
    "Split",
    "Sum",
    "Unflatten",
]


class _Several(Module):
    """Modules side by side or one after the other, named by :func:`named`."""

    def __init__(self, *modules):
        super().__init__()
        for name, module in named(self, modules, Module).items():
            setattr(self, name, module)

    def __len__(self):
        return len(self._modules)

    def __getitem__(self, index):
        return list(self._modules.values())[index]

    def __iter__(self):
        return iter(self._modules.values())


class Sequential(_Several):
    """Modules one after the other; each takes what the one before returns.

    Each is named by its place, or, where the only argument is an ``OrderedDict`` of modules, as that names it. In a
    slice, which is a Sequential again, they keep their names. Source: ``torch.nn.Sequential``.
    """

    def forward(self, input):
        for name, module in self._modules.items():
            input = called(name, module, input)
        return input

    def __getitem__(self, index):
        chosen = list(self._modules.items())[index]
        return Sequential(OrderedDict(chosen)) if isinstance(index, slice) else chosen[1]


class Sum(_Several):
    """Branches that all take the input; their outputs, equal in shape, are added.

    Raises
    ------
    RuntimeError
        When called: outputs that differ in shape.

    Source: the residual connection of He et al., "Deep residual learning for image recognition" (2016).
    """

    def __init__(self, *branches):
        super().__init__(*branches)
        check_branches(self)

    def forward(self, input):
        outputs = [called(name, branch, input) for name, branch in self._modules.items()]
        sum_shape([output.shape for output in outputs])
        total = outputs[0]
        for output in outputs[1:]:
            total = arithmetic.add(total, output)
        return total


class Concat(_Several):
    """Branches that all take the input; their outputs are joined along the axis `dim`, by default the channels.

    Raises
    ------
    RuntimeError
        When called: outputs that differ in shape elsewhere.

    Source: the inception module of Szegedy et al., "Going deeper with convolutions" (2015); the dense connection of
    Huang et al., "Densely connected convolutional networks" (2017).
    """

    def __init__(self, *branches, dim=1):
        super().__init__(*branches)
        check_branches(self)
        self.dim = as_int(dim, "dim")

    def extra_repr(self):
        return f"dim={self.dim}"

    def forward(self, input):
        outputs = [called(name, branch, input) for name, branch in self._modules.items()]
        concat_shape([output.shape for output in outputs], self.dim)
        return arithmetic.cat(outputs, self.dim)


class Split(_Several):
    """Each branch takes its share of the input along the axis `dim`, by default the channels; the outputs are joined there.

    The shares are equal, and follow each other in the order of the branches.

    Raises
    ------
    RuntimeError
        When called: an axis that cannot be divided so, or outputs that differ in shape elsewhere.

    Source: the channel split of Ma et al., "ShuffleNet V2" (2018).
    """

    def __init__(self, *branches, dim=1):
        super().__init__(*branches)
        check_branches(self)
        self.dim = as_int(dim, "dim")

    def extra_repr(self):
        return f"dim={self.dim}"

    def forward(self, input):
        shares = [input[share] for share in share_slices(input.shape, self.dim, len(self))]
        outputs = [
            called(name, branch, share) for (name, branch), share in zip(self._modules.items(), shares)
        ]
        concat_shape([output.shape for output in outputs], self.dim)
        return arithmetic.cat(outputs, self.dim)


class AuxiliaryHeads(Module):
    """A network with further outputs on the way, which help to train it and are left out afterwards.

    Parameters
    ----------
    trunk : OrderedDict of str to Module
        Modules one after the other, as for :class:`Sequential`, and found under the same names.
    heads : dict of str to Module
        For some of these names the head that takes what that module returns. They are found under "heads".

    Returns
    -------
    When called in training mode, a tuple: the output of the trunk, then those of the heads in the order of `heads`. In
    evaluation mode the output of the trunk alone; the heads are not computed.

    Source: Szegedy et al., "Going deeper with convolutions" (2015), section 5.
    """

    def __init__(self, trunk, heads):
        super().__init__()
        for name, module in trunk_and_heads(self, trunk, heads, Module, Sequential).items():
            setattr(self, name, module)

    def forward(self, input):
        outputs = {}
        for name, module in self._modules.items():
            if module is not self.heads:
                input = called(name, module, input)
                if self.training and name in self.heads._modules:
                    head = self.heads._modules[name]
                    outputs[name] = called(f"heads.{name}", head, input)
        return (input, *(outputs[name] for name in self.heads._modules)) if self.training else input


class Scale(Module):
    """The input times what the module `gate` makes of it, which is broadcast: attention to what matters.

    Raises
    ------
    RuntimeError
        When called: a gate whose output does not fit over the input.

    Source: Hu, Shen and Sun, "Squeeze-and-excitation networks" (2018).
    """

    def __init__(self, gate):
        super().__init__()
        check_module(self, gate, Module, "gate")
        self.gate = gate

    def forward(self, input):
        factor = called("gate", self.gate, input)
        check_factor(input.shape, factor.shape)
        return arithmetic.mul(input, factor)


class Multiply(Module):
    """The input times the number `factor`: with a small one, a branch weighs less in a sum.

    Parameters
    ----------
    factor : float

    Raises
    ------
    TypeError
        A factor that is not a number.

    Source: the scaled residuals of Szegedy et al., "Inception-v4, Inception-ResNet and the impact of residual
    connections on learning" (2017), section 3.3.
    """

    def __init__(self, factor):
        super().__init__()
        self.factor = as_number(factor, "factor")

    def extra_repr(self):
        return f"factor={self.factor}"

    def forward(self, input):
        return arithmetic.mul(input, self.factor)


class Identity(Module):
    """Returns its input. Arguments are taken and ignored. Source: ``torch.nn.Identity``."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class Flatten(Module):
    """The axes from `start_dim` to `end_dim` as one; by default all but the batch. Source: ``torch.nn.Flatten``."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = as_int(start_dim, "start_dim"), as_int(end_dim, "end_dim")

    def forward(self, input):
        return arithmetic.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """The axis `dim` as several, of the sizes `unflattened_size`, of which one may be -1. Source: ``torch.nn.Unflatten``."""

    def __init__(self, dim, unflattened_size):
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(f"unflattened_size: expected a tuple of ints, got {unflattened_size!r}")
        as_tuple(unflattened_size, len(unflattened_size), "unflattened_size", allow_single=False)
        self.dim, self.unflattened_size = as_int(dim, "dim"), unflattened_size

    def forward(self, input):
        return arithmetic.reshape(input, unflatten_shape(input.shape, self.dim, self.unflattened_size))

    def extra_repr(self):
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


# What the combinators of all three vocabularies accept, and the shapes that they make


def called(place, module, input):
    """What `module`, which stands at `place`, makes of the input; an error within is told the place."""
    try:
        if isinstance(input, tuple) and isinstance(module, (OperatorLayer, Weighted)):
            raise TypeError(
                "input: expected a tensor"
            )  # operators would take a tuple of arrays for one array
        return module(input)
    except Exception as error:
        explain_tuple(error, input)
        name_place(error, place, module)
        raise


PLAIN = (RuntimeError, NotImplementedError, ValueError, IndexError, TypeError)


def is_plain(error):
    """Whether `error` is a message and nothing else, so that it may say more; kinds derived from these may not be."""
    return type(error) in PLAIN and len(error.args) == 1 and isinstance(error.args[0], str)


def explain_tuple(error, input):
    """Say that `input` was a tuple, which few modules take: that of AuxiliaryHeads, or of a recurrent layer."""
    if isinstance(input, tuple) and is_plain(error) and not hasattr(error, "_place"):
        error.args = (f"{error} (the input was a tuple of {len(input)})",)


def name_place(error, place, module):
    """Put before the message of `error` where in the network it happened: called from the inside out.

    A note says it of errors that have more to them than a message.
    """
    inner, named, kind, message = getattr(error, "_place", (None, None, None, str(error)))
    if named != id(module) and named in map(id, module.modules()):
        place = f"{place}.{inner}"
    else:  # nobody within has named it: it is new, or was kept and is raised again
        kind = type(module).__name__
    plain = is_plain(error)
    with contextlib.suppress(Exception):  # an error that lets nobody add to it is raised as it is
        error._place = place, id(module), kind, message
        if plain:
            error.args = (f"{place}: {kind}: {message}",)
        else:
            others = [note for note in getattr(error, "__notes__", []) if not isinstance(note, _Place)]
            error.__notes__ = [*others, _Place(f"at {place}: {kind}")]


class _Place(str):
    """A note that says where in a network an error happened."""

    __slots__ = ()


def check_module(owner, module, kind, place):
    """`module` is one of this vocabulary, or TypeError."""
    if not isinstance(module, kind):
        where = f"at place {place}" if isinstance(place, int) else f"as {place}"
        raise TypeError(f"{type(owner).__name__}: expected modules, got {type(module).__name__} {where}")


def named(owner, modules, kind):
    """Modules by name: their places, or the names that an OrderedDict gives them, if it is the only argument."""
    if len(modules) == 1 and isinstance(modules[0], OrderedDict):
        for name in modules[0]:
            if not isinstance(name, str):
                raise TypeError(f"{type(owner).__name__}: expected strings as names, got {name!r}")
            if not name or "." in name or hasattr(owner, name):
                raise KeyError(f"{type(owner).__name__}: cannot call a module {name!r}")
        places = modules[0].items()
    else:
        places = list(enumerate(modules))
    for place, module in places:
        check_module(owner, module, kind, place)
    return {str(place): module for place, module in places}


def trunk_and_heads(owner, trunk, heads, kind, container):
    """The modules of an AuxiliaryHeads by name, those of `heads` within one `container`."""
    for name, value in (("trunk", trunk), ("heads", heads)):
        if not isinstance(value, dict):
            raise TypeError(f"{name}: expected a dictionary of modules, got {type(value).__name__}")
    if unknown := [name for name in heads if name not in trunk]:
        raise ValueError(f"heads: {unknown[0]!r} is none of the modules in trunk")
    if "heads" in trunk:
        raise KeyError("trunk: cannot call a module 'heads'")
    modules = named(owner, [OrderedDict(trunk)], kind)
    return {**modules, "heads": container(OrderedDict(heads))}


def check_branches(owner):
    """There is at least one, or ValueError."""
    if len(owner) == 0:
        raise ValueError(f"{type(owner).__name__}: expected at least one branch")


def sum_shape(shapes):
    """The shape of the sum of outputs of these shapes, which must be one."""
    for place, shape in enumerate(shapes):
        if tuple(shape) != tuple(shapes[0]):
            raise RuntimeError(
                f"branch {place}: expected an output of shape {tuple(shapes[0])}, as of branch 0, got {tuple(shape)}"
            )
    return tuple(shapes[0])


def concat_shape(shapes, dim):
    """The shape of outputs of these shapes joined along `dim`; in all other axes they must agree."""
    first = tuple(shapes[0])
    if not -len(first) <= dim < len(first):
        raise IndexError(f"dim: expected an axis of outputs of shape {first}, got {dim}")
    dim %= len(first)
    rest = (*first[:dim], None, *first[dim + 1 :])
    for place, shape in enumerate(shapes):
        if len(shape) != len(first) or (*shape[:dim], None, *shape[dim + 1 :]) != rest:
            raise RuntimeError(
                f"branch {place}: expected the shape {first} of branch 0 but for axis {dim}, got {tuple(shape)}"
            )
    return (*first[:dim], sum(shape[dim] for shape in shapes), *first[dim + 1 :])


def share_slices(shape, dim, count):
    """For each of `count` branches the index of its share of an input of this shape along `dim`."""
    if not -len(shape) <= dim < len(shape):
        raise IndexError(f"dim: expected an axis of an input of shape {tuple(shape)}, got {dim}")
    dim %= len(shape)
    share = shape[dim] // count
    if share * count != shape[dim]:
        raise RuntimeError(
            f"input: expected an axis {dim} that {count} branches can share, got shape {tuple(shape)}"
        )
    before = (slice(None),) * dim
    return [(*before, slice(place * share, (place + 1) * share)) for place in range(count)]


def check_factor(shape, factor):
    """A factor of this shape fits over an input of `shape`, or RuntimeError."""
    if len(factor) > len(shape) or any(f not in (1, n) for f, n in zip(factor[::-1], shape[::-1])):
        raise RuntimeError(
            f"gate: expected an output that fits over an input of shape {tuple(shape)}, got {tuple(factor)}"
        )


def unflatten_shape(shape, dim, sizes):
    """`shape` with the axis `dim` divided into axes of these sizes, of which one may be -1."""
    if not -len(shape) <= dim < len(shape):
        raise IndexError(f"dim: expected an axis of an input of shape {tuple(shape)}, got {dim}")
    dim %= len(shape)
    divided = list(sizes)
    if divided.count(-1) == 1:
        known = math.prod(size for size in sizes if size != -1)
        divided[divided.index(-1)] = shape[dim] // known if known else -1
    if not divided or min(divided) < 0 or math.prod(divided) != shape[dim]:
        raise RuntimeError(
            f"unflattened_size: {tuple(sizes)} does not divide axis {dim} of an input of shape {tuple(shape)}"
        )
    return (*shape[:dim], *divided, *shape[dim + 1 :])
