"""The kinds of values that the sections of a parameters file are made of."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from orgkit.phases.schema import formats


def one_or_more(value: Any) -> Any:
    """One text stands for a list of it."""
    return [value] if isinstance(value, str) else value


def amount(value: Any) -> Decimal:
    """A number of 0 or more, also written as a string."""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except ArithmeticError:
            number = Decimal("NaN")
        if number.is_finite() and 0 <= number < 10**15:
            return number
    raise ValueError("must be a number of 0 or more, or { low = 1, expected = 2, high = 3 }.")


def checked_text(check: Callable[[str], str]) -> Any:
    """A string that one of the functions of `formats` accepts."""
    return AfterValidator(check)


AccountId = Annotated[str, checked_text(formats.account_id)]
Email = Annotated[str, checked_text(formats.email)]
AccountName = Annotated[str, checked_text(formats.account_name)]
Label = Annotated[str, checked_text(formats.label)]
Key = Annotated[str, checked_text(formats.key)]
UnitPath = Annotated[tuple[str, ...], BeforeValidator(formats.unit_path)]
RoleName = Annotated[str, checked_text(formats.role_name)]
Region = Annotated[str, checked_text(formats.region)]
Arn = Annotated[str, checked_text(formats.identity)]
Tags = dict[Annotated[str, checked_text(formats.tag_key)], Annotated[str, checked_text(formats.tag_value)]]
Amount = Annotated[Decimal, BeforeValidator(amount)]


class SectionModel(BaseModel):
    """A table of the file: no key but these, and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
