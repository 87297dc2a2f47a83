"""The files of a phase that no other file knows: what a contributor adds, and nothing else.

`python -m tests.structure.dummy_phase` writes them into this checkout, as phase 20 to begin from.
"""

from pathlib import Path

PHASE = '''
"""Phase 20: set an alias of the management account."""

from orgkit.phases.descriptor import Phase, PhasePlanner, PhaseSteps


def _steps() -> PhaseSteps:
    from orgkit.phases.dummy.steps import SetAlias

    return PhaseSteps(reads=("iam:ListAccountAliases",), steps=(SetAlias,))


def _planner() -> PhasePlanner:
    from orgkit.phases.dummy.planner import plan

    return PhasePlanner(plan)


PHASE = Phase(
    number="20",
    name="dummy",
    title="Set an alias of the management account",
    label="dummy",
    requires=("organization",),
    load_steps=_steps,
    load_planner=_planner,
    in_bootstrap=False,
)
'''

SECTION = '''
"""`[dummy]`: the alias."""

from dataclasses import dataclass

from orgkit.phases.schema.section import Defaults, Section
from orgkit.phases.schema.types import Label, SectionModel


@dataclass(frozen=True)
class DummySpec:
    """The alias; "" for none."""

    alias: str = ""


class DummyModel(SectionModel):
    """`[dummy]`."""

    alias: Label = "acme"


def build(model: DummyModel, defaults: Defaults) -> DummySpec:
    """Return the frozen value."""
    return DummySpec(model.alias)


SECTION = Section("dummy", DummyModel, build, DummyModel())
'''

STEPS = '''
"""The step of phase 20."""

from dataclasses import dataclass
from typing import ClassVar

from orgkit.model.plan import ABSENT, Step


@dataclass(frozen=True, kw_only=True)
class SetAlias(Step):
    """Set the alias of the management account."""

    kind: ClassVar = "set-account-alias"
    actions: ClassVar = ("iam:CreateAccountAlias",)
    cost_note: ClassVar = "an alias costs nothing"
    starts_from: str = ABSENT
    alias: str

    @property
    def sentence(self) -> str:
        return f"set account alias {self.alias}"

    @property
    def subject(self) -> str:
        return self.alias
'''

FACTS = '''
"""What phase 20 reads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DummyFacts:
    """The aliases of the management account."""

    aliases: tuple[str, ...] = ()
'''

PLANNER = '''
"""What phase 20 should do."""

from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.plan import Plan
from orgkit.phases.dummy.facts import DummyFacts
from orgkit.phases.dummy.section import DummySpec
from orgkit.phases.dummy.steps import SetAlias


def plan(observed: Observed, desired: Desired) -> Plan:
    """The alias is set when it is not there."""
    facts = observed.facts(DummyFacts) or DummyFacts()
    alias = desired.section(DummySpec).alias
    missing = alias and alias not in facts.aliases
    steps = (SetAlias(alias=alias, reason="the account has no such alias"),) if missing else ()
    return Plan(phase="dummy", target=observed.target, steps=steps)
'''

AWS = '''
"""How AWS is asked about the alias, and to set it."""

from orgkit.aws.session import Connection
from orgkit.model.desired import Desired
from orgkit.model.observed import Observed
from orgkit.model.plan import starting_value
from orgkit.phases.dummy.facts import DummyFacts
from orgkit.phases.dummy.steps import SetAlias
from orgkit.phases.handler import handle


def read(aws: Connection, desired: Desired, observed: Observed) -> Observed:
    """Read the aliases."""
    return observed.with_facts(DummyFacts(_aliases(aws)))


def existing_aliases(aws: Connection, step: SetAlias, ids: object) -> str:
    """The alias that the account has by now."""
    return starting_value(list(_aliases(aws)))


def set_alias(aws: Connection, step: SetAlias, ids: object) -> None:
    """Set it; AWS allows one."""
    aws.mutate("iam", "CreateAccountAlias", AccountAlias=step.alias)


HANDLERS = (handle(SetAlias, set_alias, existing_aliases),)


def _aliases(aws: Connection) -> tuple[str, ...]:
    return tuple(str(alias) for alias in aws.pages("iam", "ListAccountAliases", "AccountAliases"))
'''


FILES = {
    "__init__.py": "",
    "phase.py": PHASE.lstrip(),
    "section.py": SECTION.lstrip(),
    "steps.py": STEPS.lstrip(),
    "facts.py": FACTS.lstrip(),
    "planner.py": PLANNER.lstrip(),
    "aws.py": AWS.lstrip(),
}


def write(checkout: Path) -> None:
    """Add the package and the runbook of the phase to a checkout that does not have them."""
    package = checkout / "orgkit" / "phases" / "dummy"
    package.mkdir()
    for name, text in FILES.items():
        (package / name).write_text(text, encoding="utf-8")
    notebook = (checkout / "runbooks" / "02-units.ipynb").read_text(encoding="utf-8")
    notebook = notebook.replace('stages.begin(\\"units\\"', 'stages.begin(\\"dummy\\"').replace('"units-', '"dummy-')
    (checkout / "runbooks" / "20-dummy.ipynb").write_text(notebook, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parents[2])
