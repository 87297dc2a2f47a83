"""Organizations built, adopted, and planned: `python -m tests.adoption.scenario FOLDER NAME...`.

NAME.json in the folder then has the file, what is not in it, what each phase would change, and what the server holds.
Each has a process of its own, a fork of one that has imported moto, which takes two CPU seconds.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.adoption.forks import run_in_forks
from tests.faults import wire

MANAGEMENT = "123456789012"
DENIED = (
    "budgets:*", "ce:*", "cloudtrail:*", "iam:ListOrganizationsFeatures", "organizations:DescribePolicy",
    "organizations:DescribeResourcePolicy", "organizations:ListDelegatedAdministrators",
    "organizations:ListHandshakesForOrganization",
)  # fmt: skip


def main(name: str, folder: Path) -> dict[str, Any]:
    """Build, adopt and plan; `denied` adopts the small organization with reads that AWS refuses."""
    application = wire.begin(seed(), folder)
    keep_model_of_s3()
    os.environ.update(wire.settings(folder))
    from orgkit.sandbox.world import world
    from tests.adoption.organizations import ACCESS, ORGANIZATIONS, Builder

    ORGANIZATIONS["small" if name == "denied" else name](Builder(wire.ADDRESS, world().clock.sleep))
    if name == "denied":
        deny_reads(folder)
    result = {**_adopt(folder, ACCESS), "server": _server(), "calls": len(application.calls)}
    return result | ({"limited": _adopt_limited(ACCESS)} if name == "small" else {})


def keep_model_of_s3() -> None:
    """boto3 takes the bucket out of the paths of the model that it is given, which moto routes by."""
    from copy import deepcopy

    from botocore.loaders import Loader

    load = Loader.load_service_model

    def load_copy(loader: Any, service_name: str, *arguments: Any, **named: Any) -> Any:
        model = load(loader, service_name, *arguments, **named)
        return deepcopy(model) if service_name == "s3" else model

    Loader.load_service_model = load_copy  # type: ignore[method-assign]


def seed() -> Any:
    from orgkit.sandbox.seed import Seed, StandaloneAccount

    invited = StandaloneAccount("111111111111", "dns", "dns@corp.test", "dns")
    return Seed(
        MANAGEMENT, "aws@corp.test", "corp", standalone=(invited,), throttling=False, account_quota=400,
        creation_seconds=(1, 1), role_seconds=1, policies_at_creation=False,
    )  # fmt: skip


def deny_reads(folder: Path) -> None:
    """From now on, the operator's reads need rights, and lack some."""
    import boto3

    from orgkit.sandbox.world import world

    iam = boto3.client("iam", endpoint_url=wire.ADDRESS, region_name="us-east-1")
    statement = {"Effect": "Deny", "Action": list(DENIED), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    (user,) = iam.list_users()["Users"]
    iam.put_user_policy(UserName=user["UserName"], PolicyName="deny", PolicyDocument=document)
    object.__setattr__(world().seed, "evaluate_policies", True)


def _adopt_limited(read_role: str) -> dict[str, Any]:
    """Adopt where policies are evaluated: as an administrator, then under exactly the printed policy."""
    from moto.iam.models import iam_backends

    from orgkit.adoption.adoption import adopt_organization
    from orgkit.adoption.parameters_file import render
    from orgkit.adoption.permissions import adoption_policy
    from orgkit.adoption.reading import connect_without_file
    from orgkit.sandbox.world import world

    object.__setattr__(world().seed, "evaluate_policies", True)
    text = render(adopt_organization(connect_without_file(), read_role))
    (user,) = iam_backends[MANAGEMENT]["aws"].users.values()
    user.managed_policies.clear()
    user.policies = {"printed": json.dumps(adoption_policy(read_role))}
    adoption = adopt_organization(connect_without_file(), read_role)
    not_read = [asdict(item) for item in adoption.not_read]
    return {"by an administrator": text, "by the policy": render(adoption), "not_read": not_read}


def _adopt(folder: Path, read_role: str) -> dict[str, Any]:
    from orgkit.adoption.adoption import adopt_organization
    from orgkit.adoption.parameters_file import write
    from orgkit.adoption.reading import connect_without_file

    file = folder / "parameters" / "adopted.toml"
    adoption = adopt_organization(connect_without_file(), read_role)
    files = write(adoption, file)
    text = file.read_text(encoding="utf-8")
    return {
        "text": text,
        "files": {str(path.relative_to(file.parent)): path.read_bytes().decode() for path in files},
        "advice": [asdict(item) for item in adoption.advice],
        "not_expressed": [asdict(item) for item in adoption.not_expressed],
        "not_read": [asdict(item) for item in adoption.not_read],
        "left_out": sorted(adoption.left_out),
        "plans": _plans(file),
        "plans_without_keys": _plans_without_keys(file, text),
    }


def _plans(file: Path) -> dict[str, list[str]]:
    """The steps of each phase that changes something, also of those that the file does not ask for."""
    from orgkit.aws.rejections import Rejected
    from orgkit.engine.connect import connect
    from orgkit.engine.observe import observe
    from orgkit.parameters import load
    from orgkit.phases.registry import RUNBOOKS, phases_for, plan
    from orgkit.phases.registry import load as load_code

    desired, plans = load(file), {}
    aws = connect(_with_long_lived_keys(desired))
    observed = observe(aws, desired, findings=False)
    for phase in RUNBOOKS:
        if phase.changes:
            read = load_code(phase).read
            try:
                observed = read(aws, desired, observed) if read and phase not in phases_for(desired) else observed
                plans[phase.label] = [step.id for step in plan(phase.label, observed, desired).steps]
            except Rejected as rejection:
                plans[phase.label] = [f"error: {rejection.code}"]
    return plans


def _with_long_lived_keys(desired: Any) -> Any:
    from dataclasses import replace

    return replace(desired, organization=replace(desired.organization, long_lived_keys=True))


def _plans_without_keys(file: Path, text: str) -> dict[str, list[str]]:
    """The same without the keys by which the file asks for less than orgkit makes by default."""
    lines = (line for line in text.splitlines() if line not in LESS)
    other = file.with_name("more.toml")
    other.write_text("\n".join(lines), encoding="utf-8")
    return _plans(other)


LESS = ('tags = "none"', "[members]", "read_role = false", "records_bucket = false")


def _server() -> dict[str, Any]:
    """What moto's backends hold."""
    from moto.account.models import account_backends
    from moto.budgets.models import budgets_backends
    from moto.cloudtrail.models import cloudtrail_backends

    from orgkit.sandbox.corrections.members import backend_of
    from orgkit.sandbox.corrections.paths import chain
    from orgkit.sandbox.world import world

    backend = backend_of(MANAGEMENT)
    path = {unit.id: [item.name for item in chain(backend, unit.id)][1:] for unit in backend.ou}
    trails = [trail for regional in cloudtrail_backends[MANAGEMENT].values() for trail in regional.trails.values()]
    alerts = world().state.get("alerts", {}).get(MANAGEMENT, {})
    resource_policy = world().state.get("resource_policy")
    root = next(unit.id for unit in backend.ou if unit.parent_id is None)
    return {
        "root": root,
        "units": {unit: names for unit, names in path.items() if unit != root},
        "tags": {item.id: dict(item.tags) for item in (*backend.ou, *backend.accounts, *backend.policies)},
        "accounts": [
            {"id": item.id, "name": item.name, "email": item.email, "state": item.state, "unit": path[item.parent_id]}
            for item in backend.accounts
        ],
        "policies": [_policy(item) for item in backend.policies if not item.aws_managed],
        "without_full_access": _without_full_access(backend),
        "services": sorted(item["ServicePrincipal"] for item in backend.services),
        "policy_types": sorted(item["Type"] for unit in backend.ou for item in getattr(unit, "policy_types", ())),
        "delegated": [[item.account.id, service] for item in backend.admins for service in item.services],
        "handshakes": [item.id for item in world().state.get("handshakes", ()) if item.state in ("OPEN", "REQUESTED")],
        "resource_policy": resource_policy or "",
        "trails": [[item.trail_name, item.bucket_name, _selectors(item)] for item in trails],
        "contacts": [
            [item.id, kind, contact.name]
            for item in backend.accounts
            for kind, contact in account_backends[item.id]["aws"]._alternate_contacts.items()
        ],
        "budgets": sorted(budgets_backends[MANAGEMENT]["aws"].budgets[MANAGEMENT]),
        "monitors": [item["MonitorName"] for item in alerts.get("monitors", {}).values()],
    }


def _policy(item: Any) -> dict[str, Any]:
    targets = [target.id for target in item.attachments]
    return {
        "id": item.id, "name": item.name, "type": item.type, "content": item.content,
        "description": item.description, "targets": targets,
    }  # fmt: skip


def _selectors(trail: Any) -> int:
    return sum(bool(item.get("DataResources")) for item in trail.event_selectors)


def _without_full_access(backend: Any) -> list[str]:
    full = next((item for item in backend.policies if item.name == "FullAWSAccess"), None)
    attached = {target.id for target in full.attachments} if full else set()
    return sorted(item.id for item in backend.ou if item.id not in attached) if full else []


if __name__ == "__main__":
    sys.exit(run_in_forks(main, sys.argv[1:]))
