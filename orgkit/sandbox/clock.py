"""The sandbox's own clock: it runs like a real one, and a sleep either skips ahead or really waits."""

import threading
import time
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Begins at the real time of start. Fast: a sleep costs nothing; in real time: it takes as long as it says."""

    def __init__(self, real_time: bool) -> None:
        self._real_time = real_time
        self.start = datetime.now(UTC)
        self._started = time.monotonic()
        self._skipped = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self._started + self._skipped)

    def timestamp(self) -> float:
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        if self._real_time:
            time.sleep(max(0.0, seconds))
        else:
            self.skip(seconds)

    def sleep_until(self, moment: datetime) -> None:
        """For several waiters at once: those who wait for the same moment let the clock run only once."""
        self.sleep((moment - self.now()).total_seconds())

    def skip(self, seconds: float) -> None:
        with self._lock:
            self._skipped += max(0.0, seconds)
