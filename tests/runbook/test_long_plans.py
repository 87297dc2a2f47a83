"""A plan of more than 200 steps is summarized by kind; what takes something away stays listed, and nothing is lost."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html import unescape
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest

from orgkit.costs.estimate.effect import monthly_effect
from orgkit.model.outcome import Outcome, Outcomes, StepStatus
from orgkit.model.plan import Plan, Step
from orgkit.model.step_groups import MAX_LISTED
from orgkit.phases.accounts.moves import AttachedPolicy, MoveFacts
from orgkit.phases.accounts.steps import MoveAccount
from orgkit.phases.registry import RUNBOOKS, plan
from orgkit.records import html
from orgkit.records.result import RunResult
from orgkit.records.run_summary import RecordDocuments
from orgkit.records.summarized_step import SummarizedStep
from orgkit.runbook.views import display
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.progress_view import render_progress
from orgkit.runbook.views.step_rows import rows_of
from orgkit.runbook.views.tree import Mark, Node, as_svg, as_text, desired_tree, observed_tree
from orgkit.runbook.views.views import Proposal, render_outcomes, render_plan
from tests.plans.loader import reviewed
from tests.plans.test_linear import World, all_in_the_root, as_asked, invited, nothing_there, unreadable

ACCOUNTS = 1_000
MAX_PAGE_BYTES = 500_000
PLANNED_AT = "2026-11-30T12:00:00+00:00"


@cache  # its values are frozen
def planned(world: Callable[[int], World], phase: str = "accounts", count: int = ACCOUNTS) -> tuple[World, Plan]:
    desired, observed = world(count)
    made = plan(phase, observed, desired)
    return (desired, observed), reviewed(made, PLANNED_AT, monthly_usd=monthly_effect(made, desired).facts())


def moves_with_losses(count: int) -> World:
    """All accounts are in the root, and a policy of the root's is attached to it alone: some moves lose it."""
    desired, observed = all_in_the_root(count)
    policy = AttachedPolicy("SERVICE_CONTROL_POLICY", "Region lock", "p-12345678")
    archive = next(unit for unit in observed.units if unit.path == desired.log_archive.unit)
    moved = tuple(replace(account, unit=archive.path if n < 3 else ()) for n, account in enumerate(observed.accounts))
    return desired, replace(observed, accounts=moved).with_facts(MoveFacts(((archive.id, (policy,)),)))


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def joined(text: str) -> str:
    return " ".join(text.split())


def outcomes_of(steps: tuple[Step, ...], status: Callable[[int], StepStatus]) -> Outcomes:
    return Outcomes(
        tuple(
            Outcome(step.sentence, step.symbol, status(n), 1.5, (f"id-{n}",), step_id=step.id, group=step.group)
            for n, step in enumerate(steps)
        )
    )


@pytest.mark.parametrize(
    ("world", "phase"), [(nothing_there, "accounts"), (unreadable, "accounts"), (invited, "imports")]
)
def test_a_long_plan_is_short_to_read_and_its_digest_and_counts_are_the_same(
    world: Callable[[int], World], phase: str
) -> None:
    (desired, _), made = planned(world, phase)
    assert len(made.steps) > ACCOUNTS
    effect = monthly_effect(made, desired)
    short, complete = Proposal(made, effect).view(), render_plan(made, effect.lines, all_steps=True)
    assert len(short.text) < 20_000 < len(complete.text)
    assert len(short.html) < 40_000
    for text in (joined(short.text), joined(complete.text), words(short.html), words(complete.html)):
        assert f"{len(made.steps)} step(s)" in text
        assert f"digest {made.digest}" in text
    additions = sum(step.symbol == "+" for step in made.steps)
    assert f"+ {additions} to add, ~ {len(made.steps) - additions} to change" in short.text
    everything = joined(complete.text)
    assert all(f"{step.symbol} {step.sentence}" in everything for step in made.steps)


def test_the_rows_of_a_summary_stand_for_every_step_once_and_cost_the_same() -> None:
    (desired, _), made = planned(nothing_there)
    effect = monthly_effect(made, desired)
    rows = list(rows_of(made, effect.lines))
    counts = [re.match(r"([\d,]+) steps: ", row.sentence) for row in rows]
    assert sum(int(count[1].replace(",", "")) if count else 1 for count in counts) == len(made.steps)
    prices = [float(row.price.partition(" ")[0]) for row in rows if row.price != "nothing"]
    assert sum(prices) == pytest.approx(float(effect.expected))


def test_a_plan_of_200_steps_lists_each_of_them() -> None:
    _, made = planned(nothing_there)
    listed = replace(made, steps=made.steps[:MAX_LISTED])
    text = joined(render_plan(listed).text)
    assert all(step.sentence in text for step in listed.steps)
    longer = replace(made, steps=made.steps[: MAX_LISTED + 1])
    assert "201 of these steps are summarized by kind; plan.json lists each of them." in joined(
        render_plan(longer).text
    )


def test_steps_that_take_something_away_are_listed_one_by_one() -> None:
    (desired, _), made = planned(moves_with_losses)
    losing = [step for step in made.steps if step.losses]
    assert losing
    proposal, documents = Proposal(made, monthly_effect(made, desired)).view(), documents_of(made)
    page = html.page(nbformat.v4.new_notebook(), result_of(made), label="03-accounts", run="r", documents=documents)
    for text in (joined(proposal.text), words(proposal.html), words(page)):
        assert all(step.sentence in text for step in losing)
        assert "steps: move accounts to Unit 0001" in text


def test_a_move_of_which_something_is_not_known_is_listed() -> None:
    move = MoveAccount(
        key="a", name="A", unit=("U",), starts_from="r-root",
        effects=("gains service control policy X", "not known: tag policies of r-root"),
    )  # fmt: skip
    assert move.group == ""
    assert "gains service control policy X" in replace(move, effects=move.effects[:1]).group


def test_no_step_that_changes_trust_logging_or_the_organization_is_ever_summarized() -> None:
    may_be_summarized = {step.kind for phase in RUNBOOKS for step in phase.steps if step.group is not Step.group}
    assert may_be_summarized == {
        "accept-invitation", "create-account", "create-read-role", "create-unit", "invite-account", "make-manageable",
        "move-account", "set-contact", "tag-account", "tag-unit",
    }  # fmt: skip


def test_the_outcomes_of_many_steps_are_summarized_and_what_failed_is_listed() -> None:
    _, made = planned(nothing_there)
    outcomes = outcomes_of(made.steps, lambda n: StepStatus.FAILED if n in (7, 2500) else StepStatus.DONE)
    view = render_outcomes(outcomes)
    assert len(view.html) < 40_000
    for text in (joined(view.text), words(view.html)):
        assert f"{len(made.steps) - 2} of {len(made.steps)} step(s) done" in text
        assert all(made.steps[n].sentence in text for n in (7, 2500))
        assert made.steps[8].sentence not in text
        assert "events.jsonl" in text
    assert all(made.steps[n].sentence in words(render_progress(outcomes, 1.0)) for n in (7, 2500))
    assert len(render_progress(outcomes, 1.0)) < 20_000


def result_of(made: Plan, **more: Any) -> RunResult:
    steps = tuple({"id": step.id, "sentence": step.sentence} for step in made.steps)
    return RunResult("done", 0, phase=made.phase, steps=len(steps), how_far={"done": steps}, **more)


def documents_of(made: Plan) -> RecordDocuments:
    return RecordDocuments({"steps": [step.facts() for step in made.steps]}, made.review_facts)


@pytest.mark.parametrize(
    ("world", "phase"), [(nothing_there, "accounts"), (all_in_the_root, "accounts"), (invited, "imports")]
)
def test_the_page_of_a_record_of_1_000_accounts_has_less_than_500_kilobytes(
    world: Callable[[int], World], phase: str
) -> None:
    (desired, observed), made = planned(world, phase)
    _, after = as_asked(ACCOUNTS)
    nouns = [
        desired, desired_tree(desired), observed_tree(observed, desired), Proposal(made, monthly_effect(made, desired)),
        tree_after_plan(observed, desired, made), outcomes_of(made.steps, lambda _: StepStatus.DONE),
        observed_tree(after, desired),
    ]  # fmt: skip
    cells = []
    for number, noun in enumerate(nouns, 1):
        cell = nbformat.v4.new_code_cell(f"show({number})", execution_count=number)
        bundle = display.view_for(type(noun))(noun).bundle()
        cell["outputs"] = [nbformat.v4.new_output("display_data", data=bundle)]
        cells.append(cell)
    notebook = nbformat.v4.new_notebook(cells=cells)
    page = html.page(notebook, result_of(made), label="03-accounts", run="r", documents=documents_of(made))
    assert len(page.encode()) < MAX_PAGE_BYTES
    assert f"{len(made.steps)} step(s)" in words(page)


def test_a_step_whose_sentence_is_not_that_of_its_fields_is_listed_on_the_page() -> None:
    _, made = planned(nothing_there)
    facts = made.steps[0].facts()
    assert SummarizedStep.from_facts(facts).group
    assert SummarizedStep.from_facts(facts | {"sentence": "do something else"}).group == ""
    tag = {"id": "tag-account:a", "key": "a", "name": "A", "starts_from": "absent", "tags": [1], "sentence": "x"}
    assert SummarizedStep.from_facts(tag).group == ""


def test_pictures_fold_units_with_many_accounts_and_never_one_that_waits() -> None:
    accounts = [Node(f"a-{n:03}", "account", "new", mark=Mark.NEW) for n in range(60)]
    waiting = [Node(f"w-{n}", "account", "waiting for a decision", mark=Mark.WAITING) for n in range(9)]
    root = Node("organization root", "root", children=[Node("Large", "unit", children=[*accounts, *waiting])])
    text = as_text(root)
    assert "+ 60 accounts  a-000, a-001, a-002 and 57 more  (new)" in text
    assert all(f"w-{n}  (waiting" in text for n in range(9))
    svg = ElementTree.fromstring(as_svg(root))
    assert len([shape for shape in svg.iter() if shape.tag.endswith("rect")]) == 2 + 1 + 9
    assert "a-059" in str(root.as_json())  # as data it is whole


def test_units_with_few_accounts_are_drawn_account_by_account() -> None:
    units = [Node(f"U{u}", "unit", children=[Node(f"a-{u}-{n}", "account") for n in range(20)]) for u in range(10)]
    assert all(f"a-{u}-{n}" in as_text(Node("root", "root", children=units)) for u in range(10) for n in range(20))
