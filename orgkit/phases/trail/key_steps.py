"""The step of phase 05 that gives a key its alias again."""

from typing import ClassVar

from orgkit.dataclass import dataclass
from orgkit.model.plan import ABSENT
from orgkit.phases.trail.steps import AboutKey


@dataclass(frozen=True, kw_only=True)
class CreateAlias(AboutKey):
    """Give the key that the trail uses its alias again."""

    kind: ClassVar = "create-alias"
    cost_note: ClassVar = "an alias costs nothing"
    actions: ClassVar = ("sts:AssumeRole", "kms:DescribeKey", "kms:CreateAlias")
    starts_from: str = ABSENT
    key_arn: str
    trail: str

    @property
    def sentence(self) -> str:
        key = f"KMS key {self.key_arn}, which trail {self.trail} or its bucket uses"
        return f"give {key}, the alias {self.key_alias} {self.location}"
