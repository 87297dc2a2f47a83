"""Notes, in a process that is traced, which functions of orgkit ran, by file and lines; import time does not count."""

import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

FOLDER = os.environ.get("ORGKIT_TRACE", "")
PACKAGE = f"{os.sep}orgkit{os.sep}"
OPTIMIZED = 0x1  # the flag of functions: bodies of classes and modules do not have it
ran: set[CodeType] = set()
importing = threading.local()


def note(frame: FrameType, event: str, _: object) -> None:
    """Called at each call and return: a module's own frame is open as long as it is imported."""
    code = frame.f_code
    if code.co_name == "<module>" and frame.f_globals.get("__name__") != "__main__":
        change = {"call": 1, "return": -1}.get(event, 0)
        importing.depth = max(getattr(importing, "depth", 0) + change, 0)  # not below: this module returns first
    elif event == "call" and _counts(code) and not getattr(importing, "depth", 0):
        add(code)


def _counts(code: CodeType) -> bool:
    return PACKAGE in code.co_filename and bool(code.co_flags & OPTIMIZED)


def add(code: CodeType) -> None:
    """Written at once: a kernel is killed and never comes to an end of its own."""
    if code not in ran:
        ran.add(code)
        last = max(line for _, _, line in code.co_lines() if line is not None)
        with Path(FOLDER, f"{os.getpid()}.txt").open("a", encoding="utf-8") as file:
            file.write(f"{code.co_filename}\t{code.co_firstlineno}\t{last}\n")


if FOLDER:
    threading.setprofile(note)
    sys.setprofile(note)
