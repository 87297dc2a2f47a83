"""What a plan would make of an organization is to be seen in the tree: by a sign, a word and a shape."""

from pathlib import Path
from typing import Any

from orgkit.model.accounts import CreateAccount, MoveAccount, TagAccount
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.units import CreateUnit, TagUnit
from orgkit.parameters import load
from orgkit.plan import Plan, Target, Waiting
from orgkit.runbook.marks import after
from orgkit.runbook.picture import as_svg
from orgkit.runbook.tree import as_text
from tests.plans.loader import observed_of

DESIRED = load(Path(__file__).parents[2] / "parameters" / "example.toml")
TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
ACCOUNTS = [
    {"id": "999999999999", "name": "example", "email": "aws-management@example.com"},
    {"id": "333333333333", "name": "website-prod", "email": "aws-website-prod@example.com"},
]


def tree(*steps: Any, phase: str = "accounts", waiting: tuple[Waiting, ...] = (), units: Any = None) -> list[str]:
    observed = observed_of({"organization": {}, "units": units or {}, "accounts": ACCOUNTS})
    node = after(observed, DESIRED, Plan(phase, TARGET, steps, waiting=waiting))
    assert "Organization chart" in as_svg(node)
    return as_text(node).splitlines()


def account(key: str) -> CreateAccount:
    spec = next(each for each in DESIRED.accounts if each.key == key)
    return CreateAccount(
        key=key, name=spec.name, email=spec.email, role_name=ACCESS_ROLE, iam_access_to_billing="DENY", tags=()
    )


def test_a_unit_to_be_made_stands_in_its_place_as_new_and_one_to_be_tagged_as_tagged() -> None:
    lines = tree(CreateUnit(path="Security/Audit", tags=()), TagUnit(path="Security", tags=()), phase="units",
                 units={"Security": {}})  # fmt: skip
    assert "├─ ~ Security/  (tagged)" in lines
    assert "│  └─ + Audit/  (new)" in lines
    assert lines[-1] == "+ new   ~ changed"


def test_an_account_to_be_made_stands_where_it_will_be_placed() -> None:
    spec = next(each for each in DESIRED.accounts if each.key == "log-archive")
    move = MoveAccount(key=spec.key, name=spec.name, unit=spec.unit)
    lines = tree(account("log-archive"), move, units={spec.unit: {}})
    assert f"├─ {spec.unit}/" in lines
    assert any(line.startswith("│  └─ + log-archive") and line.endswith("(new)") for line in lines)


def test_an_account_that_moves_is_shown_where_it_goes_with_where_it_comes_from() -> None:
    spec = next(each for each in DESIRED.accounts if each.key == "website-prod")
    lines = tree(
        MoveAccount(key=spec.key, name=spec.name, unit=spec.unit), TagAccount(key=spec.key, name=spec.name, tags=()),
        units={spec.unit: {}},
    )  # fmt: skip
    (line,) = [line for line in lines if "website-prod" in line]
    assert line.startswith("│  └─ \u2192 website-prod")
    assert line.endswith("(moved from the root, tagged)")


def test_before_there_is_an_organization_its_root_is_new() -> None:
    from orgkit.model.organization import CreateOrganization, EnableTrustedAccess

    observed = observed_of({"organization": None})
    steps = (
        CreateOrganization(account_id="999999999999", ends_free_plan=False),
        EnableTrustedAccess(principal="iam.amazonaws.com"),
    )
    lines = as_text(after(observed, DESIRED, Plan("organization", TARGET, steps))).splitlines()
    assert lines[0] == "+ organization root  (new)"
    assert "management account" in lines[1]


def test_an_account_whose_owner_has_to_act_is_waiting() -> None:
    (spec,) = DESIRED.imports
    lines = tree(phase="imports", waiting=(Waiting(f"account {spec.id} has to accept", "its owner"),))
    (line,) = [line for line in lines if spec.id in line]
    assert "\u2026 " in line
    assert line.endswith("(waiting for its owner)")
