"""`orgkit costs`: what AWS billed, beside the estimate."""

from pathlib import Path

import click

from orgkit import errors
from orgkit.cli.layout import wrapped
from orgkit.cli.main import FILE, endpoint_option, ends, json_option, show_json
from orgkit.cli.progress import reading


@click.command()
@FILE
@click.option("--month", multiple=True, metavar="YYYY-MM", help="As often as you like; the last whole one if omitted.")
@click.option("--at-most", default="0.10", show_default=True, help="USD for Cost Explorer's requests.")
@click.option("--fresh", is_flag=True, help="Ask AWS again, whatever was kept.")
@click.option("--save", type=click.Path(path_type=Path), help="The compared rows as .csv, .parquet or .xlsx.")
@endpoint_option
@json_option
@ends
def costs(file: Path, month: tuple[str, ...], at_most: str, fresh: bool, save: Path | None, as_json: bool) -> int:
    """Read what AWS billed per account and service, beside the estimate. Each request costs 0.01 USD."""
    from orgkit.connecting import connect
    from orgkit.costs.actuals import actuals
    from orgkit.costs.cost_explorer_aws import usd
    from orgkit.costs.estimate import book_for, estimate
    from orgkit.costs.export import check, write
    from orgkit.costs.month import chosen
    from orgkit.costs.sources_aws import source_of
    from orgkit.model.matching import known_ids
    from orgkit.parameters import find, load
    from orgkit.read import read_organization
    from orgkit.record import outputs
    from orgkit.record.answers import KeptAnswers
    from orgkit.runbook.actual_views import of_actuals

    if save:
        check(save)  # before anything is paid
    path = find(str(file))
    desired = load(path)
    aws = connect(desired)
    aws.progress = reading
    months = chosen(month, aws.clock.now())
    observed = read_organization(aws, desired, "costs")
    account = desired.organization.management_account_id
    kept = KeptAnswers(outputs.base_folder(outputs.project_of(path), aws.kind), account)
    base = path.absolute().parent
    desk = source_of(desired.billing, aws, kept, book_for(desired), base, at_most=usd(at_most), fresh=fresh)
    bills = tuple(desk.bill(each) for each in months)
    made = estimate(desired, known_ids(desired, observed))
    found = actuals(desired, observed, made, bills, aws.clock.now(), desk.sentence)
    if save:
        write(found.compared(), save)
    if as_json:
        show_json(found.facts())
    else:
        for line in of_actuals(found).text.splitlines():
            click.echo(line if line.startswith("  ") or "  " in line.strip() else wrapped(line, indent=""))
    return errors.EXIT_DONE if any(bill.ready for bill in bills) else errors.EXIT_RETRY_LATER
