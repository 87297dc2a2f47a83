"""The guards: no call that matters leaves for the wrong place, from the wrong account or as the wrong identity."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orgkit.aws.clock import MAX_READS, RemoteClock, SystemClock, clock_of
from orgkit.aws.endpoint import endpoint_of
from orgkit.aws.identity import Caller, guard_caller, guard_organization
from orgkit.engine.connect import connect
from orgkit.engine.observe import observe
from orgkit.errors import WrongAccount, WrongPlace
from tests.aws.conftest import Answer, CountingClock, Wire
from tests.plans.loader import desired_of

MANAGEMENT = "999999999999"
OPERATOR = Caller(MANAGEMENT, f"arn:aws:sts::{MANAGEMENT}:assumed-role/operator/jane", "ASIAEXAMPLEEXAMPLEEX")


def guard(caller: Caller, *, long_lived_keys: bool = False) -> None:
    guard_caller(caller, management_account_id=MANAGEMENT, long_lived_keys=long_lived_keys)


def test_a_temporary_identity_of_the_management_account_passes() -> None:
    guard(OPERATOR)
    guard(Caller(MANAGEMENT, f"arn:aws:iam::{MANAGEMENT}:user/jane", "ASIAEXAMPLEEXAMPLEEX"))


@pytest.mark.parametrize(
    ("caller", "why"),
    [
        (Caller(MANAGEMENT, f"arn:aws:iam::{MANAGEMENT}:root", "ASIAX"), "those of the root user"),
        (Caller(MANAGEMENT, f"arn:aws:iam::{MANAGEMENT}:root", "AKIAX"), "those of the root user"),
        (Caller("111111111111", "arn:aws:iam::111111111111:user/jane", "ASIAX"), "belong to account 111111111111"),
        (Caller(MANAGEMENT, f"arn:aws-cn:iam::{MANAGEMENT}:user/jane", "ASIAX"), "partition aws-cn is not supported"),
        (Caller(MANAGEMENT, f"arn:aws-us-gov:iam::{MANAGEMENT}:user/jane", "ASIAX"), "partition aws-us-gov"),
        (Caller(MANAGEMENT, f"arn:aws:iam::{MANAGEMENT}:user/jane", "AKIASECRETPART"), "long-lived access key"),
    ],
    ids=["root user", "root user with keys", "another account", "China", "GovCloud", "long-lived keys"],
)
def test_every_other_identity_is_refused(caller: Caller, why: str) -> None:
    with pytest.raises(WrongAccount, match=why) as rejection:
        guard(caller)
    assert "SECRETPART" not in str(rejection.value)


def test_long_lived_keys_pass_when_the_file_says_so_but_never_those_of_the_root_user() -> None:
    guard(Caller(MANAGEMENT, f"arn:aws:iam::{MANAGEMENT}:user/jane", "AKIAX"), long_lived_keys=True)
    with pytest.raises(WrongAccount, match="root user"):
        guard(Caller(MANAGEMENT, f"arn:aws:iam::{MANAGEMENT}:root", "AKIAX"), long_lived_keys=True)


def organization(**values: Any) -> None:
    usual = {
        "caller_account": MANAGEMENT,
        "management_account_id": MANAGEMENT,
        "organization_id": "o-1",
        "pinned": None,
    }
    guard_organization(**usual | values)


def test_the_management_account_of_the_pinned_organization_passes() -> None:
    organization()
    organization(pinned="o-1")


def test_a_member_account_and_a_foreign_organization_are_refused() -> None:
    with pytest.raises(WrongAccount, match="is a member of organization o-1, whose management account is 111111111111"):
        organization(management_account_id="111111111111")
    with pytest.raises(WrongAccount, match="the file pins organization o-2; this account manages o-1"):
        organization(pinned="o-2")


def test_without_a_setting_calls_go_to_aws(own_environment: Path) -> None:
    assert endpoint_of({}) is None
    assert endpoint_of({"ORGKIT_ENDPOINT_URL": ""}) is None


def test_aws_s_own_variable_may_name_the_emulator_that_is_in_use_and_no_variable_of_one_service(
    own_environment: Path,
) -> None:
    emulator = "http://127.0.0.1:5000"
    assert endpoint_of({"ORGKIT_ENDPOINT_URL": emulator, "AWS_ENDPOINT_URL": emulator}) == emulator
    with pytest.raises(WrongPlace, match="AWS_ENDPOINT_URL_STS redirects"):
        endpoint_of({"ORGKIT_ENDPOINT_URL": emulator, "AWS_ENDPOINT_URL_STS": emulator})


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ORGANIZATIONS", "AWS_ENDPOINT_URL_S3"])
def test_a_redirection_in_the_environment_is_refused(own_environment: Path, name: str) -> None:
    for environment in ({name: "http://127.0.0.1:1"}, {name: "x", "ORGKIT_ENDPOINT_URL": "http://127.0.0.1:5000"}):
        with pytest.raises(WrongPlace, match=f"^.*\n.*{name} redirects AWS calls"):
            endpoint_of(environment)


CONFIGS = {
    "of a profile": "[profile x]\nendpoint_url = http://127.0.0.1:1\n",
    "of the default profile": "[default]\nregion = us-east-1\nendpoint_url=http://127.0.0.1:1\n",
    "of one service": "[default]\nservices = local\n[services local]\norganizations =\n  endpoint_url = http://h:1\n",
    "among other settings of a service": "[services l]\ns3 =\n    addressing_style = path\n    endpoint_url = http://h\n",
    "next to text that is not UTF-8": "# M\xfcller\n[default]\nendpoint_url = http://127.0.0.1:1\n",
    "written in capitals": "[default]\nEndpoint_URL = http://127.0.0.1:1\n",
}


@pytest.mark.parametrize("text", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_a_redirection_in_the_configuration_is_refused(own_environment: Path, text: str, file: str) -> None:
    (own_environment.parent / file).write_bytes(text.encode("latin-1"))
    with pytest.raises(WrongPlace, match=rf"endpoint_url in \[.*\] of .*{file} redirects"):
        endpoint_of({})


@pytest.mark.parametrize("text", ["", "[profile x]\nregion = us-east-1\n", "no section\n", "[x]\n= 1\n"])
def test_a_configuration_without_a_redirection_is_left_to_botocore(own_environment: Path, text: str) -> None:
    own_environment.write_text(text)
    assert endpoint_of({}) is None


def test_a_clock_of_an_emulator_is_not_taken_for_aws(own_environment: Path) -> None:
    """A person who sets the clock back could extend an approval for ever."""
    with pytest.raises(WrongPlace, match="ORGKIT_CLOCK_URL"):
        endpoint_of({"ORGKIT_CLOCK_URL": "http://127.0.0.1:5000/orgkit/clock"})


def test_the_clock_is_the_machine_s_unless_another_is_named() -> None:
    assert isinstance(clock_of({}), SystemClock)
    assert isinstance(clock_of({"ORGKIT_CLOCK_URL": "http://127.0.0.1:1"}), RemoteClock)


def test_a_named_clock_is_asked_without_a_proxy(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    wire.says(Answer(body='{"now": "2026-11-23T13:00:00+01:00"}'))
    clock = RemoteClock(wire.url)
    clock.sleep(5)
    assert wire.bodies == ['{"sleep": 5}']


def test_a_time_that_was_read_before_a_stop_of_the_process_is_read_again(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a kernel that was stopped between the answer and its use would send a change under an approval that ended."""
    seconds = iter((0.0, 90_000.0, 90_000.0, 90_000.1))
    monkeypatch.setattr("orgkit.aws.clock.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    wire.says(*(Answer(body=f'{{"now": "2026-11-{day}T12:00:00+00:00"}}') for day in (23, 24)))
    assert RemoteClock(wire.url).now() == datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_time_of_a_clock_that_is_always_slow_is_taken(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count(0.0, 60.0)
    monkeypatch.setattr("orgkit.aws.clock.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    wire.says(*(Answer(body=f'{{"now": "2026-11-23T12:00:0{second}+00:00"}}') for second in range(MAX_READS)))
    assert RemoteClock(wire.url).now() == datetime(2026, 11, 23, 12, 0, MAX_READS - 1, tzinfo=UTC)


IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>{account}</Account><UserId>U</UserId>"
    "<Arn>{arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def says_identity(arn: str) -> Answer:
    return Answer(200, IDENTITY.format(account=arn.split(":")[4], arn=arn), "text/xml")


@pytest.mark.parametrize(
    "arn",
    [f"arn:aws:iam::{MANAGEMENT}:root", "arn:aws:iam::111111111111:user/jane", f"arn:aws-cn:iam::{MANAGEMENT}:user/j"],
)
def test_connecting_with_a_refused_identity_asks_aws_nothing_but_who_is_calling(
    own_environment: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch, arn: str, clock: CountingClock
) -> None:
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    wire.says(says_identity(arn))
    with pytest.raises(WrongAccount):
        connect(desired_of(), clock=clock)
    assert wire.asked == ["GetCallerIdentity"]


@pytest.mark.parametrize("management", ["111111111111", MANAGEMENT])
def test_a_member_account_and_a_foreign_organization_are_seen_before_anything_else_is_read(
    own_environment: Path,
    wire: Wire,
    monkeypatch: pytest.MonkeyPatch,
    management: str,
    tmp_path: Path,
    clock: CountingClock,
) -> None:
    monkeypatch.setenv("ORGKIT_ENDPOINT_URL", wire.url)
    delta = tmp_path / "desired.toml"
    delta.write_text('[organization]\norganization_id = "o-anotheronex"\n')
    foreign = {"Id": "o-exampleorgid", "MasterAccountId": management, "FeatureSet": "ALL"}
    wire.says(says_identity(OPERATOR.arn), Answer.json(Organization=foreign))
    aws = connect(desired_of(delta), clock=clock)
    with pytest.raises(WrongAccount):
        observe(aws, desired_of(delta))
    assert wire.asked == ["GetCallerIdentity", "DescribeOrganization"]
