"""What one section says against another; read from the raw file, so that these are told beside wrong types."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator

from orgkit.parameters.checks_approval import APPROVAL_CHECKS
from orgkit.parameters.checks_trail import TRAIL_CHECKS
from orgkit.parameters.formats import quoted, suggest, unit_path
from orgkit.parameters.places import Place, spell
from orgkit.parameters.raw import Raw, members, section, tags, text, unit_paths
from orgkit.parameters.tags import MOST, account_tags, trail_tags, unit_tags
from orgkit.parameters.validate import Wrong

Claim = tuple[Place, str | None]  # a place, and a text that nothing else may have


def check(raw: Raw) -> list[Wrong]:
    """Everything that contradicts another part of the file."""
    return [wrong for one in CHECKS for wrong in one(raw)]


def emails(raw: Raw) -> Iterator[Wrong]:
    """AWS knows a root user by its e-mail, in which upper and lower case are the same."""
    claims = [_management(raw, "email")]
    claims += [((*member.place, "email"), member.text("email")) for member in members(raw)]
    yield from _twice(claims, "every account needs an e-mail of its own", str.casefold)


def ids(raw: Raw) -> Iterator[Wrong]:
    """The same account cannot be two."""
    claims = [_management(raw, "management_account_id")]
    claims += [((*member.place, "id"), member.text("id")) for member in members(raw)]
    yield from _twice(claims, "each account stands in the file once")


def names(raw: Raw) -> Iterator[Wrong]:
    """AWS would allow it, and then nobody knows which account a bill or an alarm means."""
    there = members(raw)
    claims = [((*m.place, "name"), m.name) for m in there if "name" in m.table or not _is_second(m.place, raw)]
    yield from _twice(claims, "give each account a name of its own")


def profiles(raw: Raw) -> Iterator[Wrong]:
    """Credentials of one account cannot accept for another."""
    claims = [((*member.place, "profile"), member.text("profile")) for member in members(raw)]
    yield from _twice(claims, "a profile belongs to one account")


def keys(raw: Raw) -> Iterator[Wrong]:
    """A key names one account in plans, tags and records."""
    for member in members(raw):
        if _is_second(member.place, raw):
            yield member.place, f"is in [accounts.{member.key}] too: an account is either created or imported."


def placement(raw: Raw) -> Iterator[Wrong]:
    """Every account lies in an OU that the file names, or implies as a parent."""
    known = unit_paths(section(raw, "units"))
    for member in members(raw):
        path = member.text("unit")
        if path is not None and path not in known and _is_path(path):
            instead = suggest(path, known) or f"Add the section [units.{quoted(path)}]."
            yield (*member.place, "unit"), f"there is no unit {quoted(path)} in the file. {instead}"


def _is_path(path: str) -> bool:
    try:
        return bool(unit_path(path))
    except ValueError:
        return False  # told already, by its form


def twins(raw: Raw) -> Iterator[Wrong]:
    """AWS compares OU names as bytes; two that look the same to a person are a trap."""
    claims = [(("units", path), path) for path in section(raw, "units")]
    yield from _twice(claims, "the two look the same: keep one", lambda path: unicodedata.normalize("NFKC", path))


def tag_counts(raw: Raw) -> Iterator[Wrong]:
    """With the default tags, which count as well."""
    common = tags(section(raw, "organization"))
    for member in members(raw):
        yield from _too_many(member.place, len(account_tags(member.key, "", common, member.tags)))
    for path in section(raw, "units"):
        yield from _too_many(("units", path), len(unit_tags(path, common, tags(section(raw, "units", path)))))
    yield from _too_many(("trail",), len(trail_tags(common, tags(section(raw, "trail")))))


def _management(raw: Raw, key: str) -> Claim:
    return ("organization", key), text(section(raw, "organization"), key)


def _too_many(place: Place, count: int) -> Iterator[Wrong]:
    if count > MOST:
        yield (*place, "tags"), f"come to {count} with the defaults and those of [organization]; AWS allows {MOST}."


def _is_second(place: Place, raw: Raw) -> bool:
    return place[0] == "imports" and place[1] in section(raw, "accounts")


def _twice(claims: Iterable[Claim], advice: str, alike: Callable[[str], str] = str) -> Iterator[Wrong]:
    """The second and later of those that claim the same text, each naming the first."""
    first: dict[str, Place] = {}
    for place, value in claims:
        if value is None:
            continue
        owner = first.setdefault(alike(value), place)
        if owner != place:
            yield place, f"{quoted(value)} is used by {spell(owner)} too; {advice}."


CHECKS: tuple[Callable[[Raw], Iterator[Wrong]], ...] = (
    emails, ids, names, profiles, keys, placement, twins, tag_counts, *TRAIL_CHECKS, *APPROVAL_CHECKS,
)  # fmt: skip
