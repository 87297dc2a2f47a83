"""The command `orgkit` itself: its commands in the order of work, and help that fits a terminal of 80 columns."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module

import click


@dataclass(frozen=True)
class CommandEntry:
    """A command as `orgkit --help` lists it; its module is imported when the command is called.

    Attributes:
        name: What is typed.
        target: Module and name below `orgkit.cli`.
        summary: The first sentence of its help.
    """

    name: str
    target: str
    summary: str

    def load(self) -> click.Command:
        """Import the command, with the options that all commands have."""
        module, _, name = self.target.partition(".")
        command: click.Command = getattr(import_module(f"orgkit.cli.{module}"), name)
        add_common_options([command])
        return command


# Titles and the commands below them, in the order of work.
SECTIONS: tuple[tuple[str, tuple[CommandEntry, ...]], ...] = (
    (
        "Prepare",
        (
            CommandEntry(
                "init",
                "project.init",
                "Write runbooks/, parameters/ and outputs/ into a folder; files that are there are never touched",
            ),
            CommandEntry(
                "adopt",
                "adopt.adopt",
                "Read an organization that exists, and write a parameters file whose plan is empty",
            ),
            CommandEntry(
                "check", "phases.check", "Check a parameters file: every problem at once, without a call to AWS"
            ),
            CommandEntry(
                "estimate", "phases.estimate", "Estimate what the organization costs a month, by account and by service"
            ),
            CommandEntry(
                "rehearse",
                "rehearse.rehearse",
                "Run every phase on an embedded AWS: no account, no credentials, no network",
            ),
            CommandEntry(
                "permissions",
                "phases.permissions",
                "Print the least-privilege IAM policy of a phase (or of all), made from its steps and reads",
            ),
            CommandEntry(
                "doctor",
                "doctor.doctor",
                "Check this machine and the credentials, each with its fix; with FILE, also against that file",
            ),
        ),
    ),
    (
        "Bootstrap",
        (
            CommandEntry(
                "apply",
                "apply.apply",
                "Bootstrap phase by phase: plan, ask for the approval on the terminal, apply, verify, record",
            ),
            CommandEntry(
                "status",
                "status.status",
                "Show where each phase is, by AWS: the reason, the last record, the next command",
            ),
            CommandEntry(
                "lab",
                "lab.lab",
                "Guide a person through every phase in JupyterLab, from a start page that reads where each stands",
            ),
        ),
    ),
    (
        "Phase by phase, in CI, and with two people",
        (
            CommandEntry(
                "plan", "phases.plan", "Show what would change, phase by phase, and keep each plan for its approval"
            ),
            CommandEntry(
                "approve",
                "approve.approve",
                "Approve a PLAN (a plan.json, or the digest of one that is kept) with a signature, as a second person",
            ),
            CommandEntry(
                "run",
                "phases.run",
                "Run one phase without a browser; without an approved plan it stops before it changes anything",
            ),
            CommandEntry(
                "open",
                "phases.open_runbook",
                "Open a prepared copy of a runbook in JupyterLab; its record is sealed when JupyterLab ends",
            ),
        ),
    ),
    (
        "Afterwards",
        (
            CommandEntry("costs", "costs.costs", "Read what AWS billed per account and service, next to the estimate"),
            CommandEntry("prices", "prices.prices", "The price book: quote from it, or bring it up to date"),
            CommandEntry("records", "records.records", "List, show, verify and archive the records of runs"),
            CommandEntry(
                "handover",
                "handover.handover",
                "Write the files with which Terraform or OpenTofu takes over the organization",
            ),
        ),
    ),
    (
        "Tools",
        (
            CommandEntry("sandbox", "sandbox.sandbox", "An embedded AWS on this machine: start it, use it, stop it"),
            CommandEntry("keys", "keys.keys", "Keys that sign approvals and the chain of records"),
            CommandEntry(
                "ci", "ci.ci", "Check what a workflow of GitHub was given, and take plans and records from earlier runs"
            ),
        ),
    ),
)


class SuggestingGroup(click.Group):
    """Names the command that a mistyped one resembles."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a usage error that suggests one when there is none of that name."""
        try:
            return super().resolve_command(context, args)
        except click.UsageError as error:
            similar = get_close_matches(args[0], self.list_commands(context), n=1)
            if not similar:
                raise
            raise click.UsageError(f"{error.message} Did you mean {similar[0]}?", context) from None


class CommandGroup(SuggestingGroup):
    """Lists its commands with the whole first sentence of each, where click would cut it."""

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands."""
        write_commands(formatter, "Commands", [(name, first_sentence(item)) for name, item in self.commands.items()])


class OrgkitGroup(SuggestingGroup):
    """The commands of `orgkit`, in the order of work; help lists them without importing one."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return their names."""
        return [entry.name for _, entries in SECTIONS for entry in entries]

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import a command; None when there is none of that name."""
        entries = {entry.name: entry for _, entries in SECTIONS for entry in entries}
        return entries[name].load() if name in entries else None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        width = max(len(entry.name) for _, entries in SECTIONS for entry in entries)
        for title, entries in SECTIONS:
            write_commands(formatter, title, [(entry.name.ljust(width), entry.summary) for entry in entries])


def write_commands(formatter: click.HelpFormatter, title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Write a section of the help: names and sentences."""
    with formatter.section(title):
        formatter.write_dl(list(rows))


def first_sentence(command: click.Command) -> str:
    """What a command does, as the first sentence of its help says it."""
    text = " ".join((command.help or "").split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".")


def add_common_options(commands: Sequence[click.Command]) -> None:
    """Give every command, and those below it, the options that all of them have."""
    for command in commands:
        if isinstance(command, click.Group):
            add_common_options(list(command.commands.values()))
        elif not any(parameter.name == "no_color" for parameter in command.params):
            command.params.append(_no_color_option())


def _no_color_option() -> click.Option:
    text = "Print without colors, as with NO_COLOR."
    return click.Option(["--no-color"], is_flag=True, expose_value=False, callback=_use_no_color, help=text)


def _use_no_color(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        os.environ["NO_COLOR"] = "1"
    if os.environ.get("NO_COLOR"):
        context.find_root().color = context.color = False
