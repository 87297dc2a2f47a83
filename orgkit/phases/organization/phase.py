"""Phase 01: create the organization and enable what it needs."""

from orgkit.phases.descriptor import Phase
from orgkit.phases.management_account.findings import READS
from orgkit.phases.organization.adoption import adopt
from orgkit.phases.organization.evidence import EVIDENCE
from orgkit.phases.organization.handover import HANDOVER
from orgkit.phases.organization.inventory import INVENTORY
from orgkit.phases.organization.planner import plan
from orgkit.phases.organization.section import SECTION
from orgkit.phases.organization.steps import (
    CreateOrganization,
    EnablePolicyType,
    EnableRootFeature,
    EnableTrustedAccess,
)

PHASE = Phase(
    number="01",
    name="organization",
    title="Create the organization and enable what it needs",
    label="organization",
    requires=("management-account",),
    reads=READS,  # without an organization yet, its creation depends on the checks of 00
    section=SECTION,
    steps=(
        CreateOrganization,
        EnableTrustedAccess,
        EnablePolicyType,
        EnableRootFeature,
    ),
    evidence=EVIDENCE,
    planner=plan,
    handover=HANDOVER,
    adopt=adopt,
    inventory=INVENTORY,
)
