"""The command line: parse, call, show, exit code; each command a few lines."""

import os

import click

from orgkit._version import __version__
from orgkit.aws.garbage_collection import collect_less_often, collect_nothing_at_exit
from orgkit.cli.command_group import OrgkitGroup
from orgkit.cli.output import checked_streams


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
    """The entry point; a command is imported when it is called, and a library when it is used."""
    collect_less_often()
    collect_nothing_at_exit()
    # For plugins, pydantic reads the entry points of every installed package; and none runs next to credentials.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with checked_streams():
        cli(prog_name="orgkit")
