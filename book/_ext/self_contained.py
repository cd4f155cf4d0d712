"""The built book asks no other host for anything, no script twice, and for nothing that a page does not use.

MathJax is copied out of the `sphinx-mathjax-offline` distribution, which carries MathJax 3.2.2. Its own
Sphinx extension would copy all 24 MB of it; one component draws every formula of the book.

The theme loads the search index with every page and 540 kB of icons, compressed. The book has no search while
typing, so the search page alone needs the index; and the theme's style sheet has all icons as characters of a
font, of which the pages get the characters that they use.
"""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

# Beside the component itself: `woff-v2` holds its fonts, `extensions` the TeX packages that MathJax loads at
# their first use; `a11y` and `sre` let a screen reader speak a formula, in the book's language.
MATHJAX_PARTS = (
    "output/chtml/fonts/woff-v2",
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
    component = Path(app.config.mathjax_path).name
    for part in (component, *MATHJAX_PARTS):
        source, copy = mathjax / part, target / part
        if copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copyfile(source, copy)


SEARCH_SCRIPT = re.compile(
    r'[ \t]*<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>\n?'
)
ICON_SCRIPT = re.compile(r'[ \t]*<script[^>]* src="[^"]*/fontawesome\.js[^"]*"></script>\n?')
ICON = re.compile(r"\bfa-[a-z0-9-]+")
ICON_RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:{1,2}before,?)+)\{content:"\\([0-9a-f]+)"\}')
PRIVATE_CHARACTER = re.compile("[\ue000-\uf8ff]")  # where fonts have characters of their own
ICON_FONT = re.compile(r"src:url\([^)]*/fa-solid-900\.[^;}]*")

# The theme sizes and places some icons as the pictures that its script made of them.
ICON_STYLE = """
.bd-header-article .btn .fa-lg{font-size:1em}
.bd-search .fa-solid.fa-magnifying-glass{color:inherit;position:static}
#pst-search-dialog[open] form.bd-search i{font-size:var(--pst-font-size-icon)}
"""


def trim_pages(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    icons = set()
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        trimmed = ICON_SCRIPT.sub("", text if page.name == "search.html" else SEARCH_SCRIPT.sub("", text))
        if trimmed != text:
            page.write_text(trimmed, encoding="utf-8")
        icons.update(ICON.findall(text))
    static = site / "_static"
    # The theme's scripts add icons to a page, and its style sheets name some by their code.
    for script in (static / "scripts").glob("*theme.js"):
        icons.update(ICON.findall(script.read_text(encoding="utf-8")))
    subset_icons(static, icons)
    for unused in (*static.glob("scripts/fontawesome.js*"), *static.rglob("*.map")):
        unused.unlink(missing_ok=True)


def subset_icons(static, icons):
    """Let the theme's style sheet take these icons out of a small font of their own.

    Parameters
    ----------
    static : Path
        The folder of the built book's static files.
    icons : set of str
        Class names, as "fa-bars".
    """
    from fontTools import subset

    sheet = static / "styles" / "pydata-sphinx-theme.css"
    text = sheet.read_text(encoding="utf-8")
    codes = {
        int(code, 16) for names, code in ICON_RULE.findall(text) if icons.intersection(ICON.findall(names))
    }
    for other in (static / "styles").glob("*.css"):
        # Other rules show an icon too, such as those of admonitions; some write the character as it is.
        rest = ICON_RULE.sub("", other.read_text(encoding="utf-8"))
        codes.update(int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", rest))
        codes.update(map(ord, PRIVATE_CHARACTER.findall(rest)))

    options = subset.Options(flavor="woff", hinting=False)
    font = subset.load_font(static / "vendor/fontawesome/webfonts/fa-solid-900.ttf", options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    subset.save_font(font, static / "styles" / "icons.woff", options)
    # The licence (CC BY 4.0, SIL OFL 1.1) asks for the attribution, which is in the style sheet.
    text = ICON_FONT.sub('src:url(icons.woff) format("woff")', text).removesuffix(ICON_STYLE) + ICON_STYLE
    sheet.write_text(text, encoding="utf-8")


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
    app.connect("build-finished", trim_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
