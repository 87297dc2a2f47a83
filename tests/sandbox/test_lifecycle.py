"""Starting, finding and stopping a sandbox; its environment, its clock, its log."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orgkit.errors import EmulatorTrouble
from orgkit.sandbox.lifecycle import find, start
from orgkit.sandbox.seed import Seed, StandaloneAccount
from tests.sandbox.conftest import DNS, LEGACY, MANAGEMENT, SEED, World

Error = Callable[..., str]


def test_a_sandbox_is_found_while_it_runs_and_not_afterwards(folder: Path) -> None:
    began = time.monotonic()
    with start(SEED, folder) as sandbox:
        assert time.monotonic() - began < 10
        assert find(folder) == sandbox
        assert find(folder.parent) is None
    assert find(folder) is None
    assert not _lives(sandbox.pid)


def test_a_sandbox_ends_with_the_process_that_started_it(folder: Path) -> None:
    _start_in_a_process_that_ends(folder)
    until = time.monotonic() + 10
    while find(folder) is not None and time.monotonic() < until:
        time.sleep(0.05)
    assert find(folder) is None


def test_a_sandbox_that_may_outlive_its_starter_does(folder: Path) -> None:
    _start_in_a_process_that_ends(folder, outlive=True)
    time.sleep(1.2)  # the server looks twice a second
    found = find(folder)
    assert found is not None
    found.stop()


def _start_in_a_process_that_ends(folder: Path, *, outlive: bool = False) -> None:
    lines = [
        "from pathlib import Path",
        "from orgkit.sandbox.lifecycle import Seed, start",
        f"start(Seed.from_json({SEED.to_json()!r}), Path({str(folder)!r}), outlive={outlive})",
    ]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_sandbox_that_cannot_start_says_why(folder: Path) -> None:
    with pytest.raises(EmulatorTrouble, match="did not start"):
        start(replace(SEED, management_account_id="no account"), folder)


def test_only_the_owner_can_read_the_files_of_a_sandbox(world: World) -> None:
    files = [path for path in (world.sandbox.folder / "aws").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {path.name for path in files} >= {"config", "credentials", "server.log", "server.json"}


def test_the_environment_points_to_the_sandbox_and_nowhere_else(world: World) -> None:
    environment = world.sandbox.environment()
    assert not [name for name in environment if name.startswith("AWS_ENDPOINT_URL")]
    assert environment["ORGKIT_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_PROFILE"] == "management"
    assert Path(environment["AWS_SHARED_CREDENTIALS_FILE"]).read_text() == ""


@pytest.mark.parametrize(
    ("profile", "arn"),
    [
        ("management", f"arn:aws:iam::{MANAGEMENT}:user/orgkit-operator"),
        ("root", f"arn:aws:iam::{MANAGEMENT}:root"),
        ("user", f"arn:aws:iam::{MANAGEMENT}:user/orgkit-operator"),
        ("dns", f"arn:aws:iam::{DNS.id}:user/owner"),
        ("owner-222222222222", f"arn:aws:iam::{LEGACY.id}:user/owner"),
    ],
)
def test_each_profile_is_who_it_says(world: World, profile: str, arn: str) -> None:
    client = world.client("sts", profile)
    assert client.get_caller_identity()["Arn"] == arn
    key = client._request_signer._credentials.access_key
    assert key.startswith("AKIA" if profile == "user" else "ASIA")


def test_any_client_can_use_the_profiles(world: World) -> None:
    """The credentials come from a command, as the shared config format has it, and are temporary."""
    text = (world.sandbox.folder / "aws" / "config").read_text()
    command = next(line for line in text.splitlines() if line.startswith("credential_process")).split("=", 1)[1]
    output = subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True, text=True)
    assert '"Version": 1' in output.stdout
    assert '"Expiration"' in output.stdout


@pytest.mark.parametrize("name", ["management", "root", "user", "dns", "a]b", "a\nb"])
def test_a_profile_that_would_not_be_its_owners_alone_is_refused(folder: Path, name: str) -> None:
    seed = replace(SEED, standalone=(DNS, StandaloneAccount("333333333333", "x", "x@corp.example", name)))
    with pytest.raises(EmulatorTrouble, match="profile"):
        start(seed, folder)


def test_a_key_that_nobody_has_is_refused(world: World, error: Error) -> None:
    keys = {"aws_access_key_id": "AKIA" + "A" * 16, "aws_secret_access_key": "x"}
    assert error(world.client("organizations", **keys).describe_organization) == "UnrecognizedClientException"
    assert error(world.client("sts", **keys).get_caller_identity) == "InvalidClientTokenId"
    assert error(world.client("s3", **keys).list_buckets) == "InvalidAccessKeyId"


def test_time_passes_at_once_and_stays_close_to_ours_otherwise(world: World) -> None:
    from datetime import UTC, datetime

    before = datetime.fromisoformat(world.sandbox.now())
    assert abs((before - datetime.now(UTC)).total_seconds()) < 5
    began = time.monotonic()
    after = datetime.fromisoformat(world.sandbox.sleep(3600))
    assert 3600 <= (after - before).total_seconds() < 3605
    assert time.monotonic() - began < 5


def test_waiters_for_the_same_moment_wait_once(world: World) -> None:
    from datetime import datetime, timedelta

    moment = (datetime.fromisoformat(world.sandbox.now()) + timedelta(hours=1)).isoformat()
    for _ in range(2):
        now = world.sandbox._ask("/orgkit/clock", {"until": moment})["now"]
    assert datetime.fromisoformat(now) - datetime.fromisoformat(moment) < timedelta(seconds=5)


def test_in_real_time_a_sleep_takes_as_long_as_it_says(folder: Path) -> None:
    with start(SEED, folder, real_time=True) as sandbox:
        began = time.monotonic()
        sandbox.sleep(0.3)
        assert time.monotonic() - began >= 0.3


def test_every_call_is_recorded_with_the_request_id_that_the_client_saw(world: World) -> None:
    made = world.client("organizations").create_organization(FeatureSet="ALL")
    world.client("sts").get_caller_identity()
    first, second = world.sandbox.calls()
    assert first["request_id"] == made["ResponseMetadata"]["RequestId"]
    assert (first["service"], first["operation"], first["mutating"]) == ("organizations", "CreateOrganization", True)
    assert first["account"] == MANAGEMENT
    assert first["principal"].endswith("user/orgkit-operator")
    assert first["parameters"] == {"FeatureSet": "ALL"}
    assert (second["operation"], second["mutating"], second["status"]) == ("GetCallerIdentity", False, 200)
    assert second["sequence"] == first["sequence"] + 1


def test_a_refusal_is_recorded_with_its_code(world: World, error: Error) -> None:
    error(world.client("organizations").list_roots)
    error(world.client("s3").get_bucket_policy, Bucket="nobody-has-this")
    assert [call["error"] for call in world.sandbox.calls()] == ["AWSOrganizationsNotInUseException", "NoSuchBucket"]
    world.sandbox.forget_calls()
    assert world.sandbox.calls() == []


def test_request_ids_are_never_the_same(world: World) -> None:
    client, storage = world.client("sts"), world.client("s3")
    answers = [client.get_caller_identity(), client.get_caller_identity(), storage.list_buckets()]
    assert len({answer["ResponseMetadata"]["RequestId"] for answer in answers}) == 3


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sts", "get_delegated_access_token", {"TradeInToken": "x"}),
        ("pricing", "describe_services", {}),
        ("bcm-data-exports", "list_exports", {}),
        ("iam", "get_mfa_device", {"SerialNumber": "arn:aws:iam::123456789012:mfa/x"}),
    ],
)
def test_what_is_not_there_says_so_and_is_not_tried_again(
    world: World, error: Error, service: str, operation: str, parameters: dict[str, str]
) -> None:
    call = getattr(world.client(service), operation)
    assert error(call, **parameters) == "NotImplementedInSandbox"
    assert len(world.sandbox.calls()) == 1


def test_ids_repeat_whatever_the_order_of_calls(begin: Callable[[Seed], World]) -> None:
    def build(names: list[str]) -> dict[str, str]:
        world = begin(SEED)
        organizations = world.organization()
        found = {"organization": organizations.describe_organization()["Organization"]["Id"], "root": world.root()}
        for name in names:
            unit = organizations.create_organizational_unit(ParentId=world.root(), Name=name)["OrganizationalUnit"]
            found |= {name: unit["Id"], f"{name}-account": world.account(name.lower())}
        return found

    assert build(["Security", "Production"]) == build(["Production", "Security"])


def test_a_start_is_quick_and_a_call_is_quicker(world: World) -> None:
    organizations = world.organization()
    began = time.monotonic()
    for _ in range(50):
        organizations.list_roots()
    assert (time.monotonic() - began) / 50 < 0.05


def test_nor_is_an_operation_of_a_service_that_has_others(world: World, error: Error) -> None:
    describe = world.organization().describe_responsibility_transfer
    assert error(describe, Id="rt-12345678") == "NotImplementedInSandbox"
