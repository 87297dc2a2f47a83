"""The question of `orgkit apply`: what counts as an approval, and what does not."""

import builtins
import io
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from orgkit.cli import apply, approval_question
from orgkit.cli.approval_question import Answer, ask_approval
from orgkit.cli.questions import ask, can_ask
from orgkit.errors import Interrupted
from tests.plans.loader import desired_of

DIGEST = "0123456789abcdef" * 4
ACCOUNT = desired_of().organization.management_account_id


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person types, one after the other; Ctrl-C when there is no more."""
    typed: list[str] = []

    def read_line() -> str:
        if not typed:
            raise KeyboardInterrupt
        return typed.pop(0)

    monkeypatch.setattr(builtins, "input", read_line)
    return typed


@pytest.mark.parametrize(
    ("kind", "typed", "answer"),
    [
        ("emulator", ("Ann", "01234567"), Answer("Ann", approves=True)),
        ("emulator", ("Ann", DIGEST.upper()), Answer("Ann", approves=True)),
        ("emulator", ("Ann", "0123456", "0123456x", "y"), None),
        ("emulator", ("Ann", "nothing", "no"), Answer("Ann", approves=False)),
        ("aws", ("Ann", "01234567", "", ACCOUNT[:-1], ACCOUNT), Answer("Ann", approves=True)),
        ("aws", ("", "  ", "Ann", " ", "01234567", ACCOUNT), Answer("Ann", approves=True)),
        ("aws", ("Ann", "01234567", "1", "2", "3"), None),
        ("aws", ("Ann", "no"), Answer("Ann", approves=False)),
    ],
)
def test_only_the_digest_and_on_aws_the_account_approve(
    answers: list[str], kind: str, typed: tuple[str, ...], answer: Answer | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_question, "default_approver", lambda: "")
    answers.extend(typed)
    assert ask_approval(desired_of(), kind, DIGEST) == answer
    assert answers == []


@pytest.mark.parametrize("typed", [(), ("Ann",), ("Ann", "01234567")])
def test_ctrl_c_at_a_question_approves_nothing(answers: list[str], typed: tuple[str, ...]) -> None:
    answers.extend(typed)
    with pytest.raises(Interrupted) as stop:
        ask_approval(desired_of(), "aws", DIGEST)
    assert stop.value.exit_code == 7


def test_a_name_that_is_a_secret_is_asked_for_again(answers: list[str]) -> None:
    answers.extend(("AKIAIOSFODNN7ABCDEFG", "Ann", "01234567"))
    assert ask_approval(desired_of(), "emulator", DIGEST) == Answer("Ann", approves=True)


def test_bytes_that_are_no_text_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter((b"\xff", b"Ann"))
    monkeypatch.setattr(builtins, "input", lambda: next(lines).decode())
    assert ask("Approver") == "Ann"


class Stream(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("source", "output"), [(Stream(), io.StringIO()), (io.StringIO(), Stream()), (None, Stream())])
def test_nobody_is_asked_where_the_plan_is_not_seen_or_no_answer_can_be_typed(
    monkeypatch: pytest.MonkeyPatch, source: io.StringIO | None, output: io.StringIO
) -> None:
    monkeypatch.setattr(sys, "stdin", Stream())
    assert can_ask(Stream())
    monkeypatch.setattr(sys, "stdin", source)
    assert not can_ask(output)


def options() -> Iterator[str]:
    for parameter in apply.apply.params:
        yield from (option for option in parameter.opts if option.startswith("-"))


def test_no_option_skips_the_question() -> None:
    """An option that is added has to be looked at: this list is why nothing is applied unattended."""
    assert set(options()) - {"--no-color"} == {"--ticket", "--profile", "--endpoint-url", "--debug"}
    assert CliRunner().invoke(apply.apply, ["x.toml", "--yes"]).exit_code == 2
