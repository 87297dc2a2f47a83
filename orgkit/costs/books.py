"""Which price book counts for a parameters file: the shipped one, and over it what its own folder keeps."""

from functools import cache
from importlib import resources
from pathlib import Path

from orgkit.costs.book_rows import parse
from orgkit.costs.prices import PriceBook
from orgkit.errors import UnknownPrice

NAME = "prices.csv"


def shipped_text() -> str:
    """prices.csv as it comes with orgkit."""
    return resources.files("orgkit.costs").joinpath("prices.csv").read_text(encoding="utf-8")


@cache
def shipped() -> PriceBook:
    """The price book that comes with orgkit."""
    return parse(shipped_text())


@cache
def priced(rows: str) -> PriceBook:
    """The shipped prices, and over them the rows of another price book."""
    return parse(shipped_text(), rows) if rows else shipped()


def place_beside(parameters_file: Path) -> Path:
    """Where `orgkit prices refresh` writes: beside the parameters file."""
    return parameters_file.absolute().parent / NAME


def book_of(place: Path) -> PriceBook:
    """Shipped prices, and over them those of one price book, where it is there."""
    return priced(read_book(place)) if place.exists() else shipped()


def rows_beside(parameters_file: Path) -> str:
    """The text of the price book beside a parameters file; "" where there is none."""
    place = place_beside(parameters_file)
    return read_book(place) if place.exists() else ""


def read_book(place: Path) -> str:
    """The text of a price book; UnknownPrice when it cannot be read."""
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnknownPrice(f"{place} cannot be read: {error}", "mend or remove the file.") from None
