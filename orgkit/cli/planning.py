"""`orgkit plan`: every phase planned on one reading of AWS, shown, and kept for its approval."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import click

from orgkit import errors
from orgkit.aws.clock import Clock
from orgkit.aws.person_settings import settings_for
from orgkit.aws.session import Connection
from orgkit.cli.layout import columns, print_colored, wrap
from orgkit.cli.options import apply_command
from orgkit.cli.read_progress import show_reading
from orgkit.costs.estimate.effect import Effect, monthly_effect
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan
from orgkit.parameters import find, load
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import LATER_PHASES, phases_for
from orgkit.phases.registry import plan as plan_phase
from orgkit.records import outputs
from orgkit.records.plan_store import as_planning
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.step_rows import groups_of
from orgkit.runbook.views.tree import Node
from orgkit.runbook.views.views import render_plan

# The outcomes of planning a phase, in the order in which one decides the exit code.
NO_PLAN, TO_APPROVE, PREVIEW = "cannot be planned", "to be approved", "to come, once the organization exists"
DRIFTED = "with drift that no step repairs"
STOPPED_BY_FINDING, WAITING, UNCHANGED = "stopped by phase 00", "waiting for someone else", "without changes"
NEEDS_DECISION = "left until a person decides"
RESULTS = (NO_PLAN, TO_APPROVE, PREVIEW, DRIFTED, STOPPED_BY_FINDING, NEEDS_DECISION, WAITING, UNCHANGED)


@dataclass(frozen=True)
class PlannedPhase:
    """One phase's plan, or why there is none."""

    phase: Phase
    plan: Plan | None
    stop: errors.OrgkitError | None = None
    effect: Effect | None = None
    tree: Node | None = None  # the organization as the plan would leave it

    def as_json(self) -> dict[str, Any]:
        if self.plan is None:
            return {"phase": self.phase.run_label, "error": str(self.stop)}
        steps = [step.facts() for step in self.plan.steps]
        digest = self.plan.digest if steps else ""  # nobody approves an empty plan
        return {"phase": self.phase.run_label, "digest": digest, **self.plan.review_facts, "steps": steps}


def make_plans(file: Path, phase: Phase | None) -> list[PlannedPhase]:
    """Connect, read once, plan the phase or all that the file asks for; plans that could be approved are kept."""
    path = find(str(file))
    desired = load(path)
    aws = connect(desired)
    planned_phases = read_plans(aws, desired, phase)
    base = outputs.base_folder(outputs.project_of(path), aws.kind)
    for planned in planned_phases:
        if planned.plan is not None:
            outputs.keep_plan(base, desired.organization.management_account_id, planned.plan)
    return planned_phases


def read_plans(aws: Connection, desired: Desired, phase: Phase | None) -> list[PlannedPhase]:
    """The phase, or all that the file asks for, planned on one reading of AWS; nothing is kept."""
    with show_reading(aws):
        observed = observe(aws, desired, phase.label if phase else None)
    return plan_observed(observed, desired, aws.clock, phase)


def plan_observed(observed: Observed, desired: Desired, clock: Clock, phase: Phase | None = None) -> list[PlannedPhase]:
    """The phase, or all that the file asks for, each planned with its digest."""
    phases = [phase] if phase else [listed_phase for listed_phase in phases_for(desired) if listed_phase.changes]
    planned_phases = []
    for listed_phase in phases:
        try:
            phase_plan = plan_phase(listed_phase.label, observed, desired)
        except errors.OrgkitError as stop:
            planned_phases.append(PlannedPhase(listed_phase, None, stop))
            continue
        effect = monthly_effect(phase_plan, desired)
        plan = as_planning(phase_plan, desired, clock, effect)
        tree = tree_after_plan(observed, desired, plan)
        planned_phases.append(PlannedPhase(listed_phase, plan, effect=effect, tree=tree))
    return planned_phases


def show_plans(planned_phases: Sequence[PlannedPhase], *, all_steps: bool = False) -> None:
    """Each plan as its table, with what it costs a month; of several, the outcomes in the last line."""
    for planned in planned_phases:
        click.secho(f"\n{planned.phase.run_label}", bold=True)
        show_plan(planned, all_steps=all_steps)
    if len(planned_phases) > 1:
        click.echo(f"\n{wrap(summary_of(planned_phases), indent='')}")


def show_plan(planned: PlannedPhase, digest: str = "", *, all_steps: bool = False) -> None:
    """One plan as its table.

    Args:
        planned: The plan.
        digest: That of the earlier planning of the same steps that is asked about.
        all_steps: List each step of a long plan, too.
    """
    if planned.plan is None:
        click.echo(str(planned.stop))
        return
    text = render_plan(planned.plan, width=columns() - 1, all_steps=all_steps).text
    headline, _, rest = (text.replace(planned.plan.digest, digest) if digest else text).partition("\n")
    click.echo(wrap(headline, indent=""))
    if rest:
        print_colored(rest)
    if planned.plan.steps and planned.effect:
        click.echo(wrap(planned.effect.sentence, indent=""))


def is_summarized(planned: PlannedPhase) -> bool:
    """Whether its table shows steps together."""
    return planned.plan is not None and len(groups_of(planned.plan)) < len(planned.plan.steps)


def show_next(planned_phases: Sequence[PlannedPhase], file: Path, *, all_steps: bool = False) -> None:
    """The command that goes on from these plans, with the real file and digest; nothing where none does."""
    desired, name = load(find(str(file))), quote(str(file))
    if len(planned_phases) > 1:
        for phase in LATER_PHASES:
            if phase.request_hint and not phase.is_requested(desired):
                click.echo(wrap(f"{phase.run_label} is planned, too, once {phase.request_hint}.", ""))
    if not all_steps and any(is_summarized(planned) for planned in planned_phases):
        number = f" {planned_phases[0].phase.number}" if len(planned_phases) == 1 else ""
        click.echo(f"\neach step    orgkit plan {name}{number} --all-steps")
    waits = [planned for planned in planned_phases if result_of(planned) == TO_APPROVE]
    if not waits:
        return
    plan = waits[0].plan
    assert plan is not None
    if desired.approval.four_eyes:
        command = f"orgkit approve {plan.digest} {name} --ticket TICKET --key KEY"
    else:
        approver = " --approver NAME" if plan.target.kind == "aws" else ""
        settings = settings_for(waits[0].phase.label)
        command = f"{settings}orgkit run {name} {waits[0].phase.number} --approved-plan {plan.digest}{approver}"
    if waits[0].phase.label == "policies" and any(step.kind == "attach-policy" for step in plan.steps):
        click.echo(f"\nroll back    orgkit plan {name} 13    (with the sections above, once this plan is applied)")
    by_phases = apply_command(file, [planned.phase for planned in planned_phases])
    click.echo(f"\nnext    {command}\nor, phase by phase, with the approval asked for here:\n        {by_phases}")


def summary_of(planned_phases: Sequence[PlannedPhase]) -> str:
    """The outcome of planning each phase, in the order in which one decides the exit code."""
    groups: dict[str, list[str]] = {text: [] for text in RESULTS}
    for planned in planned_phases:
        groups[result_of(planned)].append(planned.phase.number)
    parts = [f"{', '.join(numbers)} {text}" for text, numbers in groups.items() if numbers]
    return f"{'; '.join(parts)} (exit code {exit_code_of(planned_phases)})."


def result_of(planned: PlannedPhase) -> str:
    """The outcome of planning a phase: one of RESULTS."""
    plan = planned.plan
    if plan is None:
        return NO_PLAN
    if plan.preview and plan.steps:
        return PREVIEW
    if plan.steps:
        return TO_APPROVE
    if plan.unrepaired_drift:
        return DRIFTED
    if plan.stops or plan.blocked:
        return STOPPED_BY_FINDING if plan.stops else NEEDS_DECISION
    return WAITING if plan.waiting else UNCHANGED


def exit_code_of(planned_phases: Sequence[PlannedPhase]) -> int:
    """Steps need an approval; drift that no step repairs comes next, and waiting when nothing else is to be done.

    What is blocked until somebody decides is refused, as what phase 00 stops is: whether it is right is not known. It
    must not hide drift from a job that looks for it every night.
    """
    error_codes = [planned.stop.exit_code for planned in planned_phases if planned.stop]
    if error_codes:
        return error_codes[0]
    plans_made = [planned.plan for planned in planned_phases if planned.plan]
    if any(plan.steps for plan in plans_made):
        return errors.EXIT_APPROVAL_NEEDED
    if any(plan.unrepaired_drift for plan in plans_made):
        return errors.EXIT_NOT_VERIFIED
    if any(plan.stops or plan.blocked for plan in plans_made):
        return errors.EXIT_REFUSED
    return errors.EXIT_WAITING if any(plan.waiting for plan in plans_made) else errors.EXIT_DONE
