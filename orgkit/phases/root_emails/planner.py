"""What phase 15 should do: send a code where none was sent, and change the root email where a person has entered it."""

from collections.abc import Iterator

from orgkit.model.account_management import ACCOUNT_MANAGEMENT, ENABLE_IT, can_change_accounts
from orgkit.model.desired import AccountSpec, Desired, HandoverSpec, ImportSpec
from orgkit.model.matching import match_or_decision
from orgkit.model.observed import Account, Observed, Unread
from orgkit.model.plan import Plan, Step, Waiting
from orgkit.phases.root_emails.facts import ACCEPTED, PENDING, EmailFacts
from orgkit.phases.root_emails.steps import AcceptEmailChange, StartEmailChange

Spec = AccountSpec | ImportSpec
NOT_YET = "Its root email is not changed until then."
# [hashicorp/aws 5.100: `email` forces replacement]
OWNED = (
    "Terraform owns this account. Its provider may replace an account whose email is another than in its "
    "configuration: destroy it and create one. Name the folder of the hand-over as folder in [handover]: then the run "
    "that changes the email writes the files again"
)


def plan(observed: Observed, desired: Desired) -> Plan:
    """Plan account by account. Nobody but the reader of the new mailbox knows the code: until then it is waiting."""
    steps: list[Step] = []
    waiting: list[Waiting] = []
    for spec in sorted((spec for spec in desired.members if spec.email_changed_from), key=lambda item: item.key):
        account, decision = match_or_decision(spec, observed, NOT_YET)
        if decision:
            waiting.append(decision)
        elif account and account.email.casefold() == spec.email_changed_from.casefold():
            for item in _change(spec, account, observed, desired):
                waiting.append(item) if isinstance(item, Waiting) else steps.append(item)
    return Plan(
        phase="emails",
        target=observed.target,
        steps=tuple(steps),
        needs=() if observed.organization else ("the organization does not exist yet: run 01-organization",),
        waiting=tuple(waiting),
    )


def _change(spec: Spec, account: Account, observed: Observed, desired: Desired) -> Iterator[Step | Waiting]:
    """Yield what is next for one account whose email is still the earlier one."""
    facts, text = observed.facts(EmailFacts) or EmailFacts(), f"{spec.key}: its root email is still {account.email}"
    phase = "accounts" if isinstance(spec, AccountSpec) else "imports"
    status = facts.status(spec.key)
    if phase in desired.section(HandoverSpec).phases and not desired.section(HandoverSpec).folder:
        yield Waiting(f"{text}. {OWNED}", "Terraform")
    elif not can_change_accounts(observed):
        yield Waiting(
            f"{text}. AWS changes it only with trusted access for {ACCOUNT_MANAGEMENT}: {ENABLE_IT}",
            "you",
            blocks=spec.key,
        )
    elif isinstance(status, Unread):
        yield Waiting(
            f"{text}, and how far a change is could not be read: {status.reason} {status.remedy}",
            "you",
            blocks=spec.key,
        )
    elif status == ACCEPTED and spec.key not in facts.to_send_again:
        yield Waiting(
            f"{text}. AWS has accepted a change within the last four hours, as far as is known to {spec.email}, and "
            f"shows it within four hours. With ORGKIT_EMAIL_CODES={spec.key}=new, AWS sends a code for this one",
            "AWS",
        )
    elif status != PENDING or spec.key in facts.to_send_again:
        yield StartEmailChange(
            key=spec.key, name=spec.name, email=spec.email, starts_from=account.email, is_repeated=status == PENDING,
            reason="a new code was asked for" if status == PENDING else "no code was sent yet",
        )  # fmt: skip
    elif spec.key in facts.with_code:
        yield AcceptEmailChange(
            key=spec.key, name=spec.name, email=spec.email, starts_from=account.email,
            reason="a person has entered the code",
        )  # fmt: skip
    else:
        yield _enter_code(spec, text)


def _enter_code(spec: Spec, text: str) -> Waiting:
    return Waiting(
        f"{text}. AWS has sent a one-time code for a change, as far as is known to {spec.email}. Run this phase again "
        f"with ORGKIT_EMAIL_CODES={spec.key}=CODE, or enter the code in the runbook; with {spec.key}=new, AWS sends "
        "another one",
        f"the reader of {spec.email}",
    )
