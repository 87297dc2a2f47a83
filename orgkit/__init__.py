"""Bootstrap an AWS organization: rehearse, approve, apply, prove.

The names below are the library. They are imported when they are first used: `import orgkit` loads neither boto3 nor
pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from orgkit._version import __version__

if TYPE_CHECKING:
    from orgkit import errors
    from orgkit.aws.session import Connection
    from orgkit.costs.estimate.estimate import Estimate, estimate
    from orgkit.engine.approve import apply, approve, plan
    from orgkit.engine.connect import connect
    from orgkit.engine.observe import observe
    from orgkit.errors import OrgkitError
    from orgkit.model.approval import Approval
    from orgkit.model.desired import Desired
    from orgkit.model.observed import Observed
    from orgkit.model.outcome import Outcome, Outcomes
    from orgkit.model.plan import Plan, Step
    from orgkit.parameters import load

_MODULES = {
    "errors": "",
    "Connection": "aws.session",
    "Estimate": "costs.estimate.estimate",
    "estimate": "costs.estimate.estimate",
    "apply": "engine.approve",
    "approve": "engine.approve",
    "connect": "engine.connect",
    "observe": "engine.observe",
    "OrgkitError": "errors",
    "Approval": "model.approval",
    "Desired": "model.desired",
    "Observed": "model.observed",
    "Outcome": "model.outcome",
    "Outcomes": "model.outcome",
    "Plan": "model.plan",
    "Step": "model.plan",
    "load": "parameters",
    "plan": "engine.approve",
}

__all__ = [
    "Approval", "Connection", "Desired", "Estimate", "Observed", "OrgkitError", "Outcome", "Outcomes", "Plan", "Step",
    "__version__", "apply", "approve", "connect", "errors", "estimate", "load", "observe", "plan",
]  # fmt: skip


if not TYPE_CHECKING:  # a type checker would take any misspelled name for Any

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "errors":
            return import_module(f"{__name__}.errors")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
