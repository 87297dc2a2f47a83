"""AWS calls that read which policies are in force: attachments, and the effective policies that AWS computes itself."""

from collections.abc import Iterator
from functools import partial

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.model.observed import Account, Observed
from orgkit.phases.policies.aws import list_policies
from orgkit.phases.policies.in_force import BY_AWS, PoliciesInForce, PolicyInForce, inherited, open_accounts
from orgkit.policy_evaluation.policy_types import GRAMMAR_OF_IAM


def read_policies_in_force(aws: Connection, observed: Observed) -> PoliciesInForce:
    """Read the policies of every open account, of each type that is enabled."""
    organization = observed.organization
    if organization is None:
        return PoliciesInForce(notes=("the organization does not exist yet",))
    enabled = [kind for kind, status in organization.policy_types if status == "ENABLED"]
    rows, notes = list[PolicyInForce](), list[str]()
    for kind in enabled:
        read = _attached if kind in GRAMMAR_OF_IAM else _effective
        rows_of_kind, notes_of_kind = read(aws, observed, kind)
        rows, notes = [*rows, *rows_of_kind], [*notes, *notes_of_kind]
    return PoliciesInForce(tuple(sorted(rows, key=lambda row: (row.account, row.type))), tuple(notes))


def _attached(aws: Connection, observed: Observed, kind: str) -> tuple[list[PolicyInForce], list[str]]:
    """Return where the policies of one type are attached, or why that is not known."""
    try:
        return list(inherited(observed, list(list_policies(aws, kind)))), []
    except Rejected as rejection:
        return [], [f"{kind} could not be read: {rejection}"]


def _effective(aws: Connection, observed: Observed, kind: str) -> tuple[list[PolicyInForce], list[str]]:
    """Return the effective policies of one type, and why others are missing."""
    reads = [partial(_effective_of, aws, account, kind) for account in open_accounts(observed)]
    answers = aws.executor.map(lambda read: read(), reads)
    rows = [answer for answer in answers if isinstance(answer, PolicyInForce)]
    notes = [answer for answer in answers if isinstance(answer, str)]
    try:
        return rows, [*notes, *_invalid(aws, observed, kind)]
    except Rejected as rejection:
        return rows, [*notes, f"whether a {kind} is invalid could not be read: {rejection}"]


def _effective_of(aws: Connection, account: Account, kind: str) -> PolicyInForce | str | None:
    """Return the effective policy of an account, None where it has none, or why it could not be read."""
    try:
        answer = aws.read("organizations", "DescribeEffectivePolicy", PolicyType=kind, TargetId=account.id)
    except Rejected as rejection:
        if rejection.code == "EffectivePolicyNotFoundException":
            return None
        return f"{kind} of account {account.name} could not be read: {rejection}"
    document = str(answer["EffectivePolicy"]["PolicyContent"])
    return PolicyInForce(account.name, kind, document, "inherited and own", BY_AWS)


def _invalid(aws: Connection, observed: Observed, kind: str) -> Iterator[str]:
    """Yield the accounts whose effective policy AWS calls invalid; such an account keeps its last valid one."""
    pages = aws.pages("organizations", "ListAccountsWithInvalidEffectivePolicy", "Accounts", PolicyType=kind)
    for item in pages:
        account = observed.account(str(item["Id"]))
        yield f"the effective {kind} of account {account.name if account else item['Id']} is invalid"
