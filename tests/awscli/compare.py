"""Compares an AWS organization with a parameters file by the AWS CLI alone: nothing of orgkit or boto3 is imported.

    python compare.py ENDPOINT FILE

The interpreter is that of the AWS CLI, whose commands run in this process: each of its own takes a second to begin.
Prints one line for each thing that differs, and ends with 1 when there is any.
"""

import io
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from awscli.clidriver import create_clidriver

ROLE = "OrganizationAccountAccessRole"


class AwsCli:
    """`aws …` as JSON, with the environment's credentials or with these keys."""

    def __init__(self, endpoint: str, keys: dict[str, str] | None = None) -> None:
        self.endpoint, self.keys = endpoint, keys or {}
        self.driver = create_clidriver()  # it keeps the credentials of its first command

    def __call__(self, *arguments: str) -> Any:
        line = ["--endpoint-url", self.endpoint, "--output", "json", *arguments]
        os.environ.update(self.keys)
        with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as errors:
            code = self.driver.main(line)
        for name in self.keys:
            del os.environ[name]
        if code:
            raise SystemExit(f"aws {' '.join(line)}\n{errors.getvalue()}")
        return json.loads(printed.getvalue()) if printed.getvalue().strip() else {}

    def within(self, account: str, spec: dict[str, Any]) -> "AwsCli":
        """The same as the access role of a member account."""
        role = f"arn:aws:iam::{account}:role/{spec.get('role_name', ROLE)}"
        output = self("sts", "assume-role", "--role-arn", role, "--role-session-name", "compare")["Credentials"]
        keys = {
            "AWS_ACCESS_KEY_ID": output["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": output["SecretAccessKey"],
            "AWS_SESSION_TOKEN": output["SessionToken"],
        }
        return AwsCli(self.endpoint, keys)


def compare(aws: AwsCli, file: dict[str, Any]) -> Iterator[str]:
    wanted = file["organization"]
    organization = aws("organizations", "describe-organization")["Organization"]
    yield from differs("feature set", "ALL", organization["FeatureSet"])
    yield from differs("management account", wanted["management_account_id"], organization["MasterAccountId"])
    services = aws("organizations", "list-aws-service-access-for-organization")["EnabledServicePrincipals"]
    enabled = {each["ServicePrincipal"] for each in services}
    yield from differs("trusted access", set(wanted["trusted_access"]), enabled & set(wanted["trusted_access"]))
    (root,) = aws("organizations", "list-roots")["Roots"]
    types = {each["Type"] for each in root["PolicyTypes"] if each["Status"] == "ENABLED"}
    requests = set(wanted.get("policy_types", ["RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY"]))
    yield from differs("policy types", requests, types & requests)

    units = dict(units_below(aws, root["Id"], ""))
    for path, spec in file["units"].items():
        if path not in units:
            yield f"unit {path}: is not there"
            continue
        yield from tags_differ(f"unit {path}", units_tags(file, path, spec), tags_of(aws, units[path]))

    accounts = {each["Email"].lower(): each for each in aws("organizations", "list-accounts")["Accounts"]}
    for section in ("accounts", "imports"):
        for key, spec in file[section].items():
            yield from account_differs(aws, file, units, key, spec, accounts.get(spec["email"].lower()))
    keeper = {**file["accounts"], **file["imports"]}[file["trail"]["log_archive_account"]]
    inside = aws.within(accounts[keeper["email"].lower()]["Id"], keeper)
    yield from trail_differs(aws, file, organization["Id"])
    yield from bucket_differs(inside, file, organization["Id"])


def units_below(aws: AwsCli, parent: str, path: str) -> Iterator[tuple[str, str]]:
    found = aws("organizations", "list-organizational-units-for-parent", "--parent-id", parent)
    for unit in found["OrganizationalUnits"]:
        below = f"{path}/{unit['Name']}".strip("/")
        yield below, unit["Id"]
        yield from units_below(aws, unit["Id"], below)


def units_tags(file: dict[str, Any], path: str, spec: dict[str, Any]) -> dict[str, str]:
    own = {"Name": as_tag(path.rpartition("/")[2]), "ManagedBy": "orgkit"}
    return {**own, **file["organization"].get("tags", {}), **spec.get("tags", {})}


def account_differs(
    aws: AwsCli, file: dict[str, Any], units: dict[str, str], key: str, spec: dict[str, Any], found: Any
) -> Iterator[str]:
    if found is None:
        yield f"account {key}: is not there"
        return
    yield from differs(f"account {key}: name", spec.get("name", key), found["Name"])
    if "id" in spec:
        yield from differs(f"account {key}: id", spec["id"], found["Id"])
    (parent,) = aws("organizations", "list-parents", "--child-id", found["Id"])["Parents"]
    yield from differs(f"account {key}: unit", units.get(spec["unit"]), parent["Id"])
    own = {"Name": as_tag(spec.get("name", key)), "ManagedBy": "orgkit", "orgkit:key": key}
    wanted = {**own, **file["organization"].get("tags", {}), **spec.get("tags", {})}
    yield from tags_differ(f"account {key}", wanted, tags_of(aws, found["Id"]))
    role = aws.within(found["Id"], spec)("iam", "get-role", "--role-name", "orgkit-read")["Role"]
    trusted = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
    yield from differs(f"account {key}: trust", f"arn:aws:iam::{management(file)}:root", trusted)


def trail_differs(aws: AwsCli, file: dict[str, Any], organization: str) -> Iterator[str]:
    spec, region = file["trail"], region_of(file)
    name = spec.get("name", "org-trail")
    trail = aws("cloudtrail", "get-trail", "--name", name, "--region", region)["Trail"]
    for setting in ("IsOrganizationTrail", "IsMultiRegionTrail", "LogFileValidationEnabled"):
        yield from differs(f"trail: {setting}", True, trail[setting])
    yield from differs("trail: bucket", bucket_of(file), trail["S3BucketName"])
    yield from differs("trail: key", spec.get("kms_key", False), bool(trail.get("KmsKeyId")))
    status = aws("cloudtrail", "get-trail-status", "--name", name, "--region", region)
    yield from differs("trail: logging", True, status["IsLogging"])


def bucket_differs(aws: AwsCli, file: dict[str, Any], organization: str) -> Iterator[str]:
    spec, bucket = file["trail"], bucket_of(file)
    policy = json.loads(aws("s3api", "get-bucket-policy", "--bucket", bucket)["Policy"])
    arn = f"arn:aws:cloudtrail:{region_of(file)}:{management(file)}:trail/{spec.get('name', 'org-trail')}"
    writes = [each for each in policy["Statement"] if "s3:PutObject" in each["Action"] and each["Effect"] == "Allow"]
    resources = sorted(r for each in writes for r in as_list(each["Resource"]))
    prefixes = sorted(f"arn:aws:s3:::{bucket}/AWSLogs/{owner}/*" for owner in (management(file), organization))
    yield from differs("bucket policy: where the trail writes", prefixes, resources)
    for each in policy["Statement"]:
        if each["Effect"] == "Allow":
            sources = [value for test in each["Condition"].values() for k, v in test.items()
                       if k.lower() == "aws:sourcearn" for value in as_list(v)]  # fmt: skip
            yield from differs(f"bucket policy: {each.get('Sid')}: aws:SourceArn", [arn], sources)
            yield from differs("bucket policy: who", {"Service": "cloudtrail.amazonaws.com"}, each["Principal"])
    denies = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    tls = [each for each in denies if each["Condition"].get("Bool", {}).get("aws:SecureTransport") == "false"]
    yield from differs("bucket policy: without TLS", True, bool(tls))

    (rule,) = aws("s3api", "get-bucket-lifecycle-configuration", "--bucket", bucket)["Rules"]
    days = spec.get("transition_days", 90)
    moved = [{"Days": days, "StorageClass": "STANDARD_IA"}] if days else None
    yield from differs("lifecycle: transition", moved, rule.get("Transitions"))
    expires = {"Days": spec["expire_days"]} if spec.get("expire_days") else None
    yield from differs("lifecycle: expiration", expires, without_zeros(rule.get("Expiration")))
    older = {"NoncurrentDays": spec.get("noncurrent_days", 365)}
    yield from differs("lifecycle: older versions", older, rule.get("NoncurrentVersionExpiration"))
    versioning = aws("s3api", "get-bucket-versioning", "--bucket", bucket)
    yield from differs("versioning", "Enabled", versioning.get("Status"))
    blocked = aws("s3api", "get-public-access-block", "--bucket", bucket)["PublicAccessBlockConfiguration"]
    yield from differs("public access", {True}, set(blocked.values()))
    if "object_lock" in spec:
        lock = aws("s3api", "get-object-lock-configuration", "--bucket", bucket)["ObjectLockConfiguration"]
        retention = {"Mode": spec["object_lock"]["mode"], "Days": spec["object_lock"]["days"]}
        yield from differs("object lock", retention, lock["Rule"]["DefaultRetention"])
    tags = {each["Key"]: each["Value"] for each in aws("s3api", "get-bucket-tagging", "--bucket", bucket)["TagSet"]}
    wanted = {"ManagedBy": "orgkit", **file["organization"].get("tags", {}), **spec.get("tags", {})}
    yield from tags_differ("bucket", wanted, tags)


def tags_of(aws: AwsCli, resource: str) -> dict[str, str]:
    found = aws("organizations", "list-tags-for-resource", "--resource-id", resource)["Tags"]
    return {each["Key"]: each["Value"] for each in found}


def as_tag(name: str) -> str:
    """AWS takes fewer characters in tags than in names; the others become _."""
    return re.sub(r"[^\w .:/=+@-]", "_", name)


def tags_differ(what: str, wanted: dict[str, str], found: dict[str, str]) -> Iterator[str]:
    yield from differs(f"{what}: tags", wanted, {key: value for key, value in found.items() if key in wanted})


def differs(what: str, wanted: Any, found: Any) -> Iterator[str]:
    if wanted != found:
        yield f"{what}: {wanted!r} is asked for, {found!r} is there"


def without_zeros(expiration: Any) -> Any:
    return {key: value for key, value in expiration.items() if value} or None if expiration else None


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def management(file: dict[str, Any]) -> str:
    return str(file["organization"]["management_account_id"])


def region_of(file: dict[str, Any]) -> str:
    return str(file["trail"].get("region", file["organization"].get("home_region", "us-east-1")))


def bucket_of(file: dict[str, Any]) -> str:
    return str(file["trail"].get("bucket", f"{file['trail'].get('name', 'org-trail')}-{management(file)}"))


if __name__ == "__main__":
    wrong = list(compare(AwsCli(sys.argv[1]), tomllib.loads(Path(sys.argv[2]).read_text("utf-8"))))
    print("\n".join(wrong) or "everything is as the file asks for")
    sys.exit(bool(wrong))
