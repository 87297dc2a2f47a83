"""Where records and plans lie: the project's outputs folder, a new folder for each run, one apply at a time."""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orgkit.approval import ApprovedPlan
from orgkit.aws.live import known
from orgkit.errors import ApprovalMismatch
from orgkit.intents import Intent, settled_in, unanswered
from orgkit.journal import read_events
from orgkit.outcome import Result as StepResult
from orgkit.phases import Phase, phase_of
from orgkit.plan import Plan, Target, canonical
from orgkit.record.files import as_json, label_of, private_folder, run_folders, write_private
from orgkit.record.kept import places, planned_at
from orgkit.record.redact import Redactor


def project_of(parameters_file: Path) -> Path:
    """The folder that a parameters file belongs to: runbooks are looked for and records written there.

    It is the nearest one upwards, from the file and then from where we stand, that has outputs/ or runbooks/. A file
    that lies alone makes its own folder the project (the one above, when it lies in `parameters/`).
    """
    home, here = parameters_file.absolute().parent, Path.cwd()
    for folder in (home, *home.parents, here, *here.parents):
        if (folder / "outputs").is_dir() or (folder / "runbooks").is_dir():
            return folder
    return home.parent if home.name == "parameters" else home


def base_folder(project: Path, kind: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder that holds one folder an account; `kind` is a target's: "aws" or "emulator"."""
    named = environment.get("ORGKIT_OUTPUTS")
    if named:
        return Path(named).expanduser().absolute()
    outputs = project / "outputs"
    return outputs if kind == "aws" else outputs / "sandbox"


def new_run_folder(base: Path, account: str, phase: Phase | str, now: datetime | None = None) -> Path:
    """Make base/<account>/<UTC time>-<label>-<8 hex>/, which nobody else can have made."""
    label = phase.label if isinstance(phase, Phase) else phase_of(phase).label
    at = (now or datetime.now(UTC)).astimezone(UTC)
    folder = private_folder(base / account) / f"{at:%Y%m%dT%H%M%SZ}-{label}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    return folder


def keep_plan(base: Path, account: str, plan: Plan, review: Mapping[str, Any]) -> Path | None:
    """Keep a plan so that its digest can approve it: base/<account>/plans/<time>-<phase>-<digest12>/.

    None for what nobody can approve: an empty plan and a preview. Only for a plan that is not approved yet: the hours
    of an approval count from the newest copy, so a run that came with one must not keep its plan, or it never ends.
    """
    if plan.empty or plan.preview:
        return None
    at = datetime.fromisoformat(review["planned_at"]).astimezone(UTC)
    name = f"{at:%Y%m%dT%H%M%SZ}-{plan.phase.replace('_', '-')}-{plan.digest[:12]}"
    return write_plan(private_folder(base / account / "plans" / name), plan, review)


def write_plan(folder: Path, plan: Plan, review: Mapping[str, Any], approved: ApprovedPlan | None = None) -> Path:
    """Write plan.json, byte for byte what is digested, and review.json.

    A run that resumes an approved plan keeps that one unchanged, and writes what was left of it to remainder.json.
    """
    told = dict(review)
    if approved is None or approved.digest == plan.digest:
        write_private(folder / "plan.json", plan.canonical)
    else:
        write_private(folder / "plan.json", _bytes_of(approved))
        write_private(folder / "remainder.json", plan.canonical)
        told |= {"plan_sha256": approved.digest, "remainder_sha256": plan.digest}
    write_private(folder / "review.json", as_json(Redactor(known()).value(told)))  # a kept plan is sealed by nobody
    return folder


def write_approval(folder: Path, approval: Mapping[str, Any], signed: bytes = b"") -> Path:
    """Write approval.json, and the signed file that it rests on, byte for byte, as signed-approval.json."""
    if signed:
        write_private(folder / "signed-approval.json", signed)
    return write_private(folder / "approval.json", as_json(approval))


def find_plan(base: Path, account: str, digest: str, run_folder: Path | None = None) -> ApprovedPlan | None:
    """The kept plan whose bytes have this sha256, as it was planned last; None when there is none.

    ApprovalMismatch for half a digest, and when the only plan of that digest was altered since. `run_folder` is one
    more place to look: that of the run that asks.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ApprovalMismatch(
            f"{digest!r} is not a digest: a digest has 64 characters, each 0-9 or a-f.",
            "pass the whole plan_sha256 that the plan names.",
        )
    found, altered = [], []
    for folder in places(base, account, digest, run_folder):
        content, at = (folder / "plan.json").read_bytes(), planned_at(folder / "review.json")
        if hashlib.sha256(content).hexdigest() != digest:
            altered.append(folder / "plan.json")
        elif at is not None:
            found.append(ApprovedPlan(digest, json.loads(content), at))
    if altered and not found:
        raise ApprovalMismatch(
            f"{altered[0]} was altered after it was planned.", "plan again, and approve the digest that it names."
        )
    return max(found, key=lambda plan: plan.planned_at, default=None)


def committed(base: Path, account: str, digest: str) -> set[str]:
    """The sentences of the steps that any run of this account has done under the approved plan."""
    done: set[str] = set()
    for run in run_folders(base, account):
        applying = ""
        for event in read_events(run / "events.jsonl"):
            if event.get("event") == "apply":
                applying = event.get("plan_sha256", "")
            elif event.get("event") == "step" and applying == digest:
                done |= {event["sentence"]} if event.get("result") in (StepResult.DONE, StepResult.FOUND) else set()
    return done


def unsettled(base: Path, account: str, phase: Phase) -> tuple[Intent, ...]:
    """The changes that any run of a phase has sent, and of which nobody knows what became of them."""
    runs = {run: list(read_events(run / "events.jsonl")) for run in run_folders(base, account)}
    settled = {each for events in runs.values() for each in settled_in(events)}
    mine = ((run.name, events) for run, events in runs.items() if label_of(run) == phase.label)
    return tuple(each for run, events in mine for each in unanswered(run, events) if each.id not in settled)


def _bytes_of(approved: ApprovedPlan) -> bytes:
    """The bytes that an approved plan was read from."""
    content = canonical(approved.content["phase"], Target(**approved.content["target"]), approved.steps)
    if hashlib.sha256(content).hexdigest() != approved.digest:
        raise ApprovalMismatch(
            f"plan {approved.digest[:12]} was written by another version of orgkit.", "plan and approve again."
        )
    return content
