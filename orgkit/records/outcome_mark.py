"""How an outcome is marked on a page: by a color and a sign, next to the word itself."""

from orgkit.dataclass import dataclass
from orgkit.errors import EXIT_APPROVAL_NEEDED, EXIT_DONE, EXIT_RETRY_LATER, EXIT_WAITING


@dataclass(frozen=True)
class OutcomeMark:
    """The class of the style sheet that colors an outcome, its sign, and what all outcomes marked so have in common."""

    kind: str
    sign: str
    meaning: str


GOOD = OutcomeMark("good", "✓", "done")
STOP = OutcomeMark("stop", "…", "waiting for someone")
BAD = OutcomeMark("bad", "✗", "ended early")
UNSEALED = OutcomeMark("open", "○", "not sealed")
MARKS = (GOOD, STOP, BAD, UNSEALED)


def mark_of(exit_code: int | None) -> OutcomeMark:
    """The mark of a run's exit code; None is that of a run that has no sealed record."""
    if exit_code is None:
        return UNSEALED
    if exit_code == EXIT_DONE:
        return GOOD
    return STOP if exit_code in (EXIT_APPROVAL_NEEDED, EXIT_WAITING, EXIT_RETRY_LATER) else BAD
