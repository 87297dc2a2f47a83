"""THE list of phases: number, concept, runbook, and what must have run before."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """One numbered runbook; `changes` is False for those that plan nothing."""

    number: str
    name: str
    needs: tuple[str, ...]
    changes: bool
    purpose: str

    @property
    def runbook(self) -> str:
        return f"{self.number}-{self.name.replace('_', '-')}.ipynb"

    @property
    def label(self) -> str:
        return f"{self.number}-{self.name.replace('_', '-')}"


PHASES = (
    Phase("00", "management_account", (), False, "check the hand-made account before anything rests on it"),
    Phase("01", "organization", ("management_account",), True, "create the organization and switch on what it needs"),
    Phase("02", "units", ("organization",), True, "make the organizational units"),
    Phase("03", "accounts", ("organization", "units"), True, "create the member accounts and place them"),
    Phase("04", "imports", ("organization", "units"), True, "bring existing accounts in"),
    Phase(
        "05", "trail", ("organization", "accounts"), True, "log every account's API calls to the log archive account"
    ),
    Phase("06", "costs", (), False, "estimate what it costs per account and month"),
)
# What follows the bootstrap, whenever somebody wants it: no part of a rehearsal, and nothing rests on it.
AFTERWARDS = (
    Phase("07", "actual_costs", ("organization",), False, "compare what AWS billed with the estimate"),
    Phase("10", "billing", ("organization", "accounts"), True, "have people told when the bill grows"),
)
RUNBOOKS = (*PHASES, *AFTERWARDS)


def phase_of(word: str) -> Phase:
    """The phase that a person means by `02`, `units`, `02-units` or `02-units.ipynb`; KeyError when there is none."""
    plain = word.removesuffix(".ipynb").replace("-", "_").lower()
    for phase in RUNBOOKS:
        if plain in (phase.number, phase.name, f"{phase.number}_{phase.name}"):
            return phase
    raise KeyError(word)
