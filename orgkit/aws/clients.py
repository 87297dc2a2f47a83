"""The clients of one identity: for reads with botocore's retries, for changes with none."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import orgkit.aws.crt  # noqa: F401  # before botocore

# isort: split
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.retries.standard import register_retry_handler

from orgkit.aws import credentials_in_use
from orgkit.aws.call_log import log_of_calls
from orgkit.aws.clock import Clock
from orgkit.aws.executor import THREADS
from orgkit.aws.member_clients import NO_KEYS, MemberClient, current_account, sign_as_member
from orgkit.aws.rejections import Rejected, as_rejected
from orgkit.aws.response import require_whole

HOME = "us-east-1"  # Organizations lives there in the `aws` partition
HOME_REGION_SERVICES = ("organizations", "iam", "sts", "ce", "freetier", "budgets", "billing")
ATTEMPTS = 6  # of a read
READS = Config(
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    connect_timeout=10,
    read_timeout=30,
    max_pool_connections=THREADS + 1,  # the main thread reads, too
)
# One wire attempt: a lost answer must not make the SDK send CreateAccount twice. The long time-out keeps a slow
# commit from looking like a lost one.
WRITE_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=75)
# A session makes one client at a time; clients themselves take threads.
_MAKING = threading.RLock()
# An emulator is on loopback: no proxy leads there, and it has one address.
EMULATOR = Config(proxies={}, use_dualstack_endpoint=False, use_fips_endpoint=False)


class Clients:
    """Each is made once; which run sent a request stands in its user agent, and so in CloudTrail."""

    def __init__(
        self,
        session: Any,
        *,
        endpoint: str | None,
        region: str,
        clock: Clock,
        run: str,
        account: Callable[[], str],
        credentials: Credentials | None = None,
        shared: "Clients | None" = None,
    ) -> None:
        self.session = session  # boto3's
        self._account = account  # whose these clients are, as far as it is known: for --debug
        self._member_credentials = credentials  # of a role in a member account; None for the session's own
        self._shared = shared  # has the clients for reads in member accounts
        self._clients: dict[tuple[str, str, bool], Any] = {}
        self._for_members: dict[tuple[str, str], Any] = {}
        self._endpoint = endpoint
        self._region = region
        self._clock = clock
        self._common: Config = shared._common if shared else _common_config(run, endpoint)

    def get(self, service: str, region: str | None, *, reads: bool) -> Any:
        """Rejected when there are no credentials: they are loaded when the first client is made."""
        client_region = self.region_of(service, region)
        if reads and self._shared is not None and self._member_credentials is not None:
            client = self._shared._get_for_members(service, client_region)
            return MemberClient(client, self._account(), self._member_credentials)
        key = (service, client_region, reads)
        if (client := self._clients.get(key)) is None:
            with _MAKING:
                client = self._clients[key] = self._clients.get(key) or self._make(service, client_region, reads=reads)
        return client

    def release(self) -> None:
        """Close those that were made for this account, and those it lends to members: a later call makes another."""
        own, self._clients = self._clients, {}
        for_members, self._for_members = self._for_members, {}
        for client in (*own.values(), *for_members.values()):
            client.close()

    def _get_for_members(self, service: str, region: str) -> Any:
        key = (service, region)
        if (client := self._for_members.get(key)) is None:
            with _MAKING:
                client = self._for_members[key] = self._for_members.get(key) or self._make_for_members(service, region)
        return client

    def region_of(self, service: str, region: str | None) -> str:
        """The region that a call goes to."""
        return region or (HOME if service in HOME_REGION_SERVICES else self._region)

    def access_key(self) -> str:
        """The public id of the credentials; Rejected when there are none."""
        try:
            credentials = self._credentials()
            if credentials is not None:
                return str(credentials.access_key)
        except Exception as error:
            raise _no_credentials("credentials", error) from None
        raise Rejected("credentials", "NoCredentials", "", "", "")

    def note_sign_in(self, rejection: Rejected) -> None:
        """Let a rejection know how a person signs in: by which profile, and from where the credentials come."""
        rejection.profile = rejection.profile or str(self.session.profile_name)
        rejection.source = rejection.source or source_profile(self.session)
        with suppress(Exception):  # the credentials may be what cannot be read
            rejection.method = rejection.method or str(getattr(self._credentials(), "method", ""))

    def _remember(self, **_: Any) -> None:
        """What signs the request is what no output may show; loading it here renews nothing that signing would not."""
        credentials_in_use.remember(self._credentials())

    def _credentials(self) -> Any:
        return self._member_credentials or self.session.get_credentials()

    def _keys(self) -> dict[str, str | None]:
        """What boto3 takes for a client with other credentials than those of its session."""
        keys = self._member_credentials
        if keys is None:
            return {}
        return {
            "aws_access_key_id": keys.access_key,
            "aws_secret_access_key": keys.secret_key,
            "aws_session_token": keys.token,
        }

    def _make(self, service: str, region: str, *, reads: bool) -> Any:
        config = READS if reads else WRITE_CONFIG
        client = self._new_client(service, region, config, self._keys(), self._account)
        client.meta.events.register("before-sign", self._remember)
        if reads:
            self._prepare_reads(client)
        return client

    def _make_for_members(self, service: str, region: str) -> Any:
        client = self._new_client(service, region, READS, NO_KEYS, current_account)
        sign_as_member(client)
        self._prepare_reads(client)
        return client

    def _new_client(
        self, service: str, region: str, config: Config, keys: Mapping[str, str | None], account: Callable[[], str]
    ) -> Any:
        try:
            client = self.session.client(
                service, region_name=region, endpoint_url=self._endpoint, config=config.merge(self._common), **keys
            )
        except Exception as error:
            raise _no_credentials(service, error) from None
        call_log = log_of_calls(region, account)
        if call_log is not None:
            call_log.watch(client.meta.events)
        return client

    def _prepare_reads(self, client: Any) -> None:
        client.meta.events.register("before-parse", require_whole)
        pause_by(self._clock, client, ATTEMPTS)


def _common_config(run: str, endpoint: str | None) -> Config:
    # S3 Transfer Acceleration is for objects of buckets that have it on, never for creating or configuring one.
    config = Config(user_agent_appid=f"orgkit-{run}"[:50], s3={"use_accelerate_endpoint": False})
    return config.merge(EMULATOR) if endpoint else config


def source_profile(session: Any) -> str:
    """The profile that a person signs in to: a role names another profile as the source of its credentials."""
    name = str(session.profile_name)
    with suppress(BotoCoreError):
        profiles = session._session.full_config.get("profiles", {})
        for _ in profiles:
            source = profiles.get(name, {}).get("source_profile", name)
            name = source if source in profiles else name
    return name


def packaged_models() -> Loader:
    """Load the models of AWS's services from the installed packages alone.

    botocore also looks into ~/.aws/models, and into AWS_DATA_PATH: a model there can name another host for a service,
    and credentials would be sent to it.
    """
    return Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def _no_credentials(operation: str, error: Exception) -> Rejected:
    """A credential_process may print anything, and botocore stumbles over it in its own way."""
    if isinstance(error, BotoCoreError):
        return as_rejected(operation, error)
    return Rejected(operation, "UnreadableCredentials", "", f"they could not be loaded ({type(error).__name__})", "")


def pause_by(clock: Clock, client: Any, attempts: int) -> None:
    """Let the clock wait where the client would sleep: whether and how long stays botocore's to say."""
    service = client.meta.service_model.service_id.hyphenize()
    event, name = f"needs-retry.{service}", f"retry-config-{service}"
    client.meta.events.unregister(event, unique_id=name)
    default_handler = register_retry_handler(client, attempts)
    client.meta.events.unregister(event, unique_id=name)

    def handle(**context: Any) -> float | None:
        pause = default_handler.needs_retry(**context)
        if pause is None:
            return None
        clock.sleep(pause)
        return 0.0  # what is left for botocore to sleep

    client.meta.events.register(event, handle, unique_id=name)
