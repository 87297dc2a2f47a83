"""`[billing]`: where actual costs are read, and who is notified when they grow."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.model.desired import KEY_TAG
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, section
from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import Email, SectionModel

REQUIRED_KEYS = {"duckdb": ("place",), "athena": ("table", "output")}  # keys that a source of bills cannot do without


class BillingModel(SectionModel):
    """`[billing]`: where actual costs are read, and who is notified when they grow."""

    source: Literal["cost_explorer", "duckdb", "athena"] = "cost_explorer"
    place: str = ""
    table: Annotated[str, Field(pattern=r"^([A-Za-z0-9_]{1,128}\.[A-Za-z0-9_]{1,128})?$")] = ""
    alerts: Annotated[list[Email], Field(max_length=10)] = []
    cost_allocation_tags: list[Annotated[str, Field(min_length=1, max_length=128)]] = [KEY_TAG]
    output: Annotated[str, Field(pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.*)?$")] = ""


def build(model: BillingModel, defaults: Defaults) -> BillingSpec:
    """Return the frozen value, without repetitions."""
    alerts, tags = tuple(dict.fromkeys(model.alerts)), tuple(dict.fromkeys(model.cost_allocation_tags))
    return BillingSpec(model.source, model.place, model.table, model.output, alerts, tags)


def source_without_place(raw: Raw) -> Iterator[Violation]:
    """Report a required key that a source of bills lacks."""
    billing = section(raw, "billing")
    for name in REQUIRED_KEYS.get(str(billing.get("source")), ()):
        if not billing.get(name):
            yield (
                ("billing", name),
                f"is missing, and source is {billing['source']!r}. Write where the export is.",
            )


SECTION = Section("billing", BillingModel, build, BillingModel(), (source_without_place,))
