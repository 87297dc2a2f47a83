"""The results of a rehearsal, for the summary and for --json."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orgkit.errors import EXIT_DONE, EXIT_REFUSED, EXIT_WAITING, OutOfOrder
from orgkit.model.plan import Waiting
from orgkit.phases.descriptor import Phase
from orgkit.records.result import NOTHING_TO_CHANGE, OUTCOMES, RunResult
from orgkit.rehearsal.denials import PolicyDenial
from orgkit.rehearsal.fault_options import WITHOUT_FAULTS, FaultOptions
from orgkit.rehearsal.retries import Attempt
from orgkit.runbook.views.tree import Node
from orgkit.sandbox.lifecycle import Sandbox
from orgkit.sandbox.snapshot import Snapshot


@dataclass(frozen=True)
class PhaseRehearsal:
    """One phase of a rehearsal, with all its runs: one, without faults."""

    phase: Phase
    runs: tuple[Attempt, ...]

    @property
    def result(self) -> RunResult:
        """The result of the last run."""
        return self.runs[-1].result

    @property
    def steps(self) -> int:
        """The steps of the whole phase: a run that continues an earlier one has fewer to do."""
        return max(run.result.steps for run in self.runs)

    @property
    def seconds(self) -> float:
        return sum(run.result.seconds for run in self.runs)

    @property
    def outcome(self) -> str:
        """The outcome of the phase: done if the last run finds that an earlier one has done everything."""
        nothing_left = self.result.outcome == NOTHING_TO_CHANGE and self.steps > 0
        return OUTCOMES[EXIT_DONE] if nothing_left else self.result.outcome

    @property
    def faults(self) -> Counter[str]:
        return sum((run.faults for run in self.runs), Counter[str]())

    @property
    def found_done(self) -> int:
        return sum(run.found_done for run in self.runs)

    def as_json(self, *, with_runs: bool) -> dict[str, Any]:
        result = self.result
        payload = {
            "phase": self.phase.run_label,
            "outcome": self.outcome,
            "steps": self.steps,
            "digest": result.digest,
            "plan_sha256": result.plan_sha256,
            "seconds": round(self.seconds, 3),
            "record": str(result.record),
        }
        return payload | (self._runs_json() if with_runs else {})

    def _runs_json(self) -> dict[str, Any]:
        runs = [
            {"outcome": run.result.outcome, "record": str(run.result.record), "faults": dict(run.faults),
             "found_done": run.found_done, "told": list(run.remarks), "reasons": list(run.result.reasons)}
            for run in self.runs
        ]  # fmt: skip
        return {"runs": runs, "faults": dict(self.faults), "found_done": self.found_done}


@dataclass(frozen=True)
class Rehearsal:
    """The results of a rehearsal."""

    tree: Node
    phases: tuple[PhaseRehearsal, ...]
    costs: Mapping[str, str]
    seconds: float
    folder: Path
    sandbox: Sandbox
    waiting: tuple[Waiting, ...] = ()
    circumstances: FaultOptions = WITHOUT_FAULTS
    faults_afterwards: Counter[str] = field(default_factory=Counter)  # met by the last read of everything
    alone: bool = False  # with four_eyes of the file switched off, since there is only one operator
    denials: tuple[PolicyDenial, ...] = ()  # by policies of the organization
    tree_before: Node | None = None  # the organization as the snapshot has it
    snapshot: Snapshot | None = None  # with which the sandbox began
    planned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # sentences of the first plan, by phase

    @property
    def exit_code(self) -> int:
        """The exit code of the first phase that failed; waiting for someone else is not a failure."""
        codes = [phase.result.exit_code for phase in self.phases]
        waits = EXIT_WAITING in codes
        wrong = [
            phase.result.exit_code
            for phase in self.phases
            if not (_is_success(phase.result) or (waits and _is_retryable(phase.result)))
        ]
        return wrong[0] if wrong else (EXIT_WAITING if waits else EXIT_DONE)

    @property
    def faults(self) -> Counter[str]:
        """The faults that all calls of the rehearsal met, by kind."""
        return sum((phase.faults for phase in self.phases), Counter(self.faults_afterwards))

    @property
    def totals(self) -> dict[str, int]:
        """The totals of all phases: runs, faults met, steps found done."""
        return {
            "runs": sum(len(phase.runs) for phase in self.phases),
            "met": self.faults.total(),
            "found_done": sum(phase.found_done for phase in self.phases),
        }

    def as_json(self) -> dict[str, Any]:
        stormy = bool(self.circumstances.faults)
        payload = {
            "organization": self.tree.as_json(),
            "phases": [item.as_json(with_runs=stormy) for item in self.phases],
            "costs": dict(self.costs),
            "waiting": [asdict(item) for item in self.waiting],
            "records": str(self.folder),
            "seconds": round(self.seconds, 3),
            "approved_alone": self.alone,
            "denials": [denial.as_json() for denial in self.denials],
        }
        return payload | self._snapshot_json() | ({"faults": self._faults_json()} if stormy else {})

    def _snapshot_json(self) -> dict[str, Any]:
        if self.snapshot is None or self.tree_before is None:
            return {}
        values = self.snapshot.model_dump(mode="json", include={"taken_at", "is_masked", "not_read"})
        steps = {label: list(sentences) for label, sentences in self.planned.items()}
        return {"organization_before": self.tree_before.as_json(), "snapshot": values, "steps": steps}

    def _faults_json(self) -> dict[str, Any]:
        return {
            "asked_for": list(self.circumstances.faults),
            "fault_seed": self.circumstances.fault_seed,
            "by_kind": dict(self.faults),
            **self.totals,
        }


def _is_success(result: RunResult) -> bool:
    return result.exit_code in (EXIT_DONE, EXIT_WAITING)


def _is_retryable(result: RunResult) -> bool:
    """Return whether it was refused only because an earlier phase is not done, and so waits for the same person."""
    return result.exit_code == EXIT_REFUSED and OutOfOrder.summary in result.reasons
