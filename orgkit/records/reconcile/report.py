"""What a record and AWS's own log say of each other: events, verdicts, and the whole in facts and sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from orgkit import errors
from orgkit.dataclass import dataclass
from orgkit.records.reconcile.cloudtrail_event import CloudTrailEvent, Place, place_text
from orgkit.records.reconcile.journal_changes import Mutation, Window
from orgkit.records.reconcile.query_scope import SkippedScope


class MatchStatus(StrEnum):
    """What AWS's log says of one change of the record."""

    MATCHED = "matched"
    NOT_LOGGED = "not logged"  # and need not be: it changed nothing
    NOT_YET = "not yet visible"
    UNKNOWN = "unknown"  # it should be in AWS's log, and is not
    CONTRADICTED = "contradicted"  # it is there, with the other outcome
    NOT_QUERIED = "could not be asked"


FAILED_STATUSES = (MatchStatus.UNKNOWN, MatchStatus.CONTRADICTED, MatchStatus.NOT_QUERIED)


@dataclass(frozen=True)
class Verdict:
    """One change of the record, compared with AWS's log of it."""

    mutation: Mutation
    status: MatchStatus
    remark: str = ""
    event: CloudTrailEvent | None = None

    @property
    def sentence(self) -> str:
        sent, remark = self.mutation, f": {self.remark}" if self.remark else ""
        return f"{sent.description}{place_text(sent.account, sent.region, sent.sent, sent.request_id)}{remark}"

    def facts(self) -> dict[str, Any]:
        facts = {name: value for name, value in vars(self.mutation).items() if name not in ("run", "sent")}
        event_facts = self.event.facts() if self.event else None
        return {
            **facts, "sent": self.mutation.sent.isoformat(),
            "verdict": str(self.status), "remark": self.remark, "logged": event_facts,
        }  # fmt: skip


@dataclass(frozen=True)
class ClaimedEvent:
    """Something done as us that only a run which nobody can check says that it did."""

    event: CloudTrailEvent
    run: str

    @property
    def sentence(self) -> str:
        return f"{self.event.sentence}: {self.run} says that it did it"

    def facts(self) -> dict[str, str]:
        return {**self.event.facts(), "run": self.run}


@dataclass(frozen=True)
class Reconciliation:
    """Verdicts in the run's order, unmatched changes by its identity, and changes by other identities."""

    verdicts: tuple[Verdict, ...]
    unmatched: tuple[CloudTrailEvent, ...]
    other_events: tuple[CloudTrailEvent, ...]
    claimed_events: tuple[ClaimedEvent, ...]
    queried: frozenset[Place]
    unreachable: Mapping[Place, str]  # and why
    window: Window
    complete: bool  # AWS's log shows by now what it will show of this run
    skipped: SkippedScope = field(default_factory=SkippedScope)
    sealed: bool = True  # the record itself is, and
    faults: tuple[str, ...] = ()  # what of it is not as it was then

    def with_status(self, *words: MatchStatus) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if verdict.status in words)

    @property
    def exit_code(self) -> int:
        """A record that is not sealed, or was changed, is never reported as clean: anybody could have written it."""
        doubtful = self.claimed_events or self.faults or not self.sealed
        if self.with_status(*FAILED_STATUSES) or self.unmatched or self.unreachable or doubtful:
            return errors.EXIT_NOT_VERIFIED
        return (
            errors.EXIT_DONE if self.complete and not self.with_status(MatchStatus.NOT_YET) else errors.EXIT_RETRY_LATER
        )

    @property
    def sentence(self) -> str:
        """The counts in one sentence."""
        counted = ((len(self.with_status(verdict_word)), verdict_word) for verdict_word in MatchStatus)
        counts = ", ".join(f"{count} {verdict_word}" for count, verdict_word in counted if count)
        claim_note = (
            f", {len(self.claimed_events)} claimed by runs that nobody can check" if self.claimed_events else ""
        )
        sent = f"{len(self.verdicts)} change(s) sent: {counts or 'nothing to match'}"
        return f"{sent}; {len(self.unmatched)} unmatched event(s) in CloudTrail{claim_note}."

    def sentences(self) -> Iterator[tuple[str, str]]:
        """What a person has to look at: a word, and what it is about; matched without a remark needs no line."""
        yield from (("fault", fault) for fault in self.faults)
        if not self.sealed:
            yield "not sealed", "whatever its journal says, anybody can have written"
        for verdict_word in (*FAILED_STATUSES, MatchStatus.NOT_YET, MatchStatus.NOT_LOGGED, MatchStatus.MATCHED):
            listed_verdicts = (
                verdict
                for verdict in self.with_status(verdict_word)
                if verdict_word is not MatchStatus.MATCHED or not verdict.mutation.is_certain
            )
            yield from ((str(verdict_word), verdict.sentence) for verdict in listed_verdicts)
        yield from (("unmatched", event.sentence) for event in self.unmatched)
        yield from (("claimed", claim.sentence) for claim in self.claimed_events)

    def facts(self) -> dict[str, Any]:
        """The report for programs, with every event."""
        return {
            "sealed": self.sealed,
            "faults": list(self.faults),
            "begin": self.window.begin.isoformat(),
            "end": self.window.end.isoformat(),
            "exit_code": self.exit_code,
            "sentence": self.sentence,
            "counts": {str(verdict_word): len(self.with_status(verdict_word)) for verdict_word in MatchStatus},
            "mutations": [verdict.facts() for verdict in self.verdicts],
            "unmatched": [event.facts() for event in self.unmatched],
            "claimed": [claim.facts() for claim in self.claimed_events],
            "others": [event.facts() for event in self.other_events],
            "asked": [{"account": account, "region": region} for account, region in sorted(self.queried)],
            "unasked": [
                {"account": a, "region": r, "why": reason} for (a, r), reason in sorted(self.unreachable.items())
            ],
            "not_asked": {"accounts": list(self.skipped.accounts), "regions": list(self.skipped.regions)},
        }
