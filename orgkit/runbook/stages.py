"""The stages of a runbook, one for each cell: each calls the library once and writes the record's events."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from orgkit import __version__
from orgkit.apply import apply as apply_steps
from orgkit.aws import live
from orgkit.aws.clock import clock_of
from orgkit.aws.identity import endpoint_of
from orgkit.aws.lock import alone
from orgkit.aws.retry import PASSES
from orgkit.aws.session import Connection
from orgkit.connecting import connect as connect_to
from orgkit.costs.effect import monthly_effect
from orgkit.errors import ApprovalMismatch, CheckStops, Interrupted, NotVerified, NotYet, StepFailed, Stop
from orgkit.intents import Intent, became, events_since, unanswered
from orgkit.journal import Journal
from orgkit.management_account.aws import ask, read_alias
from orgkit.model.directory import Directory
from orgkit.model.management_account import Findings
from orgkit.model.observed import Observed
from orgkit.others import signs
from orgkit.outcome import Outcome, Outcomes
from orgkit.outcome import Result as StepResult
from orgkit.parameters import find, load
from orgkit.phases import phase_of
from orgkit.plan import Plan
from orgkit.planning import plan_phase
from orgkit.read import read_account, read_organization
from orgkit.record import outputs
from orgkit.record.cut_short import cut_short
from orgkit.runbook import display
from orgkit.runbook.form import standing
from orgkit.runbook.gate import Gate, open_gate
from orgkit.runbook.guided import is_guided, link_to_next
from orgkit.runbook.live import Live
from orgkit.runbook.marks import after
from orgkit.runbook.run import Run
from orgkit.runbook.second import digest_of, signed_approval
from orgkit.runbook.tree import Node, there, wanted
from orgkit.runbook.views import Done, Proposal, Verification, WhoAmI

# STS does not tell whether a session was begun with MFA; CloudTrail does (sessionContext.attributes).
MFA = "not told by AWS"
LOOK_AGAIN_AFTER = (5.0, 20.0)  # seconds
LATE = 30.0  # seconds within which AWS does what it was sent, though nobody waits for its answer any more
P = ParamSpec("P")
T = TypeVar("T")


def stage(function: Callable[P, T]) -> Callable[P, T]:
    """Write the end of a run into its journal when a stage stops it; every stage has its run as first argument."""

    @wraps(function)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        run = args[0]
        assert isinstance(run, Run)
        try:
            return function(*args, **kwargs)
        except Stop as stop:
            _write_stop(run, stop)
            raise
        except KeyboardInterrupt:
            sent = any(event["event"] == "intent" for event in run.journal.events)
            unchanged = "" if sent else Interrupted.unchanged
            interrupted = Interrupted(f"Ctrl-C or a signal ended the run{unchanged}.", Interrupted.go_on)
            _write_stop(run, interrupted)
            raise interrupted from None

    return told


def begin(phase: str, parameters_file: str, run_folder: str = "") -> Run:
    """Load the parameters file and open the run's folder: the one that is given, or a new one."""
    display.register()
    path = find(parameters_file)
    desired, kind = load(path), "emulator" if endpoint_of() else "aws"
    base, account = outputs.base_folder(outputs.project_of(path), kind), desired.organization.management_account_id
    folder = Path(run_folder) if run_folder else outputs.new_run_folder(base, account, phase, clock_of().now())
    journal = Journal(folder / "events.jsonl", run=folder.name, hide=live.hidden)
    journal.write(
        "phase", phase=phase, run=folder.name, parameters_sha256=desired.sha256, version=__version__, guided=is_guided()
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


def who_am_i(aws: Connection) -> WhoAmI:
    """The caller, as AWS confirms it, and where calls go."""
    alias = ask(read_alias, aws)
    return WhoAmI(aws.caller(), aws.kind, alias if isinstance(alias, str) else "")


@stage
def read(run: Run, aws: Connection) -> Observed:
    """What is there, as far as this phase rests on it."""
    return read_organization(aws, run.desired, run.phase.name)


def picture(run: Run, observed: Observed | None = None, plan: Plan | None = None) -> Node:
    """The organization as a tree: as the file wants it, as AWS has it, or as a plan would leave it."""
    if observed is None:
        return wanted(run.desired)
    return after(observed, run.desired, plan) if plan else there(observed, run.desired)


@stage
def plan(run: Run, observed: Observed) -> Plan:
    """What would change, and what stands beside it."""
    made = plan_phase(run.phase.name, observed, run.desired)
    run.journal.write(
        "plan",
        plan_sha256=made.digest,
        steps=len(made.steps),
        needs=list(made.needs),
        waiting=[waiting.what for waiting in made.waiting],
    )
    return made


def proposal(run: Run, plan: Plan) -> Proposal:
    """The plan as a person reads it: each step with its why, its IAM actions and its cost per month, and the digest."""
    return Proposal(plan, monthly_effect(plan, run.desired))


@stage
def approve(run: Run, aws: Connection, plan: Plan, approved_plan: str = "") -> Gate:
    """Ask for an approval, or check the one that was given; this cell never waits.

    A plan that nobody has approved yet is kept, so that its digest can be approved later.
    """
    review, digest = _review(run, plan), approved_plan
    try:
        signed = signed_approval()
        digest = digest_of(approved_plan, signed)
        gate = open_gate(run.base, run.folder, plan, aws.caller().arn, run.desired, digest, aws.clock, signed)
    except ApprovalMismatch:
        _keep(run, plan, review, unless=digest)
        raise
    if gate.approved is None:
        _keep(run, plan, review)
    else:
        outputs.write_plan(run.folder, plan, review, gate.approved)
    return gate


@stage
def apply(run: Run, aws: Connection, plan: Plan, gate: Gate) -> Outcomes:
    """Read and plan again, and carry out exactly what was approved, or what is left of it."""
    live = Live()
    if plan.empty:
        named, earlier = tuple(_name_cut_short(run)), outputs.unsettled(run.base, run.account, run.phase)
        outcomes = _with_found(run, Outcomes(()), (*named, *_settle(run, earlier, Outcomes(()), ())))
        live.outcomes(outcomes)
        return outcomes
    with alone(run.account, aws.endpoint, run.folder.name, run.base):
        # Read under the lock: a kernel whose runner was killed goes on for a moment, and writes.
        named, earlier = tuple(_name_cut_short(run)), outputs.unsettled(run.base, run.account, run.phase)
        aws.progress = _told(run, live)
        _let_settle(aws, earlier)
        observed = read_organization(aws, run.desired, run.phase.name)
        now = plan_phase(run.phase.name, observed, run.desired)
        approval = gate.require(now)
        outputs.write_approval(run.folder, approval.as_json(), gate.signed.content if gate.signed else b"")
        run.journal.write("approval", **approval.as_json())
        live.under(standing(gate))
        run.journal.write("apply", plan_sha256=approval.plan_sha256, steps=[s.sentence for s in now.steps])
        outcomes = apply_steps(aws, now, Directory(observed, run.desired), lambda: _look(run, aws), live.outcomes)
        sent = tuple(unanswered(run.folder.name, run.journal.events))
        left = [step.sentence for step in now.steps]
        told = (*named, *_settle(run, (*earlier, *sent), outcomes, left), *_name_others(run, earlier))
        outcomes = _with_found(run, outcomes, told)
        live.outcomes(outcomes)
    if outcomes.failed:
        raise _failure(outcomes.failed)
    return outcomes


@stage
def verify(run: Run, aws: Connection) -> Verification:
    """Plan again: nothing may be left to do. What waits for somebody else is no failure."""
    observed, left = _until_settled(run, aws)
    sentences = [step.sentence for step in left.steps]
    run.journal.write(
        "verified",
        passed=left.empty,
        left=sentences,
        waiting=[waiting.what for waiting in left.waiting],
        commands=[command for waiting in left.waiting for command in waiting.commands],
    )
    if not left.empty:
        raise NotVerified(
            f"{len(sentences)} step(s) are still to do, the first: {sentences[0]}.",
            "wait a minute (AWS may lag behind), then run the phase again and read its plan.",
        )
    return Verification(left, observed)


def _until_settled(run: Run, aws: Connection) -> tuple[Observed, Plan]:
    """Look again after some pauses while anything is left: AWS's lists lag behind its answers."""
    for pause in (*LOOK_AGAIN_AFTER, None):
        observed = read_organization(aws, run.desired, run.phase.name)
        left = plan_phase(run.phase.name, observed, run.desired)
        if left.empty or pause is None:
            break
        aws.progress("AWS to show what was done", 0.0, pause)
        aws.clock.sleep(pause)
    return observed, left


@stage
def check(run: Run, aws: Connection) -> Findings:
    """Every check of the management account, with how it is known and whether it stops phase 01."""
    findings = read_account(aws, run.desired)
    run.journal.write("checks", stops=len(findings.stops), warns=len(findings.warns))
    return findings


@stage
def pass_checks(run: Run, findings: Findings) -> Verification:
    """Stop when a finding stops; otherwise the phase has nothing more to prove."""
    stops = findings.stops
    run.journal.write("verified", passed=not stops, left=[finding.what for finding in stops], waiting=[])
    if stops:
        more = f" (and {len(stops) - 1} more in the table)" if len(stops) > 1 else ""
        raise CheckStops(f"{stops[0].what}{more}", stops[0].do)
    return Verification(None)


@stage
def record(run: Run) -> Done:
    """The last word of the run; the record is sealed by who executes the notebook."""
    run.journal.write("end")
    done = Done(run.phase, run.folder, guided=is_guided())
    return replace(done, link=link_to_next(run, done.following)) if done.guided and done.following else done


def _failure(failed: Sequence[Outcome]) -> StepFailed:
    """That of the first step for which somebody has to act; when all of them pass by themselves, NotYet."""
    first = next((outcome for outcome in failed if outcome.code not in PASSES), failed[0])
    why = f"{first.sentence}: {first.why}"
    if first.code not in PASSES:
        return StepFailed(why, first.do, code=first.code)
    do = f"{first.do} Nothing has to be mended: it is the same command, under the same approval."
    return NotYet(why, do, code=first.code)


def _let_settle(aws: Connection, earlier: Sequence[Intent]) -> None:
    """What an earlier run sent last may still be on its way: AWS is looked at when it must have arrived."""
    if earlier:
        aws.progress("what an earlier run sent last to show itself", 0.0, LATE)
        aws.clock.sleep(LATE)


def _with_found(run: Run, outcomes: Outcomes, lines: tuple[str, ...]) -> Outcomes:
    """What was found out, for the notebook and for whoever reads the result alone."""
    if lines:
        run.journal.write("found", lines=list(lines))
    return replace(outcomes, found=lines)


def _name_cut_short(run: Run) -> Iterator[str]:
    """Write down which earlier runs never said how they ended; the line that a person reads about each."""
    for found in cut_short(run.base, run.account, run.phase, run.folder.name):
        run.journal.write("cut-short", run=found.run, done=found.done, steps=found.steps, sealed=found.sealed)
        yield found.sentence


def _name_others(run: Run, earlier: Sequence[Intent]) -> Iterator[str]:
    """Write down what somebody else seems to have done meanwhile; the line that a person reads about each."""
    for sign in tuple(signs(run.journal.events, earlier)):
        run.journal.write("sign", of="somebody else", what=sign)
        yield sign


def _settle(run: Run, intents: Sequence[Intent], outcomes: Outcomes, left: Sequence[str]) -> Iterator[str]:
    """Write down what became of changes without an answer; the line that a person reads about each."""
    ended = [item.sentence for item in outcomes.items if item.result in (StepResult.DONE, StepResult.FOUND)]
    for intent in intents:
        result = became(intent, events_since(intent, run.journal.events), left, ended)
        if result is not None:
            run.journal.write(
                "settled", intent=intent.id, run=intent.run, call=intent.call, key=intent.key, result=result
            )
            yield f"{intent.what}, sent by {intent.run} without an answer: {result}"


def _look(run: Run, aws: Connection) -> tuple[Plan, Directory]:
    observed = read_organization(aws, run.desired, run.phase.name)
    return plan_phase(run.phase.name, observed, run.desired), Directory(observed, run.desired)


def _keep(run: Run, plan: Plan, review: dict[str, Any], unless: str = "") -> None:
    """Write the plan down for a person to read; an expired approval must not be renewed by its own refusal."""
    outputs.write_plan(run.folder, plan, review)
    if plan.digest != unless:
        outputs.keep_plan(run.base, run.account, plan, review)


def _review(run: Run, plan: Plan) -> dict[str, Any]:
    costs = monthly_effect(plan, run.desired).facts()
    return plan.review(clock_of().now().isoformat(timespec="seconds"), monthly_usd=costs)


def _told(run: Run, live: Live) -> Callable[[str, float, float], None]:
    def progress(what: str, so_far: float, at_most: float) -> None:
        run.journal.write("wait", what=what, so_far=round(so_far), at_most=round(at_most))
        live.waiting(what, so_far, at_most)

    return progress


def _write_stop(run: Run, stop: Stop) -> None:
    run.journal.write(
        "stop",
        kind=type(stop).__name__,
        exit_code=stop.exit_code,
        summary=stop.summary,
        why=stop.why,
        do=stop.do,
    )
