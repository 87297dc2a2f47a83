"""What a record and AWS's own log say of each other: events, verdicts, and the whole in facts and sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from orgkit import errors
from orgkit.proof.mutations import Mutation, Window

Place = tuple[str, str]  # account and region


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
class Logged:
    """One event of AWS's log, as far as it tells who did what."""

    event_id: str
    request_id: str
    at: datetime
    source: str  # such as iam.amazonaws.com
    name: str
    account: str  # whose log it stands in
    region: str
    arn: str  # of who called
    role: str = ""  # the ARN of the role that was assumed
    error: str = ""
    service: str = ""  # of AWS, that called on somebody's behalf
    agent: str = ""
    kind: str = ""

    @property
    def call(self) -> str:
        return f"{self.source.removesuffix('.amazonaws.com')}:{self.name}"

    @property
    def sentence(self) -> str:
        failed = f" (refused: {self.error})" if self.error else ""
        return f"{self.call}{_where(self.account, self.region, self.at, self.request_id)}, by {self.arn}{failed}"

    def facts(self) -> dict[str, str]:
        told = {name: value for name, value in vars(self).items() if name != "at"}
        return {"call": self.call, "at": self.at.isoformat(), **told}


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
        return f"{sent.what}{_where(sent.account, sent.region, sent.sent, sent.request_id)}{remark}"

    def facts(self) -> dict[str, Any]:
        told = {name: value for name, value in vars(self.mutation).items() if name not in ("run", "sent")}
        logged = self.logged.facts() if self.logged else None
        return {
            **told, "sent": self.mutation.sent.isoformat(),
            "verdict": str(self.word), "remark": self.remark, "logged": logged,
        }  # fmt: skip


@dataclass(frozen=True)
class Reconciliation:
    """All of it: verdicts in the run's order, what was done beside it as us, and what others did meanwhile."""

    verdicts: tuple[Verdict, ...]
    beside: tuple[Logged, ...]
    others: tuple[Logged, ...]
    unasked: Mapping[Place, str]  # and why
    window: Window
    complete: bool  # AWS's log shows by now what it will show of this run

    def of(self, *words: Word) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if verdict.word in words)

    @property
    def exit_code(self) -> int:
        if self.of(*WRONG) or self.beside or self.unasked:
            return errors.EXIT_NOT_VERIFIED
        return errors.EXIT_DONE if self.complete and not self.of(Word.NOT_YET) else errors.EXIT_RETRY_LATER

    @property
    def sentence(self) -> str:
        """The whole in one."""
        counted = ((len(self.of(word)), word) for word in Word)
        told = ", ".join(f"{count} {word}" for count, word in counted if count)
        return f"{len(self.verdicts)} change(s) sent: {told or 'nothing to match'}; {len(self.beside)} beside them."

    def sentences(self) -> Iterator[tuple[str, str]]:
        """What a person has to look at: a word, and what it is about; matched without a remark needs no line."""
        for word in (*WRONG, Word.NOT_YET, Word.NOT_LOGGED, Word.MATCHED):
            told = (verdict for verdict in self.of(word) if word is not Word.MATCHED or not verdict.mutation.sure)
            yield from ((str(word), verdict.sentence) for verdict in told)
        yield from (("beside", event.sentence) for event in self.beside)

    def facts(self) -> dict[str, Any]:
        """For a program, and for who wants to see every event."""
        return {
            "begin": self.window.begin.isoformat(),
            "end": self.window.end.isoformat(),
            "exit_code": self.exit_code,
            "sentence": self.sentence,
            "counts": {str(word): len(self.of(word)) for word in Word},
            "mutations": [verdict.facts() for verdict in self.verdicts],
            "beside": [event.facts() for event in self.beside],
            "others": [event.facts() for event in self.others],
            "unasked": [{"account": a, "region": r, "why": why} for (a, r), why in sorted(self.unasked.items())],
        }


def _where(account: str, region: str, at: datetime, request_id: str) -> str:
    place = f" in account {account}, {region}" if account else ""
    return f"{place}, {at:%Y-%m-%d %H:%M:%S} UTC{f', request {request_id}' if request_id else ''}"
