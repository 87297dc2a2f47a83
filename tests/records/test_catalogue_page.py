"""The page that lists all records: words and signs, links, filters without a script, and names that are only text."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from orgkit.records import outputs
from orgkit.records.catalogue import account_folders, list_records
from orgkit.records.catalogue_page import write_page
from orgkit.records.outcome_mark import MARKS
from orgkit.records.seal import seal
from orgkit.records.verify.verify import verify_all
from tests.records.test_chain import sealed
from tests.records.test_hostile import record_of
from tests.records.test_seal import ACCOUNT, run_folder
from tests.runbook.hostile import HOSTILE, words_of

WAITING = {"event": "stop", "exit_code": 3, "summary": "Awaiting approval", "why": "w", "do": "d"}


@pytest.fixture
def page(tmp_path: Path) -> str:
    """Of four records: one done, one that awaits an approval, one interrupted, one not sealed."""
    sealed(tmp_path)
    waiting = run_folder(tmp_path, WAITING, end=False)
    seal(waiting, parameters_file=tmp_path / "acme.toml")
    seal(run_folder(tmp_path, end=False))
    run_folder(tmp_path)
    return written(tmp_path / "outputs").read_text(encoding="utf-8")


def written(base: Path) -> Path:
    return write_page(base, list_records(base), [verify_all(folder) for folder in account_folders(base)])


def rows(page: str) -> list[str]:
    return re.findall(r"<tr class=.*?</tr>", page)


def test_each_outcome_is_a_color_a_sign_and_a_word(page: str) -> None:
    shown = {
        (
            row.split('"')[1].split()[0],
            unescape(re.sub("<[^>]+>", "", re.findall(r'<td class="outcome">(.*?)</td>', row)[0])),
        )
        for row in rows(page)
    }
    assert shown == {
        ("good", "✓ done"),
        ("stop", "… awaiting approval"),
        ("bad", "✗ interrupted"),
        ("open", "○ not sealed"),
    }


def test_a_row_leads_to_the_page_the_plan_and_the_parameters_that_are_there(page: str, tmp_path: Path) -> None:
    links = {unquote(link) for link in re.findall(r'href="([^"]+)"', page)}
    files = {
        str(file.relative_to(tmp_path / "outputs"))
        for name in ("02-units.html", "plan.json", "parameters.toml")
        for file in (tmp_path / "outputs").glob(f"{ACCOUNT}/*-02-units-*/{name}")
    }
    assert links == files
    assert {Path(file).name for file in files} == {"02-units.html", "plan.json", "parameters.toml"}


def test_every_filter_names_a_class_that_rows_have_and_says_how_many(page: str) -> None:
    choices = re.findall(r'id="show-([a-z0-9-]+)"[^>]*> ([^<]+)</label>', page)
    counts = {name: int(label.rpartition("(")[2].rstrip(")")) for name, label in choices}
    assert set(counts) == {"any-outcome", *(mark.kind for mark in MARKS)}  # one phase: nothing to choose
    assert counts.pop("any-outcome") == 4
    for name, count in counts.items():
        assert f"body:has(#show-{name}:checked) .records tbody tr:not(.{name})" in page
        assert sum(name in row.split('"')[1].split() for row in rows(page)) == count


def test_records_of_several_phases_are_filtered_by_phase(tmp_path: Path) -> None:
    for phase in ("units", "accounts", "accounts"):
        outputs.new_run_folder(tmp_path, ACCOUNT, phase)
    page = written(tmp_path).read_text(encoding="utf-8")
    assert 'id="show-phase-02-units"> 02-units (1)' in page
    assert 'id="show-phase-03-accounts"> 03-accounts (2)' in page


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_is_only_text_in_the_list_of_records(name: str, tmp_path: Path) -> None:
    record_of(name, tmp_path)
    assert "failed" in "".join(words_of(written(tmp_path)))
