"""What is decided about an archive without asking AWS: places, rights, two chains that become one, and the marker."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.errors import NotArchived
from orgkit.records.archive.marker import mark, runs_of_other_machines
from orgkit.records.archive.model import Archive, chain_of, merge_chains
from orgkit.records.chain import GENESIS_HASH, Entry, append, lines_of, link_entry
from orgkit.records.files import write_private
from orgkit.records.verify.verify import verify_all
from orgkit.signing.local import LocalSigner, new_pair

ACCOUNT = "123456789012"
URL = f"s3://bucket/records/{ACCOUNT}"
RUNS = [f"20260701T12000{n}Z-02-units-0000000{n}" for n in range(6)]
AT = "2026-07-01T12:00:00+00:00"


def chain(*numbers: int, signer: LocalSigner | None = None) -> list[Entry]:
    entries: list[Entry] = []
    for number in numbers:
        entries.append(link_entry(entries, ACCOUNT, RUNS[number], str(number) * 64, AT, signer))
    return entries


def runs(entries: tuple[Entry, ...]) -> list[int]:
    return [RUNS.index(entry.run) for entry in entries]


@pytest.fixture
def signer(tmp_path: Path) -> LocalSigner:
    new_pair(tmp_path / "key")
    return LocalSigner(tmp_path / "key")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("s3://bucket/records", f"records/{ACCOUNT}/a/b.json"),
        ("s3://bucket/a/b/", f"a/b/{ACCOUNT}/a/b.json"),
        ("s3://bucket", f"{ACCOUNT}/a/b.json"),
    ],
)
def test_a_file_lies_below_prefix_account_and_run(text, key):
    archive = Archive.parse(text, ACCOUNT)
    assert (archive.bucket, archive.key("a", "b.json")) == ("bucket", key)


def test_whoever_archives_may_write_and_look_below_the_account_and_delete_nothing():
    policy = Archive("bucket", "records", ACCOUNT).policy()
    (records,) = [each for each in policy["Statement"] if "s3:PutObject" in each["Action"]]
    assert records["Resource"] == f"arn:aws:s3:::bucket/records/{ACCOUNT}/*"
    actions = [action for each in policy["Statement"] for action in each["Action"]]
    assert not [action for action in actions if "Delete" in action or "Bypass" in action or "*" in action]
    assert len(json.dumps(policy)) < 2048, "AWS's limit for a session policy"


class TestTwoChains:
    def test_the_first_time_all_is_added(self):
        here = chain(0, 1)
        both = merge_chains(here, (), None)
        assert (both.entries, both.added, both.adopted, both.relinked) == (tuple(here), tuple(here), (), False)

    def test_what_is_new_here_is_added_as_it_is(self):
        here = chain(0, 1, 2)
        both = merge_chains(here, here[:1], None)
        assert (both.entries, both.added, both.relinked) == (tuple(here), tuple(here[1:]), False)

    def test_what_is_new_there_is_adopted_as_it_is(self):
        there = chain(0, 1, 2)
        both = merge_chains(there[:1], there, None)
        assert (both.entries, both.added, both.adopted) == (tuple(there), (), tuple(there[1:]))

    def test_lines_that_only_we_have_are_linked_again_after_the_archives(self):
        here, there = chain(0, 1, 3), chain(0, 2)
        both = merge_chains(here, there, None)
        assert (runs(both.entries), runs(both.added), runs(both.adopted)) == ([0, 2, 1, 3], [1, 3], [2])
        assert both.relinked
        assert both.entries[:2] == tuple(there)
        assert chain_of([entry.line for entry in both.entries], ACCOUNT) == both.entries

    def test_another_order_of_the_same_records_is_that_of_the_archive(self):
        both = merge_chains(chain(1, 0), chain(0, 1), None)
        assert (runs(both.entries), both.added, both.relinked) == ([0, 1], (), True), "our head is another now"

    def test_another_record_of_the_same_run_is_refused(self):
        there = chain(0, 1)
        here = [there[0], replace(there[1], manifest_sha256="f" * 64)]
        with pytest.raises(NotArchived, match=RUNS[1]):
            merge_chains(here, there, None)

    def test_a_signed_line_is_not_linked_again_without_its_key(self, signer):
        here, there = chain(0, signer=signer), chain(1)
        with pytest.raises(NotArchived, match="the key that signed it is not here"):
            merge_chains(here, there, None)
        assert merge_chains(here, there, signer).entries[1].signed_by == signer.public.id


class TestTheArchivesIndex:
    def test_is_read_as_it_is(self):
        entries = chain(0, 1)
        assert chain_of([entry.line for entry in entries], ACCOUNT) == tuple(entries)

    @pytest.mark.parametrize("wrong", ["cut", "swapped", "removed", "another", "twice", "outside", "nonsense"])
    def test_is_refused_when_a_line_does_not_follow(self, wrong):
        lines = [entry.line for entry in chain(0, 1, 2)]
        output = {
            "cut": [*lines[:2], lines[2][:20]],
            "swapped": [lines[1], lines[0], lines[2]],
            "removed": [lines[0], lines[2]],
            "another": [entry.line for entry in [replace(chain(0)[0], account="999999999999")]],
            "twice": [entry.line for entry in chain(0, 0)],
            "outside": [Entry(1, ACCOUNT, "../../elsewhere", "0" * 64, AT, GENESIS_HASH).line],
            "nonsense": [b"\xff\n"],
        }
        with pytest.raises(NotArchived, match="does not follow"):
            chain_of(output[wrong], ACCOUNT)


class TestTheMarker:
    """A chain of three, of whose records none is here."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        place = tmp_path / "outputs" / ACCOUNT
        for entry in chain(0, 1, 2):
            append(place, entry.run, entry.manifest_sha256, entry.sealed_at)
        return place

    def test_covers_what_the_archive_had_when_its_head_was_read(self, place):
        entries = chain(0, 1, 2)
        mark(place, URL, entries[1].digest, entries[:2], None)
        assert runs_of_other_machines(place, lines_of(place)) == {RUNS[0]: URL, RUNS[1]: URL}
        output = verify_all(place)
        assert [fault.where for fault in output.faults] == [RUNS[2]]
        assert output.archived == tuple(RUNS[:2])

    def test_names_each_run_that_it_covers(self, place):
        entries = chain(0, 1, 2)
        mark(place, URL, entries[2].digest, entries, None)
        output = (
            f"3 record(s) are archived in {URL} and not here; only their lines were checked: {', '.join(RUNS[:3])}."
        )
        assert output in verify_all(place).notes

    def test_covers_nothing_after_its_head_whatever_it_names(self, place):
        entries = chain(0, 1, 2)
        mark(place, URL, entries[0].digest, entries, None)
        assert runs_of_other_machines(place, lines_of(place)) == {RUNS[0]: URL}

    @pytest.mark.parametrize("head", ["", "f" * 64])
    def test_covers_nothing_when_its_head_is_not_in_the_chain(self, place, head):
        mark(place, URL, head, chain(0, 1, 2), None)
        assert runs_of_other_machines(place, lines_of(place)) == {}

    def test_covers_no_other_record_of_a_run(self, place):
        entries = chain(0, 1, 2)
        mark(place, URL, entries[2].digest, [replace(entries[1], manifest_sha256="f" * 64)], None)
        assert runs_of_other_machines(place, lines_of(place)) == {}

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"head": 1, "runs": []}', '{"runs": {"a": 1}}'])
    def test_that_makes_no_sense_covers_nothing(self, place, content):
        write_private(place / "archived.json", content)
        assert runs_of_other_machines(place, lines_of(place)) == {}

    def test_is_added_to(self, place):
        entries = chain(0, 1, 2)
        mark(place, URL, entries[0].digest, entries[:1], None)
        mark(place, "s3://other", entries[2].digest, entries[2:], None)
        assert runs_of_other_machines(place, lines_of(place)) == {RUNS[0]: URL, RUNS[2]: "s3://other"}

    def test_counts_with_a_key_only_as_it_was_signed(self, place, signer):
        entries = chain(0, 1, 2)
        mark(place, URL, entries[2].digest, entries[:1], signer)
        assert runs_of_other_machines(place, lines_of(place), signer.public) == {RUNS[0]: URL}
        file = place / "archived.json"
        content = json.loads(file.read_text())
        content["runs"][RUNS[1]] = {"manifest_sha256": entries[1].manifest_sha256, "archive": URL}
        file.write_text(json.dumps(content))
        assert runs_of_other_machines(place, lines_of(place), signer.public) == {}
