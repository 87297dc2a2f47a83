"""Takes secrets and home folders out of what a record keeps, before anything of it is hashed."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orgkit.aws.live import MARK, SHORTEST
from orgkit.printable import mask_emails
from orgkit.secrecy import replaced

SECRET_SETTINGS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN",
)  # fmt: skip
# A picture's base64 says nothing, and can look like anything: it is stepped over, in text and as an output.
PICTURE = re.compile(r"(data:image/[\w.+-]+;base64,[A-Za-z0-9+/=]+)")
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")
HASH = re.compile(r"[0-9a-f]{64}")
STARTS = r"(?:(?<![\w.~/-])|(?<=\dm))"  # no letter before a path, but for the end of a colour
HOMES = re.compile(STARTS + r"(?:/home/[^/\s\"'\\<>:]+|/Users/[^/\s\"'\\<>:]+)(?=[/\s\"'\\<>:,)]|\Z)")


class Redactor:
    """Replaces what must not be kept, and counts what it replaced by kind."""

    def __init__(self, live: Iterable[str] = (), home: Path | None = None, *, mask_emails: bool = False) -> None:
        # The longest first: a value may hold another one.
        self._live = sorted({value for value in live if len(value) >= SHORTEST}, key=len, reverse=True)
        self._home = _home_pattern(Path.home() if home is None else home)
        self._mask_emails = mask_emails
        self.counts: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def text(self, text: str) -> str:
        """A text without secrets; pictures in it are left alone."""
        parts = PICTURE.split(text)
        return "".join(part if place % 2 else self._part(part) for place, part in enumerate(parts))

    def value(self, value: Any) -> Any:
        """The same for every string in a JSON value, its keys too: notebooks, events, reviews."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(k)): v if _stays(k, v) else self.value(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _part(self, text: str) -> str:
        for secret in self._live:
            if secret in text:
                self.counts["live credential"] += text.count(secret)
                text = text.replace(secret, MARK)
        text, counts = replaced(text)
        for kind, found in counts:
            self.counts[kind] += found
        for pattern in (self._home, HOMES):
            text, found = pattern.subn("~", text)
            self.counts["home folder"] += found
        return self._masked(text) if self._mask_emails else text

    def _masked(self, text: str) -> str:
        masked = mask_emails(text)
        self.counts["e-mail"] += masked.count("…@") - text.count("…@")
        return masked


def _stays(key: object, value: object) -> bool:
    """A picture, and a hash under the name of one, which has to be exact and can hold no secret."""
    return key in PICTURES or (str(key).endswith("sha256") and bool(HASH.fullmatch(str(value))))


def live_values(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The credentials that the environment hands to a run."""
    return (environment[name] for name in SECRET_SETTINGS if environment.get(name))


def _home_pattern(home: Path) -> re.Pattern[str]:
    """This home folder at the start of a path; one that is `/` matches nothing."""
    if len(home.parts) < 2:
        return re.compile(r"(?!)")
    return re.compile(rf"{STARTS}{re.escape(str(home))}(?=[/\s\"'\\<>:,)]|\Z)")
