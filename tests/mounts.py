"""File systems of a test's own, which only its commands see and which end with them."""

import subprocess
from functools import cache

COMMAND = ("unshare", "--mount", "--map-root-user")


@cache
def own_mounts() -> tuple[str, ...]:
    """The beginning of a command that may mount file systems for itself, as root or in a user namespace.

    Raises:
        AssertionError: This machine does not allow it.
    """
    try:
        done = subprocess.run([*COMMAND, "true"], capture_output=True, text=True, check=False)
        error = done.stderr.strip() if done.returncode else ""
    except OSError as missing:
        error = f"{COMMAND[0]}: {missing.strerror}"
    assert not error, (
        "This test needs a small file system of its own: install util-linux, and run it as root or allow user "
        f"namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0). {error}"
    )
    return COMMAND
