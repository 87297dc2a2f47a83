"""Running a phase's notebook for a command: its progress is shown while it runs."""

import os
from collections.abc import Mapping
from pathlib import Path

from orgkit.cli.output import Progress
from orgkit.cli.progress_bar import is_plain
from orgkit.phases.descriptor import Phase
from orgkit.records.result import RunResult
from orgkit.records.seal_options import Sealing


def run_phase(
    phase: Phase,
    path: Path,
    sealing: Sealing,
    *,
    approved_plan: str = "",
    rejected_by: str = "",
    environment: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> RunResult:
    """Run one phase headlessly and show its progress on stderr; the result, whose record is sealed.

    Args:
        phase: The phase.
        path: The parameters file.
        sealing: How the record is sealed.
        approved_plan: The digest that was approved; "" without an approval.
        rejected_by: Who rejected the plan of that digest instead, so that there is a record of it.
        environment: That of the kernel; the one of this process by default. A rejection in it does not count.
        extra: Parameters of this runbook's own.
        quiet: Whether to show nothing.
    """
    from orgkit.runbook.execution.execute import execute
    from orgkit.runbook.rejection import REJECTION_VARIABLE

    settings = dict(os.environ if environment is None else environment)
    settings.pop(REJECTION_VARIABLE, None)
    settings |= {REJECTION_VARIABLE: rejected_by} if rejected_by else {}
    with new_progress(quiet=quiet) as progress:
        progress.phase(phase, None)
        return execute(
            phase, path, approved_plan=approved_plan, on_event=progress.event, environment=settings, extra=extra,
            sealing=sealing,
        )  # fmt: skip


def new_progress(*, quiet: bool) -> Progress:
    """One that is updated in place where a terminal can show it; else one that writes lines."""
    if quiet or is_plain():
        return Progress(quiet=quiet)
    from orgkit.cli.live_progress import LiveProgress

    return LiveProgress()
