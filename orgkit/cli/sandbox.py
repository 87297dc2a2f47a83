"""`orgkit sandbox`: an embedded AWS that stays, to try things on."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from orgkit import errors
from orgkit.aws.person_settings import PERSON_SETTINGS
from orgkit.cli.command_group import CommandGroup
from orgkit.cli.faults import circumstances_options
from orgkit.cli.layout import wrap
from orgkit.cli.options import exit_with, json_option, show_json
from orgkit.cli.output import requires_output
from orgkit.cli.running_sandbox import current_project, running_sandbox, sandboxes_folder
from orgkit.rehearsal.fault_options import FaultOptions
from orgkit.sandbox.ids import one_time_code
from orgkit.sandbox.lifecycle import Sandbox, start
from orgkit.sanitize.terminal import flat

DEFAULT = Path("parameters/example.toml")


@click.group(cls=CommandGroup)
def sandbox() -> None:
    """An embedded AWS on this machine: start it, use it, stop it."""


@sandbox.command("start")
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT)
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="E.g. root_access_keys=true, mfa=false.")
@click.option(
    "--snapshot", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="Begin with a copy that `orgkit rehearse --like-live --keep-snapshot` has written.",
)  # fmt: skip
@circumstances_options
@exit_with
def start_sandbox(file: Path, values: tuple[str, ...], snapshot: Path | None, circumstances: FaultOptions) -> int:
    """Start one, seeded for the parameters file: its management account and the accounts that it imports."""
    from orgkit.parameters import find as find_file
    from orgkit.parameters import load
    from orgkit.rehearsal.setup import new_sandbox_folder, seed_from, seed_of
    from orgkit.sandbox.snapshot import read_snapshot

    errors.require_packages("orgkit sandbox start", *errors.SANDBOX)
    path = find_file(str(file))
    running = running_sandbox()
    if running is not None:
        raise errors.EmulatorTrouble(
            f"one is running already ({running.endpoint_url}).", "use it, or end it first: orgkit sandbox stop"
        )
    desired = load(path)
    if desired.pinned_accounts and not snapshot:
        hint = "the file has ids of accounts, which are not in an empty sandbox: begin with a copy, by --snapshot."
        click.echo(wrap(f"warning: {hint}", indent=""), err=True)
    base_seed = seed_from(desired, read_snapshot(snapshot)) if snapshot else seed_of(desired)
    seed = circumstances.apply_to(base_seed.with_values(values))
    started = start(seed, new_sandbox_folder(path), real_time=circumstances.real_time, outlive=True)
    click.echo(
        f"The sandbox answers on {started.endpoint_url}, for account {desired.organization.management_account_id}."
    )
    if circumstances.faults:
        click.echo(wrap(circumstances.sentence, indent=""))
    click.echo(f"\nnext    orgkit sandbox exec -- orgkit apply {shlex.quote(str(file))}")
    click.echo("        orgkit sandbox shell    # or a shell on it")
    return errors.EXIT_DONE


@sandbox.command()
@exit_with
def stop() -> int:
    """Stop the running sandbox; its records stay."""
    _need().stop()
    click.echo("The sandbox has ended; its records stay.")
    return errors.EXIT_DONE


@sandbox.command()
@json_option
@exit_with
@requires_output
def status(as_json: bool) -> int:
    """Show whether a sandbox is running, and its address."""
    running = running_sandbox()
    if as_json:
        show_json({"running": running is not None, **(_facts(running) if running else {})})
    elif running is None:
        click.echo("No sandbox is running. Start one:  orgkit sandbox start [FILE]")
    else:
        click.echo("\n".join(f"{name:<10} {value}" for name, value in _facts(running).items()))
    return errors.EXIT_DONE if running else errors.EXIT_REFUSED


@sandbox.command()
@exit_with
@requires_output
def env() -> int:
    """Print the settings with which a shell uses it and nothing else."""
    if running_sandbox() is None:
        click.echo("false")  # so that `eval "$(orgkit sandbox env)"` fails as this command does
    for name, value in sorted(_need().environment().items()):
        click.echo(f"export {name}={shlex.quote(value)}")
    return errors.EXIT_DONE


@sandbox.command()
@click.argument("email")
@exit_with
@requires_output
def code(email: str) -> int:
    """Print the one-time code that the sandbox sends to EMAIL when a root email is changed."""
    click.echo(one_time_code(email))
    return errors.EXIT_DONE


@sandbox.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@exit_with
def exec_command(command: tuple[str, ...]) -> int:
    """Run a command that sees the sandbox alone: orgkit, the AWS CLI, Terraform.

    \b
    For example:
      orgkit sandbox exec -- orgkit apply parameters/example.toml
      orgkit sandbox exec -- aws organizations list-accounts
    The exit code is that of the command. This shell keeps none of the settings.
    """
    code = _run_in_sandbox(command)
    if Path(command[0]).name == "orgkit" and sys.stderr.isatty():
        hint = "This ran on the sandbox. To run the commands that it printed there too, put this before them:"
        click.echo(f"\n{wrap(hint, indent='')}\n  orgkit sandbox exec --", err=True)
    return code


@sandbox.command()
@exit_with
def shell() -> int:
    """Open a shell that sees the sandbox alone; `exit` leaves it, and its settings with it."""
    click.echo("A shell on the sandbox: nothing in it touches AWS. `exit` leaves it.", err=True)
    return _run_in_sandbox((os.environ.get("SHELL") or "/bin/sh",))


def _run_in_sandbox(command: Sequence[str]) -> int:
    """Run a command with the sandbox's settings of AWS and orgkit alone, and what the person set for this command."""
    running = _need()
    foreign = ("AWS_", "ORGKIT_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign) or name in PERSON_SETTINGS}
    settings = {**own, **_without_proxy(own), **running.environment(), "AWS_ENDPOINT_URL": running.endpoint_url}
    try:
        code = _wait_for(command, settings)
    except OSError as error:
        raise errors.EmulatorTrouble(
            f"{flat(command[0])} cannot be run: {error.strerror}.",
            "check its name; after -- stands what you would type.",
        ) from None
    return code if code >= 0 else 128 - code


def _wait_for(command: Sequence[str], settings: Mapping[str, str]) -> int:
    """Run a command to its end, and pass on the signals that ask this process to end: the command decides about them.

    Ctrl-C is not passed on in the foreground of a terminal, which sends it to the command itself.
    """
    early: list[int] = []  # signals that came before the command had begun
    child: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _: object) -> None:
        if child is None:
            early.append(number)
        elif number not in (signal.SIGINT, signal.SIGQUIT) or not _is_in_foreground():
            child.send_signal(number)

    handlers = {number: signal.signal(number, pass_on) for number in _forwarded_signals()}
    try:
        with subprocess.Popen(command, env=settings) as child:  # noqa: S603  the person's own command
            for number in early:
                child.send_signal(number)
            return child.wait()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _forwarded_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that are passed on; one that is ignored, as by nohup, stays so for the command as well."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    return tuple(number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN)


def _is_in_foreground() -> bool:
    """Return whether the terminal sends Ctrl-C to this process, and so to the command, too."""
    try:
        with Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings with which a client that uses a proxy reaches this machine without it; other hosts stay as set."""
    hosts = environment.get("no_proxy") or environment.get("NO_PROXY")
    value = f"{hosts},127.0.0.1" if hosts else "127.0.0.1"
    return {"no_proxy": value, "NO_PROXY": value}  # some clients read the one, some the other


@sandbox.command("seed-bills")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--page-size", type=click.IntRange(1), default=1000, show_default=True, help="Groups in an answer.")
@click.option("--not-ready", multiple=True, metavar="MONTH", help="A month that AWS has no data of yet.")
@exit_with
def seed_bills(file: Path, page_size: int, not_ready: tuple[str, ...]) -> int:
    """Give the sandbox that runs the bills from which its Cost Explorer answers.

    \b
    FILE is CSV with the columns month,account,service,record_type,amount:
      2026-10,website-prod,AWS Config,Usage,6.25
      2026-10,website-prod,AWS Config,Credit,-6.25

    An account is an id, a name, or "management"; amounts are USD. It takes the place of what was given before.
    """
    from orgkit.costs.bills.month import Month
    from orgkit.records.outputs import base_folder
    from orgkit.records.response_cache import drop_free_responses
    from orgkit.sandbox.bills import read_bills

    months, rows = [str(Month.parse(text)) for text in not_ready], read_bills(file)
    running = _need()
    unknown = running.seed_bills({"rows": rows, "page_size": page_size, "not_ready": months})
    if unknown:
        raise errors.InvalidBills(
            f"no account of the sandbox's organization is called {', '.join(unknown)}.",
            "run the phases that make it first, or write its id.",
        )
    # Kept by a shell that has its settings, by one that has its address alone, and by this one.
    for base in {running.folder, sandboxes_folder(), base_folder(current_project(), "emulator")}:
        drop_free_responses(base)
    click.echo(f"{len(rows)} row(s) of {len({row['month'] for row in rows})} month(s): orgkit costs FILE reads them.")
    return errors.EXIT_DONE


@sandbox.command()
@json_option
@exit_with
@requires_output
def denials(as_json: bool) -> int:
    """List the calls that service and resource control policies denied, with policy and statement."""
    from orgkit.cli.summary import show_denials
    from orgkit.rehearsal.denials import summarize

    rows = summarize(("", call) for call in _need().denials())
    if as_json:
        show_json({"denials": [row.as_json() for row in rows]})
    else:
        show_denials(rows)
        click.echo(f"{len(rows)} denied." if rows else "No policy of the organization has denied a call.")
    return errors.EXIT_DONE


@sandbox.command()
@json_option
@exit_with
@requires_output
def differences(as_json: bool) -> int:
    """List where the sandbox is not moto, and what it does not do as AWS does."""
    errors.require_packages("orgkit sandbox differences", *errors.SANDBOX)
    from orgkit.cli.differences import show_differences
    from orgkit.sandbox.differences import as_json as all_of_it

    if as_json:
        show_json(all_of_it())
    else:
        show_differences()
    return errors.EXIT_DONE


def _facts(running: Sandbox) -> dict[str, str]:
    return {
        "endpoint": running.endpoint_url,
        "clock": running.now(),
        "folder": str(running.folder),
        "pid": str(running.pid),
    }


def _need() -> Sandbox:
    running = running_sandbox()
    if running is None:
        raise errors.EmulatorTrouble("no sandbox is running.", "start one: orgkit sandbox start [FILE]")
    return running
