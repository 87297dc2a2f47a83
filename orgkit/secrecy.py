"""What a secret looks like in a text; whoever writes something down for good asks here first."""

import re
from collections.abc import Iterator

# What may stand between a name and its value: JSON, Python, HTML tables, URLs, headers, a traceback's colours.
BETWEEN = r"""(?:["'\\\s:=>,|]|\x1b\[[0-9;]*m|%3D|&#3[49];|&\#x27;|&quot;|</?t[hd]>)++"""
VALUE = r"""(?!\[redacted)[^\s"'\\<>&,;|]+"""
KEY_ID = r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"
FORTY = r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
LONG = r"[A-Za-z0-9+/=_.~-]{20,}"

# (what it is, pattern); a group named `keep` stays, so that a reader sees whose value was taken out.
PATTERNS = (
    (
        "private key",
        re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.S),
    ),
    ("signature", re.compile(r"(?P<keep>AWS4-HMAC-SHA256\s+)(?!\[redacted)[^\n\"'\\<>]+")),
    ("signature", re.compile(rf"(?i)(?P<keep>x-amz-(?:security-token|signature|credential){BETWEEN}){VALUE}")),
    ("signature", re.compile(rf"(?i)(?P<keep>[?&;]signature=){VALUE}")),
    ("sign-in token", re.compile(rf"(?i)(?P<keep>signintoken{BETWEEN}){VALUE}")),
    # Bounded, as no name of a user or password is longer: "https://aaaa…" takes no minutes.
    (
        "password",
        re.compile(
            r"(?i)(?P<keep>\b(?:https?|ftp|git|ssh)://[^\s/?#:@\"'<>]{0,200}:)(?!\[redacted)"
            r"[^\s/?#@\"'<>]{1,1000}(?=@[\w\[])"
        ),
    ),
    ("GitHub token", re.compile(r"(?<![A-Za-z0-9])(?:gh[opusr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})")),
    ("session token", re.compile(rf"(?i)(?P<keep>(?:session|security)[_ -]?token{BETWEEN})[A-Za-z0-9+/=_-]{{20,}}")),
    ("session token", re.compile(r"(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=]{50,}")),
    ("secret key", re.compile(rf"(?i)(?P<keep>secret[_ -]?(?:access[_ -]?)?key{BETWEEN}){FORTY}")),
    ("secret key", re.compile(rf"(?P<keep>{KEY_ID}{BETWEEN}){FORTY}")),  # as the console's CSV has them
    ("access key id", re.compile(rf"{KEY_ID}(?![A-Za-z0-9])")),
    ("web token", re.compile(r"eyJ[\w-]{8,1000}\.eyJ[\w-]{8,}\.[\w-]*")),  # bounded: "eyJeyJeyJ…" takes no minutes
    # What `aws sso login` and `aws login` keep in their caches.
    ("token", re.compile(rf"(?i)(?P<keep>(?:(?:access|refresh)_?token|client_?secret){BETWEEN})(?!\[redacted){LONG}")),
    ("bearer token", re.compile(r"(?i)(?P<keep>\bbearer\s+)(?=[\w.~+/=-]*\d|[\w.~+/=-]{20})[\w.~+/=-]{6,}")),
)


def replaced(text: str) -> tuple[str, list[tuple[str, int]]]:
    """The text with `[redacted: KIND]` for each secret, and how many of each kind there were."""
    counts = []
    for kind, pattern in PATTERNS:
        keep = r"\g<keep>" if "keep" in pattern.groupindex else ""
        text, count = pattern.subn(f"{keep}[redacted: {kind}]", text)
        counts.append((kind, count))
    return text, counts


def hidden(text: str) -> str:
    """The text without its secrets, for who shows what a person has typed."""
    return replaced(text)[0]


def kinds_in(text: str) -> Iterator[str]:
    """What kinds of secret stand in the text, if any; never the secret itself."""
    return (kind for kind, count in replaced(text)[1] if count)
