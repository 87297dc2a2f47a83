"""Make the two files of gitleaks' rules: `python -m tests.sanitize.gitleaks_rules CONFIG`, its config/gitleaks.toml.

`orgkit/sanitize/gitleaks_rules.toml` has the rules that find a value by the name in front of it, which orgkit uses. The
others, which know a token by its own form, are in `tests/sanitize/gitleaks_forms.toml`. orgkit has the forms in its
own words, and a test shows that it finds what they find.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
USED = ROOT / "orgkit" / "sanitize" / "gitleaks_rules.toml"
FORMS = ROOT / "tests" / "sanitize" / "gitleaks_forms.toml"
VERSION = "config/gitleaks.toml of 2026-07-22"
HEAD = """\
# {what} of gitleaks ({version}; Copyright (c) 2019 Zachary Rice; MIT
# License) as data, in Python's syntax, without those of which tests/sanitize/gitleaks_rules.py says why. Made by
# `python -m tests.sanitize.gitleaks_rules`.
"""
PUBLIC = "an id or a public key, which is no secret"
DIGEST = "64 hexadecimal digits next to a word are a digest more often than a secret"
OWN = "orgkit has its own, which takes the whole secret"
ELSEWHERE = "is for one kind of file of source code, and matches any value there"
LEFT_OUT = {
    **dict.fromkeys(
        (
            "adobe-client-id", "asana-client-id", "bitbucket-client-id", "discord-client-id", "linkedin-client-id",
            "looker-client-id", "messagebird-client-id", "plaid-client-id", "sendbird-access-id", "sumologic-access-id",
            "lob-pub-api-key", "mailgun-pub-key", "flutterwave-public-key",
        ),
        PUBLIC,
    ),
    **dict.fromkeys(("discord-api-token", "sentry-access-token"), DIGEST),
    **dict.fromkeys(("private-key", "jwt", "jwt-base64", "curl-auth-header", "curl-auth-user", "generic-api-key"), OWN),
    **dict.fromkeys(
        ("pkcs12-file", "kubernetes-secret-yaml", "nuget-config-password", "hashicorp-tf-password"), ELSEWHERE
    ),
    "sourcegraph-access-token": "matches any commit; orgkit has the vendor's prefix",
    "facebook-access-token": "matches any number of 15 digits, a | and a word",
}  # fmt: skip
PREFIX = r"[\w.-]{0,50}?"  # what may stand before the name: the search need not begin there
GITLEAKS_END = r"""(?:[\x60'"\s;]|\\[nr]|$)"""
END = r"""(?=[\x60'"\s;,<>&)\]}|]|\\[nr]|\Z)"""  # of orgkit's: also in JSON, in HTML, and in an address
ASSIGNED = r"[ \t\w.-]{0,20}"  # after the name


def rules(config: Path) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Each rule that is taken, in Python's syntax; and whether it finds a value by a name."""
    for rule in tomllib.loads(config.read_text(encoding="utf-8"))["rules"]:
        if rule["id"] not in LEFT_OUT:
            is_named = ASSIGNED in rule["regex"]
            regex, ignore_case = _in_python(_search_form(rule["regex"]) if is_named else rule["regex"])
            facts = {"kind": rule["id"], "words": rule["keywords"], "ignore_case": ignore_case, "pattern": regex}
            yield (facts | {"group": rule.get("secretGroup", 1)} if is_named else facts), is_named


def _search_form(regex: str) -> str:
    return regex.replace(GITLEAKS_END, END).replace(PREFIX, "")


def _in_python(regex: str) -> tuple[str, bool]:
    """Go's flags hold from where they stand to the end of the group; Python's for a group alone."""
    regex = regex.replace("[:alnum:]", "A-Za-z0-9").replace(r"\z", r"\Z")
    ignore_case = regex.startswith("(?i)")
    regex = regex.removeprefix("(?i)")
    while match := re.search(r"\(\?i\)", regex):
        end = _end_of_group(regex, match.end())
        regex = f"{regex[: match.start()]}(?i:{regex[match.end() : end]}){regex[end:]}"
    re.compile(regex)
    return regex, ignore_case


def _end_of_group(regex: str, start: int) -> int:
    """Where the group ends in which a place lies; the end of the pattern outside of all groups."""
    depth, in_class, at = 0, False, start
    while at < len(regex):
        character = regex[at]
        if character == "\\":
            at += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character == "(":
            depth += 1
        elif character == ")":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    return at


def content(what: str, taken: list[Mapping[str, Any]]) -> str:
    """One of the two files."""
    parts = [HEAD.format(what=what, version=VERSION)]
    parts += ["".join(["[[rule]]\n", *(f"{key} = {json.dumps(rule[key])}\n" for key in rule)]) for rule in taken]
    return "\n".join(parts)


if __name__ == "__main__":
    every = list(rules(Path(sys.argv[1])))
    USED.write_text(content("The rules by names", [rule for rule, is_named in every if is_named]), encoding="utf-8")
    FORMS.write_text(
        content("The rules by forms", [rule for rule, is_named in every if not is_named]), encoding="utf-8"
    )
