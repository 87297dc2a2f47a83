"""The command that runs every phase on a sandbox."""

from pathlib import Path
from shlex import quote

import click

from orgkit import errors
from orgkit.cli.faults import circumstances_options
from orgkit.cli.layout import print_line
from orgkit.cli.options import exit_with, json_option, show_json
from orgkit.cli.output import after_outcome
from orgkit.rehearsal.fault_options import FaultOptions


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("parameters/example.toml"))
@click.option("--keep", is_flag=True, help="Leave the sandbox running afterwards.")
@circumstances_options
@json_option
@exit_with
def rehearse(file: Path, keep: bool, as_json: bool, circumstances: FaultOptions) -> int:
    """Run every phase on an embedded AWS: no account, no credentials, no network."""
    from orgkit.cli.execution import new_progress
    from orgkit.cli.summary import show_rehearsal
    from orgkit.parameters import find, load
    from orgkit.phases.management_account.example_values import example_values
    from orgkit.rehearsal.bootstrap import rehearse as rehearse_all

    with new_progress(quiet=as_json) as progress, errors.convert_os_errors(errors.EXIT_FAILED):
        progress.say(circumstances.sentence)
        done = rehearse_all(
            find(str(file)), keep=keep, circumstances=circumstances,
            on_phase=progress.phase, on_event=progress.event, on_attempt=progress.attempt,
        )  # fmt: skip
    with after_outcome():
        if as_json:
            show_json(done.as_json())
        else:
            show_rehearsal(done, keep)
            if done.exit_code == errors.EXIT_DONE:
                if example_values(load(find(str(file)))):
                    click.echo("\nBefore AWS: write your own account ids and emails into the file.")
                click.echo("\nNext, on AWS, with credentials of the management account:")
                print_line(f"orgkit apply {quote(str(file))}")
    return done.exit_code
