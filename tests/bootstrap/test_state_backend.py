"""09-state-backend on the sandbox: planned, approved, applied, recorded; drift; and Terraform with the state in it."""

import base64
import json
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orgkit.model.state_backend import APPLY_ROLE, PLAN_ROLE
from orgkit.phases.state_backend.documents import ISSUER, ROLE_POLICY
from tests.bootstrap.project import Stage, new_project

PHASES = ("organization", "units", "accounts")
SECTION = """
[state_backend]
account = "website-prod"
github = { owner = "acme", owner_id = "1234567", repository = "infra", repository_id = "7654321" }
"""
KEY = "organization/terraform.tfstate"
TERRAFORM = shutil.which("terraform")
SECONDS = 120
# An apply waits in its provisioner until a file is there: the lock is held meanwhile.
CONFIGURATION = """
variable "release" { default = "1" }
resource "terraform_data" "nothing" {
  input = var.release
  provisioner "local-exec" { command = "until test -e go-on; do sleep 0.1; done" }
}
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    project = new_project(tmp_path_factory.mktemp("state") / "project")
    text = project.file.read_text(encoding="utf-8").replace("\n[state_backend]\n", SECTION)
    project.file.write_text(text, encoding="utf-8")
    stage = Stage(project)
    with stage.sandbox:
        yield stage


@pytest.fixture(autouse=True)
def begun(stage: Stage) -> None:
    stage.begin(*PHASES)


def account(stage: Stage) -> str:
    accounts = stage.client("organizations").list_accounts()["Accounts"]
    return next(str(item["Id"]) for item in accounts if item["Name"] == "website-prod")


def bucket(stage: Stage) -> str:
    return f"terraform-state-{account(stage)}-us-east-1-an"


def keys_of_job(stage: Stage, role: str, environment: str, repository_id: str = "7654321") -> dict[str, str]:
    """Credentials of a job of GitHub in one environment; the sandbox verifies no signature."""
    subject = f"repo:acme@1234567/infra@{repository_id}:environment:{environment}"
    claims = {
        "iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": subject,
        "repository_owner_id": "1234567", "repository_id": repository_id,
    }  # fmt: skip
    parts = ({"alg": "RS256"}, claims, {})
    token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    answer = stage.client("sts").assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{account(stage)}:role/{role}", RoleSessionName="job", WebIdentityToken=token
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }


def test_it_is_planned_approved_applied_and_the_backend_block_lies_next_to_the_record(stage: Stage) -> None:
    plan = stage.project.plan("09")
    assert [step["id"].partition(":")[0] for step in plan["steps"]][:2] == [
        "create-state-bucket", "block-state-public-access",
    ]  # fmt: skip
    done = stage.project.phase("09", plan["digest"])
    assert (done["outcome"], done["steps"]) == ("done", 13)
    folder = next(stage.project.folder.glob(f"outputs/{stage.begun}/*/*-09-state-backend-*"))
    block = (folder / "backend.tf").read_text(encoding="utf-8")
    assert f'"{bucket(stage)}"' in block
    assert "use_lockfile = true" in block
    assert "use_lockfile = true" in (folder / "09-state-backend.ipynb").read_text(encoding="utf-8")
    assert "backend.tf" in (folder / "manifest.json").read_text(encoding="utf-8")
    assert stage.project.plan("09", code=0)["steps"] == []


def test_only_jobs_of_the_repository_and_of_the_environment_may_take_a_role(stage: Stage) -> None:
    stage.apply("09")
    assert keys_of_job(stage, APPLY_ROLE, "terraform-apply")
    for environment, repository in (("terraform-plan", "7654321"), ("terraform-apply", "7654322")):
        with pytest.raises(ClientError, match="Not authorized"):
            keys_of_job(stage, APPLY_ROLE, environment, repository)


def test_a_bucket_and_roles_that_are_there_already_are_adopted_setting_by_setting(stage: Stage) -> None:
    s3, iam = stage.client("s3", account(stage)), stage.client("iam", account(stage))
    s3.create_bucket(Bucket=bucket(stage), BucketNamespace="account-regional")
    vendor = {"Sid": "Vendor", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account(stage)}:root"},
              "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket(stage)}/*"}  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket(stage), Policy=json.dumps({"Version": "2012-10-17", "Statement": [vendor]}))
    rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket(stage), LifecycleConfiguration={"Rules": [rule]})
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account(stage)}:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName=APPLY_ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    iam.attach_role_policy(RoleName=APPLY_ROLE, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    plan = stage.apply("09")
    kinds = [step.kind for step in plan.steps]
    assert kinds == [
        "set-state-versioning", "set-state-lifecycle", "tag-state-bucket", "set-state-bucket-policy",
        "create-identity-provider", "create-state-role", "set-state-role-policy", "set-state-role-trust",
        "set-state-role-policy",
    ]  # fmt: skip
    assert "policy arn:aws:iam::aws:policy/ReadOnlyAccess of role orgkit-state-apply" in plan.unmanaged
    document = json.loads(s3.get_bucket_policy(Bucket=bucket(stage))["Policy"])
    assert {item["Sid"] for item in document["Statement"]} == {
        "Vendor", "DenyInsecureTransport", "DenyOtherOrganizations",
    }  # fmt: skip
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket(stage))["Rules"]
    assert {item["ID"] for item in rules} == {"orgkit", "theirs"}
    assert stage.plan("09").steps == ()


def test_drift_is_planned_attribute_by_attribute(stage: Stage) -> None:
    stage.apply("09")
    s3, iam = stage.client("s3", account(stage)), stage.client("iam", account(stage))
    changes: dict[str, Any] = {
        "block-state-public-access": lambda: s3.delete_public_access_block(Bucket=bucket(stage)),
        "set-state-ownership": lambda: s3.put_bucket_ownership_controls(
            Bucket=bucket(stage), OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
        "set-state-versioning": lambda: s3.put_bucket_versioning(
            Bucket=bucket(stage), VersioningConfiguration={"Status": "Suspended"}
        ),
        "set-state-lifecycle": lambda: s3.delete_bucket_lifecycle(Bucket=bucket(stage)),
        "set-state-bucket-policy": lambda: s3.delete_bucket_policy(Bucket=bucket(stage)),
        "tag-state-bucket": lambda: s3.delete_bucket_tagging(Bucket=bucket(stage)),
        "set-state-role-policy": lambda: iam.delete_role_policy(RoleName=PLAN_ROLE, PolicyName=ROLE_POLICY),
    }
    for kind, change in changes.items():
        change()
        assert [step.kind for step in stage.plan("09").steps] == [kind]
        stage.apply("09")
    assert stage.plan("09").steps == ()


def test_a_bucket_that_belongs_to_somebody_else_is_refused_before_any_change(stage: Stage) -> None:
    stage.client("s3").create_bucket(Bucket=bucket(stage))
    done = stage.project.orgkit("plan", stage.project.file, "09", code=1)
    assert "somebody else's" in " ".join((done.stdout + done.stderr).split())
    assert [call for call in stage.changes() if call != "s3:CreateBucket"] == []


class Terraform:
    """Terraform in a folder of its own, with the backend block of the phase, against the sandbox."""

    def __init__(self, stage: Stage, folder: Path, block: str) -> None:
        self.stage, self.folder = stage, folder
        folder.mkdir()
        (folder / "backend.tf").write_text(block, encoding="utf-8")
        (folder / "main.tf").write_text(CONFIGURATION, encoding="utf-8")

    def start(self, keys: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
        endpoint = self.stage.sandbox.endpoint_url
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1",
            "AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_S3": endpoint, "AWS_ENDPOINT_URL_STS": endpoint, **keys,
        }  # fmt: skip
        return subprocess.Popen(
            [str(TERRAFORM), *arguments], cwd=self.folder, env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, keys: Mapping[str, str], *arguments: str, code: int = 0) -> str:
        process = self.start(keys, *arguments)
        output, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == code, output
        return output

    def let_go_on(self) -> None:
        """Let every provisioner end."""
        (self.folder / "go-on").touch()


def test_terraform_keeps_its_state_there_locked_and_the_plan_role_never_writes_it(stage: Stage, tmp_path: Path) -> None:
    if TERRAFORM is None:
        warnings.warn("NO TERRAFORM: the backend block was not tried.", stacklevel=1)
        return
    plan = stage.project.plan("09")
    stage.project.phase("09", plan["digest"])
    (folder,) = stage.project.folder.glob(f"outputs/{stage.begun}/*/*-09-state-backend-*")
    terraform = Terraform(stage, tmp_path / "terraform", (folder / "backend.tf").read_text(encoding="utf-8"))
    planner = keys_of_job(stage, PLAN_ROLE, "terraform-plan")
    applier = keys_of_job(stage, APPLY_ROLE, "terraform-apply")
    # The sandbox has no addresses of the form BUCKET.HOST.
    terraform.run(applier, "init", "-input=false", "-no-color", "-backend-config=use_path_style=true")
    s3 = stage.client("s3", account(stage))

    first = terraform.start(applier, "apply", "-auto-approve", "-input=false", "-no-color")
    deadline = time.monotonic() + SECONDS
    while f"{KEY}.tflock" not in objects(s3, bucket(stage)):
        assert time.monotonic() < deadline
        assert first.poll() is None
        time.sleep(0.1)
    refused = terraform.run(applier, "apply", "-auto-approve", "-input=false", "-no-color", code=1)
    assert "Error acquiring the state lock" in refused
    terraform.let_go_on()
    output, _ = first.communicate(timeout=SECONDS)
    assert first.returncode == 0, output
    assert objects(s3, bucket(stage)) == [KEY]

    assert "No changes" in terraform.run(planner, "plan", "-input=false", "-no-color")
    before = s3.get_object(Bucket=bucket(stage), Key=KEY)["VersionId"]
    denied = terraform.run(
        planner, "apply", "-auto-approve", "-input=false", "-no-color", "-var=release=2", code=1
    )  # fmt: skip
    assert "AccessDenied" in denied
    assert s3.get_object(Bucket=bucket(stage), Key=KEY)["VersionId"] == before


def objects(s3: Any, name: str) -> list[str]:
    return [str(item["Key"]) for item in s3.list_objects_v2(Bucket=name).get("Contents", ())]
