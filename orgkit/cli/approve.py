"""`orgkit approve`: a second person reads a plan, confirms it, and signs that they did."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from shlex import quote
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from orgkit import errors
from orgkit.cli.layout import columns
from orgkit.cli.options import FILE, apply_command, endpoint_option, exit_with, json_option, show_json
from orgkit.cli.questions import ask, can_ask, drop_typed_ahead
from orgkit.costs.estimate.effect import credits_lost
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from orgkit.aws.session import Connection
    from orgkit.model.desired import Desired
    from orgkit.records.approval_request import ApprovalRequest
    from orgkit.signing.approvals import SignedApproval
    from orgkit.signing.keys import Signer

PREFIX = 8  # characters of the digest that a person types, as in the form of a runbook
# The lists of sentences in review.json, in the order and with the titles that `orgkit plan` gives them.
NOTES = {
    "stops": "Stopped by phase 00",
    "stopped": "Stopped, and no part of the plan",
    "needs": "Needed first",
    "drift": "Drift that no step repairs",
    "warnings": "Worth knowing",
    "unmanaged": "In AWS and not in the file (left alone)",
}


@click.command()
@click.argument("plan")
@FILE
@click.option("--ticket", required=True, help="Where the change was asked for.")
@click.option("--key", required=True, envvar="ORGKIT_KEY", help="Your private key's file, or the ARN of a KMS key.")
@click.option("--as", "asserted_by", default="", metavar="NAME", help="Your name, as recorded (not verified).")
@click.option("--digest", default="", help="The plan's digest, where nobody is there to type it.")
@json_option
@endpoint_option
@exit_with
def approve(plan: str, file: Path, ticket: str, key: str, asserted_by: str, digest: str, as_json: bool) -> int:
    """Approve a PLAN (a plan.json, or the digest of one that is kept) with a signature, as a second person.

    Use your own AWS identity in the management account. AWS is asked who you are, and nothing else; nothing changes.
    """
    from orgkit.engine.connect import connect
    from orgkit.model.decision import check_claim
    from orgkit.parameters import find, load
    from orgkit.phases.registry import phase_of
    from orgkit.records import outputs
    from orgkit.records.approval_request import find_request, keep_signed
    from orgkit.signing.signer import signer_of

    check_claim("--ticket", ticket)
    check_claim("--as", asserted_by)
    path = find(str(file))
    desired = load(path)
    aws = connect(desired)
    base, account = outputs.base_folder(outputs.project_of(path), aws.kind), desired.organization.management_account_id
    request, signer = find_request(base, account, plan), signer_of(key, aws)
    unsigned = _approval(request, aws, desired, signer, asserted_by, _ticket(ticket))
    _show(request, unsigned, quiet=as_json)
    _confirm(request.approved.digest, digest, err=as_json)
    approval_path = keep_signed(base, account, request, _signed(unsigned, signer, desired))
    if as_json:
        show_json(
            {"approval": str(approval_path), "digest": request.approved.digest, "expires_at": unsigned.expires_at}
        )
    else:
        click.echo(f"\nApproved until {unsigned.expires_at}:\n  {approval_path}\n\nTo apply it, run one of:")
        name = quote(str(file))
        label = str(request.approved.content["phase"])
        click.echo(f"  orgkit run {name} {label} --approval {quote(str(approval_path))}")
        click.echo(f"  {apply_command(file, [phase_of(label)])}")
    return errors.EXIT_DONE


def _approval(
    request: "ApprovalRequest", aws: "Connection", desired: "Desired", signer: "Signer", asserted_by: str, ticket: str
) -> "SignedApproval":
    """What is to be signed; refused before anybody is asked, when it could never be used."""
    from orgkit.model.approval import check_fresh
    from orgkit.signing.approvals import SignedApproval, approver_of
    from orgkit.signing.identities import check_own
    from orgkit.signing.role_trust_aws import check_roles

    approver, caller, now = approver_of(signer.public, desired.approval), aws.caller(), aws.clock.now()
    if (request.target.account, request.target.kind) != (caller.account, aws.kind):
        reason = f"the plan is for {request.target}; you are in account {caller.account} on {aws.kind}."
        raise errors.ApprovalMismatch(reason, "approve it where it would be applied.")
    if asserted_by != approver.name and desired.approval.approver(asserted_by):
        raise errors.KeyRefused(f"the key is {approver.name}'s, not {asserted_by}'s.", "sign with a key of your own.")
    check_own(caller.arn, approver, desired.approval)
    if desired.approval.four_eyes:
        check_roles(aws, desired.approval)
    hours = desired.organization.approval_hours
    expires_at = min(check_fresh(request.approved, now, hours), now + timedelta(hours=hours))
    return SignedApproval(
        digest=request.approved.digest,
        target=request.target,
        approver=approver.name,
        asserted_by=flat(asserted_by) or approver.name,
        authenticated_as=caller.arn,
        ticket=ticket,
        at=now.isoformat(timespec="seconds"),
        expires_at=expires_at.isoformat(timespec="seconds"),
        key_id=signer.public.id,
    )


def _signed(unsigned: "SignedApproval", signer: "Signer", desired: "Desired") -> "SignedApproval":
    """Signed, and read again as the gate will read it."""
    from orgkit.signing.approvals import check_signature, parse, sign

    signed = parse(sign(unsigned, signer).content, "the approval")
    check_signature(signed, desired.approval)
    return signed


def _ticket(ticket: str) -> str:
    if not ticket.strip():
        raise click.UsageError("--ticket is empty: say where the change was asked for.")
    return flat(ticket.strip())


def _show(request: "ApprovalRequest", approval: "SignedApproval", *, quiet: bool) -> None:
    """The steps, and what a person should see in addition; the digest covers both. --json leaves stdout alone."""
    from orgkit.runbook.views.tables import as_items

    steps = request.approved.steps
    remarks = list(_remark_lines(request.review, len(steps)))
    lines = [_line(f"{len(steps)} step(s) of phase {request.approved.content['phase']} on {request.target}")]
    lines += [as_items([(f"{n}.", step["sentence"], "") for n, step in enumerate(steps, 1)], width=columns() - 1)]
    if remarks:
        lines += ["", "In addition to the steps:", as_items(remarks, width=columns() - 1)]
    identity = f"You are {approval.approver} by your key, and {approval.authenticated_as} by AWS."
    lines += ["", f"planned {request.approved.planned_at:%Y-%m-%d %H:%M} UTC", f"digest {request.approved.digest}"]
    click.echo("\n".join([*lines, _line(identity)]), err=quiet)


def _line(text: str) -> str:
    """As wide as a terminal; an ARN stays whole."""
    return fill(flat(text), columns() - 1, break_long_words=False, break_on_hyphens=False)


def _remark_lines(review: Mapping[str, Any], steps: int) -> Iterator[tuple[str, str, str]]:
    """What review.json says, as far as it is what orgkit writes there: all that a person sees at `orgkit plan`."""
    for name, title in NOTES.items():
        yield from (("-", f"{title}: {line}", "") for line in dict.fromkeys(_lines(review, name)) if line)
    reasons: dict[str, list[int]] = {}
    for number, reason in enumerate(_lines(review, "why")[:steps], 1):
        reasons.setdefault(reason, []).append(number)
    yield from (("-", f"{_numbers(numbers)}: because {reason}", "") for reason, numbers in reasons.items() if reason)
    yield from (("-", f"Waiting for someone else: {line}", "") for line in _waiting(review))
    monthly = review.get("monthly_usd")
    if isinstance(monthly, dict):
        yield "-", f"about {monthly.get('expected')} USD a month more", ""
        lines = monthly.get("lines")
        items = lines if isinstance(lines, list) else []
        amounts = [item.get("once_usd") for item in items if isinstance(item, dict)]
        yield from (("-", f"once: {credits_lost(str(amount))}", "") for amount in amounts if amount)


def _lines(review: Mapping[str, Any], name: str) -> list[str]:
    lines = review.get(name)
    return [str(line) for line in lines] if isinstance(lines, list) else []


def _waiting(review: Mapping[str, Any]) -> Iterator[str]:
    """What only somebody else can do, and the commands with which they do it."""
    waiting = review.get("waiting")
    for item in waiting if isinstance(waiting, list) else ():
        facts = item if isinstance(item, Mapping) else {"what": item}
        commands = "; ".join(_lines(facts, "commands"))
        yield f"{facts.get('what')} ({facts.get('who')}){f' with: {commands}' if commands else ''}"


def _numbers(numbers: Sequence[int]) -> str:
    """Of steps, as they stand before them: step 1, or steps 2 to 5, 7."""
    first = [n for n in numbers if n - 1 not in numbers]
    last = [n for n in numbers if n + 1 not in numbers]
    ranges = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in zip(first, last, strict=True))
    return f"step{'s' if len(numbers) > 1 else ''} {ranges}"


def _confirm(digest: str, answer: str, *, err: bool = False) -> None:
    """The whole digest as an option, or its first characters typed; ApprovalMismatch for another."""
    if not answer and not can_ask(sys.stderr if err else sys.stdout):
        reason = "nobody is there to type the digest."
        raise errors.AwaitingApproval(reason, f"read the plan, then pass --digest {digest}")
    if not answer:
        drop_typed_ahead()
    typed = answer or ask(f"To approve it, type the first {PREFIX} characters of the digest", err=err)
    min_length = len(digest) if answer else PREFIX
    if len(typed.strip()) < min_length or not digest.startswith(typed.strip().lower()):
        remedy = "read the plan again; --digest takes the whole digest." if answer else "read the plan again."
        raise errors.ApprovalMismatch(f"{typed[:16]} is not the digest of this plan.", remedy)
