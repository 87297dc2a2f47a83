"""What takes long to import is imported where it is used, and nowhere else."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.bootstrap.project import Project, Stage

IMPORTED = re.compile(r"^import time: .*\| +(\S+)$", re.MULTILINE)
LOOK = "import sys\n[name for name in ('pandas', 'rfc3987_syntax') if name in sys.modules]"


def imported(project: Project, *arguments: object) -> set[str]:
    """The modules that a command's own process imports; the command has to end with 0."""
    done = project.run(sys.executable, "-X", "importtime", "-m", "orgkit", *arguments)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(IMPORTED.findall(done.stderr))


@pytest.mark.parametrize("command", ["--help", "check"])
def test_help_and_check_load_neither_aws_nor_tables_nor_notebooks(project: Project, command: str) -> None:
    found = imported(project, command, *([project.file] if command == "check" else []))
    assert "orgkit.cli.main" in found
    assert found & {"boto3", "botocore", "pandas", "nbformat", "papermill", "moto", "rfc3987_syntax"} == set()


def test_a_run_loads_no_pandas_and_no_parser_of_iris_in_either_of_its_processes(stage: Stage) -> None:
    stage.begin("organization", "units")
    runbook = stage.project.folder / "runbooks" / "02-units.ipynb"
    notebook = json.loads(runbook.read_text(encoding="utf-8"))
    look = {"cell_type": "code", "execution_count": None, "id": "look", "metadata": {}, "outputs": [], "source": LOOK}
    notebook["cells"].append(look)
    runbook.write_text(json.dumps(notebook), encoding="utf-8")
    found = imported(stage.project, "run", stage.project.file, "02")
    assert {"papermill", "nbformat"} <= found
    assert found & {"pandas", "numpy", "pyarrow", "rfc3987_syntax", "lark"} == set()
    (record,) = (stage.project.folder / "outputs" / f"{stage.begun}").glob("*/*02-units*/02-units.ipynb")
    executed = json.loads(Path(record).read_text(encoding="utf-8"))
    assert executed["cells"][-1]["outputs"][0]["data"]["text/plain"] == ["[]"]
