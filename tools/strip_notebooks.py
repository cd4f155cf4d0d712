"""Put notebooks into their committed form: no outputs but those of cells tagged `nbval-check-output`.

Usage: python tools/strip_notebooks.py PATH...    (notebooks, or folders searched for them)

nbstripout does the work. It keeps outputs by a mark of its own; here nbval's tag is that mark, so that a
cell is marked once. Exits with 1 where a file was changed, as a pre-commit hook should.
"""

import sys
from pathlib import Path

import nbformat
from nbstripout import strip_output

KEPT = "nbval-check-output"
# What editors and kernels write down about themselves.
EDITOR_METADATA = [
    "metadata.colab",
    "metadata.language_info",
    "metadata.vscode",
    "metadata.widgets",
    "cell.metadata.collapsed",
    "cell.metadata.execution",
    "cell.metadata.ExecuteTime",
    "cell.metadata.vscode",
]


def strip(notebook):
    """The notebook, changed in place, as it is committed."""
    for cell in notebook.cells:
        if KEPT in cell.metadata.get("tags", []):
            cell.metadata["keep_output"] = True
    strip_output(notebook, keep_output=False, keep_count=False, keep_id=True, extra_keys=EDITOR_METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("keep_output", None)
    return notebook


def main(paths):
    changed = False
    for path in map(Path, paths):
        for file in sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]:
            if ".ipynb_checkpoints" in file.parts:
                continue
            before = file.read_text(encoding="utf-8")
            after = nbformat.writes(strip(nbformat.reads(before, as_version=4))) + "\n"
            if after != before:
                file.write_text(after, encoding="utf-8", newline="\n")
                print(f"stripped {file}")
                changed = True
    return changed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
