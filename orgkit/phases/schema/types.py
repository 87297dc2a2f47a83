"""The kinds of values that the sections of a parameters file are made of."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from orgkit.model.desired import KEY_TAG
from orgkit.phases.schema import formats
from orgkit.policy_evaluation.policy_types import policy_types
from orgkit.signing.identities import IDENTITY


def one_or_more(value: Any) -> Any:
    """Turn a single string into a list of it."""
    return [value] if isinstance(value, str) else value


def amount(value: Any) -> Decimal:
    """Parse a number of 0 or more, which may be written as a string."""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except ArithmeticError:
            number = Decimal("NaN")
        if number.is_finite() and 0 <= number < 10**15:
            return number
    raise ValueError("must be a number of 0 or more, or { low = 1, expected = 2, high = 3 }.")


def checked_text(check: Callable[[str], str]) -> Any:
    """Return the type of a string that one of the functions of `formats` accepts."""
    return AfterValidator(check)


def editor_check(pattern: str = "", **keywords: Any) -> Any:
    """Return what the JSON Schema of the file says about a string; it accepts all that the string's check accepts.

    Args:
        pattern: A regular expression that the whole string matches, in the syntax that ECMA-262 and Python share.
        keywords: Further keywords of JSON Schema, such as `maxLength`.
    """
    return Field(json_schema_extra={**({"pattern": f"^(?:{pattern})$"} if pattern else {}), **keywords})


_UNIT_NAME = r"(?:[^/\\]|\\[/\\])+"
_IN_TAGS = r"""[^!"#$%&'()*,;<>?\[\\\]^`{|}~\x00-\x1f\x7f]*"""  # of ASCII; of other characters, the check knows
_AMOUNT_TEXT = "[^A-Za-z]+(?:[eE][^A-Za-z]+)?"

AccountId = Annotated[str, checked_text(formats.account_id), editor_check(formats.ACCOUNT_ID)]
Email = Annotated[str, checked_text(formats.email), editor_check(formats.EMAIL, minLength=6, maxLength=64)]
AccountName = Annotated[str, checked_text(formats.account_name), editor_check(r"(?! )[ -~]{1,50}(?<! )")]
Label = Annotated[str, checked_text(formats.label), editor_check(r"\S(?:.*\S)?")]
FormerName = Annotated[str, checked_text(formats.former_name), editor_check(minLength=1, maxLength=128)]
Key = Annotated[str, checked_text(formats.key), editor_check(formats.KEY)]
_PATH = f"{_UNIT_NAME}(?:/{_UNIT_NAME}){{0,4}}"
_PathList = Annotated[list[Annotated[str, editor_check(minLength=1, maxLength=128)]], Field(min_length=1, max_length=5)]
UnitPath = Annotated[
    tuple[str, ...],
    BeforeValidator(formats.unit_path, json_schema_input_type=Annotated[str, editor_check(_PATH)] | _PathList),
]
AccountUnit = Annotated[
    tuple[str, ...],
    BeforeValidator(
        formats.account_unit,
        json_schema_input_type=Annotated[str, editor_check(f"{formats.ROOT}|{_PATH}")] | _PathList,
    ),
]
RoleName = Annotated[str, checked_text(formats.role_name), editor_check(formats.ROLE_NAME)]
Region = Annotated[str, checked_text(formats.region), editor_check(formats.REGION)]
PolicyTypeName = Annotated[str, checked_text(formats.policy_type), editor_check(enum=list(policy_types()))]
Arn = Annotated[str, checked_text(formats.identity), editor_check(IDENTITY)]
Arns = Annotated[list[Arn], BeforeValidator(one_or_more, json_schema_input_type=Arn | list[Arn])]
_TagKey = Annotated[
    str,
    checked_text(formats.tag_key),
    editor_check(rf"(?![Aa][Ww][Ss]:)(?!{KEY_TAG}$){_IN_TAGS}", minLength=1, maxLength=128),
]
_TagValue = Annotated[str, checked_text(formats.tag_value), editor_check(_IN_TAGS, maxLength=256)]
Tags = dict[_TagKey, _TagValue]
AmountInput = Annotated[float, Field(ge=0, lt=10**15)] | Annotated[str, editor_check(_AMOUNT_TEXT)]
Amount = Annotated[Decimal, BeforeValidator(amount, json_schema_input_type=AmountInput)]


class SectionModel(BaseModel):
    """A table of the file: it has no other keys, and values are not converted to another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)
