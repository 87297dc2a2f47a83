"""StackSets as an organization sees them, and resource shares with any unit of it."""

from typing import Any

from moto.core.responses import ActionResult, BaseResponse
from moto.ram.models import ResourceShare

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.members import backend_of, management_of
from orgkit.sandbox.corrections.registry import corrects, differs, refusal
from orgkit.sandbox.world import world

DELEGATED = "DELEGATED_ADMIN"
SUMMARY = ("StackSetName", "StackSetId", "Status", "PermissionModel", "AutoDeployment")

_add_principals = ResourceShare.add_principals


@differs("cloudformation.stack_sets", moto="Its StackSets know neither AutoDeployment nor CallAs.")
class CloudFormationResponse(BaseResponse):  # type: ignore[misc]  # moto has no types
    """Service-managed StackSets are the management account's, and delegated administrators see them."""

    # CloudFormation API reference, ListStackSets, DescribeStackSet and CreateStackSet. Nothing is deployed here. moto's
    # own cloudformation imports the models of all services, some of which need packages that are not installed.

    def __init__(self) -> None:
        super().__init__(service_name="cloudformation")
        self.automated_parameter_parsing = True

    def create_stack_set(self) -> ActionResult:
        """Service-managed permissions need trusted access, and AutoDeployment needs service-managed permissions."""
        parameters = self._parameters("StackSetName", "PermissionModel", "AutoDeployment")
        model = parameters.get("PermissionModel", "SELF_MANAGED")
        if parameters["StackSetName"] in self._stack_sets():
            raise refusal("NameAlreadyExistsException", "The specified name is already in use.")
        if model == "SERVICE_MANAGED" and not self._is_trusted():
            raise refusal(
                "ValidationError", "You must enable organizations access to operate a service managed stack set"
            )
        number = world().count("stack-set", self._owner(), self.region, parameters["StackSetName"])
        identifier = f"{parameters['StackSetName']}:{ids.uuid('stack-set', self._owner(), self.region, number)}"
        stack_set = {**parameters, "PermissionModel": model, "Status": "ACTIVE", "StackSetId": identifier}
        self._stack_sets()[parameters["StackSetName"]] = {**stack_set, "OrganizationalUnitIds": []}
        return ActionResult({"StackSetId": identifier})

    def create_stack_instances(self) -> ActionResult:
        """Of its DeploymentTargets the units are kept, to which it deploys."""
        stack_set = self._stack_set()
        targets = self._get_param("DeploymentTargets") or {}
        units = {*stack_set["OrganizationalUnitIds"], *targets.get("OrganizationalUnitIds", [])}
        stack_set["OrganizationalUnitIds"] = sorted(units)
        return ActionResult({"OperationId": ids.uuid("stack-instances", stack_set["StackSetId"], len(units))})

    def list_stack_sets(self) -> ActionResult:
        """One page; DELEGATED_ADMIN shows the service-managed ones alone."""
        summaries = [{name: value for name, value in item.items() if name in SUMMARY} for item in self._seen()]
        return ActionResult({"Summaries": summaries})

    def describe_stack_set(self) -> ActionResult:
        """StackSetNotFoundException for one that the caller does not see."""
        return ActionResult({"StackSet": self._stack_set()})

    def _stack_set(self) -> dict[str, Any]:
        name = self._get_param("StackSetName")
        for item in self._seen():
            if name in (item["StackSetName"], item["StackSetId"]):
                return item
        raise refusal("StackSetNotFoundException", f"StackSet {name} not found")

    def _seen(self) -> list[dict[str, Any]]:
        items = list(self._stack_sets().values())
        if self._get_param("CallAs") != DELEGATED:
            return items
        return [item for item in items if item["PermissionModel"] == "SERVICE_MANAGED"]

    def _owner(self) -> str:
        """The account whose StackSets these are; a delegated administrator works in the management account."""
        if self._get_param("CallAs") != DELEGATED:
            return str(self.current_account)
        backend = backend_of(self.current_account)
        if not any(admin.account.id == self.current_account and self._is_for_us(admin) for admin in backend.admins):
            raise refusal("ValidationError", "Account used is not a delegated administrator")
        return management_of(self.current_account)

    @staticmethod
    def _is_for_us(admin: Any) -> bool:
        return any("stacksets" in principal for principal in admin.services)

    def _is_trusted(self) -> bool:
        services = backend_of(self.current_account).services
        return any("stacksets.cloudformation" in service["ServicePrincipal"] for service in services)

    def _stack_sets(self) -> dict[str, Any]:
        by_place = world().state.setdefault("stack_sets", {})
        stack_sets: dict[str, Any] = by_place.setdefault((self._owner(), self.region), {})
        return stack_sets

    def _parameters(self, *names: str) -> dict[str, Any]:
        return {name: value for name in names if (value := self._get_param(name)) is not None}


@corrects(ResourceShare, moto="CreateResourceShare knows the units directly below the root alone.")
def add_principals(self: ResourceShare, principals: list[str]) -> None:
    """CreateResourceShare shares with any unit of the organization."""  # RAM API reference
    backend = backend_of(self.account_id)
    units = [principal for principal in principals if any(unit.arn == principal for unit in backend.ou)]
    _add_principals(self, [principal for principal in principals if principal not in units])
    self.principals.extend(units)
