"""The stranger's page and `orgkit records verify` say the same of every record, whatever somebody has done to it.

The tests make the same 55 mutations each time. `python -m tests.docs.test_page_and_command 2000` makes 2,000
others, and is part of `make faults`.
"""

import base64
import hashlib
import json
import os
import random
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orgkit.cli.records import records
from orgkit.records.chain import GENESIS_HASH, SIGNATURES, Entry
from orgkit.signing.local import LocalSigner, new_pair
from tests.conftest import Tell
from tests.docs.test_verifying_page import LEFT, PAGE, WHOLE, made, made_by_two
from tests.records.test_seal import ACCOUNT

SEED = 20261129
COUNT = 55  # mutations, 5 of each way; one takes a fifth of a CPU second, nearly all of it for the page
DOCUMENTS = ("approval.json", "review.json", "plan.json", "remainder.json", "events.jsonl", "signed-approval.json")

# What readers of JSON, of lines, or of text read differently.
PIECES = (
    b"\0",
    b"\r",
    b"\t",
    b" ",
    b"\n",
    b"\x0b",
    b"\x7f",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"\xe2\x80\xa8",
    b"\\u0061",
    b"\\u0000",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"\\/",
    b"\\",
    b'"',
    b"0",
    b"1.0",
    b"01",
    b"1e0",
    b"1e999",
    b"1e99",
    b"-1E+309",
    b"-0",
    b"NaN",
    b"nan",
    b"+1",
    b".5",
    b"9" * 30,
    b",",
    b"{}",
    b"[1]",
    b"null",
    b"#",
    b'"number":1,',
    b'"event":"apply",',
    b'"plan_sha256":"",',
    b'{"event":"apply"}\n',
    b"[" * 300 + b"]" * 300,
    b"''",
    b"//",
)


@dataclass(frozen=True)
class Records:
    """An account's folder, the runs in it, its head, and what somebody who has every key needs to seal anew."""

    place: Path
    runs: tuple[str, ...]
    signer: LocalSigner
    approver: LocalSigner
    signed: bool

    def copied_to(self, place: Path) -> "Records":
        shutil.copytree(self.place, place, symlinks=True)
        return Records(place, self.runs, self.signer, self.approver, self.signed)

    @property
    def index(self) -> Path:
        return self.place / "index.jsonl"

    @property
    def head(self) -> str:
        return hashlib.sha256(self.index.read_bytes().splitlines(keepends=True)[-1]).hexdigest()

    def seal_anew(self, *, forge: Callable[[dict[str, Any]], bytes] | None = None, run: str = "") -> str:
        """Manifests, chain and signatures as they would be of the files that lie here; the new head."""
        previous, lines = GENESIS_HASH, []
        for line in self.index.read_bytes().splitlines():
            values = json.loads(line)
            folder = self.place / values["run"]
            manifest = json.loads((folder / "manifest.json").read_bytes())
            names = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "manifest.json"]
            manifest["files"] = {str(path.relative_to(folder)): facts(path.read_bytes()) for path in names}
            content = json.dumps(manifest, indent=1).encode()
            if forge is not None and values["run"] == run:
                content = forge(manifest)
            (folder / "manifest.json").write_bytes(content)
            values |= {"manifest_sha256": hashlib.sha256(content).hexdigest(), "previous": previous}
            entry = Entry(**values)
            if entry.signed_by:
                (self.place / SIGNATURES / entry.signature_name).write_bytes(self.signer.sign(entry.line))
            lines.append(entry.line)
            previous = entry.digest
        self.index.write_bytes(b"".join(lines))
        return self.head


def facts(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


Mutation = Callable[[Records, str, random.Random], str]  # of one run; the head that the stranger then has


def a_piece(content: bytes, drawn: random.Random) -> bytes:
    """Put a piece at a place, often between two tokens, or in the place of some bytes, or turn or take a byte."""
    at = drawn.choice(
        [drawn.randrange(len(content) + 1), *(match.end() for match in re.finditer(rb"[{},:\n]", content))]
    )
    end = drawn.choice((at, at, at + 1, at + drawn.randrange(70)))
    return content[:at] + drawn.choice((*PIECES, b"")) + content[end:]


def a_value(value: Any, drawn: random.Random) -> Any:
    """One value of a document in the place of another, or a key less or more."""
    if isinstance(value, dict) and value and drawn.random() < 0.8:
        name = drawn.choice(list(value))
        if drawn.random() < 0.15:
            return {key: item for key, item in value.items() if key != name}
        return value | {name: a_value(value[name], drawn)}
    if isinstance(value, list) and value and drawn.random() < 0.8:
        at = drawn.randrange(len(value))
        return drawn.choice(
            [[*value[:at], a_value(value[at], drawn), *value[at + 1 :]], value[::-1], value[1:], value * 2]
        )
    text = str(value)
    deep: Any = value
    for _ in range(drawn.choice((90, 97, 98, 99, 100, 101, 250, 260))):
        deep = [deep]
    others = (
        None,
        True,
        False,
        0,
        1,
        1.0,
        "",
        text,
        text + "\n",
        text + " ",
        text + "\0",
        text.upper(),
        [value],
        {"a": 1},
        deep,
    )
    return drawn.choice((*others, "\u202e", text[1:], "\ud83d\ude00", {"\ud800": 1}))


def chain_bytes(records: Records, run: str, drawn: random.Random) -> str:
    head = records.head
    records.index.write_bytes(a_piece(records.index.read_bytes(), drawn))
    return drawn.choice((head, records.head if records.index.read_bytes() else head))


def chain_line(records: Records, run: str, drawn: random.Random) -> str:
    """A line written otherwise, moved, doubled, cut or added; the head is the old, the new or an earlier one."""
    head, lines = records.head, records.index.read_bytes().splitlines(keepends=True)
    at = drawn.randrange(len(lines))
    values = json.loads(lines[at])
    written = [
        json.dumps(values).encode() + b"\n",
        json.dumps(values, indent=0).encode() + b"\n",
        lines[at][:-1] + b"\r\n",
        lines[at][:-1],
        lines[at] * 2,
        b"",
        lines[at] + b"\n",
        b" " + lines[at],
        lines[at][:-2] + b',"run":"' + run.encode() + b'"}\n',
        lines[at].replace(b'"run"', b'"\\u0072un"'),
        lines[at].replace(b'"number":', b'"number":0'),
        lines[at],
        lines[at] + json.dumps({"run": run, "manifest_sha256": "0" * 64}).encode(),
        (Entry(**values | {"run": run, "number": 1}).line),
        lines[at].replace(b"-", b"\0-", 1),
    ]
    lines[at] = drawn.choice(written)
    drawn.choice((lines.reverse, lambda: None, lambda: None))()
    records.index.write_bytes(b"".join(lines))
    digests = [hashlib.sha256(line).hexdigest() for line in lines]
    return drawn.choice((head, *digests, head.upper(), head + " " + digests[0], "0" * 64, head[:16]))


def another_head(records: Records, run: str, drawn: random.Random) -> str:
    lines = records.index.read_bytes().splitlines(keepends=True)
    return hashlib.sha256(drawn.choice(lines)).hexdigest()


def folder(records: Records, run: str, drawn: random.Random) -> str:
    """Something else than a file, another file, or a file less: sealed anew or not."""
    head, path = records.head, records.place / run
    file = drawn.choice([item for item in sorted(path.iterdir()) if item.is_file()])
    content, new = (
        file.read_bytes(),
        path / drawn.choice(("note.txt", "a b\n", "-", "--", "\u00e9", "evidence", "a\\b", ".x")),
    )

    def make(kind: Callable[[Path], object]) -> None:
        file.unlink()
        kind(file)

    changes: tuple[Callable[[], object], ...] = (
        lambda: make(os.mkfifo),
        lambda: make(Path.mkdir),
        lambda: make(lambda at: at.symlink_to("/etc/hostname")),
        file.unlink,
        lambda: make(lambda at: (at.mkdir(), (at / "x").write_text(""))),
        lambda: new.write_bytes(b"more"),
        new.mkdir,
        lambda: (new.mkdir(), (new / "y").write_text("")),
        lambda: new.symlink_to(file.name),
        lambda: file.write_bytes(b""),
        lambda: file.write_bytes(content + b"\n"),
        lambda: file.rename(new),
        lambda: shutil.copy(file, new),
    )
    drawn.choice(changes)()
    regular = file.name != "manifest.json" and all(item.is_file() or item.is_dir() for item in path.rglob("*"))
    return records.seal_anew() if regular and drawn.random() < 0.6 else head


def document(records: Records, run: str, drawn: random.Random) -> str:
    """A document of the record in other bytes or with another value, everything sealed anew."""
    path = drawn.choice([records.place / run / name for name in DOCUMENTS if (records.place / run / name).exists()])
    content = path.read_bytes()
    if drawn.random() < 0.5 or path.name == "events.jsonl":
        path.write_bytes(a_piece(content, drawn))
    else:
        path.write_text(
            json.dumps(a_value(json.loads(content), drawn), indent=drawn.choice((1, 2, None))), encoding="ascii"
        )
    _follow(records.place / run, path, drawn)
    return records.seal_anew()


def _follow(run: Path, changed: Path, drawn: random.Random) -> None:
    """An attacker who changes a plan or a remainder can replace its hash wherever it is named, and often does."""
    names = {
        "remainder.json": ("review.json", "remainder_sha256"),
        "signed-approval.json": ("approval.json", "signed_sha256"),
    }
    if changed.name in names and drawn.random() < 0.9:
        file, name = names[changed.name]
        content = json.loads((run / file).read_bytes())
        (run / file).write_text(json.dumps(content | {name: facts(changed.read_bytes())["sha256"]}))


def signed_approval(records: Records, run: str, drawn: random.Random) -> str:
    """What an approver's key has signed, whatever it is, in the form that it has or in another."""
    path = records.place / run / "signed-approval.json"
    if not path.exists():
        return document(records, run, drawn)
    values = json.loads(path.read_bytes())
    name = drawn.choice(list(values))
    values[name] = a_value(values[name], drawn) if drawn.random() < 0.8 else values[name]
    values |= {"more": 1} if drawn.random() < 0.1 else {}
    text = json.dumps(
        {name: value for name, value in values.items() if name != "signature"},
        sort_keys=True,
        ensure_ascii=False,
        indent=2,
    )
    message = (text + "\n").encode(errors="backslashreplace")
    if name != "signature":
        values["signature"] = base64.b64encode(records.approver.sign(message)).decode()
    whole = (
        json.dumps(values, sort_keys=True, ensure_ascii=drawn.random() < 0.1, indent=drawn.choice((2, 2, 2, 2, 1)))
        + "\n"
    )
    path.write_bytes(whole.encode(errors="backslashreplace"))
    _follow(path.parent, path, drawn)
    return records.seal_anew()


def manifest(records: Records, run: str, drawn: random.Random) -> str:
    """A manifest in other bytes, with another value, or that names its files otherwise; the chain follows."""

    def forge(content: dict[str, Any]) -> bytes:
        files, name = dict(content["files"]), drawn.choice(list(content["files"]))
        known = files.pop(name)
        aliases = {
            f"./{name}": known,
            f"{name}\0": known,
            name: {**known, "bytes": float(known["bytes"])},
            f"x/../{name}": known,
            name.upper(): known,
            f"/{name}": known,
            "": known,
            "..": known,
            f"{name}\0{known['sha256']}  ./{name}": known,
        }
        odd = (
            {"sha256": known["sha256"]},
            {**known, "bytes": True},
            {**known, "sha256": known["sha256"] + "\n"},
            {**known, "more": 1},
        )
        alias = drawn.choice(list(aliases))
        forged = {
            "alias": {**content, "files": {**files, alias: aliases[alias]}},
            "both": {**content, "files": {**content["files"], alias: aliases[alias]}},
            "odd": {**content, "files": {**files, name: drawn.choice(odd)}},
            "value": a_value(content, drawn),
            "top": a_value(
                {key: content[key] for key in ("account", "run", "sealed_at", "plan_sha256", "applied_plan_sha256")},
                drawn,
            ),
        }
        kind = drawn.choice((*forged, "bytes", "bytes"))
        if kind == "bytes":
            return a_piece(json.dumps(content, indent=1).encode(), drawn)
        top = {**content, **forged[kind]} if isinstance(forged[kind], dict) else forged[kind]
        return json.dumps(top if kind == "top" else forged[kind], indent=drawn.choice((1, None))).encode()

    return records.seal_anew(forge=forge, run=run)


def key_twice(records: Records, run: str, drawn: random.Random) -> str:
    """A key of one object of a document stands in it twice, written alike or otherwise; everything is sealed anew."""
    names = [name for name in (*DOCUMENTS, "manifest.json") if (records.place / run / name).exists()]
    name = drawn.choice(names)
    change_document(records, run, name, lambda whole: with_key_twice(whole, drawn))
    _follow(records.place / run, records.place / run / name, drawn)
    return records.head if name == "manifest.json" else records.seal_anew()


def with_key_twice(whole: dict[str, Any], drawn: random.Random) -> bytes:
    """Of the object, or of one in it; the first value is another one, or the same."""
    mark = "another key"
    objects = [item for item in _objects(whole) if item]
    chosen = drawn.choice(objects)
    name = drawn.choice(list(chosen))
    items = list(chosen.items())
    chosen.clear()
    chosen |= {mark: drawn.choice((items[0][1], "another value", {}, [], 1))}
    chosen |= dict(items)
    key = drawn.choice((json.dumps(name), json.dumps(name), f'"\\u{ord(name[0]):04x}{name[1:]}"')) if name else '""'
    return json.dumps(whole).replace(json.dumps(mark), key, 1).encode()


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(item)


def signature(records: Records, run: str, drawn: random.Random) -> str:
    folder = records.place / SIGNATURES
    if not folder.exists():
        return chain_line(records, run, drawn)
    file = drawn.choice(sorted(folder.iterdir()))
    content, other = file.read_bytes(), drawn.choice(sorted(folder.iterdir())).read_bytes()
    file.unlink()
    kinds: tuple[Callable[[], object], ...] = (
        lambda: None,
        file.mkdir,
        lambda: file.write_bytes(other),
        lambda: file.write_bytes(content + b"\n"),
        lambda: file.write_bytes(b""),
        lambda: file.write_bytes(bytes([content[0] ^ 1]) + content[1:]),
        lambda: ((folder / "x").write_bytes(content), file.symlink_to("x")),
    )
    drawn.choice(kinds)()
    return records.head


MUTATIONS: tuple[Mutation, ...] = (
    chain_bytes,
    chain_line,
    another_head,
    folder,
    document,
    document,
    signed_approval,
    manifest,
    manifest,
    signature,
    key_twice,
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Records]:
    return make_originals([tmp_path_factory.mktemp("records") for _ in range(2)])


def make_originals(folders: list[Path]) -> list[Records]:
    """A signed and an unsigned chain: a run without a change, an apply, a resumed one, one approved by two."""
    made_records = []
    for home, signed in zip(folders, (True, False), strict=True):
        signer, approver = new_pair(home / "records.key"), new_pair(home / "ada")
        key = signer if signed else None
        runs = [*(made(home, key, plan) for plan in (None, WHOLE, LEFT)), made_by_two(home, key, approver)]
        made_records.append(
            Records(home / "outputs" / ACCOUNT, tuple(run.name for run in runs), signer, approver, signed)
        )
    return made_records


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_script(tmp_path_factory.mktemp("page"))


def write_script(folder: Path) -> Path:
    """The lines of the page, taken out as `sed` takes them."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    file = folder / "check.sh"
    file.write_text("".join(blocks), encoding="utf-8")
    return file


def verdicts(records_: Records, run: str, head: str, script: Path) -> tuple[bool, bool]:
    """Of the page, and of the command; the key is given where there is one."""
    key = str(records_.place.parent / "key.pub") if records_.signed else ""
    if key:
        Path(key).write_text(records_.signer.public.pem)
    done = subprocess.run(
        ["bash", str(script)],
        capture_output=True,
        check=False,
        timeout=60,
        env={
            "PATH": os.environ["PATH"],
            "TMPDIR": str(records_.place.parent),
            "PLACE": str(records_.place),
            "RUN": run,
            "HEAD": head,
            "KEY": key,
        },
    )
    command = ["verify", run, "--head", head, *(("--key", key) if key else ())]
    ended = CliRunner(env={"ORGKIT_OUTPUTS": str(records_.place.parent)}).invoke(records, command)
    refusals = (1, 6) if re.fullmatch("[0-9a-f]{64}", head) else (1, 2, 6)  # 2: what was given is no hash at all
    assert ended.exit_code in (0, *refusals), (ended.output, ended.exception)
    assert (done.returncode == 0) == (b" holds: " in done.stdout)
    return done.returncode == 0, ended.exit_code == 0


def mutations(
    originals: list[Records], tmp_path: Path, count: int, seed: int = SEED
) -> Iterator[tuple[str, Records, str, str]]:
    for number in range(count):
        drawn = random.Random(seed + number)
        kind = MUTATIONS[number % len(MUTATIONS)]
        copy = drawn.choice(originals).copied_to(tmp_path / str(number) / ACCOUNT)
        run = drawn.choice(copy.runs)
        yield f"{number} {kind.__name__}", copy, run, kind(copy, run, drawn)
        shutil.rmtree(tmp_path / str(number))


def compare(
    originals: list[Records], script: Path, tmp_path: Path, count: int, seed: int = SEED
) -> tuple[Counter[bool], list[tuple[str, str, str]]]:
    """How often the command accepts and refuses, and where the page says something else."""
    counts: Counter[bool] = Counter()
    differences = []
    for name, copy, run, head in mutations(originals, tmp_path, count, seed):
        page, command = verdicts(copy, run, head, script)
        counts[command] += 1
        if page != command:
            differences.append((name, run, f"page {page}, command {command}"))
    return counts, differences


def test_page_and_command_say_the_same_of_every_mutation(originals, script, tmp_path, report: Tell):
    counts, differences = compare(originals, script, tmp_path, COUNT)
    report(f"page and command: {COUNT} mutations, {counts[True]} hold, {len(differences)} differences")
    assert differences == []
    assert counts[True] >= COUNT / 20, "some change nothing that is checked"
    assert counts[False] >= COUNT / 2


def test_page_and_command_accept_what_nobody_touched(originals, script):
    for untouched in originals:
        for run in untouched.runs:
            assert verdicts(untouched, run, untouched.head, script) == (True, True)


ALWAYS_READ = ("approval.json", "review.json", "events.jsonl", "manifest.json")


@pytest.mark.parametrize("name", ALWAYS_READ)
def test_neither_accepts_a_key_that_stands_twice_or_a_number_that_readers_take_for_infinity(
    originals, script, tmp_path, name
):
    """The chain, its signatures and the head are those of the altered files: only the reading of JSON is left."""
    for number, change in enumerate((with_key_twice, with_infinity, with_infinity)):
        copy = originals[number % 2].copied_to(tmp_path / str(number) / ACCOUNT)
        run, drawn = copy.runs[1], random.Random(SEED + number)
        head = change_document(copy, run, name, lambda whole, c=change, d=drawn: c(whole, d))
        assert verdicts(copy, run, head, script) == (False, False), (name, change.__name__)


def with_infinity(whole: dict[str, Any], drawn: random.Random) -> bytes:
    number = drawn.choice(("1e999", "-1e999", "1e309", "NaN", "1E+400"))
    return json.dumps({"one more": "a number", **whole}).replace('"a number"', number, 1).encode()


def change_document(records: Records, run: str, name: str, write: Callable[[dict[str, Any]], bytes]) -> str:
    path = records.place / run / name
    if name == "manifest.json":
        return records.seal_anew(forge=write, run=run)
    lines = path.read_bytes().splitlines() if path.suffix == ".jsonl" else [path.read_bytes()]
    path.write_bytes(b"".join(write(json.loads(line)) + b"\n" for line in lines))
    return records.seal_anew()


def main() -> int:
    """Make so many mutations by a new seed, or by one that is given; 0 when both say the same of all."""
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(10**9)
    with tempfile.TemporaryDirectory(prefix="orgkit-page-") as name:
        folders = [Path(name) / part for part in ("signed", "unsigned", "script", "copies")]
        for folder_ in folders:
            folder_.mkdir()
        counts, differences = compare(make_originals(folders[:2]), write_script(folders[2]), folders[3], count, seed)
    for difference in differences:
        print("BAD", *difference)
    print(f"{count} mutations, {counts[True]} hold, {len(differences)} differences. The same again: {count} {seed}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
