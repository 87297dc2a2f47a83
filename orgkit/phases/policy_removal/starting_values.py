"""What the removal of a policy starts from, in the form that plans and the second read have: pure functions."""

from collections.abc import Iterable, Mapping

from orgkit.model.canonical_json import normal_form
from orgkit.model.desired import UnitPath, format_path
from orgkit.model.observed import Observed
from orgkit.phases.policies.steps import parsed
from orgkit.policy_evaluation.policy_types import SCP
from orgkit.policy_evaluation.statements import statements_of

ROOT = "the organization root"


def place_of_unit(unit: UnitPath) -> str:
    """Return how plans name a unit as a target; no name of an account or of the root looks like it."""
    return f"unit {format_path(unit)}" if unit else ROOT


def place_of_account(account: str) -> str:
    """Return how plans name an account as a target."""
    return f"account {account}"


def place_of(target: str, observed: Observed) -> str:
    """Return how plans name a target by its id; the id where AWS has not listed it."""
    if observed.organization and target == observed.organization.root_id:
        return ROOT
    unit = next((unit for unit in observed.units if unit.id == target), None)
    return place_of_unit(unit.path) if unit else place_of_account(target) if observed.account(target) else target


def allows_something(kind: str, content: str) -> bool:
    """Return whether a policy is an SCP with a statement that allows: what no SCP of a target allows is denied."""
    statements = statements_of(parsed(content))
    return kind == SCP and any(not isinstance(item, dict) or item.get("Effect") == "Allow" for item in statements)


def state(content: str, places: Iterable[str], allowing: Mapping[str, str] | None = None) -> str:
    """Return what a step replaces.

    Args:
        content: The document.
        places: Where else the policy is attached.
        allowing: For an SCP that allows something, the documents of the other SCPs of the target, by their names.
    """
    values = {"content": content, "attached_to": sorted(places)}
    return normal_form(values if allowing is None else {**values, "next_to": dict(sorted(allowing.items()))})
