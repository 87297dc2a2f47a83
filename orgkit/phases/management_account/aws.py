"""AWS calls that read the management account: small reads, each of which AWS may deny."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from orgkit.aws.rejections import EXPIRED_CODES, Rejected
from orgkit.aws.session import HOME, Caller, Connection
from orgkit.model.desired import Desired
from orgkit.model.matching import known_ids
from orgkit.model.observed import Observed, Unread
from orgkit.phases.management_account.control_tower import PRINCIPAL, ControlTower
from orgkit.phases.management_account.control_tower_aws import read_control_tower, read_role, read_trusted_access
from orgkit.phases.management_account.findings import (
    BOOTSTRAP_PHASES,
    CONTROL_TOWER_PHASES,
    QUOTA_PHASES,
    AccountPlan,
    Facts,
    IdentityCenter,
    Membership,
    OwnTrail,
    Phone,
    RootUser,
)
from orgkit.phases.management_account.home_region_aws import read_home_regions
from orgkit.phases.management_account.workloads_aws import read_keys, read_workloads

T = TypeVar("T")
CREDIT_HISTORY = timedelta(days=364)  # GetCredits refuses a start of more than a year ago (botocore's model)
QUOTA_NAME, QUOTA_CODE = "Default maximum number of accounts", "L-29A0C5DF"  # sources differ on the code: name first


def read_facts(aws: Connection, desired: Desired, caller: Caller, *, workloads: bool = False) -> Facts:
    """Read everything that the checks need.

    With `workloads`, also look for resources that do not belong, and for Control Tower in every region.
    """
    home, account = desired.organization.home_region, caller.account
    organization = ask(_organization, aws)
    is_management = isinstance(organization, Membership) and organization.management_account_id == account
    members = ask(_members, aws) if is_management else ()
    questions: dict[str, Callable[[], Any]] = {
        "invited": lambda: ask(_invited_accounts, aws) if is_management else (),
        "root": lambda: ask(_root, aws),
        "plan": lambda: ask(_plan, aws, account),
        "quota": lambda: ask(_quota, aws),
        "state": lambda: ask(_state, aws),
        "phone": lambda: ask(_phone, aws),
        "security_contact": lambda: ask(_security_contact, aws),
        "alias": lambda: ask(read_alias, aws),
        "trails": lambda: ask(_trails, aws, home),
        "identity_center": lambda: ask(_identity_center, aws, home, account, organization is None),
        "budgets": lambda: ask(_budgets, aws, account),
        "control_tower": lambda: _control_tower(aws, home, is_management) if workloads else None,
        "keys": lambda: ask(read_keys, aws) if workloads else None,
        "workloads": lambda: read_workloads(aws, home) if workloads else None,
        "home_regions": lambda: read_home_regions(aws, desired, account, members) if workloads else (),
    }
    return Facts(
        caller_account=account,
        caller_arn=caller.arn,
        organization=organization,
        members=members,
        **_answers_to(aws, questions),
    )


def _answers_to(aws: Connection, questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Ask at the same time what does not depend on each other."""
    answers = aws.executor.map(lambda question: question(), list(questions.values()))
    return dict(zip(questions, answers, strict=True))


def read_blocking_facts(aws: Connection, desired: Desired, observed: Observed, phases: Collection[str]) -> Facts:
    """Read what may stop these phases (by number), for an organization that was just read; raises Rejected.

    What only leads to warnings is not read again: the record of 00 has it.
    """
    organization = observed.organization
    assert organization is not None
    unread, needs_quota = Unread("not read for this phase"), not set(QUOTA_PHASES).isdisjoint(phases)
    needs_account = not set(BOOTSTRAP_PHASES).isdisjoint(phases)
    needs_control_tower = not set(CONTROL_TOWER_PHASES).isdisjoint(phases)
    trusted, home = PRINCIPAL in organization.trusted_access, desired.organization.home_region
    questions: dict[str, Callable[[], Any]] = {
        "invited": lambda: ask_signed_in(_invited_accounts, aws) if needs_quota else unread,
        "root": lambda: ask_signed_in(_root, aws) if needs_account else unread,
        "quota": lambda: ask_signed_in(_quota, aws) if needs_quota else unread,
        "state": lambda: ask_signed_in(_state, aws) if needs_account else unread,
        "control_tower": lambda: read_control_tower(aws, home, trusted, ask_signed_in) if needs_control_tower else None,
    }
    return Facts(
        caller_account=observed.target.account,
        caller_arn=observed.caller_arn,
        organization=Membership(
            organization.id, organization.management_account_id, organization.management_email, organization.feature_set
        ),
        members=tuple((account.id, account.email) for account in observed.accounts),
        plan=None,
        phone=unread,
        security_contact=unread,
        alias=unread,
        trails=unread,
        identity_center=unread,
        budgets=unread,
        known_keys=frozenset(known_ids(desired, observed)),
        **_answers_to(aws, questions),
    )


def _control_tower(aws: Connection, home: str, is_management: bool) -> ControlTower:
    questions: dict[str, Callable[[], Any]] = {
        "trusted_access": lambda: ask(read_trusted_access, aws) if is_management else False,
        "tower": lambda: read_control_tower(aws, home, False, ask),
        "role": lambda: ask(read_role, aws),
    }
    answers = _answers_to(aws, questions)
    tower: ControlTower = answers["tower"]
    return replace(tower, trusted_access=answers["trusted_access"], role=answers["role"])


def ask_signed_in(question: Callable[..., T], *arguments: Any) -> T | Unread:
    """The same as `ask`, but expired credentials raise Rejected: signing in helps, an attestation does not."""
    try:
        return question(*arguments)
    except Rejected as rejection:
        if rejection.code in EXPIRED_CODES:
            raise
        return Unread(str(rejection), rejection.remedy, rejection.code)


def ask(question: Callable[..., T], *arguments: Any) -> T | Unread:
    """Return the result, or Unread with AWS's reason."""
    try:
        return question(*arguments)
    except Rejected as rejection:
        return Unread(str(rejection), rejection.remedy, rejection.code)


def _organization(aws: Connection) -> Membership | None:
    try:
        organization = aws.read("organizations", "DescribeOrganization")["Organization"]
    except Rejected as rejection:
        if rejection.code == "AWSOrganizationsNotInUseException":
            return None
        raise
    management = str(organization.get("MasterAccountId") or organization.get("ManagementAccountId", ""))
    return Membership(
        organization["Id"], management, str(organization.get("MasterAccountEmail", "")), organization["FeatureSet"]
    )


def _members(aws: Connection) -> tuple[tuple[str, str], ...]:
    accounts = aws.pages("organizations", "ListAccounts", "Accounts")
    return tuple(sorted((str(account["Id"]), str(account.get("Email", ""))) for account in accounts))


def _invited_accounts(aws: Connection) -> tuple[str, ...]:
    handshakes = aws.pages(
        "organizations", "ListHandshakesForOrganization", "Handshakes", Filter={"ActionType": "INVITE"}
    )
    return tuple(_invitee(handshake) for handshake in handshakes if handshake["State"] in ("REQUESTED", "OPEN"))


def _invitee(handshake: dict[str, Any]) -> str:
    """The account id or email that was invited; the handshake's own id, so that it is counted, when it names none."""
    parties = (party["Id"] for party in handshake.get("Parties", []) if party["Type"] != "ORGANIZATION")
    return str(next(parties, handshake["Id"]))


def _root(aws: Connection) -> RootUser | Unread:
    summary = aws.read("iam", "GetAccountSummary").get("SummaryMap", {})
    if not {"AccountMFAEnabled", "AccountAccessKeysPresent"} <= summary.keys():
        return Unread("iam:GetAccountSummary said nothing of the root user")
    return RootUser(mfa=summary["AccountMFAEnabled"] > 0, access_keys=summary["AccountAccessKeysPresent"] > 0)


def _plan(aws: Connection, account: str) -> AccountPlan | Unread | None:
    try:
        state = aws.read("freetier", "GetAccountPlanState")
    except Rejected as rejection:
        if rejection.code == "ResourceNotFoundException":
            return None
        raise
    amount = state.get("accountPlanRemainingCredits", {}).get("amount")
    if amount is None and "accountPlanType" in state:
        amount = ask(_credits_left, aws, account)
    if amount is None or isinstance(amount, Unread) or "accountPlanType" not in state:
        return Unread("freetier:GetAccountPlanState named no plan or no amount")
    return AccountPlan(str(state["accountPlanType"]), f"{Decimal(str(amount)):.2f}")


def _credits_left(aws: Connection, account: str) -> Decimal:
    """The unused credits of the account in US dollars, as AWS Billing lists them; it looks back a year at most."""
    now = aws.clock.now()
    answer = aws.read("billing", "GetCredits", accountId=account, startDate=now - CREDIT_HISTORY)
    amounts = (
        credit["remainingAmount"]
        for credit in answer.get("credits", [])
        if credit.get("creditStatus", "ENABLED") == "ENABLED" and credit.get("endDate", now) >= now
    )
    return sum((Decimal(a["currencyAmount"]) for a in amounts if a["currencyCode"] == "USD"), Decimal(0))


def _quota(aws: Connection) -> int | Unread:
    quotas = list(aws.pages("service-quotas", "ListServiceQuotas", "Quotas", region=HOME, ServiceCode="organizations"))
    for member, value in (("QuotaName", QUOTA_NAME), ("QuotaCode", QUOTA_CODE)):
        quota = next((item for item in quotas if item.get(member) == value), None)
        if quota is not None and "Value" in quota:
            return int(quota["Value"])
    return Unread(f"Service Quotas lists no {QUOTA_NAME!r}")


def _state(aws: Connection) -> str:
    return str(aws.read("account", "GetAccountInformation").get("AccountState", ""))


def _phone(aws: Connection) -> Phone:
    contact = aws.read("account", "GetContactInformation")
    return Phone(
        bool(contact.get("ContactInformation", {}).get("PhoneNumber")), str(contact.get("VerificationStatus", ""))
    )


def _security_contact(aws: Connection) -> bool:
    try:
        return bool(aws.read("account", "GetAlternateContact", AlternateContactType="SECURITY").get("AlternateContact"))
    except Rejected as rejection:
        if rejection.code == "ResourceNotFoundException":
            return False
        raise


def read_alias(aws: Connection) -> str | None:
    """The account's alias, the name by which people know it; raises Rejected."""
    return next(iter(aws.read("iam", "ListAccountAliases").get("AccountAliases", [])), None)


def _trails(aws: Connection, home: str) -> tuple[OwnTrail, ...]:
    trails = aws.read("cloudtrail", "DescribeTrails", region=home).get("trailList", [])
    return tuple(OwnTrail(trail["Name"], bool(trail.get("IsOrganizationTrail"))) for trail in trails)


def _identity_center(aws: Connection, home: str, account: str, is_alone: bool) -> tuple[IdentityCenter, ...]:
    """Read the instances; AWS does not report their kind: one older than the organization belongs to one account."""
    items = aws.pages("sso-admin", "ListInstances", "Instances", region=home, RegionScope="ALL_REGIONS")
    instances = sorted(items, key=lambda item: str(item.get("OwnerAccountId")))
    begin = None if is_alone or not instances else _organization_begin(aws, account)
    return tuple(
        IdentityCenter(
            owner=str(item.get("OwnerAccountId", "")),
            status=str(item.get("Status", "")),
            is_older=is_alone or (begin is not None and item.get("CreatedDate", begin) < begin),
        )
        for item in instances
    )


def _organization_begin(aws: Connection, account: str) -> datetime | None:
    """Return when the management account joined its organization, which is when that was created."""
    items = (item for item in aws.pages("organizations", "ListAccounts", "Accounts") if item["Id"] == account)
    join_time: datetime | None = next(items, {}).get("JoinedTimestamp")
    return join_time


def _budgets(aws: Connection, account: str) -> int:
    return sum(1 for _ in aws.pages("budgets", "DescribeBudgets", "Budgets", AccountId=account))
