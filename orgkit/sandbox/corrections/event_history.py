"""What the sandbox's CloudTrail remembers: each answered call, as an event of the accounts that it concerns."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.s3.models import s3_backends

from orgkit.sandbox import ids
from orgkit.sandbox.calls import Call
from orgkit.sandbox.world import Principal, world

HISTORY = "event history"
DELAY = timedelta(minutes=5)  # what AWS tells as the usual time between a call and its event
KEPT = timedelta(days=90)
GLOBAL = ("account", "billing", "budgets", "ce", "cloudfront", "iam", "organizations", "route53")
# How CloudTrail calls an operation of S3, where it is not the API's name.
NAMES = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
}


@dataclass(frozen=True)
class Happened:
    """One call that AWS has answered, in the accounts whose history has it."""

    at: datetime
    call: Call
    principal: Principal
    accounts: frozenset[str]
    agent: str

    @property
    def region(self) -> str:
        return "us-east-1" if self.call.service in GLOBAL else self.call.region


def keep(call: Call, principal: Principal | None, environ: dict[str, Any]) -> None:
    """Remember a call that was answered; the history has no calls of nobody, and nothing about objects in S3."""
    bucket, _, key = str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
    about_objects = call.service == "s3" and (bool(key) or call.operation.startswith("ListObject"))
    if principal is None or world().ended(principal) or about_objects:
        return
    owner = s3_backends.bucket_accounts.get(bucket) if call.service == "s3" else None
    entered = str(call.parameters.get("RoleArn", "")).split(":")[4:5] if call.operation == "AssumeRole" else []
    accounts = frozenset({principal.account, *([str(owner[1])] if owner else []), *entered})
    agent = str(environ.get("HTTP_USER_AGENT", ""))
    happened: list[Happened] = world().things.setdefault(HISTORY, [])
    happened.append(Happened(world().clock.now(), call, principal, accounts, agent))


def visible(account: str, region: str) -> Iterator[dict[str, Any]]:
    """The events of an account in a region, newest first."""
    now = world().clock.now()
    for each in reversed(world().things.get(HISTORY, [])):
        if account in each.accounts and each.region == region and DELAY <= now - each.at <= KEPT:
            yield _event(each, account)


def _event(each: Happened, account: str) -> dict[str, Any]:
    whole = _whole(each, account)
    return {
        "EventId": whole["eventID"],
        "EventName": whole["eventName"],
        "EventSource": whole["eventSource"],
        "EventTime": int(each.at.timestamp()),  # AWS tells whole seconds
        "ReadOnly": "false" if each.call.mutating else "true",
        "Username": _user_name(each.principal),
        "Resources": [],
        "CloudTrailEvent": json.dumps(whole),
    }


def _whole(each: Happened, account: str) -> dict[str, Any]:
    """The event as CloudTrail delivers it; what was asked (but for AssumeRole) and answered is left out here."""
    call = each.call
    failed = {"errorCode": call.error} if call.error else {}
    return {
        "eventVersion": "1.11",
        "userIdentity": _identity(each.principal),
        "eventTime": each.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": NAMES.get(call.operation, call.operation),
        "awsRegion": each.region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": each.agent,
        **failed,
        "requestParameters": _asked(call),
        "responseElements": None,
        "requestID": call.request_id,
        "eventID": ids.uuid("event", call.request_id, account),
        "readOnly": not call.mutating,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def _asked(call: Call) -> dict[str, Any] | None:
    """Which role, and under which name: that tells who was where."""
    if call.operation != "AssumeRole":
        return None
    return {"roleArn": call.parameters.get("RoleArn"), "roleSessionName": call.parameters.get("RoleSessionName")}


def _identity(principal: Principal) -> dict[str, Any]:
    kind = "Root" if principal.is_root_user else "AssumedRole" if principal.role_arn else "IAMUser"
    name = {"userName": _user_name(principal)} if kind == "IAMUser" else {}
    about = {"type": kind, "principalId": principal.user_id, "arn": principal.arn, "accountId": principal.account}
    return {**about, **name, **({"sessionContext": _session(principal)} if principal.role_arn else {})}


def _session(principal: Principal) -> dict[str, Any]:
    arn = principal.role_arn or ""
    issuer = {"type": "Role", "principalId": principal.user_id.partition(":")[0], "arn": arn}
    return {"sessionIssuer": {**issuer, "accountId": principal.account, "userName": arn.rpartition("/")[2]}}


def _user_name(principal: Principal) -> str:
    return "root" if principal.is_root_user else principal.arn.rpartition("/")[2]
