"""archived.json: the records of a chain that were sealed on other machines and lie in the archive, not here.

A run counts as archived while all of this holds: its line here has the manifest's hash that the marker has, the head
that was read from the archive is a line of the chain here, and the run's line does not come after it. So a marker
covers nothing that the archive's index did not have. What it cannot tell is whether the record was ever here: whoever
may write this folder can remove a record that is in the archive and name it in the marker. The record is not lost then,
and verify never passes over it in silence: it names each (from the sixth on, in its JSON). With a public key, a marker
counts only as far as it is signed with it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orgkit.record.chain import Entry
from orgkit.record.files import as_json, private_folder, read_json, write_private
from orgkit.signing.keys import PublicKey, Signer

MARKER = "archived.json"
SIGNATURE = "archived.json.sig"
SHOWN = 5  # names in a line


def mark(place: Path, url: str, head: str, entries: Iterable[Entry], signer: Signer | None) -> None:
    """Add these runs to those that are known to lie in the archive."""
    runs = _runs(place) | {entry.run: {"manifest_sha256": entry.manifest_sha256, "archive": url} for entry in entries}
    content = as_json({"schema": 1, "head": head, "runs": runs})
    write_private(private_folder(place) / MARKER, content)
    (place / SIGNATURE).unlink(missing_ok=True)
    if signer is not None:
        write_private(place / SIGNATURE, signer.sign(content.encode()))


def elsewhere(place: Path, lines: Sequence[bytes], key: PublicKey | None = None) -> dict[str, str]:
    """The runs of a chain that lie in the archive alone, and where that is."""
    entries = [entry for line in lines if (entry := Entry.parse(line))]
    head = read_json(place / MARKER).get("head")
    covered = next((number for number, entry in enumerate(entries, 1) if entry.digest == head), 0)
    if not covered or (key is not None and not _is_signed(place, key)):
        return {}
    runs = _runs(place)
    return {
        entry.run: str(runs[entry.run].get("archive"))
        for entry in entries[:covered]
        if runs.get(entry.run, {}).get("manifest_sha256") == entry.manifest_sha256
    }


def told_of(runs: Sequence[str], archives: Iterable[str]) -> Iterator[str]:
    """What verify says of such runs, by name: none is passed over in silence."""
    if runs:
        names = f"{', '.join(runs[:SHOWN])}{f' and {len(runs) - SHOWN} more (--json)' if len(runs) > SHOWN else ''}"
        where = ", ".join(sorted({*archives}))
        yield f"{len(runs)} record(s) are archived in {where} and not here; only their lines were checked: {names}."


def _runs(place: Path) -> dict[str, Mapping[str, Any]]:
    found = read_json(place / MARKER).get("runs")
    return {run: facts for run, facts in found.items() if isinstance(facts, dict)} if isinstance(found, dict) else {}


def _is_signed(place: Path, key: PublicKey) -> bool:
    content, signature = place / MARKER, place / SIGNATURE
    return signature.is_file() and key.verify(content.read_bytes(), signature.read_bytes())
