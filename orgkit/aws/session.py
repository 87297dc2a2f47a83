"""The connection to AWS: the only importer of boto3, and the one place where calls go out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import boto3
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.session import Session as CoreSession

from orgkit.aws import live, waiting
from orgkit.aws.answer import Answer, ask, ask_pages
from orgkit.aws.caller import Caller as Caller
from orgkit.aws.caller import caller_of, guard_member, nobody
from orgkit.aws.change import Change, send, send_once
from orgkit.aws.clients import HOME as HOME
from orgkit.aws.clients import Clients
from orgkit.aws.clock import Clock, clock_of
from orgkit.aws.retry import EXPIRED, Refused
from orgkit.aws.skew import is_skew, wrong_clock
from orgkit.errors import WrongAccount
from orgkit.journal import Journal

# The models of AWS's services are large: every session of this process reads each of them once.
_MODELS = Loader()

# A session in a member account is renewed before it ends: a person may take hours between two cells.
RENEW = timedelta(minutes=10)

T = TypeVar("T")


class Connection:
    """Calls AWS as one identity; reads are retried, mutations are journalled and sent once.

    A request that AWS refuses for the time at which it was signed ends in WrongPlace, whatever was asked.
    """

    def __init__(
        self,
        session: boto3.Session,
        *,
        endpoint: str | None,
        region: str,
        clock: Clock,
        journal: Journal,
        account: str = "",
    ) -> None:
        self._clients = Clients(session, endpoint=endpoint, region=region, clock=clock, run=journal.run)
        self._members: dict[tuple[str, str], tuple[Connection, datetime]] = {}
        self._owners: dict[str, Connection] = {}
        self._account = account  # that it must be, before anything is changed; "" when guards have seen to that
        self._caller: Caller | None = None
        self.ended = False  # AWS has refused these credentials: nobody else should be given this connection
        self.endpoint = endpoint
        self.region = region
        self.clock = clock
        self.journal = journal
        self.progress: waiting.Progress = waiting.silent

    @property
    def kind(self) -> str:
        """Where calls go: "aws", or "emulator" when an endpoint is set."""
        return "emulator" if self.endpoint else "aws"

    @property
    def partition(self) -> str:
        """`aws`: the other partitions are refused before anything is planned."""
        return "aws"

    def caller(self) -> Caller:
        """Who am I? Asked once, since a connection never becomes somebody else; WrongAccount when AWS knows nobody."""
        try:
            return self._identity()
        except Refused as refused:
            raise nobody(refused) from None

    def read(self, service: str, operation: str, *, region: str | None = None, **parameters: Any) -> Answer:
        """One read; raises Refused, also when botocore's own retries did not help."""
        with self._noticing():
            found = ask(self._clients.get(service, region, reads=True), service, operation, parameters)
            if operation == "GetCallerIdentity":
                self._caller = caller_of(found, self._clients.access_key(), self.clock.now())
            return found

    def pages(
        self, service: str, operation: str, member: str, *, region: str | None = None, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Every item of a paged read; a page may be empty and still have a successor, but never without its member."""
        with self._noticing():
            yield from ask_pages(self._clients.get(service, region, reads=True), service, operation, member, parameters)

    def mutate(
        self, service: str, operation: str, *, expect: str | None = None, region: str | None = None, **parameters: Any
    ) -> Answer:
        """One change: intent on disk, one wire attempt, outcome on disk; repeated only after a clear refusal.

        `expect` names a member that a real answer has: an empty 200 is no answer. Raises Refused or Unsure.
        """
        change = self._change(service, operation, expect, region, parameters)
        with self._noticing():
            return send(change, self.journal, self.clock, self.progress)

    def mutate_once(self, service: str, operation: str, *, expect: str | None = None, **parameters: Any) -> Answer:
        """The same, never repeated: for who waits by itself, among other things, until AWS has room."""
        change = self._change(service, operation, expect, None, parameters)
        with self._noticing():
            return send_once(change, self.journal, self.clock)

    def wait_for(self, what: str, look: Callable[[], T | None], *, every: float, at_most: float) -> T:
        """Ask `look` until it answers; StepFailed when the budget of seconds is spent."""
        return waiting.wait_for(self.clock, self.progress, what, look, every=every, at_most=at_most)

    def assume(self, account: str, role: str, *, policy: str | None = None) -> "Connection":
        """The same calls as `role` in a member account; raises Refused while AWS does not let us."""
        known = self._members.get((account, role))
        if known is not None and policy is None and not known[0].ended and self.clock.now() < known[1]:
            return self._told_of_progress(known[0])
        extra = {"Policy": policy} if policy else {}
        arn = f"arn:{self.partition}:iam::{account}:role/{role}"
        name = f"orgkit-{self.journal.run}"[:64]
        keys = self.read("sts", "AssumeRole", RoleArn=arn, RoleSessionName=name, **extra)["Credentials"]
        session = _session(
            self.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        live.remember(session.get_credentials())
        member = self._beside(session, account)
        if policy is None:  # a narrowed session is for one step, and for nobody after it
            self._members[account, role] = member, keys["Expiration"] - RENEW
        return member

    def as_owner(self, profile: str) -> "Connection":
        """The same calls with a profile of the person's own AWS configuration, read anew once AWS has refused it."""
        known = self._owners.get(profile)
        if known is None or known.ended:
            try:
                known = self._owners[profile] = self._beside(_session(self.region, profile=profile))
            except BotoCoreError as error:
                raise Refused("profile", type(error).__name__, "", str(error), "") from None
        return self._told_of_progress(known)

    def session_for_library(self) -> boto3.Session:
        """For a library that reads AWS itself: it has to be told of the endpoint, and its calls are in no journal."""
        return self._clients.session

    def _change(
        self, service: str, operation: str, expect: str | None, region: str | None, parameters: dict[str, Any]
    ) -> Change:
        """Made only for who is known to be the right account."""
        if self._account:
            guard_member(self._identity(), self._account)
        whose = self._caller.account if self._caller else ""
        with self._noticing():
            client = self._clients.get(service, region, reads=False)
            return Change(client, service, operation, parameters, expect, whose)

    def _identity(self) -> Caller:
        if self._caller is None:
            self._clients.access_key()  # without any, AWS need not be asked
            self.read("sts", "GetCallerIdentity")
        assert self._caller is not None
        return self._caller

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """What every refusal may tell besides: that the credentials have ended, or that a clock is wrong."""
        try:
            yield
        except Refused as refused:
            self.ended = self.ended or refused.code in EXPIRED
            if is_skew(refused.code, refused.message):
                raise wrong_clock(refused.at, self.clock.now(), f"{refused.operation}: {refused.code}") from None
            raise

    def _beside(self, session: boto3.Session, account: str = "") -> "Connection":
        other = Connection(
            session, endpoint=self.endpoint, region=self.region, clock=self.clock, journal=self.journal, account=account
        )
        return self._told_of_progress(other)

    def _told_of_progress(self, other: "Connection") -> "Connection":
        """Whoever watches us now watches those that we give out, however old they are."""
        other.progress = self.progress
        return other


def open_connection(
    *,
    region: str,
    endpoint: str | None,
    journal: Journal,
    clock: Clock | None = None,
    profile: str | None = None,
) -> Connection:
    """Connect with the credentials that the person's environment has; makes no call."""
    try:
        session = _session(region, profile=profile)
    except BotoCoreError as error:
        raise WrongAccount(f"the AWS profile cannot be used: {error}", "set AWS_PROFILE to one that exists.") from None
    return Connection(session, endpoint=endpoint, region=region, clock=clock or clock_of(), journal=journal)


def _session(region: str, *, profile: str | None = None, **keys: str) -> boto3.Session:
    """A boto3 session that shares the service models with the others of this process."""
    core = CoreSession(profile=profile)
    core.register_component("data_loader", _MODELS)
    session = boto3.Session(botocore_session=core, region_name=region, **keys)
    _MODELS.search_paths[:] = dict.fromkeys(_MODELS.search_paths)  # every boto3 session adds its own path once more
    return session
