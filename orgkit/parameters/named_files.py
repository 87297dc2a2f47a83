"""The files that sections name, each read once."""

from collections.abc import Callable, Iterator

from orgkit.parameters.schema import SECTIONS
from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import Raw
from orgkit.phases.schema.section import FileTexts


def names_of_files(raw: Raw) -> Iterator[tuple[Place, str]]:
    """Yield the place and the name of each file that a section names."""
    for section in SECTIONS:
        yield from section.files(raw)


def read_named_files(raw: Raw, read: Callable[[str], str]) -> tuple[FileTexts, list[Violation]]:
    """Return the text of each file by the place of its name, and the errors of the others and in the texts.

    Args:
        raw: The file.
        read: Returns the text of a file by its name, or raises ValueError.
    """
    texts: dict[Place, str] = {}
    wrong: list[Violation] = []
    for place, name in names_of_files(raw):
        try:
            texts[place] = read(name)
        except ValueError as error:
            wrong.append((place, str(error)))
    checks = (check for section in SECTIONS for check in section.file_checks)
    return texts, [*wrong, *(violation for check in checks for violation in check(raw, texts))]
