"""Checks of `[handover]` against the rest of the file."""

from collections.abc import Callable, Iterator

from orgkit.phases.schema.location import Place, Violation
from orgkit.phases.schema.raw import Raw, members, section

PLACE: Place = ("handover", "members")
MAX_ACCOUNTS = 20


def number_of_accounts(raw: Raw) -> Iterator[Violation]:
    """Report roles of too many accounts."""
    count = len(list(members(raw)))
    if section(raw, "handover").get("members") is True and count > MAX_ACCOUNTS:
        reason = "each needs a provider of Terraform, which is a process of its own"
        yield PLACE, f"is true, and the file has {count} accounts: {reason}. Write false above {MAX_ACCOUNTS} accounts."


def read_role(raw: Raw) -> Iterator[Violation]:
    """Report roles that the file does not have orgkit make."""
    if section(raw, "handover").get("members") is True and section(raw, "members").get("read_role") is False:
        yield PLACE, "is true, and with read_role = false in [members] orgkit makes no role there: write false."


HANDOVER_CHECKS: tuple[Callable[[Raw], Iterator[Violation]], ...] = (number_of_accounts, read_role)
