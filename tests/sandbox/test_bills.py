"""The file of bills that a person gives to the sandbox."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from orgkit.cli import sandbox as commands
from orgkit.errors import InvalidBills
from orgkit.records.response_cache import FileResponseCache
from orgkit.sandbox.bills import read_bills

HEAD = "month,account,service,record_type,amount\n"


def test_a_file_as_a_spreadsheet_writes_it_is_read(tmp_path):
    file = tmp_path / "bills.csv"
    head = HEAD.replace("\n", "\r\n").encode()
    file.write_bytes(b"\xef\xbb\xbf" + head + b'2026-10,management,"AWS, Config",Usage,1.5\r\n')
    assert read_bills(file) == [
        {"month": "2026-10", "account": "management", "service": "AWS, Config", "record_type": "Usage", "amount": "1.5"}
    ]


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("", "not the header"),
        ("month;account\n", "not the header"),
        (HEAD + "2026-13,a,S,Usage,1\n", "line 2: '2026-13' is not a month"),
        (HEAD + "2026-10,a,S,Usage,1\n2026-10,,S,Usage,1\n", "line 3 has no account"),
        (HEAD + "2026-10,a,S,Credits,1\n", "'Credits' is not a record type"),
        (HEAD + "2026-10,a,S,Usage,one\n", "'one' is not an amount"),
        (HEAD + "2026-10,a,S,Usage,NaN\n", "'NaN' is not an amount"),
        (HEAD + "2026-10,a,S,Usage,1\n2026-10,a,S,Usage,1e400000\n", "line 3: '1e400000' is not an amount"),
        (HEAD + "2026-10,a,S,Usage,-1e4000000\n", "is not an amount"),
        (HEAD + "2026-10,a,S,Usage,1e-400000\n", "is not an amount"),
        (HEAD + "2026-10,a,S,Usage,0e400000\n", "is not an amount"),
        (HEAD + "2026-10,a,S,Usage,1000000000000000\n", "less than 10"),
        (HEAD + "2026-10,a,S,Usage\n", "has not 5 cells"),
        (HEAD + "2026-10,a,S,Usage,1,2\n", "has not 5 cells"),
    ],
)
def test_the_first_mistake_is_named_with_its_line(tmp_path, text, output):
    file = tmp_path / "bills.csv"
    file.write_text(text)
    with pytest.raises(InvalidBills, match=output):
        read_bills(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidBills, match=r"nowhere\.csv cannot be read"):
        read_bills(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("amount", ["-999999999999999.999999999999", "0.30000000000000004", "1e-6", "0"])
def test_an_amount_of_any_bill_is_taken(tmp_path, amount):
    file = tmp_path / "bills.csv"
    file.write_text(HEAD + f"2026-10,a,S,Usage,{amount}\n")
    assert read_bills(file)[0]["amount"] == amount


class Seeded:
    """A sandbox that takes whatever it is given."""

    def __init__(self, folder):
        self.folder = folder

    def seed_bills(self, values):
        return [row["account"] for row in values["rows"] if row["account"] == "nobody"]


def test_other_bills_are_read_though_answers_of_the_first_were_kept(tmp_path, monkeypatch):
    """By a shell of the sandbox, by one that was given its address alone, and by this one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORGKIT_OUTPUTS", str(tmp_path / "mine"))
    base = tmp_path / "outputs" / "sandbox"
    places = [FileResponseCache(folder, "123456789012") for folder in (base, base / "box", tmp_path / "mine")]
    real = FileResponseCache(tmp_path / "mine", "210987654321")
    free, paid = {"where": "http://127.0.0.1:5000", "x": 1}, {"where": "aws", "x": 1}
    for stored, requests in [*((place, free) for place in places), (real, paid)]:
        stored.put(requests, datetime(2026, 11, 24, tzinfo=UTC), {"answer": 1})
    monkeypatch.setattr(commands, "running_sandbox", lambda: Seeded(base / "box"))
    file = tmp_path / "bills.csv"

    def seed(account):
        file.write_text(HEAD + f"2026-10,{account},S,Usage,1\n")
        return CliRunner().invoke(commands.sandbox, ["seed-bills", str(file)]).exit_code

    assert seed("nobody") == InvalidBills.exit_code
    assert all(place.get(free) for place in places)
    assert seed("a") == 0
    assert not any(place.get(free) for place in places)
    assert real.get(paid), "what was paid for stays"
