"""Whether what was approved, what is kept as plan.json, and what was applied are one plan."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orgkit.approval import first_not_in_order
from orgkit.journal import read_events
from orgkit.proof.signed import faults_of_signed
from orgkit.record.files import read_json


def faults_of_approval(run: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each as (file, what)."""
    applied = [_text(e.get("plan_sha256")) for e in read_events(run / "events.jsonl") if e.get("event") == "apply"]
    plan, approval = run / "plan.json", read_json(run / "approval.json")
    kept = hashlib.sha256(plan.read_bytes()).hexdigest() if plan.is_file() else ""
    if manifest.get("plan_sha256", "") != kept:
        yield "plan.json", f"is {kept[:12] or 'gone'}, and the manifest names {str(manifest.get('plan_sha256'))[:12]}"
    if not applied and not approval:
        return
    named = {
        "approval.json": _text(approval.get("plan_sha256")),
        "plan.json": kept,
        "events.jsonl": (applied or [kept])[-1],
    }
    if len({*named.values(), *applied, _text(manifest.get("applied_plan_sha256") or kept)}) != 1:
        told = ", ".join(f"{file} {digest[:12] or 'none'}" for file, digest in named.items())
        yield "approval.json", f"approval, plan and what was applied are not one plan: {told}"
    yield from faults_of_signed(run, approval)
    if (run / "remainder.json").is_file():
        yield from _remainder(run)


def _remainder(run: Path) -> Iterator[tuple[str, str]]:
    """What was left of a resumed plan holds none but steps of that plan, in its order."""
    named = read_json(run / "review.json").get("remainder_sha256")
    if hashlib.sha256((run / "remainder.json").read_bytes()).hexdigest() != named:
        yield "remainder.json", "is not the one that review.json names"
    whole, left = (_steps(run / name) for name in ("plan.json", "remainder.json"))
    if first_not_in_order(left, whole) is not None:
        yield "remainder.json", "has a step that is not in the approved plan"


def _steps(file: Path) -> Sequence[Mapping[str, Any]]:
    steps = read_json(file).get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _text(value: object) -> str:
    """A digest, and none where somebody put something else."""
    return value if isinstance(value, str) else "" if value is None else "no text"
