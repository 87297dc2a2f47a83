"""python -m tests.faults.kills: kernel, runner or both killed with `kill -9` at random moments, and run again."""

import argparse
import json
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from orgkit.records.files import run_folders
from tests.bootstrap.fork_server import ForkedCommand
from tests.bootstrap.project import EXAMPLE, PHASES_THAT_CHANGE, Project, Stage, before, fork_server, new_project
from tests.faults.left import Left
from tests.faults.moments import VICTIMS, Moment, draw, strike
from tests.faults.processes import runs as is_running

AGAIN_AT_MOST = 8  # runs after the killed one
PATIENCE = 1.0  # seconds until a person tries again, when another run is still applying
ENDS = 90.0  # seconds in which a run ends


@dataclass(frozen=True)
class Undisturbed:
    """What a run of a phase is when nobody kills it."""

    seconds: float
    changes: int
    state: dict[str, Any]


@dataclass
class Verdict:
    """One moment: how the killed run ended, the runs after it, and what did not hold."""

    moment: Moment
    first: str = ""
    again: list[str] = field(default_factory=list)
    found: int = 0  # changes without an answer that a later run settled
    bad: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        end = f"BAD {'; '.join(self.bad)}" if self.bad else f"found {self.found}" if self.found else ""
        return f"{self.moment} {self.first:12} then {', '.join(self.again)} {end}".rstrip()


class Sweep:
    """Kills on one stage, which is begun again for each."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._undisturbed: dict[str, Undisturbed] = {}

    def kills(self, number: int, seed: int) -> Iterator[Verdict]:
        """So many; a moment that came after the end of its run is none, and another is drawn."""
        chance, done = random.Random(seed), 0
        while done < number:
            phase = chance.choice(PHASES_THAT_CHANGE)
            verdict = self._kill(draw(chance, phase, self._of(phase).changes))
            if verdict is not None:
                done += 1
                yield verdict

    def _of(self, phase: str) -> Undisturbed:
        if phase not in self._undisturbed:
            digest = self._begin(phase)
            began = time.monotonic()
            self.stage.project.phase(phase, digest)
            seconds = time.monotonic() - began
            left = Left(self.stage, phase)
            self._undisturbed[phase] = Undisturbed(seconds, len(left.intents()), left.state())
        return self._undisturbed[phase]

    def _begin(self, phase: str) -> str:
        """A fresh AWS up to this phase, whose plan is kept; its digest."""
        self.stage.begin(*before(phase))
        return self.stage.planned(phase)

    def _outputs(self) -> Path:
        return Path(self.stage.project.settings["ORGKIT_OUTPUTS"])

    def _kill(self, moment: Moment) -> Verdict | None:
        digest, verdict = self._begin(moment.phase), Verdict(moment)
        account = self._outputs() / self.stage.desired.organization.management_account_id
        seconds = self._of(moment.phase).seconds
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            runner = self._run(moment.phase, digest, (out.fileno(), err.fileno()))
            blow = strike(moment, runner, account, seconds)
            code = runner.wait(ENDS)
            output, errors = _text_of(out), _text_of(err)
        if not blow.hit:
            return None
        killed = [run.name for run in run_folders(account.parent, account.name)]
        verdict.first = _end_of(code, output)
        verdict.bad += _not_told_well(code, output, errors)
        self._run_again(verdict, digest)
        if blow.kernel and is_running(blow.kernel):  # a kernel looks every second whether its runner is there
            verdict.bad.append(f"kernel {blow.kernel} goes on without its runner")
        left = Left(self.stage, moment.phase)
        verdict.found = len(left.settled())
        verdict.bad += left.wrong(killed, self._of(moment.phase).state)
        return verdict

    def _run(self, phase: str, digest: str, files: Sequence[int]) -> ForkedCommand:
        project = self.stage.project
        return fork_server().start(_arguments(project, phase, digest), project.folder, project.environment, files)

    def _run_again(self, verdict: Verdict, digest: str) -> None:
        """As a person would: until it is done, with a pause when another run still holds the lock."""
        project, environment = self.stage.project, self.stage.project.environment
        for _ in range(AGAIN_AT_MOST):
            done = fork_server().run(
                _arguments(project, verdict.moment.phase, digest), project.folder, environment, ENDS
            )
            verdict.again.append(_end_of(done.returncode, done.stdout))
            if done.returncode == 0:
                return
            if "holds the lock" not in done.stdout:
                output = f"{done.stdout[-300:]}{done.stderr[-300:]}"
                verdict.bad.append(f"the run after it ended with {done.returncode}: {output}")
            time.sleep(PATIENCE)
        verdict.bad.append(f"not done after {AGAIN_AT_MOST} runs more")


def _text_of(file: TextIO) -> str:
    file.seek(0)
    return file.read()


def _arguments(project: Project, phase: str, digest: str) -> list[str]:
    return ["run", str(project.file), phase, "--approved-plan", digest, "--json"]


def _end_of(code: int, output: str) -> str:
    if code < 0:
        return f"signal {-code}"
    try:
        return str(json.loads(output)["outcome"])
    except (ValueError, KeyError):
        return f"exit {code}"


def _not_told_well(code: int, output: str, errors: str) -> Iterator[str]:
    """A runner that lives on says how its run ended, and never with a traceback."""
    if code not in (-9, 0, 7):
        yield f"exit code {code}: {output[-300:]}{errors[-300:]}"
    if "Traceback" in output + errors:
        yield f"a traceback: {(output + errors)[-300:]}"


def sweep(stage: Stage, number: int, seed: int, report: Callable[[str], None]) -> list[Verdict]:
    """Kill and run again so many times, a line for each; the last line has the numbers."""
    verdicts = []
    for verdict in Sweep(stage).kills(number, seed):
        report(str(verdict))
        verdicts.append(verdict)
    hit = Counter(verdict.moment.victim for verdict in verdicts)
    output = ", ".join(f"{victim} {hit[victim]}" for victim in VICTIMS)
    found, bad = sum(verdict.found for verdict in verdicts), sum(bool(verdict.bad) for verdict in verdicts)
    report(f"{number} kills, seed {seed}: {output}; {found} changes found without an answer; {bad} bad")
    return verdicts


def new_stage(folder: Path, parameters: Path = EXAMPLE) -> Stage:
    """With a KMS key, whose creation AWS would do twice."""
    project = new_project(folder, parameters)
    project.file.write_text(project.file.read_text().replace("#kms_key = false", "kms_key = true"))
    return Stage(project)


def main() -> int:
    """0 when nothing was bad."""
    parser = argparse.ArgumentParser(prog="tests.faults.kills", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--number", type=int, default=50)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000))
    requests = parser.parse_args()
    print(
        f"{requests.number} kills. The same moments again: --number {requests.number} --seed {requests.seed}",
        flush=True,
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="orgkit-kills-") as folder:
        stage = new_stage(Path(folder) / "project", requests.file.absolute())
        with stage.sandbox:
            verdicts = sweep(stage, requests.number, requests.seed, lambda line: print(line, flush=True))
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if any(verdict.bad for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
