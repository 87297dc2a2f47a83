"""Which files of an export make up a month: the newest delivery alone, since each holds the month from its start."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from orgkit.costs.month import Month
from orgkit.errors import OddExport

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


def newest(files: Iterable[str], month: Month) -> Snapshot | None:
    """The files to read for a month; None when it has none.

    Adding up all that lies there would count a month once for every delivery. OddExport where nobody can tell which
    delivery is the newest: files beside folders, or a folder that does not begin with a time.
    """
    deliveries: dict[str, list[str]] = {}
    for file in files:
        found = PERIOD.search(file)
        if found and found[1] == str(month) and file.endswith(".parquet"):
            folder, _, _ = found[2].rpartition("/")
            deliveries.setdefault(folder, []).append(file)
    if not deliveries:
        return None
    if len(deliveries) > 1 and "" in deliveries:
        raise OddExport(f"{month} has Parquet files and folders of them side by side.", OddExport.one_kind)
    if odd := sorted(name for name in deliveries if name and not DELIVERY.fullmatch(name)):
        raise OddExport(f"{month} has a folder {odd[0]!r}, which does not begin with a time.", OddExport.one_kind)
    name = max(deliveries, key=_time)
    return Snapshot(month, name, tuple(sorted(deliveries[name])))


def _time(name: str) -> str:
    found = DELIVERY.fullmatch(name)
    return re.sub(r"[-:Z]", "", found[1]) if found else ""
