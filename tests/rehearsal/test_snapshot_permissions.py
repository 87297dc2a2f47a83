"""`orgkit rehearse --like-live --permissions`: what a copy may do; that it is enough is seen in test_copies.py."""

import json

from click.testing import CliRunner

from orgkit.cli.rehearse import rehearse
from orgkit.policy_evaluation.service_authorization import find_action
from orgkit.rehearsal.snapshot_logs_aws import READ_ONLY


def test_the_policies_of_a_copy_read_alone_and_enter_the_read_role_alone() -> None:
    printed = json.loads(CliRunner().invoke(rehearse, ["--like-live", "--permissions", "--read-role", "Audit"]).stdout)
    read, enter = printed["caller"]["Statement"]
    assert [action for action in read["Action"] if getattr(find_action(action), "name", "") != action] == []
    assert [
        action for action in read["Action"] if not action.split(":")[1].startswith(("Describe", "Get", "List"))
    ] == []
    assert enter["Action"] == ["sts:AssumeRole"]
    assert enter["Resource"] == "arn:aws:iam::*:role/Audit"
    assert enter["Condition"] == {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
    assert printed["session of Audit in member accounts"] == json.loads(READ_ONLY)


def test_only_a_copy_of_the_live_organization_needs_permissions() -> None:
    result = CliRunner().invoke(rehearse, ["--permissions"])
    assert result.exit_code == 2
    assert "--permissions prints what the copy of --like-live needs" in " ".join(result.stderr.split())
