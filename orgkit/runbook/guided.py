"""Whether a person is there, as `orgkit open` and `orgkit lab` say; and the way from one runbook to the next."""

import os
from pathlib import Path
from urllib.parse import quote

from orgkit.phases import Phase
from orgkit.runbook.run import Run

PERSON = "ORGKIT_PERSON"  # nothing is sniffed: who opens a notebook for a person says so
README = "ORGKIT_README"  # of `orgkit lab`: where the copy of the README lies that links lead to


def is_guided() -> bool:
    """Whether a person sees this, and may be asked."""
    return os.environ.get(PERSON) == "1"


def session() -> str:
    """The name of the `orgkit lab` that we are part of; "" outside of one."""
    readme = os.environ.get(README)
    return Path(readme).parent.name if readme else ""


def link_to_next(run: Run, phase: Phase) -> str:
    """A link that opens the next runbook, prepared in a run folder of its own; "" where one alone was opened."""
    if not session():
        return ""
    from orgkit.aws.clock import clock_of
    from orgkit.runbook.prepare import ready_copy

    copy = ready_copy(phase, run.parameters, run.base, run.account, clock_of().now())
    return link(copy, run.folder)


def link(to: Path, folder: Path, heading: str = "") -> str:
    """A relative address, as a notebook in `folder` can hold it."""
    place = quote(os.path.relpath(to, folder))
    return f"{place}#{quote(heading)}" if heading else place
