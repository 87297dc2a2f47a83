"""`orgkit permissions` and the other policies that orgkit prints are sufficient and needed in the sandbox's evaluation.

Every scenario runs under exactly these policies. Of the actions that calls use, a sample is deleted, and each phase
meets one of two kinds of fault. The script deletes each action, and lets each phase meet both kinds:
`python -m tests.policy_evaluation.permissions`.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from orgkit.ci.oidc import CHANGING_PHASES
from orgkit.phases.permissions import policy_for
from orgkit.phases.registry import RUNBOOKS
from orgkit.policy_evaluation.conditions import as_list
from tests.ci.test_oidc import policies as roles_of_ci

ROOT = Path(__file__).parents[2]
SAMPLE = 6


@pytest.fixture(scope="module")
def output() -> str:
    """What the script prints, in a process of its own: it has the sandbox in it."""
    command = [sys.executable, "-m", "tests.policy_evaluation.permissions", "--sample", str(SAMPLE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_each_action_of_each_printed_policy_is_needed_or_explained(output: str) -> None:
    (total,) = re.findall(r"^([0-9]+) of ([0-9]+) actions, ([0-9]+) deleted", output, re.MULTILINE)
    assert total[0] == total[1]
    assert int(total[1]) > 300
    assert int(total[2]) > 0


def test_every_printed_policy_is_in_the_table(output: str) -> None:
    texts = set(re.findall(r"^ *[0-9]+ of +[0-9]+  ([^:]+): ", output, re.MULTILINE))
    phases = {f"orgkit permissions {phase.number}" for phase in RUNBOOKS}
    others = {"CI role orgkit-plan", "orgkit records archive --permissions", "orgkit-read", "session policy"}
    assert texts == phases | others


@pytest.mark.parametrize("phase", CHANGING_PHASES, ids=lambda phase: phase.run_label)
def test_the_policy_of_the_role_that_applies_in_ci_has_the_actions_of_the_phase(phase) -> None:
    document = roles_of_ci("ApplyRole")[f"ApplyPolicy{phase.number}"]
    assert actions(document) == actions(policy_for([phase]))


def actions(document) -> set[str]:
    return {action for statement in document["Statement"] for action in as_list(statement["Action"])}
