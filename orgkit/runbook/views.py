"""What a runbook shows of its nouns: for each, its text and its HTML, and nothing that decides."""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from orgkit.aws.session import Caller
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.outcome import Outcome, Outcomes
from orgkit.phases import PHASES, Phase
from orgkit.plan import Plan
from orgkit.runbook import tables

STEP_HEADERS = ("", "step", "why", "IAM actions")
OUTCOME_HEADERS = ("", "step", "result", "seconds", "request id")


@dataclass(frozen=True)
class View:
    """Text for a terminal and a diff, HTML for a browser, SVG where a picture says more."""

    text: str
    html: str = ""
    svg: str = ""

    def bundle(self) -> dict[str, str]:
        """The mime types of a notebook output; a picture goes without HTML, which would be preferred to it."""
        pictured = {"image/svg+xml": self.svg} if self.svg else {}
        written = {"text/html": self.html} if self.html and not self.svg else {}
        return {"text/plain": self.text, **written, **pictured}


@dataclass(frozen=True)
class WhoAmI:
    """The identity that AWS confirms."""

    caller: Caller
    kind: str

    def view(self) -> View:
        where = "AWS" if self.kind == "aws" else "an emulator: nothing here touches AWS"
        rows = [("account", self.caller.account), ("identity", self.caller.arn), ("where calls go", where)]
        return View(tables.as_text(("", ""), rows), tables.as_html(("", ""), rows))


@dataclass(frozen=True)
class Verification:
    """The answer of planning again; `left` is None for a phase that plans nothing."""

    left: Plan | None
    observed: Observed | None = None

    def view(self) -> View:
        if self.left is None:
            return View("Verified.", "<p>Verified.</p>")
        said = "Verified: planned again, and there is nothing left to do."
        waiting = of_waiting(self.left)
        return View(said + waiting.text, f"<p>{said}</p>{waiting.html}")


@dataclass(frozen=True)
class Done:
    """The last cell's word: where the record is, and what comes next."""

    phase: Phase
    folder: Path

    def view(self) -> View:
        following = next((p for p in PHASES if p.number > self.phase.number), None)
        record = "/".join(self.folder.parts[-2:])
        then = f" Next: {following.label}." if following else " That was the last phase."
        text = tables.flat(f"The events of this run are written: {record}.{then}")
        return View(text, f"<p>{escape(text)}</p>")


# Of the FOCUS columns, those that let a reader check a row by hand.
CHARGE_COLUMNS = (
    "SubAccountName", "ServiceName", "RegionId", "ChargeDescription", "x_Scenario", "PricingQuantity", "PricingUnit",
    "ListUnitPrice", "EffectiveCost", "x_PriceSource", "x_PriceEffectiveDate", "x_PriceRetrieved",
)  # fmt: skip


@dataclass(frozen=True)
class Charges:
    """Every row of an estimate, whole: a record must not end in dots."""

    rows: tuple[tuple[object, ...], ...]

    def view(self) -> View:
        rows = [["" if value is None or value != value else value for value in row] for row in self.rows]
        return View(tables.as_text(CHARGE_COLUMNS, rows), tables.as_html(CHARGE_COLUMNS, rows))


def of_plan(plan: Plan) -> View:
    """The steps, what stands beside them, and the digest."""
    rows = [(s.sign, s.sentence, s.why, ", ".join(s.actions)) for s in plan.steps]
    said = f"{len(rows)} step(s) on {plan.target}" if rows else f"Nothing to change on {plan.target}"
    first = (*(f"phase 00 stops here: {why}" for why in plan.stops), *plan.needs)
    notes = ((plan.warnings, "Worth knowing"), (plan.unmanaged, "In AWS and not in the file (left alone)"))
    steps = tables.as_items([(s.sign, s.sentence, f"because {s.why}" if s.why else "") for s in plan.steps])
    text = "\n".join(part for part in (said + tables.as_text_list(first, "First"), steps, _digest(plan)) if part)
    html = f"<p>{escape(said)}</p>" + tables.as_list(first, "First")
    html += (tables.as_html(STEP_HEADERS, rows) if rows else "") + f"<p>{escape(_digest(plan))}</p>"
    waiting = of_waiting(plan)
    return View(
        text + "".join(tables.as_text_list(items, title) for items, title in notes) + waiting.text,
        html + "".join(tables.as_list(items, title) for items, title in notes) + waiting.html,
    )


def _digest(plan: Plan) -> str:
    """What an approval names; nobody approves an empty plan, and nobody can approve a preview."""
    if plan.preview:
        return "a preview without a digest: the organization does not exist yet"
    return "" if plan.empty else f"digest {plan.digest}"


def of_waiting(plan: Plan) -> View:
    """What only somebody else can do, with the commands with which they do it, ready to be copied."""
    waiting = [f"{w.what} ({w.who})" for w in plan.waiting]
    text = tables.as_text_list(waiting, "Waiting for someone else")
    html = tables.as_list(waiting, "Waiting for someone else")
    for w in plan.waiting:
        if w.commands:
            said = tables.flat(f"Commands for {w.who}, with the credentials of that account:")
            commands = "\n".join(map(tables.flat, w.commands))
            text += f"\n{said}\n{commands}"
            html += f"<p>{escape(said)}</p><pre>{escape(commands)}</pre>"
    return View(text, html)


def of_outcomes(outcomes: Outcomes) -> View:
    """Each step's end, and what was found out about changes without an answer."""
    found = View(tables.as_text_list(outcomes.found, "found out"), tables.as_list(outcomes.found, "Found out"))
    if not outcomes.items:
        said = "Nothing was changed: there was nothing to do."
        return View(said + found.text, f"<p>{said}</p>{found.html}")
    rows = [
        (o.sign, o.sentence, _result(o.result, o.why), f"{o.seconds:.1f}", " ".join(o.request_ids))
        for o in outcomes.items
    ]
    said = f"{outcomes.done} of {len(rows)} step(s) done"
    return View(
        f"{said}\n{tables.as_items([_told(outcome) for outcome in outcomes.items])}{found.text}",
        f"<p>{escape(said)}</p>{tables.as_html(OUTCOME_HEADERS, rows)}{found.html}",
    )


def of_desired(desired: Desired) -> View:
    """The file, in numbers; the tree shows the rest."""
    spec, trail = desired.organization, desired.trail
    rows = [
        ("management account", f"{spec.management_account_id} {spec.name} <{spec.email}>"),
        ("trusted access", ", ".join(spec.trusted_access)),
        ("policy types", ", ".join(spec.policy_types)),
        ("organizational units", ", ".join(unit.path for unit in desired.units)),
        ("accounts to create", ", ".join(account.name for account in desired.accounts)),
        ("accounts to import", ", ".join(f"{account.name} ({account.id})" for account in desired.imports)),
        ("organization trail", f"{trail.name} to bucket {trail.bucket} in {desired.log_archive.name}"),
    ]
    return View(tables.as_text(("asked for", ""), rows), tables.as_html(("asked for", ""), rows))


def _told(outcome: Outcome) -> tuple[str, str, str]:
    requests = f", request {' '.join(outcome.request_ids)}" if outcome.request_ids else ""
    return outcome.sign, outcome.sentence, f"{_result(outcome.result, outcome.why)}, {outcome.seconds:.1f} s{requests}"


def _result(result: str, why: str) -> str:
    return f"{result}: {why}" if why else str(result)
