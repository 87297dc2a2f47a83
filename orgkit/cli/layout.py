"""How a command lays out what it prints: titles, sentences and tables as wide as the terminal, and colors in it."""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orgkit.runbook.views.tables import as_text, numeric_columns
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from rich.console import JustifyMethod

COLUMNS = 80  # of an output that is no terminal
MIN_COLUMNS, MAX_COLUMNS = 40, 100  # of a terminal: longer lines are hard to read
NARROW_COLUMNS = 60  # of a terminal in which each row of a wide table takes several lines
MIN_LAST_CELL = 12  # characters of the last cell of a row, before it is broken
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
_REASON = re.compile(r"^    because .*(?:\n    \S.*)*", re.MULTILINE)  # of a step in a plan; a quieter color
_DASHES = re.compile(r"-+(?:  -+)*")  # below the head of a table


def columns() -> int:
    """Those that a line may have: the terminal's, within limits; 80 where the output is none."""
    if not sys.stdout.isatty():
        return COLUMNS
    return max(MIN_COLUMNS, min(shutil.get_terminal_size((COLUMNS, 24)).columns, MAX_COLUMNS))


def has_color() -> bool:
    """Whether a terminal may be given colors: not where NO_COLOR is set, as by --no-color."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_colored(text: str) -> None:
    """Text whose first words have their color, and reasons a quieter one; nothing else is added to it or broken."""
    if sys.stdout.isatty() and has_color():
        text = _REASON.sub(lambda match: click.style(match[0], dim=True), text)
        text = _COLORED.sub(lambda match: match[1] + click.style(match[2], fg=COLORS[match[2]]), text)
    click.echo(text)


def print_wrapped(text: str) -> None:
    """A sentence, indented and wrapped; a digest or a path stays whole."""
    click.echo(wrap(text))


def print_line(text: str) -> None:
    """What is there to be copied, such as a command or a digest: one line, however long."""
    click.echo(f"  {flat(text)}")


def print_path(path: Path) -> None:
    """A path on a line of its own, from where we stand when that is shorter to read."""
    print_line(str(relative_path(path)))


def relative_path(path: Path) -> Path:
    """A path from where we stand, if it lies below."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table; where a terminal is too narrow for it, its rows are laid out on several lines."""
    lines = [[flat(cell) for cell in row] for row in rows]
    text = as_text(headers, lines)
    if not sys.stdout.isatty() or max(map(len, text.splitlines())) <= columns():
        print_colored(text)
    elif columns() < NARROW_COLUMNS and not _fits_with_one_blank(headers, lines):
        _print_stacked(headers, lines)
    else:
        _print_folded(headers, lines)


def _fits_with_one_blank(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the whole table fits where one blank stands between two columns."""
    return sum(_widths([headers, *rows])) + len(headers) - 1 <= columns()


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _print_stacked(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The first cell of each row on a line of its own, and the others below it."""
    widths = _widths([row[1:-1] for row in (headers, *rows)])
    width = columns() - 3 - sum(widths) - 2 * len(widths)  # of the last cell
    if width < max(min(len(row[-1]), MIN_LAST_CELL) for row in rows):
        for first, *cells in rows:
            pairs = zip(headers[1:], cells, strict=True)
            click.echo(f"{first}\n{wrap(', '.join(f'{name} {cell}' for name, cell in pairs if cell), '  ', '    ')}")
        return
    groups = [_fold_last(row[1:], width) for row in rows]
    head, _, *lines = as_text(headers[1:], [line for group in groups for line in group]).splitlines()
    click.secho(f"{headers[0]}\n  {head}", bold=has_color())
    for row, group in zip(rows, groups, strict=True):
        click.echo("\n  ".join([row[0], *lines[: len(group)]]).rstrip())
        del lines[: len(group)]


def _fold_last(cells: Sequence[str], width: int) -> list[list[str]]:
    """The cells, with what does not fit into the last one on lines of their own."""
    first, *continuations = textwrap.wrap(cells[-1], width, break_on_hyphens=False) or [""]
    return [[*cells[:-1], first], *([*[""] * (len(cells) - 1), line] for line in continuations)]


def _print_folded(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """What does not fit into a cell goes on below in its own column."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    numeric = numeric_columns(len(headers), rows)
    for place, header in enumerate(headers):
        justify: JustifyMethod = "right" if place in numeric else "left"
        table.add_column(Text(flat(header), style="bold"), justify=justify, overflow="fold", no_wrap=place in numeric)
    for cells in rows:
        table.add_row(*(Text(cell, style=COLORS.get(cell, "")) for cell in cells))
    Console(file=sys.stdout, width=columns(), no_color=not has_color(), highlight=False).print(table)


def print_text_table(text: str) -> None:
    """Text with tables and lists, as a notebook shows it: laid out anew, as wide as the terminal."""
    blocks = list(_blocks(text.splitlines()))
    for block, following in zip(blocks, [*blocks[1:], [""]], strict=True):
        if len(block) > 1 and _DASHES.fullmatch(block[1]):
            places = [match.start() for match in re.finditer("-+", block[1])]
            print_table(_cells(block[0], places), [_cells(row, places) for row in block[2:]])
            click.echo("\n" if following[0] else "", nl=False)
        elif block[0].startswith("  - "):
            click.echo(wrap(" ".join(map(str.strip, block)), "  ", "    "))
        else:
            click.echo(wrap(block[0], indent=""))


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """The lines of each table, those of each item of a list, and each other line."""
    block: list[str] = []
    for place, line in enumerate(lines):
        begins_table = place + 1 < len(lines) and bool(_DASHES.fullmatch(lines[place + 1]))
        is_table = len(block) > 1 and bool(_DASHES.fullmatch(block[1]))
        goes_on = _DASHES.fullmatch(line) or (is_table and "  " in line.strip())
        goes_on = goes_on or (bool(block) and block[0].startswith("  - ") and line.startswith("    "))
        if block and (begins_table or not goes_on):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _cells(line: str, places: Sequence[int]) -> list[str]:
    """The cells of a row of a text table whose columns begin at these places."""
    return [line[begin:end].strip() for begin, end in zip(places, [*places[1:], None], strict=True)]


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
    return textwrap.fill(
        QUOTED_COMMAND.sub(lambda match: match[0].replace(" ", NO_BREAK), text), columns() - 1,
        initial_indent=indent, subsequent_indent=hanging_indent,
        break_long_words=False, break_on_hyphens=False,
    ).replace(NO_BREAK, " ")  # fmt: skip


def title(text: str) -> None:
    """A heading of what follows, wrapped like a sentence."""
    click.echo()
    click.secho(_fill(text, "", "  "), bold=True)
