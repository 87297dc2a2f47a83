"""Steps that AWS carries out at once: begun as soon as there is room, and settled whichever ends first."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from orgkit.aws.asynchronous import Asynchronous, Pending, Request, Requests, Retry, Throttled
from orgkit.aws.capacity import Capacity, Stopwatch
from orgkit.aws.rejections import EXPIRED_CODES, NO_CAPACITY, THROTTLING_CODES, Rejected
from orgkit.aws.session import Connection
from orgkit.errors import OrgkitError, StepFailed
from orgkit.model.matching import IdIndex
from orgkit.model.outcome import Outcome, Slot, StepStatus
from orgkit.model.plan import Step

MAX_FAILED_POLLS = 3  # looks in a row that fail before the steps under way are given up: the next run finds them again

RECHECK_SECONDS = 12.0  # seconds between two looks at what has ended and cannot be seen yet
NO_REQUEST = Request("")


class ApplyContext(Protocol):
    """What the apply under way offers."""

    aws: Connection
    id_index: IdIndex
    outcomes: list[Outcome]

    def is_to_do(self, step: Step) -> bool: ...

    def report(self, index: int, outcome: Outcome) -> None: ...

    def report_slots(self, slots: Sequence[Slot], expected: float) -> None: ...


class Attempt(Protocol):
    """Run one piece of a step; True unless the step failed."""

    def __call__(self, index: int, step: Step, act: Callable[[], object], *, is_final: bool = True) -> bool: ...


SkipStep = Callable[[int, Step], bool]


@dataclass
class Task:
    """One step of the group, and how far it is."""

    index: int
    step: Step
    request: Request = NO_REQUEST
    in_flight: bool = False
    attempts: int = 0  # how often it was sent: from the second time on, the outcome of the first is in doubt
    failed: bool = False  # once, and was begun again
    started: float = 0.0  # by this machine's monotonic clock, as every step's seconds are counted
    since: float = 0.0  # by the group's own watch
    until: float = math.inf
    next_look: float = 0.0  # once it takes no slot, nobody waits for it


def groups(steps: Sequence[Step]) -> Iterator[list[tuple[int, Step]]]:
    """Steps of a kind that AWS works on at once, next to each other, are one group; every other step is its own."""
    group: list[tuple[int, Step]] = []
    for index, step in enumerate(steps):
        if group and not (step.concurrent and type(step) is type(group[0][1])):
            yield group
            group = []
        group.append((index, step))
    if group:
        yield group


class ConcurrentExecutor:
    """One group under way: a queue, what is being watched, and our picture of the room that AWS has."""

    def __init__(
        self,
        context: ApplyContext,
        operation: Asynchronous[Any],
        group: Sequence[tuple[int, Step]],
        attempt: Attempt,
        skip: SkipStep,
    ) -> None:
        self.context, self.aws, self.operation = context, context.aws, operation
        self.attempt, self.skip = attempt, skip
        self.queue = deque(Task(index, step) for index, step in group)
        self.watched: list[Task] = []
        self.capacity, self.stopwatch = Capacity(operation, context.aws.clock), Stopwatch(context.aws.clock)
        self.last_change = 0.0  # when something was begun or ended last
        self.failed_polls = 0
        self.names = frozenset(operation.name(step) for _, step in group)
        self.foreign_requests: set[str] = set()  # requests of other callers, already reported
        self.timeout = operation.timeout * math.ceil(len(group) / operation.in_flight)

    def run(self) -> None:
        """Until every step of the group has ended; what was begun first need not be what ends first."""
        self._resume_requests()
        while True:
            self._settle_ended()
            self._begin_more()
            if not self.queue and not self.watched:
                return
            self._wait()
            self._poll()

    def _resume_requests(self) -> None:
        """What an earlier run began is watched, and takes its slot."""
        try:
            known = self.operation.list_requests(self.aws, include_ended=True)
        except (Rejected, OrgkitError):
            return  # each step looks by itself before it sends anything
        self.capacity.start_from(known)
        self._journal_foreign_requests(known)
        for task in list(self.queue):
            request = known.by_name.get(self.operation.name(task.step))
            if request is None:
                continue
            self.queue.remove(task)
            if not self.skip(task.index, task.step):
                self._watch(task, Request(request, sent=False))
                self._report(task, StepStatus.RUNNING)

    def _poll(self) -> None:
        """One call for all; a failure of it may pass, but not one of the credentials."""
        try:
            known = self.operation.list_requests(self.aws)
            self.capacity.busy, self.failed_polls = known.in_progress, 0
            self._journal_foreign_requests(known)
        except (Rejected, OrgkitError) as error:
            self.failed_polls += 1
            if self.failed_polls >= MAX_FAILED_POLLS or not isinstance(error, Rejected) or error.code in EXPIRED_CODES:
                self.capacity.busy = frozenset()
                for task in list(self.watched):
                    self._end(task, error)

    def _journal_foreign_requests(self, known: Requests) -> None:
        """Whatever has another name than ours takes a slot, and is somebody else's."""
        for name, request in known.by_name.items():
            if name not in self.names and request in known.in_progress and request not in self.foreign_requests:
                self.foreign_requests.add(request)
                self.aws.journal.write("others", what=name, request=request)

    def _settle_ended(self) -> None:
        """AWS is asked about those alone that it no longer works on."""
        for task in list(self.watched):
            ended = (
                task.request.id not in self.capacity.busy
                if task.in_flight
                else self.stopwatch.seconds >= task.next_look
            )
            if ended:
                self._settle(task)
            if task in self.watched and self.stopwatch.seconds > task.until:
                late = f"AWS has not finished it after {self.stopwatch.seconds - task.since:.0f} s."
                self._end(task, StepFailed(late, "run the phase again: it goes on from here."))

    def _settle(self, task: Task) -> None:
        answers: list[Pending | Retry | None] = []
        self._count(task)
        if not self._attempt_part(task, lambda: answers.append(self._settle_request(task))):
            self._drop(task)
            return
        match answers:
            case [Pending(request, in_flight)]:
                if task.in_flight and not in_flight:
                    task.until = (
                        self.stopwatch.seconds + self.operation.capacity_timeout
                    )  # `settle` has shorter ones of its own
                task.request, task.in_flight = request, in_flight
                task.next_look = self.stopwatch.seconds + RECHECK_SECONDS
            case [Retry(failure)] if task.failed:
                self._end(task, failure)
            case [Retry()]:
                self._drop(task)
                task.failed = True
                self._requeue(task)
            case _:
                self._end(task)

    def _settle_request(self, task: Task) -> Pending | Retry | None:
        """How it went; to be throttled is no answer, and there is a next look."""
        try:
            return self.operation.settle(self.aws, task.step, self.context.id_index, task.request)
        except Rejected as rejection:
            if rejection.code not in THROTTLING_CODES:
                raise
            return Pending(task.request, task.in_flight)

    def _begin_more(self) -> None:
        while self.queue:
            task = self.queue[0]
            if self.skip(task.index, task.step):
                self.queue.popleft()
            elif not self._seconds_to_capacity():
                self._begin(self.queue.popleft())
            elif not self.watched and self.stopwatch.seconds - self.last_change > self.operation.capacity_timeout:
                seconds = self.operation.capacity_timeout
                reason = f"AWS had no room for it within {seconds:.0f} s: it waited for {self.capacity.reason}."
                remedy = "run the phase again later: it goes on from here."
                self._end(self.queue.popleft(), StepFailed(reason, remedy, code=NO_CAPACITY))
            else:
                return

    def _begin(self, task: Task) -> None:
        answers, journalled = list[Request | Throttled](), len(self.aws.journal.events)
        task.started = task.started or time.monotonic()

        def act() -> None:
            if not task.attempts:
                self.context.is_to_do(task.step)
            doubt, task.attempts = task.attempts > 0, task.attempts + 1
            answers.append(self.operation.begin(self.aws, task.step, self.context.id_index, doubt=doubt))

        going_on = self._attempt_part(task, act)
        self.capacity.record_answers(answers, self.aws.journal.events[journalled:])
        match answers:
            case [Throttled() as throttled]:
                self.capacity.back_off(throttled)
                task.attempts, task.started = task.attempts - 1, 0.0
                self._requeue(task)
            case [Request() as request] if going_on:
                self._watch(task, request)

    def _watch(self, task: Task, request: Request) -> None:
        task.request, task.in_flight = request, True
        task.started = task.started or time.monotonic()
        task.since = self.last_change = self.stopwatch.seconds
        task.until = task.since + self.operation.timeout
        self.watched.append(task)

    def _requeue(self, task: Task) -> None:
        self.queue.appendleft(task)
        self._report(task, StepStatus.PENDING)

    def _attempt_part(self, task: Task, act: Callable[[], object]) -> bool:
        return self.attempt(task.index, task.step, act, is_final=False)

    def _end(self, task: Task, failure: Exception | None = None) -> None:
        def act() -> None:
            if failure is not None:
                raise failure

        self._count(task)
        if self.context.outcomes[task.index].status is not StepStatus.ALREADY_APPLIED:
            self.attempt(task.index, task.step, act)
        self._drop(task)

    def _drop(self, task: Task) -> None:
        if task in self.watched:
            self.watched.remove(task)
            self.last_change = self.stopwatch.seconds

    def _count(self, task: Task) -> None:
        """A step's seconds are its own: from its beginning to its end, whatever was done for others meanwhile."""
        seconds = time.monotonic() - task.started if task.started else 0.0
        self.context.outcomes[task.index] = replace(self.context.outcomes[task.index], seconds=round(seconds, 3))

    def _report(self, task: Task, result: StepStatus) -> None:
        self.context.report(task.index, replace(self.context.outcomes[task.index], status=result))

    def _requests_in_flight(self) -> list[str]:
        return [task.request.id for task in self.watched if task.in_flight]

    def _seconds_to_capacity(self) -> float:
        return self.capacity.seconds_to_next(self._requests_in_flight())

    def _wait(self) -> None:
        """Until the next look, or until the next can be begun."""
        seconds = self._seconds_to_capacity() if self.queue else self.operation.poll_seconds
        so_far = self.stopwatch.seconds
        watched = [f"{self.operation.name(task.step)} {so_far - task.since:.0f} s" for task in self.watched]
        used_slots, waiting = self.capacity.slots(self._requests_in_flight()), len(self.queue)
        subject = (
            f"AWS: {used_slots} of {self.operation.in_flight} at once ({', '.join(watched) or 'none of them ours'})"
        )
        if not used_slots and self.capacity.pause_reason:
            subject = f"{self.capacity.pause_reason} ({waiting} to begin)"
        elif waiting:
            subject += f", {waiting} more to begin"
            subject += f", waiting for {self.capacity.pause_reason}" if self.capacity.pause_reason else ""
        elapsed = [so_far - task.since for task in self.watched]
        self.context.report_slots(self._slots(), expected_seconds(self.operation, elapsed, waiting))
        self.aws.progress(subject, so_far, self.timeout)
        self.stopwatch.sleep(min(seconds, self.operation.poll_seconds) if self.watched else seconds)

    def _slots(self) -> list[Slot]:
        """Ours with their times, then those that somebody else takes, then the free ones."""
        now = self.stopwatch.seconds
        slots = [
            Slot(self.operation.name(t.step), now - t.since, self.operation.timeout, self.operation.typical)
            for t in self.watched
            if t.in_flight
        ]
        foreign_slots = [Slot("somebody else's")] * (self.capacity.slots(self._requests_in_flight()) - len(slots))
        free = [Slot()] * (self.operation.in_flight - len(slots) - len(foreign_slots))
        return [*slots, *foreign_slots, *free]


def expected_seconds(operation: Asynchronous[Any], elapsed: Sequence[float], waiting: int) -> float:
    """Until AWS has ended all of them, by what it usually takes for one; 0 where that is not known.

    Args:
        operation: What AWS does.
        elapsed: The seconds that each one under way has taken so far.
        waiting: How many are to begin.
    """
    if not operation.typical:
        return 0.0
    under_way = max((max(operation.typical - seconds, operation.poll_seconds) for seconds in elapsed), default=0.0)
    interval = max(operation.typical / operation.in_flight, operation.seconds_per_token)
    return max(under_way, interval * waiting + operation.typical) if waiting else under_way
