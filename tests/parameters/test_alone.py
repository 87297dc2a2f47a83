"""The copy of a file that a rehearsal uses: one person may approve there, and everything else is as it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.costs.bills.billing_spec import BillingSpec
from orgkit.parameters import load
from orgkit.parameters.single_operator import allow_single_operator
from orgkit.signing.local import new_pair
from tests.parameters.test_load import SMALLEST

WHOLE = """
[billing]
source = "duckdb"
place = "exports/focus"
[approval]
four_eyes = true  # since the audit
[approval.approvers]
ada = { key = "keys/ada.pub", arn = "arn:aws:iam::999999999999:user/ada" }
bob.key = "keys/bob.pub"
bob.arn = ["arn:aws:sts::999999999999:assumed-role/ops/bob"]
[approval.approvers.kim]
key = "keys/kim.pub"
arn = "arn:aws:sts::999999999999:assumed-role/ops/kim"
[approval.operators]
kim = "arn:aws:iam::999999999999:user/kim"
jane = ["arn:aws:iam::999999999999:user/jane", "arn:aws:sts::999999999999:assumed-role/deploy"]
[records]
sign_with = "keys/ada"
public_key = "keys/ada.pub"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    for name in ("ada", "bob", "kim"):
        new_pair(tmp_path / "keys" / name)
    file = tmp_path / "acme.toml"
    file.write_text(SMALLEST + WHOLE)
    return file


def test_only_four_eyes_are_gone_and_what_lies_beside_the_file_is_found(file: Path, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    requests = load(file)
    copy = allow_single_operator(file, requests, tmp_path / "box")
    alone = load(copy)
    assert (requests.approval.four_eyes, alone.approval.four_eyes) == (True, False)
    assert alone.approval.approvers == requests.approval.approvers
    assert [name for name, _ in alone.approval.operators] == ["jane", "kim"]
    assert alone.approval.identities_of("kim")[-1] == "arn:aws:iam::999999999999:user/kim"
    assert [each.name for each in alone.approval.approvers] == ["ada", "bob", "kim"]
    assert alone.records == replace(requests.records, sign_with=str(tmp_path / "keys" / "ada"))
    assert alone.section(BillingSpec).place == str(tmp_path / "exports" / "focus")
    same = {
        "approval": requests.approval,
        "records": requests.records,
        "sections": requests.sections,
        "sha256": requests.sha256,
    }
    assert replace(alone, **same) == requests
    assert "# since the audit" in copy.read_text()


def test_the_price_book_beside_the_file_comes_along(file: Path, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    shipped = Path(__file__).parents[2] / "orgkit" / "costs" / "prices" / "prices.csv"
    (tmp_path / "prices.csv").write_text("".join(shipped.read_text().splitlines(keepends=True)[:2]))
    requests = load(file)
    assert requests.prices
    assert load(allow_single_operator(file, requests, tmp_path / "box")).prices == requests.prices


def test_an_arn_and_a_place_in_s3_stay_as_they_are(file: Path, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    arn = "arn:aws:kms:us-east-1:999999999999:key/0b4a7c2e-6f3e-4c52-9a3b-2f6b1e5f7a10"
    file.write_text(file.read_text().replace('"exports/focus"', '"s3://bills/focus"').replace('"keys/ada"', f'"{arn}"'))
    alone = load(allow_single_operator(file, load(file), tmp_path / "box"))
    assert (alone.section(BillingSpec).place, alone.records.sign_with) == ("s3://bills/focus", arn)
