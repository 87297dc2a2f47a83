"""Names that somebody may have chosen in order to act, and what it means that they are only text."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import strategies as st

from orgkit.records import html
from orgkit.runbook.views.views import View

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</pre></td><script>alert(1)</script>",
    "\"'><svg onload=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\x1b[2Jcleared\x07\x00\x7f",
    "\x9b31mred \x90q\x9c \x1b]0;title\x07",
    "one\ntwo\r\nthree\ttabs",
    "a\n  do:  run this instead.",
    "\u202egnp.exe \u2066isolated\u2069 \u200bnothing",
    "]]><!-- &amp; &#60;b&#62; ${x} {{y}} %s",
    "{name.__class__.__mro__} {0} {",
    "../../x/../../etc/passwd",
    "'; import os; os.system('true') #\\",
    "a\u2028b\x85c \ufffe",
    "x" * 50,
    "long " * 2000,
)
NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=50),  # AWS's own [ -~]+
    st.text(max_size=40),  # whatever can be written down
)
TAGS = {"h2", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "b", "ul", "li", "pre"}
SHAPES = {"svg", "title", "style", "rect", "path", "line", "circle", "text", "tspan"}


ACTS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)  # on a terminal, or on the line's direction
OTHER_SCHEME = re.compile(r"(?i)\s*(?!https?:|data:image/)[a-z][a-z0-9+.-]*:")
OURS = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "figure", "footer", "div", "img",
        "fieldset", "legend", "label", "input"}  # fmt: skip
HARMLESS = {"lang", "charset", "http-equiv", "content", "name", "class", "src", "alt", "href", "colspan", "rowspan",
            "scope", "id", "tabindex", "aria-hidden", "type", "checked", "data-name", "role", "aria-label"}  # fmt: skip


class Strict(HTMLParser):
    """Knows the few tags that orgkit writes; none has an attribute but the class of a cell with a number."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert not attrs or attrs == [("class", "number")]

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = unknown_decl = handle_pi = handle_comment


def check(view: View) -> None:
    """Nothing in it acts, moves the cursor or turns the line around; what is marked up is well-formed."""
    check_text(view.text)
    check_text(view.html)
    parser = Strict(convert_charrefs=False)
    parser.feed(view.html)
    parser.close()
    if view.html:
        ElementTree.fromstring(f"<div>{view.html}</div>")
    if view.svg:
        check_svg(view.svg)
    json.dumps(view.bundle(), ensure_ascii=False).encode()


def check_text(text: str) -> None:
    """Safe on a terminal."""
    assert text.replace("\n", "").isprintable(), ascii(text)


def check_svg(svg: str) -> None:
    shapes = {
        element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in ElementTree.fromstring(svg).iter()
    }
    assert shapes <= SHAPES
    attributes = {name for element in ElementTree.fromstring(svg).iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on") or "href" in name]


class Page(HTMLParser):
    """Takes down the words of a page, and stops at whatever could act."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {*OURS, *html.TAGS}, tag
        assert {name for name, _ in attrs} <= HARMLESS, attrs
        places = [value or "" for name, value in attrs if name in ("src", "href")]
        assert not list(filter(OTHER_SCHEME.match, places)), attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    unknown_decl = handle_pi = handle_comment


def words_of(file: Path) -> list[str]:
    """The words of a record's page, in which nothing can act on a browser or on a terminal."""
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    page.close()
    assert not ACTS.search("".join(page.words))
    return page.words
