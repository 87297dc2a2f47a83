"""The name that a person is offered as approver."""

import pytest

from orgkit.runbook import default_approver as approver


def test_the_name_that_is_offered_is_that_of_the_environment_else_git_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approver, "_git_name", lambda: "Git Name")
    monkeypatch.delenv("ORGKIT_APPROVER", raising=False)
    assert approver.default_approver() == "Git Name"
    monkeypatch.setenv("ORGKIT_APPROVER", "Ann Lee")
    assert approver.default_approver() == "Ann Lee"
    for nobody in ("", "   ", "\t"):
        monkeypatch.setenv("ORGKIT_APPROVER", nobody)
        assert approver.default_approver() == "Git Name"
    for deceptive in ("Ann\x1b[2J", "\u0410nn"):  # a Cyrillic A
        monkeypatch.setenv("ORGKIT_APPROVER", deceptive)
        assert approver.default_approver() == ""
