"""A plan: the target, the ordered steps that a person approves, and the digest that stands for both."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

SCHEMA = 1


@dataclass(frozen=True)
class Target:
    """Where a plan would be applied: one organization of one account, on AWS or on an emulator."""

    account: str
    organization: str | None
    partition: str
    kind: str  # "aws" | "emulator"

    def __str__(self) -> str:
        where = "AWS" if self.kind == "aws" else "an emulator"
        whose = f"organization {self.organization}" if self.organization else "no organization yet"
        return f"{where}, account {self.account}, {whose}"


@dataclass(frozen=True, kw_only=True)
class Step(ABC):
    """One change that orgkit can make to AWS, small enough to be approved as one sentence."""

    sign: ClassVar[str] = "+"  # + makes, ~ changes
    actions: ClassVar[tuple[str, ...]] = ()  # IAM actions that it needs
    entered_for: ClassVar[tuple[str, ...]] = ()  # prefixes of those that it needs in another account
    concurrent: ClassVar[bool] = False  # may run beside the steps of its own kind next to it
    rests_on: tuple[str, ...] = ()  # observed facts that time and this plan's own steps leave alone
    why: str = field(default="", compare=False)  # told to a person, no part of the digest

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What a person approves."""

    @property
    def subject(self) -> str:
        """What it is about."""
        return ""

    @property
    def leans_on(self) -> tuple[str, ...]:
        """The subjects whose failure leaves this step undone; its own by default."""
        return (self.subject,)

    @classmethod
    def inside(cls) -> tuple[str, ...]:
        """The part of `actions` that is needed in another account, as a role of that account or as its owner."""
        return tuple(action for action in cls.actions if action.startswith(cls.entered_for))

    def facts(self) -> dict[str, Any]:
        """The digested part: the name of the step and its fields."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.compare}
        return {"step": type(self).__name__, "sentence": self.sentence, **_plain(values)}


@dataclass(frozen=True)
class Waiting:
    """What only somebody else can do, and the commands with which they do it."""

    what: str
    who: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What one phase would change, in order, and what stands beside it for a person to see."""

    phase: str
    target: Target
    steps: tuple[Step, ...] = ()
    needs: tuple[str, ...] = ()  # what an earlier phase has to make first
    waiting: tuple[Waiting, ...] = ()
    unmanaged: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()  # what phase 00 found that has to be mended first

    @property
    def canonical(self) -> bytes:
        """The bytes of plan.json: no clock, no random id, no port."""
        return canonical(self.phase, self.target, [step.facts() for step in self.steps])

    @property
    def digest(self) -> str:
        """sha256 of plan.json, in hex; empty while there is no organization that a later phase could change."""
        return "" if self.preview else hashlib.sha256(self.canonical).hexdigest()

    @property
    def preview(self) -> bool:
        """Before the organization exists, what later phases would do can be shown, not approved."""
        return self.target.organization is None and self.phase != "organization"

    @property
    def empty(self) -> bool:
        return not self.steps

    def review(self, planned_at: str, **more: Any) -> dict[str, Any]:
        """review.json: what else a person should see, and what the digest must not depend on."""
        return {
            "plan_sha256": self.digest,
            "planned_at": planned_at,
            "why": [step.why for step in self.steps],
            "actions": sorted({action for step in self.steps for action in step.actions}),
            "needs": list(self.needs),
            "stops": list(self.stops),
            "waiting": [_plain(asdict(w)) for w in self.waiting],
            "unmanaged": list(self.unmanaged),
            "warnings": list(self.warnings),
            **more,
        }


def canonical(phase: str, target: Target, steps: Iterable[Mapping[str, Any]]) -> bytes:
    """The one way to write a plan as bytes."""
    whole = {"schema": SCHEMA, "phase": phase, "target": asdict(target), "steps": list(steps)}
    return (json.dumps(whole, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode(errors="backslashreplace")


def _plain(value: Any) -> Any:
    """Tuples as lists, recursively, so that what is digested is what JSON gives back."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
