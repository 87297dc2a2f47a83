"""What a kernel for a person adds to a plain one: errors in three lines with a link, and no error while one decides."""

import os
import re
from html import escape
from pathlib import Path
from threading import Event
from traceback import format_exception
from types import TracebackType
from typing import Any

from orgkit.aws import credentials_in_use
from orgkit.aws.garbage_collection import collect_less_often
from orgkit.errors import (
    AnotherRun,
    AwaitingApproval,
    CellOutOfOrder,
    Interrupted,
    NotYet,
    OperatingSystemError,
    OrgkitError,
    StepFailed,
    Unexpected,
)
from orgkit.runbook.interactive.session import README, link
from orgkit.runbook.views.tables import flat

UNDEFINED_NAME = re.compile(r"name '(\w+)' is not defined")

SAME_APPROVAL = (StepFailed, NotYet, AnotherRun, Interrupted, OperatingSystemError)  # after these, it may go on
# The kernel drops what is in its queue when a cell has failed: what Run All sent has to be there by then. A cell that
# fails within milliseconds would be faster than Jupyter Server, which passes the requests on one by one.
ARRIVAL_SECONDS = 1.5
OUTPUTS = ("stream", "display_data", "update_display_data", "execute_result", "error", "execute_reply")


def load_ipython_extension(shell: Any) -> None:
    """IPython calls this when the kernel starts, before the first cell."""
    collect_less_often()
    shell.set_custom_exc((Exception,), report_error)


def report_error(
    shell: Any, kind: type[Exception], error: Exception, trace: TracebackType | None, **_: Any
) -> list[str]:
    """Show the three lines, where the README helps, and, folded away, what a report of a fault needs."""
    from IPython.display import display

    stop = as_orgkit_error(error)
    if isinstance(stop, AwaitingApproval):
        return _show_pause(shell, stop)
    display({"text/plain": f"Help: README, {stop.heading}", "text/html": _help(stop)}, raw=True)
    if isinstance(stop, Unexpected):
        whole = "".join(format_exception(kind, error, trace))
        details = f"<details><summary>For a report of this fault</summary><pre>{escape(whole)}</pre></details>"
        display({"text/plain": "", "text/html": details}, raw=True)
    lines = str(stop).splitlines()
    shell._showtraceback(type(stop), stop, lines)
    return lines


def _show_pause(shell: Any, pause: AwaitingApproval) -> list[str]:
    """Show that a person has to decide: the cell has failed, so that no cell below it runs, and looks as if it had not.

    The kernel's reply takes its status from the exception and its lines from `_last_traceback`. JupyterLab drops the
    queued cells by that status, and draws an error from the message that `_showtraceback` would send.
    """
    from IPython.display import display

    lines = [pause.summary, f"Why: {pause.reason}", f"Next: {pause.remedy}"]
    html = "".join(f"<p>{escape(line)}</p>" for line in lines[1:])
    callout = f'<div class="orgkit-callout orgkit-pause"><p><b>{escape(lines[0])}</b></p>{html}</div>'
    display({"text/plain": "\n".join(lines), "text/html": callout}, raw=True)
    shell._last_traceback = lines
    Event().wait(ARRIVAL_SECONDS)
    return lines


def as_orgkit_error(error: Exception) -> OrgkitError:
    """orgkit's own ends as they are; a name that only an earlier cell makes; and whatever nobody thought of."""
    if isinstance(error, OrgkitError):
        return error
    missing = UNDEFINED_NAME.search(str(error)) if isinstance(error, NameError) else None
    if missing:
        return CellOutOfOrder(
            f"`{missing[1]}` is not there: the kernel was restarted, or a cell above was not run or has stopped.",
            "Run > Run All Above Selected Cell, then this cell again. Nothing is applied without an approval.",
        )
    return Unexpected(f"{type(error).__name__}: {flat(error)}", "run the runbook again; if it stays, report it.")


def _help(stop: OrgkitError) -> str:
    readme = os.environ.get(README)
    hint = f"README: {stop.heading}"
    kind = "orgkit-apply-again" if isinstance(stop, SAME_APPROVAL) else "orgkit-plan-again"
    if not readme:
        return f'<p class="{kind}">Help: {escape(hint)}</p>'
    place = link(Path(readme), Path.cwd(), stop.heading.replace(" ", "-"))
    return f'<p class="{kind}">Help: <a href="{escape(place)}">{escape(hint)}</a></p>'


def hide_credentials(shell: Any) -> None:
    """Everything that a cell prints, shows or raises goes through one session; nothing happens without a kernel.

    A credential that is printed piece by piece, or that another library fetched for itself, is not noticed here:
    what looks like a secret is taken out when the record is sealed.
    """
    session = getattr(getattr(shell, "kernel", None), "session", None)
    if session is None or hasattr(session, "hides_credentials"):
        return
    send = session.send

    def send_hidden(stream: Any, message: Any, content: Any = None, *args: Any, **kwargs: Any) -> Any:
        kind = message if isinstance(message, str) else message.get("msg_type")
        if kind in OUTPUTS and isinstance(message, str):
            content = credentials_in_use.hidden(content)
        elif kind in OUTPUTS:
            message = {**message, "content": credentials_in_use.hidden(message["content"])}
        return send(stream, message, content, *args, **kwargs)

    session.send, session.hides_credentials = send_hidden, True
