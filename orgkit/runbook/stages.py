"""The stages of a runbook, one for each cell: each calls the library once and writes the record's events."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from orgkit._version import __version__
from orgkit.aws import credentials_in_use
from orgkit.aws.clock import clock_of
from orgkit.aws.endpoint import endpoint_of
from orgkit.aws.lock import lock_machine
from orgkit.aws.rejections import TRANSIENT_CODES
from orgkit.aws.session import Connection
from orgkit.costs.estimate.effect import monthly_effect
from orgkit.engine.apply import apply as apply_steps
from orgkit.engine.connect import connect as connect_to
from orgkit.engine.observe import observe, observe_and_plan, read_account
from orgkit.errors import (
    ApprovalEnded,
    ApprovalMismatch,
    AwaitingApproval,
    CheckStops,
    Interrupted,
    NotVerified,
    NotYet,
    OperatingSystemError,
    OrgkitError,
    StepFailed,
    convert_os_errors,
)
from orgkit.journal.events import Journal
from orgkit.journal.in_doubt import Evidence, Intent, events_since, resolve, unanswered_intents
from orgkit.journal.interference import detect_concurrent_changes
from orgkit.model.approval import check_stops
from orgkit.model.desired import HandoverSpec
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Observed
from orgkit.model.outcome import Outcome, Outcomes, StepStatus
from orgkit.model.plan import Plan, Step, identity
from orgkit.parameters import find, load
from orgkit.phases.management_account.aws import ask, read_alias
from orgkit.phases.management_account.findings import Findings
from orgkit.phases.registry import phase_of, phases_for
from orgkit.phases.registry import plan as plan_phase
from orgkit.records import outputs
from orgkit.records.interrupted_runs import find_interrupted_runs
from orgkit.records.plan_store import as_planning
from orgkit.runbook.code_entry import ask_for_codes
from orgkit.runbook.execution.prepare import link_to_next
from orgkit.runbook.form import describe_decision
from orgkit.runbook.gate import Gate, digest_of, open_gate, signed_approval
from orgkit.runbook.interactive.session import is_interactive
from orgkit.runbook.live_display import LiveDisplay
from orgkit.runbook.read_display import show_reading
from orgkit.runbook.run import Run
from orgkit.runbook.views import display
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import Node, desired_tree, observed_tree
from orgkit.runbook.views.views import CallerIdentity, CompletedRun, Proposal, Verification
from orgkit.signing.role_trust_aws import check_roles

if TYPE_CHECKING:
    from orgkit.phases.policies.in_force import PoliciesInForce
    from orgkit.runbook.handover_rewrite import Rewrite

# STS does not report whether a session was started with MFA; CloudTrail does (sessionContext.attributes).
MFA = "not reported by AWS"
RECHECK_PAUSES = (5.0, 20.0)  # seconds
MAX_DELAY_SECONDS = 30.0  # seconds within which AWS does what it was sent, though nobody waits for its answer any more
UNRESOLVED_WARNING = (
    "not known: what AWS shows does not say whether it was done; CloudTrail's event history does "
    "(see `orgkit records reconcile --help`)"
)
P = ParamSpec("P")
T = TypeVar("T")


def stage(function: Callable[P, T]) -> Callable[P, T]:
    """Write the end of a run into its journal when a stage stops it; every stage has its run as first argument."""

    @wraps(function)
    def run_stage(*args: P.args, **kwargs: P.kwargs) -> T:
        run = args[0]
        assert isinstance(run, Run)
        try:
            return function(*args, **kwargs)
        except OrgkitError as stop:
            _write_stop(run, stop)
            raise
        except OSError as error:
            os_stop = OperatingSystemError.from_os_error(error)
            _write_stop(run, os_stop)
            raise os_stop from None
        except KeyboardInterrupt:
            sent = any(event["event"] == "intent" for event in run.journal.events)
            unchanged = "" if sent else Interrupted.no_change_suffix
            interrupted = Interrupted(f"Ctrl-C or a signal ended the run{unchanged}.", Interrupted.remedy_to_continue)
            _write_stop(run, interrupted)
            raise interrupted from None

    return run_stage


@convert_os_errors()
def begin(phase: str, parameters_file: str, run_folder: str = "") -> Run:
    """Load the parameters file and open the run's folder: the one that is given, or a new one."""
    display.register()
    path = find(parameters_file)
    desired, kind = load(path), "emulator" if endpoint_of() else "aws"
    base, account = outputs.base_folder(outputs.project_of(path), kind), desired.organization.management_account_id
    folder = Path(run_folder) if run_folder else outputs.new_run_folder(base, account, phase, clock_of().now())
    journal = Journal(folder / "events.jsonl", run=folder.name, hide=credentials_in_use.hidden)
    journal.write(
        "phase",
        phase=phase,
        run=folder.name,
        parameters_sha256=desired.sha256,
        version=__version__,
        guided=is_interactive(),
    )
    return Run(phase_of(phase), path, desired, base, folder, journal)


@stage
def connect(run: Run) -> Connection:
    """Who am I? The guards stop here when the answer is not the file's management account."""
    aws = connect_to(run.desired, journal=run.journal)
    caller = aws.caller()
    run.journal.write(
        "identity", account=caller.account, arn=caller.arn, target=aws.kind,
        session=caller.session, temporary=caller.is_temporary, mfa=MFA,
    )  # fmt: skip
    return aws


def caller_identity(aws: Connection) -> CallerIdentity:
    """The caller, as AWS confirms it, and where calls go."""
    alias = ask(read_alias, aws)
    return CallerIdentity(aws.caller(), aws.kind, alias if isinstance(alias, str) else "")


who_am_i = caller_identity  # so that the runbooks of projects made by version 0.1.0 still run


@stage
def read(run: Run, aws: Connection) -> Observed:
    """What is there, as far as this phase rests on it."""
    with show_reading(run, aws):
        return observe(aws, run.desired, run.phase.label)


@stage
def enter_codes(run: Run, aws: Connection, observed: Observed) -> Observed:
    """What is there, with the one-time codes that a person enters here; headless, they come with the environment."""
    if not (is_interactive() and ask_for_codes(run.desired, observed)):
        return observed
    with show_reading(run, aws):
        return observe(aws, run.desired, run.phase.label)


@stage
def enter_account_ids(run: Run, aws: Connection, observed: Observed) -> Observed:
    """What is there, with the ids that a person types here to close accounts; headless, they come otherwise."""
    from orgkit.runbook.account_id_entry import ask_for_account_ids  # late: one runbook asks for them

    if not (is_interactive() and ask_for_account_ids(run.desired, observed)):
        return observed
    with show_reading(run, aws):
        return observe(aws, run.desired, run.phase.label)


@stage
def policies_in_force(run: Run, aws: Connection, observed: Observed) -> "PoliciesInForce":
    """Which policies hold in each account, and where each is attached."""
    from orgkit.phases.policies.in_force_aws import read_policies_in_force  # late: one runbook shows them

    with show_reading(run, aws):
        return read_policies_in_force(aws, observed)


def picture(run: Run, observed: Observed | None = None, plan: Plan | None = None) -> Node:
    """The organization as a tree: as the file wants it, as AWS has it, or as a plan would leave it."""
    if observed is None:
        return desired_tree(run.desired)
    return tree_after_plan(observed, run.desired, plan) if plan else observed_tree(observed, run.desired)


@stage
def plan(run: Run, observed: Observed) -> Plan:
    """What would change, and what a person should know with it."""
    phase_plan = plan_phase(run.phase.label, observed, run.desired)
    new_plan = as_planning(phase_plan, run.desired, clock_of(), monthly_effect(phase_plan, run.desired))
    run.journal.write(
        "plan",
        digest=new_plan.digest,
        plan_sha256=new_plan.sha256,
        steps=len(new_plan.steps),
        needs=list(new_plan.needs),
        waiting=[*new_plan.drift, *(waiting.what for waiting in new_plan.waiting)],
    )
    return new_plan


def proposal(run: Run, plan: Plan) -> Proposal:
    """The plan as a person reads it: each step with its why, its IAM actions and its cost per month, and the digest."""
    return Proposal(plan, monthly_effect(plan, run.desired))


@stage
def approve(run: Run, aws: Connection, plan: Plan, approved_plan: str = "") -> Gate:
    """Ask for an approval, or check the one that was given; this cell never waits.

    A plan that nobody has approved yet is kept, so that its digest can be approved later.
    """
    try:
        signed = signed_approval()
        digest = digest_of(approved_plan, signed)
        if signed is not None and run.desired.approval.four_eyes:
            check_roles(aws, run.desired.approval)
        gate = open_gate(run.base, run.folder, plan, aws.caller().arn, run.desired, digest, aws.clock, signed)
    except (ApprovalMismatch, AwaitingApproval):
        _keep(run, plan)
        raise
    if gate.approved is None:
        _keep(run, plan)
    else:
        outputs.write_plan(run.folder, plan, gate.approved)
        if gate.rejected_by:
            run.journal.write("rejection", digest=gate.approved.digest, asserted_by=gate.rejected_by)
    return gate


@stage
def apply(run: Run, aws: Connection, plan: Plan, gate: Gate) -> Outcomes:
    """Read and plan again, and carry out exactly what was approved, or what is left of it."""
    live = LiveDisplay()
    if plan.empty:
        interrupted, unsettled = (
            tuple(_name_interrupted_runs(run)),
            outputs.unsettled_intents(run.base, run.account, run.phase),
        )
        outcomes = _with_resolutions(
            run, Outcomes(()), (*interrupted, *_settle_without_changes(run, aws, plan, unsettled))
        )
        live.update(outcomes)
        return outcomes
    gate.require_decision()  # before anything is read: without an approval, AWS gets no call from here on
    if run.desired.section(HandoverSpec).folder:
        from orgkit.runbook.handover_rewrite import check_folder  # late: most files name no folder

        check_folder(run, plan)
    with lock_machine(run.account, aws.endpoint, run.folder.name, run.base):
        # Read under the lock: a kernel whose runner was killed goes on for a moment, and writes.
        interrupted, unsettled = (
            tuple(_name_interrupted_runs(run)),
            outputs.unsettled_intents(run.base, run.account, run.phase),
        )
        aws.progress = _progress_callback(run, live)
        _let_settle(aws, unsettled)
        with show_reading(run, aws):
            observed = observe(aws, run.desired, run.phase.label)
        now = plan_phase(run.phase.label, observed, run.desired)
        approval = gate.require(now)
        outputs.write_approval(run.folder, approval.as_json(), gate.signed.content if gate.signed else b"")
        run.journal.write("approval", **approval.as_json())
        live.set_status(describe_decision(gate))
        run.journal.write(
            "apply",
            digest=approval.digest,
            plan_sha256=approval.plan_sha256,
            steps=[{"id": s.id, "sentence": s.sentence} for s in now.steps],
        )
        outcomes = apply_steps(
            aws,
            now,
            IdIndex(observed, run.desired),
            lambda: observe_and_plan(aws, run.desired, run.phase.label, findings=False),
            live.update,
            expires_at=datetime.fromisoformat(approval.expires_at),
        )
        steps = {step.id: step for step in now.steps}
        sent = {intent: steps.get(intent.step) for intent in unanswered_intents(run.folder.name, run.journal.events)}
        settled = tuple(_settle(run, {**unsettled, **sent}, observed, now, outcomes))
        notes = (*interrupted, *settled, *_name_concurrent_changes(run, unsettled))
        outcomes = _with_resolutions(run, outcomes, notes)
        live.update(outcomes)
    if stop := _stop_after(outcomes, datetime.fromisoformat(approval.expires_at)):
        raise stop
    return outcomes


@stage
def verify(run: Run, aws: Connection) -> Verification:
    """Plan again: nothing may be left to do. What waits for somebody else is no failure."""
    _check_not_awaiting(run)
    observed, remaining_plan = _until_settled(run, aws)
    check_stops(remaining_plan)
    sentences = [step.sentence for step in remaining_plan.steps]
    rewrite = _rewrite_handover(run, aws)
    problems, unchecked, commands = (rewrite.problems, rewrite.unchecked, rewrite.commands) if rewrite else ((), (), ())
    run.journal.write(
        "verified",
        passed=remaining_plan.empty and not problems,
        left=[*sentences, *problems],
        waiting=[*remaining_plan.drift, *(waiting.what for waiting in remaining_plan.waiting), *unchecked],
        commands=[*(command for waiting in remaining_plan.waiting for command in waiting.commands), *commands],
    )
    if rewrite:
        rewrite.raise_problems()
    if not remaining_plan.empty:
        raise NotVerified(
            f"{len(sentences)} step(s) are still to do, the first: {sentences[0]}.",
            "wait a minute (AWS may lag behind), then run the phase again and read its plan.",
        )
    return Verification(remaining_plan, observed, tuple(rewrite.lines) if rewrite else ())


def _rewrite_handover(run: Run, aws: Connection) -> "Rewrite | None":
    """Write the files of the hand-over again, where Terraform owns what the run may have changed."""
    if not run.desired.section(HandoverSpec).folder:
        return None
    from orgkit.runbook.handover_rewrite import rewrite  # late: most files name no folder

    with show_reading(run, aws):
        return rewrite(run, aws)


def _until_settled(run: Run, aws: Connection) -> tuple[Observed, Plan]:
    """Look again after some pauses while anything is left: AWS's lists lag behind its answers."""
    for pause in (*RECHECK_PAUSES, None):
        with show_reading(run, aws):
            observed = observe(aws, run.desired, run.phase.label)
        remaining_plan = plan_phase(run.phase.label, observed, run.desired)
        if remaining_plan.empty or pause is None:
            break
        aws.progress("AWS to show what was done", 0.0, pause)
        aws.clock.sleep(pause)
    return observed, remaining_plan


@stage
def check(run: Run, aws: Connection) -> Findings:
    """Every check of the management account, with how it is known and which phases it stops."""
    findings = read_account(aws, run.desired)
    lines = [finding.sentence for finding in (*findings.stops, *findings.warns)]
    run.journal.write("checks", stops=len(findings.stops), warns=len(findings.warns), lines=lines)
    return findings


@stage
def pass_checks(run: Run, findings: Findings) -> Verification:
    """Stop when a finding stops; otherwise the phase has nothing more to prove."""
    stops = findings.stops
    run.journal.write("verified", passed=not stops, left=[finding.message for finding in stops], waiting=[])
    if stops:
        suffix = f" (and {len(stops) - 1} more in the table)" if len(stops) > 1 else ""
        raise CheckStops(f"{stops[0].sentence}{suffix}", stops[0].remedy)
    return Verification(None)


@stage
def record(run: Run) -> CompletedRun:
    """Write the last event of the run; the program that executes the notebook seals the record."""
    _check_not_awaiting(run)
    run.journal.write("end")
    done = CompletedRun(run.phase, run.folder, guided=is_interactive(), phases=phases_for(run.desired))
    return replace(done, link=link_to_next(run, done.following)) if done.guided and done.following else done


def _stop_after(outcomes: Outcomes, expires_at: datetime) -> OrgkitError | None:
    """What ends the run after its apply: a step that failed, or an approval that ended before every step had begun."""
    failure = _failure(outcomes.failed) if outcomes.failed else None
    if all(outcome.code != ApprovalEnded.__name__ for outcome in outcomes.items):
        return failure
    ended = ApprovalEnded.at(expires_at)
    if failure is None:
        return ended
    if isinstance(failure, NotYet):  # the same command does not go on later
        return ApprovalEnded(f"{ended.reason} Not done: {failure.reason}", ended.remedy)
    return StepFailed(failure.reason, f"{failure.remedy} But {ended.reason} So {ended.remedy}", code=failure.code)


def _check_not_awaiting(run: Run) -> None:
    """Raise AwaitingApproval again for a cell below the gate that runs later: it must not write the last event.

    A kernel drops the cells that are in its queue when the apply cell stops; one that arrives later is run.
    """
    events = (e for e in reversed(run.journal.events) if e["event"] in ("plan", "apply", "stop"))
    last: Mapping[str, Any] = next(events, {})
    if last.get("kind") == AwaitingApproval.__name__:
        raise AwaitingApproval(str(last["why"]), str(last["do"]))


def _failure(failed: Sequence[Outcome]) -> StepFailed:
    """That of the first step for which somebody has to act; when all of them pass by themselves, NotYet."""
    first = next((outcome for outcome in failed if outcome.code not in TRANSIENT_CODES), failed[0])
    reason = f"{first.sentence}: {first.reason}"
    if first.code not in TRANSIENT_CODES:
        return StepFailed(reason, first.remedy, code=first.code)
    remedy = f"{first.remedy} Nothing has to be fixed: it is the same command, under the same approval."
    return NotYet(reason, remedy, code=first.code)


def _let_settle(aws: Connection, earlier: Mapping[Intent, Step | None]) -> None:
    """What an earlier run sent last may still be on its way: AWS is looked at when it must have arrived."""
    if earlier:
        aws.progress("what an earlier run sent last to show itself", 0.0, MAX_DELAY_SECONDS)
        aws.clock.sleep(MAX_DELAY_SECONDS)


def _with_resolutions(run: Run, outcomes: Outcomes, lines: tuple[str, ...]) -> Outcomes:
    """Resolved changes, for the notebook and for readers of the result alone."""
    if lines:
        run.journal.write("found", lines=list(lines))
    return replace(outcomes, resolutions=lines)


def _name_interrupted_runs(run: Run) -> Iterator[str]:
    """Write down which earlier runs never said how they ended; the line that a person reads about each."""
    for interrupted_run in find_interrupted_runs(run.base, run.account, run.phase, run.folder.name):
        run.journal.write(
            "cut-short",
            run=interrupted_run.run,
            done=interrupted_run.done,
            steps=interrupted_run.steps,
            sealed=interrupted_run.sealed,
        )
        yield interrupted_run.sentence


def _name_concurrent_changes(run: Run, earlier: Iterable[Intent]) -> Iterator[str]:
    """Write down what somebody else seems to have done meanwhile; the line that a person reads about each."""
    for sign in tuple(detect_concurrent_changes(run.journal.events, earlier)):
        run.journal.write("sign", of="somebody else", what=sign)
        yield sign


def _settle_without_changes(
    run: Run, aws: Connection, plan: Plan, earlier: Mapping[Intent, Step | None]
) -> tuple[str, ...]:
    """Resolve what earlier runs left in doubt when there is nothing to change, by reading AWS."""
    if not earlier:
        return ()
    _let_settle(aws, earlier)
    observed = observe(aws, run.desired, run.phase.label)
    return tuple(_settle(run, earlier, observed, plan, Outcomes(())))


def _settle(
    run: Run, in_doubt: Mapping[Intent, Step | None], observed: Observed, now: Plan, outcomes: Outcomes
) -> Iterator[str]:
    """Write down the outcomes of changes in doubt; return the line that a person reads about each.

    `observed` is what AWS showed before `now` was applied, and `now` was planned from it.
    """
    done = {item.step_id for item in outcomes.items if item.status in (StepStatus.DONE, StepStatus.ALREADY_APPLIED)}
    planned = {step.id: step for step in now.steps}
    for intent, step in in_doubt.items():
        evidence, facts = Evidence(), {"intent": intent.id, "run": intent.run, "call": intent.call, "key": intent.key}
        if step is not None:
            evidence = Evidence(
                _is_same(step, planned.get(step.id)), step.id in done, run.phase.shows(step, observed, run.desired)
            )
        result = resolve(intent, step.id if step else "", events_since(intent, run.journal.events), evidence)
        if result is not None:
            run.journal.write("settled", **facts, result=result)
            yield f"{intent.description}, sent by {intent.run} without an answer: {result}"
        elif not evidence.planned:
            run.journal.write("unresolved", **facts)
            yield f"{intent.description}, sent by {intent.run} without an answer: {UNRESOLVED_WARNING}"


def _is_same(step: Step, planned: Step | None) -> bool:
    """A step of plan schema 1 does not say what it starts from."""
    if planned is None:
        return False
    whole = replace(step, starts_from=step.starts_from or planned.starts_from)
    return identity(whole.facts()) == identity(planned.facts())


def _keep(run: Run, plan: Plan) -> None:
    """Write the plan down for a person to read and to approve."""
    outputs.write_plan(run.folder, plan)
    outputs.keep_plan(run.base, run.account, plan)


def _progress_callback(run: Run, live: LiveDisplay) -> Callable[[str, float, float], None]:
    def progress(subject: str, so_far: float, at_most: float) -> None:
        slots = [
            [slot.name, round(slot.seconds), round(slot.timeout), round(slot.typical)] for slot in live.outcomes.slots
        ]
        values: dict[str, Any] = {"slots": slots, "expected": round(live.outcomes.expected)} if slots else {}
        run.journal.write("wait", what=subject, so_far=round(so_far), at_most=round(at_most), **values)
        live.waiting(subject, so_far, at_most)

    return progress


def _write_stop(run: Run, stop: OrgkitError) -> None:
    """A disk that does not take it hides nothing: the notebook and its runner have the error too."""
    with suppress(OSError):
        run.journal.write(
            "stop",
            kind=type(stop).__name__,
            exit_code=stop.exit_code,
            summary=stop.summary,
            why=stop.reason,
            do=stop.remedy,
        )
