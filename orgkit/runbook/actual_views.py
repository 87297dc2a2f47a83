"""Bills beside their estimate, as text and HTML: each total with its range and the day on which it was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from orgkit.costs.actuals import Actuals
from orgkit.costs.bill import Bill
from orgkit.costs.difference import ACTUAL_ONLY, Difference, Line
from orgkit.costs.rounding import ZERO, cents, in_cents
from orgkit.costs.showback import Share, Showback
from orgkit.printable import short
from orgkit.runbook.tables import as_html, as_list, as_text, as_text_list, flat
from orgkit.runbook.views import View

HEADERS = ("low", "expected", "high", "gross", "credits", "range")
UNNAMED = 22  # characters of a name that a terminal of 80 columns has room for


@dataclass(frozen=True)
class Showbacks:
    """The newest month's bill handed on, if there is one."""

    newest: Showback | None


def of_showbacks(showbacks: Showbacks) -> View:
    """By unit and account, or that there is nothing to hand on."""
    if showbacks.newest is None:
        return View("No bill is ready.", "<p>No bill is ready.</p>")
    return of_showback(showbacks.newest)


def of_actuals(actuals: Actuals) -> View:
    """Each month: its total, its services and its accounts, and the differences in words; then what reading cost."""
    views = [of_difference(each, actuals.explained(each)) for each in actuals.differences]
    said = flat(actuals.paid)
    paid = View(said, f"<p>{escape(said)}</p>" if said else "")
    return View("\n\n".join(view.text for view in (*views, paid)), "".join(view.html for view in (*views, paid)))


def of_difference(difference: Difference, explained: Sequence[str] = ()) -> View:
    """One month."""
    said, bill = headline(difference), difference.bill
    if not bill.ready:
        return View(said, f"<p><b>{escape(said)}</b></p>")
    services = _rows([(line.service, line) for line in difference.payer], difference.whole)
    accounts = _rows([(line.name or line.account, line) for line in difference.accounts], difference.whole)
    tables = (("service", services), ("account", accounts))
    lists = ((explained, "What differs most"), ([*_other(bill), *bill.notes], "Beside this"))
    text = "\n\n".join([said, *(_text(first, rows) for first, rows in tables)])
    return View(
        "\n".join([text, *(as_text_list(*each) for each in lists if each[0])]),
        f"<p><b>{escape(said)}</b></p>"
        + "".join(as_html((first, *HEADERS), rows) for first, rows in tables)
        + "".join(as_list(*each) for each in lists),
    )


def headline(difference: Difference) -> str:
    """The month's total beside its range, with how far it can be trusted and when it was read."""
    whole, bill = difference.whole, difference.bill
    day = flat(bill.read_at[:10])
    range_ = f"estimate {cents(whole.expected)} ({cents(whole.low)} to {cents(whole.high)})"
    if whole.gross is None or whole.net is None or whole.credits is None:
        return f"{bill.month}: AWS has no data yet, which does not mean nothing; {range_}. Asked on {day}."
    so_far = "" if difference.part == 1 else f", for {difference.part:.0%} of the month"
    credited = f"{cents(whole.credits)} of credits" if bill.credits else "no credits"
    credited += f", {cents(bill.net)} billed" if bill.net != bill.gross else ""
    return (
        f"{bill.month}: USD {cents(whole.gross)} used, {credited}; {range_}{so_far}. "
        f"{flat(bill.source)}, {day}: {flat(bill.maturity)}."
    )


def of_showback(showback: Showback) -> View:
    """The bill handed on: by unit, and by account with its tags."""
    said = f"{showback.bill.month}: USD {cents(showback.bill.net)} billed, handed on"
    units = [(share.unit, *_amounts(share)) for share in showback.units]
    accounts = [(share.unit, share.name or share.account, *_amounts(share)) for share in showback.accounts]
    tagged = [(*row, share.tags) for row, share in zip(accounts, showback.accounts, strict=True)]
    by_unit = ("unit", "gross", "credits", "other", "net", "share")
    by_account = ("unit", "account", *by_unit[1:])
    return View(
        f"{said}\n\n{as_text(by_unit, units)}\n\n{as_text(by_account, accounts)}",
        f"<p><b>{escape(said)}</b></p>{as_html(by_unit, units)}{as_html((*by_account, 'tags'), tagged)}",
    )


def _amounts(share: Share) -> tuple[object, ...]:
    return (*map(cents, (share.gross, share.credits, share.other, share.net)), f"{share.part:.1%}")


def _rows(named: Sequence[tuple[str, Line]], whole: Line) -> list[tuple[object, ...]]:
    """A row for each line and their total, in cents that a person can add up."""
    columns = [in_cents([getattr(line, name) or ZERO for _, line in named]) for name in HEADERS[:-1]]
    rows = [(name, *amounts, verdict(line)) for (name, line), *amounts in zip(named, *columns, strict=True)]
    return [*rows, ("Total", *(cents(getattr(whole, name) or ZERO) for name in HEADERS[:-1]), verdict(whole))]


def verdict(line: Line) -> str:
    """One or two words."""
    if line.gross is None:
        return "no data"
    if line.status == ACTUAL_ONLY:
        return "not estimated"
    return "over" if line.outside > 0 else "under" if line.outside < 0 else "in range"


def _other(bill: Bill) -> Sequence[str]:
    """Taxes, purchases and refunds have no estimate."""
    return [f"{cents(bill.other)} USD of taxes, purchases or refunds, which no estimate counts."] if bill.other else []


def _text(first: str, rows: Sequence[tuple[object, ...]]) -> str:
    return as_text((first, *HEADERS), [(short(name, UNNAMED), *rest) for name, *rest in rows])
