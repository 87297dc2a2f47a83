"""`[members]`: whether orgkit makes a role in member accounts, through which it reads them."""

from collections.abc import Iterator

from orgkit.phases.member_access.spec import MembersSpec
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, section
from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import SectionModel


class MembersModel(SectionModel):
    """`[members]`."""

    read_role: bool = True


def build(model: MembersModel, _: Defaults) -> MembersSpec:
    """Return the frozen value."""
    return MembersSpec(model.read_role)


def state_backend(raw: Raw) -> Iterator[Violation]:
    """Report a state backend, which is read through the read role in its account."""
    if section(raw, "members").get("read_role") is False and "account" in section(raw, "state_backend"):
        yield ("members", "read_role"), "is false, and [state_backend] needs that role in its account: write true."


SECTION = Section("members", MembersModel, build, MembersModel(), (state_backend,))
