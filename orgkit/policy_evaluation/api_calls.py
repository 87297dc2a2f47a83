"""The actions and resources that AWS authorizes for an API call.

Most operations need the action of their name. Sources of the others: Service Authorization Reference; Amazon S3 API
reference, "Permissions" of each operation; AWS STS, "GetCallerIdentity", which needs none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgkit.policy_evaluation.service_authorization import Action, find_action, find_service

Parameters = Mapping[str, Any]

# Prefixes of actions where the API has another name.
_PREFIXES = {"s3control": "s3", "resourcegroupstaggingapi": "tag", "tagging": "tag", "monitoring": "cloudwatch"}
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "sts:GetCallerIdentity": (),
    "kms:ReEncrypt": ("kms:ReEncryptFrom", "kms:ReEncryptTo"),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CopyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteBucketOwnershipControls": ("s3:PutBucketOwnershipControls",),
    "s3:DeleteBucketTagging": ("s3:PutBucketTagging",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
    "s3:DeletePublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
    "s3:GetBucketReplication": ("s3:GetReplicationConfiguration",),
    "s3:GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListObjects": ("s3:ListBucket",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListParts": ("s3:ListMultipartUploadParts",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
    "s3:PutBucketReplication": ("s3:PutReplicationConfiguration",),
    "s3:PutObjectLockConfiguration": ("s3:PutBucketObjectLockConfiguration",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:UploadPart": ("s3:PutObject",),
    "s3control:DeletePublicAccessBlock": ("s3:PutAccountPublicAccessBlock",),
    "s3control:GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
    "s3control:PutPublicAccessBlock": ("s3:PutAccountPublicAccessBlock",),
}
# What a call needs in addition where it has a parameter.
_ADDITIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cloudtrail:CreateTrail": {"TagsList": ("cloudtrail:AddTags",)},
    "iam:CreatePolicy": {"Tags": ("iam:TagPolicy",)},
    "iam:CreateRole": {"Tags": ("iam:TagRole",)},
    "iam:CreateUser": {"Tags": ("iam:TagUser",)},
    "kms:CreateKey": {"Tags": ("kms:TagResource",)},
    "organizations:CreateAccount": {"Tags": ("organizations:TagResource",)},
    "organizations:CreateOrganizationalUnit": {"Tags": ("organizations:TagResource",)},
    "organizations:CreatePolicy": {"Tags": ("organizations:TagResource",)},
    "organizations:InviteAccountToOrganization": {"Tags": ("organizations:TagResource",)},
    "s3:CreateBucket": {
        "ACL": ("s3:PutBucketAcl",),
        "ObjectLockEnabledForBucket": ("s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"),
        "ObjectOwnership": ("s3:PutBucketOwnershipControls",),
    },
    "s3:PutObject": {
        "ACL": ("s3:PutObjectAcl",),
        "ObjectLockLegalHoldStatus": ("s3:PutObjectLegalHold",),
        "ObjectLockRetainUntilDate": ("s3:PutObjectRetention",),
        "Tagging": ("s3:PutObjectTagging",),
    },
    "sts:AssumeRole": {"SourceIdentity": ("sts:SetSourceIdentity",), "Tags": ("sts:TagSession",)},
}
_BUDGET_READS = ("Describe", "Get")
# Parameters of APIs with the value of a placeholder of an ARN, where they have another name.
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "Alias": ("AliasName",),
    "BucketName": ("Bucket",),
    "BudgetName": ("BudgetName",),
    "GroupNameWithPath": ("GroupName",),
    "InstanceProfileNameWithPath": ("InstanceProfileName",),
    "KeyId": ("KeyId", "TargetKeyId"),
    "ObjectName": ("Key",),
    "OidcProviderName": ("OpenIDConnectProviderArn", "Url"),
    "PolicyNameWithPath": ("PolicyArn", "PolicyName"),
    "QueueName": ("QueueUrl", "QueueName"),
    "RoleNameWithPath": ("RoleArn", "RoleName"),
    "TopicName": ("TopicArn", "Name"),
    "TrailName": ("TrailName", "Name", "ResourceId"),
    "UserNameWithPath": ("UserName",),
}
_ORGANIZATION_IDS = {
    r"[0-9]{12}": "account",
    r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}": "ou",
    r"r-[0-9a-z]{4,32}": "root",
}
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Location:
    """Where a call is made: what an ARN has in addition to the parameters of the call.

    Attributes:
        account: The caller's account.
        region: The region of the endpoint.
        partition: The partition.
        organization: The id of the caller's organization.
        management_account: Its management account, which owns the ARNs of AWS Organizations.
        types: For ids of policies and handshakes, the part of their ARNs that has their type, `service_control_policy`.
    """

    account: str
    region: str = "us-east-1"
    partition: str = "aws"
    organization: str = ""
    management_account: str = ""
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Authorization:
    """One action on one resource, which a call needs."""

    action: str
    resource: str


def authorizations(
    service: str, operation: str, parameters: Parameters, location: Location
) -> tuple[Authorization, ...]:
    """Return what the caller of an operation needs; all of it has to be allowed.

    Args:
        service: As endpoints are named: `s3`, `s3control`, `organizations`.
        operation: The operation of the API.
        parameters: Its parameters, as botocore names them. An alias of a KMS key is no resource: give the key's id.
        location: The caller's account, region and organization.
    """
    return tuple(
        Authorization(action, resource)
        for action in actions_of(service, operation, parameters)
        for subject in _subjects(operation, action, parameters)
        for resource in _resources(action, subject, location)
    )


def actions_of(service: str, operation: str, parameters: Parameters) -> tuple[str, ...]:
    """Return the actions that an operation needs."""
    name = f"{service}:{operation}"
    actions = _ACTIONS.get(name, (f"{_PREFIXES.get(service, service)}:{operation}",))
    if service == "budgets" and find_action(name) is None:
        actions = ("budgets:ViewBudget",) if operation.startswith(_BUDGET_READS) else ("budgets:ModifyBudget",)
    if service == "s3" and parameters.get("VersionId") and find_action(f"{actions[0]}Version"):
        actions = (f"{actions[0]}Version", *actions[1:])
    additions = _ADDITIONS.get(name, {})
    return (*actions, *(action for key, needed in additions.items() if parameters.get(key) for action in needed))


def _subjects(operation: str, action: str, parameters: Parameters) -> Iterator[Parameters]:
    """Yield the parameters that name the resources of an action: of each object, and of the source of a copy."""
    if operation == "DeleteObjects":
        objects = parameters.get("Delete", {}).get("Objects") or ({"Key": "*"},)
        yield from ({**parameters, **item} for item in objects)
    elif operation == "CopyObject" and action.startswith("s3:GetObject"):
        bucket, _, key = str(parameters.get("CopySource", "")).lstrip("/").partition("/")
        yield {"Bucket": bucket, "Key": key}
    else:
        yield parameters


def _resources(name: str, parameters: Parameters, location: Location) -> tuple[str, ...]:
    """Return the resources of an action; `*` where the parameters name none."""
    action = find_action(name)
    if action is None:
        return ("*",)
    list_arns = _LISTS_OF_ARNS.get(name.partition(":")[0], _named_resources)
    return tuple(dict.fromkeys(list_arns(action, parameters, location))) or ("*",)


def _named_resources(action: Action, parameters: Parameters, location: Location) -> Iterator[str]:
    """Yield the ARN of each required resource type that the parameters name, else of the first other type."""
    service = find_service(action.name.partition(":")[0])
    types = service.resource_types if service else {}
    arns = {name: _filled(types[name].arn, parameters, location) for name in action.resource_types if name in types}
    required = [arns[name] for name in action.required_types if arns.get(name)]
    yield from required or [arn for arn in arns.values() if arn][:1]


def _filled(template: str, parameters: Parameters, location: Location) -> str:
    """Return an ARN with its placeholders filled; empty where a parameter is missing."""
    known = {"Partition": location.partition, "Region": location.region, "Account": location.account}
    values = []
    for name in _PLACEHOLDER.findall(template):
        value = known.get(name) or _parameter(name, parameters)
        if value.startswith("arn:"):
            return value if _is_alike(template, value) else ""
        values.append(value)
    remaining = iter(values)
    return _PLACEHOLDER.sub(lambda _: next(remaining), template) if all(values) else ""


def _parameter(placeholder: str, parameters: Parameters) -> str:
    """Return the value of a placeholder of an ARN."""
    value = str(next(filter(None, map(parameters.get, _PARAMETERS.get(placeholder, (placeholder,)))), ""))
    if placeholder == "Alias":
        return value.removeprefix("alias/")
    if placeholder == "KeyId" and (value.startswith("alias/") or ":alias/" in value):
        return ""
    if placeholder == "OidcProviderName":
        return value.removeprefix("https://")
    return value.rpartition("/")[2] if placeholder == "QueueName" else value


def _is_alike(template: str, arn: str) -> bool:
    """Return whether an ARN is one of the service that a template is for."""
    return template.split(":")[2] == arn.split(":")[2]


def _organization_resources(action: Action, parameters: Parameters, location: Location) -> Iterator[str]:
    """Yield the ARN of each resource that a call names by its id."""
    prefix = f"arn:{location.partition}:organizations::{location.management_account}:"
    target = parameters.get("Target")  # of an invitation
    for value in (*parameters.values(), target.get("Id") if isinstance(target, Mapping) else None):
        if not isinstance(value, str) or not action.resource_types:
            continue
        if value in location.types:
            kind = "handshake" if value.startswith("h-") else "policy"
            yield f"{prefix}{kind}/{location.organization}/{location.types[value]}/{value}"
        for pattern, kind in _ORGANIZATION_IDS.items():
            if re.fullmatch(pattern, value):
                yield f"{prefix}{kind}/{location.organization}/{value}"


def _account_resources(action: Action, parameters: Parameters, location: Location) -> Iterator[str]:
    """Yield the account that a call of Account Management is about: a member, or the caller's own without an id."""
    member = parameters.get("AccountId")
    if not member:
        yield f"arn:{location.partition}:account::{location.account}:account"
    elif "accountInOrganization" in action.resource_types:
        management = location.management_account
        yield f"arn:{location.partition}:account::{management}:account/{location.organization}/{member}"


_LISTS_OF_ARNS = {"account": _account_resources, "organizations": _organization_resources}
