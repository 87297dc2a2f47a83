"""The accounts of the organization as AWS lists them: read once for all steps that need the list at the same moment."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass
from orgkit.model.observed import CLOSED_STATES

NAME = "the accounts of the organization"


@dataclass(frozen=True)
class ListedAccount:
    """What a step wants to know of an account that AWS lists."""

    id: str
    email: str
    join_time: datetime | None
    is_closed: bool


class AccountList:
    """The accounts by id and by email; of two with one email, the one that AWS lists first."""

    def __init__(self, items: Iterable[dict[str, Any]]) -> None:
        self.by_id: dict[str, ListedAccount] = {}
        self._by_email: dict[str, ListedAccount] = {}
        for item in items:
            account = ListedAccount(
                str(item["Id"]),
                str(item.get("Email", "")),
                item.get("JoinedTimestamp"),
                is_closed=item.get("State") in CLOSED_STATES,
            )
            self.by_id[account.id] = account
            self._by_email.setdefault(account.email.casefold(), account)

    def with_email(self, email: str) -> ListedAccount | None:
        """Return the account with this email, whatever its case."""
        return self._by_email.get(email.casefold())


def read_account_list(aws: Connection) -> AccountList:
    """Read all pages; an account that is not in this list does not exist."""
    return aws.shared_reads.read(NAME, lambda: AccountList(aws.pages("organizations", "ListAccounts", "Accounts")))


def join_time(aws: Connection, account: str) -> datetime:
    """Return when the account joined the organization, which never changes; now if AWS does not say."""
    latest: AccountList | None = aws.shared_reads.latest(NAME)
    listed = latest.by_id.get(account) if latest else None
    listed = listed or read_account_list(aws).by_id.get(account)
    return (listed.join_time if listed else None) or aws.clock.now()
