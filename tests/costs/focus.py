"""Small and large FOCUS 1.2 exports, as AWS Data Exports lays them out: made by rule, the same each time."""

from decimal import Decimal
from pathlib import Path

import duckdb

# A row for each account, service, resource and day; one in fifty is a credit, one in a thousand a tax.
ROWS = """
SELECT
  '999999999999' AS BillingAccountId, 'AWS' AS ProviderName, NULL::VARCHAR AS CommitmentDiscountStatus,
  'USD' AS BillingCurrency,
  TIMESTAMP '2026-10-01' AS BillingPeriodStart, TIMESTAMP '2026-11-01' AS BillingPeriodEnd,
  CASE WHEN i % 1000 = 7 THEN 'Tax' WHEN i % 50 = 3 THEN 'Credit' ELSE 'Usage' END AS ChargeCategory,
  TIMESTAMP '2026-10-01' + INTERVAL 1 DAY * (i // ({accounts} * {services}) % 31) AS ChargePeriodStart,
  'resource-' || (hash(i) % 100000)::VARCHAR AS ResourceId,
  ['us-east-1', 'eu-central-1', 'eu-west-1'][1 + i % 3] AS RegionId,
  (hash(i) % 900 + 100)::DOUBLE / 7 AS ConsumedQuantity,
  lpad((100000000000 + i % {accounts})::VARCHAR, 12, '0') AS SubAccountId,
  CASE s WHEN 0 THEN 'AWS Config' WHEN 1 THEN 'Amazon Simple Storage Service' ELSE 'Service ' || s END AS ServiceName,
  CASE s WHEN 0 THEN 'AWSConfig' WHEN 1 THEN 'AmazonS3' ELSE 'AWSService' || s END AS x_ServiceCode,
  round(CASE WHEN i % 1000 <> 7 AND i % 50 = 3 THEN -1 ELSE 1 END * (hash(i) % 1000000)::DOUBLE / 1e8, 8) AS BilledCost,
  round((hash(i) % 1000000)::DOUBLE / 1e8, 8) AS ListCost
FROM (SELECT range AS i, (range // {accounts}) % {services} AS s FROM range({first}, {last}))
"""


def write_export(folder: Path, rows: int, *, accounts: int = 5, services: int = 4, files: int = 1) -> list[Path]:
    """Parquet files below `folder`; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(files):
        first, last = rows * number // files, rows * (number + 1) // files
        sql = ROWS.format(accounts=accounts, services=services, first=first, last=last)
        made.append(folder / f"focus-{number:05}.snappy.parquet")
        duckdb.sql(f"COPY ({sql}) TO '{made[-1]}' (FORMAT parquet)")
    return made


def totals(files: list[Path]) -> dict[tuple[str, str, str], Decimal]:
    """The same sums by plain Python: account, service and kind of charge, from every row as it was written."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for file in files:
        sql = f"SELECT SubAccountId, ServiceName, ChargeCategory, BilledCost FROM '{file}'"
        for account, service, category, cost in duckdb.sql(sql).fetchall():
            place = (account, service, category)
            sums[place] = sums.get(place, Decimal(0)) + Decimal(repr(cost))
    return sums


def table_of(folders: dict[str, list[Path]]) -> str:
    """The SQL of what Athena makes of the files, as if they lay in those folders: with their paths, and their month."""
    selects = [
        f"""SELECT *, '{folder}/{file.name}' AS "$path", coalesce(nullif(regexp_extract('{folder}',
            'BILLING_PERIOD=([0-9-]+)', 1), ''), '2026-10') AS billing_period FROM '{file}'"""
        for folder, files in folders.items()
        for file in files
    ]
    return " UNION ALL BY NAME ".join(selects)
