"""What the file says of the role in member accounts, as a frozen value."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MembersSpec:
    """`[members]`."""

    read_role: bool = True  # False: orgkit makes no role in member accounts, and looks into none of them
