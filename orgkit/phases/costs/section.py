"""`[costs]`: the assumptions of the estimate."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from orgkit.costs.estimate.assumptions import ASSUMPTIONS, CHOICES, CostsSpec
from orgkit.phases.schema.formats import suggest
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, section
from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import Amount, AmountInput, SectionModel, amount


def _assumption(value: Any) -> Any:
    """One number stands for low, expected and high."""
    return value if isinstance(value, dict) else dict.fromkeys(("low", "expected", "high"), amount(value))


class Range(SectionModel):
    """An assumption of the estimate, as three numbers that do not fall."""

    low: Amount = Field(examples=["1"])
    expected: Amount = Field(examples=["2"])
    high: Amount = Field(examples=["3"])

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not self.low <= self.expected <= self.high:
            raise ValueError("must rise: write low, expected and high so that none is less than the one before.")
        return self


class CostsModel(SectionModel):
    """`[costs]`: two choices, and any number of assumptions, whose names the estimate knows."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"propertyNames": {"enum": [*CHOICES, *ASSUMPTIONS]}})
    __pydantic_extra__: dict[
        str, Annotated[Range, BeforeValidator(_assumption, json_schema_input_type=AmountInput | Range)]
    ] = Field(init=False)

    free_tier: Literal["none", "legacy_12_month", "post_2025_07_credits"] = "none"
    config_recording: Literal["continuous", "daily"] = "continuous"

    @property
    def assumptions(self) -> dict[str, Range]:
        return self.__pydantic_extra__


def build(model: CostsModel, defaults: Defaults) -> CostsSpec:
    """Return the frozen value; assumptions are sorted by name."""
    ranges = sorted(model.assumptions.items())
    stated = tuple((name, (bounds.low, bounds.expected, bounds.high)) for name, bounds in ranges)
    return CostsSpec(stated, model.free_tier, model.config_recording)


def assumptions(raw: Raw) -> Iterator[Violation]:
    """Names of assumptions come from the estimate itself."""
    for name in section(raw, "costs"):
        if name not in (*ASSUMPTIONS, *CHOICES):
            yield ("costs", name), f"there is no such assumption. {suggest(name, (*ASSUMPTIONS, *CHOICES))}"


SECTION = Section("costs", CostsModel, build, CostsModel(), (assumptions,))
