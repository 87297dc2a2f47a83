"""What a phase finds in an organization that exists: the inverse of its section of the parameters file."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from orgkit.model.desired import KEY_TAG, Tags
from orgkit.model.observed import Account, Observed, Unread
from orgkit.phases.schema.raw import NO_TAGS, Raw, section
from orgkit.phases.schema.section import account_tags, unit_tags

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")  # in the order in which a person should read them


@dataclass(frozen=True)
class Advice:
    """What good practice would change.

    Attributes:
        severity: How much it matters.
        subject: What was seen in AWS.
        reason: Why that is not good practice.
        runbook: What fixes it: a runbook, and what to write in the file before.
    """

    severity: Severity
    subject: str
    reason: str
    runbook: str


@dataclass(frozen=True)
class Unexpressed:
    """Something in AWS that the parameters file cannot express, and why."""

    subject: str
    reason: str


@dataclass(frozen=True)
class NotRead:
    """Something that AWS did not let us see, in AWS's words: it may be there or not."""

    subject: str
    reason: str


@dataclass(frozen=True)
class Adopted:
    """One section of the file, as AWS has it.

    Attributes:
        values: The keys of the section; what the file has by default is left out.
        texts: Files that the section names, by their names.
        comments: What to know of a key of the section; "" is the section itself.
        advice: What good practice would change.
        not_expressed: What the file has no place for.
        not_read: What could not be seen.
        alternatives: Other forms of the section, each of which asks for less: the first one counts with which nothing
            would be changed.
        is_optional: Whether the section is left out, and shown as a comment, where each form would change something.
        needs_members: Whether this form takes the read role in member accounts.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    advice: Sequence[Advice] = ()
    not_expressed: Sequence[Unexpressed] = ()
    not_read: Sequence[NotRead] = ()
    alternatives: Sequence["Adopted"] = ()
    is_optional: bool = False
    needs_members: bool = False


Adopt = Callable[[Observed, Raw], Adopted]  # Raw: the file so far, with the sections of earlier phases


def unread_of(subject: str, value: object) -> tuple[NotRead, ...]:
    """Return that a value could not be read; nothing where it could."""
    return (NotRead(subject, value.reason),) if isinstance(value, Unread) else ()


def valid_values(
    values: Iterable[str], check: Callable[[str], str], subject_of: Callable[[str], str]
) -> tuple[list[str], list[Unexpressed]]:
    """Return the values that a check of the file accepts, and the others with what it says about them."""
    accepted, violations = [], []
    for value in values:
        try:
            accepted.append(check(value))
        except ValueError as error:
            violations.append(Unexpressed(subject_of(value), f"the file accepts no such value: {error}"))
    return accepted, violations


def members_of(observed: Observed) -> list[Account]:
    """Return every account but the management account, in the order of their ids."""
    return [account for account in observed.accounts if account.id != observed.target.account]


def is_tagged_by_orgkit(observed: Observed) -> bool:
    """Return whether each unit and each open member account has the tags that orgkit gives by default."""
    accounts = [account for account in members_of(observed) if not account.is_closed]
    return bool(accounts) and all(
        set(default) <= set(tags)
        for default, tags in (
            *((unit_tags(unit.path[-1], {}, {}), unit.tags) for unit in observed.units),
            *((account_tags(account.tag.get(KEY_TAG, ""), account.name, {}, {}), account.tags) for account in accounts),
        )
    )


def own_tags(raw: Raw, default: Tags, tags: Tags) -> dict[str, str]:
    """Return the tags that a section of the file states itself: without the default ones, where the file has those.

    The tag orgkit:key is never one of them: it is the key of the account.
    """
    is_default = section(raw, "organization").get("tags") != NO_TAGS
    left_out = set(default) if is_default else set()
    return {key: value for key, value in tags if (key, value) not in left_out and key != KEY_TAG}
