"""`orgkit approve` at a terminal: what is shown of a plan, and what has to be typed."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orgkit.cli import approve as command
from orgkit.cli.phases import run
from orgkit.errors import ApprovalMismatch, AwaitingApproval
from orgkit.model.approval import ApprovedPlan
from orgkit.model.finding import Finding
from orgkit.model.plan import Plan, Target, Waiting
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.records.approval_request import ApprovalRequest, find_request
from orgkit.runbook.views.views import render_plan
from orgkit.signing.approvals import SignedApproval
from tests.plans.loader import reviewed

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN = reviewed(
    Plan(
        "units", TARGET, (CreateUnit(path=("Security",), tags=(), reason="it is not there"),), warnings=("It costs.",)
    ),
    NOON,
)
APPROVAL = SignedApproval(PLAN.digest, TARGET, "ada", "ada", "arn:of:ada", "OPS-7", "", "", "sha256:0")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Somebody types these, one after another."""
    typed: list[str] = []
    monkeypatch.setattr(command, "can_ask", lambda _: True)
    monkeypatch.setattr(command, "ask", lambda *_, **__: typed.pop(0))
    return typed


@pytest.mark.parametrize("typed", [PLAN.digest[:8], f" {PLAN.digest[:8].upper()} ", PLAN.digest])
def test_the_first_characters_of_the_digest_confirm_it(terminal: list[str], typed: str) -> None:
    terminal.append(typed)
    command._confirm(PLAN.digest, "")
    assert terminal == []


@pytest.mark.parametrize("typed", ["", "yes", PLAN.digest[:7], PLAN.digest[1:9], f"{PLAN.digest}0"])
def test_anything_else_does_not(terminal: list[str], typed: str) -> None:
    terminal.append(typed)
    with pytest.raises(ApprovalMismatch, match="is not the digest of this plan"):
        command._confirm(PLAN.digest, "")


def test_without_a_terminal_the_whole_digest_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.sys, "stdin", io.StringIO())
    command._confirm(PLAN.digest, PLAN.digest)
    for wrong in (PLAN.digest[:8], "0" * 64):
        with pytest.raises(ApprovalMismatch):
            command._confirm(PLAN.digest, wrong)
    with pytest.raises(AwaitingApproval, match="pass --digest"):
        command._confirm(PLAN.digest, "")


def shown(review: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    approved = ApprovedPlan(PLAN.digest, json.loads(PLAN.canonical), NOON)
    command._show(ApprovalRequest(Path("plan.json"), approved, review), APPROVAL, quiet=False)
    return capsys.readouterr().out


def test_the_steps_stand_apart_from_what_is_shown_in_addition(capsys: pytest.CaptureFixture[str]) -> None:
    covered, _, additional = shown(PLAN.review("", "", monthly_usd={"expected": "7.00"}), capsys).partition(
        "In addition"
    )
    assert PLAN.steps[0].sentence in covered
    for output in ("because it is not there", "It costs.", "7.00 USD a month", f"digest {PLAN.digest}", "arn:of:ada"):
        assert output not in covered
        assert output in additional


def test_credits_that_a_step_forfeits_are_shown_to_the_approver(capsys: pytest.CaptureFixture[str]) -> None:
    monthly = {"expected": "0.00", "lines": [{"once_usd": "200.00"}, {"once_usd": ""}, "x"]}
    output = shown(PLAN.review("", "", monthly_usd=monthly), capsys)
    assert output.count("once: USD 200.00 of credits, lost") == output.count("once:") == 1
    assert "once:" not in shown(PLAN.review("", "", monthly_usd={"expected": "0.00", "lines": 7}), capsys)


def test_a_reason_has_the_numbers_of_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    why = ["it is not there", "it is not there", "", "it moved", "it is not there"]
    steps = tuple(CreateUnit(path=(path,), tags=(), reason=reason) for path, reason in zip("ABCDE", why, strict=True))
    plan = Plan("units", TARGET, steps)
    requests = ApprovalRequest(
        Path("plan.json"), ApprovedPlan(plan.digest, json.loads(plan.canonical), NOON), plan.review("", "")
    )
    command._show(requests, APPROVAL, quiet=False)
    output = capsys.readouterr().out
    assert "\n- steps 1 to 2, 5: because it is not there\n- step 4: because it moved\n" in output
    assert [line[0] for line in output.splitlines() if line[1:3] == ". "] == list("12345")
    assert max(map(len, output.splitlines())) <= 80


NOT_FOR_PEOPLE = {"plan_sha256", "planned_at", "planning", "actions"}  # `orgkit plan` shows no more of these
STOP = Finding.stops("root access keys", "there are some.", "delete them.", ("02",))


def test_the_approver_sees_all_that_a_person_sees_who_plans(capsys: pytest.CaptureFixture[str]) -> None:
    plan = replace(
        PLAN,
        needs=("an organization comes first",),
        waiting=(
            Waiting("accept invitation h-9", "the owner of 2222", ("aws organizations accept-handshake", "aws x")),
        ),
        unmanaged=("OU Sandbox",),
        drift=("Trail t has delivered nothing.",),
        stops=(STOP,),
        stopped_steps=(CreateUnit(path=("Stopped",), tags=()),),
    )
    review = plan.review(NOON.isoformat(), "id", monthly_usd={"expected": "7.00"})
    output = " ".join(shown(review, capsys).split())
    assert {name for name, value in review.items() if not value} == set()
    for name in sorted(review.keys() - NOT_FOR_PEOPLE):
        assert isinstance(review[name], list | dict), name
        for text in _texts(review[name]):
            assert text in output, name
    for line in render_plan(plan).text.partition("digest")[2].splitlines()[1:]:
        assert line.strip(" -") in output or line.endswith(":"), line


def _texts(value: Any) -> Iterator[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    yield from ([value] if isinstance(value, str) else (text for part in parts for text in _texts(part)))


@pytest.mark.parametrize(
    "review",
    [
        {},
        {"why": 7, "warnings": {}, "monthly_usd": "x"},
        {"why": [["\x1b[31m"], None]},
        {name: value for name in ("stops", "waiting", "needs", "unmanaged") for value in (["\x1b[31m"],)},
        {"waiting": [{}, {"what": "\x1b"}, [], None]},
        {"waiting": {"what": 1}, "stops": "\x1b"},
    ],
)
def test_a_review_of_any_kind_harms_nobody(review: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in shown(review, capsys)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", PLAN.canonical + b" ", Plan("units", TARGET).canonical,
     PLAN.canonical.replace(b'"sentence"', b'"other"')],
    ids=range(6),
)  # fmt: skip
def test_what_is_no_plan_with_steps_is_not_asked_about(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    (tmp_path / "review.json").write_text(json.dumps(PLAN.review(NOON.isoformat(), "")))
    with pytest.raises(ApprovalMismatch, match="is not a valid plan, or not as orgkit writes it"):
        find_request(tmp_path, "999999999999", str(tmp_path / "plan.json"))


def test_a_plan_without_its_time_or_that_is_nowhere_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(PLAN.canonical)
    for named in (str(tmp_path), str(tmp_path / "plan.json"), str(tmp_path / "nowhere"), "a\0b"):
        with pytest.raises(ApprovalMismatch, match="there is no plan at"):
            find_request(tmp_path, "999999999999", named)
    with pytest.raises(ApprovalMismatch, match="no plan with the digest"):
        find_request(tmp_path, "999999999999", "0" * 64)


@pytest.mark.parametrize(
    "arguments",
    [
        ["PLAN", "x.toml", "--key", "k", "--ticket", "T AKIACANARYCANARYCANA"],
        ["PLAN", "x.toml", "--key", "k", "--ticket", "T", "--as", "https://ada:CANARY@example.com"],
        ["01", "x.toml", "--approver", "ghp_CANARYCANARYCANARYCANARYCANARY"],
        ["01", "x.toml", "--ticket", "Authorization: Bearer CANARY-0123456789"],
    ],
)
def test_a_secret_in_a_ticket_or_a_name_is_refused_before_anything_is_read(arguments: list[str]) -> None:
    done = CliRunner().invoke(command.approve if arguments[0] == "PLAN" else run, arguments)
    assert done.exit_code == ApprovalMismatch.exit_code
    assert "holds a secret (" in done.output
    assert "CANARY" not in done.output
