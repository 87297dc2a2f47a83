"""The credentials with which this process calls AWS, known in its memory alone, so that nothing of them is written.

They may come from a profile, Identity Center, a process, `aws login` or a role that was assumed. In each case only the
process that signs with them knows them: another process gets others, and hashes or files of them would be secrets too.
"""

from collections.abc import Mapping
from typing import Any

from orgkit.sanitize.secret_values import SecretValues
from orgkit.sanitize.secrets import replace_values

MIN_LENGTH = 16  # a shorter value, such as a sandbox's "testing", is an ordinary word
MARK = "[redacted: live credential]"

_known = SecretValues()


def remember(credentials: Any) -> None:
    """Those of botocore, as they are when a request is signed: they may be renewed between two."""
    if credentials is None:
        return
    frozen = credentials.get_frozen_credentials()
    values = (frozen.access_key, frozen.secret_key, frozen.token)
    for value in values:
        if value and len(value) >= MIN_LENGTH:
            _known.add(value)


def credential_values() -> tuple[str, ...]:
    """The longest first: a value may hold another one."""
    return tuple(sorted(_known, key=len, reverse=True))


def hidden(value: Any) -> Any:
    """A JSON value with a remark in the place of each of them, encoded ones too; all else is as it was."""
    if isinstance(value, str):
        return replace_values(value, _known, MARK)[0]
    if isinstance(value, Mapping):
        return {key: hidden(item) for key, item in value.items()}
    return [hidden(item) for item in value] if isinstance(value, list | tuple) else value
