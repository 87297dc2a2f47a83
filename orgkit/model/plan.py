"""A plan: the target, the ordered steps that a person approves, and the digest that stands for both."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

from orgkit.model.canonical_json import canonical_document, normal_form
from orgkit.model.finding import Finding
from orgkit.sanitize import terminal
from orgkit.sanitize.summary import Summary

# What a step starts from: nothing of that name, or a switch that is off.
ABSENT, DISABLED, ENABLED = "absent", "disabled", "enabled"

# Of plan.json. 1: a step was known by its sentence. 2: by its id; the paths of organizational units are lists of names.
SCHEMA = 2


@dataclass(frozen=True)
class Target:
    """Where a plan would be applied: one organization of one account, on AWS or on an emulator."""

    account: str
    organization: str | None
    partition: str
    kind: str  # "aws" | "emulator"

    def __str__(self) -> str:
        system = "AWS" if self.kind == "aws" else "an emulator"
        owner = f"organization {self.organization}" if self.organization else "no organization yet"
        return f"{system}, account {self.account}, {owner}"


@dataclass(frozen=True, kw_only=True)
class Step(ABC):
    """One change that orgkit can make to AWS, small enough to be approved as one sentence.

    Its id says which step it is, in plans, journals and records, across versions of orgkit; its sentence, which a new
    version may reword, is for people.

    `starts_from` is the value that it replaces, in normal form: as it is when the earlier steps of its plan are done.
    It is digested, and read again right before the step (`Handler.starting_value`).
    """

    kind: ClassVar[str]  # stands in records for good: it stays when the class is renamed, and no other class takes it
    symbol: ClassVar[str] = "+"  # + makes, ~ changes, - takes away
    actions: ClassVar[tuple[str, ...]] = ()  # IAM actions that it needs
    cross_account_actions: ClassVar[tuple[str, ...]] = ()  # prefixes of those that it needs in another account
    cost_note: ClassVar[str] = ""  # why it costs nothing per month
    usage_note: ClassVar[str] = ""  # what its monthly amount is for, where it adds usage
    concurrent: ClassVar[bool] = False  # needs the earlier steps about its subject, and no others next to it
    is_switch: ClassVar[bool] = False  # it has two states: one that is on by then has nothing left to replace
    starts_from: str
    reason: str = field(default="", compare=False)  # shown to the operator, no part of the digest

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What a person approves."""

    @property
    def subject(self) -> str:
        """What it is about; a plan has no two steps of one kind about the same subject."""
        return ""

    @property
    def losses(self) -> tuple[str, ...]:
        """What somebody no longer has after it, in words of its sentence: shown first where a plan is approved."""
        return ()

    @property
    def details(self) -> tuple[str, ...]:
        """Lines that a person reads below the steps of a plan, such as the difference of two documents."""
        return ()

    @property
    def group(self) -> str:
        """What a long plan says of this step and of those like it together; "" for one that it lists by itself.

        A step that takes something away, or about which something is not known, has none.
        """
        return ""

    @property
    def id(self) -> str:
        """Kind and subject, such as create-unit:Production."""
        return f"{self.kind}:{self.subject}"

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The subjects whose failure leaves this step undone; its own by default."""
        return (self.subject,)

    @classmethod
    def actions_in_account(cls) -> tuple[str, ...]:
        """The part of `actions` that is needed in another account, as a role of that account or as its owner."""
        return tuple(action for action in cls.actions if action.startswith(cls.cross_account_actions))

    def facts(self) -> dict[str, Any]:
        """Return the digested part: id, sentence and fields."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.compare}
        return {**_plain(values), "id": self.id, "sentence": self.sentence}


@dataclass(frozen=True)
class Waiting:
    """What only a person can do, and the commands with which they do it."""

    what: str
    who: str
    commands: tuple[str, ...] = ()
    blocks: str = ""  # the account or policy, by its key, whose steps are not planned until somebody has decided
    drift: bool = False  # something is not as it has to be, and a person has to change it back

    def facts(self) -> dict[str, Any]:
        """Return what a review.json has of it; the last two only where they say something."""
        facts: dict[str, Any] = {"what": self.what, "who": self.who, "commands": list(self.commands)}
        return facts | ({"blocks": self.blocks} if self.blocks else {}) | ({"drift": True} if self.drift else {})


@dataclass(frozen=True, repr=False)
class Plan(Summary):
    """What one phase would change, in order, and what a person should read next to it."""

    phase: str
    target: Target
    steps: tuple[Step, ...] = ()
    needs: tuple[str, ...] = ()  # what an earlier phase has to make first
    waiting: tuple[Waiting, ...] = ()
    unmanaged: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()  # what no step repairs, and no command either: it has a cause to be found
    stops: tuple[Finding, ...] = ()  # of phase 00: nothing is done until they are fixed
    stopped_steps: tuple[Step, ...] = ()  # the steps that they stop, which are no part of the plan
    review_json: bytes = field(default=b"", compare=False)  # of this planning; empty for a plan that nobody can approve

    def summary(self) -> dict[str, object]:
        """The phase, the number of steps, and the digest that is approved."""
        digest = self.digest or f"none: it is {'a preview' if self.preview else 'not one planning'}"
        return {"phase": self.phase, "steps": len(self.steps), "digest": digest}

    @cached_property  # of 3,000 steps they take a third of a second, and each view and check asks for the digest
    def canonical(self) -> bytes:
        """The bytes of plan.json: no clock, no random id, no port."""
        return canonical(self.phase, self.target, [step.facts() for step in self.steps])

    @property
    def sha256(self) -> str:
        """sha256 of plan.json, in hex; empty while there is no organization that a later phase could change."""
        return "" if self.preview else hashlib.sha256(self.canonical).hexdigest()

    @property
    def digest(self) -> str:
        """What is approved: this plan, as it was made this time. Empty for a preview, and without a review.json."""
        return "" if self.preview or not self.review_json else digest_of(self.canonical, self.review_json)

    @property
    def preview(self) -> bool:
        """Before the organization exists, what later phases would do can be shown, not approved."""
        return self.target.organization is None and self.phase != "organization"

    @property
    def empty(self) -> bool:
        return not self.steps

    @property
    def blocked(self) -> tuple[Waiting, ...]:
        """The decisions without which the steps of an account are not known: that these are missing proves nothing."""
        return tuple(waiting for waiting in self.waiting if waiting.blocks)

    @property
    def unrepaired_drift(self) -> tuple[str, ...]:
        """What is not as it should be in AWS and no step of orgkit repairs."""
        return (*self.drift, *(waiting.what for waiting in self.waiting if waiting.drift))

    @property
    def review_facts(self) -> dict[str, Any]:
        """What review.json holds; empty without one."""
        return dict(json.loads(self.review_json)) if self.review_json else {}

    def with_review(self, review: Mapping[str, Any]) -> "Plan":
        """Return the plan as one planning, which has a digest: `review` becomes the bytes of its review.json."""
        content = (terminal.as_json(review) + "\n").encode(errors="backslashreplace")
        return replace(self, review_json=content)

    def review(self, planned_at: str, planning: str, **extra: Any) -> dict[str, Any]:
        """Return what else a person should see, and what makes one planning differ from the next.

        Args:
            planned_at: When the plan was made.
            planning: A random id, so that two plannings with the same steps have two digests.
            extra: More that a person should see, such as what the steps cost.
        """
        return {
            "plan_sha256": self.sha256,
            "planned_at": planned_at,
            "planning": planning,
            "why": [step.reason for step in self.steps],
            "actions": sorted({action for step in self.steps for action in step.actions}),
            "needs": list(self.needs),
            "stops": [finding.advice for finding in self.stops],
            "stopped": [step.sentence for step in self.stopped_steps],
            "waiting": [waiting.facts() for waiting in self.waiting],
            "unmanaged": list(self.unmanaged),
            "warnings": list(self.warnings),
            "drift": list(self.drift),
            **extra,
        }


def canonical(phase: str, target: Target, steps: Iterable[Mapping[str, Any]]) -> bytes:
    """The one way to write a plan as bytes."""
    whole = {"schema": SCHEMA, "phase": phase, "target": asdict(target), "steps": list(steps)}
    return canonical_document(whole)


def starting_value(value: object) -> str:
    """Return what AWS has in the form of `Step.starts_from`; ABSENT where it has nothing."""
    if not value:
        return ABSENT
    return value if isinstance(value, str) else normal_form(value)


def digest_of(plan_json: bytes, review_json: bytes) -> str:
    """Return the digest that is approved and signed: `sha256sum plan.json review.json | sha256sum` prints the same."""
    files = {"plan.json": plan_json, "review.json": review_json}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    return hashlib.sha256(sums.encode()).hexdigest()


def identity(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes a step of a plan.json the same step: all of it but its sentence."""
    return {name: value for name, value in facts.items() if name != "sentence"}


def _plain(value: Any) -> Any:
    """Tuples as lists, recursively, so that what is digested is what JSON gives back."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
