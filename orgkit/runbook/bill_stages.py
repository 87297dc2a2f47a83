"""The stages of 07-actual-costs, beside those that every runbook has."""

from orgkit.aws.session import Connection
from orgkit.costs.actuals import Actuals
from orgkit.costs.actuals import actuals as compare_all
from orgkit.costs.cost_explorer_aws import usd
from orgkit.costs.estimate import Estimate, book_for
from orgkit.costs.month import chosen
from orgkit.costs.rounding import ZERO
from orgkit.costs.sources_aws import source_of
from orgkit.errors import BillsNotReady, NotVerified
from orgkit.model.observed import Observed
from orgkit.record.answers import KeptAnswers
from orgkit.runbook.actual_views import Showbacks
from orgkit.runbook.bars import Bars
from orgkit.runbook.lines import Lines
from orgkit.runbook.run import Run
from orgkit.runbook.stages import stage
from orgkit.runbook.views import Verification

MONTHS = 3  # when none is named


@stage
def bills(
    run: Run, aws: Connection, observed: Observed, estimate: Estimate, months: str = "", at_most: str = "0.10"
) -> Actuals:
    """Some months of bills beside the estimate: those that are named, apart by blanks, or the last three."""
    now = aws.clock.now()
    named = chosen(tuple(months.replace(",", " ").split()), now, otherwise=MONTHS)
    kept, folder = KeptAnswers(run.base, run.account), run.parameters.absolute().parent
    desk = source_of(run.desired.billing, aws, kept, book_for(run.desired), folder, at_most=usd(at_most))
    found = tuple(desk.bill(month) for month in named)
    told = [{"month": str(b.month), "maturity": b.maturity, "gross": str(b.gross), "net": str(b.net)} for b in found]
    run.journal.write("bills", months=told, paid=desk.sentence)
    return compare_all(run.desired, observed, estimate, found, now, desk.sentence)


def lines(actuals: Actuals) -> Lines:
    """A line for each account over the months."""
    return Lines.of(actuals.differences)


def billed(actuals: Actuals) -> Bars:
    """The newest month that is ready, as bars beside the range that was expected."""
    ready = [each for each in actuals.differences if each.bill.ready]
    return Bars.of_bill(ready[-1]) if ready else Bars((), ())


def showback(actuals: Actuals) -> Showbacks:
    """The newest bill by unit and by account, with tags."""
    return Showbacks(actuals.showback[-1] if actuals.showback else None)


@stage
def pass_bills(run: Run, actuals: Actuals) -> Verification:
    """What was compared adds up to what AWS billed, by account and by service; BillsNotReady while there is no bill."""
    ready = [each for each in actuals.differences if each.bill.ready]
    left = []
    for each in ready:
        for parts in (each.payer, each.accounts, each.lines):
            compared = sum(((part.net or ZERO) for part in parts), ZERO)
            if compared + each.bill.other != each.bill.net:
                left.append(f"{each.month}: the parts add up to {compared + each.bill.other}, not to {each.bill.net}")
    run.journal.write("verified", passed=bool(ready) and not left, left=left, waiting=[])
    if left:
        raise NotVerified(left[0], "report this: it is a fault of orgkit's comparison.")
    if not ready:
        raise BillsNotReady("AWS has no data yet of any of these months.", BillsNotReady.later)
    return Verification(None)
