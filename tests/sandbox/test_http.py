"""HTTP of the sandbox: one connection for all calls of a client, whatever the calls before it had in them."""

import http.client
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orgkit.sandbox.server import HOST, make_http_server


def respond(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Say what was asked, as far as a test needs it; the body is read whole, as the sandbox does."""
    is_chunked = environ.get("wsgi.input_terminated")
    body = environ["wsgi.input"].read(*([] if is_chunked else [int(environ.get("CONTENT_LENGTH") or 0)]))
    path = environ["PATH_INFO"]
    if path == "/dropped":
        raise ConnectionError
    if path == "/error":
        raise LookupError("a fault of the sandbox")
    headers = [("Disposition", "inline\r\nSet-Cookie: a=b")] if path == "/lines" else []
    if path == "/nothing":
        start_response("204 No Content", headers)
        return []
    start_response("200 OK", headers)
    return [environ["REQUEST_METHOD"].encode(), b" ", path.encode(), b" ", body]


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    server = make_http_server(respond)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    opened = http.client.HTTPConnection(HOST, server.server_port, timeout=10)
    opened.connect()
    yield opened
    opened.close()
    server.shutdown()
    thread.join()
    server.server_close()


def ask(connection: http.client.HTTPConnection, method: str, path: str, **more: Any) -> tuple[int, bytes]:
    connection.request(method, path, **more)
    response = connection.getresponse()
    return response.status, response.read()


@pytest.mark.parametrize(
    ("method", "path", "more", "expected"),
    [
        ("GET", "/a", {}, (200, b"GET /a ")),
        ("POST", "/a", {"body": b"x" * 100_000}, (200, b"POST /a " + b"x" * 100_000)),
        ("PUT", "/a", {"body": iter([b"one", b"two"]), "encode_chunked": True}, (200, b"PUT /a onetwo")),
        ("PUT", "/a", {"body": b"x", "headers": {"Expect": "100-continue"}}, (200, b"PUT /a x")),
        ("HEAD", "/a", {}, (200, b"")),
        ("DELETE", "/nothing", {}, (204, b"")),
        ("GET", "/lines", {}, (200, b"GET /lines ")),
    ],
    ids=["read", "body", "chunked", "expect", "head", "no-content", "line-ends"],
)
def test_a_connection_is_ready_for_the_next_request_after_any_other(
    connection: http.client.HTTPConnection, method: str, path: str, more: dict[str, Any], expected: tuple[int, bytes]
) -> None:
    socket = connection.sock
    assert ask(connection, method, path, **more) == expected
    assert ask(connection, "POST", "/next", body=b"y") == (200, b"POST /next y")
    assert connection.sock is socket


def test_a_response_to_head_has_the_length_of_the_body_and_no_body(connection: http.client.HTTPConnection) -> None:
    """Asked without http.client, which drops a body that should not be there."""
    ends = b"GET /b HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n"
    connection.sock.sendall(b"HEAD /a HTTP/1.1\r\nHost: sandbox\r\n\r\n" + ends)
    text = b"".join(iter(lambda: connection.sock.recv(65536), b""))
    head, _, rest = text.partition(b"\r\n\r\n")
    assert f"Content-Length: {len('HEAD /a ')}".encode() in head
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
    assert rest.endswith(b"\r\n\r\nGET /b ")


def test_a_line_end_in_a_header_begins_no_other_header(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/lines")
    headers = connection.getresponse().headers
    assert headers["Disposition"] == "inlineSet-Cookie: a=b"
    assert "Set-Cookie" not in headers


def test_a_dropped_answer_ends_the_connection(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/dropped")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()


def test_after_an_error_of_its_own_the_sandbox_says_so_and_takes_no_further_request_on_that_connection(
    connection: http.client.HTTPConnection, capsys: pytest.CaptureFixture[str]
) -> None:
    connection.request("GET", "/error")
    response = connection.getresponse()
    assert (response.status, response.read(), response.will_close) == (500, b"", True)
    assert "LookupError: a fault of the sandbox" in capsys.readouterr().err


def test_a_client_that_wants_the_connection_closed_has_it_closed(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/a", headers={"Connection": "close"})
    response = connection.getresponse()
    assert response.will_close
    assert response.read() == b"GET /a "
