"""The layers of a network as a table, as text and in a notebook."""

from dataclasses import dataclass, replace
from html import escape
from itertools import groupby

from ..scratch.windows import as_int, size_text
from .reading import Layer, layers

__all__ = ["Summary", "summary"]


def count_text(number):
    """A number of things or bytes, with commas."""
    return f"{number:,}"


# Title, cell, whether it holds numbers, and its total. A further column is a further line.
COLUMNS = (
    ("layer", lambda row: row.name, False, None),
    ("kind", lambda row: row.kind, False, None),
    ("output shape", lambda row: size_text(row.output_shape), True, None),
    ("parameters", lambda row: count_text(row.parameters), True, lambda table: count_text(table.parameters)),
    (
        "multiply-adds",
        lambda row: count_text(row.multiply_adds),
        True,
        lambda table: count_text(table.multiply_adds),
    ),
    ("activation bytes", lambda row: count_text(row.memory), True, lambda table: count_text(table.memory)),
    ("receptive field", lambda row: size_text(row.receptive_field), True, None),
    ("jump", lambda row: size_text(row.jump), True, None),
)

# Set here rather than in the book's style sheet, so that notebooks have it too.
CELL = "padding: 0.15em 0.6em; white-space: nowrap"


@dataclass(frozen=True)
class Summary:
    """The layers of a network and their totals; prints as text and shows as a table in a notebook.

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
        """Bytes of all activations together, for the whole batch: what the backward pass may need of them."""
        return sum(row.memory for row in self.rows)

    def _cells(self):
        """Titles, rows and totals, as texts."""
        titles = [title for title, *_ in COLUMNS]
        rows = [[cell(row) for _, cell, _, _ in COLUMNS] for row in self.rows]
        totals = [total(self) if total else "" for _, _, _, total in COLUMNS]
        return titles, rows, ["total", *totals[1:]]

    def __str__(self):
        titles, rows, totals = self._cells()
        lines = [titles, *rows, totals]
        widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]

        def text(line):
            cells = zip(line, widths, COLUMNS)
            return "  ".join(
                cell.rjust(width) if number else cell.ljust(width) for cell, width, (_, _, number, _) in cells
            ).rstrip()

        rule = "  ".join("-" * width for width in widths)
        return "\n".join(
            [
                f"input {size_text(self.input_shape)}",
                text(titles),
                rule,
                *map(text, rows),
                rule,
                text(totals),
            ]
        )

    def _repr_html_(self):
        def line(cells, tag):
            return "".join(
                f"<{tag}{scope}{align}>{escape(cell)}</{tag}>"
                for cell, (_, _, number, _) in zip(cells, COLUMNS)
                for scope in [' scope="col"' if tag == "th" else ""]
                for align in [f' style="text-align: {"right" if number else "left"}; {CELL}"']
            )

        titles, rows, totals = self._cells()
        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
        return (
            '<div style="overflow-x: auto"><table class="dlcore-layers">'
            f"<caption>Layers for an input of {escape(size_text(self.input_shape))}</caption>"
            f"<thead><tr>{line(titles, 'th')}</tr></thead><tbody>{body}</tbody>"
            f"<tfoot><tr>{line(totals, 'td')}</tr></tfoot></table></div>"
        )


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
        what they have together, and the shape and the receptive field behind the last of them. By default every layer
        has a row.
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
    """One row for all that stand next to each other and agree in the first `depth` parts of their names."""

    def start(row):
        return ".".join(row.name.split(".")[:depth])

    together = []
    for name, group in groupby(rows, start):
        group = list(group)
        together.append(
            replace(
                group[-1],
                name=name,
                kind=type(network.get_submodule(name)).__name__,
                **{
                    total: sum(getattr(row, total) for row in group)
                    for total in ("parameters", "multiply_adds", "memory")
                },
            )
        )
    return together
