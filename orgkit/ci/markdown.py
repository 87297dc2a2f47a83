"""Text of others in GitHub's Markdown, where nothing of it is markup: no link, no picture, no tag, no table cell."""

import re
from collections.abc import Iterable, Sequence

from orgkit.printable import flat, mask_emails, short

LONGEST = 400  # characters of a cell
MANY = 300  # rows or lines; the artifact has them all
PLAIN = re.compile(r"[^\w ,/()\u0080-\U0010ffff]|_", re.ASCII)  # whatever Markdown or HTML might act upon


def escaped(text: object) -> str:
    """One line: letters, digits and blanks stay, every sign is written as its number; e-mails are masked."""
    return PLAIN.sub(lambda found: f"&#{ord(found[0])};", short(mask_emails(flat(text)), LONGEST))


def code(text: object) -> str:
    """The same to be copied; inside it GitHub mentions nobody."""
    return f"<code>{escaped(text)}</code>"


def fenced(text: str) -> str:
    """Lines as they are, between fences longer than any in them."""
    lines = [flat(line) for line in mask_emails(text).split("\n")]
    lines = lines if len(lines) <= MANY else [*lines[:MANY], f"… and {len(lines) - MANY} more lines"]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return "\n".join([f"{fence}text", *lines, fence])


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of escaped cells, with one below it when there is no room for all rows."""
    lines = [headers, ["---"] * len(headers), *([escaped(cell) for cell in row] for row in rows[:MANY])]
    told = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{told}\n\n{_more(len(rows), 'rows')}" if len(rows) > MANY else told


def bullets(items: Iterable[object], title: str) -> str:
    """A titled list; empty when there is nothing to list."""
    lines = [f"- {escaped(item)}" for item in items]
    more = [f"\n{_more(len(lines), 'lines')}"] if len(lines) > MANY else []
    return "\n".join([f"{title}:\n", *lines[:MANY], *more]) if lines else ""


def _more(count: int, what: str) -> str:
    return f"… and {count - MANY} more {what}: the artifact has them all."
