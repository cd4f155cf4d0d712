"""The package's pages list every public module without being told.

A line `% modules dlcore.scratch` in a page under book/api becomes one section for the package and for each of its
public modules, filled by autodoc. `% modules dlcore.scratch but dlcore.scratch.nn` leaves out what another page shows.
"""

import importlib
import inspect
import re
from pathlib import Path

from package_key import Package

MARK = re.compile(r"^% modules ([\w.]+)(?: but ([\w.]+))?$", re.MULTILINE)
MODULE = """
## {name}

```{{eval-rst}}
.. automodule:: {name}
   :members:
{options}
```
"""


def write_sections(app, docname, source):
    if not docname.startswith("book/api/"):
        return
    root = Path(app.srcdir)
    package = Package(root / app.config.package_key_package)

    def sections(match):
        wanted, unwanted = match.groups()
        names = [name for name in package.modules if is_within(name, wanted) and "._" not in name]
        names = [name for name in names if unwanted is None or not is_within(name, unwanted)]
        for name in names:
            # A new module changes its folder: the page is read again.
            app.env.note_dependency(str(package.modules[name].parent))
            app.env.note_dependency(str(package.modules[name]))
        return "\n".join(section(name, package.modules[name].name == "__init__.py") for name in names)

    source[0] = MARK.sub(sections, source[0])


def is_within(name, package):
    return f"{name}.".startswith(f"{package}.")


def section(name, is_package):
    # What a package shows of its modules is documented there, once.
    text = MODULE.format(name=name, options="   :ignore-module-all:" if is_package else "")
    if not is_package:
        for title, column, names in (
            ("Described with the module it stands in", "Stands in", taken_names(name)),
            ("PyTorch's own, under its own name", "In PyTorch", borrowed_names(name)),
        ):
            rows = "".join(f"| `{own}` | `{origin}` |\n" for own, origin in names.items())
            text += f"\n{title}:\n\n| Here | {column} |\n|---|---|\n{rows}" if rows else ""
    return text


def is_of_torch(thing):
    """Whether PyTorch defines it; its C functions do not say so themselves."""
    origin = getattr(thing, "__module__", None) or ""
    return origin == "torch" or origin.startswith("torch.") or (inspect.isbuiltin(thing) and not origin)


def public_things(name):
    """Every public thing of a module by its name."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return {}  # autodoc says why, with a warning
    return {name: getattr(module, name) for name in getattr(module, "__all__", [])}


def borrowed_names(name):
    """PyTorch's full name of every public thing that a module takes from PyTorch unchanged."""
    return {own: full_name(own, thing) for own, thing in public_things(name).items() if is_of_torch(thing)}


def taken_names(name):
    """The module of every public thing that a module takes from another one of the package."""
    things = public_things(name).items()
    return {own: thing.__module__ for own, thing in things if is_taken(own, thing, name)}


def is_taken(own, thing, name):
    """Whether the module `name` takes a function or class from where it is public in another module of the package."""
    if not (inspect.isroutine(thing) or inspect.isclass(thing)):
        return False
    origin = getattr(thing, "__module__", None) or name
    return origin != name and is_within(origin, name.partition(".")[0]) and own in public_things(origin)


def full_name(name, thing):
    for place in ("torch.nn.functional", "torch.nn", "torch.optim", "torch"):
        if getattr(importlib.import_module(place), name, None) is thing:
            return f"{place}.{name}"
    return f"{thing.__module__}.{getattr(thing, '__qualname__', name)}"


def skip_borrowed(app, what, name, thing, skip, options):
    """Leave out what PyTorch or another module documents, and the operator that a layer calls."""
    if what == "module" and is_taken(name, thing, app.env.temp_data["autodoc:module"]):
        return True
    return True if is_of_torch(thing) or name in ("operator", "shown") else None


def source_as_section(app, what, name, thing, options, lines):
    """Make the paragraph `Source: ...` a section of its own; after the errors it would be read as one of them."""
    for place, line in enumerate(lines):
        if line.startswith("Source: "):
            lines[place : place + 1] = ["Source", "------", line.removeprefix("Source: ")]
            return


def setup(app):
    app.connect("source-read", write_sections)
    app.connect("autodoc-skip-member", skip_borrowed)
    app.connect("autodoc-process-docstring", source_as_section, priority=400)  # before napoleon reads it
    return {"parallel_read_safe": True, "parallel_write_safe": True}
