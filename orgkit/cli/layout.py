"""How a command lays out what it prints: titles, and sentences at 80 columns."""

from textwrap import fill

import click

from orgkit.sanitize.terminal import flat

COLUMNS = 80


def print_wrapped(text: str) -> None:
    """A sentence, indented and wrapped; a digest or a path stays whole."""
    click.echo(wrap(flat(text)))


def wrap(text: str, indent: str = "  ", hanging_indent: str = "") -> str:
    """The same as text; continued lines are indented by two more columns, or as they are told."""
    return fill(
        text, COLUMNS - 1,
        initial_indent=indent, subsequent_indent=hanging_indent or f"{indent}  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def title(text: str) -> None:
    """A heading of what follows."""
    click.echo()
    click.secho(text, bold=True)
