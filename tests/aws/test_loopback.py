"""An emulator is on this machine: every way to write its address, by where a socket would connect."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

from orgkit.aws import clients
from orgkit.aws.clock import RemoteClock, clock_of
from orgkit.aws.endpoint import endpoint_of
from orgkit.aws.loopback import NotLoopback, loopback_host
from orgkit.aws.session import open_connection
from orgkit.errors import WrongPlace
from orgkit.journal.events import Journal
from tests.aws.conftest import Answer, CountingClock, Wire

Place = tuple[str, int]
HERE, HERE_6 = ("127.0.0.1", 5000), ("::1", 5000)
ON_THIS_MACHINE: dict[str, Place] = {
    "http://127.0.0.1:5000": HERE,
    "http://127.0.0.1:5000/": HERE,
    "HTTP://127.0.0.1:5000": HERE,
    "http://127.0.0.1:05000": HERE,
    "http://localhost:5000": HERE,
    "http://LOCALHOST:5000/": HERE,
    "https://127.0.0.1:5000": HERE,
    "http://127.0.0.1": ("127.0.0.1", 80),
    "https://localhost": ("127.0.0.1", 443),
    "http://127.0.0.2:5000": ("127.0.0.2", 5000),
    "http://127.255.255.254:65535": ("127.255.255.254", 65535),
    "http://[::1]:5000": HERE_6,
    "http://[0:0:0:0:0:0:0:1]:5000/": HERE_6,
    "http://[0000::0001]:5000": HERE_6,
}
REFUSED = (
    # One library reads a host before the sign, the other one after it.
    "http://evil.example\\@127.0.0.1", "http://evil.example:80\\@127.0.0.1:5000", "http:\\\\127.0.0.1:5000",
    "http://127.0.0.1\\@evil.example", "http://127.0.0.1\\.evil.example", "http://127.0.0.1:5000\\",
    "http://127.0.0.1@evil.example", "http://127.0.0.1:5000@evil.example", "http://user:secret@127.0.0.1:5000",
    "http://@127.0.0.1:5000", "http://127.0.0.1%40evil.example", "http://evil.example#@127.0.0.1:5000",
    "http://evil.example?@127.0.0.1:5000", "http://evil.example/@127.0.0.1:5000", "http://127.0.0.1:80:5000",
    # What urlsplit takes out, or adds, before it looks.
    "http://127.0.0.1:5000\n", " http://127.0.0.1:5000", "http://evil.example\t@127.0.0.1", "http://127.0.0.1 :5000",
    "http://127.0.0.1\r\n.evil.example", "\x00http://127.0.0.1:5000", "http:/127.0.0.1:5000", "http:127.0.0.1:5000",
    "//127.0.0.1:5000", "127.0.0.1:5000", "///127.0.0.1", "http:///127.0.0.1:5000", "http://", "http://:5000",
    # Other schemes.
    "ftp://127.0.0.1:5000", "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "unix:///run/x.sock",
    "http+unix://127.0.0.1", "javascript://127.0.0.1", "data:,x", "httpss://127.0.0.1:5000",
    # Names that only look like it, and numbers that not every resolver reads alike.
    "http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://evil.example", "http://localhost.:5000",
    "http://bucket.localhost:5000", "http://127.1:5000", "http://2130706433:5000", "http://0x7f000001:5000",
    "http://0177.0.0.1:5000", "http://127.0.0.01:5000", "http://127.0.0.1.:5000", "http://127.0.0.1。:5000",
    "http://１２７.0.0.1:5000", "http://loc\u0430lhost:5000", "http://ⓛocalhost:5000", "http://127.0.0.1:５000",
    "http://[::1", "http://::1:5000", "http://[::ffff:127.0.0.1]:5000", "http://[::ffff:7f00:1]:5000",
    "http://[::1%25lo]:5000", "http://[::1%lo]:5000", "http://[::]:5000", "http://[127.0.0.1]:5000",
    "http://[fe80::1]:5000", "http://[::1].evil.example:5000", "http://[::1]evil.example",
    # Other machines.
    "http://0.0.0.0:5000", "http://10.0.0.1:5000", "http://169.254.169.254", "http://128.0.0.1:5000",
    "https://organizations.us-east-1.amazonaws.com",
    # Ports, and what stands behind them.
    "http://127.0.0.1:0", "http://127.0.0.1:65536", "http://127.0.0.1:", "http://127.0.0.1:-1", "http://127.0.0.1:5_0",
    "http://127.0.0.1:5000/?x=1", "http://127.0.0.1:5000/#x", "http://127.0.0.1:5000//", "http://127.0.0.1:5000/../x",
    "http://127.0.0.1:5000/%2e%2e", "http://127.0.0.1:5000//evil.example", "http://127.0.0.1:5000/a path", "nonsense",
)  # fmt: skip


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """Where sockets were to be connected to, by the name that was to be resolved; none of them was."""
    places: list[Place] = []

    def resolve(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        places.append((host, int(port)))
        raise socket.gaierror("no test connects to anything")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return places


@pytest.mark.parametrize(("url", "place"), ON_THIS_MACHINE.items())
def test_an_address_on_this_machine_is_connected_to_as_it_was_checked(
    own_environment: Path, connections: list[Place], url: str, place: Place
) -> None:
    endpoint = endpoint_of({"ORGKIT_ENDPOINT_URL": url})
    assert endpoint is not None
    with pytest.raises(BotoCoreError):
        URLLib3Session(proxies={}).send(AWSRequest("GET", endpoint).prepare())
    with pytest.raises(OSError, match="no test connects"):
        clock_of({"ORGKIT_CLOCK_URL": url}).now()
    assert connections == [place, place]


@pytest.mark.parametrize("url", REFUSED)
def test_every_other_address_is_refused_and_connected_to_by_nothing(
    own_environment: Path, connections: list[Place], url: str
) -> None:
    with pytest.raises(WrongPlace, match="not on this machine"):
        endpoint_of({"ORGKIT_ENDPOINT_URL": url})
    with pytest.raises(WrongPlace, match="not on this machine"):
        clock_of({"ORGKIT_CLOCK_URL": f"{url}/orgkit/clock" if url.endswith("evil.example") else url})
    assert connections == []


@pytest.mark.parametrize("url", ["http://localhost:5000", "http://127.0.0.1:5000", "http://[::1]:5000"])
def test_no_service_puts_anything_before_the_address(
    own_environment: Path, connections: list[Place], url: str, clock: CountingClock
) -> None:
    """S3 puts a bucket before a name, and S3 Control an account."""
    endpoint = endpoint_of({"ORGKIT_ENDPOINT_URL": url})
    aws = open_connection(region="us-east-1", endpoint=endpoint, journal=Journal(), clock=clock)
    with pytest.raises(Exception, match="Could not connect"):
        aws.read("s3", "GetBucketPolicy", Bucket="corp-logs")
    assert set(connections) == {HERE_6 if "[" in url else HERE}


def test_a_password_in_a_refused_address_is_not_shown(own_environment: Path) -> None:
    for name, read in (("ORGKIT_ENDPOINT_URL", endpoint_of), ("ORGKIT_CLOCK_URL", clock_of)):
        with pytest.raises(WrongPlace, match=r"…@127\.0\.0\.1") as refusal:
            read({name: "http://jane:p@ss/word@127.0.0.1:5000"})
        assert not [part for part in ("jane", "p@ss", "word@") if part in str(refusal.value)]


def test_a_clock_may_have_a_path_and_an_emulator_has_none(own_environment: Path) -> None:
    url = "http://localhost:5000/orgkit/clock"
    clock = clock_of({"ORGKIT_CLOCK_URL": url})
    assert isinstance(clock, RemoteClock)
    assert clock.url == "http://127.0.0.1:5000/orgkit/clock"
    with pytest.raises(WrongPlace, match="it has a path"):
        endpoint_of({"ORGKIT_ENDPOINT_URL": url})


def test_a_clock_that_redirects_is_not_followed(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[Any] = []
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *values, **more: names.append(host) or resolve("127.0.0.1", *values, **more)
    )
    wire.says(Answer(302, "", headers={"Location": "http://evil.example:9/"}))
    with pytest.raises(WrongPlace, match="answers with HTTP 302"):
        RemoteClock(wire.url, "a-token").sleep(1)
    assert set(names) == {"127.0.0.1"}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1:5000", "127.0.0.1:5000"), ("localhost", "127.0.0.1"), ("[::1]:80", "[::1]:80"),
        ("evil.example", ""), ("127.0.0.1.evil.example", ""), ("0.0.0.0:5000", ""), ("127.0.0.1:5000,evil.example", ""),
        ("a@127.0.0.1", ""), ("http://127.0.0.1", ""), ("", ""), ("127.0.0.1 ", ""), ("bucket.localhost", ""),
    ],
)  # fmt: skip
def test_a_host_header_names_this_machine_or_is_refused(host: str, address: str) -> None:
    if address:
        assert loopback_host(host) == address
    else:
        with pytest.raises(NotLoopback):
            loopback_host(host)


REDIRECTING_MODEL = """
import gzip, json, os, pathlib, sys
import botocore
from botocore.awsrequest import AWSRequest

source = sorted(pathlib.Path(botocore.__file__).parent.glob("data/sts/*"))[-1]
rules = json.loads(gzip.decompress((source / "endpoint-rule-set-1.json.gz").read_bytes()))
rules["rules"] = [{"conditions": [], "type": "endpoint", "endpoint": {"url": "http://evil.example"}}]
for place in (pathlib.Path.home() / ".aws" / "models", pathlib.Path(os.environ["AWS_DATA_PATH"])):
    folder = place / "sts" / source.name
    folder.mkdir(parents=True)
    (folder / "endpoint-rule-set-1.json").write_text(json.dumps(rules))

from orgkit.aws.session import open_connection
from orgkit.journal.events import Journal

class Stop(BaseException):
    pass

def stop(request, **_):
    urls.append(request.url)
    raise Stop

urls = []
aws = open_connection(region="us-east-1", endpoint=None, journal=Journal())
for reads in (True, False):
    client = aws._clients.get("sts", None, reads=reads)
    client.meta.events.register("before-send", stop)
    try:
        client.get_caller_identity()
    except Stop:
        pass
library = aws.session_for_library().client("sts", region_name="us-east-1")
library.meta.events.register("before-send", stop)
try:
    library.get_caller_identity()
except Stop:
    pass
print(json.dumps(urls))
"""


def test_models_in_the_home_folder_redirect_no_call(own_environment: Path, tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path / "home"), "AWS_DATA_PATH": str(tmp_path / "data"), "AWS_ACCESS_KEY_ID": "ASIA",
        "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_STS_REGIONAL_ENDPOINTS": "regional",
    }  # fmt: skip
    command = [sys.executable, "-W", "ignore", "-c", REDIRECTING_MODEL]
    done = subprocess.run(
        command, env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["https://sts.us-east-1.amazonaws.com/"] * 3


def test_only_packages_have_models() -> None:
    paths = clients.packaged_models().search_paths
    assert [Path(path).parts[-2:] for path in paths] == [("botocore", "data")]
