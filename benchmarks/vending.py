"""How long orgkit takes to vend accounts, against AWS's own limits: `python -m benchmarks.vending [N ...] [--write]`.

AWS is emulated in another process. Its clock goes on by 50 ms for each call, and by what is slept. So a busy machine
changes nothing, and the memory of this process is that of orgkit alone.

The bound follows from AWS's limits: CreateAccount once in ten seconds, three at once, and five under way. After that
the access role of the last account takes some seconds. The makespan begins with the first CreateAccount and ends with
the last step.
"""

import argparse
import heapq
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.report import as_section, report_goal, write_section
from benchmarks.usage import own_peak_megabytes

MAX_RATIO, MAX_CALLS, MAX_MEGABYTES = 1.03, 12, 300
ACCOUNTS = (10, 40, 100, 1000)
EXAMPLE = Path(__file__).parents[1] / "parameters" / "example.toml"
LATENCY_SECONDS = 0.05
CREATION_SECONDS = (20.0, 40.0)
ROLE_SECONDS = 20.0
FINALIZING_SECONDS = 3600.0
RATE, BURST, SLOTS = 0.1, 3, 5
# One call each for an account. The role is read before each change, and its account is verified before the first.
CALLS_FOR_AN_ACCOUNT = Counter({
    "CreateAccount": 1, "DescribeCreateAccountStatus": 1, "ListParents": 1, "MoveAccount": 1, "AssumeRole": 2,
    "GetCallerIdentity": 1, "GetRole": 2, "CreateRole": 1, "GetRolePolicy": 1, "PutRolePolicy": 1,
})  # fmt: skip
PROBES_FOR_AN_ACCOUNT = 2  # a role counts as there when it was assumed twice: the first session is not used
READY_CALLS = ("ListBuckets", "ListAliases")  # until the services of the log archive account answer


@dataclass(frozen=True)
class Vended:
    """One apply of 03-accounts: seconds on AWS's clock, and calls by operation."""

    accounts: int
    makespan: float
    bound: float
    most_at_once: int
    calls: dict[str, int]
    refused: dict[str, int]
    megabytes: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def ratio(self) -> float:
        return self.makespan / self.bound

    @property
    def waits(self) -> Counter[str]:
        """The calls that only find out how far AWS is: lists for all accounts, and roles that are tried."""
        lists = {name: self.calls.get(name, 0) for name in ("ListCreateAccountStatus", "ListAccounts", *READY_CALLS)}
        return Counter(lists, AssumeRole=PROBES_FOR_AN_ACCOUNT * self.accounts + self.refused.get("AssumeRole", 0))

    @property
    def calls_without_waits(self) -> Counter[str]:
        return Counter(self.calls) - self.waits

    @property
    def calls_for_an_account(self) -> float:
        return self.calls_without_waits.total() / self.accounts

    def __str__(self) -> str:
        total = sum(self.calls.values())
        lists = f"{self.calls['ListCreateAccountStatus']} lists of requests and {self.calls['ListAccounts']} pages"
        return (
            f"{self.accounts:5} accounts: makespan {self.makespan:8.1f} s, bound {self.bound:8.1f} s, ratio "
            f"{self.ratio:.4f}. {self.calls_for_an_account:.2f} calls an account without waits, {total} in all: "
            f"{lists} of accounts. Refused: {self.refused}. {self.megabytes:.0f} MB, {self.cpu_seconds:.0f} s of CPU"
        )


@dataclass(frozen=True)
class Creation:
    """One CreateAccount request, by the emulator's own clock."""

    requested: datetime
    completes: datetime

    @property
    def seconds(self) -> float:
        return (self.completes - self.requested).total_seconds()


def bound(creations: Sequence[Creation]) -> float:
    """Return the seconds if each is begun in this order as soon as rate and slots allow."""
    tokens, at, slots = float(BURST), 0.0, [0.0] * SLOTS
    for creation in creations:
        free = max(at, heapq.heappop(slots))
        tokens = min(float(BURST), tokens + (free - at) * RATE)
        begun = free + max(0.0, (1 - tokens) / RATE)
        tokens, at = max(tokens, 1.0) - 1, begun
        heapq.heappush(slots, begun + creation.seconds)
    return max(slots) + ROLE_SECONDS


def most_at_once(creations: Sequence[Creation]) -> int:
    """Return how many requests AWS worked on at the same time."""
    moments = [(each.requested, 1) for each in creations] + [(each.completes, -1) for each in creations]
    now = most = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most


def emulate(pipe: Any, seed: Any, folder: Path) -> None:
    """Answer requests in a process of its own, until None comes."""
    from orgkit.sandbox.world import world
    from tests.faults import wire as wires

    wire = wires.begin(seed, folder)
    pipe.send(wires.settings(folder))
    while (message := pipe.recv()) is not None:
        kind, value = message
        if kind == "request":
            response = wire.send(SimpleNamespace(**value))
            pipe.send((response.status_code, dict(response.headers), response.content))
        elif kind == "clock":
            world().clock.sleep(value)
            pipe.send(world().clock.now().astimezone(UTC))
        elif kind == "forget":
            wire.calls.clear()
            pipe.send(None)
        else:
            creations = [Creation(each.requested, each.completes) for each in world().state.get("creations", ())]
            pipe.send((creations, [(call.operation, call.error or "") for call in wire.calls]))


class Emulator:
    """The process that stands for AWS; what boto3 sends in this process goes there."""

    def __init__(self, seed: Any, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=emulate, args=(other, seed, folder), daemon=True)
        self._process.start()
        self._connect(self._pipe.recv())

    def ask(self, kind: str, value: Any = None) -> Any:
        self._pipe.send((kind, value))
        return self._pipe.recv()

    def stop(self) -> None:
        self._pipe.send(None)
        self._process.join()

    def _connect(self, settings: dict[str, str]) -> None:
        from botocore.httpsession import URLLib3Session

        from orgkit.aws.clock import RemoteClock

        os.environ.update(settings)
        URLLib3Session.send = lambda _, request: self._send(request)  # type: ignore[method-assign]
        RemoteClock._ask = lambda _, body: self.ask("clock", json.loads(body)["sleep"] if body else 0)  # type: ignore[method-assign]

    def _send(self, request: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        from tests.faults.wire import _Headers, _Raw

        body = request.body.read() if hasattr(request.body, "read") else request.body
        values = {"method": request.method, "url": request.url, "headers": dict(request.headers.items()), "body": body}
        status, headers, content = self.ask("request", values)
        return AWSResponse(request.url, status, _Headers(list(headers.items())), _Raw(content))


def parameters(folder: Path, accounts: int) -> Path:
    """The example with so many accounts; how long AWS takes for one follows from its email."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for number in range(accounts - 2):
        text += f'\n[accounts.team-{number:04}]\nemail = "team-{number:04}@example.com"\nunit = "Production"\n'
    file = folder / "acme.toml"
    file.write_text(text, encoding="utf-8")
    return file


def vend(accounts: int) -> Vended:
    """Apply 03-accounts to an organization whose first hour is over."""
    from orgkit.engine.apply import apply
    from orgkit.engine.connect import connect
    from orgkit.engine.observe import observe_and_plan
    from orgkit.model.matching import IdIndex
    from orgkit.parameters import load
    from orgkit.rehearsal.bootstrap import seed_of

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desired = load(parameters(folder, accounts))
        seed = replace(
            seed_of(desired), account_quota=accounts + 10, latency_seconds=LATENCY_SECONDS,
            creation_seconds=CREATION_SECONDS, role_seconds=ROLE_SECONDS, finalizing_seconds=FINALIZING_SECONDS,
            services_seconds=0.0, regions=("us-east-1",), empty_pages=0,
        )  # fmt: skip
        emulator = Emulator(seed, folder / "outputs")

        def run(phase: str) -> None:
            aws = connect(desired)
            plan, id_index = observe_and_plan(aws, desired, phase)
            emulator.ask("forget")
            outcomes = apply(aws, plan, id_index, no_answer_was_lost)
            assert not outcomes.failed, outcomes.failed[0]

        def no_answer_was_lost() -> tuple[Any, IdIndex]:
            raise AssertionError("AWS was looked at again")

        run("organization")
        run("units")
        emulator.ask("clock", FINALIZING_SECONDS)
        started = time.process_time()
        run("accounts")
        cpu_seconds = time.process_time() - started
        ended = emulator.ask("clock", 0)
        creations, calls = emulator.ask("log")
        emulator.stop()
    creations.sort(key=lambda creation: creation.requested)
    return Vended(
        accounts,
        (ended - creations[0].requested).total_seconds(),
        bound(creations),
        most_at_once(creations),
        dict(Counter(operation for operation, _ in calls)),
        dict(Counter(operation for operation, error in calls if error and error != "NoSuchEntity")),
        own_peak_megabytes(),
        cpu_seconds,
    )


def vend_in_new_process(accounts: int) -> Vended:
    """The same in a process of its own, whose memory nobody else has used."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(vend, accounts).result()


def check_goals(results: Sequence[Vended]) -> list[str]:
    """Each goal, and whether it was met."""
    by_account = max(vended.calls_for_an_account for vended in results)
    return [
        report_goal("makespan as a multiple of the bound", max(vended.ratio for vended in results), MAX_RATIO, ".3f"),
        report_goal("calls for an account, without those that wait for AWS", by_account, MAX_CALLS, ".2f"),
        report_goal("memory in MB", max(vended.megabytes for vended in results), MAX_MEGABYTES, ".0f"),
    ]


def as_markdown(results: Sequence[Vended], command: str) -> str:
    """The section of the page."""
    head = (
        "| accounts | makespan s | bound s | ratio | calls an account | calls that wait | CPU s | MB |\n" + "|---" * 8
    )
    rows = [
        f"| {each.accounts:,} | {each.makespan:,.0f} | {each.bound:,.0f} | {each.ratio:.4f} | "
        f"{each.calls_for_an_account:.2f} | {each.waits.total():,} | {each.cpu_seconds:.0f} | {each.megabytes:.0f} |"
        for each in results
    ]
    return as_section([f"{head}|", *rows], check_goals(results), command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each number of accounts, and the calls of each operation; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("accounts", type=int, nargs="*", default=ACCOUNTS)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args(arguments)
    results = []
    for accounts in options.accounts:
        results.append(vend_in_new_process(accounts))
        print(results[-1], flush=True)
        print("      calls:", json.dumps(asdict(results[-1])["calls"]), flush=True)
    print("", *check_goals(results), sep="\n")
    if options.write:
        command = " ".join(["python -m benchmarks.vending", *map(str, options.accounts)])
        write_section("vending", as_markdown(results, command))
    return int(any(goal.endswith("MISSED") for goal in check_goals(results)))


if __name__ == "__main__":
    sys.exit(main())
