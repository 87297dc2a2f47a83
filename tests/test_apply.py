"""Applying a plan: order, five at once, failures that stay where they are, and lost answers that are looked up."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from orgkit.apply import HANDLERS, apply
from orgkit.aws.asynchronous import Asynchronous, Request, Requests
from orgkit.aws.retry import Refused, Unsure
from orgkit.errors import CouldNotRead, StepFailed
from orgkit.journal import Journal
from orgkit.model.accounts import CreateAccount, MoveAccount
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.directory import Directory
from orgkit.model.organization import CreateOrganization, EnablePolicyType, EnableRootFeature, EnableTrustedAccess
from orgkit.model.trail import CreateTrail, SetEncryption, StartLogging
from orgkit.model.units import CreateUnit, TagUnit
from orgkit.outcome import Outcome, Outcomes, Result
from orgkit.permissions import steps_of
from orgkit.phases import RUNBOOKS
from orgkit.plan import Plan, Step, Target
from tests.aws.conftest import CountingClock
from tests.plans.loader import desired_of, observed_of

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
LOST = Unsure("organizations:CreateX", "ConnectionClosedError")
NO = Refused("organizations:CreateX", "ConstraintViolationException", "OU_NUMBER_LIMIT_EXCEEDED", "no", "r-1")
ENDED = Refused("organizations:CreateX", "ExpiredTokenException", "", "expired", "r-2")


@dataclass
class Hands:
    """Stands for the connection: a clock, a journal, and handlers that do as they are told and tell what they did."""

    clock: CountingClock = field(default_factory=CountingClock)
    journal: Journal = field(default_factory=Journal)
    did: list[str] = field(default_factory=list)
    trouble: dict[str, list[Exception]] = field(default_factory=dict)
    working: list[str] = field(default_factory=list)
    most_under_way: int = 0

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
    looks: list[Sequence[Step]] = field(default_factory=list)
    looked: int = 0
    seen: list[Outcomes] = field(default_factory=list)

    def apply(self, *steps: Step) -> tuple[Outcome, ...]:
        directory = Directory(observed_of({"organization": {}}), desired_of())

        def look() -> tuple[Plan, Directory]:
            self.looked += 1
            left = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
            if isinstance(left, Exception):
                raise left
            return Plan("units", TARGET, tuple(left)), directory

        plan = Plan("units", TARGET, steps)
        return apply(self.hands, plan, directory, look, self.seen.append).items  # type: ignore[arg-type]


def results(outcomes: tuple[Outcome, ...]) -> list[str]:
    return [outcome.result.name for outcome in outcomes]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.delenv("ORGKIT_STOP_AFTER", raising=False)
    hands = Hands()
    for step in list(HANDLERS):
        monkeypatch.setitem(HANDLERS, step, lambda aws, step, directory: aws.act(step))

    def begin(aws: Hands, step: Step, directory: Directory, *, doubt: bool) -> Request:
        aws.act(step, "begin ")
        aws.working.append(f"request of {step.subject}")
        aws.most_under_way = max(aws.most_under_way, len(aws.working))
        return Request(f"request of {step.subject}")

    def look(aws: Hands, *, everything: bool = False) -> Requests:
        """AWS ends one of them between two looks, the youngest first."""
        if aws.working:
            aws.working.pop()
        return Requests({}, frozenset(aws.working))

    def settle(aws: Hands, step: Step, directory: Directory, request: Request) -> None:
        assert request == Request(f"request of {step.subject}")
        aws.act(step, "settle ")

    way = Asynchronous(begin, look, settle, name=lambda step: step.subject, in_flight=5, burst=3, every=10.0)
    monkeypatch.setitem(HANDLERS, CreateAccount, way)
    return Scene(hands)


def unit(path: str) -> CreateUnit:
    return CreateUnit(path=path, tags=())


def account(key: str) -> CreateAccount:
    return CreateAccount(
        key=key, name=key, email=f"{key}@x", role_name=ACCESS_ROLE, iam_access_to_billing="DENY", tags=()
    )


def move(key: str) -> MoveAccount:
    return MoveAccount(key=key, name=key, unit="A")


def test_every_step_that_a_phase_can_take_has_a_handler() -> None:
    assert set(HANDLERS) == {step for phase in RUNBOOKS for step in steps_of(phase)}


def test_every_step_that_may_run_beside_others_is_begun_and_settled() -> None:
    assert {step for step in HANDLERS if step.concurrent} == {
        step for step, way in HANDLERS.items() if isinstance(way, Asynchronous)
    }


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
    assert [outcome.sign for outcome in outcomes] == ["+", "+"]


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
    names = [sentence.split()[2 if "account" in sentence else -1] for sentence in steps]
    assert names == ["A", "web", "mail", "mail", "web"]


def test_a_watcher_sees_every_step_go_from_to_do_to_its_end(scene: Scene) -> None:
    scene.apply(unit("A"), unit("B"))
    assert [[item.result.name for item in outcomes.items] for outcomes in scene.seen] == [
        ["RUNNING", "PENDING"], ["DONE", "PENDING"], ["DONE", "RUNNING"], ["DONE", "DONE"],
    ]  # fmt: skip


def test_accounts_are_begun_together_and_whichever_ends_first_is_settled_first(scene: Scene) -> None:
    outcomes = scene.apply(*[account(key) for key in "abcdefg"], move("a"))
    assert results(outcomes) == ["DONE"] * 8
    assert scene.hands.most_under_way <= 5
    assert scene.hands.did[:4] == ["begin a", "begin b", "begin c", "settle c"]
    assert scene.hands.did[-1] == "a"


def test_steps_of_another_kind_part_the_groups(scene: Scene) -> None:
    scene.apply(account("a"), move("a"), account("b"))
    assert scene.hands.did == ["begin a", "settle a", "a", "begin b", "settle b"]


def test_a_failed_account_leaves_its_own_steps_and_no_others(scene: Scene) -> None:
    scene.hands.trouble = {"settle b": [StepFailed("no", "do", code="EMAIL_ALREADY_EXISTS")]}
    outcomes = scene.apply(account("a"), account("b"), account("c"), move("a"), move("b"), move("c"))
    assert results(outcomes) == ["DONE", "FAILED", "DONE", "DONE", "LEFT", "DONE"]
    assert (outcomes[1].why, outcomes[1].do, outcomes[1].code) == ("no", "do", "EMAIL_ALREADY_EXISTS")


def test_a_failed_unit_leaves_those_below_it_and_its_neighbours_alone(scene: Scene) -> None:
    scene.hands.trouble = {"A": [NO]}
    outcomes = scene.apply(unit("A"), unit("A/B"), unit("A/B/C"), unit("AB"), TagUnit(path="D", tags=()))
    assert results(outcomes) == ["FAILED", "LEFT", "LEFT", "DONE", "DONE"]
    assert "OU_NUMBER_LIMIT_EXCEEDED" in outcomes[0].why
    assert outcomes[0].do == "AWS allows 2,000 organizational units."


def test_without_the_organization_nothing_of_it_is_tried(scene: Scene) -> None:
    steps = (
        CreateOrganization(account_id="999999999999", ends_free_plan=False),
        EnableTrustedAccess(principal="iam.amazonaws.com"),
        EnablePolicyType(policy_type="SERVICE_CONTROL_POLICY"),
    )
    scene.hands.trouble = {"organization": [NO]}
    assert results(scene.apply(*steps)) == ["FAILED", "LEFT", "LEFT"]


def test_root_features_lean_on_the_trusted_access_for_iam(scene: Scene) -> None:
    steps = (
        EnableTrustedAccess(principal="iam.amazonaws.com"),
        EnableTrustedAccess(principal="sso.amazonaws.com"),
        EnableRootFeature(feature="RootSessions"),
    )
    scene.hands.trouble = {"iam.amazonaws.com": [NO]}
    assert results(scene.apply(*steps)) == ["FAILED", "DONE", "LEFT"]


def test_a_trail_leans_on_the_bucket_that_it_writes_to(scene: Scene) -> None:
    where: dict[str, Any] = {"region": "us-east-1", "bucket": "logs"}
    steps = (
        SetEncryption(account="log-archive", key_alias="", **where),
        CreateTrail(trail="t", key_alias="", tags=(), **where),
        StartLogging(trail="t", key_alias="", **where),
    )
    scene.hands.trouble = {"logs": [NO]}
    assert results(scene.apply(*steps)) == ["FAILED", "LEFT", "LEFT"]


def test_expired_credentials_leave_everything_after_them(scene: Scene) -> None:
    scene.hands.trouble = {"A": [ENDED]}
    outcomes = scene.apply(unit("A"), unit("B"), account("a"))
    assert results(outcomes) == ["FAILED", "LEFT", "LEFT"]
    assert "sign in again" in outcomes[0].do
    assert scene.hands.did == ["A"]


def test_an_account_that_was_begun_before_credentials_ended_is_still_asked_about(scene: Scene) -> None:
    scene.hands.trouble = {"begin b": [ENDED]}
    assert results(scene.apply(account("a"), account("b"), account("c"))) == ["DONE", "FAILED", "LEFT"]


def test_after_a_lost_answer_aws_is_asked_before_anything_is_sent_again(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks = [[unit("B")]]
    outcomes = scene.apply(unit("A"), unit("B"))
    assert results(outcomes) == ["FOUND", "DONE"]
    assert scene.hands.did == ["A", "B"]
    assert scene.hands.clock.slept == [5.0]


def test_what_aws_commits_late_is_found_by_the_second_look(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks = [[unit("A")], []]
    assert results(scene.apply(unit("A"))) == ["FOUND"]
    assert scene.hands.clock.slept == [5.0, 30.0]


def test_what_aws_did_not_do_is_sent_again_after_two_looks(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks = [[unit("A")]]
    assert results(scene.apply(unit("A"))) == ["DONE"]
    assert (scene.hands.did, scene.looked) == (["A", "A"], 2)


def test_answers_that_are_always_lost_end_in_a_failure_that_says_how_to_go_on(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST] * 9}
    scene.looks = [[unit("A")]]
    outcome = scene.apply(unit("A"))[0]
    assert outcome.result is Result.FAILED
    assert "lost 3 times (ConnectionClosedError)" in outcome.why
    assert "same approval" in outcome.do
    assert scene.hands.did == ["A"] * 3


def test_a_look_that_fails_fails_the_step_and_nothing_is_sent_again(scene: Scene) -> None:
    scene.hands.trouble = {"A": [LOST]}
    scene.looks = [CouldNotRead("AccessDenied.", "x")]  # type: ignore[list-item]
    assert results(scene.apply(unit("A"), unit("B"))) == ["FAILED", "DONE"]
    assert scene.hands.did == ["A", "B"]


def test_an_account_whose_creation_was_answered_to_nobody_is_found_and_not_settled(scene: Scene) -> None:
    scene.hands.trouble = {"begin a": [LOST]}
    scene.looks = [[account("b"), move("a"), move("b")]]
    outcomes = scene.apply(account("a"), account("b"), move("a"), move("b"))
    assert results(outcomes) == ["FOUND", "DONE", "DONE", "DONE"]
    assert scene.hands.did == ["begin a", "begin b", "settle b", "a", "b"]
    ends = [event for event in scene.hands.journal.events if event["event"] == "step"]
    assert [event["result"] for event in ends] == ["found done", "done", "done", "done"]


def test_ids_that_a_look_learned_are_there_for_the_steps_after_it(scene: Scene, monkeypatch: Any) -> None:
    newer = Directory(observed_of({"organization": {}, "units": {"A": {}}}), desired_of())
    older = Directory(observed_of({"organization": {}}), desired_of())
    parents: list[str] = []

    def create(aws: Hands, step: CreateUnit, directory: Directory) -> None:
        if step.path == "A":
            raise LOST
        parents.append(directory.parent("A"))

    monkeypatch.setitem(HANDLERS, CreateUnit, create)
    plan = Plan("units", TARGET, (unit("A"), unit("A/B")))
    left = replace(plan, steps=plan.steps[1:])
    assert results(apply(scene.hands, plan, older, lambda: (left, newer)).items) == ["FOUND", "DONE"]  # type: ignore[arg-type]
    assert parents == [newer.units["A"]]


def test_a_fault_of_ours_is_no_outcome_and_stops_everything(scene: Scene) -> None:
    scene.hands.trouble = {"A": [KeyError("Id")]}
    with pytest.raises(KeyError):
        scene.apply(unit("A"), unit("B"))
    assert scene.hands.did == ["A"]


@pytest.mark.parametrize("word", ["CreateUnit", "create organizational unit A"])
def test_a_test_can_have_the_process_killed_after_a_step(word: str) -> None:
    """The worst moment: AWS has done it, and nothing says so yet."""
    code = f"import tests.test_apply as t; t.be_killed({word!r})"
    env: dict[str, str] = {"PATH": os.environ["PATH"]}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.splitlines() == ["did A"]


def be_killed(word: str) -> None:
    """In a process of its own."""
    os.environ["ORGKIT_STOP_AFTER"] = word
    HANDLERS[CreateUnit] = lambda aws, step, directory: print(f"did {step.subject}", flush=True)
    directory = Directory(observed_of({"organization": {}}), desired_of())
    look: Callable[[], Any] = lambda: None  # noqa: E731
    apply(Hands(), Plan("units", TARGET, (unit("A"), unit("B"))), directory, look)  # type: ignore[arg-type]
