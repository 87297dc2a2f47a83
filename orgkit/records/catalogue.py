"""The records of a project: all of them, oldest first, or the one that is meant."""

import re
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.errors import UnknownRecord
from orgkit.records.files import ACCOUNT_FOLDER, RUN_FOLDER, read_json, run_folders
from orgkit.records.manifest import MANIFEST

NOT_SEALED = "not sealed"
PREPARED_OUTCOME = "prepared, not run"  # for a person who has not come yet


@dataclass(frozen=True)
class Record:
    """One run's record; an unsealed one has a folder and no result yet."""

    name: str
    account: str
    phase: str
    outcome: str
    exit_code: int | None
    plan_sha256: str
    seconds: float
    folder: Path

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "folder": str(self.folder)}

    def whole(self) -> dict[str, Any]:
        """Everything that result.json and manifest.json say."""
        return {
            **self.as_json(),
            "result": read_json(self.folder / "result.json"),
            "manifest": read_json(self.folder / MANIFEST),
        }


def account_folders(base: Path) -> list[Path]:
    """The accounts in an outputs folder that have records or a chain, those of its sandboxes last."""
    places = [base, *sorted(base.glob("sandbox")), *sorted(base.glob("sandbox/*"))]
    folders = [
        folder for place in places for folder in sorted(place.glob("*")) if ACCOUNT_FOLDER.fullmatch(folder.name)
    ]
    return [folder for folder in folders if folder.is_dir()]


def list_records(base: Path) -> list[Record]:
    """The records in an outputs folder, those of its sandboxes too, oldest first."""
    accounts = account_folders(base)
    records = [_record(run) for folder in accounts for run in run_folders(folder.parent, folder.name)]
    return sorted(records, key=lambda record: record.name)


def find_record(base: Path, name: str) -> Record:
    """The one record whose name has this part, such as its eight last characters, or whose phase is of this number."""
    records = [record for record in list_records(base) if _is_named(record, name)]
    if len(records) == 1:
        return records[0]
    if not records:
        raise UnknownRecord(f"no record in {base} has {name!r} in its name.", "choose one: orgkit records list")
    names = ", ".join(record.name for record in records[:5])
    raise UnknownRecord(
        f"{len(records)} records in {base} have {name!r} in their names, such as {names}.",
        f"give more of the name, such as {records[-1].name[-8:]} for the newest.",
    )


def _is_named(record: Record, name: str) -> bool:
    """Two digits are the number of a phase, as everywhere; a date would nearly always have them, too."""
    return f"-{name}-" in record.name if re.fullmatch("[0-9]{2}", name) else name in record.name


def _record(run: Path) -> Record:
    sealed, result, parts = (run / MANIFEST).exists(), read_json(run / "result.json"), RUN_FOLDER.fullmatch(run.name)
    return Record(
        name=run.name,
        account=run.parent.name,
        phase=parts["label"] if parts else "",
        outcome=str(result.get("outcome", NOT_SEALED)) if sealed else _unsealed_outcome(run),
        exit_code=code if sealed and isinstance(code := result.get("exit_code"), int) else None,
        plan_sha256=str(result.get("plan_sha256", "")),
        seconds=float(seconds)
        if isinstance(seconds := result.get("seconds"), int | float) and isfinite(seconds)
        else 0.0,
        folder=run,
    )


def is_prepared(run: Path) -> bool:
    """Whether a runbook waits there for somebody to run it."""
    return not (run / "events.jsonl").exists() and any(run.glob("*.ipynb"))


def _unsealed_outcome(run: Path) -> str:
    return PREPARED_OUTCOME if is_prepared(run) else NOT_SEALED
