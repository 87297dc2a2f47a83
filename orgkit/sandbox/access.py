"""Access checks of the sandbox: it rejects web pages, accepts signed AWS calls, and needs a token on control routes.

Any page in a browser on this machine can send requests to loopback. A page whose own host name resolves to 127.0.0.1
can read the responses. No page can set the Host header, or Authorization without a preflight request, and a browser
names the page in Origin, Referer or Sec-Fetch-Site. The AWS CLI, Terraform and the SDKs send none of these three.
"""

import re
from collections.abc import Mapping
from functools import cache
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ServiceModel

from orgkit.aws.clients import packaged_models
from orgkit.aws.loopback import NotLoopback, loopback_host, loopback_url
from orgkit.dataclass import dataclass

Environ = Mapping[str, Any]
CONTROL_PATHS = ("/orgkit/", "/moto-api")  # moto takes every path that begins so for its own interface
OWN_SITES = ("same-origin", "none")  # of Sec-Fetch-Site; none: typed by a person
SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=[^/,\s]+/\d{8}/[^/,\s]+/[^/,\s]+/aws4_request, *"
    r"SignedHeaders=[a-z0-9;_.-]+, *Signature=[0-9a-f]{64}"
)
QUERY_SIGNATURE = {
    "X-Amz-Algorithm": re.compile(r"AWS4-HMAC-SHA256"),
    "X-Amz-Credential": re.compile(r"[^/,\s]+/\d{8}/[^/\s]+/[^/\s]+/aws4_request"),
    "X-Amz-Date": re.compile(r"\d{8}T\d{6}Z"),
    "X-Amz-SignedHeaders": re.compile(r"[a-z0-9;_.-]+"),
    "X-Amz-Signature": re.compile(r"[0-9a-f]{64}"),
}
# Those that have operations without a signature, in all of botocore's models; a test compares.
UNSIGNED_SERVICES = ("cognito-identity", "cognito-idp", "signin", "sso", "sso-oidc", "sts")
NO_AUTHORIZATION = "smithy.api#noAuth"  # as the models name it
PROTOCOLS = {"json": "json", "query": "query", "rest-json": "rest-json"}


@dataclass(frozen=True)
class UnsignedOperation:
    """An operation that AWS accepts without a signature."""

    service: str
    name: str
    protocol: str


def is_control(environ: Environ) -> bool:
    """Return whether the request is for the sandbox itself, or moto, and not for AWS."""
    return str(environ.get("PATH_INFO", "")).startswith(CONTROL_PATHS)


def foreign_page(environ: Environ) -> str:
    """Return the sign that a request came, or could have come, from a web page; "" where there is none."""
    try:
        own = f"http://{loopback_host(environ.get('HTTP_HOST', ''))}"
    except NotLoopback:
        return "its Host header is not an address of this machine"
    for header, name in (("HTTP_ORIGIN", "Origin"), ("HTTP_REFERER", "Referer")):
        if header in environ and not _is_own(environ[header], own):
            return f"its {name} header is a web page's"
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in OWN_SITES:
        return "its Sec-Fetch-Site header is a web page's"
    return ""


def has_token(environ: Environ, token: str) -> bool:
    """Whether the control token is presented as a bearer token."""
    presented = str(environ.get("HTTP_AUTHORIZATION", ""))
    return compare_digest(presented.encode("latin-1", "replace"), f"Bearer {token}".encode())


def is_signed(environ: Environ) -> bool:
    """Whether there is a signature of version 4, in the header or in a presigned query; it is not verified."""
    if "HTTP_AUTHORIZATION" in environ:
        return SIGNATURE.fullmatch(environ["HTTP_AUTHORIZATION"].strip()) is not None
    return bool(presigned_authorization(environ))


def presigned_authorization(environ: Environ) -> str:
    """Return the signature of a presigned query in the form of a header; "" where there is none."""
    pairs = parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    names, values = [name for name, _ in pairs], dict(pairs)
    for name, pattern in QUERY_SIGNATURE.items():
        if names.count(name) != 1 or pattern.fullmatch(values[name]) is None:
            return ""
    credential, headers, signature = (values[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature"))
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={headers}, Signature={signature}"


def find_unsigned_operation(environ: Environ, body: bytes) -> UnsignedOperation | None:
    """Return the operation of the request if AWS accepts it unsigned, by the name that its protocol uses."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return unsigned_operations().get(("json", target))
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    text = body.decode("utf-8", "replace") if form else str(environ.get("QUERY_STRING", ""))
    values = dict(parse_qsl(text, keep_blank_values=True))
    if "Action" in values:
        return unsigned_operations().get(("query", f"{values['Action']} {values.get('Version', '')}"))
    place = f"{environ.get('REQUEST_METHOD', '')} {environ.get('PATH_INFO', '')}"
    return unsigned_operations().get(("rest-json", place))


@cache
def unsigned_operations() -> Mapping[tuple[str, str], UnsignedOperation]:
    """Every operation that botocore's models have without authorization, by protocol and what names it there."""
    loader = packaged_models()
    operations: dict[tuple[str, str], UnsignedOperation] = {}
    for service in UNSIGNED_SERVICES:
        model = ServiceModel(loader.load_service_model(service, "service-2"), service)
        for name in model.operation_names:
            operation = model.operation_model(name)
            if operation.auth_type == "none" or NO_AUTHORIZATION in (operation.auth or ()):
                protocol = PROTOCOLS[model.metadata["protocol"]]
                key = _key(protocol, model.metadata, operation)
                operations[protocol, key] = UnsignedOperation(service, name, protocol)
    return operations


def _key(protocol: str, metadata: Mapping[str, str], operation: Any) -> str:
    if protocol == "json":
        return f"{metadata['targetPrefix']}.{operation.name}"
    if protocol == "query":
        return f"{operation.name} {metadata['apiVersion']}"
    return f"{operation.http['method']} {operation.http['requestUri'].partition('?')[0]}"


def _is_own(url: str, own: str) -> bool:
    """Whether an Origin, or the address of a page, is the sandbox's own."""
    match = re.match(r"https?://[^/?#\\\s]+(?=[/?#]|\Z)", url)
    try:
        return match is not None and loopback_url(match[0]) == own
    except NotLoopback:
        return False
