"""Organizations that were built without orgkit, adopted on a sandbox, for their hand-over."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from orgkit.rehearsal.bootstrap import environment
from orgkit.sandbox.lifecycle import Sandbox
from tests.adoption.organizations import ACCESS, ORGANIZATIONS, Builder
from tests.adoption.scenario import seed
from tests.bootstrap import sandbox_copies
from tests.bootstrap.project import Project
from tests.handover.stages import HandedOver


@dataclass(frozen=True)
class AdoptedStage:
    """A sandbox with an organization, and the project with its adopted parameters file."""

    project: Project
    sandbox: Sandbox

    def changes(self) -> list[str]:
        """The calls since the log was emptied that AWS would have taken for a change."""
        return [f"{call['service']}:{call['operation']}" for call in self.sandbox.calls() if call["mutating"]]


@contextmanager
def adopted(folder: Path, name: str) -> Iterator[HandedOver]:
    """An organization of tests.adoption, adopted; nothing is handed over yet."""
    copies = sandbox_copies.start(seed(), folder / "sandbox")
    try:
        with copies.restore(()) as sandbox:
            Project(folder).orgkit("init", folder / "project")
            (folder / "project" / "home").mkdir()
            project = Project(folder / "project", sandbox.environment())
            with environment(sandbox.environment()):
                boto3.setup_default_session()  # an earlier one has the keys of another sandbox
                ORGANIZATIONS[name](Builder(sandbox.endpoint_url, sandbox.sleep))
            project.orgkit("adopt", "--output", project.file, "--read-role", ACCESS)
            sandbox.forget_calls()
            stage: Any = AdoptedStage(project, sandbox)
            yield HandedOver(stage, folder / "terraform")
    finally:
        copies.end_copy()
        copies.clean()
