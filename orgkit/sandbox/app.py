"""The WSGI application: the sandbox's own pages, and every AWS call through moto and its corrections."""

import importlib
import io
import json
import re
import socket
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from functools import cache
from secrets import token_urlsafe
from typing import Any

from moto.account.responses import AccountResponse
from moto.backends import list_of_moto_modules
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException

from orgkit.sandbox import access, authorization, ids, propagation, wire
from orgkit.sandbox.calls import Call, CallLog, mutates
from orgkit.sandbox.corrections import event_history, readiness, s3, sts
from orgkit.sandbox.corrections.billing import BillingResponse
from orgkit.sandbox.corrections.controltower import ControlTowerResponse
from orgkit.sandbox.corrections.cost_explorer import CostExplorerResponse
from orgkit.sandbox.corrections.freetier import FreeTierResponse
from orgkit.sandbox.corrections.members import management_of
from orgkit.sandbox.corrections.registry import differs, settle
from orgkit.sandbox.corrections.stack_sets import CloudFormationResponse
from orgkit.sandbox.injection import MESSAGES, REFUSALS, DroppedAnswer, Injection, refuse, same_request
from orgkit.sandbox.world import Principal, world

Answer = tuple[int, dict[str, str], bytes]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
# Those that moto does not have, of which it serves a few paths only, or which answer what was queued beforehand.
OWN_SERVICES = {
    "account": AccountResponse,
    "billing": BillingResponse,
    "ce": CostExplorerResponse,
    "cloudformation": CloudFormationResponse,
    "controltower": ControlTowerResponse,
    "freetier": FreeTierResponse,
}
MOTO_PACKAGES = {"tagging": "resourcegroupstaggingapi"}  # where it is not named as the service is in signatures
HTML = "text/html"
UNLOGGED = "00000000-0000-0000-0000-000000000000"  # the request id of what is in no call log
OWN_ADDRESS = "use a program other than a browser, and the address that `orgkit sandbox env` prints."
CONTROL_TOKEN = "send the header Authorization: Bearer $ORGKIT_SANDBOX_TOKEN, which `orgkit sandbox env` prints."
ROLE = re.compile(r"arn:aws:iam::(?P<account>\d{12}):role/.+")
REQUEST_ID = re.compile(rb"(<RequestId>)[^<]*(</RequestId>)", re.IGNORECASE)
ERROR_CODE = re.compile(rb"<Code>([^<]+)</Code>")


class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]  # moto has no types
    """A cached dispatcher: moto lists its own folders three times for each call, which is half of a call's time."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._known: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._known:
            self._known[host] = super().get_backend_for_host(host)
        return self._known[host]


class SandboxApplication:
    """One call at a time: moto's backends are not safe under threads, and a call takes milliseconds."""

    def __init__(self, pages: Callable[[str, dict[str, Any]], Any], token: str = "") -> None:
        self.token = token or token_urlsafe(32)  # of the control routes
        self.calls = CallLog()
        self._pages = pages
        self._moto = Dispatcher(_create_backend_app)
        self._lock = threading.Lock()
        self.injection = Injection()
        self._writing: list[str] = []  # the organizations that are being changed, by their management account

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = _read_body(environ)
        path = environ.get("PATH_INFO", "")
        if access.is_control(environ):
            refusal = _refuse_control(environ, self.token)
            if refusal is None and not path.startswith("/orgkit/"):
                response: Iterable[bytes] = self._moto(environ, start_response)
                return response
            status, headers, content = refusal or self._page(path, body)
        else:
            request = wire.read(environ, body)
            status, headers, content = _refuse_call(request, environ) or self._serve(request, environ, body)
        headers["Content-Length"] = headers.get("Content-Length", str(len(content)))
        start_response(f"{status} {'OK' if status < 400 else 'Error'}", list(headers.items()))
        return [content]

    def begin_again(self, begin: Callable[[], Any]) -> None:
        """Reset the sandbox's state, between two calls."""
        with self._lock:
            begin()
            self.calls.clear()
            self.injection = Injection()

    def _serve(self, request: wire.ParsedRequest, environ: dict[str, Any], body: bytes) -> Answer:
        """Respond after the latency of a call; some faults end the connection without a response."""
        principal = world().principals.get(request.key)
        with self._change_lock(request, principal) as overlaps:
            world().clock.sleep(world().seed.latency_seconds)
            with self._lock:
                call = self._record(request, principal)
                if overlaps:
                    return refuse(call, request, "concurrent-modification")
                try:
                    return self.injection.inject(
                        call,
                        request,
                        same_request(call.account, environ, body),
                        lambda: self._call(call, request, principal, environ, body),
                    )
                except DroppedAnswer:
                    _hang_up(environ)
                    raise

    @differs("organizations.overlapping_writes", moto="Organizations makes both changes, and refuses neither.")
    @contextmanager
    def _change_lock(self, request: wire.ParsedRequest, principal: Principal | None) -> Iterator[bool]:
        """Organizations answers ConcurrentModificationException while another change of it is under way."""
        # True where that is so; the change that came first goes on.
        if principal is None or request.service != "organizations" or not mutates(request.service, request.operation):
            yield False
            return
        organization = management_of(principal.account)
        overlaps = organization in self._writing
        self._writing.append(organization)
        try:
            yield overlaps
        finally:
            self._writing.remove(organization)

    def _page(self, path: str, body: bytes) -> Answer:
        try:
            answer = self._pages(path.removeprefix("/orgkit"), json.loads(body) if body else {})
        except KeyError:
            return 404, {"Content-Type": "application/json"}, b'{"error": "no such page"}'
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def _call(
        self, call: Call, request: wire.ParsedRequest, principal: Principal | None, environ: dict[str, Any], body: bytes
    ) -> Answer:
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            answer = self._answer(call, request, principal, environ)
        except NotImplementedError:
            answer = self._not_implemented(request, call.request_id)
        except Exception as unexpected:  # an error inside moto is reported as AWS reports an internal failure
            traceback.print_exc()
            message = f"{type(unexpected).__name__}: {unexpected}"
            answer = wire.error(request, 400, "SandboxFailure", message, call.request_id)
        call.decisions += [decision.as_values() for decision in authorization.take_denied_services()]
        reply = self._finish(call, *answer)
        event_history.keep(call, principal, environ)
        return reply

    def _record(self, request: wire.ParsedRequest, principal: Principal | None) -> Call:
        sequence = self.calls.next()
        account, arn = (principal.account, principal.arn) if principal else ("", "")
        call = Call(
            sequence, world().clock.now().isoformat(), request.service, request.region, request.operation, account, arn,
            ids.uuid("request", world().seed.management_account_id, sequence),
            mutates(request.service, request.operation), request.parameters,
        )  # fmt: skip
        self.calls.add(call)
        return call

    def _answer(
        self, call: Call, parsed: wire.ParsedRequest, principal: Principal | None, environ: dict[str, Any]
    ) -> Answer:
        request_id = call.request_id
        if principal is None and not parsed.is_unsigned:
            return _unknown_key(parsed, request_id)
        if principal and world().is_expired(principal):
            return _expired(parsed, request_id)
        account = principal.account if principal else _account_of_role(parsed)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account  # else moto looks for the key in every account
        if "HTTP_AUTHORIZATION" not in environ and access.presigned_authorization(environ):
            environ["HTTP_AUTHORIZATION"] = access.presigned_authorization(environ)  # moto reads no presigned query
        settle()
        if not readiness.ready(parsed.service, account):
            return wire.error(parsed, 403, *readiness.NOT_SIGNED_UP, request_id)
        refusal = _refuse_by_policies(call, parsed, principal, environ) if principal else None
        if refusal is not None:
            return refusal
        if call.mutating:
            resource = parsed.parameters.get("KeyId") or environ["PATH_INFO"].lstrip("/").partition("/")[0]
            propagation.keep_state(parsed.service, parsed.operation, account, str(resource))
        if parsed.service in OWN_SERVICES:
            request = BackendRequest(environ)
            status, headers, content = OWN_SERVICES[parsed.service].dispatch(request, request.raw_url, request.headers)
            return int(status), {str(name): str(headers[name]) for name in headers}, _bytes(content)
        return self._ask_moto(parsed, environ, request_id)

    def _ask_moto(self, request: wire.ParsedRequest, environ: dict[str, Any], request_id: str) -> Answer:
        start: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            start[:] = [int(status.split()[0]), dict(headers)]

        respond = _operations_of(request.service) if environ["PATH_INFO"] == "/" else None
        if respond is not None:
            return self._reply(request, *_ask_service(respond, environ), request_id)
        host = self._moto.infer_service_region_host(environ, environ["PATH_INFO"])
        if host is None or self._moto.get_backend_for_host(host) is None:
            return self._not_implemented(request, request_id)
        pieces = self._moto(environ, start_response)
        content = b"".join(pieces)
        if hasattr(pieces, "close"):
            pieces.close()
        status, headers = start
        return self._reply(request, status, headers, content, request_id)

    def _reply(
        self, request: wire.ParsedRequest, status: int, headers: dict[str, str], content: bytes, request_id: str
    ) -> Answer:
        """Return moto's answer; a page in HTML says that moto does not know the operation."""
        if HTML in headers.get("Content-Type", "") and request.service != "s3":
            if status >= 400:
                return self._not_implemented(request, request_id)
            headers["Content-Type"] = wire.CONTENT_TYPES[request.protocol]
        return status, headers, content

    @differs("every_service.not_implemented", moto="moto answers HTML 404 or 500 for many, which botocore sends again.")
    def _not_implemented(self, request: wire.ParsedRequest, request_id: str) -> Answer:
        """Every operation of the API exists (the sandbox answers NotImplementedInSandbox for those that it lacks)."""
        message = f"{request.service}:{request.operation} is not implemented in the sandbox."
        return wire.error(request, 400, "NotImplementedInSandbox", message, request_id)

    @differs("every_service.request_id", moto="A request id is 52 letters at random: others in each rehearsal.")
    def _finish(self, call: Call, status: int, headers: dict[str, str], content: bytes) -> Answer:
        """A request id is a UUID (here the one of the call log, which repeats in each rehearsal)."""
        call.status = status
        if status >= 400:
            call.error = _error_code(headers, content)
        drop = ("x-amzn-requestid", "x-amz-request-id", "date", *(["content-length"] if content else []))
        reply_headers = {name: value for name, value in headers.items() if name.lower() not in drop}
        reply_headers["Date"] = format_datetime(world().clock.now(), usegmt=True)
        if call.service == "s3":
            return status, {**reply_headers, "x-amz-request-id": call.request_id}, content
        reply_headers["x-amzn-RequestId"] = call.request_id
        request_id = call.request_id.encode()
        return status, reply_headers, REQUEST_ID.sub(lambda match: match[1] + request_id + match[2], content)


@cache
def _operations_of(service: str) -> Callable[..., Any] | None:
    """Return what answers all operations of one of moto's services; None for one that has several paths."""
    package = MOTO_PACKAGES.get(service, service)
    if package not in list_of_moto_modules():
        return None
    paths = importlib.import_module(f"moto.{package}.urls").url_paths
    return paths.get("{0}/$") if len(paths) == 1 else None


def _ask_service(respond: Callable[..., Any], environ: dict[str, Any]) -> Answer:
    """Ask moto as its application does for the path `/`, but without Flask, which takes a third of such a call."""
    request = BackendRequest(environ)
    try:
        status, headers, content = respond(request, request.raw_url, dict(request.headers))
    except HTTPException as error:
        response = error.get_response(environ)
        status, headers, content = response.status_code, response.headers, response.get_data()
    values = {str(name): str(value) for name, value in headers.items()}
    if "content-type" not in map(str.lower, values):
        values["Content-Type"] = HTML  # as Flask would
    return int(status), values, _bytes(content)


def _create_backend_app(service: Any) -> Any:
    """moto's application of a service, without the checks that Flask makes of each request in its debug mode."""
    application = create_backend_app(service)
    application.debug = False
    application.config["PROPAGATE_EXCEPTIONS"] = True  # SandboxApplication reports moto's errors
    return application


def _read_body(environ: dict[str, Any]) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    if not environ.get("wsgi.input_terminated"):
        environ["wsgi.input"] = io.BytesIO(body)
        return body
    body = body or environ["wsgi.input"].read()  # chunked
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    return body


def _hang_up(environ: dict[str, Any]) -> None:
    """End the connection: werkzeug treats the error that follows as a disconnected client."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


def _bytes(content: Any) -> bytes:
    return content.encode() if isinstance(content, str) else bytes(content)


def _refuse_control(environ: dict[str, Any], token: str) -> Answer | None:
    """Return a rejection, or None for a client that may set the sandbox's clock and read its calls."""
    page = access.foreign_page(environ)
    if not page and access.has_token(environ, token):
        return None
    reason, remedy = (page, OWN_ADDRESS) if page else ("it has no control token", CONTROL_TOKEN)
    message = f"The sandbox refuses this request: {reason}. Do: {remedy}"
    return 403, {"Content-Type": "application/json"}, json.dumps({"error": message}).encode()


def _refuse_call(request: wire.ParsedRequest, environ: dict[str, Any]) -> Answer | None:
    """Return a rejection, or None for an accepted call; a rejected one is neither carried out nor logged."""
    page = access.foreign_page(environ)
    if page:
        message = f"The sandbox refuses this request: {page}. Do: {OWN_ADDRESS}"
        return wire.error(request, 403, "AccessDenied", message, UNLOGGED)
    return None if request.is_unsigned or access.is_signed(environ) else _unsigned(request)


def _refuse_by_policies(
    call: Call, request: wire.ParsedRequest, principal: Principal, environ: dict[str, Any]
) -> Answer | None:
    """Return a rejection, or None where the policies allow the call; the call keeps the decisions."""
    decisions = authorization.check_actions(request, principal, environ)
    call.decisions = [decision.as_values() for decision in decisions]
    if decisions and not decisions[-1].is_allowed:
        code = "AccessDenied" if request.protocol in ("query", "rest-xml") else "AccessDeniedException"
        return wire.error(request, 403, code, decisions[-1].message, call.request_id)
    caller = sts.as_caller(principal)
    if request.service == "s3" and s3.is_refused(request.operation, environ["PATH_INFO"], environ, caller):
        return wire.error(request, 403, "AccessDenied", "Access Denied", call.request_id)
    return None


def _account_of_role(request: wire.ParsedRequest) -> str:
    """Return the account of an unsigned operation: that of the role in the request, else the management account."""
    match = ROLE.fullmatch(str(request.parameters.get("RoleArn", "")))
    return match["account"] if match else world().seed.management_account_id


@differs("every_service.unsigned", moto="A request without a signature acts as the default account.")
def _unsigned(request: wire.ParsedRequest) -> Answer:
    """A request without a signature is refused, unless the operation allows it: MissingAuthenticationToken."""
    if request.protocol == "rest-xml":
        return wire.error(request, 403, "AccessDenied", "Access Denied", UNLOGGED)
    is_query = request.protocol == "query"
    code = "MissingAuthenticationToken" if is_query else "MissingAuthenticationTokenException"
    message = "Request is missing Authentication Token"
    return wire.error(request, 403 if is_query else 400, code, message, UNLOGGED)


def _expired(request: wire.ParsedRequest, request_id: str) -> Answer:
    status, code = REFUSALS["expired-token"].get(request.service, REFUSALS["expired-token"][""])
    return wire.error(request, status, code, MESSAGES["expired-token"], request_id)


@differs("every_service.unknown_key", moto="A key that does not exist acts as the default account.")
def _unknown_key(request: wire.ParsedRequest, request_id: str) -> Answer:
    """A key that does not exist is refused: UnrecognizedClientException, InvalidClientTokenId or InvalidAccessKeyId."""
    message = "The security token included in the request is invalid."
    if request.service == "s3":
        return wire.error(request, 403, "InvalidAccessKeyId", "The AWS Access Key Id does not exist.", request_id)
    code = "UnrecognizedClientException" if request.protocol == "json" else "InvalidClientTokenId"
    return wire.error(request, 400 if request.protocol == "json" else 403, code, message, request_id)


def _error_code(headers: dict[str, str], content: bytes) -> str:
    match = ERROR_CODE.search(content)
    if match:
        return match.group(1).decode()
    code = next((value for name, value in headers.items() if name.lower() == "x-amzn-errortype"), "")
    if not code and content.startswith(b"{"):
        code = str(json.loads(content).get("__type", ""))
    return code.split("#")[-1].split(":")[0] or "Unknown"
