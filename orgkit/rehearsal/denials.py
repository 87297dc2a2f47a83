"""The calls of a rehearsal that policies of the organization denied: the policy, the statement and the call."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from orgkit.aws.denials import RCP, SCP
from orgkit.model.desired import format_path
from orgkit.model.observed import Observed
from orgkit.phases.descriptor import Phase
from orgkit.sandbox.lifecycle import Sandbox


@dataclass(frozen=True)
class PolicyDenial:
    """Calls that one statement of a policy denied.

    Attributes:
        phase: The phase that made the calls, as its record is named; "" where that is not known.
        action: The action that was denied: `s3:PutBucketPolicy`.
        operation: The call that needed it.
        account: The name of the caller's account, or its id.
        principal: The ARN of the caller.
        resource: The ARN of what the call was about.
        kind: `service control policy` or `resource control policy`.
        policy: The name of the policy; "" where none allows the action.
        arn: Its ARN.
        statement: The Sid of the statement, or its number.
        target: The root, unit or account that the policy is attached to.
        calls: How many calls.
    """

    phase: str
    action: str
    operation: str
    account: str
    principal: str
    resource: str
    kind: str
    policy: str
    arn: str
    statement: str
    target: str
    calls: int = 1

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentences(self) -> tuple[str, str]:
        """The call, and what denies it."""
        number = f", {self.calls} times" if self.calls > 1 else ""
        phase = f"{self.phase}: " if self.phase else ""
        call = f"{phase}{self.operation} in {self.account} needs {self.action} on {self.resource}{number}"
        if not self.policy:
            return call, f"no {self.kind} of {self.target} allows it"
        return call, f"denied by {self.statement} of {self.policy}, a {self.kind} of {self.target} ({self.arn})"


class DenialLog:
    """The denials that the sandbox has recorded, with the phase that met each."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._calls: list[tuple[str, dict[str, Any]]] = []

    def update(self, phase: Phase | None) -> None:
        """Read the denials since the last update; they are of this phase, or of none."""
        label = phase.run_label if phase else ""
        self._calls += [(label, call) for call in self._sandbox.denials()[len(self._calls) :]]

    def summary(self, observed: Observed) -> tuple[PolicyDenial, ...]:
        """Return the denials by policies of the organization, each once, with the names that AWS has for its ids."""
        return summarize(self._calls, _names(observed))


def summarize(
    calls: Iterable[tuple[str, Mapping[str, Any]]], names: Mapping[str, str] = MappingProxyType({})
) -> tuple[PolicyDenial, ...]:
    """Return the denials by service and resource control policies among calls, each once.

    Args:
        calls: The name of a phase, and a call as the sandbox reports it.
        names: Names of accounts, units and the root by their ids.
    """
    denials = Counter(_denial(phase, call, names) for phase, call in calls if call["denial"]["kind"] in (SCP, RCP))
    return tuple(replace(denial, calls=number) for denial, number in denials.items())


def _denial(phase: str, call: Mapping[str, Any], names: Mapping[str, str]) -> PolicyDenial:
    denial = call["denial"]
    return PolicyDenial(
        phase=phase,
        action=denial["action"],
        operation=call["operation"],
        account=names.get(call["account"], call["account"]),
        principal=_without_session(call["principal"]),
        resource=denial["resource"],
        kind=denial["kind"],
        policy=denial["policy"],
        arn=denial["arn"],
        statement=f"statement {denial['statement']}",
        target=names.get(denial["target"], denial["target"]),
    )


def _without_session(arn: str) -> str:
    """The ARN of a session of a role without its name, which is that of the run."""
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn


def _names(observed: Observed) -> dict[str, str]:
    """Return the names of accounts and units, and of the root, by their ids."""
    names = {account.id: account.name for account in observed.accounts}
    names |= {unit.id: f"unit {format_path(unit.path)}" for unit in observed.units}
    return names | ({observed.organization.root_id: "the organization root"} if observed.organization else {})
