"""Ways to break the library, each of which the matrix has to notice; each changes the process that it is called in."""

from collections.abc import Callable, Mapping
from typing import Any


def _sdk_retries() -> None:
    """A change is sent again by botocore, as it is with stock settings."""
    from orgkit.aws.clients import Clients

    get = Clients.get
    Clients.get = lambda self, service, region, *, reads: get(self, service, region, reads=True)  # type: ignore[method-assign]


def _no_look_ups() -> None:
    """Requests under way are not looked for, and nobody looks after a lost answer whether it was done."""
    from orgkit.aws.asynchronous import Requests
    from orgkit.engine import attempt
    from orgkit.phases.accounts import creation_aws

    nothing_known = Requests({}, frozenset())
    creation_aws.list_requests = lambda *_, **__: nothing_known
    attempt._is_done = lambda *_: False


def _no_journal() -> None:
    """Intents are remembered, and not on the disk."""
    from orgkit.journal.events import Journal

    written = Journal.write

    def write(journal: Journal, event: str, **values: Any) -> dict[str, Any]:
        if event == "intent":
            journal.events.append({"event": event, **values})
            return journal.events[-1]
        return written(journal, event, **values)

    Journal.write = write  # type: ignore[method-assign]


def _never_settles() -> None:
    """The outcome of a change without a response is not resolved."""
    from orgkit.runbook import stages

    stages._settle = lambda *_: ()


MUTANTS: Mapping[str, Callable[[], None]] = {
    "sdk-retries": _sdk_retries,
    "no-look-ups": _no_look_ups,
    "no-journal": _no_journal,
    "never-settles": _never_settles,
}
