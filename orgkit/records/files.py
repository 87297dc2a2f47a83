"""How a record's files are named and written: for their owner only, all of a file or nothing of it."""

import hashlib
import re
from pathlib import Path
from typing import Any

from orgkit.journal.events import object_in
from orgkit.journal.file_writes import replace_file
from orgkit.sanitize import terminal

RUN_FOLDER = re.compile(r"(?P<at>\d{8}T\d{6}Z)-(?P<label>\d\d-[a-z-]+)-(?P<id>[0-9a-f]{8})", re.ASCII)
ACCOUNT_FOLDER = re.compile(r"\d{12}", re.ASCII)
# Metadata of the cells of a notebook that guides a person: no key of JupyterLab deletes or edits one by accident.
LOCKED = {"deletable": False, "editable": False}


def run_folders(base: Path, account: str) -> list[Path]:
    """The run folders of an account, oldest first."""
    place = base / account
    folders = place.iterdir() if place.is_dir() else ()
    return sorted(folder for folder in folders if RUN_FOLDER.fullmatch(folder.name) and folder.is_dir())


def label_of(run_folder: Path) -> str:
    """The phase's label, such as 02-units, in a run folder's name; `notebook` for a folder named otherwise."""
    match = RUN_FOLDER.fullmatch(run_folder.name)
    return match["label"] if match else "notebook"


def private_folder(folder: Path) -> Path:
    """Make a folder, and those above it, that only its owner can look into; what exists is left as it is."""
    if not folder.parent.exists():
        private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_private(path: Path, content: bytes | str) -> Path:
    """Write a file that only its owner can read; a reader never sees half of it."""
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    return replace_file(path, data)


def as_json(value: object) -> str:
    """A value as JSON that a person can read."""
    return terminal.as_json(value) + "\n"


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when there is no such file or nothing of the kind in it."""
    try:
        return object_in(path.read_bytes().decode()) if path.is_file() else {}
    except (OSError, ValueError):
        return {}


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
