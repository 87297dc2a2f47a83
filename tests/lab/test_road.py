"""Where a phase stands, by its plan and its last run."""

from pathlib import Path

import pytest

from orgkit.journal.events import Journal
from orgkit.lab.phase_status import LastRun, State, judge, judge_account, judge_reading, last_run
from orgkit.model.finding import Finding
from orgkit.model.plan import ABSENT, Plan, Target, Waiting
from orgkit.phases.organizational_units.steps import CreateUnit, TagUnit
from orgkit.phases.registry import phase_of
from orgkit.records import outputs

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
UNITS = phase_of("units")
DONE = LastRun(Path("run"), "done", succeeded=True, parameters_sha256="a")
STOP = Finding.stops("root access keys", "the root user has access keys.", "delete them.", ("02",))
CREATE, TAG = CreateUnit(path=("A",), tags=()), TagUnit(path=("A",), tags=(), starts_from=ABSENT)


@pytest.mark.parametrize(
    ("plan", "last", "state"),
    [
        (Plan("units", TARGET), None, State.DONE),
        (Plan("units", TARGET, (CREATE,)), None, State.READY),
        (Plan("units", TARGET, (CREATE, TAG)), None, State.READY),
        (Plan("units", TARGET, (TAG,)), None, State.DRIFTED),
        (Plan("units", TARGET, (CREATE,)), DONE, State.DRIFTED),
        (Plan("units", TARGET, (CREATE,)), LastRun(Path(), "done", True, "another file"), State.READY),
        (Plan("units", TARGET, (CREATE,)), LastRun(Path(), "failed", False, "a"), State.READY),
        (Plan("units", TARGET, waiting=(Waiting("dns has to accept", "its owner"),)), None, State.WAITING),
        (Plan("units", TARGET, waiting=(Waiting("a role is open", "its owner", drift=True),)), None, State.DRIFTED),
        (Plan("units", TARGET, drift=("the trail does not deliver",)), None, State.DRIFTED),
        (Plan("units", TARGET, (CREATE,), needs=("run 01 first",)), None, State.NOT_YET),
        (Plan("units", TARGET, stops=(STOP,), stopped_steps=(CREATE,)), None, State.NOT_YET),
        (Plan("units", Target("999999999999", None, "aws", "aws"), (CREATE,)), None, State.NOT_YET),
    ],
)
def test_one_word_for_each(plan: Plan, last: LastRun | None, state: State) -> None:
    found, why = judge(UNITS, plan, last, "a")
    assert found is state
    assert why


def test_the_account_is_ready_until_it_was_looked_at_and_somebody_s_work_while_it_stops() -> None:
    assert judge_account(("fix it",), False, DONE)[0] is State.WAITING
    assert judge_account((), False, None)[0] is State.READY
    assert judge_account((), False, DONE)[0] is State.DONE
    assert judge_account((), True, None)[0] is State.DONE


def test_what_only_reads_is_done_for_one_file() -> None:
    assert judge_reading(DONE, "a")[0] is State.DONE
    assert judge_reading(DONE, "b")[0] is State.READY
    assert judge_reading(None, "a")[0] is State.READY


def test_the_last_run_is_the_one_that_wrote_last_and_a_prepared_copy_is_none(tmp_path: Path) -> None:
    account = "999999999999"
    assert last_run(tmp_path, account, UNITS) is None
    outputs.new_run_folder(tmp_path, account, UNITS)
    assert last_run(tmp_path, account, UNITS) is None
    run = outputs.new_run_folder(tmp_path, account, UNITS)
    journal = Journal(run / "events.jsonl", run=run.name)
    journal.write("phase", phase="units", parameters_sha256="a")
    found = last_run(tmp_path, account, UNITS)
    assert found is not None
    assert (found.outcome, found.succeeded, found.parameters_sha256) == ("not ended", False, "a")
    journal.write("verified", passed=True)
    journal.write("end")
    found = last_run(tmp_path, account, UNITS)
    assert found is not None
    assert found.succeeded
    assert found.page == run / "02-units.ipynb"
