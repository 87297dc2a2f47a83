"""The denials of a rehearsal: each once, by its phase, and by the role and not by one session of it."""

from types import SimpleNamespace
from typing import Any

import pytest

from orgkit.model.observed import Observed
from orgkit.model.plan import Target
from orgkit.phases.registry import phase_of
from orgkit.rehearsal.denials import DenialLog

ROLE = "arn:aws:sts::111111111111:assumed-role/orgkit-read"
NOTHING = Observed(Target("999999999999", None, "aws", "emulator"), "", None)
USER = "arn:aws:iam::999999999999:user/people/kim"


def call(principal: str, action: str = "s3:PutBucketPolicy") -> dict[str, Any]:
    """A call that an SCP denied, as the sandbox records it."""
    denial = {
        "action": action, "resource": "*", "kind": "service control policy", "policy": "protect",
        "arn": "arn:aws:organizations::999999999999:policy/o-1/service_control_policy/p-1",
        "statement": "Logs", "target": "r-1",
    }  # fmt: skip
    return {"operation": action.partition(":")[2], "account": "111111111111", "principal": principal, "denial": denial}


@pytest.fixture
def calls() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def log(calls: list[dict[str, Any]]) -> DenialLog:
    sandbox: Any = SimpleNamespace(denials=lambda: calls)
    return DenialLog(sandbox)


def test_sessions_of_one_role_are_one_line_and_a_user_keeps_the_whole_name(
    log: DenialLog, calls: list[dict[str, Any]]
) -> None:
    calls += [call(f"{ROLE}/orgkit-05-1"), call(f"{ROLE}/orgkit-05-2"), call(USER)]
    log.update(phase_of("trail"))
    assert [(denial.principal, denial.calls) for denial in log.summary(NOTHING)] == [(ROLE, 2), (USER, 1)]


def test_what_is_denied_after_the_last_phase_is_of_no_phase(log: DenialLog, calls: list[dict[str, Any]]) -> None:
    calls.append(call(USER))
    log.update(phase_of("trail"))
    calls.append(call(USER, "s3:GetBucketPolicy"))
    log.update(None)
    assert [denial.phase for denial in log.summary(NOTHING)] == ["05-trail", ""]
