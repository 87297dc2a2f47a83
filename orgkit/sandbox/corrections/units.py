"""Organizational units: ids from their path, names once under a parent, five levels, Path."""

import json
import re
from typing import Any

from moto.organizations import utils
from moto.organizations.models import FakeAccount, FakeOrganizationalUnit, OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.paging import answer
from orgkit.sandbox.corrections.paths import chain, path
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

_validate_parent_id = OrganizationsBackend.validate_parent_id
PARENT_ID = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")  # as the API's model has it
MAX_DEPTH = 5
MAX_UNITS = 2000


def describe(backend: OrganizationsBackend, unit: FakeOrganizationalUnit) -> dict[str, Any]:
    """With its Path."""
    return {"Id": unit.id, "Arn": unit.arn, "Name": unit.name, "Path": path(backend, unit.id)}


@corrects(OrganizationsBackend, moto="CreateOrganizationalUnit accepts all: a name twice, any depth, any number.")
def create_organizational_unit(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """CreateOrganizationalUnit refuses a name twice under one parent, a sixth level and a 2001st unit."""
    parents = chain(self, self.validate_parent_id(kwargs["ParentId"]))
    _check_name(self, kwargs["ParentId"], kwargs["Name"])
    _check_limits(self, len(parents))
    unit = FakeOrganizationalUnit(self.org, **kwargs)
    names = [ancestor.name for ancestor in parents[1:]] + [unit.name]
    unit.id = _unit_id(self, names)
    self.ou.append(unit)
    for policy_id in (utils.DEFAULT_SCP_POLICY_ID, utils.DEFAULT_RCP_POLICY_ID):
        self.attach_policy(PolicyId=policy_id, TargetId=unit.id)
    return {"OrganizationalUnit": describe(self, unit)}


def _unit_id(backend: OrganizationsBackend, names: list[str]) -> str:
    """Return an id of its own: a unit that was deleted or renamed does not lend its id to the next."""
    root_id, used = backend.org.root_id, (unit.id for unit in backend.ou)

    def derive(number: int) -> str:
        return f"ou-{root_id.removeprefix('r-')}-{ids.derive(8, 'unit', root_id, *names, number)}"

    return world().free_id(used, derive, "unit", root_id, *names)


def _check_name(backend: OrganizationsBackend, parent_id: str, name: str, exclude_id: str = "") -> None:
    if any(unit.parent_id == parent_id and unit.name == name and unit.id != exclude_id for unit in backend.ou):
        raise refusal("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")


def _check_limits(backend: OrganizationsBackend, depth: int) -> None:
    if depth > MAX_DEPTH:
        message = "You have exceeded the OU depth limit."
        raise refusal("ConstraintViolationException", message, "OU_DEPTH_LIMIT_EXCEEDED")
    if len(backend.ou) > MAX_UNITS:
        message = "You have exceeded the number of OUs in an organization."
        raise refusal("ConstraintViolationException", message, "OU_NUMBER_LIMIT_EXCEEDED")


@corrects(
    OrganizationsBackend,
    moto="An invalid parent id is ParentNotFoundException.",
    source="study notes with the output of ListChildren on AWS, December 2024.",
)
def validate_parent_id(self: OrganizationsBackend, parent_id: str) -> str:
    """A parent's id has the form of a root's or a unit's: InvalidInputException, INVALID_PATTERN."""
    if not PARENT_ID.fullmatch(parent_id):
        message = "You provided a value that does not match the required pattern."
        raise refusal("InvalidInputException", message, "INVALID_PATTERN")
    valid: str = _validate_parent_id(self, parent_id)
    return valid


@corrects(OrganizationsBackend, moto="UpdateOrganizationalUnit needs a name that is free in the whole organization.")
def update_organizational_unit(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """UpdateOrganizationalUnit needs a name that is free under the same parent."""
    unit = self.get_organizational_unit_by_id(kwargs["OrganizationalUnitId"])
    _check_name(self, unit.parent_id, kwargs.get("Name", unit.name), exclude_id=unit.id)
    unit.name = kwargs.get("Name", unit.name)
    return {"OrganizationalUnit": describe(self, unit)}


@corrects(OrganizationsBackend, moto="DescribeOrganizationalUnit returns no Path.")
def describe_organizational_unit(self: OrganizationsBackend, **kwargs: Any) -> dict[str, Any]:
    """DescribeOrganizationalUnit returns the Path."""
    unit = self.get_organizational_unit_by_id(kwargs["OrganizationalUnitId"])
    return {"OrganizationalUnit": describe(self, unit)}


@corrects(OrganizationsBackend, moto="DeleteOrganizationalUnit deletes it, and its content is lost.")
def delete_organizational_unit(self: OrganizationsBackend, **kwargs: Any) -> None:
    """DeleteOrganizationalUnit refuses a unit that holds anything."""
    unit = self.get_organizational_unit_by_id(kwargs["OrganizationalUnitId"])
    if any(child.parent_id == unit.id for child in [*self.ou, *self.accounts]):
        raise refusal("OrganizationalUnitNotEmptyException", "The specified OU is not empty.")
    for policy in unit.attached_policies:
        policy.attachments.remove(unit)
    self.ou.remove(unit)


@corrects(OrganizationsResponse, moto="ListOrganizationalUnitsForParent returns no Path.")
def list_organizational_units_for_parent(self: OrganizationsResponse) -> str:
    """ListOrganizationalUnitsForParent returns each unit's Path."""
    backend, parameters = self.organizations_backend, self.request_params
    parent_id = backend.validate_parent_id(parameters["ParentId"])
    units = [describe(backend, unit) for unit in backend.ou if unit.parent_id == parent_id]
    return json.dumps(answer("OrganizationalUnits", units, parameters))


@corrects(OrganizationsResponse, moto="ListChildren has one page.")
def list_children(self: OrganizationsResponse) -> str:
    """ListChildren has pages of 20."""
    parameters = self.request_params
    children = self.organizations_backend.list_children(**_without_paging(parameters))["Children"]
    return json.dumps(answer("Children", children, parameters))


@corrects(OrganizationsResponse, moto="ListTargetsForPolicy has one page.")
def list_targets_for_policy(self: OrganizationsResponse) -> str:
    """ListTargetsForPolicy has pages of 20."""
    parameters = self.request_params
    targets = self.organizations_backend.list_targets_for_policy(**_without_paging(parameters))["Targets"]
    return json.dumps(answer("Targets", targets, parameters))


def _without_paging(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in ("NextToken", "MaxResults")}


@corrects(
    OrganizationsBackend, moto="MoveAccount accepts any source, and the destination where the account is already."
)
def move_account(self: OrganizationsBackend, **kwargs: Any) -> None:
    """MoveAccount needs the source where the account is, and a destination where it is not."""
    account: FakeAccount = self.get_account_by_id(kwargs["AccountId"])
    _check_parent(self, kwargs["SourceParentId"], "SourceParentNotFoundException")
    _check_parent(self, kwargs["DestinationParentId"], "DestinationParentNotFoundException")
    if account.parent_id == kwargs["DestinationParentId"]:
        raise refusal("DuplicateAccountException", "The account is already in the destination.")
    if account.parent_id != kwargs["SourceParentId"]:
        raise refusal("SourceParentNotFoundException", "The account isn't in the source parent that you specified.")
    account.parent_id = kwargs["DestinationParentId"]


def _check_parent(backend: OrganizationsBackend, parent_id: str, code: str) -> None:
    if not any(unit.id == parent_id for unit in backend.ou):
        raise refusal(code, "You specified a parent that doesn't exist.")
