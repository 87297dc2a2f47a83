"""`orgkit plan`: every phase planned on one reading of AWS, shown, and kept for its approval."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import click

from orgkit import errors
from orgkit.cli.layout import COLUMNS
from orgkit.connecting import connect
from orgkit.costs.effect import Effect, monthly_effect
from orgkit.parameters import find, load
from orgkit.phases import Phase
from orgkit.plan import Plan
from orgkit.planning import plan_phase
from orgkit.read import read_organization
from orgkit.record import outputs
from orgkit.runbook.marks import after
from orgkit.runbook.tree import Node
from orgkit.runbook.views import of_plan


@dataclass(frozen=True)
class Made:
    """One phase's plan, or why there is none."""

    phase: Phase
    plan: Plan | None
    review: dict[str, Any]
    stop: errors.Stop | None = None
    effect: Effect | None = None
    tree: Node | None = None  # the organization as the plan would leave it

    def as_json(self) -> dict[str, Any]:
        if self.plan is None:
            return {"phase": self.phase.label, "error": str(self.stop)}
        steps = [step.facts() for step in self.plan.steps]
        return {"phase": self.phase.label, **self.review, "steps": steps}


def make_plans(file: Path, phases: Sequence[Phase]) -> list[Made]:
    """Connect, read once, plan each; plans that could be approved are kept."""
    path = find(str(file))
    desired = load(path)
    aws = connect(desired)
    observed = read_organization(aws, desired, phases[0].name if len(phases) == 1 else "all")
    base = outputs.base_folder(outputs.project_of(path), aws.kind)
    made = []
    for phase in phases:
        try:
            plan = plan_phase(phase.name, observed, desired)
        except errors.OrgkitError as stop:
            made.append(Made(phase, None, {}, stop))
            continue
        effect = monthly_effect(plan, desired)
        review = plan.review(aws.clock.now().isoformat(timespec="seconds"), monthly_usd=effect.facts())
        if plan.steps and plan.digest:
            outputs.keep_plan(base, desired.organization.management_account_id, plan, review)
        made.append(Made(phase, plan, review, effect=effect, tree=after(observed, desired, plan)))
    return made


def show_plans(made: Sequence[Made]) -> None:
    """Each plan as its table, with what it costs a month."""
    for each in made:
        click.secho(f"\n{each.phase.label}", bold=True)
        if each.plan is None:
            click.echo(str(each.stop))
            continue
        click.echo(of_plan(each.plan).text)
        if each.plan.steps and each.effect:
            click.echo(fill(each.effect.sentence, COLUMNS - 1))


def exit_code_of(made: Sequence[Made]) -> int:
    """Steps need an approval; waiting is said when nothing else is to be done."""
    stopped = [each.stop.exit_code for each in made if each.stop]
    if stopped:
        return stopped[0]
    plans_made = [each.plan for each in made if each.plan]
    if any(plan.steps for plan in plans_made):
        return errors.EXIT_APPROVAL_NEEDED
    return errors.EXIT_WAITING if any(plan.waiting for plan in plans_made) else errors.EXIT_DONE
