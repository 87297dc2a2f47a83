"""AWS calls that read every policy of the organization, for the inventory."""

from orgkit.aws.session import Connection
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.policies.adoption_aws import read_to_adopt


def read_inventory(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the policies of each type that is enabled, with documents, tags and attachments."""
    return read_to_adopt(aws, observed, "") if observed.organization else observed
