"""What runs have left, in AWS and in their records, and what of it is wrong."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from orgkit.engine.observe import observe
from orgkit.journal.events import read_events
from orgkit.journal.in_doubt import settled_intents, unanswered_intents
from orgkit.model.observed import Unread
from orgkit.phases.account_imports.facts import ImportFacts
from orgkit.records.files import read_json, run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.result import last_word
from orgkit.records.seal import seal
from tests.bootstrap.project import Stage
from tests.faults.trial import FORBIDDEN

CUT_SHORT = ("interrupted", "failed", "done")  # "done" and "failed" when only the last cell was not written any more


class Left:
    """After all runs of a phase since the stage was begun."""

    def __init__(self, stage: Stage, phase: str) -> None:
        self.stage, self.phase = stage, phase
        outputs = Path(stage.project.settings["ORGKIT_OUTPUTS"])
        self.records = run_folders(outputs, stage.desired.organization.management_account_id)
        self.events = {record: list(read_events(record / "events.jsonl")) for record in self.records}

    def state(self) -> dict[str, Any]:
        """AWS as this phase leaves it; an invitation's end is a time."""
        with self.stage.connected() as aws:
            seen = observe(aws, self.stage.desired, self.phase)
        facts = seen.facts(ImportFacts) or ImportFacts()
        assert not isinstance(facts.handshakes, Unread)
        output: dict[str, Any] = json.loads(json.dumps(asdict(seen.with_facts(replace(facts, handshakes=())))))
        return output | {"handshakes": sorted([each.email, each.state] for each in facts.handshakes)}

    def intents(self) -> list[dict[str, Any]]:
        return [event for events in self.events.values() for event in events if event["event"] == "intent"]

    def settled(self) -> set[str]:
        """The intents without an answer that a later look has settled."""
        return set().union(*map(settled_intents, self.events.values()))

    def wrong(self, killed: Sequence[str], undisturbed: dict[str, Any]) -> Iterator[str]:
        """`killed` are the names of the records that were there when the killed run had ended."""
        yield from self._in_aws(undisturbed)
        yield from self._in_journals()
        yield from self._in_records(killed)

    def _in_aws(self, undisturbed: dict[str, Any]) -> Iterator[str]:
        yield from (f"made twice: {each}" for each in self.stage.doubles())
        requests = Counter(
            call["parameters"]["Email"] for call in self.stage.sandbox.calls() if call["operation"] == "CreateAccount"
            and call["status"] < 300
        )  # fmt: skip
        yield from (f"{times} accounts for {email}" for email, times in requests.items() if times > 1)
        yield from (
            f"AWS was asked to {each}" for each in self.stage.changes() if each.split(":")[1].startswith(FORBIDDEN)
        )
        if not self.stage.plan(self.phase).empty:
            yield "the phase still has something to do"
        state = self.state()
        yield from (f"{name} ended otherwise" for name in state if state[name] != undisturbed[name])

    def _in_journals(self) -> Iterator[str]:
        settled = self.settled()
        for record, events in self.events.items():
            open_ones = (each for each in unanswered_intents(record.name, events) if each.id not in settled)
            yield from (f"nobody settled {each.description} of {record.name}" for each in open_ones)

    def _in_records(self, killed: Sequence[str]) -> Iterator[str]:
        later = [record for record in self.records if record.name not in killed]
        if not later:
            yield "no run after the killed one has a record"
            return
        last = max(later, key=_written)
        if not (last / MANIFEST).exists():
            yield "the last run has no sealed record"
        earlier = [record for record in self.records if record != last]
        for record in earlier:
            if self.events[record] and not list(record.glob("*.ipynb")):
                yield f"{record.name} has no notebook"
            if not (record / MANIFEST).exists():
                outcome = seal(record).outcome
                if outcome not in CUT_SHORT:
                    yield f"{record.name} was sealed as {outcome}"
        cut = [each for each in earlier if self._began_to_apply(each) and not last_word(self.events[each])]
        named = {event["run"] for events in self.events.values() for event in events if event["event"] == "cut-short"}
        yield from (f"{each.name} was not named by a run after it" for each in cut if each.name not in named)
        yield from self._not_shown(last)

    def _began_to_apply(self, record: Path) -> bool:
        return any(event["event"] == "apply" for event in self.events[record])

    def _not_shown(self, last: Path) -> Iterator[str]:
        """What was found out about an earlier run has to stand in the notebook too."""
        notebook = json.dumps(read_json(last / f"{last.name[17:-9]}.ipynb"))
        found = [event for event in self.events[last] if event["event"] in ("settled", "cut-short")]
        names = {each.get("call", each["run"]) for each in found}
        yield from (f"the notebook does not name {name}" for name in names if name not in notebook)


def _written(record: Path) -> int:
    """Return the time of writing: runs within a second may have no order by name, if the sandbox's clock stops."""
    return record.stat().st_mtime_ns
