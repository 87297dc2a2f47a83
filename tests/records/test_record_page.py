"""What a person reads on the page of a record before anything else, and what is folded away."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest

from orgkit.costs.estimate.effect import Effect, monthly_effect
from orgkit.model.plan import Plan, Target
from orgkit.phases.accounts.steps import CreateAccount
from orgkit.phases.registry import phase_of
from orgkit.records import html, outputs
from orgkit.records.outcome_mark import MARKS
from orgkit.records.result import OUTCOMES, RunResult
from orgkit.records.run_summary import RecordDocuments
from orgkit.records.seal import seal
from orgkit.runbook.views.tree import Mark, Node, as_svg, as_text
from tests.plans.loader import desired_of, reviewed
from tests.records.test_seal import ACCOUNT, run_folder

RUN = "20260701T120000Z-03-accounts-0123abcd"
FIRST, SECOND = (
    CreateAccount(
        key=key, name=key, email=f"{key}@example.com", role_name="Access", iam_access_to_billing="DENY", tags=()
    )
    for key in ("log-archive", "website-prod")
)
PLAN = reviewed(Plan("accounts", Target(ACCOUNT, "o-1", "aws", "aws"), (FIRST, SECOND)), "2026-07-01T12:00:00+00:00")
EFFECT = monthly_effect(PLAN, desired_of())
DOCUMENTS = RecordDocuments(
    {"steps": [step.facts() for step in PLAN.steps]}, {"monthly_usd": EFFECT.facts()}, frozenset({"plan.json"})
)
DONE = RunResult(
    "done", 0, phase="accounts", steps=2, ended={"done": 2},
    how_far={"done": tuple({"id": step.id, "sentence": step.sentence} for step in PLAN.steps)},
    identity={"account": ACCOUNT, "target": "aws", "arn": "arn:aws:iam::1:user/ann"},
    approval={"asserted_by": "Bo", "how": "button", "at": "2026-07-01T14:00:00+02:00", "ticket": "OPS-7"},
)  # fmt: skip


def tree(mark: Mark, name: str) -> dict[str, Any]:
    node = Node("organization root", "root", children=[Node(name, "account", mark=mark)])
    return {"image/svg+xml": as_svg(node), "text/plain": as_text(node)}


def notebook(*outputs: dict[str, Any]) -> Any:
    cells = [nbformat.v4.new_markdown_cell("# 03 Create\n\n## Apply")]
    for number, data in enumerate(outputs, 1):
        cell = nbformat.v4.new_code_cell(f"stages.picture(run, {number})", execution_count=number)
        cell["outputs"] = [nbformat.v4.new_output("display_data", data=data)]
        cells.append(cell)
    return nbformat.v4.new_notebook(cells=cells)


def page(result: RunResult = DONE, *outputs: dict[str, Any], documents: RecordDocuments = DOCUMENTS) -> str:
    return html.page(notebook(*outputs), result, label="03-accounts", run=RUN, documents=documents)


def drawing(text: str) -> str:
    return text[text.index("<figure") : text.index("</figure>")]


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text[text.index("<body>") :])).split())


def test_outcome_approval_changes_and_costs_come_before_the_runbook() -> None:
    shown = words(page())
    order = [
        f"AWS account {ACCOUNT}", "03-accounts: Create the member accounts", "✓ done",
        "approved by Bo, by button, 2026-07-01 12:00:00 UTC", "ticket OPS-7", "applied by arn:aws:iam::1:user/ann",
        "What changed", FIRST.sentence, SECOND.sentence, "What it costs", EFFECT.sentence, "Proof and files",
        "The runbook as it was executed",
    ]  # fmt: skip
    places = [shown.find(part) for part in order]
    assert -1 not in places, dict(zip(order, places, strict=True))
    assert places == sorted(places)


def test_each_step_has_its_sign_its_state_and_its_cost() -> None:
    how_far = {"done": DONE.how_far["done"][:1], "in doubt": DONE.how_far["done"][1:]}
    rows = re.findall(r"<tr><td class.*?</tr>", page(replace(DONE, outcome="failed", exit_code=5, how_far=how_far)))
    assert [words(f"<body>{row}") for row in rows[:2]] == [
        f"+ {FIRST.sentence} ✓ done {EFFECT.lines[0].price}",
        f"+ {SECOND.sentence} ? in doubt {EFFECT.lines[1].price}",
    ]


def test_a_step_in_doubt_says_what_the_next_run_does() -> None:
    shown = words(page(replace(DONE, how_far={"in doubt": DONE.how_far["done"]})))
    assert "the next run checks whether AWS did it" in shown


def test_what_awaits_an_approval_is_shown_as_what_would_change() -> None:
    shown = words(page(RunResult("awaiting approval", 3, steps=2, how_far={})))
    assert "What would change" in shown
    assert f"{FIRST.sentence} planned" in shown
    assert "What changed" not in shown


def test_steps_that_an_earlier_run_has_done_are_distinguished_from_those_of_this_one() -> None:
    shown = words(page(replace(DONE, how_far={"done": DONE.how_far["done"][1:]})))
    assert f"{FIRST.sentence} in an earlier run" in shown
    assert f"{SECOND.sentence} ✓ done" in shown


@pytest.mark.parametrize(
    "monthly",
    [
        None, [], "x", {"lines": 1}, {"lines": [1], "low": "1", "expected": "1", "high": "1"},
        {**EFFECT.facts(), "low": "NaN"}, {**EFFECT.facts(), "high": "sNaN"}, {**EFFECT.facts(), "expected": ["1"]},
    ],
)  # fmt: skip
def test_a_review_that_is_not_as_orgkit_writes_it_has_no_costs_and_is_shown_all_the_same(monthly: object) -> None:
    assert Effect.from_facts(monthly) is None
    shown = words(page(documents=replace(DOCUMENTS, review={"monthly_usd": monthly})))
    assert FIRST.sentence in shown
    assert "What it costs" not in shown


def test_a_review_is_read_as_the_effect_that_was_written() -> None:
    read = Effect.from_facts(EFFECT.facts())
    assert read is not None
    assert read.sentence == EFFECT.sentence
    assert read.lines == EFFECT.lines


@pytest.mark.parametrize("steps", [None, 1, "x", [1], [{}], [{"id": 1}], [{"sentence": ["x"], "id": {}}]])
def test_a_plan_that_is_not_as_orgkit_writes_it_breaks_no_page(steps: object) -> None:
    assert "What" in page(documents=replace(DOCUMENTS, plan={"steps": steps}))


def test_the_organization_is_drawn_once_where_most_of_it_is_marked() -> None:
    before, planned, after = tree(Mark.NONE, "before"), tree(Mark.NEW, "planned"), tree(Mark.NONE, "after")
    text = page(DONE, before, planned, after)
    assert text.count("<img ") == 1
    assert "+ planned" in drawing(text)
    runbook = text[text.index('id="runbook"') :]
    assert all(f"└─ {name}" in runbook for name in ("before", "+ planned", "after"))  # as text, nothing is lost


def test_of_trees_without_changes_the_last_is_drawn() -> None:
    text = page(DONE, tree(Mark.NONE, "desired"), tree(Mark.NONE, "verified"))
    assert text.count("<img ") == 1
    assert "verified" in drawing(text)


def test_the_page_knows_the_drawing_and_its_marks() -> None:
    """The page looks for words that the drawing writes."""
    svg = as_svg(Node("root", "root", mark=Mark.CHANGED))
    assert html.TREE in svg
    assert svg.count(html.MARKED) == 1


def test_code_and_the_words_of_a_picture_are_folded_and_what_was_shown_is_not() -> None:
    text = page(
        DONE,
        {"text/html": "<table><tr><td>shown</td></tr></table>"},
        {"image/svg+xml": "<svg/>", "text/plain": "words"},
    )
    folded = "".join(re.findall(r"<details.*?</details>", text, re.S))
    assert "stages" in words(f"<body>{folded}")
    assert "<pre>words</pre>" in folded
    assert "shown" not in folded


def test_the_page_links_to_every_file_of_its_record_and_to_no_other(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    outputs.write_plan(folder, PLAN)
    (folder / "https:evil & co.txt").write_text("somebody's own")
    seal(folder)
    text = (folder / f"{phase_of('units').run_label}.html").read_text(encoding="utf-8")
    links = {unquote(link) for link in re.findall(r'<a href="([^":]+)"', text)}
    assert links == {f"./{path.name}" for path in folder.iterdir() if path.suffix != ".html"}


def test_no_outcome_is_shown_by_its_color_alone() -> None:
    for code, outcome in OUTCOMES.items():
        header = page(RunResult(outcome, code)).partition("<main>")[0]
        assert f"<b>{outcome}</b>" in header
        assert any(f'<header class="{mark.kind}">' in header and f">{mark.sign}</span>" in header for mark in MARKS)
    assert len({mark.sign for mark in MARKS}) == len(MARKS)
