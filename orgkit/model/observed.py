"""What AWS answers, as frozen values; "not there" and "could not be read" are never the same."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from orgkit.dataclass import dataclass
from orgkit.model.desired import KEY_TAG, Tags, UnitPath
from orgkit.model.finding import Finding
from orgkit.model.index import all_by, first_by
from orgkit.model.plan import ABSENT, Target
from orgkit.sanitize.names import reading
from orgkit.sanitize.summary import Summary

CLOSED_STATES = ("SUSPENDED", "PENDING_CLOSURE", "CLOSED")

F = TypeVar("F")


@dataclass(frozen=True)
class Unread:
    """AWS did not let us see it; the reason in AWS's words."""

    reason: str
    remedy: str = ""  # what helps, when it is no matter of rights: AWS did not answer, or nobody is signed in any more
    code: str = ""  # AWS's, or orgkit's where that says more


@dataclass(frozen=True)
class Organization:
    """The organization itself, and what is switched on in it."""

    id: str
    management_account_id: str
    management_email: str
    feature_set: str
    root_id: str
    policy_types: tuple[tuple[str, str], ...]  # (type, status), as the root reports them
    trusted_access: tuple[str, ...]
    root_features: tuple[str, ...] | Unread  # RootCredentialsManagement, RootSessions


@dataclass(frozen=True)
class Unit:
    """One organizational unit, by its path of names."""

    path: UnitPath
    id: str
    tags: Tags


@dataclass(frozen=True)
class Account:
    """One account of the organization; `unit` is the path of the OU it is in, () for the root."""

    id: str
    name: str
    email: str
    state: str  # AWS's State: ACTIVE, SUSPENDED, PENDING_ACTIVATION, PENDING_CLOSURE, CLOSED
    unit: UnitPath
    join_method: str  # CREATED | INVITED
    tags: Tags

    @property
    def tag(self) -> dict[str, str]:
        return dict(self.tags)

    @property
    def is_closed(self) -> bool:
        """Whether it is closed, or is being closed: nothing in it can be changed."""
        return self.state in CLOSED_STATES


@dataclass(frozen=True)
class MemberRole:
    """A role of a member account as IAM has it; documents in normal form."""

    name: str
    trust: str
    inline: tuple[tuple[str, str], ...] = ()  # names and documents
    attached: tuple[str, ...] = ()  # ARNs of managed policies
    boundary: str = ""  # ARN of the permissions boundary


@dataclass(frozen=True)
class Member:
    """Whether planning may look into a member account: through the read role, and whether that is as it should be."""

    account_id: str
    readable: bool  # the read role could be assumed
    current: bool  # its policy is the one that this version of orgkit needs
    access_role: bool | None = None  # an administrator that we can use; None: the read role could not be asked
    read_role: str = ABSENT  # what of the read role is not as it should be, in normal form
    roles: tuple[MemberRole, ...] = ()  # the two that orgkit uses, as far as they are there and could be read
    unread: str = ""  # why its roles could not be read, though the read role could be assumed
    denial: Unread | None = None  # the policy that denies the read role explicitly: to make the role changes nothing

    def role(self, name: str) -> MemberRole | None:
        return next((role for role in self.roles if role.name == name), None)


@dataclass(frozen=True, repr=False)
class Observed(Summary):
    """One reading of AWS: taken once, in the fewest calls, before anything is planned."""

    target: Target
    caller_arn: str
    organization: Organization | None
    units: tuple[Unit, ...] = ()
    accounts: tuple[Account, ...] = ()
    members: tuple[Member, ...] = ()
    phase_facts: tuple[object, ...] = ()  # what one phase alone reads, by its class
    credits_usd: str | None | Unread = None  # what a Free-plan account would lose
    findings: tuple[Finding, ...] = ()  # of phase 00, about the phases that were read: they stop, or warn

    def summary(self) -> dict[str, object]:
        """The organization, and how much is in it."""
        organization = self.organization.id if self.organization else "none yet"
        return {"organization": organization, "units": len(self.units), "accounts": len(self.accounts)}

    def facts(self, kind: type[F]) -> F | None:
        """Return what the phase with these facts read; None when it did not read."""
        return next((facts for facts in self.phase_facts if isinstance(facts, kind)), None)

    def with_facts(self, facts: object) -> "Observed":
        """Return this reading with the facts of one more phase, in place of older ones of their class."""
        other_facts = (other for other in self.phase_facts if type(other) is not type(facts))
        return replace(self, phase_facts=(*other_facts, facts))

    def parent_id(self, path: UnitPath) -> str:
        """Return the id of the unit of an account; the root's for (), and "" while there is no organization."""
        unit = self.unit(path)
        if path:
            return unit.id if unit else path[-1]  # a unit that AWS did not list is known by its id alone
        return self.organization.root_id if self.organization else ""

    def unit(self, path: UnitPath) -> Unit | None:
        return self._units.get(path)

    def member(self, account_id: str) -> Member | None:
        return self._members.get(account_id)

    def account(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)

    def accounts_with_email(self, email: str) -> list[Account]:
        """Return the accounts with this email, closed ones too; case does not count."""
        return self._accounts_by_email.get(email.casefold(), [])

    def accounts_with_key(self, key: str) -> list[Account]:
        """Return the accounts whose tag orgkit:key has this value, closed ones and the management account too."""
        return self._accounts_by_key.get(key, [])

    def account_read_as(self, name: str, keys: Iterable[str]) -> Account | None:
        """Return the first open account whose name a person reads like this one, with one of these values of its tag.

        Args:
            name: The name; a Cyrillic letter in one of the two does not count.
            keys: Values of the tag orgkit:key, "" for an account without it.
        """
        places = [place for key in keys if (place := self._places_by_reading.get((reading(name), key))) is not None]
        return self.accounts[min(places)] if places else None

    def units_read_as(self, path: UnitPath) -> list[Unit]:
        """Return the units whose path a person reads like this one, the one at this path too."""
        return self._units_by_reading.get(tuple(map(reading, path)), [])

    # Each index is made when it is first asked for: planning looks up something for each account, and a scan for each
    # of 10,000 accounts takes minutes.
    @cached_property
    def _units(self) -> Mapping[UnitPath, Unit]:
        return first_by(self.units, lambda unit: unit.path)

    @cached_property
    def _members(self) -> Mapping[str, Member]:
        return first_by(self.members, lambda member: member.account_id)

    @cached_property
    def _accounts(self) -> Mapping[str, Account]:
        return first_by(self.accounts, lambda account: account.id)

    @cached_property
    def _accounts_by_email(self) -> Mapping[str, list[Account]]:
        return all_by(self.accounts, lambda account: account.email.casefold())

    @cached_property
    def _accounts_by_key(self) -> Mapping[str, list[Account]]:
        items = (account for account in self.accounts if KEY_TAG in account.tag)
        return all_by(items, lambda account: account.tag[KEY_TAG])

    @cached_property
    def _places_by_reading(self) -> Mapping[tuple[str, str], int]:
        places: dict[tuple[str, str], int] = {}
        for place, account in enumerate(self.accounts):
            if not account.is_closed:
                places.setdefault((reading(account.name), account.tag.get(KEY_TAG, "")), place)
        return places

    @cached_property
    def _units_by_reading(self) -> Mapping[UnitPath, list[Unit]]:
        return all_by(self.units, lambda unit: tuple(map(reading, unit.path)))
