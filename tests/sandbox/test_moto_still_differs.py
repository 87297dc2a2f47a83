"""moto as it is still does what each correction puts right.

Where one of these fails after an upgrade of moto, the correction has become needless: delete it.
"""

import pytest

import orgkit.sandbox.app  # noqa: F401  # registers what it does around moto
from orgkit.sandbox.corrections import all as every_correction
from orgkit.sandbox.corrections.registry import CORRECTIONS, DIFFERENCES, Correction
from orgkit.sandbox.corrections.uncorrected import UNCORRECTED
from tests.sandbox import probes_organizations, probes_services
from tests.sandbox.stock import PROBES, Stock

assert every_correction.SUBJECTS  # imported, so that all are registered, and not installed
assert probes_organizations
assert probes_services
MISSING = [each for each in CORRECTIONS if each.moto.endswith("is not there.") or "is not there:" in each.moto]


@pytest.mark.parametrize("key", sorted(PROBES))
def test_moto_still_does_what_the_correction_says(stock: Stock, key: str) -> None:
    assert PROBES[key](stock)


@pytest.mark.parametrize("correction", MISSING, ids=lambda each: each.key)
def test_moto_still_does_not_have_the_operation(correction: Correction) -> None:
    assert not hasattr(correction.target, correction.name)


def test_there_is_a_probe_for_each_correction_and_for_nothing_else() -> None:
    known = [each.key for each in CORRECTIONS] + [each.key for each in DIFFERENCES]
    assert sorted(known) == sorted({*known})
    assert {*PROBES, *(each.key for each in MISSING)} == {*known}
    assert not {*PROBES} & {each.key for each in MISSING}


def test_each_difference_can_be_read_by_itself() -> None:
    within = [(each.key, each.aws, each.moto) for each in CORRECTIONS]
    around = [(each.key, each.aws, each.moto) for each in DIFFERENCES]
    for what, aws, moto in (*within, *around, *UNCORRECTED):
        for text in (aws, moto):
            assert text.endswith("."), what
            assert "\n" not in text, what
            assert len(text.split()) >= 3, what
        assert aws != moto, what
