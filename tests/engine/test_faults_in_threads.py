"""Reading a sandbox under faults by several threads ends as one read after the other: the same plans, the same error.

`python -m tests.engine.test_faults_in_threads 200` tries 200 seeds.
"""

import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.delayed_sandbox import DelayedSandbox, start
from benchmarks.large_organization import LargeOrganization
from benchmarks.plans import expected_calls
from orgkit.aws.executor import THREADS, Executor, SerialExecutor, ThreadedExecutor
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.errors import OrgkitError
from orgkit.parameters import load
from orgkit.phases.registry import phases_for, plan
from orgkit.rehearsal.setup import environment
from orgkit.sandbox.seed import Seed
from tests.conftest import Tell

ACCOUNTS, SEEDS = 4, 5
REQUEST_ID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class FaultyOrganization(LargeOrganization):
    """An organization of some accounts, read under the faults of a seed; 0 for none."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _start)
        self.grow(ACCOUNTS)
        self.met: Counter[str] = Counter()

    def begin(self, seed: int) -> None:
        self.met.update(self.sandbox._ask("/orgkit/faults", {"seed": seed}))

    def outcome(self, seed: int, executor: Executor) -> bytes:
        """The plans as they are digested, or what a person reads; request ids differ from call to call."""
        desired = load(self.file)
        self.begin(seed)
        with environment(self.sandbox.environment()):
            try:
                aws = connect(desired, executor=executor)
                observed = observe(aws, desired)
                planned = [plan(phase.label, observed, desired) for phase in phases_for(desired) if phase.changes]
                text = b"\n".join(each.canonical for each in planned)
            except OrgkitError as error:
                text = f"{type(error).__name__} {error}".encode()
        return REQUEST_ID.sub(b"-", text)

    def differing(self, seeds: Iterable[int]) -> Iterator[tuple[int, bytes, bytes]]:
        """The seeds of which a reading ends otherwise with threads than without, and how both end."""
        for seed in seeds:
            outcomes = self.outcome(seed, SerialExecutor()), self.outcome(seed, ThreadedExecutor())
            if outcomes[0] != outcomes[1]:
                yield seed, *outcomes


def _start(seed: Seed, folder: Path) -> DelayedSandbox:
    """Without AWS's own throttling, which depends on the time between two readings."""
    return start(replace(seed, throttling=False), folder, real_time=False, module="tests.engine.faulty_sandbox")


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyOrganization]:
    made = FaultyOrganization(tmp_path_factory.mktemp("faulty"))
    with made.sandbox:
        yield made


def test_under_the_same_faults_threads_plan_and_fail_as_one_read_after_the_other(
    organization: FaultyOrganization,
) -> None:
    assert list(organization.differing(range(1, SEEDS + 1))) == []
    organization.begin(0)
    assert organization.met.total() > 3, f"hardly a fault was met: {organization.met}"


def test_a_whole_reading_makes_the_calls_of_the_formula_and_meets_no_throttling(
    organization: FaultyOrganization, report: Tell
) -> None:
    organization.delayed.delay(0.01)  # so that calls are under way at the same time
    assert b"could not" not in organization.outcome(0, ThreadedExecutor())
    traffic = organization.delayed.traffic()
    report(f"{ACCOUNTS} accounts: {traffic.calls} calls, at most {traffic.peak} at once")
    assert (traffic.calls, traffic.throttled) == (expected_calls(ACCOUNTS), 0)
    assert 1 < traffic.peak <= THREADS


def main(seeds: int) -> int:
    """Try so many seeds; 1 when any of them is bad."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        organization = FaultyOrganization(Path(folder))
        with organization.sandbox:
            bad = []
            for seed, *outcomes in organization.differing(range(1, seeds + 1)):
                bad.append(seed)
                print(f"seed {seed}", *outcomes, sep="\n", flush=True)
            organization.begin(0)
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(organization.met.items()))
    print(f"{seeds} seeds, {len(bad)} bad {bad}; {faults}; {time.process_time() - began:.0f} s of CPU")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
