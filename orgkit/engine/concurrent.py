"""Steps about different subjects, carried out while others wait for AWS, by one thread.

A step begins when the earlier steps about its subject have ended. Where it has to wait, the others go on.
"""

import heapq
from collections.abc import Sequence
from dataclasses import field

from orgkit.aws.asynchronous import Asynchronous
from orgkit.aws.capacity import ClockWatch, Stopwatch
from orgkit.aws.waiting import Wait
from orgkit.dataclass import dataclass
from orgkit.engine.attempt import ApplyContext, Attempt, attempt_step
from orgkit.engine.requests import Pace, RequestQueue
from orgkit.model.plan import Step

MIN_PAUSE_SECONDS = 0.001  # a clock counts microseconds: by less it might not go on


@dataclass(order=True)
class _Waiting:
    """A step that waits for AWS, and when it goes on."""

    due: float  # by the clock
    index: int
    attempt: Attempt = field(compare=False)
    wait: Wait = field(compare=False)
    since: float = field(compare=False)  # by the stopwatch


class ConcurrentSteps:
    """One group of steps under way: those that can begin, those that wait, and the requests that AWS works on.

    Which step comes next follows from the clock and from AWS's answers alone.
    """

    def __init__(self, context: ApplyContext, group: Sequence[tuple[int, Step]]) -> None:
        self.context, self.steps = context, dict(group)
        self.watch, self.stopwatch = ClockWatch(context.aws.clock), Stopwatch(context.aws.clock)
        self.pace: Pace | None = None  # where AWS creates accounts
        self.waiting: list[_Waiting] = []
        self.blockers, self.blocked_steps = _blockers(group)
        self.ready = [index for index in self.steps if not self.blockers[index]]  # sorted, and so a heap
        self.requests = self._request_queue(group)

    def run(self) -> None:
        """Until every step of the group has ended."""
        while True:
            self._advance_requests()
            if self._go_on() or self._begin():
                continue
            if not self.waiting and self.requests is None:
                return
            self._sleep()

    def _request_queue(self, group: Sequence[tuple[int, Step]]) -> RequestQueue | None:
        """Of the steps that AWS carries out in its own time: they are the first about their subjects."""
        runs = {index: self.context.handlers[type(step)].run for index, step in group}
        operations = {index: run for index, run in runs.items() if isinstance(run, Asynchronous)}
        if not operations:
            return None
        self.ready = [index for index in self.ready if index not in operations]
        queued = [(index, step) for index, step in group if index in operations]
        self.pace = Pace(self.watch, self.stopwatch)
        return RequestQueue(self.context, operations[queued[0][0]], queued, self.pace)

    def _advance_requests(self) -> None:
        if self.requests is None or self.requests.seconds_to_round():
            return
        self.requests.advance()
        for index in self.requests.take_ended():
            self._unblock(index)
        if self.requests.has_ended:
            self.requests = None
            self.context.slots, self.context.expected = (), 0.0

    def _go_on(self) -> bool:
        """Whether there was a step whose pause is over."""
        if not self.waiting or self.waiting[0].due > self.watch.seconds:
            return False
        step = heapq.heappop(self.waiting)
        self._carry_out(step.index, step.attempt, self.stopwatch.seconds - step.since)
        return True

    def _begin(self) -> bool:
        """Whether there was a step that could begin; the first by the order of the plan does."""
        if not self.ready:
            return False
        index = heapq.heappop(self.ready)
        if self.context.skip(index, self.steps[index]):
            self._unblock(index)
        else:
            self._carry_out(index, attempt_step(self.context, index, self.steps[index]))
        return True

    def _carry_out(self, index: int, attempt: Attempt, seconds: float = 0.0) -> None:
        wait = attempt.go_on(seconds)
        if wait is None:
            self._unblock(index)
            return
        due = self.watch.seconds + self._pause(wait)
        heapq.heappush(self.waiting, _Waiting(due, index, attempt, wait, self.stopwatch.seconds))

    def _pause(self, wait: Wait) -> float:
        """Shorter where everything waits for the last accounts."""
        if self.pace is None or self.ready or (self.requests is not None and self.requests.queue):
            return wait.pause
        return min(wait.pause, self.pace.last_pause)

    def _unblock(self, index: int) -> None:
        """The step has ended, however it did."""
        for blocked_index in self.blocked_steps.get(index, ()):
            self.blockers[blocked_index] -= 1
            if not self.blockers[blocked_index]:
                heapq.heappush(self.ready, blocked_index)

    def _sleep(self) -> None:
        """Until a pause is over, or until AWS is asked again how far its requests are."""
        waiting = self.waiting[0] if self.waiting else None
        pauses = [waiting.due - self.watch.seconds] if waiting else []
        if self.requests is not None:
            pauses.append(self.requests.seconds_to_round())
            self.requests.report(waiting.wait.subject if waiting else "")
        elif waiting:
            self.context.aws.progress(waiting.wait.subject, waiting.wait.so_far, waiting.wait.at_most)
        self.stopwatch.sleep(max(MIN_PAUSE_SECONDS, min(pauses)))


def _blockers(group: Sequence[tuple[int, Step]]) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Return how many earlier steps each one waits for, and which later ones wait for each."""
    by_subject: dict[str, list[int]] = {}
    counts: dict[int, int] = {}
    blocked_steps: dict[int, list[int]] = {}
    for index, step in group:
        blocking = {number for subject in step.depends_on for number in by_subject.get(subject, ())}
        counts[index] = len(blocking)
        for number in sorted(blocking):
            blocked_steps.setdefault(number, []).append(index)
        by_subject.setdefault(step.subject, []).append(index)
    return counts, blocked_steps
