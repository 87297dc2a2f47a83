"""`orgkit approve`: a second person reads a plan, confirms it, and signs that they did."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from orgkit import errors
from orgkit.cli.layout import COLUMNS
from orgkit.cli.main import FILE, endpoint_option, ends, json_option, show_json
from orgkit.printable import flat

if TYPE_CHECKING:
    from orgkit.aws.session import Connection
    from orgkit.model.desired import Desired
    from orgkit.record.asked import Asked
    from orgkit.signing.approvals import SignedApproval
    from orgkit.signing.keys import Signer

PREFIX = 8  # characters of the digest that a person types, as in the form of a runbook
LONGEST_TICKET = 300


@click.command()
@click.argument("plan")
@FILE
@click.option("--ticket", required=True, help="Where the change was asked for.")
@click.option("--key", required=True, envvar="ORGKIT_KEY", help="Your private key's file, or the ARN of a KMS key.")
@click.option("--as", "asserted_by", default="", metavar="NAME", help="How you call yourself; a claim.")
@click.option("--digest", default="", help="The plan's digest, where nobody is there to type it.")
@json_option
@endpoint_option
@ends
def approve(plan: str, file: Path, ticket: str, key: str, asserted_by: str, digest: str, as_json: bool) -> int:
    """Approve a PLAN (a plan.json, or the digest of one that is kept) with a signature, as a second person.

    Under your own AWS identity in the management account: it is asked who you are, nothing else, and nothing changes.
    """
    from orgkit.approval import check_claim
    from orgkit.connecting import connect
    from orgkit.parameters import find, load
    from orgkit.record import outputs
    from orgkit.record.asked import asked_for, keep_signed
    from orgkit.signing.signer import signer_of

    check_claim("--ticket", ticket)
    check_claim("--as", asserted_by)
    path = find(str(file))
    desired = load(path)
    aws = connect(desired)
    base, account = outputs.base_folder(outputs.project_of(path), aws.kind), desired.organization.management_account_id
    asked, signer = asked_for(base, account, plan), signer_of(key, aws)
    unsigned = _approval(asked, aws, desired, signer, asserted_by, _ticket(ticket))
    _show(asked, unsigned, quiet=as_json)
    _confirm(asked.approved.digest, digest)
    written = keep_signed(base, account, asked, _signed(unsigned, signer, desired))
    if as_json:
        show_json({"approval": str(written), "plan_sha256": asked.approved.digest, "expires_at": unsigned.expires_at})
    else:
        click.echo(f"\nApproved until {unsigned.expires_at}:\n  {written}\n\nWhoever applies it runs:")
        click.echo(f"  orgkit run {asked.approved.content['phase']} {file} \\\n    --approval {written}")
    return errors.EXIT_DONE


def _approval(
    asked: "Asked", aws: "Connection", desired: "Desired", signer: "Signer", asserted_by: str, ticket: str
) -> "SignedApproval":
    """What is to be signed; refused before anybody is asked, when it could never be used."""
    from orgkit.approval import check_fresh
    from orgkit.signing.approvals import SignedApproval, approver_of
    from orgkit.signing.identities import check_own

    approver, caller, now = approver_of(signer.public, desired.approval), aws.caller(), aws.clock.now()
    if (asked.target.account, asked.target.kind) != (caller.account, aws.kind):
        why = f"the plan is for {asked.target}; you are in account {caller.account} on {aws.kind}."
        raise errors.ApprovalMismatch(why, "approve it where it would be applied.")
    if asserted_by != approver.name and desired.approval.approver(asserted_by):
        raise errors.KeyRefused(f"the key is {approver.name}'s, not {asserted_by}'s.", "sign with a key of your own.")
    check_own(caller.arn, approver, desired.approval)
    hours = desired.organization.approval_hours
    ends = min(check_fresh(asked.approved, now, hours), now + timedelta(hours=hours))
    return SignedApproval(
        plan_sha256=asked.approved.digest,
        target=asked.target,
        approver=approver.name,
        asserted_by=flat(asserted_by) or approver.name,
        authenticated_as=caller.arn,
        ticket=ticket,
        at=now.isoformat(timespec="seconds"),
        expires_at=ends.isoformat(timespec="seconds"),
        key_id=signer.public.id,
    )


def _signed(unsigned: "SignedApproval", signer: "Signer", desired: "Desired") -> "SignedApproval":
    """Signed, and read again as the gate will read it."""
    from orgkit.signing.approvals import check_signature, parse, sign

    signed = parse(sign(unsigned, signer).content, "the approval")
    check_signature(signed, desired.approval)
    return signed


def _ticket(ticket: str) -> str:
    if not ticket.strip() or len(ticket) > LONGEST_TICKET:
        raise click.UsageError(f"--ticket takes 1 to {LONGEST_TICKET} characters: where the change was asked for.")
    return flat(ticket.strip())


def _show(asked: "Asked", approval: "SignedApproval", *, quiet: bool) -> None:
    """The steps as the digest covers them; what is told beside them, as not covered. --json leaves stdout alone."""
    from orgkit.runbook.tables import as_items

    steps = asked.approved.steps
    beside = list(_beside(asked.review, len(steps)))
    told = [_line(f"{len(steps)} step(s) of phase {asked.approved.content['phase']} on {asked.target}")]
    told += [as_items([(f"{n}.", step["sentence"], "") for n, step in enumerate(steps, 1)])]
    if beside:
        told += ["", "Beside the plan, and not covered by its digest:", as_items(beside)]
    you = f"You are {approval.approver} by your key, and {approval.authenticated_as} by AWS."
    told += ["", f"planned {asked.approved.planned_at:%Y-%m-%d %H:%M} UTC", f"digest {asked.approved.digest}"]
    click.echo("\n".join([*told, _line(you)]), err=quiet)


def _line(text: str) -> str:
    """As wide as a terminal; an ARN stays whole."""
    return fill(flat(text), COLUMNS - 1, break_long_words=False, break_on_hyphens=False)


def _beside(review: Mapping[str, Any], steps: int) -> Iterator[tuple[str, str, str]]:
    """What review.json tells, as far as it is what orgkit writes there; a reason has the number of its step."""
    reasons: dict[str, list[int]] = {}
    for number, why in enumerate(_lines(review, "why")[:steps], 1):
        reasons.setdefault(why, []).append(number)
    yield from ((_numbers(of), f"because {why}", "") for why, of in reasons.items() if why)
    yield from (("-", line, "") for line in dict.fromkeys(_lines(review, "warnings")) if line)
    monthly = review.get("monthly_usd")
    if isinstance(monthly, dict):
        yield "-", f"about {monthly.get('expected')} USD a month more", ""


def _lines(review: Mapping[str, Any], name: str) -> list[str]:
    lines = review.get(name)
    return [str(line) for line in lines] if isinstance(lines, list) else []


def _numbers(of: Sequence[int]) -> str:
    """Of steps, as they stand before them: 1. or 2.-5. or both."""
    first = [n for n in of if n - 1 not in of]
    last = [n for n in of if n + 1 not in of]
    return ", ".join(f"{a}." if a == b else f"{a}.-{b}." for a, b in zip(first, last, strict=True))


def _confirm(digest: str, given: str) -> None:
    """The whole digest as an option, or its first characters typed; ApprovalMismatch for another."""
    if not given and not sys.stdin.isatty():
        why = "nobody is there to type the digest."
        raise errors.AwaitingApproval(why, f"read the plan, then pass --digest {digest}")
    typed = given or click.prompt(f"To approve it, type the first {PREFIX} characters of the digest")
    shortest = len(digest) if given else PREFIX
    if len(typed.strip()) < shortest or not digest.startswith(typed.strip().lower()):
        raise errors.ApprovalMismatch(f"{typed[:16]} is not the digest of this plan.", "read the plan again.")
