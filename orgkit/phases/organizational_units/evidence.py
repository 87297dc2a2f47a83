"""Whether AWS shows what a step of phase 02 makes."""

from orgkit.model.desired import Desired, missing_tags
from orgkit.model.observed import Observed
from orgkit.phases.evidence import is_shown_by
from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit


def _unit(step: CreateUnit, observed: Observed, _: Desired) -> bool:
    return observed.unit(step.path) is not None


def _name(step: RenameUnit, observed: Observed, _: Desired) -> bool:
    return observed.unit(step.path) is not None and observed.unit(step.former_path) is None


def _tags(step: TagUnit, observed: Observed, _: Desired) -> bool:
    unit = observed.unit(step.path)
    return unit is not None and not missing_tags(step.tags, unit.tags)


EVIDENCE = (is_shown_by(CreateUnit, _unit), is_shown_by(RenameUnit, _name), is_shown_by(TagUnit, _tags))
