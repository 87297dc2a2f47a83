"""`orgkit rehearse --faults`: the bootstrap ends in the same state with and without faults, with nothing made twice."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import pytest

from orgkit.cli.output import Progress
from orgkit.cli.summary import show_rehearsal
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.errors import CheckStops, CouldNotRead, OrgkitError
from orgkit.model.observed import Observed
from orgkit.parameters import load
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import PHASES
from orgkit.phases.trail.facts import TrailFacts
from orgkit.records.result import RunResult
from orgkit.rehearsal.bootstrap import environment, rehearse, seed_of
from orgkit.rehearsal.fault_options import select_options
from orgkit.rehearsal.faults import FaultLog, retry_reads
from orgkit.rehearsal.retries import WatchedKernels, worth_another
from orgkit.runbook.execution.kernel_pool import Kernel
from orgkit.sandbox.faults import KINDS, Incoming, spread
from orgkit.sandbox.lifecycle import Sandbox, find
from tests.bootstrap.fork_server import forked_kernels
from tests.bootstrap.project import EXAMPLE, Project, Stage, new_project

CHANGES = ("server-error-after-commit", "late-commit", "concurrent-modification", "lost-response")
LABELS = [phase.run_label for phase in PHASES]
T = TypeVar("T")
APPROVERS = """[approval.approvers]
[approval.approvers.ada]
key = "MCowBQYDK2VwAyEAwf7n9VXni1elMzMThzOva/8Baea/ySnPVV+n1RYqawM="
arn = "arn:aws:iam::999999999999:user/ada"
"""
OPERATORS = """[approval.operators]
jane = "arn:aws:iam::999999999999:user/orgkit-operator"
"""
FOUR_EYES = EXAMPLE.read_text().replace("#four_eyes = false", "four_eyes = true")
for section in (APPROVERS, OPERATORS):
    FOUR_EYES = FOUR_EYES.replace(section.partition("\n")[0] + "\n", section)


@dataclass(frozen=True)
class Day:
    """A rehearsal under faults, and the sandbox that it left running."""

    project: Project
    output: dict[str, Any]
    sandbox: Sandbox
    seen_by_a_person: tuple[str, str] = ("", "")  # what came on stdout and stderr

    @property
    def runs(self) -> list[dict[str, Any]]:
        return [run for phase in self.output["phases"] for run in phase["runs"]]

    def seen(self) -> dict[str, Any]:
        """Read what AWS has now: a read that a fault ends is repeated, and one that it falsifies is not used."""
        desired, last = load(self.project.file), None
        with environment(self.sandbox.environment()):
            for _ in range(60):
                try:
                    now = as_it_is(observe(connect(desired), desired))
                except OrgkitError:
                    continue
                if now == last:
                    return now
                last = now
        raise AssertionError("AWS could not be looked at twice in the same way")


def as_it_is(observed: Observed) -> dict[str, Any]:
    """Names, paths, tags and the trail: all that a bootstrap makes."""
    facts = observed.facts(TrailFacts)
    assert facts is not None
    return {
        "organization": observed.organization,
        "units": sorted((unit.path, unit.tags) for unit in observed.units),
        "accounts": sorted((a.id, a.name, a.email, a.unit, a.tags) for a in observed.accounts),
        "members": sorted(map(repr, observed.members)),
        "trail": facts,
    }


def as_commanded(project: Project) -> Day:
    """Every kind of fault, as a program asks for it."""
    output = project.json("rehearse", project.file, "--keep", "--faults", "all", "--fault-seed", "7")
    sandbox = find(Path(output["records"]))
    assert sandbox is not None
    return Day(project, output, sandbox)


def with_a_killed_kernel(project: Project) -> Day:
    """Faults of changes alone, and the kernel of 05 killed soon after it begins to apply, as a person watches it.

    05 has eighteen steps: the kernel of a shorter phase may be done before the kill arrives.
    """
    taken: list[Kernel] = []
    dead: list[Kernel] = []
    phases: list[Phase] = []
    out, err, progress = StringIO(), StringIO(), Progress(quiet=False)

    def take(kernels: WatchedKernels) -> Kernel:
        taken.append(original(kernels))
        return taken[-1]

    def on_phase(phase: Phase, result: Any) -> None:
        phases.append(phase)
        progress.phase(phase, result)

    def on_event(event: Any) -> None:
        progress.event(event)
        if event["event"] == "apply" and phases[-1].number == "05" and not dead:
            dead.append(taken[-1])
            dead[0].kill()

    original, circumstances = WatchedKernels.take, select_options(CHANGES, 8)
    with forked_kernels(), pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(WatchedKernels, "take", take)
        watch: dict[str, Any] = {"on_phase": on_phase, "on_event": on_event, "on_attempt": progress.attempt}
        done = rehearse(project.file, keep=True, circumstances=circumstances, **watch)
        show_rehearsal(done, keep=True)
    return Day(project, done.as_json(), done.sandbox, (out.getvalue(), err.getvalue()))


@pytest.fixture(scope="module")
def commanded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Of a file that asks for four eyes."""
    project = new_project(tmp_path_factory.mktemp("commanded") / "project")
    project.file.write_text(FOUR_EYES)
    day = as_commanded(project)
    with day.sandbox:
        yield day


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    day = with_a_killed_kernel(new_project(tmp_path_factory.mktemp("killed") / "project"))
    with day.sandbox:
        yield day


@pytest.fixture(params=["commanded", "killed"])
def day(request: pytest.FixtureRequest) -> Day:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def good_day(stage: Stage) -> dict[str, Any]:
    """The organization without a fault."""
    stage.begin("organization", "units", "accounts", "imports", "trail")
    with stage.connected() as aws:
        return as_it_is(observe(aws, stage.desired))


def test_every_phase_is_done_in_the_end(day):
    assert {phase["outcome"] for phase in day.output["phases"]} == {"done"}
    assert all(phase["runs"][-1]["outcome"] in ("done", "nothing to change") for phase in day.output["phases"])
    assert day.output["faults"]["runs"] == len(day.runs) <= 6 * len(day.output["phases"])


def test_a_file_that_asks_for_four_eyes_is_rehearsed_as_if_one_person_were_enough_and_says_so(commanded, killed):
    assert commanded.output["approved_alone"] is True
    assert {phase["outcome"] for phase in commanded.output["phases"]} == {"done"}
    assert commanded.project.file.read_text() == FOUR_EYES
    assert killed.output["approved_alone"] is False, "its file does not ask for four eyes"


def test_a_rehearsal_ends_although_nothing_helps_against_its_faults(commanded):
    by_kind = commanded.output["faults"]["by_kind"]
    assert sum(by_kind.get(name, 0) for name, kind in KINDS.items() if kind.ends_runs) > 0
    assert max(len(phase["runs"]) for phase in commanded.output["phases"]) > 1


def test_the_organization_is_the_one_of_a_good_day(day, good_day):
    assert day.seen() == good_day


def test_nothing_is_made_twice(day):
    calls = [call for call in day.sandbox.calls() if call["operation"].startswith(("Create", "Invite"))]
    calls = [call for call in calls if 200 <= call["status"] < 300 and call["fault"] != "creation-failure"]
    made = Counter(
        json.dumps([call[name] for name in ("account", "region", "service", "operation", "parameters")])
        for call in calls
        if call["service"] != "s3"  # making an own bucket again does no harm
    )
    assert [call for call, times in made.items() if times > 1] == []


def test_each_account_was_asked_for_once_as_far_as_aws_has_done_it(day):
    emails = {spec.email for spec in load(day.project.file).accounts}
    with environment(day.sandbox.environment()):
        aws = connect_at_last(day)
        requests = until_told_twice(
            lambda: list(aws.pages("organizations", "ListCreateAccountStatus", "CreateAccountStatuses"))
        )
    made = Counter(each["AccountName"] for each in requests if each["State"] == "SUCCEEDED")
    assert set(made.values()) == {1}
    assert made.total() == len(emails)
    assert [each for each in requests if each.get("FailureReason") == "EMAIL_ALREADY_EXISTS"] == []


def test_nothing_was_closed_removed_or_deleted(day):
    wrong = ("Close", "Remove", "Delete", "Leave")
    assert [call["operation"] for call in day.sandbox.calls() if call["operation"].startswith(wrong)] == []


def test_every_run_left_a_sealed_record_whose_hashes_hold(day):
    for run in day.runs:
        record = Path(run["record"])
        manifest = json.loads((record / "manifest.json").read_text())
        for name, facts in manifest["files"].items():
            assert hashlib.sha256((record / name).read_bytes()).hexdigest() == facts["sha256"]
        assert json.loads((record / "result.json").read_text())["outcome"] == run["outcome"]


def test_a_phase_that_was_run_again_had_one_approval(day):
    for phase in day.output["phases"]:
        applied = [Path(run["record"]) / "approval.json" for run in phase["runs"]]
        digests = {json.loads(file.read_text())["digest"] for file in applied if file.exists()}
        assert len(digests) <= 1 + sum(run["outcome"] == "plan changed" for run in phase["runs"])


def test_a_kernel_that_dies_is_followed_by_another_run_under_the_same_approval(killed):
    first, *more = next(phase["runs"] for phase in killed.output["phases"] if phase["phase"] == "05-trail")
    assert first["outcome"] == "interrupted"
    assert more
    _, err = killed.seen_by_a_person
    assert (
        "  ended early: Interrupted. signal 9 (SIGKILL) ended the kernel's process" in err
    )  # before or after a first change
    assert "  run again under the same approval" in err


def test_a_person_sees_what_each_run_met_and_how_to_see_it_again(killed):
    out, err = killed.seen_by_a_person
    assert [label for label in LABELS if f"\n{label}" not in f"\n{err}"] == []
    assert "  run 1 met " in err
    for expected in ("The faults", "phase                  runs  faults met  found done", "--fault-seed 8"):
        assert expected in out
    assert [line for line in out.splitlines() if len(line) > 80 and " records in " not in line] == []
    assert [line for run in killed.runs for line in run["told"] if line.split()[-1] not in " ".join(err.split())] == []


def test_the_faults_that_are_told_are_those_of_the_call_log(day):
    output = day.output["faults"]
    assert output["met"] == sum(output["by_kind"].values()) > 20
    met = Counter(call["fault"] for call in day.sandbox.calls() if call["fault"])
    assert {kind: met[kind] >= number for kind, number in output["by_kind"].items()} == dict.fromkeys(
        output["by_kind"], True
    )
    assert set(output["by_kind"]) <= set(output["asked_for"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_to_a_call_that_it_can_happen_to(kind):
    def call(number: int, **more: Any) -> Incoming:
        usual = {"service": "organizations", "operation": "CreateAccount", "account": "999999999999", "mutating": True}
        return Incoming(number, **{**usual, **more})

    read = {"operation": "ListAccounts", "mutating": False}
    for seed in range(3):
        choose = spread((kind,), seed)
        more = {} if KINDS[kind].changes else read
        assert kind in {choose(call(number, **more)) for number in range(1, 400)}


def test_a_look_that_a_fault_ended_is_made_again_and_any_other_failure_is_believed():
    class Calls:
        met = iter([["", "reset"], ["", "reset", "", "empty-answer"], ["", "reset", "", "empty-answer", ""]])

        def calls(self) -> list[dict[str, str]]:
            return [{"fault": fault} for fault in next(self.met)]

    def look() -> str:
        tries.append(1)
        raise CouldNotRead("no", "again")

    tries: list[int] = []
    log = FaultLog(Calls(), calm=False)  # type: ignore[arg-type]
    with pytest.raises(CouldNotRead):
        retry_reads(look, log)
    assert len(tries) == 2
    assert retry_reads(lambda: "seen", FaultLog(Calls(), calm=True)) == "seen"  # type: ignore[arg-type]


def test_a_guard_that_says_the_same_twice_is_believed():
    stopped = RunResult("refused", 1, (CheckStops.summary, "root user without MFA"))
    met = Counter({"reset": 1})
    assert worth_another(stopped, met, None)
    assert not worth_another(stopped, met, stopped)
    assert not worth_another(stopped, Counter(), None)
    assert not worth_another(RunResult("done", 0), met, None)
    assert worth_another(RunResult("interrupted", 7), Counter(), None)


def test_the_seed_of_a_file_makes_the_stage_as_aws_is(project):
    assert seed_of(load(project.file)).empty_pages > 0


def connect_at_last(day: Day) -> Any:
    return until_told(lambda: connect(load(day.project.file)))


def until_told(ask: Callable[[], T]) -> T:
    """Under faults a look may have to be made again."""
    for _ in range(60):
        try:
            return ask()
        except Exception as error:  # whatever a fault makes of an answer
            last = error
    raise last


def until_told_twice(ask: Callable[[], T]) -> T:
    """One answer alone may be an old one: that of a stale read."""
    last = until_told(ask)
    for _ in range(60):
        now = until_told(ask)
        if now == last:
            return now
        last = now
    raise AssertionError("AWS did not say the same twice")
