"""The job summary: what a plan would change, or how a run ended, as Markdown that a reviewer reads."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orgkit.ci.markdown import bullets, code, escaped, fenced, table
from orgkit.costs.estimate.effect import credits_lost
from orgkit.errors import EXIT_RETRY_LATER
from orgkit.model.step_groups import describe_group, describe_summary, group_rows
from orgkit.records.apply_progress import STATE_DESCRIPTIONS
from orgkit.records.summarized_step import SummarizedStep

Facts = Mapping[str, Any]
MAX_BYTES = 900_000  # bytes; GitHub takes 1 MiB from a step and shows nothing of a longer one
TRUNCATION_NOTE = "\n*The rest has no room here: the artifact has everything.*\n"


def render_plan(label: str, facts: Facts, tree: str = "", run_id: str = "") -> Iterator[str]:
    """One phase's plan: `facts` are those of review.json, with the steps of plan.json."""
    steps, digest = facts.get("steps", ()), facts.get("digest", "")
    has_drift = facts.get("drift") or any(item.get("drift") for item in facts.get("waiting", ()))
    empty = "drift that no step repairs" if has_drift else "nothing to change"
    count = f"{len(steps)} step{'s' * (len(steps) != 1)}" if steps else empty
    yield f"## {escaped(label)}: {count}"
    if facts.get("error"):
        yield fenced(facts["error"])
    if steps:
        yield f"Digest {code(digest)}" if digest else "A preview without a digest: the organization does not exist yet."
        yield _steps(steps, facts)
        yield _cost(facts.get("monthly_usd", {}))
        yield fenced(tree) if tree else ""
        yield _how_to_apply(label, digest, run_id) if digest and run_id else ""
    yield from _review_lines(facts)


def render_run(label: str, result: Facts, plan: Facts, tree: str = "", head: str = "") -> Iterator[str]:
    """One phase's run: `result` is that of result.json, `plan` as above."""
    yield f"## {escaped(label)}: {escaped(result['outcome'])}"
    yield bullets(result["reasons"], "Why")
    if result["exit_code"] == EXIT_RETRY_LATER:
        yield "Nobody has to act: run this workflow again later, under the same approval."
    yield _facts(result, head)
    if plan.get("steps"):
        yield _steps(plan["steps"], plan)
        yield _cost(plan.get("monthly_usd", {}))
    yield fenced(tree) if tree else ""
    for state, steps in result["how_far"].items():
        yield bullets((step["sentence"] for step in steps), STATE_DESCRIPTIONS[state])
    yield bullets(result["found"], "Found out")
    yield bullets(result["waiting"], "Waiting for someone else")
    yield _commands(result["commands"])


def render_error(facts: Facts) -> Iterator[str]:
    """An end in three lines."""
    yield f"## {escaped(facts['summary'])}"
    yield fenced(f"why: {facts['why']}\ndo:  {facts['do']}")


def last_tree(notebook: Facts) -> str:
    """The last picture of the organization in an executed notebook, as text; empty when it has none."""
    data = [out.get("data", {}) for cell in notebook.get("cells", ()) for out in cell.get("outputs", ())]
    drawings = ["".join(output.get("text/plain", "")) for output in data if "image/svg+xml" in output]
    return drawings[-1] if drawings else ""


def fit_limit(parts: Iterator[str]) -> str:
    """The parts that fit, each whole: half a fence would turn the rest of a page into code."""
    lines: list[str] = []
    size = 0
    for part in filter(None, parts):
        size += len(part.encode()) + 2
        if size > MAX_BYTES:
            return "\n\n".join([*lines, TRUNCATION_NOTE])
        lines.append(part)
    return "\n\n".join(lines) + "\n"


def _steps(steps: Sequence[Facts], facts: Facts) -> str:
    reasons, lines = facts.get("why", ()), facts.get("monthly_usd", {}).get("lines", ())
    reasons = reasons if len(reasons) == len(steps) else [""] * len(steps)
    costs = [_usd(line) for line in lines] if len(lines) == len(steps) else [""] * len(steps)
    entries = [SummarizedStep.from_facts(step) for step in steps]
    groups = group_rows([(e.key, str(r), c) if e.key else () for e, r, c in zip(entries, reasons, costs, strict=True)])
    rows = [
        (_numbers(group), _sentence([entries[number] for number in group]), reasons[group[0]], _price(group, costs))
        for group in groups
    ]
    return "\n\n".join(filter(None, (table(("", "step", "why", "USD a month"), rows), describe_summary(groups))))


def _numbers(group: Sequence[int]) -> str:
    return f"{group[0] + 1} …" if group[1:] else str(group[0] + 1)


def _sentence(group: Sequence[SummarizedStep]) -> str:
    subjects = [step.subject for step in group]
    return describe_group(group[0].group, subjects) if group[1:] else group[0].sentence


def _price(group: Sequence[int], costs: Sequence[str]) -> str:
    price = costs[group[0]]
    return f"{price}, each" if price and group[1:] else price


def _usd(cost: Facts) -> str:
    is_free = str(cost.get("high")) in ("0", "0.00")
    month = "nothing" if is_free else f"{cost['expected']} ({cost['low']} to {cost['high']})"
    once = str(cost.get("once_usd", ""))
    return f"{month} a month; once: {credits_lost(once)}" if once else month


def _cost(monthly: Facts) -> str:
    return f"Cost of these steps, USD a month, expected (low to high): {escaped(_usd(monthly))}." if monthly else ""


def _how_to_apply(label: str, digest: str, run_id: str) -> str:
    """What a person types into the form of the apply workflow."""
    number = label.partition("-")[0]
    typed = f"phase {code(number)}, digest {code(digest)}, plan run {code(run_id)}"
    return f"To apply it: run the workflow *orgkit apply* with {typed}."


def _review_lines(facts: Facts) -> Iterator[str]:
    """What a plan lists in addition to its steps."""
    titles = {
        "stops": "Stopped by phase 00",
        "stopped": "Stopped, and no part of the plan",
        "needs": "Needed first",
        "drift": "Drift that no step repairs",
        "warnings": "Worth knowing",
    }
    for name, title in (titles | {"unmanaged": "In AWS and not in the file (left alone)"}).items():
        yield bullets(facts.get(name, ()), title)
    waiting = facts.get("waiting", ())
    yield bullets((f"{item['what']} ({item['who']})" for item in waiting), "Waiting for someone else")
    yield _commands([command for item in waiting for command in item["commands"]])


def _commands(commands: Sequence[str]) -> str:
    intro = "Commands, with the credentials of the account that is named above:"
    return f"{intro}\n\n{fenced(chr(10).join(commands))}" if commands else ""


def _facts(result: Facts, head: str) -> str:
    """What a record is found and checked by."""
    digest, done = result.get("digest", ""), result.get("ended", {})
    rows = {"Digest": digest, "Record": result["record"], "Head of the chain": head}
    rows |= {"Steps": ", ".join(f"{count} {state}" for state, count in done.items())}
    usd = result.get("estimate") or {}
    rows |= {"Estimate, USD a month": _usd(usd) if usd else ""}
    for part, title in (("made", "made by orgkit"), ("later", "switched on later")):
        if f"{part}_expected" in usd:
            amounts = {name: usd[f"{part}_{name}"] for name in ("low", "expected", "high")}
            rows |= {f"Estimate, USD a month, {title}": _usd(amounts)}
    return "\n".join(f"- {name}: {code(value)}" for name, value in rows.items() if value)
