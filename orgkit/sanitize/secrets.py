"""The secrets of a text, plain or encoded: searched before anything is recorded."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from orgkit.sanitize.encodings import MAX_DEPTH, encoded_runs, in_escapes, printable_text, replace_spans
from orgkit.sanitize.secret_patterns import PATTERNS
from orgkit.sanitize.secret_values import SecretValues
from orgkit.sanitize.vendor_tokens import named_rule, token_patterns, words_of_rules

Finding = tuple[int, int, str]  # from, to, kind
_LONG = re.compile(r"[\w+/=.~:@%\\-]{8,}+")
_URL = re.compile(r"//[^\s\"'<>]++")
_SHORT = 300  # characters of a text that is likely to be searched again
_MAX_URLS = 20  # in one string without blanks: an address may stand in the query of another
_PORT = re.compile(r"\d{1,5}(?![^/?#,;)])")
_HOST = re.compile(r"(?i)localhost|\d{1,3}(?:\.\d{1,3}){3}|[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}|\[[0-9a-f:.]{2,45}\]")
_HOST_START = re.compile(r"[\w\[]")
_LONG_USER = re.compile(r"(?=[^:]{0,300}\d)(?=[^:]{0,300}[A-Za-z])[\w.~=-]{30,}")


def replace_secrets(text: str) -> tuple[str, list[tuple[str, int]]]:
    """Return the text with `[redacted: KIND]` for each secret, and the number of each kind."""
    findings = _merge(_search(text))
    counts = Counter(kind for _, _, kind in findings)
    return replace_spans(text, [(start, end, f"[redacted: {kind}]") for start, end, kind in findings]), [
        *counts.items()
    ]


def hide_secrets(text: str) -> str:
    """Return the text without its secrets, for output that repeats what a person has typed."""
    return replace_secrets(text)[0]


def hide_secrets_in(value: Any) -> Any:
    """Hide the secrets in every string of a JSON value; a hash under a name that ends in sha256 stays unchanged."""
    if isinstance(value, str):
        return hide_secrets(value)
    if isinstance(value, Mapping):
        return {key: item if str(key).endswith("sha256") else hide_secrets_in(item) for key, item in value.items()}
    return [hide_secrets_in(item) for item in value] if isinstance(value, list | tuple) else value


def kinds_in(text: str) -> Iterator[str]:
    """Yield the kinds of secrets in the text, if any; never the secret itself."""
    return (kind for kind, _ in replace_secrets(text)[1])


def replace_values(text: str, values: Collection[str], mark: str) -> tuple[str, int]:
    """The text with `mark` for each of these values, in escapes and base64 too, and how many there were."""
    if not values:
        return text, 0
    known = values if isinstance(values, SecretValues) else SecretValues(values)
    is_short = len(text) <= _SHORT
    findings = _merge(_find_values_once(text, known, len(known), mark) if is_short else _find_values(text, known, mark))
    return replace_spans(text, findings), len(findings)


def _search(text: str, depth: int = 0) -> list[Finding]:
    """Names, addresses and sentences recur in every file of a record; the cache stays in this process's memory."""
    return _search_once(text, depth) if len(text) <= _SHORT else _find_encoded(text, depth)


@lru_cache(maxsize=8192)
def _search_once(text: str, depth: int) -> list[Finding]:
    return _find_encoded(text, depth)


def _find_encoded(text: str, depth: int) -> list[Finding]:
    """Every secret of the text, where it stands, whatever it is encoded in."""

    def find(view: str) -> list[Finding]:
        return [*_find(view), *_find_in_encoded(view, depth)]

    return [*find(text), *in_escapes(text, find)]


def _find(text: str) -> list[Finding]:
    lowered = text.lower()
    by_words = [*_find_patterns(text, lowered), *_find_named(text, lowered)] if _any_word().search(lowered) else []
    return [*by_words, *_find_tokens(text), *_find_in_urls(text)]


@cache
def _any_word() -> re.Pattern[str]:
    """Return one pattern for the words of all patterns and rules, by their first characters: most texts have none."""
    words = {word for pattern in PATTERNS for word in pattern.words} | {
        word for rule_words, _ in words_of_rules() for word in rule_words
    }
    rests: dict[str, list[str]] = {}
    for word in sorted(words):
        rests.setdefault(word[0], []).append(re.escape(word[1:]))
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rule_words)})" for first, rule_words in rests.items()))


def _find_patterns(text: str, lowered: str) -> Iterator[Finding]:
    for pattern in PATTERNS:
        if any(word in lowered for word in pattern.words):
            for match in pattern.regex.finditer(text):
                if pattern.accepts is None or pattern.accepts(match):
                    start = match.end("keep") if "keep" in pattern.regex.groupindex else match.start()
                    yield start, match.end(), pattern.kind


def _find_named(text: str, lowered: str) -> Iterator[Finding]:
    """Values without a form of their own, next to the name of the vendor that they are for."""
    for words, index in words_of_rules():
        if any(word in lowered for word in words):
            kind, regex, group = named_rule(index)
            for match in regex.finditer(text):
                place = group if match[group] else match.lastindex or 0  # a rule may have a group for each of two forms
                if any(character.isdigit() for character in match[place]):
                    yield *match.span(place), kind


def _find_tokens(text: str) -> Iterator[Finding]:
    """Tokens of single vendors: each stands within one long string without blanks."""
    for candidate in _LONG.finditer(text):
        offset, string = candidate.start(), candidate[0]
        for start, end, kind in _tokens_of(string) if len(string) <= _SHORT else _search_tokens(string):
            yield offset + start, offset + end, kind


@lru_cache(maxsize=8192)
def _tokens_of(string: str) -> list[Finding]:
    return _search_tokens(string)


def _search_tokens(string: str) -> list[Finding]:
    return [(*match.span(), kind) for kind, regex in token_patterns() for match in regex.finditer(string)]


def _find_in_encoded(text: str, depth: int) -> Iterator[Finding]:
    if depth >= MAX_DEPTH:
        return
    for (start, end), contents in encoded_runs(text):
        decoded = (printable_text(content) for content in contents)
        kind = next((kind for view in decoded if view for _, _, kind in _search(view, depth + 1)), None)
        if kind is not None:
            yield start, end, kind


@lru_cache(maxsize=8192)
def _find_values_once(text: str, values: SecretValues, _count: int, mark: str) -> list[Finding]:
    """The same for a text that is likely to be searched again, until there are more values."""
    return _find_values(text, values, mark)


def _find_values(text: str, values: SecretValues, mark: str, depth: int = 0) -> list[Finding]:
    def find(view: str) -> list[Finding]:
        return [
            *(
                (match.start(), match.end(), mark)
                for value in values.in_text(view)
                for match in re.finditer(re.escape(value), view)
            ),
            *((start, end, mark) for (start, end), contents in encoded_runs(view) if any(map(holds, contents))),
        ]

    def holds(content: bytes) -> bool:
        if values.in_bytes(content):
            return True
        view = printable_text(content) if depth < MAX_DEPTH else ""
        return bool(view and _find_values(view, values, mark, depth + 1))

    return [*find(text), *in_escapes(text, find)]


def _find_in_urls(text: str) -> Iterator[Finding]:
    """The password of each address, of any scheme: all between the first colon and the last @ that a host follows."""
    for match in _URL.finditer(text):
        start = match.start()
        for _ in range(_MAX_URLS):
            authority = start + 2
            yield from _password(text[authority : match.end()], authority)
            start = text.find("//", authority, match.end())
            if start < 0:
                break


def _password(rest: str, offset: int) -> Iterator[Finding]:
    at = rest.rfind("@")
    while at > 0 and not _HOST_START.match(rest, at + 1):
        at = rest.rfind("@", 0, at)
    user, colon, password = rest[: max(at, 0)].partition(":")
    if at <= 0 or re.search(r"[/?#]", user) or password.startswith("[redacted"):
        return
    if not colon and _LONG_USER.fullmatch(user):
        yield offset, offset + at, "token"
    elif password and not (_HOST.fullmatch(user) and _PORT.match(password)):
        yield offset + len(user) + 1, offset + at, "password"


def _merge(findings: list[Finding]) -> list[Finding]:
    """Each part of the text once: what overlaps is one finding, of the kind that begins first."""
    spans: list[Finding] = []
    for start, end, kind in sorted(findings):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]), spans[-1][2])
        else:
            spans.append((start, end, kind))
    return spans
