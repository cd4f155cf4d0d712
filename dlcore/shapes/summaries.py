"""The layers of a network as a table, as text and in a notebook."""

from dataclasses import dataclass, replace
from html import escape
from itertools import groupby

from ..scratch.windows import as_int, nearest
from . import nn
from .reading import Layer, layers

__all__ = ["Summary", "summary"]


def count_text(number):
    """A number of things, with commas."""
    return f"{number:,}"


def rounded_text(number):
    """A number to three digits: ``1.81 G``."""
    for unit, power in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * power:
            amount = number / power
            return f"{amount:.{2 if amount < 9.995 else 1 if amount < 99.95 else 0}f} {unit}"
    return str(number)


def bytes_text(number):
    """A number of bytes to three digits: ``3.21 MB``, in powers of 1000."""
    return f"{rounded_text(number)}B" if number >= 1000 else f"{number} B"


def sizes_text(sizes):
    """Sizes in little room: ``64×112×112``."""
    return "×".join(map(str, sizes))


# Title, cell, whether it holds numbers, and its total. A further column is a further line.
COLUMNS = (
    ("layer", lambda row: row.name, False, None),
    ("kind", lambda row: row.kind, False, None),
    ("output shape", lambda row: sizes_text(row.output_shape), True, None),
    ("parameters", lambda row: count_text(row.parameters), True, lambda table: count_text(table.parameters)),
    (
        "multiply-adds",
        lambda row: count_text(row.multiply_adds),
        True,
        lambda table: count_text(table.multiply_adds),
    ),
    ("memory", lambda row: bytes_text(row.memory), True, lambda table: bytes_text(table.memory)),
    ("receptive field", lambda row: sizes_text(row.receptive_field), True, None),
    ("jump", lambda row: sizes_text(row.jump), True, None),
)

# Set here rather than in the book's style sheet, so that notebooks have it too. A long table scrolls in itself, with
# its titles and totals in sight, before whatever is the background there: the book's, Jupyter's or VS Code's.
GROUND = "var(--pst-color-background, var(--jp-layout-color0, var(--vscode-editor-background, Canvas)))"
STYLE = (
    "<style>"
    ".dlcore-layers { overflow: auto; max-height: 36rem } "
    ".dlcore-layers table { margin: 0; font-size: 0.8em; font-variant-numeric: tabular-nums } "
    ".dlcore-layers :is(caption, th, td) { padding: 0.1em 0.6em; text-align: left; white-space: nowrap } "
    ".dlcore-layers th { vertical-align: bottom; white-space: normal } "
    ".dlcore-layers .number { text-align: right } "
    f".dlcore-layers :is(thead, tfoot) {{ position: sticky; background: {GROUND}; font-weight: bold }} "
    ".dlcore-layers thead { top: 0; box-shadow: 0 1px currentColor } "
    ".dlcore-layers tfoot { bottom: 0; box-shadow: 0 -1px currentColor } "
    "@media print { .dlcore-layers { max-height: none } }"
    "</style>"
)


@dataclass(frozen=True, repr=False)
class Summary:
    """The layers of a network and their totals; prints as text and shows as a table in a notebook.

    It is a collection of its rows, and ``table["conv1"]`` is that of the layer with this name.

    Attributes
    ----------
    input_shape : tuple of int
    rows : list of Layer
    """

    input_shape: tuple[int, ...]
    rows: list[Layer]

    @property
    def parameters(self):
        """Of the whole network."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self):
        """Of the whole network, for the whole batch."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def memory(self):
        """Bytes of all outputs together, for the whole batch: what the backward pass may need of them."""
        return sum(row.memory for row in self.rows)

    def _cells(self):
        """Titles, rows and totals, as texts."""
        titles = [title for title, *_ in COLUMNS]
        rows = [[cell(row) for _, cell, _, _ in COLUMNS] for row in self.rows]
        totals = [total(self) if total else "" for _, _, _, total in COLUMNS]
        return titles, rows, ["total", *totals[1:]]

    def __str__(self):
        titles, rows, totals = self._cells()
        titles = [title.rpartition(" ")[::2] for title in titles]  # in two lines, as numbers are narrower
        lines = [*zip(*titles), *rows, totals]
        widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]

        def text(line):
            cells = zip(line, widths, COLUMNS)
            return "  ".join(
                cell.rjust(width) if number else cell.ljust(width) for cell, width, (_, _, number, _) in cells
            ).rstrip()

        rule = "  ".join("-" * width for width in widths)
        upper, lower, *body, last = map(text, lines)
        return "\n".join([f"input {sizes_text(self.input_shape)}", upper, lower, rule, *body, rule, last])

    __repr__ = __str__  # in a terminal

    def _repr_html_(self):
        def line(cells, tag):
            return "".join(
                f"<{tag}{scope}{align}>{escape(cell)}</{tag}>"
                for cell, (_, _, number, _) in zip(cells, COLUMNS)
                for scope in [' scope="col"' if tag == "th" else ""]
                for align in [' class="number"' if number else ""]
            )

        titles, rows, totals = self._cells()
        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
        title = f"Layers for an input of {sizes_text(self.input_shape)}"
        return (  # the keyboard can scroll what can have the focus
            f'<div class="dlcore-layers" tabindex="0" role="region" aria-label="{escape(title)}">{STYLE}'
            f"<table><caption>{escape(title)}</caption>"
            f"<thead><tr>{line(titles, 'th')}</tr></thead><tbody>{body}</tbody>"
            f"<tfoot><tr>{line(totals, 'td')}</tr></tfoot></table></div>"
        )

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter(self.rows)

    def __getitem__(self, name):
        """The row of the layer that is called `name`; KeyError with the nearest names if there is none."""
        found = {row.name: row for row in self.rows}
        if name not in found:
            raise KeyError(f"name: {name!r} has no row{nearest(name, found)}")
        return found[name]


def summary(network, input_shape, depth=None, dtype="float32"):
    """The layers of `network` as a :class:`Summary`, or the parts that it consists of.

    Parameters
    ----------
    network : dlcore.shapes.nn.Module
        Such as ``networks.resnet50(shapes.nn)``. Heads that only help to train are read in training mode, which is
        what a new network is in, and left out after ``network.eval()``.
    input_shape : tuple of int
        With the batch axis, as for :func:`layers`.
    depth : int, optional
        How many parts of a name to tell apart. With 1, all layers whose names begin with ``layer1`` make up one row:
        what they have together, and the shape and the receptive field behind the last of them (a head, such as
        ``heads.inception4a``, is a part by itself). By default every layer has a row.
    dtype : dtype
        Of the activations, for their memory.

    Returns
    -------
    Summary

    Raises
    ------
    RuntimeError, IndexError, ValueError, TypeError
        As for :func:`layers`; a `depth` below 1.
    """
    rows = layers(network, input_shape, dtype)
    if depth is not None:
        if as_int(depth, "depth") < 1:
            raise ValueError(f"depth: must be at least 1, got {depth}")
        rows = folded(network, rows, depth)
    return Summary(tuple(input_shape), rows)


def folded(network, rows, depth):
    """One row for all that stand next to each other and agree in the first `depth` parts of their names.

    A head and the word before it, ``heads.inception4a``, count as one part.
    """
    heads = [
        f"{name}.heads.".lstrip(".")
        for name, module in network.named_modules(remove_duplicate=False)
        if isinstance(module, nn.AuxiliaryHeads)
    ]

    def start(row):
        parts = depth
        for place in heads:  # the outer before the inner
            parts += row.name.startswith(place) and place.count(".") <= parts
        return ".".join(row.name.split(".")[:parts])

    together = []
    for name, group in groupby(rows, start):
        group = list(group)
        aside = [place for place in heads if not f"{name}.".startswith(place)]
        trunk = [row for row in group if not row.name.startswith(tuple(aside))]
        together.append(
            replace(
                (trunk or group)[-1],
                name=name,
                kind=type(network.get_submodule(name)).__name__,
                **{
                    total: sum(getattr(row, total) for row in group)
                    for total in ("parameters", "multiply_adds", "memory")
                },
            )
        )
    return together
