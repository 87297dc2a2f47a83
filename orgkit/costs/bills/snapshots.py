"""Which files of an export make up a month: the newest delivery alone, since each holds the month from its start."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from orgkit.costs.bills.month import Month
from orgkit.errors import InvalidExport

# Data Exports lay files out as .../data/BILLING_PERIOD=2026-10/ (OVERWRITE_REPORT), or with one more folder for each
# delivery below that, which begins with its time (CREATE_NEW_REPORT).
PERIOD = re.compile(r"(?:^|/)billing_period=(\d{4}-\d{2})(?:-\d{2})?/(.*)$", re.IGNORECASE)
DELIVERY = re.compile(r"(\d{4}-?\d{2}-?\d{2}T\d{2}:?\d{2}(?::?\d{2})?(?:\.\d+)?Z?)(?:-[0-9A-Za-z-]+)?$")


@dataclass(frozen=True)
class Snapshot:
    """The Parquet files of one delivery of one month; `name` is "" where deliveries overwrite each other."""

    month: Month
    name: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where all of them lie."""
        return self.files[0].rpartition("/")[0]

    @property
    def delivery_time(self) -> datetime | None:
        """When, by its name; None where deliveries overwrite each other, and only the files know."""
        return _time(self.name)


def newest(files: Iterable[str], month: Month) -> Snapshot | None:
    """The files to read for a month; None when it has none.

    Adding up all that lies there would count a month once for every delivery, and once for every export. InvalidExport
    where nobody can tell what to read: files of no billing period, two exports, files beside folders of them, or a
    folder that does not begin with a time.
    """
    parquet = [file for file in files if file.endswith(".parquet")]
    matches = {file: match for file in parquet if (match := PERIOD.search(file))}
    if parquet and not matches:
        raise InvalidExport(f"{parquet[0]} lies in no folder BILLING_PERIOD=...", InvalidExport.remedy_for_path)
    month_files = {file: match for file, match in matches.items() if match[1] == str(month)}
    if len(exports := sorted({file[: match.start(2) - 1] for file, match in month_files.items()})) > 1:
        raise InvalidExport(
            f"{month} has more than one export: {', '.join(exports)}.", InvalidExport.remedy_for_exports
        )
    deliveries: dict[str, list[str]] = {}
    for file, match in month_files.items():
        deliveries.setdefault(match[2].rpartition("/")[0], []).append(file)
    return _newest(deliveries, month) if deliveries else None


def _newest(deliveries: dict[str, list[str]], month: Month) -> Snapshot:
    """Of one export; by name, which is "" for files that lie in no folder of their own."""
    if len(deliveries) > 1 and "" in deliveries:
        raise InvalidExport(
            f"{month} has Parquet files and folders of them side by side.", InvalidExport.remedy_for_kinds
        )
    if unparsable := sorted(name for name in deliveries if name and _time(name) is None):
        raise InvalidExport(
            f"{month} has a folder {unparsable[0]!r}, which does not begin with a time.", InvalidExport.remedy_for_kinds
        )
    name = max(deliveries, key=lambda name: (_time(name) or datetime.min.replace(tzinfo=UTC), name))
    return Snapshot(month, name, tuple(sorted(deliveries[name])))


def _time(name: str) -> datetime | None:
    match = DELIVERY.fullmatch(name)
    try:
        return datetime.fromisoformat(match[1].removesuffix("Z")).replace(tzinfo=UTC) if match else None
    except ValueError:  # a month 13
        return None
