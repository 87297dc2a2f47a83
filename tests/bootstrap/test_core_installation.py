"""From an installation without any extra: every phase, against a sandbox that another environment serves."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.phases.registry import PHASES
from tests.bootstrap.project import CHECKOUT, EXAMPLE, Project, Stage
from tests.environments import make_environment


@pytest.fixture(scope="module")
def core() -> Path:
    return make_environment(".venv-core")


def test_the_core_plans_applies_records_and_verifies_every_phase(stage: Stage, core: Path) -> None:
    """Phase 01 by the installed script, the others by forks of a process of the same environment."""
    stage.begin()
    here = replace(stage.project, bin=core)
    for number, phase in enumerate(PHASES):
        person = replace(here, installed=number == 1)
        digest = person.plan(phase.name)["digest"] if phase.changes else ""
        done = person.phase(phase.name, digest)
        assert (done["outcome"], done["digest"]) == ("done", digest)
        manifest = json.loads((Path(done["record"]) / "manifest.json").read_text())
        assert {"result.json", f"{phase.run_label}.ipynb", f"{phase.run_label}.html"} <= set(manifest["files"])
    assert all(here.plan(phase.name, code=0)["steps"] == [] for phase in PHASES if phase.changes)
    (verified,) = here.json("records", "verify")["accounts"]
    assert (verified["records"], verified["faults"], verified["unsealed"]) == (len(PHASES), [], [])


COMMANDS = {
    "rehearse FILE": "rehearse",
    "sandbox start FILE": "rehearse",
    "sandbox differences": "rehearse",
    "lab FILE": "rehearse,lab",
    "lab FILE --target aws": "lab",
    "open FILE 00": "lab",
}


@pytest.mark.parametrize(("command", "extras"), COMMANDS.items())
def test_a_command_names_the_extra_that_it_misses(core: Path, tmp_path: Path, command: str, extras: str) -> None:
    here = Project(tmp_path, bin=core)
    here.file.parent.mkdir()
    here.file.write_bytes(EXAMPLE.read_bytes())
    done = here.orgkit(*command.replace("FILE", str(here.file)).split(), code=1)
    assert done.stderr.splitlines()[-1] == f"  do:  pip install 'orgkit[{extras}]'"
    assert "not installed" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == [here.file.parent], "nothing is begun that cannot be done"


@pytest.mark.parametrize("source", ["duckdb", "athena"])
def test_a_source_of_bills_names_the_extra_that_it_misses(core: Path, source: str) -> None:
    requests = {
        "duckdb": "from orgkit.costs.bills.duckdb_engine import DuckDb; DuckDb({})",
        "athena": "from orgkit.costs.bills.athena_aws import AthenaBills; AthenaBills._ask(None, '')",
    }
    done = subprocess.run([core / "python", "-c", requests[source]], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "  do:  pip install 'orgkit[exports]'"
    assert f'source = "{source}"' in done.stderr


FILES_OF_FORKS = """
import importlib, sys
from tests.bootstrap.fork_server import PRELOADED
for name in PRELOADED:
    importlib.import_module(name)
print(*(module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)), sep="\\n")
"""


def test_what_is_forked_here_has_imported_nothing_of_another_environment(core: Path) -> None:
    done = subprocess.run(
        [core / "python", "-c", FILES_OF_FORKS], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    files = [Path(line) for line in done.stdout.splitlines()]
    installed = [file for file in files if "site-packages" in file.parts]
    assert len(installed) > 500
    assert [file for file in installed if not file.is_relative_to(core.parent)] == []


IMPORT_ALL = """
import importlib, pkgutil, orgkit
for module in pkgutil.walk_packages(orgkit.__path__, "orgkit."):
    if module.name != "orgkit.__main__":
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            print(module.name, error.name)
"""


def test_only_the_sandbox_imports_a_package_of_an_extra_before_it_is_needed(core: Path) -> None:
    done = subprocess.run([core / "python", "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    failed = dict(line.split() for line in done.stdout.splitlines())
    assert {package.partition(".")[0] for package in failed.values()} == {"moto"}
    assert [name for name in failed if not name.startswith("orgkit.sandbox.")] == ["orgkit.cli.differences"]
