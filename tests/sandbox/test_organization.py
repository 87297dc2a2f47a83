"""The organization, its units and services: what AWS does, and that moto still does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from orgkit.sandbox.seed import Seed
from tests.sandbox.conftest import MANAGEMENT, SEED, World

Error = Callable[..., str]


def test_the_management_account_keeps_its_name_and_email(world: World) -> None:
    (account,) = world.organization().list_accounts()["Accounts"]
    assert (account["Id"], account["Name"], account["Email"]) == (MANAGEMENT, "management", "aws@corp.example")
    assert account["JoinedMethod"] == "INVITED"


def test_a_second_organization_is_refused(world: World, error: Error) -> None:
    assert error(world.organization().create_organization) == "AlreadyInOrganizationException"


def test_outside_an_organization_nothing_else_can_be_asked(world: World, error: Error) -> None:
    organizations = world.client("organizations")
    for call in (organizations.describe_organization, organizations.list_accounts, organizations.list_roots):
        assert error(call) == "AWSOrganizationsNotInUseException"


def test_a_member_sees_its_organization_and_no_more(world: World, error: Error) -> None:
    world.organization()
    member = world.in_account(world.account("web"), "organizations")
    assert member.describe_organization()["Organization"]["MasterAccountId"] == MANAGEMENT
    assert error(member.list_accounts) == "AccessDeniedException"
    assert error(member.create_organization) == "AlreadyInOrganizationException"


def test_a_consolidated_billing_organization_stays_one(begin: Callable[[Seed], World], error: Error) -> None:
    world = begin(replace(SEED, consolidated_billing=True))
    organizations = world.client("organizations")
    assert organizations.describe_organization()["Organization"]["FeatureSet"] == "CONSOLIDATED_BILLING"
    enable = organizations.enable_policy_type
    kind = "SERVICE_CONTROL_POLICY"
    assert error(enable, RootId=world.root(), PolicyType=kind) == "PolicyTypeNotAvailableForOrganizationException"
    access = organizations.enable_aws_service_access
    assert error(access, ServicePrincipal="iam.amazonaws.com") == "ConstraintViolationException"


def test_an_organization_can_take_a_while_to_be_finished(begin: Callable[[Seed], World], error: Error) -> None:
    world = begin(replace(SEED, finalizing_seconds=1800))
    organizations = world.organization()
    account = {"AccountName": "web", "Email": "web@corp.example"}
    assert error(organizations.create_account, **account) == "FinalizingOrganizationException"
    world.sandbox.sleep(1801)
    assert organizations.create_account(**account)["CreateAccountStatus"]["State"] == "IN_PROGRESS"


def test_units_have_a_path_and_so_have_accounts(world: World) -> None:
    organizations = world.organization()
    identity, root = organizations.describe_organization()["Organization"]["Id"], world.root()
    security = organizations.create_organizational_unit(ParentId=root, Name="Security")["OrganizationalUnit"]
    audit = organizations.create_organizational_unit(ParentId=security["Id"], Name="Audit")["OrganizationalUnit"]
    assert audit["Path"] == f"{identity}/{root}/{security['Id']}/{audit['Id']}/"
    web = world.account("web")
    organizations.move_account(AccountId=web, SourceParentId=root, DestinationParentId=audit["Id"])
    described = organizations.describe_account(AccountId=web)["Account"]
    assert described["Paths"] == [f"{audit['Path']}{web}/"]
    assert described["State"] == "ACTIVE"
    assert "Status" not in described


def test_a_unit_of_the_same_name_under_the_same_parent_is_refused(world: World, error: Error) -> None:
    organizations = world.organization()
    create, root = organizations.create_organizational_unit, world.root()
    first = create(ParentId=root, Name="Security")["OrganizationalUnit"]["Id"]
    assert error(create, ParentId=root, Name="Security") == "DuplicateOrganizationalUnitException"
    other = create(ParentId=first, Name="Security")["OrganizationalUnit"]["Id"]
    assert other != first
    second = create(ParentId=root, Name="Other")["OrganizationalUnit"]["Id"]
    update = organizations.update_organizational_unit
    assert error(update, OrganizationalUnitId=second, Name="Security") == "DuplicateOrganizationalUnitException"


def test_a_sixth_level_is_refused(world: World, reason: Error) -> None:
    create = world.organization().create_organizational_unit
    parent = world.root()
    for level in range(5):
        parent = create(ParentId=parent, Name=f"level {level}")["OrganizationalUnit"]["Id"]
    assert reason(create, ParentId=parent, Name="too deep") == "OU_DEPTH_LIMIT_EXCEEDED"


def test_a_unit_that_holds_anything_is_not_deleted(world: World, error: Error) -> None:
    organizations = world.organization()
    create = organizations.create_organizational_unit
    outer = create(ParentId=world.root(), Name="outer")["OrganizationalUnit"]["Id"]
    inner = create(ParentId=outer, Name="inner")["OrganizationalUnit"]["Id"]
    delete = organizations.delete_organizational_unit
    assert error(delete, OrganizationalUnitId=outer) == "OrganizationalUnitNotEmptyException"
    delete(OrganizationalUnitId=inner)
    delete(OrganizationalUnitId=outer)
    assert error(organizations.describe_organizational_unit, OrganizationalUnitId=outer)


def test_an_account_is_moved_from_where_it_is(world: World, error: Error) -> None:
    organizations = world.organization()
    root, web = world.root(), world.account("web")
    unit = organizations.create_organizational_unit(ParentId=root, Name="Web")["OrganizationalUnit"]["Id"]
    move = organizations.move_account
    wrong = {"SourceParentId": unit, "DestinationParentId": root}
    assert error(move, AccountId=web, **wrong) == "DuplicateAccountException"
    move(AccountId=web, SourceParentId=root, DestinationParentId=unit)
    other = organizations.create_organizational_unit(ParentId=root, Name="Other")["OrganizationalUnit"]["Id"]
    wrong = {"SourceParentId": root, "DestinationParentId": other}
    assert error(move, AccountId=web, **wrong) == "SourceParentNotFoundException"


def test_lists_come_in_pages_of_twenty(world: World, error: Error) -> None:
    organizations, root = world.organization(), world.root()
    for number in range(45):
        organizations.create_organizational_unit(ParentId=root, Name=f"unit {number}")
    pages = list(organizations.get_paginator("list_organizational_units_for_parent").paginate(ParentId=root))
    assert [len(page["OrganizationalUnits"]) for page in pages] == [20, 20, 5]
    children = organizations.get_paginator("list_children").paginate(ParentId=root, ChildType="ORGANIZATIONAL_UNIT")
    assert sum(len(page["Children"]) for page in children) == 45
    assert error(organizations.list_accounts, NextToken="nonsense") == "InvalidInputException"


@pytest.mark.parametrize("service", ["iam", "cloudtrail", "account", "sso", "config"])
def test_trusted_access_is_given_to_the_services_that_ask_for_it(world: World, service: str) -> None:
    organizations, principal = world.organization(), f"{service}.amazonaws.com"
    organizations.enable_aws_service_access(ServicePrincipal=principal)
    (enabled,) = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert enabled["ServicePrincipal"] == principal


def test_an_unknown_service_principal_is_refused(world: World, error: Error) -> None:
    enable = world.organization().enable_aws_service_access
    assert error(enable, ServicePrincipal="nothing.amazonaws.com") == "InvalidInputException"


def test_security_services_can_be_delegated_and_the_delegate_may_look(world: World) -> None:
    organizations = world.organization()
    web = world.account("web")
    register = organizations.register_delegated_administrator
    register(AccountId=web, ServicePrincipal="securityhub.amazonaws.com")
    assert len(world.in_account(web, "organizations").list_accounts()["Accounts"]) == 2


def test_a_policy_is_json_and_attached_once(world: World, error: Error) -> None:
    organizations = world.organization()
    policy = {"Name": "deny", "Description": "", "Type": "SERVICE_CONTROL_POLICY"}
    create = organizations.create_policy
    assert error(create, Content="{", **policy) == "MalformedPolicyDocumentException"
    made = create(Content='{"Version": "2012-10-17", "Statement": []}', **policy)["Policy"]["PolicySummary"]["Id"]
    organizations.enable_policy_type(RootId=world.root(), PolicyType="SERVICE_CONTROL_POLICY")
    organizations.attach_policy(PolicyId=made, TargetId=world.root())
    assert error(organizations.attach_policy, PolicyId=made, TargetId=world.root()) == (
        "DuplicatePolicyAttachmentException"
    )


def test_a_policy_type_can_take_a_while_to_be_enabled(begin: Callable[[Seed], World]) -> None:
    world = begin(replace(SEED, policy_type_seconds=30))
    organizations = world.organization()
    root = organizations.enable_policy_type(RootId=world.root(), PolicyType="SECURITYHUB_POLICY")["Root"]
    assert root["PolicyTypes"][-1] == {"Type": "SECURITYHUB_POLICY", "Status": "PENDING_ENABLE"}
    world.sandbox.sleep(30)
    assert organizations.list_roots()["Roots"][0]["PolicyTypes"][-1]["Status"] == "ENABLED"


def test_a_policy_of_a_type_that_is_not_enabled_is_not_attached(world: World, error: Error) -> None:
    organizations = world.organization()
    policy = {"Name": "tags", "Description": "", "Type": "TAG_POLICY", "Content": "{}"}
    made = organizations.create_policy(**policy)["Policy"]["PolicySummary"]["Id"]
    attach = organizations.attach_policy
    assert error(attach, PolicyId=made, TargetId=world.root()) == "PolicyTypeNotEnabledException"


def test_tags_of_units_and_accounts_are_read_in_bulk_in_us_east_1(world: World) -> None:
    organizations, root = world.organization(), world.root()
    tags = [{"Key": "ManagedBy", "Value": "orgkit"}]
    unit = organizations.create_organizational_unit(ParentId=root, Name="Web", Tags=tags)["OrganizationalUnit"]
    organizations.tag_resource(ResourceId=MANAGEMENT, Tags=tags)
    api = world.client("resourcegroupstaggingapi")
    found = {
        each["ResourceARN"]
        for each in api.get_resources(ResourceTypeFilters=["organizations"])["ResourceTagMappingList"]
    }
    account = organizations.describe_account(AccountId=MANAGEMENT)["Account"]["Arn"]
    assert found == {unit["Arn"], account}
    only = api.get_resources(ResourceTypeFilters=["organizations:account"])["ResourceTagMappingList"]
    assert only == [{"ResourceARN": account, "Tags": tags}]
    elsewhere = world.client("resourcegroupstaggingapi", region_name="eu-west-1")
    assert elsewhere.get_resources(ResourceTypeFilters=["organizations"])["ResourceTagMappingList"] == []


def test_a_page_of_the_tagging_api_is_as_large_as_it_was_asked_to_be(world: World) -> None:
    organizations, root = world.organization(), world.root()
    tags = [{"Key": f"tag-{number}", "Value": "x"} for number in range(5)]
    for number in range(30):
        organizations.create_organizational_unit(ParentId=root, Name=f"unit {number}", Tags=tags)
    api = world.client("resourcegroupstaggingapi")
    page = api.get_resources(ResourceTypeFilters=["organizations"], ResourcesPerPage=100)
    assert len(page["ResourceTagMappingList"]) == 30
