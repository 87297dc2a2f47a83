"""One name for every planner: the phase that is asked for decides which is used."""

from collections.abc import Callable

from orgkit.accounts import planner as accounts
from orgkit.billing import planner as billing
from orgkit.imports import planner as imports
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.organization import planner as organization
from orgkit.plan import Plan
from orgkit.trail import planner as trail
from orgkit.units import planner as units

PLANNERS: dict[str, Callable[[Observed, Desired], Plan]] = {
    "organization": organization.plan,
    "units": units.plan,
    "accounts": accounts.plan,
    "imports": imports.plan,
    "trail": trail.plan,
    "billing": billing.plan,
}


def plan_phase(phase: str, observed: Observed, desired: Desired) -> Plan:
    """What `phase` would change; pure and deterministic. KeyError for a phase that changes nothing."""
    return PLANNERS[phase](observed, desired)
