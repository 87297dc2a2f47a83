"""The start page: what it says when all is well, when the file or AWS cannot be read, and that names are only text."""

from pathlib import Path

import pytest

from orgkit.aws.session import Caller
from orgkit.errors import WrongAccount
from orgkit.lab import page
from orgkit.lab.phase_status import PhaseStatus, State
from orgkit.parameters import load
from orgkit.phases.registry import PHASES
from orgkit.rehearsal.bootstrap import environment, seed_of
from orgkit.runbook.views.views import CallerIdentity
from orgkit.sandbox.lifecycle import start
from tests.bootstrap.project import EXAMPLE


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("outputs", "parameters", "runbooks", "outputs/lab"):
        (tmp_path / folder).mkdir()
    made = tmp_path / "parameters" / "acme.toml"
    made.write_bytes(EXAMPLE.read_bytes())
    monkeypatch.delenv("ORGKIT_PERSON", raising=False)
    monkeypatch.chdir(tmp_path / "outputs" / "lab")
    return made


def test_what_can_be_opened_has_one_prepared_copy_and_the_page_asks_aws_for_nothing_but_reads(file: Path) -> None:
    with start(seed_of(load(file)), file.parents[1] / "outputs" / "box") as sandbox, environment(sandbox.environment()):
        for _ in range(2):  # a second look gets the same copies
            road = page.show_phases(page.begin(str(file)))
        assert [call for call in sandbox.calls() if call["mutating"]] == []
    found = {stand.phase.run_label: stand.state for stand in road.statuses}
    assert found["01-organization"] is State.READY
    assert found["05-trail"] is State.NOT_YET
    assert sorted(road.links) == ["costs", "management-account", "organization"]
    copies = list((file.parents[1] / "outputs" / "box").glob("*/*/*.ipynb"))
    assert len(copies) == 3
    for link in road.links.values():
        assert (Path.cwd() / link).resolve() in [copy.resolve() for copy in copies]
    view = road.view()
    assert "<h2>Sandbox account 999999999999</h2>" in view.html
    assert "Open 01</a>" in view.html
    assert "Open 05" not in view.html
    assert 'class="orgkit-open"' in view.html
    assert "Open 00: " in view.html  # the large one
    assert "0 of 7 phases are done." in view.text


def test_a_file_that_needs_mending_is_told_and_the_way_to_mend_it(file: Path) -> None:
    file.write_text(file.read_text().replace('unit = "Production"', 'unit = "<b>Prodution</b>"'))
    begun = page.begin(str(file))
    view = page.view_of_start(begun)
    assert "accounts.website-prod.unit" in view.text
    assert "form below" in view.text
    assert "<b>Prod" not in view.html
    assert "accounts.website-prod.unit" not in page.show_phases(begun).view().text  # it is reported once
    assert {stand.state for stand in page.show_phases(begun).statuses} == {State.UNKNOWN}
    offered = page.show_phases(begun).view()
    assert "orgkit-fill-form" in offered.html
    assert "unknown" not in offered.text  # the form comes first, and no table of what is not known


def test_where_aws_cannot_be_read_the_page_says_why_in_three_lines(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise WrongAccount("no AWS credentials were found.", "sign in first.")

    monkeypatch.setattr(page, "connect", refuse)
    road = page.show_phases(page.begin(str(file)))
    assert {stand.state for stand in road.statuses} == {State.UNKNOWN}
    assert WrongAccount.summary in road.view().text
    assert "sign in first." in road.view().html


def test_names_of_others_are_only_text_on_the_page_and_the_account_stands_large() -> None:
    hostile = "<script>alert(1)</script>"
    stands = [PhaseStatus(phase, State.READY, hostile, None) for phase in PHASES]
    who = CallerIdentity(Caller("123456789012", "arn", "ASIA"), "aws", hostile)
    road = page.PhasesPage(stands, {"units": '"><script>'}, Path.cwd(), who)
    assert "<script" not in road.view().html
    assert "<h2>AWS account 123456789012 (&lt;script&gt;" in road.view().html


def test_without_a_person_there_is_no_form(file: Path) -> None:
    assert "Shift-Enter" in page.parameters(page.begin(str(file))).view().text


def test_a_file_that_is_not_there_yet_begins_as_the_example(file: Path) -> None:
    begun = page.begin(str(file.with_name("new.toml")))
    assert "no file of this name yet" in page.view_of_start(begun).text
    assert {stand.state for stand in page.show_phases(begun).statuses} == {State.UNKNOWN}
