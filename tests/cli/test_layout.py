"""Lines of a terminal: what is there to be copied is never broken."""

import pytest

from orgkit.cli.layout import wrap, wrap_error

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgkit.cli.layout.columns", lambda: 40)


def test_a_command_between_backticks_is_one_line_of_plain_spaces() -> None:
    lines = wrap("The archive lacks a record: read what `orgkit records verify outputs/aws` says of it.").splitlines()
    assert any("`orgkit records verify outputs/aws`" in line for line in lines), lines
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
