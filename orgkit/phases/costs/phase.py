"""Phase 06: estimate the costs per account and month."""

from typing import TYPE_CHECKING

from orgkit.phases.descriptor import Phase

if TYPE_CHECKING:
    from orgkit.phases.schema.section import Section


def _section() -> "Section":
    from orgkit.phases.costs.section import SECTION

    return SECTION


PHASE = Phase(
    number="06",
    name="costs",
    title="Estimate the costs per account and month",
    label="costs",
    load_section=_section,
)
