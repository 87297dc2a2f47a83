"""The sandbox's CloudTrail event history: each answered call, as an event of the accounts that it concerns."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.s3.models import s3_backends

from orgkit.sandbox import ids
from orgkit.sandbox.calls import Call
from orgkit.sandbox.wire import CREDENTIAL
from orgkit.sandbox.world import Principal, world

HISTORY = "event history"
DELAY = timedelta(minutes=5)  # AWS's documented typical time between a call and its event
RETENTION_PERIOD = timedelta(days=90)
GLOBAL = ("account", "billing", "budgets", "ce", "cloudfront", "iam", "organizations", "route53")
# How CloudTrail calls an operation of S3, where it is not the API's name.
NAMES = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
}


FORM_FIELDS = ("Action", "Version")  # of a form, which are no parameters
# What CloudTrail hides in the events of Organizations and Account Management. [AWS Organizations User Guide, Logging]
HIDDEN = ("accountName", "email", "otp", "primaryEmail")
MASK = "****"


@dataclass(frozen=True)
class LoggedEvent:
    """One call that AWS has answered, in the accounts whose history has it."""

    time: datetime
    call: Call
    principal: Principal
    accounts: frozenset[str]
    agent: str
    bucket: str = ""  # of a call of S3
    access_key: str = ""

    @property
    def region(self) -> str:
        return "us-east-1" if self.call.service in GLOBAL else self.call.region


def keep(call: Call, principal: Principal | None, environ: dict[str, Any]) -> None:
    """Record an answered call; the history has no calls without a principal, and nothing about objects in S3."""
    bucket, _, key = str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
    about_objects = call.service == "s3" and (bool(key) or call.operation.startswith("ListObject"))
    if principal is None or world().is_expired(principal) or about_objects:
        return
    owner = s3_backends.bucket_accounts.get(bucket) if call.service == "s3" else None
    entered_accounts = str(call.parameters.get("RoleArn", "")).split(":")[4:5] if call.operation == "AssumeRole" else []
    accounts = frozenset({principal.account, *([str(owner[1])] if owner else []), *entered_accounts})
    agent = str(environ.get("HTTP_USER_AGENT", ""))
    happened: list[LoggedEvent] = world().state.setdefault(HISTORY, [])
    key_match = CREDENTIAL.search(str(environ.get("HTTP_AUTHORIZATION", "")))
    access_key = key_match[1] if key_match else ""
    bucket = bucket if call.service == "s3" else ""
    happened.append(LoggedEvent(world().clock.now(), call, principal, accounts, agent, bucket, access_key))


def visible(account: str, region: str) -> Iterator[dict[str, Any]]:
    """The events of an account in a region, newest first."""
    now = world().clock.now()
    for event in reversed(world().state.get(HISTORY, [])):
        if account in event.accounts and event.region == region and DELAY <= now - event.time <= RETENTION_PERIOD:
            yield _event(event, account)


def _event(logged_event: LoggedEvent, account: str) -> dict[str, Any]:
    whole = _whole(logged_event, account)
    return {
        "EventId": whole["eventID"],
        "EventName": whole["eventName"],
        "EventSource": whole["eventSource"],
        "EventTime": int(logged_event.time.timestamp()),  # AWS reports whole seconds
        "ReadOnly": "false" if logged_event.call.mutating else "true",
        "AccessKeyId": logged_event.access_key,
        "Username": _user_name(logged_event.principal),
        "Resources": [],
        "CloudTrailEvent": json.dumps(whole),
    }


def _whole(logged_event: LoggedEvent, account: str) -> dict[str, Any]:
    """The event as CloudTrail delivers it; what was answered is left out here."""
    call = logged_event.call
    failed = {"errorCode": call.error} if call.error else {}
    return {
        "eventVersion": "1.11",
        "userIdentity": _identity(logged_event.principal),
        "eventTime": logged_event.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": NAMES.get(call.operation, call.operation),
        "awsRegion": logged_event.region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": logged_event.agent,
        **failed,
        "requestParameters": _request_parameters(logged_event),
        "responseElements": None,
        "requestID": call.request_id,
        "eventID": ids.uuid("event", call.request_id, account),
        "readOnly": not call.mutating,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def _request_parameters(logged_event: LoggedEvent) -> dict[str, Any] | None:
    """Return what was asked; of AssumeRole the role and the session, which identify the caller's later sessions."""
    call = logged_event.call
    if call.operation == "AssumeRole":
        return {"roleArn": call.parameters.get("RoleArn"), "roleSessionName": call.parameters.get("RoleSessionName")}
    if call.service == "s3":
        return {"bucketName": logged_event.bucket} if logged_event.bucket else None
    parameters = {name: value for name, value in call.parameters.items() if name not in FORM_FIELDS}
    return _as_logged(parameters) or None


def _as_logged(value: Any) -> Any:
    """Return parameters as CloudTrail has them: names begin with a small letter, and some values are hidden."""
    if isinstance(value, dict):
        names = {name: name[:1].lower() + name[1:] for name in value}
        return {names[name]: MASK if names[name] in HIDDEN else _as_logged(item) for name, item in value.items()}
    return [_as_logged(item) for item in value] if isinstance(value, list) else value


def _identity(principal: Principal) -> dict[str, Any]:
    kind = "Root" if principal.is_root_user else "AssumedRole" if principal.role_arn else "IAMUser"
    name = {"userName": _user_name(principal)} if kind == "IAMUser" else {}
    identity = {"type": kind, "principalId": principal.user_id, "arn": principal.arn, "accountId": principal.account}
    return {**identity, **name, **({"sessionContext": _session(principal)} if principal.role_arn else {})}


def _session(principal: Principal) -> dict[str, Any]:
    arn = principal.role_arn or ""
    issuer = {"type": "Role", "principalId": principal.user_id.partition(":")[0], "arn": arn}
    return {"sessionIssuer": {**issuer, "accountId": principal.account, "userName": arn.rpartition("/")[2]}}


def _user_name(principal: Principal) -> str:
    return "root" if principal.is_root_user else principal.arn.rpartition("/")[2]
