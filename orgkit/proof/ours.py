"""Whether AWS logged a call for us: the identity that a run called as, its roles, and sessions of its name; pure."""

from collections.abc import Collection, Iterator

from orgkit.proof.logged import Logged


def is_ours(event: Logged, ours: Collection[str], run: str) -> bool:
    """The same ARN, a session of the same role, or a session that has the run's name."""
    roles = {role for arn in ours for role in _role(arn)}
    named = bool(run) and event.arn.endswith(f"/orgkit-{run}"[:65])
    return event.arn in ours or named or any(role in roles for role in _role(event.arn))


def session_arn(account: str, role: str, session: str = "") -> str:
    """Of who calls as a role; without a session's name it stands for all of them."""
    return f"arn:aws:sts::{account}:assumed-role/{role}/{session}"


def account_of(arn: str) -> str:
    """The account of an ARN."""
    return arn.split(":")[4] if arn.count(":") >= 5 else ""


def _role(arn: str) -> Iterator[tuple[str, str]]:
    """Account and role of arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; nothing of a user's."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[5].startswith("assumed-role/"):
        yield parts[4], parts[5].split("/")[1]
