"""Sealing: secrets out, the result computed, a page to read, and the hash of every file; once, and never again."""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from orgkit.aws.live import known
from orgkit.errors import EXIT_FAILED, KeyRefused, RecordExists
from orgkit.journal import read_events
from orgkit.record import html
from orgkit.record.chain import Entry, append, entries_of
from orgkit.record.executed import told_in_head
from orgkit.record.files import ACCOUNT_FOLDER, RUN_FOLDER, as_json, label_of, read_json, sha256_of, write_private
from orgkit.record.manifest import MANIFEST, manifest
from orgkit.record.outputs import project_of
from orgkit.record.redact import Redactor, live_values
from orgkit.record.result import WORDS, Result, compute
from orgkit.record.sealing import Sealing
from orgkit.signing.keys import Signer

# plan.json and remainder.json are left byte for byte: their hash is what was approved.
WIDGET = "application/vnd.jupyter.widget-view+json"
AS_IT_IS = Sealing()
REDACTED_JSON = ("review.json", "approval.json")


def seal(
    run_folder: Path,
    notebook: Path | None = None,
    parameters_file: Path | None = None,
    *,
    interrupted: bool = False,
    source_sha256: str = "",
    live: Iterable[str] | None = None,
    sealing: Sealing = AS_IT_IS,
) -> Result:
    """Make a run's folder its record, and say how the run ended. RecordExists when it is one already.

    `notebook` is the executed one: by default that of the folder, one from elsewhere is copied. `live` are credentials
    to take out wherever they stand, beside those that this process has signed with; by default those of its
    environment. A kernel takes out its own before anything reaches its notebook. `sealing` tells what signs
    the record's line in the chain, and whether e-mails are masked.
    """
    if (run_folder / MANIFEST).exists():
        raise RecordExists(f"{run_folder} is sealed.", "run the phase again: each run has a folder of its own.")
    given = live_values() if live is None else live
    redactor = Redactor((*given, *known()), mask_emails=sealing.mask_emails)
    kept = run_folder / f"{label_of(run_folder)}.ipynb"
    executed = read_json(notebook or kept)
    result = _without_secrets(result_of(run_folder, executed, interrupted=interrupted), redactor)
    source = source_sha256 or _source_of(executed)
    _keep_parameters(run_folder, parameters_file, executed, redactor)
    _redact_files(run_folder, redactor)
    if executed:
        _keep_notebook(kept, executed, result, redactor)
    elif kept.exists():  # cut short while it was written
        write_private(kept, redactor.text(kept.read_text(encoding="utf-8", errors="replace")))
    write_private(run_folder / "result.json", as_json(result.as_json()))
    project = project_of(parameters_file or run_folder / "parameters.toml")
    content = manifest(
        run_folder, result, project=project, source_sha256=source, redactor=redactor,
        roll_back=told_in_head(executed, "Roll back"),
    )  # fmt: skip
    _write_once(run_folder / MANIFEST, as_json(content))
    return replace(result, found=(*result.found, *_linked(run_folder, sealing)))


def _linked(run_folder: Path, sealing: Sealing) -> Iterator[str]:
    """A key that fails now leaves the record in the chain all the same, unsigned, and says so."""
    try:
        link(run_folder, sealing.signer)
    except KeyRefused as refused:
        link(run_folder)
        yield f"the record is in the chain and is not signed: {refused.why}"


def link(run_folder: Path, signer: Signer | None = None) -> Entry | None:
    """Add a sealed record to its account's chain; nothing is done when it stands there, or lies elsewhere."""
    if not (RUN_FOLDER.fullmatch(run_folder.name) and ACCOUNT_FOLDER.fullmatch(run_folder.parent.name)):
        return None  # a notebook that was executed in a folder of somebody's own
    sealed_at = str(read_json(run_folder / MANIFEST).get("sealed_at", ""))
    return append(run_folder.parent, run_folder.name, sha256_of(run_folder / MANIFEST), sealed_at, signer)


def complete(run_folder: Path, signer: Signer | None = None) -> Entry | None:
    """Link a record whose seal was cut short; None when it is not sealed yet, RecordExists when it is whole."""
    if not (run_folder / MANIFEST).exists():
        return None
    if any(entry.run == run_folder.name for entry in entries_of(run_folder.parent)):
        raise RecordExists(f"{run_folder} is sealed.", "run the phase again: each run has a folder of its own.")
    return link(run_folder, signer)


def result_of(run_folder: Path, executed: dict[str, Any], *, interrupted: bool = False) -> Result:
    """How the run of this folder ended; a plan other than the approved one is never a success."""
    result = replace(
        compute(executed or None, list(read_events(run_folder / "events.jsonl")), interrupted=interrupted),
        record=run_folder,
    )
    approved = result.approval.get("plan_sha256")
    if not approved or not result.succeeded:
        return result
    plan = run_folder / "plan.json"
    hashes = {approved, result.plan_sha256, sha256_of(plan) if plan.exists() else ""}
    if len(hashes) == 1:
        return result
    why = "plan.json, the approval and what was applied do not name the same plan."
    return replace(result, outcome=WORDS[EXIT_FAILED], exit_code=EXIT_FAILED, reasons=(why, *sorted(hashes)))


def _without_secrets(result: Result, redactor: Redactor) -> Result:
    """The one Result that every file of the record, and whoever asked for it, is told from."""
    told: dict[str, Any] = {name: redactor.value(value) for name, value in result.as_json().items()}
    told |= {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    return replace(result, **told)


def _keep_notebook(kept: Path, executed: dict[str, Any], result: Result, redactor: Redactor) -> None:
    """Write the notebook and its page, both without secrets; a secret may reach over several lines of a cell."""
    from nbformat import v4  # late: a second of imports that no notebook kernel should pay for

    whole = redactor.value(v4.reads(json.dumps(_readable(executed))))
    write_private(kept, v4.writes(v4.reads(json.dumps(whole))) + "\n")
    write_private(kept.with_suffix(".html"), html.page(whole, result, label=kept.stem, run=kept.parent.name))


def _readable(executed: dict[str, Any]) -> dict[str, Any]:
    """The notebook without what only a running kernel can show, and without papermill's red banners."""
    metadata = {key: value for key, value in executed.get("metadata", {}).items() if key != "widgets"}
    cells = [c for c in executed.get("cells", ()) if "papermill-error-cell-tag" not in c["metadata"].get("tags", ())]
    return {**executed, "metadata": metadata, "cells": [_without_widgets(cell) for cell in cells]}


def _without_widgets(cell: dict[str, Any]) -> dict[str, Any]:
    """A widget without its kernel is a blank; GitHub refuses the whole notebook for it."""
    outputs = cell.get("outputs")
    return cell if not outputs else {**cell, "outputs": [_plain(o) for o in outputs if not _is_widget(o)]}


def _is_widget(output: dict[str, Any]) -> bool:
    """A form: what was decided in it stands beside it."""
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
    named = executed.get("metadata", {}).get("papermill", {}).get("parameters", {}).get("parameters_file")
    file = parameters_file or (Path(str(named)) if named else None)
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


def _redact_files(run_folder: Path, redactor: Redactor) -> None:
    """Redact what the run has written; a checkpoint of JupyterLab is an older copy of the notebook, and goes."""
    shutil.rmtree(run_folder / ".ipynb_checkpoints", ignore_errors=True)
    for path in (run_folder / name for name in REDACTED_JSON):
        if path.exists():
            write_private(path, as_json(redactor.value(read_json(path))))
    events = run_folder / "events.jsonl"
    if not events.exists():
        return
    lines = [json.dumps(redactor.value(event)) for event in read_events(events)]  # ASCII, as they were written
    write_private(events, "".join(f"{line}\n" for line in lines))


def _source_of(executed: dict[str, Any]) -> str:
    """sha256 of the runbook: noted when it was prepared, else that of the file which papermill was given."""
    metadata = executed.get("metadata", {})
    noted, path = metadata.get("orgkit", {}).get("source_sha256"), metadata.get("papermill", {}).get("input_path")
    return str(noted) if noted else sha256_of(Path(path)) if path and Path(path).is_file() else ""


def _write_once(path: Path, content: str) -> None:
    """The manifest comes last and at once: whoever is second to seal finds it there."""
    beside = write_private(path.with_suffix(".new"), content)
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        raise RecordExists(f"{path.parent} was sealed meanwhile.", "look at the record that is there.") from None
    finally:
        beside.unlink()
