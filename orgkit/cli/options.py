"""What the commands share: arguments and options, JSON, errors in three lines, exit codes."""

import os
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, cast

import click
from click.shell_completion import CompletionItem

from orgkit import errors
from orgkit.cli.layout import wrap_error
from orgkit.cli.output import output_error
from orgkit.cli.sandbox_hint import sandbox_hint
from orgkit.sanitize import terminal

if TYPE_CHECKING:
    from orgkit.phases.descriptor import Phase

P = ParamSpec("P")
FILE = click.argument("file", type=click.Path(path_type=Path))


ADOPT = (
    "adopt has no phase number: it takes no parameters file, and leaves no record. Run `orgkit adopt`, or the runbook: "
    "papermill runbooks/adopt.ipynb adopted.ipynb -p output parameters/adopted.toml"
)


class PhaseType(click.ParamType["Phase"]):
    """A phase by its number, its name or its runbook."""

    name = "phase"

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The phases whose number or label begins so."""
        from orgkit.phases.registry import RUNBOOKS

        items = [CompletionItem(phase.number, help=phase.title) for phase in RUNBOOKS]
        items += [CompletionItem(phase.label, help=phase.title) for phase in RUNBOOKS if incomplete.isalpha()]
        return [item for item in items if item.value.startswith(incomplete)]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "Phase":
        from orgkit.phases.registry import RUNBOOKS, phase_of

        if not isinstance(value, str):
            return cast("Phase", value)
        try:
            return phase_of(value)
        except KeyError:
            if Path(value).suffix == ".toml":
                self.fail(f"{value!r} is a parameters file. {_place_of_file(ctx)}", param, ctx)
            if value in ("adopt", "adopt.ipynb"):
                self.fail(ADOPT, param, ctx)
            names = ", ".join(phase.run_label for phase in RUNBOOKS)
            self.fail(f"{value!r} is not a valid phase. There are: {names}.", param, ctx)


def _place_of_file(context: click.Context | None) -> str:
    """How this command takes the parameters file that was given as a phase."""
    options = [option for parameter in context.command.params for option in parameter.opts] if context else []
    return "Write it as --file FILE." if "--file" in options else "The order is FILE, then PHASE."


def file_and_phase(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments FILE PHASE. The order of version 0.1, PHASE FILE, is taken for one version more, and says so."""

    @wraps(command)
    def run(*args: Any, file: str, phase: str, **options: Any) -> Any:
        context = click.get_current_context()
        if _is_phase(file) and not _is_phase(phase):
            file, phase = phase, file
            command_line = f"{context.command_path} {quote(file)} {quote(phase)}"
            click.echo(f"The order is FILE PHASE now: {terminal.flat(command_line)}", err=True)
        return command(*args, file=Path(file), phase=PhaseType().convert(phase, None, context), **options)

    run = click.argument("phase", shell_complete=PhaseType().shell_complete)(run)
    return click.argument("file", type=click.Path())(run)


def _is_phase(text: str) -> bool:
    from orgkit.phases.registry import phase_of

    try:
        phase_of(text)
    except KeyError:
        return False
    return True


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
            if not as_json and (hint := sandbox_hint(stop)):
                click.echo(f"\n{hint}", err=True)
            code = stop.exit_code
        except (KeyboardInterrupt, click.Abort):  # Abort: at a prompt
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
            click.echo(wrap_error(line), err=True)


def show_json(value: object) -> None:
    """One object, for a program to read."""
    click.echo(terminal.as_json(value))


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def endpoint_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that calls AWS: --profile, --endpoint-url and --debug."""
    for option in (
        click.option(
            "--debug", is_flag=True, expose_value=False, callback=_use_debug,
            help="Print each call to AWS on stderr: no bodies, no credentials.",
        ),
        click.option(
            "--endpoint-url", expose_value=False, callback=_use_endpoint,
            metavar="URL", help="Call an AWS emulator on this machine instead of AWS.",
        ),
        click.option(
            "--profile", metavar="NAME", expose_value=False, callback=_use_profile,
            help="Use this profile of the AWS configuration, not keys in the environment.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _use_endpoint(_context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """The one environment variable that leads to an emulator."""
    if value is not None:
        os.environ["ORGKIT_ENDPOINT_URL"] = _not_blank(parameter, value)


def _use_profile(_context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """For this process and its kernels; keys in the environment and AWS_DEFAULT_PROFILE would go before AWS_PROFILE."""
    if value is not None:
        os.environ["AWS_PROFILE"] = _not_blank(parameter, value)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"):
            os.environ.pop(name, None)


def _not_blank(parameter: click.Parameter, value: str) -> str:
    """The value; refused when it is blank, as of a variable that is not set: it would stand for other credentials."""
    if not value.strip():
        raise click.BadParameter("it is empty; leave the option out, or give it a value.", param=parameter)
    return value


def _use_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        from orgkit.cli.debug import print_calls

        try:
            context.with_resource(print_calls())
        except OSError as error:  # its folder for temporary files cannot be written; the command has not begun
            stop = errors.OperatingSystemError.from_os_error(error)
            print_error(stop, as_json=False)
            sys.exit(stop.exit_code)


def apply_command(file: Path, phases: "Iterable[Phase]") -> str:
    """Return the command that applies phases; one that takes something away runs only where it is named."""
    numbers = [phase.number for phase in phases if phase.takes_away]
    return " ".join(["orgkit apply", quote(str(file)), *numbers])
