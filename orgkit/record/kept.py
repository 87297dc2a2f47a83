"""The places in which a plan that was approved by its digest may lie, and when it was planned."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from orgkit.errors import ApprovalMismatch, AwaitingApproval
from orgkit.journal import read_events
from orgkit.record.files import private_folder, read_json, run_folders, sha256_of, write_private


def places(base: Path, account: str, digest: str, run_folder: Path | None) -> Iterator[Path]:
    """The folders that hold the plan of this digest, or say that they do."""
    kept = (base / account / "plans").glob(f"*-{digest[:12]}")
    runs = (run for run in run_folders(base, account) if run != run_folder and _a_person_read_it(run))
    for folder in (*kept, *runs, *([run_folder] if run_folder else ())):
        plan = folder / "plan.json"
        if plan.is_file() and digest in (read_json(folder / "review.json").get("plan_sha256"), sha256_of(plan)):
            yield folder


def planned_at(review: Path) -> datetime | None:
    """When the plan beside this review.json was made; None when that cannot be known: it is then never approved."""
    try:
        at = datetime.fromisoformat(read_json(review)["planned_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def adopt_plan(base: Path, account: str, file: Path) -> str:
    """Keep a plan.json that was handed over, with the review.json beside it; returns its digest."""
    review = file.with_name("review.json")
    if planned_at(review) is None:
        raise ApprovalMismatch(
            f"{file} has no review.json beside it that says when it was planned.",
            "hand over plan.json and review.json together.",
        )
    digest = sha256_of(file)
    folder = private_folder(base / account / "plans" / f"handed-over-{digest[:12]}")
    write_private(folder / "plan.json", file.read_bytes())
    write_private(folder / "review.json", review.read_bytes())
    return digest


def _a_person_read_it(run: Path) -> bool:
    """Whether this run showed its plan to be approved: it stopped for an approval, or a button gave one.

    A run that came with an approval has a copy of the plan too, younger than the approval. It must not renew it.
    """
    return any(
        (event.get("event") == "stop" and event.get("exit_code") == AwaitingApproval.exit_code)
        or (event.get("event") == "approval" and event.get("how") == "button")
        for event in read_events(run / "events.jsonl")
    )
