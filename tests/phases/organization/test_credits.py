"""The credits that creating the organization ends: a cost of that step, and in 06 as many as are still left."""

from dataclasses import replace

import pytest

from orgkit.costs.estimate.effect import monthly_effect
from orgkit.costs.estimate.estimate import Estimate, estimate
from orgkit.model.observed import Unread
from orgkit.phases.organization.planner import plan
from orgkit.runbook.estimate_stages import credits_left_to_lose
from orgkit.runbook.views.views import Proposal
from tests.plans.loader import desired_of, observed_of

ITEM = "credits of the management account, lost"


def proposal(credits_usd: str | Unread | None) -> Proposal:
    desired, observed = desired_of(), replace(observed_of({"organization": None}), credits_usd=credits_usd)
    phase_plan = plan(observed, desired)
    return Proposal(phase_plan, monthly_effect(phase_plan, desired))


@pytest.mark.parametrize(
    ("credits_usd", "expected"),
    [
        ("200.00", "nothing a month; once: USD 200.00 of credits, lost"),
        ("0.00", "nothing"),
        (None, "nothing"),
        (Unread("denied"), "nothing a month; once: credits of an amount that could not be read, lost"),
    ],
)
def test_the_step_that_ends_credits_names_them_in_its_cost_column(credits_usd, expected):
    shown = proposal(credits_usd)
    assert shown.effect.lines[0].price == expected
    assert f"<td>{expected}</td>" in shown.view().html
    assert ("Once: " in shown.view().text) is ("once" in expected)
    assert ("What is lost" in shown.view().text) is ("once" in expected)


def once(found: Estimate) -> dict[str, tuple[str, str]]:
    return {item.item: (str(item.low), str(item.high)) for item in found.one_time_costs}


def test_what_is_left_to_lose_takes_the_place_of_an_assumption():
    desired, before = desired_of(), observed_of({"organization": None})
    assert once(estimate(desired))[ITEM] == ("0.00", "200.00")
    read = credits_left_to_lose(replace(before, credits_usd="140.10"))
    assert once(estimate(desired, credits_left=read))[ITEM] == ("140.10", "140.10")
    for unknown in (None, Unread("denied")):
        assert credits_left_to_lose(replace(before, credits_usd=unknown)) is None
    read = credits_left_to_lose(observed_of({"organization": {}}))
    assert ITEM not in once(estimate(desired, credits_left=read))  # they ended with its creation
