"""HTTP without AWS: a server on loopback with prepared responses, and a clock that only counts."""

import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from orgkit.aws.session import Connection, open_connection
from orgkit.journal.events import Journal

SECRET = "canary-secret-" + "s" * 26
JSON = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Answer:
    """What the server says to one request; `reset` cuts the connection instead, `after` waits first.

    `headers` are added to the usual ones, or take their place; None leaves one out. `raw` is all that is sent.
    """

    status: int = 200
    body: str = "{}"
    kind: str = JSON
    reset: bool = False
    after: threading.Event | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    raw: bytes = b""

    @classmethod
    def json(cls, **members: Any) -> "Answer":
        return cls(body=json.dumps(members))

    @classmethod
    def error(cls, code: str, status: int = 400, **members: Any) -> "Answer":
        return cls(status, json.dumps({"__type": code, "Message": f"{code} it is", **members}))


@dataclass
class Wire:
    """The server: answers in turn, the last one for ever; what it was asked; what the journal held at that moment."""

    url: str
    journal: Path
    clock: "CountingClock"  # AWS's: that of the client, unless a test says otherwise
    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    always: dict[str, Answer] = field(default_factory=dict)  # by operation, before its turn is looked for
    asked: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def says(self, *answers: Answer) -> None:
        self.answers[:] = answers

    def answer(self, operation: str, body: str) -> Answer:
        self.asked.append(operation)
        self.bodies.append(body)
        self.written.append(self.journal.read_text() if self.journal.exists() else "")
        if operation in self.always:
            return self.always[operation]
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class CountingClock:
    """Sleeps take no time, and are remembered."""

    time: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class Handler(BaseHTTPRequestHandler):
    """Takes a request down and says what is next."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.wire.headers.append(dict(self.headers))  # type: ignore[attr-defined]
        answer = self.server.wire.answer(self._operation(body), body)  # type: ignore[attr-defined]
        if answer.after is not None:
            answer.after.wait(10)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif answer.raw:
            self.wfile.write(answer.raw)
        else:
            self._say(answer)

    def do_PUT(self) -> None:
        self.do_POST()

    def do_GET(self) -> None:
        self.do_POST()

    def do_HEAD(self) -> None:
        self.do_POST()

    def _operation(self, body: str) -> str:
        """As AWS's protocols name it; S3 has no names, but a method and what stands behind the question mark."""
        target = self.headers.get("X-Amz-Target", "")
        query = dict(pair.split("=", 1) for pair in body.split("&") if "=" in pair) if not target else {}
        return target.rpartition(".")[2] or query.get("Action") or f"{self.command} {urlsplit(self.path).query}".strip()

    def _say(self, answer: Answer) -> None:
        content, wire = answer.body.encode("latin-1"), self.server.wire  # type: ignore[attr-defined]
        usual = {
            "Content-Type": answer.kind,
            "x-amzn-RequestId": f"request-{len(wire.asked)}",
            "Date": format_datetime(wire.clock.now(), usegmt=True),
            "Content-Length": str(len(content)),
        }
        self.send_response_only(answer.status)
        for name, value in (usual | answer.headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class Server(ThreadingHTTPServer):
    """Says nothing of clients that went away."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A cut connection is what was asked for."""


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No AWS or orgkit setting but temporary credentials; returns the config file that AWS would read."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_")) or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIACANARYCANARYCANA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "canary-token")
    return tmp_path / "config"


@pytest.fixture
def wire(tmp_path: Path, clock: CountingClock) -> Iterator[Wire]:
    server = Server(("127.0.0.1", 0), Handler)
    made = Wire(f"http://127.0.0.1:{server.server_port}", tmp_path / "events.jsonl", clock)
    server.wire = made  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
def aws(own_environment: Path, wire: Wire, clock: CountingClock) -> Connection:
    journal = Journal(wire.journal, run="a-run")
    return open_connection(region="us-east-1", endpoint=wire.url, journal=journal, clock=clock)


@pytest.fixture
def create_unit(aws: Connection) -> Callable[[], dict[str, Any]]:
    """A mutation as orgkit sends it."""

    def send() -> dict[str, Any]:
        return aws.mutate(
            "organizations", "CreateOrganizationalUnit", expect="OrganizationalUnit", ParentId="r-root", Name="Security"
        )

    return send
