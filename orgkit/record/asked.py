"""A plan that a second person is asked about: found, read, and its signed approval laid beside it."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.approval import ApprovedPlan
from orgkit.errors import ApprovalMismatch, RecordExists
from orgkit.plan import Target, canonical
from orgkit.record.files import read_json, sha256_of, write_private
from orgkit.record.kept import adopt_plan, places, planned_at
from orgkit.signing.approvals import SignedApproval, parse

DIGEST = re.compile(r"[0-9a-f]{64}")
HAND_OVER = "name a plan.json with its review.json beside it, or the digest of a plan that is kept in outputs/."


@dataclass(frozen=True)
class Asked:
    """A plan as it lies, and what stands beside it for a person to see."""

    file: Path
    approved: ApprovedPlan
    review: Mapping[str, Any]

    @property
    def target(self) -> Target:
        return Target(**self.approved.content["target"])


def asked_for(base: Path, account: str, named: str) -> Asked:
    """The plan that a person names by its path or its digest; ApprovalMismatch when it is not there, or none."""
    file = _kept(base, account, named) if DIGEST.fullmatch(named) else Path(named)
    file = file / "plan.json" if file.is_dir() else file
    at = planned_at(file.with_name("review.json"))
    if not file.is_file() or at is None:
        raise ApprovalMismatch(f"there is no plan at {file}, or nothing beside it says when it was planned.", HAND_OVER)
    content = file.read_bytes()
    approved = ApprovedPlan(hashlib.sha256(content).hexdigest(), _read(content, file), at)
    return Asked(file, approved, read_json(file.with_name("review.json")))


def keep_signed(base: Path, account: str, asked: Asked, signed: SignedApproval) -> Path:
    """Write the approval beside its plan; a record stays as it is, so that one of its plan lies with the kept plans."""
    folder = asked.file.parent
    if (folder / "events.jsonl").exists():
        folder = base / account / "plans" / f"handed-over-{adopt_plan(base, account, asked.file)[:12]}"
    path = folder / f"approval-{asked.approved.digest[:12]}.json"
    if path.exists() and parse(path.read_bytes(), str(path)).key_id != signed.key_id:
        raise RecordExists(f"{path} is somebody else's approval.", "use that one, or move it away first.")
    return write_private(path, signed.content)


def _kept(base: Path, account: str, digest: str) -> Path:
    """Of the kept plans of this digest, the one that was planned last."""
    found = [place for place in places(base, account, digest, None) if sha256_of(place / "plan.json") == digest]
    dated = [(at, place) for place in found if (at := planned_at(place / "review.json"))]
    if not dated:
        raise ApprovalMismatch(f"no plan with the digest {digest[:16]}… is kept in {base}.", HAND_OVER)
    return max(dated)[1]


def _read(content: bytes, file: Path) -> Mapping[str, Any]:
    """Exactly as orgkit writes a plan: what is shown must be all that there is."""
    try:
        plan = json.loads(content)
        told = [plan["phase"], *(step["sentence"] for step in plan["steps"])]
        whole = canonical(plan["phase"], Target(**plan["target"]), plan["steps"])
        if whole == content and len(told) > 1 and all(isinstance(each, str) for each in told):
            return dict(plan)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise ApprovalMismatch(f"{file} is no plan, or not as orgkit writes it.", HAND_OVER)
