"""Lines of a terminal: what is there to be copied is never broken."""

import re
import sys
from pathlib import Path

import pytest

from orgkit.cli import layout
from orgkit.cli.layout import print_colored, print_path, print_table, print_text_table, title, wrap, wrap_error
from orgkit.runbook.views.tables import as_text, as_text_list

COLOR = re.compile(r"\x1b\[[0-9;]*m")
HEADERS = ("account", "id", "low", "expected", "high")
ROWS = [("management account", "999999999999", "0.43", "3.10", "16.02"), ("log-archive", "not yet", "", "0", "9")]
DIGEST = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgkit.cli.layout.columns", lambda: 40)


def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(layout, "columns", lambda: columns)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def plain(capsys: pytest.CaptureFixture[str]) -> str:
    return COLOR.sub("", capsys.readouterr().out)


def test_a_command_between_backticks_is_one_line_of_plain_spaces() -> None:
    lines = wrap("The archive lacks a record: read what `orgkit records verify outputs/aws` says of it.").splitlines()
    assert any("`orgkit records verify outputs/aws`" in line for line in lines), lines
    assert all(len(line) < 40 for line in lines), lines


def test_a_heading_is_as_wide_as_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    title("Not compared: it may have drifted or not, and nobody looked (8)")
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines).split()[:2] == ["Not", "compared:"]
    assert all(len(line) < 40 for line in lines), lines


@pytest.mark.parametrize(
    ("line", "command", "rest"),
    [
        (f"  do: read it, then: orgkit run a.toml 2 --approved-plan {DIGEST}", f"2 --approved-plan {DIGEST}", ""),
        (
            f"  do: sign: orgkit approve {DIGEST} FILE; then run with --approval.",
            "FILE",
            "then run with --approval.",
        ),
        ('  do: take its settings: eval "$(orgkit sandbox env)"', 'eval "$(orgkit sandbox env)"', ""),
    ],
)
def test_the_command_of_an_error_stands_on_a_line_of_its_own(line: str, command: str, rest: str) -> None:
    lines = wrap_error(line).splitlines()
    of_command = next(line for line in lines if command in line)
    assert of_command.startswith(("    orgkit ", "    eval "))
    assert of_command.endswith(command)
    assert " ".join(part.strip() for part in lines[lines.index(of_command) + 1 :]) == rest


def test_an_error_that_fits_stays_one_line() -> None:
    assert wrap_error("  do: end it: orgkit sandbox stop") == "  do: end it: orgkit sandbox stop"


def test_a_table_that_is_too_wide_for_40_columns_breaks_no_name_and_no_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, 40)
    print_table(HEADERS, ROWS)
    assert plain(capsys).splitlines() == [
        "account",
        "  id             low  expected   high",
        "management account",
        "  999999999999  0.43      3.10  16.02",
        "log-archive",
        "  not yet                    0      9",
    ]


def test_a_table_with_too_many_columns_for_40_names_each_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, 40)
    print_table((*HEADERS, "owner"), [(*row, "the-team-of-the-platform") for row in ROWS])
    lines = plain(capsys).splitlines()
    assert lines[0] == "management account"
    assert " ".join(map(str.strip, lines[1 : lines.index("log-archive")])) == (
        "id 999999999999, low 0.43, expected 3.10, high 16.02, owner the-team-of-the-platform"
    )
    assert max(map(len, lines)) < 40


def test_a_table_that_fits_with_one_blank_between_its_columns_stays_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, 40)
    print_table(("accounts", "regions", "low", "expected", "high"), [("100", "4", "146.34", "746.26", "4431.08")])
    assert plain(capsys).splitlines() == [
        "accounts regions    low expected    high",
        "     100       4 146.34   746.26 4431.08",
    ]


def test_the_last_cell_goes_on_in_its_own_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, 40)
    print_table(("assumption", "expected", "unit"), [("items", "100", "configuration items a month and account")])
    assert plain(capsys).splitlines() == [
        "assumption",
        "  expected  unit",
        "items",
        "       100  configuration items a month",
        "            and account",
    ]


def test_tables_and_lists_of_a_notebook_are_laid_out_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, 40)
    items = ["credits of the management account, which AWS takes back when the organization is made", "second"]
    text = f"A sentence.\n\n{as_text(HEADERS, ROWS)}{as_text_list(items, 'One-time costs')}"
    print_text_table(text)
    lines = plain(capsys).splitlines()
    assert max(map(len, lines)) < 40
    assert lines[:2] == ["A sentence.", ""]
    assert lines[-7:] == [
        "  not yet                    0      9",
        "",
        "One-time costs:",
        "  - credits of the management account,",
        "    which AWS takes back when the",
        "    organization is made",
        "  - second",
    ]


def test_what_is_piped_keeps_the_text_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_text_table(as_text(HEADERS, ROWS))
    assert capsys.readouterr().out.rstrip("\n") == as_text(HEADERS, ROWS)


def test_the_reason_of_a_step_is_quieter_than_the_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, 40)
    print_colored("+ create it\n    because it is\n    not there\n~ move it")
    assert capsys.readouterr().out == (
        "\x1b[32m+\x1b[0m create it\n\x1b[2m    because it is\n    not there\x1b[0m\n\x1b[33m~\x1b[0m move it\n"
    )


def test_a_path_is_shown_from_where_we_stand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    print_path(tmp_path / "outputs" / "run")
    print_path(tmp_path.parent / "elsewhere")
    assert capsys.readouterr().out == f"  outputs/run\n  {tmp_path.parent}/elsewhere\n"
