"""How AWS's bulk price files are fetched: from its public address, without credentials, or from a folder."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orgkit.costs.prices import NOWHERE
from orgkit.errors import NoPriceList

ADDRESS = "https://pricing.us-east-1.amazonaws.com"
LARGEST = 400_000_000  # bytes; the files of the services in the book have a few megabytes each
PIECE = 1 << 20
SECONDS = 60  # without a byte

Told = Callable[[str, int], None]  # which file, and how many bytes of it are there


def path_of(service: str, region: str) -> str:
    """AWS's own path of a service's newest prices in a region."""
    folder = f"offers/v1.0/aws/{service}/current"
    return f"{folder}/index.json" if region == NOWHERE else f"{folder}/{region}/index.json"


def fetch(service: str, region: str, source: str = ADDRESS, told: Told = lambda _path, _bytes: None) -> dict[str, Any]:
    """One price file; NoPriceList when it cannot be had. `source` is an https address or a folder of such files."""
    path = path_of(service, region)
    data = _download(f"{source}/{path}", path, told) if source.startswith("https://") else _read(Path(source) / path)
    try:
        offer = json.loads(data)
    except (ValueError, RecursionError):  # of a file that is nested without end
        offer = None
    if not isinstance(offer, dict):
        raise NoPriceList(f"{path} of {source} is no JSON object.", NoPriceList.again)
    return offer


def _download(address: str, path: str, told: Told) -> bytes:
    pieces, size = [], 0
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            while piece := answer.read(PIECE):
                pieces.append(piece)
                size += len(piece)
                told(path, size)
                if size > LARGEST:
                    raise NoPriceList(f"{address} has over {LARGEST} bytes.", NoPriceList.again)
    except (OSError, urllib.error.URLError) as error:
        raise NoPriceList(f"{address} cannot be read: {error}", NoPriceList.again) from None
    return b"".join(pieces)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NoPriceList(f"{file} cannot be read: {error.strerror}", NoPriceList.again) from None
