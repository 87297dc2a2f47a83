"""The whole road on a sandbox of its own: every phase planned, approved and applied by the real runbooks."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orgkit.connecting import connect
from orgkit.errors import EXIT_INTERRUPTED, EXIT_PLAN_CHANGED, OrgkitError
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.parameters import load
from orgkit.parameters.alone import for_one_person
from orgkit.phases import PHASES, Phase
from orgkit.plan import Plan, Waiting
from orgkit.planning import plan_phase
from orgkit.read import read_organization
from orgkit.record import outputs
from orgkit.record.result import Result
from orgkit.record.sealing import unsigned
from orgkit.recovery.circumstances import GOOD_DAY, Circumstances
from orgkit.recovery.met import FaultLog, looked
from orgkit.recovery.runs import AT_MOST, Attempt, WatchedKernels, worth_another
from orgkit.recovery.told import found_done, told
from orgkit.rehearsed import Rehearsal, Rehearsed
from orgkit.runbook.execute import execute
from orgkit.runbook.tree import there
from orgkit.sandbox.lifecycle import start
from orgkit.scene import environment, new_sandbox_folder, seed_of

__all__ = ["environment", "new_sandbox_folder", "rehearse", "seed_of"]

APPROVER = "orgkit rehearse (planned and approved in one process, on a sandbox that it started)"
OnPhase = Callable[[Phase, Result | None], None]
OnAttempt = Callable[[Phase, int, Attempt], None]
OnEvent = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class _Road:
    """A rehearsal under way: what every phase of it needs."""

    parameters: Path
    desired: Desired
    folder: Path
    kernels: WatchedKernels
    met: FaultLog
    on_phase: OnPhase
    on_event: OnEvent | None
    on_attempt: OnAttempt


def rehearse(
    parameters: Path,
    *,
    keep: bool = False,
    circumstances: Circumstances = GOOD_DAY,
    on_phase: OnPhase = lambda *_: None,
    on_event: OnEvent | None = None,
    on_attempt: OnAttempt = lambda *_: None,
) -> Rehearsal:
    """Run every phase on a fresh sandbox; `keep` leaves it running. Ambient AWS settings are never used."""
    started, desired = time.monotonic(), load(parameters)
    folder, alone = new_sandbox_folder(parameters), desired.approval.four_eyes
    if alone:  # the gate knows no rehearsals: what it cannot have here is left out of the file
        parameters = for_one_person(parameters, desired, folder)
        desired = load(parameters)
    sandbox = start(circumstances.over(seed_of(desired)), folder, real_time=circumstances.real_time, outlive=keep)
    met = FaultLog(sandbox, calm=not circumstances.faults)
    try:
        with ExitStack() as stack:
            stack.enter_context(environment(sandbox.environment() | {"ORGKIT_APPROVER": APPROVER}))
            kernels = stack.enter_context(_kernels(parameters, met))
            road = _Road(parameters, desired, folder, kernels, met, on_phase, on_event, on_attempt)
            done = tuple(_phases(road))
            observed, waiting = looked(lambda: _at_the_end(desired), met)
            afterwards = met.take()
    except BaseException:
        sandbox.stop()  # nobody was told of it yet
        raise
    if not keep:
        sandbox.stop()
    costs: Mapping[str, str] = next((each.result.estimate for each in done if each.result.estimate), {})
    seconds, tree = time.monotonic() - started, there(observed, desired)
    return Rehearsal(tree, done, costs, seconds, folder, sandbox, waiting, circumstances, afterwards, alone)


def _kernels(parameters: Path, met: FaultLog) -> WatchedKernels:
    """One for each run that there may be; the one that is started in vain is ended with the rest."""
    count = len(PHASES) * (1 if met.calm else AT_MOST)
    return WatchedKernels(os.environ, outputs.project_of(parameters), count)


def _at_the_end(desired: Desired) -> tuple[Observed, tuple[Waiting, ...]]:
    observed = read_organization(connect(desired), desired, "imports")
    return observed, plan_phase("imports", observed, desired).waiting


def _phases(road: _Road) -> Iterator[Rehearsed]:
    for phase in PHASES:
        road.on_phase(phase, None)
        done = Rehearsed(phase, tuple(_runs(road, phase)))
        yield done
        if done.result.exit_code == EXIT_INTERRUPTED:
            return  # Ctrl-C means the rehearsal, not only the phase


def _runs(road: _Road, phase: Phase) -> Iterator[Attempt]:
    """One, unless a fault may have kept it from its end: then again, and under the approval that it had."""
    digest, earlier = "", None
    for number in range(1, AT_MOST + 1):
        notes: list[str] = []
        digest = digest or (_approve(road, phase, notes) if phase.changes else "")
        result = execute(
            phase, road.parameters, approved_plan=digest, kernels=road.kernels, on_event=road.on_event,
            sealing=unsigned(road.desired),
        )  # fmt: skip
        if result.exit_code == EXIT_PLAN_CHANGED:
            digest = ""  # it was planned on what a fault had shown: read it again, as it is now
        attempt = _attempt(road, result, earlier, notes, _again(phase, digest) if number < AT_MOST else "")
        road.on_phase(phase, result)
        road.on_attempt(phase, number, attempt)
        yield attempt
        if not attempt.again:
            return
        earlier = result


def _again(phase: Phase, digest: str) -> str:
    if digest:
        return "run again under the same approval"
    return "planned and run again" if phase.changes else "run again"


def _attempt(road: _Road, result: Result, earlier: Result | None, notes: list[str], again: str) -> Attempt:
    """What came of a run, and of its planning; on a good day there is nothing to tell."""
    if road.met.calm:
        return Attempt(result)
    faults = road.met.take()
    goes_on = not road.kernels.stopped and worth_another(result, faults, earlier)
    sentences, found = (*notes, *told(result.record)), found_done(result.record)
    return Attempt(result, faults, sentences, found, again if goes_on else "")


def _approve(road: _Road, phase: Phase, notes: list[str]) -> str:
    """Plan in this process and keep the plan: its digest is the approval, on this sandbox alone."""
    try:
        plan, at = looked(
            lambda: _plan(road.desired, phase), road.met, lambda why: notes.append(f"planned again: {why}")
        )
    except OrgkitError:
        return ""  # the runbook meets the same error, and records it
    if plan.empty or not plan.digest:
        return ""
    outputs.keep_plan(road.folder, road.desired.organization.management_account_id, plan, plan.review(at))
    return plan.digest


def _plan(desired: Desired, phase: Phase) -> tuple[Plan, str]:
    aws = connect(desired)
    plan = plan_phase(phase.name, read_organization(aws, desired, phase.name), desired)
    return plan, aws.clock.now().isoformat(timespec="seconds")
