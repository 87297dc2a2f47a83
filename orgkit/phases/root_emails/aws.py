"""AWS calls that change root emails of member accounts: a code is sent to the new one, and entered by a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orgkit.aws import one_time_codes
from orgkit.aws.person_settings import CODES_VARIABLE, require_known_keys
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.model.account_management import can_change_accounts
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex, match_if_clear
from orgkit.model.observed import Observed, Unread
from orgkit.model.plan import starting_value
from orgkit.phases.handler import handle
from orgkit.phases.root_emails.facts import ACCEPTED, PENDING, EmailFacts
from orgkit.phases.root_emails.steps import AcceptEmailChange, StartEmailChange

DENIED = ("AccessDenied", "AccessDeniedException")
SHOWN_WITHIN = timedelta(hours=4)  # "changes to an AWS account can take up to four hours to propagate everywhere"


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the emails that the accounts have now, how far a change is, and what a person has entered.

    The list of accounts may have an earlier email for hours, so that the service that changes it is asked of each
    account, whatever the list has.
    """
    statuses: list[tuple[str, str | Unread]] = []
    emails: dict[str, str] = {}
    require_known_keys(CODES_VARIABLE, [spec.key for spec in desired.members], "the parameters file")
    keys = [spec.key for spec in desired.members if spec.email_changed_from]
    for spec in desired.members if can_change_accounts(observed) else ():
        account = match_if_clear(spec, observed) if spec.email_changed_from else None
        if account is None:
            continue
        try:
            emails[account.id] = _email_of(aws, account.id)
            if emails[account.id].casefold() == spec.email_changed_from.casefold():
                statuses.append((spec.key, _status_of(aws, account.id)))
        except Rejected as rejection:
            if rejection.code not in DENIED:
                raise
            statuses.append((spec.key, Unread(str(rejection), rejection.remedy, rejection.code)))
    accounts = (replace(account, email=emails.get(account.id, account.email)) for account in observed.accounts)
    codes = {key: one_time_codes.code_of(key) for key in keys}
    return replace(observed, accounts=tuple(accounts)).with_facts(
        EmailFacts(
            tuple(statuses),
            tuple(key for key, code in codes.items() if code and code != one_time_codes.SEND_AGAIN),
            tuple(key for key, code in codes.items() if code == one_time_codes.SEND_AGAIN),
        )
    )


def _email_of(aws: Connection, account: str) -> str:
    return str(aws.read("account", "GetPrimaryEmail", AccountId=account)["PrimaryEmail"])


def _status_of(aws: Connection, account: str) -> str:
    """Return PENDING, or ACCEPTED where that is so new that the email may not be shown yet; "" for all else."""
    try:
        answer = aws.read("account", "GetPrimaryEmailUpdateStatus", AccountId=account)
    except Rejected as rejection:
        if rejection.code == "ResourceNotFoundException":
            return ""
        raise
    status, updated = str(answer.get("Status", "")), answer.get("UpdatedAt")
    if status == PENDING:
        return status
    is_new = isinstance(updated, datetime) and aws.clock.now() - updated.astimezone(UTC) < SHOWN_WITHIN
    return ACCEPTED if status in (ACCEPTED, "COMPLETED") and is_new else ""


def start_change(aws: Connection, step: StartEmailChange, id_index: IdIndex) -> None:
    """Let AWS send the code; it takes the place of an earlier one, which nobody has to enter any more."""
    account = id_index.account(step.key)
    one_time_codes.use(step.key)  # first: after a lost answer no other code is sent, which would end this one
    aws.mutate("account", "StartPrimaryEmailUpdate", expect="Status", AccountId=account, PrimaryEmail=step.email)


def accept_change(aws: Connection, step: AcceptEmailChange, id_index: IdIndex) -> None:
    """Send the code that a person has entered."""
    code = one_time_codes.code_of(step.key)
    if not code or code == one_time_codes.SEND_AGAIN:
        raise NeedsDecision(
            f"the one-time code for account {step.name} is not known in this process.",
            f"enter it: run the phase again with ORGKIT_EMAIL_CODES={step.key}=CODE.",
        )
    account = id_index.account(step.key)
    try:
        aws.mutate(
            "account", "AcceptPrimaryEmailUpdate", expect="Status", AccountId=account, PrimaryEmail=step.email, Otp=code
        )
    except Rejected as rejection:
        reason = str(rejection).replace(code, "[the code]")  # AWS may repeat what it refuses
        if rejection.code != "ValidationException":  # the code was not looked at, and can be used again
            if code in str(rejection):
                raise StepFailed(reason, rejection.remedy, code=rejection.code) from None
            raise
        one_time_codes.use(step.key)
        raise StepFailed(
            f"AWS did not take the one-time code for {step.email}: {reason}",
            f"enter it again, or let AWS send another one: run the phase with ORGKIT_EMAIL_CODES={step.key}=new.",
            code=rejection.code,
        ) from None
    one_time_codes.use(step.key)


def email_of_account(aws: Connection, step: StartEmailChange | AcceptEmailChange, id_index: IdIndex) -> str:
    """Return the root email that the account has now."""
    return starting_value(_email_of(aws, id_index.account(step.key)))


HANDLERS = (
    handle(StartEmailChange, start_change, email_of_account),
    handle(AcceptEmailChange, accept_change, email_of_account),
)
