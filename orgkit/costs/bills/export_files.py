"""The files in the folder of an export, links followed once, and the lists in its manifests."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from filecmp import cmp
from pathlib import Path

from orgkit.costs.bills.month import Month
from orgkit.costs.bills.snapshots import PERIOD, is_manifest
from orgkit.dataclass import dataclass
from orgkit.errors import InvalidExport
from orgkit.sanitize.terminal import flat

MAX_MANIFEST = 16 << 20  # bytes


@dataclass
class Listing:
    """Files by name, relative to a folder or as s3:// addresses, and when each was written."""

    files: dict[str, datetime] = field(default_factory=dict)
    content: dict[str, object] = field(default_factory=dict)  # name → what is equal for equal files; of a bucket only
    notes: list[str] = field(default_factory=list)  # what could not be read, or is there twice


def list_folder(folder: Path) -> Listing:
    """List every file below a folder, and below the folders that links in it lead to.

    Raises:
        InvalidExport: The folder does not exist, has no files, or cannot be read in full.
    """
    if not os.access(folder, os.R_OK | os.X_OK) or not folder.is_dir():
        raise InvalidExport(f"{flat(folder)} is not a folder that can be read.", InvalidExport.remedy_for_path)
    listing, seen, links = Listing(), {os.path.realpath(folder)}, [folder]
    while links:  # files in the folder itself come first: a link to one is then its second name
        next_links: list[Path] = []
        for start in links:
            for path in _walk(start, next_links):
                _add(listing, folder, path, seen)
        links = _unseen(listing, folder, next_links, seen)
    if not listing.files:
        raise InvalidExport(f"{flat(folder)} holds no file.", InvalidExport.remedy_for_path)
    return listing


def _walk(start: Path, links: list[Path]) -> Iterator[Path]:
    """Yield the files that are not links; collect the links."""
    if not start.is_dir():
        yield start
        return
    try:
        entries = sorted(os.scandir(start), key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidExport(
            f"{flat(start)} cannot be read: {error.strerror or error}.", InvalidExport.remedy_for_path
        ) from None
    for entry in entries:
        if entry.is_symlink():
            links.append(Path(entry.path))
        elif entry.is_dir():
            yield from _walk(Path(entry.path), links)
        else:
            yield Path(entry.path)


def _unseen(listing: Listing, folder: Path, links: list[Path], seen: set[str]) -> list[Path]:
    """Return the links to what was not read yet."""
    unseen = []
    for link in links:
        target, name = os.path.realpath(link), flat(link.relative_to(folder))
        if not link.exists():
            listing.notes.append(f"Not read, since what it links to is not there: {name}.")
        elif link.is_dir() and (target in seen or any(_contains(target, other) for other in seen)):
            listing.notes.append(f"Not read, since it links to a folder that is read: {name}.")
        else:
            seen |= {target} if link.is_dir() else set()
            unseen.append(link)
    return unseen


def _contains(folder: str, path: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _add(listing: Listing, folder: Path, path: Path, seen: set[str]) -> None:
    target, name = os.path.realpath(path), path.relative_to(folder).as_posix()
    if target in seen:
        listing.notes.append(f"Not read, since it links to a file that is read: {flat(name)}.")
    elif not path.is_file():
        listing.notes.append(f"Not read, since it is not a regular file: {flat(name)}.")
    else:
        seen.add(target)
        listing.files[name] = datetime.fromtimestamp(path.stat().st_mtime, UTC)


def same_file_content(folder: Path, one: str, other: str) -> bool:
    """Compare two files byte by byte."""
    return cmp(folder / one, folder / other, shallow=False)


def manifests_of(
    files: Iterable[str], month: Month, content: Callable[[str], bytes]
) -> tuple[dict[str, list[str]], list[str]]:
    """Return what the manifests of a month list, by file, and a sentence for each invalid one.

    Args:
        files: All files of the export.
        month: The billing period.
        content: The function that reads a file.
    """
    lists: dict[str, list[str]] = {}
    unreadable = []
    for file in files:
        match = PERIOD.search(file)
        if not is_manifest(file) or not match or match[1] != str(month):
            continue
        listed = data_files(content(file))
        if listed is None:
            unreadable.append(f"The manifest lists no data files and was not used: {flat(file)}.")
        else:
            lists[file] = listed
    return lists, unreadable


def data_files(manifest: bytes) -> list[str] | None:
    """Return the names of the data files that a manifest of Data Exports lists; None for JSON that is not a manifest.

    Source: `dataFiles` in AWS's "Data Exports manifest file reference".
    """
    try:
        value = json.loads(manifest[:MAX_MANIFEST])
    except (ValueError, RecursionError):
        return None
    addresses = value.get("dataFiles") if isinstance(value, Mapping) else None
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        return None
    return [address.rpartition("/")[2] for address in addresses]
