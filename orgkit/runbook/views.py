"""What a runbook shows of its nouns: for each, its text and its HTML, and nothing that decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from pathlib import Path

from orgkit.aws.session import Caller
from orgkit.costs.effect import Effect
from orgkit.costs.sensitivity import Size, Swing
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.outcome import Outcome, Outcomes, Slot
from orgkit.phases import AFTERWARDS, PHASES, Phase
from orgkit.plan import Plan
from orgkit.runbook import tables

STEP_HEADERS = ("", "step", "why", "IAM actions")
PRICED_HEADERS = (*STEP_HEADERS, "USD a month, expected (low to high)")
SLOT_HEADERS = ("slot", "account", "so far", "at most")
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
    alias: str = ""

    def view(self) -> View:
        where = "AWS" if self.kind == "aws" else "an emulator: nothing here touches AWS"
        rows = [
            ("account", self.caller.account),
            ("alias", self.alias or "none, or not to be seen"),
            ("identity", self.caller.arn),
            ("where calls go", where),
        ]
        large = f"<h2>{escape(tables.flat(self.large))}</h2>"
        return View(tables.as_text(("", ""), rows), large + tables.as_html(("", ""), rows))

    @property
    def large(self) -> str:
        """What nobody must overlook."""
        alias = f" ({self.alias})" if self.alias else ""
        return f"{'AWS' if self.kind == 'aws' else 'Sandbox'} account {self.caller.account}{alias}"


@dataclass(frozen=True)
class Proposal:
    """A plan with what each of its steps would cost: what a person reads before they approve."""

    plan: Plan
    effect: Effect

    def view(self) -> View:
        shown = of_plan(self.plan, [_cost(line.low, line.expected, line.high) for line in self.effect.lines])
        if self.plan.empty:
            return shown
        said = tables.flat(self.effect.sentence)
        return View(f"{shown.text}\n{said}", f"{shown.html}<p>{escape(said)}</p>")


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
    guided: bool = False  # by a person in JupyterLab
    link: str = ""  # to the next runbook, prepared; as an HTML attribute may hold it

    def view(self) -> View:
        record = tables.flat(f"The events of this run are written: {'/'.join(self.folder.parts[-2:])}.")
        if not self.guided:
            text = f"{record} {self._next}"
            return View(text, f"<p>{escape(text)}</p>")
        seal = "Seal: done when JupyterLab ends (File > Shut Down); nothing in this run can be changed after that."
        lines = (record, "Save: press Ctrl-S now; the saved notebook is the record.", seal)
        opens = f'<a href="{escape(self.link)}">{escape(self._next)}</a>' if self.link else escape(self._next)
        html = "".join(f"<li>{escape(line)}</li>" for line in lines)
        return View("\n".join([*lines, self._next]), f"<ul>{html}<li>{opens}</li></ul>")

    @property
    def following(self) -> Phase | None:
        """The next phase of the bootstrap."""
        return next((p for p in PHASES if p.number > self.phase.number), None)

    @property
    def _next(self) -> str:
        if self.following:
            return f"Next: {self.following.label}."
        if self.phase in AFTERWARDS:
            return f"Run it again when {'accounts were added' if self.phase.changes else 'there is a new bill'}."
        return f"That was the last phase. Once AWS has billed a month: {AFTERWARDS[0].label}."


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


@dataclass(frozen=True)
class Assumed:
    """What an estimate assumes: each with its range, what it means and where it comes from."""

    headers: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def view(self) -> View:
        return View(tables.as_text(self.headers[:5], [row[:5] for row in self.rows]), self._html)

    @property
    def _html(self) -> str:
        return tables.as_html(self.headers, self.rows, "Any of these can be replaced by [costs] of the file.")


@dataclass(frozen=True)
class Moves:
    """What an estimate hangs on: single assumptions, and the number of accounts and recorded regions."""

    swings: tuple[Swing, ...]
    sizes: tuple[Size, ...]

    def view(self) -> View:
        told = [swing.sentence for swing in self.swings[:3]]
        headers = ("accounts", "regions", "low", "expected", "high")
        rows = [(size.accounts, size.regions, size.low, size.expected, size.high) for size in self.sizes]
        title, caption = "What moves it most", "Other numbers of accounts (none imported) and recorded regions"
        text = f"{tables.as_text_list(told, title)}\n\n{caption}:\n{tables.as_text(headers, rows)}".strip()
        return View(text, tables.as_list(told, title) + tables.as_html(headers, rows, f"{caption}."))


def of_plan(plan: Plan, costs: Sequence[str] = ()) -> View:
    """The steps, what stands beside them, and the digest; with a cost for each step when they are given."""
    plain = [(s.sign, s.sentence, s.why, ", ".join(s.actions)) for s in plan.steps]
    rows = [(*row, cost) for row, cost in zip(plain, costs, strict=True)] if costs else plain
    headers = PRICED_HEADERS if costs else STEP_HEADERS
    said = f"{len(rows)} step(s) on {plan.target}" if rows else f"Nothing to change on {plan.target}"
    first = (*(f"phase 00 stops here: {why}" for why in plan.stops), *plan.needs)
    notes = ((plan.warnings, "Worth knowing"), (plan.unmanaged, "In AWS and not in the file (left alone)"))
    steps = tables.as_items([(s.sign, s.sentence, f"because {s.why}" if s.why else "") for s in plan.steps])
    text = "\n".join(part for part in (said + tables.as_text_list(first, "First"), steps, _digest(plan)) if part)
    html = f"<p>{escape(said)}</p>" + tables.as_list(first, "First")
    html += (tables.as_html(headers, rows) if rows else "") + f"<p>{escape(_digest(plan))}</p>"
    waiting = of_waiting(plan)
    return View(
        text + "".join(tables.as_text_list(items, title) for items, title in notes) + waiting.text,
        html + "".join(tables.as_list(items, title) for items, title in notes) + waiting.html,
    )


def _cost(low: Decimal, expected: Decimal, high: Decimal) -> str:
    return f"{expected} ({low} to {high})" if high else "nothing"


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
        (o.sign, o.sentence, _result(o.result, o.why), f"{o.seconds:.1f}" if o.seconds else "", " ".join(o.request_ids))
        for o in outcomes.items
    ]
    said, slots = f"{outcomes.done} of {len(rows)} step(s) done", of_slots(outcomes.slots)
    return View(
        f"{said}{slots.text}\n{tables.as_items([_told(outcome) for outcome in outcomes.items])}{found.text}",
        f"<p>{escape(said)}</p>{slots.html}{tables.as_html(OUTCOME_HEADERS, rows)}{found.html}",
    )


def of_slots(slots: Sequence[Slot]) -> View:
    """The places that AWS has for accounts under way: who takes each, for how long, and for how long at most."""
    if not slots:
        return View("")
    rows = [
        (
            number,
            slot.name or "free",
            *((f"{slot.seconds:.0f} s", f"{slot.at_most:.0f} s") if slot.at_most else ("", "")),
        )
        for number, slot in enumerate(slots, 1)
    ]
    title = "AWS creates at most five accounts at once"
    return View(f"\n{title}:\n{tables.as_text(SLOT_HEADERS, rows)}", tables.as_html(SLOT_HEADERS, rows, f"{title}."))


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
