"""What each step of a plan adds to the monthly usage, and what is used before the plan."""

from collections.abc import Iterator
from dataclasses import dataclass

from orgkit.costs.charge import Usage
from orgkit.costs.usage import CONFIG, MANAGEMENT, Volumes, of_account, of_key, of_logging
from orgkit.model.desired import Desired
from orgkit.plan import Plan, Step

# Steps that add usage, by the name of their class; every other step adds none.
JOINING = ("CreateAccount", "InviteAccount", "AcceptInvitation")


@dataclass(frozen=True)
class Additions:
    """One scenario of a plan: usage before it, and the usage that each of its steps adds."""

    before: tuple[Usage, ...]
    by_step: tuple[tuple[Usage, ...], ...]

    @property
    def later(self) -> "Additions":
        """Only what orgkit does not switch on."""
        return Additions(_later(self.before), tuple(_later(usages) for usages in self.by_step))

    @classmethod
    def of(cls, plan: Plan, desired: Desired, v: Volumes, trail_logs: bool) -> "Additions":
        """Of one plan; an account that is invited and accepts in it counts once, where it is invited."""
        joined: set[str] = set()
        by_step = []
        for step in plan.steps:
            by_step.append((*_joining(step, joined, desired, v, trail_logs), *_switching(step, desired, v)))
            joined |= _joins(step)
        return cls(tuple(_before(plan, joined, desired, v, trail_logs)), tuple(by_step))


def _joining(step: Step, joined: set[str], desired: Desired, v: Volumes, trail_logs: bool) -> Iterator[Usage]:
    for key in _joins(step) - joined:
        yield from of_account(key, v)
        if trail_logs:
            yield from of_logging(desired, key, v)


def _switching(step: Step, desired: Desired, v: Volumes) -> Iterator[Usage]:
    name = type(step).__name__
    if name == "StartLogging":
        for key in (MANAGEMENT, *(member.key for member in desired.members)):
            yield from of_logging(desired, key, v)
    elif name == "CreateKey":
        yield from of_key(desired, v)
    elif name == "EnableTrustedAccess" and step.subject == CONFIG:
        yield from of_account(MANAGEMENT, v)  # the members' share comes with each of them


def _before(plan: Plan, joined: set[str], desired: Desired, v: Volumes, trail_logs: bool) -> Iterator[Usage]:
    """What earlier phases have made: it matters only for the tiers and allowances that the new shares with it."""
    for key in _there(plan, desired) - joined:
        yield from of_account(key, v)
        if trail_logs:
            yield from of_logging(desired, key, v)


def _there(plan: Plan, desired: Desired) -> set[str]:
    if plan.phase == "organization":
        return set()
    there = desired.accounts if plan.phase == "accounts" else desired.members
    return {MANAGEMENT, *(spec.key for spec in there)}


def _joins(step: Step) -> set[str]:
    return {step.subject} if type(step).__name__ in JOINING else set()


def _later(usages: tuple[Usage, ...]) -> tuple[Usage, ...]:
    return tuple(usage for usage in usages if not usage.made)
