"""The connection to AWS: the only importer of boto3, and the one place where calls go out."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from botocore.session import Session as CoreSession

from orgkit.aws.clock import Clock, clock_of
from orgkit.aws.retry import UNREACHED, Refused, Unsure, classify, pause_before_repeat
from orgkit.errors import CouldNotRead, StepFailed, WrongAccount
from orgkit.journal import Journal

HOME = "us-east-1"  # Organizations lives there in the `aws` partition
READS = Config(retries={"mode": "standard", "total_max_attempts": 6}, connect_timeout=10, read_timeout=30)
# One wire attempt: a lost answer must not make the SDK send CreateAccount twice. The long time-out keeps a slow
# commit from looking like a lost one.
WRITES = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=75)

# The models of AWS's services are large: every session of this process reads each of them once.
_MODELS = Loader()

# A session in a member account is renewed before it ends: a person may take hours between two cells.
RENEW = timedelta(minutes=10)

T = TypeVar("T")
Progress = Callable[[str, float, float], None]  # what is waited for, seconds so far, seconds at most


@dataclass(frozen=True)
class Caller:
    """Who AWS says is calling."""

    account: str
    arn: str
    access_key: str  # only its public id; tells temporary (ASIA) from long-lived (AKIA)

    @property
    def is_root_user(self) -> bool:
        return self.arn.endswith(":root")

    @property
    def is_temporary(self) -> bool:
        return not self.access_key.startswith("AKIA")

    @property
    def partition(self) -> str:
        return self.arn.split(":")[1]


class Answer(dict[str, Any]):
    """What AWS answered; to ask it for a member that a cut or empty 200 lacks is to be refused, not a KeyError."""

    def __init__(self, operation: str, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self.operation = operation

    def __missing__(self, member: str) -> Any:
        raise Refused(self.operation, "NoAnswer", "", f"the answer had no {member}", "")


class Connection:
    """Calls AWS as one identity; reads are retried, mutations are journalled and sent once."""

    def __init__(
        self, session: boto3.Session, *, endpoint: str | None, region: str, clock: Clock, journal: Journal
    ) -> None:
        self._session = session
        self._clients: dict[tuple[str, str, bool], Any] = {}
        self._members: dict[tuple[str, str], tuple[Connection, datetime]] = {}
        self.endpoint = endpoint
        self.region = region
        self.clock = clock
        self.journal = journal
        self.progress: Progress = _silent

    @property
    def kind(self) -> str:
        """Where calls go: "aws", or "emulator" when an endpoint is set."""
        return "emulator" if self.endpoint else "aws"

    def caller(self) -> Caller:
        """Who am I? WrongAccount when there are no usable credentials."""
        try:
            credentials = self._session.get_credentials()
            if credentials is None:
                raise WrongAccount(
                    "no AWS credentials were found.",
                    "sign in to the management account first (`aws login`, or a profile in AWS_PROFILE).",
                )
            answer = self.read("sts", "GetCallerIdentity")
        except Refused as refused:
            if refused.code in UNREACHED:
                raise CouldNotRead(
                    f"AWS could not be asked who is calling: {refused}.",
                    "check the network, a proxy and ORGKIT_ENDPOINT_URL (a sandbox may have ended); then run again.",
                ) from None
            raise WrongAccount(f"AWS does not accept these credentials: {refused}", "sign in again.") from None
        except BotoCoreError as error:
            raise WrongAccount(f"AWS does not accept these credentials: {error}", "sign in again.") from None
        return Caller(str(answer["Account"]), str(answer["Arn"]), str(credentials.access_key))

    def read(self, service: str, operation: str, *, region: str | None = None, **parameters: Any) -> Answer:
        """One read; raises Refused, also when botocore's own retries did not help."""
        try:
            return self._send(self._client(service, region, reads=True), service, operation, parameters)
        except Unsure as unsure:
            raise Refused(unsure.operation, "NoAnswer", "", unsure.cause, "") from None

    def pages(
        self, service: str, operation: str, member: str, *, region: str | None = None, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Every item of a paged read; a page may be empty and still have a successor, but never without its member."""
        client = self._client(service, region, reads=True)
        paginator = client.get_paginator(_method(client, operation))
        try:
            for page in paginator.paginate(**parameters):
                yield from Answer(f"{service}:{operation}", page)[member]
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise _as_refused(f"{service}:{operation}", error) from None

    def mutate(
        self, service: str, operation: str, *, expect: str | None = None, region: str | None = None, **parameters: Any
    ) -> dict[str, Any]:
        """One change: intent on disk, one wire attempt, outcome on disk; repeated only after a clear refusal.

        `expect` names a member that a real answer has: an empty 200 is no answer. Raises Refused or Unsure.
        """
        client, attempt = self._client(service, region, reads=False), 0
        while True:
            try:
                return self._attempt(client, service, operation, expect, parameters)
            except Refused as refused:
                pause = pause_before_repeat(refused, attempt)
                if pause is None:
                    raise
                self.progress(f"{operation}: AWS asks to wait ({refused.code})", 0.0, pause)
                self.clock.sleep(pause)
                attempt += 1

    def wait_for(self, what: str, look: Callable[[], T | None], *, every: float, at_most: float) -> T:
        """Ask `look` until it answers; StepFailed when the budget of seconds is spent."""
        started = self.clock.now()
        while True:
            found = look()
            if found is not None:
                return found
            so_far = (self.clock.now() - started).total_seconds()
            if so_far >= at_most:
                raise StepFailed(
                    f"{what} took longer than {at_most:.0f} s.", "run the phase again: it goes on from here."
                )
            self.progress(what, so_far, at_most)
            self.clock.sleep(every)

    def assume(self, account: str, role: str, *, policy: str | None = None) -> "Connection":
        """The same calls as `role` in a member account; raises Refused while AWS does not let us."""
        known = self._members.get((account, role))
        if known is not None and policy is None and self.clock.now() < known[1]:
            return known[0]
        extra = {"Policy": policy} if policy else {}
        arn = f"arn:{self.partition}:iam::{account}:role/{role}"
        name = f"orgkit-{self.journal.run}"[:64]
        answer = self.read("sts", "AssumeRole", RoleArn=arn, RoleSessionName=name, **extra)
        keys = answer["Credentials"]
        session = _session(
            self.region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        member = self._beside(session)
        if policy is None:  # a narrowed session is for one step, and for nobody after it
            self._members[account, role] = member, keys["Expiration"] - RENEW
        return member

    def as_owner(self, profile: str) -> "Connection":
        """The same calls with a profile of the person's own AWS configuration."""
        try:
            return self._beside(_session(self.region, profile=profile))
        except BotoCoreError as error:
            raise Refused("profile", type(error).__name__, "", str(error), "") from None

    @property
    def partition(self) -> str:
        """`aws`: the other partitions are refused before anything is planned."""
        return "aws"

    def _beside(self, session: boto3.Session) -> "Connection":
        other = Connection(session, endpoint=self.endpoint, region=self.region, clock=self.clock, journal=self.journal)
        other.progress = self.progress
        return other

    def _client(self, service: str, region: str | None, *, reads: bool) -> Any:
        where = region or (HOME if service in ("organizations", "iam", "sts", "ce", "freetier") else self.region)
        key = (service, where, reads)
        if key not in self._clients:
            config = (READS if reads else WRITES).merge(Config(user_agent_appid=f"orgkit-{self.journal.run}"[:50]))
            if self.endpoint:
                config = config.merge(Config(proxies={}))  # an emulator is on loopback, where no proxy leads
            self._clients[key] = self._made(service, region_name=where, endpoint_url=self.endpoint, config=config)
        return self._clients[key]

    def _made(self, service: str, **settings: Any) -> Any:
        """A client; credentials are loaded when the first one is made, and may not be had."""
        try:
            return self._session.client(service, **settings)
        except BotoCoreError as error:
            raise _as_refused(service, error) from None

    def _attempt(
        self, client: Any, service: str, operation: str, expect: str | None, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        call = f"{service}:{operation}"
        intent = self.journal.write(
            "intent", intent=self.journal.new_id(), step=self.journal.step, call=call, key=_natural_key(parameters)
        )
        try:
            answer = self._send(client, service, operation, parameters)
            if expect is not None and expect not in answer:
                raise Unsure(call, f"the answer had no {expect}")
        except Refused as refused:
            self._outcome(intent, "refused", refused.request_id, f"{refused.code} {refused.reason}".strip())
            raise
        except Unsure as unsure:
            self._outcome(intent, "unsure", "", unsure.cause)
            raise
        self._outcome(intent, "committed", answer.get("ResponseMetadata", {}).get("RequestId", ""), "")
        return answer

    def _outcome(self, intent: Mapping[str, Any], result: str, request_id: str, code: str) -> None:
        known = {name: intent[name] for name in ("intent", "step", "call")}
        self.journal.write("answer", **known, result=result, request_id=request_id, code=code)

    def _send(self, client: Any, service: str, operation: str, parameters: Mapping[str, Any]) -> Answer:
        try:
            answer: dict[str, Any] = getattr(client, _method(client, operation))(**parameters)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise classify(f"{service}:{operation}", error) from None
        return Answer(f"{service}:{operation}", answer)


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


def profile_names() -> tuple[str, ...]:
    """The profiles of the person's own AWS configuration."""
    return tuple(boto3.Session().available_profiles)


def config_files() -> tuple[Path, ...]:
    """Where the AWS configuration is read from: the config file and the credentials file."""
    return (
        Path(os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser(),
        Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser(),
    )


def _session(region: str, *, profile: str | None = None, **keys: str) -> boto3.Session:
    """A boto3 session that shares the service models with the others of this process."""
    core = CoreSession(profile=profile)
    core.register_component("data_loader", _MODELS)
    session = boto3.Session(botocore_session=core, region_name=region, **keys)
    _MODELS.search_paths[:] = dict.fromkeys(_MODELS.search_paths)  # every boto3 session adds its own path once more
    return session


def _silent(what: str, so_far: float, at_most: float) -> None:
    """Nobody watches."""


def _method(client: Any, operation: str) -> str:
    """boto3's method name for an operation: ListAWSServiceAccessForOrganization has irregular words."""
    names: dict[str, str] = client.meta.method_to_api_mapping
    return next(method for method, name in names.items() if name == operation)


def _as_refused(operation: str, error: Exception) -> Refused:
    found = classify(operation, error)
    return found if isinstance(found, Refused) else Refused(operation, "NoAnswer", "", found.cause, "")


def _natural_key(parameters: Mapping[str, Any]) -> str:
    """What identifies the thing being changed, for the journal: never a document, a policy or a secret."""
    names = ("Email", "Name", "AccountName", "ServicePrincipal", "PolicyType", "Bucket", "RoleName", "AliasName",
             "AccountId", "ResourceId", "HandshakeId", "FeatureSet", "KeyId")  # fmt: skip
    return " ".join(f"{name}={parameters[name]}" for name in names if isinstance(parameters.get(name), str))
