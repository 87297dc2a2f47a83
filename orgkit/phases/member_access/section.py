"""`[members]`: whether orgkit makes a role in member accounts, through which it reads them."""

from dataclasses import dataclass

from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import SectionModel


@dataclass(frozen=True)
class MembersSpec:
    """`[members]`."""

    read_role: bool = True  # False: orgkit makes no role in member accounts, and looks into none of them


class MembersModel(SectionModel):
    """`[members]`."""

    read_role: bool = True


def build(model: MembersModel, _: Defaults) -> MembersSpec:
    """Return the frozen value."""
    return MembersSpec(model.read_role)


SECTION = Section("members", MembersModel, build, MembersModel())
