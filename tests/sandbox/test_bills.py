"""The file of bills that a person gives to the sandbox."""

import pytest

from orgkit.errors import BadBills
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
    ("text", "told"),
    [
        ("", "not the header"),
        ("month;account\n", "not the header"),
        (HEAD + "2026-13,a,S,Usage,1\n", "line 2: '2026-13' is not a month"),
        (HEAD + "2026-10,a,S,Usage,1\n2026-10,,S,Usage,1\n", "line 3 has no account"),
        (HEAD + "2026-10,a,S,Credits,1\n", "'Credits' is no record type"),
        (HEAD + "2026-10,a,S,Usage,one\n", "'one' is not an amount"),
        (HEAD + "2026-10,a,S,Usage,NaN\n", "'NaN' is not an amount"),
        (HEAD + "2026-10,a,S,Usage\n", "has not 5 cells"),
        (HEAD + "2026-10,a,S,Usage,1,2\n", "has not 5 cells"),
    ],
)
def test_the_first_mistake_is_named_with_its_line(tmp_path, text, told):
    file = tmp_path / "bills.csv"
    file.write_text(text)
    with pytest.raises(BadBills, match=told):
        read_bills(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadBills, match=r"nowhere\.csv cannot be read"):
        read_bills(tmp_path / "nowhere.csv")
