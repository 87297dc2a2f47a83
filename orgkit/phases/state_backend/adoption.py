"""`[state_backend]`: AWS does not say which bucket is one, so that this is listed and never entered."""

from orgkit.model.observed import Observed
from orgkit.phases.adopted import Adopted, Unexpressed
from orgkit.phases.schema.raw import Raw

NOT_KNOWN = Unexpressed(
    "a bucket for the state of Terraform or OpenTofu, and roles that use it",
    "AWS marks no bucket as one, and orgkit looks for none: to let 09-state-backend compare or make it, write "
    "[state_backend] with its account",
)


def adopt(_observed: Observed, _raw: Raw) -> Adopted:
    """Return no section, and that there may be such a bucket."""
    return Adopted(not_expressed=(NOT_KNOWN,))
