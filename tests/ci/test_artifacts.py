"""Of an artifact nothing is taken but a plan with its review, and whole records: whatever else it holds stays there."""

import io
import json
import shutil
import stat
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orgkit.ci.artifacts import adopt_records, read_records, take_plan
from orgkit.errors import ApprovalMismatch, WorkflowRefused
from orgkit.model.plan import Plan, Target, digest_of
from orgkit.phases.organizational_units.steps import CreateUnit
from orgkit.records import outputs
from orgkit.records.files import sha256_of
from orgkit.records.verify.verify import verify_all
from tests.docs.test_steps_page import example
from tests.records.test_chain import sealed
from tests.records.test_seal import ACCOUNT

_PLAN = Plan("units", Target(ACCOUNT, "o-abc", "aws", "emulator"), (example(CreateUnit),))
PLAN = _PLAN.with_review(_PLAN.review(datetime.now(UTC).isoformat(), "a random id"))
RUN = "20260701T120000Z-02-units-0123abcd"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The folder of a plan in an artifact, with whatever else a job may put there."""
    base = tmp_path / "base"
    folder = outputs.keep_plan(base, ACCOUNT, PLAN)
    assert folder is not None
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    for name in ("acme.toml", "runbooks"):
        (folder / name).write_text("evil")
    return folder.rename(artifact / folder.name)


def take(kept: Path, digest: str = PLAN.digest) -> Path:
    return take_plan(kept.parent, digest, kept.parents[1] / "approved")


def refusal(kept: Path, digest: str = PLAN.digest) -> str:
    with pytest.raises(ApprovalMismatch) as refused:
        take(kept, digest)
    return refused.value.reason


def test_a_plan_comes_with_its_review_and_with_nothing_else(kept: Path) -> None:
    plan = take(kept)
    assert sorted(file.name for file in plan.parent.iterdir()) == ["plan.json", "review.json"]
    for name in ("plan.json", "review.json"):
        assert (plan.parent / name).read_bytes() == (kept / name).read_bytes()
    assert plan.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["plan.json", "review.json"])
def test_a_link_in_the_artifact_leads_nowhere(kept: Path, name: str) -> None:
    (kept / name).rename(kept / "other.json")
    (kept / name).symlink_to("other.json")
    assert name in refusal(kept)
    (kept / name).unlink()
    (kept / name).mkdir()
    assert name in refusal(kept)
    (kept / name).rmdir()
    assert name in refusal(kept)


def test_a_folder_that_is_a_link_is_not_looked_into(kept: Path) -> None:
    kept.rename(kept.parents[1] / "elsewhere")
    kept.symlink_to(kept.parents[1] / "elsewhere")
    assert "no plan" in refusal(kept)


def test_two_plans_of_one_digest_are_refused(kept: Path) -> None:
    shutil.copytree(kept, kept.with_name(f"other-{kept.name[-12:]}"))
    assert "2 plans" in refusal(kept)


def test_an_artifact_that_is_not_there_has_no_plan(tmp_path: Path) -> None:
    with pytest.raises(ApprovalMismatch, match="cannot be read"):
        take_plan(tmp_path / "none", "0" * 64, tmp_path / "to")


def test_a_destination_that_exists_is_not_written_into(kept: Path) -> None:
    take(kept)
    with pytest.raises(WorkflowRefused, match="cannot be written"):
        take(kept)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("plan.json", '"steps"', '"step"'),
        ("plan.json", "create", "Create"),
        ("plan.json", "}", "} "),
        ("review.json", "planned_at", "planned"),
        ("review.json", '"plan_sha256": "', '"plan_sha256": "0'),
        ("review.json", "{", "[{"),
    ],
)
def test_a_plan_or_a_review_that_orgkit_has_not_written_is_refused(kept: Path, name: str, old: str, new: str) -> None:
    content = (kept / name).read_text()
    assert old in content
    (kept / name).write_text(content.replace(old, new))
    assert refusal(kept)


@pytest.mark.parametrize(("old", "new"), [("create", "Create"), ("}", "} ")])
def test_a_plan_that_was_altered_together_with_its_review_is_refused(kept: Path, old: str, new: str) -> None:
    """By the digest that was reviewed; and by that of the altered files, since orgkit does not write such a plan."""
    plan, review = kept / "plan.json", kept / "review.json"
    plan.write_text(plan.read_text().replace(old, new))
    review.write_text(json.dumps(json.loads(review.read_text()) | {"plan_sha256": sha256_of(plan)}))
    assert refusal(kept)
    digest = digest_of(plan.read_bytes(), review.read_bytes())
    shutil.rmtree(kept.parents[1] / "approved")
    assert "digest stands for" not in refusal(kept.rename(kept.with_name(f"02-units-{digest[:12]}")), digest)


def test_a_plan_of_another_digest_with_the_same_first_characters_is_refused(kept: Path) -> None:
    assert "digest stands for" in refusal(kept, PLAN.digest[:12] + "0" * 52)


def archive(*members: tuple[str, bytes], mode: int = 0) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in members:
            facts = zipfile.ZipInfo(name)
            facts.external_attr = mode << 16
            written.writestr(facts, data)
    return content.getvalue()


def archive_of(outputs_folder: Path) -> bytes:
    files = [path for path in sorted(outputs_folder.rglob("*")) if path.is_file()]
    return archive(*((str(path.relative_to(outputs_folder)), path.read_bytes()) for path in files))


def adopt(tmp_path: Path, *archives: bytes) -> tuple[Path, str]:
    place = tmp_path / "new" / "outputs" / ACCOUNT
    names = [f"orgkit-records-{number}-1" for number in range(len(archives), 0, -1)]
    return place, "\n".join(adopt_records(zip(names, archives, strict=True), place))


def names_in(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def test_records_come_with_their_chain_and_verify(tmp_path: Path) -> None:
    runs = [sealed(tmp_path).name for _ in range(2)]
    place, said = adopt(tmp_path, archive_of(tmp_path / "outputs"))
    assert said == "orgkit-records-1-1: 2 run(s)"
    assert names_in(place) == sorted([*runs, "index.jsonl"])
    verified = verify_all(place)
    assert (verified.records, verified.faults) == (2, ())
    assert names_in(place.parent) == [ACCOUNT]


def test_a_run_that_was_killed_is_taken_as_it_is(tmp_path: Path) -> None:
    events = b'{"event": "apply"}\n{"event": "ste'
    place, _ = adopt(tmp_path, archive((f"{ACCOUNT}/{RUN}/events.jsonl", events)))
    assert (place / RUN / "events.jsonl").read_bytes() == events


def test_the_newest_chain_is_taken_and_what_an_older_one_lacks_does_no_harm(tmp_path: Path) -> None:
    first = sealed(tmp_path).name
    older = archive_of(tmp_path / "outputs")
    second = sealed(tmp_path).name
    place, _ = adopt(tmp_path, archive_of(tmp_path / "outputs"), older)
    assert names_in(place) == sorted([first, second, "index.jsonl"])
    assert verify_all(place).faults == ()


def test_a_record_that_its_chain_does_not_have_is_left(tmp_path: Path) -> None:
    first = sealed(tmp_path)
    older = archive_of(tmp_path / "outputs")
    shutil.rmtree(tmp_path / "outputs")
    second = sealed(tmp_path)
    place, said = adopt(tmp_path, archive_of(tmp_path / "outputs"), older)
    assert f"{first.name} is left" in said
    assert names_in(place) == sorted([second.name, "index.jsonl"])


def test_a_record_that_was_altered_is_left(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    (run / "events.jsonl").write_text("{}\n")
    place, said = adopt(tmp_path, archive_of(tmp_path / "outputs"))
    assert f"{run.name} is left" in said
    assert run.name not in names_in(place)


def test_a_chain_that_is_not_whole_is_left(tmp_path: Path) -> None:
    run = sealed(tmp_path)
    index = tmp_path / "outputs" / ACCOUNT / "index.jsonl"
    index.write_bytes(index.read_bytes()[:-5] + b"\n")
    place, said = adopt(tmp_path, archive_of(tmp_path / "outputs"))
    assert "its chain is left" in said
    assert names_in(place) == []
    assert f"{run.name} is left" in said


def test_nothing_that_exists_is_overwritten(tmp_path: Path) -> None:
    sealed(tmp_path)
    content = archive_of(tmp_path / "outputs")
    place, _ = adopt(tmp_path, content)
    files = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    for path in files:
        path.write_bytes(b"ours")
    adopt(tmp_path, content)
    assert {path.read_bytes() for path in place.rglob("*") if path.is_file()} == {b"ours"}


def test_nothing_else_of_an_archive_is_taken(tmp_path: Path) -> None:
    names = (
        f"{ACCOUNT}/plans/x/plan.json", f"{ACCOUNT}/runbooks/02-units.ipynb", "runbooks/02-units.ipynb", "acme.toml",
        f"999999999999/{RUN}/events.jsonl", f"sandbox/{ACCOUNT}/{RUN}/events.jsonl", f"{ACCOUNT}/signatures/a/b.sig",
        f"{ACCOUNT}/{RUN}x/events.jsonl", f"{ACCOUNT}/.index.lock", ACCOUNT,
    )  # fmt: skip
    place, _ = adopt(tmp_path, archive(*((name, b"x") for name in names)))
    assert names_in(place) == []


@pytest.mark.parametrize(
    "name",
    [
        f"../{ACCOUNT}/{RUN}/a", f"{ACCOUNT}/{RUN}/../../../a", f"/{ACCOUNT}/{RUN}/a", f"{ACCOUNT}//{RUN}/a", "..", "/",
        f"{ACCOUNT}/{RUN}/./a", f"{ACCOUNT}\\{RUN}\\a", f"{ACCOUNT}/{RUN}/a\nb", f"{ACCOUNT}/{RUN}/a\0b", "", "C:\\a",
    ],
)  # fmt: skip
def test_a_name_that_leads_out_of_its_folder_refuses_the_archive(tmp_path: Path, name: str) -> None:
    content = archive((f"{ACCOUNT}/{RUN}/events.jsonl", b"x"), (name.replace("\0", "#"), b"x"))
    if "\0" in name:  # zipfile writes no such name
        content = content.replace(name.replace("\0", "#").encode(), name.encode())
    with pytest.raises(WorkflowRefused):
        adopt(tmp_path, content)
    assert names_in(tmp_path / "new") == []


def test_a_link_refuses_the_archive(tmp_path: Path) -> None:
    content = archive((f"{ACCOUNT}/{RUN}/events.jsonl", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777)
    with pytest.raises(WorkflowRefused):
        adopt(tmp_path, content)


def test_an_archive_that_grows_beyond_what_records_need_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgkit.ci.artifacts.MAX_ARCHIVE_BYTES", 1000)
    with pytest.raises(WorkflowRefused, match="larger"):
        read_records("a", archive((f"{ACCOUNT}/{RUN}/a", b"0" * 1001)), ACCOUNT)
    monkeypatch.setattr("orgkit.ci.artifacts.MAX_FILES", 1)
    with pytest.raises(WorkflowRefused, match="larger"):
        read_records("a", archive((f"{ACCOUNT}/{RUN}/a", b""), (f"{ACCOUNT}/{RUN}/b", b"")), ACCOUNT)


@pytest.mark.parametrize(
    "content", [b"", b"<html>", archive(("a", b"x"))[:-30], archive(("a", b"x" * 99))[:40] + b"\0" * 99]
)
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(WorkflowRefused):
        read_records("a", content, ACCOUNT)


def test_a_file_and_a_folder_of_one_name_refuse_the_archive(tmp_path: Path) -> None:
    content = archive((f"{ACCOUNT}/{RUN}/a", b"x"), (f"{ACCOUNT}/{RUN}/a/b", b"x"))
    with pytest.raises(WorkflowRefused):
        adopt(tmp_path, content)


def test_an_altered_member_refuses_the_archive() -> None:
    """Every byte of it in turn: a check sum, a length or the compressed data."""
    whole = archive((f"{ACCOUNT}/{RUN}/a", json.dumps(["x"] * 50).encode()))
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 0xFF
        with suppress(WorkflowRefused):
            assert read_records("a", bytes(altered), ACCOUNT) in (
                {(RUN, "a"): json.dumps(["x"] * 50).encode()}, {}
            )  # fmt: skip
