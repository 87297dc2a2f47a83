"""The connection to AWS: the only importer of boto3, and the one place where calls go out."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import orgkit.aws.crt  # noqa: F401  # before botocore

# isort: split
import boto3
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session as CoreSession

from orgkit.aws import credentials_in_use, waiting
from orgkit.aws.change import Change, send, send_once
from orgkit.aws.clients import HOME as HOME
from orgkit.aws.clients import Clients, packaged_models
from orgkit.aws.clock import Clock, clock_of, is_skew, wrong_clock
from orgkit.aws.executor import Executor, SerialExecutor
from orgkit.aws.identity import Caller as Caller
from orgkit.aws.identity import caller_of, guard_member, no_credentials
from orgkit.aws.profiles import prepare
from orgkit.aws.rate_limit import ALWAYS_LIMITED, RateLimit
from orgkit.aws.refused_tokens import accepts, explain_refused_token, may_refuse_token
from orgkit.aws.rejections import EXPIRED_CODES, Rejected, as_rejected
from orgkit.aws.response import Answer, ask, ask_pages, ask_stream
from orgkit.aws.shared_reads import SharedReads
from orgkit.journal.events import Journal
from orgkit.sanitize.summary import Summary

# The models of AWS's services are large: every session of this process reads each of them once.
_MODELS = packaged_models()

# A session in a member account is renewed before it ends: a person may take hours between two cells.
RENEW = timedelta(minutes=10)

T = TypeVar("T")
ReadReport = Callable[[str, int, int], None]  # what is read, how much of it is, of how much


def report_no_read(_subject: str, _done: int, _count: int) -> None:
    """Nobody watches."""


class Connection(Summary):
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
        credentials: Credentials | None = None,
        shared: Clients | None = None,
    ) -> None:
        self._clients = Clients(
            session,
            endpoint=endpoint,
            region=region,
            clock=clock,
            run=journal.run,
            account=self._known_account,
            credentials=credentials,
            shared=shared,
        )
        self._assuming: dict[tuple[str, str, str | None], threading.Lock] = {}  # so that each is asked for once
        self._members: dict[tuple[str, str, str | None], tuple[Connection, datetime]] = {}
        self._owners: dict[str, Connection] = {}
        self._account = account  # that it must be, before anything is changed; "" when guards have seen to that
        self._caller: Caller | None = None
        self._recent: dict[str, tuple[datetime, Any]] = {}
        self.ended = False  # AWS has refused these credentials: nobody else should be given this connection
        self.endpoint = endpoint
        self.region = region
        self.clock = clock
        self.journal = journal
        self.progress: waiting.Progress = waiting.report_nothing
        self.executor: Executor = SerialExecutor()  # of reads that do not depend on each other
        self.report_read: ReadReport = report_no_read
        self.shared_reads = SharedReads()
        self._rate_limit = RateLimit()

    def summary(self) -> dict[str, object]:
        """Where calls go; who calls is not asked for this."""
        return {"target": self.kind, "region": self.region, "account": self._account or "not asked yet"}

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
        except Rejected as rejection:
            raise no_credentials(rejection) from None

    def read(self, service: str, operation: str, *, region: str | None = None, **parameters: Any) -> Answer:
        """One read; raises Rejected, also when botocore's own retries did not help."""
        with self._note_end(service, region):
            client = self._clients.get(service, region, reads=True)
            self._keep_rate(service, operation)
            answer = ask(client, service, operation, parameters, self.clock.sleep)
            if operation == "GetCallerIdentity":
                self._caller = caller_of(answer, self._clients.access_key(), self.clock.now())
            return answer

    def pages(
        self, service: str, operation: str, member: str, *, region: str | None = None, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Every item of a paged read; a page may be empty and still have a successor, but never without its member."""
        with self._note_end(service, region):
            client = self._clients.get(service, region, reads=True)
            keep_rate = partial(self._keep_rate, service, operation)
            yield from ask_pages(client, service, operation, member, parameters, self.clock.sleep, keep_rate)

    def recent(self, name: str, seconds: float, read: Callable[[], T], now: datetime | None = None) -> T:
        """What `read` answered under this name in the last `seconds` on this connection; its answer now otherwise.

        A caller with many names passes the time, since a sandbox's clock is asked by HTTP.
        """
        now = now or self.clock.now()
        known = self._recent.get(name)
        if known is None or now - known[0] >= timedelta(seconds=seconds):
            known = self._recent[name] = now, read()
        answer: T = known[1]
        return answer

    def stream(
        self, service: str, operation: str, consume: Callable[[Any], T], *, region: str | None = None, **parameters: Any
    ) -> tuple[Answer, T]:
        """One read whose Body is a stream: `consume` reads it whole, and is called anew when the connection breaks."""
        return ask_stream(lambda: self.read(service, operation, region=region, **parameters), consume, self.clock.sleep)

    def mutate(
        self, service: str, operation: str, *, expect: str | None = None, region: str | None = None, **parameters: Any
    ) -> Answer:
        """One change: intent on disk, one wire attempt, outcome on disk; repeated only after a clear refusal.

        `expect` names a member that a real answer has: an empty 200 is no answer. Raises Rejected or OutcomeUnknown.
        """
        change = self._change(service, operation, expect, region, parameters)
        self._keep_rate(service, operation)
        with self._note_end(service, region):
            return send(change, self.journal, self.clock, self.progress)

    def mutate_once(self, service: str, operation: str, *, expect: str | None = None, **parameters: Any) -> Answer:
        """The same client without retries, for callers that wait on their own until AWS has capacity."""
        change = self._change(service, operation, expect, None, parameters)
        with self._note_end(service):
            return send_once(change, self.journal, self.clock)

    def wait_for(self, subject: str, look: Callable[[], T | None], *, every: float, at_most: float) -> T:
        """Ask `look` until it answers; StepFailed when the budget of seconds is spent."""
        return waiting.wait_for(self.clock, self.progress, subject, look, every=every, at_most=at_most)

    def assume(self, account: str, role: str, *, policy: str | None = None) -> "Connection":
        """The same calls as `role` in a member account; raises Rejected while AWS does not let us."""
        key = account, role, policy  # a policy is that of one step
        with self._assuming.setdefault(key, threading.Lock()):
            known = self._members.get(key)
            if known is None or known[0].ended or self.clock.now() >= known[1]:
                known = self._members[key] = self._assume(account, role, policy)
        return self._share_progress(known[0])

    def _assume(self, account: str, role: str, policy: str | None) -> "tuple[Connection, datetime]":
        """A connection, and when it is to be renewed."""
        extra = {"Policy": policy} if policy else {}
        arn = f"arn:{self.partition}:iam::{account}:role/{role}"
        name = f"orgkit-{self.journal.run}"[:64]
        keys = self.read("sts", "AssumeRole", RoleArn=arn, RoleSessionName=name, **extra)["Credentials"]
        credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "assume-role")
        credentials_in_use.remember(credentials)
        # The session is shared: one for each member account takes longer than its calls do.
        member = self._sibling(self._clients.session, account, credentials)
        return member, keys["Expiration"] - RENEW

    def as_owner(self, profile: str) -> "Connection":
        """The same calls with a profile of the person's own AWS configuration, read anew once AWS has refused it."""
        known = self._owners.get(profile)
        if known is None or known.ended:
            try:
                known = self._owners[profile] = self._sibling(_session(self.region, profile=profile))
            except BotoCoreError as error:
                raise as_rejected(f"profile {profile}", error) from None
        return self._share_progress(known)

    def release(self) -> None:
        """Close the clients, and those of its member accounts; credentials stay, and a later call makes a client."""
        for connection in (*(member for member, _ in self._members.values()), *self._owners.values()):
            connection.release()
        self._clients.release()

    def regions_of(self, service: str) -> set[str]:
        """The regions that have a service, as far as this version of botocore knows."""
        return set(self._clients.session.get_available_regions(service, partition_name=self.partition))

    def session_for_library(self) -> boto3.Session:
        """For a library that reads AWS itself: it needs the endpoint, and its calls are not in the journal."""
        return self._clients.session

    def _change(
        self, service: str, operation: str, expect: str | None, region: str | None, parameters: dict[str, Any]
    ) -> Change:
        """Clients for writing, made only after the account id is verified."""
        if self._account:
            guard_member(self._identity(), self._account)
        account = self._caller.account if self._caller else ""
        with self._note_end():
            client = self._clients.get(service, region, reads=False)
            return Change(client, service, operation, parameters, expect, account)

    def _keep_rate(self, service: str, operation: str) -> None:
        """Wait where AWS would be asked more often than it answers: by threads together, or by one that asks a lot."""
        name = f"{service}:{operation}"
        is_always_limited = name in ALWAYS_LIMITED
        if self.executor.threads > 1 or is_always_limited:
            at = self.clock.now().timestamp() if is_always_limited else None
            pause = self._rate_limit.reserve(name, self._known_account(), at)
            if pause:
                self.clock.sleep(pause)

    def _known_account(self) -> str:
        return self._account or (self._caller.account if self._caller else "")

    def _identity(self) -> Caller:
        if self._caller is None:
            with self._note_end():
                self._clients.access_key()  # without any, AWS need not be asked
            self.read("sts", "GetCallerIdentity")
        assert self._caller is not None
        return self._caller

    @contextmanager
    def _note_end(self, service: str = "sts", region: str | None = None) -> Iterator[None]:
        """What every rejection may say in addition: that the credentials have ended, or that a clock is wrong."""
        try:
            yield
        except Rejected as rejection:
            explained = self._explain(rejection, self._clients.region_of(service, region))
            self._clients.note_sign_in(explained)
            self.ended = self.ended or explained.code in EXPIRED_CODES
            if is_skew(rejection.code, rejection.message):
                raise wrong_clock(rejection.at, self.clock.now(), f"{rejection.operation}: {rejection.code}") from None
            if explained is rejection:
                raise
            raise explained from None

    def _explain(self, rejection: Rejected, region: str) -> Rejected:
        """A refused token means what STS says of it: only STS knows whether the credentials have ended."""
        if not may_refuse_token(rejection, region) or not accepts(lambda: self.read("sts", "GetCallerIdentity")):
            return rejection
        assert self._caller is not None
        return explain_refused_token(
            rejection,
            region=region,
            account=self._account or self._caller.account,
            is_member=bool(self._account),
            caller_arn=self._caller.arn,
        )

    def _sibling(
        self, session: boto3.Session, account: str = "", credentials: Credentials | None = None
    ) -> "Connection":
        connection = Connection(
            session, endpoint=self.endpoint, region=self.region, clock=self.clock, journal=self.journal,
            account=account, credentials=credentials, shared=self._clients if credentials else None,
        )  # fmt: skip
        connection.executor, connection._rate_limit = self.executor, self._rate_limit
        return self._share_progress(connection)

    def _share_progress(self, connection: "Connection") -> "Connection":
        """Every client that was handed out reports to the current observer, however old it is."""
        connection.progress = self.progress
        return connection


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
        raise no_credentials(as_rejected("the AWS configuration", error)) from None
    return Connection(session, endpoint=endpoint, region=region, clock=clock or clock_of(), journal=journal)


def _session(region: str, *, profile: str | None = None) -> boto3.Session:
    """A boto3 session that shares the service models with the others of this process."""
    core = CoreSession(profile=profile)
    core.register_component("data_loader", _MODELS)
    prepare(core)
    session = boto3.Session(botocore_session=core, region_name=region)
    _MODELS.search_paths[:] = dict.fromkeys(_MODELS.search_paths)  # every boto3 session adds its own path once more
    return session
