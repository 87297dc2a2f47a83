"""A file of bills for the sandbox: CSV, a row for each amount of an account in a month."""

import csv
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path

from orgkit.errors import InvalidBills

COLUMNS = ("month", "account", "service", "record_type", "amount")
# Those that Cost Explorer is known to have.
RECORD_TYPES = (
    "Credit", "DiscountedUsage", "Other", "Recurring", "Refund", "RIFee", "SavingsPlanCoveredUsage",
    "SavingsPlanNegation", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee", "Support", "Tax", "Upfront", "Usage",
)  # fmt: skip
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
LIMIT, DECIMALS = (
    Decimal(10) ** 15,
    20,
)  # larger amounts are not a real bill: 1e400000 would be written out digit by digit
AMOUNT = f"write USD: 1.25; credits are negative. It is less than {LIMIT:f}, with at most {DECIMALS} decimals."


def read_bills(file: Path) -> list[dict[str, str]]:
    """Read every row of the file; raise InvalidBills with the line and the fix of the first error."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidBills(f"{file} cannot be read: {error}", "name a CSV file in UTF-8.") from None
    reader = csv.DictReader(text.splitlines(), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise InvalidBills(f"the first line of {file} is not the header.", f"begin it with: {','.join(COLUMNS)}")
    try:
        return [_check_row(row, f"{file}, line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise InvalidBills(f"{file}, line {reader.line_num}: {error}", "write it as a spreadsheet would.") from None


def _check_row(row: dict[str, str], location: str) -> dict[str, str]:
    if None in row or None in row.values():
        raise InvalidBills(f"{location} has not {len(COLUMNS)} cells.", f"write: {','.join(COLUMNS)}")
    if not MONTH.fullmatch(row["month"]):
        raise InvalidBills(f"{location}: {row['month']!r} is not a month.", "write it as 2026-10.")
    if not row["account"] or not row["service"]:
        raise InvalidBills(f"{location} has no account or no service.", "name both; an account by its id or its name.")
    if row["record_type"] not in RECORD_TYPES:
        raise InvalidBills(
            f"{location}: {row['record_type']!r} is not a record type.", f"one of {', '.join(RECORD_TYPES)}."
        )
    if not _is_amount(row["amount"]):
        raise InvalidBills(f"{location}: {row['amount'][:40]!r} is not an amount.", AMOUNT)
    return row


def _is_amount(text: str) -> bool:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return False
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and -DECIMALS <= exponent <= 15 and -LIMIT < amount < LIMIT
