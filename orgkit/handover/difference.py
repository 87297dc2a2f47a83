"""What a hand-over would change in its folder, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from orgkit.handover.configuration import Configuration
from orgkit.handover.folder import UNCHANGED, Manifest, files_of

CONTEXT_LINES = 3


@dataclass(frozen=True)
class FileDifference:
    """One file, and what writing it changes.

    Attributes:
        name: Its name in the folder.
        outcome: Whether it is new, changed, unchanged, or holds edits of a person that would be replaced.
        lines: The difference in the unified format, without the names of the files; of a new file, all of it.
    """

    name: str
    outcome: str
    lines: tuple[str, ...] = ()


def differences(folder: Path, configuration: Configuration, manifest: Manifest | None) -> tuple[FileDifference, ...]:
    """Compare what is to be in a folder with what lies there; nothing is written.

    Raises:
        HandoverRefused: A file cannot be read, or has lost the lines between which orgkit writes.
    """
    files = files_of(folder, configuration, manifest).items()
    return tuple(FileDifference(name, file.outcome, tuple(_lines(file.existing, file.content))) for name, file in files)


def _lines(existing: str | None, content: bytes) -> Iterator[str]:
    old, new = (existing or "").splitlines(), content.decode().splitlines()
    yield from list(unified_diff(old, new, n=CONTEXT_LINES, lineterm=""))[2:]


def is_changed(difference: FileDifference) -> bool:
    """Return whether the file would be written."""
    return difference.outcome != UNCHANGED
