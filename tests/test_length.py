"""Code that can be read in one sitting: no operator is longer than one screen."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCREEN = 50  # lines, without the docstring


def lengths(source):
    """Lines of each function's code, docstring left out, by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            has_docstring = ast.get_docstring(node) is not None
            docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if has_docstring else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


@pytest.mark.parametrize(
    "path",
    sorted(path for backend in ("scratch", "pytorch") for path in ROOT.glob(f"dlcore/{backend}/**/*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_function_is_longer_than_a_screen(path):
    too_long = {name: length for name, length in lengths(path.read_text()) if length > SCREEN}
    assert too_long == {}


def test_a_long_function_is_found_and_its_docstring_not_counted():
    source = (
        'def short():\n    """' + "line\n" * 90 + '"""\n    return 1\n\ndef long():\n' + "    pass\n" * 60
    )
    assert dict(lengths(source)) == {"short": 2, "long": 61}
