"""Whether a record's folder holds the files that its manifest names, as they were sealed, and nothing else."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from orgkit.proof.verify_chain import Fault
from orgkit.record.manifest import MANIFEST


def faults_of_files(run: Path, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Each file that is missing, altered or added, and each folder that holds nothing."""
    listed = manifest.get("files")
    known: Mapping[str, Any] = listed if isinstance(listed, dict) else {}
    for name, facts in sorted(known.items()):
        if what := _wrong_with(run, name, facts):
            yield Fault(run.name, name, what)
    folders = {str(folder) for name in known for folder in PurePath(name).parents}
    for name in sorted(_there(run) - known.keys() - folders - {MANIFEST}):
        yield Fault(run.name, name, "was added after the record was sealed")


def _wrong_with(run: Path, name: str, facts: object) -> str:
    """A name that somebody made up may lead outside, or be none that a file can have."""
    path = run / name
    try:
        if path.is_symlink() or not path.is_file() or run.resolve() not in path.resolve().parents:
            return "is missing"
        content = path.read_bytes()
    except (OSError, ValueError):
        return "is missing, or cannot be read"
    told = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return "" if told == facts else "was changed after it was sealed"


def _there(run: Path) -> set[str]:
    """All but folders that hold something."""
    return {str(path.relative_to(run)) for path in run.rglob("*") if path.is_symlink() or not _holds_something(path)}


def _holds_something(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())
