"""Commands about the phases: check, plan, run, open, estimate, permissions."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from orgkit import errors
from orgkit.cli.github import NoReport, report_result
from orgkit.cli.layout import wrap
from orgkit.cli.options import (
    FILE,
    PhaseType,
    endpoint_option,
    exit_with,
    file_and_phase,
    json_option,
    show_json,
)
from orgkit.cli.output import after_outcome, requires_output
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import PHASES

if TYPE_CHECKING:
    from orgkit.model.desired import Desired


@click.command()
@FILE
@json_option
@exit_with
@requires_output
def check(file: Path, as_json: bool) -> int:
    """Check a parameters file: every problem at once, without a call to AWS."""
    from orgkit.parameters import find, load
    from orgkit.phases.management_account.example_values import example_values
    from orgkit.phases.registry import RUNBOOKS

    desired = load(find(str(file)))
    warnings = [*example_values(desired), *(item for phase in RUNBOOKS for item in phase.file_warnings(desired))]
    numbers = {"unit": len(desired.units), "account": len(desired.accounts), "import": len(desired.imports)}
    if as_json:
        counts = {f"{name}s": n for name, n in numbers.items()}
        show_json({"file": str(file), "sha256": desired.sha256, "problems": [], "warnings": warnings, **counts})
    else:
        text = ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in numbers.items())
        click.echo(f"{file} is well-formed: {text}.")
        for warning in warnings:
            click.echo(wrap(f"warning: {warning}", ""))
        _show_next(desired, file)
    return errors.EXIT_DONE


@click.command()
@FILE
@click.argument("phase", type=PhaseType(), required=False)
@click.option("--all-steps", is_flag=True, help="List each step of a long plan, too.")
@json_option
@endpoint_option
@exit_with
@requires_output
@report_result
def plan(file: Path, phase: Phase | None, all_steps: bool, as_json: bool, report: NoReport) -> int:
    """Show what would change, phase by phase, and keep each plan for its approval. Changes nothing.

    PHASE is its number, such as 03, or its label, such as accounts. Each planning has a digest of its own, also
    when the steps are the same: an approval is for one planning. Of a plan with more than 200 steps, those of a
    kind are shown together; those that take something away are listed one by one.
    """
    from orgkit.cli.planning import exit_code_of, make_plans, show_next, show_plans

    if phase is not None and not phase.changes:
        raise click.UsageError(
            f"{phase.run_label} plans nothing: it only reads. Run it: orgkit run {file} {phase.number}"
        )
    plans = make_plans(file, phase)
    if as_json:
        show_json({"plans": [planned.as_json() for planned in plans]})
    else:
        show_plans(plans, all_steps=all_steps)
        show_next(plans, file, all_steps=all_steps)
    report.plans(plans, exit_code_of(plans))
    return exit_code_of(plans)


@click.command()
@file_and_phase
@click.option("--approved-plan", default="", metavar="DIGEST", help="The digest that was approved.")
@click.option("--plan-file", type=click.Path(path_type=Path), help="A plan.json that was handed over.")
@click.option("--approval", type=click.Path(resolve_path=True), help="A signed approval, as orgkit approve writes it.")
@click.option("--approver", default="", help="The approver's name, as recorded (not verified); needed on AWS.")
@click.option("--ticket", default="", help="Where the change was asked for.")
@click.option(
    "--parameter", "-p", "more", multiple=True, metavar="NAME=VALUE", help="Set a parameter that only this runbook has."
)
@json_option
@endpoint_option
@exit_with
@report_result
def run(
    phase: Phase,
    file: Path,
    as_json: bool,
    report: NoReport,
    plan_file: Path | None,
    more: tuple[str, ...],
    **options: str,
) -> int:
    """Run one phase without a browser; without an approved plan it stops before it changes anything.

    PHASE is its number, such as 03, or its label, such as accounts.
    """
    from orgkit.cli.execution import run_phase
    from orgkit.cli.summary import result_json, show_result
    from orgkit.model.decision import check_claim
    from orgkit.parameters import find, load
    from orgkit.records.seal_options import sealing_of

    for name in ("approver", "ticket"):
        check_claim(
            f"--{name} (or ORGKIT_{name.upper()})", options[name] or os.environ.get(f"ORGKIT_{name.upper()}", "")
        )
    path = find(str(file))
    desired = load(path)
    if plan_file is not None:
        options["approved_plan"] = _take_over(path, desired, plan_file, options["approved_plan"])
    if phase.changes and options["approved_plan"]:
        _check_approval(path, desired, phase, options)
    settings = {"ORGKIT_APPROVER": "approver", "ORGKIT_TICKET": "ticket", "ORGKIT_APPROVAL": "approval"}
    os.environ.update({name: options[key] for name, key in settings.items() if options[key]})
    result = run_phase(
        phase, path, sealing_of(desired, path), approved_plan=options["approved_plan"],
        extra=dict(_parse_parameter(option) for option in more), quiet=as_json,
    )  # fmt: skip
    with after_outcome():
        if as_json:
            show_json(result_json(phase, result))
        else:
            show_result(phase, result, file)
        report.result(phase, result)
    return result.exit_code


def _take_over(path: Path, desired: Any, plan_file: Path, digest: str) -> str:
    """Keep a plan file that was handed over; its digest has to be the approved one."""
    from orgkit.aws.endpoint import endpoint_of
    from orgkit.records import outputs, plan_store

    base = outputs.base_folder(outputs.project_of(path), "emulator" if endpoint_of() else "aws")
    adopted_plan = plan_store.adopt_plan(base, desired.organization.management_account_id, plan_file)
    if digest and digest != adopted_plan:
        raise errors.ApprovalMismatch(
            f"{plan_file} has the digest {adopted_plan}; {digest} was approved.",
            "hand over the approved plan.",
        )
    return digest


def _check_approval(path: Path, desired: Any, phase: Phase, options: Mapping[str, str]) -> None:
    """Refuse a mistyped digest, and an approval for AWS that names nobody, before there is a run to be recorded."""
    from orgkit.aws.endpoint import endpoint_of
    from orgkit.model.decision import check_approver
    from orgkit.model.plan import Target
    from orgkit.records import outputs

    base = outputs.base_folder(outputs.project_of(path), "emulator" if endpoint_of() else "aws")
    account = desired.organization.management_account_id
    approved = outputs.check_digest(base, account, phase, options["approved_plan"])
    if not desired.approval.four_eyes and not (options["approval"] or os.environ.get("ORGKIT_APPROVAL")):
        approver = options["approver"] or os.environ.get("ORGKIT_APPROVER", "")
        check_approver(Target(**approved.content["target"]), approver)


@click.command("open")
@file_and_phase
@endpoint_option
@exit_with
@errors.convert_os_errors(errors.EXIT_FAILED)
def open_runbook(phase: Phase, file: Path) -> int:
    """Open a prepared copy of a runbook in JupyterLab; its record is sealed when JupyterLab ends.

    PHASE is its number, such as 03, or its label, such as accounts.
    """
    from orgkit.cli.summary import show_result
    from orgkit.parameters import find
    from orgkit.runbook.interactive.jupyterlab import open_in_jupyterlab

    errors.require_packages("orgkit open", *errors.JUPYTERLAB)
    path = find(str(file))
    click.echo(
        f"{phase.run_label} opens in JupyterLab, as a copy of its own. When you are done there: save (Ctrl-S), then"
    )
    click.echo("File > Shut Down, or Ctrl-C here. Then its record is sealed.")
    result = open_in_jupyterlab(phase, path)
    with after_outcome():
        show_result(phase, result, file)
    return result.exit_code


def _parse_parameter(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise click.UsageError(f"{text!r} is not NAME=VALUE.")
    return name, value


@click.command()
@FILE
@click.option("--save", type=click.Path(path_type=Path), help="Every row as .csv, .parquet or .xlsx.")
@json_option
@exit_with
@requires_output
def estimate(file: Path, save: Path | None, as_json: bool) -> int:
    """Estimate what the organization costs a month, by account and by service. Calls nothing."""
    from orgkit.cli.summary import show_estimate
    from orgkit.costs.estimate.estimate import book_for
    from orgkit.costs.estimate.estimate import estimate as estimate_costs
    from orgkit.costs.estimate.sensitivity import sensitivity, sizes
    from orgkit.costs.export import write
    from orgkit.parameters import find, load

    path = find(str(file))
    desired = load(path)
    cost_estimate, swings, table = estimate_costs(desired), sensitivity(desired), sizes(desired)
    if save:
        write(cost_estimate.to_frame(), save)
    if as_json:
        details = {"sensitivity": [asdict(entry) for entry in swings], "sizes": [asdict(entry) for entry in table]}
        assumption_rows = json_rows(cost_estimate.by_assumption().reset_index())
        show_json(
            {
                **cost_estimate.facts(),
                "rows": json_rows(cost_estimate.to_frame()),
                "assumptions": assumption_rows,
                **as_strings(details),
            }
        )
    else:
        show_estimate(cost_estimate, swings, table, book_for(desired).warning(date.today()))
        _show_next(desired, file)
    return errors.EXIT_DONE


def _show_next(desired: "Desired", file: Path) -> None:
    """Show how to rehearse: an organization that exists is planned, or copied into the sandbox."""
    name = quote(str(file))
    if desired.pinned_accounts:
        click.echo(f"\nnext    orgkit plan {name}")
        click.echo(f"        orgkit rehearse {name} --like-live    # on a copy in the sandbox")
    else:
        click.echo(f"\nnext    orgkit rehearse {name}")


def as_strings(value: Any) -> Any:
    """Amounts as text, so that no digit is lost."""
    if isinstance(value, dict):
        return {key: as_strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def json_rows(frame: Any) -> list[dict[str, Any]]:
    """A frame's rows as plain objects of text; null where there is nothing, since NaN is no JSON."""
    records = frame.astype(str).astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in records.to_dict(orient="records")]


@click.command()
@click.argument("phase", type=PhaseType(), required=False)
@click.option(
    "--file", type=click.Path(path_type=Path), help="A parameters file: its organization, trail and access roles."
)
@exit_with
@requires_output
def permissions(phase: Phase | None, file: Path | None) -> int:
    """Print the least-privilege IAM policy of a phase (or of all), made from its steps and reads.

    PHASE is its number, such as 03, or its label, such as accounts.

    The policy is printed to the standard output, and what kind of policy to make of it to the standard error. That of
    a phase that closes accounts is for the accounts of a parameters file alone: give --file.
    """
    from orgkit.parameters import find, load
    from orgkit.phases.permissions import Scope, closes_accounts, kind_of_policy, policy_for

    is_closing = phase is not None and closes_accounts(phase)
    if is_closing and file is None:
        raise click.UsageError("Which accounts may be closed is in [offboarding] of the parameters file: give --file.")
    scope = Scope.from_desired(load(find(str(file)))) if file else Scope()
    policy = policy_for([phase] if phase else PHASES, scope, sign_in=True)
    show_json(policy)
    if is_closing and not scope.closable:
        click.echo("[offboarding] names no account: this policy closes none.", err=True)
    click.echo(kind_of_policy(policy), err=True)
    return errors.EXIT_DONE
