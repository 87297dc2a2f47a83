"""`[contacts]` of the parameters file: what `orgkit check` finds in it without a call."""

from pathlib import Path

import pytest

from orgkit.errors import ParametersInvalid
from orgkit.parameters import load
from orgkit.phases.alternate_contacts.spec import Contact, ContactsSpec
from orgkit.phases.registry import phase_of, phases_for
from tests.bootstrap.project import EXAMPLE

ADA = {"name": "Ada", "title": "CFO", "email": "ada@acme.dev", "phone": "+1 (555) 0100-1"}


def inline(contact: dict[str, str]) -> str:
    return "{ " + ", ".join(f'{key} = "{value}"' for key, value in contact.items()) + " }"


def spec_of(folder: Path, text: str, accounts: str = "") -> ContactsSpec:
    whole = EXAMPLE.read_text(encoding="utf-8").replace("\n[contacts]\n", f"\n[contacts]\n{text}\n")
    file = folder / "acme.toml"
    file.write_text(whole.replace("\n[contacts.accounts]\n", f"\n[contacts.accounts]\n{accounts}\n"), encoding="utf-8")
    desired = load(file)
    assert (phase_of("contacts") in phases_for(desired)) is bool(text or accounts)
    return desired.section(ContactsSpec)


def test_a_file_names_the_contacts_of_all_accounts_and_of_single_ones(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, f"billing = {inline(ADA)}", f"dns.security = {inline({**ADA, 'name': 'Bob'})}")
    ada = Contact(*ADA.values())
    assert spec.contacts_of("") == spec.contacts_of("website-prod") == (("BILLING", ada),)
    assert [(kind, contact.name) for kind, contact in spec.contacts_of("dns")] == [
        ("BILLING", "Ada"), ("SECURITY", "Bob"),
    ]  # fmt: skip


def test_without_contacts_nothing_is_asked_for(tmp_path: Path) -> None:
    assert spec_of(tmp_path, "").is_empty


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("phone", "call me", "is not a phone number"),
        ("phone", "+" + "1" * 25, "is not a phone number"),
        ("email", "ada@acme", "is not an email that AWS takes for a contact"),
        ("email", "ada lovelace@acme.dev", "is not an email that AWS takes for a contact"),
        ("name", "x" * 65, "takes up to 64"),
        ("name", " Ada", "begins or ends with a blank"),
        ("name", "", "is empty"),
        ("title", "x" * 51, "takes up to 50"),
    ],
)
def test_what_aws_would_not_take_is_refused_with_its_place(tmp_path: Path, key: str, value: str, problem: str) -> None:
    with pytest.raises(ParametersInvalid, match=problem) as refused:
        spec_of(tmp_path, f"billing = {inline({**ADA, key: value})}")
    assert f"contacts.billing.{key}" in str(refused.value)


def test_a_contact_needs_all_four_keys_and_an_account_that_the_file_has(tmp_path: Path) -> None:
    with pytest.raises(ParametersInvalid, match=r"contacts\.billing\.phone"):
        spec_of(tmp_path, 'billing = { name = "Ada", title = "CFO", email = "ada@acme.dev" }')
    with pytest.raises(ParametersInvalid, match='has no account "web"'):
        spec_of(tmp_path, "", f"web.security = {inline(ADA)}")
