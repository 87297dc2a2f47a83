"""What a check of phase 00 found: how that is known, and which phases it stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from orgkit.dataclass import dataclass

Verdict = Literal["stops", "warns", "ok"]
Source = Literal["checked", "attested", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("stops", "warns", "ok")  # in the order in which a person should read them
PERMISSION_REMEDY = "allow this read (`orgkit permissions 00` lists all that are needed), then run 00 again."


@dataclass(frozen=True)
class Finding:
    """One check: its result, how that is known, what to do, and the phases that it stops.

    Attributes:
        phases: Numbers of the phases that it stops; of a warning, those whose plans show it.
        partial_phases: Numbers of the phases in which it stops only the steps that their descriptor names.
    """

    item: str
    verdict: Verdict
    source: Source
    message: str
    remedy: str = ""
    phases: tuple[str, ...] = ()
    partial_phases: tuple[str, ...] = ()

    @classmethod
    def ok(cls, item: str, message: str, remedy: str = "") -> Finding:
        """Return what is as it should be."""
        return cls(item, "ok", "checked", message, remedy)

    @classmethod
    def warns(cls, item: str, message: str, remedy: str, phases: tuple[str, ...] = ()) -> Finding:
        """Return a warning: it stops nothing."""
        return cls(item, "warns", "checked", message, remedy, phases)

    @classmethod
    def stops(
        cls, item: str, message: str, remedy: str, phases: tuple[str, ...], partial_phases: tuple[str, ...] = ()
    ) -> Finding:
        """Return what stops these phases."""
        return cls(item, "stops", "checked", message, remedy, phases, partial_phases)

    @classmethod
    def from_unknown(cls, item: str, reason: str, remedy: str = PERMISSION_REMEDY) -> Finding:
        """Return what could not be seen: never ok, and a warning unless it is turned into a stop."""
        return cls(item, "warns", "unknown", f"could not be checked: {reason.removesuffix('.')}.", remedy)

    def stopping(self, phases: tuple[str, ...], partial_phases: tuple[str, ...] = ()) -> Finding:
        """Return the same finding, which stops these phases; what is ok stays ok."""
        if self.verdict == "ok":
            return self
        return replace(self, verdict="stops", phases=phases, partial_phases=partial_phases)

    def concerns(self, phase: str) -> bool:
        """Return whether it stops the phase with this number, or steps of it."""
        return phase in (*self.phases, *self.partial_phases)

    @property
    def effect(self) -> str:
        """What it means for the phases: "stops 01 to 04", "warning" or "ok"."""
        if self.verdict != "stops":
            return "warning" if self.verdict == "warns" else "ok"
        return f"stops {format_phases(self.phases)}" + "".join(
            f", and part of {phase}" for phase in self.partial_phases
        )

    @property
    def advice(self) -> str:
        """The sentence, and what to do about it."""
        return f"{self.sentence} To fix it: {self.remedy}"

    @property
    def sentence(self) -> str:
        """Item, effect and message in one line."""
        return f"{self.item} ({self.effect}): {self.message}"


def format_phases(phases: Sequence[str]) -> str:
    """Return numbers of phases as people say them: "01 to 04", "03 and 04", "01, 03"."""
    numbers = [int(phase) for phase in phases]
    if len(phases) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{phases[0]} to {phases[-1]}"
    return " and ".join(phases) if len(phases) == 2 else ", ".join(phases)
