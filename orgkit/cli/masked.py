"""A log that others may read: e-mail addresses are masked, and no name that stands in it commands the runner."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO

import click

from orgkit.ci.commands import new_token
from orgkit.printable import mask_emails


class Masked(io.TextIOBase):
    """A stream on which e-mail addresses are masked; click asks it what it asks of any other."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    encoding = property(lambda self: self.stream.encoding)
    errors = property(lambda self: self.stream.errors)

    def write(self, text: str) -> int:
        self.stream.write(mask_emails(text))
        return len(text)

    def flush(self) -> None:
        self.stream.flush()

    def fileno(self) -> int:
        return self.stream.fileno()


@contextmanager
def harmless(as_json: bool) -> Iterator[None]:
    """A log in which names from AWS command nothing, and are no addresses; JSON stays as it is, on its own stream."""
    token = new_token()
    click.echo(f"::stop-commands::{token}", err=as_json)
    try:
        with redirect_stdout(sys.stdout if as_json else Masked(sys.stdout)), redirect_stderr(Masked(sys.stderr)):
            yield
    finally:
        click.echo(f"::{token}::", err=as_json)
