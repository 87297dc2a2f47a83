"""The question of `orgkit apply`: who approves, and the first characters of the digest; on AWS the account id too."""

from typing import TYPE_CHECKING

import click

from orgkit.cli.approve import PREFIX
from orgkit.cli.layout import wrap
from orgkit.cli.questions import ask, drop_typed_ahead
from orgkit.dataclass import dataclass
from orgkit.errors import ApprovalMismatch
from orgkit.model.decision import check_claim
from orgkit.runbook.default_approver import default_approver
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from orgkit.model.desired import Desired
    from orgkit.runbook.earlier_approval import PlanToApprove

MAX_ANSWERS = 3  # wrong ones, until the question ends without an approval
REJECTIONS = ("no", "n", "reject")


@dataclass(frozen=True)
class Answer:
    """A decision about one plan, and whose it is."""

    name: str
    approves: bool


def ask_approval(desired: "Desired", kind: str, digest: str) -> Answer | None:
    """Ask for a decision about the plan that was shown; None when nobody gave a valid answer.

    Args:
        desired: The parameters file.
        kind: Where the plan would be applied: "aws" or "emulator".
        digest: Of the plan.

    Raises:
        Interrupted: Ctrl-C, or the end of the input.
    """
    click.echo()
    drop_typed_ahead()
    name = _ask_name(default_approver())
    click.echo(wrap(f'To approve, type the first {PREFIX} characters of the digest; to reject, type "no".', ""))
    for _ in range(MAX_ANSWERS):
        typed = ask("Digest, or no").lower()
        if typed in REJECTIONS:
            return Answer(name, approves=False)
        if len(typed) >= PREFIX and digest.startswith(typed):
            return Answer(name, approves=True) if kind != "aws" or _is_account(desired) else None
        click.echo(wrap(f'"{flat(typed[:16])}" is not how this digest begins: it stands after "digest" above.', ""))
    return None


def ask_to_continue(request: "PlanToApprove") -> bool:
    """Whether to go on now under the approval that is there."""
    until = f", until {request.expires_at}" if request.expires_at else ""
    click.echo()
    drop_typed_ahead()
    click.echo(wrap(f"This plan is approved by {flat(request.approved_by)}{until}.", ""))
    answer = ask("Apply what is left of it now (yes or no)").lower()
    return answer in ("yes", "y")


def _ask_name(default: str) -> str:
    while True:
        name = ask("Approver", default)
        try:
            check_claim("the approver's name", name)
            return name
        except ApprovalMismatch as problem:
            click.echo(wrap(f"{problem.reason} {problem.remedy}", ""))


def _is_account(desired: "Desired") -> bool:
    account = desired.organization.management_account_id
    click.echo(wrap("Type the id of the AWS account that this changes, all twelve digits.", ""))
    for _ in range(MAX_ANSWERS):
        if ask("Account id") == account:
            return True
        click.echo(wrap("That is not the account of the parameters file.", ""))
    return False
