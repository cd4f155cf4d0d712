"""Execute a notebook again when the part of the package that it uses has changed.

jupyter-cache finds an executed notebook by the notebook's own code and does not see the package. Here every
notebook gets a key: a hash of all package files that it reaches, found in the source without running it. Keys
are kept beside the cache. A notebook whose key changed loses its cached outputs and is read, and so executed,
anew; all others are left alone.

What a notebook reaches: the modules it imports or names as attributes of imported ones (`widgets.convolution`) or as
the topic of an exercise (`check("convolution.full_mode", answer)`), what those import in turn, the packages they
lie in, and the data files of those packages. A file in the package's top folder, where everything would reach
it, counts for the modules that name it.
"""

import ast
import hashlib
import json
import re
import sys
from functools import cached_property
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_cache import get_cache
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util import logging

logger = logging.getLogger(__name__)

KEYS_FILE = "package_keys.json"


class Package:
    """A Python package as its source files show it; nothing is imported.

    Parameters
    ----------
    folder : Path
        The package's folder; its name is the import name.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.name = self.folder.name
        self._imports = {}

    @cached_property
    def modules(self):
        """The file of every module, by dotted name; a package's file is its `__init__.py`."""
        modules = {}
        for path in sorted(self.folder.rglob("*.py")):
            parts = [self.name, *path.relative_to(self.folder).with_suffix("").parts]
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return modules

    @cached_property
    def data_files(self):
        # Scripts and styles draw in the reader's browser: they change no output.
        others = {".py", ".js", ".css"}
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path for path in files if path.suffix not in others and "__pycache__" not in path.parts)

    def modules_in(self, dotted):
        """Every module on the way to `dotted`: "p.a.f" gives p and p.a where f is a name inside p.a."""
        parts = dotted.split(".")
        return {prefix for n in range(len(parts)) if (prefix := ".".join(parts[: n + 1])) in self.modules}

    def named_in(self, source, module=None):
        """Modules of this package that Python source text names.

        Parameters
        ----------
        source : str
            Python source, free of notebook magics.
        module : str, optional
            Dotted name of the module that the source is, from which relative imports count.

        Returns
        -------
        set of str
            Dotted names.
        """
        tree = ast.parse(source)
        named, bound = set(), {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    named |= self.modules_in(alias.name)
                    top = alias.name.split(".")[0]
                    bound[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node, module)
                for alias in node.names:
                    named |= self.modules_in(f"{origin}.{alias.name}")
                    bound[alias.asname or alias.name] = f"{origin}.{alias.name}"
            elif isinstance(node, ast.Constant) and re.fullmatch(rf"{self.name}(\.\w+)+", str(node.value)):
                # importlib.import_module("package.module"), and the tables of lazy packages
                named |= self.modules_in(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                head, *rest = attribute_chain(node)
                if head in bound:
                    named |= self.modules_in(".".join([bound[head], *rest]))
            elif isinstance(node, ast.Call):
                # check("convolution.full_mode", answer) of package.exercises looks in package.exercises.convolution
                head, *rest = attribute_chain(node.func)
                place = ".".join([bound[head], *rest]).rpartition(".")[0] if head in bound else ""
                for text in node.args:
                    if isinstance(text, ast.Constant) and re.fullmatch(r"\w+\.\w+", str(text.value)):
                        named |= self.modules_in(f"{place}.{text.value}")
        return named

    def _origin(self, node, module):
        if not node.level:
            return node.module
        if module is None:
            return node.module or ""
        is_package = self.modules[module].name == "__init__.py"
        parts = module.split(".")
        # One dot is the package that holds the module, which for a package is itself.
        parts = parts[: len(parts) + is_package - node.level]
        return ".".join([*parts, node.module] if node.module else parts)

    def reached_from(self, names):
        """All modules that importing the named modules can run, and themselves."""
        reached, waiting = set(), set(names)
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            reached.add(name)
            if name not in self._imports:
                source = self.modules[name].read_text(encoding="utf-8")
                self._imports[name] = self.named_in(source, name) | self.modules_in(name)
            waiting |= self._imports[name] - reached
        return reached

    def files_of(self, reached):
        """The source and data files behind a set of reached modules."""
        files = {self.modules[name] for name in reached}
        texts = [self.modules[name].read_text(encoding="utf-8") for name in reached]
        folders = {path.parent for path in files if path.name == "__init__.py"}
        for path in self.data_files:
            if path.parent == self.folder:
                counts = any(path.name in text for text in texts)
            else:
                counts = any(folder in path.parents for folder in folders - {self.folder})
            if counts:
                files.add(path)
        return files


def attribute_chain(node):
    """`a.b.c` as ["a", "b", "c"]; [None] where the chain does not start with a name."""
    rest = []
    while isinstance(node, ast.Attribute):
        rest.append(node.attr)
        node = node.value
    return [node.id, *reversed(rest)] if isinstance(node, ast.Name) else [None]


def modules_used(notebook, package):
    """Modules of `package` that a notebook names in its code cells.

    A cell that is no Python even after its magics are translated could use anything, so that it counts as
    using the whole package.
    """
    # A cell magic (%%time) would hide the cell in a string.
    cells = [re.sub(r"\A\s*%%.*", "", cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    try:
        # All cells at once: a later cell uses the names that an earlier one has imported.
        return package.named_in("\n".join(TransformerManager().transform_cell(source) for source in cells))
    except SyntaxError:
        return set(package.modules)


def notebook_key(notebook, package, environment_files=()):
    """The key of a notebook: equal keys mean equal package code behind its outputs.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    package : Package
    environment_files : sequence of Path
        Files that count for every notebook, such as requirements.txt.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    key = hashlib.sha256(repr(sys.version_info[:2]).encode())
    files = package.files_of(package.reached_from(modules_used(notebook, package)))
    for path in [*environment_files, *sorted(files)]:
        key.update(str(path.relative_to(package.folder.parent).as_posix()).encode() + b"\0")
        key.update(hashlib.sha256(path.read_bytes()).digest())
    return key.hexdigest()


# ---- the build --------------------------------------------------------------------------------------------


def report_outdated(app, env, added, changed, removed):
    """Drop the cached outputs of notebooks whose key changed, and have Sphinx read them anew."""
    env.package_keys = None
    if env.mystnb_config.execution_mode != "cache":
        return []
    root = Path(app.srcdir)
    package = Package(root / app.config.package_key_package)
    environment_files = [root / name for name in app.config.package_key_files]
    stored = read_keys(env)
    env.package_keys = {}
    outdated = []
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix != ".ipynb":
            continue
        notebook = nbformat.read(path, as_version=4)
        env.package_keys[docname] = notebook_key(notebook, package, environment_files)
        if stored.get(docname) != env.package_keys[docname]:
            drop_cached(get_cache(env.mystnb_config.execution_cache_path), path, notebook)
            outdated.append(docname)
    # The old key goes with the outputs: were it kept while the new execution fails, undoing the edit would
    # bring the old key back, and with it the failed page.
    write_keys(
        env,
        {name: key for name, key in stored.items() if env.package_keys.get(name) == key},
    )
    if outdated:
        logger.info("package_key: to be executed: %s", ", ".join(outdated))
    return outdated


def drop_cached(cache, path, notebook):
    """Remove what the cache holds of a notebook: by its path, older versions too, and by its code."""
    records = {record.pk for record in cache.list_cache_records() if Path(record.uri) == path}
    try:
        records.add(cache.match_cache_notebook(notebook).pk)
    except KeyError:
        pass
    for record in records:
        cache.remove_cache(record)


def store_keys(app, exception):
    """Write the keys of the notebooks that were executed without an error."""
    keys = getattr(app.env, "package_keys", None)
    if exception is not None or keys is None:
        return
    succeeded = {
        name: key
        for name, key in keys.items()
        if (NbMetadataCollector.get_exec_data(app.env, name) or {}).get("succeeded")
    }
    write_keys(app.env, succeeded)


def keys_path(env):
    return Path(env.mystnb_config.execution_cache_path, KEYS_FILE)


def read_keys(env):
    try:
        return json.loads(keys_path(env).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def write_keys(env, keys):
    keys_path(env).parent.mkdir(parents=True, exist_ok=True)
    keys_path(env).write_text(json.dumps(keys, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def setup(app):
    app.add_config_value("package_key_package", "dlcore", "")
    app.add_config_value("package_key_files", ["requirements.txt"], "")
    app.connect("env-get-outdated", report_outdated)
    app.connect("build-finished", store_keys)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
