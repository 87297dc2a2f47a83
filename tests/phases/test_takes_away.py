"""A phase that closes, deletes, detaches or switches something off says so, and runs only where a person names it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import orgkit.ci
from orgkit.ci.oidc import CHANGING_PHASES, template
from orgkit.cli.phases import permissions
from orgkit.model.offboarding import OffboardedAccount, OffboardingSpec
from orgkit.model.plan import Step
from orgkit.parameters import load
from orgkit.phases.permissions import Scope, policy_for, steps_of
from orgkit.phases.registry import PHASES, RUNBOOKS, phase_of, phases_for
from orgkit.policy_evaluation.service_authorization import find_action, find_service
from tests.bootstrap.project import EXAMPLE

# The first words of the names of all actions that change something, in the services that orgkit changes.
TAKE_AWAY = {
    "Abort", "Bypass", "Cancel", "Close", "Deactivate", "Decline", "Delete", "Deregister", "Detach", "Disable",
    "Disassociate", "Disconnect", "Dissociate", "Leave", "Pause", "Reject", "Remove", "Retire", "Revoke", "Schedule",
    "Stop", "Terminate", "Untag",
}  # fmt: skip
OTHERS = {
    "Accept", "Add", "Associate", "Assume", "Attach", "Change", "Connect", "Create", "Decode", "Decrypt", "Derive",
    "Enable", "Encrypt", "Execute", "Generate", "Get", "Import", "Initiate", "Invite", "Modify", "Move", "Object",
    "Pass", "Provide", "Put", "Re", "Register", "Replicate", "Reset", "Restore", "Resync", "Rotate", "Send", "Set",
    "Sign", "Start", "Submit", "Synchronize", "Tag", "Update", "Upload", "Verify",
}  # fmt: skip
# Actions with such a verb in a phase that takes nothing away, each with the reason. None is needed today.
EXCEPTIONS: dict[str, str] = {}
GITHUB = Path(__file__).parents[2] / ".github"
REMOVING = [phase for phase in RUNBOOKS if phase.takes_away]


def verb(action: str) -> str:
    match = re.match("[A-Z][a-z]+", action.partition(":")[2])
    return match[0] if match else ""


def takes_away(step: type[Step]) -> set[str]:
    return {action for action in step.actions if verb(action) in TAKE_AWAY and action not in EXCEPTIONS}


def test_every_verb_of_the_services_that_orgkit_changes_is_known() -> None:
    used = {action for phase in RUNBOOKS for step in steps_of(phase) for action in step.actions}
    services = [find_service(prefix) for prefix in {action.partition(":")[0] for action in used}]
    changing = {
        verb(action.name)
        for service in services
        if service
        for action in service.actions.values()
        if action.access_level not in ("Read", "List")
    }
    assert changing - TAKE_AWAY - OTHERS == set()
    assert not TAKE_AWAY & OTHERS
    assert all(find_action(action) for action in used)


@pytest.mark.parametrize("phase", RUNBOOKS, ids=lambda phase: phase.run_label)
def test_a_step_that_takes_away_is_only_in_a_phase_that_says_so(phase: Any) -> None:
    actions = {action for step in steps_of(phase) for action in takes_away(step)}
    assert bool(actions) == phase.takes_away, actions


def test_a_step_of_a_phase_that_takes_away_has_its_own_symbol() -> None:
    steps = [step for phase in RUNBOOKS for step in steps_of(phase)]
    assert {step for step in steps if step.symbol == "-"} == {step for step in steps if takes_away(step)}


def test_no_file_brings_such_a_phase_into_a_bootstrap_a_plan_of_all_or_a_rehearsal() -> None:
    desired = load(EXAMPLE)
    for phase in REMOVING:
        assert phase not in PHASES
        assert phase not in phases_for(desired)
        assert not phase.is_requested(desired)


def test_no_ci_role_may_take_anything_away() -> None:
    assert not [phase for phase in CHANGING_PHASES if phase.takes_away]
    text = json.dumps(template())
    for phase in REMOVING:
        for action in (action for step in steps_of(phase) for action in takes_away(step)):
            assert action not in text


def test_their_permissions_are_printed_by_name_alone(tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    text = EXAMPLE.read_text(encoding="utf-8")
    file.write_text(f'{text}\n[offboarding.old-team]\naccount = "222222222222"\nreason = "it goes"\n', encoding="utf-8")
    removing_actions = {
        phase.label: {action for step in steps_of(phase) for action in takes_away(step)} for phase in REMOVING
    }
    assert all(removing_actions.values())
    removing = set().union(*removing_actions.values())
    for names, expected in (([], set()), *(([label], actions) for label, actions in removing_actions.items())):
        output = json.loads(CliRunner().invoke(permissions, [*names, "--file", str(file)]).stdout)
        printed = {action for statement in output["Statement"] for action in statement["Action"]}
        assert printed & removing == expected


def test_no_workflow_offers_a_phase_that_takes_something_away() -> None:
    workflows = Path(orgkit.ci.__file__).parent / "github"
    texts = [file.read_text(encoding="utf-8") for file in (*workflows.rglob("*.y*ml"), *GITHUB.rglob("*.y*ml"))]
    assert texts
    for phase in REMOVING:
        assert not [text for text in texts if phase.label in text or phase.run_label in text]


def test_the_policy_of_phase_16_closes_the_accounts_of_the_file_alone() -> None:
    entry = OffboardedAccount("old-team", "222222222222", "it goes", "OldRole")
    scope = Scope.from_desired(load(EXAMPLE).with_section(OffboardingSpec(accounts=(entry,))))
    statements = {item["Sid"]: item for item in policy_for([phase_of("offboarding")], scope)["Statement"]}
    assert statements["CloseAccounts"]["Resource"] == ["arn:aws:organizations::999999999999:account/o-*/222222222222"]
    assert "arn:aws:iam::*:role/OldRole" in statements["EnterMemberAccounts"]["Resource"]
    for nobody in (Scope.from_desired(load(EXAMPLE)), None, Scope()):
        assert "organizations:CloseAccount" not in json.dumps(policy_for([phase_of("offboarding")], nobody))


def test_a_policy_that_closes_accounts_is_not_printed_without_the_file_that_names_them() -> None:
    result = CliRunner().invoke(permissions, ["16"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--file" in result.stderr
    assert "[offboarding] of the parameters file" in result.stderr
    empty = CliRunner().invoke(permissions, ["16", "--file", str(EXAMPLE)])
    assert (empty.exit_code, "organizations:CloseAccount" in empty.stdout) == (0, False)
    assert "[offboarding] names no account: this policy closes none." in " ".join(empty.stderr.split())


def test_the_policy_of_phase_13_reaches_the_policies_of_the_types_of_the_file_alone() -> None:
    changes = [
        item
        for item in policy_for([phase_of("policy-removal")])["Statement"]
        if item["Sid"] in ("DetachPolicies", "DeletePolicies")
    ]
    types = {"organizations:PolicyType": ["RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY"]}
    assert [statement["Condition"] for statement in changes] == [{"StringEquals": types}] * 2
    detach, delete = (statement["Resource"] for statement in changes)
    assert "arn:aws:organizations::aws:policy/*" in detach
    assert delete == ["arn:aws:organizations::*:policy/o-*/*"]
