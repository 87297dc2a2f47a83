"""What a sandbox is put through, beside what a parameters file asks of it: faults, latency, real time."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from orgkit.sandbox.faults import KINDS
from orgkit.sandbox.seed import Seed

ALL = "all"


@dataclass(frozen=True)
class Circumstances:
    """The defaults are a good day."""

    faults: tuple[str, ...] = ()
    fault_seed: int = 0
    latency_seconds: float | None = None
    real_time: bool = False

    def over(self, seed: Seed) -> Seed:
        """The seed under these circumstances."""
        given: dict[str, Any] = {}
        if self.faults:
            given |= {"faults": self.faults, "fault_seed": self.fault_seed}
        if self.latency_seconds is not None:
            given |= {"latency_seconds": self.latency_seconds}
        return replace(seed, **given)

    @property
    def sentence(self) -> str:
        """Which faults there will be, and how to meet the same ones again; nothing on a good day."""
        if not self.faults:
            return ""
        names = "every kind" if set(self.faults) == set(KINDS) else ", ".join(self.faults)
        return f"Faults of {names}. The same ones again: --fault-seed {self.fault_seed}"


GOOD_DAY = Circumstances()


def chosen(
    names: Iterable[str], fault_seed: int | None = None, latency_seconds: float | None = None, real_time: bool = False
) -> Circumstances:
    """As a command line asks for them: `all` means every kind, and without a seed one is drawn."""
    named = tuple(dict.fromkeys(names))
    faults = tuple(KINDS) if ALL in named else named
    drawn = secrets.randbelow(100_000) if fault_seed is None and faults else fault_seed or 0
    return Circumstances(faults, drawn, latency_seconds, real_time)
