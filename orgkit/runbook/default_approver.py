"""The name that a person is offered as approver, in a terminal and in JupyterLab; it is recorded, not verified."""

import os
import subprocess

from orgkit.errors import ApprovalMismatch
from orgkit.model.decision import check_claim

GIT_SECONDS = 5


def default_approver() -> str:
    """The name that a person is offered: that of ORGKIT_APPROVER, else git's."""
    name = os.environ.get("ORGKIT_APPROVER", "").strip() or _git_name()
    try:
        check_claim("the approver's name", name)
    except ApprovalMismatch:
        return ""
    return name


def _git_name() -> str:
    try:
        done = subprocess.run(
            ["git", "config", "user.name"],  # noqa: S607  the person's own git
            capture_output=True, text=True, timeout=GIT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.strip()
