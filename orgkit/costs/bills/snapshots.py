"""Which files of an export make up a month: the newest delivery alone, since each holds the month from its start."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from orgkit.costs.bills.month import Month
from orgkit.dataclass import dataclass
from orgkit.errors import InvalidExport
from orgkit.sanitize.terminal import flat

# Data Exports lay files out as .../data/BILLING_PERIOD=2026-10/ (OVERWRITE_REPORT), or with one more folder for each
# delivery below that, which begins with its time (CREATE_NEW_REPORT). The manifest lies at the same place below
# .../metadata/ and is delivered last (AWS Data Exports user guide, "Understanding export delivery").
PERIOD = re.compile(r"(?:^|/)billing_period=(\d{4}-\d{2})(?:-\d{2})?/(.*)$", re.IGNORECASE | re.DOTALL)
DELIVERY = re.compile(r"(\d{4}-?\d{2}-?\d{2}T\d{2}:?\d{2}(?::?\d{2})?(?:\.\d+)?Z?)(?:-[0-9A-Za-z-]+)?$")
PARQUET, MANIFEST = ".parquet", "manifest.json"
NO_DATA = re.compile(r"(?:^|/)[._][^/]*$|\.(?:json|sql|ya?ml|md|txt)$", re.IGNORECASE)  # next to the data, not of it
COPY = re.compile(r"[ _-]*(?:\(\d+\)|(?:copy|kopie|copie|copia)(?: *\(?\d+\)?)?|conflict.*)[ _-]*(?:of|von)? *", re.I)
MAX_NAMES = 3

SameContent = Callable[[str, str], bool]


@dataclass(frozen=True)
class Snapshot:
    """The files of one delivery of one month; `name` is "" where deliveries overwrite each other."""

    month: Month
    name: str
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()  # what lies there and is not read
    is_whole: bool = True  # as far as names and the manifest show

    @property
    def folder(self) -> str:
        """Where all of them lie."""
        return self.files[0].rpartition("/")[0]

    @property
    def delivery_time(self) -> datetime | None:
        """When, by its name; None where deliveries overwrite each other, and only the files know."""
        return _time(self.name)


def is_parquet(file: str) -> bool:
    """Whether its name ends as a Parquet file's, in any case; a compressed file does not count."""
    return file.lower().endswith(PARQUET)


def is_manifest(file: str) -> bool:
    """Whether Data Exports lists the files of a delivery in it."""
    return file.lower().endswith(MANIFEST)


def manifest_folder(file: str) -> str:
    """Return the folder of the manifests of a data file's month; "" if the file is not below data/."""
    match = PERIOD.search(file)
    export, _, name = file[: match.start()].rpartition("/") if match else ("", "", "")
    period = file[match.start() : match.start(2)].strip("/") if match else ""
    return f"{export}/metadata/{period}" if name == "data" else ""


def months_of(files: Iterable[str]) -> list[str]:
    """The billing periods that have Parquet files, the oldest first."""
    return sorted({match[1] for file in files if is_parquet(file) and (match := PERIOD.search(file))})


def newest(
    files: Iterable[str],
    month: Month,
    *,
    manifests: Mapping[str, Sequence[str]] | None = None,
    same_content: SameContent | None = None,
) -> Snapshot | None:
    """The files to read for a month; None when it has none.

    Adding up all files would count a month once for every delivery, and once for every export.

    Args:
        files: All files, Parquet or not.
        month: The billing period.
        manifests: For each manifest among the files, the names of the data files that it lists.
        same_content: Whether two files are equal; None where only names are known.

    Raises:
        InvalidExport: What to read is ambiguous. None of the files is a Parquet file, files have no billing period, or
            there are two exports. Or Parquet files lie next to folders of them, the name of a folder does not begin
            with a time, or one part has two versions.
    """
    files = list(files)
    parquet = [file for file in files if is_parquet(file)]
    matches = {file: match for file in parquet if (match := PERIOD.search(file))}
    if parquet and not matches:
        raise InvalidExport(f"{flat(parquet[0])} lies in no folder BILLING_PERIOD=...", InvalidExport.remedy_for_path)
    month_files = {file: match for file, match in matches.items() if match[1] == str(month)}
    if len(exports := sorted({file[: match.start(2) - 1] for file, match in month_files.items()})) > 1:
        raise InvalidExport(
            f"{month} has more than one export: {', '.join(map(flat, exports))}.", InvalidExport.remedy_for_exports
        )
    if not month_files:
        _refuse_unread(files, month, manifests or {})
        return None
    deliveries: dict[str, list[str]] = {}
    for file, match in month_files.items():
        deliveries.setdefault(match[2].rpartition("/")[0], []).append(file)
    listed = _listed(manifests or {}, month)
    name = _newest(deliveries, month, listed)
    parts, notes, is_whole = _parts(deliveries[name], listed.get(name), same_content)
    unread_files = [*_unread(files, month, name), *(file for file in parquet if file not in matches)]
    if unread_files:
        notes = (*notes, f"Not read, since it is not a Parquet file of {month}: {names(unread_files)}.")
    is_whole = is_whole and not any(_may_hold_data(file, month) for file in unread_files)
    return Snapshot(month, name, tuple(sorted(parts)), (*_other_deliveries(deliveries, name), *notes), is_whole)


def _other_deliveries(deliveries: Mapping[str, object], name: str) -> Iterator[str]:
    """The newest delivery holds what the earlier ones do; a later one is chosen only when its manifest is there."""
    if newer := sorted(other for other in deliveries if other > name):
        yield f"Not read, since its manifest is not there yet: the delivery {names(newer)}."
    if earlier := len(deliveries) - len(newer) - 1:
        yield f"{earlier} earlier delivery(s) of the month hold less and were not read."


def _parts(
    files: list[str], listed: Sequence[str] | None, same_content: SameContent | None
) -> tuple[list[str], tuple[str, ...], bool]:
    """Return the files to read, notes on the others, and whether a part is missing."""
    if listed is None:
        copies = dict(_copies(files, same_content))
        notes = tuple(f"Not read, since it is a copy of {flat(copies[file])}: {flat(file)}." for file in sorted(copies))
        return [file for file in files if file not in copies], notes, True
    parts = [file for file in files if _base(file) in listed]
    extra, missing = [file for file in files if file not in parts], sorted({*listed} - {*map(_base, files)})
    if not parts:
        reason = f"lists {names(missing)}, which is not there" if missing else f"does not list {names(extra)}"
        raise InvalidExport(f"the manifest {reason}.", InvalidExport.remedy_for_files)
    remarks = (
        (extra, "Not read, since the manifest does not list it"),
        (missing, "Listed by the manifest and missing"),
    )
    return parts, tuple(f"{text}: {names(subjects)}." for subjects, text in remarks if subjects), not missing


def _copies(files: list[str], same_content: SameContent | None) -> Iterator[tuple[str, str]]:
    """Yield (copy, original) for each part that is there twice, by the names that browsers and file managers use."""
    stems = {_base(file)[: -len(PARQUET)]: file for file in files}
    for stem, file in stems.items():
        for other, original in stems.items():
            if other == stem or other not in stem or not other:
                continue
            rest = stem.replace(other, "", 1)
            looks_like_copy = bool(COPY.fullmatch(rest))
            is_same = same_content(file, original) if same_content else looks_like_copy
            if is_same and (looks_like_copy or not rest.isdigit()):
                yield file, original
                break
            if looks_like_copy:
                raise InvalidExport(
                    f"{flat(file)} looks like a copy of {flat(original)}, and they differ.",
                    InvalidExport.remedy_for_copies,
                )


def _listed(manifests: Mapping[str, Sequence[str]], month: Month) -> dict[str, Sequence[str]]:
    """By delivery: the names of the data files that its manifest lists."""
    entries = ((PERIOD.search(file), listed) for file, listed in manifests.items())
    return {match[2].rpartition("/")[0]: listed for match, listed in entries if match and match[1] == str(month)}


def _refuse_unread(files: list[str], month: Month, manifests: Mapping[str, Sequence[str]]) -> None:
    """Raise InvalidExport where something was delivered for a month, or in a place, and cannot be read."""
    if listed := sorted({name for names_ in _listed(manifests, month).values() for name in names_}):
        raise InvalidExport(f"the manifest lists {names(listed)}, which is not there.", InvalidExport.remedy_for_files)
    unread = [file for file in files if _may_hold_data(file, month)]
    if not unread and not any(is_parquet(file) for file in files):
        unread = files
    if unread:
        raise InvalidExport(
            f"no Parquet file of {month} lies there, but {names(unread)}.", InvalidExport.remedy_for_files
        )


def _may_hold_data(file: str, month: Month) -> bool:
    """Whether a file that is not read could be a part of the month: by its folder, and by its name."""
    match = PERIOD.search(file)
    return not NO_DATA.search(file) and (match is None or match[1] == str(month))


def _unread(files: list[str], month: Month, delivery: str) -> list[str]:
    """Return the files in the month's folders, or in no folder, that are neither Parquet files nor manifests."""
    unread = []
    for file in files:
        match = PERIOD.search(file)
        in_month = match is not None and match[1] == str(month)
        in_delivery = match is not None and match[2].rpartition("/")[0] in ("", delivery)
        if not is_parquet(file) and not is_manifest(file) and (match is None or (in_month and in_delivery)):
            unread.append(file)
    return unread


def names(files: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = f" and {len(files) - MAX_NAMES} more" if len(files) > MAX_NAMES else ""
    return ", ".join(flat(file) for file in sorted(files)[:MAX_NAMES]) + more


def _base(file: str) -> str:
    return file.rpartition("/")[2]


def _newest(deliveries: dict[str, list[str]], month: Month, listed: Mapping[str, object]) -> str:
    """Return the newest delivery of an export by name; "" for files that have no folder of their own."""
    if len(deliveries) > 1 and "" in deliveries:
        raise InvalidExport(
            f"{month} has Parquet files and folders of them side by side.", InvalidExport.remedy_for_kinds
        )
    if unparsable := sorted(name for name in deliveries if name and _time(name) is None):
        raise InvalidExport(
            f"{month} has a folder {flat(unparsable[0])!r}, which does not begin with a time.",
            InvalidExport.remedy_for_kinds,
        )
    complete = [name for name in deliveries if name in listed] or list(deliveries)
    return max(complete, key=lambda name: (_time(name) or datetime.min.replace(tzinfo=UTC), name))


def _time(name: str) -> datetime | None:
    match = DELIVERY.fullmatch(name)
    try:
        return datetime.fromisoformat(match[1].removesuffix("Z")).replace(tzinfo=UTC) if match else None
    except ValueError:  # a month 13
        return None
