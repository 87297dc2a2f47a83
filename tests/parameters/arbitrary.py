"""Parameters files as a careless or ill-meaning person writes them, for hypothesis: broken in any way, or only odd."""

import datetime
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from orgkit.model.desired import format_path
from orgkit.parameters.checks_names import words_of_another_script
from orgkit.sanitize.names import deception
from tests.runbook.hostile import HOSTILE, NAMES

EXAMPLE = (Path(__file__).parents[2] / "parameters" / "example.toml").read_text(encoding="utf-8")
Tree = dict[str, Any]
Way = tuple[str, ...]
BARE = re.compile(r"[A-Za-z0-9_-]+")


def whole_example() -> Tree:
    """example.toml with every key in use, also those that it only shows: none is left out of the mutations."""
    shown = re.sub(r"(?m)^#(\w+ *= )", r"\1", EXAMPLE).replace('id = "222222222222"\n', "")
    return tomllib.loads(re.sub(r"(?m)^tags = \{\}\n", "", shown), parse_float=Decimal)


WHOLE = whole_example()


def toml(table: Tree, way: Way = ()) -> str:
    """A tree as TOML: each table under its heading, its plain values first."""
    plain = "".join(f"{name(key)} = {literal(value)}\n" for key, value in table.items() if not isinstance(value, dict))
    head = f"[{'.'.join(map(name, way))}]\n" if way else ""
    return head + plain + "".join(toml(value, (*way, key)) for key, value in table.items() if isinstance(value, dict))


def name(key: str) -> str:
    return key if BARE.fullmatch(key) else quoted(key)


def literal(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return f"{{{', '.join(f'{name(key)} = {literal(inner)}' for key, inner in value.items())}}}"
        case datetime.date() | datetime.time():
            return value.isoformat()
    return str(value).lower()


def quoted(text: str) -> str:
    """JSON's escapes are TOML's, but for halves of characters and for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


VALUES = st.recursive(
    st.one_of(
        NAMES,
        st.sampled_from(
            ["", " ", "/", "a//b", "aws:x", "999999999999", "o-a1b2c3d4e5", "Production", "dns", "@", "\0"]
        ),
        st.integers(),
        st.sampled_from([0, 1, 24, 30, 10**18, 2**63, 10**4200]),
        st.floats(),
        st.booleans(),
        st.datetimes(min_value=datetime.datetime(1000, 1, 1)),
        st.dates(min_value=datetime.date(1000, 1, 1)),
        st.times(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def ways(table: Tree, way: Way = ()) -> Iterator[Way]:
    """The way to every key of the tree."""
    for key, value in table.items():
        yield (*way, key)
        if isinstance(value, dict):
            yield from ways(value, (*way, key))


def within(tree: Tree, way: Way) -> Tree:
    for key in way[:-1]:
        tree = tree[key]
    return tree


@st.composite
def broken_trees(draw: st.DrawFn) -> Tree:
    """The whole example with up to three values replaced, keys renamed, sections dropped or things put in twice."""
    tree = deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(sorted(ways(tree)) or [("organization",)]))
        table, key = within(tree, way), way[-1]
        match draw(st.sampled_from(["value", "value", "rename", "drop", "add", "copy"])):
            case "value":
                table[key] = draw(VALUES)
            case "rename":
                table[draw(NAMES)] = table.pop(key, "")
            case "drop":
                table.pop(key, None)
            case "add":
                table[draw(NAMES)] = draw(VALUES)
            case _:
                table[key] = deepcopy(within(WHOLE, draw(st.sampled_from(sorted(ways(WHOLE))))))
    return tree


def _insert(content: bytes, at: int, what: bytes) -> bytes:
    at %= len(content) + 1
    return content[:at] + what + content[at:]


SPOILED: tuple[Callable[[bytes, int], bytes], ...] = (
    lambda content, _: b"\xef\xbb\xbf" + content,
    lambda content, _: content.decode().encode("utf-16"),
    lambda content, at: _insert(content, at, b"\0"),
    lambda content, at: _insert(content, at, b"\xff\xfe"),
    lambda content, at: _insert(content, at, b"\xed\xa0\x80"),  # half of a character
    lambda content, at: _insert(content, at, b"\x1b[31m"),
    lambda content, at: content[: at % (len(content) + 1)],
    lambda content, at: content + content.splitlines(keepends=True)[at % max(1, content.count(b"\n"))],
    lambda content, _: content.replace(b"\n", b"\r\n"),
    lambda content, _: content.replace(b"\n", b"\r"),
    lambda content, at: content + b"x = " + b"[" * (at % 3000) + b"]" * (at % 3000),
    lambda content, at: content + b"x" + b".x" * (at % 3000) + b" = 1",
    lambda content, at: content + b"x = " + b"9" * (at % 6000 + 1),
    lambda content, at: content + b"x = 1e" + b"9" * (at % 40 + 1),
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A broken tree as bytes; every third is spoiled as bytes too."""
    content = toml(draw(broken_trees())).encode(errors="surrogatepass")
    if draw(st.integers(0, 2)):
        return content
    return draw(st.sampled_from(SPOILED))(content, draw(st.integers(0, 10**6)))


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=50).filter(
    lambda text: text == text.strip()
)
# A name in two scripts is refused: each of these draws from one.
SCRIPTS = [
    (32, 0x24F),
    (0x370, 0x3FF),
    (0x400, 0x45F),
    (0x5D0, 0x5EA),
    (0x900, 0x97F),
    (0x3040, 0x30FF),
    (0x4E00, 0x9FFF),
]


def texts(**characters: Any) -> st.SearchStrategy[str]:
    """Texts of at most 60 characters that show what they are."""
    alphabets = [st.characters(min_codepoint=first, max_codepoint=last, **characters) for first, last in SCRIPTS]
    return st.one_of(st.text(alphabet, max_size=60) for alphabet in alphabets).filter(lambda text: not deception(text))


LABELS = st.one_of(st.sampled_from([text for text in HOSTILE if not deception(text)]), texts()).filter(
    lambda text: bool(text) and text == text.strip()
)
LEVELS = LABELS.filter(lambda text: len(text) <= 128)
TAGGED = texts(categories=("L", "N", "Zs"), include_characters="_.:/=+-@")
LOCALS = st.text("abcXYZ019!#$*+/=?^_`{}~.-", min_size=1, max_size=40).filter(lambda text: text[0] != ".")


@st.composite
def odd_trees(draw: st.DrawFn) -> Tree:
    """A file in which every name is one that AWS takes, however odd: it has to be planned."""
    tree, unit = deepcopy(WHOLE), format_path(tuple(draw(st.lists(LEVELS, min_size=1, max_size=5))))
    tree["organization"] |= {"name": draw(LABELS), "email": f"{draw(LOCALS)}@acme.example"}
    tree["organization"]["tags"] = {draw(TAGGED.filter(_a_key)): draw(TAGGED)}
    tree["units"] = {unit: {"tags": {"Purpose": draw(TAGGED)}}}
    website, archive, dns = tree["accounts"]["website-prod"], tree["accounts"]["log-archive"], tree["imports"]["dns"]
    website |= {"name": f"w{draw(PRINTABLE)}"[:50].strip(), "unit": unit, "email": f"{draw(LOCALS)}@shop.example"}
    archive |= {"name": "log-archive", "unit": unit}
    dns |= {"name": f"d{draw(PRINTABLE)}"[:50].strip(), "unit": unit, "profile": draw(LABELS)}
    assume(not list(words_of_another_script(tree)))  # a Cyrillic word that reads as a Latin one, alone in its script
    return tree


def _a_key(text: str) -> bool:
    return bool(text) and not text.lower().startswith("aws:") and text != "orgkit:key"
