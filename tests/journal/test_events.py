"""The event log: on disk at once, and readable whatever a kill or a name did to it."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from orgkit.journal.events import Journal, read_events


def test_what_was_written_is_read_again_in_its_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "events.jsonl")
    written = [journal.write("step", sentence=name) for name in ("a", "b")]
    assert list(read_events(tmp_path / "events.jsonl")) == written == journal.events


def test_a_journal_that_is_not_there_has_no_events(tmp_path: Path) -> None:
    assert list(read_events(tmp_path / "events.jsonl")) == []


@given(name=st.text())
def test_no_name_can_hide_what_comes_after_it(name: str, tmp_path_factory: object) -> None:
    """Some characters end a line for Python, and half of a pair is no text at all."""
    path = tmp_path_factory.mktemp("journal") / "events.jsonl"  # type: ignore[attr-defined]
    journal = Journal(path)
    journal.write("step", sentence=name)
    journal.write("end")
    assert [event["event"] for event in read_events(path)] == ["step", "end"]
    assert next(read_events(path))["sentence"] == name


def test_separators_and_half_characters_are_written_so_that_every_reader_finds_the_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    Journal(path).write("step", sentence="a\u2028b\x85c\ud800")
    assert path.read_text(encoding="ascii").count("\n") == 1
    assert len(path.read_text().splitlines()) == 1
    assert next(read_events(path))["sentence"] == "a\u2028b\x85c\ud800"


def test_a_line_that_a_kill_cut_short_hides_neither_the_lines_before_it_nor_those_of_the_next_run(
    tmp_path: Path,
) -> None:
    path = tmp_path / "events.jsonl"
    Journal(path).write("intent", call="one")
    path.write_bytes(path.read_bytes() + '{"event": "answer", "name": "Gr\u00f6'.encode()[:-1])
    assert [event["call"] for event in read_events(path)] == ["one"]
    Journal(path).write("intent", call="two")
    assert [event["call"] for event in read_events(path)] == ["one", "two"]


def test_every_event_has_its_time_in_utc(tmp_path: Path) -> None:
    event = Journal(tmp_path / "events.jsonl").write("end")
    assert event["at"].endswith("+00:00")
    json.dumps(event)
