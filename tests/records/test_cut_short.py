"""Runs that somebody killed are named by the next run of their phase, once."""

from pathlib import Path

from orgkit.journal.events import Journal
from orgkit.phases.registry import phase_of
from orgkit.records.interrupted_runs import find_interrupted_runs

ACCOUNT, UNITS = "999999999999", phase_of("units")


def run(base: Path, hour: int, *events: tuple[str, dict[str, object]], label: str = "02-units") -> str:
    folder = base / ACCOUNT / f"20261124T{hour:02}0000Z-{label}-0123abcd"
    folder.mkdir(parents=True)
    journal = Journal(folder / "events.jsonl", folder.name)
    for event, values in events:
        journal.write(event, **values)
    return folder.name


APPLY = ("apply", {"plan_sha256": "0" * 64, "steps": ["one", "two", "three"]})
DONE = ("step", {"sentence": "one", "result": "done"})
STOP = ("stop", {"kind": "StepFailed", "exit_code": 5})


def test_a_run_that_began_to_apply_and_never_ended_is_told_with_how_far_it_came(tmp_path: Path) -> None:
    killed = run(tmp_path, 1, APPLY, DONE)
    (found,) = find_interrupted_runs(tmp_path, ACCOUNT, UNITS, "now")
    assert (found.run, found.done, found.steps, found.sealed) == (killed, 1, 3, False)
    assert "1 of its 3 step(s)" in found.sentence
    assert "not sealed" in found.sentence


def test_runs_that_ended_or_never_applied_or_are_of_another_phase_are_not(tmp_path: Path) -> None:
    run(tmp_path, 1, APPLY, DONE, STOP)
    run(tmp_path, 2, ("plan", {"steps": 3}))
    run(tmp_path, 3, APPLY, label="03-accounts")
    now = run(tmp_path, 4, APPLY)
    assert find_interrupted_runs(tmp_path, ACCOUNT, UNITS, now) == ()


def test_each_is_named_once(tmp_path: Path) -> None:
    killed = run(tmp_path, 1, APPLY)
    run(tmp_path, 2, ("cut-short", {"run": killed}), APPLY, STOP)
    assert find_interrupted_runs(tmp_path, ACCOUNT, UNITS, "now") == ()
