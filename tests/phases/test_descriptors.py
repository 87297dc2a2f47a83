"""The descriptor of a phase knows without an import what its code says once it is imported."""

import pytest

from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import RUNBOOKS

# Sections that ask for something of which AWS has nothing to adopt, each with the reason.
NOTHING_TO_ADOPT = {
    "costs": "assumptions of the estimate",
    "offboarding": "accounts that a person wants closed",
    "policy_removal": "policies that a person wants removed",
}


def test_the_section_of_each_phase_is_adopted_or_has_nothing_in_aws() -> None:
    sections = {phase.section.name for phase in RUNBOOKS if phase.section and phase.adopt is None}
    assert sections == {*NOTHING_TO_ADOPT}


@pytest.mark.parametrize("phase", RUNBOOKS, ids=lambda phase: phase.label)
def test_a_phase_that_has_a_planner_has_steps_and_no_other_has(phase: Phase) -> None:
    assert (phase.planner is not None, bool(phase.steps)) == (phase.changes, phase.changes)


def test_the_parts_of_a_phase_are_those_of_its_modules_and_none_where_there_is_no_module() -> None:
    by_label = {phase.label: phase for phase in RUNBOOKS}
    units, billed = by_label["units"], by_label["actual-costs"]
    assert units.section is not None
    assert (units.section.name, units.section is units.section) == ("units", True)
    assert units.handover is not None
    assert set(units.handover.steps) <= set(units.steps)
    assert units.adopt is not None
    assert (billed.section, billed.handover, billed.adopt) == (None, None, None)
    assert (billed.reads, billed.steps) == (("ce:GetCostAndUsage",), ())
