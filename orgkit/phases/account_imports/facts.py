"""What the import phase reads: invitations, and what the accounts to be imported say of themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from orgkit.model.desired import ImportSpec
from orgkit.model.index import all_by, first_by
from orgkit.model.observed import Unread
from orgkit.model.plan import ABSENT

EXPIRY_FORMAT = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True)
class Handshake:
    """An invitation that this organization sent."""

    id: str
    account_id: str
    email: str
    state: str  # REQUESTED | OPEN | CANCELED | ACCEPTED | DECLINED | EXPIRED
    expires: str  # in EXPIRY_FORMAT; "" where AWS names no time

    @property
    def summary(self) -> str:
        """Which invitation it is, and how it ended: the step to invite again starts from it."""
        return f"{self.id} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in ("REQUESTED", "OPEN")


@dataclass(frozen=True)
class Owner:
    """What an account to be imported says of itself, through the profile that the file names."""

    account_id: str
    organization_id: str | None | Unread
    trails: tuple[str, ...] | Unread  # names of its own trails
    access_role: bool | Unread
    read_role: bool | Unread
    also_trusted: tuple[str, ...] = ()  # other principals that the existing access role trusts
    roles: str = ABSENT  # how both roles differ from the required ones, in normal form
    read_trust: str = ""  # the trust policy of the read role that is there already, in normal form
    denying: tuple[str, ...] = ()  # the roles whose trust policy keeps the management account out
    notes: tuple[str, ...] = ()  # what a person should know of its roles before a step changes them


@dataclass(frozen=True)
class ImportFacts:
    """Every invitation that the organization sent, and the owners that a profile of the file reaches."""

    handshakes: tuple[Handshake, ...] | Unread = ()
    owners: tuple[Owner, ...] = ()

    def owner(self, account_id: str) -> Owner | None:
        return self._owners.get(account_id)

    def invitations_to(self, spec: ImportSpec) -> tuple[Handshake, ...]:
        """Return the invitations to one account, as `invitations_of` finds them; () where they could not be read."""
        places = {*self._places.get(spec.id, ()), *self._places.get(spec.email.casefold(), ())}
        return () if isinstance(self.handshakes, Unread) else tuple(self.handshakes[place] for place in sorted(places))

    @cached_property
    def _places(self) -> Mapping[str, list[int]]:
        """Where among them the invitations to an account id, or to an email, are."""
        handshakes = () if isinstance(self.handshakes, Unread) else enumerate(self.handshakes)
        pairs = ((name, place) for place, h in handshakes for name in (h.account_id, h.email.casefold()))
        return {name: [place for _, place in group] for name, group in all_by(pairs, lambda pair: pair[0]).items()}

    @cached_property
    def _owners(self) -> Mapping[str, Owner]:
        return first_by(self.owners, lambda owner: owner.account_id)


def invitations_of(handshakes: Iterable[Handshake], spec: ImportSpec) -> tuple[Handshake, ...]:
    """Return those to one account; an invitation names it by id, or by email if it was sent that way."""
    return tuple(h for h in handshakes if h.account_id == spec.id or h.email.casefold() == spec.email.casefold())


def last_ended(handshakes: Iterable[Handshake]) -> Handshake | None:
    """Return the latest one that ended without a member; None when there is none."""
    ended = (handshake for handshake in handshakes if handshake.state in ("DECLINED", "EXPIRED", "CANCELED"))
    return max(ended, key=lambda handshake: handshake.expires, default=None)
