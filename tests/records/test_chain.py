"""The chain of records and what verification finds; tampering here uses plain Python, and none of orgkit."""

import hashlib
import json
import multiprocessing
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from orgkit.cli.records import records
from orgkit.errors import KeyRefused, NotSealed
from orgkit.model.plan import Plan, Target
from orgkit.records import outputs
from orgkit.records.chain import GENESIS_HASH, Entry, append, entries_of, head_of
from orgkit.records.seal import complete, seal
from orgkit.records.seal_options import Sealing
from orgkit.records.verify.verify import verify_all, verify_one
from orgkit.signing.local import LocalSigner, new_pair
from tests.records.test_seal import ACCOUNT, NOON, PLAN, approved, run_folder

SMALL = 4_000  # bytes: up to there every byte is turned, beyond that some
SEED = 20261127
SEALED: list[Path] = []  # of this process: sealing three records takes longer than most tests of them


@pytest.fixture
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three records of an account, each with an approved plan that was applied: a copy of the ones sealed first."""
    if not SEALED:
        folder = tmp_path_factory.mktemp("three-records")
        for _ in range(3):
            sealed(folder)
        SEALED.append(folder)
    shutil.copytree(SEALED[0], tmp_path, dirs_exist_ok=True)
    return tmp_path / "outputs" / ACCOUNT


def sealed(tmp_path: Path, plan: Plan = PLAN, signer: LocalSigner | None = None) -> Path:
    folder = run_folder(tmp_path, *approved(plan))
    outputs.write_plan(folder, plan)
    outputs.write_approval(
        folder, {"digest": plan.digest, "plan_sha256": plan.sha256, "how": "button", "asserted_by": "Ada"}
    )
    assert seal(folder, sealing=Sealing(signer)).outcome == "done"
    return folder


def runs(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir() and path.name != "signatures")


def in_order(place: Path) -> list[str]:
    return [json.loads(line)["run"] for line in (place / "index.jsonl").read_text().splitlines()]


def found(place: Path, head: str = "") -> list[tuple[str, str]]:
    return [(fault.where, fault.file) for fault in verify_all(place, head).faults]


def test_records_that_nobody_touched_are_whole_and_form_a_chain(place):
    output = verify_all(place)
    assert (output.faults, output.records) == ((), 3)
    lines = (place / "index.jsonl").read_bytes().splitlines(keepends=True)
    previous = [json.loads(line)["previous"] for line in lines]
    assert previous == [GENESIS_HASH, *(hashlib.sha256(line).hexdigest() for line in lines[:-1])]
    assert output.head == head_of(place.parent, ACCOUNT) == hashlib.sha256(lines[-1]).hexdigest()


def test_a_turned_byte_is_found_and_its_file_is_named(place):
    """Each byte of each file of a record in turn, a sample of the larger ones."""
    drawn, run, turned = random.Random(SEED), runs(place)[1], 0
    for file in sorted(path for path in run.iterdir() if path.is_file()):
        content = file.read_bytes()
        places = range(len(content)) if len(content) <= SMALL else drawn.sample(range(len(content)), 60)
        for at in places:
            file.write_bytes(content[:at] + bytes([content[at] ^ (1 << drawn.randrange(8))]) + content[at + 1 :])
            faults = verify_one(run, head_of(place.parent, ACCOUNT)).faults
            assert any((fault.where, fault.file) == (run.name, file.name) for fault in faults), (file.name, at)
            turned += 1
        file.write_bytes(content)
    assert turned > 3_000
    assert verify_one(run).faults == ()


def test_a_turned_byte_of_the_chain_is_found(place):
    index = place / "index.jsonl"
    content = index.read_bytes()
    for at in range(len(content)):
        index.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert verify_all(place).faults, at
    index.write_bytes(content)
    assert found(place) == []


def remove_file(run: Path) -> str:
    (run / "review.json").unlink()
    return "review.json"


def add_file(run: Path) -> str:
    (run / "note.txt").write_text("all was well")
    return "note.txt"


def add_beside_the_manifest(run: Path) -> str:
    (run / "manifest.json.bak").write_text("{}")
    return "manifest.json.bak"


def link_to_another(run: Path) -> str:
    (run / "plan.json").rename(run.parent / "plan.json")
    (run / "plan.json").symlink_to(run.parent / "plan.json")
    return "plan.json"


def truncate(run: Path) -> str:
    content = (run / "events.jsonl").read_bytes()
    (run / "events.jsonl").write_bytes(content[: len(content) // 2])
    return "events.jsonl"


def swap_with_the_next(run: Path) -> str:
    other = runs(run.parent)[2]
    for name in ("result.json", "events.jsonl"):
        one, two = (run / name).read_bytes(), (other / name).read_bytes()
        (run / name).write_bytes(two)
        (other / name).write_bytes(one)
    return "result.json"


@pytest.mark.parametrize(
    "tamper", [remove_file, add_file, add_beside_the_manifest, link_to_another, truncate, swap_with_the_next]
)
def test_a_record_that_was_tampered_with_names_the_file(place, tamper: Callable[[Path], str]):
    run = runs(place)[1]
    assert (run.name, tamper(run)) in found(place)


def test_files_and_manifest_changed_together_do_not_fit_the_chain(place):
    run = runs(place)[1]
    (run / "result.json").write_text('{"outcome": "done"}\n')
    manifest = json.loads((run / "manifest.json").read_text())
    content = (run / "result.json").read_bytes()
    manifest["files"]["result.json"] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (run / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    assert found(place) == [(run.name, "manifest.json")]


def test_a_run_that_is_gone_is_named(place):
    gone = in_order(place)[1]
    shutil.rmtree(place / gone)
    assert found(place) == [(gone, "")]


def test_a_run_taken_out_of_folder_and_chain_breaks_the_chain(place):
    gone = in_order(place)[1]
    shutil.rmtree(place / gone)
    lines = (place / "index.jsonl").read_text().splitlines(keepends=True)
    (place / "index.jsonl").write_text(lines[0] + lines[2])
    assert found(place) == [("index.jsonl", "line 2")]


def test_lines_that_changed_places_break_the_chain(place):
    one, two, three = (place / "index.jsonl").read_text().splitlines(keepends=True)
    (place / "index.jsonl").write_text(two + one + three)
    assert ("index.jsonl", "line 1") in found(place)


def test_a_cut_tail_is_found_with_the_head_that_was_kept_elsewhere(place):
    head, last = head_of(place.parent, ACCOUNT), in_order(place)[-1]
    lines = (place / "index.jsonl").read_text().splitlines(keepends=True)
    (place / "index.jsonl").write_text("".join(lines[:-1]))
    shutil.rmtree(place / last)
    assert found(place) == [], "without the head it cannot be verified"
    assert "cannot be verified" in " ".join(verify_all(place).notes)
    assert found(place, head) == [("index.jsonl", "")]


def test_an_older_head_is_no_fault_and_says_what_came_after_it(place):
    head = entries_of(place)[0].digest
    output = verify_all(place, head)
    assert output.faults == ()
    assert output.notes == ("2 record(s) were sealed after the head that was given.",)


def test_a_head_says_nothing_of_a_record_that_was_sealed_after_it(place, monkeypatch):
    first, second, third = entries_of(place)
    assert verify_one(place / second.run, second.digest).faults == ()
    assert verify_one(place / first.run, second.digest).faults == ()
    (fault,) = verify_one(place / third.run, second.digest).faults
    assert "was sealed after the head" in fault.sentence
    assert verify_all(place, second.digest).after_head == (third.run,)
    monkeypatch.setenv("ORGKIT_OUTPUTS", str(place.parent))
    done = CliRunner().invoke(records, ["verify", "--head", second.digest])
    assert (done.exit_code, "Everything is as it was sealed" in done.output) == (0, False)
    assert third.run in done.output
    assert CliRunner().invoke(records, ["verify", third.run, "--head", second.digest]).exit_code == 6


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line[:-1],
        lambda line: line[:-1] + b"\r\n",
        lambda line: b" " + line,
        lambda line: line.replace(b":", b": "),
        lambda line: line.replace(b'"run"', b'"r\\u0075n"'),
        lambda line: line.replace(b"-02", b"\0-02"),
        lambda line: line.replace(b'"number":', b'"number":0'),
        lambda line: line.replace(b'"run"', b'"run":"x","run"'),
        lambda line: line.replace(b'","sealed', b'\xff","sealed'),
        lambda line: line.replace(b'"signed_by":""', b'"signed_by":null'),
        lambda line: json.dumps(dict(reversed(json.loads(line).items())), separators=(",", ":")).encode() + b"\n",
        lambda line: b"\xef\xbb\xbf" + line,
    ],
)
def test_a_line_in_any_other_form_is_no_line_of_the_chain(place, spoil):
    lines = (place / "index.jsonl").read_bytes().splitlines(keepends=True)
    assert Entry.parse(lines[2]) is not None
    assert Entry.parse(spoil(lines[2])) is None
    (place / "index.jsonl").write_bytes(b"".join([*lines[:2], spoil(lines[2])]))
    assert ("index.jsonl", "line 3") in [(fault.where, fault.file) for fault in verify_one(runs(place)[0]).faults]


def test_a_record_whose_manifest_fits_no_line_is_not_linked(place, tmp_path):
    run = run_folder(tmp_path)
    seal(run)
    before = (place / "index.jsonl").read_bytes().splitlines(keepends=True)[:3]
    (place / "index.jsonl").write_bytes(b"".join(before))
    manifest = json.loads((run / "manifest.json").read_text()) | {"sealed_at": 'now","run":"x'}
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(NotSealed):
        complete(run)
    assert (place / "index.jsonl").read_bytes() == b"".join(before)


def test_a_record_that_was_copied_is_told_in_the_place_it_was_copied_to(place):
    run = runs(place)[1]
    elsewhere = place.parent / "210987654321"
    shutil.copytree(run, elsewhere / run.name)
    shutil.copytree(run, place / run.name.replace("02-units", "03-accounts"))
    assert (run.name, "manifest.json") in found(elsewhere)
    assert (run.name.replace("02-units", "03-accounts"), "manifest.json") in found(place)


def test_a_chain_that_was_copied_with_its_records_is_told(place):
    elsewhere = place.parent / "210987654321"
    shutil.copytree(place, elsewhere)
    assert {file for where, file in found(elsewhere) if where == "index.jsonl"} == {"line 1", "line 2", "line 3"}


def test_a_sealed_folder_that_was_added_is_not_in_the_chain(place, tmp_path):
    run = run_folder(tmp_path)
    seal(run)
    lines = (place / "index.jsonl").read_text().splitlines(keepends=True)
    (place / "index.jsonl").write_text("".join(lines[:3]))
    assert found(place) == [(run.name, "manifest.json")]
    assert complete(run) is not None, "a seal that a kill cut short is completed by hand"
    assert found(place) == []


def test_a_run_that_was_never_sealed_is_no_fault_and_is_named(place, tmp_path):
    run = run_folder(tmp_path)
    output = verify_all(place)
    assert (output.faults, output.unsealed) == ((), (run.name,))


# Approvals


def resealed(run: Path, name: str, content: bytes) -> None:
    """What somebody does who has everything but orgkit: file, manifest and chain, all anew."""
    (run / name).write_bytes(content)
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    if name == "plan.json":
        manifest["plan_sha256"] = hashlib.sha256(content).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest))
    previous, lines = GENESIS_HASH, []
    for line in (run.parent / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        entry["manifest_sha256"] = hashlib.sha256(
            (run.parent / entry["run"] / "manifest.json").read_bytes()
        ).hexdigest()
        entry["previous"] = previous
        lines.append(json.dumps(entry, sort_keys=True, separators=(",", ":")) + "\n")
        previous = hashlib.sha256(lines[-1].encode()).hexdigest()
    (run.parent / "index.jsonl").write_text("".join(lines))


def test_an_approval_of_another_plan_does_not_match(place):
    run = runs(place)[1]
    approval = json.loads((run / "approval.json").read_text()) | {"plan_sha256": "a" * 64}
    resealed(run, "approval.json", json.dumps(approval).encode())
    assert found(place) == [(run.name, "approval.json")]


def test_a_plan_that_was_put_in_the_place_of_the_approved_one_does_not_match(place):
    run = runs(place)[1]
    resealed(run, "plan.json", Plan("units", Target(ACCOUNT, "o-abc", "aws", "aws")).canonical)
    assert found(place) == [(run.name, "approval.json"), (run.name, "review.json")]


@pytest.mark.parametrize("name", ["planned_at", "planning"])
def test_a_review_that_was_altered_so_that_the_plan_is_younger_or_another_does_not_match(place, name):
    run = runs(place)[1]
    review = json.loads((run / "review.json").read_text())
    review[name] = "2027-01-01T12:00:00+00:00"
    resealed(run, "review.json", json.dumps(review).encode())
    assert found(place) == [(run.name, "review.json")]


@pytest.mark.parametrize("file", ["approval.json", "review.json"])
def test_a_record_does_not_pass_for_one_of_an_earlier_version_by_a_name_that_is_left_out(place, file):
    run = runs(place)[1]
    content = json.loads((run / file).read_text())
    del content["digest" if file == "approval.json" else "planning"]
    resealed(run, file, json.dumps(content).encode())
    assert found(place) == [(run.name, "review.json")]


def test_whoever_writes_the_whole_chain_anew_is_found_by_the_head_alone(place):
    head, run = head_of(place.parent, ACCOUNT), runs(place)[1]
    resealed(run, "parameters.toml", b"[organization]\n# nothing to see\n")
    assert found(place) == []
    assert found(place, head) == [("index.jsonl", "")]


# Signatures


def test_a_signed_chain_names_what_is_unsigned_of_another_key_or_without_its_signature(place, tmp_path):
    signer, other = (new_pair(tmp_path / name) for name in ("records.key", "other.key"))
    assert [fault.what for fault in verify_all(place, key=signer.public).faults] == ["is not signed"] * 3
    sealed(tmp_path, signer=signer)
    assert verify_all(place).faults == ()
    assert [fault.file for fault in verify_all(place, key=signer.public).faults] == ["line 1", "line 2", "line 3"]
    (output,) = [fault.what for fault in verify_all(place, key=other.public).faults if fault.file == "line 4"]
    assert "another key" in output
    (signature,) = (place / "signatures").iterdir()
    content = signature.read_bytes()
    signature.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    assert "line 4" in [fault.file for fault in verify_all(place, key=signer.public).faults]
    signature.unlink()
    assert [fault.file for fault in verify_all(place).faults] == ["line 4"]


class Broken:
    """A key that is there when the run begins, and fails when the record is sealed."""

    name = "broken"

    def __init__(self, signer: LocalSigner) -> None:
        self.public = signer.public

    def sign(self, message: bytes) -> bytes:
        raise KeyRefused("KMS did not answer.", "ask again.")


def test_a_key_that_fails_at_the_end_leaves_the_record_in_the_chain_and_says_that_it_is_not_signed(tmp_path):
    folder = run_folder(tmp_path)
    result = seal(folder, sealing=Sealing(Broken(new_pair(tmp_path / "records.key"))))
    assert result.outcome == "done"
    assert "is not signed: KMS did not answer." in result.found[-1]
    assert [entry.signed_by for entry in entries_of(folder.parent)] == [""]
    assert verify_all(folder.parent).faults == ()


# Writing


def _append(place: Path, number: int) -> None:
    append(place, f"run-{number}", f"{number:064x}", NOON)


def test_many_who_seal_at_once_leave_one_chain(tmp_path):
    place = tmp_path / ACCOUNT
    with multiprocessing.Pool(8) as pool:
        pool.starmap(_append, [(place, number) for number in range(60)])
    entries = entries_of(place)
    assert sorted(entry.run for entry in entries) == sorted(f"run-{number}" for number in range(60))
    assert [entry.previous for entry in entries[1:]] == [entry.digest for entry in entries[:-1]]


def test_what_a_kill_left_of_a_line_is_overwritten_by_the_next(place):
    whole = (place / "index.jsonl").read_bytes()
    (place / "index.jsonl").write_bytes(whole + b'{"account":"1234')
    _append(place, 7)
    assert [entry.number for entry in entries_of(place)] == [1, 2, 3, 4]
    assert (place / "index.jsonl").read_bytes().startswith(whole)
