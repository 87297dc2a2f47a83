"""The changes of orgkit's own runs since the last record: what an approved plan has changed is no drift."""

from collections.abc import Iterator
from pathlib import Path

from orgkit.journal.events import read_events
from orgkit.records.chain import Entry, lines_of
from orgkit.records.files import run_folders
from orgkit.records.manifest import MANIFEST
from orgkit.records.reconcile.journal_changes import COMMITTED, mutations_of
from orgkit.records.verify.verify import verify_record


def own_requests(base: Path, account: str, last_run: str) -> frozenset[str]:
    """Return the ids of the requests with which orgkit changed AWS after the last record.

    A user agent says nothing, since anybody can send one. The id of a request is AWS's own: it is in the journal of the
    run, and in CloudTrail. Runs count while their records are as they were sealed.

    Args:
        base: The folder with the records of accounts.
        account: The management account.
        last_run: The name of the last record of 08-health; the names of runs begin with their times.
    """
    entries = {entry.run: entry for line in lines_of(base / account) if (entry := Entry.parse(line))}
    folders = (folder for folder in run_folders(base, account) if folder.name > last_run)
    sealed = (folder for folder in folders if (folder / MANIFEST).exists())
    whole = (folder for folder in sealed if not any(verify_record(folder, entries.get(folder.name))))
    return frozenset(request for folder in whole for request in _requests(folder))


def _requests(folder: Path) -> Iterator[str]:
    """None of a journal that orgkit has not written."""
    try:
        mutations = mutations_of(folder.name, read_events(folder / "events.jsonl"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return
    yield from (item.request_id for item in mutations if item.request_id and item.result == COMMITTED)
