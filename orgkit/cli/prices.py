"""`orgkit prices`: what the price book says, and how it is brought up to date."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from orgkit import errors
from orgkit.cli.command_group import CommandGroup
from orgkit.cli.layout import print_table, print_wrapped
from orgkit.cli.options import exit_with, json_option, show_json
from orgkit.cli.output import requires_output
from orgkit.sanitize.terminal import flat

DEFAULT = Path("parameters/prices.csv")
OWN_BOOK_HELP = "Your own price book, laid over the one that orgkit ships: the one next to your parameters file."


def _existing_book(_ctx: click.Context, _param: click.Parameter, place: Path) -> Path:
    """A price book that was named must exist; the one next to the parameters file may be missing."""
    if place != DEFAULT and not place.exists():
        raise click.BadParameter(f"{str(place)!r} does not exist.")
    return place


BOOK_TO_READ = click.option(
    "--book",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    help=OWN_BOOK_HELP,
    callback=_existing_book,
)
BOOK_TO_WRITE = click.option(
    "--book", type=click.Path(path_type=Path), default=DEFAULT, show_default=True, help=OWN_BOOK_HELP
)
REGION = click.option("--region", default="us-east-1", show_default=True, help="The AWS region.")


@click.group(cls=CommandGroup)
def prices() -> None:
    """The price book: quote from it, or bring it up to date."""


@prices.command()
@click.argument("asked", nargs=-1, required=True, metavar="ID=QUANTITY...")
@click.option("--no-free-tier", is_flag=True, help="Without what is always free.")
@REGION
@BOOK_TO_READ
@json_option
@exit_with
@requires_output
def quote(asked: tuple[str, ...], no_free_tier: bool, region: str, book: Path, as_json: bool) -> int:
    """Say what quantities cost a month, tier by tier. Calls nothing."""
    from orgkit.costs.prices.prices import borrowed_note
    from orgkit.costs.prices.quote import quote as quote_of
    from orgkit.costs.prices.quote import read_asked

    regional_book = _book(book).in_region(region)
    quoted = quote_of([read_asked(item) for item in asked], regional_book, free_tier=not no_free_tier)
    facts = {**quoted.facts(), "note": borrowed_note(quoted.prices, region)}
    if as_json:
        show_json(facts)
        return errors.EXIT_DONE
    headers = ("price", "from", "quantity", "of it free", "unit", "USD each", "USD")
    names = ("price_id", "start", "quantity", "free", "unit", "unit_price", "cost")
    print_table(headers, [[row[name] for name in names] for row in facts["tiers"]])
    click.echo(f"\nUSD {facts['total']} a month (a quote, not a bill)")
    for price in quoted.prices:
        print_wrapped(f"{price.id}: {price.region}, read on {price.retrieved} at {price.source}")
    _note(facts["note"])
    _note(regional_book.warning(date.today()), "warning")
    return errors.EXIT_DONE


@prices.command("list")
@REGION
@BOOK_TO_READ
@json_option
@exit_with
@requires_output
def list_prices(region: str, book: Path, as_json: bool) -> int:
    """List every price with its id, and the day on which it was read."""
    from orgkit.costs.prices.prices import borrowed_note

    regional_book = _book(book).in_region(region)
    note = borrowed_note(regional_book.prices.values(), region)
    rows = [
        {
            "id": p.id, "service": p.service, "usage_type": p.usage_type, "region": p.region, "unit": p.unit,
            "first_tier": f"{p.tiers[0].unit_price:f}", "tiers": str(len(p.tiers)), "source": p.source,
            "effective": p.effective, "retrieved": p.retrieved,
        }
        for p in regional_book.prices.values()
    ]  # fmt: skip
    if as_json:
        show_json({"price_book": regional_book.version, "prices": rows, "note": note})
    else:
        names = ("id", "region", "unit", "first_tier", "retrieved")
        headers = ("price", "region", "unit", "USD each", "read on")
        print_table(headers, [[row[name] for name in names] for row in rows])
        _note(note)
        _note(regional_book.warning(date.today()), "warning")
    return errors.EXIT_DONE


@prices.command()
@REGION
@BOOK_TO_WRITE
@click.option("--from", "source", default="", metavar="FOLDER", help="Price files on this machine, not AWS's address.")
@click.option("--accept", default="", metavar="DIGEST", help="Append exactly what was shown under this digest.")
@click.option(
    "--accept-large-change", is_flag=True, help="Accept also amounts that differ so much that a mistake is likely."
)
@json_option
@exit_with
def refresh(region: str, book: Path, source: str, accept: str, accept_large_change: bool, as_json: bool) -> int:
    """Read AWS's public price files and show what changes; nothing is written before you accept it."""
    from orgkit.costs.prices.price_list_aws import ADDRESS, fetch
    from orgkit.costs.prices.refresh import append, look_up

    location = source or ADDRESS
    result = look_up(
        _book(book).in_region(region), region,
        lambda service, at: fetch(service, at, location, _downloading(as_json)), location, date.today().isoformat(),
    )  # fmt: skip
    missing = [update for update in result.updates if update.new is None]
    row_count = 0
    if accept:
        if len(accept) < 8 or not result.digest.startswith(accept):
            raise errors.PriceChanged(
                f"{accept[:12]} was accepted; what AWS's files say now has the digest {result.digest[:12]}.",
                "look at the difference again, and accept its own digest.",
            )
        row_count = append(result, book, large=accept_large_change)
    facts = {
        "digest": result.digest, "region": region, "rows": row_count, "book": str(book),
        "found": [
            {"price": e.price.id, "changed": e.differs, "told": e.sentence, "doubt": e.doubt} for e in result.updates
        ],
    }  # fmt: skip
    if as_json:
        show_json(facts)
    else:
        _show_refresh(result, row_count, book)
    if missing and not result.rows:
        return errors.EXIT_REFUSED
    return errors.EXIT_DONE if accept or not result.rows else errors.EXIT_APPROVAL_NEEDED


def _show_refresh(result: Any, row_count: int, book: Path) -> None:
    changed = [update for update in result.updates if update.differs]
    unchanged = [update for update in result.updates if update.new is not None and not update.differs]
    missing = [update for update in result.updates if update.new is None]
    lines = tuple(update.sentence for update in changed)
    for title, sentences in (("Changed", lines), ("Not found: these stay as they are", result.problems)):
        if sentences:
            click.secho(f"{title}:", bold=True)
            for sentence in sentences:
                print_wrapped(f"- {sentence}")
    if with_allowance := [update.price.id for update in result.updates if update.keeps_allowance]:
        _note(f"the price files show no free tier of {', '.join(with_allowance)}: the allowance is kept from the book.")
    click.echo(f"{len(unchanged)} price(s) are as they were, {len(changed)} changed, {len(missing)} not found.")
    if row_count:
        click.echo(f"{row_count} row(s) were appended to {book}.")
    elif result.rows:
        for update in result.jumps:
            print_wrapped(f"{update.doubt}: {update.sentence}; it needs --accept-large-change")
        click.echo(f"Nothing was written. To accept it:  orgkit prices refresh ... --accept {result.digest[:12]}")


def _downloading(quiet: bool) -> Any:
    def report(path: str, size: int) -> None:
        if not quiet:
            click.echo(f"\r{flat(path)}: {size / 1e6:.0f} MB", nl=False, err=True)

    return report


def _book(place: Path) -> Any:
    from orgkit.costs.prices.books import book_of

    return book_of(place)


def _note(sentence: str, kind: str = "note") -> None:
    if sentence:
        print_wrapped(f"{kind}: {sentence}")
