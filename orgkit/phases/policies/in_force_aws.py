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
    attached = [policy for kind in enabled if kind in GRAMMAR_OF_IAM for policy in list_policies(aws, kind)]
    rows, notes = [*inherited(observed, attached)], list[str]()
    for kind in enabled:
        if kind not in GRAMMAR_OF_IAM:
            effective, problems = _effective(aws, observed, kind)
            rows, notes = [*rows, *effective], [*notes, *problems]
    return PoliciesInForce(tuple(sorted(rows, key=lambda row: (row.account, row.type))), tuple(notes))


def _effective(aws: Connection, observed: Observed, kind: str) -> tuple[list[PolicyInForce], list[str]]:
    """Return the effective policies of one type, and why others are missing."""
    try:
        reads = [partial(_effective_of, aws, account, kind) for account in open_accounts(observed)]
        rows = [row for effective in aws.executor.map(lambda read: read(), reads) for row in effective]
        return rows, list(_invalid(aws, observed, kind))
    except Rejected as rejection:
        return [], [f"{kind} could not be read: {rejection}"]


def _effective_of(aws: Connection, account: Account, kind: str) -> list[PolicyInForce]:
    try:
        answer = aws.read("organizations", "DescribeEffectivePolicy", PolicyType=kind, TargetId=account.id)
    except Rejected as rejection:
        if rejection.code == "EffectivePolicyNotFoundException":
            return []
        raise
    document = str(answer["EffectivePolicy"]["PolicyContent"])
    return [PolicyInForce(account.name, kind, document, "inherited and own", BY_AWS)]


def _invalid(aws: Connection, observed: Observed, kind: str) -> Iterator[str]:
    """Yield the accounts whose effective policy AWS calls invalid; such an account keeps its last valid one."""
    pages = aws.pages("organizations", "ListAccountsWithInvalidEffectivePolicy", "Accounts", PolicyType=kind)
    for item in pages:
        account = observed.account(str(item["Id"]))
        yield f"the effective {kind} of account {account.name if account else item['Id']} is invalid"
