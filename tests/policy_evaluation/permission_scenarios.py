"""The scenarios under the policies that orgkit prints: a bootstrap, faults, drift, and what follows."""

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from orgkit.aws.one_time_codes import CODES_VARIABLE
from orgkit.aws.typed_account_ids import IDS_VARIABLE
from orgkit.ci.oidc import CHANGING_PHASES
from orgkit.cli.archive import archive
from orgkit.cli.reconcile import reconcile
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe_and_plan
from orgkit.errors import OrgkitError
from orgkit.model.desired import READ_ROLE, Desired
from orgkit.parameters import load
from orgkit.phases.member_access.roles import read_policy
from orgkit.phases.permissions import Scope, policy_for
from orgkit.phases.registry import RUNBOOKS, phase_of
from orgkit.records.seal import seal
from orgkit.rehearsal.setup import seed_of
from orgkit.sandbox import profiles, seeding
from orgkit.sandbox.corrections import cost_explorer
from orgkit.sandbox.corrections.members import MemberAccount
from orgkit.sandbox.faults import Incoming, no_faults
from orgkit.sandbox.injection import Injection
from orgkit.sandbox.seed import OwnPolicy, Seed
from orgkit.sandbox.world import world
from orgkit.signing.role_trust_aws import check_roles
from tests.ci.test_oidc import policies as roles_of_ci
from tests.faults.matrix import EMAIL_CODES, SEVEN_DAYS, legacy, typed_ids
from tests.faults.outsider import Outsider, change_quarantine_policy, create_old_account, drift
from tests.faults.wire import Wire
from tests.policy_evaluation.permission_trials import (
    ADMINISTRATOR,
    DIGEST,
    Uses,
    actions_of,
    run_phase,
    scenario,
)

CI_PLAN = "CI role orgkit-plan"
ARCHIVE = "orgkit records archive --permissions"
CHANGING = [phase.label for phase in RUNBOOKS if phase.changes]
IN_CI = [phase.label for phase in CHANGING_PHASES]
# Services whose trusted access makes orgkit look, before it moves an account, at what the move would take away.
SHARING = ("member.org.stacksets.cloudformation.amazonaws.com", "ram.amazonaws.com")
FOUR_EYES = """
[approval]
four_eyes = true
[approval.approvers]
bob = { key = "MCowBQYDK2VwAyEAwf7n9VXni1elMzMThzOva/8Baea/ySnPVV+n1RYqawM=", arn = "ARN:assumed-role/bob" }
[approval.operators]
jane = "arn:aws:iam::999999999999:user/orgkit-operator"
"""
DAY = 24 * 3600
REGIONS = ("us-east-1", "eu-central-1")
BILLS = {
    "rows": [
        {"month": "2026-10", "account": "management", "service": "AWS Config", "record_type": "Usage", "amount": "6.25"}
    ],
    "page_size": 1000,
    "not_ready": [],
}
# The kind of fault, how many changes of a phase meet it at most, and how many runs end early by it.
FAULTS = {"lost answer": ("lost-response", 1000, 1), "resume": ("expired-token", 2, 2)}
Choose = Callable[[Incoming], str]


class Scenarios:
    """All of them over one sandbox in this process."""

    def __init__(self, folder: Path, wire: Wire, uses: Uses) -> None:
        self.folder, self.wire, self.uses = folder, wire, uses
        self.file = folder / "example.toml"
        self.desired: Desired = load(self.file)
        self.failures: list[str] = []
        for member in self.desired.members:
            uses.texts.setdefault(READ_ROLE, set()).update(actions_of(read_policy(self.desired.reads_in(member.key))))

    def run(self) -> None:
        """Every scenario, one after the other."""
        self._plain()
        self._again()
        self._merged_policies()
        self._drift()
        self._offboarding()
        self._reconcile_and_archive()
        self._four_eyes()
        self._older_answers()
        self._scp()
        if self.uses.sample is None:
            for name in FAULTS:
                self._with_faults(dict.fromkeys(CHANGING, name))
        else:
            drawn = {phase: self.uses.chance.choice([*FAULTS]) for phase in CHANGING}
            self._with_faults({**drawn, "trail": "lost answer"})  # after which alone a session policy of it is needed

    def _begin(self, **values: Any) -> None:
        """A fresh AWS, and fresh outputs."""
        values = {"own_policies": legacy(self.desired), **values}
        seed: Seed = replace(seed_of(self.desired), regions=REGIONS, **values)
        credentials = [asdict(item) for item in profiles.credentials(seed, self.folder / "outputs")]
        seeding.begin({"seed": json.loads(seed.to_json()), "credentials": credentials}, real_time=False)
        self.wire.application.calls.clear()
        self.wire.application.injection = Injection()
        shutil.rmtree(self.folder / "outputs" / seed.management_account_id, ignore_errors=True)

    def _put(self, phase: str) -> None:
        policy = policy_for([phase_of(phase)], Scope.from_desired(self.desired), sign_in=True)
        self.uses.put(f"orgkit permissions {phase_of(phase).number}", policy)

    def _administrate(self) -> None:
        self.uses.put("", ADMINISTRATOR)

    def _part(self, name: str, phase: str, *, allowed: tuple[str, ...] = ("done", "AwaitingApproval")) -> None:
        """Plan a phase and apply the plan, each with its own copies; a run of more than `allowed` has failed."""
        digest = ""
        for _ in range(2):
            with scenario(self.uses, self.wire, name) as show:
                months = {"months": "2026-10"} if phase == "actual-costs" else {}
                ending = run_phase(phase, self.file, digest, **months)
                show(ending.how, ending.shown)
            self.uses.copies.wait()
            if ending.how not in (*allowed, "NothingToChange"):
                self.failures.append(f"{name}, {phase}: {ending.reason[-600:]}")
            found = DIGEST.search(ending.reason) if ending.how == "AwaitingApproval" else None
            if digest or not found:
                return
            digest = found.group()

    def _plain(self) -> None:
        """The bootstrap from nothing, with a key, Object Lock, an import and alerts; and the plans that CI makes."""
        ((_, plan_policy),) = roles_of_ci("PlanRole").items()
        for phase in RUNBOOKS:
            if phase.label == "actual-costs":
                cost_explorer.seed(BILLS)
            if phase.label in IN_CI:
                self.uses.put(CI_PLAN, plan_policy)
                with scenario(self.uses, self.wire, "plan in CI") as show:
                    ending = run_phase(phase.label, self.file)
                    show(ending.how, ending.shown)
                self.uses.copies.wait()
                if ending.how not in ("done", "AwaitingApproval"):
                    self.failures.append(f"plan in CI, {phase.label}: {ending.reason[-600:]}")
            self._put(phase.label)
            # Before the phases that follow them, 08 finds that what they make is not there, and 11 hands nothing over.
            self._part("plain", phase.label, allowed=("done", "AwaitingApproval", "Drifted", "OutOfOrder"))

    def _again(self) -> None:
        for phase in RUNBOOKS:
            self._put(phase.label)
            self._part("nothing to do", phase.label)

    def _merged_policies(self) -> None:
        """Somebody else has enabled a type of policy that AWS merges, and attached one."""
        self._administrate()
        _, ids = observe_and_plan(connect(self.desired), self.desired, "trail")
        client, kind = Outsider(self.desired, ids).client("organizations"), "AISERVICES_OPT_OUT_POLICY"
        pages = client.get_paginator("list_roots").paginate()  # one of them may be empty
        root = next(root["Id"] for page in pages for root in page["Roots"])
        client.enable_policy_type(RootId=root, PolicyType=kind)
        world().clock.sleep(DAY)
        content = json.dumps({"services": {"default": {"opt_out_policy": {"@@assign": "optOut"}}}})
        policy = client.create_policy(Name="opt-out", Description="", Content=content, Type=kind)["Policy"]
        client.attach_policy(PolicyId=policy["PolicySummary"]["Id"], TargetId=root)
        self._put("policies")
        self._part("merged policies", "policies")
        self.uses.put(CI_PLAN, roles_of_ci("PlanRole")["PlanPolicy"])
        with scenario(self.uses, self.wire, "merged policies in CI") as show:
            ending = run_phase("policies", self.file)
            show(ending.how, ending.shown)
        self.uses.copies.wait()

    def _drift(self) -> None:
        """Somebody else has changed everything that a step can set, and shares with StackSets and RAM."""
        self._administrate()
        _, ids = observe_and_plan(connect(self.desired), self.desired, "trail")
        outsider = Outsider(self.desired, ids)
        for service in SHARING:
            outsider.client("organizations").enable_aws_service_access(ServicePrincipal=service)
        drift(outsider)
        self._control_tower(*(phase.label for phase in RUNBOOKS))
        for phase in CHANGING:
            if phase in IN_CI:
                self._drift_in_ci(phase)
            self._put(phase)
            self._part("drift", phase)
        os.environ[CODES_VARIABLE] = EMAIL_CODES  # of the emails that the last phase has begun to change
        self._put("emails")
        self._part("drift, with codes", "emails")
        del os.environ[CODES_VARIABLE]

    def _drift_in_ci(self, phase: str) -> None:
        self.uses.put(CI_PLAN, roles_of_ci("PlanRole")["PlanPolicy"])
        with scenario(self.uses, self.wire, "drift in CI") as show:
            ending = run_phase(phase, self.file)
            show(ending.how, ending.shown)
        self.uses.copies.wait()

    def _offboarding(self) -> None:
        """An account that goes, with what a move may take away; seven days later it is closed."""
        self._administrate()
        _, ids = observe_and_plan(connect(self.desired), self.desired, "trail")
        create_old_account(Outsider(self.desired, ids))
        self._control_tower("offboarding")
        self._put("offboarding")
        self._part("quarantine", "offboarding")
        self._administrate()
        change_quarantine_policy(Outsider(self.desired, ids))
        self._put("offboarding")
        self._part("another policy", "offboarding")
        world().clock.sleep(SEVEN_DAYS)
        os.environ[IDS_VARIABLE] = typed_ids(self.file)
        self._part("closing", "offboarding")
        del os.environ[IDS_VARIABLE]

    def _control_tower(self, *phases: str) -> None:
        """A landing zone owns what phases would change."""
        world().clock.sleep(DAY)  # so that nothing is remembered of there being none
        world().seed = replace(world().seed, control_tower=True)
        self._look("Control Tower", *phases)
        world().seed = replace(world().seed, control_tower=False)
        world().clock.sleep(DAY)

    def _look(self, name: str, *phases: str) -> None:
        """Plan phases where findings or a missing phase may stop them."""
        for phase in phases:
            self._put(phase)
            with scenario(self.uses, self.wire, name) as show:
                ending = run_phase(phase, self.file)
                show(ending.how, ending.shown)
            self.uses.copies.wait()

    def _scp(self) -> None:
        """A policy of the user's denies the read of all roles at once."""
        deny = {"Effect": "Deny", "Action": "iam:GetAccountAuthorizationDetails", "Resource": "*"}
        content = json.dumps({"Version": "2012-10-17", "Statement": deny})
        self._begin(own_policies=(OwnPolicy("no-details", "SERVICE_CONTROL_POLICY", content),))
        for phase in CHANGING[:4]:
            self._put(phase)
            self._part("an SCP denies a read", phase)

    def _four_eyes(self) -> None:
        """The roles of those who approve and apply are read when a signed approval is used."""
        text = self.file.read_text(encoding="utf-8")
        people = FOUR_EYES.replace("ARN", f"arn:aws:sts::{self.desired.organization.management_account_id}")
        file = self.folder / "four-eyes.toml"
        file.write_text(re.sub(r"\n\[approval.*?(?=\n\[records\])", people, text, flags=re.DOTALL), encoding="utf-8")
        desired = load(file)
        for phase in CHANGING:
            self._put(phase)
            with scenario(self.uses, self.wire, "four eyes") as show:
                show(*_error_of(lambda: check_roles(connect(desired), desired.approval)))
            self.uses.copies.wait()

    def _older_answers(self) -> None:
        """An account has no Paths, and the tagging API fails."""
        describe = MemberAccount.describe
        MemberAccount.describe = lambda account: {
            name: value for name, value in describe(account).items() if name != "Paths"
        }
        self.wire.application.injection.choose = lambda call: "server-error" if call.operation == "GetResources" else ""
        self._look("older answers", *(phase.label for phase in RUNBOOKS))
        self.wire.application.injection.choose = no_faults
        MemberAccount.describe = describe

    def _reconcile_and_archive(self) -> None:
        account = self.folder / "outputs" / self.desired.organization.management_account_id
        for phase in CHANGING:
            self._put(phase)
            run = next(path for path in sorted(account.iterdir(), reverse=True) if f"-{phase}-" in path.name)
            with scenario(self.uses, self.wire, "reconcile") as show:
                done = CliRunner().invoke(reconcile, [run.name, "--file", str(self.file), "--all-regions"])
                show(f"exit code {done.exit_code}", f"{done.output} {done.exception or ''}")
            self.uses.copies.wait()
        policies = json.loads(CliRunner().invoke(archive, [str(self.file), "--permissions"]).output)
        self.uses.put(ARCHIVE, policies["caller"])
        seal(run)
        with scenario(self.uses, self.wire, "archive") as show:
            done = CliRunner().invoke(archive, [str(self.file), "--check"])
            show(f"exit code {done.exit_code}", f"{done.output} {done.exception or ''}")
        self.uses.copies.wait()

    def _with_faults(self, names: dict[str, str]) -> None:
        """The bootstrap once more, each phase under the faults of a name until it is done."""
        self._begin()
        for phase, name in names.items():
            kind, at_most, runs = FAULTS[name]
            self._put(phase)
            self.wire.application.injection.choose = _once_for_each_change(kind, at_most)
            for _ in range(runs):
                self._part(name, phase, allowed=("done", "AwaitingApproval", "StepFailed", "CredentialsExpired"))
            self.wire.application.injection.choose = no_faults
            self._part(name, phase)


def _error_of(call: Callable[[], None]) -> tuple[str, str]:
    try:
        call()
    except OrgkitError as error:
        return type(error).__name__, str(error)
    return "done", ""


def _once_for_each_change(kind: str, at_most: int) -> Choose:
    """The fault at the first call of each operation that changes something, so often at most."""
    seen: set[tuple[str, str]] = set()

    def choose(call: Incoming) -> str:
        key = (call.account, call.operation)
        if not call.mutating or key in seen or len(seen) >= at_most:
            return ""
        seen.add(key)
        return kind

    return choose
