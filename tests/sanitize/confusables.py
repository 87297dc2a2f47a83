"""Make `orgkit/sanitize/confusables.txt` from a package: `python -m tests.sanitize.confusables`.

The package, confusable-homoglyphs, keeps Unicode's confusables.txt as JSON: each character or sequence
with those that look like it, both ways.
What is wanted is the prototype of each character: the member of its class that all others are replaced by.
"""

import json
from collections.abc import Iterator
from importlib import resources
from importlib.metadata import version
from pathlib import Path

PACKAGE = "confusable-homoglyphs"
FILE = Path(__file__).parents[2] / "orgkit" / "sanitize" / "confusables.txt"
HEAD = """\
# Characters that look like others: prototype;characters, each as hexadecimal code points.
# Data: confusables.txt of the Unicode Security Mechanisms (UTS #39) for Unicode {unicode}, taken from the Python
# package {package} {version}. Made by `python -m tests.sanitize.confusables`.
#
# UNICODE LICENSE V3. Copyright (c) 1991-2023 Unicode, Inc. All rights reserved. Permission is hereby granted, free of
# charge, to any person obtaining a copy of data files and any associated documentation (the "Data Files") or software
# and any associated documentation (the "Software") to deal in the Data Files or Software without restriction, including
# without limitation the rights to use, copy, modify, merge, publish, distribute, and/or sell copies of the Data Files
# or Software, and to permit persons to whom the Data Files or Software are furnished to do so, provided that either (a)
# this copyright and permission notice appear with all copies of the Data Files or Software, or (b) this copyright and
# permission notice appear in associated Documentation. THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT
# WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR
# A PARTICULAR PURPOSE AND NONINFRINGEMENT OF THIRD PARTY RIGHTS. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR HOLDERS
# INCLUDED IN THIS NOTICE BE LIABLE FOR ANY CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES, OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS
# ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES OR SOFTWARE.
"""
UNICODE = "15.1"  # current when the package was released, in January 2024
LEFT_TO_RIGHT_MARK = "\u200e"  # stands around letters of right-to-left scripts in the comments of Unicode's file


def pairs() -> Iterator[tuple[str, str]]:
    text = resources.files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8")
    for one, alike in json.loads(text).items():
        for other in alike:
            yield one.replace(LEFT_TO_RIGHT_MARK, ""), other["c"].replace(LEFT_TO_RIGHT_MARK, "")


def classes() -> list[set[str]]:
    """The characters and sequences that look alike, each in one set."""
    found: dict[str, set[str]] = {}
    for one, other in pairs():
        joined = found.get(one, {one}) | found.get(other, {other})
        found.update(dict.fromkeys(joined, joined))
    return list({id(members): members for members in found.values()}.values())


def prototype(members: set[str]) -> str:
    """A sequence, since its own characters have prototypes too; else a letter of ASCII, else the lowest."""
    return min(
        members, key=lambda text: (len(text) == 1, not (text.isascii() and text.isalpha()), not text.isascii(), text)
    )


def content() -> str:
    lines = []
    for members in classes():
        chosen = prototype(members)
        sources = sorted(text for text in members if len(text) == 1 and text != chosen)
        lines.append(f"{_codes(chosen)};{_codes(''.join(sources))}\n")
    head = HEAD.format(unicode=UNICODE, package=PACKAGE, version=version(PACKAGE))
    return head + "".join(sorted(lines))


def _codes(text: str) -> str:
    return " ".join(f"{ord(character):04X}" for character in text)


if __name__ == "__main__":
    FILE.write_text(content(), encoding="ascii")
