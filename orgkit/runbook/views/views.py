"""What a runbook shows of its nouns: for each, its text and its HTML, and nothing that decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from orgkit.aws.session import Caller
from orgkit.costs.estimate.effect import Effect, Line, credits_lost
from orgkit.costs.estimate.sensitivity import Size, Swing
from orgkit.model.desired import Desired, format_path
from orgkit.model.observed import Observed
from orgkit.model.outcome import Outcomes, Slot
from orgkit.model.plan import Plan
from orgkit.model.step_groups import describe_summary
from orgkit.phases.descriptor import Phase
from orgkit.phases.registry import LATER_PHASES, PHASES
from orgkit.runbook.views import tables
from orgkit.runbook.views.step_rows import group_outcomes, groups_of, rows_of
from orgkit.sanitize.secrets import hide_secrets

SAVE = "Save: press Ctrl-S now; the saved notebook is the record."
SAVED_BY_EXTENSION = ' class="orgkit-without-extension"'  # which hides the line, since it has saved the notebook
LOST_TITLE = "What is lost"
HANDOVER_TITLE = "Files of the hand-over"
DRIFT_TITLE = "Drift that no step repairs"
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
        bundle = {"text/html": self.html} if self.html and not self.svg else {}
        return {"text/plain": self.text, **bundle, **pictured}


@dataclass(frozen=True)
class CallerIdentity:
    """The identity that AWS confirms."""

    caller: Caller
    kind: str
    alias: str = ""

    def view(self) -> View:
        location = "AWS" if self.kind == "aws" else "an emulator: nothing here touches AWS"
        rows = [
            ("account", self.caller.account),
            ("alias", self.alias or "none, or not to be seen"),
            ("identity", self.caller.arn),
            ("where calls go", location),
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
        plan_view = render_plan(self.plan, self.effect.lines)
        if self.plan.empty:
            return plan_view
        title, totals, lost = tables.flat(self.effect.sentence), self._totals, self._lost
        items = "".join(f"<li>{escape(total)}</li>" for total in totals)
        losses = tables.as_html(("",), [(loss,) for loss in lost], LOST_TITLE) if lost else ""
        return View(
            f"{', '.join(totals)}{tables.as_text_list(lost, LOST_TITLE)}\n{plan_view.text}\n{title}",
            f"<ul>{items}</ul>{losses}{plan_view.html}<p>{escape(title)}</p>",
        )

    @property
    def _totals(self) -> list[str]:
        """What a person wants to know first: how many steps add, change and remove, and what a month then costs."""
        symbols = [step.symbol for step in self.plan.steps]
        effect = self.effect
        month = f"USD {effect.expected} a month ({effect.low} to {effect.high})" if effect.high else "USD 0 a month"
        removals = [f"- {symbols.count('-')} to remove"] if "-" in symbols else []
        return [f"+ {symbols.count('+')} to add", f"~ {symbols.count('~')} to change", *removals, month]

    @property
    def _lost(self) -> list[str]:
        forfeited = [credits_lost(line.once_usd) for line in self.effect.lines if line.once_usd]
        return [*forfeited, *(loss for step in self.plan.steps for loss in step.losses)]


@dataclass(frozen=True)
class Verification:
    """The answer of planning again; `remaining` is None for a phase that plans nothing."""

    remaining: Plan | None
    observed: Observed | None = None
    handover: tuple[str, ...] = ()  # the outcome of writing its files again
    sentence: str = ""  # of a phase that plans nothing: what was verified, and what was not

    def view(self) -> View:
        if self.remaining is None:
            text = tables.flat(hide_secrets(f"Verified. {self.sentence}".strip()))
            return View(text, f"<p>{escape(text)}</p>")
        title = "Verified: planned again, and there is nothing left to do."
        waiting, drift = render_waiting(self.remaining), self.remaining.drift
        return View(
            title
            + tables.as_text_list(drift, DRIFT_TITLE)
            + waiting.text
            + tables.as_text_list(self.handover, HANDOVER_TITLE),
            f"<p>{title}</p>{tables.as_list(drift, DRIFT_TITLE)}{waiting.html}"
            f"{tables.as_list(self.handover, HANDOVER_TITLE) if self.handover else ''}",
        )


@dataclass(frozen=True)
class CompletedRun:
    """The last cell's word: where the record is, and what comes next."""

    phase: Phase
    folder: Path
    guided: bool = False  # by a person in JupyterLab
    link: str = ""  # to the next runbook, prepared; as an HTML attribute may hold it
    phases: tuple[Phase, ...] = PHASES  # in their order

    def view(self) -> View:
        record = tables.flat(f"The events of this run are written: {'/'.join(self.folder.parts[-2:])}.")
        if not self.guided:
            text = f"{record} {self._next}"
            return View(text, f"<p>{escape(text)}</p>")
        seal = "Seal: done when JupyterLab ends (File > Shut Down); nothing in this run can be changed after that."
        lines = (record, SAVE, seal)
        opens = f'<a href="{escape(self.link)}">{escape(self._next)}</a>' if self.link else escape(self._next)
        rows = (f"<li{SAVED_BY_EXTENSION if line == SAVE else ''}>{escape(line)}</li>" for line in lines)
        return View("\n".join([*lines, self._next]), f"<ul>{''.join(rows)}<li>{opens}</li></ul>")

    @property
    def following(self) -> Phase | None:
        """The next phase of the bootstrap."""
        return next((p for p in self.phases if p.number > self.phase.number), None)

    @property
    def _next(self) -> str:
        if self.following:
            return f"Next: {self.following.run_label}."
        if self.phase.takes_away:
            return "Run it again when the file names more to take away."
        if self.phase in LATER_PHASES:
            return f"Run it again when {'accounts were added' if self.phase.changes else 'there is a new bill'}."
        return f"That was the last phase. Once AWS has billed a month: {LATER_PHASES[0].run_label}."


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
class AssumptionsView:
    """What an estimate assumes: each with its range, what it means and where it comes from."""

    headers: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def view(self) -> View:
        return View(tables.as_text(self.headers[:5], [row[:5] for row in self.rows]), self._html)

    @property
    def _html(self) -> str:
        return tables.as_html(self.headers, self.rows, "Any of these can be replaced by [costs] of the file.")


@dataclass(frozen=True)
class SensitivityView:
    """What an estimate hangs on: single assumptions, and the number of accounts and recorded regions."""

    swings: tuple[Swing, ...]
    sizes: tuple[Size, ...]

    def view(self) -> View:
        sentences = [swing.sentence for swing in self.swings[:3]]
        headers = ("accounts", "regions", "low", "expected", "high")
        rows = [(size.accounts, size.regions, size.low, size.expected, size.high) for size in self.sizes]
        title, caption = "Sensitivity", "Other numbers of accounts (none imported) and recorded regions"
        text = f"{tables.as_text_list(sentences, title)}\n\n{caption}:\n{tables.as_text(headers, rows)}".strip()
        return View(text, tables.as_list(sentences, title) + tables.as_html(headers, rows, f"{caption}."))


def render_plan(plan: Plan, costs: Sequence[Line] = (), *, width: int = 79, all_steps: bool = False) -> View:
    """The steps, notes and the digest.

    Args:
        plan: The plan.
        costs: What each step costs, for a column of amounts.
        width: Columns of the text.
        all_steps: List each step of a long plan, too; otherwise those of a kind are shown together.
    """
    rows = [(row.symbol, row.sentence, row.reason, row.actions, row.price) for row in rows_of(plan, costs, all_steps)]
    headers = PRICED_HEADERS if costs else STEP_HEADERS
    unchanged = "No step to approve" if plan.unrepaired_drift else "Nothing to change"
    empty = "Every step is stopped" if plan.stops else unchanged
    empty += ", apart from what waits for a decision," if plan.blocked else ""
    headline = f"{len(plan.steps)} step(s) on {plan.target}" if rows else f"{empty} on {plan.target}"
    summary = "" if all_steps else describe_summary(groups_of(plan, costs))
    first = (*(f"stopped by phase 00: {finding.advice}" for finding in plan.stops), *plan.needs)
    notes = (
        ([step.sentence for step in plan.stopped_steps], "Stopped, and no part of the plan"),
        (plan.drift, DRIFT_TITLE),
        (plan.warnings, "Worth knowing"),
        (plan.unmanaged, "In AWS and not in the file (left alone)"),
    )
    items = [(symbol, sentence, f"because {reason}" if reason else "") for symbol, sentence, reason, *_ in rows]
    steps, first_text = tables.as_items(items, width=width), tables.as_text_list(first, "Needed first", width=width)
    text = "\n".join(part for part in (headline + first_text, steps, summary, _digest(plan)) if part)
    html = f"<p>{escape(headline)}</p>" + tables.as_list(first, "Needed first")
    html += tables.as_html(headers, [row[: len(headers)] for row in rows]) if rows else ""
    html += "".join(f"<p>{escape(line)}</p>" for line in (*([summary] if summary else []), _digest(plan)))
    waiting, details = render_waiting(plan, width=width), render_details(plan)
    notes_text = "".join(tables.as_text_list(items, title, width=width) for items, title in notes)
    return View(
        text + details.text + notes_text + waiting.text,
        html + details.html + "".join(tables.as_list(items, title) for items, title in notes) + waiting.html,
    )


def render_details(plan: Plan) -> View:
    """The lines that belong to single steps, such as the difference of two documents."""
    text = html = ""
    for step in plan.steps:
        if step.details:
            title, lines = tables.flat(f"{step.id}, line by line:"), "\n".join(map(tables.flat, step.details))
            text += f"\n{title}\n{lines}"
            html += f"<p>{escape(title)}</p><pre>{escape(lines)}</pre>"
    return View(text, html)


def _digest(plan: Plan) -> str:
    """What an approval names; nobody approves an empty plan, and nobody can approve a preview."""
    if plan.preview:
        return "a preview without a digest: the organization does not exist yet"
    return "" if plan.empty else f"digest {plan.digest}"


def render_waiting(plan: Plan, *, width: int = 79) -> View:
    """What only somebody else can do, with the commands with which they do it, ready to be copied."""
    waiting = [f"{w.what} ({w.who})" for w in plan.waiting]
    text = tables.as_text_list(waiting, "Waiting for someone else", width=width)
    html = tables.as_list(waiting, "Waiting for someone else")
    for w in plan.waiting:
        if w.commands:
            account = "the management account" if w.who == "you" else "that account"
            title = tables.flat(f"Commands for {w.who}, with the credentials of {account}:")
            commands = "\n".join(map(tables.flat, w.commands))
            text += f"\n{title}\n{commands}"
            html += f"<p>{escape(title)}</p><pre>{escape(commands)}</pre>"
    return View(text, html)


def render_outcomes(outcomes: Outcomes) -> View:
    """Each step's end, and what was found out about changes without an answer."""
    resolved = View(
        tables.as_text_list(outcomes.resolutions, "found out"), tables.as_list(outcomes.resolutions, "Found out")
    )
    if not outcomes.items:
        title = "Nothing was changed: there was nothing to do."
        return View(title + resolved.text, f"<p>{title}</p>{resolved.html}")
    rows, summary = group_outcomes(outcomes.items)
    title, slots = f"{outcomes.done} of {len(outcomes.items)} step(s) done", render_slots(outcomes.slots)
    cells = [row.cells for row in rows]
    items = tables.as_items([(row.symbol, row.sentence, row.remark) for row in rows])
    note = f"<p>{escape(summary)}</p>" if summary else ""
    return View(
        "\n".join(part for part in (f"{title}{slots.text}", items, summary) if part) + resolved.text,
        f"<p>{escape(title)}</p>{slots.html}{tables.as_html(OUTCOME_HEADERS, cells)}{note}{resolved.html}",
    )


def render_slots(slots: Sequence[Slot]) -> View:
    """The places that AWS has for accounts under way: who takes each, for how long, and for how long at most."""
    if not slots:
        return View("")
    rows = [
        (
            number,
            slot.name or "free",
            *((f"{slot.seconds:.0f} s", f"{slot.timeout:.0f} s") if slot.timeout else ("", "")),
        )
        for number, slot in enumerate(slots, 1)
    ]
    title = "AWS creates at most five accounts at once"
    return View(f"\n{title}:\n{tables.as_text(SLOT_HEADERS, rows)}", tables.as_html(SLOT_HEADERS, rows, f"{title}."))


def render_desired(desired: Desired) -> View:
    """The file, in numbers; the tree shows the rest."""
    spec = desired.organization
    rows = [
        ("management account", f"{spec.management_account_id} {spec.name} <{spec.email}>"),
        ("trusted access", ", ".join(spec.trusted_access)),
        ("policy types", ", ".join(spec.policy_types)),
        ("organizational units", ", ".join(format_path(unit.path) for unit in desired.units)),
        ("accounts to create", ", ".join(account.name for account in desired.accounts)),
        ("accounts to import", ", ".join(f"{account.name} ({account.id})" for account in desired.imports)),
        ("organization trail", _describe_trail(desired)),
    ]
    return View(tables.as_text(("asked for", ""), rows), tables.as_html(("asked for", ""), rows))


def _describe_trail(desired: Desired) -> str:
    trail, archive = desired.trail, desired.log_archive
    return f"{trail.name} to bucket {trail.bucket} in {archive.name}" if archive else "none"
