"""A plan's digest: what it stands for, and that nobody changes its canonical form by accident."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.model.plan import Plan, Target, Waiting
from orgkit.phases.account_imports.steps import InviteAccount
from orgkit.phases.accounts.steps import MoveAccount
from orgkit.phases.organizational_units.steps import CreateUnit, TagUnit
from tests.plans.loader import reviewed

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")
PLAN = Plan(
    "units",
    TARGET,
    (
        CreateUnit(path=("Größe", "A & B/C"), tags=(("Name", "A & B"), ("Owner", "jane"))),
        TagUnit(path=("Security",), tags=(("ManagedBy", "orgkit"),), starts_from="h-1 DECLINED"),
    ),
)
PINNED = "db87061e8c066834f0f4d4a09aa9346e1997f58fcd44b5411b969c5764bf3b20"


def test_the_canonical_form_is_the_one_that_approvals_were_given_for() -> None:
    """A change here makes every kept approval void: raise SCHEMA with it, and say so in the changelog."""
    assert PLAN.canonical.decode() == CANONICAL
    assert PLAN.sha256 == hashlib.sha256(CANONICAL.encode()).hexdigest()
    assert PLAN.sha256 == PINNED


def test_the_digest_is_the_same_in_another_process() -> None:
    """Hashes of Python differ from process to process: nothing of the digest may rest on them."""
    code = "from tests.model.test_plan import PLAN; print(PLAN.sha256)"
    root = Path(__file__).parents[2]
    message = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={}, cwd=root)
    assert message.stdout.strip() == PLAN.sha256


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, phase="accounts"),
        replace(PLAN, steps=PLAN.steps[:1]),
        replace(PLAN, steps=PLAN.steps[::-1]),
        replace(PLAN, steps=(PLAN.steps[0], replace(PLAN.steps[1], starts_from="h-2 DECLINED"))),
        replace(PLAN, steps=(PLAN.steps[0], replace(PLAN.steps[1], starts_from="absent"))),
        *(
            replace(PLAN, target=replace(TARGET, **{name: "other"}))
            for name in ("account", "organization", "partition", "kind")
        ),
    ],
)
def test_another_phase_step_order_fact_or_target_is_another_plan(other: Plan) -> None:
    assert other.sha256 != PLAN.sha256


def test_what_only_stands_beside_the_steps_is_no_part_of_the_digest() -> None:
    output = replace(PLAN, needs=("x",), waiting=(Waiting("x", "you"),), unmanaged=("x",), warnings=("x",))
    output = replace(output, steps=tuple(replace(step, reason="because") for step in PLAN.steps))
    assert output.sha256 == PLAN.sha256


def test_the_canonical_form_survives_json() -> None:
    """plan.json is read again, and its steps are compared with those of a new plan."""
    assert json.loads(PLAN.canonical)["steps"] == [step.facts() for step in PLAN.steps]


def test_before_the_organization_exists_a_later_phase_is_a_preview_without_a_digest() -> None:
    nowhere = replace(TARGET, organization=None)
    assert replace(PLAN, target=nowhere).preview
    assert reviewed(replace(PLAN, target=nowhere), "").digest == ""
    assert reviewed(replace(PLAN, target=nowhere, phase="organization"), "").digest


def test_the_review_holds_what_the_digest_leaves_out() -> None:
    steps = (MoveAccount(key="web", name="web", unit=(), starts_from="ou-1", reason="it is elsewhere"),)
    plan = replace(PLAN, steps=steps, waiting=(Waiting("dns: accept", "its owner", ("aws x",)),), warnings=("w",))
    review = plan.review("2026-11-23T10:00:00+00:00", "7f", monthly_usd={"low": "0"})
    assert review == {
        "plan_sha256": plan.sha256,
        "planned_at": "2026-11-23T10:00:00+00:00",
        "planning": "7f",
        "why": ["it is elsewhere"],
        "actions": ["organizations:ListParents", "organizations:MoveAccount"],
        "needs": [],
        "stops": [],
        "stopped": [],
        "waiting": [{"what": "dns: accept", "who": "its owner", "commands": ["aws x"]}],
        "unmanaged": [],
        "warnings": ["w"],
        "drift": [],
        "monthly_usd": {"low": "0"},
    }
    json.dumps(review)


def test_a_step_is_told_apart_by_its_kind_even_when_its_fields_are_the_same() -> None:
    one = CreateUnit(path=("A",), tags=()).facts()
    assert one["id"] == "create-unit:A"
    assert one != TagUnit(path=("A",), tags=(), starts_from="absent").facts()
    assert "why" not in InviteAccount(key="k", name="n", account_id="1", reason="w").facts()


CANONICAL = r"""{
  "phase": "units",
  "schema": 2,
  "steps": [
    {
      "id": "create-unit:Größe/A & B\\/C",
      "path": [
        "Größe",
        "A & B/C"
      ],
      "sentence": "create organizational unit Größe/A & B\\/C",
      "starts_from": "absent",
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
      "id": "tag-unit:Security",
      "path": [
        "Security"
      ],
      "sentence": "tag organizational unit Security: ManagedBy=orgkit",
      "starts_from": "h-1 DECLINED",
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
