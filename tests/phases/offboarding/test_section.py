"""`[offboarding]`: what the file may not ask for, found before any call."""

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.model.offboarding import OffboardedAccount, OffboardingSpec
from orgkit.parameters import load_text
from tests.bootstrap.project import EXAMPLE

TEXT = EXAMPLE.read_text(encoding="utf-8")
ENTRY = '[offboarding.old-team]\naccount = "222222222222"\nreason = "it was dissolved"\n'


def spec(section: str, text: str = TEXT) -> OffboardingSpec:
    return load_text(f"{text}\n{section}", "acme.toml", EXAMPLE.parent).section(OffboardingSpec)


def test_a_file_without_the_section_closes_nothing() -> None:
    assert spec("") == OffboardingSpec(("Quarantine",), ())


def test_an_entry_names_an_account_and_a_reason() -> None:
    account = OffboardedAccount("old-team", "222222222222", "it was dissolved")
    assert spec(ENTRY) == OffboardingSpec(("Quarantine",), (account,))


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (ENTRY.replace("222222222222", "22"), "offboarding.old-team.account"),
        (ENTRY.replace("222222222222", "999999999999"), "is the management account"),
        (ENTRY.replace("222222222222", "111111111111"), "is imports.dns, which the file still wants"),
        (ENTRY + ENTRY.replace("old-team", "other"), "is used by offboarding.old-team.account too"),
        (ENTRY.replace('reason = "it was dissolved"\n', ""), "offboarding.old-team.reason"),
        (ENTRY.replace("it was dissolved", "a" * 201), "has 201 characters"),
        (ENTRY.replace("it was dissolved", " "), "offboarding.old-team.reason"),
        (ENTRY.replace("old-team", "'Old Team'"), "is not a key"),
        (ENTRY + "close = true\n", "close"),
    ],
)
def test_what_cannot_be_meant_is_reported_with_its_place(section: str, message: str) -> None:
    with pytest.raises(ParametersInvalid, match=r"(?s)offboarding") as raised:
        spec(section)
    assert message in str(raised.value)


def test_the_quarantine_is_directly_below_the_root() -> None:
    text = TEXT.replace('#unit = "Quarantine"', 'unit = "Production/Quarantine"', 1)
    with pytest.raises(ParametersInvalid, match="directly below the organization root"):
        spec(ENTRY, text)


def test_the_type_of_its_policy_has_to_be_enabled() -> None:
    text = TEXT.replace("#policy_types = ", "policy_types = [] #", 1)
    with pytest.raises(ParametersInvalid, match="needs SERVICE_CONTROL_POLICY"):
        spec(ENTRY, text)


def test_the_name_of_its_policy_is_free_for_nobody_else() -> None:
    own = '[policies.orgkit-quarantine]\nfile = "policies/deny-leaving.json"\ntype = "SERVICE_CONTROL_POLICY"\n'
    with pytest.raises(ParametersInvalid, match="is the policy of the quarantine"):
        spec(f"{own}\n{ENTRY}")


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("[units.Quarantine]\n", "units.Quarantine"),
        ('[units."Quarantine/Old"]\n', 'units."Quarantine/Old"'),
        ('[accounts.new]\nemail = "new@example.com"\nunit = "Quarantine"\n', "accounts.new.unit"),
        ('[accounts.new]\nemail = "new@example.com"\nunit = ["Quarantine", "Old"]\n', "accounts.new.unit"),
    ],
)
def test_nothing_else_of_the_file_is_in_the_unit_of_the_quarantine(line: str, place: str) -> None:
    """An earlier phase, which CI may run, would lock it up without a word about closing."""
    with pytest.raises(ParametersInvalid, match='is in "Quarantine", the unit of the quarantine') as raised:
        spec(ENTRY, f"{TEXT}\n{line}")
    assert place in str(raised.value)
