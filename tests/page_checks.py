"""What can be wrong with a built page. Every function returns a list of defects, empty where there are none."""

import re
from collections import Counter
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

# Where a page names what the browser fetches by itself; an <a href> is fetched only when a reader follows it.
FETCHED = {
    "audio": ["src"],
    "embed": ["src"],
    "iframe": ["src"],
    "image": ["href", "xlink:href"],
    "img": ["src", "srcset"],
    "input": ["src"],
    "link": ["href"],
    "object": ["data"],
    "script": ["src"],
    "source": ["src", "srcset"],
    "track": ["src"],
    "use": ["href", "xlink:href"],
    "video": ["src", "poster"],
}
# Links in the head that describe the page and fetch nothing.
DESCRIBING = {"author", "canonical", "index", "license", "next", "prev", "search"}
REMOTE = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
REMOTE_IN_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s;]+)", re.IGNORECASE)
REMOTE_IN_SCRIPT = re.compile(r"(?:https?:)?//[\w-]+\.[\w.-]+[^\s'\"`]*")
DEAD_SCRIPTS = re.compile(r"thebe|require(\.min)?\.js|html-manager|embed-amd", re.IGNORECASE)


def parse(html):
    return BeautifulSoup(html, "html.parser")


def fetched(page):
    """Pairs of element and address for everything a browser fetches when it opens the page."""
    for element in page.find_all(list(FETCHED)):
        if element.name == "link" and DESCRIBING.issuperset(element.get("rel", [])):
            continue
        for attribute in FETCHED[element.name]:
            value = element.get(attribute)
            if not value:
                continue
            addresses = [part.split()[0] for part in value.split(",")] if attribute == "srcset" else [value]
            for address in addresses:
                yield element, address


def third_party_requests(page):
    defects = [f"<{element.name}> fetches {url}" for element, url in fetched(page) if REMOTE.match(url)]
    for style in page.find_all("style"):
        defects += third_party_css(style.text)
    for element in page.find_all(style=True):
        defects += third_party_css(element["style"])
    for script in page.find_all("script", src=False):
        if script.get("type", "text/javascript") in ("text/javascript", "module"):
            defects += [f"a script names {match.group()}" for match in REMOTE_IN_SCRIPT.finditer(script.text)]
    return defects


def third_party_css(text):
    return [f"CSS fetches {match.group(1)}" for match in REMOTE_IN_CSS.finditer(text)]


def missing_alternatives(page):
    """Pictures that a screen reader cannot describe."""
    defects = []
    for picture in page.find_all("img"):
        if not picture.get("alt", "").strip():
            defects.append(f"no alt text: {picture.get('src', '')[:80]}")
    for picture in page.select("article svg"):
        if picture.find_parent("svg") or picture.get("aria-hidden") == "true":
            continue
        if picture.get("role") != "img" or not picture.get("aria-label", "").strip():
            defects.append(f"svg without role and label: {str(picture)[:80]}")
    return defects


def frame_defects(page):
    """What every page needs around its content."""
    defects = []
    if not (page.html and page.html.get("lang")):
        defects.append("no lang attribute")
    if not (page.title and page.title.text.strip()):
        defects.append("no title")
    if not page.find("meta", attrs={"name": "viewport"}):
        defects.append("no viewport")
    if (headings := len([h1 for h1 in page.find_all("h1") if not h1.find_parent(class_="onlyprint")])) != 1:
        defects.append(f"{headings} level-1 headings")
    return defects


def repeated_ids(page):
    """Ids that occur twice in the content: the clip paths of two inline pictures must not collide."""
    counts = Counter(element["id"] for element in page.select("article [id]"))
    return [f"id {name!r} occurs {count} times" for name, count in counts.items() if count > 1]


def build_messages(page):
    """Error messages that Sphinx or a notebook left in the page."""
    found = page.select(".system-message, .problematic, .output.traceback")
    return [f"message in the page: {' '.join(element.text.split())[:200]}" for element in found]


def script_defects(page):
    """Scripts that are loaded twice, and scripts and data of live widgets, which this page does not have."""
    sources = Counter(urlsplit(script["src"]).path for script in page.find_all("script", src=True))
    defects = [f"{source} is loaded {count} times" for source, count in sources.items() if count > 1]
    defects += [f"{source} has no use here" for source in sources if DEAD_SCRIPTS.search(source)]
    for script in page.find_all("script", type=re.compile("jupyter.widget|thebe", re.IGNORECASE)):
        defects.append(f"{script['type']} has no use here")
    return defects


def math_defects(page):
    """Formulas need MathJax, and pages without formulas do not."""
    has_formulas = bool(page.select(".math"))
    loads = any(
        script["src"].split("?")[0].endswith("mathjax/tex-chtml.js")
        for script in page.find_all("script", src=True)
    )
    if has_formulas and not loads:
        return ["formulas but no MathJax"]
    return ["MathJax but no formula"] if loads and not has_formulas else []


def broken_links(pages):
    """Internal addresses that lead nowhere.

    Parameters
    ----------
    pages : dict
        Parsed page by its path relative to the book's root; the value None stands for a file that is no page.
    """
    anchors = {
        path: {element["id"] for element in page.find_all(id=True)}
        | {element["name"] for element in page.find_all("a", attrs={"name": True})}
        for path, page in pages.items()
        if page is not None
    }
    defects = []
    for path, page in pages.items():
        if page is None:
            continue
        links = [(element, element["href"]) for element in page.find_all("a", href=True)]
        for element, address in [*links, *fetched(page)]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = resolve(path, unquote(parts.path))
            if target not in pages:
                defects.append(f"{path}: <{element.name}> leads to {address}, which is not there")
            elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
                defects.append(f"{path}: {address} names a place that is not on that page")
    return defects


def resolve(path, address):
    """The path, relative to the book's root, that an address on the page `path` means."""
    if not address:
        return path
    parts = [] if address.startswith("/") else path.split("/")[:-1]
    for part in address.split("/"):
        if part == "..":
            parts = parts[:-1] if parts else [".."]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join([*parts, "index.html"] if address.endswith("/") else parts)
