"""The whole road on a sandbox of its own: every phase planned, approved and applied by the real runbooks."""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orgkit.connecting import connect
from orgkit.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_REFUSED, EXIT_WAITING, OrgkitError, OutOfOrder
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.phases import PHASES, Phase
from orgkit.plan import Waiting
from orgkit.planning import plan_phase
from orgkit.read import read_organization
from orgkit.record import outputs
from orgkit.record.files import private_folder
from orgkit.record.result import Result
from orgkit.runbook.execute import execute
from orgkit.runbook.kernels import Kernels
from orgkit.runbook.tree import Node, there
from orgkit.sandbox.lifecycle import Sandbox, Seed, StandaloneAccount, start

APPROVER = "orgkit rehearse (planned and approved in one process, on a sandbox that it started)"
OnPhase = Callable[[Phase, Result | None], None]


@dataclass(frozen=True)
class Rehearsed:
    """One phase of a rehearsal."""

    phase: Phase
    result: Result


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal came to."""

    tree: Node
    phases: tuple[Rehearsed, ...]
    costs: Mapping[str, str]
    seconds: float
    folder: Path
    sandbox: Sandbox
    waiting: tuple[Waiting, ...] = ()

    @property
    def exit_code(self) -> int:
        """The first phase that went wrong decides; waiting for somebody else is only that."""
        codes = [each.result.exit_code for each in self.phases]
        waits = EXIT_WAITING in codes
        wrong = [
            each.result.exit_code for each in self.phases if not (_fine(each.result) or (waits and _late(each.result)))
        ]
        return wrong[0] if wrong else (EXIT_WAITING if waits else EXIT_DONE)

    def as_json(self) -> dict[str, Any]:
        return {
            "organization": self.tree.as_json(),
            "phases": [_phase_json(each) for each in self.phases],
            "costs": dict(self.costs),
            "waiting": [asdict(each) for each in self.waiting],
            "records": str(self.folder),
            "seconds": round(self.seconds, 3),
        }


def _fine(result: Result) -> bool:
    return result.exit_code in (EXIT_DONE, EXIT_WAITING)


def _late(result: Result) -> bool:
    """Refused only because an earlier phase is not done: when that one waits for somebody, so does this one."""
    return result.exit_code == EXIT_REFUSED and OutOfOrder.summary in result.reasons


def rehearse(
    parameters: Path,
    *,
    keep: bool = False,
    on_phase: OnPhase = lambda *_: None,
    on_event: Callable[..., None] | None = None,
) -> Rehearsal:
    """Run every phase on a fresh sandbox; `keep` leaves it running. Ambient AWS settings are never used."""
    started, desired = time.monotonic(), load(parameters)
    folder = new_sandbox_folder(parameters)
    sandbox = start(seed_of(desired), folder, outlive=keep)
    try:
        with (
            environment(sandbox.environment() | {"ORGKIT_APPROVER": APPROVER}),
            Kernels(os.environ, outputs.project_of(parameters)) as kernels,
        ):
            done = tuple(_phases(parameters, desired, folder, kernels, on_phase, on_event))
            observed = read_organization(connect(desired), desired, "imports")
            waiting = plan_phase("imports", observed, desired).waiting
    finally:
        if not keep:
            sandbox.stop()
    costs: Mapping[str, str] = next((each.result.estimate for each in done if each.result.estimate), {})
    seconds = time.monotonic() - started
    return Rehearsal(there(observed, desired), done, costs, seconds, folder, sandbox, waiting)


def new_sandbox_folder(parameters: Path) -> Path:
    """A folder for a sandbox and its records: ids repeat from one sandbox to the next, records must not meet."""
    base = outputs.project_of(parameters) / "outputs" / "sandbox"
    return private_folder(base / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")


def seed_of(desired: Desired) -> Seed:
    """What the sandbox holds for a file: its management account, and the accounts that it imports."""
    spec = desired.organization
    return Seed(
        management_account_id=spec.management_account_id,
        management_email=spec.email,
        management_name=spec.name,
        organization_id=spec.organization_id or "",
        standalone=tuple(
            StandaloneAccount(i.id, i.name, i.email, i.profile, has_trail=number == 0)
            for number, i in enumerate(desired.imports)
        ),
        account_quota=max(10, len(desired.members) + 1),
        # What a new organization makes people wait for on AWS; the sandbox's clock jumps over it.
        finalizing_seconds=60,
        policy_type_seconds=4,
        services_seconds=30,
    )


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """The process's environment without any AWS or orgkit setting of its own, and with these."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "ORGKIT_"))]:
        del os.environ[name]
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _phases(
    parameters: Path,
    desired: Desired,
    folder: Path,
    kernels: Kernels,
    on_phase: OnPhase,
    on_event: Callable[..., None] | None,
) -> Iterator[Rehearsed]:
    for phase in PHASES:
        on_phase(phase, None)
        digest = _approve(desired, phase, folder) if phase.changes else ""
        result = execute(phase, parameters, approved_plan=digest, kernels=kernels, on_event=on_event)
        on_phase(phase, result)
        yield Rehearsed(phase, result)
        if result.exit_code == EXIT_INTERRUPTED:
            return  # Ctrl-C means the rehearsal, not only the phase


def _approve(desired: Desired, phase: Phase, folder: Path) -> str:
    """Plan in this process and keep the plan: its digest is the approval, on this sandbox alone."""
    aws = connect(desired)
    try:
        plan = plan_phase(phase.name, read_organization(aws, desired, phase.name), desired)
    except OrgkitError:
        return ""  # the runbook meets the same error, and records it
    if plan.empty or not plan.digest:
        return ""
    review = plan.review(aws.clock.now().isoformat(timespec="seconds"))
    outputs.keep_plan(folder, desired.organization.management_account_id, plan, review)
    return plan.digest


def _phase_json(each: Rehearsed) -> dict[str, Any]:
    result = each.result
    return {
        "phase": each.phase.label,
        "outcome": result.outcome,
        "steps": result.steps,
        "plan_sha256": result.plan_sha256,
        "seconds": round(result.seconds, 3),
        "record": str(result.record),
    }
