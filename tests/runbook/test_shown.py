"""Names come from AWS, and anybody may have chosen them: nothing that is shown lets them act."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from orgkit.aws.session import Caller
from orgkit.costs.bills.actuals import Actuals, actuals
from orgkit.costs.bills.bill import NOT_READY, USAGE, Bill, BillRow
from orgkit.costs.bills.difference import Difference, compare
from orgkit.costs.bills.month import Month
from orgkit.costs.estimate.effect import Effect, monthly_effect
from orgkit.costs.estimate.effect import Line as EffectLine
from orgkit.costs.estimate.estimate import Estimate, estimate
from orgkit.costs.estimate.sensitivity import Size, Swing
from orgkit.errors import ApprovalMismatch
from orgkit.journal.events import Journal
from orgkit.model.desired import ACCESS_ROLE, Desired
from orgkit.model.observed import Account, Observed, Unit
from orgkit.model.outcome import Outcome, Outcomes, Slot, StepStatus
from orgkit.model.plan import Plan, Target, Waiting
from orgkit.phases.accounts.steps import CreateAccount, MoveAccount
from orgkit.phases.adopted import Advice, NotRead, Unexpressed
from orgkit.phases.management_account.findings import Finding, Findings
from orgkit.phases.policies.in_force import PoliciesInForce, PolicyInForce
from orgkit.phases.policy_removal.steps import DeletePolicy
from orgkit.phases.registry import PHASES, phase_of
from orgkit.phases.state_backend.backend_block import BackendBlock
from orgkit.runbook import adoption_stages
from orgkit.runbook.gate import Gate
from orgkit.runbook.live_display import LiveDisplay
from orgkit.runbook.run import Run
from orgkit.runbook.views import bar_chart, display, line_chart, palette, tables
from orgkit.runbook.views.actual_views import Showbacks, render_difference
from orgkit.runbook.views.bar_chart import Bars
from orgkit.runbook.views.line_chart import Line, Lines
from orgkit.runbook.views.plan_overlay import tree_after_plan
from orgkit.runbook.views.tree import Mark, Node, as_svg, as_text, desired_tree, observed_tree
from orgkit.runbook.views.views import (
    AssumptionsView,
    CallerIdentity,
    Charges,
    CompletedRun,
    Proposal,
    SensitivityView,
    Verification,
    View,
)
from tests.adoption.test_parameters_file import adoption_of, content_with
from tests.aws.conftest import CountingClock
from tests.plans.loader import desired_of, observed_of, reviewed
from tests.runbook.hostile import HOSTILE, NAMES, check, check_svg

TARGET = Target("999999999999", "o-exampleorgid", "aws", "aws")


def an_estimate(name: str) -> Estimate:
    desired = desired_of()
    return estimate(replace(desired, accounts=tuple(replace(spec, name=name) for spec in desired.accounts)))


def the_actuals(name: str) -> Actuals:
    """Two months: one of an account, a service and a charge of that name, and one that is not ready."""
    rows = tuple(BillRow(account, name, USAGE, Decimal("7.5")) for account in (name, "111111111111"))
    bill = Bill(Month(2026, 9), (*rows, BillRow(name, name, "Tax", Decimal(1))), name, name, name, name, (name,))
    none = replace(bill, month=Month(2026, 10), rows=(), maturity=NOT_READY)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return actuals(a_desired(name), an_observed(name), an_estimate(name), (bill, none), now, name)


def a_plan(name: str) -> Plan:
    step = CreateAccount(
        key="k", name=name, email=name, role_name=ACCESS_ROLE, iam_access_to_billing="DENY", tags=(), reason=name
    )
    waiting = (Waiting(name, name, (name, name)),)
    return reviewed(Plan("accounts", TARGET, (step, step), (name,), waiting, (name,), (name,)), CountingClock().now())


def an_observed(name: str) -> Observed:
    return replace(
        observed_of({"organization": {}}),
        units=(Unit((name,), "ou-1", ()), Unit((name, name), "ou-2", ())),
        accounts=(Account("111111111111", name, name, name, (name,), name, ((name, name),)),),
    )


def a_desired(name: str) -> Desired:
    desired = desired_of()
    organization = replace(desired.organization, name=name, email=name, trusted_access=(name,))
    units = tuple(replace(unit, path=(name,)) for unit in desired.units)
    accounts = tuple(replace(account, name=name, email=name, unit=(name,)) for account in desired.accounts)
    return replace(desired, organization=organization, units=units, accounts=accounts)


def a_gate(name: str, decide: Callable[[Gate], object] = lambda gate: None) -> Gate:
    """The gate after a decision; a name that nobody can read is refused, and changes nothing of what is shown."""
    gate = Gate(a_plan(name), CountingClock(), 24, name)
    with suppress(ApprovalMismatch):
        decide(gate)
    return gate


def the_adoption(name: str) -> list[View]:
    """The tables of adopt.ipynb, of an organization whose every string is the name."""
    content, _ = content_with()
    adoption = adoption_of(
        content, advice=(Advice("high", name, name, name),), not_expressed=(Unexpressed(name, name),),
        not_read=(NotRead(name, name),), comments={("organization", "name"): name},
    )  # fmt: skip
    tables_of_adoption = (adoption_stages.findings, adoption_stages.not_read, adoption_stages.not_expressed)
    return [*(table(adoption) for table in tables_of_adoption), adoption_stages.write(adoption, "")]


MAKERS: Mapping[type, Callable[[str], list[Any]]] = {
    Run: lambda name: [Run(PHASES[1], Path(name), desired_of(), Path(), Path(name), Journal())],
    CallerIdentity: lambda name: [CallerIdentity(Caller("1", name, "ASIA"), "aws", name)],
    Desired: lambda name: [a_desired(name)],
    Node: lambda name: [
        observed_tree(an_observed(name), a_desired("x")), desired_tree(a_desired(name)),
        Node(name, "root", name, name, name, [Node(name, "account", name, name, name, mark=mark) for mark in Mark]),
        tree_after_plan(an_observed(name), a_desired(name), a_plan(name)),
    ],
    Plan: lambda name: [a_plan(name), replace(a_plan(name), steps=())],
    Proposal: lambda name: [Proposal(a_plan(name), monthly_effect(a_plan(name), desired_of()))],
    Bars: lambda name: [Bars.from_estimate(an_estimate(name))],
    Effect: lambda name: [
        Effect(Decimal(0), Decimal(1), Decimal(2), (EffectLine(name, name, *[Decimal(1)] * 4, name),)),
    ],
    Gate: lambda name: [
        a_gate(name),
        a_gate(name, lambda gate: gate.accept(name if name.strip() else "Jane", name, name)),
        a_gate(name, lambda gate: gate.reject(name)),
    ],
    Outcomes: lambda name: [
        Outcomes(
            tuple(Outcome(name, "+", r, 1.0, (name,), name, name, name) for r in StepStatus),
            (name,),
            (Slot(name), Slot()),
        ),
    ],
    PoliciesInForce: lambda name: [
        PoliciesInForce((PolicyInForce(name, name, name, name, name),), (name,)),
        PoliciesInForce(),
    ],
    BackendBlock: lambda name: [BackendBlock(name, name), BackendBlock("", name)],
    Verification: lambda name: [Verification(replace(a_plan(name), steps=())), Verification(None)],
    Findings: lambda name: [Findings((Finding.ok(name, name, name), Finding.warns(name, name, name)))],
    Estimate: lambda name: [an_estimate(name)],
    SensitivityView: lambda name: [
        SensitivityView((Swing(name, Decimal(1), Decimal(2)),), (Size(1, 1, *[Decimal(1)] * 3),)),
    ],
    Actuals: lambda name: [the_actuals(name)],
    Lines: lambda name: [Lines.from_differences(the_actuals(name).differences), Lines((name,), (Line(name, (None,)),))],
    Showbacks: lambda name: [Showbacks(the_actuals(name).showback[0]), Showbacks(None)],
    Charges: lambda name: [Charges(((name,) * 12,))],
    AssumptionsView: lambda name: [AssumptionsView((name,) * 7, ((name,) * 7,))],
    View: lambda name: the_adoption(name),
    CompletedRun: lambda name: [CompletedRun(PHASES[1], Path("outputs") / re.sub(r"[/\x00]", "", name))],
}  # fmt: skip


def test_every_noun_that_a_notebook_shows_is_tried_here() -> None:
    by_name = {getattr(import_module(module), name) for module, name in display.VIEWS_BY_NAME}
    assert set(MAKERS) == set(display.VIEWS) | by_name


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("noun", MAKERS, ids=lambda noun: noun.__name__)
def test_a_hostile_name_is_only_text(noun: type, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORGKIT_PERSON", raising=False)
    for made in MAKERS[noun](name):
        check(display.view_for(noun)(made))


@pytest.mark.parametrize("noun", MAKERS, ids=lambda noun: noun.__name__)
@settings(max_examples=25)
@given(name=NAMES)
def test_any_name_is_only_text_in_whatever_a_notebook_shows(noun: type, name: str) -> None:
    for made in MAKERS[noun](name):
        check(display.view_for(noun)(made))


@settings(max_examples=60)
@given(NAMES)
def test_any_text_is_only_text(name: str) -> None:
    node = observed_tree(an_observed(name), a_desired("x"))
    check_svg(as_svg(node))
    check(View(as_text(node)))
    check(View(tables.as_text((name,), [(name,)]), tables.as_html((name,), [(name,)], name)))
    check(View(tables.as_text_list([name], name), tables.as_list([name], name)))
    check(View(tables.as_items([("+", name, name)])))


def test_half_a_character_which_json_may_hold_is_shown_as_an_unknown_one() -> None:
    alone = "\ud83d"
    view = View(tables.as_text((alone,), [(alone,)]), tables.as_html((alone,), [(alone,)]), as_svg(Node(alone, "unit")))
    check(view)
    assert view.text.count("�") == 2


def test_what_is_shown_still_says_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "&lt;img src=x onerror=alert(1)&gt;" in display.VIEWS[Plan](a_plan(HOSTILE[0])).html
    assert "=cmd|" in display.VIEWS[Plan](a_plan(HOSTILE[3])).text
    assert "x" * 50 in display.VIEWS[Plan](a_plan("x" * 50)).text.replace("\n  ", "")
    assert "Größe 日本" in as_svg(Node("Größe 日本", "unit"))


def test_a_picture_cuts_a_long_name_and_says_so() -> None:
    assert "x" * 43 + "…" in as_svg(Node("x" * 50, "account"))


def test_a_tree_shows_units_before_accounts_whatever_the_order_of_aws() -> None:
    observed = observed_of(
        {
            "organization": {},
            "units": {"Security": {}, "Attic": {}, "Security/Audit": {}},
            "accounts": [
                {"id": "999999999999", "name": "acme", "email": "aws@acme.example"},
                {"id": "333333333333", "name": "lab", "email": "lab@acme.example", "unit": "Attic"},
                {"id": "222222222222", "name": "log-archive", "email": "aws-log-archive@acme.example",
                 "state": "SUSPENDED"},
            ],
        }
    )  # fmt: skip
    assert as_text(observed_tree(observed, desired_of())).splitlines() == [
        "organization root",
        "├─ ? Attic/  (unmanaged)",
        "│  └─ ? lab  333333333333  <lab@acme.example>  (unmanaged)",
        "├─ Security/",
        "│  └─ ? Audit/  (unmanaged)",
        "├─ acme  999999999999  <aws@acme.example>  (management account)",
        "└─ ? log-archive  222222222222  <aws-log-archive@acme.example>  (unmanaged, SUSPENDED)",
        "",
        "? unmanaged: in AWS, not in the file; left alone",
    ]


def test_a_slash_within_the_name_of_a_unit_is_escaped_in_a_tree() -> None:
    observed = observed_of({"organization": {}, "units": {"CI\\/CD": {}, "CI\\/CD/Runners": {}}})
    assert as_text(observed_tree(observed, desired_of())).splitlines()[1:3] == [
        r"└─ ? CI\/CD/  (unmanaged)",
        "   └─ ? Runners/  (unmanaged)",
    ]


def test_a_tree_without_an_organization_says_so() -> None:
    assert as_text(observed_tree(observed_of({"organization": None}), desired_of())) == (
        "account 999999999999, in no organization"
    )


def test_headless_nothing_but_text_and_pictures_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A widget in a record is a dead one."""
    monkeypatch.delenv("ORGKIT_PERSON", raising=False)
    kinds = {
        kind for noun, make in MAKERS.items() for made in make("x") for kind in display.view_for(noun)(made).bundle()
    }
    assert kinds == {"text/plain", "text/html", "image/svg+xml"}


class Screen:
    """What a display shows, one after another."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(bundle)


def test_a_column_of_numbers_is_aligned_to_the_right_and_one_of_account_ids_is_not() -> None:
    headers, rows = ("account", "id", "USD"), [("a", "111111111111", "1.80"), ("b", "", "-1,200.00"), ("c", "", "")]
    assert tables.as_text(headers, rows).splitlines()[2:] == [
        "a        111111111111       1.80",
        "b                      -1,200.00",
        "c",
    ]
    html = tables.as_html(headers, rows)
    assert html.count('class="number"') == 4
    assert '<th class="number">USD</th>' in html
    assert "<td>111111111111</td>" in html
    assert "number" not in tables.as_html(headers, [("a", "not yet", "nothing")])


def test_progress_ends_with_one_final_table_however_fast_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: screen)
    live = LiveDisplay()
    for result in (StepStatus.PENDING, StepStatus.RUNNING, StepStatus.DONE):
        live.update(Outcomes((Outcome("create it", "+", result),)))
    assert "1 of 1" in screen.shown[-1]["text/plain"]
    assert len(screen.shown) <= 3
    live.waiting("<b>\x1b[2J", 1, 2)
    check(View(screen.shown[-1]["text/plain"], screen.shown[-1]["text/html"]))


def test_a_wait_says_what_for_how_long_and_that_nobody_has_to_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: screen)
    live = LiveDisplay()
    live.set_status("Approved by Jane")
    slots = (Slot("website-prod", 40, 600), Slot("somebody else's"), Slot(), Slot(), Slot())
    live.update(Outcomes((Outcome("create it", "+", StepStatus.RUNNING),), slots=slots))
    live.waiting("AWS to make accounts", 40, 600)
    output = screen.shown[-1]["text/plain"]
    assert output.splitlines()[0] == "Approved by Jane"
    assert "   1  website-prod       40 s    600 s" in output
    assert "   2  somebody else's" in output
    assert output.count("free") == 3
    assert "Waiting for AWS to make accounts: 40 s so far, 600 s at most." in output
    assert "It is safe to close the laptop" in output
    live.update(Outcomes((Outcome("create it", "+", StepStatus.DONE),)))
    assert "free" not in screen.shown[-1]["text/plain"]
    assert "Waiting" not in screen.shown[-1]["text/plain"]


def test_the_bars_say_in_words_what_they_show() -> None:
    made = Bars.from_estimate(an_estimate("x"))
    words, picture = bar_chart.as_words(made), bar_chart.as_svg(made)
    for row in made.rows:
        assert sum(row.parts.values()).quantize(Decimal("0.01")) == pytest.approx(row.whole, abs=Decimal("0.02"))
        assert f"{row.whole} ({row.low} to {row.high})" in words
        assert f"{row.whole} ({row.low} to {row.high})" in picture
    for service in made.services:
        assert f">{made.letter(service)}</text>" in picture  # a letter, not a colour alone
        assert service in words


def test_bars_and_lines_of_bills_say_in_words_what_they_show() -> None:
    made = the_actuals("prod")
    drawn = Bars.from_bill(made.differences[0])
    assert drawn.shows == "used in 2026-09"
    assert [row.whole for row in drawn.rows if row.parts] == [Decimal("7.50")] * 2
    over = Lines.from_differences(made.differences)
    assert "no data" in line_chart.as_words(over)
    assert "prod, 2026-09: 7.50" in line_chart.as_svg(over)


def a_month_of(*rows: tuple[str, str, str]) -> Difference:
    made = the_actuals("x").differences[0]
    bill = replace(
        made.bill, rows=tuple(BillRow(account, name, USAGE, Decimal(amount)) for account, name, amount in rows)
    )
    return compare(an_estimate("x"), bill, {}, datetime(2026, 11, 24, tzinfo=UTC))


def test_more_services_than_colours_can_be_told_apart_are_added_up() -> None:
    month = a_month_of(*(("000000000001", f"Service {number}", str(number)) for number in range(1, 32)))
    drawn = Bars.from_bill(month)
    assert drawn.services[-1] == "other services"
    assert len({drawn.letter(service) for service in drawn.services}) == len(drawn.services) == palette.COUNT
    (row,) = [row for row in drawn.rows if row.parts]
    assert sum(row.parts.values()) == sum(range(1, 32))
    assert max(map(len, bar_chart.as_words(drawn).splitlines())) < 80


def test_a_month_s_columns_add_up_to_their_total_in_cents() -> None:
    thirds = [(f"{number:012}", "S3", "0.333333") for number in range(1, 8)]
    text = render_difference(a_month_of(*thirds)).text
    rows = [re.split(r"\s{2,}", row) for row in text.split("\naccount ")[1].splitlines()[2:]]
    gross = [Decimal(row[4]) for row in rows if len(row) == 7]
    assert gross[-1] == sum(gross[:-1]) == Decimal("2.33")
    assert sorted(gross)[-3:] == [Decimal("0.34")] * 2 + [Decimal("2.33")]


def test_an_axis_has_room_for_any_amount() -> None:
    for amount in ("0", "9999.99", "12345", "1234567", "987654321987"):
        month = a_month_of(("000000000001", "S3", amount))
        picture = line_chart.as_svg(Lines.from_differences([month]))
        assert max(map(len, re.findall(r'class="small" x="0" y="[^"]+">([^<]+)<', picture))) <= 9


def test_more_accounts_than_lines_can_be_told_apart_are_added_up() -> None:
    many = tuple(BillRow(f"{number:012}", "S3", USAGE, Decimal(number)) for number in range(1, 31))
    made = the_actuals("x").differences[0]
    bill = replace(made.bill, rows=many)
    found = Lines.from_differences([compare(an_estimate("x"), bill, {}, datetime(2026, 11, 24, tzinfo=UTC))])
    assert [line.name for line in found.lines[:2]] == ["000000000030", "000000000029"]
    assert re.fullmatch(r"\d+ others", found.lines[-1].name)
    assert sum(line.amounts[0] or 0 for line in found.lines) == sum(range(1, 31))


def test_a_proposal_begins_with_its_totals_and_with_what_is_lost() -> None:
    move = MoveAccount(
        key="k",
        name="shop",
        unit=("A",),
        starts_from="ou-1",
        effects=("gains SCP one", "loses SCP two", "leaves set X"),
    )
    plan = replace(a_plan("x"), steps=(*a_plan("x").steps, move))
    first, *lost = Proposal(plan, monthly_effect(plan, desired_of())).view().text.splitlines()[:4]
    assert first == "+ 2 to add, ~ 1 to change, USD 0 a month"
    assert lost == ["What is lost:", "  - account shop loses SCP two", "  - account shop leaves set X"]


def test_a_proposal_that_takes_something_away_counts_it_and_its_last_cell_leads_nowhere() -> None:
    delete = DeletePolicy(policy="p", name="p", type="TAG_POLICY", made_by="AWS", starts_from="")
    plan = replace(a_plan("x"), steps=(delete,))
    first, *lost = Proposal(plan, monthly_effect(plan, desired_of())).view().text.splitlines()[:3]
    assert first == "+ 0 to add, ~ 0 to change, - 1 to remove, USD 0 a month"
    assert lost == ["What is lost:", "  - policy p, with its document"]
    done = CompletedRun(phase_of("policy-removal"), Path("outputs/1/run"))
    assert done.view().text.endswith("Run it again when the file names more to take away.")


def test_a_proposal_shows_what_each_step_costs_and_the_last_cell_leads_on() -> None:
    plan = a_plan("x")
    proposal = Proposal(plan, monthly_effect(plan, desired_of()))
    assert "USD a month" in proposal.view().html
    assert proposal.effect.sentence in proposal.view().text
    done = CompletedRun(PHASES[1], Path("outputs/1/run"), guided=True, link="../x/02-units.ipynb").view()
    assert '<a href="../x/02-units.ipynb">Next: 02-units.</a>' in done.html
    assert [line.split(":")[0] for line in done.text.splitlines()[1:]] == ["Save", "Seal", "Next"]


@pytest.mark.parametrize(
    ("settings", "hint"),
    [({"JPY_SESSION_NAME": "03.ipynb"}, True), ({}, False), ({"JPY_SESSION_NAME": "03", "ORGKIT_PERSON": "1"}, False)],
)
def test_a_runbook_that_is_opened_with_a_plain_kernel_says_how_to_open_it_guided(
    settings: dict[str, str], hint: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JPY_SESSION_NAME", "ORGKIT_PERSON"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    view = display.render_run(Run(PHASES[3], Path("acme.toml"), desired_of(), Path(), Path("run"), Journal()))
    assert ("orgkit open acme.toml 03" in view.text) is hint
    check(view)


@pytest.mark.parametrize(("person", "classes"), [("1", True), ("", False)])
def test_an_output_has_the_class_that_the_extension_looks_for_only_where_a_person_is_guided(
    person: str, classes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORGKIT_PERSON", person)
    for noun in display.CLASSES:
        bundle = display.bundle_of(noun, display.VIEWS[noun](MAKERS[noun]("x")[0]))
        assert bundle["text/html"].startswith(f'<div class="{display.CLASSES[noun]}">') is classes
