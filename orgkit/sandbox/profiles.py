"""The AWS config file of a sandbox: profiles whose credentials any client can use, and the keys behind them."""

import shlex
import sys
from pathlib import Path

from orgkit.dataclass import dataclass
from orgkit.errors import EmulatorTrouble
from orgkit.journal.file_writes import replace_file
from orgkit.sandbox import ids
from orgkit.sandbox.seed import Seed

REGION = "us-east-1"
OPERATOR = "orgkit-operator"  # the IAM user of the management account
OWNER = "owner"  # the IAM user of a standalone account

# Run by credential_process: no imports beyond the interpreter's own, so that it answers in about 10 ms. The
# expiration is always hours ahead, since a sandbox may be left running for days.
PROCESS = """\
import sys, time
key, secret, token = open(sys.argv[1]).read().split()
ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 8 * 3600))
print('{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "SessionToken": "%s", "Expiration": "%s"}'
      % (key, secret, token, ends))
"""


@dataclass(frozen=True)
class Credential:
    """A key and whose it is; `token` is empty for the long-lived keys of an IAM user."""

    profile: str
    account: str
    arn: str
    key: str
    secret: str
    token: str


def credentials(seed: Seed, folder: Path) -> tuple[Credential, ...]:
    """A session of the management account's user, its root user, its long-lived keys, and each owner's session."""
    _check_names([account.owner_profile for account in seed.standalone])
    management = seed.management_account_id
    operator = f"arn:aws:iam::{management}:user/{OPERATOR}"
    return (
        _credential(folder, "management", management, operator),
        _credential(folder, "root", management, f"arn:aws:iam::{management}:root"),
        _credential(folder, "user", management, operator, lasting=True),
        *(_credential(folder, account.owner_profile, account.id, _owner(account.id)) for account in seed.standalone),
    )


def _owner(account: str) -> str:
    return f"arn:aws:iam::{account}:user/{OWNER}"


def _check_names(owners: list[str]) -> None:
    """Refuse a name that is used twice, or that is not safe in a config file: an owner would get other credentials."""
    names = ["management", "root", "user", *owners]
    for name in owners:
        if names.count(name) > 1 or not name.isprintable() or "]" in name:
            reason = f"no profile of a standalone account can be called {name!r} (used already, or not a name)."
            raise EmulatorTrouble(reason, "give each its own; management, root and user are the sandbox's.")


def _credential(folder: Path, profile: str, account: str, arn: str, *, lasting: bool = False) -> Credential:
    """Make a credential that is unique to the sandbox and the same after a reset, so that clients keep working."""
    identity = (str(folder), profile, account)
    key = ("AKIA" if lasting else "ASIA") + ids.key_part(16, "key", *identity)
    token = "" if lasting else ids.derive(40, "token", *identity) + ids.derive(40, "token again", *identity)
    return Credential(profile, account, arn, key, ids.derive(40, "secret", *identity), token)


def write(profile_credentials: tuple[Credential, ...], folder: Path) -> None:
    """config, an empty credentials file of its own, and a key file for each profile; readable by their owner only."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / "credential_process.py", PROCESS)
    write_private(folder / "credentials", "")
    for number, credential in enumerate(profile_credentials):
        write_private(keys / str(number), f"{credential.key}\n{credential.secret}\n{credential.token}\n")
    sections = [
        _section(credential, folder, keys / str(number)) for number, credential in enumerate(profile_credentials)
    ]
    write_private(folder / "config", "\n".join(sections))


def _section(credential: Credential, folder: Path, key_file: Path) -> str:
    lines = [f"[profile {shlex.quote(credential.profile)}]", f"region = {REGION}", "output = json"]
    if credential.token:
        command = [sys.executable, "-I", "-S", str(folder / "credential_process.py"), str(key_file)]
        lines.append(f"credential_process = {shlex.join(command)}")
    else:
        lines += [f"aws_access_key_id = {credential.key}", f"aws_secret_access_key = {credential.secret}"]
    return "\n".join(lines) + "\n"


def write_private(path: Path, text: str) -> None:
    """Write a file atomically; it is never readable by others, not even for a moment."""
    replace_file(path, text.encode(), sync=False)  # a sandbox does not outlive the machine
