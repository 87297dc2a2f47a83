"""`[imports]` as AWS has them: the accounts that were invited, and the invitations that are open."""

from collections.abc import Iterator

from orgkit.model.observed import Observed, Unread
from orgkit.phases.account_imports.facts import Handshake, ImportFacts
from orgkit.phases.accounts.adoption import INVITED, adopt_members
from orgkit.phases.adopted import Adopted, Advice, Unexpressed, members_of, unread_of
from orgkit.phases.schema.raw import Raw

RUNBOOK = "04-imports"


def adopt(observed: Observed, raw: Raw) -> Adopted:
    """Return the accounts that were invited; an open invitation names no email or no id, and no unit."""
    invited = [account for account in members_of(observed) if account.join_method == INVITED]
    adopted, handshakes = (
        adopt_members(observed, raw, invited),
        (observed.facts(ImportFacts) or ImportFacts()).handshakes,
    )
    pending = [] if isinstance(handshakes, Unread) else [item for item in handshakes if item.is_open]
    return Adopted(
        values=adopted.values,
        advice=tuple(_advice(pending)),
        not_expressed=(*adopted.not_expressed, *map(_pending, pending)),
        not_read=unread_of("invitations", handshakes),
    )


def _pending(handshake: Handshake) -> Unexpressed:
    return Unexpressed(
        f"invitation {handshake.id} to {handshake.account_id or handshake.email}, {handshake.state}",
        "an import states id, email and unit, and an invitation does not have all of them",
    )


def _advice(pending: list[Handshake]) -> Iterator[Advice]:
    for handshake in pending:
        yield Advice(
            "low",
            f"account {handshake.account_id or handshake.email} is invited",
            f"the invitation ends on {handshake.expires or 'a day that AWS does not report'}",
            f"add it under [imports], then {RUNBOOK}",
        )
