"""What an executed notebook shows of its run: cells that failed, never ran or never came back, and what stopped it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit import errors

Notebook = Mapping[str, Any]


@dataclass(frozen=True)
class Stopped:
    """What ended a notebook: the three lines of an orgkit error, or any other exception."""

    exit_code: int
    summary: str
    why: str
    do: str


def faults(notebook: Notebook | None) -> Iterator[str]:
    """Everything in a notebook that a run which succeeded cannot show."""
    if notebook is None:
        yield "there is no executed notebook."
        return
    papermill = notebook.get("metadata", {}).get("papermill", {})
    if papermill.get("start_time") and not papermill.get("end_time"):
        yield "papermill did not come to its end."
    for number, cell in enumerate(_code_cells(notebook), 1):
        yield from (f"code cell {number} {fault}." for fault in _faults_of(cell))


def stopped_by(notebook: Notebook | None) -> Stopped | None:
    """The exception that a cell shows, if any; a run of which nothing else is known is told by it."""
    cells = _code_cells(notebook) if notebook else ()
    shown = [output for cell in cells for output in cell.get("outputs", ()) if output["output_type"] == "error"]
    return _read(str(shown[-1].get("ename", "")), str(shown[-1].get("evalue", ""))) if shown else None


def approved_plan_of(notebook: Notebook | None) -> str:
    """The digest that the notebook was given for an approval; "" without one, or for what is no digest."""
    given = (notebook or {}).get("metadata", {}).get("papermill", {}).get("parameters", {})
    digest = str(given.get("approved_plan", ""))
    return digest if re.fullmatch(r"[0-9a-f]{64}", digest) else ""


def told_in_head(notebook: Notebook | None, row: str) -> str:
    """What the table at the head of a runbook says in one of its rows, such as "Roll back"."""
    cells = (notebook or {}).get("cells", ())
    text = "\n".join("".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "markdown")
    found = re.search(rf"^\| \*\*{re.escape(row)}\*\* \| (.*) \|$", text, re.M)
    return found[1] if found else ""


def _code_cells(notebook: Notebook) -> Iterator[Mapping[str, Any]]:
    for cell in notebook.get("cells", ()):
        if cell.get("cell_type") == "code" and "".join(cell.get("source", "")).strip():
            yield cell


def _faults_of(cell: Mapping[str, Any]) -> Iterator[str]:
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "error":
            yield f"failed with {output.get('ename')}"
    if cell.get("execution_count") is None:
        yield "was not executed"
    # nbclient always notes times, JupyterLab when it is asked to: a note without the reply is a cell that hung or died.
    timing = cell.get("metadata", {}).get("execution")
    if timing is not None and not timing.get("shell.execute_reply"):
        yield "never came back"


def _read(name: str, text: str) -> Stopped:
    """The exception of an error output: orgkit's own are known by name and carry what, why and what to do."""
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.Stop):
        why, _, do = text.removeprefix(kind.summary).strip().removeprefix("why:").partition("\n  do:")
        return Stopped(kind.exit_code, kind.summary, why.strip(), do.strip())
    if name in ("KeyboardInterrupt", "SystemExit"):
        return Stopped(errors.EXIT_INTERRUPTED, errors.Interrupted.summary, f"{name} {text}".strip(), "run it again.")
    return Stopped(
        errors.EXIT_REFUSED, f"{name}: {text}", "this is a fault of orgkit or of the notebook.", "report it."
    )
