"""What a sandbox is put through, beside what a parameters file asks of it: faults, latency, real time."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from orgkit.sandbox.faults import KINDS
from orgkit.sandbox.seed import Seed

ALL_FAULTS = "all"


@dataclass(frozen=True)
class FaultOptions:
    """The defaults are a good day."""

    faults: tuple[str, ...] = ()
    fault_seed: int = 0
    latency_seconds: float | None = None
    real_time: bool = False

    def apply_to(self, seed: Seed) -> Seed:
        """The seed under these circumstances."""
        overrides: dict[str, Any] = {}
        if self.faults:
            overrides |= {"faults": self.faults, "fault_seed": self.fault_seed}
        if self.latency_seconds is not None:
            overrides |= {"latency_seconds": self.latency_seconds}
        return replace(seed, **overrides)

    @property
    def sentence(self) -> str:
        """Which faults there will be, and how to meet the same ones again; nothing on a good day."""
        if not self.faults:
            return ""
        names = "every kind" if set(self.faults) == set(KINDS) else ", ".join(self.faults)
        return f"Faults of {names}. The same ones again: --fault-seed {self.fault_seed}"


WITHOUT_FAULTS = FaultOptions()


def select_options(
    names: Iterable[str], fault_seed: int | None = None, latency_seconds: float | None = None, real_time: bool = False
) -> FaultOptions:
    """As a command line asks for them: `all` means every kind, and without a seed one is drawn."""
    selected = tuple(dict.fromkeys(names))
    faults = tuple(KINDS) if ALL_FAULTS in selected else selected
    drawn = secrets.randbelow(100_000) if fault_seed is None and faults else fault_seed or 0
    return FaultOptions(faults, drawn, latency_seconds, real_time)
