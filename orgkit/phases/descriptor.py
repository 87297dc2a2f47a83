"""The descriptor of a phase, which all other packages read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orgkit.model.desired import AccountSpec, Desired, ImportSpec, MemberRead

if TYPE_CHECKING:
    from orgkit.model.inventory import InventoryPart
    from orgkit.model.observed import Observed
    from orgkit.model.plan import Plan, Step
    from orgkit.phases.adopted import Adopt
    from orgkit.phases.evidence import Check
    from orgkit.phases.schema.section import Section
    from orgkit.phases.terraform.part import Handover

# Of the reads of phases that change something, those that a phase does without which reads them all and changes
# nothing: they are for findings of 00, after a lost answer, or to show which policies are in force.
READS_OF_CHANGES = (
    "account:GetContactInformation", "freetier:GetAccountPlanState", "iam:GetAccountSummary",
    "organizations:DescribeCreateAccountStatus", "organizations:DescribeEffectivePolicy",
    "organizations:ListAccountsWithInvalidEffectivePolicy", "organizations:ListCreateAccountStatus",
    "organizations:ListParents", "sso:ListInstances",
)  # fmt: skip


@dataclass(frozen=True)
class PhaseSteps:
    """What a phase reads, and the steps with which it changes something.

    Attributes:
        reads: IAM actions that reading for this phase takes in the management account.
        steps: Everything that it can change.
    """

    reads: tuple[str, ...] = ()
    steps: "tuple[type[Step], ...]" = ()


@dataclass(frozen=True)
class PhasePlanner:
    """How a phase plans, and how its steps are judged.

    Attributes:
        plan: From what is observed and desired to a plan.
        evidence: For each of its steps, whether AWS shows what the step makes.
        stoppable: Which of its steps a finding of phase 00 may stop; None: all of them. What creates or repairs
            orgkit's own log bucket, key or trail, starts logging, or sends an alert is never stopped.
    """

    plan: "Callable[[Observed, Desired], Plan]"
    evidence: "tuple[Check, ...]" = ()
    stoppable: "Callable[[Step, Observed], bool] | None" = None


@dataclass(frozen=True)
class Phase:
    """One numbered runbook, and what orgkit knows of it without speaking to AWS.

    A process that uses one phase need not import the code of the others: functions of the descriptor import steps and
    planner when they are asked for. Other parts are found by the names of modules in the phase's package: SECTION in
    `section.py`, HANDOVER in `handover.py`, `adopt` in `adoption.py`, INVENTORY in `inventory.py`.

    Attributes:
        number: Two digits, the order in which phases run.
        name: The name of the phase's package, with hyphens.
        title: What the phase does, as an imperative.
        label: The word for it in plans, in records and in the runbook's file name.
        requires: Labels of the phases that must have run before.
        load_steps: Imports what it reads, and its steps.
        load_planner: Imports its planner; None for a phase that changes nothing.
        accounts: The accounts of the file into which it looks, through the read role; each is entered once.
        member_reads: What it reads in the member account with that key.
        reads_members: Whether it looks into member accounts, through the read role, though it plans nothing there.
        reads_tree: Whether it reads the organization's units, accounts and tags.
        in_bootstrap: False for what follows the bootstrap whenever it is wanted.
        is_requested: Of a phase that follows: whether the file asks for it, so that it comes with the bootstrap.
        file_warnings: What to know of its section of the file, which is no error; `orgkit check` shows it.
        request_hint: When that is so, as the end of a sentence.
        reads_every_phase: Whether it reads what all phases read that change something and take nothing away.
        unused_reads: Which of these reads it does not need.
        takes_away: Whether its steps close, delete, detach or switch something off. Such a phase runs only where a
            person names it: it is in no CI role and no list of a workflow, and no file asks for it.
        needs_person: Whether only a person can finish it, who knows what AWS has sent by email, or types the id of an
            account. It is in no CI role and no list of a workflow.
    """

    number: str
    name: str
    title: str
    label: str
    requires: tuple[str, ...] = ()
    load_steps: Callable[[], PhaseSteps] = PhaseSteps
    load_planner: Callable[[], PhasePlanner] | None = None
    accounts: Callable[[Desired], tuple[AccountSpec | ImportSpec, ...]] = lambda _desired: ()
    member_reads: Callable[[Desired, str], tuple[MemberRead, ...]] | None = None
    reads_members: bool = False
    reads_tree: bool = True
    in_bootstrap: bool = True
    is_requested: Callable[[Desired], bool] = lambda _desired: False
    request_hint: str = ""
    takes_away: bool = False
    needs_person: bool = False
    file_warnings: Callable[[Desired], Iterable[str]] = lambda _desired: ()
    reads_every_phase: bool = False
    unused_reads: tuple[str, ...] = ()

    @cached_property
    def section(self) -> "Section | None":
        """Its section of the parameters file; None where it has none."""
        section: Section | None = self._part_of("section", "SECTION")
        return section

    @cached_property
    def handover(self) -> "Handover | None":
        """What Terraform can take over; None where it takes nothing."""
        handover: Handover | None = self._part_of("handover", "HANDOVER")
        return handover

    @property
    def adopt(self) -> "Adopt | None":
        """From an organization that exists to its section; None where it has none."""
        adopt: Adopt | None = self._part_of("adoption", "adopt")
        return adopt

    @property
    def inventory(self) -> "InventoryPart | None":
        """Its resources with their attributes, which 08 compares; None where it has none."""
        inventory: InventoryPart | None = self._part_of("inventory", "INVENTORY")
        return inventory

    def has_module(self, name: str) -> bool:
        """Return whether the phase's package has a module of this name."""
        return (Path(__file__).parent / self.package.rpartition(".")[2] / f"{name}.py").exists()

    def load_module(self, name: str) -> Any:
        """Import a module of the phase's package; None where it has none."""
        return import_module(f"{self.package}.{name}") if self.has_module(name) else None

    def _part_of(self, module: str, name: str) -> Any:
        """Return what a module of the package has by a name; None without the module."""
        return getattr(self.load_module(module), name) if self.has_module(module) else None

    @cached_property
    def _steps(self) -> PhaseSteps:
        return self.load_steps()

    @cached_property
    def _planner(self) -> PhasePlanner | None:
        return self.load_planner() if self.load_planner else None

    @property
    def changes(self) -> bool:
        """Whether the phase plans steps; the others only read."""
        return self.load_planner is not None

    @property
    def reads(self) -> tuple[str, ...]:
        """IAM actions that reading for this phase takes in the management account."""
        return self._steps.reads

    @property
    def steps(self) -> "tuple[type[Step], ...]":
        """Everything that it can change."""
        return self._steps.steps

    @property
    def planner(self) -> "Callable[[Observed, Desired], Plan] | None":
        """From what is observed and desired to a plan; None for a phase that changes nothing."""
        return self._planner.plan if self._planner else None

    @property
    def evidence(self) -> "tuple[Check, ...]":
        """For each of its steps, whether AWS shows what the step makes."""
        return self._planner.evidence if self._planner else ()

    @property
    def stoppable(self) -> "Callable[[Step, Observed], bool] | None":
        """Which of its steps a finding of phase 00 may stop; None: all of them."""
        return self._planner.stoppable if self._planner else None

    def shows(self, step: "Step", observed: "Observed", desired: Desired) -> bool | None:
        """Return whether AWS shows what a step makes; None where that is not known.

        The step may come from an untrusted file, with fields that no version of orgkit writes.
        """
        check = dict(self.evidence).get(type(step))
        try:
            return check(step, observed, desired) if check else None
        except (AttributeError, TypeError, ValueError):
            return None

    @property
    def runs_in_ci(self) -> bool:
        """Whether a workflow may apply it."""
        return self.changes and not (self.takes_away or self.needs_person)

    @property
    def run_label(self) -> str:
        """Number and label, as records and runbooks are named: 02-units."""
        return f"{self.number}-{self.label}"

    @property
    def runbook(self) -> str:
        """The file name of its notebook."""
        return f"{self.run_label}.ipynb"

    @property
    def package(self) -> str:
        """The dotted name of its package."""
        return f"orgkit.phases.{self.name.replace('-', '_')}"
