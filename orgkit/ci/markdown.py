"""Text of others in GitHub's Markdown, where nothing of it is markup: no link, no picture, no tag, no table cell."""

import re
from collections.abc import Iterable, Sequence

from orgkit.sanitize.terminal import flat, mask_emails, short

MAX_CELL_LENGTH = 400  # characters of a cell
MAX_ROWS = 300  # rows or lines; the artifact has them all
ESCAPED_CHARACTERS = re.compile(r"[^\w ,/()\u0080-\U0010ffff]|_", re.ASCII)  # whatever Markdown or HTML might act upon


def escaped(text: object) -> str:
    """One line: letters, digits and blanks stay, every sign is written as its number; emails are masked."""
    return ESCAPED_CHARACTERS.sub(lambda match: f"&#{ord(match[0])};", short(mask_emails(flat(text)), MAX_CELL_LENGTH))


def code(text: object) -> str:
    """The same to be copied; inside it GitHub mentions nobody."""
    return f"<code>{escaped(text)}</code>"


def fenced(text: str) -> str:
    """Lines as they are, between fences longer than any in them."""
    lines = [flat(line) for line in mask_emails(text).split("\n")]
    lines = lines if len(lines) <= MAX_ROWS else [*lines[:MAX_ROWS], f"… and {len(lines) - MAX_ROWS} more lines"]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return "\n".join([f"{fence}text", *lines, fence])


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of escaped cells, with one below it when there is no room for all rows."""
    lines = [headers, ["---"] * len(headers), *([escaped(cell) for cell in row] for row in rows[:MAX_ROWS])]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{body}\n\n{_rest_note(len(rows), 'rows')}" if len(rows) > MAX_ROWS else body


def bullets(items: Iterable[object], title: str) -> str:
    """A titled list; empty when there is nothing to list."""
    lines = [f"- {escaped(item)}" for item in items]
    rest = [f"\n{_rest_note(len(lines), 'lines')}"] if len(lines) > MAX_ROWS else []
    return "\n".join([f"{title}:\n", *lines[:MAX_ROWS], *rest]) if lines else ""


def _rest_note(count: int, noun: str) -> str:
    return f"… and {count - MAX_ROWS} more {noun}: the artifact has them all."
