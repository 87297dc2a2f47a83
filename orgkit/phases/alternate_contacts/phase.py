"""Phase 14: set the alternate contacts of every account."""

from orgkit.phases.alternate_contacts.evidence import EVIDENCE
from orgkit.phases.alternate_contacts.planner import plan
from orgkit.phases.alternate_contacts.section import SECTION
from orgkit.phases.alternate_contacts.spec import ContactsSpec
from orgkit.phases.alternate_contacts.steps import READS, SetContact
from orgkit.phases.descriptor import Phase

PHASE = Phase(
    number="14",
    name="alternate-contacts",
    title="Set the alternate contacts of every account",
    label="contacts",
    requires=("organization", "accounts"),
    reads=READS,
    section=SECTION,
    steps=(SetContact,),
    evidence=EVIDENCE,
    planner=plan,
    in_bootstrap=False,
    is_requested=lambda desired: not desired.section(ContactsSpec).is_empty,
    request_hint="[contacts] of the file names contacts",
)
