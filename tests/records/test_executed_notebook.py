"""A run is sealed with the notebook that it has executed, and with no other."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from orgkit.cli.records import records
from orgkit.records import outputs
from orgkit.records.seal import seal
from tests.records.test_seal import PLAN, approved, run_folder

BEGIN = 'from orgkit.runbook import stages\n\nrun = stages.begin("{}", parameters_file, run_folder)\nrun'
OTHER = "20260701T120000Z-02-units-0123abcd"


def executed(run: str, phase: str = "units", digest: str = PLAN.digest, **parameters: str) -> Any:
    """As papermill leaves it: the run in the output of the first cell, the digest in that of the plan."""
    cells = []
    for source, text in ((BEGIN.format(phase), f"phase  x\nrun    {run}" if run else ""), ("plan", f"digest {digest}")):
        output = nbformat.v4.new_output("execute_result", {"text/plain": text}, execution_count=1)
        cells.append(nbformat.v4.new_code_cell(source, execution_count=1, outputs=[output]))
    return nbformat.v4.new_notebook(cells=cells, metadata={"papermill": {"parameters": parameters}})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that plain papermill has executed elsewhere, not sealed yet."""
    folder = run_folder(tmp_path, {"event": "plan", "plan_sha256": PLAN.sha256, "steps": 0}, *approved(PLAN))
    outputs.write_plan(folder, PLAN)
    (folder / "approval.json").write_text(json.dumps({"digest": PLAN.digest, "plan_sha256": PLAN.sha256}))
    (folder / "02-units.ipynb").unlink()
    return folder


def sealed_with(run: Path, content: Any) -> tuple[int, str]:
    file = run.parents[2] / "out.ipynb"
    file.write_bytes(content if isinstance(content, bytes) else nbformat.writes(content).encode())
    before = {path: path.read_bytes() for path in run.iterdir()}
    done = CliRunner().invoke(records, ["seal", str(run), "--notebook", str(file)])
    if done.exit_code:
        assert {path: path.read_bytes() for path in run.iterdir()} == before, "nothing was written"
        assert not (run.parent / "index.jsonl").exists()
    return done.exit_code, " ".join(done.output.split())


def test_its_own_notebook_is_taken(run):
    assert "sealed" in sealed_with(run, executed(run.name))[1]


def test_its_own_notebook_is_taken_when_the_first_cell_has_shown_nothing(run):
    assert sealed_with(run, executed("", run_folder=f"/home/ada/outputs/{run.name}"))[0] == 0


@pytest.mark.parametrize(
    ("notebook", "reason"),
    [
        (lambda run: executed(run, "costs"), "the runbook 06-costs"),
        (lambda run: executed(run, "anything"), "the runbook anything"),
        (lambda run: executed(OTHER), f"it shows {OTHER}"),
        (lambda run: executed(OTHER, run_folder=f"x/{run}"), f"executed in {OTHER}"),
        (lambda run: executed(run, run_folder=f"x/{OTHER}"), f"executed in {OTHER}"),
        (lambda run: executed(""), "no run at all"),
        (lambda run: nbformat.v4.new_notebook(), "no run at all"),
        (lambda run: executed(run, digest="e" * 64), "the plan eeeeeeeeeeee"),
        (lambda run: executed(run, approved_plan="d" * 64), "an approval of dddddddddddd"),
    ],
)
def test_a_notebook_of_another_runbook_run_or_plan_is_refused(run, notebook: Callable[[str], Any], reason: str):
    code, output = sealed_with(run, notebook(run.name))
    assert code == 1
    assert reason in output
    assert "do: name the notebook that this run has executed" in output


def spoilt(run: str, **values: Any) -> bytes:
    content: bytes = json.dumps({**executed(run), **values}).encode()
    return content


@pytest.mark.parametrize(
    "content",
    [
        lambda run: nbformat.writes(executed(run)).encode()[:-40],
        lambda run: nbformat.writes(executed(run)).replace("phase  x", "M\u00fcller").encode("latin-1"),
        lambda run: nbformat.writes(executed(run)).encode("utf-16"),
        lambda run: spoilt(run, nbformat=3),
        lambda run: spoilt(run, nbformat="4"),
        lambda run: spoilt(run, nbformat=5),
        lambda run: spoilt(run, cells={"a": 1}),
        lambda run: spoilt(run, cells=[1]),
        lambda run: spoilt(run, metadata=7),
        lambda run: b"[" * 100_000,
        lambda run: b"[]",
        lambda run: b"",
        lambda run: b"\0" * 40,
    ],
)
def test_what_cannot_be_read_as_a_notebook_is_refused_and_not_sealed_as_failed(run, content: Callable[[str], bytes]):
    code, output = sealed_with(run, content(run.name))
    assert code == 1
    assert "cannot be read as a notebook of nbformat 4" in output


def test_a_notebook_of_another_run_that_lies_in_the_folder_is_refused_too(run):
    nbformat.write(executed(OTHER, "costs"), run / "02-units.ipynb")
    done = CliRunner().invoke(records, ["seal", str(run)])
    assert done.exit_code == 1
    assert "is the runbook 06-costs" in " ".join(done.output.split())
    assert not (run / "manifest.json").exists()


def test_a_notebook_in_the_folder_that_a_kill_cut_short_can_still_be_sealed(run):
    (run / "02-units.ipynb").write_text('{"cells": [')
    assert seal(run).exit_code == 5
