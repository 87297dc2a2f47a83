"""Options of a sandbox that are not in the parameters file: faults, latency, real time."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from orgkit.sandbox.faults import KINDS
from orgkit.sandbox.seed import Seed

ALL_FAULTS = "all"
# With faults, what a change of a role or policy takes to be effective. It tries orgkit's waiting, not the user's file,
# so that rehearsals without faults leave it out.
POLICY_SECONDS = 10.0


@dataclass(frozen=True)
class FaultOptions:
    """Faults, latency and real time; the defaults are without faults."""

    faults: tuple[str, ...] = ()
    fault_seed: int = 0
    latency_seconds: float | None = None
    real_time: bool = False

    def apply_to(self, seed: Seed) -> Seed:
        """Return the seed with these options."""
        overrides: dict[str, Any] = {}
        if self.faults:
            overrides |= {"faults": self.faults, "fault_seed": self.fault_seed, "policy_seconds": POLICY_SECONDS}
        if self.latency_seconds is not None:
            overrides |= {"latency_seconds": self.latency_seconds}
        return replace(seed, **overrides)

    @property
    def sentence(self) -> str:
        """Name the kinds of faults, and the option that repeats them; "" without faults."""
        if not self.faults:
            return ""
        names = "every kind" if set(self.faults) == set(KINDS) else ", ".join(self.faults)
        return f"Faults of {names}. The same ones again: --fault-seed {self.fault_seed}"


WITHOUT_FAULTS = FaultOptions()


def select_options(
    names: Iterable[str], fault_seed: int | None = None, latency_seconds: float | None = None, real_time: bool = False
) -> FaultOptions:
    """Read the options of a command line: `all` means every kind, and without a seed a random one is used."""
    selected = tuple(dict.fromkeys(names))
    faults = tuple(KINDS) if ALL_FAULTS in selected else selected
    drawn = secrets.randbelow(100_000) if fault_seed is None and faults else fault_seed or 0
    return FaultOptions(faults, drawn, latency_seconds, real_time)
