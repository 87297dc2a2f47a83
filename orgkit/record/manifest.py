"""manifest.json: what a run was, what it was made with, and the sha256 of every file of its record."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orgkit import __version__
from orgkit.journal import read_events
from orgkit.record.files import label_of, read_json, sha256_of
from orgkit.record.redact import Redactor
from orgkit.record.result import Result
from orgkit.record.surroundings import surroundings
from orgkit.record.trigger import trigger

MANIFEST = "manifest.json"
SCHEMA = 2


def manifest(
    run_folder: Path,
    result: Result,
    *,
    project: Path,
    source_sha256: str,
    redactor: Redactor,
    roll_back: str = "",
) -> dict[str, Any]:
    """The manifest of a run folder as it lies; nothing may be written into the folder after it.

    Nothing in it but names and hashes of files is kept unseen: what began the run and what the notebook's head says
    are told here alone.
    """
    told = redactor.value(_told(run_folder, result, project, source_sha256, roll_back))
    return {
        **told,
        "redacted": {kind: count for kind, count in redactor.counts.items() if count},
        "files": {name: _facts(run_folder / name) for name in files_of(run_folder)},
    }


def _told(run_folder: Path, result: Result, project: Path, source_sha256: str, roll_back: str) -> dict[str, Any]:
    """Everything but the files and what was redacted, secrets and all."""
    events = list(read_events(run_folder / "events.jsonl"))
    begun = events[0] if events else {}
    applied = [str(event.get("plan_sha256", "")) for event in events if event.get("event") == "apply"]
    verified: Mapping[str, Any] = next((event for event in reversed(events) if event.get("event") == "verified"), {})
    plan, approval = run_folder / "plan.json", run_folder / "approval.json"
    return {
        "schema": SCHEMA,
        "run": run_folder.name,
        "account": run_folder.parent.name,
        "phase": label_of(run_folder),
        "sealed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "outcome": result.outcome,
        "exit_code": result.exit_code,
        "reasons": list(result.reasons),
        "mode": {"target": result.identity.get("target", ""), "guided": bool(begun.get("guided"))},
        "trigger": trigger(),
        "target": read_json(plan).get("target"),
        "identity": dict(result.identity),
        "approval": dict(result.approval),
        "mutations": dict(result.mutations),
        "request_ids": list(result.request_ids),
        "verification": {name: verified[name] for name in ("passed", "left", "waiting") if name in verified},
        "roll_back": roll_back,
        "source_notebook_sha256": source_sha256,
        "parameters_sha256": begun.get("parameters_sha256", ""),
        "plan_sha256": sha256_of(plan) if plan.exists() else "",
        "applied_plan_sha256": applied[-1] if applied else "",
        "approval_sha256": sha256_of(approval) if approval.exists() else "",
        "orgkit": __version__,
        **surroundings(project),
    }


def files_of(run_folder: Path) -> list[str]:
    """Every file of a record but its manifest, by its name in the folder."""
    paths = (
        path for path in run_folder.rglob("*") if path.is_file() and path.relative_to(run_folder) != Path(MANIFEST)
    )
    return sorted(str(path.relative_to(run_folder)) for path in paths)


def _facts(path: Path) -> dict[str, Any]:
    path.chmod(0o600)
    return {"sha256": sha256_of(path), "bytes": path.stat().st_size}
