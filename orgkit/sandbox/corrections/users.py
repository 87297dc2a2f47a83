"""IAM users: their access keys, which sign calls, and their permissions boundaries."""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.responses import IamResponse

from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.corrections.sts import user_id
from orgkit.sandbox.world import Principal, world

_create_access_key = IamResponse.create_access_key
_create_user = IamResponse.create_user
_delete_access_key = IamResponse.delete_access_key


@corrects(IamResponse, moto="A key of CreateAccessKey may do everything, whatever the policies of its user are.")
def create_access_key(self: IamResponse) -> ActionResult:
    """CreateAccessKey gives a key that acts as its user."""
    answered: ActionResult = _create_access_key(self)
    result: Any = answered.result
    key = result["AccessKey"]
    arn = self.backend.get_user(key.user_name).arn
    world().principals[key.access_key_id] = Principal(self.current_account, arn, user_id(self.current_account, arn))
    return answered


@corrects(IamResponse, moto="A key that was deleted goes on to act as the default account.")
def delete_access_key(self: IamResponse) -> ActionResult:
    """DeleteAccessKey ends what the key may do."""
    answered: ActionResult = _delete_access_key(self)
    world().principals.pop(str(self._get_param("AccessKeyId")), None)
    return answered


@corrects(IamResponse, moto="CreateUser loses PermissionsBoundary.")
def create_user(self: IamResponse) -> ActionResult:
    """CreateUser keeps the permissions boundary."""
    answered: ActionResult = _create_user(self)
    if boundary := self._get_param("PermissionsBoundary"):
        _set_boundary(self, boundary)
    return answered


@corrects(IamResponse, moto="PutUserPermissionsBoundary is not there.")
def put_user_permissions_boundary(self: IamResponse) -> ActionResult:
    """PutUserPermissionsBoundary limits what a user may do."""
    _set_boundary(self, str(self._get_param("PermissionsBoundary")))
    return EmptyResult()


@corrects(IamResponse, moto="DeleteUserPermissionsBoundary is not there.")
def delete_user_permissions_boundary(self: IamResponse) -> ActionResult:
    """DeleteUserPermissionsBoundary ends that limit."""
    user = self.backend.get_user(self._get_param("UserName"))
    if getattr(user, "permissions_boundary", None) is None:
        raise refusal("NoSuchEntity", f"The user with name {user.name} has no permissions boundary.")
    user.permissions_boundary = user.permissions_boundary_arn = None
    return EmptyResult()


def _set_boundary(response: IamResponse, arn: str) -> None:
    if arn not in response.backend.managed_policies:
        raise refusal("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.")
    user = response.backend.get_user(response._get_param("UserName"))
    user.permissions_boundary_arn = arn
    user.permissions_boundary = {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": arn,
    }
