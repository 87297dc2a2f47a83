"""One execution of one runbook: what it was given, and where its record grows."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from orgkit.journal.events import Journal
from orgkit.model.desired import Desired
from orgkit.phases.descriptor import Phase
from orgkit.records import outputs


@dataclass(frozen=True)
class Run:
    """Made by the first cell, passed from stage to stage; decides nothing."""

    phase: Phase
    parameters: Path
    desired: Desired
    base: Path
    folder: Path
    journal: Journal

    @property
    def file_argument(self) -> str:
        """The parameters file in a command that a person pastes into a shell, in the project or a folder below it."""
        return shlex.quote(outputs.name_in_project(self.parameters))

    @property
    def account(self) -> str:
        return self.desired.organization.management_account_id
