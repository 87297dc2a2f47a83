"""Reading an organization for its hand-over; nothing is changed."""

from orgkit.aws.advice import could_not_read
from orgkit.aws.rejections import Rejected
from orgkit.aws.session import Connection
from orgkit.engine.observe import observe
from orgkit.errors import OutOfOrder
from orgkit.handover.member_roles_aws import read_member_roles
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.phases.registry import load_handover, phases_for, plan


def read_for_handover(aws: Connection, desired: Desired, *, may_be_open: bool = False) -> Observed:
    """Read what the phases read, and what Terraform has to be given in addition.

    Args:
        aws: A connection as the management account.
        desired: The parameters file.
        may_be_open: Whether phases may have steps left, as where files are written again: they hold what AWS has.

    Raises:
        OutOfOrder: There is no organization, or a phase has steps left.
        CouldNotRead: Something could not be read; Terraform would change what its file leaves out.
    """
    observed = observe(aws, desired, findings=False)
    if observed.organization is None:
        raise OutOfOrder("the organization does not exist yet.", "run the phases first: `orgkit apply FILE`.")
    if not may_be_open:
        _refuse_open_steps(observed, desired)
    try:
        for phase in phases_for(desired):
            if read := load_handover(phase):
                observed = read(aws, desired, observed)
        observed = read_member_roles(aws, desired, observed)
    except Rejected as rejection:
        raise could_not_read(rejection) from None
    return observed


def _refuse_open_steps(observed: Observed, desired: Desired) -> None:
    """Refuse while orgkit has something to change: Terraform would be given what is about to change."""
    phases = [phase for phase in phases_for(desired) if phase.changes]
    open_phases = [phase.run_label for phase in phases if plan(phase.label, observed, desired).steps]
    if open_phases:
        raise OutOfOrder(
            f"orgkit has steps left in {', '.join(open_phases)}.", "apply them first: `orgkit plan FILE` shows them."
        )
