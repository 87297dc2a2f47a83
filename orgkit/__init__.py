"""Bootstrap an AWS organization: rehearse, approve, apply, prove."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from orgkit.connecting import connect as connect
    from orgkit.costs.estimate import estimate as estimate
    from orgkit.library import apply_plan as apply_plan
    from orgkit.library import approve as approve
    from orgkit.parameters import load as load
    from orgkit.planning import plan_phase as plan_phase
    from orgkit.read import read_organization as read_organization

# Public name → its module. None is named as a module is: importing orgkit.plan would put the module in its place.
_PUBLIC = {
    "load": "orgkit.parameters",
    "connect": "orgkit.connecting",
    "read_organization": "orgkit.read",
    "plan_phase": "orgkit.planning",
    "approve": "orgkit.library",
    "apply_plan": "orgkit.library",
    "estimate": "orgkit.costs.estimate",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import orgkit` costs nothing."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module orgkit has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
