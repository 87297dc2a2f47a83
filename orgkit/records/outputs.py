"""Where records and plans lie: the project's outputs folder, a new folder for each run, one apply at a time."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orgkit.errors import ApprovalMismatch
from orgkit.journal.events import read_events, steps_done_under
from orgkit.journal.in_doubt import Intent, settled_intents, unanswered_intents
from orgkit.model.approval import PLAN_AGAIN, ApprovedPlan, check_schema
from orgkit.model.plan import Plan, Step, Target, canonical, digest_of
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import phase_of, read_step, read_step_of_schema_1
from orgkit.records.archive.marker import archived_events
from orgkit.records.files import as_json, label_of, private_folder, read_json, run_folders, write_private
from orgkit.records.plan_store import DIGEST, newest_plan, places, planned_at
from orgkit.sanitize.terminal import short

EPOCH = datetime.fromtimestamp(0, UTC)


def project_of(parameters_file: Path) -> Path:
    """The folder that a parameters file belongs to: runbooks are looked for and records written there.

    It is the nearest one upwards, from the file and then from where we stand, that has outputs/ or runbooks/. A file
    that lies alone makes its own folder the project (the one above, when it lies in `parameters/`).
    """
    home, working_folder = parameters_file.absolute().parent, Path.cwd()
    for folder in (home, *home.parents, working_folder, *working_folder.parents):
        if (folder / "outputs").is_dir() or (folder / "runbooks").is_dir():
            return folder
    return home.parent if home.name == "parameters" else home


def name_in_project(parameters_file: Path) -> str:
    """Return a parameters file as a command in its project names it: by its path from the project's folder."""
    return os.path.relpath(parameters_file.absolute(), project_of(parameters_file))


def base_folder(project: Path, kind: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds one folder an account; `kind` is a target's: "aws" or "emulator"."""
    configured = environment.get("ORGKIT_OUTPUTS")
    if configured:
        return Path(configured).expanduser().absolute()
    outputs = project / "outputs"
    return outputs if kind == "aws" else outputs / "sandbox"


def new_run_folder(base: Path, account: str, phase: Phase | str, now: datetime | None = None) -> Path:
    """Make base/<account>/<UTC time>-<label>-<8 hex>/, which nobody else can have made."""
    label = phase.run_label if isinstance(phase, Phase) else phase_of(phase).run_label
    at = (now or datetime.now(UTC)).astimezone(UTC)
    folder = private_folder(base / account) / f"{at:%Y%m%dT%H%M%SZ}-{label}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    return folder


def keep_plan(base: Path, account: str, plan: Plan) -> Path | None:
    """Keep a plan so that its digest can approve it: base/<account>/plans/<time>-<phase>-<digest12>/.

    None for what nobody can approve: an empty plan and a preview.
    """
    if plan.empty or not plan.digest:
        return None
    at = datetime.fromisoformat(plan.review_facts["planned_at"]).astimezone(UTC)
    name = f"{at:%Y%m%dT%H%M%SZ}-{plan.phase.replace('_', '-')}-{plan.digest[:12]}"
    return write_plan(private_folder(base / account / "plans" / name), plan)


def write_plan(folder: Path, plan: Plan, approved: ApprovedPlan | None = None) -> Path:
    """Write plan.json and review.json, byte for byte what is digested.

    A run that came with an approval keeps the approved ones unchanged. When it has less to do than was approved, it
    writes what was left to remainder.json, and what goes with that to remainder-review.json.
    """
    if approved is None:
        write_private(folder / "plan.json", plan.canonical)
        write_private(folder / "review.json", plan.review_json)
        return folder
    write_private(folder / "plan.json", _bytes_of(approved))
    write_private(folder / "review.json", approved.review)
    if approved.plan_sha256 != plan.sha256:
        write_private(folder / "remainder.json", plan.canonical)
        write_private(folder / "remainder-review.json", plan.review_json)
    return folder


def write_approval(folder: Path, approval: Mapping[str, Any], signed: bytes = b"") -> Path:
    """Write approval.json, and the signed file that it rests on, byte for byte, as signed-approval.json."""
    if signed:
        write_private(folder / "signed-approval.json", signed)
    return write_private(folder / "approval.json", as_json(approval))


def find_plan(base: Path, account: str, digest: str, run_folder: Path | None = None) -> ApprovedPlan | None:
    """Return the kept planning that has this digest; None when there is none.

    Args:
        base: The folder that holds one folder for each account.
        account: The management account.
        digest: What was approved.
        run_folder: One more place to look: that of the run that asks.

    Raises:
        ApprovalMismatch: The only kept plan with this digest was altered since, or the digest covers no planning.
    """
    altered: list[Path] = []
    for folder in places(base, account, digest, run_folder):
        content, review = (folder / "plan.json").read_bytes(), (folder / "review.json").read_bytes()
        at, sha256 = planned_at(folder / "review.json"), hashlib.sha256(content).hexdigest()
        if at is not None and digest_of(content, review) == digest:
            return ApprovedPlan(digest, json.loads(content), at, sha256, review)
        if sha256 == digest:
            raise _no_planning(ApprovedPlan(digest, json.loads(content), at or EPOCH, sha256))
        altered.append(folder)
    if altered:
        raise ApprovalMismatch(f"the plan in {altered[0]} was altered after it was planned.", PLAN_AGAIN)
    return None


def _no_planning(plan: ApprovedPlan) -> ApprovalMismatch:
    """Why the hash of a plan.json approves nothing: that was enough for an earlier version of orgkit."""
    try:
        check_schema(plan)
    except ApprovalMismatch as mismatch:
        return mismatch
    return ApprovalMismatch(
        f"{plan.digest[:12]} is the sha256 of a plan.json, which says nothing of when it was planned.",
        f"approve the digest that is printed under the plan; if there is none, {PLAN_AGAIN}",
    )


def check_digest(base: Path, account: str, phase: Phase, digest: str, run_folder: Path | None = None) -> ApprovedPlan:
    """Return the kept planning that a person approves by its digest.

    Raises:
        ApprovalMismatch: It is not a digest, or no kept plan has it; with the digest of the phase's newest plan.
    """
    newest = newest_plan(base, account, phase.label)
    is_open = newest is not None and not _is_applied(base, account, newest)
    advice = (
        f"the plan of {phase.number} is {newest.digest}: read it before you approve it"
        if newest and is_open
        else PLAN_AGAIN
    )
    if not DIGEST.fullmatch(digest):
        reason = f"{short(digest, 70)!r} is not a digest: a digest has 64 characters, each 0-9 or a-f."
        raise ApprovalMismatch(reason, advice)
    approved = find_plan(base, account, digest, run_folder)
    if approved is None:
        raise ApprovalMismatch(f"no plan with the digest {digest} is kept in {base}.", advice)
    return approved


def _is_applied(base: Path, account: str, plan: ApprovedPlan) -> bool:
    """Whether runs under this approval have done all of its steps: it can then be approved, and applied, no more."""
    steps = plan.content.get("steps")
    ids = {str(step.get("id")) for step in steps if isinstance(step, dict)} if isinstance(steps, list) else set()
    return ids <= (committed_steps(base, account, plan.digest) or frozenset())


def committed_steps(base: Path, account: str, digest: str, *, until: str = "") -> frozenset[str] | None:
    """The ids of the steps that the runs of this account have done under an approval; None when no run is known.

    Args:
        base: The folder of all records.
        account: The management account.
        digest: The digest that was approved.
        until: A time as events have it. What runs have written after it does not count.
    """
    runs = [
        [event for event in read_events(run / "events.jsonl") if not until or str(event.get("at", "")) <= until]
        for run in run_folders(base, account)
    ]
    return steps_done_under([*archived_events(base / account), *runs], digest)


def unsettled_intents(base: Path, account: str, phase: Phase) -> dict[Intent, Step | None]:
    """The changes that any run of a phase has sent and that are still in doubt, each with its step.

    The step is that of the run's own plan.json; None where this version of orgkit cannot read it.
    """
    runs = {run: list(read_events(run / "events.jsonl")) for run in run_folders(base, account)}
    settled = {intent for events in runs.values() for intent in settled_intents(events)}
    phase_runs = ((run, events) for run, events in runs.items() if label_of(run) == phase.run_label)
    return {
        intent: _step_of(intent, read_json(run / "plan.json"))
        for run, events in phase_runs
        for intent in unanswered_intents(run.name, events)
        if intent.id not in settled
    }


def _step_of(intent: Intent, plan: Mapping[str, Any]) -> Step | None:
    """By its id; in a run of plan schema 1, whose intents have none, by the sentence in that run's own plan."""
    steps = plan.get("steps")
    known = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    if type(plan.get("schema")) is int and plan["schema"] == 1:
        matches = [step for step in known if step.get("sentence") == intent.sentence]
        return read_step_of_schema_1(matches[0]) if len(matches) == 1 else None
    matches = [step for step in known if intent.step and step.get("id") == intent.step]
    step = read_step(matches[0]) if len(matches) == 1 else None
    return step if step is not None and step.id == intent.step else None  # an id says nothing of altered fields


def _bytes_of(approved: ApprovedPlan) -> bytes:
    """The bytes that an approved plan was read from."""
    content = canonical(approved.content["phase"], Target(**approved.content["target"]), approved.steps)
    if hashlib.sha256(content).hexdigest() != approved.plan_sha256:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} was written by another version of orgkit.", "plan and approve again."
        )
    return content
