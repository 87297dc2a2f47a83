"""The encodings of keys: PEM, PEM's body in one line, the path of a file with either, or the ARN of a KMS key."""

import base64
import binascii
from pathlib import Path
from stat import S_ISREG

from orgkit.errors import KeyRefused
from orgkit.sanitize.terminal import short_path

BEGIN, END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
MIN_KEY_LENGTH = 56  # characters: the shortest key, Ed25519, has 60
MAX_FILE_BYTES = 10_000  # bytes of a file
NO_KEY = 'write the public half in one line, as "orgkit keys show" prints it, as PEM, or as the path of its .pub file.'


def is_kms(text: str) -> bool:
    """Return whether this names a KMS key rather than a file."""
    return text.startswith("arn:")


def is_inline(text: str) -> bool:
    """Return whether the text is a key and not a path: base64 of this length that begins like DER is a key."""
    return "-----BEGIN" in text or (len(text) >= MIN_KEY_LENGTH and text.startswith("M") and decode(text) is not None)


def der_of(text: str) -> bytes:
    """Decode the body of PEM, or the whole text; raise ValueError if it is not base64."""
    content = decode(text.partition(BEGIN)[2].partition(END)[0] or text)
    if content is None:
        raise ValueError("no base64")
    return content


def pem_of(line: str) -> str:
    """Convert a key in one line to PEM, as openssl reads it."""
    rows = [line[at : at + 64] for at in range(0, len(line), 64)]
    return "\n".join([BEGIN, *rows, END, ""])


def decode(text: str) -> bytes | None:
    """Decode base64; return None for any other text."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def path_of(text: str | Path) -> Path:
    """Return the path that a person names; ~ is expanded, unless the home does not exist."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def text_of(path: Path) -> str:
    """Return the text of a key's file; "" for a file that cannot be one. Raises KeyRefused if it cannot be read."""
    try:
        metadata = path.stat()
        return (
            path.read_text(encoding="ascii") if S_ISREG(metadata.st_mode) and metadata.st_size < MAX_FILE_BYTES else ""
        )
    except UnicodeDecodeError:
        return ""
    except (OSError, ValueError) as error:
        raise KeyRefused(f"{short_path(path, 120)} cannot be read: {reason(error)}.", NO_KEY) from None


def reason(error: Exception) -> str:
    """Return a short reason why a file could not be read or written."""
    return getattr(error, "strerror", None) or "no file can have this name"
