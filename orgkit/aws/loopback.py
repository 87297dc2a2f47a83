"""Addresses on this machine: parsed strictly, and rebuilt from their parts before anything connects to them."""

import re
from ipaddress import IPv4Address, IPv6Address

# Everything else that a URL may hold (user information, backslashes, white space, a query, a fragment) is refused:
# two libraries that read it differently would check one host and connect to another.
URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[a-z0-9_-]+)*)/?",
    re.ASCII | re.IGNORECASE,
)
HOST = re.compile(r"(?P<host>\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
MAX_PORT = 65535
IPV6_LOOPBACK = IPv6Address("::1")


class NotLoopback(ValueError):
    """The text is not an address on this machine; the message says why."""


def loopback_url(text: str, *, path: bool = False) -> str:
    """Rebuild a URL on this machine from its scheme, host, port and, where it may have one, its path.

    `localhost` becomes 127.0.0.1, since how a name is resolved is up to this machine's settings. S3's clients would
    also put the name of a bucket before it, which a resolver may look for anywhere.

    Raises:
        NotLoopback: when the text is anything else.
    """
    match = URL.fullmatch(text)
    if match is None:
        raise NotLoopback("it has to be http:// or https://, an address and a port, and nothing else")
    if match["path"] and not path:
        raise NotLoopback("it has a path")
    return f"{match['scheme'].lower()}://{_authority(match['host'], match['port'])}{match['path']}"


def shown_url(text: str) -> str:
    """A URL as a message may show it: without its user information, which may be a password."""
    return re.sub(r"(?<=//).*@", "…@", text, flags=re.DOTALL)


def loopback_host(text: str) -> str:
    """Rebuild the value of a Host header that names this machine; NotLoopback for any other."""
    match = HOST.fullmatch(text)
    if match is None:
        raise NotLoopback("it is not an address and a port")
    return _authority(match["host"], match["port"])


def _authority(host: str, port: str | None) -> str:
    number = int(port) if port else None
    if number is not None and not 0 < number <= MAX_PORT:
        raise NotLoopback(f"{number} is not a port")
    return f"{_address(host)}{'' if number is None else f':{number}'}"


def _address(host: str) -> str:
    """Only what Python and every resolver read alike: no 127.1, no 0x7f000001, no address of IPv4 within IPv6."""
    if host.lower() == "localhost":
        return "127.0.0.1"
    try:
        address = IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)
    except ValueError:
        raise NotLoopback(f"{host} is not an address of this machine") from None
    if not (address.is_loopback if isinstance(address, IPv4Address) else address == IPV6_LOOPBACK):
        raise NotLoopback(f"{host} is not an address of this machine")
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)
