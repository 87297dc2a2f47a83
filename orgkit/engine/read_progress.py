"""How far a reading of AWS is: shown only when it takes long, and no more often than anybody reads."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orgkit.aws.session import Connection
from orgkit.dataclass import dataclass

DELAY_SECONDS = 1.0  # a reading that ends sooner shows nothing


@dataclass(frozen=True)
class ReadState:
    """What is read, how much of it has been read, of how much, and for how many seconds."""

    subject: str
    done: int
    count: int
    seconds: float

    @property
    def sentence(self) -> str:
        """Such as: reading member accounts, 412 of 1,004, 6 s."""
        return f"reading {self.subject}, {self.done:,} of {self.count:,}, {self.seconds:.0f} s"


@contextmanager
def watch_reading(
    aws: Connection, show: Callable[[ReadState], None], *, every: float, delay: float = DELAY_SECONDS
) -> Iterator[None]:
    """Call `show` with the state of the reading in this block, from the thread that reads.

    Args:
        aws: The connection that reads.
        show: Shows it to a person.
        every: Seconds between two calls at least.
        delay: Seconds until the first call.

    Yields:
        Nothing: what is read until the block ends is watched.
    """
    began, due, outer = time.monotonic(), delay, aws.report_read

    def report(subject: str, done: int, count: int) -> None:
        nonlocal due
        outer(subject, done, count)
        seconds = time.monotonic() - began
        if seconds >= due:
            due = seconds + every
            show(ReadState(subject, done, count, seconds))

    aws.report_read = report
    try:
        yield
    finally:
        aws.report_read = outer
