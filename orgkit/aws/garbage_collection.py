"""The garbage collector of processes that load botocore or moto."""

import atexit
import gc

# botocore, moto and papermill create hundreds of thousands of objects at import, and keep them. With Python's own
# threshold of 700 new objects, the search for reference cycles takes a tenth of the CPU time of a rehearsal. A plan, or
# the run of a phase, creates 200,000 that it keeps: to look at each of them once takes a thirtieth of its time.
NEW_OBJECTS = 300_000
COLLECTIONS = 20  # of one generation, until the next older one is searched too


def collect_less_often() -> None:
    """Let this process create more objects before it searches for cycles; all other garbage is freed at once anyway."""
    gc.set_threshold(NEW_OBJECTS, COLLECTIONS, COLLECTIONS)


def collect_nothing_at_exit() -> None:
    """Let this process end without a search of what it has used until then.

    Python searches all objects several times when a process ends, although the system then frees its memory. That takes
    a fifth of what `orgkit run` takes without its kernel. Exit handlers run in reverse order: call this first.
    """
    atexit.register(gc.freeze)
