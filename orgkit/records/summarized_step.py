"""A step of a plan.json as a reader sees it, and with which others it may be shown."""

from collections.abc import Hashable, Mapping
from typing import Any

from orgkit.dataclass import dataclass
from orgkit.phases.registry import read_step
from orgkit.records.apply_progress import BEGUN, FAILED, IN_DOUBT

LISTED_STATES = (FAILED, BEGUN, IN_DOUBT)  # one by one, also in a long plan


@dataclass(frozen=True)
class SummarizedStep:
    """Its sign, its sentence, how it stands, and what a long list says of it and of those like it together."""

    symbol: str
    sentence: str
    subject: str
    state: str
    group: str = ""

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any], state: str = "") -> "SummarizedStep":
        """Build it from a plan.json, which anybody can write.

        A step has a group only where its sentence is the one that its other fields give: it would be hidden otherwise.
        """
        step, sentence = read_step(facts), str(facts.get("sentence", ""))
        if step is None:
            return cls("", sentence, "", state)
        try:
            group = step.group if step.sentence == sentence and step.id == facts.get("id") and not step.losses else ""
        except (AttributeError, TypeError, ValueError):  # fields that no version of orgkit writes
            group = ""
        return cls(step.symbol, sentence, str(facts.get("id")).partition(":")[2], state, group)

    @property
    def key(self) -> Hashable:
        """The same for steps that may be shown together, empty for one that is listed by itself."""
        return (self.group, self.state) if self.group and self.state not in LISTED_STATES else ()
