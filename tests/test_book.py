"""The built pages, as a browser gets them."""

import importlib
import inspect
import re
import runpy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from page_checks import (
    broken_links,
    build_messages,
    fetched,
    frame_defects,
    math_defects,
    missing_alternatives,
    parse,
    repeated_ids,
    resolve,
    script_defects,
    third_party_css,
    third_party_requests,
)

ROOT = Path(__file__).resolve().parent.parent

# Uncompressed, without a page's own scripts and styles, and with them.
HEAVIEST_PAGE = 2_000_000
HEAVIEST_PAGE_WITH_ASSETS = 8_000_000


def toc_entries(node):
    """The `file` entries of _toc.yml, in order."""
    if isinstance(node, list):
        return [file for item in node for file in toc_entries(item)]
    if not isinstance(node, dict):
        return []
    own = [node["root"]] if "root" in node else [node["file"]] if "file" in node else []
    return own + [file for value in node.values() for file in toc_entries(value)]


TOC = toc_entries(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def pages(built_book):
    """Every file of the built book by its relative path; parsed where it is a page."""
    files = (path for path in built_book.rglob("*") if path.is_file())
    return {
        path.relative_to(built_book).as_posix(): parse(path.read_text(encoding="utf-8"))
        if path.suffix == ".html" and "_static" not in path.parts
        else None
        for path in files
    }


@pytest.fixture(scope="module")
def read_pages(pages):
    """The pages that a reader reads, without the redirection at the book's root."""
    return {path: page for path, page in pages.items() if page is not None and path != "index.html"}


def test_every_page_of_the_table_of_contents_is_built_from_its_present_source(built_book):
    for entry in TOC:
        page = built_book / f"{entry}.html"
        assert page.is_file(), f"{entry} is in _toc.yml and was not built: run `make book`"
        source = next(path for suffix in (".md", ".ipynb") if (path := ROOT / f"{entry}{suffix}").is_file())
        assert page.stat().st_mtime >= source.stat().st_mtime, f"{entry} changed: run `make book`"


def test_the_root_leads_to_the_first_page(pages):
    refresh = pages["index.html"].find("meta", attrs={"http-equiv": "Refresh"})
    assert f"url={TOC[0]}.html" in refresh["content"]


@pytest.mark.parametrize(
    "check",
    [
        build_messages,
        frame_defects,
        math_defects,
        missing_alternatives,
        repeated_ids,
        script_defects,
        third_party_requests,
    ],
)
def test_no_page_has_a_defect(read_pages, check):
    assert {path: defects for path, page in read_pages.items() if (defects := check(page))} == {}


def test_no_style_sheet_fetches_from_elsewhere(built_book):
    sheets = built_book.rglob("*.css")
    assert {str(path): found for path in sheets if (found := third_party_css(path.read_text("utf-8")))} == {}


def test_every_internal_link_leads_somewhere(pages):
    assert broken_links(pages) == []


def test_every_work_that_is_cited_has_an_entry(read_pages):
    entries = [
        " ".join(entry.text.split()) for entry in read_pages["book/references.html"].select(".citation")
    ]
    missing = []
    for path, page in read_pages.items():
        for link in page.select('article a[href*="references.html"]'):
            cited = re.fullmatch(r"(\w[\w-]*).*\((\d{4})\)", " ".join(link.text.split()))
            if cited and not any(all(part in entry for part in cited.groups()) for entry in entries):
                missing.append(f"{path}: {link.text}")
    assert missing == []


def test_no_page_is_heavy(built_book, read_pages):
    for path, page in read_pages.items():
        own = (built_book / path).stat().st_size
        parts = [urlsplit(url) for _, url in fetched(page)]
        addresses = {resolve(path, part.path) for part in parts if part.path and not part.scheme}
        assets = sum((built_book / address).stat().st_size for address in addresses)
        assert own <= HEAVIEST_PAGE, f"{path} has {own:,} bytes"
        assert own + assets <= HEAVIEST_PAGE_WITH_ASSETS, (
            f"{path} and what it loads have {own + assets:,} bytes"
        )


def test_every_module_of_the_package_is_on_an_api_page(pages):
    documented = {
        element["id"].removeprefix("module-")
        for path, page in pages.items()
        if path.startswith("book/api/") and page is not None
        for element in page.find_all(id=re.compile(r"^module-dlcore"))
    }
    files = (path.relative_to(ROOT).with_suffix("").parts for path in (ROOT / "dlcore").rglob("*.py"))
    modules = {".".join(parts).removesuffix(".__init__") for parts in files}
    public = {name for name in modules if not re.search(r"\._|\.__main__$", name)} - {"dlcore"}
    assert public - documented == set()


def test_every_public_function_and_class_is_described_once(pages):
    described = [
        element["id"]
        for path, page in pages.items()
        if path.startswith("book/api/") and page is not None
        for element in page.select("dt[id]")
    ]
    assert len(described) == len(set(described))
    files = (path.relative_to(ROOT).with_suffix("").parts for path in (ROOT / "dlcore").rglob("*.py"))
    modules = {
        ".".join(parts) for parts in files if parts[-1] != "__init__"
    }  # packages only hand out what is there
    missing = []
    for module in modules:
        for name in getattr(importlib.import_module(module), "__all__", []):
            thing = getattr(importlib.import_module(module), name)
            origin = getattr(thing, "__module__", None) or ""
            ours = (inspect.isroutine(thing) or inspect.isclass(thing)) and origin.startswith("dlcore")
            if ours and not {f"{origin}.{name}", f"{module}.{name}"} & set(described):
                missing.append(f"{module}.{name}")
    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "book/index.md"])
def test_code_on_the_front_pages_runs(page, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    script = tmp_path / "front_page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    runpy.run_path(str(script))


# ---- each check can fail ----------------------------------------------------------------------------------

SOUND = """<html lang="en"><head><title>Title</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="style.css"><link rel="canonical" href="https://example.org/page.html">
<script src="_static/mathjax/tex-chtml.js?v=1"></script><script>let x = "//comment"; // https</script></head>
<body><article><h1 id="title">Title</h1><a href="https://example.org">elsewhere</a><a href="#title">here</a>
<span class="math">x</span><img src="a.png" alt="a photograph"><svg role="img" aria-label="a circle"><svg></svg></svg>
<svg aria-hidden="true"></svg></article></body></html>"""


@pytest.mark.parametrize(
    "check",
    [
        build_messages,
        frame_defects,
        math_defects,
        missing_alternatives,
        repeated_ids,
        script_defects,
        third_party_requests,
    ],
)
def test_a_sound_page_passes(check):
    assert check(parse(SOUND)) == []


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/a.js"></script>',
        '<script src="//example.org/a.js"></script>',
        '<script>import("https://example.org/a.js")</script>',
        '<script type="module">import a from "https://example.org/a.js"</script>',
        '<link rel="stylesheet" href="HTTPS://example.org/a.css">',
        '<link rel="preconnect" href="https://example.org">',
        '<img src="http://example.org/a.png" alt="a">',
        '<img srcset="a.png 1x, https://example.org/b.png 2x" alt="a">',
        '<iframe src="https://example.org"></iframe>',
        '<svg><image href="https://example.org/a.png"/></svg>',
        '<style>@import "https://example.org/a.css";</style>',
        "<style>@font-face { src: url(//example.org/a.woff2) }</style>",
        "<p style=\"background: url('https://example.org/a.png')\">text</p>",
    ],
)
def test_a_request_to_another_host_is_found(html):
    assert len(third_party_requests(parse(html))) == 1


@pytest.mark.parametrize(
    "css", ['@import url("https://example.org/a.css")', "a { background: url( //example.org/a.png ) }"]
)
def test_a_request_of_a_style_sheet_to_another_host_is_found(css):
    assert len(third_party_css(css)) == 1
    assert (
        third_party_css("a { background: url(data:image/png;base64,AA==) } /* https://example.org */") == []
    )


@pytest.mark.parametrize(
    "html",
    [
        '<img src="a.png">',
        '<img src="a.png" alt=" ">',
        "<article><svg></svg></article>",
        '<article><svg role="img"></svg></article>',
        '<article><svg aria-label="a circle"></svg></article>',
    ],
)
def test_a_picture_without_a_description_is_found(html):
    assert len(missing_alternatives(parse(html))) == 1


@pytest.mark.parametrize(
    "present, missing, defect",
    [
        ('<html lang="en">', "<html>", "no lang attribute"),
        ("<title>Title</title>", "<title> </title>", "no title"),
        ('<meta name="viewport" content="width=device-width">', "", "no viewport"),
        ('<h1 id="title">Title</h1>', "", "0 level-1 headings"),
        ('<h1 id="title">Title</h1>', "<h1>A</h1><h1>B</h1>", "2 level-1 headings"),
    ],
)
def test_a_page_without_its_frame_is_found(present, missing, defect):
    assert frame_defects(parse(SOUND.replace(present, missing))) == [defect]


def test_an_id_that_occurs_twice_is_found():
    assert len(repeated_ids(parse('<article><svg><g id="a"/></svg><svg><g id="a"/></svg></article>'))) == 1


@pytest.mark.parametrize("name", ["system-message", "problematic", "output traceback"])
def test_a_message_of_the_build_is_found(name):
    assert len(build_messages(parse(f'<div class="{name}">wrong</div>'))) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<script src="a.js?v=1"></script><script src="a.js?v=2"></script>',
        '<script src="_static/sphinx-thebe.js"></script>',
        '<script src="_static/require.min.js"></script>',
        '<script type="application/vnd.jupyter.widget-state+json">{}</script>',
        '<script type="text/x-thebe-config">{}</script>',
    ],
)
def test_a_repeated_or_dead_script_is_found(html):
    assert len(script_defects(parse(html))) == 1


def test_formulas_without_mathjax_and_mathjax_without_formulas_are_found():
    assert math_defects(parse('<span class="math">x</span>')) == ["formulas but no MathJax"]
    assert math_defects(parse('<script src="mathjax/tex-chtml.js"></script>')) == ["MathJax but no formula"]


@pytest.mark.parametrize(
    "link",
    [
        '<a href="missing.html">',
        '<a href="../../outside.html">',
        '<a href="other.html#missing">',
        '<a href="#missing">',
        '<img src="missing.png" alt="a">',
        '<script src="/missing.js"></script>',
    ],
)
def test_a_link_that_leads_nowhere_is_found(link):
    sound = '<a href="other.html#there">a</a><a href="../index.html">b</a><a href="#here" id="here">c</a>'
    pages = {
        "index.html": parse(""),
        "book/other.html": parse('<p id="there">'),
        "book/page.html": parse(sound + link),
    }
    assert len(broken_links(pages)) == 1
    assert broken_links({**pages, "book/page.html": parse(sound)}) == []
