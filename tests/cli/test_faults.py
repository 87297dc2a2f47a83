"""The fault options: what is refused, what is drawn and printed, and what the page of faults says about the kinds."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from click.testing import CliRunner, Result

from orgkit.cli import rehearse, sandbox
from orgkit.cli.faults import attempt_lines, kinds_as_text
from orgkit.records.result import RunResult as RunResult
from orgkit.rehearsal.fault_options import FaultOptions, select_options
from orgkit.rehearsal.retries import Attempt
from orgkit.sandbox.faults import KINDS, REST, SHARE, Incoming, spread
from orgkit.sandbox.lifecycle import find
from orgkit.sandbox.seed import Seed
from tests.bootstrap.project import CHECKOUT, Project, new_project

ASKED = (("rehearse", rehearse.rehearse, ()), ("sandbox start", sandbox.sandbox, ("start",)))
SEED = Seed("999999999999", "aws@corp.example")


def refused(command, before: tuple[str, ...], *arguments: str) -> str:
    """Return the output for an invalid command line; nothing is started."""
    done: Result = CliRunner().invoke(command, [*before, *arguments])
    assert done.exit_code == 2, done.output
    return done.output


@pytest.fixture(params=ASKED, ids=[name for name, *_ in ASKED])
def requests(request):
    return request.param[1:]


def test_a_kind_that_is_none_is_refused_with_those_that_are_and_the_one_that_was_meant(requests):
    output = refused(*requests, "--faults", "reset,throtling")
    assert "'throtling' is no kind of fault.\nDid you mean throttling?" in output
    assert [name for name in KINDS if name not in output] == []
    assert max(map(len, output.splitlines())) <= 80


def test_no_kind_at_all_is_refused(requests):
    assert "name at least one kind" in refused(*requests, "--faults", ",")


def test_a_seed_without_faults_is_refused(requests):
    assert "--fault-seed says which calls meet the --faults" in refused(*requests, "--fault-seed", "7")


def test_a_latency_below_nothing_is_refused(requests):
    assert "--latency" in refused(*requests, "--latency", "-1")


def test_all_means_every_kind_and_a_seed_is_drawn_once():
    assert select_options(["reset", "all"]).faults == tuple(KINDS)
    assert len({select_options(["all"]).fault_seed for _ in range(20)}) > 10
    assert select_options(["reset", "throttling", "reset"], 7) == FaultOptions(("reset", "throttling"), 7)
    assert "--fault-seed 7" in select_options(["reset"], 7).sentence


def test_a_good_day_changes_nothing_of_the_seed():
    assert select_options([]) == FaultOptions()
    assert select_options([]).apply_to(SEED) == SEED
    assert select_options([]).sentence == ""


def test_the_seed_knows_what_was_asked_for():
    seed = select_options(["late-commit"], 7, 0.5).apply_to(SEED)
    assert (seed.faults, seed.fault_seed, seed.latency_seconds) == (("late-commit",), 7, 0.5)


def test_a_run_tells_what_it_met_how_it_ended_and_what_follows():
    result = RunResult("failed", 5, ("A step failed.", "the credentials have ended."))
    met = Counter({"reset": 1, "throttling": 2})
    output = ("AWS's answer to CreateAccount was lost; looked: it was done",)
    assert attempt_lines(1, Attempt(result, met, output, 1, "run again under the same approval")) == [
        "  run 1 met 3 faults: 2 throttling, 1 reset",
        "  AWS's answer to CreateAccount was lost; looked: it was done",
        "  ended early: A step failed. the credentials have ended.",
        "  run again under the same approval",
    ]
    assert attempt_lines(2, Attempt(RunResult("done", 0))) == ["  run 2 met 0 faults"]


def test_no_line_ends_between_a_number_and_what_it_counts():
    met = Counter({name: 10 + number for number, name in enumerate(KINDS)})
    (text,) = attempt_lines(1, Attempt(RunResult("done", 0), met))
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) > 2
    assert [line for line in text.splitlines() if re.search(r"\d,?$", line)] == []
    assert "\xa0" not in text


def test_a_sandbox_is_started_under_faults_and_says_how_to_have_them_again(tmp_path):
    project = new_project(tmp_path / "project")
    command = ("sandbox", "start", project.file, "--faults", "reset", "--fault-seed", "7", "--latency", "0.5")
    output = project.orgkit(*command).stdout
    try:
        assert "Faults of reset. The same ones again: --fault-seed 7" in output
        assert {"reset"} == faults_of(project)
    finally:
        project.orgkit("sandbox", "stop")


def faults_of(project: Project) -> set[str]:
    """What its calls meet, when it is planned on for a while."""
    (folder,) = (project.folder / "outputs" / "sandbox").glob("2*")
    running = find(folder)
    assert running is not None
    project.orgkit("run", project.file, "00", **running.environment())
    return {call["fault"] for call in running.calls() if call["fault"]}


def test_the_page_of_faults_has_a_row_for_each_kind_as_the_code_describes_it():
    page = (CHECKOUT / "docs" / "explanation" / "faults.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", page, re.MULTILINE))
    assert rows == {name: kind.sentence for name, kind in KINDS.items()}


def test_kinds_fit_a_terminal():
    assert max(map(len, kinds_as_text().splitlines())) <= 80


ENDS_RUNS = [kind.name for kind in KINDS.values() if kind.ends_runs]


def met(names: Sequence[str], seed: int, calls: int) -> list[tuple[int, str]]:
    """The calls that meet what ends a run, when a run is nothing but changes, each of another operation."""
    choose = spread(names, seed)
    found = [(n, choose(Incoming(n, "organizations", f"Create{n}", "9", mutating=True))) for n in range(1, calls + 1)]
    return [(number, kind) for number, kind in found if kind in ENDS_RUNS]


def test_neither_waiting_nor_looking_helps_against_these():
    assert ENDS_RUNS == ["empty-answer", "expired-token"]


@pytest.mark.parametrize("names", [("expired-token",), ("empty-answer",), tuple(ENDS_RUNS), tuple(KINDS)], ids=len)
@pytest.mark.parametrize("seed", range(20))
def test_after_what_ends_a_run_the_next_such_comes_later_and_later(names, seed):
    numbers = [number for number, _ in met(names, seed, 5000)]
    pauses = [later - earlier for earlier, later in pairwise(numbers)]
    assert 4 <= len(numbers) <= 7
    assert [pause >= REST * 2**count for count, pause in enumerate(pauses)] == [True] * len(pauses)


def test_other_kinds_come_as_often_as_ever():
    choose = spread(("throttling", "expired-token"), 7)
    calls = [Incoming(n, "organizations", f"Create{n}", "9", mutating=True) for n in range(1, 4001)]
    assert Counter(map(choose, calls))["throttling"] > 4000 / SHARE * 0.8


def test_a_rehearsal_ends_although_nothing_helps_against_its_faults(tmp_path):
    project = new_project(tmp_path / "project")
    output = project.json("rehearse", project.file, "--faults", ",".join(ENDS_RUNS), "--fault-seed", "1")
    assert sum(output["faults"]["by_kind"].values()) > 0
    assert max(len(phase["runs"]) for phase in output["phases"]) > 1
