"""Reads that several steps share: made once in a block, and always anew outside of it."""

import pytest

from orgkit.aws.session import Connection
from orgkit.aws.shared_reads import SharedReads
from orgkit.phases.member_access.account_list_aws import join_time, read_account_list
from tests.aws.conftest import Answer, CountingClock, Wire

ID, OTHER = "222222222222", "333333333333"


def test_a_read_is_made_once_while_it_is_shared_and_always_outside() -> None:
    reads, made = SharedReads(), list[int]()

    def read() -> int:
        made.append(len(made))
        return made[-1]

    assert [reads.read("accounts", read) for _ in range(2)] == [0, 1]
    with reads.shared():
        assert [reads.read("accounts", read) for _ in range(2)] == [2, 2], "nothing counts that was read before"
        assert reads.read("requests", read) == 3
    assert reads.read("accounts", read) == 4


def test_a_read_that_fails_is_made_again() -> None:
    reads, answers = SharedReads(), [1]
    with reads.shared():
        with pytest.raises(ZeroDivisionError):
            reads.read("accounts", lambda: 1 // 0)
        assert reads.read("accounts", answers.pop) == 1


def test_when_an_account_joined_is_known_from_the_last_list_however_old(
    aws: Connection, wire: Wire, clock: CountingClock
) -> None:
    joined = clock.now()
    wire.says(
        Answer.json(Accounts=[{"Id": ID, "Email": "A@x", "JoinedTimestamp": joined.timestamp()}]),
        Answer.json(Accounts=[{"Id": ID}, {"Id": OTHER, "JoinedTimestamp": joined.timestamp()}]),
    )
    assert read_account_list(aws).with_email("a@X") is not None
    clock.sleep(3600)
    assert join_time(aws, ID) == joined
    assert wire.asked == ["ListAccounts"]
    assert join_time(aws, OTHER) == joined
    assert wire.asked == ["ListAccounts"] * 2, "it was not in the last list"
