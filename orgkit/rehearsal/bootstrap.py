"""A rehearsal of the bootstrap on its own sandbox: the real runbooks plan, approve and apply every phase."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orgkit.engine.approve import plan as plan_with_digest
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.errors import EXIT_INTERRUPTED, EXIT_PLAN_CHANGED, SANDBOX, OrgkitError, require_packages
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan, Waiting
from orgkit.parameters import load
from orgkit.parameters.single_operator import allow_single_operator
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import phases_for
from orgkit.phases.registry import plan as plan_phase
from orgkit.records import outputs
from orgkit.records.result import RunResult
from orgkit.records.seal_options import unsigned_sealing
from orgkit.rehearsal.denials import DenialLog
from orgkit.rehearsal.fault_options import WITHOUT_FAULTS, FaultOptions
from orgkit.rehearsal.faults import FaultLog, retry_reads
from orgkit.rehearsal.phase_results import PhaseRehearsal, Rehearsal
from orgkit.rehearsal.report import adopted_steps, describe_faults
from orgkit.rehearsal.retries import MAX_RUNS, Attempt, WatchedKernels, worth_another
from orgkit.rehearsal.setup import environment, new_sandbox_folder, require_copy_for_ids, seed_from, seed_of
from orgkit.runbook.execution.execute import execute
from orgkit.runbook.views.tree import Node, observed_tree
from orgkit.sandbox.lifecycle import start
from orgkit.sandbox.snapshot import Snapshot

__all__ = ["environment", "new_sandbox_folder", "rehearse", "seed_of"]

APPROVER = "orgkit rehearse (planned and approved in one process, on a sandbox that it started)"
OnPhase = Callable[[Phase, RunResult | None], None]
OnAttempt = Callable[[Phase, int, Attempt], None]
OnEvent = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class _BootstrapContext:
    """The state of a running rehearsal that every phase needs."""

    parameters: Path
    desired: Desired
    folder: Path
    kernels: WatchedKernels
    fault_log: FaultLog
    denial_log: DenialLog
    on_phase: OnPhase
    on_event: OnEvent | None
    on_attempt: OnAttempt
    planned: dict[str, tuple[str, ...]] = field(default_factory=dict)  # sentences of steps, by phase


def rehearse(
    parameters: Path,
    *,
    keep: bool = False,
    circumstances: FaultOptions = WITHOUT_FAULTS,
    snapshot: Snapshot | None = None,
    on_phase: OnPhase = lambda *_: None,
    on_event: OnEvent | None = None,
    on_attempt: OnAttempt = lambda *_: None,
) -> Rehearsal:
    """Run every phase on a fresh sandbox. Ambient AWS settings are never used.

    Args:
        parameters: The parameters file.
        keep: Whether to leave the sandbox running.
        circumstances: Faults, latency and real time.
        snapshot: The organization with which the sandbox begins; None for an account in no organization.
        on_phase: Called before and after each phase.
        on_event: Called with each event of the journal.
        on_attempt: Called after each run.

    Raises:
        InvalidSnapshot: The snapshot is of another organization than the file.
        RehearsalNeedsCopy: There is no snapshot, and the file has ids of accounts.
    """
    require_packages("A rehearsal", *SANDBOX)
    started, desired = time.monotonic(), load(parameters)
    if snapshot is None:
        require_copy_for_ids(desired, parameters)
    folder, alone = new_sandbox_folder(parameters), desired.approval.four_eyes
    if alone:  # the gate has no special case for rehearsals: four_eyes is switched off in a copy of the file
        parameters = allow_single_operator(parameters, desired, folder)
        desired = load(parameters)
    seed = circumstances.apply_to(seed_from(desired, snapshot) if snapshot else seed_of(desired))
    sandbox = start(seed, folder, real_time=circumstances.real_time, outlive=keep)
    fault_log, denial_log = FaultLog(sandbox, calm=not circumstances.faults), DenialLog(sandbox)
    try:
        with ExitStack() as stack:
            stack.enter_context(environment(sandbox.environment() | {"ORGKIT_APPROVER": APPROVER}))
            kernels = stack.enter_context(_kernels(parameters, desired, fault_log))
            context = _BootstrapContext(
                parameters, desired, folder, kernels, fault_log, denial_log, on_phase, on_event, on_attempt
            )
            tree_before = retry_reads(lambda: _tree(desired), fault_log) if snapshot else None
            done = tuple(_phases(context))
            observed, waiting = retry_reads(lambda: _finish(desired), fault_log)
            late_faults = fault_log.take()
            denial_log.update(None)
    except BaseException:
        sandbox.stop()  # its address was not reported yet
        raise
    if not keep:
        sandbox.stop()
    costs: Mapping[str, str] = next((rehearsal.result.estimate for rehearsal in done if rehearsal.result.estimate), {})
    seconds, tree = time.monotonic() - started, observed_tree(observed, desired)
    denials = denial_log.summary(observed)
    return Rehearsal(
        tree, done, costs, seconds, folder, sandbox, waiting, circumstances, late_faults, alone, denials, tree_before,
        snapshot, context.planned,
    )  # fmt: skip


def _kernels(parameters: Path, desired: Desired, fault_log: FaultLog) -> WatchedKernels:
    """Return a pool with one kernel for each possible run; an unused one is ended with the rest."""
    count = len(phases_for(desired)) * (1 if fault_log.calm else MAX_RUNS)
    return WatchedKernels(os.environ, outputs.project_of(parameters), count)


def _finish(desired: Desired) -> tuple[Observed, tuple[Waiting, ...]]:
    observed = observe(connect(desired), desired, "imports")
    return observed, plan_phase("imports", observed, desired).waiting


def _tree(desired: Desired) -> Node:
    """Return the organization as it is before the first phase."""
    return observed_tree(observe(connect(desired), desired, "organizational-units", findings=False), desired)


def _phases(context: _BootstrapContext) -> Iterator[PhaseRehearsal]:
    for phase in phases_for(context.desired):
        context.on_phase(phase, None)
        done = PhaseRehearsal(phase, tuple(_runs(context, phase)))
        context.denial_log.update(phase)
        yield done
        if done.result.exit_code == EXIT_INTERRUPTED:
            return  # Ctrl-C ends the rehearsal, not only the phase


def _runs(context: _BootstrapContext, phase: Phase) -> Iterator[Attempt]:
    """Yield one run, and while a fault may have stopped it, further runs under the same approval."""
    digest, earlier = "", None
    for number in range(1, MAX_RUNS + 1):
        notes: list[str] = []
        digest = digest or (_approve(context, phase, notes) if phase.changes else "")
        result = execute(
            phase, context.parameters, approved_plan=digest, kernels=context.kernels, on_event=context.on_event,
            sealing=unsigned_sealing(context.desired),
        )  # fmt: skip
        if result.exit_code == EXIT_PLAN_CHANGED:
            digest = ""  # a fault may have falsified the state that was planned on: plan again
        attempt = _attempt(context, result, earlier, notes, _repeat_command(phase, digest) if number < MAX_RUNS else "")
        context.on_phase(phase, result)
        context.on_attempt(phase, number, attempt)
        yield attempt
        if not attempt.repeat_command:
            return
        earlier = result


def _repeat_command(phase: Phase, digest: str) -> str:
    if digest:
        return "run again under the same approval"
    return "planned and run again" if phase.changes else "run again"


def _attempt(
    context: _BootstrapContext, result: RunResult, earlier: RunResult | None, notes: list[str], repetition: str
) -> Attempt:
    """Return the outcome of a run and of its planning; without faults there are no notes."""
    if context.fault_log.calm:
        return Attempt(result)
    faults = context.fault_log.take()
    goes_on = not context.kernels.is_stopped and worth_another(result, faults, earlier)
    sentences, adopted = (*notes, *describe_faults(result.record)), adopted_steps(result.record)
    return Attempt(result, faults, sentences, adopted, repetition if goes_on else "")


def _approve(context: _BootstrapContext, phase: Phase, notes: list[str]) -> str:
    """Plan in this process and store the plan: its digest is the approval, valid on this sandbox alone."""
    try:
        plan = retry_reads(
            lambda: _plan(context.desired, phase),
            context.fault_log,
            lambda reason: notes.append(f"planned again: {reason}"),
        )
    except OrgkitError:
        return ""  # the runbook meets the same error, and records it
    if plan.empty or not plan.digest:
        return ""
    context.planned.setdefault(phase.run_label, tuple(step.sentence for step in plan.steps))
    outputs.keep_plan(context.folder, context.desired.organization.management_account_id, plan)
    return plan.digest


def _plan(desired: Desired, phase: Phase) -> Plan:
    """Plan without the findings: the runbook checks them again before it applies, and stops where one stops."""
    return plan_with_digest(phase.label, observe(connect(desired), desired, phase.label, findings=False), desired)
