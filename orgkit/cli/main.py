"""The command line: parse, call, show, exit code; each command a few lines."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from textwrap import fill
from typing import Any, NoReturn, ParamSpec

import click

from orgkit import __version__, errors, printable
from orgkit.phases import RUNBOOKS, Phase, phase_of

P = ParamSpec("P")
FILE = click.argument("file", type=click.Path(path_type=Path))


class PhaseType(click.ParamType[Phase]):
    """A phase by its number, its name or its runbook."""

    name = "phase"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Phase:
        if isinstance(value, Phase):
            return value
        try:
            return phase_of(value)
        except KeyError:
            self.fail(f"{value!r} is none of {', '.join(phase.label for phase in RUNBOOKS)}", param, ctx)


def ends(command: Callable[P, int]) -> Callable[P, NoReturn]:
    """The command's number is the exit code; an orgkit error is told in its three lines, never as a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> NoReturn:
        try:
            code = command(*args, **kwargs)
        except errors.Stop as stop:
            tell_stop(stop, bool(kwargs.get("as_json")))
            code = stop.exit_code
        except KeyboardInterrupt:
            click.echo("\nInterrupted. What was done stays: run the same command again.", err=True)
            code = errors.EXIT_INTERRUPTED
        sys.exit(code)

    return run


def tell_stop(stop: errors.Stop, as_json: bool) -> None:
    """The three lines, or one object."""
    if as_json:
        problems = stop.problems if isinstance(stop, errors.ParametersInvalid) else ()
        told = {"error": type(stop).__name__, "exit_code": stop.exit_code, "summary": stop.summary}
        told |= {"why": stop.why, "do": stop.do}
        show_json(
            told | ({"problems": [{"place": p.place, "message": p.message} for p in problems]} if problems else {})
        )
    else:
        for line in str(stop).splitlines():
            click.echo(_wrapped(line), err=True)


def _wrapped(line: str) -> str:
    """A line at 80 columns, its continuation indented; a digest or a path stays whole."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return fill(line, 79, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def show_json(value: object) -> None:
    """One object, for a program to read."""
    click.echo(printable.as_json(value))


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def endpoint_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--endpoint-url: sets the one environment variable that leads to an emulator."""

    def use(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
        if value:
            os.environ["ORGKIT_ENDPOINT_URL"] = value

    option = click.option(
        "--endpoint-url", expose_value=False, callback=use, help="An AWS emulator on this machine instead of AWS."
    )
    return option(command)


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
    from orgkit.cli import approve, costs, keys, lab, phases, prices, project, records, sandbox

    groups = (keys.keys, prices.prices, records.records, sandbox.sandbox)
    for command in (*lab.COMMANDS, *phases.COMMANDS, approve.approve, costs.costs, *project.COMMANDS, *groups):
        cli.add_command(command)
    cli()
