"""Bills from a FOCUS data export: its files in a folder or a bucket read by DuckDB, or its table by Athena."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orgkit.aws.constraints import advice
from orgkit.aws.retry import Refused
from orgkit.aws.session import Connection
from orgkit.costs import duckdb_engine, snapshots
from orgkit.costs.bill import Bill
from orgkit.costs.export_sql import bill_of, not_ready, question
from orgkit.costs.month import Month
from orgkit.errors import CouldNotRead, NoEngine

PIECE = 8 << 20  # bytes
DECIMALS = "sum(CAST(BilledCost AS DECIMAL(38, 12)))"


class ExportedBills:
    """From Parquet files: `place` is a folder of this machine, or s3://bucket/prefix that the caller may read."""

    def __init__(self, aws: Connection, place: str, base: Path) -> None:
        self._aws, self._place, self._base = aws, place, base
        self._source = f"data export {place}"
        self._read = 0

    @property
    def sentence(self) -> str:
        """What was read."""
        return f"{self._read} Parquet file(s) of {self._place} were read by DuckDB."

    def bill(self, month: Month) -> Bill:
        """One month, from its newest delivery. Raises OddExport, NoEngine, NoBill, and CouldNotRead for the bucket."""
        now = self._aws.clock.now()
        at = now.isoformat(timespec="seconds")
        with TemporaryDirectory(prefix="orgkit-export-") as folder:
            files = list(self._files(month, Path(folder)))
            if not files:
                return not_ready(month, self._source, at)
            self._read += len(files)
            rows = duckdb_engine.ask(files)
        return bill_of(month, rows, settled=month.settled(now), source=self._source, read_at=at)

    def _files(self, month: Month, folder: Path) -> Iterator[Path]:
        if self._place.startswith("s3://"):
            yield from self._fetched(month, folder)
            return
        base = (self._base / self._place).expanduser()
        there = [path.relative_to(base).as_posix() for path in base.rglob("*.parquet")] if base.is_dir() else []
        found = snapshots.newest(there, month)
        yield from (base / name for name in found.files) if found else ()

    def _fetched(self, month: Month, folder: Path) -> Iterator[Path]:
        """The files of a bucket, copied here one after the other."""
        bucket, _, prefix = self._place.removeprefix("s3://").partition("/")
        try:
            listed = self._aws.pages("s3", "ListObjectsV2", "Contents", Bucket=bucket, Prefix=prefix)
            found = snapshots.newest([str(each["Key"]) for each in listed], month)
            for number, key in enumerate(found.files if found else ()):
                self._aws.progress(f"s3://{bucket}/{key}", float(number), 0.0)
                yield self._copy(bucket, key, folder / f"{number}.parquet")
        except Refused as refused:
            raise CouldNotRead(f"{refused}.", refused.do or advice(refused.reason, refused.code)) from None

    def _copy(self, bucket: str, key: str, to: Path) -> Path:
        body = self._aws.read("s3", "GetObject", Bucket=bucket, Key=key)["Body"]
        with to.open("wb") as file:
            for piece in body.iter_chunks(PIECE):
                file.write(piece)
        return to


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
        """One month of the table. Raises NoEngine, NoBill, OddExport, and CouldNotRead for what Athena refuses."""
        self._asked += 1
        now = self._aws.clock.now()
        at, source = now.isoformat(timespec="seconds"), f"Athena {self._database}.{self._table}"
        answer = self._ask(athena_question(self._table, month))
        rows = [tuple(row) for row in answer.itertuples(index=False)]
        if not rows:
            return not_ready(month, source, at)
        return bill_of(month, rows, settled=month.settled(now), source=source, read_at=at)

    def _ask(self, sql: str) -> Any:
        try:
            import awswrangler
        except ImportError:
            raise NoEngine("Athena is asked by awswrangler, which is not installed.", NoEngine.exports) from None
        for service in ("athena", "glue", "s3", "sts"):  # an emulator's bills are not asked of AWS
            setattr(awswrangler.config, f"{service}_endpoint_url", self._aws.endpoint)
        try:
            return awswrangler.athena.read_sql_query(
                sql, self._database, ctas_approach=False, unload_approach=True, s3_output=self._output,
                boto3_session=self._aws.session_for_library(),
            )  # fmt: skip
        except Exception as error:  # it raises what botocore, pyarrow and itself raise
            raise CouldNotRead(f"Athena: {type(error).__name__}: {error}", NoEngine.athena) from None


def athena_question(table: str, month: Month) -> str:
    """The SQL for a table partitioned by billing period, as AWS's own crawler makes it of a data export."""
    return question(f'"{table}"', DECIMALS, where=f"billing_period = '{month}'")
