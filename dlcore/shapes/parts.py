"""A network as a tree of parts, and what to say of each: what a diagram draws."""

from dataclasses import dataclass, replace

from . import nn
from .summaries import count_text, rounded_text

__all__ = [
    "Part", "box_texts", "caption", "contents_text", "cost_texts", "join_text", "layer_texts",
    "merged", "option", "read", "shape_text",
]  # fmt: skip

CHAINS = (nn.Sequential, nn.AuxiliaryHeads)
JOINS = {
    nn.Sum: "+",
    nn.Scale: "×",
    nn.Split: "concat",
    nn.Concat: "concat",
}  # and what is written where branches meet


@dataclass(frozen=True)
class Part:
    """A module of a network, and what is within it."""

    module: nn.Module
    name: str  # dotted, as in state_dict
    before: tuple | None  # the shape that comes in, if it is known
    after: tuple | None  # the shape that goes out
    parts: tuple = ()
    parameters: int | None = None
    multiply_adds: int | None = None
    head: "Part | None" = None  # what branches off behind it
    times: int = 1  # how many parts that are defined alike it stands for
    last: str = ""  # and the name of the last of them

    @property
    def kind(self):
        return type(self.module).__name__

    @property
    def is_join(self):
        return isinstance(self.module, tuple(JOINS))

    @property
    def is_container(self):
        return self.is_join or isinstance(self.module, CHAINS)

    @property
    def is_line(self):
        return isinstance(self.module, nn.Identity)

    @property
    def inside(self):
        """The parts within and their heads."""
        return [*self.parts, *[part.head for part in self.parts if part.head]]

    @property
    def depth(self):
        """How many containers are within each other."""
        return 1 + max((part.depth for part in self.inside), default=0) if self.is_container else 0


def read(module, name, before, rows):
    """The :class:`Part` of `module`; `rows` are the records of all layers by name, or none."""
    part, parts, after, heads = Part(module, name, before, before), [], before, {}
    places = dict(module._modules) if part.is_container else {}
    if isinstance(module, nn.AuxiliaryHeads):
        aside = places.pop("heads")
        heads = aside._modules if module.training else {}
    for place, child in places.items():
        inner = read(child, joined(name, place), share(module, before) if part.is_join else after, rows)
        after = inner.after
        if place in heads:
            inner = replace(inner, head=read(heads[place], joined(name, f"heads.{place}"), after, rows))
        parts.append(inner)
    part = replace(part, parts=tuple(parts))
    if not rows:
        return part
    own = [] if isinstance(module, CHAINS) else [rows[name]]
    return replace(
        part,
        after=own[0].output_shape if own else after,
        parameters=sum(item.parameters for item in [*own, *part.inside]),
        multiply_adds=sum(item.multiply_adds for item in [*own, *part.inside]),
    )


def joined(name, place):
    return f"{name}.{place}" if name else place


def share(module, shape):
    """What a branch takes of an input of `shape`."""
    if shape is None or not isinstance(module, nn.Split):
        return shape
    dim = module.dim % len(shape)
    return (*shape[:dim], shape[dim] // len(module), *shape[dim + 1 :])


def merged(parts, is_folded):
    """`parts` that follow each other, where folded neighbours that are defined alike have become one."""
    items = []
    for item in parts:
        if (
            items
            and is_folded(items[-1])
            and is_folded(item)
            and not items[-1].head
            and alike(items[-1]) == alike(item)
        ):
            first = items.pop()
            item = replace(first, after=item.after, head=item.head, last=item.name, times=first.times + 1)
        items.append(item)
    return items


def alike(part):
    return repr(part.module), part.parameters, part.multiply_adds


# The words


def shape_text(shape):
    """A shape without its batch axis."""
    return "" if shape is None else " × ".join(map(str, shape[1:]))


def caption(name):
    """The end of a name, from its last word on that is not a number: ``layer1.0``, ``heads.inception4a``."""
    words = name.split(".")
    first = max((place for place, word in enumerate(words) if not word.isdigit()), default=0)
    if first and words[first - 1] == "heads":
        first -= 1
    return ".".join(words[first:])


def cost_texts(part):
    """What a part costs, if that is known."""
    if part.parameters is None:
        return []
    return [f"{count_text(part.parameters)} parameters", f"{rounded_text(part.multiply_adds)} multiply-adds"]


def contents_text(part):
    """The kind of a container, and how many there are within."""
    if isinstance(part.module, nn.Scale):
        return f"{part.kind} by a gate"
    one, many = ("block", "blocks") if all(item.is_container for item in part.parts) else ("part", "parts")
    if not any(item.is_container for item in part.parts):
        one, many = "layer", "layers"
    if part.is_join:
        one, many = "branch", "branches"
    return f"{part.kind} · {len(part.parts)} {one if len(part.parts) == 1 else many}"


def join_text(part):
    """What stands where branches meet."""
    return next(text for kind, text in JOINS.items() if isinstance(part.module, kind))


# The options that stand beside the kind of a layer, as far as it has them.
MATTERS = (
    "kernel_size", "output_size", "out_channels", "out_features", "hidden_size", "embedding_dim",
    "num_groups", "p", "size", "scale_factor", "pieces",
)  # fmt: skip


def option(module, name, neutral=None):
    """An option of a layer, or of the layer that it asks, as text: ``3×3``; nothing where it is `neutral`."""
    value = getattr(module, name, getattr(getattr(module, "layer", None), name, None))
    if name in ("kernel_size", "output_size") and isinstance(value, int):
        value = (value,) * getattr(module, "axes", 1)
    sizes = value if isinstance(value, (tuple, list)) else (value,)
    if set(sizes) <= {None, neutral}:
        return ""
    if name in ("stride", "dilation", "scale_factor") and len(set(sizes)) == 1:
        sizes = sizes[:1]
    return "×".join(f"{size:g}" if isinstance(size, float) else str(size) for size in sizes)


def layer_texts(part):
    """What a layer is; its name, and what is rarer."""
    stride = option(part.module, "stride", 1)
    words = [*[option(part.module, name) for name in MATTERS], stride and f"/{stride}"]
    rarer = [(name, option(part.module, name, 1)) for name in ("groups", "dilation")]
    more = [caption(part.name), *[f"{name} {text}" for name, text in rarer if text]]
    return f"{part.kind} {', '.join(filter(None, words))}".strip(), " · ".join(filter(None, more))


def box_texts(part):
    """What stands in the box of a part, line by line."""
    if not part.is_container:
        return list(filter(None, layer_texts(part)))
    title, costs = caption(part.name), cost_texts(part)
    if part.times > 1:
        title = f"{title} … {part.last.rpartition('.')[2]} (× {part.times})"
        costs = [f"each {text}" for text in costs]
    return [title, contents_text(part), *costs]
