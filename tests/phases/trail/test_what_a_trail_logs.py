"""Phase 05 on what trails log, their tags, and whether their log files arrive: repaired, left alone, or drift."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgkit.cli.planning import PlannedPhase, exit_code_of, summary_of
from orgkit.costs.estimate.effect import monthly_effect
from orgkit.errors import EXIT_APPROVAL_NEEDED, EXIT_DONE, EXIT_NOT_VERIFIED
from orgkit.lab.phase_status import State, judge
from orgkit.model.canonical_json import compact_json
from orgkit.model.desired import Desired
from orgkit.model.plan import Plan
from orgkit.phases.registry import phase_of
from orgkit.phases.trail.event_selectors import ADVANCED, BASIC, EventSelectors
from orgkit.phases.trail.facts import Trail
from orgkit.phases.trail.planner import plan
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail
from orgkit.phases.trail.selectors_aws import silent_since
from orgkit.phases.trail.steps import StartLogging
from orgkit.runbook.views.views import Verification, render_plan
from tests.phases.trail.conftest import TAGS

Build = Callable[..., Any]
TRAIL = phase_of("trail")
KMS = "kms.amazonaws.com"
S3 = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}
DATA = {"FieldSelectors": [
    {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
]}  # fmt: skip
NETWORK = {"FieldSelectors": [
    {"Field": "eventCategory", "Equals": ["NetworkActivity"]}, {"Field": "eventSource", "Equals": [KMS]},
]}  # fmt: skip
MANAGEMENT_WITHOUT_KMS = {"FieldSelectors": [
    {"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "eventSource", "NotEquals": [KMS]},
]}  # fmt: skip
INCOMPLETE = {
    "data events": (ADVANCED, [DATA]),
    "KMS excluded": (ADVANCED, [MANAGEMENT_WITHOUT_KMS, DATA, NETWORK]),
    "basic, without management events": (BASIC, [{"IncludeManagementEvents": False, "DataResources": [S3]}]),
    "basic, reads": (BASIC, [{"ReadWriteType": "ReadOnly", "DataResources": [S3]}]),
    "basic, writes": (BASIC, [{"ReadWriteType": "WriteOnly"}]),
    "basic, KMS excluded": (BASIC, [{"ExcludeManagementEventSources": [KMS]}]),
}
FORMS = pytest.mark.parametrize(
    "selectors", [EventSelectors.from_documents(*each) for each in INCOMPLETE.values()], ids=INCOMPLETE
)


def of(world: Any) -> Plan:
    return plan(world.observed, world.desired)


def names(made: Plan) -> list[str]:
    return [type(step).__name__ for step in made.steps]


def foreign(trail: Trail, selectors: EventSelectors, **changes: Any) -> Trail:
    """Somebody else's organization trail, with a bucket of its own."""
    arn = trail.arn.replace("acme-trail", "aft")
    return replace(trail, **{"name": "aft", "arn": arn, "bucket": "aft-logs", "selectors": selectors, **changes})


def data_resources(selectors: EventSelectors) -> list[tuple[str, Any]]:
    """What basic selectors say of data events: read or write, and the resources."""
    documents = [each for each in selectors.documents if each.get("DataResources")]
    return [(each.get("ReadWriteType", "All"), each["DataResources"]) for each in documents]


@FORMS
def test_orgkit_s_own_trail_is_repaired_in_one_step_that_carries_the_old_and_the_new_set(
    world: Build, our_trail: Trail, selectors: EventSelectors
) -> None:
    made = of(world().trails(replace(our_trail, selectors=selectors)))
    (step,) = made.steps
    assert isinstance(step, SetEventSelectors)
    facts = step.facts()
    assert facts["starts_from"] == selectors.value
    after = EventSelectors(facts["form"], tuple(facts["selectors"]))
    assert (after.form, after.log_all_management_events) == (selectors.form, True)
    assert step.reason == f"it logs {selectors.description}"
    foreign_items = [item for item in map(compact_json, (DATA, NETWORK)) if item in selectors.items]
    assert set(foreign_items) <= set(after.items)
    assert data_resources(after) == data_resources(selectors)
    assert step.other_selectors == len(foreign_items) + len(data_resources(selectors))
    assert of(world().trails(replace(our_trail, selectors=after))).empty


@FORMS
def test_another_set_than_the_approved_one_is_another_plan(
    world: Build, our_trail: Trail, selectors: EventSelectors
) -> None:
    more = EventSelectors(selectors.form, (*selectors.items, json.dumps(DATA if selectors.form == ADVANCED else {
        "ReadWriteType": "ReadOnly", "IncludeManagementEvents": False, "DataResources": [S3]})))  # fmt: skip
    plans = [of(world().trails(replace(our_trail, selectors=each))) for each in (selectors, more)]
    assert plans[0].sha256 != plans[1].sha256


@FORMS
def test_somebody_else_s_trail_is_left_alone_and_orgkit_s_is_created_in_addition(
    world: Build, our_trail: Trail, selectors: EventSelectors
) -> None:
    there = world().without_storage().trails(foreign(our_trail, selectors))
    made = of(there)
    assert names(made)[-2:] == ["CreateTrail", "StartLogging"]
    assert not [step for step in made.steps if "aft" in step.subject]
    (warning,) = made.warnings
    assert f"it logs {selectors.description}, so orgkit leaves it unchanged" in warning
    assert "creates acme-trail in addition" in warning


@FORMS
def test_a_second_copy_of_events_has_its_price_and_a_first_copy_has_none(
    world: Build, our_trail: Trail, selectors: EventSelectors
) -> None:
    there = world().without_storage().trails(foreign(our_trail, selectors))
    effect = monthly_effect(of(there), there.desired)
    alone = world().without_storage()
    first_copy = monthly_effect(of(alone), alone.desired)
    if selectors.description == "no management events":
        assert (effect.expected, effect.high) == (first_copy.expected, first_copy.high)
        assert "2.00 USD" not in effect.sentence
    else:  # two accounts, with 50,000 events each as expected
        assert effect.expected - first_copy.expected == 2
        assert effect.sentence.endswith("AWS charges a second copy of management events 2.00 USD per 100,000 events.")
        assert "2.00 USD per 100,000 events" in effect.lines[-1].reason


def test_a_plain_trail_of_the_management_account_copies_the_events_of_that_account(
    world: Build, our_trail: Trail
) -> None:
    plain = foreign(our_trail, our_trail.selectors, organization=False)
    there, alone = world().without_storage().trails(plain), world().without_storage()
    costs = [monthly_effect(of(case), case.desired).expected for case in (there, alone)]
    assert costs[0] - costs[1] == 1
    stopped = world().without_storage().trails(replace(plain, logging=False))
    assert monthly_effect(of(stopped), stopped.desired).expected == costs[1]


def test_a_repair_that_makes_a_second_copy_has_its_price(world: Build, our_trail: Trail) -> None:
    selectors = EventSelectors.from_documents(ADVANCED, [DATA])
    there = world().trails(replace(our_trail, selectors=selectors), foreign(our_trail, our_trail.selectors))
    (line,) = monthly_effect(of(there), there.desired).lines
    assert (line.expected, "2.00 USD per 100,000 events" in line.reason) == (2, True)
    stopped = there.trails(*(replace(trail, logging=trail.name == "aft") for trail in there.facts.trails))
    repair, start = monthly_effect(of(stopped), stopped.desired).lines
    assert repair.expected == 0, "counted where logging starts"
    assert start.expected > 2


@FORMS
def test_an_incomplete_trail_in_the_log_bucket_is_somebody_else_s_all_the_same(
    world: Build, our_trail: Trail, selectors: EventSelectors
) -> None:
    made = of(world().trails(foreign(our_trail, selectors, bucket="acme-log")))
    assert names(made) == ["CreateTrail", "StartLogging"]


@FORMS
def test_a_trail_that_orgkit_made_under_another_name_is_repaired(
    world: Build, our_trail: Trail, selectors: EventSelectors
) -> None:
    made = of(world().trails(foreign(our_trail, selectors, tags=TAGS)))
    assert [step.subject for step in made.steps if isinstance(step, SetEventSelectors)] == ["aft"]
    assert "CreateTrail" not in names(made)


def test_a_complete_trail_is_adopted_before_an_incomplete_one(world: Build, our_trail: Trail) -> None:
    incomplete = foreign(our_trail, EventSelectors.from_documents(ADVANCED, [DATA]))
    complete = foreign(our_trail, our_trail.selectors, name="tower", arn=our_trail.arn + "-tower", bucket="tower")
    made = of(world().trails(incomplete, complete))
    assert made.warnings[0].startswith("Organization trail tower is there already and is adopted")
    assert "SetEventSelectors" not in names(made)


def test_tags_of_orgkit_s_trail_are_repaired_and_others_stay(world: Build, our_trail: Trail) -> None:
    tags = (("ManagedBy", "hand"), ("Name", "logs"), ("Owner", "joe"))
    (step,) = of(world().trails(replace(our_trail, tags=tags))).steps
    assert isinstance(step, TagTrail)
    assert (step.tags, step.starts_from) == ((("ManagedBy", "orgkit"),), '{"ManagedBy":"hand"}')
    assert of(world().trails(replace(our_trail, tags=(*TAGS, ("Owner", "joe"))))).empty


def test_tags_of_an_adopted_trail_are_not_orgkit_s_matter(world: Build, our_trail: Trail) -> None:
    made = of(world().trails(foreign(our_trail, our_trail.selectors, tags=())))
    assert "TagTrail" not in names(made)


def test_logging_starts_after_everything_is_set(world: Build, our_trail: Trail) -> None:
    selectors = EventSelectors.from_documents(BASIC, [{"ReadWriteType": "ReadOnly"}])
    worse = replace(our_trail, selectors=selectors, tags=(), logging=False, validated=False)
    assert names(of(world().trails(worse))) == ["UpdateTrail", "SetEventSelectors", "TagTrail", "StartLogging"]


@pytest.mark.parametrize("kind", [SetEventSelectors, TagTrail])
def test_aws_shows_a_setting_when_it_is_made_and_not_before(world: Build, our_trail: Trail, kind: Any) -> None:
    selectors = EventSelectors.from_documents(ADVANCED, [DATA])
    before = world().trails(replace(our_trail, selectors=selectors, tags=()))
    (step,) = (step for step in of(before).steps if isinstance(step, kind))
    after = EventSelectors(ADVANCED, selectors.with_all_management_events().items)  # type: ignore[union-attr]
    done = world().trails(replace(our_trail, selectors=after, tags=TAGS))
    assert TRAIL.shows(step, before.observed, before.desired) is False
    assert TRAIL.shows(step, done.observed, done.desired) is True
    assert TRAIL.shows(step, world().trails().observed, before.desired) is None


BROKEN = {
    "log files": ({"delivery_error": "AccessDenied"}, "AccessDenied"),
    "digest files": ({"digest_error": "NoSuchBucket"}, "digest file: NoSuchBucket"),
    "silence": ({"silent_since": "2026-11-27 10:00 UTC"}, "more than 24 hours, since 2026-11-27 10:00 UTC"),
}


@pytest.mark.parametrize(("facts", "text"), BROKEN.values(), ids=BROKEN)
def test_logs_that_do_not_arrive_are_drift_and_not_a_warning(
    world: Build, our_trail: Trail, facts: dict[str, str], text: str
) -> None:
    made = of(world().trails(replace(our_trail, **facts)))
    assert (made.steps, made.warnings) == ((), ())
    (line,) = made.drift
    assert text in line
    assert exit_code_of([PlannedPhase(TRAIL, made)]) == EXIT_NOT_VERIFIED
    assert summary_of([PlannedPhase(TRAIL, made)]) == "05 with drift that no step repairs (exit code 6)."
    assert judge(TRAIL, made, None, "") == (State.DRIFTED, line)
    page, verification = (" ".join(view.text.split()) for view in (render_plan(made), Verification(made).view()))
    assert text in page
    assert "Nothing to change" not in page
    assert text in verification
    assert exit_code_of([PlannedPhase(TRAIL, of(world()))]) == EXIT_DONE


def test_with_a_step_to_approve_the_step_decides_the_exit_code(world: Build, our_trail: Trail) -> None:
    made = of(world().trails(replace(our_trail, delivery_error="AccessDenied", validated=False)))
    assert exit_code_of([PlannedPhase(TRAIL, made)]) == EXIT_APPROVAL_NEEDED
    assert made.drift


def test_selectors_that_leave_no_place_are_drift(world: Build, our_trail: Trail) -> None:
    values = [str(number) for number in range(499)]
    full = {"FieldSelectors": [DATA["FieldSelectors"][0], {"Field": "eventName", "Equals": values}]}
    made = of(world().trails(replace(our_trail, selectors=EventSelectors.from_documents(ADVANCED, [full]))))
    assert made.steps == ()
    assert "as many as AWS allows" in made.drift[0]


NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "silent"),
    [
        ({"IsLogging": True, "StartLoggingTime": NOW - 48 * HOUR, "LatestDeliveryTime": NOW - 23 * HOUR}, False),
        ({"IsLogging": True, "StartLoggingTime": NOW - 48 * HOUR, "LatestDeliveryTime": NOW - 25 * HOUR}, True),
        ({"IsLogging": True, "StartLoggingTime": NOW - 48 * HOUR}, True),
        ({"IsLogging": True, "StartLoggingTime": NOW - HOUR}, False),
        ({"IsLogging": True, "StartLoggingTime": NOW - HOUR, "LatestDeliveryTime": NOW - 99 * HOUR}, False),
        ({"IsLogging": True, "StartLoggingTime": NOW - 48 * HOUR, "LatestDeliveryTime": ""}, True),
        ({"IsLogging": False, "StartLoggingTime": NOW - 48 * HOUR, "LatestDeliveryTime": NOW - 25 * HOUR}, False),
        ({"IsLogging": True}, False),
    ],
)
def test_a_trail_is_silent_when_it_logs_and_delivers_nothing_for_a_day(status: dict[str, Any], silent: bool) -> None:
    assert bool(silent_since(status, NOW)) is silent


def test_no_step_of_the_usual_plan_is_a_second_copy(world: Build) -> None:
    there = world().without_storage()
    desired: Desired = there.desired
    (start,) = (step for step in of(there).steps if isinstance(step, StartLogging))
    assert start.second_copy == ""
    assert "second copy" not in monthly_effect(of(there), desired).sentence


def test_of_two_organization_trails_the_one_that_logs_everything_is_adopted(world: Build, our_trail: Trail) -> None:
    incomplete = EventSelectors.from_answer({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]})
    orgkits = foreign(our_trail, incomplete, tags=(("ManagedBy", "orgkit"),))
    complete = foreign(our_trail, our_trail.selectors, name="security", arn=f"{our_trail.arn[:-10]}security")
    made = of(world().trails(orgkits, complete))
    assert any(warning.startswith("Organization trail security is there already") for warning in made.warnings)
