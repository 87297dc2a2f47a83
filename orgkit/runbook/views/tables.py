"""Plain tables: aligned text for a terminal, and an HTML table without style that every reader shows."""

import re
from collections.abc import Sequence
from html import escape
from textwrap import wrap

from orgkit.sanitize.terminal import flat as flat

Row = Sequence[object]
NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?( s| GB|%)?")
ACCOUNT_ID = re.compile(r"\d{12}")  # a name that is written in digits


def as_text(headers: Sequence[str], rows: Sequence[Row], *, width: int = 0) -> str:
    """Columns aligned with spaces, numbers to the right; the last column is cut to `width` when one is given."""
    headers, cells = [flat(header) for header in headers], [[flat(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in [headers, *cells]) for i in range(len(headers))]
    numeric = numeric_columns(len(headers), cells)
    head = [_line(headers, widths, numeric), _line(["-" * w for w in widths], widths)] if any(headers) else []
    lines = [*head, *(_line(row, widths, numeric) for row in cells)]
    return "\n".join(line if not width or len(line) <= width else line[: width - 1] + "…" for line in lines)


def as_html(headers: Sequence[str], rows: Sequence[Row], caption: str = "") -> str:
    """Escaped cells only: names and tags come from AWS, and anybody may have chosen them."""
    cells = [[flat(value) for value in row] for row in rows]
    numeric = numeric_columns(len(headers), cells)
    head = f"<thead>{_row('th', list(map(flat, headers)), numeric)}</thead>" if any(headers) else ""
    body = "".join(_row("td", row, numeric) for row in cells)
    title = f"<caption>{escape(flat(caption))}</caption>" if caption else ""
    return f"<table>{title}{head}<tbody>{body}</tbody></table>"


def numeric_columns(count: int, rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """The columns that hold numbers and nothing else: they are aligned to the right."""
    values = {place: [row[place] for row in rows if row[place]] for place in range(count)}
    return frozenset(place for place, column in values.items() if column and all(map(_is_number, column)))


def _is_number(text: str) -> bool:
    return bool(NUMBER.fullmatch(text)) and not ACCOUNT_ID.fullmatch(text)


def _row(tag: str, cells: Sequence[str], numeric: frozenset[int]) -> str:
    names = ("", ' class="number"')
    columns = (f"<{tag}{names[place in numeric]}>{escape(cell)}</{tag}>" for place, cell in enumerate(cells))
    return f"<tr>{''.join(columns)}</tr>"


def as_status(text: str) -> str:
    """A line of a form that is read aloud when it changes."""
    return f'<p role="status" aria-live="polite">{escape(flat(text))}</p>'


def as_list(items: Sequence[str], title: str) -> str:
    """A titled HTML list; empty when there is nothing to list."""
    if not items:
        return ""
    return (
        f"<p><b>{escape(flat(title))}</b></p><ul>"
        + "".join(f"<li>{escape(flat(item))}</li>" for item in items)
        + "</ul>"
    )


def as_text_list(items: Sequence[str], title: str, *, width: int = 79) -> str:
    """The same as text."""
    lines = [line for item in items for line in _bullet(flat(item), width)]
    return f"\n{flat(title)}:\n" + "\n".join(lines) if items else ""


def _bullet(item: str, width: int) -> list[str]:
    """Wrapped for a terminal; a digest, an id or a path is not broken."""
    return _wrap(item, width, "  - ", "    ")


def _wrap(text: str, width: int, indent: str, next_indent: str) -> list[str]:
    """Lines of a text; a name, an email or a path is broken neither at its hyphens nor anywhere else."""
    return wrap(
        flat(text), width, initial_indent=indent, subsequent_indent=next_indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def as_items(items: Sequence[tuple[str, str, str]], *, width: int = 79) -> str:
    """Long sentences as a terminal can show them: a mark, the sentence wrapped next to it, and a note below it."""
    lines: list[str] = []
    for mark, sentence, remark in items:
        indent = " " * (len(mark) + 1)
        lines += _wrap(sentence, width, f"{mark} ", indent)
        lines += _wrap(remark, width, f"{indent}  ", f"{indent}  ")
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: frozenset[int] = frozenset()) -> str:
    columns = enumerate(zip(cells, widths, strict=True))
    return "  ".join(
        cell.rjust(width) if at in numeric else cell.ljust(width) for at, (cell, width) in columns
    ).rstrip()
