"""The phases, which are the packages in this one, and their steps, read back from a plan.json."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orgkit.errors import OrgkitError
from orgkit.model.desired import Desired, HandoverSpec
from orgkit.phases.descriptor import Phase

if TYPE_CHECKING:
    from orgkit.model.observed import Observed
    from orgkit.model.plan import Plan, Step
    from orgkit.phases.handler import AdoptionReader, Handler, Handlers, Reader

PATHS = ("path", "unit")  # the fields that hold the path of an organizational unit
# Fields of a step of plan schema 1, which has no `starts_from`; `rests_on` was how the last invitation ended.
NEW_FIELDS: Mapping[str, Any] = {"starts_from": "", "effects": ()}

OWNED_BY_TERRAFORM = "Terraform owns this: change it there"
Planner = Callable[["Observed", Desired], "Plan"]


@dataclass(frozen=True)
class PhaseCode:
    """The code of a phase that calls AWS: what it reads, and the handlers of its steps."""

    read: "Reader | None"
    handlers: "Handlers"


def _discover() -> Iterator[Phase]:
    for file in sorted(Path(__file__).parent.glob("*/phase.py")):
        phase = import_module(f"orgkit.phases.{file.parent.name}.phase").PHASE
        if phase.package != f"orgkit.phases.{file.parent.name}":
            raise TypeError(f"{file} describes phase {phase.name}: a phase has the name of its package")
        yield phase


RUNBOOKS = tuple(sorted(_discover(), key=lambda phase: phase.number))
PHASES = tuple(phase for phase in RUNBOOKS if phase.in_bootstrap)
LATER_PHASES = tuple(phase for phase in RUNBOOKS if not phase.in_bootstrap)


def phases_for(desired: Desired) -> tuple[Phase, ...]:
    """Return the phases of the bootstrap, and those after it that the file asks for: 10 where it names alerts.

    A phase that takes something away is never one of them.
    """
    phases = (phase for phase in RUNBOOKS if phase.in_bootstrap or phase.is_requested(desired))
    return tuple(phase for phase in phases if not phase.takes_away)  # such a phase is named, or it does not run


def load(phase: Phase) -> PhaseCode:
    """Import the code of a phase that calls AWS; dynamically, since it loads boto3."""
    return _load(phase.name)


def load_handover(phase: Phase) -> "Reader | None":
    """Import the code that reads what a hand-over of the phase needs; None where it needs nothing more."""
    module = phase.load_module("handover_aws")
    reader: Reader | None = module.read_handover if module else None
    return reader


@cache
def _load(name: str) -> PhaseCode:
    phase = phase_of(name)
    module = phase.load_module("aws")
    if module is None:
        return PhaseCode(None, {})
    return PhaseCode(getattr(module, "read", None), _by_step(phase.steps, getattr(module, "HANDLERS", ())))


def load_adoption_reader(phase: Phase) -> "AdoptionReader | None":
    """Import what reads AWS for the adoption of an organization; None where the phase needs nothing more."""
    module = phase.load_module("adoption_aws")
    reader: AdoptionReader | None = module.read_to_adopt if module else None
    return reader


def load_inventory_reader(phase: Phase) -> "Reader | None":
    """Import what reads AWS for the inventory alone; None where the phase needs nothing more for it."""
    module = phase.load_module("inventory_aws")
    reader: Reader | None = module.read_inventory if module else None
    return reader


def _by_step(steps: "Iterable[type[Step]]", handlers: "Iterable[Handler[Any]]") -> "Handlers":
    """Return handlers by type of step; raise TypeError for a step with none or two, or a handler without a step."""
    handler_of_step: dict[type[Step], Handler[Any]] = {}
    for handler in handlers:
        if handler.step in handler_of_step:
            raise TypeError(f"{handler.step.__name__} has two handlers")
        handler_of_step[handler.step] = handler
    if differing := set(steps) ^ set(handler_of_step):
        names = ", ".join(sorted(step.__name__ for step in differing))
        raise TypeError(f"the steps of the descriptor and those with a handler differ: {names}")
    return handler_of_step


def phase_of(name: str) -> Phase:
    """Return the phase that a person means by `2`, `02`, `units`, `02-units`, `organizational-units`, `02-units.ipynb`.

    Raises:
        KeyError: There is none.
    """
    plain = name.removesuffix(".ipynb").replace("_", "-").lower()
    plain = plain.zfill(2) if plain.isdecimal() and plain.isascii() else plain
    for phase in RUNBOOKS:
        if plain in (phase.number, phase.name, phase.label, phase.run_label):
            return phase
    raise KeyError(name)


def plan(phase: str, observed: "Observed", desired: Desired) -> "Plan":
    """Return what a phase would change; pure and deterministic.

    Steps that a finding of phase 00 stops are not in the plan: every way to apply a plan uses this function.

    Args:
        phase: Its number, name or label, such as "02", "organizational-units" or "units".
        observed: One reading of AWS that covers the phase.
        desired: The parameters file.

    Raises:
        OrgkitError: There is no such phase, or it changes nothing.
    """
    try:
        described = phase_of(phase)
        planner = described.planner
    except KeyError:
        planner = None
    if planner is None:
        labels = ", ".join(candidate.label for candidate in RUNBOOKS if candidate.changes)
        raise OrgkitError(f"no phase {phase!r} plans changes.", f"name one of: {labels}.")
    return _without_stopped_steps(described, _plan_own_steps(described, planner, observed, desired), observed)


def _plan_own_steps(phase: Phase, planner: Planner, observed: "Observed", desired: Desired) -> "Plan":
    """Plan what is orgkit's: a step that Terraform owns by the file is reported, and somebody changes it there.

    What orgkit does with a resource that Terraform has to create first is planned once that is there.
    """
    plan = planner(observed, desired)
    if phase.label not in desired.section(HandoverSpec).phases or phase.handover is None:
        return plan
    from orgkit.model.plan import ABSENT, Waiting  # late: `orgkit check` plans nothing

    spec = desired.section(HandoverSpec)
    members = phase.handover.member_steps if spec.members else ()
    rewritten = tuple(phase.handover.remedies) if spec.folder else ()  # the run writes the files again
    owned = [
        step
        for step in plan.steps
        if (isinstance(step, phase.handover.steps) and not isinstance(step, rewritten))
        or (isinstance(step, members) and step.starts_from != ABSENT)
    ]
    to_create = {step.subject for step in owned if step.starts_from == ABSENT and step.symbol == "+"}
    own_steps = [step for step in plan.steps if step not in owned and to_create.isdisjoint(step.depends_on)]
    remedies = phase.handover.remedies
    waiting = tuple(
        Waiting(f"{step.sentence}: {remedies.get(type(step), OWNED_BY_TERRAFORM)}", "Terraform") for step in owned
    )
    return replace(plan, steps=tuple(own_steps), waiting=(*plan.waiting, *waiting))


def may_be_stopped(phase: Phase, observed: "Observed", desired: Desired) -> bool:
    """Return whether the phase would change something that a finding of phase 00 may stop."""
    try:
        if phase.planner is None:
            return False
        return any(_stoppable_steps(phase, _plan_own_steps(phase, phase.planner, observed, desired), observed))
    except OrgkitError:
        return False  # planning raises the same again, where it is reported


def _stoppable_steps(phase: Phase, plan: "Plan", observed: "Observed") -> "tuple[Step, ...]":
    return tuple(step for step in plan.steps if phase.stoppable is None or phase.stoppable(step, observed))


def _without_stopped_steps(phase: Phase, plan: "Plan", observed: "Observed") -> "Plan":
    """Remove the steps that findings stop. A phase that continues without them waits until the finding is resolved."""
    findings = [finding for finding in observed.findings if finding.concerns(phase.number)]
    warnings = tuple(finding.sentence for finding in findings if finding.verdict == "warns")
    stops = tuple(finding for finding in findings if finding.verdict == "stops")
    stopped_steps = _stoppable_steps(phase, plan, observed) if stops else ()
    plan = replace(plan, warnings=(*plan.warnings, *warnings))
    if not stopped_steps:
        return plan
    stopped_ids = {step.id for step in stopped_steps}
    steps = tuple(step for step in plan.steps if step.id not in stopped_ids)
    plan = replace(plan, steps=steps, stopped_steps=stopped_steps)
    if phase.stoppable is None:
        return replace(plan, stops=stops)
    from orgkit.model.plan import Waiting

    lines = [f"{step.sentence}: stopped by phase 00, {stops[0].advice}" for step in stopped_steps]
    waiting = tuple(Waiting(line, f"the owner of {stops[0].item}") for line in lines)
    return replace(plan, waiting=(*plan.waiting, *waiting))


@lru_cache(maxsize=256)  # a plan may be anybody's file
def _step_class(kind: str) -> "type[Step] | None":
    """Return the step of that kind; the phases are searched in their order, so that later ones need not be imported."""
    changing = (phase for phase in RUNBOOKS if phase.changes)
    return next((step for phase in changing for step in phase.steps if step.kind == kind), None)


def read_step(facts: Mapping[str, Any]) -> "Step | None":
    """Return the step that a plan.json of this schema describes; None when this version of orgkit has no such step."""
    kind = str(facts.get("id", "")).partition(":")[0]
    return _make(kind, {name: value for name, value in facts.items() if name not in ("id", "sentence")})


def read_step_of_schema_1(facts: Mapping[str, Any]) -> "Step | None":
    """Return the step that a plan.json of schema 1 describes.

    There the name of its class stands for its kind, and the path of an organizational unit is a text with slashes.
    """
    kind = re.sub(r"(?<!^)(?=[A-Z])", "-", str(facts.get("step", ""))).lower()
    values = {name: value for name, value in facts.items() if name not in ("step", "sentence", "rests_on")}
    paths = {name: value.split("/") if value else [] for name in PATHS if isinstance(value := values.get(name), str)}
    step = _step_class(kind)
    known = {field.name for field in fields(step)} if step else set()
    return _make(kind, {name: value for name, value in NEW_FIELDS.items() if name in known} | values | paths)


def _make(kind: str, values: Mapping[str, Any]) -> "Step | None":
    step = _step_class(kind)
    if step is None or values.keys() != {field.name for field in fields(step) if field.compare}:
        return None
    return step(**{name: _frozen(value) for name, value in values.items()})


def _frozen(value: Any) -> Any:
    """Return lists as tuples, as the fields of a step have them."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
