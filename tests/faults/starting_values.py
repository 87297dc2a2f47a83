"""python -m tests.faults.starting_values: somebody else changes what a step replaces, at three moments.

Each phase is tried from nothing and again after a drift of everything, with a copy of this process for each trial. The
value is changed before the plan is applied, or between the previous step and the step itself. Where AWS has a
conditional form of the call, it is also changed between the second read and the call. A phase is also killed after a
step, and resumes under its approval.

Each kind of step is tried once at each moment. What is a repetition (a kind that an earlier phase has tried, or tried
from nothing), and the kills, are drawn by a seed: one of six is tried. `make faults` tries all (`--repetitions`).
"""

import argparse
import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orgkit.aws.person_settings import CODES_VARIABLE, IDS_VARIABLE
from orgkit.aws.waiting import Waits
from orgkit.engine import apply as engine
from orgkit.engine.attempt import ApplyContext
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe_and_plan
from orgkit.errors import ApprovalMismatch, OrgkitError
from orgkit.journal.events import Journal
from orgkit.model.approval import ApprovedPlan, check_remainder
from orgkit.model.desired import Desired
from orgkit.model.matching import IdIndex
from orgkit.model.offboarding import OffboardingSpec
from orgkit.model.outcome import Outcome, Outcomes, StepStatus
from orgkit.model.plan import Plan, Step
from orgkit.parameters import load
from orgkit.phases.accounts.steps import MoveAccount
from orgkit.phases.member_access.steps import CreateReadRole
from orgkit.phases.organizational_units.steps import TagUnit
from orgkit.phases.registry import phase_of
from orgkit.rehearsal.bootstrap import seed_of
from orgkit.sandbox.world import world
from tests.faults import wire as wires
from tests.faults.copies import Copies, HandIn, answer_of, in_a_copy
from tests.faults.matrix import (
    EMAIL_CODES,
    ROAD,
    SEVEN_DAYS,
    STARTER_SET,
    legacy,
    with_contact,
    with_former_names,
    with_offboarding,
    with_policy,
    with_state,
)
from tests.plans.loader import reviewed

EXAMPLE = Path(__file__).parents[2] / "parameters" / "example.toml"
SETTINGS = ("kms_key = true", 'object_lock = { mode = "GOVERNANCE", days = 90 }')
BILLING = '[billing]\nalerts = ["ada@example.com"]\ncost_allocation_tags = ["orgkit:key"]\n'
BEFORE, BETWEEN, AFTER_READ, KILLED = "before apply", "between steps", "after the second read", "killed after"
# Planning sees nothing of a role that trusts another account alone; the second read does.
HIDDEN_FROM_PLANNING = (CreateReadRole,)
PHASES = (*(phase for phase in ROAD if phase.changes), phase_of("emails"), phase_of("offboarding"))
NOTHING = "nothing to change yet"
ONE_OF_SIX = 1 / 6


@dataclass
class Tally:
    """The trials by their moment, the kinds of steps that they were about, and what did not hold."""

    trials: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, set[str]] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def count(self, label: tuple[str, str, Step], answer: str) -> None:
        phase, moment, step = label
        if answer != NOTHING:
            self.trials[moment] += 1
            self.kinds.setdefault(moment, set()).add(step.kind)
            if answer:
                self.bad.append(f"{phase} {moment} {step.id}: {answer}")


class Apply(Journal):
    """One apply of an approved plan, as a run does it; and the journal of what it sent."""

    def __init__(self, desired: Desired, plan: Plan) -> None:
        super().__init__()
        self.desired, self.plan = desired, plan
        self.items: tuple[Outcome, ...] = ()
        self.judge: Callable[[], Any] | None = None  # in a copy: hands in what it came to
        self.before_call: Callable[[str], Any] = lambda _: None

    def carry_out(
        self, watch: Callable[[Outcomes], None] = lambda _: None, done: Sequence[str] = ()
    ) -> tuple[Outcome, ...]:
        aws = connect(self.desired, journal=self)
        now, self.id_index = observe_and_plan(aws, self.desired, self.plan.phase)
        check_remainder(now, ApprovedPlan.from_plan(reviewed(self.plan, aws.clock.now())), committed=done)
        look = lambda: observe_and_plan(aws, self.desired, self.plan.phase)  # noqa: E731
        self.items = engine.apply(aws, now, self.id_index, look, watch).items
        if self.judge:
            self.judge()
        return self.items

    def write(self, event: str, **values: Any) -> dict[str, Any]:
        """Somebody else may act when an intent is on disk and its call is not sent yet."""
        entry = super().write(event, **values)
        if event == "intent":
            self.before_call(values["call"])
        return entry

    def sent(self, since: int = 0) -> set[str]:
        """The ids of the steps for which something was sent."""
        return {str(event["step"]) for event in self.events[since:] if event["event"] == "intent"}

    def verdict(self, step: Step, since: int) -> str:
        """Nothing more about its subject is sent; a switch that is on by now is done."""
        (outcome,) = [item for item in self.items if item.step_id == step.id]
        same_subject = {other.id for other in self.plan.steps if other.subject == step.subject}
        if step.is_switch:
            # AWS may still be working on it for the other one; then its end is waited for.
            is_left = outcome.status is not StepStatus.FAILED and step.id not in self.sent(since)
        else:
            is_left = outcome.status is StepStatus.FAILED and not same_subject & self.sent(since)
        return "" if is_left else f"{outcome.status} {outcome.reason}, sent: {sorted(same_subject & self.sent(since))}"

    def verdict_of_aws(self, step: Step, since: int) -> str:
        """The one call was sent, and AWS refused it."""
        (outcome,) = [item for item in self.items if item.step_id == step.id]
        same_subject = {other.id for other in self.plan.steps if other.subject == step.subject}
        is_refused = outcome.code == "SourceParentNotFoundException"
        return "" if is_refused and same_subject & self.sent(since) <= {step.id} else f"{outcome}"


class Trials:
    """The bootstrap, with a copy of this process for each trial."""

    def __init__(self, desired: Desired, tally: Tally, *, whole: bool, part: float, seed: int) -> None:
        self.desired, self.tally, self.whole = desired, tally, whole
        self.part, self.drawn = part, random.Random(seed)  # of the repetitions
        self.copies = Copies(os.cpu_count() or 1, tally.count)
        self.hand_in: HandIn | None = None  # in a copy
        self.drifted = False  # from nothing, tests.faults kills each phase at each of its calls
        self.kinds: Collection[str] | None = None  # of the steps that are tried; None for all

    def run(self, phase: str) -> None:
        """One phase, planned and applied to its end; in a copy this never returns."""
        try:
            self._run(phase)
        except BaseException as error:
            if self.hand_in:  # a copy must not go on as if it were the whole
                self.hand_in(f"the trial failed: {type(error).__name__}: {error}")
            raise

    def _run(self, phase: str) -> None:
        plan, id_index = observe_and_plan(connect(self.desired), self.desired, phase)
        chosen = {step.id for step in plan.steps if self._is_tried(plan, step)}
        for step in plan.steps:
            if step.id in chosen and self._is_drawn(BEFORE, step) and (hand_in := self._copy(phase, BEFORE, step)):
                hand_in(self._before(plan, id_index, step))
        apply, seen = Apply(self.desired, plan), set[tuple[str, StepStatus]]()

        def watch(outcomes: Outcomes) -> None:
            for step in plan.steps:
                (item,) = [item for item in outcomes.items if item.step_id == step.id]
                if step.id in chosen and not self.hand_in and (step.id, item.status) not in seen:
                    seen.add((step.id, item.status))
                    self._on_the_way(apply, step, item.status, outcomes)

        failed = [item for item in apply.carry_out(watch) if item.status is StepStatus.FAILED]
        assert not failed, failed
        assert not _remaining(self.desired, phase), _remaining(self.desired, phase)
        self.copies.wait()

    def _is_tried(self, plan: Plan, step: Step) -> bool:
        is_of_kind = self.kinds is None or step.kind in self.kinds
        return is_of_kind and (self.whole or step.id in _first_of_each_kind(plan))

    def _is_drawn(self, moment: str, step: Step) -> bool:
        is_repeated = moment == KILLED or step.kind in self.tally.kinds.get(moment, ())
        return not is_repeated or self.drawn.random() < self.part

    def _copy(self, phase: str, moment: str, step: Step) -> HandIn | None:
        self.hand_in = self.copies.make((phase, moment, step))
        return self.hand_in

    def _before(self, plan: Plan, id_index: IdIndex, step: Step) -> str:
        if not _changed(self.desired, id_index, step):
            return NOTHING
        is_planned = step.id in [left.id for left in _remaining(self.desired, plan.phase)]
        apply = Apply(self.desired, plan)
        try:
            apply.carry_out()
        except OrgkitError as stop:
            is_mismatch = isinstance(stop, ApprovalMismatch) or not is_planned
            return "" if is_mismatch and not apply.sent() else f"{stop}, sent: {apply.sent()}"
        if step.id in apply.sent() or (is_planned and not (step.is_switch or isinstance(step, HIDDEN_FROM_PLANNING))):
            return f"no mismatch, sent: {sorted(apply.sent())}"
        return ""

    def _on_the_way(self, apply: Apply, step: Step, status: StepStatus, outcomes: Outcomes) -> None:
        phase = apply.plan.phase
        if status is StepStatus.RUNNING:
            if self._is_drawn(BETWEEN, step) and (hand_in := self._copy(phase, BETWEEN, step)):
                if not _changed(self.desired, apply.id_index, step):
                    hand_in(NOTHING)
                since = len(apply.events)
                apply.judge = lambda: hand_in(apply.verdict(step, since))
            elif isinstance(step, MoveAccount) and (hand_in := self._copy(phase, AFTER_READ, step)):
                since = len(apply.events)
                apply.judge = lambda: hand_in(apply.verdict_of_aws(step, since))
                apply.before_call = lambda call: call == MOVE and _changed(self.desired, apply.id_index, step)
        elif (
            status is StepStatus.DONE
            and self.drifted
            and self._is_drawn(KILLED, step)
            and (hand_in := self._copy(phase, KILLED, step))
        ):
            done = [item.step_id for item in outcomes.items if item.status is StepStatus.DONE]
            hand_in(self._resumed(apply.plan, done))

    def _resumed(self, plan: Plan, done: Sequence[str]) -> str:
        failed = [item for item in Apply(self.desired, plan).carry_out(done=done) if item.status is StepStatus.FAILED]
        left = _remaining(self.desired, plan.phase)
        return f"{failed[:1]} {left[:1]}" if failed or left else ""


MOVE = "organizations:MoveAccount"


def _first_of_each_kind(plan: Plan) -> set[str]:
    return {step.id for step in {step.kind: step for step in reversed(plan.steps)}.values()}


def _changed(desired: Desired, id_index: IdIndex, step: Step) -> bool:
    """Whether somebody else could change it at this moment."""
    from botocore.exceptions import ClientError

    from tests.faults.outsider import Outsider

    try:
        Outsider(desired, id_index).change(step)
    except (ClientError, OrgkitError):
        return False
    return True


def _remaining(desired: Desired, phase: str) -> tuple[Step, ...]:
    try:
        return observe_and_plan(connect(desired), desired, phase)[0].steps
    except OrgkitError:
        return ()


def _without_start(kind: type[Step]) -> None:
    """The digest of a step no longer has what it starts from."""
    facts = kind.facts
    kind.facts = lambda step: {name: value for name, value in facts(step).items() if name != "starts_from"}  # type: ignore[method-assign]


def _no_second_read() -> None:
    """Nothing is read before a step."""

    def is_to_do(*_: Any) -> Waits[bool]:
        yield from ()
        return True

    ApplyContext.is_to_do = is_to_do  # type: ignore[method-assign]


MUTANTS: Mapping[str, Callable[[], None]] = {
    "no-start-of-tag-unit": lambda: _without_start(TagUnit),
    "no-second-read": _no_second_read,
}


def parameters(folder: Path) -> Path:
    """The example with a key, a lock, addresses for alerts of the bill, a policy, and a state backend."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("\n[billing]\n", f"\n{BILLING}")
    shutil.copytree(STARTER_SET, folder / "policies")
    text = with_state(with_policy(text, ["Production"], ["Security"]), "website-prod")
    file = folder / "example.toml"
    text = with_former_names(text.replace("\n[trail]\n", "\n[trail]\n" + "\n".join(SETTINGS) + "\n"))
    file.write_text(with_offboarding(with_contact(text)), encoding="utf-8")
    return file


def main() -> int:
    """0 when everything held."""
    parser = argparse.ArgumentParser(prog="tests.faults.starting_values", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="every step of a phase, not one of each kind")
    parser.add_argument("--repetitions", action="store_true", help="all of them, and all kills, not one of six")
    parser.add_argument("--until", choices=[phase.label for phase in PHASES], default=PHASES[-1].label)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000), help="by which repetitions are drawn")
    parser.add_argument("--mutants", action="store_true", help="break the library in each way, and tag units")
    requests, started, tally = parser.parse_args(), time.monotonic(), Tally()
    folder = Path(tempfile.mkdtemp(prefix="orgkit-starts-"))
    desired = load(parameters(folder))
    wires.begin(replace(seed_of(desired), own_policies=legacy(desired)), folder / "outputs")
    os.environ.update(wires.settings(folder / "outputs"))
    part = 1 if requests.repetitions or requests.whole or requests.mutants else ONE_OF_SIX
    trials = Trials(desired, tally, whole=requests.whole, part=part, seed=requests.seed)
    try:
        if requests.mutants:
            _run_mutants(trials)
        else:
            _both(trials, requests.until)
    except (AssertionError, OrgkitError) as error:
        tally.bad.append(f"without a change of somebody else: {error}")
    finally:
        shutil.rmtree(folder)
    for line in tally.bad:
        print(f"BAD {line}")
    for moment, kinds in tally.kinds.items():
        print(f"  {moment:22} {tally.trials[moment]:4} trials of {len(kinds):2} kinds: {' '.join(sorted(kinds))}")
    if part < 1:
        print(f"The same trials again: --seed {requests.seed}")
    cpu = os.times()
    print(f"  {cpu.children_user + cpu.children_system + cpu.user + cpu.system:.0f} s of processors' time")
    print(f"{tally.trials.total()} trials, {len(tally.bad)} bad, {time.monotonic() - started:.0f} s")
    return 1 if tally.bad else 0


def _both(trials: Trials, until: str) -> None:
    """From nothing, and after a drift."""
    labels = [phase.label for phase in PHASES]
    labels = labels[: labels.index(until) + 1]
    for label in labels:
        trials.run(label)
    _drift(trials, "trail" if "trail" in labels else "units")
    for label in labels:
        trials.run(label)
    if "emails" in labels:  # the second run, with the code
        os.environ[CODES_VARIABLE] = EMAIL_CODES
        trials.run("emails")
    if "offboarding" in labels:
        _offboard(trials)


def _offboard(trials: Trials) -> None:
    """Both runs of it: the second one is seven days later, and a person has typed the id."""
    from tests.faults.outsider import Outsider, create_old_account

    _, id_index = observe_and_plan(connect(trials.desired), trials.desired, "units")
    create_old_account(Outsider(trials.desired, id_index))
    trials.run("offboarding")
    world().clock.sleep(SEVEN_DAYS)
    (entry,) = trials.desired.section(OffboardingSpec).accounts
    os.environ[IDS_VARIABLE] = f"{entry.key}={entry.account}"
    trials.run("offboarding")


def _run_mutants(trials: Trials) -> None:
    """The units after a drift once for each mutant, in copies of this process that share what is before."""
    before = [phase.label for phase in PHASES]
    before = before[: before.index("units")]
    trials.kinds = ()
    for label in (*before, "units"):
        trials.run(label)
    _drift(trials, "units")
    for label in before:
        trials.run(label)
    trials.kinds = {TagUnit.kind}
    for name, break_library in MUTANTS.items():

        def run_mutant(break_library: Callable[[], None] = break_library) -> list[str]:
            break_library()
            trials.run("units")
            return trials.tally.bad

        bad = answer_of(*in_a_copy(run_mutant))
        assert isinstance(bad, list), bad
        trials.tally.bad += [f"{name}: {line}" for line in bad]


def _drift(trials: Trials, phase: str) -> None:
    """Somebody else changes everything; the phase is one that reads all of it."""
    from tests.faults.outsider import Outsider, drift

    _, id_index = observe_and_plan(connect(trials.desired), trials.desired, phase)
    drift(Outsider(trials.desired, id_index))
    trials.drifted = True


if __name__ == "__main__":
    sys.exit(main())
