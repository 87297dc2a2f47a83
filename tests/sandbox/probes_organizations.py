"""One probe for each correction of Organizations: does moto still do what the correction says?"""

from typing import Any
from unittest.mock import Mock, patch

import boto3
from botocore.exceptions import PaginationError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.organizations.models import (
    FakeDelegatedAdministrator,
    FakeOrganizationalUnit,
    FakePolicy,
    FakeRoot,
    FakeServiceAccess,
)
from moto.sts.models import sts_backends

from tests.sandbox.stock import Organization, Stock, probe, refused

BILLING = {"FeatureSet": "CONSOLIDATED_BILLING"}


@probe("OrganizationsResponse.list_accounts")
def hundred_accounts_a_page(stock: Stock) -> bool:
    organization = Organization(stock)
    for number in range(21):
        organization.account(f"a{number}")
    accounts = organization.client.list_accounts()["Accounts"]
    return len(accounts) == 22 and "Paths" not in accounts[0] and "Status" in accounts[0]


@probe("OrganizationsResponse.list_accounts_for_parent")
def accounts_of_a_parent_have_a_status_and_no_paths(stock: Stock) -> bool:
    organization = Organization(stock)
    (account,) = organization.client.list_accounts_for_parent(ParentId=organization.root)["Accounts"]
    return "Paths" not in account and "Status" in account


@probe("OrganizationsBackend.close_account")
def accounts_are_closed_at_once(stock: Stock) -> bool:
    organization = Organization(stock)
    organization.account("a")
    for account in organization.client.list_accounts()["Accounts"]:
        organization.client.close_account(AccountId=account["Id"])
    return {each["State"] for each in organization.client.list_accounts()["Accounts"]} == {"SUSPENDED"}


@probe("OrganizationsBackend.create_account")
def accounts_are_made_at_once_and_an_email_is_taken_twice(stock: Stock) -> bool:
    client = Organization(stock).client
    made = [client.create_account(AccountName="a", Email="a@b.example") for _ in range(7)]
    return {each["CreateAccountStatus"]["State"] for each in made} == {"SUCCEEDED"}


@probe("OrganizationsBackend.describe_create_account_status")
def a_request_is_an_account(stock: Stock) -> bool:
    describe = Organization(stock).client.describe_create_account_status
    return refused(describe, CreateAccountRequestId="car-00000000") == "AccountNotFoundException"


@probe("OrganizationsResponse.list_create_account_status")
def a_list_of_requests_never_ends(stock: Stock) -> bool:
    organization = Organization(stock)
    for number in range(7):
        organization.account(f"a{number}")
    paginator = organization.client.get_paginator("list_create_account_status")
    try:
        list(paginator.paginate(PaginationConfig={"PageSize": 2}))
    except PaginationError:
        return True
    return False


@probe("OrganizationsBackend.remove_account_from_organization")
def any_member_is_removed(stock: Stock) -> bool:
    organization = Organization(stock)
    account = organization.account("a")
    register = organization.client.register_delegated_administrator
    register(AccountId=account, ServicePrincipal="guardduty.amazonaws.com")
    return not refused(organization.client.remove_account_from_organization, AccountId=account)


@probe("OrganizationsResponse.organizations_backend")
def a_member_sees_an_organization_of_its_own(stock: Stock) -> bool:
    account = Organization(stock).account("a")
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    keys = stock("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    member = boto3.client("organizations", "us-east-1", None, True, None, None, *list(keys.values())[:3])
    return bool(member.list_accounts()["Accounts"] == [])


@probe("OrganizationsResponse.call_action")
def anybody_may_call_anything(stock: Stock) -> bool:
    return bool(stock("organizations").list_accounts()["Accounts"] == [])


@probe("OrganizationsBackend.create_organization")
def the_management_account_is_a_master(stock: Stock) -> bool:
    (account,) = Organization(stock, FeatureSet="ALL").client.list_accounts()["Accounts"]
    return (account["Name"], account["Email"]) == ("master", "master@example.com")


@probe("organizations.managed_policies")
def policies_of_aws_are_the_organizations(stock: Stock) -> bool:
    client = Organization(stock).client
    arn = client.describe_policy(PolicyId="p-FullAWSAccess")["Policy"]["PolicySummary"]["Arn"]
    return f"::{DEFAULT_ACCOUNT_ID}:policy/o-" in arn


@probe("organizations.describe_account")
def an_account_has_a_status(stock: Stock) -> bool:
    account = Organization(stock).client.describe_account(AccountId=DEFAULT_ACCOUNT_ID)["Account"]
    return "Status" in account and "Paths" not in account


@probe("OrganizationsBackend.validate_parent_id")
def any_text_can_be_a_parent(stock: Stock) -> bool:
    listed = Organization(stock).client.list_children
    return refused(listed, ParentId="o-aaaaaaaaaa", ChildType="ACCOUNT") == "ParentNotFoundException"


@probe("FakeDelegatedAdministrator.describe")
def a_delegated_administrator_has_the_members_of_an_account(_: Stock) -> bool:
    """A class of moto's that has one member more than an account."""
    account = Mock(describe=lambda: {"Anything": 1})
    return set(FakeDelegatedAdministrator(account).describe()) == {"Anything", "DelegationEnabledDate"}


@probe("OrganizationsBackend.describe_organization")
def consolidated_billing_has_policy_types(stock: Stock) -> bool:
    described = Organization(stock, **BILLING).client.describe_organization()["Organization"]
    return [each["Type"] for each in described["AvailablePolicyTypes"]] == ["SERVICE_CONTROL_POLICY"]


@probe("OrganizationsBackend.delete_organization")
def an_organization_with_units_is_deleted(stock: Stock) -> bool:
    organization = Organization(stock)
    organization.unit("a")
    organization.policy()
    return not refused(organization.client.delete_organization)


@probe("OrganizationsBackend.create_policy")
def any_text_is_a_policy(stock: Stock) -> bool:
    return bool(Organization(stock).policy("{"))


@probe("OrganizationsBackend.attach_policy")
def a_policy_is_attached_twice_and_of_any_type(stock: Stock) -> bool:
    organization = Organization(stock)
    attach = {"PolicyId": organization.policy(kind="TAG_POLICY"), "TargetId": organization.root}
    return not any(refused(organization.client.attach_policy, **attach) for _ in range(2))


@probe("OrganizationsBackend.detach_policy")
def a_policy_that_is_not_attached_is_detached(stock: Stock) -> bool:
    organization = Organization(stock)
    return not refused(organization.client.detach_policy, PolicyId=organization.policy(), TargetId=organization.root)


@probe("OrganizationsBackend.delete_policy")
def a_policy_of_aws_is_deleted_where_it_is_attached_to_nothing(stock: Stock) -> bool:
    client = Organization(stock).client
    (full,) = [each for each in client.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"] if each["AwsManaged"]]
    for target in client.list_targets_for_policy(PolicyId=full["Id"])["Targets"]:
        client.detach_policy(PolicyId=full["Id"], TargetId=target["TargetId"])
    return not refused(client.delete_policy, PolicyId=full["Id"])


@probe("FakeRoot.SUPPORTED_POLICY_TYPES")
def five_types_of_a_root(_: Stock) -> bool:
    return len(FakeRoot.SUPPORTED_POLICY_TYPES) == 5


@probe("FakePolicy.SUPPORTED_POLICY_TYPES")
def five_types_of_policies(_: Stock) -> bool:
    return len(FakePolicy.SUPPORTED_POLICY_TYPES) == 5


@probe("OrganizationsBackend.enable_policy_type")
def a_policy_type_is_enabled_at_once_and_anywhere(stock: Stock) -> bool:
    organization = Organization(stock, **BILLING)
    kind = {"RootId": organization.root, "PolicyType": "SERVICE_CONTROL_POLICY"}
    types = organization.client.enable_policy_type(**kind)["Root"]["PolicyTypes"]
    return [each["Status"] for each in types] == ["ENABLED"]


@probe("FakeServiceAccess.trusted_service")
def iam_is_not_trusted(stock: Stock) -> bool:
    enable = Organization(stock).client.enable_aws_service_access
    return refused(enable, ServicePrincipal="iam.amazonaws.com") == "InvalidInputException"


@probe("FakeDelegatedAdministrator.supported_service")
def most_services_are_not_delegated(stock: Stock) -> bool:
    organization = Organization(stock)
    register, account = organization.client.register_delegated_administrator, organization.account("a")
    services = [f"{name}.amazonaws.com" for name in ("cloudtrail", "iam", "sso", "securityhub")]
    output = {refused(register, AccountId=account, ServicePrincipal=service) for service in services}
    return output == {"InvalidInputException"}


@probe("OrganizationsResponse.enable_aws_service_access")
def consolidated_billing_has_trusted_access(stock: Stock) -> bool:
    enable = Organization(stock, **BILLING).client.enable_aws_service_access
    return not refused(enable, ServicePrincipal="cloudtrail.amazonaws.com")


@probe("OrganizationsResponse.list_aws_service_access_for_organization")
def trusted_services_are_one_page(stock: Stock) -> bool:
    client = Organization(stock).client
    for service in FakeServiceAccess.TRUSTED_SERVICES[:25]:
        client.enable_aws_service_access(ServicePrincipal=service)
    return len(client.list_aws_service_access_for_organization()["EnabledServicePrincipals"]) == 25


@probe("OrganizationsBackend.create_organizational_unit")
def a_unit_is_made_twice_and_at_any_depth(stock: Stock) -> bool:
    organization = Organization(stock)
    organization.unit("a")
    parent = organization.unit("a")
    for _ in range(7):
        parent = organization.unit("deeper", parent)
    return bool(parent)


@probe("OrganizationsBackend.update_organizational_unit")
def a_name_is_taken_everywhere(stock: Stock) -> bool:
    organization = Organization(stock)
    organization.unit("inner", organization.unit("outer"))
    update, other = organization.client.update_organizational_unit, organization.unit("other")
    return refused(update, OrganizationalUnitId=other, Name="inner") == "DuplicateOrganizationalUnitException"


@probe("OrganizationsBackend.describe_organizational_unit")
def a_described_unit_has_no_path(stock: Stock) -> bool:
    organization = Organization(stock)
    described = organization.client.describe_organizational_unit(OrganizationalUnitId=organization.unit("a"))
    return "Path" not in described["OrganizationalUnit"]


@probe("OrganizationsResponse.list_organizational_units_for_parent")
def a_listed_unit_has_no_path(stock: Stock) -> bool:
    organization = Organization(stock)
    organization.unit("a")
    listed = organization.client.list_organizational_units_for_parent(ParentId=organization.root)
    return "Path" not in listed["OrganizationalUnits"][0]


@probe("OrganizationsBackend.delete_organizational_unit")
def a_unit_is_deleted_with_what_it_holds(stock: Stock) -> bool:
    organization = Organization(stock)
    outer = organization.unit("outer")
    organization.unit("inner", outer)
    return not refused(organization.client.delete_organizational_unit, OrganizationalUnitId=outer)


@probe("OrganizationsResponse.list_children")
def children_are_one_page(stock: Stock) -> bool:
    organization = Organization(stock)
    return len(_units(organization)) == 25


def _units(organization: Organization) -> list[Any]:
    for number in range(25):
        organization.unit(f"unit {number}")
    children = organization.client.list_children(ParentId=organization.root, ChildType="ORGANIZATIONAL_UNIT")
    return list(children["Children"])


@probe("OrganizationsResponse.list_targets_for_policy")
def targets_are_one_page(stock: Stock) -> bool:
    organization = Organization(stock)
    _units(organization)
    return len(organization.client.list_targets_for_policy(PolicyId="p-FullAWSAccess")["Targets"]) > 25


@probe("OrganizationsBackend.move_account")
def an_account_is_moved_from_anywhere_to_where_it_is(stock: Stock) -> bool:
    organization = Organization(stock)
    account, unit = organization.account("a"), organization.unit("a")
    move = organization.client.move_account
    output = refused(move, AccountId=account, SourceParentId=unit, DestinationParentId=organization.root)
    return not output


@probe("organizations.throttling")
def any_number_of_requests_is_taken(stock: Stock) -> bool:
    client = Organization(stock).client
    return not any(refused(client.list_roots) for _ in range(20))


@probe("organizations.overlapping_writes")
def a_change_is_made_within_another(stock: Stock) -> bool:
    organization = Organization(stock)
    made, inner = FakeOrganizationalUnit.__init__, list[str]()

    def begun(self: Any, *values: Any, **named: Any) -> None:
        made(self, *values, **named)
        if named["Name"] == "outer":
            inner.append(organization.unit("inner"))

    with patch.object(FakeOrganizationalUnit, "__init__", begun):
        outer = organization.unit("outer")
    return len({outer, *inner}) == 2


@probe("organizations.empty_pages")
def no_page_is_empty(stock: Stock) -> bool:
    organization = Organization(stock)
    _units(organization)
    paginator = organization.client.get_paginator("list_organizational_units_for_parent")
    pages = paginator.paginate(ParentId=organization.root, PaginationConfig={"PageSize": 5})
    return all(page["OrganizationalUnits"] for page in pages)


@probe("organizations.finalizing")
def a_new_organization_takes_accounts_at_once(stock: Stock) -> bool:
    return bool(Organization(stock).account("a"))


@probe("new_account.access_role")
def an_access_role_may_do_nothing_and_is_there_at_once(stock: Stock) -> bool:
    roles = iam_backends[Organization(stock).account("a")]["aws"].roles.values()
    return [(role.name, dict(role.managed_policies)) for role in roles] == [("OrganizationAccountAccessRole", {})]


@probe("new_account.services")
def a_new_account_has_every_service_at_once(stock: Stock) -> bool:
    arn = f"arn:aws:iam::{Organization(stock).account('a')}:role/OrganizationAccountAccessRole"
    keys = stock("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    storage = boto3.client("s3", "us-east-1", None, True, None, None, *list(keys.values())[:3])
    return not refused(storage.list_buckets)


@probe("sts.expiration")
def credentials_are_good_for_ever(stock: Stock) -> bool:
    arn = f"arn:aws:iam::{Organization(stock).account('a')}:role/OrganizationAccountAccessRole"
    keys = stock("sts").assume_role(RoleArn=arn, RoleSessionName="test", DurationSeconds=900)["Credentials"]
    for backends in sts_backends.values():
        for session in [each for backend in backends.values() for each in backend.assumed_roles]:
            session.expiration = session.expiration.replace(year=2020)
    caller = boto3.client("sts", "us-east-1", None, True, None, None, *list(keys.values())[:3])
    return not refused(caller.get_caller_identity)
