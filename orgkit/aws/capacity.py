"""How much room AWS has for one more request, as far as that can be known: slots, and tokens of its throttle."""

import math
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from orgkit.aws.asynchronous import Asynchronous, Request, Requests, Throttled
from orgkit.aws.clock import Clock
from orgkit.aws.rejections import THROTTLING_CODES

GROWTH, MAX_PAUSE_SECONDS = 1.5, 60.0  # of the pauses for one that is refused again and again; seconds


class TokenBucket:
    """Our picture of AWS's throttle. It never runs ahead: a token counts as taken when AWS has answered."""

    def __init__(self, burst: int, every: float, now: datetime, sent_at: Iterable[datetime] = ()) -> None:
        self._burst, self._every = float(burst), every
        moments = sorted(min(moment, now) for moment in sent_at)
        self._tokens, self._at = self._burst, moments[0] if moments else now
        for moment in moments:
            self.take(moment)

    def take(self, now: datetime) -> None:
        self._fill(now)
        self._tokens = max(0.0, self._tokens - 1)

    def empty(self, now: datetime) -> None:
        self._tokens, self._at = 0.0, now

    def tokens(self, now: datetime) -> int:
        """How many there are."""
        self._fill(now)
        return int(self._tokens)

    def seconds_to_next(self, now: datetime, count: int = 1) -> float:
        """0 when there are so many; rounded up, so that a wait for them is never a little too short."""
        self._fill(now)
        return max(0.0, math.ceil((count - self._tokens) * self._every * 1000) / 1000)

    def _fill(self, now: datetime) -> None:
        """The time of day may have been set back: then nothing came in."""
        passed = max(0.0, (now - self._at).total_seconds())
        self._tokens, self._at = min(self._burst, self._tokens + passed / self._every), now


class Capacity:
    """Slots and tokens together; every request that AWS works on occupies a slot, whatever caller sent it."""

    def __init__(self, operation: Asynchronous[Any], clock: Clock) -> None:
        self._operation, self._clock = operation, clock
        self._not_before = clock.now()
        self._failures = 0  # how often in a row there was no room
        self._bucket = TokenBucket(operation.burst, operation.seconds_per_token, self._not_before)
        self.busy: frozenset[str] = frozenset()  # ids of requests in progress, as AWS last reported them
        self.reason = "the requests of others to end"

    def start_from(self, known: Requests) -> None:
        """What was sent before we began has taken its tokens."""
        self.busy = known.in_progress
        self._bucket = TokenBucket(
            self._operation.burst, self._operation.seconds_per_token, self._clock.now(), known.sent_at
        )

    def record_answers(self, answers: Sequence[Request | Throttled], events: Iterable[dict[str, Any]]) -> None:
        """A throttled call shows that no token was left; a call that was not sent has used none."""
        self._failures = 0 if any(isinstance(answer, Request) for answer in answers) else self._failures
        codes = {str(event["code"]).partition(" ")[0] for event in events if event.get("code")}
        if codes & THROTTLING_CODES:
            self._bucket.empty(self._clock.now())
        elif not any(isinstance(answer, Request) and not answer.sent for answer in answers):
            self._bucket.take(self._clock.now())

    def back_off(self, throttled: Throttled) -> None:
        """Back off: poll less often the longer no slot frees up."""
        pause = max(throttled.pause, min(throttled.pause * GROWTH**self._failures, MAX_PAUSE_SECONDS))
        self._failures += 1
        self.reason, self._not_before = throttled.reason, self._clock.now() + timedelta(seconds=pause)

    @property
    def pause_reason(self) -> str:
        """What AWS asked us to wait for; "" when that is over."""
        return self.reason if self._clock.now() < self._not_before else ""

    def slots(self, operations: Iterable[str]) -> int:
        """How many are taken; ours may be too new for AWS's list."""
        return len(self.busy.union(operations))

    def free_slots(self, operations: Iterable[str]) -> int:
        """How many more requests AWS works on at once."""
        return max(0, self._operation.in_flight - self.slots(operations))

    def seconds_to_tokens(self, count: int) -> float:
        """0 when so many can be sent; what AWS asked us to wait for comes first."""
        now = self._clock.now()
        retry_after = min((self._not_before - now).total_seconds(), self._operation.poll_seconds * 15)
        return max(self._bucket.seconds_to_next(now, count), retry_after, 0.0)

    def tokens(self) -> int:
        """How many can be sent now."""
        now = self._clock.now()
        return self._bucket.tokens(now) if now >= self._not_before else 0


class Stopwatch:
    """Seconds by our own pauses and this machine's monotonic clock: no clock on a wall stretches or shortens them."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._since, self._slept = clock, time.monotonic(), 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since + self._slept

    def sleep(self, seconds: float) -> None:
        start = time.monotonic()
        self._clock.sleep(seconds)
        self._slept += seconds - (time.monotonic() - start)


class ClockWatch:
    """Seconds by the clock; when it is set back, none have passed. It says when to look next, and ends nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._last, self._passed = clock, clock.now(), 0.0

    @property
    def seconds(self) -> float:
        now = self._clock.now()
        self._passed += max(0.0, (now - self._last).total_seconds())
        self._last = now
        return self._passed
