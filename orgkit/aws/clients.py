"""The clients of one identity: for reads with botocore's retries, for changes with none."""

from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError

from orgkit.aws import live
from orgkit.aws.clock import Clock
from orgkit.aws.pauses import pause_by
from orgkit.aws.retry import Refused, as_refused

HOME = "us-east-1"  # Organizations lives there in the `aws` partition
AT_HOME = ("organizations", "iam", "sts", "ce", "freetier", "budgets", "billing")
ATTEMPTS = 6  # of a read
READS = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS}, connect_timeout=10, read_timeout=30)
# One wire attempt: a lost answer must not make the SDK send CreateAccount twice. The long time-out keeps a slow
# commit from looking like a lost one.
WRITES = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=75)


class Clients:
    """Each is made once; which run sent a request stands in its user agent, and so in CloudTrail."""

    def __init__(self, session: Any, *, endpoint: str | None, region: str, clock: Clock, run: str) -> None:
        self.session = session  # boto3's
        self._made: dict[tuple[str, str, bool], Any] = {}
        self._endpoint = endpoint
        self._region = region
        self._clock = clock
        self._common = Config(user_agent_appid=f"orgkit-{run}"[:50])
        if endpoint:
            self._common = self._common.merge(Config(proxies={}))  # an emulator is on loopback: no proxy leads there

    def get(self, service: str, region: str | None, *, reads: bool) -> Any:
        """Refused when there are no credentials: they are loaded when the first client is made."""
        where = region or (HOME if service in AT_HOME else self._region)
        key = (service, where, reads)
        if key not in self._made:
            self._made[key] = self._make(service, where, reads=reads)
        return self._made[key]

    def access_key(self) -> str:
        """The public id of the credentials; Refused when there are none."""
        try:
            credentials = self.session.get_credentials()
            if credentials is not None:
                return str(credentials.access_key)
        except Exception as error:
            raise _no_credentials("credentials", error) from None
        raise Refused("credentials", "NoCredentials", "", "", "")

    def _remember(self, **_: Any) -> None:
        """What signs the request is what no output may show; loading it here renews nothing that signing would not."""
        live.remember(self.session.get_credentials())

    def _make(self, service: str, region: str, *, reads: bool) -> Any:
        config = (READS if reads else WRITES).merge(self._common)
        try:
            made = self.session.client(service, region_name=region, endpoint_url=self._endpoint, config=config)
        except Exception as error:
            raise _no_credentials(service, error) from None
        made.meta.events.register("before-sign", self._remember)
        if reads:
            pause_by(self._clock, made, ATTEMPTS)
        return made


def _no_credentials(operation: str, error: Exception) -> Refused:
    """A credential_process may print anything, and botocore stumbles over it in its own way."""
    if isinstance(error, BotoCoreError):
        return as_refused(operation, error)
    return Refused(operation, "NoCredentials", "", f"they could not be loaded ({type(error).__name__})", "")
