"""`--debug`: what the processes of a command write about their calls, printed on stderr as it comes."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from orgkit.journal.file_writes import create_file
from orgkit.journal.follow import follow_lines


@contextmanager
def print_calls() -> Iterator[None]:
    """Let this process and its kernels write their calls into one file, and print its lines until the end."""
    with tempfile.TemporaryDirectory(prefix="orgkit-debug-") as folder:
        file = create_file(Path(folder) / "calls", b"")
        os.environ["ORGKIT_DEBUG"] = str(file)
        try:
            with follow_lines(file, _print_line):
                yield
        finally:
            del os.environ["ORGKIT_DEBUG"]


def _print_line(line: bytes) -> None:
    click.echo(line.decode(errors="backslashreplace"), err=True)
