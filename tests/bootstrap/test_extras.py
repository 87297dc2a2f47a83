"""Each extra is enough for what it is for: whatever else is installed here is hidden from the processes.

That a rehearsal needs no more than its extra is a test of test_wheel.py, which makes one.
"""

import sys
from pathlib import Path

import pytest

from tests.bootstrap.project import Project
from tests.supply.only_declared.settings import with_only


@pytest.fixture
def rehearsing(tmp_path: Path) -> Project:
    return Project(tmp_path, with_only("orgkit[rehearse]"))


def test_the_list_of_differences_needs_no_package_but_those_of_its_extra(rehearsing: Project) -> None:
    assert rehearsing.json("sandbox", "differences")


def test_jupyterlab_needs_no_package_but_those_of_its_extra(tmp_path: Path) -> None:
    project = Project(tmp_path, with_only("orgkit[lab]"))
    done = project.run(
        sys.executable, "-c", "import ipywidgets, jupyterlab.labapp, orgkit.runbook.interactive.jupyterlab"
    )
    assert done.returncode == 0, done.stderr
