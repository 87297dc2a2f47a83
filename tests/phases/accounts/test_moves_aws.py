"""How AWS is asked what a move costs: what it refuses is not known, and what may pass is raised."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orgkit.aws.rejections import Rejected
from orgkit.phases.accounts.moves import AttachedPolicy, MoveFacts, Share, StackSet
from orgkit.phases.accounts.moves_aws import read_moves
from tests.phases.accounts.test_moves import SCP, moved, node

ADMINISTRATOR = "333333333333"
AUTOMATIC = {
    "StackSetName": "baseline", "PermissionModel": "SERVICE_MANAGED",
    "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
}  # fmt: skip
MANUAL = {**AUTOMATIC, "StackSetName": "manual", "AutoDeployment": {"Enabled": False}}
SELF_MANAGED = {"StackSetName": "own", "PermissionModel": "SELF_MANAGED"}


class Recorded:
    """Answers for each operation; an error code in place of an answer is a rejection."""

    region = "us-east-1"

    def __init__(self, refused: dict[str, str]) -> None:
        self.refused = refused
        self.asked: list[str] = []

    def regions_of(self, _service: str) -> set[str]:
        return {"us-east-1", "eu-west-1"}

    def pages(self, _service: str, operation: str, _member: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield from self._answer(operation, parameters)

    def read(self, _service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self._answer(operation, parameters)
        return {"StackSet": {"OrganizationalUnitIds": [node(("A",))]}}

    def assume(self, _account: str, _role: str) -> "Recorded":
        self._answer("AssumeRole", {})
        return self

    def _answer(self, operation: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked.append(operation)
        code = self.refused.get(operation) or self.refused.get(f"{operation} {parameters.get('CallAs', '')}")
        if code:
            raise Rejected(f"x:{operation}", code, "", "no", "r-1")
        in_ireland = parameters.get("region") == "eu-west-1"
        answers: dict[str, list[dict[str, Any]]] = {
            "ListRegions": [{"RegionName": "us-east-1"}, {"RegionName": "eu-west-1"}, {"RegionName": "xx-new-1"}],
            "ListPoliciesForTarget": [{"Id": "p-1", "Name": "guard"}] if parameters.get("Filter") == SCP else [],
            "ListStackSets": [AUTOMATIC, MANUAL, SELF_MANAGED] if in_ireland else [],
            "ListDelegatedAdministrators": [{"Id": ADMINISTRATOR}],
            "GetResourceShareAssociations": SHARES_IN_IRELAND if in_ireland else [],
        }
        return answers.get(operation, [])


SHARES_IN_IRELAND: list[dict[str, Any]] = [
    {"resourceShareName": "subnets", "status": "ASSOCIATED",
     "associatedEntity": f"arn:aws:organizations::999999999999:ou/o-x/{node(('A',))}"},
    {"resourceShareName": "with an account", "status": "ASSOCIATED", "associatedEntity": ADMINISTRATOR},
]  # fmt: skip


def facts_with(refused: dict[str, str], *trusted: str) -> tuple[MoveFacts, list[str]]:
    observed, desired = moved(("A",), ("D",), None)
    assert observed.organization is not None
    observed = replace(observed, organization=replace(observed.organization, trusted_access=trusted))
    aws: Any = Recorded(refused)
    facts = read_moves(aws, observed, desired.accounts).facts(MoveFacts)
    assert facts is not None
    return facts, aws.asked


STACKS, SHARES = "member.org.stacksets.cloudformation.amazonaws.com", "ram.amazonaws.com"


def test_policies_of_every_enabled_type_are_read_for_each_unit_on_the_way() -> None:
    facts, asked = facts_with({})
    guard = (AttachedPolicy(SCP, "guard", "p-1"),)
    assert dict(facts.policies) == {"ou-A": guard, "ou-D": guard, "r-root": guard}
    assert asked == ["ListPoliciesForTarget"] * 6
    assert (facts.stack_sets, facts.shares, facts.unread) == ((), (), ())


def test_stack_sets_that_deploy_by_themselves_are_read_in_each_region_as_everybody_who_may_have_them() -> None:
    facts, asked = facts_with({}, STACKS)
    assert facts.stack_sets == (StackSet("baseline", "eu-west-1", ("ou-A",), retains=False),)
    assert asked.count("ListStackSets") == 4
    assert facts.unread == ()


def test_shares_with_units_are_read_and_those_of_other_accounts_are_not_known() -> None:
    facts, _ = facts_with({}, SHARES)
    assert facts.shares == (Share("subnets", "eu-west-1", "ou-A"),)
    assert facts.unread == ("resource shares that other accounts own",)


DENIED = {
    "ListRegions": "StackSets and resource shares of other regions",
    "ListStackSets SELF": "StackSets of the management account in eu-west-1",
    "ListStackSets DELEGATED_ADMIN": f"StackSets of delegated administrator {ADMINISTRATOR} in eu-west-1",
    "AssumeRole": f"StackSets of delegated administrator {ADMINISTRATOR}",
    "ListDelegatedAdministrators": "StackSets of delegated administrators",
    "DescribeStackSet": "StackSets of the management account in eu-west-1",
    "GetResourceShareAssociations": "resource shares of the management account in eu-west-1",
}


@pytest.mark.parametrize(("operation", "what"), DENIED.items())
def test_what_aws_refuses_is_not_known(operation: str, what: str) -> None:
    facts, _ = facts_with({operation: "AccessDenied"}, STACKS, SHARES)
    assert what in facts.unread


def test_policies_that_aws_refuses_are_not_known_one_type_of_one_unit_at_a_time() -> None:
    facts, _ = facts_with({"ListPoliciesForTarget": "AccessDeniedException"})
    assert len(facts.unread_policies) == 6


@pytest.mark.parametrize("operation", ["ListPoliciesForTarget", *DENIED])
def test_a_throttle_is_no_answer_and_is_raised(operation: str) -> None:
    with pytest.raises(Rejected):
        facts_with({operation: "TooManyRequestsException"}, STACKS, SHARES)
