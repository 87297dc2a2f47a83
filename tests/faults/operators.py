"""python -m tests.faults.operators: each phase run by two people at once, on machines that do not know each other."""

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orgkit.journal.events import read_events
from tests.bootstrap.project import EXAMPLE, PHASES_THAT_CHANGE, Done, Project, Stage, fork_server, new_project

RUNS = 4  # of each, until done
LONGEST = 120.0  # seconds of ours, for one run
FORBIDDEN = ("Close", "Remove", "Delete", "Leave", "Deregister", "Disable", "Stop")


@dataclass
class Found:
    """The results so far."""

    seed: int
    pairs: int = 0
    signs: int = 0  # signs of each other that were reported to the two
    bad: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.pairs} pairs (seed {self.seed}): {self.signs} signs of each other reported, {len(self.bad)} bad"


def at_once(folder: Path, number: int, seed: int, report: Callable[[str], None], file: Path = EXAMPLE) -> Found:
    """So many pairs: the bootstrap is made from nothing again and again, each phase by two at once."""
    drawn, found = random.Random(seed), Found(seed)
    stage = Stage(new_project(folder / "project", file))
    with stage.sandbox:
        while found.pairs < number:
            stage.begin()
            for phase in PHASES_THAT_CHANGE:
                if found.pairs < number:
                    _pair(stage, phase, drawn.uniform(0, 0.3), found, report)
            found.bad += [f"made twice: {double}" for double in stage.doubles() if "CreateAccount" not in double]
            found.bad += _accounts_of_one_email(stage)
    return found


def _pair(stage: Stage, phase: str, apart: float, found: Found, report: Callable[[str], None]) -> None:
    """Both plan and approve the same, and begin `apart` seconds one after the other."""
    operators = [_elsewhere(stage, phase, name) for name in ("jane", "joe")]
    digests = [operator.plan(phase)["digest"] for operator in operators]
    with ThreadPoolExecutor(len(operators)) as executor:
        running = []
        for operator, digest in zip(operators, digests, strict=True):
            running.append(executor.submit(_run, operator, phase, digest))
            time.sleep(apart)
        done = [each.result() for each in running]
    ends = [_outcome(each.stdout) for each in done]
    for each in done:
        if "Traceback" in each.stdout + each.stderr or each.returncode not in range(10):
            found.bad.append(f"{phase}: {each.returncode} {each.stderr[-600:]}")
    for operator, digest in zip(operators, digests, strict=True):
        ends.append(_until_done(operator, phase, digest, found))
    signs = [event for operator in operators for event in _signs(operator)]
    found.pairs, found.signs = found.pairs + 1, found.signs + len(signs)
    if not stage.plan(phase).empty:
        found.bad.append(f"{phase}: something is left to do")
    found.bad += [f"{phase}: {call}" for call in stage.changes() if call.split(":")[1].startswith(FORBIDDEN)]
    report(f"  {phase:12} {apart * 1000:3.0f} ms apart: {ends[0]}, {ends[1]}; {len(signs)} signs")


def _elsewhere(stage: Stage, phase: str, name: str) -> Project:
    """Another person's machine: records, locks and home of its own."""
    home = stage.project.folder / "elsewhere" / name / f"{stage.begun}-{phase}"
    home.mkdir(parents=True)
    return stage.project.within({"ORGKIT_OUTPUTS": str(home / "outputs"), "XDG_STATE_HOME": str(home / "state")})


def _run(operator: Project, phase: str, digest: str) -> Done:
    approved = ["--approved-plan", digest] if digest else []
    command = ["run", str(operator.file), phase, *approved, "--json"]
    return fork_server().run(command, operator.folder, operator.environment, LONGEST)


def _until_done(operator: Project, phase: str, digest: str, found: Found) -> str:
    """As a person would: the same command, and when the plan has changed, a look at the new one."""
    for _ in range(RUNS):
        done = _run(operator, phase, digest)
        if done.returncode == 0:
            return _outcome(done.stdout)
        digest = operator.plan(phase)["digest"]
    found.bad.append(f"{phase} is not done after {RUNS} runs more: {done.returncode} {done.stdout}{done.stderr}")
    return _outcome(done.stdout)


def _outcome(output: str) -> str:
    try:
        return str(json.loads(output)["outcome"])
    except (ValueError, KeyError):
        return "nothing reported"


def _signs(operator: Project) -> list[dict[str, Any]]:
    journals = Path(operator.environment["ORGKIT_OUTPUTS"]).glob("*/*/events.jsonl")
    return [event for journal in journals for event in read_events(journal) if event["event"] == "sign"]


def _accounts_of_one_email(stage: Stage) -> list[str]:
    pages = stage.client("organizations").get_paginator("list_accounts").paginate()
    emails = Counter(account["Email"] for page in pages for account in page["Accounts"])
    return [f"{times} accounts have {email}" for email, times in emails.items() if times > 1]


def main() -> int:
    """0 when nothing was bad."""
    parser = argparse.ArgumentParser(prog="tests.faults.operators", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--number", type=int, default=25, help="how many pairs")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000), help="by which they begin apart")
    requests, started = parser.parse_args(), time.monotonic()
    print(
        f"{requests.number} pairs. About the same ones again: --number {requests.number} --seed {requests.seed}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        found = at_once(
            Path(folder), requests.number, requests.seed, lambda line: print(line, flush=True), requests.file
        )
    for bad in found.bad:
        print(f"BAD {bad}")
    print(f"{found}, {time.monotonic() - started:.0f} s")
    return 1 if found.bad else 0


if __name__ == "__main__":
    sys.exit(main())
