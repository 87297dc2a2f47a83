"""Following a file that other processes write."""

import threading
from pathlib import Path

from orgkit.journal.follow import follow_lines


def test_every_line_arrives_once_and_in_order_before_the_block_ends(tmp_path: Path) -> None:
    file, lines = tmp_path / "events.jsonl", []
    with follow_lines(file, lines.append), file.open("ab") as content:
        for number in range(1000):
            content.write(b"line %d\r still the same line\n" % number)
    assert lines == [b"line %d\r still the same line" % number for number in range(1000)]


def test_a_line_arrives_while_the_block_still_runs(tmp_path: Path) -> None:
    file, arrived = tmp_path / "events.jsonl", threading.Event()
    with follow_lines(file, lambda _: arrived.set()):
        file.write_bytes(b"first\n")
        assert arrived.wait(60)


def test_half_a_line_waits_for_its_end_and_one_that_never_ends_is_left_out(tmp_path: Path) -> None:
    file, lines, arrived = tmp_path / "events.jsonl", [], threading.Event()
    file.write_bytes(b"who")

    def on_line(line: bytes) -> None:
        lines.append(line)
        arrived.set()

    with follow_lines(file, on_line), file.open("ab") as content:
        assert not arrived.wait(0.3)
        content.write(b"le\ncut sho")
        content.flush()
        assert arrived.wait(60)
    assert lines == [b"whole"]


def test_a_file_that_is_never_made_is_no_error(tmp_path: Path) -> None:
    lines: list[bytes] = []
    with follow_lines(tmp_path / "events.jsonl", lines.append):
        pass
    assert lines == []
