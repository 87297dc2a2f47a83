"""`orgkit costs`: what AWS billed, compared with the estimate."""

from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.layout import print_text_table
from orgkit.cli.options import FILE, endpoint_option, exit_with, json_option, show_json
from orgkit.cli.output import report_reading, requires_output
from orgkit.costs.bills.billing_spec import BillingSpec


@click.command()
@FILE
@click.option(
    "--month", multiple=True, metavar="YYYY-MM", help="A month to read; may be repeated. Default: the last whole month."
)
@click.option(
    "--at-most", default="0.10", metavar="USD", show_default=True, help="What Cost Explorer's requests may cost."
)
@click.option("--fresh", is_flag=True, help="Ask AWS again, whatever was kept.")
@click.option("--save", type=click.Path(path_type=Path), help="The compared rows as .csv, .parquet or .xlsx.")
@endpoint_option
@json_option
@exit_with
@requires_output
def costs(file: Path, month: tuple[str, ...], at_most: str, fresh: bool, save: Path | None, as_json: bool) -> int:
    """Read what AWS billed per account and service, next to the estimate. Each request costs 0.01 USD."""
    from orgkit.costs.bills.actuals import actuals
    from orgkit.costs.bills.cost_explorer_aws import usd
    from orgkit.costs.bills.month import select_months
    from orgkit.costs.bills.sources_aws import source_of
    from orgkit.costs.estimate.estimate import book_for, estimate
    from orgkit.costs.export import check, write
    from orgkit.engine.connect import connect
    from orgkit.engine.observe import observe
    from orgkit.model.matching import known_ids
    from orgkit.parameters import find, load
    from orgkit.records import outputs
    from orgkit.records.response_cache import FileResponseCache
    from orgkit.runbook.views.actual_views import render_actuals

    if save:
        check(save)  # before anything is paid
    path = find(str(file))
    desired = load(path)
    aws = connect(desired)
    aws.progress = report_reading
    months = select_months(month, aws.clock.now())
    observed = observe(aws, desired, "costs")
    account = desired.organization.management_account_id
    cache = FileResponseCache(outputs.base_folder(outputs.project_of(path), aws.kind), account)
    base = path.absolute().parent
    source = source_of(
        desired.section(BillingSpec), aws, cache, book_for(desired), base,
        payer=account, at_most=usd(at_most), fresh=fresh,
    )  # fmt: skip
    bills = tuple(source.bill(bill_month) for bill_month in months)
    cost_estimate = estimate(desired, known_ids(desired, observed))
    report = actuals(desired, observed, cost_estimate, bills, aws.clock.now(), source.sentence)
    if save:
        write(report.comparison(), save)
    if as_json:
        show_json(report.facts())
    else:
        print_text_table(render_actuals(report).text)
        if aws.kind == "emulator" and not any(bill.ready for bill in bills):
            click.echo("\nA sandbox has the bills that it is given: orgkit sandbox seed-bills --help")
    return errors.EXIT_DONE if any(bill.ready for bill in bills) else errors.EXIT_RETRY_LATER
