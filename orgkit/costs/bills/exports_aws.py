"""Bills from a FOCUS data export: its files in a folder or a bucket read by DuckDB, or its table by Athena."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orgkit.aws.advice import remedy_for
from orgkit.aws.rejections import Rejected
from orgkit.aws.response import walk_pages
from orgkit.aws.session import Connection
from orgkit.costs.bills import duckdb_engine
from orgkit.costs.bills.bill import Bill
from orgkit.costs.bills.export_sql import bill_of, not_ready, question
from orgkit.costs.bills.month import Month
from orgkit.costs.bills.snapshots import Snapshot, newest
from orgkit.errors import CouldNotRead, InvalidExport, require_packages

BUCKETS = "s3://"
PIECE = 8 << 20  # bytes
TRY_IN_CONSOLE = "try the query in Athena's console; [billing] of the parameters file names table and output."
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
        """One month, from its newest delivery. Raises InvalidExport, ExtraMissing, NoBill, CouldNotRead."""
        now = self._aws.clock.now()
        try:
            files = _local_paths(self._folder) if self._folder else _stored_paths(self._aws, self._place)
            snapshot = newest(files, month)
            if snapshot is None:
                return not_ready(month, self._source, now)
            rows = self._rows(snapshot)
        except Rejected as rejection:
            if rejection.code == "NoSuchBucket":
                raise InvalidExport(
                    f"there is no bucket {_split(self._place)[0]}.", InvalidExport.remedy_for_path
                ) from None
            raise CouldNotRead(f"{rejection}.", remedy_for(rejection)) from None
        # As old as its oldest file: AWS may be overwriting one after the other.
        delivered = snapshot.delivery_time or min(files[file] for file in snapshot.files)
        return bill_of(month, rows, delivered=delivered, now=now, source=self._source)

    def _rows(self, snapshot: Snapshot) -> list[tuple[Any, ...]]:
        with TemporaryDirectory(prefix="orgkit-export-") as copies:
            files = list(self._local_files(snapshot, Path(copies)))
            self._read += len(files)
            return duckdb_engine.ask(files)

    def _local_files(self, snapshot: Snapshot, folder: Path) -> Iterator[Path]:
        """The files; those of a bucket are copied, one after the other."""
        if self._folder:
            yield from (self._folder / name for name in snapshot.files)
            return
        for number, address in enumerate(snapshot.files):
            self._aws.progress(address, float(number), 0.0)
            bucket, key = _split(address)
            path = folder / f"{number}.parquet"
            self._aws.stream("s3", "GetObject", partial(_write, path), Bucket=bucket, Key=key)
            yield path


class AthenaBills:
    """From a table that Athena knows: it answers with UNLOAD, into `output`, and so writes there."""

    def __init__(self, aws: Connection, table: str, output: str) -> None:
        self._aws, self._output = aws, output
        self._database, _, self._table = table.rpartition(".")
        self._queries = 0

    @property
    def sentence(self) -> str:
        """What was asked."""
        return f"Athena was asked {self._queries} time(s); its answers lie below {self._output}."

    def bill(self, month: Month) -> Bill:
        """One month of the table, from its newest delivery: first which files there are, and then what is in them.

        Raises ExtraMissing, NoBill, InvalidExport, and CouldNotRead for what Athena refuses.
        """
        now, source = self._aws.clock.now(), f"Athena {self._database}.{self._table}"
        files = [str(path) for (path,) in self._ask(athena_files(self._table, month))]
        if not files:
            return not_ready(month, source, now)
        snapshot = newest(files, month)
        if snapshot is None:
            raise InvalidExport(f"the rows of {month} lie in {files[0]}.", InvalidExport.remedy_for_path)
        rows = self._ask(athena_question(self._table, month, snapshot.folder))
        return bill_of(
            month, rows, delivered=snapshot.delivery_time or self._write_time(snapshot), now=now, source=source
        )

    def _write_time(self, snapshot: Snapshot) -> datetime | None:
        """When the oldest file was; None where we may ask a table, and not look at its files (Lake Formation)."""
        try:
            stored_files = _stored_paths(self._aws, snapshot.folder)
        except Rejected:
            return None
        return min((at for file, at in stored_files.items() if file in snapshot.files), default=None)

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        require_packages('source = "athena"', "awswrangler")
        import awswrangler

        for service in ("athena", "glue", "s3", "sts"):  # an emulator's bills are not asked of AWS
            setattr(awswrangler.config, f"{service}_endpoint_url", self._aws.endpoint)
        self._queries += 1
        try:
            answer = awswrangler.athena.read_sql_query(
                sql, self._database, ctas_approach=False, unload_approach=True, s3_output=self._output,
                boto3_session=self._aws.session_for_library(),
            )  # fmt: skip
        except Exception as error:  # it raises what botocore, pyarrow and itself raise
            raise CouldNotRead(f"Athena: {type(error).__name__}: {error}", TRY_IN_CONSOLE) from None
        known = answer.astype(object).where(answer.notna(), None)  # pandas's own NA cannot be compared
        return list(known.itertuples(index=False, name=None))


def athena_files(table: str, month: Month) -> str:
    """The SQL for the files that a table's rows of a month lie in; no column is read for that."""
    return f'SELECT DISTINCT "$path" AS path FROM "{table}" WHERE {_billing_period(month)}'  # noqa: S608


def athena_question(table: str, month: Month, folder: str) -> str:
    """The SQL for a table partitioned by billing period, as AWS's own crawler makes it; `folder` is of a delivery."""
    prefix = folder.replace("'", "''")
    # A range, by which Athena can leave out files before it opens them; "0" is what follows "/".
    condition = f"\"$path\" > '{prefix}/' AND \"$path\" < '{prefix}0'"
    return question(f'"{table}"', DECIMALS, condition=f"{_billing_period(month)} AND {condition}")


def _billing_period(month: Month) -> str:
    return f"billing_period = '{month}'"


def _local_paths(folder: Path) -> dict[str, datetime]:
    """The Parquet files of a folder, and when each was written; InvalidExport where there is none to look into."""
    if not os.access(folder, os.R_OK | os.X_OK) or not folder.is_dir():
        raise InvalidExport(f"{folder} is no folder that can be read.", InvalidExport.remedy_for_path)
    paths = [path for path in folder.rglob("*.parquet") if path.is_file()]
    return {path.relative_to(folder).as_posix(): datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths}


def _stored_paths(aws: Connection, place: str) -> dict[str, datetime]:
    """The objects below s3://bucket/prefix, by their addresses, and when each was written. Raises Rejected."""
    bucket, prefix = _split(place)
    # With a slash at its end: another export may have a name that begins as this one's does.
    objects = _objects(aws, Bucket=bucket, Prefix=f"{prefix.rstrip('/')}/" if prefix else "")
    return {f"{BUCKETS}{bucket}/{item['Key']}": item["LastModified"] for item in objects}


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
