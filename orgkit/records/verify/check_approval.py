"""Whether what was approved, what is kept as plan.json, and what was applied are one plan."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orgkit.errors import OrgkitError
from orgkit.model.approval import first_not_in_order
from orgkit.model.plan import digest_of
from orgkit.records.files import sha256_of
from orgkit.records.verify.strict_json import equal_values, read_strict, read_strict_lines
from orgkit.signing.approvals import KIND_1, SignedApproval, is_signed_by, parse
from orgkit.signing.keys import PublicKey
from orgkit.signing.texts import is_inline

SIGNED_APPROVAL_FILE = "signed-approval.json"
NOT_STRICT = "is gone, or is not JSON that every reader understands in the same way"


def faults_of_approval(run: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each as (file, what)."""
    plan_sha256 = sha256_of(run / "plan.json") if (run / "plan.json").is_file() else ""
    if manifest.get("plan_sha256", "") != plan_sha256:
        yield (
            "plan.json",
            f"is {plan_sha256[:12] or 'gone'}, and the manifest names {str(manifest.get('plan_sha256'))[:12]}",
        )
    events = read_strict_lines(run / "events.jsonl")
    if events is None:
        yield "events.jsonl", "has a line that is not an object in JSON, or that two readers could read differently"
    applies = [event for event in events or () if event.get("event") == "apply"]
    applied = [event.get("plan_sha256") for event in applies]
    if manifest.get("applied_plan_sha256") not in (None, ""):
        applied.append(manifest["applied_plan_sha256"])
    if (run / "approval.json").exists():
        yield from _faults_of_approved(run, plan_sha256, applied, applies)
    elif applied:
        yield "approval.json", "is gone, and a plan was applied"
    elif (run / SIGNED_APPROVAL_FILE).exists():
        yield SIGNED_APPROVAL_FILE, "is not the one that approval.json names"
    if (run / "remainder.json").exists():
        yield from _faults_of_remainder(run)


def _faults_of_approved(
    run: Path, plan_sha256: str, applied: list[object], applies: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    approval = read_strict(run / "approval.json")
    if approval is None:
        yield "approval.json", NOT_STRICT
        return
    digests = {"approval.json": approval.get("plan_sha256"), "events.jsonl": (applied or [plan_sha256])[-1]}
    if not plan_sha256 or any(digest != plan_sha256 for digest in (*digests.values(), *applied)):
        files = {**digests, "plan.json": plan_sha256}
        text = ", ".join(f"{file} {str(digest or 'none')[:12]}" for file, digest in files.items())
        yield "approval.json", f"approval, plan and what was applied are not one plan: {text}"
    yield from _faults_of_planning(run, approval, applies)
    yield from faults_of_signed(run, approval)


def _faults_of_planning(
    run: Path, approval: Mapping[str, Any], applied: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """The digest that was approved and applied is that of plan.json and review.json; earlier versions had none."""
    plan, review = run / "plan.json", run / "review.json"
    document = read_strict(review) if review.exists() else {}
    if document is None:
        yield "review.json", NOT_STRICT
        return
    if "planning" not in document and not any("digest" in facts for facts in (approval, *applied)):
        return
    whole = plan.is_file() and review.is_file()
    digest = digest_of(plan.read_bytes(), review.read_bytes()) if whole else ""
    digests = [facts.get("digest") for facts in (approval, *applied)]
    if not digest or any(value != digest for value in digests):
        text = ", ".join(sorted({str(value or "none")[:12] for value in digests}))
        yield (
            "review.json",
            f"plan.json and review.json have the digest {digest[:12] or 'none'}, and approved was {text}",
        )


def _faults_of_remainder(run: Path) -> Iterator[tuple[str, str]]:
    """What was left of a resumed plan holds none but steps of that plan, in its order."""
    own = (run / "remainder-review.json").exists()
    names = ("remainder-review.json" if own else "review.json", "plan.json", "remainder.json")
    documents = {name: read_strict(run / name) for name in names}
    yield from ((name, NOT_STRICT) for name, document in documents.items() if document is None)
    review, whole, remaining = (document or {} for document in documents.values())
    remainder = run / "remainder.json"
    sha256 = sha256_of(remainder) if remainder.is_file() else ""  # a named pipe would be waited for
    if review.get("plan_sha256" if own else "remainder_sha256") != sha256:
        yield "remainder.json", f"is not the one that {names[0]} names"
    approved_steps, steps = _steps(whole), _steps(remaining)
    if approved_steps is None or steps is None or first_not_in_order(steps, approved_steps) is not None:
        yield "remainder.json", "has a step that is not in the approved plan"


def _steps(plan: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """The steps of a plan, to be compared; None where they are no list of objects."""
    steps = plan.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return None
    return [equal_values(step) for step in steps]


def faults_of_signed(run: Path, approval: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each as (file, what): of approval.json as it was read, and the signed file next to it.

    Only a reviewed copy of the parameters file shows that the key belongs to an approver.
    """
    file, signed_sha256 = run / SIGNED_APPROVAL_FILE, approval.get("signed_sha256")
    if signed_sha256 in (None, "") and not file.exists():
        return
    if not file.is_file() or sha256_of(file) != signed_sha256:
        yield SIGNED_APPROVAL_FILE, "is not the one that approval.json names"
        return
    try:
        signed, key = parse(file.read_bytes(), SIGNED_APPROVAL_FILE), _public_key(approval.get("public_key"))
    except OrgkitError as wrong:
        yield SIGNED_APPROVAL_FILE, wrong.reason
        return
    except RecursionError:
        yield SIGNED_APPROVAL_FILE, "is nested beyond reason"
        return
    if not _names_a_target(signed):
        yield SIGNED_APPROVAL_FILE, "names a target that is not text"
    if key is None or key.id != signed.key_id or not is_signed_by(signed, key):
        yield SIGNED_APPROVAL_FILE, "is not signed by the key that approval.json names"
    approved = approval.get("plan_sha256" if signed.kind == KIND_1 and "digest" not in approval else "digest")
    if (signed.digest, signed.key_id) != (approved, approval.get("key_id")):
        yield SIGNED_APPROVAL_FILE, "approves another plan than approval.json, or with another key"


def _names_a_target(signed: SignedApproval) -> bool:
    target = signed.target
    values = (target.account, target.organization or "", target.partition, target.kind)
    return all(isinstance(value, str) and value.isprintable() for value in values)


def _public_key(line: object) -> PublicKey | None:
    """The key in the one form that an approval has it: DER in base64 without line ends; None for any other."""
    key = PublicKey.load(line) if isinstance(line, str) and is_inline(line) else None
    return key if key is not None and key.line == line else None
