"""Phase 05 against the sandbox: from nothing, again, after each change behind its back, and past what goes wrong."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from orgkit.aws import response
from orgkit.aws.rejections import OutcomeUnknown, Rejected
from orgkit.aws.session import Connection, open_connection
from orgkit.engine.observe import observe
from orgkit.errors import NeedsDecision, StepFailed
from orgkit.journal.events import Journal
from orgkit.model.desired import READ_ROLE, Desired, ObjectLockSpec
from orgkit.model.matching import IdIndex
from orgkit.model.observed import Member, Observed, Unread
from orgkit.model.plan import Plan
from orgkit.phases.member_access.roles import read_policy, trust
from orgkit.phases.trail.aws import HANDLERS, read_trail
from orgkit.phases.trail.planner import plan
from orgkit.phases.trail.reads import READS_IN_LOG_ARCHIVE, READS_IN_MANAGEMENT
from orgkit.phases.trail.selector_steps import SetEventSelectors, TagTrail
from orgkit.phases.trail.steps import CreateBucket, CreateKey, CreateTrail
from orgkit.sandbox.lifecycle import Sandbox, Seed, start

MANAGEMENT = "111111111111"
SEED = Seed(management_account_id=MANAGEMENT, management_email="aws@acme.test")
LOCKED = {"kms_key": True, "object_lock": ObjectLockSpec("GOVERNANCE", 30)}

RUN = {handler.step: handler.run for handler in HANDLERS}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start(SEED, tmp_path_factory.mktemp("sandbox")) as running:
        yield running


class Place:
    """An organization with a log archive account, and phase 05 on it."""

    def __init__(self, sandbox: Sandbox, desired: Desired) -> None:
        self.sandbox = sandbox
        self._sessions: dict[bool, boto3.Session] = {}
        self.aws = open_connection(region="us-east-1", endpoint=sandbox.endpoint_url, journal=Journal())
        self.archive = self._organization()
        self.desired = replace(desired, accounts=(replace(desired.accounts[0], id=self.archive),))
        self._read_role()
        self.sandbox.forget_calls()

    def client(self, service: str, *, inside: bool = False, region: str = "us-east-1") -> Any:
        """Plain boto3, in the management account or in the log archive account."""
        session = self._session(inside)
        return session.client(service, region_name=region, endpoint_url=self.sandbox.endpoint_url)

    def _session(self, inside: bool) -> boto3.Session:
        if inside not in self._sessions:
            self._sessions[inside] = self._assumed() if inside else boto3.Session(region_name="us-east-1")
        return self._sessions[inside]

    def _assumed(self) -> boto3.Session:
        role = f"arn:aws:iam::{self.archive}:role/OrganizationAccountAccessRole"
        keys = self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def _organization(self) -> str:
        organizations = self.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
        request = organizations.create_account(Email="log@acme.test", AccountName="log-archive")["CreateAccountStatus"]
        self.sandbox.sleep(120)
        status = organizations.describe_create_account_status(CreateAccountRequestId=request["Id"])
        return str(status["CreateAccountStatus"]["AccountId"])

    def _read_role(self) -> None:
        self.sandbox.sleep(1200)
        iam = self.client("iam", inside=True)
        iam.create_role(RoleName=READ_ROLE, AssumeRolePolicyDocument=json.dumps(trust(MANAGEMENT)))
        allowed = json.dumps(read_policy(self.desired.reads_in("log-archive")))
        iam.put_role_policy(RoleName=READ_ROLE, PolicyName=READ_ROLE, PolicyDocument=allowed)

    def observe(self) -> Observed:
        tree = observe(self.aws, self.desired, "units")
        organization_id = tree.organization.id if tree.organization else None
        facts = read_trail(self.aws, organization_id, self.desired, self.archive)
        return replace(tree, members=(Member(self.archive, readable=True, current=True),), phase_facts=(facts,))

    def plan(self) -> Plan:
        return plan(self.observe(), self.desired)

    def names(self) -> list[str]:
        return [type(step).__name__ for step in self.plan().steps]

    def apply(self) -> Plan:
        observed = self.observe()
        made, id_index = plan(observed, self.desired), IdIndex(observed, self.desired)
        for step in made.steps:
            RUN[type(step)](self.aws, step, id_index)
        return made


@pytest.fixture
def place(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, world: Any) -> Place:
    sandbox.reset(SEED)
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    return Place(sandbox, world(**getattr(request, "param", {})).desired)


def mutations(place: Place) -> list[str]:
    return [f"{call['service']}:{call['operation']}" for call in place.sandbox.calls() if call["mutating"]]


@pytest.mark.parametrize("place", [{}, {"kms_key": True}, LOCKED], indirect=True, ids=["plain", "key", "key-lock"])
def test_from_nothing_and_again(place: Place) -> None:
    assert place.apply().steps
    place.sandbox.forget_calls()
    assert place.plan().steps == ()
    assert mutations(place) == []


def test_a_key_asked_for_later_and_given_up_again(place: Place) -> None:
    plain = place.desired
    place.apply()
    place.desired = replace(plain, trail=replace(plain.trail, kms_key=True))
    place.apply()
    assert place.names() == []
    assert place.client("cloudtrail").describe_trails()["trailList"][0]["KmsKeyId"].startswith("arn:aws:kms:")
    place.desired = plain
    assert place.names() == ["SetEncryption", "UpdateTrail"]
    place.apply()
    assert place.names() == []


@pytest.mark.parametrize("place", [LOCKED], indirect=True)
def test_what_aws_itself_says_afterwards(place: Place) -> None:
    place.apply()
    s3, trails = place.client("s3", inside=True), place.client("cloudtrail")
    (trail,) = trails.describe_trails()["trailList"]
    flags = ("IsOrganizationTrail", "IsMultiRegionTrail", "LogFileValidationEnabled", "IncludeGlobalServiceEvents")
    assert all(trail[flag] for flag in flags)
    assert trails.get_trail_status(Name=trail["TrailARN"])["IsLogging"]
    for bucket in ("acme-log", "acme-records"):
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 30}
        (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert (rule["Expiration"], rule["AbortIncompleteMultipartUpload"]) == (
            {"Days": 400},
            {"DaysAfterInitiation": 7},
        )
        assert {tag["Key"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]} == {"Name", "ManagedBy"}
    policy = json.loads(s3.get_bucket_policy(Bucket="acme-log")["Policy"])
    written = [s["Resource"] for s in policy["Statement"] if s["Action"] == "s3:PutObject"]
    organization = place.client("organizations").describe_organization()["Organization"]["Id"]
    assert written == [f"arn:aws:s3:::acme-log/AWSLogs/{owner}/*" for owner in (MANAGEMENT, organization)]


def test_everything_in_the_log_archive_account_is_done_through_its_roles(place: Place) -> None:
    place.apply()
    calls = [call for call in place.sandbox.calls() if call["service"] in ("s3", "kms")]
    assert {call["account"] for call in calls} == {place.archive}
    roles = {call["mutating"]: call["principal"].split("/")[1] for call in calls if call["mutating"]}
    assert set(roles.values()) == {"OrganizationAccountAccessRole"}


def test_planning_assumes_the_read_role_only(place: Place) -> None:
    place.apply()
    place.sandbox.forget_calls()
    place.plan()
    assumed = {call["parameters"]["RoleArn"].rpartition("/")[2]
               for call in place.sandbox.calls() if call["operation"] == "AssumeRole"}  # fmt: skip
    assert assumed <= {READ_ROLE}


# IAM's names where they are not the operation's.
IAM = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
}


def seen(place: Place) -> set[str]:
    names = (f"{call['service']}:{call['operation']}" for call in place.sandbox.calls())
    return {IAM.get(name, name) for name in names} - {"sts:GetCallerIdentity"}  # AWS asks no permission for it


@pytest.mark.parametrize("place", [LOCKED], indirect=True)
def test_each_step_names_every_action_that_it_uses(place: Place) -> None:
    observed = place.observe()
    id_index = IdIndex(observed, place.desired)
    for step in plan(observed, place.desired).steps:
        place.sandbox.forget_calls()
        RUN[type(step)](place.aws, step, id_index)
        assert seen(place) <= set(step.actions), type(step).__name__
    place.sandbox.forget_calls()
    read_trail(place.aws, "o-example", place.desired, place.archive)
    assert seen(place) <= {*READS_IN_LOG_ARCHIVE, *READS_IN_MANAGEMENT}


def break_public_access(place: Place) -> None:
    place.client("s3", inside=True).delete_public_access_block(Bucket="acme-log")


def break_ownership(place: Place) -> None:
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    place.client("s3", inside=True).put_bucket_ownership_controls(Bucket="acme-log", OwnershipControls=rules)


def break_versioning(place: Place) -> None:
    suspended = {"Status": "Suspended"}
    place.client("s3", inside=True).put_bucket_versioning(Bucket="acme-log", VersioningConfiguration=suspended)


def break_encryption(place: Place) -> None:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
    place.client("s3", inside=True).put_bucket_encryption(
        Bucket="acme-log", ServerSideEncryptionConfiguration={"Rules": rules}
    )


def break_lifecycle(place: Place) -> None:
    place.client("s3", inside=True).delete_bucket_lifecycle(Bucket="acme-records")


def break_policy(place: Place) -> None:
    place.client("s3", inside=True).delete_bucket_policy(Bucket="acme-records")


def break_tags(place: Place) -> None:
    tags = {"TagSet": [{"Key": "Name", "Value": "mine"}, {"Key": "Other", "Value": "stays"}]}
    place.client("s3", inside=True).put_bucket_tagging(Bucket="acme-log", Tagging=tags)


def break_logging(place: Place) -> None:
    place.client("cloudtrail").stop_logging(Name="acme-trail")


def break_selectors(place: Place) -> None:
    selectors = [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]},
                                     {"Field": "readOnly", "Equals": ["false"]}]}, *FOREIGN_SELECTORS]  # fmt: skip
    place.client("cloudtrail").put_event_selectors(TrailName="acme-trail", AdvancedEventSelectors=selectors)


def break_trail_tags(place: Place) -> None:
    trails = place.client("cloudtrail")
    arn = trails.describe_trails()["trailList"][0]["TrailARN"]
    trails.remove_tags(ResourceId=arn, TagsList=[{"Key": "Name", "Value": "logs"}])
    trails.add_tags(ResourceId=arn, TagsList=[{"Key": "Other", "Value": "stays"}])


def break_regions(place: Place) -> None:
    place.client("cloudtrail").update_trail(Name="acme-trail", IsMultiRegionTrail=False)


FOREIGN_SELECTORS = [
    {"Name": "objects", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]},
    {"FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["NetworkActivity"]},
        {"Field": "eventSource", "Equals": ["kms.amazonaws.com"]}]},
]  # fmt: skip

DRIFT = {
    "BlockPublicAccess": break_public_access,
    "SetOwnership": break_ownership,
    "SetVersioning": break_versioning,
    "SetEncryption": break_encryption,
    "SetLifecycle": break_lifecycle,
    "SetBucketPolicy": break_policy,
    "TagBucket": break_tags,
    "StartLogging": break_logging,
    "UpdateTrail": break_regions,
    "SetEventSelectors": break_selectors,
    "TagTrail": break_trail_tags,
}


def test_each_change_behind_its_back_is_exactly_one_step(place: Place) -> None:
    place.apply()
    for step, change in DRIFT.items():
        change(place)
        assert place.names() == [step]
        place.apply()
        assert place.names() == []
    tags = place.client("s3", inside=True).get_bucket_tagging(Bucket="acme-log")["TagSet"]
    assert {"Key": "Other", "Value": "stays"} in tags
    trails = place.client("cloudtrail")
    arn = trails.describe_trails()["trailList"][0]["TrailARN"]
    (listed,) = trails.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    assert {"Key": "Other", "Value": "stays"} in listed["TagsList"]
    assert trails.get_event_selectors(TrailName=arn)["AdvancedEventSelectors"][1:] == FOREIGN_SELECTORS


def test_basic_selectors_stay_basic_and_keep_their_data_events(place: Place) -> None:
    place.apply()
    trails = place.client("cloudtrail")
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::acme-data/"]}]
    reads = {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True, "DataResources": data}
    trails.put_event_selectors(TrailName="acme-trail", EventSelectors=[reads])
    assert place.names() == ["SetEventSelectors"]
    place.apply()
    assert place.names() == []
    selectors = trails.get_event_selectors(TrailName="acme-trail")
    assert selectors["AdvancedEventSelectors"] == []
    assert [item["DataResources"] for item in selectors["EventSelectors"]] == [[], data]
    assert selectors["EventSelectors"][1]["ReadWriteType"] == "ReadOnly"


def test_a_data_trail_of_somebody_else_is_left_as_it_is_next_to_orgkit_s(place: Place) -> None:
    trails, s3 = place.client("cloudtrail"), place.client("s3")
    s3.create_bucket(Bucket="aft-logs")
    statement = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*",
                 "Resource": ["arn:aws:s3:::aft-logs", "arn:aws:s3:::aft-logs/*"]}  # fmt: skip
    s3.put_bucket_policy(Bucket="aft-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    trails.create_trail(Name="aft", S3BucketName="aft-logs", IsOrganizationTrail=True, IsMultiRegionTrail=True)
    trails.put_event_selectors(TrailName="aft", AdvancedEventSelectors=FOREIGN_SELECTORS)
    trails.start_logging(Name="aft")
    before = trails.get_trail(Name="aft")
    place.apply()
    assert trails.get_event_selectors(TrailName="aft")["AdvancedEventSelectors"] == FOREIGN_SELECTORS
    assert trails.get_trail(Name="aft")["Trail"] == before["Trail"]
    assert {trail["Name"] for trail in trails.describe_trails()["trailList"]} == {"aft", "acme-trail"}
    assert place.names() == []
    assert "it logs no management events, so orgkit leaves it unchanged." in place.plan().warnings[0]


def test_a_log_file_that_a_step_lets_arrive_is_a_warning_until_one_arrives(place: Place) -> None:
    place.apply()
    assert place.plan().drift == ()
    place.client("s3", inside=True).delete_bucket_policy(Bucket="acme-log")
    place.sandbox.sleep(25 * 3600)
    made = place.apply()
    assert [type(step).__name__ for step in made.steps] == ["SetBucketPolicy"]
    assert made.drift == ()
    line = next(line for line in made.warnings if "The steps of this plan let CloudTrail deliver" in line)
    assert line.startswith("Trail acme-trail (bucket acme-log) could not deliver its last log file: AccessDenied.")
    assert "could not deliver" not in str(place.plan())


@pytest.mark.parametrize("kind", [SetEventSelectors, TagTrail])
def test_a_setting_of_the_trail_names_every_action_that_it_uses(place: Place, kind: Any) -> None:
    place.apply()
    break_selectors(place)
    break_trail_tags(place)
    observed = place.observe()
    (step,) = (step for step in plan(observed, place.desired).steps if isinstance(step, kind))
    place.sandbox.forget_calls()
    handler = next(handler for handler in HANDLERS if handler.step is kind)
    assert handler.starting_value(place.aws, step, IdIndex(observed, place.desired)) == step.starts_from
    RUN[kind](place.aws, step, IdIndex(observed, place.desired))
    assert seen(place) <= set(step.actions)


def test_statements_and_rules_of_others_survive(place: Place) -> None:
    place.apply()
    s3 = place.client("s3", inside=True)
    foreign = {"Sid": "Siem", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"},
               "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-log/*"}  # fmt: skip
    s3.put_bucket_policy(Bucket="acme-log", Policy=json.dumps({"Version": "2012-10-17", "Statement": [foreign]}))
    # The old form of a rule, and a date where days are usual.
    rule = {"ID": "theirs", "Status": "Enabled", "Prefix": "x/", "Expiration": {"Date": "2030-01-01T00:00:00Z"}}
    s3.put_bucket_lifecycle_configuration(Bucket="acme-log", LifecycleConfiguration={"Rules": [rule]})
    assert place.names() == ["SetLifecycle", "SetBucketPolicy"]
    place.apply()
    made = place.plan()
    assert made.steps == ()
    assert made.unmanaged == ("lifecycle rule theirs of bucket acme-log",)
    assert f"statement Siem of bucket acme-log lets account {MANAGEMENT} read the logs" in made.warnings[0]
    stored = s3.get_bucket_lifecycle_configuration(Bucket="acme-log")["Rules"][1]
    assert (stored["Filter"], stored["Expiration"]["Date"].year) == ({"Prefix": "x/"}, 2030)


def test_a_trail_that_delivers_to_the_bucket_goes_on_when_ours_joins_it(place: Place) -> None:
    place.apply()
    trails, s3 = place.client("cloudtrail"), place.client("s3", inside=True)
    trails.delete_trail(Name="acme-trail")
    document = s3.get_bucket_policy(Bucket="acme-log")["Policy"].replace("trail/acme-trail", "trail/audit")
    s3.put_bucket_policy(Bucket="acme-log", Policy=document)
    trails.create_trail(Name="audit", S3BucketName="acme-log", IsMultiRegionTrail=True)
    assert place.names() == ["SetBucketPolicy", "CreateTrail", "StartLogging"]
    place.apply()
    assert place.names() == []
    # The sandbox lets a trail be changed only where the bucket's policy lets it write.
    trails.update_trail(Name="audit", IncludeGlobalServiceEvents=True)
    trails.update_trail(Name="acme-trail", IncludeGlobalServiceEvents=True)


def test_the_list_of_trails_that_aws_documents_is_left_as_it_is(place: Place) -> None:
    place.apply()
    s3, partner = place.client("s3", inside=True), "arn:aws:cloudtrail:eu-west-1:333333333333:trail/partner"
    document = json.loads(s3.get_bucket_policy(Bucket="acme-log")["Policy"])
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            condition = statement["Condition"]["StringEquals"]
            condition["AWS:SourceArn"] = [condition.pop("aws:SourceArn"), partner]
            if statement["Sid"] == "AWSCloudTrailWrite20150319":
                statement["Resource"] = [statement["Resource"], "arn:aws:s3:::acme-log/AWSLogs/333333333333/*"]
    s3.put_bucket_policy(Bucket="acme-log", Policy=json.dumps(document))
    made = place.plan()
    assert made.steps == ()
    assert len([line for line in made.warnings if f"lets CloudTrail for {partner}" in line]) == 3


@pytest.mark.parametrize("place", [{"kms_key": True}], indirect=True)
def test_an_alias_that_is_gone_makes_no_second_key(place: Place) -> None:
    place.apply()
    kms = place.client("kms", inside=True)
    kms.delete_alias(AliasName="alias/acme-trail")
    assert place.names() == ["CreateAlias"]
    place.apply()
    assert place.names() == []
    assert len(kms.list_keys()["Keys"]) == 1


def test_encryption_by_hand_stays_where_the_file_says_nothing_of_it(place: Place) -> None:
    place.desired = replace(place.desired, trail=replace(place.desired.trail, left_out=("kms_key",)))
    asked = replace(place.desired, trail=replace(place.desired.trail, kms_key=True, left_out=()))
    place.desired, silent = asked, place.desired
    place.apply()
    place.desired = silent
    made = place.plan()
    assert made.steps == ()
    assert len([line for line in made.warnings if "`kms_key = false`" in line]) == 2


def test_an_acl_that_lets_others_in_is_taken_back_before_acls_are_switched_off(place: Place) -> None:
    place.apply()
    s3 = place.client("s3", inside=True)
    switch = {"Bucket": "acme-log", "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
    s3.put_bucket_ownership_controls(
        Bucket="acme-log", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    s3.put_bucket_acl(Bucket="acme-log", ACL="log-delivery-write")
    with pytest.raises(ClientError, match="InvalidBucketAclWithObjectOwnership"):
        s3.put_bucket_ownership_controls(**switch)
    made = place.plan()
    assert [type(step).__name__ for step in made.steps] == ["SetAcl", "SetOwnership"]
    assert "takes away READ_ACP to group LogDelivery" in made.steps[0].sentence  # moto shows one permission of a grant
    place.apply()
    assert place.names() == []
    with pytest.raises(ClientError, match="AccessControlListNotSupported"):
        s3.put_bucket_acl(Bucket="acme-log", ACL="public-read")


@pytest.mark.parametrize("place", [{"kms_key": True}], indirect=True)
def test_a_deleted_role_in_the_policies_is_left_out_when_they_change(place: Place) -> None:
    place.apply()
    s3, kms, iam = (place.client(service, inside=True) for service in ("s3", "kms", "iam"))
    role = iam.create_role(RoleName="siem", AssumeRolePolicyDocument=json.dumps(trust(MANAGEMENT)))["Role"]
    reader = {"Sid": "Siem", "Effect": "Allow", "Principal": {"AWS": role["Arn"]}, "Action": "s3:GetObject",
              "Resource": "arn:aws:s3:::acme-log/*"}  # fmt: skip
    key = kms.describe_key(KeyId="alias/acme-trail")["KeyMetadata"]["Arn"]
    bucket_policy = json.loads(s3.get_bucket_policy(Bucket="acme-log")["Policy"])
    key_policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    for document in (bucket_policy, key_policy):  # each lacks its last statement, so that it has to change
        document["Statement"][-1] = reader
    s3.put_bucket_policy(Bucket="acme-log", Policy=json.dumps(bucket_policy))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(key_policy))
    iam.delete_role(RoleName="siem")
    shown = s3.get_bucket_policy(Bucket="acme-log")["Policy"]
    assert role["RoleId"] in shown
    with pytest.raises(ClientError, match="MalformedPolicy"):
        s3.put_bucket_policy(Bucket="acme-log", Policy=shown)
    assert place.names() == ["SetKeyPolicy", "SetBucketPolicy"]
    assert all(f"names {role['RoleId']}, which was deleted" in step.sentence for step in place.plan().steps)
    place.apply()
    assert place.names() == []


@pytest.mark.parametrize("place", [LOCKED], indirect=True)
def test_killed_after_any_step_the_rest_is_what_is_planned(place: Place) -> None:
    first = place.plan()
    observed = place.observe()
    id_index = IdIndex(observed, place.desired)
    left = list(first.steps)
    while left:
        step = left.pop(0)
        RUN[type(step)](place.aws, step, id_index)
        id_index = IdIndex(place.observe(), place.desired)  # as a new process would have it
        now = [again.facts() for again in plan(id_index.observed, place.desired).steps]
        rest = iter([later.facts() for later in left])
        assert all(facts in rest for facts in now), "a remainder is a subsequence of what was approved"


@pytest.mark.parametrize("place", [LOCKED], indirect=True)
def test_every_step_can_be_done_twice(place: Place) -> None:
    observed = place.observe()
    id_index = IdIndex(observed, place.desired)
    for step in plan(observed, place.desired).steps:
        RUN[type(step)](place.aws, step, id_index)
        RUN[type(step)](place.aws, step, id_index)
    assert place.names() == []
    assert len(place.client("kms", inside=True).list_keys()["Keys"]) == 1


@pytest.mark.parametrize("place", [{"kms_key": True}], indirect=True)
@pytest.mark.parametrize("lost", ["CreateKey", "EnableKeyRotation", "CreateAlias"])
def test_a_lost_answer_makes_no_second_key(place: Place, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    observed = place.observe()
    id_index = IdIndex(observed, place.desired)
    (step,) = (step for step in plan(observed, place.desired).steps if isinstance(step, CreateKey))
    sent = response.change

    def lose(client: Any, service: str, operation: str, parameters: Any, **checks: Any) -> response.Answer:
        found = sent(client, service, operation, parameters, **checks)
        if operation == lost:
            raise OutcomeUnknown(operation, "lost")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(response, "change", lose)
        with pytest.raises(OutcomeUnknown):
            RUN[CreateKey](place.aws, step, id_index)
    RUN[CreateKey](place.aws, step, IdIndex(place.observe(), place.desired))
    kms = place.client("kms", inside=True)
    assert len(kms.list_keys()["Keys"]) == 1
    assert kms.get_key_rotation_status(KeyId=kms.describe_key(KeyId="alias/acme-trail")["KeyMetadata"]["KeyId"])[
        "KeyRotationEnabled"
    ]


def test_a_bucket_name_of_somebody_else_is_seen_when_planning_and_when_applying(place: Place) -> None:
    (step, *_) = (step for step in place.plan().steps if isinstance(step, CreateBucket))
    place.client("s3").create_bucket(Bucket="acme-log")
    with pytest.raises(NeedsDecision, match=f"acme-log is in the management account {MANAGEMENT}"):
        place.plan()
    with pytest.raises(NeedsDecision, match="belongs to somebody else"):
        RUN[CreateBucket](place.aws, step, IdIndex(replace(place.observe(), phase_facts=()), place.desired))


def test_a_trail_that_came_meanwhile_must_be_as_approved(place: Place) -> None:
    made = place.plan()
    id_index = IdIndex(place.observe(), place.desired)
    for step in made.steps[:-2]:
        RUN[type(step)](place.aws, step, id_index)
    place.client("cloudtrail").create_trail(Name="acme-trail", S3BucketName="acme-log", IsMultiRegionTrail=True)
    with pytest.raises(NeedsDecision, match="IsOrganizationTrail, LogFileValidationEnabled"):
        RUN[CreateTrail](place.aws, made.steps[-2], id_index)


def test_an_organization_trail_in_another_region_is_found_and_adjusted_there(place: Place) -> None:
    place.apply()
    place.client("cloudtrail").delete_trail(Name="acme-trail")
    s3 = place.client("s3", inside=True)
    policy = (
        s3.get_bucket_policy(Bucket="acme-log")["Policy"].replace("us-east-1", "eu-west-1").replace("acme-trail", "old")
    )
    s3.put_bucket_policy(Bucket="acme-log", Policy=policy)
    place.client("cloudtrail", region="eu-west-1").create_trail(
        Name="old", S3BucketName="acme-log", IsOrganizationTrail=True, IsMultiRegionTrail=True
    )
    assert place.names() == ["UpdateTrail", "StartLogging"]
    place.apply()
    assert place.names() == []


def test_an_account_that_cannot_be_looked_into_is_unread(place: Place) -> None:
    place.client("iam", inside=True).delete_role_policy(RoleName=READ_ROLE, PolicyName=READ_ROLE)
    place.client("iam", inside=True).delete_role(RoleName=READ_ROLE)
    place.aws._members.clear()
    facts = read_trail(place.aws, "o-example", place.desired, place.archive)
    assert facts.buckets == facts.key == Unread(f"{READ_ROLE} cannot be assumed in account {place.archive}")


REGIONAL = {
    "bucket": "acme-log-<log archive account>-us-east-1-an",
    "records_bucket": "acme-records-<log archive account>-us-east-1-an",
    "bucket_namespace": "account-regional",
}


@pytest.mark.parametrize(
    "place",
    [REGIONAL, {**REGIONAL, "kms_key": True, "object_lock": ObjectLockSpec("GOVERNANCE", 30)}],
    indirect=True,
    ids=["plain", "key-lock"],
)
def test_buckets_in_the_account_s_own_namespace(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, created = response.change, list[Any]()

    def note(client: Any, service: str, operation: str, parameters: Any, **checks: Any) -> response.Answer:
        created.extend([parameters] * (operation == "CreateBucket"))
        return sent(client, service, operation, parameters, **checks)

    monkeypatch.setattr(response, "change", note)
    place.apply()
    assert place.names() == []
    names = {bucket["Name"] for bucket in place.client("s3", inside=True).list_buckets()["Buckets"]}
    assert names == {f"acme-{part}-{place.archive}-us-east-1-an" for part in ("log", "records")}
    (trail,) = place.client("cloudtrail").describe_trails()["trailList"]
    assert trail["S3BucketName"] == f"acme-log-{place.archive}-us-east-1-an"
    assert [parameters["BucketNamespace"] for parameters in created] == ["account-regional"] * 2


@pytest.mark.parametrize("place", [REGIONAL], indirect=True)
@pytest.mark.parametrize("code", ["InvalidRequest", "NotImplemented"])
def test_a_region_without_the_namespace_fails_the_step_and_no_other_name_is_tried(
    place: Place, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = place.observe()
    (step, _) = (step for step in plan(observed, place.desired).steps if isinstance(step, CreateBucket))
    sent = response.change

    def refuse(client: Any, service: str, operation: str, parameters: Any, **checks: Any) -> response.Answer:
        if operation == "CreateBucket":
            raise Rejected("s3:CreateBucket", code, "", "not in this region", "")
        return sent(client, service, operation, parameters, **checks)

    monkeypatch.setattr(response, "change", refuse)
    with pytest.raises(StepFailed, match="own namespace in us-east-1") as stopped:
        RUN[CreateBucket](place.aws, step, IdIndex(observed, place.desired))
    assert 'bucket_namespace = "global"' in stopped.value.remedy
    assert place.client("s3", inside=True).list_buckets()["Buckets"] == []


@pytest.mark.parametrize("place", [{"region": "eu-central-1"}], indirect=True)
def test_another_region_than_us_east_1(place: Place) -> None:
    place.apply()
    assert place.names() == []
    where = place.client("s3", inside=True).get_bucket_location(Bucket="acme-log")["LocationConstraint"]
    assert where == "eu-central-1"
    assert place.client("cloudtrail", region="eu-central-1").describe_trails(includeShadowTrails=False)["trailList"]


def test_trails_that_may_not_be_read_are_unread(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(self: Connection, service: str, operation: str, **_: Any) -> dict[str, Any]:
        raise Rejected(f"{service}:{operation}", "AccessDeniedException", "", "no", "")

    monkeypatch.setattr(Connection, "read", deny)
    assert isinstance(read_trail(place.aws, "o-example", place.desired, None).trails, Unread)
