"""AWS calls that read the invitations of an organization that is adopted."""

from orgkit.aws.session import Connection
from orgkit.model.observed import Observed
from orgkit.phases.account_imports.aws import read_handshakes
from orgkit.phases.account_imports.facts import ImportFacts


def read_to_adopt(aws: Connection, observed: Observed, read_role: str) -> Observed:
    """Read every invitation that the organization sent."""
    return observed.with_facts(ImportFacts(read_handshakes(aws)))
