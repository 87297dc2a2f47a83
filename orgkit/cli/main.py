"""The command line: parse, call, show, exit code; each command a few lines."""

import click

from orgkit._version import __version__
from orgkit.cli import apply, approve, ci, costs, keys, lab, phases, prices, project, records, sandbox
from orgkit.cli.output import checked_streams


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="orgkit")
def cli() -> None:
    """Bootstrap an AWS organization: rehearse, approve, apply, prove.

    \b
    Exit codes: 0 done or nothing to change   5 failed part-way
                1 refused, nothing changed    6 verification failed
                2 bad parameters              7 interrupted
                3 approval needed             8 waiting for someone else
                4 plan changed since approval 9 AWS not ready: run it again later
    """


def main() -> None:
    """The entry point; commands are imported when they are registered, libraries when they are used."""
    groups = (ci.ci, keys.keys, prices.prices, records.records, sandbox.sandbox)
    for command in (
        *lab.COMMANDS,
        *phases.COMMANDS,
        apply.apply,
        approve.approve,
        costs.costs,
        *project.COMMANDS,
        *groups,
    ):
        cli.add_command(command)
    with checked_streams():
        cli()
