"""Parsing of requests (service, operation and key), and errors in the protocol of a service."""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router

from orgkit.dataclass import dataclass
from orgkit.sandbox.access import find_unsigned_operation

CREDENTIAL = re.compile(r"Credential=([A-Z0-9]+)/\d+/([^/]+)/([^/]+)/aws4_request")
# How botocore calls a service whose signing name is another: the models are found by this name.
MODELS = {"servicequotas": "service-quotas", "tagging": "resourcegroupstaggingapi"}
CONTENT_TYPES = {
    "json": "application/x-amz-json-1.1",
    "rest-json": "application/json",
    "query": "text/xml",
    "rest-xml": "application/xml",
}
UNKNOWN = "Unknown"


@dataclass(frozen=True)
class ParsedRequest:
    """A request as far as the sandbox needs to understand it."""

    service: str
    region: str
    operation: str
    key: str
    parameters: dict[str, Any]
    protocol: str  # json, query, rest-json or rest-xml
    is_unsigned: bool = False  # an operation that AWS takes without a signature


def read(environ: dict[str, Any], body: bytes) -> ParsedRequest:
    """From the signature's scope, and from header, form or path, as the service's protocol has it."""
    match = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "")) or CREDENTIAL.search(_read_presigned(environ))
    key, region, service = match.groups() if match else ("", "us-east-1", UNKNOWN)
    unsigned = None if match else find_unsigned_operation(environ, body)
    if unsigned:
        parameters = _json(body) if "json" in unsigned.protocol else _form(environ, body)
        return ParsedRequest(unsigned.service, region, unsigned.name, "", parameters, unsigned.protocol, True)
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return ParsedRequest(service, region, target.rsplit(".", 1)[-1], key, _json(body), "json")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        values = _form(environ, body)
        return ParsedRequest(service, region, values.get("Action", UNKNOWN), key, values, "query")
    protocol = "rest-xml" if service in ("s3", "cloudfront", "route53", UNKNOWN) else "rest-json"
    operation = _route(MODELS.get(service, service), environ)
    return ParsedRequest(service, region, operation, key, _json(body) if protocol == "rest-json" else {}, protocol)


def _form(environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    text = body.decode("utf-8", "replace") or str(environ.get("QUERY_STRING", ""))
    return dict(parse_qsl(text, keep_blank_values=True))


def _read_presigned(environ: dict[str, Any]) -> str:
    return str(environ.get("QUERY_STRING", "")).replace("X-Amz-Credential", "Credential").replace("%2F", "/")


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _route(service: str, environ: dict[str, Any]) -> str:
    router = _router(service)
    if router is None:
        return UNKNOWN
    try:
        operation, _ = router.match(Request({**environ, "wsgi.input": None}, populate_request=False))
    except NotFound:
        return UNKNOWN
    return str(operation.name)


@cache
def _router(service: str) -> Any:
    try:
        return get_service_router(service)
    except Exception:  # a service that this botocore does not have
        return None


def error(
    parsed: ParsedRequest, status: int, code: str, message: str, request_id: str
) -> tuple[int, dict[str, str], bytes]:
    """An error that botocore parses, and does not retry."""
    kind = {"Content-Type": CONTENT_TYPES[parsed.protocol]}
    if parsed.protocol in ("json", "rest-json"):
        text = json.dumps({"__type": code, "message": message, "Message": message})
        return status, {**kind, "x-amzn-ErrorType": code}, text.encode()
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    request = f"<RequestId>{request_id}</RequestId>"
    if parsed.protocol == "rest-xml":
        text = f"<Error>{inner}{request}</Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error>{request}</ErrorResponse>"
    return status, kind, ('<?xml version="1.0" encoding="UTF-8"?>' + text).encode()
