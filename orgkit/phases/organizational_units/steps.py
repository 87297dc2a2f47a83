"""The steps of phase 02: organizational units, their names and their tags."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.desired import UnitPath, format_path
from orgkit.model.plan import ABSENT, Step
from orgkit.sanitize.names import mark_lookalikes


@dataclass(frozen=True, kw_only=True)
class CreateUnit(Step):
    """Make one organizational unit under its parent, with its tags."""

    kind: ClassVar = "create-unit"
    cost_note: ClassVar = "organizational units cost nothing"
    actions: ClassVar = (
        "organizations:ListOrganizationalUnitsForParent", "organizations:CreateOrganizationalUnit",
        "organizations:TagResource",
    )  # fmt: skip
    starts_from: str = ABSENT
    path: UnitPath
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"create organizational unit {format_path(self.path)}"

    @property
    def group(self) -> str:
        return "create organizational units"

    @property
    def subject(self) -> str:
        return format_path(self.path)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Itself and every unit above it."""
        return tuple(format_path(self.path[:depth]) for depth in range(1, len(self.path) + 1))


@dataclass(frozen=True, kw_only=True)
class RenameUnit(Step):
    """Rename an organizational unit in place; it starts from its id and its name.

    The id stays, and with it everything that refers to the unit: policies, StackSets, shares, conditions on paths.
    """

    kind: ClassVar = "rename-unit"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "organizational units cost nothing"
    actions: ClassVar = ("organizations:DescribeOrganizationalUnit", "organizations:UpdateOrganizationalUnit")
    path: UnitPath  # that it has afterwards
    former_name: str

    @property
    def former_path(self) -> UnitPath:
        """Its path before this step, when the units above it have been renamed."""
        return (*self.path[:-1], self.former_name)

    @property
    def sentence(self) -> str:
        former_path = format_path((*self.path[:-1], mark_lookalikes(self.former_name)))
        return (
            f"rename organizational unit {former_path} to {format_path(self.path)}: its id, its accounts and its "
            "policies stay"
        )

    @property
    def subject(self) -> str:
        return format_path(self.path)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Itself and every unit above it."""
        return tuple(format_path(self.path[:depth]) for depth in range(1, len(self.path) + 1))


@dataclass(frozen=True, kw_only=True)
class TagUnit(Step):
    """Set tags of an organizational unit; other tags stay."""

    kind: ClassVar = "tag-unit"
    symbol: ClassVar = "~"
    cost_note: ClassVar = "tags cost nothing"
    actions: ClassVar = ("organizations:ListTagsForResource", "organizations:TagResource")
    path: UnitPath
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        tags = ", ".join(f"{key}={value}" for key, value in self.tags)
        return f"tag organizational unit {format_path(self.path)}: {tags}"

    @property
    def group(self) -> str:
        if self.starts_from != ABSENT:
            return ""
        return f"tag organizational units: {', '.join(key for key, _ in self.tags)}"

    @property
    def subject(self) -> str:
        return format_path(self.path)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Itself and every unit above it, which may have to be renamed first."""
        return tuple(format_path(self.path[:depth]) for depth in range(1, len(self.path) + 1))
