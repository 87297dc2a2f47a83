"""Whether an executed notebook is the one of a run: its runbook, run folder and plan; read before sealing."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from orgkit.errors import NotSealed
from orgkit.journal.events import read_events
from orgkit.model.plan import digest_of
from orgkit.phases.registry import phase_of
from orgkit.records.files import RUN_FOLDER, label_of, sha256_of
from orgkit.records.iri_parser import postpone_iri_parser
from orgkit.sanitize.terminal import short_path

NBFORMAT = 4
BEGIN = re.compile(r"""\bstages\.begin\(\s*["']([a-z_]+)["']""")
DIGEST = re.compile(r"\bdigest(?: is|:)? ([0-9a-f]{64})\b")
HASH = re.compile(r"[0-9a-f]{64}")
REMEDY = "name the notebook that this run has executed, or leave --notebook out to seal the one in its folder."


def read_executed(file: Path, run_folder: Path) -> dict[str, Any]:
    """Return the notebook in a file, which has to show that it was executed in this run folder.

    Raises:
        NotSealed: It cannot be read as a notebook, shows no run, or shows another runbook, run or plan.
    """
    name = short_path(file, 120)
    try:
        notebook = _read(file)
    except (OSError, ValueError, RecursionError) as error:
        raise NotSealed(f"{name} cannot be read as a notebook of nbformat {NBFORMAT}: {error}", REMEDY) from None
    if run_folder.name not in (_run_parameter(notebook), *_displayed_runs(notebook)):
        other = ", ".join(_displayed_runs(notebook)) or _run_parameter(notebook) or "no run at all"
        raise NotSealed(f"{name} is not of the run {run_folder.name}: it shows {other}.", REMEDY)
    _refuse_first((*_other_run(notebook, run_folder), *_other_plan(notebook, run_folder)), run_folder, name)
    return notebook


def check_is_of(notebook: Mapping[str, Any], run_folder: Path, name: str) -> None:
    """Refuse a notebook that shows another runbook or run than this run folder has.

    Raises:
        NotSealed: It does.
    """
    _refuse_first(_other_run(notebook, run_folder), run_folder, name)


def _refuse_first(contradictions: Iterable[str], run_folder: Path, name: str) -> None:
    for contradiction in contradictions:
        raise NotSealed(f"{name} is not of the run {run_folder.name}: {contradiction}.", REMEDY)


def _read(file: Path) -> dict[str, Any]:
    """ValueError for what is not UTF-8, JSON that was cut short, another nbformat, and what the schema refuses."""
    notebook = json.loads(file.read_bytes().decode("utf-8"))
    if not isinstance(notebook, dict) or notebook.get("nbformat") != NBFORMAT:
        version = notebook.get("nbformat") if isinstance(notebook, dict) else None
        raise ValueError(f"it says nbformat {version!r}.")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError("its cells are not a list of objects.")
    postpone_iri_parser()
    import nbformat  # late: imports that no notebook kernel should pay for

    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise ValueError(error.message) from None
    return notebook


def _other_run(notebook: Mapping[str, Any], run_folder: Path) -> Iterator[str]:
    labels = {label for source in map(_source, _code_cells(notebook)) for label in _labels(source)}
    if labels and RUN_FOLDER.fullmatch(run_folder.name) and label_of(run_folder) not in labels:
        yield f"it is the runbook {', '.join(sorted(labels))}"
    runs = {name for name in (_run_parameter(notebook), *_displayed_runs(notebook)) if name}
    if runs - {run_folder.name}:
        yield f"it was executed in {', '.join(sorted(runs - {run_folder.name}))}"


def _other_plan(notebook: Mapping[str, Any], run_folder: Path) -> Iterator[str]:
    digests, known = set(_digests(notebook)), _hashes_of(run_folder, "plan", "approval", "apply")
    plans = [run_folder / name for name in ("plan.json", "remainder.json")]
    reviews = [run_folder / name for name in ("review.json", "remainder-review.json")]
    known |= {sha256_of(plan) for plan in plans if plan.is_file()}
    known |= {
        digest_of(plan.read_bytes(), review.read_bytes())
        for plan, review in zip(plans, reviews, strict=True)
        if plan.is_file() and review.is_file()
    }
    if digests and not digests & known:
        yield f"it shows the plan {min(digests)[:12]}, which this run has not made"
    approved, approvals = str(_parameters(notebook).get("approved_plan", "")), _hashes_of(run_folder, "approval")
    if HASH.fullmatch(approved) and approvals and approved not in approvals:
        yield f"it was given an approval of {approved[:12]}, which this run has not had"


def _labels(source: str) -> Iterator[str]:
    for match in BEGIN.finditer(source):
        try:
            yield phase_of(match[1]).run_label
        except KeyError:
            yield match[1]


def _run_parameter(notebook: Mapping[str, Any]) -> str:
    """The name of the folder that was given as parameter; "" where the run made one for itself."""
    return PurePath(str(_parameters(notebook).get("run_folder", "")).replace("\\", "/")).name


def _displayed_runs(notebook: Mapping[str, Any]) -> list[str]:
    """The runs that the cell which begins a run shows."""
    cells = (cell for cell in _code_cells(notebook) if BEGIN.search(_source(cell)))
    text = "\n".join(text for cell in cells for text in _texts(cell))
    return sorted({match[0] for match in RUN_FOLDER.finditer(text)})


def _digests(notebook: Mapping[str, Any]) -> Iterator[str]:
    for cell in _code_cells(notebook):
        for text in _texts(cell):
            yield from DIGEST.findall(text)


def _hashes_of(run_folder: Path, *names: str) -> set[str]:
    """Every hash that events of these names have in the journal of the run: of plans, of approvals."""
    events = (event for event in read_events(run_folder / "events.jsonl") if event.get("event") in names)
    return {value for event in events for value in event.values() if isinstance(value, str) and HASH.fullmatch(value)}


def _parameters(notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = _object(_object(notebook, "metadata"), "papermill").get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def _object(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def _code_cells(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [cell for cell in notebook.get("cells", ()) if cell.get("cell_type") == "code"]


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(cell.get("source", ""))


def _texts(cell: Mapping[str, Any]) -> Iterator[str]:
    """What a cell has printed or shown as plain text."""
    for output in cell.get("outputs", ()):
        yield "".join(output.get("text", ""))
        yield "".join(_object(output, "data").get("text/plain", ""))
        yield str(output.get("evalue", ""))
