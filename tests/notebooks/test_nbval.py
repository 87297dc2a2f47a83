"""Every runbook under nbval: on an organization that is done, cell by cell, and strictly against references."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from orgkit.phases.registry import PHASES
from tests.bootstrap.project import fork_server
from tests.notebooks.bootstrapped import CHECKOUT, bootstrapped

HERE = Path(__file__).parent
REFERENCES = HERE / "references"


@pytest.fixture(scope="module")
def settings() -> Iterator[Mapping[str, str]]:
    with bootstrapped() as (sandbox, settings):
        sandbox.forget_calls()
        yield settings
        assert [call["operation"] for call in sandbox.calls() if call["mutating"]] == []


def nbval(settings: Mapping[str, str], *arguments: object) -> str:
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "filterwarnings=default"]
    options += ["-o", "addopts=--import-mode=importlib", *map(str, arguments)]
    done = fork_server().run(options, CHECKOUT, settings, 600, "pytest")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_no_cell_of_a_runbook_fails_on_an_organization_that_is_done(settings):
    """Those that have a reference are executed by the last test, which also compares their outputs."""
    runbooks = [path for path in (CHECKOUT / "runbooks").glob("*.ipynb") if not (REFERENCES / path.name).exists()]
    assert len(runbooks) >= 6
    assert " passed" in nbval(settings, "--nbval-lax", *sorted(runbooks))


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
    assert sorted(path.name for path in REFERENCES.glob("*.ipynb")) == [phase.runbook for phase in PHASES]
    for phase in PHASES:
        assert sources(REFERENCES / phase.runbook) == sources(CHECKOUT / "runbooks" / phase.runbook), phase.runbook
    assert " passed" in nbval(settings, "--nbval", "--nbval-sanitize-with", HERE / "sanitize.cfg", REFERENCES)


def sources(notebook: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
