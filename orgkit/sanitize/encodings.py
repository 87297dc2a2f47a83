"""Text in the forms in which other text is carried: escapes of URLs, HTML and JSON, base64, base32 and hexadecimal."""

import base64
import binascii
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from orgkit.dataclass import dataclass

_ESCAPE = re.compile(
    r"%[0-9A-Fa-f]{2}"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|quot|apos|amp|lt|gt|sol|bsol|num|equals|colon|semi|period|plus|percnt"
    r"|hyphen|dash|lowbar|commat|quest|nbsp|NewLine|Tab);"
    r"|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[\\/\"'nrt])"
)
_JSON = {"n": "\n", "r": "\r", "t": "\t"}
# Lines of one base64 text belong together; they may be indented. An equals sign before one assigns it to a name.
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}+(?:(?:\\n|\r?\n) {0,20}[A-Za-z0-9+/_-]{16,}+){0,2000}+(?:={1,2}(?!=))?"
)
_BASE32 = re.compile(r"(?:[A-Z2-7]{16,}+|[a-z2-7]{16,}+)(?:={1,6}(?!=))?")
_BASE32_REST = {1: 1, 3: 1, 6: 1}  # characters after the last whole byte, by those after the last eight
# Bytes in hexadecimal, together or apart as dumps and languages write them: 67:68, 6768 705f, 0x67, 0x68.
_HEX_SEPARATOR = r"(?:\\n|[\s:,-]){0,2}+(?:0[xX]|\\x)?"
_HEX = re.compile(rf"(?<![0-9A-Fa-f])[0-9A-Fa-f]{{2}}(?:{_HEX_SEPARATOR}[0-9A-Fa-f]{{2}}){{7,}}+[0-9A-Fa-f]?")
_HEX_SEPARATORS = re.compile(r"0[xX](?=[0-9A-Fa-f]{2})|\\[nx]|[\s:,-]")
_NEW_LINE = re.compile(r"\\n|\s")
_MIN_PRINTABLE_BYTES = 0.9  # the part of a decoded text that is printable; of random bytes it is 0.4
_PRINTABLE_BYTES = bytes(range(ord(" "), ord("~") + 1)) + b"\t\r\n"
MAX_DEPTH = 3  # escapes within escapes, and base64 within base64

Span = tuple[int, int]


@dataclass(frozen=True)
class Unescaped:
    """A text without its escapes, and where each part of it stands in the text that has them."""

    text: str
    starts: tuple[int, ...]  # of each run of characters that stand as they are, and of each escape; in `text`
    sources: tuple[int, ...]  # the same in the text with the escapes

    def source_span(self, start: int, end: int) -> Span:
        """Where the characters from `start` to `end` come from."""
        return self._source(start), self._source(end)

    def _source(self, offset: int) -> int:
        part = bisect_right(self.starts, offset) - 1
        position = self.sources[part] + offset - self.starts[part]
        return min(position, self.sources[part + 1]) if part + 1 < len(self.sources) else position


def unescape(text: str) -> Unescaped | None:
    """Resolve the escapes of URLs, HTML and JSON in one pass; None when there are none."""
    parts: list[str] = []
    starts, sources = [0], [0]
    length = position = 0
    for match in _ESCAPE.finditer(text):
        plain, character = text[position : match.start()], _character(match[0])
        parts += (plain, character)
        starts += (length + len(plain), length + len(plain) + len(character))
        sources += (match.start(), match.end())
        length, position = starts[-1], match.end()
    if not parts:
        return None
    return Unescaped("".join([*parts, text[position:]]), tuple(starts), tuple(sources))


def base64_runs(text: str) -> Iterator[tuple[Span, list[bytes]]]:
    """Each part of the text that may be base64, and what it would stand for, at each of four alignments."""
    for match in _BASE64.finditer(text):
        run = _NEW_LINE.sub("", match[0]).rstrip("=").replace("-", "+").replace("_", "/")
        yield match.span(), [content for shift in range(4) if (content := _decode(run[shift:]))]


def base32_runs(text: str) -> Iterator[tuple[Span, list[bytes]]]:
    """Each part of the text that may be base32, in either case, and what it would stand for, at eight alignments."""
    for match in _BASE32.finditer(text):
        run = match[0].rstrip("=").upper()
        yield match.span(), [_decode_base32(run[shift:]) for shift in range(8)]


def hex_runs(text: str) -> Iterator[tuple[Span, list[bytes]]]:
    """Each part of the text that may be bytes in hexadecimal, and what it would stand for, at both alignments."""
    for match in _HEX.finditer(text):
        run = _HEX_SEPARATORS.sub("", match[0])
        yield match.span(), [bytes.fromhex(run[shift : len(run) - (len(run) - shift) % 2]) for shift in range(2)]


def encoded_runs(text: str) -> Iterator[tuple[Span, list[bytes]]]:
    """Each part of the text that may be base64, base32 or hexadecimal, and what it may stand for."""
    yield from base64_runs(text)
    yield from base32_runs(text)
    yield from hex_runs(text)


def printable_text(content: bytes) -> str:
    """Return decoded bytes as text; "" if they are not text. UTF-16 of ASCII is ASCII with zeros."""
    text = content.replace(b"\0", b"")
    unprintable = len(text.translate(None, _PRINTABLE_BYTES))
    return text.decode("latin-1") if len(text) - unprintable >= _MIN_PRINTABLE_BYTES * len(text) else ""


def replace_spans(text: str, spans: list[tuple[int, int, str]]) -> str:
    """The text with each span replaced by its string; of spans that overlap, the first one, with the end of all."""
    parts: list[str] = []
    position = 0
    for start, end, replacement in sorted(spans):
        if start >= position:
            parts += (text[position:start], replacement)
        position = max(position, end)
    return "".join([*parts, text[position:]])


def in_escapes(text: str, find: Callable[[str], list[tuple[int, int, str]]]) -> list[tuple[int, int, str]]:
    """What `find` sees in the text behind its escapes, up to three of them deep, by where it stands in the text."""
    to_source: list[Unescaped] = []
    spans: list[tuple[int, int, str]] = []
    view = unescape(text)
    while view is not None and len(to_source) < MAX_DEPTH:
        to_source.append(view)
        for start, end, replacement in find(view.text):
            span = (start, end)
            for layer in reversed(to_source):
                span = layer.source_span(*span)
            spans.append((*span, replacement))
        view = unescape(view.text)
    return spans


def _character(escape: str) -> str:
    if escape[0] == "%":
        return chr(int(escape[1:], 16))
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[1] in "ux":
        return chr(int(escape[2:], 16))
    return _JSON.get(escape[1], escape[1])


def _decode(run: str) -> bytes:
    try:
        return base64.b64decode(run + "=" * (-len(run) % 4))
    except binascii.Error:  # one character more than a multiple of four
        return base64.b64decode(run[:-1])


def _decode_base32(run: str) -> bytes:
    whole = run[: len(run) - _BASE32_REST.get(len(run) % 8, 0)]
    return base64.b32decode(whole + "=" * (-len(whole) % 8))
