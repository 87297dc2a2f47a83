"""How AWS is asked about the management account: some sixteen small reads, each of which may be refused."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from orgkit.aws.retry import Refused
from orgkit.aws.session import HOME, Caller, Connection
from orgkit.management_account.workloads_aws import read_keys, read_workloads
from orgkit.model.desired import Desired
from orgkit.model.management_account import AccountPlan, Facts, Membership, OwnTrail, Phone, RootUser
from orgkit.model.observed import Unread

T = TypeVar("T")
QUOTA_NAME, QUOTA_CODE = "Default maximum number of accounts", "L-29A0C5DF"  # sources differ on the code: name first


def read_facts(aws: Connection, desired: Desired, caller: Caller, *, workloads: bool = False) -> Facts:
    """One reading of everything that the checks rest on; `workloads` looks for what does not belong, too."""
    home, account = desired.organization.home_region, caller.account
    organization = ask(_organization, aws)
    ours = isinstance(organization, Membership) and organization.management_account_id == account
    return Facts(
        caller_account=account,
        caller_arn=caller.arn,
        organization=organization,
        members=ask(_members, aws) if ours else (),
        invited=ask(_invited, aws) if ours else (),
        root=ask(_root, aws),
        plan=ask(_plan, aws),
        quota=ask(_quota, aws),
        state=ask(_state, aws),
        phone=ask(_phone, aws),
        security_contact=ask(_security_contact, aws),
        alias=ask(read_alias, aws),
        landing_zones=ask(_landing_zones, aws, home),
        control_tower_role=ask(_control_tower_role, aws),
        trails=ask(_trails, aws, home),
        identity_center=ask(_identity_center, aws, home, account),
        budgets=ask(_budgets, aws, account),
        keys=ask(read_keys, aws) if workloads else None,
        workloads=read_workloads(aws, home) if workloads else None,
    )


def ask(question: Callable[..., T], *arguments: Any) -> T | Unread:
    """The answer, or AWS's words for not giving one."""
    try:
        return question(*arguments)
    except Refused as refused:
        return Unread(str(refused))


def _organization(aws: Connection) -> Membership | None:
    try:
        found = aws.read("organizations", "DescribeOrganization")["Organization"]
    except Refused as refused:
        if refused.code == "AWSOrganizationsNotInUseException":
            return None
        raise
    management = str(found.get("MasterAccountId") or found.get("ManagementAccountId", ""))
    return Membership(found["Id"], management, str(found.get("MasterAccountEmail", "")), found["FeatureSet"])


def _members(aws: Connection) -> tuple[tuple[str, str], ...]:
    found = aws.pages("organizations", "ListAccounts", "Accounts")
    return tuple(sorted((str(each["Id"]), str(each.get("Email", ""))) for each in found))


def _invited(aws: Connection) -> tuple[str, ...]:
    found = aws.pages("organizations", "ListHandshakesForOrganization", "Handshakes", Filter={"ActionType": "INVITE"})
    return tuple(_invitee(each) for each in found if each["State"] in ("REQUESTED", "OPEN"))


def _invitee(handshake: dict[str, Any]) -> str:
    """The account id or e-mail that was invited; the handshake's own id, so that it is counted, when it names none."""
    parties = (party["Id"] for party in handshake.get("Parties", []) if party["Type"] != "ORGANIZATION")
    return str(next(parties, handshake["Id"]))


def _root(aws: Connection) -> RootUser | Unread:
    summary = aws.read("iam", "GetAccountSummary").get("SummaryMap", {})
    if not {"AccountMFAEnabled", "AccountAccessKeysPresent"} <= summary.keys():
        return Unread("iam:GetAccountSummary said nothing of the root user")
    return RootUser(mfa=summary["AccountMFAEnabled"] > 0, access_keys=summary["AccountAccessKeysPresent"] > 0)


def _plan(aws: Connection) -> AccountPlan | Unread | None:
    try:
        found = aws.read("freetier", "GetAccountPlanState")
    except Refused as refused:
        if refused.code == "ResourceNotFoundException":
            return None
        raise
    amount = found.get("accountPlanRemainingCredits", {}).get("amount")
    if amount is None or "accountPlanType" not in found:
        return Unread("freetier:GetAccountPlanState named no plan or no amount")
    return AccountPlan(str(found["accountPlanType"]), f"{Decimal(str(amount)):.2f}")


def _quota(aws: Connection) -> int | Unread:
    found = list(aws.pages("service-quotas", "ListServiceQuotas", "Quotas", region=HOME, ServiceCode="organizations"))
    for member, value in (("QuotaName", QUOTA_NAME), ("QuotaCode", QUOTA_CODE)):
        quota = next((each for each in found if each.get(member) == value), None)
        if quota is not None and "Value" in quota:
            return int(quota["Value"])
    return Unread(f"Service Quotas lists no {QUOTA_NAME!r}")


def _state(aws: Connection) -> str:
    return str(aws.read("account", "GetAccountInformation").get("AccountState", ""))


def _phone(aws: Connection) -> Phone:
    found = aws.read("account", "GetContactInformation")
    return Phone(bool(found.get("ContactInformation", {}).get("PhoneNumber")), str(found.get("VerificationStatus", "")))


def _security_contact(aws: Connection) -> bool:
    try:
        return bool(aws.read("account", "GetAlternateContact", AlternateContactType="SECURITY").get("AlternateContact"))
    except Refused as refused:
        if refused.code == "ResourceNotFoundException":
            return False
        raise


def read_alias(aws: Connection) -> str | None:
    """The account's alias, the name by which people know it; raises Refused."""
    return next(iter(aws.read("iam", "ListAccountAliases").get("AccountAliases", [])), None)


def _landing_zones(aws: Connection, home: str) -> int:
    return sum(1 for _ in aws.pages("controltower", "ListLandingZones", "landingZones", region=home))


def _control_tower_role(aws: Connection) -> bool:
    try:
        return bool(aws.read("iam", "GetRole", RoleName="AWSControlTowerAdmin").get("Role"))
    except Refused as refused:
        if refused.code in ("NoSuchEntity", "NoSuchEntityException"):
            return False
        raise


def _trails(aws: Connection, home: str) -> tuple[OwnTrail, ...]:
    found = aws.read("cloudtrail", "DescribeTrails", region=home).get("trailList", [])
    return tuple(OwnTrail(each["Name"], bool(each.get("IsOrganizationTrail"))) for each in found)


def _identity_center(aws: Connection, home: str, account: str) -> tuple[str, ...]:
    found = aws.pages("sso-admin", "ListInstances", "Instances", region=home, RegionScope="ALL_REGIONS")
    return tuple(str(each.get("Status", "")) for each in found if each.get("OwnerAccountId") == account)


def _budgets(aws: Connection, account: str) -> int:
    return sum(1 for _ in aws.pages("budgets", "DescribeBudgets", "Budgets", AccountId=account))
