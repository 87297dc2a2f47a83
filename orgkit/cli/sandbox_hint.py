"""What an error of a command has to do with a sandbox: one that runs unused, or one that has ended."""

import os
import shlex
import sys

from orgkit import errors
from orgkit.sanitize.terminal import flat


def sandbox_hint(stop: errors.OrgkitError) -> str:
    """What to do about a sandbox after this error; empty when the error has nothing to do with one."""
    if os.environ.get("ORGKIT_ENDPOINT_URL"):
        if isinstance(stop, errors.CouldNotRead) and os.environ.get("ORGKIT_CLOCK_URL") and not _is_running():
            return "This shell points to a sandbox that has ended. Open a new shell, or: orgkit sandbox start [FILE]"
        return ""
    if not isinstance(stop, errors.WrongAccount | errors.ApprovalMismatch) or not _is_running():
        return ""
    return f"A sandbox is running here, and this command did not use it. To use it:\n{_on_sandbox(sys.argv[1:])}"


def _on_sandbox(arguments: list[str]) -> str:
    return f"orgkit sandbox exec -- orgkit {flat(shlex.join(arguments))}"


def _is_running() -> bool:
    from orgkit.cli import running_sandbox

    return running_sandbox.running_sandbox() is not None
