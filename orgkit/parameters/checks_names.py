"""Names that look like others only next to the other names of the file: words of another script among Latin ones."""

from collections.abc import Iterator

from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import Raw, members, section, text
from orgkit.sanitize.names import lookalike_words


def words_of_another_script(raw: Raw) -> Iterator[Violation]:
    """A word that reads as an ASCII word, in a file that has no other name in its script."""
    names = list(_names(raw))
    problems = dict(lookalike_words(name for _, name in names))
    yield from ((place, problems[name]) for place, name in names if name in problems)


def _names(raw: Raw) -> Iterator[tuple[Place, str]]:
    """Every name that a person reads in a plan or a record, with its place."""
    own = text(section(raw, "organization"), "name")
    if own is not None:
        yield ("organization", "name"), own
    yield from ((("units", path), path) for path in section(raw, "units"))
    yield from (((*member.place, "name"), member.name) for member in members(raw))
    for people in ("approvers", "operators"):
        yield from ((("approval", people, name), name) for name in section(raw, "approval", people))
