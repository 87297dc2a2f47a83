"""The job summary of a plan and of a run: complete for a reviewer, and harmless whatever AWS has in its names."""

import html
import re
from typing import Any

import pytest
from hypothesis import given

from orgkit import errors
from orgkit.ci.summary import fit_limit, last_tree, render_error, render_plan, render_run
from orgkit.records.result import OUTCOMES, RunResult
from tests.ci.test_markdown import TEXTS

DIGEST = "ab" * 32
FENCE = re.compile(r"^(`{3,})text\n.*?^\1$", re.M | re.S)


def plan(text: str = "make it") -> dict[str, Any]:
    line = {"low": "0.33", "expected": "1.80", "high": "11.00"}
    return {
        "digest": DIGEST,
        "steps": [{"id": "x:y", "sentence": text}],
        "why": [text],
        "monthly_usd": {**line, "lines": [line]},
        "needs": [text],
        "stops": [text],
        "warnings": [text],
        "unmanaged": [text],
        "waiting": [{"what": text, "who": text, "commands": [text]}],
    }


def run(text: str = "so it was", code: int = errors.EXIT_DONE) -> dict[str, Any]:
    result = RunResult(
        OUTCOMES[code], code, (text,), digest=DIGEST, how_far={"done": ({"id": text, "sentence": text},)},
        found=(text,), waiting=(text,),
        commands=(text,), ended={"done": 2, "failed": 1}, estimate={"low": "1", "expected": "2", "high": "3"},
    )  # fmt: skip
    return {**result.as_json(), "record": "20261127T000000Z-02-units-01234567"}


@given(TEXTS)
def test_nothing_in_it_acts_whatever_the_names_are(text):
    output = fit_limit(part for parts in (
        render_plan(text, plan(text), text, "7"), render_run(text, run(text), plan(text), text, "f" * 64),
        render_error({"summary": text, "why": text, "do": text}),
    ) for part in parts)  # fmt: skip
    outside = FENCE.sub("", output)
    assert "`" not in outside
    assert re.findall(r"<(?!/?code>)|\]\(|!\[|://|@", outside) == []
    assert {line.count("|") for line in outside.split("\n") if line.startswith("| ")} == {5}


def test_a_plan_is_there_with_its_digest_tree_and_cost():
    output = html.unescape(fit_limit(render_plan("02-units", plan(), "organization root", "7")))
    assert "## 02-units: 1 step\n" in output
    assert f"Digest <code>{DIGEST}</code>" in output
    assert "| 1 | make it | make it | 1.80 (0.33 to 11.00) |" in output
    assert "```text\norganization root\n```" in output
    assert f"phase <code>02</code>, digest <code>{DIGEST}</code>, plan run <code>7</code>" in output


def test_a_step_that_forfeits_credits_says_so_in_its_cost():
    line = {"low": "0.00", "expected": "0.00", "high": "0.00", "once_usd": "200.00"}
    output = html.unescape(
        fit_limit(render_plan("01-organization", plan() | {"monthly_usd": {**line, "lines": [line]}}))
    )
    assert "| nothing a month; once: USD 200.00 of credits, lost |" in output


def test_a_run_has_both_totals_of_its_estimate():
    parts = {f"{part}_{name}": part for part in ("made", "later") for name in ("low", "expected", "high")}
    result = run() | {"estimate": {"low": "1", "expected": "2", "high": "3"} | parts}
    output = html.unescape(fit_limit(render_run("06-costs", result, plan())))
    assert "made by orgkit" in output
    assert "switched on later" in output


def test_a_plan_without_steps_is_a_line():
    assert fit_limit(render_plan("02-units", {"steps": [], "digest": DIGEST})) == "## 02&#45;units: nothing to change\n"


def test_a_preview_cannot_be_applied():
    output = fit_limit(render_plan("02-units", plan() | {"digest": ""}, "", "7"))
    assert "preview" in output
    assert "To apply it" not in output


def test_a_phase_that_could_not_be_planned_says_why():
    assert "no tree" in fit_limit(render_plan("02-units", {"error": "no tree"}))


@pytest.mark.parametrize("code", sorted(OUTCOMES))
def test_every_end_of_a_run_is_told_with_its_record_and_the_head_of_the_chain(code):
    output = html.unescape(fit_limit(render_run("02-units", run(code=code), plan(), "tree", "f" * 64)))
    assert f"## 02-units: {OUTCOMES[code]}" in output
    for part in (DIGEST, "20261127T000000Z-02-units-01234567", "f" * 64, "2 done, 1 failed", "so it was", "2 (1 to 3)"):
        assert part in output
    assert ("run this workflow again later" in output) == (code == errors.EXIT_RETRY_LATER)


def test_what_is_left_of_a_resumed_plan_is_told_without_the_reasons_of_others():
    resumed = plan() | {"steps": [{"sentence": "one"}, {"sentence": "two"}]}
    assert "| 2 | two |  |  |" in fit_limit(render_run("02-units", run(), resumed))


def test_the_tree_is_that_of_the_last_picture_in_the_notebook():
    def output(kind: str, text: object) -> dict[str, Any]:
        return {"data": {kind: "x", "text/plain": text}}

    cells = [{"outputs": [output("image/svg+xml", "first")]}, {"outputs": [output("image/svg+xml", ["la", "st"])]}]
    assert last_tree({"cells": [*cells, {"outputs": [output("text/html", "a table")]}, {}]}) == "last"
    assert last_tree({}) == ""
