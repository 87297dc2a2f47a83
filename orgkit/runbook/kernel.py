"""What a kernel for a person does beside a plain one: whatever goes wrong is told in three lines, with a link."""

import os
import re
from html import escape
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import Any

from orgkit.errors import CellOutOfOrder, Stop, Unexpected
from orgkit.runbook.guided import README, link
from orgkit.runbook.tables import flat

MADE_BY_CELLS = re.compile(r"name '(\w+)' is not defined")


def load_ipython_extension(shell: Any) -> None:
    """IPython calls this when the kernel starts, before the first cell."""
    shell.set_custom_exc((Exception,), tell)


def tell(shell: Any, kind: type[Exception], error: Exception, trace: TracebackType | None, **_: Any) -> list[str]:
    """Show the three lines, where the README helps, and, folded away, what a report of a fault needs."""
    from IPython.display import display

    stop = as_stop(error)
    display({"text/plain": f"Help: README, {stop.heading}", "text/html": _help(stop)}, raw=True)
    if isinstance(stop, Unexpected):
        whole = "".join(format_exception(kind, error, trace))
        folded = f"<details><summary>For a report of this fault</summary><pre>{escape(whole)}</pre></details>"
        display({"text/plain": "", "text/html": folded}, raw=True)
    lines = str(stop).splitlines()
    shell._showtraceback(type(stop), stop, lines)
    return lines


def as_stop(error: Exception) -> Stop:
    """orgkit's own ends as they are; a name that only an earlier cell makes; and whatever nobody thought of."""
    if isinstance(error, Stop):
        return error
    missing = MADE_BY_CELLS.search(str(error)) if isinstance(error, NameError) else None
    if missing:
        return CellOutOfOrder(
            f"`{missing[1]}` is not there: the kernel was restarted, or a cell above was not run or has stopped.",
            "Run > Run All Above Selected Cell, then this cell again. Nothing is applied without an approval.",
        )
    return Unexpected(f"{type(error).__name__}: {flat(error)}", "run the runbook again; if it stays, report it.")


def _help(stop: Stop) -> str:
    readme = os.environ.get(README)
    said = f"README: {stop.heading}"
    if not readme:
        return f"<p>Help: {escape(said)}</p>"
    place = link(Path(readme), Path.cwd(), stop.heading.replace(" ", "-"))
    return f'<p>Help: <a href="{escape(place)}">{escape(said)}</a></p>'
