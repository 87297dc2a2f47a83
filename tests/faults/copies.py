"""Copies of this process: each goes on by itself from where it was made, hands in one answer, and ends."""

import contextlib
import gc
import os
import pickle
import select
import signal
from collections.abc import Callable
from typing import Any, NoReturn

SECONDS = 600  # of ours: a trial takes less than one, but longer on a machine that is busy or was paused

HandIn = Callable[[Any], NoReturn]


class Copies:
    """A limited number of concurrent copies; `report` gets the label and answer of each as it comes in."""

    def __init__(self, at_once: int, report: Callable[[Any, Any], None]) -> None:
        self._at_once = at_once
        self._tell = report
        self._at_work: dict[int, tuple[int, Any]] = {}  # where its answer is read → pid, label

    def make(self, label: Any) -> HandIn | None:
        """None here; in the copy, what ends it."""
        if len(self._at_work) == self._at_once:
            self._hear()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            self._at_work[reading] = pid, label
            return None
        os.close(reading)
        gc.disable()  # it lives for a moment, and to collect would copy all that both share
        signal.alarm(SECONDS)
        return lambda answer: _hand_in(writing, answer)

    def wait(self) -> None:
        """Until all have ended."""
        while self._at_work:
            self._hear()

    def _hear(self) -> None:
        ready, _, _ = select.select(list(self._at_work), [], [])
        for reading in ready:
            pid, label = self._at_work.pop(reading)
            self._tell(label, answer_of(pid, reading))


def in_a_copy(work: Callable[[], Any]) -> tuple[int, int]:
    """Start `work` in a copy of this process; its pid, and where its answer can be read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    signal.alarm(SECONDS)
    try:
        answer = work()
    except BaseException as error:  # the copy must not go on as if it were the whole
        answer = f"{type(error).__name__}: {error}"
    return _hand_in(writing, answer)


def answer_of(pid: int, reading: int) -> Any:
    """What a copy came to."""
    with os.fdopen(reading, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return pickle.loads(answer) if answer else f"no answer after {SECONDS} s"


def _hand_in(writing: int, answer: Any) -> NoReturn:
    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as file:
        file.write(pickle.dumps(answer))
    os._exit(0)
