"""AWS calls that read what of the organization only the inventory needs."""

from orgkit.aws.session import Connection
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.organization.adoption_aws import read_to_adopt


def read_inventory(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read delegated administrators, the tags of the root, and the organization's resource policy."""
    return read_to_adopt(aws, observed, "") if observed.organization else observed
