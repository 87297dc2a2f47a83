"""Bills compared with their estimate, as text and HTML: each total with its range and the day on which it was read."""

from collections.abc import Sequence
from html import escape

from orgkit.costs.bills.actuals import Actuals
from orgkit.costs.bills.bill import Bill
from orgkit.costs.bills.difference import ACTUAL_ONLY, Difference, Line
from orgkit.costs.bills.showback import Share, Showback
from orgkit.costs.rounding import ZERO, cents, in_cents
from orgkit.dataclass import dataclass
from orgkit.runbook.views.tables import as_html, as_list, as_text, as_text_list, flat
from orgkit.runbook.views.views import View
from orgkit.sanitize.terminal import short

HEADERS = ("low", "expected", "high", "gross", "credits", "range")
MAX_NAME_LENGTH = 22  # characters of a name that a terminal of 80 columns has room for


@dataclass(frozen=True)
class Showbacks:
    """The newest month's bill handed on, if there is one."""

    newest: Showback | None


def render_showbacks(showbacks: Showbacks) -> View:
    """By unit and account, or that there is nothing to hand on."""
    if showbacks.newest is None:
        return View("No bill is ready.", "<p>No bill is ready.</p>")
    return render_showback(showbacks.newest)


def render_actuals(actuals: Actuals) -> View:
    """Each month: its total, its services and its accounts, and the differences in words; then what reading cost."""
    views = [render_difference(difference, actuals.explanations(difference)) for difference in actuals.differences]
    title = flat(actuals.paid)
    cost_view = View(title, f"<p>{escape(title)}</p>" if title else "")
    return View(
        "\n\n".join(view.text for view in (*views, cost_view)), "".join(view.html for view in (*views, cost_view))
    )


def render_difference(difference: Difference, explained: Sequence[str] = ()) -> View:
    """One month."""
    title, bill = headline(difference), difference.bill
    if not bill.ready:
        notes = (bill.notes, "Notes")
        text = "\n".join([title, *([as_text_list(*notes)] if bill.notes else [])])
        return View(text, f"<p><b>{escape(title)}</b></p>{as_list(*notes)}")
    services = _rows([(line.service, line) for line in difference.payer], difference.whole)
    accounts = _rows([(line.name or line.account, line) for line in difference.accounts], difference.whole)
    tables = (("service", services), ("account", accounts))
    lists = ((explained, "What differs most"), ([*_other_charges(bill), *bill.notes], "Notes"))
    text = "\n\n".join([title, *(_text(first, rows) for first, rows in tables)])
    return View(
        "\n".join([text, *(as_text_list(*entry) for entry in lists if entry[0])]),
        f"<p><b>{escape(title)}</b></p>"
        + "".join(as_html((first, *HEADERS), rows) for first, rows in tables)
        + "".join(as_list(*entry) for entry in lists),
    )


def headline(difference: Difference) -> str:
    """The month's total next to its range, with its reliability and when it was read."""
    whole, bill = difference.whole, difference.bill
    day = flat(bill.read_at[:10])
    range_ = f"estimate {cents(whole.expected)} ({cents(whole.low)} to {cents(whole.high)})"
    if whole.gross is None or whole.net is None or whole.credits is None:
        if bill.notes:
            return f"{bill.month}: nothing of this month could be read; {range_}. Asked on {day}."
        return f"{bill.month}: AWS has no data yet, which does not mean no costs; {range_}. Asked on {day}."
    so_far = "" if difference.part == 1 else f", for {difference.part:.0%} of the month"
    credited = f"{cents(whole.credits)} of credits" if bill.credits else "no credits"
    credited += f", {cents(bill.net)} billed" if bill.net != bill.gross else ""
    return (
        f"{bill.month}: USD {cents(whole.gross)} used, {credited}; {range_}{so_far}. "
        f"{flat(bill.source)}, {day}: {flat(bill.maturity)}."
    )


def render_showback(showback: Showback) -> View:
    """The bill handed on: by unit, and by account with its tags."""
    title = f"{showback.bill.month}: USD {cents(showback.bill.net)} billed, handed on"
    units = [(share.unit, *_amounts(share)) for share in showback.units]
    accounts = [(share.unit, share.name or share.account, *_amounts(share)) for share in showback.accounts]
    tagged_rows = [(*row, share.tags) for row, share in zip(accounts, showback.accounts, strict=True)]
    by_unit = ("unit", "gross", "credits", "other", "net", "share")
    by_account = ("unit", "account", *by_unit[1:])
    return View(
        f"{title}\n\n{as_text(by_unit, units)}\n\n{as_text(by_account, accounts)}",
        f"<p><b>{escape(title)}</b></p>{as_html(by_unit, units)}{as_html((*by_account, 'tags'), tagged_rows)}",
    )


def _amounts(share: Share) -> tuple[object, ...]:
    return (*map(cents, (share.gross, share.credits, share.other, share.net)), f"{share.part:.1%}")


def _rows(labeled_lines: Sequence[tuple[str, Line]], whole: Line) -> list[tuple[object, ...]]:
    """A row for each line and their total, in cents that a person can add up."""
    columns = [in_cents([getattr(line, name) or ZERO for _, line in labeled_lines]) for name in HEADERS[:-1]]
    rows = [(name, *amounts, verdict(line)) for (name, line), *amounts in zip(labeled_lines, *columns, strict=True)]
    return [*rows, ("Total", *(cents(getattr(whole, name) or ZERO) for name in HEADERS[:-1]), verdict(whole))]


def verdict(line: Line) -> str:
    """One or two words."""
    if line.gross is None:
        return "no data"
    if line.status == ACTUAL_ONLY:
        return "not estimated"
    return "over" if line.outside_range > 0 else "under" if line.outside_range < 0 else "in range"


def _other_charges(bill: Bill) -> Sequence[str]:
    """Taxes, purchases, discounts and refunds have no estimate."""
    return (
        [f"{cents(bill.other_usd)} USD of taxes, purchases, discounts or refunds, which no estimate counts."]
        if bill.other_usd
        else []
    )


def _text(first: str, rows: Sequence[tuple[object, ...]]) -> str:
    return as_text((first, *HEADERS), [(short(name, MAX_NAME_LENGTH), *rest) for name, *rest in rows])
