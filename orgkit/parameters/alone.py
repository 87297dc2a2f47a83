"""A parameters file for one person: a copy without its four eyes, for a rehearsal, where nobody else is there."""

import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit

from orgkit.costs.books import NAME, place_beside
from orgkit.model.desired import ApproverSpec, Desired
from orgkit.signing.texts import path_of

PLACES = (("records", "sign_with"), ("billing", "place"))  # that may be paths, from the folder of the file
ELSEWHERE = ("arn:", "s3://")


def for_one_person(file: Path, desired: Desired, folder: Path) -> Path:
    """Write it into `folder`: as the file in everything but `four_eyes`, with what lies beside the file found there."""
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    for table, key, value in _changes(file, desired):
        _table(document, table)[key] = value
    if place_beside(file).exists():
        shutil.copyfile(place_beside(file), folder / NAME)
    copy = folder / file.name
    copy.write_text(tomlkit.dumps(document), encoding="utf-8")
    return copy


def _changes(file: Path, desired: Desired) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    yield ("approval",), "four_eyes", False
    for each in desired.approval.approvers:
        yield ("approval", "approvers"), each.name, _approver(each)
    if desired.records.public_key:
        yield ("records",), "public_key", desired.records.public_key
    for section, key in PLACES:
        value = getattr(getattr(desired, section), key)
        if value and not value.startswith(ELSEWHERE):
            yield (section,), key, str(file.absolute().parent / path_of(value))


def _approver(spec: ApproverSpec) -> Any:
    """In one line, whichever form it had: a table of its own would swallow the approvers below it."""
    inline = tomlkit.inline_table()
    inline.update({"key": spec.key, "arn": list(spec.arns)})
    return inline


def _table(document: tomlkit.TOMLDocument, place: tuple[str, ...]) -> MutableMapping[str, Any]:
    found: Any = document
    for key in place:
        found = found[key]
    return found  # type: ignore[no-any-return]
