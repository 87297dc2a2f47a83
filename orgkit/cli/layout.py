"""How a command lays out what it prints: titles, sentences and tables as wide as the terminal, and colors in it."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from textwrap import fill

import click

from orgkit.runbook.views.tables import as_text
from orgkit.sanitize.terminal import flat

COLUMNS = 80  # of an output that is no terminal
MIN_COLUMNS, MAX_COLUMNS = 40, 100  # of a terminal: longer lines are hard to read
# A word at the start of a line, and its color; the word says the same without it.
COLORS = {
    "+": "green", "~": "yellow", "ok": "green", "warning": "yellow", "problem": "red",
    "done": "green", "found done": "green", "failed": "red", "left": "yellow",
    "✓ done": "green", "▶ ready": "cyan", "… waiting for someone": "yellow", "≠ drifted": "red",
}  # fmt: skip
WORDS = sorted(COLORS, key=len, reverse=True)
NO_BREAK = "\u00a0"
QUOTED_COMMAND = re.compile(r"`[^`]+`")
COMMAND = re.compile(r"(?<=: )(?:orgkit|aws|eval) [^;]+")  # as the remedy of an error names what to run next
_COLORED = re.compile(rf"^( *)({'|'.join(map(re.escape, WORDS))})(?=\s|$)", re.MULTILINE)


def columns() -> int:
    """Those that a line may have: the terminal's, within limits; 80 where the output is none."""
    if not sys.stdout.isatty():
        return COLUMNS
    return max(MIN_COLUMNS, min(shutil.get_terminal_size((COLUMNS, 24)).columns, MAX_COLUMNS))


def has_color() -> bool:
    """Whether a terminal may be given colors: not where NO_COLOR is set, as by --no-color."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_colored(text: str) -> None:
    """Text whose first words have their color; nothing else is added to it or broken."""
    if sys.stdout.isatty() and has_color():
        text = _COLORED.sub(lambda match: match[1] + click.style(match[2], fg=COLORS[match[2]]), text)
    click.echo(text)


def print_wrapped(text: str) -> None:
    """A sentence, indented and wrapped; a digest or a path stays whole."""
    click.echo(wrap(text))


def print_line(text: str) -> None:
    """What is there to be copied, such as a command or a digest: one line, however long."""
    click.echo(f"  {flat(text)}")


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table; where a terminal is too narrow for it, what does not fit goes on below in its own column."""
    text = as_text(headers, rows)
    if not sys.stdout.isatty() or max(map(len, text.splitlines())) <= columns():
        print_colored(text)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for header in headers:
        table.add_column(Text(flat(header), style="bold"), overflow="fold")
    for row in rows:
        cells = [flat(cell) for cell in row]
        table.add_row(*(Text(cell, style=COLORS.get(cell, "")) for cell in cells))
    Console(file=sys.stdout, width=columns(), no_color=not has_color(), highlight=False).print(table)


def print_text_table(text: str) -> None:
    """Text with tables in it, as a notebook shows it: sentences are wrapped, the rows of tables are not."""
    for line in text.splitlines():
        click.echo(line if line.startswith("  ") or "  " in line.strip() else wrap(line, indent=""))


def wrap(text: str, indent: str = "  ", hanging_indent: str = "") -> str:
    """Text that is safe to look at; continued lines are indented by two more columns, or by `hanging_indent`."""
    safe_text = NO_BREAK.join(map(flat, text.split(NO_BREAK)))  # a no-break space holds two words of ours together
    return _fill(safe_text, indent, hanging_indent or f"{indent}  ")


def wrap_error(line: str) -> str:
    """A line of an error, its continuation indented; a command that it ends with is not broken, to be copied whole."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    command = COMMAND.search(line)
    if len(line) < columns() or not command:
        return _fill(line, "", indent)
    sentence, remainder = line[: command.start()].rstrip(), line[command.end() :].lstrip("; ")
    lines = [_fill(sentence, "", indent), f"{indent}{command[0]}"]
    return "\n".join([*lines, _fill(remainder, indent, indent)] if remainder else lines)


def _fill(text: str, indent: str, hanging_indent: str) -> str:
    """Lines of words; a digest, a path and a command between backticks stay whole, and can be copied."""
    return fill(
        QUOTED_COMMAND.sub(lambda match: match[0].replace(" ", NO_BREAK), text), columns() - 1,
        initial_indent=indent, subsequent_indent=hanging_indent,
        break_long_words=False, break_on_hyphens=False,
    ).replace(NO_BREAK, " ")  # fmt: skip


def title(text: str) -> None:
    """A heading of what follows."""
    click.echo()
    click.secho(text, bold=True)
