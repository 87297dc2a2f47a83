"""A parameters file for one person: a copy without four eyes, for a rehearsal, which has only one operator."""

import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.costs.prices.own_book import NAME, own_book_path
from orgkit.journal.file_writes import replace_file
from orgkit.model.desired import ApproverSpec, Desired
from orgkit.parameters.rehearsal_policies import RehearsalSpec
from orgkit.phases.policies.spec import PoliciesSpec
from orgkit.signing.texts import path_of

REMOTE_PREFIXES = ("arn:", "s3://")


def allow_single_operator(file: Path, desired: Desired, folder: Path) -> Path:
    """Write a copy with `four_eyes` off into `folder`; its relative paths still name the files next to the original."""
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    for table, key, value in _changes(file, desired):
        _table(document, table)[key] = value
    if own_book_path(file).exists():
        shutil.copyfile(own_book_path(file), folder / NAME)
    _copy_policies(document, desired, folder)
    copy = folder / file.name
    return replace_file(copy, tomlkit.dumps(document).encode())


def _copy_policies(document: tomlkit.TOMLDocument, desired: Desired, folder: Path) -> None:
    """Write the policies of `[policies]` and `[rehearsal]` below the copy, which may name no file of another folder."""
    for policy in desired.section(PoliciesSpec).policies:
        table = _table(document, ("policies", policy.name))
        table["file"] = _copy_document(folder, f"policies/{policy.name}.json", policy.content)
    for number, own_policy in enumerate(desired.section(RehearsalSpec).policies):
        table = _table(document, ("rehearsal",))["policies"][number]
        table["file"] = _copy_document(folder, f"rehearsal/{own_policy.name}.json", own_policy.content)


def _copy_document(folder: Path, name: str, content: str) -> str:
    (folder / name).parent.mkdir(exist_ok=True)
    replace_file(folder / name, content.encode())
    return name


def _changes(file: Path, desired: Desired) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    yield ("approval",), "four_eyes", False
    for approver in desired.approval.approvers:
        yield ("approval", "approvers"), approver.name, _approver(approver)
    if desired.records.public_key:
        yield ("records",), "public_key", desired.records.public_key
    paths = (
        ("records", "sign_with", desired.records.sign_with),
        ("billing", "place", desired.section(BillingSpec).place),
    )
    for section, key, value in paths:  # which may be relative to the folder of the file
        if value and not value.startswith(REMOTE_PREFIXES):
            yield (section,), key, str(file.absolute().parent / path_of(value))


def _approver(spec: ApproverSpec) -> Any:
    """Return the approver in one line, whichever form it had: a table would include the approvers below it."""
    inline = tomlkit.inline_table()
    inline.update({"key": spec.key, "arn": list(spec.arns)})
    return inline


def _table(document: tomlkit.TOMLDocument, place: tuple[str, ...]) -> MutableMapping[str, Any]:
    table: Any = document
    for key in place:
        table = table[key]
    return table  # type: ignore[no-any-return]
