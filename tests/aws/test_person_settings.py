"""What a person sets for one command: ids of accounts to close, and one-time codes."""

import pytest

from orgkit.aws.person_settings import CODES_VARIABLE, IDS_VARIABLE, require_known_keys, settings_for, values_by_key
from orgkit.errors import WrongPlace


@pytest.mark.parametrize("value", ["914899084380", "old-team=", "=914899084380", "web=A1B2C3 914899084380"])
def test_an_entry_without_a_key_or_a_value_is_refused_and_not_repeated(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ignored, it would look as if nobody had typed anything."""
    monkeypatch.setenv(IDS_VARIABLE, value)
    with pytest.raises(WrongPlace, match=r"entry [12] of ORGKIT_CLOSE_ACCOUNTS has not the form KEY=VALUE") as refusal:
        values_by_key(IDS_VARIABLE)
    assert "914899084380" not in str(refusal.value) + refusal.value.remedy


def test_a_key_that_the_file_does_not_have_is_named_with_those_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(IDS_VARIABLE, "old-taem=914899084380 web=1")
    with pytest.raises(WrongPlace, match="names 'old-taem', and") as refusal:
        require_known_keys(IDS_VARIABLE, ("web", "old-team"), "[offboarding]")
    assert "name old-team or web, or unset" in refusal.value.remedy
    monkeypatch.delenv(IDS_VARIABLE)
    require_known_keys(IDS_VARIABLE, (), "[offboarding]")


def test_a_command_to_go_on_with_has_a_place_for_what_a_person_types_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(IDS_VARIABLE, raising=False)
    assert settings_for("offboarding") == settings_for("units") == ""
    monkeypatch.setenv(IDS_VARIABLE, "old-team=914899084380")
    monkeypatch.setenv(CODES_VARIABLE, "web=A1B2C3 dns=new")
    assert settings_for("offboarding") == "ORGKIT_CLOSE_ACCOUNTS=old-team=ID "
    assert settings_for("emails") == "ORGKIT_EMAIL_CODES='web=CODE dns=CODE' "
    assert settings_for("units") == ""
