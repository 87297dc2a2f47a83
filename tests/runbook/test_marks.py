"""What a plan would make of an organization is to be seen in the tree: by a sign, a word and a shape."""

from pathlib import Path
from typing import Any

from orgkit.model.desired import ACCESS_ROLE, format_path
from orgkit.model.plan import ABSENT, Plan, Target, Waiting
from orgkit.parameters import load
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, TagAccount
from orgkit.phases.organizational_units.steps import CreateUnit, TagUnit
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import as_svg, as_text
from tests.plans.loader import observed_of

DESIRED = load(Path(__file__).parents[2] / "parameters" / "example.toml")
TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
ACCOUNTS = [
    {"id": "999999999999", "name": "example", "email": "aws-management@example.com"},
    {"id": "333333333333", "name": "website-prod", "email": "aws-website-prod@example.com"},
]


def tree(*steps: Any, phase: str = "accounts", waiting: tuple[Waiting, ...] = (), units: Any = None) -> list[str]:
    observed = observed_of({"organization": {}, "units": units or {}, "accounts": ACCOUNTS})
    node = tree_after_plan(observed, DESIRED, Plan(phase, TARGET, steps, waiting=waiting))
    assert "Organization chart" in as_svg(node)
    return as_text(node).splitlines()


def account(key: str) -> CreateAccount:
    spec = next(each for each in DESIRED.accounts if each.key == key)
    return CreateAccount(
        key=key, name=spec.name, email=spec.email, role_name=ACCESS_ROLE, iam_access_to_billing="DENY", tags=()
    )


def test_a_unit_to_be_made_stands_in_its_place_as_new_and_one_to_be_tagged_as_tagged() -> None:
    tag = TagUnit(path=("Security",), tags=(), starts_from=ABSENT)
    lines = tree(CreateUnit(path=("Security", "Audit"), tags=()), tag, phase="units", units={"Security": {}})
    assert "├─ ~ Security/  (tagged)" in lines
    assert "│  └─ + Audit/  (new)" in lines
    assert lines[-1] == "+ new   ~ changed"


def test_an_account_to_be_made_stands_where_it_will_be_placed() -> None:
    spec = next(each for each in DESIRED.accounts if each.key == "log-archive")
    move = MoveAccount(key=spec.key, name=spec.name, unit=spec.unit, starts_from=ABSENT)
    lines = tree(account("log-archive"), move, units={format_path(spec.unit): {}})
    assert f"├─ {format_path(spec.unit)}/" in lines
    assert any(line.startswith("│  └─ + log-archive") and line.endswith("(new)") for line in lines)


def test_an_account_that_moves_is_shown_where_it_goes_with_where_it_comes_from() -> None:
    spec = next(each for each in DESIRED.accounts if each.key == "website-prod")
    lines = tree(
        MoveAccount(key=spec.key, name=spec.name, unit=spec.unit, starts_from=ABSENT),
        TagAccount(key=spec.key, name=spec.name, tags=(), starts_from=ABSENT),
        units={format_path(spec.unit): {}},
    )  # fmt: skip
    (line,) = [line for line in lines if "website-prod" in line]
    assert line.startswith("│  └─ \u2192 website-prod")
    assert line.endswith("(moved from the root, tagged)")


def test_before_there_is_an_organization_its_root_is_new() -> None:
    from orgkit.phases.organization.steps import CreateOrganization, EnableTrustedAccess

    observed = observed_of({"organization": None})
    steps = (
        CreateOrganization(account_id="999999999999", ends_free_plan=False),
        EnableTrustedAccess(principal="iam.amazonaws.com"),
    )
    lines = as_text(tree_after_plan(observed, DESIRED, Plan("organization", TARGET, steps))).splitlines()
    assert lines[0] == "+ organization root  (new)"
    assert "management account" in lines[1]


def test_an_account_whose_owner_has_to_act_is_waiting() -> None:
    (spec,) = DESIRED.imports
    lines = tree(phase="imports", waiting=(Waiting(f"account {spec.id} has to accept", "its owner"),))
    (line,) = [line for line in lines if spec.id in line]
    assert "\u2026 " in line
    assert line.endswith("(waiting for its owner)")
