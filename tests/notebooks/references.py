"""Make the executed references anew: `python -m tests.notebooks.references`, then read what changed in them."""

import sys
from pathlib import Path

import nbformat
import papermill

from orgkit.phases.registry import PHASES
from orgkit.rehearsal.bootstrap import environment
from tests.notebooks.bootstrapped import CHECKOUT, bootstrapped

REFERENCES = Path(__file__).parent / "references"


def main() -> int:
    """Execute each runbook where everything is done already: their outputs say so, and are the same each time."""
    with bootstrapped() as (sandbox, _), environment(sandbox.environment()):
        for phase in PHASES:
            made = REFERENCES / phase.runbook
            papermill.execute_notebook(CHECKOUT / "runbooks" / phase.runbook, made, progress_bar=False, cwd=CHECKOUT)
            _tidy(made)
    return 0


def _tidy(path: Path) -> None:
    """Keep outputs, and none of papermill's times and paths."""
    notebook = nbformat.read(path, 4)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    sys.exit(main())
