"""A plan's digest: what it stands for, and that nobody changes its canonical form by accident."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.model.accounts import MoveAccount
from orgkit.model.imports import InviteAccount
from orgkit.model.units import CreateUnit, TagUnit
from orgkit.plan import Plan, Target, Waiting

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
PLAN = Plan(
    "units",
    TARGET,
    (
        CreateUnit(path="Größe/A & B", tags=(("Name", "A & B"), ("Owner", "jane"))),
        TagUnit(path="Security", tags=(("ManagedBy", "orgkit"),), rests_on=("h-1 DECLINED",)),
    ),
)
PINNED = "58e79ded04492d958b860a1548fdbff979146d49af7b227203b8cc663ea04abd"


def test_the_canonical_form_is_the_one_that_approvals_were_given_for() -> None:
    """A change here makes every kept approval void: raise SCHEMA with it, and say so in the changelog."""
    assert PLAN.canonical.decode() == CANONICAL
    assert PLAN.digest == hashlib.sha256(CANONICAL.encode()).hexdigest()
    assert PLAN.digest == PINNED


def test_the_digest_is_the_same_in_another_process() -> None:
    """Hashes of Python differ from process to process: nothing of the digest may rest on them."""
    code = "from tests.test_plan import PLAN; print(PLAN.digest)"
    root = Path(__file__).parents[1]
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={}, cwd=root)
    assert said.stdout.strip() == PLAN.digest


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, phase="accounts"),
        replace(PLAN, steps=PLAN.steps[:1]),
        replace(PLAN, steps=PLAN.steps[::-1]),
        replace(PLAN, steps=(PLAN.steps[0], replace(PLAN.steps[1], rests_on=("h-2 DECLINED",)))),
        replace(PLAN, steps=(PLAN.steps[0], replace(PLAN.steps[1], rests_on=()))),
        *(
            replace(PLAN, target=replace(TARGET, **{name: "other"}))
            for name in ("account", "organization", "partition", "kind")
        ),
    ],
)
def test_another_phase_step_order_fact_or_target_is_another_plan(other: Plan) -> None:
    assert other.digest != PLAN.digest


def test_what_only_stands_beside_the_steps_is_no_part_of_the_digest() -> None:
    told = replace(PLAN, needs=("x",), waiting=(Waiting("x", "you"),), unmanaged=("x",), warnings=("x",))
    told = replace(told, steps=tuple(replace(step, why="because") for step in PLAN.steps))
    assert told.digest == PLAN.digest


def test_the_canonical_form_survives_json() -> None:
    """plan.json is read again, and its steps are compared with those of a new plan."""
    assert json.loads(PLAN.canonical)["steps"] == [step.facts() for step in PLAN.steps]


def test_before_the_organization_exists_a_later_phase_is_a_preview_without_a_digest() -> None:
    nowhere = replace(TARGET, organization=None)
    assert replace(PLAN, target=nowhere).preview
    assert replace(PLAN, target=nowhere).digest == ""
    assert replace(PLAN, target=nowhere, phase="organization").digest


def test_the_review_holds_what_the_digest_leaves_out() -> None:
    steps = (MoveAccount(key="web", name="web", unit="", why="it is elsewhere"),)
    plan = replace(PLAN, steps=steps, waiting=(Waiting("dns: accept", "its owner", ("aws x",)),), warnings=("w",))
    review = plan.review("2026-11-23T10:00:00+00:00", monthly_usd={"low": "0"})
    assert review == {
        "plan_sha256": plan.digest,
        "planned_at": "2026-11-23T10:00:00+00:00",
        "why": ["it is elsewhere"],
        "actions": ["organizations:MoveAccount"],
        "needs": [],
        "stops": [],
        "waiting": [{"what": "dns: accept", "who": "its owner", "commands": ["aws x"]}],
        "unmanaged": [],
        "warnings": ["w"],
        "monthly_usd": {"low": "0"},
    }
    json.dumps(review)


def test_a_step_is_told_apart_by_its_kind_even_when_its_fields_are_the_same() -> None:
    one = CreateUnit(path="A", tags=()).facts()
    assert one["step"] == "CreateUnit"
    assert one != TagUnit(path="A", tags=()).facts()
    assert "why" not in InviteAccount(key="k", name="n", account_id="1", why="w").facts()


CANONICAL = """{
 "phase": "units",
 "schema": 1,
 "steps": [
  {
   "path": "Größe/A & B",
   "rests_on": [],
   "sentence": "create organizational unit Größe/A & B",
   "step": "CreateUnit",
   "tags": [
    [
     "Name",
     "A & B"
    ],
    [
     "Owner",
     "jane"
    ]
   ]
  },
  {
   "path": "Security",
   "rests_on": [
    "h-1 DECLINED"
   ],
   "sentence": "tag organizational unit Security: ManagedBy=orgkit",
   "step": "TagUnit",
   "tags": [
    [
     "ManagedBy",
     "orgkit"
    ]
   ]
  }
 ],
 "target": {
  "account": "999999999999",
  "kind": "aws",
  "organization": "o-exampleorgid",
  "partition": "aws"
 }
}
"""
