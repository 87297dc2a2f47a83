"""The command line: parse, call, show, exit code; each command a few lines."""

import click

from orgkit._version import __version__
from orgkit.cli import apply, approve, ci, costs, doctor, keys, lab, phases, prices, project, records, sandbox, status
from orgkit.cli.command_group import OrgkitGroup, add_common_options
from orgkit.cli.output import checked_streams

COMMANDS = (
    *project.COMMANDS, doctor.doctor, *phases.COMMANDS, apply.apply, status.status, approve.approve, *lab.COMMANDS,
    costs.costs, ci.ci, keys.keys, prices.prices, records.records, sandbox.sandbox,
)  # fmt: skip


@click.group(cls=OrgkitGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="orgkit")
def cli() -> None:
    """Bootstrap an AWS organization: rehearse, approve, apply, prove.

    \b
    Exit codes: 0 done or nothing to change   5 failed part-way
                1 refused, nothing changed    6 verification failed, drift
                2 bad parameters              7 interrupted
                3 approval needed             8 waiting for someone else
                4 plan changed since approval 9 AWS not ready: run it again later
    """


def main() -> None:
    """The entry point; commands are imported when they are registered, libraries when they are used."""
    for command in COMMANDS:
        cli.add_command(command)
    add_common_options(COMMANDS)
    with checked_streams():
        cli(prog_name="orgkit")
