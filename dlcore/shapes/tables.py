"""The layers of a network as a table, as text and in a notebook."""

from dataclasses import dataclass
from html import escape

from ..scratch.windows import size_text
from .reading import Layer, layers

__all__ = ["Table", "table"]

# Title, cell, whether it holds numbers, and its total. A further column is a further line.
COLUMNS = (
    ("layer", lambda row: row.name, False, None),
    ("kind", lambda row: row.kind, False, None),
    ("output shape", lambda row: size_text(row.output_shape), True, None),
    ("parameters", lambda row: f"{row.parameters:,}", True, lambda table: table.parameters),
    ("multiply-adds", lambda row: f"{row.multiply_adds:,}", True, lambda table: table.multiply_adds),
    ("receptive field", lambda row: size_text(row.receptive_field), True, None),
)

# Set here rather than in the book's style sheet, so that notebooks have it too.
CELL = "padding: 0.15em 0.6em; white-space: nowrap"


@dataclass(frozen=True)
class Table:
    """The layers of a network and their totals; prints as text and shows as a table in a notebook."""

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

    def _cells(self):
        """Titles, rows and totals, as texts."""
        titles = [title for title, *_ in COLUMNS]
        rows = [[cell(row) for _, cell, _, _ in COLUMNS] for row in self.rows]
        totals = [f"{total(self):,}" if total else "" for _, _, _, total in COLUMNS]
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


def table(network, input_shape):
    """The layers of `network` as a :class:`Table`; arguments and errors are those of :func:`layers`."""
    rows = layers(network, input_shape)
    return Table(tuple(input_shape), rows)
