"""The stage of 09-state-backend, in addition to those that every runbook has."""

from dataclasses import replace

from orgkit.phases.state_backend.backend_block import FILE, BackendBlock, backend_block
from orgkit.records.files import write_private
from orgkit.runbook.run import Run
from orgkit.runbook.stages import stage
from orgkit.runbook.views.views import Verification


@stage
def backend(run: Run, verification: Verification) -> BackendBlock:
    """The backend block for Terraform and OpenTofu, also written into the folder of the record."""
    assert verification.observed is not None  # of a phase that plans
    block = backend_block(verification.observed, run.desired)
    if not block.text:
        return block
    write_private(run.folder / FILE, block.text)
    run.journal.write("backend", file=FILE)
    return replace(block, note=f"Also written to {run.folder.name}/{FILE}, next to this record.")
