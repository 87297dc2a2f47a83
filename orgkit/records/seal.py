"""Sealing: secrets out, the result computed, a page to read, and the hash of every file; once, and never again."""

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from orgkit.aws.credentials_in_use import credential_values
from orgkit.errors import EXIT_FAILED, KeyRefused, OperatingSystemError, RecordExists
from orgkit.journal.events import read_events
from orgkit.journal.file_writes import TEMPORARY_NAME
from orgkit.model.plan import digest_of
from orgkit.records import html
from orgkit.records.chain import Entry, append, entries_of
from orgkit.records.executed_notebook import check_is_of
from orgkit.records.files import (
    ACCOUNT_FOLDER,
    LOCKED,
    RUN_FOLDER,
    as_json,
    label_of,
    read_json,
    sha256_of,
    write_private,
)
from orgkit.records.iri_parser import postpone_iri_parser
from orgkit.records.manifest import MANIFEST, manifest
from orgkit.records.notebook_result import NotebookStop, head_row
from orgkit.records.outputs import project_of
from orgkit.records.redact import ProjectPaths, Redactor, live_values
from orgkit.records.result import OUTCOMES, RunResult, compute
from orgkit.records.run_summary import RecordDocuments
from orgkit.records.seal_options import Sealing
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    from orgkit.signing.keys import Signer

# plan.json, review.json and their remainder are left byte for byte: their hashes are what was approved.
WIDGET = "application/vnd.jupyter.widget-view+json"
DEFAULT_SEALING = Sealing()
NEW_MANIFEST = "manifest.new"
DISK_REMEDY = "Free space on the disk, or make the folder writable, then run"
REDACTED_JSON = ("approval.json",)


def seal(
    run_folder: Path,
    notebook: Path | None = None,
    parameters_file: Path | None = None,
    *,
    interruption: str = "",
    source_sha256: str = "",
    live: Iterable[str] | None = None,
    sealing: Sealing = DEFAULT_SEALING,
) -> RunResult:
    """Make a run's folder its record, and say how the run ended.

    RecordExists when it is one already, NotSealed when the notebook shows that it is of another run.

    `notebook` is the executed one: by default that of the folder, one from elsewhere is copied. `live` are credentials
    to redact everywhere, in addition to those that this process has signed with; by default those of its
    environment. A kernel redacts its own before anything reaches its notebook. `sealing` holds the signer of
    the record's line in the chain, and whether email addresses are masked.
    """
    if (run_folder / MANIFEST).exists():
        raise RecordExists(f"{run_folder} is sealed.", "run the phase again: each run has a folder of its own.")
    secrets = live_values() if live is None else live
    redactor = Redactor((*secrets, *credential_values()), mask_emails=sealing.mask_emails)
    notebook_path = run_folder / f"{label_of(run_folder)}.ipynb"
    executed = read_json(notebook or notebook_path)
    check_is_of(executed, run_folder, (notebook or notebook_path).name)
    project = project_of(parameters_file or run_folder / "parameters.toml")
    paths = ProjectPaths(project, run_folder.absolute(), executed)
    result = _without_secrets(result_of(run_folder, executed, interruption=interruption), redactor, paths)
    source = source_sha256 or _source_of(executed)
    _keep_parameters(run_folder, parameters_file, executed, redactor)
    _redact_files(run_folder, redactor, paths)
    executed = paths.value(executed)
    if executed:
        _keep_notebook(notebook_path, executed, result, redactor)
    elif notebook_path.exists():  # cut short while it was written
        write_private(notebook_path, redactor.text(notebook_path.read_text(encoding="utf-8", errors="replace")))
    write_private(run_folder / "result.json", as_json(result.as_json()))
    content = manifest(
        run_folder, result, project=project, source_sha256=source, redactor=redactor,
        roll_back=head_row(executed, "Roll back"),
    )  # fmt: skip
    _write_once(run_folder / MANIFEST, as_json(content))
    return replace(result, found=(*result.found, *_link(run_folder, sealing)))


def seal_or_report(
    run_folder: Path,
    notebook: Path | None = None,
    parameters_file: Path | None = None,
    *,
    interruption: str = "",
    stop: NotebookStop | None = None,
    **options: Any,
) -> RunResult:
    """Seal a run, and return how it ended also when the disk does not take its record.

    A run without a sealed record is no success. A seal that was cut short is completed by `orgkit records seal`.

    Args:
        run_folder: As for `seal`, like the other arguments.
        notebook: The executed notebook.
        parameters_file: What the run has read.
        interruption: What ended it from outside: a clause; "" when nothing did.
        stop: The error that ended it, as its runner knows it: the disk may have taken neither event nor notebook.
        options: The other arguments of `seal`.
    """
    executed = read_json(notebook or run_folder / f"{label_of(run_folder)}.ipynb")
    result = result_of(run_folder, executed, interruption=interruption, stop=stop)
    try:
        return seal(run_folder, notebook, parameters_file, interruption=interruption, **options)
    except RecordExists:
        return result  # somebody sealed it meanwhile
    except OSError as error:
        return _unsealed(result, OperatingSystemError.from_os_error(error).reason)
    except Exception as error:  # whatever a notebook or a library can do wrong, the run has ended as it has ended
        return _unsealed(result, f"{type(error).__name__}: {error}")


def _unsealed(result: RunResult, reason: str) -> RunResult:
    """Without its record a success is none; any other outcome stands."""
    command = _seal_command(result.record)
    result = replace(result, next_command=result.next_command or command)
    if result.succeeded:
        reasons = ("What was done is done; its record could not be sealed.", flat(reason), f"{DISK_REMEDY}: {command}")
        return replace(result, outcome=OUTCOMES[EXIT_FAILED], exit_code=EXIT_FAILED, reasons=reasons)
    line = f"the record could not be sealed: {flat(reason)} {DISK_REMEDY}: {command}"
    return replace(result, found=(*result.found, line))


def _seal_command(run_folder: Path) -> str:
    return f"orgkit records seal {quote(str(run_folder))}"


def _is_linked(run_folder: Path, sealing: Sealing) -> Iterator[str]:
    """A key that fails now leaves the record in the chain all the same, unsigned, and says so."""
    try:
        link(run_folder, sealing.signer)
    except KeyRefused as rejection:
        link(run_folder)
        yield f"the record is in the chain and is not signed: {rejection.reason}"


def _link(run_folder: Path, sealing: Sealing) -> tuple[str, ...]:
    """What is to be reported of it. The record is sealed, and its outcome stands, whatever the disk does now."""
    try:
        return tuple(_is_linked(run_folder, sealing))
    except OSError as error:
        reason = OperatingSystemError.from_os_error(error).reason
        command = _seal_command(run_folder)
        return (f"the record is sealed and is not in the chain of records: {reason} {DISK_REMEDY}: {command}",)


def link(run_folder: Path, signer: "Signer | None" = None) -> Entry | None:
    """Add a sealed record to its account's chain; nothing is done when it stands there, or lies elsewhere."""
    if not (RUN_FOLDER.fullmatch(run_folder.name) and ACCOUNT_FOLDER.fullmatch(run_folder.parent.name)):
        return None  # a notebook that was executed in a folder of somebody's own
    sealed_at = str(read_json(run_folder / MANIFEST).get("sealed_at", ""))
    return append(run_folder.parent, run_folder.name, sha256_of(run_folder / MANIFEST), sealed_at, signer)


def complete(run_folder: Path, signer: "Signer | None" = None) -> Entry | None:
    """Link a record whose seal was cut short; None when it is not sealed yet, RecordExists when it is whole."""
    if not (run_folder / MANIFEST).exists():
        return None
    if any(entry.run == run_folder.name for entry in entries_of(run_folder.parent)):
        raise RecordExists(f"{run_folder} is sealed.", "run the phase again: each run has a folder of its own.")
    return link(run_folder, signer)


def result_of(
    run_folder: Path, executed: dict[str, Any], *, interruption: str = "", stop: NotebookStop | None = None
) -> RunResult:
    """How the run of this folder ended; a plan other than the approved one is never a success."""
    events = list(read_events(run_folder / "events.jsonl"))
    result = replace(compute(executed or None, events, interruption=interruption, stop=stop), record=run_folder)
    approved = result.approval.get("digest")
    if not approved or not result.succeeded:
        return result
    plan, review = run_folder / "plan.json", run_folder / "review.json"
    whole = plan.exists() and review.exists()
    hashes = {approved, result.digest, digest_of(plan.read_bytes(), review.read_bytes()) if whole else ""}
    if len(hashes) == 1:
        return result
    reason = "plan.json and review.json, the approval and what was applied do not name the same plan."
    return replace(result, outcome=OUTCOMES[EXIT_FAILED], exit_code=EXIT_FAILED, reasons=(reason, *sorted(hashes)))


def _without_secrets(result: RunResult, redactor: Redactor, paths: ProjectPaths) -> RunResult:
    """The one result for every file of the record and for the caller, without secrets."""
    content: dict[str, Any] = {name: redactor.value(paths.value(value)) for name, value in result.as_json().items()}
    content |= {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
    return replace(result, **content)


def _keep_notebook(path: Path, executed: dict[str, Any], result: RunResult, redactor: Redactor) -> None:
    """Write the notebook and its page, both without secrets; a secret may reach over several lines of a cell."""
    postpone_iri_parser()
    from nbformat import v4  # late: imports that no notebook kernel should pay for

    whole = redactor.value(v4.reads(json.dumps(_read_notebook(executed))))
    write_private(path, v4.writes(v4.reads(json.dumps(whole))) + "\n")
    run_folder, documents = path.parent, _documents_of(path.parent, redactor)
    page = html.page(whole, result, label=path.stem, run=run_folder.name, documents=documents)
    write_private(path.with_suffix(".html"), page)


def _documents_of(run_folder: Path, redactor: Redactor) -> RecordDocuments:
    """The plan and its review without secrets: the files themselves are left as they were approved."""
    plan, review = (redactor.value(read_json(run_folder / name)) for name in ("plan.json", "review.json"))
    return RecordDocuments(plan, review, frozenset(item.name for item in run_folder.iterdir() if item.is_file()))


def _read_notebook(executed: dict[str, Any]) -> dict[str, Any]:
    """The notebook without what is for a running kernel or for JupyterLab, and without papermill's red banners."""
    metadata = {key: value for key, value in executed.get("metadata", {}).items() if key != "widgets"}
    cells = [c for c in executed.get("cells", ()) if "papermill-error-cell-tag" not in c["metadata"].get("tags", ())]
    return {**executed, "metadata": metadata, "cells": [_recorded_cell(cell) for cell in cells]}


def _recorded_cell(cell: dict[str, Any]) -> dict[str, Any]:
    """A widget without its kernel is a blank; GitHub refuses the whole notebook for it."""
    metadata = {key: value for key, value in cell["metadata"].items() if key not in LOCKED}
    unlocked, outputs = {**cell, "metadata": metadata}, cell.get("outputs")
    return unlocked if not outputs else {**unlocked, "outputs": [_plain(o) for o in outputs if not _is_widget(o)]}


def _is_widget(output: dict[str, Any]) -> bool:
    """A form; the decision that was made in it is printed next to it."""
    return WIDGET in output.get("data", {})


def _plain(output: dict[str, Any]) -> dict[str, Any]:
    if "data" not in output:
        return output
    data = {
        kind: value for kind, value in output["data"].items() if not kind.startswith("application/vnd.jupyter.widget")
    }
    return {**output, "data": data}


def _keep_parameters(
    run_folder: Path, parameters_file: Path | None, executed: dict[str, Any], redactor: Redactor
) -> None:
    """A copy of the parameters file, unless it is no longer the one that the run has read."""
    path_text = executed.get("metadata", {}).get("papermill", {}).get("parameters", {}).get("parameters_file")
    file = parameters_file or (Path(str(path_text)) if path_text else None)
    if file is None or not file.is_file():
        return
    read = next((e.get("parameters_sha256") for e in read_events(run_folder / "events.jsonl")), None)
    if read in (None, sha256_of(file)):
        write_private(run_folder / "parameters.toml", redactor.text(file.read_text(encoding="utf-8", errors="replace")))


def parameters_read_by(run_folder: Path, project: Path) -> Path | None:
    """The file in a project's parameters/ that a run has read, unless it was changed since."""
    read = next((event.get("parameters_sha256") for event in read_events(run_folder / "events.jsonl")), None)
    files = sorted((project / "parameters").glob("*.toml"))
    return next((file for file in files if sha256_of(file) == read), None)


def _redact_files(run_folder: Path, redactor: Redactor, paths: ProjectPaths) -> None:
    """Redact what the run has written; a checkpoint of JupyterLab is an older copy of the notebook, and goes."""
    shutil.rmtree(run_folder / ".ipynb_checkpoints", ignore_errors=True)
    for path in run_folder.iterdir():
        if path.name == NEW_MANIFEST or TEMPORARY_NAME.fullmatch(path.name):
            path.unlink()  # a kill in the middle of a write has left it
    for path in (run_folder / name for name in REDACTED_JSON):
        if path.exists():
            write_private(path, as_json(redactor.value(read_json(path))))
    events = run_folder / "events.jsonl"
    if not events.exists():
        return
    lines = [
        json.dumps(redactor.value(paths.value(event))) for event in read_events(events)
    ]  # ASCII, as they were written
    write_private(events, "".join(f"{line}\n" for line in lines))


def _source_of(executed: dict[str, Any]) -> str:
    """sha256 of the runbook: noted when it was prepared, else that of the file which papermill was given."""
    metadata = executed.get("metadata", {})
    source_sha256, path = (
        metadata.get("orgkit", {}).get("source_sha256"),
        metadata.get("papermill", {}).get("input_path"),
    )
    return str(source_sha256) if source_sha256 else sha256_of(Path(path)) if path and Path(path).is_file() else ""


def _write_once(path: Path, content: str) -> None:
    """Write the manifest last and in one step, so that a second process that seals finds it there."""
    temporary = path.with_name(NEW_MANIFEST)
    try:
        write_private(temporary, content)
        path.hardlink_to(temporary)
    except FileExistsError:
        raise RecordExists(f"{path.parent} was sealed meanwhile.", "look at the record that is there.") from None
    finally:
        with suppress(OSError):
            temporary.unlink()
