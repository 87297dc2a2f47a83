"""The stages of 07-actual-costs, in addition to those that every runbook has."""

from orgkit.aws.session import Connection
from orgkit.costs.bills.actuals import Actuals
from orgkit.costs.bills.actuals import actuals as compare_all
from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.costs.bills.cost_explorer_aws import usd
from orgkit.costs.bills.month import select_months
from orgkit.costs.bills.sources_aws import source_of
from orgkit.costs.estimate.estimate import Estimate, book_for
from orgkit.costs.rounding import ZERO
from orgkit.errors import BillsNotReady, NotVerified
from orgkit.model.observed import Observed
from orgkit.records.response_cache import FileResponseCache
from orgkit.runbook.run import Run
from orgkit.runbook.stages import stage
from orgkit.runbook.views.actual_views import Showbacks
from orgkit.runbook.views.bar_chart import Bars
from orgkit.runbook.views.line_chart import Lines
from orgkit.runbook.views.views import Verification

MONTHS = 3  # when none is named


@stage
def bills(
    run: Run, aws: Connection, observed: Observed, estimate: Estimate, months: str = "", at_most: str = "0.10"
) -> Actuals:
    """Some months of bills compared with the estimate: those that are named, separated by blanks, or the last three."""
    now = aws.clock.now()
    requested = select_months(tuple(months.replace(",", " ").split()), now, otherwise=MONTHS)
    cache, folder = FileResponseCache(run.base, run.account), run.parameters.absolute().parent
    source = source_of(
        run.desired.section(BillingSpec), aws, cache, book_for(run.desired), folder,
        payer=run.desired.organization.management_account_id, at_most=usd(at_most),
    )  # fmt: skip
    monthly_bills = tuple(source.bill(month) for month in requested)
    rows = [
        {"month": str(b.month), "maturity": b.maturity, "gross": str(b.gross), "net": str(b.net)} for b in monthly_bills
    ]
    run.journal.write("bills", months=rows, paid=source.sentence)
    return compare_all(run.desired, observed, estimate, monthly_bills, now, source.sentence)


def billed_lines(actuals: Actuals) -> Lines:
    """A line for each account over the months."""
    return Lines.from_differences(actuals.differences)


def billed_chart(actuals: Actuals) -> Bars:
    """The newest complete month, as bars next to the estimated range."""
    ready = [difference for difference in actuals.differences if difference.bill.ready]
    return Bars.from_bill(ready[-1]) if ready else Bars((), ())


def showback(actuals: Actuals) -> Showbacks:
    """The newest bill by unit and by account, with tags."""
    return Showbacks(actuals.showback[-1] if actuals.showback else None)


@stage
def pass_bills(run: Run, actuals: Actuals) -> Verification:
    """What was compared adds up to what AWS billed, by account and by service; BillsNotReady while there is no bill."""
    ready = [diff for diff in actuals.differences if diff.bill.ready]
    problems = []
    for diff in ready:
        for parts in (diff.payer, diff.accounts, diff.lines):
            compared = sum(((part.net or ZERO) for part in parts), ZERO)
            if compared + diff.bill.other_usd != diff.bill.net:
                problems.append(
                    f"{diff.month}: the parts add up to {compared + diff.bill.other_usd}, not to {diff.bill.net}"
                )
    run.journal.write("verified", passed=bool(ready) and not problems, left=problems, waiting=[])
    if problems:
        raise NotVerified(problems[0], "report this: it is a fault of orgkit's comparison.")
    if not ready:
        notes = [note for diff in actuals.differences for note in diff.bill.notes]
        if notes:
            raise BillsNotReady(notes[0], BillsNotReady.remedy_for_place)
        raise BillsNotReady("AWS has no data yet of any of these months.", BillsNotReady.remedy_to_wait)
    return Verification(None)


# So that the runbooks of projects made by version 0.1.0 still run.
billed, lines = billed_chart, billed_lines
