"""Bills from a FOCUS data export, its files in a folder or a bucket read by DuckDB."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import Rejected
from orgkit.aws.response import walk_pages
from orgkit.aws.session import Connection
from orgkit.costs.bills.bill import Bill
from orgkit.costs.bills.duckdb_engine import DuckDb
from orgkit.costs.bills.export_files import Listing, list_folder, manifests_of, same_file_content
from orgkit.costs.bills.export_sql import WITHOUT_LIST_COST, bill_of, not_ready
from orgkit.costs.bills.month import Month
from orgkit.costs.bills.snapshots import Snapshot, months_of, newest
from orgkit.errors import CouldNotRead, InvalidExport
from orgkit.sanitize.terminal import flat

BUCKETS = "s3://"
PIECE = 8 << 20  # bytes


class ExportedBills:
    """From Parquet files: `place` is a folder of this machine, or s3://bucket/prefix that the caller may read."""

    def __init__(self, aws: Connection, place: str, base: Path, payer: str = "") -> None:
        self._aws, self._place, self._payer = aws, place, payer
        self._folder = None if place.startswith(BUCKETS) else base / Path(place).expanduser()
        self._source = f"data export {place}"
        self._read = 0

    @property
    def sentence(self) -> str:
        """What was read."""
        return f"{self._read} Parquet file(s) of {self._place} were read by DuckDB."

    def bill(self, month: Month) -> Bill:
        """One month, from its newest delivery. Raises InvalidExport, ExtraMissing, NoBill, CouldNotRead."""
        try:
            return self._bill(month)
        except Rejected as rejection:
            if rejection.code == "NoSuchBucket":
                raise InvalidExport(
                    f"there is no bucket {_split(self._place)[0]}.", InvalidExport.remedy_for_path
                ) from None
            raise CouldNotRead(f"{rejection}.", remedy_for(rejection)) from None

    def _bill(self, month: Month) -> Bill:
        now = self._aws.clock.now()
        listing = list_folder(self._folder) if self._folder else stored_files(self._aws, self._place)
        manifests, unreadable = manifests_of(listing.files, month, self._content)
        same = partial(self._is_same, listing)
        snapshot = newest(listing.files, month, manifests=manifests, same_content=same)
        if snapshot is None:
            return not_ready(month, self._source, now, _why_not_ready(listing, self._place, month))
        # As old as its oldest file: AWS may be overwriting one after the other.
        delivered = snapshot.delivery_time or min(listing.files[file] for file in snapshot.files)
        with TemporaryDirectory(prefix="orgkit-export-") as copies:
            files = dict(self._local_files(snapshot, Path(copies)))
            self._read += len(files)
            with DuckDb(files) as engine:
                notes = (*listing.notes, *unreadable, *snapshot.notes)
                return bill_of(
                    month, engine.ask(), delivered=delivered, now=now, source=self._source, payer=self._payer,
                    locate=engine.file_with, is_whole=snapshot.is_whole,
                    notes=notes if engine.has_list_cost else (*notes, WITHOUT_LIST_COST),
                )  # fmt: skip

    def _content(self, file: str) -> bytes:
        if self._folder:
            return (self._folder / file).read_bytes()
        return stored_content(self._aws, file)

    def _is_same(self, listing: Listing, one: str, other: str) -> bool:
        if self._folder:
            return same_file_content(self._folder, one, other)
        return listing.content[one] == listing.content[other]

    def _local_files(self, snapshot: Snapshot, folder: Path) -> Iterator[tuple[Path, str]]:
        """The files and their names; those of a bucket are copied, one after the other."""
        if self._folder:
            yield from ((self._folder / name, name) for name in snapshot.files)
            return
        for number, address in enumerate(snapshot.files):
            self._aws.progress(address, float(number), 0.0)
            yield _copy(self._aws, address, folder / f"{number}.parquet"), address


def _why_not_ready(listing: Listing, place: str, month: Month) -> tuple[str, ...]:
    """Return notes on what is there instead of the month; nothing for a month that is still to be delivered."""
    months = months_of(listing.files)
    if not listing.files:
        text = f"Nothing lies below {flat(place)}: AWS delivers up to a day after an export is made; is its name right?"
        return (text, *listing.notes)
    if months and months[0] > str(month):
        return (f"The export in {flat(place)} begins with {months[0]}: AWS fills in no earlier month.", *listing.notes)
    return tuple(listing.notes)


def stored_content(aws: Connection, address: str) -> bytes:
    """The bytes of one small object. Raises Rejected."""
    with TemporaryDirectory(prefix="orgkit-manifest-") as folder:
        return _copy(aws, address, Path(folder) / "content").read_bytes()


def _copy(aws: Connection, address: str, path: Path) -> Path:
    bucket, key = _split(address)
    aws.stream("s3", "GetObject", partial(_write, path), Bucket=bucket, Key=key)
    return path


def stored_files(aws: Connection, place: str) -> Listing:
    """The objects below s3://bucket/prefix, by their addresses, and when each was written. Raises Rejected."""
    bucket, prefix = _split(place)
    listing = Listing()
    # With a slash at its end: another export may have a name that begins as this one's does.
    for item in _objects(aws, Bucket=bucket, Prefix=f"{prefix.rstrip('/')}/" if prefix else ""):
        if not item["Key"].endswith("/"):  # a folder, as S3's console makes it
            address = f"{BUCKETS}{bucket}/{item['Key']}"
            listing.files[address] = item["LastModified"]
            listing.content[address] = (item.get("Size"), item.get("ETag", address))
    return listing


def _objects(aws: Connection, **parameters: str) -> Iterator[dict[str, Any]]:
    """Page by page; not by `Connection.pages`, since S3 leaves Contents out where there is nothing."""
    pages = walk_pages(
        "s3:ListObjectsV2",
        lambda token: aws.read("s3", "ListObjectsV2", **parameters, **token),
        lambda page: {"ContinuationToken": page["NextContinuationToken"]} if page["IsTruncated"] else {},
    )
    for page in pages:
        yield from page.get("Contents", [])


def _write(path: Path, body: Any) -> None:
    with path.open("wb") as file:
        for piece in body.iter_chunks(PIECE):
            file.write(piece)


def _split(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix(BUCKETS).partition("/")
    return bucket, key
