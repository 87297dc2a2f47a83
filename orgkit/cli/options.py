"""What the commands share: arguments and options, JSON, errors in three lines, exit codes."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from textwrap import fill
from typing import Any, NoReturn, ParamSpec

import click

from orgkit import errors
from orgkit.cli.output import output_error
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import RUNBOOKS, phase_of
from orgkit.sanitize import terminal

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
            self.fail(f"{value!r} is none of {', '.join(phase.run_label for phase in RUNBOOKS)}", param, ctx)


def exit_with(command: Callable[P, int]) -> Callable[P, NoReturn]:
    """The command's number is the exit code; an error is printed in its three lines, never as a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> NoReturn:
        as_json = bool(kwargs.get("as_json"))
        try:
            with errors.convert_os_errors():
                code = command(*args, **kwargs)
        except errors.OrgkitError as stop:
            print_error(stop, as_json and output_error() is None)
            code = stop.exit_code
        except KeyboardInterrupt:
            click.echo("\nInterrupted. What was done stays: run the same command again.", err=True)
            code = errors.EXIT_INTERRUPTED
        sys.exit(code)

    return run


def print_error(stop: errors.OrgkitError, as_json: bool) -> None:
    """The three lines, or one object."""
    if as_json:
        problems = stop.problems if isinstance(stop, errors.ParametersInvalid) else ()
        payload = {"error": type(stop).__name__, "exit_code": stop.exit_code, "summary": stop.summary}
        payload |= {"why": stop.reason, "do": stop.remedy}
        show_json(
            payload | ({"problems": [{"place": p.place, "message": p.message} for p in problems]} if problems else {})
        )
    else:
        for line in str(stop).splitlines():
            click.echo(_wrap(line), err=True)


def _wrap(line: str) -> str:
    """A line at 80 columns, its continuation indented; a digest or a path stays whole."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return fill(line, 79, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def show_json(value: object) -> None:
    """One object, for a program to read."""
    click.echo(terminal.as_json(value))


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
