"""An AWS in this process: botocore's last inch is replaced, everything before it and behind it is what always runs."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests import cached_libraries

ADDRESS = "http://127.0.0.1:4000"  # nobody listens there: what escapes the wire fails
CLOCK = f"{ADDRESS}/orgkit/clock"
ModelFile = tuple[str, str, str | None]  # service, type, version
NO_ID = "0" * 52
_MODELS: dict[ModelFile, Any] = {}


class Killed(BaseException):
    """Simulates SIGKILL: nothing is written from here on, whatever code catches it."""


class Wire:
    """Takes the requests to the sandbox's application, and can break or kill on the way."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.dead = False
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[Any], None] = lambda call: None
        self.on_change: Callable[[Any], None] = lambda call: None

    @property
    def calls(self) -> list[Any]:
        """Every call since the world began, in order."""
        calls: list[Any] = self.application.calls.all
        return calls

    def send(self, request: Any) -> Any:
        from botocore.awsrequest import AWSResponse
        from botocore.exceptions import ConnectionClosedError

        from orgkit.sandbox.injection import DroppedAnswer

        if self.dead:
            raise Killed
        self.before()
        output: list[Any] = []
        number = len(self.calls)
        try:
            pieces = self.application(
                _environ(request), lambda status, headers: output.extend((int(status.split()[0]), headers))
            )
        except DroppedAnswer:
            raise ConnectionClosedError(endpoint_url=request.url) from None
        finally:
            if number < len(self.calls) and self.calls[number].mutating:
                self.on_change(self.calls[number])
        self.after(self.calls[number])
        if self.calls[number].fault == "kill-after":
            self.dead = True
            raise Killed
        status, headers = output
        return AWSResponse(request.url, status, _Headers(headers), _Raw(b"".join(pieces)))


class _Headers(dict[str, str]):
    """Names whose case does not matter."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__({name.lower(): value for name, value in pairs})

    def get(self, name: str, instead: Any = None) -> Any:
        return super().get(name.lower(), instead)


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _environ(request: Any) -> dict[str, Any]:
    parts = urlsplit(request.url)
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path) or "/",
        "RAW_URI": request.url.removeprefix(ADDRESS),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = text
    environ.pop("HTTP_CONTENT_LENGTH", None)
    return environ


def begin(seed: Any, folder: Path) -> Wire:
    """Make the AWS of a seed in this process, and lead everything that boto3 sends to it."""
    from orgkit.aws.garbage_collection import collect_less_often
    from orgkit.sandbox.server import _settle_environment, _use_virtual_time

    collect_less_often()
    _settle_environment()
    _use_virtual_time()
    from dataclasses import asdict
    from types import SimpleNamespace

    from orgkit.sandbox import clock as sandbox_clock
    from orgkit.sandbox import profiles, seeding
    from orgkit.sandbox.app import SandboxApplication
    from orgkit.sandbox.corrections.all import install

    sandbox_clock.time = SimpleNamespace(monotonic=lambda: 0.0)  # time passes by what is slept and asked, and no other
    given = profiles.credentials(seed, folder)
    install()
    seeding.begin(
        {"seed": json.loads(seed.to_json()), "credentials": [asdict(each) for each in given]}, real_time=False
    )
    _write_profiles(given, folder / "aws")
    wire = Wire(SandboxApplication(lambda path, values: None))
    _lead_to(wire)
    return wire


def settings(folder: Path) -> dict[str, str]:
    """As the sandbox's own environment has it; see orgkit.sandbox.lifecycle."""
    return {
        "ORGKIT_ENDPOINT_URL": ADDRESS,
        "ORGKIT_CLOCK_URL": CLOCK,
        "ORGKIT_OUTPUTS": str(folder),
        "XDG_STATE_HOME": "/proc/self/cwd/state",  # of each copy of the process its own
        "AWS_CONFIG_FILE": str(folder / "aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws" / "credentials"),
        "AWS_PROFILE": "management",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "ORGKIT_THREADS": "1",  # a copy of this process has one thread
    }


def _write_profiles(values: Any, folder: Path) -> None:
    """Keys in the config itself: a credential_process for every connection would take most of the time."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for each in values:
        lines += [f"[profile {each.profile}]", "region = us-east-1", f"aws_access_key_id = {each.key}"]
        lines += [f"aws_secret_access_key = {each.secret}"]
        lines += [f"aws_session_token = {each.token}"] if each.token else []
    (folder / "config").write_text("\n".join(lines) + "\n")
    (folder / "credentials").write_text("")


def _lead_to(wire: Wire) -> None:
    from datetime import UTC
    from types import SimpleNamespace

    from botocore import endpoint
    from botocore.httpsession import URLLib3Session

    from orgkit import parameters
    from orgkit.aws import session as sessions
    from orgkit.aws.clients import Clients
    from orgkit.aws.clock import RemoteClock
    from orgkit.journal.events import Journal
    from orgkit.runbook.live_display import LiveDisplay
    from orgkit.sandbox.world import world

    def ask(_: RemoteClock, body: bytes | None) -> Any:
        if body:
            world().clock.sleep(json.loads(body)["sleep"])
        return world().clock.now().astimezone(UTC)

    written = Journal.write

    def write(journal: Journal, event: str, **values: Any) -> Any:
        if wire.dead:
            raise Killed
        return written(journal, event, **values)

    URLLib3Session.send = lambda _, request: wire.send(request)  # type: ignore[method-assign]
    endpoint.time = SimpleNamespace(sleep=lambda seconds: world().clock.sleep(seconds))  # between its attempts
    RemoteClock._ask = ask  # type: ignore[method-assign]
    Journal.write = write  # type: ignore[method-assign]
    LiveDisplay._put = lambda *_: None  # type: ignore[method-assign]
    cached_libraries.cache_botocore()
    cached_libraries.cache_moto()
    sessions._session = _once(sessions._session)
    Clients._make = _once_a_session(Clients._make)  # type: ignore[method-assign]
    Clients._make_for_members = _once_for_members(Clients._make_for_members)  # type: ignore[method-assign]
    parameters.load_text = _once(parameters.load_text)
    _save_time_of_libraries()


def _save_time_of_libraries() -> None:
    """What botocore and moto find out again for each call or client, and what does not change."""
    from botocore.loaders import Loader
    from botocore.useragent import UserAgentString
    from moto.core import responses
    from moto.utilities import aws_headers

    Loader.load_service_model = _once_a_file(Loader.load_service_model)  # type: ignore[method-assign]
    UserAgentString.rebuild_and_replace_user_agent_handler = lambda *_, **__: None  # type: ignore[method-assign]
    UserAgentString.to_string = cache(UserAgentString.to_string)  # type: ignore[method-assign]
    _sign_without_digests()
    aws_headers.gen_amzn_requestid_long = _no_request_id
    responses.gen_amzn_requestid_long = _no_request_id


def _sign_without_digests() -> None:
    """Name the key and the scope as any signature does: the sandbox verifies nothing else of it."""
    from botocore.auth import SigV4Auth

    SigV4Auth.headers_to_sign = lambda *_: {}  # type: ignore[method-assign]
    SigV4Auth.signed_headers = lambda *_: "host"  # type: ignore[method-assign]
    SigV4Auth.canonical_request = lambda *_: ""  # type: ignore[method-assign]
    SigV4Auth.string_to_sign = lambda *_: ""  # type: ignore[method-assign]
    SigV4Auth.signature = lambda *_: "0" * 64  # type: ignore[method-assign]


def _no_request_id(headers: dict[str, Any] | None = None) -> str:
    """In place of moto's 52 random letters, which the sandbox replaces with the id of its own call log."""
    if headers is not None:
        headers["x-amzn-requestid"] = NO_ID
    return NO_ID


def models_in_use() -> list[ModelFile]:
    """The files of service models that were read so far."""
    return list(_MODELS)


def read_models(files: Iterable[ModelFile]) -> None:
    """Read them here, so that no copy of this process has to."""
    from botocore.loaders import create_loader

    for file in files:
        create_loader().load_service_model(*file)


def _once_a_file(load: Callable[..., Any]) -> Callable[..., Any]:
    """A service's model is the same for every loader."""

    def known(loader: Any, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        key = (service_name, type_name, api_version)
        if key not in _MODELS:
            _MODELS[key] = load(loader, service_name, type_name, api_version)
        return _MODELS[key]

    return known


def _once(make: Callable[..., Any]) -> Callable[..., Any]:
    """The session of the same keys or profile: signing in does not change, and takes longer than most runs."""
    made: dict[str, Any] = {}

    def known(*values: Any, **named: Any) -> Any:
        key = repr((values, sorted(named.items())))
        if key not in made:
            made[key] = make(*values, **named)
        return made[key]

    return known


def _once_a_session(make: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[object, Any] = {}

    def known(clients: Any, service: str, region: str, *, reads: bool) -> Any:
        key = (id(clients.session), clients.access_key(), service, region, reads)
        if key not in made:
            made[key] = make(clients, service, region, reads=reads)
        return made[key]

    return known


def _once_for_members(make: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[object, Any] = {}

    def known(clients: Any, service: str, region: str) -> Any:
        key = (id(clients.session), service, region)
        if key not in made:
            made[key] = make(clients, service, region)
        return made[key]

    return known


@contextmanager
def quiet() -> Iterator[None]:
    """No output of what runs within."""
    import contextlib

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
