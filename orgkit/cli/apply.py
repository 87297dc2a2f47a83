"""`orgkit apply`: the whole bootstrap, phase by phase; each plan is approved on the terminal before it is applied."""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from orgkit import errors
from orgkit.cli.layout import print_line, print_path, print_table, print_wrapped, title, wrap
from orgkit.cli.options import FILE, PhaseType, apply_command, endpoint_option, exit_with
from orgkit.cli.questions import can_ask
from orgkit.costs.estimate.effect import credits_lost
from orgkit.phases.descriptor import Phase

if TYPE_CHECKING:
    from orgkit.aws.session import Connection
    from orgkit.cli.planning import PlannedPhase
    from orgkit.model.desired import Desired
    from orgkit.records.result import RunResult
    from orgkit.records.seal_options import Sealing
    from orgkit.runbook.earlier_approval import PlanToApprove

GOES_ON = (errors.EXIT_DONE, errors.EXIT_NOT_VERIFIED, errors.EXIT_WAITING)  # later phases may have something to do
# What decides the exit code where every phase went on, first things first.
CODES = (errors.EXIT_REFUSED, errors.EXIT_NOT_VERIFIED, errors.EXIT_WAITING)


@dataclass(frozen=True)
class ApplySession:
    """One `orgkit apply` under way: what every phase of it needs."""

    file: Path  # as it was typed
    path: Path
    desired: "Desired"
    aws: "Connection"
    base: Path
    sealing: "Sealing"
    ticket: str
    named_phases: Sequence[Phase]  # where there are some, those that only read are run again

    @property
    def account(self) -> str:
        return self.desired.organization.management_account_id

    @property
    def command(self) -> str:
        """With which it goes on."""
        return apply_command(self.file, self.named_phases)


@click.command()
@FILE
@click.argument("phases", metavar="[PHASE]...", nargs=-1, type=PhaseType())
@click.option("--ticket", default="", envvar="ORGKIT_TICKET", help="Where the change was asked for.")
@endpoint_option
@exit_with
def apply(file: Path, phases: tuple[Phase, ...], ticket: str) -> int:
    """Bootstrap phase by phase: plan, ask for the approval on the terminal, apply, verify, record.

    It stops where somebody else has to act. Run it again: it goes on from where AWS is. Without a terminal it changes
    nothing and prints the `orgkit run` command (exit code 3). PHASE is its number, such as 03, or its label, such as
    accounts.
    """
    from orgkit.cli.planning import read_plans
    from orgkit.engine.connect import connect
    from orgkit.model.decision import check_claim
    from orgkit.parameters import find, load
    from orgkit.phases.registry import RUNBOOKS, phases_for
    from orgkit.records import outputs
    from orgkit.records.seal_options import sealing_of

    check_claim("--ticket", ticket)
    path = find(str(file))
    desired = load(path)
    aws = connect(desired)
    base = outputs.base_folder(outputs.project_of(path), aws.kind)
    numbers = {phase.number for phase in phases}
    selected = [phase for phase in RUNBOOKS if phase.number in numbers] if phases else list(phases_for(desired))
    session = ApplySession(file, path, desired, aws, base, sealing_of(desired, path), ticket, phases)
    single = selected[0] if len(selected) == 1 and selected[0].changes else None
    show_summary(session, selected, read_plans(aws, desired, single))
    return _finish(session, selected, list(_codes(session, selected)))


def show_summary(session: ApplySession, selected: Sequence[Phase], plans: "Sequence[PlannedPhase]") -> None:
    """Where, which phases, how many steps, and what they cost; read before anything is asked."""
    click.secho(wrap(_target(session), ""), bold=True, fg="yellow" if session.aws.kind == "aws" else None)
    planned = {entry.phase.number: entry for entry in plans}
    print_table(("phase", "steps", "USD a month"), [_row(phase, planned.get(phase.number)) for phase in selected])
    click.echo()
    click.echo(wrap(summary_sentence([planned[phase.number] for phase in selected if phase.number in planned]), ""))


def _target(session: ApplySession) -> str:
    if session.aws.kind == "aws":
        return f"AWS account {session.account} ({session.desired.organization.name})"
    return f"Sandbox account {session.account}: nothing touches AWS"


def _row(phase: Phase, planned: "PlannedPhase | None") -> tuple[str, str, str]:
    from orgkit.cli.planning import result_of

    if planned is None:
        return phase.run_label, "planned later" if phase.changes else "reads, changes nothing", ""
    if planned.plan is None or not planned.plan.steps:
        return phase.run_label, result_of(planned), ""
    return phase.run_label, _counts([planned]), str(planned.effect.expected) if planned.effect else ""


def _counts(planned_phases: "Sequence[PlannedPhase]") -> str:
    """60 to add, 3 to change."""
    symbols = Counter(step.symbol for planned in planned_phases if planned.plan for step in planned.plan.steps)
    parts = [(symbols["+"], "to add"), (symbols.total() - symbols["+"], "to change")]
    return ", ".join(f"{number} {text}" for number, text in parts if number)


def summary_sentence(planned_phases: "Sequence[PlannedPhase]") -> str:
    """6 phases, 60 to add, 3 to change, USD 2.73 a month expected; USD 200 of credits, lost at phase 01."""
    changing = [planned for planned in planned_phases if planned.plan and planned.plan.steps]
    if not changing:
        return "Nothing to change in these phases."
    monthly_usd = sum((planned.effect.expected for planned in changing if planned.effect), Decimal(0))
    number = f"{len(changing)} phase{'s' if len(changing) > 1 else ''}"
    lost = "".join(f"; {text}" for planned in changing for text in _credits(planned))
    return f"{number}, {_counts(changing)}, USD {monthly_usd} a month expected{lost}."


def _credits(planned: "PlannedPhase") -> Iterator[str]:
    for line in planned.effect.lines if planned.effect else ():
        if line.once_usd:
            yield f"{credits_lost(line.once_usd)} at phase {planned.phase.number}"


def _codes(session: ApplySession, selected: Sequence[Phase]) -> Iterator[int]:
    """The exit code of each phase in turn, until one of them stops the rest."""
    for number, phase in enumerate(selected, 1):
        title(f"{phase.run_label} ({number} of {len(selected)})")
        code = _change(session, phase) if phase.changes else _read(session, phase)
        yield code
        stops_here = phase.changes or code not in (errors.EXIT_REFUSED, errors.EXIT_RETRY_LATER)
        if code not in GOES_ON and stops_here:  # what 00 finds stops the phases that it names, when they are planned
            return


def _finish(session: ApplySession, selected: Sequence[Phase], codes: Sequence[int]) -> int:
    """The exit code, the head of the chain of records, and what to run next."""
    from orgkit.cli.summary import show_head

    decisive = next((code for code in codes if code not in (*GOES_ON, errors.EXIT_REFUSED)), None)
    code = decisive or next((code for code in CODES if code in codes), errors.EXIT_DONE)
    click.echo()
    show_head(session.base / session.account)
    if code == errors.EXIT_DONE:
        click.echo(wrap(f"{len(codes)} of {len(selected)} phases are done. Where each stands, by AWS:", ""))
        print_line(f"orgkit status {quote(str(session.file))}")
    elif code == errors.EXIT_WAITING:
        click.echo(wrap("The rest waits for someone else (see above). Once they have acted:", ""))
        print_line(session.command)
    elif code != errors.EXIT_APPROVAL_NEEDED:
        click.echo(wrap("What is done stays done. When the cause above is settled, this goes on from there:", ""))
        print_line(session.command)
    return code


def _read(session: ApplySession, phase: Phase) -> int:
    """A phase that only reads is run once for the file as it is, where a person sees it."""
    from orgkit.lab.phase_status import last_run

    last = last_run(session.base, session.account, phase)
    is_done = last is not None and last.succeeded and last.parameters_sha256 == session.desired.sha256
    if last is not None and is_done and not session.named_phases:
        click.echo(wrap("done for the file as it is; its record:", ""))
        print_path(last.folder)
        return errors.EXIT_DONE
    if not _is_terminal():
        click.echo(wrap("reads, changes nothing; without a terminal it is run by itself:", ""))
        print_line(f"orgkit run {quote(str(session.file))} {phase.number}")
        return errors.EXIT_DONE
    return _run(session, phase).exit_code


def _change(session: ApplySession, phase: Phase) -> int:
    """Plan a phase, have it approved and apply it; its exit code."""
    from orgkit.cli.planning import exit_code_of, is_summarized, read_plans, show_plan
    from orgkit.journal.events import event_time
    from orgkit.runbook.earlier_approval import plan_to_approve

    began = event_time()
    (planned,) = read_plans(session.aws, session.desired, phase)
    plan = planned.plan
    if plan is None or not plan.steps or plan.stops:
        show_plan(planned)
        return exit_code_of([planned]) or _settle(session, phase)
    if plan.needs:
        show_plan(planned)
        print_wrapped(f"An earlier phase comes first: {plan.needs[0]}.")
        return errors.EXIT_REFUSED
    now, caller = session.aws.clock.now(), session.aws.caller().arn
    request = plan_to_approve(session.base, session.desired, phase, plan, caller, now, began=began)
    show_plan(planned, request.digest)
    if is_summarized(planned):
        print_line(f"each step: orgkit plan {quote(str(session.file))} {phase.number} --all-steps")
    if request.outdated:
        print_wrapped(f"Planned again, since the earlier approval does not count any more: {request.outdated}")
    if not _is_terminal():
        return _refer_to_run(session, phase, request)
    return _ask_and_apply(session, phase, request)


def _settle(session: ApplySession, phase: Phase) -> int:
    """Nothing is left to do; a run that ended early is followed by one that verifies, and reports the outcome."""
    from orgkit.lab.phase_status import last_run

    last = last_run(session.base, session.account, phase)
    if last is None or last.succeeded or not _is_terminal():
        return errors.EXIT_DONE
    return _run(session, phase).exit_code


def _ask_and_apply(session: ApplySession, phase: Phase, request: "PlanToApprove") -> int:
    from orgkit.cli.approval_question import ask_approval, ask_to_continue
    from orgkit.runbook.earlier_approval import UNNAMED

    if not request.approved_by and session.desired.approval.four_eyes:
        return _refer_to_approver(session, request)
    rejected_by = ""
    if request.approved_by:
        if not ask_to_continue(request):
            click.echo("Nothing was changed: the approval stays as it is.")
            return errors.EXIT_APPROVAL_NEEDED
        settings = {"ORGKIT_APPROVAL": str(request.signed)} if request.signed else {}
        name = "" if request.approved_by == UNNAMED else request.approved_by
        settings |= {"ORGKIT_APPROVER": name, "ORGKIT_TICKET": request.ticket or session.ticket}
    else:
        answer = ask_approval(session.desired, session.aws.kind, request.digest)
        if answer is None:
            click.echo(wrap("Nothing was approved, and nothing was changed. To decide again:", ""))
            print_line(session.command)
            return errors.EXIT_APPROVAL_NEEDED
        os.environ["ORGKIT_APPROVER"] = answer.name  # which the next question offers
        settings = {"ORGKIT_APPROVER": answer.name, "ORGKIT_TICKET": session.ticket}
        rejected_by = "" if answer.approves else answer.name
    result = _run(session, phase, request.digest, settings, rejected_by)
    if result.exit_code == errors.EXIT_PLAN_CHANGED and result.mutations.get("committed"):
        return errors.EXIT_FAILED  # the approval ended part-way, or somebody else changed something meanwhile
    return result.exit_code


def _run(
    session: ApplySession,
    phase: Phase,
    digest: str = "",
    settings: dict[str, str] | None = None,
    rejected_by: str = "",
) -> "RunResult":
    from orgkit.cli.execution import run_phase
    from orgkit.cli.output import after_outcome
    from orgkit.cli.summary import show_outcome

    environment = {name: value for name, value in os.environ.items() if name != "ORGKIT_APPROVAL"} | (settings or {})
    result = run_phase(
        phase, session.path, session.sealing, approved_plan=digest, rejected_by=rejected_by, environment=environment
    )
    with after_outcome():
        show_outcome(phase, result, session.file)
    return result


def _refer_to_run(session: ApplySession, phase: Phase, request: "PlanToApprove") -> int:
    """Without a terminal nobody can be asked: the command that applies exactly this plan, once a person has read it."""
    signed = f"--approval {quote(str(request.signed))}" if request.signed else ""
    approval = signed or f"--approved-plan {request.digest}"
    if session.desired.approval.four_eyes and not signed:
        return _refer_to_approver(session, request)
    click.echo(
        wrap("No terminal: nobody can be asked for the approval, and nothing was changed. Read the plan, then:", "")
    )
    approver = " --approver NAME" if session.aws.kind == "aws" and not signed else ""
    print_line(f"orgkit run {quote(str(session.file))} {phase.number} {approval}{approver}")
    return errors.EXIT_APPROVAL_NEEDED


def _refer_to_approver(session: ApplySession, request: "PlanToApprove") -> int:
    """Four eyes: somebody else signs, and this goes on with the same plan."""
    click.echo(wrap("The file asks for four eyes: nothing was changed. Somebody else reads the plan and signs it:", ""))
    print_line(f"orgkit approve {request.digest} {quote(str(session.file))} --ticket TICKET --key KEY")
    click.echo(wrap("Then this goes on with this plan:", ""))
    print_line(session.command)
    return errors.EXIT_APPROVAL_NEEDED


def _is_terminal() -> bool:
    """Whether somebody sees the plan and can be asked."""
    return can_ask(sys.stdout)
