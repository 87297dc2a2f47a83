"""What to know of a file whose trail is valid."""

from orgkit.model.desired import Desired

WITHOUT_TRAIL = "The file has no [trail]: orgkit sets up no log of the calls in all accounts."


def file_warnings(desired: Desired) -> tuple[str, ...]:
    """Return what to know of a file without [trail]."""
    return () if desired.trail.is_wanted else (WITHOUT_TRAIL,)
