"""A record names no folder of the machine that it was made on."""

import json
from pathlib import Path
from sysconfig import get_path
from typing import Any

import nbformat
import pytest

from orgkit.journal.events import Journal
from orgkit.records.redact import ProjectPaths
from orgkit.records.seal import seal
from tests.records.test_seal import ACCOUNT

RUN = "20260701T120000Z-02-units-0123abcd"


def notebook(project: Path, base: Path, run: str) -> Any:
    """As papermill and a traceback leave it."""
    folder = base / ACCOUNT / run
    lines = [
        f"\x1b[0;32m{project}/runbooks/x.py\x1b[0m in f",
        f"File {get_path('stdlib')}/json/decoder.py:355, in g",
        f"see file://{folder}.",
        f"no plan is kept in {project / 'outputs'}",
        f"'{folder}/plan.json'",
        f"({project})",
    ]
    source = f'parameters_file = "{project}/parameters/acme.toml"\nrun_folder = "{folder}"'
    outputs_ = [nbformat.v4.new_output("stream", name="stdout", text="\n".join(lines))]
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs_, id="a")
    parameters = {"parameters_file": f"{project}/parameters/acme.toml", "run_folder": str(folder)}
    papermill = {
        "input_path": f"{project}/runbooks/02-units.ipynb",
        "output_path": f"{folder}/02-units.ipynb",
        "parameters": parameters,
    }
    return nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": papermill})


def sealed(home: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record of a run whose name is the same on every machine."""
    project = home / "organization"
    for folder in ("parameters", "runbooks"):
        (project / folder).mkdir(parents=True)
    (project / "parameters" / "acme.toml").write_text("[organization]\n")
    monkeypatch.chdir(project)
    run = base / ACCOUNT / RUN
    run.mkdir(parents=True)
    journal = Journal(run / "events.jsonl")
    journal.write("phase", phase="units", run=RUN)
    journal.write(
        "stop", exit_code=1, summary="orgkit stopped.", why=f"nothing is in {run.parent}", do=f"ls {project}/parameters"
    )
    nbformat.write(notebook(project, base, RUN), run / "02-units.ipynb")
    seal(run, parameters_file=project / "parameters" / "acme.toml")
    return run


@pytest.mark.parametrize("inside", [True, False])
def test_no_file_of_a_record_names_a_folder_of_the_machine(tmp_path, monkeypatch, inside):
    home = tmp_path / "ada.lovelace"
    base = home / "organization" / "outputs" if inside else home / "elsewhere"
    run = sealed(home, base, monkeypatch)
    for file in run.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "ada.lovelace" not in text, file.name
        assert str(get_path("stdlib")) not in text, file.name
    metadata = json.loads((run / "02-units.ipynb").read_text())["metadata"]["papermill"]
    assert metadata["input_path"] == "runbooks/02-units.ipynb"
    assert metadata["output_path"] == f"outputs/{ACCOUNT}/{RUN}/02-units.ipynb"
    assert metadata["parameters"] == {
        "parameters_file": "parameters/acme.toml",
        "run_folder": f"outputs/{ACCOUNT}/{RUN}",
    }
    assert json.loads((run / "result.json").read_text())["reasons"][1:] == [
        f"nothing is in outputs/{ACCOUNT}",
        "ls parameters",
    ]


def test_the_notebooks_of_two_machines_are_the_same(tmp_path, monkeypatch):
    runs = [
        sealed(tmp_path / name, tmp_path / name / "organization" / "outputs", monkeypatch) for name in ("ada", "jane")
    ]
    one, two = ((run / "02-units.ipynb").read_text() for run in runs)
    assert one == two


def test_a_notebook_that_another_machine_has_executed_is_relative_to_its_project(tmp_path):
    for base in (Path("/srv/build/7/outputs"), Path("/srv/build/7/outputs/sandbox/x"), Path("/var/kept")):
        executed = notebook(Path("/srv/build/7"), base, RUN)
        whole = json.dumps(ProjectPaths(tmp_path, tmp_path / "outputs" / ACCOUNT / RUN, executed).value(executed))
        assert "/srv/build/7/" not in whole
        assert "/var/kept" not in whole


def test_other_paths_stay_and_no_folder_of_all_users_is_taken_out(tmp_path):
    executed = {"metadata": {"papermill": {"parameters": {"parameters_file": "/home/acme.toml"}}}}
    paths = ProjectPaths(Path("/srv/acme"), Path(f"/srv/acme/outputs/{ACCOUNT}/{RUN}"), executed)
    for text in ("/home/ada/x", "/srv/acme2/x", "x/srv/acme/y", "https://example.com/srv/acme/", "/srv/acme.toml", "/"):
        assert paths.text(text) == text
    assert paths.text("/srv/acme/ and /srv/acme, '/srv/acme/x'") == ". and ., 'x'"
