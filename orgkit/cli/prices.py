"""`orgkit prices`: what the price book says, and how it is brought up to date."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from orgkit import errors
from orgkit.cli.layout import tell
from orgkit.cli.main import ends, json_option, show_json
from orgkit.printable import flat

DEFAULT = Path("parameters/prices.csv")
OWN = "Your own price book, laid over the one that orgkit ships: the one beside your parameters file."


def _there(_ctx: click.Context, _param: click.Parameter, place: Path) -> Path:
    """A book that was named is read, or missed; the one beside the parameters file may not be there yet."""
    if place != DEFAULT and not place.exists():
        raise click.BadParameter(f"{str(place)!r} does not exist.")
    return place


READ = click.option(
    "--book", type=click.Path(path_type=Path), default=DEFAULT, show_default=True, help=OWN, callback=_there
)
WRITTEN = click.option("--book", type=click.Path(path_type=Path), default=DEFAULT, show_default=True, help=OWN)
REGION = click.option("--region", default="us-east-1", show_default=True, help="The AWS region.")


@click.group()
def prices() -> None:
    """The price book: quote from it, or bring it up to date."""


@prices.command()
@click.argument("asked", nargs=-1, required=True, metavar="ID=QUANTITY...")
@click.option("--no-free-tier", is_flag=True, help="Without what is always free.")
@REGION
@READ
@json_option
@ends
def quote(asked: tuple[str, ...], no_free_tier: bool, region: str, book: Path, as_json: bool) -> int:
    """Say what quantities cost a month, tier by tier. Calls nothing."""
    from orgkit.costs.prices import borrowed
    from orgkit.costs.quote import quote as quote_of
    from orgkit.costs.quote import read_asked
    from orgkit.runbook.tables import as_text

    chosen = _book(book).in_region(region)
    made = quote_of([read_asked(each) for each in asked], chosen, free_tier=not no_free_tier)
    facts = {**made.facts(), "note": borrowed(made.prices, region)}
    if as_json:
        show_json(facts)
        return errors.EXIT_DONE
    headers = ("price", "from", "quantity", "of it free", "unit", "USD each", "USD")
    names = ("price_id", "start", "quantity", "free", "unit", "unit_price", "cost")
    click.echo(as_text(headers, [[row[name] for name in names] for row in facts["tiers"]]))
    click.echo(f"\nUSD {facts['total']} a month (a quote, not a bill)")
    for price in made.prices:
        tell(f"{price.id}: {price.region}, read on {price.retrieved} at {price.source}")
    _note(facts["note"])
    _note(chosen.warning(date.today()), "warning")
    return errors.EXIT_DONE


@prices.command("list")
@REGION
@READ
@json_option
@ends
def list_prices(region: str, book: Path, as_json: bool) -> int:
    """List every price with its id, and the day on which it was read."""
    from orgkit.costs.prices import borrowed
    from orgkit.runbook.tables import as_text

    chosen = _book(book).in_region(region)
    note = borrowed(chosen.prices.values(), region)
    rows = [
        {
            "id": p.id, "service": p.service, "usage_type": p.usage_type, "region": p.region, "unit": p.unit,
            "first_tier": f"{p.tiers[0].unit_price:f}", "tiers": str(len(p.tiers)), "source": p.source,
            "effective": p.effective, "retrieved": p.retrieved,
        }
        for p in chosen.prices.values()
    ]  # fmt: skip
    if as_json:
        show_json({"price_book": chosen.version, "prices": rows, "note": note})
    else:
        names = ("id", "region", "unit", "first_tier", "retrieved")
        headers = ("price", "region", "unit", "USD each", "read on")
        click.echo(as_text(headers, [[row[name] for name in names] for row in rows]))
        _note(note)
        _note(chosen.warning(date.today()), "warning")
    return errors.EXIT_DONE


@prices.command()
@REGION
@WRITTEN
@click.option("--from", "source", default="", metavar="FOLDER", help="Price files on this machine, not AWS's address.")
@click.option("--accept", default="", metavar="DIGEST", help="Append exactly what was shown under this digest.")
@click.option("--accept-large-change", is_flag=True, help="Also amounts that are rather a mistake.")
@json_option
@ends
def refresh(region: str, book: Path, source: str, accept: str, accept_large_change: bool, as_json: bool) -> int:
    """Read AWS's public price files and show what changes; nothing is written before you accept it."""
    from orgkit.costs.price_list_aws import ADDRESS, fetch
    from orgkit.costs.refresh import append, look_up

    where = source or ADDRESS
    made = look_up(
        _book(book).in_region(region), region,
        lambda service, at: fetch(service, at, where, _downloading(as_json)), where, date.today().isoformat(),
    )  # fmt: skip
    missing = [each for each in made.found if each.new is None]
    written = 0
    if accept:
        if len(accept) < 8 or not made.digest.startswith(accept):
            raise errors.PriceChanged(
                f"{accept[:12]} was accepted; what AWS's files say now has the digest {made.digest[:12]}.",
                "look at the difference again, and accept its own digest.",
            )
        written = append(made, book, large=accept_large_change)
    facts = {
        "digest": made.digest, "region": region, "rows": written, "book": str(book),
        "found": [
            {"price": e.price.id, "changed": e.changed, "told": e.sentence, "doubt": e.doubt} for e in made.found
        ],
    }  # fmt: skip
    if as_json:
        show_json(facts)
    else:
        _show_refresh(made, written, book)
    if missing and not made.rows:
        return errors.EXIT_REFUSED
    return errors.EXIT_DONE if accept or not made.rows else errors.EXIT_APPROVAL_NEEDED


def _show_refresh(made: Any, written: int, book: Path) -> None:
    changed = [each for each in made.found if each.changed]
    same = [each for each in made.found if each.new is not None and not each.changed]
    missing = [each for each in made.found if each.new is None]
    told = tuple(each.sentence for each in changed)
    for title, sentences in (("Changed", told), ("Not found: these stay as they are", made.problems)):
        if sentences:
            click.secho(f"{title}:", bold=True)
            for sentence in sentences:
                tell(f"- {sentence}")
    if kept := [each.price.id for each in made.found if each.kept]:
        _note(f"the price files show no free tier of {', '.join(kept)}: the allowance is kept from the book.")
    click.echo(f"{len(same)} price(s) are as they were, {len(changed)} changed, {len(missing)} not found.")
    if written:
        click.echo(f"{written} row(s) were appended to {book}.")
    elif made.rows:
        for each in made.jumps:
            tell(f"{each.doubt}: {each.sentence}; it needs --accept-large-change")
        click.echo(f"Nothing was written. To accept it:  orgkit prices refresh ... --accept {made.digest[:12]}")


def _downloading(quiet: bool) -> Any:
    def told(path: str, size: int) -> None:
        if not quiet:
            click.echo(f"\r{flat(path)}: {size / 1e6:.0f} MB", nl=False, err=True)

    return told


def _book(place: Path) -> Any:
    from orgkit.costs.books import book_of

    return book_of(place)


def _note(sentence: str, kind: str = "note") -> None:
    if sentence:
        tell(f"{kind}: {sentence}")
