"""Phase 02: create and rename the organizational units."""

from orgkit.phases.descriptor import Phase
from orgkit.phases.organizational_units.adoption import adopt
from orgkit.phases.organizational_units.evidence import EVIDENCE
from orgkit.phases.organizational_units.handover import HANDOVER
from orgkit.phases.organizational_units.inventory import INVENTORY
from orgkit.phases.organizational_units.planner import plan
from orgkit.phases.organizational_units.section import SECTION
from orgkit.phases.organizational_units.steps import CreateUnit, RenameUnit, TagUnit

PHASE = Phase(
    number="02",
    name="organizational-units",
    title="Create the organizational units",
    label="units",
    requires=("organization",),
    section=SECTION,
    steps=(
        CreateUnit,
        RenameUnit,
        TagUnit,
    ),
    evidence=EVIDENCE,
    planner=plan,
    handover=HANDOVER,
    adopt=adopt,
    inventory=INVENTORY,
)
