"""Where the parts of a network are drawn: each around its line, one below the other or side by side."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

from . import nn
from .parts import Part, box_texts, caption, join_text, merged, shape_text

__all__ = ["CARD", "LARGE", "SMALL", "Mark", "page"]

# Pixels. Text: what it is, and what more there is to say.
LARGE, SMALL = 13, 11
# Between neighbours, with a shape between them, side by side, inside a box, below a frame's top, at the edge.
GAP, LABELLED, APART, PAD, HEADER, EDGE = 16, 27, 16, 10, 24, 4
CARD = 3  # what shows of each of the two cards below a stack


@dataclass(frozen=True)
class Mark:
    """Something to draw.

    Attributes
    ----------
    style : str
        "layer", "stack" (a folded part), "join" or "frame" (around an open part): a box from the first to
        the second of two `points`, with `texts` from top to bottom. "line" or "arrow": through all `points`.
        "label" or "title": a text that begins at its only point, or has it in the middle.
    points : tuple of (int, int)
    texts : sequence of str
    part : Part or None
        What it stands for.
    """

    style: str
    points: tuple
    texts: tuple = ()
    part: Part | None = None

    def moved(self, dx, dy):
        return Mark(self.style, tuple((x + dx, y + dy) for x, y in self.points), self.texts, self.part)

    @property
    def sides(self):
        """Its left and right end."""
        xs = [x for x, _ in self.points]
        width = text_width(self.texts[0], SMALL) if self.style in ("label", "title") else 0
        before = width // 2 if self.style == "title" else 0
        return min(xs) - before, max(xs) + width - before


@dataclass(frozen=True)
class Piece:
    """What is drawn around a line from (0, 0) to (0, height)."""

    marks: list
    height: int
    shown: str  # the last shape that is written along the line
    is_box: bool = False  # whether a box is at its top, for the line to end in an arrow

    @cached_property
    def left(self):
        return max([PAD, *[-mark.sides[0] for mark in self.marks]])

    @cached_property
    def right(self):
        return max([PAD, *[mark.sides[1] for mark in self.marks]])

    def moved(self, dx, dy):
        return [mark.moved(dx, dy) for mark in self.marks]


def page(part, opens):
    """All marks of a drawing, its width and its height; ``opens(part, level)`` says which parts are open."""
    piece = lay(part, opens, 0)
    start = Mark("title", ((0, 10),), (f"input {shape_text(part.before)}".strip(),))
    marks = [start, *link(14, 14 + GAP, piece.is_box), *piece.moved(0, 14 + GAP)]
    whole = ended(Piece(marks, 14 + GAP + piece.height, ""), part, "output")
    return whole.moved(whole.left + EDGE, EDGE), whole.left + whole.right + 2 * EDGE, whole.height + 2 * EDGE


def lay(part, opens, level, width=0):
    """The piece of a part: open, a plain line, or a box of at least this `width`."""
    if opens(part, level):
        return (branching if part.is_join else chain)(part, opens, level + 1)
    if part.is_line:
        return Piece([Mark("line", ((0, 0), (0, GAP)), part=part)], GAP, shape_text(part.before))
    return box("stack" if part.is_container else "layer", part, box_texts(part), width)


def box(style, part, texts, width=0):
    width = max(width, box_width(texts)) if len(texts[0]) > 1 or style != "join" else 22
    height = (
        LARGE + 4 + (SMALL + 4) * (len(texts) - 1) + {"layer": 7, "stack": 7 + 2 * CARD, "join": 5}[style]
    )
    corners = ((-width // 2, 0), (width // 2, height))
    return Piece([Mark(style, corners, texts, part)], height, shape_text(part.before), True)


def box_width(texts):
    first, *more = texts
    widths = [text_width(first, LARGE), *[text_width(text, SMALL) for text in more]]
    return stepped(max(widths) + 2 * PAD)


def stepped(length):
    """Rounded up, so that what is nearly as wide is as wide."""
    return ceil(length / 12) * 12


def text_width(text, size):
    """At most so wide in the fonts that systems have."""
    return ceil(
        size * sum(0.38 if c in "ijltf.,:;|!'/()-· " else 0.95 if c in "mwMW…" else 0.66 for c in text)
    )


def link(start, end, to_box=False, text=""):
    """The line between neighbours, and beside it the shape that goes through it."""
    line = Mark("arrow" if to_box else "line", ((0, start), (0, end)))
    return [line, Mark("label", ((8, end - 9),), (text,))] if text else [line]


def chain(part, opens, level):
    """Parts one below the other, their heads to the right of them."""
    items = merged(part.parts, lambda item: item.is_container and not opens(item, level))
    boxes = [box_texts(item) for item in items if not (opens(item, level) or item.is_line)]
    width = max([90, *map(box_width, boxes)])
    has_frames = level == 1 or sum(item.is_container for item in part.parts) > 1
    marks, heads, start, y, shown, to_box = [], [], 0, 0, shape_text(part.before), False
    for item in items:
        piece = lay(item, opens, level, width)
        if has_frames and opens(item, level):
            piece = framed(item, piece)
        if marks:
            text = shape_text(item.before) if shape_text(item.before) != shown else ""
            y += LABELLED if text else GAP
            marks += link(start, y, piece.is_box, text)
        else:
            to_box = piece.is_box
        marks += piece.moved(0, y)
        start, y, shown = y + piece.height, y + piece.height, piece.shown
        if item.head:
            y = max([y + PAD, *[fork + GAP + head.height + PAD for fork, head in heads]])
            head = lay(item.head, opens, level)
            head = framed(item.head, head) if opens(item.head, level) else head
            heads.append((y, ended(head, item.head, "output in training")))
    return with_heads(Piece(marks + (link(start, y) if y > start else []), y, shown, to_box), heads)


def framed(part, piece):
    """The piece of an open part in a frame with its name."""
    name, height = caption(part.name), HEADER + piece.height + PAD + 4
    left, right = (
        stepped(side) + PAD for side in (max(piece.left, text_width(name, SMALL) + 6), piece.right)
    )
    frame = Mark("frame", ((-left, 0), (right, height)), (name,), part)
    lines = [*link(0, HEADER, piece.is_box), *link(HEADER + piece.height, height)]
    return Piece([frame, *lines, *piece.moved(0, HEADER)], height, piece.shown)


def ended(piece, part, words):
    """The piece of a part whose output is one of the network's."""
    end = piece.height + GAP
    text = Mark("title", ((0, end + 13),), (f"{words} {shape_text(part.after)}".strip(),))
    return Piece([*piece.marks, *link(piece.height, end, True), text], end + 16, "", piece.is_box)


def with_heads(trunk, heads):
    """The trunk, and to its right each head, given with the height at which it branches off."""
    marks, height = list(trunk.marks), trunk.height
    for fork, head in heads:
        x, top = trunk.right + APART + head.left, fork + GAP
        line = Mark("arrow" if head.is_box else "line", ((0, fork), (x, fork), (x, top)))
        marks += [line, *head.moved(x, top)]
        height = max(height, top + head.height)
    if height > trunk.height:
        marks += link(trunk.height, height)
    return Piece(marks, height, trunk.shown, trunk.is_box)


def branching(part, opens, level):
    """Branches side by side, from where they part to where they meet."""
    items = list(part.parts)
    pieces = [lay(item, opens, level) for item in items]
    texts = [branch_texts(part, item, opens(item, level)) for item in items]
    if isinstance(part.module, nn.Scale):  # what is scaled goes beside the gate
        items, pieces, texts = [None, *items], [Piece([], 0, shape_text(part.before)), *pieces], [[], *texts]
    split = box("join", part, ["split"]) if isinstance(part.module, nn.Split) else Piece([], 0, "")
    join = box("join", part, [join_text(part)])
    fork = split.height // 2 or 11
    top = fork + GAP + 6 + 14 * max(map(len, texts))
    columns = [column(item, piece, top, lines) for item, piece, lines in zip(items, pieces, texts)]
    meet = max(item.height for item in columns) + 12
    middle, marks = meet + join.height // 2, [*split.marks, *join.moved(0, meet)]
    for x, piece, item in zip(axes(items, columns), pieces, columns):
        side = (x > 0) - (x < 0)
        begin, end = [(0, split.height)], [(0, meet)]
        if side:
            begin = [(side * split.right, fork)] if split.marks else [(0, 0), (0, fork)]
            begin, end = [*begin, (x, fork)], [(x, middle), (side * join.right, middle)]
        marks.append(Mark("arrow" if piece.is_box else "line", (*begin, (x, top))))
        marks += [*item.moved(x, 0), Mark("arrow", ((x, top + piece.height), *end))]
    shown = {item.shown for item in columns[: 1 if items[0] is None else None]}
    return Piece(marks, meet + join.height, shown.pop() if len(shown) == 1 else "", bool(split.marks))


def branch_texts(part, item, is_open):
    """What is written where a branch begins: its name, if no box says it, and its share of the input."""
    name = item.name.rpartition(".")[2]
    is_named = (item.is_line or is_open) and not name.isdigit()
    shared = shape_text(item.before) if isinstance(part.module, nn.Split) else ""
    return list(filter(None, [name if is_named else "", shared]))


def column(item, piece, top, texts):
    """A branch whose parts begin at `top`, with its texts, and behind it the shape that it hands on."""
    labels = [
        Mark("label", ((7, top - 9 - 14 * place),), (line,)) for place, line in enumerate(reversed(texts))
    ]
    after = shape_text(item.after) if item else piece.shown
    height = top + piece.height
    if after != piece.shown:
        height += 18
        labels.append(Mark("label", ((7, height - 3),), (after,)))
    return Piece([*piece.moved(0, top), *labels], height, after)


def axes(items, columns):
    """Where the branches stand: the one in the middle, or the one beside a plain line, goes straight down."""
    at, x = [], 0
    for item in columns:
        at.append(x + item.left)
        x += item.left + item.right + APART
    half = len(at) // 2
    straight = at[half] if len(at) % 2 else (at[half - 1] + at[half]) // 2
    plain = [item is not None and item.is_line for item in items]
    if items[0] is None:
        straight = at[0]
    elif len(at) == 2 and sum(plain) == 1:
        straight = at[plain.index(False)]
    return [place - straight for place in at]
