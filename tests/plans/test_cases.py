"""Each folder next to this file is one case: observed + desired → the expected plan, or the expected error."""

import pytest

from orgkit import errors
from orgkit.phases.registry import plan as plan_phase
from tests.plans.loader import CONCEPTS, Case, cases, plan_as_told


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.concept}/{case.folder.name}")
def test_a_case_gives_the_plan_that_it_expects(case: Case) -> None:
    expected = case.expected
    if "error" in expected:
        with pytest.raises(getattr(errors, expected["error"])) as stopped:
            plan_phase(case.concept, case.observed, case.desired)
        assert expected["why"] == stopped.value.reason
    else:
        assert plan_as_told(plan_phase(case.concept, case.observed, case.desired)) == expected


@pytest.mark.parametrize("concept", CONCEPTS)
def test_every_concept_has_the_two_cases_that_matter_most(concept: str) -> None:
    names = {case.folder.name for case in cases() if case.concept == concept}
    assert {"nothing-there", "everything-there"} <= names


@pytest.mark.parametrize("concept", CONCEPTS)
def test_everything_there_means_an_empty_plan(concept: str) -> None:
    case = next(case for case in cases() if (case.concept, case.folder.name) == (concept, "everything-there"))
    assert plan_phase(concept, case.observed, case.desired).empty


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.concept}/{case.folder.name}")
def test_no_two_steps_of_a_case_have_one_id(case: Case) -> None:
    if "error" not in case.expected:
        ids = [step.id for step in plan_phase(case.concept, case.observed, case.desired).steps]
        assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.concept}/{case.folder.name}")
def test_planning_twice_gives_the_same_bytes(case: Case) -> None:
    if "error" not in case.expected:
        first, again = (plan_phase(case.concept, case.observed, case.desired) for _ in range(2))
        assert (first.canonical, first.digest) == (again.canonical, again.digest)
