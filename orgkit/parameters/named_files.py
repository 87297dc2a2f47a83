"""The files that sections name: in the folder of the parameters file or below it, ordinary ones, and read once."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from orgkit.parameters.schema import SECTIONS
from orgkit.phases.schema.formats import quote, refuse
from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import Raw
from orgkit.phases.schema.section import FileTexts

MAX_BYTES = 100_000  # bytes of one file; the longest policy of AWS has a tenth of that


def names_of_files(raw: Raw) -> Iterator[tuple[Place, str]]:
    """Yield the place and the name of each file that a section names."""
    for section in SECTIONS:
        yield from section.files(raw)


def read_named_files(raw: Raw, folder: Path) -> tuple[FileTexts, list[Violation]]:
    """Return the text of each file by the place of its name, and the errors of the others and in the texts."""
    texts: dict[Place, str] = {}
    wrong: list[Violation] = []
    for place, name in names_of_files(raw):
        try:
            texts[place] = _read(name, folder)
        except ValueError as error:
            wrong.append((place, str(error)))
    checks = (check for section in SECTIONS for check in section.file_checks)
    return texts, [*wrong, *(violation for check in checks for violation in check(raw, texts))]


def _read(name: str, folder: Path) -> str:
    """Return the text of a file.

    Raises:
        ValueError: The file is in another folder, is a link or lies behind one, is too large, or cannot be read.
    """
    parts = PurePosixPath(name).parts
    if not parts or "\\" in name or "\0" in name or ".." in parts or name.startswith(("/", "~")):
        refuse(name, "is not the path of a file in the folder of the parameters file: write one, with slashes.")
    file = folder.joinpath(*parts)
    try:
        if link := next((step for step in _steps(folder, parts) if step.is_symlink()), None):
            refuse(name, f"is a link, or behind one ({quote(link.name)}): replace it by the file itself.")
        if not file.exists():
            refuse(name, f"is not in {folder}: write the path of a file from there, as policies/deny-leaving.json.")
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            refuse(name, f"is not an ordinary file of at most {MAX_BYTES:,} bytes.")
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        refuse(name, "is not UTF-8: save the file as UTF-8.")
    except OSError as error:
        refuse(name, f"cannot be read: {error.strerror}. Check who may read it.")


def _steps(folder: Path, parts: tuple[str, ...]) -> list[Path]:
    """Return each folder on the way to a file, and the file."""
    return [folder.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]
