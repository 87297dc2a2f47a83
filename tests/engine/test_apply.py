"""Applying a plan: order, five at once, failures that stay where they are, and lost answers that are looked up."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orgkit.aws.asynchronous import Asynchronous, Request, Requests
from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.aws.shared_reads import SharedReads
from orgkit.engine.apply import apply
from orgkit.errors import ApprovalEnded, CouldNotRead, StepFailed
from orgkit.journal.events import Journal
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.matching import IdIndex
from orgkit.model.outcome import Outcome, Outcomes, StepStatus
from orgkit.model.plan import ABSENT, DISABLED, ENABLED, Plan, Step, Target, Waiting
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount, RenameAccount, TagAccount
from orgkit.phases.alternate_contacts.steps import SetContact
from orgkit.phases.handler import handle
from orgkit.phases.member_access.steps import CreateReadRole, MakeManageable, RestrictReadRole
from orgkit.phases.organization.steps import (
    CreateOrganization,
    EnablePolicyType,
    EnableRootFeature,
    EnableTrustedAccess,
)
from orgkit.phases.organizational_units.steps import CreateUnit, TagUnit
from orgkit.phases.permissions import steps_of
from orgkit.phases.registry import RUNBOOKS
from orgkit.phases.trail.steps import CreateTrail, SetEncryption, StartLogging
from tests.aws.conftest import CountingClock
from tests.engine.handlers import HANDLERS, replace_handlers
from tests.kill_after import killed_after
from tests.plans.loader import desired_of, observed_of

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
LOST = OutcomeUnknown("organizations:CreateX", "ConnectionClosedError")
NO = Rejected("organizations:CreateX", "ConstraintViolationException", "OU_NUMBER_LIMIT_EXCEEDED", "no", "r-1")
ENDED = Rejected("organizations:CreateX", "ExpiredTokenException", "", "expired", "r-2")


@dataclass
class Hands:
    """Stands for the connection: a clock, a journal, and handlers with prepared results that record their calls."""

    clock: CountingClock = field(default_factory=CountingClock)
    journal: Journal = field(default_factory=Journal)
    shared_reads: SharedReads = field(default_factory=SharedReads)
    did: list[str] = field(default_factory=list)
    trouble: dict[str, list[Exception]] = field(default_factory=dict)
    working: list[str] = field(default_factory=list)
    most_under_way: int = 0
    values: dict[str, str] = field(default_factory=dict)  # what steps would replace by now, by their ids

    def progress(self, what: str, so_far: float, at_most: float) -> None:
        """Nobody watches."""

    def act(self, step: Step, word: str = "") -> None:
        self.did.append(f"{word}{step.subject}")
        trouble = self.trouble.get(f"{word}{step.subject}")
        if trouble:
            raise trouble.pop(0)
        number = len(self.did)
        self.journal.write("intent", step=step.sentence)
        self.journal.write("answer", step=step.sentence, result="committed", request_id=f"id-{number}")


@dataclass
class Scene:
    """One apply with those hands."""

    hands: Hands
    looks: list[Sequence[Step] | Plan] = field(default_factory=list)
    looked: int = 0
    seen: list[Outcomes] = field(default_factory=list)
    units: dict[str, dict[str, str]] = field(default_factory=dict)  # that AWS has, with their tags

    def apply(self, *steps: Step, hours: float | None = None) -> tuple[Outcome, ...]:
        id_index = IdIndex(observed_of({"organization": {}, "units": self.units}), desired_of())

        def look() -> tuple[Plan, IdIndex]:
            self.looked += 1
            left = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
            if isinstance(left, Exception):
                raise left
            if isinstance(left, Plan):
                return left, id_index
            return Plan("units", TARGET, tuple(left)), id_index

        plan = Plan("units", TARGET, steps)
        ends = None if hours is None else self.hands.clock.now() + timedelta(hours=hours)
        applied = apply(self.hands, plan, id_index, look, self.seen.append, expires_at=ends)  # type: ignore[arg-type]
        return applied.items


def results(outcomes: tuple[Outcome, ...]) -> list[str]:
    return [outcome.status.name for outcome in outcomes]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    hands = Hands()
    act = {step.__name__: lambda aws, step, id_index: aws.act(step) for step in HANDLERS}

    def begin(aws: Hands, step: Step, id_index: IdIndex, *, doubt: bool) -> Request:
        aws.act(step, "begin ")
        aws.working.append(f"request of {step.subject}")
        aws.most_under_way = max(aws.most_under_way, len(aws.working))
        return Request(f"request of {step.subject}")

    def look(aws: Hands, *, include_ended: bool = False) -> Requests:
        """AWS ends one of them between two looks, the youngest first."""
        if aws.working:
            aws.working.pop()
        return Requests({}, frozenset(aws.working))

    def settle(aws: Hands, step: Step, id_index: IdIndex, request: Request) -> None:
        assert request == Request(f"request of {step.subject}")
        aws.act(step, "settle ")

    way = Asynchronous(
        begin, look, settle, name=lambda step: step.subject, in_flight=5, burst=3, seconds_per_token=10.0
    )
    replace_handlers(monkeypatch, **(act | {"CreateAccount": way}))
    return Scene(hands)


def unit(path: str) -> CreateUnit:
    return CreateUnit(path=tuple(path.split("/")), tags=())


def account(key: str) -> CreateAccount:
    return CreateAccount(
        key=key, name=key, email=f"{key}@x", role_name=ACCESS_ROLE, iam_access_to_billing="DENY", tags=()
    )


def move(key: str) -> MoveAccount:
    return MoveAccount(key=key, name=key, unit=("A",), starts_from="r-root")


def test_every_step_that_a_phase_can_take_has_a_handler() -> None:
    assert set(HANDLERS) == {step for phase in RUNBOOKS for step in steps_of(phase)}


def test_every_step_that_may_run_beside_others_is_begun_and_settled() -> None:
    """Or it is about one account that AWS has made."""
    concurrent = {step for step in HANDLERS if step.concurrent}
    asynchronous = {step for step, handler in HANDLERS.items() if isinstance(handler.run, Asynchronous)}
    assert concurrent - asynchronous == {
        MoveAccount, RenameAccount, TagAccount, CreateReadRole, RestrictReadRole, SetContact,
    }  # fmt: skip
    assert asynchronous <= concurrent


def test_steps_are_done_in_the_order_of_the_plan(scene: Scene) -> None:
    outcomes = scene.apply(unit("A"), unit("A/B"), unit("C"))
    assert scene.hands.did == ["A", "A/B", "C"]
    assert results(outcomes) == ["DONE"] * 3
    assert scene.looked == 0


def test_an_empty_plan_does_nothing(scene: Scene) -> None:
    assert scene.apply() == ()


def test_what_aws_said_is_gathered_step_by_step(scene: Scene) -> None:
    outcomes = scene.apply(unit("A"), account("web"))
    assert [outcome.request_ids for outcome in outcomes] == [("id-1",), ("id-2", "id-3")]
    assert [outcome.symbol for outcome in outcomes] == ["+", "+"]


def test_the_journal_has_one_end_for_each_step(scene: Scene) -> None:
    scene.hands.trouble = {"A": [NO]}
    scene.apply(unit("A"), unit("A/B"), account("web"))
    ends = [event for event in scene.hands.journal.events if event["event"] == "step"]
    assert [(event["sentence"].split()[-1], event["result"]) for event in ends][:2] == [
        ("A", "failed"),
        ("A/B", "left"),
    ]
    assert [event["result"] for event in ends] == ["failed", "left", "done"]
    json.dumps(ends)


def test_intents_name_the_step_that_they_belong_to(scene: Scene) -> None:
    steps: list[str] = []
    scene.hands.act = lambda step, word="": steps.append(scene.hands.journal.step)  # type: ignore[method-assign]
    scene.apply(unit("A"), account("web"), account("mail"))
    accounts = ["create-account:web", "create-account:mail"]
    assert steps == ["create-unit:A", *accounts, *reversed(accounts)]


def test_a_watcher_sees_every_step_go_from_to_do_to_its_end(scene: Scene) -> None:
    scene.apply(unit("A"), unit("B"))
    assert [[item.status.name for item in outcomes.items] for outcomes in scene.seen] == [
        ["RUNNING", "PENDING"], ["DONE", "PENDING"], ["DONE", "RUNNING"], ["DONE", "DONE"],
    ]  # fmt: skip


def test_accounts_are_begun_together_and_whichever_ends_first_is_settled_first(scene: Scene) -> None:
    outcomes = scene.apply(*[account(key) for key in "abcdefg"], move("a"))
    assert results(outcomes) == ["DONE"] * 8
    assert scene.hands.most_under_way <= 5
    assert scene.hands.did[:4] == ["begin a", "begin b", "begin c", "settle c"]
    assert scene.hands.did[-1] == "a"


def test_a_step_begins_when_the_earlier_ones_about_its_account_have_ended_and_waits_for_no_other(scene: Scene) -> None:
    scene.apply(account("a"), account("b"), move("a"), move("b"))
    assert scene.hands.did == ["begin a", "begin b", "settle b", "b", "settle a", "a"]


def test_other_steps_keep_the_order_of_the_plan_next_to_accounts(scene: Scene) -> None:
    scene.apply(unit("A"), account("a"), unit("B"), move("a"))
    assert scene.hands.did == ["A", "begin a", "settle a", "B", "a"]


def test_a_failed_account_leaves_its_own_steps_and_no_others(scene: Scene) -> None:
    scene.hands.trouble = {"settle b": [StepFailed("no", "do", code="EMAIL_ALREADY_EXISTS")]}
    outcomes = scene.apply(account("a"), account("b"), account("c"), move("a"), move("b"), move("c"))
    assert results(outcomes) == ["DONE", "FAILED", "DONE", "DONE", "SKIPPED", "DONE"]
    assert (outcomes[1].reason, outcomes[1].remedy, outcomes[1].code) == ("no", "do", "EMAIL_ALREADY_EXISTS")


def test_a_failed_unit_leaves_those_below_it_and_its_neighbours_alone(scene: Scene) -> None:
    scene.hands.trouble = {"A": [NO]}
    outcomes = scene.apply(
        unit("A"), unit("A/B"), unit("A/B/C"), unit("AB"), TagUnit(path=("D",), tags=(), starts_from=ABSENT)
    )
    assert results(outcomes) == ["FAILED", "SKIPPED", "SKIPPED", "DONE", "DONE"]
    assert "OU_NUMBER_LIMIT_EXCEEDED" in outcomes[0].reason
    assert outcomes[0].remedy == "AWS allows 2,000 organizational units."


def test_without_the_organization_nothing_of_it_is_tried(scene: Scene) -> None:
    steps = (
        CreateOrganization(account_id="999999999999", ends_free_plan=False),
        EnableTrustedAccess(principal="iam.amazonaws.com"),
        EnablePolicyType(policy_type="SERVICE_CONTROL_POLICY"),
    )
    scene.hands.trouble = {"organization": [NO]}
    assert results(scene.apply(*steps)) == ["FAILED", "SKIPPED", "SKIPPED"]


def test_root_features_lean_on_the_trusted_access_for_iam(scene: Scene) -> None:
    steps = (
        EnableTrustedAccess(principal="iam.amazonaws.com"),
        EnableTrustedAccess(principal="sso.amazonaws.com"),
        EnableRootFeature(feature="RootSessions"),
    )
    scene.hands.trouble = {"iam.amazonaws.com": [NO]}
    assert results(scene.apply(*steps)) == ["FAILED", "DONE", "SKIPPED"]


def test_a_trail_leans_on_the_bucket_that_it_writes_to(scene: Scene) -> None:
    where: dict[str, Any] = {"region": "us-east-1", "bucket": "logs"}
    steps = (
        SetEncryption(account="log-archive", key_alias="", starts_from=ABSENT, **where),
        CreateTrail(trail="t", key_alias="", tags=(), **where),
        StartLogging(trail="t", key_alias="", **where),
    )
    scene.hands.trouble = {"logs": [NO]}
    assert results(scene.apply(*steps)) == ["FAILED", "SKIPPED", "SKIPPED"]


def test_expired_credentials_leave_everything_after_them(scene: Scene) -> None:
    scene.hands.trouble = {"A": [ENDED]}
    outcomes = scene.apply(unit("A"), unit("B"), account("a"))
    assert results(outcomes) == ["FAILED", "SKIPPED", "SKIPPED"]
    assert "sign in again" in outcomes[0].remedy
    assert scene.hands.did == ["A"]


def test_an_account_that_was_begun_before_credentials_ended_is_still_asked_about(scene: Scene) -> None:
    scene.hands.trouble = {"begin b": [ENDED]}
    assert results(scene.apply(account("a"), account("b"), account("c"))) == ["DONE", "FAILED", "SKIPPED"]


def test_after_a_lost_answer_aws_is_asked_before_anything_is_sent_again(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks, scene.units = [[unit("B")]], {"A": {}}
    outcomes = scene.apply(unit("A"), unit("B"))
    assert results(outcomes) == ["ALREADY_APPLIED", "DONE"]
    assert scene.hands.did == ["A", "B"]
    assert scene.hands.clock.slept == [5.0]


def test_what_aws_commits_late_is_found_by_the_second_look(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks, scene.units = [[unit("A")], []], {"A": {}}
    assert results(scene.apply(unit("A"))) == ["ALREADY_APPLIED"]
    assert scene.hands.clock.slept == [5.0, 30.0]


def test_what_aws_did_not_do_is_sent_again_after_two_looks(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks = [[unit("A")]]
    assert results(scene.apply(unit("A"))) == ["DONE"]
    assert (scene.hands.did, scene.looked) == (["A", "A"], 2)


def test_a_step_that_is_gone_from_the_new_plan_though_aws_does_not_show_it_is_neither_done_nor_sent_again(
    scene: Scene,
) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks = [[]]
    outcomes = scene.apply(unit("A"), unit("B"))
    assert results(outcomes) == ["FAILED", "DONE"]
    assert "AWS does not show it as done, and a new plan lacks it" in outcomes[0].reason
    assert scene.hands.did == ["A", "B"]
    assert scene.looked == 2


def test_answers_that_are_always_lost_end_in_a_failure_that_says_how_to_go_on(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST] * 9}
    scene.looks = [[unit("A")]]
    outcome = scene.apply(unit("A"))[0]
    assert outcome.status is StepStatus.FAILED
    assert "lost 3 times (ConnectionClosedError)" in outcome.reason
    assert "same approval" in outcome.remedy
    assert scene.hands.did == ["A"] * 3


def test_a_look_that_fails_fails_the_step_and_nothing_is_sent_again(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks = [CouldNotRead("AccessDenied.", "x")]  # type: ignore[list-item]
    assert results(scene.apply(unit("A"), unit("B"))) == ["FAILED", "DONE"]
    assert scene.hands.did == ["A", "B"]


def test_a_step_that_would_replace_another_value_is_not_sent_and_nothing_more_about_its_subject(scene: Scene) -> None:
    scene.hands.values = {"move-account:a": "ou-quarantine"}
    tag = TagAccount(key="a", name="a", tags=(), starts_from=ABSENT)
    outcomes = scene.apply(move("a"), tag, move("b"))
    assert results(outcomes) == ["FAILED", "SKIPPED", "DONE"]
    assert scene.hands.did == ["b"]
    assert "approved where AWS has r-root, and it has ou-quarantine now" in outcomes[0].reason
    assert "plan again" in outcomes[0].remedy
    assert [outcome.code for outcome in outcomes] == ["ApprovalMismatch", "", ""]


def test_an_account_that_is_there_by_now_is_not_begun(scene: Scene) -> None:
    scene.hands.values = {"create-account:a": "222222222222"}
    assert results(scene.apply(account("a"), account("b"), move("a"), move("b"))) == [
        "FAILED",
        "DONE",
        "SKIPPED",
        "DONE",
    ]
    assert scene.hands.did == ["begin b", "settle b", "b"]


def test_a_switch_that_is_on_by_now_is_found_done(scene: Scene) -> None:
    scene.hands.values = {"enable-trusted-access:iam.amazonaws.com": ENABLED}
    steps = (EnableTrustedAccess(principal="iam.amazonaws.com"), EnableRootFeature(feature="RootSessions"))
    assert results(scene.apply(*steps)) == ["ALREADY_APPLIED", "DONE"]
    assert scene.hands.did == ["RootSessions"]


def test_each_value_is_read_once_and_after_the_steps_before_it(scene: Scene, monkeypatch: Any) -> None:
    read: list[str] = []
    value = lambda aws, step, id_index: read.append(f"{step.subject} after {aws.did}") or step.starts_from  # noqa: E731
    monkeypatch.setattr("tests.engine.handlers.value_by_now", value)
    replace_handlers(monkeypatch, CreateUnit=lambda aws, step, id_index: aws.act(step))
    scene.apply(unit("A"), unit("B"))
    assert read == ["A after []", "B after ['A']"]


def test_a_look_that_finds_another_value_is_no_sign_that_the_step_is_done(scene: Scene) -> None:
    scene.hands.trouble = {"a": [LOST]}
    scene.looks = [[replace(move("a"), starts_from="ou-quarantine")]]
    outcomes = scene.apply(move("a"))
    assert results(outcomes) == ["FAILED"]
    assert "it has ou-quarantine now" in outcomes[0].reason
    assert scene.hands.did == ["a"]


def test_a_look_that_finds_an_account_ambiguous_is_no_sign_that_its_step_is_done(scene: Scene) -> None:
    scene.hands.trouble = {"a": [LOST]}
    scene.looks = [Plan("accounts", TARGET, waiting=(Waiting("a: 2 accounts carry the tag.", "you", blocks="a"),))]
    outcomes = scene.apply(move("a"))
    assert results(outcomes) == ["FAILED"]
    assert "2 accounts carry the tag" in outcomes[0].reason
    assert scene.hands.did == ["a"]


def test_a_step_without_a_reader_of_what_it_replaces_fails_when_its_phase_is_loaded() -> None:
    with pytest.raises(TypeError, match="starting_value"):
        handle(MoveAccount, lambda aws, step, id_index: None)  # type: ignore[call-arg]


@pytest.mark.parametrize("step", HANDLERS, ids=lambda step: step.__name__)
def test_a_step_that_changes_something_has_to_be_given_what_it_starts_from(step: type[Step]) -> None:
    """A default would be what a planner forgot; only of what is made, or switched on, is it known."""
    default = next(f.default for f in fields(step) if f.name == "starts_from")
    if step.is_switch:
        assert default == DISABLED
    elif step.symbol == "~" or step in (CreateReadRole, MakeManageable):
        assert default is MISSING
    else:
        assert default in (ABSENT, MISSING)


def test_an_account_whose_creation_was_answered_to_nobody_is_found_and_not_settled(scene: Scene) -> None:
    scene.hands.trouble = {"begin a": [LOST]}
    scene.looks = [[account("b"), move("a"), move("b")]]
    outcomes = scene.apply(account("a"), account("b"), move("a"), move("b"))
    assert results(outcomes) == ["ALREADY_APPLIED", "DONE", "DONE", "DONE"]
    assert scene.hands.did == ["begin a", "begin b", "a", "settle b", "b"]
    ends = [event for event in scene.hands.journal.events if event["event"] == "step"]
    assert [event["result"] for event in ends] == ["found done", "done", "done", "done"]
    assert [event["step"].split(":")[1] for event in ends] == ["a", "a", "b", "b"]


def test_ids_that_a_look_learned_are_there_for_the_steps_after_it(scene: Scene, monkeypatch: Any) -> None:
    newer = IdIndex(observed_of({"organization": {}, "units": {"A": {}}}), desired_of())
    older = IdIndex(observed_of({"organization": {}}), desired_of())
    parents: list[str] = []

    def create(aws: Hands, step: CreateUnit, id_index: IdIndex) -> None:
        if step.path == ("A",):
            raise LOST
        parents.append(id_index.parent(("A",)))

    replace_handlers(monkeypatch, CreateUnit=create)
    plan = Plan("units", TARGET, (unit("A"), unit("A/B")))
    left = replace(plan, steps=plan.steps[1:])
    assert results(apply(scene.hands, plan, older, lambda: (left, newer)).items) == ["ALREADY_APPLIED", "DONE"]  # type: ignore[arg-type]
    assert parents == [newer.units["A",]]


def test_a_fault_of_ours_is_no_outcome_and_stops_everything(scene: Scene) -> None:
    scene.hands.trouble = {"A": [KeyError("Id")]}
    with pytest.raises(KeyError):
        scene.apply(unit("A"), unit("B"))
    assert scene.hands.did == ["A"]


@pytest.mark.parametrize("step", ["CreateUnit", "create-unit:A"])
def test_a_test_can_have_the_process_killed_after_a_step(step: str) -> None:
    """The worst moment: AWS has done it, and nothing says so yet."""
    ended = subprocess.run(
        [sys.executable, "-c", "import tests.engine.test_apply as t; t.apply_two_units()"],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], **killed_after(step)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.splitlines() == ["did A"]


def apply_two_units() -> None:
    """In a process of its own."""
    replace_handlers(
        pytest.MonkeyPatch(), CreateUnit=lambda aws, step, id_index: print(f"did {step.subject}", flush=True)
    )
    id_index = IdIndex(observed_of({"organization": {}}), desired_of())
    look: Callable[[], Any] = lambda: None  # noqa: E731
    apply(Hands(), Plan("units", TARGET, (unit("A"), unit("B"))), id_index, look)  # type: ignore[arg-type]


# An approval that ends


class TestAnApprovalThatEnds:
    """A closed laptop, a stopped kernel: the clock jumps, and the process goes on where it was."""

    UNITS = tuple(CreateUnit(path=(name,), tags=()) for name in "ABC")

    def jump_at(self, scene: Scene, subject: str, monkeypatch: pytest.MonkeyPatch, *, sent: bool = True) -> None:
        """Let 25 hours go by while this step is carried out, after its change or before it."""

        def act(step: Step) -> None:
            if step.subject == subject and not sent:
                scene.hands.clock.sleep(25 * 3600)
                ends = scene.hands.journal.expires_at
                raise ApprovalEnded.at(ends)  # as the connection does before it sends a first change
            Hands.act(scene.hands, step)
            if step.subject == subject:
                scene.hands.clock.sleep(25 * 3600)

        monkeypatch.setattr(scene.hands, "act", act)

    def test_lets_what_is_under_way_be_done_and_nothing_else_begin(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.jump_at(scene, "A", monkeypatch)
        outcomes = scene.apply(*self.UNITS, hours=24)
        assert results(outcomes) == ["DONE", "SKIPPED", "SKIPPED"]
        assert scene.hands.did == ["A"]
        assert all("the approval ended at" in outcome.reason for outcome in outcomes[1:])
        assert all("plan again" in outcome.remedy for outcome in outcomes[1:])

    def test_skips_a_step_that_had_begun_and_sent_nothing(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jump_at(scene, "B", monkeypatch, sent=False)
        assert results(scene.apply(*self.UNITS, hours=24)) == ["DONE", "SKIPPED", "SKIPPED"]
        assert scene.hands.did == ["A"]

    def test_is_known_to_the_connection_only_while_it_is_applied(self, scene: Scene) -> None:
        scene.apply(self.UNITS[0], hours=24)
        assert scene.hands.journal.expires_at is None

    def test_has_not_ended_at_its_last_moment(self, scene: Scene) -> None:
        assert results(scene.apply(*self.UNITS, hours=0)) == ["DONE", "DONE", "DONE"]
