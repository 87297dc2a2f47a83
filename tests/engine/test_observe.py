"""Reading the whole organization: the remedy that is shown when AWS denies a read, or does not answer."""

from pathlib import Path

import pytest

import orgkit
from orgkit.errors import CouldNotRead, Unreachable, WrongPlace
from tests.aws.conftest import Answer, CountingClock, Wire, clock, own_environment, wire
from tests.aws.scene import set_up
from tests.plans.loader import desired_of

__all__ = ["clock", "own_environment", "wire"]

RIGHTS, LATE = "orgkit permissions", "Signature expired: it is now earlier"


@pytest.fixture
def at_wire(own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    set_up(wire)
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    return wire


@pytest.mark.parametrize("operation", ["DescribeOrganization", "ListRoots", "ListAccounts"])
@pytest.mark.parametrize(
    ("answer", "helps"),
    [
        (Answer.error("AccessDeniedException"), RIGHTS),
        (Answer.error("TooManyRequestsException"), "wait some minutes"),
        (Answer.error("ExpiredTokenException"), "sign in again"),
        (Answer(reset=True), "check the network"),
        (Answer.error("ServiceException", 500), "AWS did not answer"),
        (Answer.error("SomethingNewException"), "read AWS's answer"),
    ],
    ids=lambda value: value.body[:40] if isinstance(value, Answer) else value,
)
def test_what_helps_is_told_by_why_it_could_not_be_read(
    at_wire: Wire, clock: CountingClock, operation: str, answer: Answer, helps: str
) -> None:
    desired = desired_of()
    aws = orgkit.connect(desired, clock=clock)
    at_wire.always[operation] = answer
    with pytest.raises(CouldNotRead) as stopped:
        orgkit.observe(aws, desired, "organization")
    assert operation in stopped.value.reason
    assert helps in stopped.value.remedy
    assert (RIGHTS in stopped.value.remedy) is (helps == RIGHTS)
    assert isinstance(stopped.value, Unreachable) is (helps in ("check the network", "AWS did not answer"))


def test_a_wrong_clock_is_told_as_such(at_wire: Wire, clock: CountingClock) -> None:
    desired = desired_of()
    aws = orgkit.connect(desired, clock=clock)
    at_wire.always["ListAccounts"] = Answer.error("InvalidSignatureException", Message=LATE)
    with pytest.raises(WrongPlace, match="the clock of this machine"):
        orgkit.observe(aws, desired, "organization")
