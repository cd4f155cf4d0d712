"""The built book asks no other host for anything, and no script twice.

MathJax is copied out of the `sphinx-mathjax-offline` distribution, which carries MathJax 3.2.2. Its own
Sphinx extension would copy all 24 MB of it; one component draws every formula of the book.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

# The SVG output needs no font files. `extensions` holds the TeX packages that MathJax loads at their first
# use; `a11y` and `sre` let a screen reader speak a formula, in the book's language.
MATHJAX_PARTS = (
    "tex-svg.js",
    "input/tex/extensions",
    "a11y",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
    "sre/mathmaps/nemeth.json",
)


def copy_mathjax(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    # The module's name has hyphens, so that it can be found but not imported by a statement.
    mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    target = Path(app.outdir, "_static", "mathjax")
    for part in MATHJAX_PARTS:
        source, copy = mathjax / part, target / part
        if copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copyfile(source, copy)


def without_repeats(scripts):
    """Each script once, in the order of first appearance; scripts with a body are compared by it."""
    seen, kept = set(), []
    for script in scripts:
        attributes = getattr(script, "attributes", {})
        identity = (str(getattr(script, "filename", script)), attributes.get("body"))
        if identity not in seen:
            seen.add(identity)
            kept.append(script)
    return kept


def is_widget_state(script):
    """The state of widgets is of no use without a widget manager, and large."""
    return getattr(script, "attributes", {}).get("type") == "application/vnd.jupyter.widget-state+json"


def is_mathjax(script):
    body = getattr(script, "attributes", {}).get("body") or ""
    return body.startswith("window.MathJax") or "mathjax/" in str(getattr(script, "filename", script))


def clean_page(app, pagename, templatename, context, doctree):
    # Sphinx loads MathJax also on the pages above one with formulas in the table of contents.
    has_formulas = 'class="math' in context.get("body", "")
    context["script_files"] = [
        script
        for script in without_repeats(context.get("script_files", []))
        if not is_widget_state(script) and (has_formulas or not is_mathjax(script))
    ]
    context["css_files"] = without_repeats(context.get("css_files", []))
    if pagename == app.config.root_doc:
        context["title"] = "Home"  # the page's heading is the book's title, which follows anyway


def setup(app):
    # Jupyter Book sets it although sphinx_comments, which would load scripts from elsewhere, is not used.
    app.add_config_value("comments_config", {}, "")
    app.connect("html-page-context", clean_page, priority=900)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
