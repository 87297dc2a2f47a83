"""The price book next to a parameters file, as text."""

from pathlib import Path

from orgkit.errors import UnknownPrice

NAME = "prices.csv"


def own_book_path(parameters_file: Path) -> Path:
    """Return the path that `orgkit prices refresh` writes to: next to the parameters file."""
    return parameters_file.absolute().parent / NAME


def own_rows(parameters_file: Path) -> str:
    """Return the text of the price book next to a parameters file; "" if there is none."""
    place = own_book_path(parameters_file)
    return read_book(place) if place.exists() else ""


def read_book(place: Path) -> str:
    """The text of a price book; UnknownPrice when it cannot be read."""
    try:
        return place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnknownPrice(f"{place} cannot be read: {error}", "fix or remove the file.") from None
