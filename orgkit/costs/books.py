"""Which price book counts for a parameters file: the shipped one, and over it what its own folder keeps."""

from pathlib import Path

from orgkit.costs.prices import PriceBook, parse, shipped, shipped_text
from orgkit.errors import UnknownPrice

NAME = "prices.csv"


def place_beside(parameters_file: Path) -> Path:
    """Where `orgkit prices refresh` writes: beside the parameters file."""
    return parameters_file.absolute().parent / NAME


def book_of(place: Path) -> PriceBook:
    """Shipped prices, and over them those of one price book, where it is there."""
    return parse(shipped_text(), read_book(place)) if place.exists() else shipped()


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
