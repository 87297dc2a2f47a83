"""Whether records are still what was sealed: every file, the approval, the place, and the chain of all of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orgkit.approval import first_not_in_order
from orgkit.journal import read_events
from orgkit.proof.archived import elsewhere, told_of
from orgkit.proof.signed import faults_of_signed
from orgkit.proof.verify_chain import Fault, faults_of_chain, faults_of_head, notes_on_head
from orgkit.record.chain import Entry, head_of, lines_of
from orgkit.record.files import read_json, run_folders
from orgkit.record.manifest import MANIFEST
from orgkit.signing.keys import PublicKey


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what was found; `unsealed` are runs that never became a record, which is no fault."""

    account: str
    folder: str
    records: int
    head: str
    signed: int
    faults: tuple[Fault, ...]
    unsealed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()  # sealed on other machines: their lines are here, their files in the archive alone

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def verify_all(place: Path, head: str = "", key: PublicKey | None = None) -> Verified:
    """Every record of an account, whose folder `place` is, and its chain. `head` is one that was kept elsewhere."""
    lines = lines_of(place)
    faults = [*faults_of_chain(place, lines, key), *faults_of_head(lines, head)]
    entries = {entry.run: entry for line in lines if (entry := Entry.parse(line))}
    runs = run_folders(place.parent, place.name)
    sealed = [run for run in runs if (run / MANIFEST).exists() or run.name in entries]
    for run in sealed:
        faults += verify_record(run, entries.get(run.name))
    away, missing = elsewhere(place, lines, key), entries.keys() - {run.name for run in runs}
    gone = sorted(missing - away.keys())
    faults += [Fault(name, "", "is in the chain, and its folder is gone") for name in gone]
    archived = tuple(sorted(missing & away.keys()))
    unsealed = tuple(run.name for run in runs if run not in sealed and (run / "events.jsonl").exists())
    signed = sum(bool(entry.signed_by) for entry in entries.values())
    notes = (*notes_on_head(lines, head), *told_of(archived, (away[run] for run in archived)))
    return Verified(
        place.name, str(place), len(sealed), head_of(place.parent, place.name), signed, tuple(faults), unsealed, notes,
        archived,
    )  # fmt: skip


def of_record(run: Path, head: str = "", key: PublicKey | None = None) -> Verified:
    """One record alone, and the chain that it stands in."""
    place, lines = run.parent, lines_of(run.parent)
    entry = next((entry for line in lines if (entry := Entry.parse(line)) and entry.run == run.name), None)
    faults = (*faults_of_chain(place, lines, key), *faults_of_head(lines, head), *verify_record(run, entry))
    digest = head_of(place.parent, place.name)
    signed = int(bool(entry and entry.signed_by))
    return Verified(place.name, str(place), 1, digest, signed, faults, notes=tuple(notes_on_head(lines, head)))


def verify_record(run: Path, entry: Entry | None) -> Iterator[Fault]:
    """One record: its manifest against the chain, its files against the manifest, its approval against its plan."""
    manifest = read_json(run / MANIFEST)
    if not manifest:
        yield Fault(run.name, MANIFEST, "is gone, or is no JSON object")
        return
    if entry is None:
        yield Fault(run.name, MANIFEST, "is not in the chain: added since, or its seal was cut short")
    elif hashlib.sha256((run / MANIFEST).read_bytes()).hexdigest() != entry.manifest_sha256:
        yield Fault(run.name, MANIFEST, "was changed after it was sealed")
    elif entry.sealed_at != manifest.get("sealed_at"):
        yield Fault(run.name, MANIFEST, f"was sealed at {manifest.get('sealed_at')}, and not when the chain says")
    named = manifest.get("account"), manifest.get("run")
    if named != (run.parent.name, run.name):
        yield Fault(run.name, MANIFEST, f"belongs to {named[0]}/{named[1]}: it was copied or renamed")
    yield from _files(run, manifest)
    yield from (Fault(run.name, file, what) for file, what in _approval(run, manifest))


def _files(run: Path, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    listed = manifest.get("files")
    known: Mapping[str, Any] = listed if isinstance(listed, dict) else {}
    for name, facts in sorted(known.items()):
        path = run / name
        if path.is_symlink() or not path.is_file() or run.resolve() not in path.resolve().parents:
            yield Fault(run.name, name, "is missing")
            continue
        content = path.read_bytes()
        if {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} != facts:
            yield Fault(run.name, name, "was changed after it was sealed")
    there = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_symlink() or not path.is_dir()}
    for name in sorted(there - known.keys() - {MANIFEST}):
        yield Fault(run.name, name, "was added after the record was sealed")


def _approval(run: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was approved, what is kept as plan.json, and what was applied have to be one plan."""
    applied = [str(e.get("plan_sha256")) for e in read_events(run / "events.jsonl") if e.get("event") == "apply"]
    plan, approval = run / "plan.json", read_json(run / "approval.json")
    kept = hashlib.sha256(plan.read_bytes()).hexdigest() if plan.is_file() else ""
    if manifest.get("plan_sha256", "") != kept:
        yield "plan.json", f"is {kept[:12] or 'gone'}, and the manifest names {str(manifest.get('plan_sha256'))[:12]}"
    if not applied and not approval:
        return
    named = {"approval.json": approval.get("plan_sha256"), "plan.json": kept, "events.jsonl": (applied or [kept])[-1]}
    if len({*named.values(), *applied, manifest.get("applied_plan_sha256") or kept}) != 1:
        told = ", ".join(f"{file} {str(digest)[:12] or 'none'}" for file, digest in named.items())
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
