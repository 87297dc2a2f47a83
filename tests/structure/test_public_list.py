"""`import orgkit`: what it offers, and how its values look."""

import subprocess
import sys
from pathlib import Path

import pytest

import orgkit
from orgkit.model.plan import Plan, Target

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"


def test_the_list_of_names_is_what_dir_shows_and_each_can_be_imported() -> None:
    assert dir(orgkit) == orgkit.__all__
    assert all(getattr(orgkit, name) is not None for name in orgkit.__all__)


def test_dir_shows_nothing_else_after_modules_were_imported() -> None:
    code = "import orgkit, orgkit.cli.main, orgkit.engine.apply; print(set(dir(orgkit)) - set(orgkit.__all__))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_functions_stay_functions_after_modules_of_all_packages_were_imported() -> None:
    assert callable(orgkit.plan)
    assert callable(orgkit.apply)
    assert callable(orgkit.approve)


@pytest.mark.parametrize("phase", ["nothing", "06", "management-account", ""])
def test_a_phase_that_is_not_there_or_plans_nothing_is_an_error_that_names_the_others(phase: str) -> None:
    desired = orgkit.load(EXAMPLE)
    observed = orgkit.Observed(Target("999999999999", None, "aws", "aws"), "", None)
    with pytest.raises(orgkit.OrgkitError, match="organization, units, accounts, imports, trail, state-b"):
        orgkit.plan(phase, observed, desired)


@pytest.mark.parametrize("phase", ["02", "units", "organizational-units", "02-units"])
def test_a_phase_is_planned_by_number_label_or_name(phase: str) -> None:
    desired = orgkit.load(EXAMPLE)
    observed = orgkit.Observed(Target("999999999999", None, "aws", "aws"), "", None)
    assert orgkit.plan(phase, observed, desired).phase == "units"


def test_values_are_shown_in_one_line() -> None:
    desired = orgkit.load(EXAMPLE)
    made = Plan("units", Target("999999999999", "o-exampleorgid", "aws", "aws"))
    plan = made.with_review({"planned_at": "2026-11-23T12:00:00+00:00"})
    assert repr(desired) == "<Desired name=example, units=3, accounts=2, imports=1>"
    assert repr(plan) == f"<Plan phase=units, steps=0, digest={plan.digest}>"
    assert repr(made) == "<Plan phase=units, steps=0, digest=none: it is not one planning>"
    assert len(repr(orgkit.estimate(desired))) < 120


def test_what_aws_or_a_file_says_is_no_markup_in_a_notebook() -> None:
    target = Target("999999999999", "o-exampleorgid", "aws", "aws")
    html = Plan("<script>alert(1)</script>\x1b[31m", target)._repr_html_()
    assert "<script>" not in html
    assert "\x1b" not in html
