"""Phase 15: change root emails of member accounts, each with its one-time code."""

from orgkit.phases.descriptor import Phase
from orgkit.phases.root_emails.evidence import EVIDENCE
from orgkit.phases.root_emails.planner import is_requested, plan
from orgkit.phases.root_emails.steps import READS, AcceptEmailChange, StartEmailChange

PHASE = Phase(
    number="15",
    name="root-emails",
    title="Change root emails of member accounts, each with its one-time code",
    label="emails",
    requires=("organization", "accounts"),
    reads=READS,
    steps=(StartEmailChange, AcceptEmailChange),
    evidence=EVIDENCE,
    planner=plan,
    in_bootstrap=False,
    is_requested=is_requested,
    request_hint="an account of the file has email_changed_from",
)
