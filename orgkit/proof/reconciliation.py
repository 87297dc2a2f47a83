"""What a record and AWS's own log say of each other: events, verdicts, and the whole in facts and sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from orgkit import errors
from orgkit.proof.logged import Logged, Place, where
from orgkit.proof.mutations import Mutation, Window
from orgkit.proof.places import NotAsked


class Word(StrEnum):
    """What AWS's log says of one change of the record."""

    MATCHED = "matched"
    NOT_LOGGED = "not logged"  # and need not be: it changed nothing
    NOT_YET = "not yet visible"
    UNKNOWN = "unknown"  # it should be in AWS's log, and is not
    CONTRADICTED = "contradicted"  # it is there, with the other outcome
    NOT_ASKED = "could not be asked"


WRONG = (Word.UNKNOWN, Word.CONTRADICTED, Word.NOT_ASKED)


@dataclass(frozen=True)
class Verdict:
    """One change of the record beside AWS's log of it."""

    mutation: Mutation
    word: Word
    remark: str = ""
    logged: Logged | None = None

    @property
    def sentence(self) -> str:
        sent, remark = self.mutation, f": {self.remark}" if self.remark else ""
        return f"{sent.what}{where(sent.account, sent.region, sent.sent, sent.request_id)}{remark}"

    def facts(self) -> dict[str, Any]:
        told = {name: value for name, value in vars(self.mutation).items() if name not in ("run", "sent")}
        logged = self.logged.facts() if self.logged else None
        return {
            **told, "sent": self.mutation.sent.isoformat(),
            "verdict": str(self.word), "remark": self.remark, "logged": logged,
        }  # fmt: skip


@dataclass(frozen=True)
class Claimed:
    """Something done as us that only a run which nobody can check says that it did."""

    logged: Logged
    run: str

    @property
    def sentence(self) -> str:
        return f"{self.logged.sentence}: {self.run} says that it did it"

    def facts(self) -> dict[str, str]:
        return {**self.logged.facts(), "run": self.run}


@dataclass(frozen=True)
class Reconciliation:
    """All of it: verdicts in the run's order, what was done beside it as us, and what others did meanwhile."""

    verdicts: tuple[Verdict, ...]
    beside: tuple[Logged, ...]
    others: tuple[Logged, ...]
    claimed: tuple[Claimed, ...]
    asked: frozenset[Place]
    unasked: Mapping[Place, str]  # and why
    window: Window
    complete: bool  # AWS's log shows by now what it will show of this run
    not_asked: NotAsked = field(default_factory=NotAsked)
    sealed: bool = True  # the record itself is, and
    faults: tuple[str, ...] = ()  # what of it is not as it was then

    def of(self, *words: Word) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if verdict.word in words)

    @property
    def exit_code(self) -> int:
        """What nobody sealed, or somebody changed, is never taken for clean: anybody could have written it."""
        doubtful = self.claimed or self.faults or not self.sealed
        if self.of(*WRONG) or self.beside or self.unasked or doubtful:
            return errors.EXIT_NOT_VERIFIED
        return errors.EXIT_DONE if self.complete and not self.of(Word.NOT_YET) else errors.EXIT_RETRY_LATER

    @property
    def sentence(self) -> str:
        """The whole in one."""
        counted = ((len(self.of(word)), word) for word in Word)
        told = ", ".join(f"{count} {word}" for count, word in counted if count)
        claimed = f", {len(self.claimed)} claimed by runs that nobody can check" if self.claimed else ""
        sent = f"{len(self.verdicts)} change(s) sent: {told or 'nothing to match'}"
        return f"{sent}; {len(self.beside)} beside them{claimed}."

    def sentences(self) -> Iterator[tuple[str, str]]:
        """What a person has to look at: a word, and what it is about; matched without a remark needs no line."""
        yield from (("fault", fault) for fault in self.faults)
        if not self.sealed:
            yield "not sealed", "whatever its journal says, anybody can have written"
        for word in (*WRONG, Word.NOT_YET, Word.NOT_LOGGED, Word.MATCHED):
            told = (verdict for verdict in self.of(word) if word is not Word.MATCHED or not verdict.mutation.sure)
            yield from ((str(word), verdict.sentence) for verdict in told)
        yield from (("beside", event.sentence) for event in self.beside)
        yield from (("claimed", each.sentence) for each in self.claimed)

    def facts(self) -> dict[str, Any]:
        """For a program, and for who wants to see every event."""
        return {
            "sealed": self.sealed,
            "faults": list(self.faults),
            "begin": self.window.begin.isoformat(),
            "end": self.window.end.isoformat(),
            "exit_code": self.exit_code,
            "sentence": self.sentence,
            "counts": {str(word): len(self.of(word)) for word in Word},
            "mutations": [verdict.facts() for verdict in self.verdicts],
            "beside": [event.facts() for event in self.beside],
            "claimed": [each.facts() for each in self.claimed],
            "others": [event.facts() for event in self.others],
            "asked": [{"account": account, "region": region} for account, region in sorted(self.asked)],
            "unasked": [{"account": a, "region": r, "why": why} for (a, r), why in sorted(self.unasked.items())],
            "not_asked": {"accounts": list(self.not_asked.accounts), "regions": list(self.not_asked.regions)},
        }
