"""The upper part of a record's page: the outcome, who approved and applied, what changed, and what it costs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from orgkit.costs.estimate.assumptions import SCENARIOS
from orgkit.costs.estimate.effect import Effect, Line, total_line
from orgkit.dataclass import dataclass
from orgkit.model.step_groups import describe_group, describe_summary, group_rows
from orgkit.phases.registry import phase_of
from orgkit.records.apply_progress import BEGUN, DONE, FAILED, IN_DOUBT, NOT_BEGUN, STATE_DESCRIPTIONS
from orgkit.records.outcome_mark import mark_of
from orgkit.records.result import NOTHING_TO_CHANGE, RunResult
from orgkit.records.summarized_step import SummarizedStep
from orgkit.sanitize.terminal import flat

# The files of a record in the order in which they are read, each with what is in it.
FILES = {
    "plan.json": "the steps, exactly as they were approved",
    "review.json": "their reasons and costs, warnings, and when they were planned",
    "approval.json": "who approved which digest, and until when",
    "signed-approval.json": "the approval as the second person signed it",
    "remainder.json": "what was left of the plan when this run resumed it",
    "remainder-review.json": "the reasons and costs of what was left",
    "parameters.toml": "the parameters file, as this run read it",
    "events.jsonl": "the journal: every change before and after it was sent",
    "result.json": "the outcome, for programs",
    "manifest.json": "the sha256 of every file, versions, and the commit",
}
WRITTEN_AFTER_THE_PAGE = ("result.json", "manifest.json")
SIGN_OF_STATE = {DONE: "✓", FAILED: "✗", BEGUN: "…", IN_DOUBT: "?", NOT_BEGUN: "○"}
KIND_OF_STATE = {DONE: "good", FAILED: "bad", BEGUN: "stop", IN_DOUBT: "stop", NOT_BEGUN: "open"}
PLANNED = "planned"
EARLIER = "in an earlier run"


@dataclass(frozen=True)
class RecordDocuments:
    """What lies next to a record's page: its plan and review, without secrets, and the names of its files."""

    plan: Mapping[str, Any] = field(default_factory=dict)
    review: Mapping[str, Any] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


def render_head(result: RunResult, label: str) -> str:
    """The outcome as a color, a sign and a word, and the reasons for it."""
    mark = mark_of(result.exit_code)
    progress = f": {_text(result.progress)}" if result.exit_code and result.how_far else ""
    reasons = "".join(f"<p>{escape(reason)}</p>" for reason in result.reasons)
    lines = escape("\n".join(result.commands))
    return (
        f'<header class="{mark.kind}">{_place(result.identity)}<h1>{_text(_title(label))}</h1>'
        f'<p class="outcome"><span class="sign" aria-hidden="true">{mark.sign}</span> <b>{_text(result.outcome)}</b>'
        f"{progress}</p>{reasons}{f'<pre>{lines}</pre>' if lines else ''}{_list(_facts(result))}</header>"
    )


def render_summary(result: RunResult, documents: RecordDocuments, figure: str) -> str:
    """What changed, or would change, as a table; what it costs; and the organization as the notebook draws it."""
    steps = documents.plan.get("steps")
    rows = [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []
    effect = Effect.from_facts(documents.review.get("monthly_usd"))
    drawing = f"{_opening('The organization')}{figure}</section>" if figure else ""
    return _changes(result, rows, effect) + _cost(result, effect) + drawing


def render_proof(result: RunResult, documents: RecordDocuments, label: str, run: str) -> str:
    """What identifies the run and its plan, and a link to each file of the record."""
    descriptions = {f"{label}.ipynb": "the runbook as it was executed", **FILES}
    names = (documents.names | {f"{label}.ipynb", *WRITTEN_AFTER_THE_PAGE}) - {f"{label}.html"}
    in_order = (*(name for name in descriptions if name in names), *sorted(names - descriptions.keys()))
    links = "".join(_link(name, descriptions.get(name, "")) for name in in_order)
    return (
        f'<section id="files"><h2>Proof and files</h2>{_list(_proof_facts(result, run))}<ul>{links}</ul>'
        f"<p>Compare all of them with the chain of records: <code>orgkit records verify</code></p></section>"
    )


def _link(name: str, description: str) -> str:
    return f'<li><a href="{quote(f"./{name}")}">{_text(name)}</a>{f": {description}" if description else ""}</li>'


def _place(identity: Mapping[str, Any]) -> str:
    """Whose account this was, and whether it was AWS's or a sandbox's; nothing for a run that never got so far."""
    if not identity.get("account"):
        return ""
    location = "AWS" if identity.get("target") == "aws" else "Sandbox"
    return f'<p class="place {location.lower()}">{location} account {_text(identity["account"])}</p>'


def _title(label: str) -> str:
    try:
        return f"{label}: {phase_of(label).title}"
    except KeyError:
        return label


def _facts(result: RunResult) -> Iterator[tuple[str, str]]:
    approval = result.approval
    if approval:
        name = approval.get("asserted_by") or "no name given"
        yield "approved by", f"{name}, by {approval.get('how')}, {_time(approval.get('at'))}"
        yield "ticket", str(approval.get("ticket") or "")
    yield "applied by" if result.how_far else "run by", str(result.identity.get("arn", ""))
    if result.checks:
        yield "checks", ", ".join(f"{count} {name}" for name, count in result.checks.items())
    if not result.succeeded:
        yield "next", result.next_command
    yield "took", f"{result.seconds:.1f} seconds"


def _proof_facts(result: RunResult, run: str) -> Iterator[tuple[str, str]]:
    yield "run", run
    yield ("digest", result.digest) if result.digest else ("plan", result.plan_sha256)
    counts = (str(result.steps), *(f"{count} {name}" for name, count in result.ended.items()))
    yield "steps", ", ".join(counts) if result.steps else ""
    yield "calls that change", ", ".join(f"{count} {name}" for name, count in result.mutations.items() if count)
    yield "AWS request ids", str(len(result.request_ids) or "")


def _changes(result: RunResult, steps: list[Mapping[str, Any]], effect: Effect | None) -> str:
    if not steps:
        unchanged = result.outcome == NOTHING_TO_CHANGE
        return f"{_opening('What changed')}<p>Nothing: AWS is as the file asks.</p></section>" if unchanged else ""
    prices = effect.lines if effect and len(effect.lines) == len(steps) else ()
    states = {step["id"]: state for state, group in result.how_far.items() for step in group}
    entries = [
        SummarizedStep.from_facts(step, states.get(str(step.get("id")), EARLIER if result.how_far else PLANNED))
        for step in steps
    ]
    groups = group_rows([entry.key for entry in entries])
    rows = "".join(
        _step([entries[number] for number in group], [prices[number] for number in group] if prices else ())
        for group in groups
    )
    names = ("step", "outcome", *(["USD a month, expected (low to high)"] if prices else []))
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    title = "What changed" if result.how_far else "What would change"
    table = f'<table class="steps"><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>'
    summary = f"<p>{escape(describe_summary(groups))}</p>" if len(groups) < len(steps) else ""
    return f"{_opening(title)}{table}{summary}{_meanings(result)}</section>"


def _step(group: Sequence[SummarizedStep], prices: Sequence[Line]) -> str:
    """The row of a step, or of several that are shown together."""
    first = group[0]
    state = first.state
    sentence = describe_group(first.group, [step.subject for step in group]) if group[1:] else first.sentence
    sign = f'<span aria-hidden="true">{SIGN_OF_STATE[state]}</span> ' if state in SIGN_OF_STATE else ""
    return (
        f'<tr><td class="symbol">{_text(first.symbol)}</td><td>{_text(sentence)}</td>'
        f'<td class="{KIND_OF_STATE.get(state, "open")}">{sign}{_text(state)}</td>'
        f"{f'<td>{_text(total_line(prices).price)}</td>' if prices else ''}</tr>"
    )


def _meanings(result: RunResult) -> str:
    """What a state that is not the end of a step means for the next run."""
    meanings = [STATE_DESCRIPTIONS[state] for state in (BEGUN, IN_DOUBT) if result.how_far.get(state)]
    return "".join(f"<p>{escape(meaning)}.</p>" for meaning in meanings)


def _cost(result: RunResult, effect: Effect | None) -> str:
    """The estimate that the run has made, else what its steps cost."""
    if result.estimate:
        head = "".join(f'<th scope="col" class="number">{name}</th>' for name in SCENARIOS)
        body = "".join(_amounts(name, values) for name, values in _estimate_rows(result.estimate))
        table = f"<table><thead><tr><th>USD a month</th>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"{_opening('What it costs')}{table}<p>An estimate, not a bill.</p></section>"
    if effect is None or not effect.lines:
        return ""
    return f"{_opening('What it costs')}<p><b>{_text(effect.sentence)}</b> An estimate, not a bill.</p></section>"


def _estimate_rows(estimate: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """In a record of an earlier version the total stands alone."""
    if "made_expected" in estimate:
        yield "made by orgkit", [str(estimate.get(f"made_{name}")) for name in SCENARIOS]
        yield "switched on later (assumed)", [str(estimate.get(f"later_{name}")) for name in SCENARIOS]
    yield "together", [str(estimate.get(name)) for name in SCENARIOS]


def _amounts(name: str, values: list[str]) -> str:
    cells = "".join(f'<td class="number">{_text(value)}</td>' for value in values)
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def _opening(title: str) -> str:
    return f"<section><h2>{title}</h2>"


def _list(facts: Iterator[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts if value)
    return f"<dl>{rows}</dl>"


def _time(value: Any) -> str:
    """To the second in UTC; whatever is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(str(value)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):
        return str(value)


def _text(value: object) -> str:
    return escape(flat(value))
