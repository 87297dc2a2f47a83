"""docs/reference/prices.md, the price book as pages show it: `python -m tests.docs.test_prices_page`."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from orgkit.costs.prices.books import shipped_book
from orgkit.costs.prices.prices import Price

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "prices.md"
HEAD = """# Prices

The price book that orgkit brings along, in USD. A price is for one unit, and a price with tiers has a line for each.
The last column has the day on which it was read, and links to the source. A free allowance is the part of a month's
usage that AWS does not charge.

`orgkit prices list` prints the same, with the prices of your own `parameters/prices.csv`.
[Estimate costs](../how-to/estimate.md) describes how to refresh them. This page is made from the book:
`python -m tests.docs.test_prices_page` writes it, and a test keeps it current.
"""
ALLOWANCES = {"always_free": "", "included": "", "legacy_12_month": " in the first 12 months of an old account"}


def test_the_page_of_prices_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.test_prices_page"


def test_every_price_of_the_book_is_on_the_page_with_its_source() -> None:
    text = page()
    prices = shipped_book().prices.values()
    assert [price.id for price in prices if f"| `{price.id}` |" not in text or f"]({price.source})" not in text] == []


def page() -> str:
    """The whole page."""
    prices = sorted(shipped_book().prices.values(), key=lambda price: (price.service.lower(), price.id))
    services = groupby(prices, key=lambda price: price.service)
    return HEAD + "".join("\n".join(_service(name, list(group))) for name, group in services)


def _service(name: str, prices: list[Price]) -> Iterator[str]:
    yield f"\n## {name}\n"
    yield "| price | region | unit | USD each | from, units a month | free a month | read on |"
    yield "|---|---|---|---:|---:|---|---|"
    for price in prices:
        for tier in price.tiers:
            yield (
                f"| `{price.id}` | {price.region} | {price.unit} | {tier.unit_price:f} | {tier.start:,f} "
                f"| {_allowance(price)} | [{price.retrieved}]({price.source}) |"
            )
    yield ""


def _allowance(price: Price) -> str:
    """The free part of a month's usage, with the accounts that have it where not all do."""
    if not price.free_allowance:
        return ""
    return f"{price.free_allowance:,f}{ALLOWANCES[price.free_type]}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
