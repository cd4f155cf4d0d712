"""What a chapter must be: its anatomy, its verdicts, and its manners in a notebook that is kept in git.

`defects` reads a notebook without running it, `widget_defects` calls its widgets, `file_defects` looks at the
files around it. Each returns a list of sentences; an empty list is a well-formed chapter.
"""

import ast
import importlib
import itertools
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import nbformat
import yaml
from bs4 import BeautifulSoup

from dlcore.verdicts import claims

PARTS = ("why", "operators", "training", "networks", "vision", "sequences")

COLAB_CELL = """\
import sys

SOURCE = ""  # "owner/name@revision", written here when the book is published
if "google.colab" in sys.modules:
    if not SOURCE:
        raise RuntimeError(
            "This copy was not published for Colab: open it from the book's Colab button."
        )
    %pip install --quiet --no-deps "git+https://github.com/{SOURCE}"\
"""
COLAB_TAGS = ["colab-setup", "remove-cell"]

SECTIONS = (
    "What you will be able to do",
    "The idea by hand",
    "The formula",
    "From scratch",
    "The same through PyTorch",
    "Explore",
    "Experiments",
    "What it costs",
    "In practice",
    "Exercises",
    "History and references",
)
SECTIONS_WITH_CODE = ("From scratch", "The same through PyTorch", "Explore", "Experiments", "What it costs")

KEPT_OUTPUT = "nbval-check-output"
LONGEST_CELL = 40
SHORTEST_ALT = 20

# matplotlib's pyplot calls that draw nothing.
_NOT_DRAWING = {"close", "rc", "rc_context", "get_cmap"}
_SEEDED = {
    "default_rng",
    "Generator",
    "SeedSequence",
    "BitGenerator",
    "PCG64",
    "PCG64DXSM",
    "Philox",
    "SFC64",
    "MT19937",
}
_TORCH_RANDOM = re.compile(
    r"torch\.(rand|randn|randint|randperm|normal|bernoulli|multinomial|poisson|(rand|randn|randint)_like)"
)
_NETWORK_MODULES = {"urllib", "urllib3", "requests", "http", "ftplib", "socket", "pooch", "subprocess"}
_DOWNLOADERS = re.compile(r"dlcore\.data\.(mnist|fashion_mnist|cifar10)|sklearn\.datasets\.fetch_\w+")


def chapters(root):
    """Return the paths, relative to `root`, of the chapters that _toc.yml lists, present or not."""

    def files(node):
        if isinstance(node, list):
            return [file for child in node for file in files(child)]
        if isinstance(node, dict):
            own = [node["file"]] if "file" in node else []
            return own + [
                file for key in ("parts", "chapters", "sections") for file in files(node.get(key, []))
            ]
        return []

    listed = [Path(file) for file in files(yaml.safe_load((Path(root) / "_toc.yml").read_text("utf-8")))]
    return [
        file.with_suffix(".ipynb") for file in listed if file.parts[0] == "book" and file.parts[1] in PARTS
    ]


def file_defects(root, chapter):
    """Return what is missing around a chapter: itself, its exercises, its modules and its tests, all of one name."""
    root, topic = Path(root), chapter.stem
    needed = [
        chapter,
        Path(f"book/exercises/{topic}.ipynb"),
        Path(f"dlcore/exercises/{topic}.py"),
        Path(f"tests/wrong_answers/{topic}.py"),
    ]
    if chapter.parts[1] in ("operators", "training"):
        # The receptive field is computed by the calculator, and is no operator.
        calculator = Path(f"dlcore/shapes/{topic}.py")
        is_operator = not (root / calculator).is_file()
        modules = [Path(f"dlcore/{side}/{topic}.py") for side in ("scratch", "pytorch")]
        needed += [*(modules if is_operator else [calculator]), Path(f"tests/test_{topic}.py")]
    return [f"{file.as_posix()} does not exist" for file in needed if not (root / file).is_file()]


def defects(notebook, topic):
    """Return the defects of a chapter that can be seen without running it.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    topic : str
        The chapter's name, such as "convolution", by which it owns claims.
    """
    chapter = Chapter(notebook, topic)
    return [defect for check in _CHECKS for defect in check(chapter)]


def widget_defects(notebook):
    """Return which widget functions that the notebook calls have no default picture.

    Each is called as by a reader who changes nothing, without arguments.
    """
    chapter = Chapter(notebook, "")
    names = {call.name for call in chapter.calls if call.name.startswith("dlcore.widgets.")}
    return [f"{name}() {defect}" for name in sorted(names) if (defect := _picture_defect(_look_up(name)))]


def _picture_defect(function):
    bundle = function()._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    picture = BeautifulSoup((data or {}).get("text/html", ""), "html.parser").find(attrs={"role": "img"})
    if picture is None:
        return "has no default picture: its text/html has no element with role=img"
    if not picture.get("aria-label", "").strip():
        return "has a default picture without a text alternative (aria-label)"
    return None


# ------------------------------------------------------------------------------------- reading a notebook


class Call(NamedTuple):
    """A call in a code cell; a `name` that starts from an import is in full ("numpy.random.rand")."""

    cell: int
    name: str
    node: ast.Call


class Item(NamedTuple):
    """A piece of the notebook in reading order. `kind` is "heading", "text" or "code"."""

    kind: str
    cell: int
    text: str
    level: int = 0


@dataclass
class Chapter:
    """A notebook, taken apart once for all checks. Cells are counted from 1."""

    notebook: nbformat.NotebookNode
    topic: str

    @property
    def cells(self):
        return list(enumerate(self.notebook.cells, start=1))

    @cached_property
    def claims(self):
        return [name for name, claim in claims().items() if claim["chapter"] == self.topic]

    @cached_property
    def code(self):
        """The syntax trees of the code cells that are Python, by cell number."""
        trees = {}
        for number, cell in self.cells:
            if cell.cell_type == "code" and cell.source != COLAB_CELL:
                try:
                    trees[number] = ast.parse(cell.source)
                except SyntaxError:
                    continue
        return trees

    @cached_property
    def imports(self):
        """The dotted name that each imported name stands for."""
        names = {}
        for _, node in self.nodes(ast.Import, ast.ImportFrom):
            for alias in node.names:
                if isinstance(node, ast.ImportFrom):
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                elif alias.asname:
                    names[alias.asname] = alias.name
                else:
                    first = alias.name.partition(".")[0]
                    names[first] = first
        return names

    @cached_property
    def calls(self):
        return [
            Call(cell, self.dotted(node.func) or _written(node.func), node)
            for cell, node in self.nodes(ast.Call)
        ]

    @cached_property
    def items(self):
        return [item for number, cell in self.cells for item in _items(number, cell)]

    @cached_property
    def arguments(self):
        """The ids of the nodes that name an argument of an enclosing function, such as `nn` of a network."""
        found = set()
        for _, function in self.nodes(ast.FunctionDef, ast.Lambda):
            signature = function.args
            own = {a.arg for a in [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]}
            found |= {id(n) for n in ast.walk(function) if isinstance(n, ast.Name) and n.id in own}
        return found

    def nodes(self, *types):
        return [
            (number, n) for number, tree in self.code.items() for n in ast.walk(tree) if isinstance(n, types)
        ]

    def dotted(self, node):
        """Return the full dotted name of an attribute chain that starts from an import, else None."""
        attributes = []
        while isinstance(node, ast.Attribute):
            attributes.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in self.imports and id(node) not in self.arguments:
            return ".".join([self.imports[node.id], *attributes])
        return None

    def section(self, title):
        """Return what stands between a level-2 heading and the next, or None without that heading."""
        for start, item in enumerate(self.items):
            if (item.kind, item.level, item.text) == ("heading", 2, title):
                return _until(self.items[start + 1 :], level=2)
        return None


def _until(items, level):
    """Return the items before the next heading of this level or a higher one."""
    ends = (i for i, item in enumerate(items) if item.kind == "heading" and item.level <= level)
    return items[: next(ends, len(items))]


def _items(number, cell):
    if cell.cell_type == "code":
        return [Item("code", number, cell.source)]
    items, fence = [], None
    for line in cell.source.splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        heading = None if fence or mark else re.match(r"(#{1,6})\s+(.*?)\s*$", line)
        if mark:
            fence = None if fence == mark[1][:3] else fence or mark[1][:3]
        if heading:
            items.append(Item("heading", number, heading[2], len(heading[1])))
        elif line.strip():
            items.append(Item("text", number, line))
    return items


def _written(node):
    """Return a called name as it is written: "display", or "figure.show" for an attribute."""
    if isinstance(node, ast.Attribute):
        return f"{_written(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _argument(call, position, keyword):
    """Return the node of an argument given by position or keyword, else None."""
    given = {word.arg: word.value for word in call.keywords}
    return given.get(keyword, call.args[position] if len(call.args) > position else None)


def _is_shown(chapter, cell, call):
    """Say whether a call is what its cell displays."""
    last = chapter.code[cell].body[-1]
    silent = chapter.notebook.cells[cell - 1].source.rstrip().endswith(";")
    if isinstance(last, ast.Expr) and last.value is call and not silent:
        return True
    shown = (c.node for c in chapter.calls if c.cell == cell and c.name.split(".")[-1] == "display")
    return any(call in display.args for display in shown)


# ------------------------------------------------------------------------------------- the checks


def colab_cell(chapter):
    """Cell 2 makes the chapter run in Colab."""
    cells = chapter.notebook.cells
    right = (
        len(cells) > 1
        and cells[1].cell_type == "code"
        and cells[1].source == COLAB_CELL
        and sorted(cells[1].metadata.get("tags", [])) == COLAB_TAGS
    )
    if not right:
        yield "cell 2 is not the Colab set-up cell with its exact source and tags (COLAB_CELL, COLAB_TAGS)"


def title_and_promise(chapter):
    """Cell 1 is the title and one sentence."""
    first = [item for item in chapter.items if item.cell == 1 and not re.fullmatch(r"\([\w-]+\)=", item.text)]
    if not first or (first[0].kind, first[0].level) != ("heading", 1):
        yield "cell 1 does not begin with the title, a level-1 heading"
        return
    promise = " ".join(item.text.strip() for item in first[1:])
    if any(item.kind != "text" for item in first[1:]) or not re.fullmatch(
        r"(?:(?![.!?]\s+[A-Z]).)+[.!?]", promise
    ):
        yield "cell 1: the title is not followed by one sentence, the promise, alone"
    if sum(item.level == 1 for item in chapter.items) > 1:
        yield "the notebook has more than one level-1 heading"


def fixed_sections(chapter):
    """The sections of a chapter stand in order, each once and with text."""
    titles = [item.text for item in chapter.items if item.level == 2]
    present = [title for title in titles if title in SECTIONS]
    for title in SECTIONS:
        if title not in present:
            yield f"section {title!r} is missing"
        elif present.count(title) > 1:
            yield f"section {title!r} stands more than once"
        else:
            kinds = {item.kind for item in chapter.section(title)} - {"heading"}
            if "text" not in kinds:
                yield f"section {title!r} has no text"
            elif title in SECTIONS_WITH_CODE and "code" not in kinds:
                yield f"section {title!r} runs no code"
    order = [title for title in SECTIONS if title in present]
    if len(present) == len(order) and present != order:
        moved = next(was for was, should in zip(present, order, strict=True) if was != should)
        yield f"section {moved!r} is out of order"


def exercises_are_linked(chapter):
    """The section "Exercises" links the chapter's companion."""
    companion = f"../exercises/{chapter.topic}.ipynb"
    texts = [item.text for item in chapter.section("Exercises") or [] if item.kind == "text"]
    if texts and not any(companion in text for text in texts):
        yield f"section 'Exercises' does not link {companion}"


def widgets_are_shown(chapter):
    """The section "Explore" has a widget, and every widget is what its cell displays."""
    widgets = [call for call in chapter.calls if call.name.startswith("dlcore.widgets.")]
    explored = {item.cell for item in chapter.section("Explore") or [] if item.kind == "code"}
    if explored and not {call.cell for call in widgets} & explored:
        yield "section 'Explore' calls no widget of dlcore.widgets"
    for call in widgets:
        if not _is_shown(chapter, call.cell, call.node):
            yield f"cell {call.cell}: the widget {call.name} is not shown: make it the last expression"


def claims_have_headings(chapter):
    """Each claim of the chapter is a level-3 heading of "Experiments", with its verdict below."""
    experiments = chapter.section("Experiments")
    if experiments is None:
        return
    for claim in chapter.claims:
        starts = [i for i, item in enumerate(experiments) if item.level == 3 and _ids(item.text) & {claim}]
        if not starts:
            yield f"claim {claim} has no level-3 heading in 'Experiments'"
            continue
        cells = {item.cell for item in _until(experiments[starts[0] + 1 :], level=3)}
        judged = [call.cell for call, name in _verdicts(chapter) if name == claim]
        if judged and not set(judged) & cells:
            yield f"the verdict on {claim} does not stand below the heading that names it"


def claims_have_verdicts(chapter):
    """Each claim of the chapter has one verdict, and no other claim is spoken of."""
    counts = Counter(name for _, name in _verdicts(chapter))
    for claim in chapter.claims:
        if counts[claim] != 1:
            yield f"claim {claim} has {counts[claim] or 'no'} verdict(s), not exactly one"
    for claim in sorted(counts.keys() - set(chapter.claims)):
        yield f"a verdict is given on {claim}, which is no claim of this chapter"
    for number, cell in chapter.cells:
        if cell.cell_type == "markdown":
            for claim in sorted(_ids(cell.source) - set(chapter.claims) - counts.keys()):
                yield f"cell {number}: claim {claim} is mentioned and has no verdict in this chapter"


def verdicts_are_computed(chapter):
    """The arguments of a verdict come from computation, and the verdict is shown."""
    typed = _typed_names(chapter)
    for call, claim in _verdicts(chapter):
        holds, figure = _argument(call.node, 1, "holds"), _argument(call.node, 2, "figure")
        # A formatted string is a condition whatever was computed.
        if isinstance(holds, ast.JoinedStr) or not _is_computed(holds, typed):
            yield f"cell {call.cell}: `holds` of the verdict on {claim} is typed, not computed"
        figures = figure.values if isinstance(figure, ast.Dict) else [figure]
        if any(isinstance(f, ast.Constant) for f in figures) or not any(
            _is_computed(f, typed) for f in figures
        ):
            yield f"cell {call.cell}: `figure` of the verdict on {claim} is typed, not computed"
        if not _is_shown(chapter, call.cell, call.node):
            yield f"cell {call.cell}: the verdict on {claim} is not shown: make it the last expression"


def _verdicts(chapter):
    """Return the calls of `verdict` with the claims they name."""
    found = []
    for call in chapter.calls:
        if call.name.split(".")[-1] == "verdict":
            claim = _argument(call.node, 0, "claim")
            found.append(
                (call, str(claim.value) if isinstance(claim, ast.Constant) else "(not a literal id)")
            )
    return found


def _typed_names(chapter):
    """Return the names to which the notebook gives nothing but literals, with those literals."""
    given = {}
    kinds = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.comprehension)
    for _, node in chapter.nodes(*kinds):
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) else None
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    given.setdefault(name.id, []).append(value if name is target else None)
    return {
        name: [value.value for value in values]
        for name, values in given.items()
        if all(isinstance(value, ast.Constant) for value in values)
    }


_CONVERSIONS = {"bool", "str", "int", "float", "round"}


def _is_computed(node, typed):
    """Say whether a value depends on something that the notebook computed."""
    if node is None or isinstance(node, ast.Constant):
        return False
    if isinstance(node, ast.IfExp):
        return _is_computed(node.test, typed)
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return bool(names - typed.keys() - _CONVERSIONS)


def _ids(text):
    return set(re.findall(r"\bC\d{2}\b", text))


# A label and its number, which count or name something and measure nothing.
_LABELLED = re.compile(
    r"\b(?:Python|PyTorch|NumPy|torch|version|release|Section|Chapter|Figure|Fig\.|Table|Equation|Exercise|Part|WCAG)"
    r"s?\s+\(?\d+(?:\.\d+)*\)?",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"""
    (?<![\w.])\d+\.\d+                                          # 8.5, 98.6
    | \d\s?(?:%|percent\b|per\ cent\b)                          # 98 %
    | \d\s?(?:times|-?fold)\b                                   # 9 times
    | \d\s?(?:×|x\b)(?!\s?\d|\w)                                # 9× cheaper, not a 3×3 kernel
    | \d\ s\b | \d\s?(?:[nµm]s|seconds?|minutes?|hours?|[kKMGT]i?B|bytes|[kMGT]?FLOPs?)\b
    | \d(?:e|E)[-+−]?\d | 10(?:[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]|\^)                    # 1e-10, 10⁻¹⁰
    | (?<![\w.])\d{1,3}(?:,\d{3})+ | \d{5,}                     # 61,706
    | \b(?:twice|thrice|(?:two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred)\ times)
      \s+(?:as|more|less|fewer|\w+er)\b                         # ten times faster
    """,
    re.VERBOSE,
)  # fmt: skip


_PROSE_DIRECTIVES = "note|tip|hint|important|warning|admonition|dropdown|exercise|solution"


def numbers_in_prose(chapter):
    """A measured number in the prose comes from a cell, through glue."""
    statements = [claims()[claim]["statement"] for claim in chapter.claims]
    for number, cell in chapter.cells:
        if cell.cell_type == "markdown" and "definition" not in cell.metadata.get("tags", []):
            for found in _MEASURED.finditer(_prose(cell.source, statements)):
                yield (
                    f"cell {number}: {_surroundings(found)!r} states a number that no cell computes: "
                    "glue it, or tag the cell `definition` if the number defines and does not measure"
                )


def _surroundings(found):
    return " ".join(found.string[max(0, found.start() - 15) : found.end() + 15].split())


def _prose(source, statements):
    """Return Markdown without what may hold numbers: code, mathematics, headings, roles, claims as stated."""
    for statement in statements:
        source = source.replace(statement, " ")
    for pattern, replacement in (
        (r"(?s)<!--.*?-->", " "),
        (
            rf"(?ms)^[ \t]*(`{{3,}}+|~{{3,}}+)(?!\{{(?:{_PROSE_DIRECTIVES})\}}).*?^[ \t]*\1",
            " ",
        ),
        (r"(?m)^\s*(?:`{3,}|~{3,}|:{3,}).*$|^\s*:[\w-]+:.*$|^#{1,6}\s.*$|^\([\w-]+\)=$", " "),
        (r"(?s)\$\$(.+?)\$\$|\$([^$]+?)\$", _unless_number),
        (r"(?s)\\begin\{(\w+\*?)\}.*?\\end\{\1\}", " "),
        (r"\{[\w:.-]+\}`[^`]*`", " "),
        (r"(`+)(.+?)\1", _unless_number),
        (r"!?\[([^\]]*)\]\([^)]*\)", r"\1"),
        (r"<[^>]+>|https?://\S+", " "),
        (_LABELLED, " "),
    ):
        source = re.sub(pattern, replacement, source)
    return source


def _unless_number(found):
    """Keep a bare number that was dressed as mathematics or code, drop everything else."""
    inside = found[found.lastindex]
    return inside if re.fullmatch(r"[\d\s.,%\\×]+(?:\\times)?", inside) else " … "


def glued_names(chapter):
    """What the prose takes from glue was computed and glued."""
    glued = {}
    for call in chapter.calls:
        if call.name.split(".")[-1] == "glue":
            name = _argument(call.node, 0, "name")
            glued[getattr(name, "value", None)] = (call.cell, _argument(call.node, 1, "variable"))
    for number, cell in chapter.cells:
        if cell.cell_type == "markdown":
            used = re.findall(r"\{glue(?::\w+)?\}`([^`:]+)(?::[^`]*)?`", cell.source)
            used += re.findall(r"(?m)^\s*[`:]{3,}\{glue(?::\w+)?\}\s*(\S+)", cell.source)
            for name in used:
                if name not in glued:
                    yield f"cell {number}: no glue({name!r}, ...) sets the glued name"
    typed = _typed_names(chapter)
    for name, (number, value) in glued.items():
        if not _is_computed(value, typed):
            yield f"cell {number}: the glued value {name!r} is typed, not computed"


def figures_have_alt(chapter):
    """Every figure is shown by `show` with a text alternative."""
    shown = set()
    for call in chapter.calls:
        if call.name in ("dlcore.plots.show", "show"):
            shown.add(call.cell)
            alt = _argument(call.node, 1, "alt")
            if alt is None or (isinstance(alt, ast.Constant) and len(str(alt.value).strip()) < SHORTEST_ALT):
                yield f"cell {call.cell}: show() has no alt text of at least {SHORTEST_ALT} characters"
        elif call.name.split(".")[-1] == "show":
            shown.add(call.cell)
            yield f"cell {call.cell}: {_written(call.node.func)}() gives no alt text: use dlcore.plots.show"
    for number in sorted({call.cell for call in chapter.calls if _makes_figure(call)} - shown):
        yield f"cell {number}: a figure is made and not shown by show(figure, alt=...)"
    for number, cell in chapter.cells:
        if cell.cell_type == "markdown":
            html = BeautifulSoup(cell.source, "html.parser").find_all("img")
            directives = re.findall(r"(?ms)^[`:]{3,}\{(?:image|figure)\}(.*?)^[`:]{3,}", cell.source)
            if (
                re.search(r"!\[\s*\]\(", cell.source)
                or any(not image.get("alt", "").strip() for image in html)
                or any(not re.search(r"(?m)^:alt:\s*\S", directive) for directive in directives)
            ):
                yield f"cell {number}: an image has no alt text"


def _makes_figure(call):
    module, _, name = call.name.rpartition(".")
    if module == "matplotlib.pyplot":
        return name not in _NOT_DRAWING
    return name in ("subplots", "subplot_mosaic", "Figure")


def names_are_exported(chapter):
    """What is taken from dlcore is there and public, and an imported name keeps its meaning."""
    wanted = []
    for number, node in chapter.nodes(ast.Import, ast.ImportFrom):
        for alias in node.names:
            if alias.name == "*":
                yield f"cell {number}: a star import hides where names come from"
            elif isinstance(node, ast.ImportFrom):
                wanted.append((number, f"{node.module}.{alias.name}"))
            else:
                wanted.append((number, alias.name))
    inner = {id(node.value) for _, node in chapter.nodes(ast.Attribute)}
    wanted += [(n, chapter.dotted(node)) for n, node in chapter.nodes(ast.Attribute) if id(node) not in inner]
    reported = set()
    for number, name in wanted:
        if name and name.split(".")[0] == "dlcore":
            try:
                _look_up(name)
            except AttributeError as error:
                if str(error) not in reported:
                    reported.add(str(error))
                    yield f"cell {number}: {error}"
    for number, node in chapter.nodes(ast.Name):
        if (
            isinstance(node.ctx, ast.Store)
            and node.id in chapter.imports
            and id(node) not in chapter.arguments
        ):
            yield f"cell {number}: the imported name {node.id!r} is given another meaning"


def _look_up(dotted):
    """Return the object of a dotted name, or raise AttributeError where a module does not export it."""
    first, *names = dotted.split(".")
    found = importlib.import_module(first)
    for name in names:
        if not isinstance(found, ModuleType):
            break
        whole = f"{found.__name__}.{name}"
        try:
            submodule = importlib.import_module(whole) if hasattr(found, "__path__") else None
        except ModuleNotFoundError as error:
            if error.name != whole:
                raise
            submodule = None
        public = name in getattr(found, "__all__", dir(found)) or submodule is not None
        if name.startswith("_") or not public or not (hasattr(found, name) or submodule):
            raise AttributeError(f"{found.__name__} does not export {name!r}")
        found = getattr(found, name, submodule)
    return found


def outputs_are_stripped(chapter):
    """Outputs are kept where a tag asks for them, and are text there."""
    for number, cell in chapter.cells:
        if cell.cell_type != "code":
            continue
        if cell.execution_count is not None:
            yield f"cell {number}: the execution count is not stripped"
        if KEPT_OUTPUT not in cell.metadata.get("tags", []):
            if cell.outputs:
                yield f"cell {number}: outputs are not stripped"
        elif not cell.outputs:
            yield f"cell {number}: is tagged {KEPT_OUTPUT} and has no output to compare with"
        elif not all(
            output.output_type == "stream" or set(output.get("data", {"error": ""})) == {"text/plain"}
            for output in cell.outputs
        ):
            yield f"cell {number}: a kept output is not plain text"


def metadata_is_limited(chapter):
    """The file holds what a notebook needs and nothing of the editor it was written in."""
    metadata = chapter.notebook.metadata
    extra = sorted(metadata.keys() - {"kernelspec", "language_info"})
    if extra:
        yield f"the notebook's metadata holds {', '.join(extra)}"
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the notebook's kernel is not python3"
    for number, cell in chapter.cells:
        extra = sorted(cell.metadata.keys() - {"tags", "mystnb"})
        if extra:
            yield f"cell {number}: the metadata holds {', '.join(extra)}"
    if not nbformat.validator.isvalid(chapter.notebook):
        yield "the file is not a valid notebook (nbformat)"


def randomness_is_seeded(chapter):
    """Random numbers come from generators that the notebook seeds."""
    torch_seeded = any(call.name == "torch.manual_seed" for call in chapter.calls)
    for call in chapter.calls:
        module, _, name = call.name.rpartition(".")
        seed = _argument(call.node, 0, "seed")
        if call.name == "numpy.random.default_rng":
            if seed is None or (isinstance(seed, ast.Constant) and seed.value is None):
                yield f"cell {call.cell}: default_rng() has no seed"
        elif module == "numpy.random" and name not in _SEEDED:
            yield f"cell {call.cell}: numpy.random.{name} uses NumPy's global state: use default_rng(seed)"
        elif module == "random" and not (name == "Random" and call.node.args):
            yield f"cell {call.cell}: random.{name} uses Python's global state: use default_rng(seed)"
        elif _TORCH_RANDOM.fullmatch(call.name) and not (
            torch_seeded or _argument(call.node, 99, "generator")
        ):
            yield f"cell {call.cell}: {call.name} has no generator, and the notebook no torch.manual_seed"


def no_network(chapter):
    """A chapter runs without a network and without a shell."""
    for number, cell in chapter.cells:
        if (
            cell.cell_type == "code"
            and cell.source != COLAB_CELL
            and number != 2
            and number not in chapter.code
        ):
            yield f"cell {number}: is not plain Python (a magic, a shell command or a syntax error)"
    for number, node in chapter.nodes(ast.Import, ast.ImportFrom):
        modules = (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
        for module in modules:
            if module.partition(".")[0] in _NETWORK_MODULES:
                yield f"cell {number}: {module} is imported, which a chapter has no need of"
    # A download that the reader asks for by setting a name to True is welcome.
    typed = _typed_names(chapter)
    asked = {
        id(inner)
        for _, node in chapter.nodes(ast.If)
        if isinstance(node.test, ast.Name) and not any(typed.get(node.test.id, [True]))
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for call in chapter.calls:
        if _DOWNLOADERS.fullmatch(call.name) and id(call.node) not in asked:
            yield f"cell {call.cell}: {call.name} downloads: use bundled data"


def cells_are_tidy(chapter):
    """Cells are neither empty, nor repeated, nor long; headings descend by single steps."""
    seen = {}
    for number, cell in chapter.cells:
        if not cell.source.strip():
            yield f"cell {number}: is empty"
        elif cell.source in seen:
            yield f"cell {number}: repeats cell {seen[cell.source]}"
        elif len(cell.source.splitlines()) > LONGEST_CELL:
            yield f"cell {number}: is longer than {LONGEST_CELL} lines"
        seen.setdefault(cell.source, number)
    levels = [item for item in chapter.items if item.kind == "heading"]
    for above, below in itertools.pairwise(levels):
        if below.level > above.level + 1:
            yield f"cell {below.cell}: heading {below.text!r} jumps from level {above.level} to {below.level}"


_CHECKS = (
    colab_cell,
    title_and_promise,
    fixed_sections,
    exercises_are_linked,
    widgets_are_shown,
    claims_have_headings,
    claims_have_verdicts,
    verdicts_are_computed,
    numbers_in_prose,
    glued_names,
    figures_have_alt,
    names_are_exported,
    outputs_are_stripped,
    metadata_is_limited,
    randomness_is_seeded,
    no_network,
    cells_are_tidy,
)
