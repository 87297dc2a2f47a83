"""HTTP between the sandbox and its clients: one connection for all calls of a client, as AWS keeps it open.

werkzeug's handler closes the connection after each response. To open another one takes a third of a call's time, once
for the client and once for the sandbox.
"""

import traceback

from moto.moto_server.werkzeug_app import MotoRequestHandler

Headers = list[tuple[str, str]]
WITHOUT_BODY = ("1", "204", "304")  # how a status begins whose response has none, nor a length


class KeepAliveHandler(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Answers one request after the other on a connection; the application has to read the whole body of each."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a response is sent at once, in one piece

    def run_wsgi(self) -> None:
        """Answer one request, or end the connection where the application dropped the answer or has failed."""
        try:
            status, headers, content = self._ask_application()
        except ConnectionError:
            self.close_connection = True
            return
        except Exception:  # an error of the sandbox: the body may be unread, and be taken for the next request
            traceback.print_exc()
            self.close_connection = True
            status, headers, content = "500 Internal Server Error", [], b""
        self.wfile.write(self._head(status, headers, len(content)) + (b"" if self.command == "HEAD" else content))

    def _ask_application(self) -> tuple[str, Headers, bytes]:
        start: list[tuple[str, Headers]] = []
        content = b"".join(self.server.app(self.make_environ(), lambda *values: start.append(values[:2])))
        return *start[-1], content

    def _head(self, status: str, headers: Headers, length: int) -> bytes:
        if not status.startswith(WITHOUT_BODY) and not any(name.lower() == "content-length" for name, _ in headers):
            headers = [*headers, ("Content-Length", str(length))]
        if self.close_connection:
            headers = [*headers, ("Connection", "close")]
        lines = (f"{name}: {_one_line(value)}" for name, value in headers)
        return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1", "replace")


def _one_line(value: str) -> str:
    """A header's value. A client may have chosen it: a line end in it would begin another header, or the body."""
    return value.replace("\r", "").replace("\n", "")
