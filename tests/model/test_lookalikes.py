"""Names of AWS and of the file that look the same are distinguished before anything is created or approved."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgkit.errors import ApprovalMismatch, NeedsDecision
from orgkit.model.decision import check_claim
from orgkit.model.desired import Desired
from orgkit.model.lookalikes import path_warnings
from orgkit.model.observed import Observed, Unit
from orgkit.phases.account_imports.planner import plan as plan_imports
from orgkit.phases.accounts.planner import plan as plan_accounts
from orgkit.phases.member_access.steps import AboutAccount
from orgkit.phases.organizational_units.planner import plan as plan_units
from tests.plans.loader import desired_of, observed_of

CYRILLIC_O = "\u043e"
LOG_ARCHIVE = {"id": "111111111111", "name": "log-archive", "email": "aws-log-archive@acme.example"}


def desired(folder: Path, text: str = "") -> Desired:
    file = folder / "desired.toml"
    file.write_text(text, encoding="utf-8")
    return desired_of(file)


def aws(units: tuple[str, ...] = ("Security",), *accounts: dict[str, Any]) -> Observed:
    return observed_of({"organization": {}, "units": {path: {} for path in units}, "accounts": list(accounts)})


@pytest.mark.parametrize(
    "name",
    [
        f"Pr{CYRILLIC_O}duction", "Production\u3164", "\u034fProduction", "Pr\u2800oduction", "Production ",
        "P\u200broduction", "\uff30roduction", "\U0001d40froduction",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_unit_is_not_created_next_to_one_of_aws_that_looks_the_same(name: str, tmp_path: Path) -> None:
    with pytest.raises(NeedsDecision) as stop:
        plan_units(aws(("Security", name)), desired(tmp_path, "[units.Production]\n"))
    text = str(stop.value)
    assert "which looks the same" in text
    assert "--organizational-unit-id ou-root-0000000" in text
    assert name.isascii() or "U+" in text


def test_nor_is_one_below_a_parent_that_looks_the_same(tmp_path: Path) -> None:
    found = aws(("Security", "Work", "W\u043erk", "W\u043erk/Web"))
    with pytest.raises(NeedsDecision, match="Work/Web is not in AWS"):
        plan_units(found, desired(tmp_path, '[units."Work/Web"]\n'))


def test_one_that_is_there_itself_is_left_and_its_lookalike_is_marked(tmp_path: Path) -> None:
    made = plan_units(
        aws(("Security", "Production", f"Pr{CYRILLIC_O}duction")), desired(tmp_path, "[units.Production]\n")
    )
    assert all("create" not in step.sentence for step in made.steps)
    assert any("in AWS mixes Latin and Cyrillic" in warning for warning in made.warnings)
    assert any("look alike" in w and "U+043E CYRILLIC SMALL LETTER O" in w for w in made.warnings)


def test_a_unit_whose_letters_all_pass_for_ascii_is_refused_in_a_file_of_latin_names(tmp_path: Path) -> None:
    for section in (
        '[units."\u0421\u041e\u0420\u0415"]\n',
        '[units."Web/\u0410\u0421\u041c\u0415"]\n',
    ):
        with pytest.raises(AssertionError, match="no other name is written in Cyrillic"):
            desired(tmp_path, section)


def test_a_unit_whose_letters_all_pass_for_ascii_is_marked_next_to_others_of_its_script(tmp_path: Path) -> None:
    file = '[units."\u0421\u041e\u0420\u0415"]\n[units."\u041c\u043e\u0441\u043a\u0432\u0430"]\n'
    made = plan_units(aws(), desired(tmp_path, file))
    assert any('can be read as "COPE"' in warning for warning in made.warnings)


def test_units_of_ascii_that_look_alike_are_created_and_marked(tmp_path: Path) -> None:
    made = plan_units(aws(("Security", "team-l")), desired(tmp_path, "[units.team-1]\n"))
    assert any(step.sentence == "create organizational unit team-1" for step in made.steps)
    assert made.warnings == ("organizational units team-1 and team-l look alike, and are two",)


def test_a_unit_in_another_language_is_as_ordinary_as_any(tmp_path: Path) -> None:
    made = plan_units(
        aws(("Security", "Z\u00fcrich")), desired(tmp_path, '[units."Z\u00fcrich"]\n[units."\u6771\u4eac"]\n')
    )
    assert made.warnings == ()


@pytest.mark.parametrize("name", ["web  site", "web\u00a0site", "w\u0435b site"], ids=ascii)
def test_an_account_is_not_created_next_to_one_of_aws_that_looks_the_same(name: str, tmp_path: Path) -> None:
    file = '[accounts.web]\nname = "web site"\nemail = "web@acme.example"\nunit = "Security"\n'
    other = {"id": "222222222222", "name": name, "email": "other@acme.example"}
    made = plan_accounts(aws(("Security",), LOG_ARCHIVE, other), desired(tmp_path, file))
    (decision,) = made.blocked
    assert decision.blocks == "web"
    assert "web: an account named" in decision.what
    assert "222222222222" in decision.what
    assert name.isascii() or "U+" in decision.what
    assert {step.key for step in made.steps if isinstance(step, AboutAccount)} == {"log-archive"}


def test_accounts_of_ascii_that_look_alike_are_marked_in_the_file_and_in_aws(tmp_path: Path) -> None:
    file = "".join(f'[accounts.{key}]\nemail = "{key}@acme.example"\nunit = "Security"\n' for key in ("web-1", "web-l"))
    other = {"id": "222222222222", "name": "1og-archive", "email": "other@acme.example"}
    made = plan_accounts(aws(("Security",), LOG_ARCHIVE, other), desired(tmp_path, file))
    assert [warning for warning in made.warnings if "look alike" in warning] == [
        "the names of account log-archive (log-archive) and account 222222222222 (1og-archive) look alike",
        "the names of account web-1 (web-1) and account web-l (web-l) look alike",
    ]


def test_an_import_that_looks_like_another_account_is_marked(tmp_path: Path) -> None:
    file = '[imports.web-1]\nid = "333333333333"\nemail = "w@acme.example"\nunit = "Security"\n'
    other = {"id": "222222222222", "name": "web-l", "email": "other@acme.example"}
    made = plan_imports(aws(("Security",), LOG_ARCHIVE, other), desired(tmp_path, file))
    assert any(
        "account web-1 (web-1) and account 222222222222 (web-l) look alike" in warning for warning in made.warnings
    )


@pytest.mark.parametrize("name", [f"J{CYRILLIC_O}e", "Jane\u3164", "Jane\u202eDoe", "Jane\nDoe"], ids=ascii)
def test_an_approver_whose_name_deceives_is_refused(name: str) -> None:
    with pytest.raises(ApprovalMismatch, match=r"the approver's name (has U|mixes)"):
        check_claim("the approver's name", name)


def test_an_ordinary_approver_is_none() -> None:
    for name in ("", "Jane Doe", "J\u00fcrgen Gro\u00df", "\u4e2d\u6751", "OPS-123 https://tickets.example/1?a=b"):
        check_claim("--approver", name)


def test_a_unit_whose_path_differs_in_case_alone_is_no_other_reading_of_a_slash() -> None:
    observed = replace(observed_of({"organization": {}}), units=(Unit(("ci", "CD"), "ou-1", ()),))
    assert list(path_warnings([("CI", "CD")], observed)) == []
    slash = replace(observed, units=(Unit(("CI/CD",), "ou-2", ()),))
    assert len(list(path_warnings([("ci", "cd")], slash))) == 1
