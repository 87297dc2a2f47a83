"""One execution of one runbook: what it was given, and where its record grows."""

from pathlib import Path

from orgkit.dataclass import dataclass
from orgkit.journal.events import Journal
from orgkit.model.desired import Desired
from orgkit.phases.descriptor import Phase


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
    def account(self) -> str:
        return self.desired.organization.management_account_id
