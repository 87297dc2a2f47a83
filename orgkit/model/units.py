"""The steps of phase 02: organizational units and their tags."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.desired import UnitPath
from orgkit.plan import Step


@dataclass(frozen=True, kw_only=True)
class CreateUnit(Step):
    """Make one organizational unit under its parent, with its tags."""

    actions: ClassVar = ("organizations:CreateOrganizationalUnit", "organizations:TagResource")
    path: UnitPath
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"create organizational unit {self.path}"

    @property
    def subject(self) -> str:
        return self.path

    @property
    def leans_on(self) -> tuple[str, ...]:
        """Itself and every unit above it."""
        names = self.path.split("/")
        return tuple("/".join(names[:depth]) for depth in range(1, len(names) + 1))


@dataclass(frozen=True, kw_only=True)
class TagUnit(Step):
    """Set tags of an organizational unit; other tags stay."""

    sign: ClassVar = "~"
    actions: ClassVar = ("organizations:TagResource",)
    path: UnitPath
    tags: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        return f"tag organizational unit {self.path}: " + ", ".join(f"{key}={value}" for key, value in self.tags)

    @property
    def subject(self) -> str:
        return self.path
