"""AWS calls that read budgets, monitors and alerts, for the inventory."""

from orgkit.aws.session import Connection
from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.billing.adoption_aws import read_to_adopt


def read_inventory(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read them where the file asks for alerts: AWS charges each request to Cost Explorer."""
    wants_alerts = bool(desired.section(BillingSpec).alerts)
    return read_to_adopt(aws, observed, "") if observed.organization and wants_alerts else observed
