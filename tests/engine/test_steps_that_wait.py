"""Steps that wait for AWS while others go on: order of each account, one thread, and the same end wherever it stops."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from orgkit.aws.asynchronous import Asynchronous, Pending, Request, Requests, Retry
from orgkit.aws.rejections import Rejected
from orgkit.aws.shared_reads import SharedReads
from orgkit.aws.waiting import Wait, Waits, wait_until
from orgkit.engine.apply import apply
from orgkit.journal.events import Journal
from orgkit.model.desired import ACCESS_ROLE
from orgkit.model.matching import IdIndex
from orgkit.model.outcome import Outcome, Outcomes, StepStatus
from orgkit.model.plan import ABSENT, Plan, Step
from orgkit.phases.accounts.steps import MoveAccount
from orgkit.phases.member_access.steps import CreateReadRole
from tests.aws.conftest import CountingClock
from tests.engine.handlers import replace_handlers
from tests.engine.test_apply import LOST, TARGET, account, move
from tests.plans.loader import desired_of, observed_of

LONG = 20  # accounts: a queue in which two are begun together


def read_role(key: str) -> CreateReadRole:
    return CreateReadRole(key=key, name=key, role_name=ACCESS_ROLE, services=(), starts_from=ABSENT)


@dataclass
class Accounts:
    """Stands for the connection and for AWS: accounts take half a minute, their roles some seconds more."""

    role_seconds: float = 25.0
    clock: CountingClock = field(default_factory=CountingClock)
    journal: Journal = field(default_factory=Journal)
    shared_reads: SharedReads = field(default_factory=SharedReads)
    did: list[tuple[str, float]] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    ends: dict[str, float] = field(default_factory=dict)
    trouble: dict[str, list[BaseException]] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start = self.clock.now()

    @property
    def seconds(self) -> float:
        return (self.clock.now() - self.start).total_seconds()

    def progress(self, subject: str, so_far: float, at_most: float) -> None:
        self.waits.append(subject)

    def note(self, word: str, key: str) -> None:
        self.did.append((f"{word} {key}", round(self.seconds)))
        if self.trouble.get(f"{word} {key}"):
            raise self.trouble[f"{word} {key}"].pop(0)

    def change(self, word: str, key: str) -> None:
        """As the connection does it: intent and answer name the step that the journal knows at that moment."""
        self.journal.write("intent", step=self.journal.step)
        self.note(word, key)
        self.journal.write("answer", step=self.journal.step, result="committed", request_id=f"id-{word}-{key}")

    def list_accounts(self) -> None:
        self.shared_reads.read("accounts", lambda: self.note("list", "accounts"))

    def list_requests(self) -> Requests:
        self.note("list", "requests")
        working = {key: f"car-{key}" for key, end in self.ends.items() if end > self.seconds}
        return Requests(working, frozenset(working.values()))

    def begin(self, key: str) -> Request:
        self.change("create", key)
        self.ends[key] = self.seconds + 30
        return Request(f"car-{key}")

    def settle(self, key: str) -> Pending | Retry | None:
        self.list_accounts()
        self.note("settle", key)
        return None

    def role_is_there(self, key: str) -> bool | None:
        self.note("look", key)
        return True if self.seconds >= self.ends.get(key, 0) + self.role_seconds else None

    def of(self, word: str) -> list[str]:
        return [what.removeprefix(f"{word} ") for what, _ in self.did if what.startswith(f"{word} ")]

    def when(self, what: str) -> float:
        return next(seconds for done, seconds in self.did if done == what)


Run = Callable[..., tuple[Outcome, ...]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    create = Asynchronous(
        begin=lambda aws, step, id_index, *, doubt: aws.begin(step.key),
        list_requests=lambda aws, *, include_ended=False: aws.list_requests(),
        settle=lambda aws, step, id_index, request: aws.settle(step.key),
        name=lambda step: step.name,
        in_flight=5,
        burst=3,
        seconds_per_token=10.0,
    )

    def make_role(aws: Accounts, step: CreateReadRole, id_index: IdIndex) -> Waits[None]:
        yield from wait_until(f"account {step.key}", lambda: aws.role_is_there(step.key), every=10, at_most=900)
        aws.change("role", step.key)
        yield Wait(f"role in {step.key}", 0, 300, 5)
        aws.note("usable", step.key)

    def move_account(aws: Accounts, step: MoveAccount, id_index: IdIndex) -> None:
        aws.change("move", step.key)

    replace_handlers(monkeypatch, CreateAccount=create, MoveAccount=move_account, CreateReadRole=make_role)
    value = lambda aws, step, id_index: aws.list_accounts() or step.starts_from  # noqa: E731
    monkeypatch.setattr("tests.engine.handlers.value_by_now", value)
    replace_handlers(monkeypatch, CreateAccount=create, MoveAccount=move_account, CreateReadRole=make_role)

    def applied(
        aws: Accounts, *steps: Step, watch: Callable[[Outcomes], None] = lambda _: None, seconds: float | None = None
    ) -> tuple[Outcome, ...]:
        id_index = IdIndex(observed_of({"organization": {}}), desired_of())
        ends = None if seconds is None else aws.clock.now() + timedelta(seconds=seconds)
        plan = Plan("accounts", TARGET, steps)
        return tuple(apply(aws, plan, id_index, lambda: (plan, id_index), watch, expires_at=ends).items)  # type: ignore[arg-type]

    return applied


def all_of(keys: str) -> tuple[Step, ...]:
    """The plan of phase 03: all creations first, then all moves, then all roles."""
    return (*map(account, keys), *map(move, keys), *map(read_role, keys))


def test_an_account_is_placed_and_made_readable_while_others_are_created(run: Run) -> None:
    aws = Accounts()
    outcomes = run(aws, *all_of("abcdef"))
    assert {outcome.status for outcome in outcomes} == {StepStatus.DONE}
    assert aws.when("move a") < aws.when("usable a") < aws.when("settle f")
    last_is_made = aws.when("create f") + 30
    assert aws.seconds - last_is_made - aws.role_seconds <= 5 + 2, "nothing waits but for the last account"


def test_the_steps_of_one_account_keep_their_order_and_its_read_is_right_before_each(run: Run) -> None:
    aws = Accounts()
    run(aws, *all_of("abc"))
    for key in "abc":
        mine = [what.split()[0] for what, _ in aws.did if what.endswith(f" {key}")]
        assert [word for word in dict.fromkeys(mine) if word != "look"] == [
            "create", "settle", "move", "role", "usable",
        ]  # fmt: skip


def test_changes_of_a_step_that_has_waited_are_in_the_journal_under_its_own_id(run: Run) -> None:
    aws = Accounts()
    outcomes = run(aws, *all_of("abc"))
    intents = [event["step"] for event in aws.journal.events if event["event"] == "intent"]
    assert sorted(intents) == sorted(outcome.step_id for outcome in outcomes)
    for outcome in outcomes:
        kind, key = outcome.step_id.split(":")
        assert outcome.request_ids == (f"id-{kind.split('-')[0 if kind != 'create-read-role' else 2]}-{key}",)


def test_a_poll_is_one_call_for_all_and_those_begun_together_share_what_is_read_before_them(run: Run) -> None:
    aws, shown = Accounts(), list[list[str]]()

    def watch(outcomes: Outcomes) -> None:
        """What was under way, as it was shown before the accounts were read."""
        if not aws.of("list").count("accounts"):
            shown.append([item.step_id for item in outcomes.items if item.status is StepStatus.RUNNING])

    run(aws, *map(account, "abc"), watch=watch)
    assert [what for what, _ in aws.did][:6] == [
        "list requests", "list requests", "list accounts", "create a", "create b", "create c",
    ]  # fmt: skip
    assert shown[-1] == ["create-account:a", "create-account:b", "create-account:c"]


def test_of_a_long_queue_two_are_begun_after_one_reading_and_none_of_aws_s_tokens_is_lost(run: Run) -> None:
    aws = Accounts()
    keys = "abcdefghijklmnopqrstuvwxyz"[:LONG]
    run(aws, *map(account, keys))
    begun = [seconds for what, seconds in aws.did if what.startswith("create")]
    assert begun[:7] == [0, 0, 0, 20, 20, 40, 40]
    assert begun[-1] == 10 * (LONG - 3)
    assert aws.of("list").count("accounts") < LONG


def test_an_account_that_cannot_be_entered_holds_back_its_own_step_and_no_other(run: Run) -> None:
    aws = Accounts()
    aws.trouble = {"look a": [Rejected("sts:AssumeRole", "AccessDenied", "", "explicit deny", "")]}
    outcomes = run(aws, *all_of("ab"))
    assert [outcome.status for outcome in outcomes] == [StepStatus.DONE] * 4 + [StepStatus.FAILED, StepStatus.DONE]


def test_a_role_that_never_comes_fails_after_its_own_budget_of_seconds(run: Run) -> None:
    aws = Accounts(role_seconds=10**6)
    *_, outcome = run(aws, account("a"), move("a"), read_role("a"))
    assert (outcome.status, "took longer than 900 s" in outcome.reason) == (StepStatus.FAILED, True)
    assert 899 < aws.seconds - 30 < 925


def test_a_lost_answer_after_a_wait_is_looked_for_before_anything_is_sent_again(run: Run) -> None:
    aws = Accounts()
    aws.trouble = {"role a": [LOST]}
    outcomes = run(aws, *all_of("ab"))
    assert {outcome.status for outcome in outcomes} == {StepStatus.DONE}
    assert aws.of("role") in (["a", "a", "b"], ["a", "b", "a"])


def test_a_step_that_waits_when_the_approval_ends_is_begun_and_those_after_it_are_not(run: Run) -> None:
    aws = Accounts(role_seconds=100)
    outcomes = run(aws, *all_of("abcd"), seconds=35)
    by_id = {outcome.step_id: outcome.status for outcome in outcomes}
    assert by_id["create-account:d"] is StepStatus.DONE
    assert {by_id[f"create-read-role:{key}"] for key in "abc"} == {StepStatus.DONE}
    assert by_id["move-account:d"] is StepStatus.SKIPPED
    assert by_id["create-read-role:d"] is StepStatus.SKIPPED


def test_ctrl_c_in_a_wait_stops_everything_and_no_step_that_waits_has_an_end(run: Run) -> None:
    aws = Accounts()
    aws.trouble = {"look b": [KeyboardInterrupt()]}
    with pytest.raises(KeyboardInterrupt):
        run(aws, *all_of("abc"))
    ended = {event["step"] for event in aws.journal.events if event["event"] == "step"}
    assert ended.isdisjoint({"create-read-role:a", "create-read-role:b"})


def test_what_is_shown_keeps_the_slots_while_other_steps_are_carried_out(run: Run) -> None:
    aws, shown = Accounts(), list[tuple[str, int]]()

    def watch(outcomes: Outcomes) -> None:
        moving = [
            item.step_id for item in outcomes.items if item.status is StepStatus.RUNNING and "move" in item.step_id
        ]
        shown.extend((step, len(outcomes.slots)) for step in moving)

    run(aws, *all_of("abcdef"), watch=watch)
    assert ("move-account:a", 5) in shown
    assert any("AWS: " in line and "; account a" in line for line in aws.waits)


def test_the_same_steps_are_taken_in_the_same_order_each_time(run: Run) -> None:
    runs = [Accounts(), Accounts()]
    for aws in runs:
        run(aws, *all_of("abcdefgh"))
    assert runs[0].did == runs[1].did


def test_the_step_after_another_about_the_same_account_waits_for_it_in_any_phase(run: Run) -> None:
    aws = Accounts()
    aws.ends["a"] = 40
    run(aws, read_role("a"), move("a"), move("b"))
    assert aws.of("move") == ["b", "a"]
