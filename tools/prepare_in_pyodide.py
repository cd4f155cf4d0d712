"""What only Pyodide's own Python can do for the archives of a page; `pack_runtime.py` starts it under Node.

`/work/job.json` says what to do, `/work/result.json` what came out:

- "imports": names of modules. They are imported; the result lists every module that this brought in.
- "fonts": a folder. matplotlib's list of fonts is made and put there.
- "compile": folder -> level of optimization. Every .py in it becomes a .pyc that the import system takes
  without a look for the source.
"""

import importlib.resources
import io
import json
import marshal
import os
import sys
import threading
from importlib.util import MAGIC_NUMBER
from pathlib import Path

WORK = Path("/work")
UNCHECKED = MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)  # PEP 552: a hash that is never compared


def import_all(names):
    for name in names:
        importlib.import_module(name)
    # Widgets do this much: they draw random numbers and open the package's data.
    import numpy

    archive = io.BytesIO()
    numpy.savez_compressed(archive, random=numpy.random.default_rng(0).normal(size=3))
    archive.seek(0)
    assert numpy.load(archive)["random"].shape == (3,)
    assert importlib.resources.files("numpy").joinpath("__init__.py").is_file()
    return sorted(sys.modules)


def list_fonts(folder):
    os.environ["MPLCONFIGDIR"] = folder
    os.environ["MPLBACKEND"] = "agg"
    threading.Timer.start = lambda self: None  # there are no threads
    importlib.import_module("matplotlib.font_manager")


def compile_all(folder, optimize):
    for source in sorted(folder.rglob("*.py")):
        name = str(source.relative_to(folder))
        code = compile(source.read_bytes(), name, "exec", dont_inherit=True, optimize=optimize)
        source.with_suffix(".pyc").write_bytes(UNCHECKED + marshal.dumps(code))
        source.unlink()


job = json.loads((WORK / "job.json").read_text())
result = {"loaded": sorted(sys.modules)}
if job.get("imports"):
    sys.path += [str(WORK / folder) for folder in job["paths"]]
    result["loaded"] = import_all(job["imports"])
if job.get("fonts"):
    list_fonts(str(WORK / job["fonts"]))
for folder, optimize in job["compile"].items():
    compile_all(WORK / folder, optimize)
(WORK / "result.json").write_text(json.dumps(result))
