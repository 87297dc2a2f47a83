"""The clock of an emulator: its connections stay open, and nothing is sent twice that lets time pass."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from orgkit.aws.clock import RemoteClock


class Server(ThreadingHTTPServer):
    """A clock that stands still, with a note of each connection and request; it can close a connection unannounced."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections, self.requests = 0, list[str]()
        self.closes_before_answer = False

    @property
    def clock(self) -> RemoteClock:
        return RemoteClock(f"http://127.0.0.1:{self.server_port}/clock")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.requests.append(f"{self.command} {self.path}")
        self.close_connection = self.server.closes_before_answer
        if self.close_connection:
            self.server.closes_before_answer = False
            return
        content = b'{"now": "2026-11-23T13:00:00+01:00"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_the_time_is_asked_for_again_over_the_connection_that_is_open(server: Server) -> None:
    clock = server.clock
    assert {clock.now().isoformat() for _ in range(3)} == {"2026-11-23T12:00:00+00:00"}
    assert (server.connections, len(server.requests)) == (1, 3)


def test_where_the_server_has_closed_it_the_time_is_asked_for_over_another(server: Server) -> None:
    clock = server.clock
    clock.now()
    server.closes_before_answer = True
    assert clock.now().isoformat() == "2026-11-23T12:00:00+00:00"
    assert server.connections == 2


def test_a_sleep_without_an_answer_is_not_sent_again(server: Server) -> None:
    clock = server.clock
    clock.now()
    server.closes_before_answer = True
    with pytest.raises(ConnectionError):
        clock.sleep(5)
    assert server.requests == ["GET /clock", "POST /clock"]
    assert server.connections == 2


def test_the_connection_of_a_sleep_is_closed_after_it(server: Server) -> None:
    """A wait for accounts sleeps thousands of times, and a process may have 256 open files."""
    clock = server.clock
    clock.now()
    for _ in range(3):
        clock.sleep(5)
    assert server.connections == 4
    assert len(clock._idle) == 1


def test_a_clock_that_nobody_asks_any_more_leaves_no_connection_open(server: Server) -> None:
    """An open one would be a ResourceWarning, which is an error here."""
    clock = server.clock
    clock.now()
    (connection,) = clock._idle
    del clock
    assert connection.sock is None
