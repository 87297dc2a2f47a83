"""The sandbox's state outside moto's backends: time, keys, standalone accounts, operations in progress."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from orgkit.sandbox.clock import VirtualClock
from orgkit.sandbox.seed import Seed, StandaloneAccount


@dataclass(frozen=True)
class Principal:
    """The owner of the key that signed a call."""

    account: str
    arn: str
    user_id: str
    role_arn: str | None = None
    expires_at: datetime | None = None  # of temporary credentials, on the sandbox's clock; None: never
    session_policies: tuple[tuple[str, str], ...] = ()  # ARN and document of each; "" for the ARN of an inline one
    session_tags: tuple[tuple[str, str], ...] = ()
    user_arn: str = ""  # the IAM user behind a federated user

    @property
    def is_root_user(self) -> bool:
        return self.arn.endswith(":root")


@dataclass
class Bucket:
    """A token bucket, as AWS throttles: `rate` calls a second, `burst` of them at once."""

    rate: float
    burst: float
    tokens: float
    updated_at: float

    def take(self, now: float) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.updated_at) * self.rate)
        self.updated_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class World:
    """One for a server; `begin` empties it for a new seed."""

    clock: VirtualClock
    seed: Seed
    principals: dict[str, Principal] = field(default_factory=dict)  # by access key
    buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    role_ready: dict[str, datetime] = field(default_factory=dict)  # account → when its access role can be assumed
    counters: dict[tuple[object, ...], int] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)  # what a correction keeps, by the correction's name

    def is_expired(self, principal: Principal) -> bool:
        """Whether temporary credentials have outlived their Expiration."""
        return principal.expires_at is not None and principal.expires_at <= self.clock.now()

    def renew_credentials(self) -> None:
        """Renew the profiles' temporary credentials, as signing in again does; those of assumed roles stay expired."""
        fresh = self.clock.now() + timedelta(seconds=self.seed.credentials_seconds)
        for key, principal in self.principals.items():
            if principal.expires_at is not None and principal.role_arn is None:
                self.principals[key] = replace(principal, expires_at=fresh)

    def standalone(self, account: str) -> StandaloneAccount | None:
        return next((candidate for candidate in self.seed.standalone if candidate.id == account), None)

    def standalone_by_email(self, email: str) -> StandaloneAccount | None:
        return next((account for account in self.seed.standalone if account.email.lower() == email.lower()), None)

    def count(self, *key: object) -> int:
        """Return 0, 1, 2 … for the same key, to distinguish repetitions."""
        self.counters[key] = self.counters.get(key, -1) + 1
        return self.counters[key]

    def free_id(self, used: Iterable[str], derive: Callable[[int], str], *key: object) -> str:
        """Return the next id of a key that nothing has: what is copied or renamed keeps an id of another name."""
        used_ids = frozenset(used)
        return next(value for value in (derive(self.count(*key)) for _ in count()) if value not in used_ids)

    def throttled(self, account: str, operation: str, rate: float, burst: float) -> bool:
        now = self.clock.timestamp()
        bucket = self.buckets.setdefault((account, operation), Bucket(rate, burst, burst, now))
        return not bucket.take(now)


class Holder:
    """The one world of this process: moto creates its handlers for each call, so they cannot hold it."""

    _world: World | None = None

    def __call__(self) -> World:
        if self._world is None:
            raise RuntimeError("the sandbox has not started")
        return self._world

    def begin(self, seed: Seed, *, real_time: bool) -> World:
        self._world = World(VirtualClock(real_time), seed)
        return self._world


world = Holder()
