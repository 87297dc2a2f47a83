"""Text files in the folder of the parameters file or below it: ordinary ones, and no links."""

from pathlib import Path, PurePosixPath

from orgkit.phases.schema.formats import quote, refuse

MAX_BYTES = 100_000  # bytes of one file; the longest policy of AWS has a tenth of that


def read_named_file(name: str, folder: Path) -> str:
    """Return the text of a file.

    Raises:
        ValueError: The file is in another folder, is a link or lies behind one, is too large, or cannot be read.
    """
    parts = PurePosixPath(name).parts
    if not parts or not name.isprintable() or "\\" in name or ".." in parts or name.startswith(("/", "~")):
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
