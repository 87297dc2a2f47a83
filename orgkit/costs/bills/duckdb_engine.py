"""DuckDB reads a month of a data export where it lies: in less than a gigabyte of memory, however large it is."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from orgkit.costs.bills.export_sql import COLUMNS, OPTIONAL_COLUMNS, PAYER, PERIOD, STATUS, question
from orgkit.costs.bills.snapshots import names
from orgkit.errors import InvalidExport, require_packages
from orgkit.sanitize.terminal import flat

if TYPE_CHECKING:
    import duckdb

MEMORY = "600MB"
FILES = "read_parquet($1, union_by_name = true, hive_partitioning = false, binary_as_string = true)"
EXACT_SUM = "fsum({})"  # Kahan's sum: as exact as the doubles are, at the price of a plain one
DECIMAL_SUM = "sum({})"
NUMBERS = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DECIMAL\(.*\))$")
MONEY = "DECIMAL(38, 12)"
NO_VALUES = '"NULL"'  # the type of a column in which no row of a file has a value
LIST = ("ListCost",)


class DuckDb:
    """A query of some Parquet files; leaving the context frees memory and disk.

    DuckDB reads a path as a pattern. It gets links with names that orgkit chooses, so that no character in the name of
    a file or a folder above it can match another file.
    """

    def __init__(self, files: Mapping[Path, str]) -> None:
        """`files`: the path of each, and the name to show for it."""
        require_packages('source = "duckdb"', "duckdb")
        import duckdb

        self._error = duckdb.Error
        self._folder = TemporaryDirectory(prefix="orgkit-")
        folder = Path(self._folder.name)
        self._names: dict[str, str] = {}
        self._types: dict[str, str] = {}
        for number, (path, name) in enumerate(files.items()):
            link = folder / f"{number:06}.parquet"
            link.symlink_to(path.absolute())
            self._names[_literal(str(link))] = name
        self._engine = duckdb.connect()
        self._engine.execute(f"SET memory_limit = '{MEMORY}'")
        self._engine.execute("SET preserve_insertion_order = false")
        self._engine.execute("SET temp_directory = $1", [str(folder / "spill")])

    def __enter__(self) -> "DuckDb":
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()
        self._folder.cleanup()

    def ask(self) -> list[tuple[Any, ...]]:
        """Return the rows of `export_sql.question`. Raises InvalidExport, with the file, for an invalid export."""
        paths = list(self._names)
        try:
            types = self._types = self._columns(paths)
            if missing := [name for name in COLUMNS if name not in types]:
                raise InvalidExport(f"there is no column {', '.join(missing)}.", InvalidExport.remedy_for_columns)
            self._check_each(types)
            values = {name: self._amount(name, types[name]) for name in ("BilledCost", *LIST) if name in types}
            values |= {name: f"CAST({name} AS VARCHAR)" for name in (STATUS, PAYER)}  # all NULL: of any type
            if types.get(PERIOD) == "TIMESTAMP WITH TIME ZONE":
                values[PERIOD] = f"make_timestamp(epoch_us({PERIOD}))"  # in UTC, wherever this machine is
            exact = types["BilledCost"] in ("DOUBLE", "FLOAT")
            present = [name for name in OPTIONAL_COLUMNS if name in types]
            sql = question(FILES, EXACT_SUM if exact else DECIMAL_SUM, columns=present, values=values)
            return self._engine.execute(sql, [paths]).fetchall()
        except self._error as error:
            raise self._refusal(error) from None

    @property
    def has_list_cost(self) -> bool:
        """Whether the files have list prices, as `ask` has found."""
        return "ListCost" in self._types

    def file_with(self, column: str, value: Any) -> str:
        """The name of a file with a row of this value; of any file where none has it as it stands."""
        condition = f"CAST({column} AS VARCHAR) IS NOT DISTINCT FROM CAST($2 AS VARCHAR)"
        if column == "BilledCost":  # the value is a sum: its file has a row beyond every bill
            condition = "NOT coalesce(abs(TRY_CAST(BilledCost AS DOUBLE)) < 1e15, TRUE) OR $2 IS NULL"
        for path, name in self._names.items():
            sql = f"SELECT count(*) FROM {FILES} WHERE {condition}"  # noqa: S608
            row = self._engine.execute(sql, [[path], None if value is None else str(value)]).fetchone()
            if row and row[0]:
                return name
        return names(list(self._names.values()))

    def _columns(self, paths: Sequence[str]) -> dict[str, str]:
        """The columns that orgkit knows, in FOCUS's spelling, and their types: Glue and Athena write small letters."""
        described = self._engine.execute(f"DESCRIBE SELECT * FROM {FILES}", [paths]).fetchall()  # noqa: S608
        known = {name.lower(): name for name in (*COLUMNS, *OPTIONAL_COLUMNS)}
        return {known[row[0].lower()]: row[1] for row in described if row[0].lower() in known}

    def _check_each(self, common_types: Mapping[str, str]) -> None:
        """Raise InvalidExport for one file of several that lacks a column, or has no amounts in it."""
        for path in self._names:
            types = self._columns([path])
            if missing := [name for name in COLUMNS if name not in types]:
                raise InvalidExport(
                    f"{flat(self._names[path])} has no column {', '.join(missing)}.", InvalidExport.remedy_for_columns
                )
            if types["SubAccountId"] == "FLOAT":
                raise InvalidExport(
                    f"{flat(self._names[path])}: SubAccountId is a number of 32 bits, which cannot hold twelve digits.",
                    InvalidExport.remedy_for_columns,
                )
            for name in ("BilledCost", *LIST):
                if name in types and not _is_amount_type(types[name]):
                    raise InvalidExport(
                        f"{flat(self._names[path])}: {name} is of type {types[name]}.", InvalidExport.remedy_for_columns
                    )
                if name in types and common_types[name] == "VARCHAR":
                    self._check_text(path, name)

    def _check_text(self, path: str, column: str) -> None:
        text = f"trim(CAST({column} AS VARCHAR))"
        sql = f"SELECT {text} FROM {FILES} WHERE {text} <> '' AND TRY_CAST({text} AS {MONEY}) IS NULL LIMIT 1"  # noqa: S608
        if row := self._engine.execute(sql, [[path]]).fetchone():
            raise InvalidExport(
                f"{flat(self._names[path])}: {column} {flat(row[0])[:40]!r} is not an amount.",
                InvalidExport.remedy_for_rows,
            )

    @staticmethod
    def _amount(column: str, type_: str) -> str:
        """Return the expression that reads a column of amounts, whose sum is exact; empty text is not an amount."""
        if type_ == "DOUBLE":
            return column
        if type_ == "FLOAT":
            return f"CAST({column} AS DOUBLE)"
        return f"TRY_CAST({column} AS {MONEY})" if type_ == "VARCHAR" else f"CAST({column} AS {MONEY})"

    def _refusal(self, error: "duckdb.Error") -> InvalidExport:
        """The error with the file that causes it: DuckDB does not always say which."""
        message = str(error).splitlines()[0]
        for path, name in self._names.items():
            try:
                self._engine.execute(f"SELECT {', '.join(COLUMNS)} FROM {FILES}", [[path]]).fetchmany(1)  # noqa: S608
            except self._error as own_error:
                message = str(own_error).splitlines()[0].replace(path, Path(name).name)
                return InvalidExport(
                    f"DuckDB cannot read {flat(name)}: {flat(message)}", InvalidExport.remedy_for_columns
                )
        return InvalidExport(
            f"DuckDB cannot read {names(list(self._names.values()))}: {flat(message)}",
            InvalidExport.remedy_for_columns,
        )


def _is_amount_type(type_: str) -> bool:
    return type_ in ("DOUBLE", "FLOAT", "VARCHAR", NO_VALUES) or bool(NUMBERS.match(type_))


def _literal(path: str) -> str:
    """A path as a pattern that matches it alone: of the temporary folder, whose place the user chooses."""
    return re.sub(r"([*?\[])", r"[\1]", path)
