"""`[billing]` as a frozen value."""

from orgkit.dataclass import dataclass
from orgkit.model.desired import KEY_TAG


@dataclass(frozen=True)
class BillingSpec:
    """`[billing]`: where actual costs are read, and who gets alerts; what a source does not need is ""."""

    source: str = "cost_explorer"  # or "duckdb" or "athena"
    place: str = ""  # of a data export's files: a folder, or s3://bucket/prefix
    table: str = ""  # of Athena: database.table
    output: str = ""  # of Athena: s3://bucket/prefix
    alerts: tuple[str, ...] = ()  # emails
    cost_allocation_tags: tuple[str, ...] = (KEY_TAG,)
