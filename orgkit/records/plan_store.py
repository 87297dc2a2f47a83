"""The places in which a plan that was approved by its digest may lie, and when it was planned."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orgkit.aws.clock import Clock
from orgkit.aws.credentials_in_use import credential_values
from orgkit.errors import ApprovalMismatch
from orgkit.journal.events import object_in
from orgkit.model.approval import ApprovedPlan, check_schema
from orgkit.model.desired import Desired
from orgkit.model.plan import Plan, Target, canonical, digest_of
from orgkit.phases.registry import read_step
from orgkit.records.files import private_folder, read_json, run_folders, sha256_of, write_private
from orgkit.records.redact import Redactor, live_values

if TYPE_CHECKING:
    from orgkit.costs.estimate.effect import Effect

DIGEST = re.compile(r"[0-9a-f]{64}")
PLAN_FILE_REMEDY = "name a plan.json with its review.json next to it, or the digest of a plan that is kept in outputs/."


def as_planning(plan: Plan, desired: Desired, clock: Clock, effect: "Effect") -> Plan:
    """Return a plan as one planning that can be kept: nothing is taken out of its review.json later."""
    from orgkit.engine.approve import with_digest  # late: it loads boto3, which reading records does without

    redactor = Redactor((*live_values(), *credential_values()), mask_emails=desired.records.mask_emails)
    return with_digest(plan, clock, effect, redactor.value)


def places(base: Path, account: str, digest: str, run_folder: Path | None) -> Iterator[Path]:
    """The folders that hold the planning of this digest, then those that are named after it or hold its plan alone."""
    folders = [
        *(base / account / "plans").glob("*"),
        *run_folders(base, account),
        *([run_folder] if run_folder else ()),
    ]
    mismatches = []
    for folder in folders:
        plan, review = folder / "plan.json", folder / "review.json"
        if not (plan.is_file() and review.is_file()):
            continue
        actual_digest = digest_of(plan.read_bytes(), review.read_bytes())
        if actual_digest == digest:
            yield folder
        elif sha256_of(plan) == digest or _was_altered(folder, actual_digest, digest):
            mismatches.append(folder)
    yield from mismatches  # for a reader to say what is wrong with them


def _was_altered(folder: Path, actual_digest: str, digest: str) -> bool:
    """Whether a folder named after this digest has lost it; one that still fits its name met a mistyped digest."""
    return folder.name.endswith(f"-{digest[:12]}") and not actual_digest.startswith(digest[:12])


def newest_plan(base: Path, account: str, phase: str) -> ApprovedPlan | None:
    """The plan of a phase that was kept last; None when there is none."""
    plans = {}
    for folder in (base / account / "plans").glob("*"):
        plan, review = folder / "plan.json", folder / "review.json"
        at = planned_at(review)
        content = read_json(plan)
        if at is not None and content.get("phase") == phase:
            plans[at] = ApprovedPlan(digest_of(plan.read_bytes(), review.read_bytes()), content, at)
    return plans[max(plans)] if plans else None


def planned_at(review: Path) -> datetime | None:
    """When the plan next to this review.json was made; None when that cannot be known: it is then never approved."""
    try:
        at = datetime.fromisoformat(read_json(review)["planned_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def adopt_plan(base: Path, account: str, file: Path) -> str:
    """Keep a plan.json that was handed over, with the review.json next to it; returns its digest."""
    digest = read_plan(file).digest
    folder = private_folder(base / account / "plans" / f"handed-over-{digest[:12]}")
    write_private(folder / "plan.json", file.read_bytes())
    write_private(folder / "review.json", file.with_name("review.json").read_bytes())
    return digest


def read_plan(file: Path) -> ApprovedPlan:
    """Return a plan that was handed over, with the review.json next to it.

    An approver reads the sentences of a plan, and `apply` uses its fields. So each sentence must be the one that this
    orgkit writes for the fields, and the file must be exactly as orgkit writes it: what is shown is then complete.

    Raises:
        ApprovalMismatch: It is no such plan, or was planned by a version of orgkit that plans or words it otherwise.
    """
    content, review_file = file.read_bytes(), file.with_name("review.json")
    plan, at = object_in(content), planned_at(review_file)
    if at is None:
        raise ApprovalMismatch(
            f"{file} has no review.json next to it that says when it was planned.",
            "hand over plan.json and review.json together.",
        )
    review, sha256, steps = review_file.read_bytes(), hashlib.sha256(content).hexdigest(), plan.get("steps")
    approved = ApprovedPlan(digest_of(content, review), plan, at, sha256, review)
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        raise ApprovalMismatch(f"{file} is not a valid plan, or not as orgkit writes it.", PLAN_FILE_REMEDY)
    check_schema(approved)
    if not _is_as_written(content, plan):
        raise ApprovalMismatch(f"{file} is not a valid plan, or not as orgkit writes it.", PLAN_FILE_REMEDY)
    check_sentences(approved, str(file))
    return approved


def check_sentences(approved: ApprovedPlan, source: str) -> None:
    """Refuse a plan whose sentences are not those of its fields: a person approves sentences, and fields are applied.

    Raises:
        ApprovalMismatch: A step was altered, or is worded otherwise by this version of orgkit.
    """
    steps = approved.content.get("steps")
    numbered = enumerate(steps if isinstance(steps, list) else [None], 1)
    foreign = next((number for number, step in numbered if not _says_what_it_does(step)), None)
    if foreign is not None:
        raise ApprovalMismatch(
            f"step {foreign} of {source} does not say what it would do as this orgkit says it: the plan was altered, "
            "or planned by another version.",
            "plan again with this version of orgkit, read the plan, and approve its digest.",
        )


def _is_as_written(content: bytes, plan: Mapping[str, Any]) -> bool:
    try:
        whole = canonical(plan["phase"], Target(**plan["target"]), plan["steps"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return whole == content and isinstance(plan["phase"], str)


def _says_what_it_does(facts: Any) -> bool:
    """Whether id and sentence are those of the fields."""
    try:
        step = read_step(facts) if isinstance(facts, dict) else None
        return step is not None and step.facts() == facts
    except (AttributeError, TypeError, ValueError):
        return False
