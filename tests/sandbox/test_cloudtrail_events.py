"""The sandbox's CloudTrail event history, asked by plain boto3."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from tests.sandbox.conftest import SEED

MUTATIONS = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
READS = [{"AttributeKey": "ReadOnly", "AttributeValue": "true"}]


@pytest.fixture
def look(world):
    """The whole events of a client's account and region, as their JSON has them, newest first."""

    def whole(client=None, **requests):
        output = (client or world.client("cloudtrail")).lookup_events(**{"LookupAttributes": MUTATIONS, **requests})
        return [json.loads(event["CloudTrailEvent"]) for event in output["Events"]]

    return whole


def names(events):
    return [event["eventName"] for event in events]


def test_an_event_has_who_did_what_where_and_which_request_it_was(world, look):
    made = world.client("iam").create_user(UserName="a")
    world.sandbox.sleep(301)
    (event,) = look()
    assert event["requestID"] == made["ResponseMetadata"]["RequestId"]
    assert (event["eventSource"], event["eventName"]) == ("iam.amazonaws.com", "CreateUser")
    assert (event["awsRegion"], event["recipientAccountId"]) == ("us-east-1", "123456789012")
    assert event["userIdentity"]["arn"] == "arn:aws:iam::123456789012:user/orgkit-operator"
    assert event["userIdentity"]["type"] == "IAMUser"
    assert not event["readOnly"]
    assert "errorCode" not in event


def test_it_becomes_visible_five_minutes_after_it_happened(world, look):
    world.client("iam").create_user(UserName="a")
    world.sandbox.sleep(290)
    assert look() == []
    world.sandbox.sleep(11)
    assert names(look()) == ["CreateUser"]


def test_after_90_days_it_is_gone(world, look):
    world.client("iam").create_user(UserName="a")
    world.sandbox.sleep(90 * 86400 + 1)
    assert look() == []


def test_a_refused_call_has_an_error_code(world, look, error):
    world.client("iam").create_user(UserName="a")
    assert error(world.client("iam").create_user, UserName="a") == "EntityAlreadyExists"
    world.sandbox.sleep(301)
    assert [event.get("errorCode") for event in look()] == ["EntityAlreadyExists", None]


def test_who_asks_for_reads_is_told_reads(world, look):
    world.client("iam").list_users()
    world.sandbox.sleep(301)
    assert look() == []
    assert names(look(LookupAttributes=READS)) == ["ListUsers"]


def test_the_log_of_calls_may_be_forgotten_and_the_history_stays(world, look):
    world.client("iam").create_user(UserName="a")
    world.sandbox.forget_calls()
    world.sandbox.sleep(301)
    assert names(look()) == ["CreateUser"]


def test_a_member_account_has_its_own_history_with_the_role_that_was_assumed(world, look):
    world.organization()
    account = world.account("logs")
    world.in_account(account, "s3").create_bucket(Bucket="corp-logs")
    world.in_account(account, "kms", region_name="eu-west-1").create_key()
    world.sandbox.sleep(301)
    (event,) = look(world.in_account(account, "cloudtrail"))
    identity = event["userIdentity"]
    assert (event["eventName"], event["recipientAccountId"]) == ("CreateBucket", account)
    assert identity["arn"] == f"arn:aws:sts::{account}:assumed-role/OrganizationAccountAccessRole/test"
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    assert names(look(world.in_account(account, "cloudtrail", region_name="eu-west-1"))) == ["CreateKey"]
    assert names(look()) == ["CreateAccount", "CreateOrganization"]


def test_a_change_of_another_account_s_bucket_stands_in_both_histories(world, look):
    world.organization()
    account = world.account("logs")
    inside = world.in_account(account, "s3")
    inside.create_bucket(Bucket="corp-logs")
    allowed = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:*"}
    statement = {**allowed, "Resource": "arn:aws:s3:::corp-logs"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    inside.put_bucket_policy(Bucket="corp-logs", Policy=json.dumps(policy))
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
    world.client("s3").put_bucket_lifecycle_configuration(Bucket="corp-logs", LifecycleConfiguration={"Rules": [rule]})
    world.sandbox.sleep(301)
    foreign, own = look(world.in_account(account, "cloudtrail"))[0], look()[0]
    assert foreign["eventName"] == own["eventName"] == "PutBucketLifecycle"
    assert foreign["requestID"] == own["requestID"]
    assert foreign["userIdentity"]["accountId"] == "123456789012"
    assert (foreign["recipientAccountId"], own["recipientAccountId"]) == (account, "123456789012")
    assert foreign["eventID"] != own["eventID"]


def test_what_is_done_with_objects_is_not_in_it(world, look):
    storage = world.client("s3")
    storage.create_bucket(Bucket="corp-logs")
    storage.put_object(Bucket="corp-logs", Key="a", Body=b"")
    world.sandbox.sleep(301)
    assert names(look()) == ["CreateBucket"]


def test_a_call_that_never_arrived_is_not_in_it(begin):
    world = begin(replace(SEED, faults=("reset",)))
    arrived = [number for number in range(30) if _arrives(world.client("iam").create_user, UserName=f"u-{number}")]
    world.sandbox.sleep(301)
    output = next(filter(None, (_arrives(world.client("cloudtrail").lookup_events) for _ in range(9))))
    assert 0 < len(arrived) < 30
    assert len(output["Events"]) == len(arrived)


def _arrives(call, **parameters):
    try:
        return call(**parameters)
    except (ConnectionClosedError, EndpointConnectionError):
        return None


def test_it_comes_in_pages_newest_first_and_within_the_times_that_are_asked_for(world, look):
    for number in range(5):
        world.client("iam").create_user(UserName=f"user-{number}")
    begun = datetime.fromisoformat(world.sandbox.sleep(301))
    client, found, token = world.client("cloudtrail"), [], {}
    while True:
        output = client.lookup_events(LookupAttributes=MUTATIONS, MaxResults=2, **token)
        found.append([event["EventId"] for event in output["Events"]])
        world.sandbox.sleep(1)
        if "NextToken" not in output:
            break
        token = {"NextToken": output["NextToken"]}
    assert [len(page) for page in found] == [2, 2, 1]
    assert len({each for page in found for each in page}) == 5
    assert look(StartTime=begun) == []
    assert len(look(StartTime=begun - timedelta(minutes=10), EndTime=begun)) == 5


def test_it_is_looked_up_by_name_user_and_id(world, look):
    world.client("iam").create_user(UserName="a")
    world.client("s3").create_bucket(Bucket="corp-logs")
    world.sandbox.sleep(301)
    (event,) = look(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}])
    world.sandbox.sleep(1)
    for key, value in (("EventId", event["eventID"]), ("EventSource", "iam.amazonaws.com")):
        assert look(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}]) == [event]
    world.sandbox.sleep(1)
    assert len(look(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": "orgkit-operator"}])) == 2


def test_an_event_has_what_was_asked_and_hides_names_and_emails(world, look):
    world.organization()
    root = world.client("organizations").list_roots()["Roots"][0]["Id"]
    world.client("organizations").create_organizational_unit(ParentId=root, Name="Security")
    world.client("organizations").create_account(AccountName="logs", Email="logs@corp.example")
    world.client("iam").create_user(UserName="a")
    world.client("s3").create_bucket(Bucket="corp-logs")
    world.sandbox.sleep(301)
    asked = {event["eventName"]: event["requestParameters"] for event in look()}
    assert asked["CreateOrganizationalUnit"] == {"parentId": root, "name": "Security"}
    assert asked["CreateAccount"] == {"accountName": "****", "email": "****"}
    assert asked["CreateUser"] == {"userName": "a"}
    assert asked["CreateBucket"] == {"bucketName": "corp-logs"}


def test_it_is_looked_up_by_the_access_key_and_no_event_names_a_resource(world, look):
    world.client("iam").create_user(UserName="a")
    world.sandbox.sleep(301)
    (event,) = world.client("cloudtrail").lookup_events(LookupAttributes=MUTATIONS)["Events"]
    assert look(LookupAttributes=[{"AttributeKey": "AccessKeyId", "AttributeValue": event["AccessKeyId"]}]) != []
    world.sandbox.sleep(1)
    assert look(LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": "a"}]) == []
    assert look(EventCategory="insight") == []


def test_more_than_two_requests_a_second_are_too_many(world, error):
    lookup = world.client("cloudtrail").lookup_events
    lookup()
    lookup()
    assert error(lookup) == "ThrottlingException"
    world.client("cloudtrail", region_name="eu-west-1").lookup_events()
    world.sandbox.sleep(1)
    lookup()


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ({"LookupAttributes": [*MUTATIONS, *MUTATIONS]}, "InvalidLookupAttributesException"),
        ({"StartTime": datetime(2026, 1, 2), "EndTime": datetime(2026, 1, 1)}, "InvalidTimeRangeException"),
        ({"NextToken": "other"}, "InvalidNextTokenException"),
    ],
)
def test_what_makes_no_sense_is_refused(world, error, requests, code):
    assert error(world.client("cloudtrail").lookup_events, **requests) == code
