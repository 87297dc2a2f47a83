"""Writing files: all of the content is on the disk when a function returns, or it raises OSError with the path.

`os.write` may write only a part of its argument, and reports that only by the number it returns. A nearly full disk or
a limit of file sizes cuts a line in half that way. Every file that orgkit writes itself is written by these functions.
"""

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE_MODE = 0o600  # for its owner only
SHARED_MODE = 0o666  # as far as the umask of the user allows
TEMPORARY_NAME = re.compile(r"\..+\.[0-9a-f]{8}")  # of a file that is being replaced


def write_all(descriptor: int, content: bytes, *, sync: bool = True) -> None:
    """Write every byte at the place where the descriptor stands, and sync."""
    remaining = memoryview(content)
    while remaining:
        count = os.write(descriptor, remaining)
        if count <= 0:  # it would go on for ever
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        remaining = remaining[count:]
    if sync:
        os.fsync(descriptor)


def append(descriptor: int, content: bytes) -> None:
    """Write at the end of a file; what cannot be written whole is cut off again, as far as the disk allows.

    After Ctrl-C a line that is whole stays, as it does after a kill: it may be AWS's answer to a change.
    """
    end = os.lseek(descriptor, 0, os.SEEK_END)
    try:
        write_all(descriptor, content)
    except BaseException as error:
        with suppress(OSError):
            if isinstance(error, OSError) or os.fstat(descriptor).st_size < end + len(content):
                os.ftruncate(descriptor, end)
        raise


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a file that only its owner can read; half a line that a kill has left there is ended first."""
    with _opened(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_MODE) as descriptor:
        end = os.lseek(descriptor, 0, os.SEEK_END)
        is_cut = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
        append(descriptor, (b"\n" if is_cut else b"") + line)
        if end == 0:
            sync_folder(path.parent)


def create_file(path: Path, content: bytes, mode: int = PRIVATE_MODE) -> Path:
    """Write a file that must not be there yet; FileExistsError when it is, and nothing is left of one that fails."""
    with _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode) as descriptor:
        try:
            write_all(descriptor, content)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
    return path


def replace_file(path: Path, content: bytes, mode: int = PRIVATE_MODE, *, sync: bool = True) -> Path:
    """Write a file that may be there already; a reader meanwhile finds the old content or the new, whole.

    Args:
        path: The file.
        content: All that is to be in it.
        mode: Its permissions, whatever those of the old file are.
        sync: Whether to wait for the disk; not for what is soon written again.

    Returns:
        The path.

    Raises:
        OSError: The old content stays, and nothing else is left in the folder.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with _opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode, path) as descriptor:
            write_all(descriptor, content, sync=sync)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    if sync:
        sync_folder(path.parent)
    return path


def rewrite_file(path: Path, content: bytes) -> Path:
    """Replace a file of the user's, also behind a link; one that is there keeps its permissions."""
    target = path.resolve()
    if not target.exists():
        return replace_file(target, content, SHARED_MODE)
    mode = stat.S_IMODE(target.stat().st_mode)
    replace_file(target, content, mode).chmod(mode)  # the umask took some of it away
    return target


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: a new file survives a power failure only with its name."""
    with _opened(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _opened(path: Path, flags: int, mode: int = 0, named_path: Path | None = None) -> Iterator[int]:
    """A descriptor; an error on it names the file, which the operating system does only when a file is opened."""
    try:
        descriptor = os.open(path, flags, mode)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        error.filename = os.fspath(named_path or path)
        raise
