"""Bills from a FOCUS data export whose table Athena knows."""

import re
from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any

from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.costs.bills.bill import Bill
from orgkit.costs.bills.export_files import manifests_of
from orgkit.costs.bills.export_sql import (
    LIST_COST,
    OPTIONAL_COLUMNS,
    WITHOUT_LIST_COST,
    bill_of,
    not_ready,
    question,
)
from orgkit.costs.bills.exports_aws import stored_content, stored_files
from orgkit.costs.bills.month import Month
from orgkit.costs.bills.snapshots import Snapshot, manifest_folder, newest
from orgkit.errors import CouldNotRead, InvalidExport, require_packages

TRY_IN_CONSOLE = "try the query in Athena's console; [billing] of the parameters file names table and output."
DECIMALS = "sum(CAST({} AS DECIMAL(38, 12)))"
UNKNOWN_COLUMN = r"COLUMN_NOT_FOUND.*\b{}\b"  # Trino's name of the error, which Athena answers with


class AthenaBills:
    """From a table that Athena knows: it answers with UNLOAD, into `output`, and so writes there."""

    def __init__(self, aws: Connection, table: str, output: str, payer: str = "") -> None:
        self._aws, self._output, self._payer = aws, output, payer
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
        manifests, remarks = self._manifests(files, month)
        snapshot = newest(files, month, manifests=manifests)
        if snapshot is None:
            raise InvalidExport(f"the rows of {month} lie in {files[0]}.", InvalidExport.remedy_for_path)
        left_out = [file for file in files if file.startswith(f"{snapshot.folder}/") and file not in snapshot.files]
        rows, notes = self._rows(month, snapshot, left_out)
        return bill_of(
            month, rows, delivered=snapshot.delivery_time or self._write_time(snapshot), now=now, source=source,
            payer=self._payer, notes=(*remarks, *snapshot.notes, *notes), is_whole=snapshot.is_whole,
        )  # fmt: skip

    def _rows(
        self, month: Month, snapshot: Snapshot, left_out: list[str]
    ) -> tuple[list[tuple[Any, ...]], tuple[str, ...]]:
        """Return the result of the query, sent again without each optional column that Athena says the table lacks."""
        columns = list(OPTIONAL_COLUMNS)
        while True:
            try:
                rows = self._ask(athena_question(self._table, month, snapshot.folder, left_out, columns))
            except CouldNotRead as error:
                unknown = [name for name in columns if re.search(UNKNOWN_COLUMN.format(name), error.reason, re.I)]
                if not unknown:
                    raise
                columns.remove(unknown[0])
            else:
                return rows, () if LIST_COST in columns else (WITHOUT_LIST_COST,)

    def _manifests(self, files: list[str], month: Month) -> tuple[dict[str, list[str]], list[str]]:
        """Return what the manifests next to the table's files list; the caller may have no right to read the bucket."""
        folders = {folder for file in files if (folder := manifest_folder(file))}
        try:
            stored = [file for folder in sorted(folders) for file in stored_files(self._aws, folder).files]
            return manifests_of(stored, month, partial(stored_content, self._aws))
        except Rejected as rejection:
            return {}, [f"Whether the delivery is whole is not known, since its manifest cannot be read: {rejection}."]

    def _write_time(self, snapshot: Snapshot) -> datetime | None:
        """Return when the oldest file was written; None without a right to list the files (Lake Formation)."""
        try:
            write_times = stored_files(self._aws, snapshot.folder).files
        except Rejected:
            return None
        return min((at for file, at in write_times.items() if file in snapshot.files), default=None)

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        require_packages('source = "athena"', "awswrangler")
        import awswrangler

        for service in ("athena", "glue", "s3", "sts"):  # an emulator's bills must not be read from AWS
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
    """Return the SQL for the files with a table's rows of a month; it reads no column."""
    return f'SELECT DISTINCT "$path" AS path FROM "{table}" WHERE {_billing_period(month)}'  # noqa: S608


def athena_question(
    table: str, month: Month, folder: str, left_out: Collection[str] = (), columns: Collection[str] = OPTIONAL_COLUMNS
) -> str:
    """The SQL for a table partitioned by billing period, as AWS's own crawler makes it.

    Args:
        table: Its name.
        month: The billing period.
        folder: Of the delivery to read.
        left_out: Files of it that are copies of others.
        columns: The optional columns that the table has.
    """
    prefix = _quoted(folder)[1:-1]
    # A range, by which Athena can leave out files before it opens them; "0" is what follows "/".
    condition = f"\"$path\" > '{prefix}/' AND \"$path\" < '{prefix}0'"
    if left_out:
        condition += f' AND "$path" NOT IN ({", ".join(map(_quoted, sorted(left_out)))})'
    return question(f'"{table}"', DECIMALS, columns=columns, condition=f"{_billing_period(month)} AND {condition}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _billing_period(month: Month) -> str:
    return f"billing_period = '{month}'"
