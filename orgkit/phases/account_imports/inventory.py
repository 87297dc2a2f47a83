"""Imported accounts in the inventory, and the invitations that the organization sent."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.inventory import PRESENCE, Gap, InventoryPart, Resource, gaps_of
from orgkit.model.observed import Observed, Unread
from orgkit.phases.account_imports.facts import Handshake, ImportFacts
from orgkit.phases.accounts.inventory import KIND as ACCOUNT
from orgkit.phases.accounts.inventory import resources_of
from orgkit.phases.member_access.inventory import KIND as ROLE

KIND = "invitation"
CALLS = {
    "state": ("CancelHandshake", "DeclineHandshake", "AcceptHandshake"),
    PRESENCE: ("InviteAccountToOrganization",),
}


def resources(observed: Observed, desired: Desired) -> Iterator[Resource | Gap]:
    """Yield the accounts that the file imports, and each invitation: how it ends is no drift."""
    yield from resources_of(desired.imports, observed, desired)
    facts = observed.facts(ImportFacts)
    if facts is None:
        yield Gap(KIND, "", "the invitations were not read")
        return
    yield from gaps_of(KIND, "", facts.handshakes)
    yield from (_resource(observed, item) for item in open_invitations(facts))


def open_invitations(facts: ImportFacts) -> tuple[Handshake, ...]:
    """Return the invitations that nobody has accepted, declined or canceled yet."""
    return () if isinstance(facts.handshakes, Unread) else tuple(item for item in facts.handshakes if item.is_open)


def _resource(observed: Observed, handshake: Handshake) -> Resource:
    return Resource(
        kind=KIND,
        id=handshake.id,
        name=f"to {handshake.account_id or handshake.email}",
        values={"state": handshake.state, "expires": handshake.expires},
        account=observed.target.account,
        calls=CALLS,
        identifiers=(handshake.id,),
        is_reported=False,
    )


INVENTORY = InventoryPart((ACCOUNT, ROLE, KIND), resources)
