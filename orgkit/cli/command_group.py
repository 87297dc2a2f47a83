"""The command `orgkit` itself: its commands in the order of work, and help that fits a terminal of 80 columns."""

import os
from collections.abc import Sequence

import click

# Titles and the commands below them, as `orgkit --help` lists them.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Prepare", ("init", "check", "estimate", "rehearse", "permissions", "doctor")),
    ("Bootstrap", ("apply", "status", "lab")),
    ("Phase by phase, in CI, and with two people", ("plan", "approve", "run", "open")),
    ("Afterwards", ("costs", "prices", "records")),
    ("Tools", ("sandbox", "keys", "ci")),
)


class CommandGroup(click.Group):
    """Lists its commands with the whole first sentence of each, where click would cut it."""

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Titles and the commands below them."""
        return (("Commands", tuple(self.commands)),)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        width = max(map(len, self.commands))
        for title, names in self.sections:
            rows = [(name.ljust(width), first_sentence(self.commands[name])) for name in names if name in self.commands]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class OrgkitGroup(CommandGroup):
    """Lists the commands of `orgkit` in the order of work."""

    @property
    def sections(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Titles and the commands below them."""
        return SECTIONS


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
