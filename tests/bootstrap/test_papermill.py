"""papermill by itself, without the orgkit command: a runbook stops at the approval, and goes through with one."""

import json
import re
from pathlib import Path

import pytest

from orgkit.model.plan import digest_of
from tests.bootstrap.project import BIN, Done, Project, Stage


def papermill(stage: Stage, cwd: Path, out: Path, **parameters: str) -> Done:
    """As a person types it; the runbook is looked for from where they stand.

    In the project's folder the installed script runs, elsewhere a fork of a process that has imported it.
    """
    values = [part for name, value in parameters.items() for part in ("-p", name, value)]
    runbook = Path("runbooks") / "02-units.ipynb" if cwd == stage.project.folder else runbook_of(stage.project)
    words = (runbook, out, "--no-progress-bar", *values)
    if cwd == stage.project.folder:
        return stage.project.run(BIN / "papermill", *words, cwd=cwd)
    return stage.project.fork("papermill", *words, cwd=cwd)


def runbook_of(project: Project) -> Path:
    return project.folder / "runbooks" / "02-units.ipynb"


def outputs_of(notebook: Path) -> list[dict]:
    cells = json.loads(notebook.read_text())["cells"]
    return [output for cell in cells for output in cell.get("outputs", ())]


def runs(stage: Stage) -> list[Path]:
    return sorted(Path(stage.project.settings["ORGKIT_OUTPUTS"]).glob("*/*-02-units-*"))


@pytest.mark.parametrize("where", ["the project's folder", "a folder elsewhere"])
def test_a_runbook_stops_at_the_approval_and_goes_through_with_it(stage: Stage, tmp_path: Path, where: str) -> None:
    stage.begin("organization")
    here = stage.project.folder if where == "the project's folder" else tmp_path
    file = "parameters/acme.toml" if here == stage.project.folder else str(stage.project.file)
    requests = papermill(stage, here, tmp_path / "asked.ipynb", parameters_file=file)
    assert requests.returncode == 1
    (error,) = (output for output in outputs_of(tmp_path / "asked.ipynb") if output["output_type"] == "error")
    assert error["ename"] == "AwaitingApproval"
    assert [line.strip().split(":")[0] for line in error["traceback"]] == ["Awaiting approval", "why", "do"]
    assert stage.changes() == []

    (run,) = runs(stage)
    digest = re.findall(r"[0-9a-f]{64}", error["evalue"])[0]
    files = [(run / name).read_bytes() for name in ("plan.json", "review.json")]
    assert digest_of(*files) == digest
    done = papermill(stage, here, tmp_path / "done.ipynb", parameters_file=file, approved_plan=digest)
    assert done.returncode == 0, done.stderr
    assert stage.taken().count("organizations:CreateOrganizationalUnit") == 3
    kinds = {kind for output in outputs_of(tmp_path / "done.ipynb") for kind in output.get("data", ())}
    assert {"text/plain", "text/html", "image/svg+xml"} >= kinds, "no widget: it would be a blank without its kernel"
    assert not [output for output in outputs_of(tmp_path / "done.ipynb") if output["output_type"] == "stream"]

    for folder, notebook, outcome in zip(runs(stage), ("asked", "done"), ("awaiting approval", "done"), strict=True):
        told = stage.project.orgkit("records", "seal", folder, "--notebook", tmp_path / f"{notebook}.ipynb")
        assert f"{outcome}; sealed" in told.stdout
        again = stage.project.orgkit("records", "seal", folder, code=1)
        assert "already has a record" in again.stderr
        assert (folder / "02-units.html").exists()
        assert json.loads((folder / "manifest.json").read_text())["source_notebook_sha256"]


def test_a_digest_that_is_no_plan_s_is_refused_in_three_lines(stage: Stage, tmp_path: Path) -> None:
    stage.begin("organization")
    rejection = papermill(
        stage, stage.project.folder, tmp_path / "out.ipynb", parameters_file="parameters/acme.toml", approved_plan="abc"
    )
    assert rejection.returncode == 1
    (error,) = (output for output in outputs_of(tmp_path / "out.ipynb") if output["output_type"] == "error")
    assert (error["ename"], len(error["traceback"])) == ("ApprovalMismatch", 3)
    assert stage.changes() == []
