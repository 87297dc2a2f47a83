"""Whether a record's folder holds the files that its manifest names, as they were sealed, and nothing else."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orgkit.records.manifest import MANIFEST
from orgkit.records.verify.check_chain import Fault


def faults_of_files(run: Path, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    """Each file that is missing, altered or added, and each folder that holds nothing."""
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        yield Fault(run.name, MANIFEST, "names no files")
    known: Mapping[str, Any] = listed if isinstance(listed, dict) else {}
    existing = _existing_files(run)
    for name, facts in sorted(known.items()):
        if problem := "is missing" if name not in existing else _problem_with(run / name, facts):
            yield Fault(run.name, name, problem)
    for name in sorted(existing - known.keys() - {MANIFEST}):
        yield Fault(run.name, name, "was added after the record was sealed")


def _problem_with(path: Path, facts: object) -> str:
    """The problem with a file of exactly this name in the folder; links and pipes are invalid in a record."""
    if path.is_symlink() or not path.is_file():
        return "is missing"
    try:
        content = path.read_bytes()
    except OSError:
        return "is missing, or cannot be read"
    if not isinstance(facts, dict) or facts.keys() != {"bytes", "sha256"} or isinstance(facts["bytes"], bool):
        return "is not named in the manifest with its size and sha256"
    actual = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return "" if actual == facts else "was changed after it was sealed"


def _existing_files(run: Path) -> set[str]:
    """All but folders that hold something."""
    return {str(path.relative_to(run)) for path in run.rglob("*") if path.is_symlink() or not _holds_something(path)}


def _holds_something(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())
