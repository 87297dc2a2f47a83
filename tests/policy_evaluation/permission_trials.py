"""Which action of a printed policy each call needs: at its first use, a copy of this process goes on without it.

The calls before the first use do not need the action. So the copy is in the state in which a run under the shorter
policy would be, and what it ends with is what such a run ends with.
"""

import ast
import contextlib
import io
import json
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from moto.iam.models import iam_backends

from orgkit.errors import OrgkitError
from orgkit.model.desired import READ_ROLE
from orgkit.phases.registry import phase_of
from orgkit.policy_evaluation.conditions import as_list
from orgkit.policy_evaluation.evaluation import Policies, Policy
from orgkit.policy_evaluation.statements import statements_of
from orgkit.sandbox import authorization
from orgkit.sandbox.profiles import OPERATOR
from orgkit.sandbox.world import Principal, world
from tests.faults.copies import Copies, HandIn
from tests.faults.phase import CHECKOUT
from tests.faults.wire import Wire

DIGEST = re.compile(r"[0-9a-f]{64}")
PRINTED = "printed"  # the name of the inline policy that the operator has
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
EXPECTED_USES = 300  # about so many actions are used, of which a sample is drawn
Use = tuple[str, str]  # a policy text, and one of its actions


@dataclass
class Uses:
    """The texts with their actions, the rows so far, and in a copy the action that is deleted."""

    copies: Copies
    folder: Path
    sample: int | None = None  # how many actions are deleted; None: each
    chance: random.Random = field(default_factory=random.Random)
    texts: dict[str, set[str]] = field(default_factory=dict)
    needed: dict[Use, str] = field(default_factory=dict)  # the scenario
    text: str = ""  # the one that the operator has
    scenario: str = ""
    deleted: Use | None = None
    hand_in: HandIn | None = None  # in a copy

    def put(self, text: str, document: Mapping[str, Any]) -> None:
        """Give the operator this policy, and no other."""
        user = iam_backends[world().seed.management_account_id]["aws"].users[OPERATOR]
        user.managed_policies.clear()
        user.policies = {PRINTED: json.dumps(document)}
        self.text = text
        if text:
            self.texts.setdefault(text, set()).update(actions_of(document))

    def text_of(self, principal: Principal) -> str:
        """The printed policy that limits a caller; "" for an administrator."""
        if principal.session_policies:
            (document,) = (json.loads(text) for _, text in principal.session_policies)
            text = f"session policy: {', '.join(sorted(actions_of(document)))}"
            self.texts.setdefault(text, set()).update(actions_of(document))
            return text
        if principal.role_arn and principal.role_arn.endswith(f"/{READ_ROLE}"):
            role = iam_backends[principal.account]["aws"].get_role(READ_ROLE)
            actions = actions_of(json.loads(role.policies.get(READ_ROLE, '{"Statement": []}')))
            return READ_ROLE if actions <= self.texts[READ_ROLE] else ""  # else somebody has changed it
        is_operator = principal.role_arn is None and principal.arn.endswith(f"user/{OPERATOR}")
        return self.text if is_operator else ""

    def meet(self, use: Use) -> None:
        """Make a copy without the action where this is its first use."""
        if self.hand_in or use in self.needed or use[1] not in self.texts[use[0]]:
            return
        self.needed[use] = self.scenario
        if self.sample is not None and self.chance.random() * EXPECTED_USES > self.sample:
            return
        self.hand_in = self.copies.make(use)
        if self.hand_in:
            self.deleted = use
            own = self.folder / f"copy-{os.getpid()}"
            shutil.copytree(self.folder / "outputs", own / "outputs", ignore=shutil.ignore_patterns("aws"))
            os.chdir(own)


def watch(uses: Uses) -> None:
    """Let the sandbox report each action that a caller with a printed policy uses."""
    check, policies = authorization.check_actions, authorization._policies

    def check_actions(call: Any, principal: Principal, environ: Any) -> Any:
        decisions = check(call, principal, environ)
        text = uses.text_of(principal)
        for decision in decisions:
            if text and decision.is_allowed:
                uses.meet((text, decision.action))
        return check(call, principal, environ) if uses.deleted else decisions

    def limited(request: Any, principal: Principal) -> Policies:
        applicable = policies(request, principal)
        if uses.deleted is None or uses.text_of(principal) != uses.deleted[0]:
            return applicable
        identity = tuple(_without(policy, uses.deleted[1]) for policy in applicable.identity)
        session = tuple(_without(policy, uses.deleted[1]) for policy in applicable.session)
        return replace(applicable, session=session) if session else replace(applicable, identity=identity)

    authorization.check_actions, authorization._policies = check_actions, limited


def _without(policy: Policy, action: str) -> Policy:
    statements = [
        {**statement, "Action": [name for name in as_list(statement["Action"]) if name != action]}
        for statement in statements_of(policy.document)
    ]
    return replace(policy, document={**policy.document, "Statement": statements})


def actions_of(document: Mapping[str, Any]) -> set[str]:
    return {action for statement in document["Statement"] for action in as_list(statement["Action"])}


@dataclass(frozen=True)
class Ending:
    """How a run ended, and everything that it showed."""

    how: str
    reason: str
    shown: str


def run_phase(phase: str, file: Path, digest: str = "", **parameters: str) -> Ending:
    """Execute the cells of a runbook, the one with its parameters included; a cell shows its last value."""
    random.seed(0)
    names: dict[str, Any] = {}
    output = io.StringIO()
    how = "done"
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            for number, source in enumerate(_sources(phase)):
                _show(_execute(source, names))
                if number == 0:
                    names |= {"parameters_file": str(file), "approved_plan": digest, **parameters}
        except OrgkitError as stop:
            how = f"{type(stop).__name__} {stop}"
        except Exception as error:
            how = f"traceback {type(error).__name__}: {error}"
    run = names.get("run")
    events = (run.folder / "events.jsonl").read_text(encoding="utf-8") if run else ""
    return Ending(how.split(" ")[0], how, "\n".join((output.getvalue(), events, how)))


def _execute(source: str, names: dict[str, Any]) -> Any:
    """Execute a cell, and return the value of its last expression, which a notebook displays."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


def _show(value: Any) -> None:
    for method in ("_repr_html_", "_repr_markdown_", "__repr__"):
        if value is not None and hasattr(value, method):
            print(getattr(value, method)())


def _sources(phase: str) -> list[str]:
    notebook = json.loads((CHECKOUT / "runbooks" / f"{phase_of(phase).run_label}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


@contextmanager
def scenario(uses: Uses, wire: Wire, name: str) -> Iterator[Callable[[str, str], None]]:
    """A part of a scenario; a copy that was made in it hands in here what it has come to, and ends."""
    uses.scenario = name
    first = len(wire.calls)
    how, shown = ["done"], [""]

    def show(result: str, text: str) -> None:
        how.append(result)
        shown.append(text)

    try:
        yield show
    except Exception as error:
        if not uses.hand_in:
            raise
        show(type(error).__name__, str(error))
    if uses.hand_in and uses.deleted:
        action = uses.deleted[1]
        denied = [call for call in wire.calls[first:] if call.decisions and not call.decisions[-1]["is_allowed"]]
        names = {call.decisions[-1]["action"] for call in denied}
        shutil.rmtree(Path.cwd())
        uses.hand_in((action in names, how[-1], action in " ".join(shown)))
