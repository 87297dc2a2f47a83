"""`orgkit status`: where each phase is, read from AWS, with the reason, the last record and the next command."""

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from orgkit.cli.layout import print_colored, print_line, print_path, title, wrap
from orgkit.cli.options import FILE, endpoint_option, exit_with, json_option, show_json
from orgkit.cli.output import requires_output

if TYPE_CHECKING:
    from orgkit.lab.phase_status import PhaseStatus


@click.command()
@FILE
@click.option(
    "--drift", is_flag=True, help="Show each attribute that differs from the file or the last run, and who changed it."
)
@json_option
@endpoint_option
@exit_with
@requires_output
def status(file: Path, drift: bool, as_json: bool) -> int:
    """Show where each phase is, by AWS: the reason, the last record, the next command. Changes nothing.

    The exit codes are those of `orgkit plan`: 0 when nothing is left to do, 3 when a plan needs an approval.

    With --drift: 0 when nothing has drifted, and 6 when something has, or could not be read.
    """
    from orgkit.cli.drift import show_drift
    from orgkit.cli.planning import exit_code_of, plan_observed
    from orgkit.cli.read_progress import show_reading
    from orgkit.engine.connect import connect
    from orgkit.engine.observe import observe
    from orgkit.lab.phase_status import observed_statuses
    from orgkit.parameters import find, load
    from orgkit.records import outputs

    path = find(str(file))
    desired = load(path)
    if drift:
        return show_drift(file, path, desired, as_json=as_json)
    aws = connect(desired)
    with show_reading(aws):
        observed = observe(aws, desired)
    base = outputs.base_folder(outputs.project_of(path), aws.kind)
    statuses = observed_statuses(observed, desired, base)
    code = exit_code_of(plan_observed(observed, desired, aws.clock))
    if as_json:
        show_json({"phases": [status_json(entry, file) for entry in statuses], "exit_code": code})
    else:
        click.secho(f"{'AWS' if aws.kind == 'aws' else 'Sandbox'} account {aws.caller().account}", bold=True)
        show_statuses(statuses, file)
    return code


def show_statuses(statuses: "Sequence[PhaseStatus]", file: Path) -> None:
    """Each phase with its state, its reason and its last record; then one command."""
    for entry in statuses:
        title(entry.phase.run_label)
        print_colored(f"  {entry.state}")
        click.echo(wrap(entry.reason))
        if entry.last is not None:
            click.echo(wrap(f"last run: {entry.last.outcome}"))
            print_path(entry.last.folder)
    _show_next(statuses, file)


def _show_next(statuses: "Sequence[PhaseStatus]", file: Path) -> None:
    """One command: what applies steps comes first, then what says what a person has to do."""
    from orgkit.lab.phase_status import State

    commands = [command for entry in statuses if (command := next_command(entry, file))]
    applying = [command for command in commands if command == apply_command(file)]
    if applying:
        click.echo("\nnext")
        print_line(applying[0])
    elif commands:
        click.echo()
        click.echo(wrap("No step is left that orgkit can take. What a person has to do, in full:", ""))
        print_line(commands[0])
    elif all(entry.state is State.DONE for entry in statuses):
        click.echo("\nEvery phase is done.")


def apply_command(file: Path) -> str:
    """With which a bootstrap goes on."""
    return f"orgkit apply {quote(str(file))}"


def next_command(status: "PhaseStatus", file: Path) -> str:
    """What takes a phase further, or else says what a person has to do; "" for one that is done or comes later."""
    from orgkit.lab.phase_status import State

    if status.state is State.READY or (status.state is State.DRIFTED and status.step_count):
        return apply_command(file)
    if status.state in (State.DRIFTED, State.WAITING):
        return f"orgkit {'plan' if status.phase.changes else 'run'} {quote(str(file))} {status.phase.number}"
    return ""


def status_json(status: "PhaseStatus", file: Path) -> dict[str, Any]:
    """One phase as an object; `state` is a word without its sign."""
    last = status.last
    record = {"record": str(last.folder), "outcome": last.outcome} if last else None
    return {
        "phase": status.phase.run_label,
        "state": str(status.state).partition(" ")[2],
        "reason": status.reason,
        "last_run": record,
        "next_command": next_command(status, file),
    }
