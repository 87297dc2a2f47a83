"""A plan that a second person is asked to approve: found, read, and its signed approval kept next to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.errors import ApprovalMismatch, RecordExists
from orgkit.model.approval import ApprovedPlan
from orgkit.model.plan import Target
from orgkit.records.files import read_json, write_private
from orgkit.records.plan_store import DIGEST, PLAN_FILE_REMEDY, adopt_plan, places, planned_at, read_plan
from orgkit.signing.approvals import SignedApproval, parse


@dataclass(frozen=True)
class ApprovalRequest:
    """A stored plan, and the review that a person reads with it."""

    file: Path
    approved: ApprovedPlan
    review: Mapping[str, Any]

    @property
    def target(self) -> Target:
        return Target(**self.approved.content["target"])


def find_request(base: Path, account: str, digest: str) -> ApprovalRequest:
    """The plan that a person names by its path or its digest; ApprovalMismatch when it is missing or invalid."""
    file = _stored_plan(base, account, digest) if DIGEST.fullmatch(digest) else Path(digest)
    file = file / "plan.json" if file.is_dir() else file
    at = planned_at(file.with_name("review.json"))
    if not file.is_file() or at is None:
        raise ApprovalMismatch(
            f"there is no plan at {file}, or nothing next to it says when it was planned.", PLAN_FILE_REMEDY
        )
    return ApprovalRequest(file, read_plan(file), read_json(file.with_name("review.json")))


def keep_signed(base: Path, account: str, request: ApprovalRequest, signed: SignedApproval) -> Path:
    """Write the approval next to its plan; for a plan in a record, which must not change, with the stored plans."""
    folder = request.file.parent
    if (folder / "events.jsonl").exists():
        folder = base / account / "plans" / f"handed-over-{adopt_plan(base, account, request.file)[:12]}"
    path = folder / f"approval-{request.approved.digest[:12]}.json"
    if path.exists() and parse(path.read_bytes(), str(path)).key_id != signed.key_id:
        raise RecordExists(f"{path} is somebody else's approval.", "use that one, or move it away first.")
    return write_private(path, signed.content)


def _stored_plan(base: Path, account: str, digest: str) -> Path:
    folder = next(places(base, account, digest, None), None)
    if folder is None:
        raise ApprovalMismatch(f"no plan with the digest {digest} is kept in {base}.", PLAN_FILE_REMEDY)
    return folder
