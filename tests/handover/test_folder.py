"""The folder of a hand-over: hand edits are kept or refused, and nothing is half written."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.errors import HandoverRefused
from orgkit.handover import folder as module
from orgkit.handover.addresses import Changes
from orgkit.handover.configuration import Configuration
from orgkit.handover.folder import CHANGED, EDITS_REPLACED, NEW, UNCHANGED, edited_files, read_folder, write_folder
from orgkit.handover.tools import TERRAFORM

FILES = {"a.tf": 'a = "x  y"\nlonger = 1\n', "p.json": "{}\n", "HANDOVER.md": "# Guide\n"}
CONFIGURATION = Configuration("o-1", TERRAFORM, FILES, {}, (), (), Changes({}))


def hand_over(place: Path, configuration: Configuration = CONFIGURATION, **options: bool) -> dict[str, str]:
    return write_folder(place, configuration, read_folder(place, configuration.organization), **options)


def with_file(name: str, text: str) -> Configuration:
    return replace(CONFIGURATION, files={**FILES, name: text})


def test_the_first_hand_over_writes_every_file_and_the_second_none(tmp_path):
    place = tmp_path / "new" / "folder"
    assert set(hand_over(place).values()) == {NEW}
    before = {path.name: path.stat().st_ino for path in place.iterdir() if path.name != module.MANIFEST}
    assert set(hand_over(place).values()) == {UNCHANGED}
    assert before == {path.name: path.stat().st_ino for path in place.iterdir() if path.name != module.MANIFEST}


def test_a_file_that_is_no_longer_among_them_loses_its_resources_and_keeps_what_a_person_wrote(tmp_path):
    hand_over(tmp_path, with_file("b.tf", "b = 1\n"))
    (tmp_path / "own.tf").write_text("c = 1\n")
    path = tmp_path / "b.tf"
    path.write_text(f"{path.read_text()}# mine\n")
    assert hand_over(tmp_path)["b.tf"] == CHANGED
    lines = path.read_text().splitlines()
    assert (lines[2:3], lines[-1]) == ([module.NO_LONGER.strip()], "# mine")
    assert (tmp_path / "own.tf").read_text() == "c = 1\n"
    assert hand_over(tmp_path)["b.tf"] == UNCHANGED


def test_a_file_that_somebody_edited_is_found_without_what_orgkit_would_write(tmp_path):
    hand_over(tmp_path)
    (tmp_path / "own.tf").write_text("b = 1\n")
    path = tmp_path / "a.tf"
    path.write_text(f"# mine\n{path.read_text()}")
    assert edited_files(tmp_path) == ()
    path.write_text(path.read_text().replace("longer = 1", "longer = 2"))
    assert edited_files(tmp_path) == ("a.tf",)


def test_only_what_changed_is_written_and_what_a_person_wrote_around_it_stays(tmp_path):
    hand_over(tmp_path)
    path = tmp_path / "a.tf"
    path.write_text("# mine, above\n" + path.read_text() + "# mine, below\n")
    assert hand_over(tmp_path, with_file("a.tf", "a = 2\n")) == {
        "a.tf": CHANGED,
        "p.json": UNCHANGED,
        "HANDOVER.md": UNCHANGED,
    }
    lines = path.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("# mine, above", "# mine, below")
    assert "a = 2" in lines


def test_terraform_fmt_is_no_hand_edit(tmp_path):
    hand_over(tmp_path)
    path = tmp_path / "a.tf"
    path.write_text(path.read_text().replace("a = ", "a      = "))
    assert hand_over(tmp_path, with_file("a.tf", "b = 1\n"))["a.tf"] == CHANGED


@pytest.mark.parametrize(
    ("name", "old", "new"), [("a.tf", "x  y", "x y"), ("p.json", "{}", "{ }"), ("HANDOVER.md", "Guide", "Mine")]
)
def test_a_hand_edit_in_orgkits_own_block_is_refused_and_nothing_is_written(tmp_path, name, old, new):
    hand_over(tmp_path)
    path = tmp_path / name
    path.write_text(path.read_text().replace(old, new))
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    other = replace(CONFIGURATION, files={key: text + "# more\n" for key, text in FILES.items()})
    with pytest.raises(HandoverRefused, match=name.replace(".", r"\.")):
        hand_over(tmp_path, other)
    assert before == {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert hand_over(tmp_path, other, discard_edits=True)[name] == EDITS_REPLACED


def test_a_block_without_its_end_is_refused(tmp_path):
    hand_over(tmp_path)
    path = tmp_path / "a.tf"
    path.write_text(path.read_text().replace("# orgkit:end\n", ""))
    with pytest.raises(HandoverRefused, match="orgkit:end"):
        hand_over(tmp_path, discard_edits=True)


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "main.tf").write_text("")
    with pytest.raises(HandoverRefused, match="not empty"):
        hand_over(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["main.tf"]


def test_a_new_repository_is_an_empty_folder(tmp_path):
    (tmp_path / ".git").mkdir()
    assert set(hand_over(tmp_path).values()) == {NEW}


def test_the_folder_of_another_organization_is_refused(tmp_path):
    hand_over(tmp_path)
    with pytest.raises(HandoverRefused, match="organization o-1"):
        hand_over(tmp_path, replace(CONFIGURATION, organization="o-2"))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"schema": 2}', b"\xff"])
def test_a_manifest_that_orgkit_did_not_write_is_refused(tmp_path, content):
    (tmp_path / module.MANIFEST).write_bytes(content)
    with pytest.raises(HandoverRefused, match="not a manifest"):
        hand_over(tmp_path)


def test_a_file_of_a_person_under_a_name_of_orgkit_is_refused(tmp_path):
    hand_over(tmp_path)
    (tmp_path / "b.tf").write_text("mine = 1\n")
    with pytest.raises(HandoverRefused, match=r"b\.tf"):
        hand_over(tmp_path, with_file("b.tf", "x = 1\n"))


def test_a_full_disk_leaves_the_old_files(tmp_path, monkeypatch):
    hand_over(tmp_path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    written = []

    def create(path: Path, content: bytes, mode: int) -> Path:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        path.write_bytes(content)
        return path

    monkeypatch.setattr(module, "create_file", create)
    other = replace(CONFIGURATION, files={key: f"x = {number}\n" for number, key in enumerate(FILES)})
    with pytest.raises(OSError, match="No space left"):
        hand_over(tmp_path, other)
    assert before == {each.name: each.read_bytes() for each in tmp_path.iterdir()}
