"""Steps that AWS carries out at once: begun as soon as there is room, and settled whichever ends first."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from orgkit.aws.asynchronous import Again, Asynchronous, Later, Request, Requests, Still
from orgkit.aws.retry import EXPIRED, THROTTLED, Refused
from orgkit.aws.room import Room, Watch
from orgkit.aws.session import Connection
from orgkit.errors import OrgkitError, StepFailed
from orgkit.model.directory import Directory
from orgkit.outcome import Outcome, Result, Slot
from orgkit.plan import Step

BLIND = 3  # looks in a row that fail before the steps under way are given up: the next run finds them again

SELDOM = 12.0  # seconds between two looks at what has ended and cannot be seen yet
NONE = Request("")


class Doing(Protocol):
    """What the apply under way offers."""

    aws: Connection
    directory: Directory
    outcomes: list[Outcome]

    def tell(self, index: int, outcome: Outcome) -> None: ...

    def tell_slots(self, slots: Sequence[Slot]) -> None: ...


class Attempt(Protocol):
    """Run one piece of a step; True unless the step failed."""

    def __call__(self, index: int, step: Step, act: Callable[[], object], *, ends: bool = True) -> bool: ...


Left = Callable[[int, Step], bool]


@dataclass
class Task:
    """One step of the group, and how far it is."""

    index: int
    step: Step
    request: Request = NONE
    in_flight: bool = False
    asked: int = 0  # how often it was begun: from the second time on, what became of the first is in doubt
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


class Together:
    """One group under way: a queue, what is being watched, and our picture of the room that AWS has."""

    def __init__(
        self, doing: Doing, way: Asynchronous, group: Sequence[tuple[int, Step]], attempt: Attempt, left: Left
    ) -> None:
        self.doing, self.aws, self.way = doing, doing.aws, way
        self.attempt, self.left = attempt, left
        self.queue = deque(Task(index, step) for index, step in group)
        self.watched: list[Task] = []
        self.room, self.watch = Room(way, doing.aws.clock), Watch(doing.aws.clock)
        self.moved = 0.0  # when something was begun or ended last
        self.blind = 0
        self.names = frozenset(way.name(step) for _, step in group)
        self.strangers: set[str] = set()  # requests of others, told already
        self.at_most = way.at_most * math.ceil(len(group) / way.in_flight)

    def run(self) -> None:
        """Until every step of the group has ended; what was begun first need not be what ends first."""
        self._find_again()
        while True:
            self._settle_ended()
            self._begin_more()
            if not self.queue and not self.watched:
                return
            self._wait()
            self._look()

    def _find_again(self) -> None:
        """What an earlier run began is watched, and takes its slot."""
        try:
            known = self.way.look(self.aws, everything=True)
        except (Refused, OrgkitError):
            return  # each step looks by itself before it sends anything
        self.room.found(known)
        self._tell_strangers(known)
        for task in list(self.queue):
            request = known.by_name.get(self.way.name(task.step))
            if request is None:
                continue
            self.queue.remove(task)
            if not self.left(task.index, task.step):
                self._watch(task, Request(request, sent=False))
                self._tell(task, Result.RUNNING)

    def _look(self) -> None:
        """One call for all; a failure of it may pass, but not one of the credentials."""
        try:
            known = self.way.look(self.aws)
            self.room.busy, self.blind = known.in_progress, 0
            self._tell_strangers(known)
        except (Refused, OrgkitError) as error:
            self.blind += 1
            if self.blind >= BLIND or not isinstance(error, Refused) or error.code in EXPIRED:
                self.room.busy = frozenset()
                for task in list(self.watched):
                    self._end(task, error)

    def _tell_strangers(self, known: Requests) -> None:
        """Whatever has another name than ours takes a slot, and is somebody else's."""
        for name, request in known.by_name.items():
            if name not in self.names and request in known.in_progress and request not in self.strangers:
                self.strangers.add(request)
                self.aws.journal.write("others", what=name, request=request)

    def _settle_ended(self) -> None:
        """AWS is asked about those alone that it no longer works on."""
        for task in list(self.watched):
            ended = task.request.id not in self.room.busy if task.in_flight else self.watch.seconds >= task.next_look
            if ended:
                self._settle(task)
            if task in self.watched and self.watch.seconds > task.until:
                late = f"AWS has not finished it after {self.watch.seconds - task.since:.0f} s."
                self._end(task, StepFailed(late, "run the phase again: it goes on from here."))

    def _settle(self, task: Task) -> None:
        answers: list[Still | Again | None] = []
        self._count(task)
        if not self._piece(task, lambda: answers.append(self._asked(task))):
            self._drop(task)
            return
        match answers:
            case [Still(request, in_flight)]:
                if task.in_flight and not in_flight:
                    task.until = self.watch.seconds + self.way.room_within  # `settle` has shorter ones of its own
                task.request, task.in_flight = request, in_flight
                task.next_look = self.watch.seconds + SELDOM
            case [Again(failure)] if task.failed:
                self._end(task, failure)
            case [Again()]:
                self._drop(task)
                task.failed = True
                self._back(task)
            case _:
                self._end(task)

    def _asked(self, task: Task) -> Still | Again | None:
        """How it went; to be throttled is no answer, and there is a next look."""
        try:
            return self.way.settle(self.aws, task.step, self.doing.directory, task.request)
        except Refused as refused:
            if refused.code not in THROTTLED:
                raise
            return Still(task.request, task.in_flight)

    def _begin_more(self) -> None:
        while self.queue:
            task = self.queue[0]
            if self.left(task.index, task.step):
                self.queue.popleft()
            elif not self._seconds_to_room():
                self._begin(self.queue.popleft())
            elif not self.watched and self.watch.seconds - self.moved > self.way.room_within:
                why = f"AWS had no room for it within {self.way.room_within:.0f} s: it waited for {self.room.why}."
                self._end(self.queue.popleft(), StepFailed(why, "run the phase again later: it goes on from here."))
            else:
                return

    def _begin(self, task: Task) -> None:
        answers, journalled = list[Request | Later](), len(self.aws.journal.events)
        task.started = task.started or time.monotonic()

        def act() -> None:
            doubt, task.asked = task.asked > 0, task.asked + 1
            answers.append(self.way.begin(self.aws, task.step, self.doing.directory, doubt=doubt))

        going_on = self._piece(task, act)
        self.room.sent(answers, self.aws.journal.events[journalled:])
        match answers:
            case [Later() as later]:
                self.room.none_until(later)
                task.asked, task.started = task.asked - 1, 0.0
                self._back(task)
            case [Request() as request] if going_on:
                self._watch(task, request)

    def _watch(self, task: Task, request: Request) -> None:
        task.request, task.in_flight = request, True
        task.started = task.started or time.monotonic()
        task.since = self.moved = self.watch.seconds
        task.until = task.since + self.way.at_most
        self.watched.append(task)

    def _back(self, task: Task) -> None:
        self.queue.appendleft(task)
        self._tell(task, Result.PENDING)

    def _piece(self, task: Task, act: Callable[[], object]) -> bool:
        return self.attempt(task.index, task.step, act, ends=False)

    def _end(self, task: Task, failure: Exception | None = None) -> None:
        def act() -> None:
            if failure is not None:
                raise failure

        self._count(task)
        if self.doing.outcomes[task.index].result is not Result.FOUND:
            self.attempt(task.index, task.step, act)
        self._drop(task)

    def _drop(self, task: Task) -> None:
        if task in self.watched:
            self.watched.remove(task)
            self.moved = self.watch.seconds

    def _count(self, task: Task) -> None:
        """A step's seconds are its own: from its beginning to its end, whatever was done for others meanwhile."""
        seconds = time.monotonic() - task.started if task.started else 0.0
        self.doing.outcomes[task.index] = replace(self.doing.outcomes[task.index], seconds=round(seconds, 3))

    def _tell(self, task: Task, result: Result) -> None:
        self.doing.tell(task.index, replace(self.doing.outcomes[task.index], result=result))

    def _ours(self) -> list[str]:
        return [task.request.id for task in self.watched if task.in_flight]

    def _seconds_to_room(self) -> float:
        return self.room.seconds_to_next(self._ours())

    def _wait(self) -> None:
        """Until the next look, or until the next can be begun."""
        room = self._seconds_to_room() if self.queue else self.way.poll
        so_far = self.watch.seconds
        watched = [f"{self.way.name(task.step)} {so_far - task.since:.0f} s" for task in self.watched]
        taken, left = self.room.slots(self._ours()), len(self.queue)
        what = f"AWS: {taken} of {self.way.in_flight} at once ({', '.join(watched) or 'none of them ours'})"
        if not taken and self.room.waits_for:
            what = f"{self.room.waits_for} ({left} to begin)"
        elif left:
            what += f", {left} more to begin"
            what += f", waiting for {self.room.waits_for}" if self.room.waits_for else ""
        self.doing.tell_slots(self._slots())
        self.aws.progress(what, so_far, self.at_most)
        self.watch.sleep(min(room, self.way.poll) if self.watched else room)

    def _slots(self) -> list[Slot]:
        """Ours with their times, then those that somebody else takes, then the free ones."""
        now = self.watch.seconds
        ours = [Slot(self.way.name(t.step), now - t.since, self.way.at_most) for t in self.watched if t.in_flight]
        others = [Slot("somebody else's")] * (self.room.slots(self._ours()) - len(ours))
        free = [Slot()] * (self.way.in_flight - len(ours) - len(others))
        return [*ours, *others, *free]
