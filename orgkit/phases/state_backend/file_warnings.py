"""What to know of a file whose state backend is valid."""

from collections.abc import Iterator

from orgkit.model.desired import Desired
from orgkit.model.state_backend import StateBackendSpec


def file_warnings(desired: Desired) -> Iterator[str]:
    """Yield what no call of orgkit can check."""
    spec = desired.section(StateBackendSpec)
    if spec.kms_key:
        yield (
            f"state_backend: whether the policy of KMS key {spec.kms_key} lets account {spec.account} use it is not "
            "checked. It must allow kms:Decrypt and kms:GenerateDataKey to those who plan and apply."
        )
