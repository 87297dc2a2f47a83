"""Every call of every phase against every kind of fault: at each call this process is copied, once for each kind."""

import gc
import itertools
import json
import os
import random
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orgkit.aws.person_settings import CODES_VARIABLE, IDS_VARIABLE
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe_and_plan
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.phases.policy_removal.spec import PolicyRemovalSpec
from orgkit.phases.registry import PHASES, phase_of
from orgkit.rehearsal.bootstrap import seed_of
from orgkit.sandbox.ids import account_id, one_time_code
from orgkit.sandbox.seed import OwnPolicy
from orgkit.sandbox.world import world
from tests.faults import wire as wires
from tests.faults.copies import Copies, answer_of, in_a_copy
from tests.faults.journals import Journals
from tests.faults.phase import Ended, run
from tests.faults.state import state
from tests.faults.trial import FAULTS, Fault, Met, Phase, Point, Reference, Trial, Verdict, nothing, point_of

DIGEST = re.compile(r"[0-9a-f]{64}")
# A copy stands in a folder of its own, and finds its outputs under the name that all others have for theirs.
OUTPUTS = Path("/proc/self/cwd/outputs")
# The phases after the bootstrap that also change something; one needs an address for alerts about the bill.
LATER = ("state-backend", "billing", "policies", "policy-removal", "contacts")
ROAD = (*PHASES, *map(phase_of, LATER))
# What of a phase is drawn, where all else that it calls has met its faults in the phases before.
DRAWN = {"contacts": {"GetAlternateContact", "PutAlternateContact"}}
# In every account, so that it is put once for each of them.
CONTACT = """security.name = "Ada"
security.title = "On-call"
security.email = "security@example.com"
security.phone = "+1 555 555 0100"
"""
STATE = """account = "{}"
kms_key = ""
github = {{ owner = "acme", owner_id = "1234567", repository = "infrastructure", repository_id = "7654321" }}
"""
TOLD = '[billing]\nalerts = ["ada@example.com"]\n'
STARTER_SET = Path(__file__).parents[2] / "parameters" / "policies"
# A policy of somebody else, which phase 13 takes away: from a unit, from its account, and for good.
LEGACY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Legacy", "Effect": "Deny", "Action": "chime:*", "Resource": "*"}],
}
REMOVAL = """
[policy_removal.legacy]
type = "SERVICE_CONTROL_POLICY"
units = [{}]
delete = true
"""
# An account that the file no longer names, which phase 16 takes away in two runs.
OLD_EMAIL = "aws-old-team@example.com"
OFFBOARDING = """
[offboarding.old-team]
account = "{}"
reason = "the team was dissolved"
"""
FEWER_KINDS = {"CloseAccount": 4}  # that `make test` draws; `make faults` tries each
OFFBOARDED = {"MoveAccount", "CloseAccount"}
SEVEN_DAYS = 7 * 24 * 3600 + 3600  # and the hour in which the event history may lack events
FORMER_EMAIL = 'email_changed_from = "aws-web@example.com"\n'
# What gets its name back after somebody else has renamed it, in a second run of two phases.
FORMER_NAMES = {
    "[units.Production]\n": 'renamed_from = "Live"\n',
    "[accounts.website-prod]\n": f'renamed_from = "web"\n{FORMER_EMAIL}',
    "[imports.dns]\n": 'renamed_from = "names"\n',
}
RENAMING = ("units", "accounts")
EMAIL_CODES = f"website-prod={one_time_code('aws-website-prod@example.com')}"
RENAMES = {
    "DescribeOrganizationalUnit", "UpdateOrganizationalUnit", "GetAccountInformation", "PutAccountName",
    "GetPrimaryEmail", "GetPrimaryEmailUpdateStatus", "StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate",
}  # fmt: skip
POLICY = 'deny-leaving = {{ file = "policies/deny-leaving.json", type = "SERVICE_CONTROL_POLICY", attach = [{}] }}\n'


@dataclass(frozen=True)
class CellResult:
    """One cell of the matrix."""

    phase: str
    point: Point
    met: Met
    verdict: Verdict


class Matrix:
    """The whole bootstrap of one parameters file, phase by phase, and the phases after it that change something."""

    def __init__(self, file: Path, *, report: Callable[[CellResult], None], at_once: int = os.cpu_count() or 1) -> None:
        self.calls = 0
        self._tell = report
        self._copies = Copies(at_once, self._heard)
        base = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="orgkit-faults-", dir=base))
        outputs = self.folder / "outputs"
        self.file = self.folder / file.name
        shutil.copytree(STARTER_SET, self.folder / "policies")
        desired = load(file)
        text = with_policy(_with_alerts(file.read_text(encoding="utf-8")), list(desired.units[0].path))
        text = with_state(text, next(spec.key for spec in desired.members if spec != desired.log_archive))
        text = with_contact(with_former_names(text))
        self.file.write_text(with_offboarding(text), encoding="utf-8")
        seed = replace(seed_of(load(self.file)), regions=("us-east-1",), own_policies=legacy(load(self.file)))
        self.wire = wires.begin(seed, outputs)
        os.environ.update(wires.settings(outputs))
        os.environ["ORGKIT_OUTPUTS"] = str(OUTPUTS)
        os.chdir(self.folder)

    def run(self, chosen: "Chosen", last: str = ROAD[-1].label, first: str = ROAD[0].label) -> None:
        """Every phase once up to the last one, with copies made on the way; each cell is reported as its trial ends."""
        labels = [phase.label for phase in ROAD]
        for phase in ROAD[labels.index(first) : labels.index(last) + 1]:
            self._run_phase(phase.label, chosen)

    def run_renames(self, chosen: "Chosen") -> None:
        """The phases that change names and emails once more, with faults at the calls that these take alone.

        The change of an email takes two runs: the second has the code.
        """
        from tests.faults.outsider import Outsider, give_former_names

        desired = load(self.file)
        if not any(spec.renamed_from for spec in desired.units):
            return
        _, id_index = observe_and_plan(connect(desired), desired, "units")
        give_former_names(Outsider(desired, id_index), desired.accounts)  # imports are renamed by the same code
        for phase in (*RENAMING, "emails"):
            self._run_phase(phase, only_operations(RENAMES, chosen))
        os.environ[CODES_VARIABLE] = EMAIL_CODES
        self._run_phase("emails", only_operations(RENAMES, chosen))
        del os.environ[CODES_VARIABLE]

    def run_offboarding(self, chosen: "Chosen") -> None:
        """Put an account into quarantine, and close it seven days later, when a person has typed its id."""
        from tests.faults.outsider import Outsider, create_old_account

        desired = load(self.file)
        _, id_index = observe_and_plan(connect(desired), desired, "units")
        create_old_account(Outsider(desired, id_index))
        self._run_phase("offboarding", only_operations(OFFBOARDED, chosen))
        world().clock.sleep(SEVEN_DAYS)
        os.environ[IDS_VARIABLE] = typed_ids(self.file)
        self._run_phase("offboarding", only_operations(OFFBOARDED, chosen))
        del os.environ[IDS_VARIABLE]

    def _run_phase(self, phase: str, chosen: "Chosen") -> None:
        digest = self._planned(phase)
        answer = answer_of(*in_a_copy(lambda: self._reference(phase, digest)))
        assert isinstance(answer, tuple), answer
        reference, models = answer
        self.calls += len(reference.points)
        wires.read_models(models)
        ended = self._run_with_copies(reference, chosen(phase, reference.points))
        assert ended.how == "done", ended
        self._copies.wait()  # a copy holds the lock of the run in which it was made, until it ends

    def close(self) -> None:
        """Leave nothing behind."""
        os.chdir("/")
        shutil.rmtree(self.folder)

    def _heard(self, label: Any, answer: Any) -> None:
        verdict = answer if isinstance(answer, Verdict) else Verdict(bad=[f"the trial failed: {answer}"])
        self._tell(CellResult(*label, verdict))

    def _planned(self, phase: str) -> str:
        """The digest of the phase's plan, which is kept; nothing when there is nothing to approve."""
        with wires.quiet():
            ended = run(phase, self.file)
        assert ended.how in ("done", "AwaitingApproval"), ended
        found = DIGEST.search(ended.why)
        return found.group() if found else ""

    def _reference(self, phase: str, digest: str) -> tuple[Reference, list[wires.ModelFile]]:
        os.chdir(self._copy_outputs())
        first = len(self.wire.calls)
        with wires.quiet():
            ended = run(phase, self.file, digest)
        assert ended.how == "done", ended
        points = tuple(point_of(call, first + 1) for call in self.wire.calls[first:])
        reference = Reference(phase, self.file, digest, points, state(), ended.waiting)
        shutil.rmtree(Path.cwd())
        return reference, wires.models_in_use()

    def _run_with_copies(self, reference: Reference, cells: Iterable[tuple[Point, Met]]) -> Ended:
        """Here the phase ends as if nothing had happened; in a copy this never returns."""
        at: dict[int, list[Met]] = {}
        for point, met in cells:
            at.setdefault(point.number, []).append(met)
        phase = Phase(len(self.wire.calls), Journals(OUTPUTS), OUTPUTS, world().clock.timestamp())
        trials: list[Trial] = []

        def before() -> None:
            number = len(self.wire.calls) - phase.first
            for met in at.pop(number, ()):
                point = reference.points[number]
                # Made here: a copy of the process that made it would meet what the run writes in the meantime.
                folder = self._copy_outputs()
                hand_in = self._copies.make((reference.phase, point, met))
                if hand_in is not None:
                    os.chdir(folder)
                    phase.folder = folder
                    trials.append(Trial(self.wire, reference, phase, point, met, hand_in))
                    return

        self.wire.before = before
        gc.freeze()  # what is there now stays, and need not be copied to be looked at
        with wires.quiet():
            ended = run(reference.phase, reference.file, reference.digest)
        self.wire.before = nothing
        for trial in trials:
            trial.end(ended)
        return ended

    def _copy_outputs(self) -> Path:
        """A folder with the outputs as they are now, for one copy of the process alone."""
        folder = Path(tempfile.mkdtemp(prefix="trial-", dir=self.folder))
        shutil.copytree(self.folder / "outputs", folder / "outputs", ignore=shutil.ignore_patterns("aws"))
        return folder


def _with_alerts(text: str) -> str:
    if "\nalerts = " in text:
        return text
    return text.replace("[billing]\n", TOLD) if "[billing]\n" in text else f"{text}\n{TOLD}"


def with_policy(text: str, *units: list[str]) -> str:
    """Return a parameters file with a policy of the starter set for these units, and one to be removed from them."""
    line = POLICY.format(", ".join(map(json.dumps, units)))
    text += REMOVAL.format(", ".join(map(json.dumps, units)))
    if "[policies]\n" not in text:
        return f"{text}\n[policies]\n{line}"
    return text.replace("[policies]\n", f"[policies]\n{line}")


def with_former_names(text: str) -> str:
    """Return a parameters file in which a unit and two accounts of the example have former names."""
    for head, line in FORMER_NAMES.items():
        text = text.replace(f"\n{head}", f"\n{head}{line}")
    return text


def with_contact(text: str) -> str:
    """Return a parameters file with a contact of every account."""
    if "\n[contacts]\n" not in text:
        return f"{text}\n[contacts]\n{CONTACT}"
    return text.replace("\n[contacts]\n", f"\n[contacts]\n{CONTACT}")


def with_state(text: str, account: str) -> str:
    """Return a parameters file with a state backend in that account, and roles for a repository."""
    if "[state_backend]\n" not in text:
        return f"{text}\n[state_backend]\n{STATE.format(account)}"
    return text.replace("[state_backend]\n", f"[state_backend]\n{STATE.format(account)}")


def old_account(text: str) -> str:
    """Return the id that the sandbox gives to the account that goes, from the text of a parameters file."""
    management = tomllib.loads(text)["organization"]["management_account_id"]
    return account_id("account", management, OLD_EMAIL)


def typed_ids(file: Path) -> str:
    """Return what a person types to close that account."""
    return f"old-team={old_account(file.read_text(encoding='utf-8'))}"


def with_offboarding(text: str) -> str:
    """Return a parameters file that wants an account closed."""
    return text + OFFBOARDING.format(old_account(text))


def legacy(desired: Desired) -> tuple[OwnPolicy, ...]:
    """Return the policy that `[policy_removal]` of the file names, for the seed of a sandbox."""
    units = tuple(unit for removal in desired.section(PolicyRemovalSpec).removals for unit in removal.units)
    return (OwnPolicy("legacy", "SERVICE_CONTROL_POLICY", json.dumps(LEGACY), units),) if units else ()


Chosen = Callable[[str, tuple[Point, ...]], Iterator[tuple[Point, Met]]]


def everything(_: str, points: tuple[Point, ...]) -> Iterator[tuple[Point, Met]]:
    """Every call against every kind."""
    for point in points:
        yield from ((point, Met(fault)) for fault in faults_for(point))


def every_change() -> Chosen:
    """Every change against every kind, and one read of each operation; old answers are tried where there are some."""
    seen: set[tuple[str, str, str]] = set()

    def chosen(_: str, points: tuple[Point, ...]) -> Iterator[tuple[Point, Met]]:
        last = {point.same: point for point in points}
        first = {point.same: point for point in reversed(points)}
        for point in points:
            new = point.mutating or ("", *point.same[1:]) not in seen
            seen.add(("", *point.same[1:]))
            for fault in faults_for(point):
                if point in (first[point.same], last[point.same]) if fault.kind == "stale-read" else new:
                    yield point, Met(fault)

    return chosen


def every_operation(seed: int) -> Chosen:
    """Every operation that changes something once against every kind, in its first phase; what is left by the seed.

    Phases share their code: an operation that an earlier phase had meets one kind, as a further change by it does. All
    settings of a bucket are sent by one function: the first of them meets every kind, and each of the others three.
    Closing an account meets four kinds.
    A kind that has two forms, such as once and always, is met in one of them, in turn. One read of each operation meets
    one kind. An old answer is met at the first or at the last read.
    Of the phases in DRAWN, only the operations named there are met.
    """
    drawn = random.Random(seed)
    whole, forms = every_change(), _Forms(drawn)
    of_earlier_phases: set[str] = set()  # operations
    turns = itertools.count(seed)  # which half is met next

    def number_of_kinds(point: Point, first: Mapping[tuple[str, str], Point]) -> int | None:
        """None for half of them."""
        if not point.mutating or point is not first[point.same[1:]] or point.operation in of_earlier_phases:
            return 1
        settings = [each for each in first.values() if is_bucket_setting(each)]
        return 3 if point in settings[1:] else FEWER_KINDS.get(point.operation)

    def chosen(phase: str, points: tuple[Point, ...]) -> Iterator[tuple[Point, Met]]:
        first: dict[tuple[str, str], Point] = {}
        for point in points:
            first.setdefault(point.same[1:], point)
        cells: dict[Point, list[Met]] = {}
        stale: dict[tuple[str, str, str], list[tuple[Point, Met]]] = {}
        cells_of_phase = (cell for cell in whole(phase, points) if is_drawn(phase, cell[0]))
        for point, met in cells_of_phase:
            if met.fault.kind == "stale-read":
                stale.setdefault(point.same, []).append((point, met))
            else:
                cells.setdefault(point, []).append(met)
        for point, kinds in cells.items():
            number = number_of_kinds(point, first)
            half = list(forms.one_of_each_kind(kinds))[next(turns) % 2 :: 2] if number is None else []
            yield from ((point, met) for met in half or drawn.sample(kinds, number or 0))
        yield from map(drawn.choice, stale.values())
        of_earlier_phases.update(point.operation for point in points if point.mutating)

    return chosen


def is_drawn(phase: str, point: Point) -> bool:
    """Whether `make test` draws cells of this operation: in a phase of DRAWN, of those that are named there."""
    return point.operation in DRAWN.get(phase, {point.operation})


def is_bucket_setting(point: Point) -> bool:
    """Whether the operation is one of those by which orgkit sets something about a bucket."""
    return point.mutating and point.service == "s3" and point.operation.startswith("Put")


class _Forms:
    """Which form of a kind is met next: they take turns, beginning with a drawn one."""

    def __init__(self, drawn: random.Random) -> None:
        self._drawn = drawn
        self._turns: dict[str, int] = {}

    def one_of_each_kind(self, mets: Iterable[Met]) -> Iterator[Met]:
        by_kind: dict[str, list[Met]] = {}
        for met in mets:
            by_kind.setdefault(met.fault.kind, []).append(met)
        for kind, forms in by_kind.items():
            turn = self._turns.get(kind, self._drawn.randrange(len(forms)))
            self._turns[kind] = turn + 1
            yield forms[turn % len(forms)]


def only(operation: str, chosen: Chosen) -> Chosen:
    """Of these, the ones at one operation."""
    return lambda phase, points: (cell for cell in chosen(phase, points) if cell[0].operation == operation)


def only_operations(operations: Collection[str], chosen: Chosen) -> Chosen:
    """Of these, the ones at some operations."""
    return lambda phase, points: (cell for cell in chosen(phase, points) if cell[0].operation in operations)


def only_kind(fault: str, chosen: Chosen) -> Chosen:
    """Of these, the ones with one kind of fault."""
    return lambda phase, points: (cell for cell in chosen(phase, points) if cell[1].fault.name == fault)


def pairs(number: int, seed: int) -> Chosen:
    """So many of two faults each in every phase, the second one up to forty calls after the first; by the seed."""
    drawn = random.Random(seed)

    def chosen(_: str, points: tuple[Point, ...]) -> Iterator[tuple[Point, Met]]:
        for _ in range(number):
            point = drawn.choice(points)
            then = drawn.randint(1, 40), drawn.choice(FAULTS)
            yield point, Met(drawn.choice(list(faults_for(point))), then)

    return chosen


def faults_for(point: Point) -> Iterator[Fault]:
    """The columns that this row has."""
    for fault in FAULTS:
        possible = fault.changes if point.mutating else fault.reads
        if possible and (fault.kind != "concurrent-modification" or point.service == "organizations"):
            yield fault
