"""A location in the parameters file, and what is wrong there."""

import re

from orgkit.phases.schema.formats import quote

Place = tuple[str, ...]  # ("accounts", "website-prod", "email")
Violation = tuple[Place, str]  # a place, what is wrong there and what to write instead

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}")


def spell(place: Place) -> str:
    """Return the place as TOML writes it, long keys shortened: accounts.website-prod.email, units."Security/Audit"."""
    return ".".join(part if _BARE_KEY.fullmatch(part) else quote(part) for part in place)
