"""How AWS's bulk price files are fetched: from its public address, without credentials, or from a folder."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

from orgkit.costs.prices.prices import NO_REGION
from orgkit.errors import NoPriceList

ADDRESS = "https://pricing.us-east-1.amazonaws.com"
MAX_BYTES = 400_000_000  # bytes; the files of the services in the book have a few megabytes each
PIECE = 1 << 20
SECONDS = 60  # without a byte
MAX_ATTEMPTS = 3  # of a file whose connection breaks within it

DownloadReporter = Callable[[str, int], None]  # which file, and how many bytes of it are there


def path_of(service: str, region: str) -> str:
    """AWS's own path of a service's newest prices in a region."""
    folder = f"offers/v1.0/aws/{service}/current"
    return f"{folder}/index.json" if region == NO_REGION else f"{folder}/{region}/index.json"


def fetch(
    service: str, region: str, source: str = ADDRESS, report: DownloadReporter = lambda _path, _bytes: None
) -> dict[str, Any]:
    """One price file; NoPriceList when it cannot be had. `source` is an https address or a folder of such files."""
    path = path_of(service, region)
    data = _download(f"{source}/{path}", path, report) if source.startswith("https://") else _read(Path(source) / path)
    try:
        offer = json.loads(data)
    except (ValueError, RecursionError):  # RecursionError: the file is nested too deeply
        offer = None
    if not isinstance(offer, dict):
        raise NoPriceList(f"{path} of {source} is not a JSON object.", NoPriceList.remedy_for_network)
    return offer


def _download(address: str, path: str, report: DownloadReporter) -> bytes:
    for _ in range(MAX_ATTEMPTS):
        try:
            content = _read_whole(address, path, report)
        except HTTPException:  # the connection broke, which http.client does not count among the errors of the system
            continue
        except (OSError, urllib.error.URLError) as error:
            raise NoPriceList(f"{address} cannot be read: {error}", NoPriceList.remedy_for_network) from None
        if content is not None:
            return content
    raise NoPriceList(f"{address} was cut {MAX_ATTEMPTS} times.", NoPriceList.remedy_for_network)


def _read_whole(address: str, path: str, report: DownloadReporter) -> bytes | None:
    """None where fewer bytes came than were announced: http.client takes an early end for the end."""
    pieces, size = [], 0
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:
        while piece := answer.read(PIECE):
            pieces.append(piece)
            size += len(piece)
            report(path, size)
            if size > MAX_BYTES:
                raise NoPriceList(f"{address} has over {MAX_BYTES} bytes.", NoPriceList.remedy_for_network)
        return None if getattr(answer, "length", None) else b"".join(pieces)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NoPriceList(f"{file} cannot be read: {error.strerror}", NoPriceList.remedy_for_network) from None
