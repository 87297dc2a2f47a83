"""A rehearsal under the user's own policies: an SCP that denies the log archive what 05 needs is shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from orgkit.sandbox.lifecycle import Sandbox, find
from tests.bootstrap.project import Project, new_project
from tests.parameters.test_load import SMALLEST

ENDS = {"Sid": "ProtectLogs", "Effect": "Deny", "Action": ["s3:PutBucketPolicy", "s3:DeleteBucket"], "Resource": "*"}
POLICIES = """
[rehearsal]
policies = [{ file = "policies/protect-logs.json", type = "SERVICE_CONTROL_POLICY", attach = ["Security"] }]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = new_project(tmp_path_factory.mktemp("policies") / "project")
    policies = project.folder / "parameters" / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "protect-logs.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": ENDS}))
    project.file.write_text(SMALLEST + POLICIES)
    return project


@pytest.fixture(scope="module")
def output(project: Project) -> str:
    """What the rehearsal prints, in one line."""
    return " ".join(project.orgkit("rehearse", project.file, "--keep", code=5).stdout.split())


@pytest.fixture(scope="module")
def sandbox(project: Project, output: str) -> Iterator[Sandbox]:
    (folder,) = (project.folder / "outputs" / "sandbox").iterdir()
    running = find(Path(folder))
    assert running is not None
    with running:
        yield running


def test_the_rehearsal_names_policy_statement_and_call(output: str) -> None:
    assert "05-trail failed" in output
    denials = output.partition("Denied by policies")[2].partition("What it costs")[0]
    assert denials.count("denied by statement ProtectLogs of protect-logs") == 2  # the log bucket, and that of records
    assert "05-trail: PutBucketPolicy in log-archive needs s3:PutBucketPolicy on arn:aws:s3:::org-trail-" in denials
    assert "denied by statement ProtectLogs of protect-logs, a service control policy of unit Security" in denials
    assert "service_control_policy/p-" in denials


def test_a_running_sandbox_lists_the_same_denials(project: Project, sandbox: Sandbox) -> None:
    denials = project.json("sandbox", "denials")["denials"]
    denial = denials[0]
    expected = {"action": "s3:PutBucketPolicy", "policy": "protect-logs", "statement": "statement ProtectLogs"}
    assert {name: denial[name] for name in expected} == expected
    assert denial["arn"] in "".join(project.orgkit("sandbox", "denials").stdout.split())
    assert {call["denial"]["arn"] for call in sandbox.denials() if call["denial"]["policy"]} == {denial["arn"]}
