"""Bills from a FOCUS data export: its files in a folder or a bucket read by DuckDB, or its table by Athena."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orgkit.aws.constraints import advice
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.costs import duckdb_engine
from orgkit.costs.bill import Bill
from orgkit.costs.export_sql import bill_of, not_ready, question
from orgkit.costs.month import Month
from orgkit.costs.snapshots import Snapshot, newest
from orgkit.errors import CouldNotRead, NoEngine, OddExport

BUCKETS = "s3://"
PIECE = 8 << 20  # bytes
DECIMALS = "sum(CAST(BilledCost AS DECIMAL(38, 12)))"


class ExportedBills:
    """From Parquet files: `place` is a folder of this machine, or s3://bucket/prefix that the caller may read."""

    def __init__(self, aws: Connection, place: str, base: Path) -> None:
        self._aws, self._place = aws, place
        self._folder = None if place.startswith(BUCKETS) else base / Path(place).expanduser()
        self._source = f"data export {place}"
        self._read = 0

    @property
    def sentence(self) -> str:
        """What was read."""
        return f"{self._read} Parquet file(s) of {self._place} were read by DuckDB."

    def bill(self, month: Month) -> Bill:
        """One month, from its newest delivery. Raises OddExport, NoEngine, NoBill, and CouldNotRead for the bucket."""
        now = self._aws.clock.now()
        try:
            there = _lying(self._folder) if self._folder else _stored(self._aws, self._place)
            found = newest(there, month)
            if found is None:
                return not_ready(month, self._source, now)
            rows = self._rows(found)
        except Refused as refused:
            if refused.code == "NoSuchBucket":
                raise OddExport(f"there is no bucket {_split(self._place)[0]}.", OddExport.place) from None
            raise CouldNotRead(f"{refused}.", refused.do or advice(refused.reason, refused.code)) from None
        # As old as its oldest file: AWS may be overwriting one after the other.
        delivered = found.delivered or min(there[file] for file in found.files)
        return bill_of(month, rows, delivered=delivered, now=now, source=self._source)

    def _rows(self, found: Snapshot) -> list[tuple[Any, ...]]:
        with TemporaryDirectory(prefix="orgkit-export-") as copies:
            files = list(self._here(found, Path(copies)))
            self._read += len(files)
            return duckdb_engine.ask(files)

    def _here(self, found: Snapshot, to: Path) -> Iterator[Path]:
        """The files; those of a bucket are copied, one after the other."""
        if self._folder:
            yield from (self._folder / name for name in found.files)
            return
        for number, address in enumerate(found.files):
            self._aws.progress(address, float(number), 0.0)
            bucket, key = _split(address)
            body = self._aws.read("s3", "GetObject", Bucket=bucket, Key=key)["Body"]
            with (to / f"{number}.parquet").open("wb") as file:
                for piece in body.iter_chunks(PIECE):
                    file.write(piece)
            yield to / f"{number}.parquet"


class AthenaBills:
    """From a table that Athena knows: it answers with UNLOAD, into `output`, and so writes there."""

    def __init__(self, aws: Connection, table: str, output: str) -> None:
        self._aws, self._output = aws, output
        self._database, _, self._table = table.rpartition(".")
        self._asked = 0

    @property
    def sentence(self) -> str:
        """What was asked."""
        return f"Athena was asked {self._asked} time(s); its answers lie below {self._output}."

    def bill(self, month: Month) -> Bill:
        """One month of the table, from its newest delivery: first which files there are, and then what is in them.

        Raises NoEngine, NoBill, OddExport, and CouldNotRead for what Athena refuses.
        """
        now, source = self._aws.clock.now(), f"Athena {self._database}.{self._table}"
        files = [str(path) for (path,) in self._ask(athena_files(self._table, month))]
        if not files:
            return not_ready(month, source, now)
        found = newest(files, month)
        if found is None:
            raise OddExport(f"the rows of {month} lie in {files[0]}.", OddExport.place)
        rows = self._ask(athena_question(self._table, month, found.folder))
        return bill_of(month, rows, delivered=found.delivered or self._written(found), now=now, source=source)

    def _written(self, found: Snapshot) -> datetime | None:
        """When the oldest file was; None where we may ask a table, and not look at its files (Lake Formation)."""
        try:
            there = _stored(self._aws, found.folder)
        except Refused:
            return None
        return min((at for file, at in there.items() if file in found.files), default=None)

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            import awswrangler
        except ImportError:
            raise NoEngine("Athena is asked by awswrangler, which is not installed.", NoEngine.exports) from None
        for service in ("athena", "glue", "s3", "sts"):  # an emulator's bills are not asked of AWS
            setattr(awswrangler.config, f"{service}_endpoint_url", self._aws.endpoint)
        self._asked += 1
        try:
            answer = awswrangler.athena.read_sql_query(
                sql, self._database, ctas_approach=False, unload_approach=True, s3_output=self._output,
                boto3_session=self._aws.session_for_library(),
            )  # fmt: skip
        except Exception as error:  # it raises what botocore, pyarrow and itself raise
            raise CouldNotRead(f"Athena: {type(error).__name__}: {error}", NoEngine.athena) from None
        known = answer.astype(object).where(answer.notna(), None)  # pandas's own NA cannot be compared
        return list(known.itertuples(index=False, name=None))


def athena_files(table: str, month: Month) -> str:
    """The SQL for the files that a table's rows of a month lie in; no column is read for that."""
    return f'SELECT DISTINCT "$path" AS path FROM "{table}" WHERE {_of(month)}'  # noqa: S608


def athena_question(table: str, month: Month, folder: str) -> str:
    """The SQL for a table partitioned by billing period, as AWS's own crawler makes it; `folder` is of a delivery."""
    below = folder.replace("'", "''")
    # A range, by which Athena can leave out files before it opens them; "0" is what follows "/".
    within = f"\"$path\" > '{below}/' AND \"$path\" < '{below}0'"
    return question(f'"{table}"', DECIMALS, where=f"{_of(month)} AND {within}")


def _of(month: Month) -> str:
    return f"billing_period = '{month}'"


def _lying(folder: Path) -> dict[str, datetime]:
    """The Parquet files of a folder, and when each was written; OddExport where there is none to look into."""
    if not os.access(folder, os.R_OK | os.X_OK) or not folder.is_dir():
        raise OddExport(f"{folder} is no folder that can be read.", OddExport.place)
    found = [path for path in folder.rglob("*.parquet") if path.is_file()]
    return {path.relative_to(folder).as_posix(): datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in found}


def _stored(aws: Connection, place: str) -> dict[str, datetime]:
    """The objects below s3://bucket/prefix, by their addresses, and when each was written. Raises Refused."""
    bucket, prefix = _split(place)
    # With a slash at its end: another export may have a name that begins as this one's does.
    found = _objects(aws, Bucket=bucket, Prefix=f"{prefix.rstrip('/')}/" if prefix else "")
    return {f"{BUCKETS}{bucket}/{each['Key']}": each["LastModified"] for each in found}


def _objects(aws: Connection, **asked: str) -> Iterator[dict[str, Any]]:
    """Page by page; not by `Connection.pages`, since S3 leaves Contents out where there is nothing."""
    more: dict[str, str] = {}
    while True:
        page = aws.read("s3", "ListObjectsV2", **asked, **more)
        yield from page.get("Contents", [])
        if not page["IsTruncated"]:
            return
        more = {"ContinuationToken": page["NextContinuationToken"]}


def _split(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix(BUCKETS).partition("/")
    return bucket, key
