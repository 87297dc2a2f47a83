"""Steps that AWS carries out at once: begun as soon as there is room, and settled whichever ends first."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from orgkit.aws.asynchronous import Asynchronous, Pending, Request, Requests, Retry, Throttled
from orgkit.aws.capacity import Capacity, ClockWatch, Stopwatch
from orgkit.aws.rejections import EXPIRED_CODES, NO_CAPACITY, THROTTLING_CODES, Rejected
from orgkit.aws.waiting import sleep_through
from orgkit.dataclass import dataclass
from orgkit.engine.attempt import ApplyContext, attempt_part
from orgkit.engine.request_view import RequestView, WatchedRequest
from orgkit.errors import OrgkitError, StepFailed
from orgkit.model.outcome import StepStatus
from orgkit.model.plan import Step

MAX_FAILED_POLLS = 3  # looks in a row that fail before the steps under way are given up: the next run finds them again

RECHECK_SECONDS = 12.0  # seconds between two looks at what has ended and cannot be seen yet
NO_REQUEST = Request("")
UNDER_WAY = (StepStatus.PENDING, StepStatus.RUNNING)


@dataclass(frozen=True)
class Pace:
    """How often AWS is asked: the longer all has taken, the less a moment more counts."""

    watch: ClockWatch  # for the next look: what follows from it is the same in each run
    stopwatch: Stopwatch  # for time-outs

    @property
    def last_pause(self) -> float:
        """Between two looks at the last requests, for which everything waits: 1 % of the time until then."""
        return max(1.0, self.watch.seconds / 100)


@dataclass(eq=False)
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


class RequestQueue:
    """The asynchronous steps of a group: a queue, what is being watched, and our picture of the room that AWS has."""

    def __init__(
        self,
        context: ApplyContext,
        operation: Asynchronous[Any],
        group: Sequence[tuple[int, Step]],
        pace: Pace,
    ) -> None:
        self.context, self.aws, self.operation, self.pace = context, context.aws, operation, pace
        self.queue = deque(Task(index, step) for index, step in group)
        self.watched: list[Task] = []
        self.capacity, self.stopwatch = Capacity(operation, context.aws.clock), pace.stopwatch
        self.last_round: float | None = None  # when AWS was asked last how far it is
        self.last_change = 0.0  # when something was begun or ended last
        self.failed_polls = 0
        self.names = frozenset(operation.name(step) for _, step in group)
        self.foreign_requests: set[str] = set()  # requests of other callers, already reported
        self.timeout = operation.timeout * math.ceil(len(group) / operation.in_flight)
        self.touched: list[int] = []  # steps that may have ended since `take_ended` was called last

    @property
    def has_ended(self) -> bool:
        """What was begun first need not be what ends first."""
        return not self.queue and not self.watched

    def advance(self) -> None:
        """Ask AWS how far it is, settle what has ended, and begin what there is room for.

        One list of the requests and one of the results is read for all of them. What is to begin is reported before the
        second one is read: it holds the values from which they start.
        """
        if self.last_round is None:
            self._resume_requests()
        with self.aws.shared_reads.shared():
            if self.queue or self.watched:
                self._poll()
            ended = [task for task in self.watched if self._has_ended(task)]
            batch = self._next_batch(ended)
            for task in ended:
                self._settle(task)
            self._begin_batch(batch)
        self._end_without_room()
        for task in list(self.watched):
            if self.stopwatch.seconds > task.until:
                late = f"AWS has not finished it after {self.stopwatch.seconds - task.since:.0f} s."
                self._end(task, StepFailed(late, "run the phase again: it goes on from here."))
        self.last_round = self.pace.watch.seconds

    def take_ended(self) -> list[int]:
        """Return the steps that have ended since the last call."""
        touched, self.touched = self.touched, []
        return [index for index in dict.fromkeys(touched) if self.context.outcomes[index].status not in UNDER_WAY]

    def seconds_to_round(self) -> float:
        """Until it makes sense to ask AWS again, or until the next can begin; 0: now."""
        if self.last_round is None:
            return 0.0
        passed = self.pace.watch.seconds - self.last_round
        pauses = [task.next_look - self.pace.watch.seconds for task in self.watched if not task.in_flight]
        if self.queue:
            has_slot = self.capacity.free_slots(self._requests_in_flight()) > 0
            token_pause = self.capacity.seconds_to_tokens(self._wanted_tokens)
            pauses.append(token_pause if has_slot else self.operation.poll_seconds - passed)
        elif len(pauses) < len(self.watched):
            pause = self.operation.poll_seconds if self.failed_polls else self.pace.last_pause
            pauses.append(min(pause, self.operation.poll_seconds) - passed)
        return max(0.0, min(pauses, default=0.0))

    @property
    def _wanted_tokens(self) -> int:
        """How many there have to be: of a long queue, two are sent after one reading of the accounts."""
        return 2 if len(self.queue) > 2 * self.operation.in_flight else 1

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
            if not self._skip(task):
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

    def _has_ended(self, task: Task) -> bool:
        """AWS is asked about those alone that it no longer works on."""
        if task.in_flight:
            return task.request.id not in self.capacity.busy
        return self.pace.watch.seconds >= task.next_look

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
                task.next_look = self.pace.watch.seconds + RECHECK_SECONDS
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

    def _next_batch(self, ended: Sequence[Task]) -> list[Task]:
        """Take those that can begin now out of the queue; none where there is no room, or too little of it."""
        count = self._capacity(ended) if self.capacity.tokens() >= self._wanted_tokens else 0
        batch: list[Task] = []
        while self.queue and len(batch) < count:
            task = self.queue.popleft()
            if not self._skip(task):
                batch.append(task)
                self._report(task, StepStatus.RUNNING)
        return batch

    def _capacity(self, ended: Sequence[Task] = ()) -> int:
        """How many can be begun now, by slots and by tokens."""
        return min(self.capacity.tokens(), self.capacity.free_slots(self._requests_in_flight(ended)))

    def _end_without_room(self) -> None:
        """Nothing is watched, nothing was begun for long, and AWS still has no room."""
        limit = self.operation.capacity_timeout
        while self.queue and not self.watched and self.stopwatch.seconds - self.last_change > limit:
            if self._capacity():
                return
            reason = f"AWS had no room for it within {limit:.0f} s: it waited for {self.capacity.reason}."
            remedy = "run the phase again later: it goes on from here."
            task = self.queue.popleft()
            if not self._skip(task):
                self._end(task, StepFailed(reason, remedy, code=NO_CAPACITY))

    def _begin_batch(self, batch: Sequence[Task]) -> None:
        """Send one after the other; the rest waits when one of them shows that there is no room, or has taken long."""
        remaining = deque(batch)
        while remaining and self._capacity():
            task = remaining[0]
            if self._skip(task):
                remaining.popleft()
                continue
            is_throttled = self._begin(task)
            if not is_throttled:
                remaining.popleft()
            if is_throttled or task.attempts > 1:
                break
        for task in reversed(remaining):
            self._requeue(task)

    def _begin(self, task: Task) -> bool:
        """Whether AWS had no room for it."""
        answers, journalled = list[Request | Throttled](), len(self.aws.journal.events)
        task.started = task.started or time.monotonic()

        def act() -> None:
            if not task.attempts:
                sleep_through(self.aws.clock, self.aws.progress, self.context.is_to_do(task.step))
            doubt, task.attempts = task.attempts > 0, task.attempts + 1
            answers.append(self.operation.begin(self.aws, task.step, self.context.id_index, doubt=doubt))

        going_on = self._attempt_part(task, act)
        self.capacity.record_answers(answers, self.aws.journal.events[journalled:])
        match answers:
            case [Throttled() as throttled]:
                self.capacity.back_off(throttled)
                task.attempts, task.started = task.attempts - 1, 0.0
                return True
            case [Request() as request] if going_on:
                self._watch(task, request)
        return False

    def _watch(self, task: Task, request: Request) -> None:
        task.request, task.in_flight = request, True
        task.started = task.started or time.monotonic()
        task.since = self.last_change = self.stopwatch.seconds
        task.until = task.since + self.operation.timeout
        self.watched.append(task)

    def _requeue(self, task: Task) -> None:
        self.queue.appendleft(task)
        self._report(task, StepStatus.PENDING)

    def _attempt_part(self, task: Task, act: Callable[[], object], *, is_final: bool = False) -> bool:
        self.touched.append(task.index)
        return attempt_part(self.context, task.index, task.step, act, is_final=is_final)

    def _skip(self, task: Task) -> bool:
        self.touched.append(task.index)
        return self.context.skip(task.index, task.step)

    def _end(self, task: Task, failure: Exception | None = None) -> None:
        def act() -> None:
            if failure is not None:
                raise failure

        self._count(task)
        if self.context.outcomes[task.index].status is not StepStatus.ALREADY_APPLIED:
            self._attempt_part(task, act, is_final=True)
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

    def _requests_in_flight(self, ended: Sequence[Task] = ()) -> list[str]:
        return [task.request.id for task in self.watched if task.in_flight and task not in ended]

    def report(self, also: str) -> None:
        """Show what AWS works on, and what else is waited for."""
        so_far = self.stopwatch.seconds
        view = RequestView(
            operation=self.operation,
            watched=[WatchedRequest(self.operation.name(t.step), so_far - t.since, t.in_flight) for t in self.watched],
            used_slots=self.capacity.slots(self._requests_in_flight()),
            waiting=len(self.queue),
            pause_reason=self.capacity.pause_reason,
        )
        self.context.report_slots(view.slots(), view.expected_seconds())
        self.aws.progress(f"{view.subject()}; {also}" if also else view.subject(), so_far, self.timeout)
