"""Every runbook under nbval: on an organization that is done, cell by cell, and strictly against references."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from orgkit.phases.registry import PHASES
from tests.notebooks.bootstrapped import CHECKOUT, bootstrapped

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def settings() -> Iterator[Mapping[str, str]]:
    with bootstrapped() as (sandbox, settings):
        sandbox.forget_calls()
        yield settings
        assert [call["operation"] for call in sandbox.calls() if call["mutating"]] == []


def nbval(settings: Mapping[str, str], *arguments: object) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    command += ["-p", "tests.notebooks.forked_kernels", *map(str, arguments)]
    done = subprocess.run(
        [*command, "-o", "filterwarnings=default", "-o", "addopts=--import-mode=importlib"],
        cwd=CHECKOUT,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_no_cell_of_a_runbook_fails_on_an_organization_that_is_done(settings):
    assert " passed" in nbval(settings, "--nbval-lax", CHECKOUT / "runbooks")


@pytest.mark.parametrize("number", ["00", "03", "06"])  # one that checks, one that changes, one that only reads
def test_nbclient_with_a_plain_kernel_executes_a_runbook_on_an_organization_that_is_done(settings, number):
    """The kernel spec of the runbook itself, python3, and nobody who is guided."""
    (runbook,) = (CHECKOUT / "runbooks").glob(f"{number}-*.ipynb")
    notebook = nbformat.read(runbook, 4)
    assert notebook.metadata.kernelspec.name == "python3"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(CHECKOUT)}}).execute(env=dict(settings))
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    assert 'class="orgkit-' not in str(notebook.cells)  # none of the classes of a guided notebook


def test_every_output_is_that_of_the_executed_reference(settings):
    references = HERE / "references"
    assert sorted(path.name for path in references.glob("*.ipynb")) == [phase.runbook for phase in PHASES]
    assert " passed" in nbval(settings, "--nbval", "--nbval-sanitize-with", HERE / "sanitize.cfg", references)
