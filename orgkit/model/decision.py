"""What a person says who approves: checked by the same functions from the command line, in the lab and in Python."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orgkit.errors import ApprovalMismatch, AwaitingApproval
from orgkit.sanitize.names import deception
from orgkit.sanitize.secrets import kinds_in

if TYPE_CHECKING:
    from orgkit.model.plan import Target

MAX_HOURS = 168  # that an approval may hold; approval_hours of the parameters file has the same limit
MAX_CLAIM_LENGTH = 300  # characters of a name or a ticket: records show them in one line
NAMES = ("the approver's name", "the ticket")


def check_decision(target: "Target", asserted_by: object, ticket: object, names: tuple[str, str] = NAMES) -> None:
    """Check who approves, and for which ticket.

    Args:
        target: What the plan would change.
        asserted_by: The approver's name; may be empty only for an emulator.
        ticket: Where the change was asked for; may be empty.
        names: What the caller calls the two.

    Raises:
        AwaitingApproval: The plan is for AWS, and nobody is named.
        ApprovalMismatch: A name or ticket shows a secret, or is not what a reader sees.
    """
    for name, claim in zip(names, (asserted_by, ticket), strict=True):
        check_claim(name, claim)
    check_approver(target, str(asserted_by))


def check_claim(subject: str, text: object) -> None:
    """ApprovalMismatch for a name or ticket that would show a secret, or that is not what a reader sees."""
    if not isinstance(text, str):
        raise ApprovalMismatch(f"{subject} is of type {type(text).__name__}, and no text.", "write it as text.")
    check_no_secret(subject, text)
    problem, _, advice = deception(text).partition(": ")
    if problem:
        raise ApprovalMismatch(f"{subject} {problem}.", advice)
    if len(text) > MAX_CLAIM_LENGTH:
        reason = f"{subject} has {len(text)} characters, and {MAX_CLAIM_LENGTH} is the most."
        raise ApprovalMismatch(reason, "write a shorter one.")


def check_no_secret(subject: str, text: str) -> None:
    """ApprovalMismatch for a secret in what a person says: it is signed and kept, and can never be taken out."""
    kind = next(kinds_in(text), None)
    if kind is not None:
        reason = f"{subject} holds a secret ({kind}), and records would keep it for good."
        raise ApprovalMismatch(reason, "write another text; if the secret is real, revoke it.")


def check_approver(target: "Target", name: str) -> None:
    """AwaitingApproval when nobody is named as approver of a plan for AWS."""
    if target.kind == "aws" and not name.strip():
        raise AwaitingApproval(
            "a plan for AWS is approved by somebody, and the approver has no name.",
            "run the same command with --approver NAME, or set ORGKIT_APPROVER; in Python, pass asserted_by.",
        )


def check_hours(hours: object) -> None:
    """ApprovalMismatch for hours that no approval can hold."""
    if not isinstance(hours, int) or isinstance(hours, bool) or not 1 <= hours <= MAX_HOURS:
        raise ApprovalMismatch(
            f"hours is {hours!r:.40}, and an approval holds 1 to {MAX_HOURS} whole hours.",
            "pass another number of hours, or leave it out; approval_hours of the parameters file ends it in any case.",
        )


def parse_time(subject: str, text: object) -> datetime:
    """Return a time of an approval; ApprovalMismatch for what is no time, or a time of no known zone."""
    try:
        time = datetime.fromisoformat(text) if isinstance(text, str) else None
        if time is not None and time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ApprovalMismatch(
        f"{subject} is {text!r:.40}, which is no time with its time zone.",
        "use the approval as `orgkit.approve` returned it, or approve the plan again.",
    )
