"""Commands about the phases: rehearse, check, plan, run, open, estimate, permissions."""

import os
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from orgkit import errors
from orgkit.cli.faults import circumstances_options
from orgkit.cli.github import NoReport, reported
from orgkit.cli.main import FILE, PhaseType, endpoint_option, ends, json_option, show_json
from orgkit.cli.progress import Progress
from orgkit.phases import PHASES, Phase
from orgkit.recovery.circumstances import Circumstances


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("parameters/example.toml"))
@click.option("--keep", is_flag=True, help="Leave the sandbox running afterwards.")
@circumstances_options
@json_option
@ends
def rehearse(file: Path, keep: bool, as_json: bool, circumstances: Circumstances) -> int:
    """Run every phase on an embedded AWS: no account, no credentials, no network."""
    from orgkit.cli.summary import show_rehearsal
    from orgkit.parameters import find
    from orgkit.rehearsal import rehearse as rehearse_all

    progress = Progress(quiet=as_json)
    progress.say(circumstances.sentence)
    done = rehearse_all(
        find(str(file)), keep=keep, circumstances=circumstances,
        on_phase=progress.phase, on_event=progress.event, on_attempt=progress.attempt,
    )  # fmt: skip
    progress.over()
    if as_json:
        show_json(done.as_json())
    else:
        show_rehearsal(done, keep)
    return done.exit_code


@click.command()
@FILE
@json_option
@ends
def check(file: Path, as_json: bool) -> int:
    """Check a parameters file: every problem at once, without a call to AWS."""
    from orgkit.parameters import find, load

    desired = load(find(str(file)))
    numbers = {"unit": len(desired.units), "account": len(desired.accounts), "import": len(desired.imports)}
    if as_json:
        counts = {f"{name}s": n for name, n in numbers.items()}
        show_json({"file": str(file), "sha256": desired.sha256, "problems": [], **counts})
    else:
        told = ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in numbers.items())
        click.echo(f"{file} is well-formed: {told}.")
    return errors.EXIT_DONE


@click.command()
@FILE
@click.argument("phase", type=PhaseType(), required=False)
@json_option
@endpoint_option
@ends
@reported
def plan(file: Path, phase: Phase | None, as_json: bool, report: NoReport) -> int:
    """Show what would change, phase by phase, and keep each plan for its approval. Changes nothing."""
    from orgkit.cli.planning import exit_code_of, make_plans, show_plans

    if phase is not None and not phase.changes:
        raise click.UsageError(f"{phase.label} plans nothing: it only reads. Run it: orgkit run {phase.number} {file}")
    plans = make_plans(file, [phase] if phase else [each for each in PHASES if each.changes])
    if as_json:
        show_json({"plans": [made.as_json() for made in plans]})
    else:
        show_plans(plans)
    report.plans(plans, exit_code_of(plans))
    return exit_code_of(plans)


@click.command()
@click.argument("phase", type=PhaseType())
@FILE
@click.option("--approved-plan", default="", metavar="DIGEST", help="The digest of the plan that was approved.")
@click.option("--plan-file", type=click.Path(path_type=Path), help="A plan.json that was handed over.")
@click.option("--approval", type=click.Path(resolve_path=True), help="A signed approval, as orgkit approve writes it.")
@click.option("--approver", default="", help="Who approved: written into the record as a claim.")
@click.option("--ticket", default="", help="Where the change was asked for.")
@click.option("--parameter", "-p", "more", multiple=True, metavar="NAME=VALUE", help="One that this runbook alone has.")
@click.option("--stop-after", default="", metavar="STEP", help="A test hook: kill the phase after this step.")
@json_option
@endpoint_option
@ends
@reported
def run(
    phase: Phase,
    file: Path,
    as_json: bool,
    report: NoReport,
    plan_file: Path | None,
    more: tuple[str, ...],
    **given: str,
) -> int:
    """Run one phase headlessly; without an approved plan it stops before it changes anything."""
    from orgkit.approval import check_claim
    from orgkit.cli.summary import result_json, show_result
    from orgkit.parameters import find, load
    from orgkit.record.sealing import sealing_of
    from orgkit.runbook.execute import execute

    for name in ("approver", "ticket"):
        check_claim(f"--{name} (or ORGKIT_{name.upper()})", given[name] or os.environ.get(f"ORGKIT_{name.upper()}", ""))
    path = find(str(file))
    desired = load(path)
    if plan_file is not None:
        given["approved_plan"] = _take_over(path, desired, plan_file, given["approved_plan"])
    hooks = {"ORGKIT_APPROVER": "approver", "ORGKIT_TICKET": "ticket", "ORGKIT_STOP_AFTER": "stop_after"}
    hooks["ORGKIT_APPROVAL"] = "approval"
    os.environ.update({name: given[key] for name, key in hooks.items() if given[key]})
    progress = Progress(quiet=as_json)
    progress.phase(phase, None)
    own = dict(_named(each) for each in more)
    result = execute(
        phase, path, approved_plan=given["approved_plan"], on_event=progress.event, more=own,
        sealing=sealing_of(desired, path),
    )  # fmt: skip
    progress.phase(phase, result)
    progress.over()
    if as_json:
        show_json(result_json(phase, result))
    else:
        show_result(phase, result, file)
    report.result(phase, result)
    return result.exit_code


def _take_over(path: Path, desired: Any, plan_file: Path, digest: str) -> str:
    """Keep a plan file that was handed over; its digest has to be the approved one."""
    from orgkit.aws.identity import endpoint_of
    from orgkit.record import kept, outputs

    base = outputs.base_folder(outputs.project_of(path), "emulator" if endpoint_of() else "aws")
    found = kept.adopt_plan(base, desired.organization.management_account_id, plan_file)
    if digest and digest != found:
        raise errors.ApprovalMismatch(
            f"{plan_file} has the digest {found[:16]}…; {digest[:16]}… was approved.", "hand over the approved plan."
        )
    return digest


@click.command("open")
@click.argument("phase", type=PhaseType())
@FILE
@endpoint_option
@ends
def open_runbook(phase: Phase, file: Path) -> int:
    """Open a prepared copy of a runbook in JupyterLab; its record is sealed when JupyterLab ends."""
    from orgkit.cli.summary import show_result
    from orgkit.parameters import find
    from orgkit.runbook.person import open_in_jupyterlab

    path = find(str(file))
    click.echo(f"{phase.label} opens in JupyterLab, as a copy of its own. When you are done there: save (Ctrl-S), then")
    click.echo("File > Shut Down, or Ctrl-C here. Then its record is sealed.")
    result = open_in_jupyterlab(phase, path)
    show_result(phase, result, file)
    return result.exit_code


def _named(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given:
        raise click.UsageError(f"{text!r} is not NAME=VALUE.")
    return name, value


@click.command()
@FILE
@click.option("--save", type=click.Path(path_type=Path), help="Every row as .csv, .parquet or .xlsx.")
@json_option
@ends
def estimate(file: Path, save: Path | None, as_json: bool) -> int:
    """Estimate what the organization costs a month, by account and by service. Calls nothing."""
    from orgkit.cli.summary import show_estimate
    from orgkit.costs.estimate import book_for
    from orgkit.costs.estimate import estimate as estimate_costs
    from orgkit.costs.export import write
    from orgkit.costs.sensitivity import sensitivity, sizes
    from orgkit.parameters import find, load

    path = find(str(file))
    desired = load(path)
    made, swings, table = estimate_costs(desired), sensitivity(desired), sizes(desired)
    if save:
        write(made.to_frame(), save)
    if as_json:
        more = {"sensitivity": [asdict(each) for each in swings], "sizes": [asdict(each) for each in table]}
        assumed = json_rows(made.by_assumption().reset_index())
        show_json({**made.facts(), "rows": json_rows(made.to_frame()), "assumptions": assumed, **as_strings(more)})
    else:
        show_estimate(made, swings, table, book_for(desired).warning(date.today()))
    return errors.EXIT_DONE


def as_strings(value: Any) -> Any:
    """Amounts as text, so that no digit is lost."""
    if isinstance(value, dict):
        return {key: as_strings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def json_rows(frame: Any) -> list[dict[str, Any]]:
    """A frame's rows as plain objects of text; null where there is nothing, since NaN is no JSON."""
    told = frame.astype(str).astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in told.to_dict(orient="records")]


@click.command()
@click.argument("phase", type=PhaseType(), required=False)
@click.option("--file", type=click.Path(path_type=Path), help="A parameters file: its own names of access roles.")
@ends
def permissions(phase: Phase | None, file: Path | None) -> int:
    """Print the least-privilege IAM policy of a phase (or of all), made from its steps and reads."""
    from orgkit.model.desired import ACCESS_ROLE
    from orgkit.parameters import find, load
    from orgkit.permissions import policy_for

    roles = {member.role_name for member in load(find(str(file))).members} if file else {ACCESS_ROLE}
    show_json(policy_for([phase] if phase else PHASES, roles))
    return errors.EXIT_DONE


COMMANDS = (rehearse, check, plan, run, open_runbook, estimate, permissions)
