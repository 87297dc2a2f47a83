"""Nothing replaces a value that was not approved: every kind of step, and two mutants that have to be noticed."""

import subprocess
import sys
from pathlib import Path

import pytest

from orgkit.phases.permissions import steps_of
from orgkit.phases.registry import RUNBOOKS
from tests.conftest import Tell

CHECKOUT = Path(__file__).parents[2]
KINDS = {step.kind for phase in RUNBOOKS for step in steps_of(phase)}
# AWS takes no trail while there is no bucket for it: nobody can make one before the plan is applied.
NEVER_THERE_BEFORE = {"create-trail"}


def trials(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tests.faults.starting_values", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_somebody_else_changes_what_a_step_replaces_and_nothing_more_is_sent_about_it(report: Tell) -> None:
    output = trials()
    report(output.stdout)
    assert output.returncode == 0, output.stdout + output.stderr
    kinds = {line.split(" trials ")[0].rsplit(maxsplit=1)[0].strip(): set(line.split(": ")[-1].split())
             for line in output.stdout.splitlines() if " trials of " in line}  # fmt: skip
    assert kinds["before apply"] == KINDS - NEVER_THERE_BEFORE
    assert kinds["between steps"] == KINDS
    assert kinds["after the second read"] == {"move-account"}


@pytest.fixture(scope="module")
def output() -> str:
    """What is printed of the mutants; each runs in a process of its own, after phases that they share."""
    done = trials("--mutants")
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("mutant", "noticed"),
    [
        ("no-start-of-tag-unit", "units before apply tag-unit:"),
        ("no-second-read", "units between steps tag-unit:"),
    ],
)
def test_a_library_without_one_of_the_two_comparisons_is_noticed(mutant: str, noticed: str, output: str) -> None:
    assert any(line.startswith(f"BAD {mutant}: {noticed}") for line in output.splitlines()), output
