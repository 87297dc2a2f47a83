"""Files of records that were made to break their reader: each is named, and hides no other fault."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgkit.cli.records import records
from orgkit.journal.events import read_events
from orgkit.records.chain import Entry
from orgkit.records.diff import differences
from orgkit.records.files import read_json
from orgkit.records.verify.verify import verify_all, verify_one
from tests.records.test_chain import found, place, resealed, runs

__all__ = ["place"]  # a fixture

DEEP = "[" * 200_000
HOSTILE = {
    "deep list": DEEP,
    "deep object": '{"a":' * 100_000,
    "closed deep": "[" * 900 + "]" * 900,
    "closed deep object": '{"a":' * 900 + "1" + "}" * 900,
    "no objects": '[1]\n"x"\n',
    "null": "null\n7\ntrue\n",
    "plan is an object": '{"plan_sha256": {"a": 1}, "event": "apply", "files": []}',
    "plan is a list": '{"plan_sha256": [1], "event": "apply", "files": {"a": 1}, "approval": [1], "identity": 3}',
    "names of other kinds": '{"event": [1], "steps": 7, "runs": 1, "ended": [1], "git": "x", "seconds": "long"}',
    "numbers": '{"seconds": 1e999, "exit_code": {"a": 1}, "steps": [1, null], "signed_sha256": 1, "event": 1}',
    "many digits": '{"number": ' + "9" * 4_000 + "}",
    "file names": json.dumps({"files": {"\ud800": 1, "a\0b": 1, "x" * 5_000: 1, "/etc/passwd": 1, "..": 1, "": 1}}),
    "no text": "\udcff\udcfe",
    "half a character": '{"plan_sha256": "\\ud800"}',
    "empty": "",
}
FILES = (
    "manifest.json", "events.jsonl", "approval.json", "plan.json", "review.json", "result.json", "remainder.json",
    "signed-approval.json",
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["plan_sha256", "event", "files"]), inner),
)


each_text = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())


@contextmanager
def spoilt(file: Path, text: str) -> Iterator[Path]:
    """With this in the place of what was sealed."""
    before = file.read_bytes() if file.exists() else None
    file.write_bytes(text.encode(errors="surrogateescape"))
    yield file
    if before is None:
        file.unlink()
    else:
        file.write_bytes(before)


@each_text
def test_a_hostile_file_of_a_record_is_named_and_hides_no_other_records_fault(place, text):
    first, second, third = runs(place)
    for other in (first, third):
        (other / "result.json").write_text("{}")
    for name in FILES:
        with spoilt(second / name, text):
            assert {(second.name, name), (first.name, "result.json"), (third.name, "result.json")} <= {*found(place)}
            assert any(fault.file == name for fault in verify_one(second).faults)


@each_text
def test_whoever_seals_a_hostile_file_anew_breaks_nothing_either(place, text):
    for name in FILES[1:]:
        resealed(runs(place)[1], name, text.encode(errors="surrogateescape"))
        verify_all(place)


@each_text
def test_a_hostile_chain_is_named_and_hides_no_records_fault(place, text):
    lines = (place / "index.jsonl").read_text()
    (runs(place)[0] / "result.json").write_text("{}")
    with spoilt(place / "index.jsonl", f"{lines}{text}\n"):
        assert {("index.jsonl", "line 4"), (runs(place)[0].name, "result.json")} <= {*found(place)}


@pytest.mark.parametrize("wrong", [{"signed_by": {"a": 1}}, {"sealed_at": [1]}, {"number": 10**400}, {"number": True}])
def test_a_line_of_the_chain_whose_values_are_of_another_kind_is_none(place, wrong):
    line = (place / "index.jsonl").read_text().splitlines()[0]
    changed = json.dumps(json.loads(line) | wrong, sort_keys=True, separators=(",", ":")) + "\n"
    assert Entry.parse(changed.encode()) is None


@each_text
def test_a_hostile_file_keeps_no_record_from_being_listed_and_shown(place, text, monkeypatch):
    run = runs(place)[1]
    monkeypatch.setenv("ORGKIT_OUTPUTS", str(place.parent))
    commands = (["list"], ["list", "--json"], ["show", run.name], ["catalogue"], ["verify"], ["verify", "--json"])
    for name in FILES:
        with spoilt(run / name, text):
            differences(run, runs(place)[0])
            ended = [CliRunner().invoke(records, command) for command in commands]
            assert [done.exit_code for done in ended] == [0, 0, 0, 0, 6, 6], [done.exception for done in ended]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_named_and_nobody_waits_for_it(place, make):
    run = runs(place)[1]
    for name in ("events.jsonl", "approval.json", "manifest.json"):
        (run / name).rename(place.parent / name)
        make(run / name)
        assert (run.name, name) in found(place)
        (run / name).rmdir() if make is os.mkdir else (run / name).unlink()
        (place.parent / name).rename(run / name)
    assert found(place) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values, name=st.sampled_from(FILES))
def test_any_json_in_any_file_of_a_record_is_a_fault_and_never_an_exception(place, value, name):
    with spoilt(runs(place)[1] / name, json.dumps(value)) as file:
        assert (file.parent.name, name) in found(place)


def test_events_are_objects_and_a_line_that_is_none_is_passed_over(tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text(f'[1]\n"x"\nnull\n{DEEP}\n{{"event": "end"}}\n')
    assert list(read_events(file)) == [{"event": "end"}]


def test_json_that_is_nested_beyond_reason_is_nothing(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"a":' * 500 + "1" + "}" * 500)
    assert read_json(file) == {}
    file.write_text('{"a":' * 50 + "1" + "}" * 50)
    assert read_json(file) != {}
