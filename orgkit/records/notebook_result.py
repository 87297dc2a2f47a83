"""What an executed notebook shows of its run: cells that failed, never ran or never came back, and what stopped it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orgkit import errors
from orgkit.dataclass import dataclass

Notebook = Mapping[str, Any]


@dataclass(frozen=True)
class NotebookStop:
    """What ended a notebook: the three lines of an orgkit error, or any other exception."""

    exit_code: int
    summary: str
    reason: str
    remedy: str


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


def stopped_by(notebook: Notebook | None) -> NotebookStop | None:
    """The exception that a cell shows, if any: the last source for the outcome of a run."""
    cells = _code_cells(notebook) if notebook else ()
    error_outputs = [output for cell in cells for output in cell.get("outputs", ()) if output["output_type"] == "error"]
    return (
        read_stop(str(error_outputs[-1].get("ename", "")), str(error_outputs[-1].get("evalue", "")))
        if error_outputs
        else None
    )


def approved_plan_of(notebook: Notebook | None) -> str:
    """The digest that the notebook was given for an approval; "" without one, or when it is not a valid digest."""
    parameters = (notebook or {}).get("metadata", {}).get("papermill", {}).get("parameters", {})
    digest = str(parameters.get("approved_plan", ""))
    return digest if re.fullmatch(r"[0-9a-f]{64}", digest) else ""


def shown_values(notebook: Notebook | None, variables: Sequence[str]) -> list[str]:
    """The text that an executed notebook shows of these variables: of each cell whose last line is one of them."""
    cells = _code_cells(notebook) if notebook else ()
    outputs = [
        output
        for cell in cells
        if "".join(cell.get("source", "")).strip().splitlines()[-1] in variables
        for output in cell.get("outputs", ())
    ]
    return ["".join(output["data"]["text/plain"]) for output in outputs if "text/plain" in output.get("data", {})]


def head_row(notebook: Notebook | None, row: str) -> str:
    """What the table at the head of a runbook says in one of its rows, such as "Roll back"."""
    cells = (notebook or {}).get("cells", ())
    text = "\n".join("".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "markdown")
    match = re.search(rf"^\| \*\*{re.escape(row)}\*\* \| (.*) \|$", text, re.M)
    return match[1] if match else ""


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


def read_stop(name: str, text: str) -> NotebookStop:
    """The exception of an error output: orgkit's own are known by name and carry what, why and what to do."""
    kind = errors.OLD_NAMES.get(name) or getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.OrgkitError):
        reason, _, remedy = text.removeprefix(kind.summary).strip().removeprefix("why:").partition("\n  do:")
        return NotebookStop(kind.exit_code, kind.summary, reason.strip(), remedy.strip())
    if name in ("KeyboardInterrupt", "SystemExit"):
        return NotebookStop(
            errors.EXIT_INTERRUPTED, errors.Interrupted.summary, f"{name} {text}".strip(), "run it again."
        )
    return NotebookStop(
        errors.EXIT_REFUSED, f"{name}: {text}", "this is a fault of orgkit or of the notebook.", "report it."
    )
