"""Unexpected files in an account's folder: what orgkit did not write there, copies of records, links."""

import re
from collections.abc import Iterator
from pathlib import Path

from orgkit.records.chain import INDEX, SIGNATURES
from orgkit.records.files import RUN_FOLDER
from orgkit.records.response_cache import FOLDER as ANSWERS
from orgkit.records.verify.check_chain import LINK, Fault

FOLDERS = (ANSWERS, "plans", SIGNATURES)
# The chain, one that was set aside, locks, the archive's journal and marker; and what a kill left of writing one.
FILES = re.compile(
    r"index(-[0-9a-f]{12})?\.jsonl|\.(index\.)?lock|archive\.jsonl|archived\.json(\.sig)?"
    r"|\.(index|archived)[0-9a-z.-]*\.[0-9a-f]{8}"
)
# One of a line that another run was first to write belongs to no line, and stays.
SIGNATURE = re.compile(r"\.?\d{6,}-[0-9a-f]{16}\.sig(\.[0-9a-f]{8})?")


def faults_of_place(place: Path) -> Iterator[Fault]:
    """Each by its name; what the records and the chain are checked for themselves is left to them."""
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        if problem := _problem_with(path):
            yield Fault(path.name, "", problem)
    signatures = place / SIGNATURES
    for path in sorted(signatures.iterdir()) if signatures.is_dir() and not signatures.is_symlink() else ():
        if path.is_symlink() or not (SIGNATURE.fullmatch(path.name) and path.is_file()):
            yield Fault(f"{SIGNATURES}/{path.name}", "", LINK if path.is_symlink() else "is no signature")


def _problem_with(path: Path) -> str:
    if RUN_FOLDER.fullmatch(path.name) and path.is_dir():
        return ""
    if path.is_symlink():
        return "" if path.name == INDEX else LINK
    known = (path.is_file() and FILES.fullmatch(path.name)) or (path.is_dir() and path.name in FOLDERS)
    return "" if known else "is nothing that orgkit writes here: somebody added, copied or renamed it"
