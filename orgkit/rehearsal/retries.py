"""Repeated runs of one phase with faults: again, under the same approval, until it is done."""

from collections import Counter
from dataclasses import field
from typing import Self

from orgkit.dataclass import dataclass
from orgkit.errors import EXIT_INTERRUPTED, EXIT_REFUSED, CheckStops, NeedsDecision, OutOfOrder
from orgkit.records.result import RunResult
from orgkit.runbook.execution.kernel_pool import Kernel, Kernels

MAX_RUNS = 6  # runs of a phase
REFUSALS = (CheckStops.summary, NeedsDecision.summary, OutOfOrder.summary)  # which a fault alone does not cause twice


@dataclass(frozen=True)
class Attempt:
    """One run of a phase, its planning included."""

    result: RunResult
    faults: Counter[str] = field(default_factory=Counter)  # by kind: what its calls met
    remarks: tuple[str, ...] = ()  # how it recovered
    found_done: int = 0  # changes without an answer that AWS had made
    repeat_command: str = ""  # how the phase is run once more, if it is


class WatchedKernels(Kernels):
    """Kernels that record whether a person interrupted a run, since a kernel that died looks the same."""

    is_stopped = False

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def take(self) -> Kernel:
        """Return a kernel that records when Ctrl-C is passed on to it."""
        kernel = super().take()
        interrupt = kernel.interrupt

        def is_stopped() -> None:
            self.is_stopped = True
            interrupt()

        kernel.interrupt = is_stopped  # type: ignore[method-assign]
        return kernel


def worth_another(result: RunResult, faults: Counter[str], earlier: RunResult | None) -> bool:
    """Return whether a fault may have stopped this run, so that another run may succeed."""
    if result.succeeded:
        return False
    if result.exit_code == EXIT_INTERRUPTED:
        return True  # a dead kernel
    return faults.total() > 0 and not (earlier is not None and _is_repeated_refusal(result, earlier))


def _is_repeated_refusal(result: RunResult, earlier: RunResult) -> bool:
    """Return whether a guard has refused twice for the same reason, which is then not a fault."""
    is_same = result.reasons == earlier.reasons and result.exit_code == EXIT_REFUSED
    return is_same and bool(set(result.reasons[:1]) & set(REFUSALS))
