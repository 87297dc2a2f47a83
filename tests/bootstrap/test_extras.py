"""Each extra is enough for what it is for: whatever else is installed here is hidden from the processes."""

import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.bootstrap.project import Project
from tests.supply.closure import closure

ONLY_DECLARED = Path(__file__).parents[1] / "supply" / "only_declared"


def with_only(requirement: str) -> dict[str, str]:
    """Settings under which Python finds the packages that this brings, and no other."""
    brought = set(closure(requirement))
    hidden = [
        module
        for module, names in packages_distributions().items()
        if not brought & {canonicalize_name(name) for name in names} and module.isidentifier()
    ]
    assert {"hypothesis", "pytest"} <= set(hidden)
    return {"PYTHONPATH": str(ONLY_DECLARED), "TEST_HIDDEN_PACKAGES": " ".join(hidden)}


@pytest.fixture
def rehearsing(tmp_path: Path) -> Project:
    return Project(tmp_path, with_only("orgkit[rehearse]"))


def test_a_rehearsal_needs_no_package_but_those_of_its_extra(rehearsing: Project) -> None:
    rehearsing.orgkit("init", "acme")
    done = rehearsing.json("rehearse", cwd=rehearsing.folder / "acme")
    assert {phase["outcome"] for phase in done["phases"]} == {"done"}
    (log,) = (rehearsing.folder / "acme" / "outputs" / "sandbox").glob("*/aws/server.log")
    assert "ModuleNotFoundError" not in log.read_text()


def test_the_list_of_differences_needs_no_package_but_those_of_its_extra(rehearsing: Project) -> None:
    assert rehearsing.json("sandbox", "differences")


def test_jupyterlab_needs_no_package_but_those_of_its_extra(tmp_path: Path) -> None:
    project = Project(tmp_path, with_only("orgkit[lab]"))
    done = project.run(
        sys.executable, "-c", "import ipywidgets, jupyterlab.labapp, orgkit.runbook.interactive.jupyterlab"
    )
    assert done.returncode == 0, done.stderr
