"""python -m tests.sandbox.terraform_plan: Terraform imports an organization that orgkit made, and then plans it twice.

It needs `terraform`, and hashicorp/aws 5 by Terraform's own means (a registry, or a mirror named in its CLI
configuration or in TF_CLI_ARGS_init). The organization is the example file's, with a KMS key and Object Lock, on the
sandbox. What is written for Terraform comes from plain AWS calls. The exit code is 1 where a plan has a difference, or
where anything but reading was asked of AWS.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bootstrap.project import PHASES_THAT_CHANGE, Stage, new_project

TERRAFORM = shutil.which("terraform")
REGION = "us-east-1"
LOG_ARCHIVE = "aws.log_archive"  # the provider that works in that account
SECONDS = 300
Values = dict[str, Any]


@dataclass
class Configuration:
    """What Terraform reads, in its JSON syntax: resources, and what each is imported from."""

    resources: dict[str, dict[str, Values]] = field(default_factory=dict)
    imports: list[Values] = field(default_factory=list)

    def add(self, kind: str, name: str, import_id: str, provider: str = "", /, **arguments: Any) -> None:
        """Add a resource, and its import; an argument that is None is left out."""
        values = {key: value for key, value in arguments.items() if value is not None}
        self.resources.setdefault(kind, {})[name] = {**_escape(values), **({"provider": provider} if provider else {})}
        self.imports.append({"to": f"{kind}.{name}", "id": import_id})

    def to_json(self, log_archive: str) -> str:
        """The file, with a provider for the management account and one for the log archive account."""
        provider = {"region": REGION, "s3_use_path_style": True, "skip_metadata_api_check": "true"}
        role = {"role_arn": f"arn:aws:iam::{log_archive}:role/OrganizationAccountAccessRole"}
        alias = {"alias": LOG_ARCHIVE.removeprefix("aws."), "assume_role": [role]}
        document = {
            "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 5.100"}}},
            "provider": {"aws": [provider, {**provider, **alias}]},
            "resource": self.resources,
            "import": self.imports,
        }
        return json.dumps(document, indent=2)


def _escape(value: Any) -> Any:
    """Strings of the JSON syntax are templates."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        return {key: _escape(item) for key, item in value.items()}
    return [_escape(item) for item in value] if isinstance(value, list) else value


def describe_organization(stage: Stage, configuration: Configuration) -> None:
    """The organization, its units and the accounts in it, as AWS lists them."""
    client = stage.client("organizations")
    organization = client.describe_organization()["Organization"]
    (root,) = _list(client, "list_roots", "Roots")
    principals = _list(client, "list_aws_service_access_for_organization", "EnabledServicePrincipals")
    configuration.add(
        "aws_organizations_organization",
        "organization",
        organization["Id"],
        feature_set="ALL",
        enabled_policy_types=[kind["Type"] for kind in root["PolicyTypes"]],
        aws_service_access_principals=[principal["ServicePrincipal"] for principal in principals],
    )
    features = stage.client("iam").list_organizations_features()["EnabledFeatures"]
    configuration.add("aws_iam_organizations_features", "root", organization["Id"], enabled_features=features)
    for parent, kind, resource in _walk(client, root["Id"]):
        tags = {
            tag["Key"]: tag["Value"]
            for tag in _list(client, "list_tags_for_resource", "Tags", ResourceId=resource["Id"])
        }
        values = {"name": resource["Name"], "parent_id": parent, "tags": tags}
        if kind == "account" and resource["Id"] != organization["MasterAccountId"]:
            name = f"account_{resource['Id']}"
            configuration.add("aws_organizations_account", name, resource["Id"], email=resource["Email"], **values)
        elif kind == "unit":
            name = resource["Id"].replace("-", "_")
            configuration.add("aws_organizations_organizational_unit", name, resource["Id"], **values)


def _walk(client: Any, parent: str) -> Iterator[tuple[str, str, Values]]:
    for account in _list(client, "list_accounts_for_parent", "Accounts", ParentId=parent):
        yield parent, "account", account
    for unit in _list(client, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent):
        yield parent, "unit", unit
        yield from _walk(client, unit["Id"])


def _list(client: Any, operation: str, member: str, **parameters: Any) -> list[Any]:
    pages = client.get_paginator(operation).paginate(**parameters)
    return [item for page in pages for item in page[member]]


def describe_trail(stage: Stage, configuration: Configuration) -> str:
    """The trail, with its bucket and key in the log archive account, whose id is returned."""
    cloudtrail = stage.client("cloudtrail")
    (trail,) = cloudtrail.describe_trails(includeShadowTrails=False)["trailList"]
    (listed,) = cloudtrail.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"]
    configuration.add(
        "aws_cloudtrail",
        "trail",
        trail["TrailARN"],
        name=trail["Name"],
        s3_bucket_name=trail["S3BucketName"],
        kms_key_id=trail["KmsKeyId"],
        is_organization_trail=True,
        is_multi_region_trail=True,
        enable_log_file_validation=True,
        tags={tag["Key"]: tag["Value"] for tag in listed["TagsList"]},
    )
    log_archive = str(trail["KmsKeyId"].split(":")[4])
    describe_bucket(stage.client("s3", log_archive), configuration, trail["S3BucketName"])
    describe_key(stage.client("kms", log_archive), configuration, trail["KmsKeyId"])
    return log_archive


def describe_bucket(s3: Any, configuration: Configuration, bucket: str) -> None:
    """A bucket with its settings, each a resource of its own in Terraform."""
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    (encryption,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    default = encryption["ApplyServerSideEncryptionByDefault"]
    rule = {
        "apply_server_side_encryption_by_default": [
            {"sse_algorithm": default["SSEAlgorithm"], "kms_master_key_id": default["KMSMasterKeyID"]}
        ],
        "bucket_key_enabled": encryption["BucketKeyEnabled"],
    }
    blocks = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    retention = {"mode": lock["Mode"], "days": lock["Days"]}
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    satellites: dict[str, Values] = {
        "versioning": {"versioning_configuration": [{"status": "Enabled"}]},
        "public_access_block": dict.fromkeys(blocks, True),
        "ownership_controls": {"rule": [{"object_ownership": "BucketOwnerEnforced"}]},
        "server_side_encryption_configuration": {"rule": [rule]},
        "object_lock_configuration": {"rule": [{"default_retention": [retention]}]},
        "policy": {"policy": json.dumps(policy)},
        "lifecycle_configuration": {"rule": [_lifecycle_rule(each) for each in _lifecycle(s3, bucket)]},
    }
    configuration.add("aws_s3_bucket", "logs", bucket, LOG_ARCHIVE, bucket=bucket, tags=tags)
    for name, values in satellites.items():
        configuration.add(f"aws_s3_bucket_{name}", "logs", bucket, LOG_ARCHIVE, bucket=bucket, **values)


def _lifecycle(s3: Any, bucket: str) -> list[Values]:
    rules: list[Values] = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return rules


def _lifecycle_rule(rule: Values) -> Values:
    transitions = [{"days": each["Days"], "storage_class": each["StorageClass"]} for each in rule["Transitions"]]
    abort = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    return {
        "id": rule["ID"],
        "status": rule["Status"],
        "filter": [{}],
        "transition": transitions,
        "noncurrent_version_expiration": [{"noncurrent_days": rule["NoncurrentVersionExpiration"]["NoncurrentDays"]}],
        "abort_incomplete_multipart_upload": [{"days_after_initiation": abort}],
    }


def describe_key(kms: Any, configuration: Configuration, arn: str) -> None:
    """A key with its alias; what it is for and how often it rotates is left out, since both are as by default."""
    key = kms.describe_key(KeyId=arn)["KeyMetadata"]
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=arn)["Tags"]}
    configuration.add(
        "aws_kms_key",
        "logs",
        key["KeyId"],
        LOG_ARCHIVE,
        description=key["Description"],
        enable_key_rotation=True,
        policy=kms.get_key_policy(KeyId=arn)["Policy"],
        tags=tags,
    )
    (alias,) = [alias for alias in kms.list_aliases()["Aliases"] if alias.get("TargetKeyId") == key["KeyId"]]
    name = alias["AliasName"]
    configuration.add("aws_kms_alias", "logs", name, LOG_ARCHIVE, name=name, target_key_id=key["KeyId"])


@dataclass(frozen=True)
class Terraform:
    """Terraform in a folder of its own, against a sandbox."""

    folder: Path
    stage: Stage

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's but what is Terraform's own, and where calls go."""
        own = {name: value for name, value in os.environ.items() if name.startswith("TF_")}
        if not Path(own.get("TF_CLI_CONFIG_FILE", "")).is_file():
            own.pop("TF_CLI_CONFIG_FILE", None)  # Terraform warns of one that is not there, each time
        settings = {name: value for name, value in self.stage.sandbox.environment().items() if name.startswith("AWS_")}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        return {**environment, **own, **settings, "AWS_ENDPOINT_URL": self.stage.sandbox.endpoint_url}

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(TERRAFORM), *arguments], cwd=self.folder, env=self.environment(), check=False, capture_output=True,
            text=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
        )  # fmt: skip
        if done.returncode not in codes:
            raise SystemExit(f"terraform {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done

    def plan(self) -> dict[str, Any]:
        """Plan, and return the plan as JSON."""
        self.run("plan", "-input=false", "-no-color", "-out=plan")
        planned: dict[str, Any] = json.loads(self.run("show", "-json", "plan").stdout)
        return planned


def find_differences(planned: dict[str, Any]) -> list[str]:
    """Each resource that a plan would change, with the attributes that differ."""
    return [
        f"{change['address']}: {', '.join(change['change']['actions'])} {_find_changed(change['change'])}"
        for change in planned.get("resource_changes", [])
        if change["change"]["actions"] != ["no-op"]
    ]


def _find_changed(change: dict[str, Any]) -> str:
    before, after = change["before"] or {}, change["after"] or {}
    names = sorted({*before, *after})
    return ", ".join(
        f"{name}: {before.get(name)} -> {after.get(name)}" for name in names if before.get(name) != after.get(name)
    )


def prepare(folder: Path) -> Stage:
    """Bootstrap a sandbox for the example file, with a key and Object Lock; lists have empty pages."""
    project = new_project(folder / "project")
    text = project.file.read_text(encoding="utf-8")
    more = '[trail]\nkms_key = true\nobject_lock = { mode = "GOVERNANCE", days = 90 }'
    project.file.write_text(text.replace("[trail]", more, 1), encoding="utf-8")
    stage = Stage(project, empty_pages=7)
    for phase in PHASES_THAT_CHANGE:
        stage.apply(phase)
    return stage


def import_and_plan_twice(terraform: Terraform) -> tuple[int, list[str]]:
    """Import everything, plan twice, and return how many resources there are, and what was wrong."""
    configuration = Configuration()
    describe_organization(terraform.stage, configuration)
    log_archive = describe_trail(terraform.stage, configuration)
    (terraform.folder / "main.tf.json").write_text(configuration.to_json(log_archive), encoding="utf-8")
    terraform.run("init", "-input=false", "-no-color")
    terraform.stage.sandbox.forget_calls()
    problems = [f"on import: {each}" for each in find_differences(terraform.plan())]
    if not problems:
        terraform.run("apply", "-input=false", "-no-color", "plan")
        for number in (1, 2):
            problems += [f"plan {number}: {each}" for each in find_differences(terraform.plan())]
    problems += [f"AWS was asked for a change: {call}" for call in terraform.stage.changes()]
    return len(configuration.imports), problems


def main() -> int:
    """Run all plans, and print the results."""
    if TERRAFORM is None:
        print("NO TERRAFORM: nothing was planned. Install terraform to run this.")
        return 1
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_"))]:
        del os.environ[name]
    with TemporaryDirectory(prefix="terraform-plan-") as name:
        stage = prepare(Path(name))
        with stage.sandbox:
            folder = Path(name) / "terraform"
            folder.mkdir()
            count, problems = import_and_plan_twice(Terraform(folder, stage))
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{count} resources imported and planned twice: no difference, and no call that changes anything.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
