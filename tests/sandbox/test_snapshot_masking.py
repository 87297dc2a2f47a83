"""A masked snapshot has no name of the organization, in whatever form documents have it."""

import json
import time
from typing import Any

import pytest

from orgkit.sandbox.snapshot import Snapshot
from orgkit.sandbox.snapshot_masking import mask_snapshot
from tests.sandbox.test_snapshot import KEY, NOW, account, values

PREFIXED = "secretproject-logs-222222222222-us-east-1-an"
SECRET_TAG = {"Owner": "zoe", "Stage": "Prod Blue"}


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}


def snapshot_with(*statements: dict[str, Any], content: str = "", **more: Any) -> Snapshot:
    """The organization of the other tests, with secret names, and these statements in each of its documents."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    role = {"name": "orgkit-read", "trust": document, "inline": {"Secret Project": document}}
    accounts = [
        account("111111111111", "payer", email="Root+Secret@Corp.test"),
        account("222222222222", "Zoe Shop", "ou-abcd-11111111", email="zoe+aws@corp.test", tags=SECRET_TAG,
                roles=[role]),
    ]  # fmt: skip
    units = [
        {"id": "ou-abcd-11111111", "parent_id": "r-abcd", "name": "Secret Project"},
        {"id": "ou-abcd-22222222", "parent_id": "r-abcd", "name": "Allow"},
    ]
    policies = [
        {"id": "p-12345678", "name": "Zoe's rules", "type": "SERVICE_CONTROL_POLICY", "content": content or document,
         "description": "What Zoe Shop and Secret Project may do; ask zoe+aws@corp.test."}
    ]  # fmt: skip
    key = f"arn:aws:kms:us-east-1:222222222222:key/{KEY}"
    keys = [{"arn": key, "policy": document, "created_at": NOW, "aliases": ["alias/secretproject-key"]}]
    trails = [
        {"name": "zoetrail", "home_region": "us-east-1", "bucket": PREFIXED, "settings": {"S3KeyPrefix": "zoefolder"}}
    ]
    buckets = [
        {"name": name, "account_id": "222222222222", "region": "us-east-1",
         "settings": {"GetBucketPolicy": {"Policy": document}}}
        for name in (PREFIXED, "zoe", "zoe-archive")
    ]  # fmt: skip
    parts = {"units": units, "accounts": accounts, "policies": policies, "keys": keys, "trails": trails}
    raw = values(**{**parts, "buckets": buckets, **more})
    raw["organization"]["management_email"] = "Root+Secret@Corp.test"
    return Snapshot.from_json(json.dumps(raw))


HOSTILE = {
    "the account of a policy variable": statement(
        Resource=["arn:aws:s3:::secretproject-logs-${aws:PrincipalAccount}-us-east-1-an"]
    ),
    "a wildcard": statement(Resource=["arn:aws:s3:::secretproject-*", "arn:aws:s3:::secretproject-logs*/*"]),
    "a wildcard within the name": statement(Resource="arn:aws:s3:::*-secretproject-?ogs-*"),
    "a variable as partition": statement(Resource="arn:${aws:Partition}:s3:::secretproject-records-x/*"),
    "upper case": statement(Resource="arn:aws:s3:::SECRETPROJECT-LOGS-*", Note="ZOE-ARCHIVE, SECRET PROJECT"),
    "a name that begins with another": statement(Resource=["arn:aws:s3:::zoe", "arn:aws:s3:::zoe-archive/x"]),
    "a bucket that is not copied": statement(Resource="arn:aws:s3:::unknown-zoe-secret/AWSLogs/*"),
    "a bucket without an ARN": statement(Condition={"StringLike": {"x:bucket": ["zoe-archive-*", f"{PREFIXED}/x"]}}),
    "a host of a bucket": statement(Condition={"StringLike": {"x:host": "zoe-archive.s3.amazonaws.com"}}),
    "a prefix of objects": statement(
        Resource="arn:aws:s3:::zoe/zoefolder/AWSLogs/o-abcdefghij/*",
        Condition={"StringLike": {"s3:prefix": ["zoefolder/AWSLogs/*", "zoeother/AWSLogs/222222222222/*"]}},
    ),
    "an alias": statement(Resource="arn:aws:kms:us-east-1:222222222222:alias/secretproject-key", Note="alias/zoe-*"),
    "a Sid": statement(Sid="DenySecretProjectInZOEShop"),
    "a name without its blanks": statement(Resource="arn:aws:iam::222222222222:user/SecretProject-ci", Note="zoe_shop"),
    "a sentence": statement(Note="What 'Zoe Shop' does in Secret Project, by zoetrail and Zoe's rules."),
    "emails": statement(Note="zoe+aws@corp.test x.zoe+aws@corp.test ZOE@CORP.TEST o'zoe@other.test zoe+*@corp.test"),
    "a domain": statement(Condition={"StringLike": {"x:mail": ["*@corp.test", "zoe@sub.corp.test"]}}),
    "values of tags": statement(
        Condition={
            "StringLike": {
                "aws:PrincipalTag/Owner": ["zoe", "zoe-*", "${aws:PrincipalTag/Team, 'zoe'}"],
                "ec2:ResourceTag/Stage": "prod blue",
            }
        }
    ),
    "ids that are not there": statement(
        Condition={"StringLike": {"aws:PrincipalOrgPaths": ["o-abcdefghij/r-abcd/ou-abcd-99999999/*", "*/ou-abcd-*"]}},
        Resource="arn:aws:kms:us-east-1:333333333333:key/d623fb1e-0000-4c14-a170-08d66bcffb21",
    ),
}  # fmt: skip
SECRETS = (
    "secretproject", "secret project", "zoe", "corp.test", "other.test", "prod blue", "abcd", "d623fb1e", "1111111",
    "2222222", "3333333",
)  # fmt: skip


@pytest.mark.parametrize("form", HOSTILE)
def test_no_document_of_a_masked_copy_has_a_name_of_the_organization(form: str) -> None:
    text = json.dumps(json.loads(mask_snapshot(snapshot_with(HOSTILE[form])).to_json()), ensure_ascii=False).casefold()
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize(
    "content",
    [
        "Secret Project of Zoe Shop: arn:aws:s3:::secretproject-*, zoe+aws@corp.test",
        '{"tags": {"Secret Project": {"tag_value": {"@@assign": ["zoe", "prod blue*"]}}}}',
        '{"Statement": {"Note": "\\u0073ecret project", "Resource": "arn:aws:s3:::\\u007aoe"}}',
        '{"Statement": {"Sid": "zoe shop", "Sid": "ok"}}',
        "[" * 2000 + '"Secret Project"' + "]" * 2000,
    ],
    ids=[
        "a sentence",
        "a tag policy",
        "escaped letters",
        "a key that is there twice",
        "a document that is nested too deeply",
    ],
)
def test_a_document_that_is_not_for_iam_is_masked_too(content: str) -> None:
    text = mask_snapshot(snapshot_with(content=content)).to_json().casefold()
    assert [secret for secret in SECRETS if secret in text] == []


def test_a_name_that_is_only_in_the_parameters_file_is_masked_where_no_arn_shows_that_it_is_a_bucket() -> None:
    snapshot = snapshot_with(statement(Note="terraform-of-yan/x and terraform-of-yan-*"))
    assert "of-yan" in mask_snapshot(snapshot).to_json()
    assert "of-yan" not in mask_snapshot(snapshot, ("terraform-of-yan",)).to_json()


def test_words_of_aws_stay_also_where_units_and_accounts_are_called_so() -> None:
    own = statement(
        Sid="x", Principal={"Service": "config.amazonaws.com", "AWS": "arn:aws:iam::aws:policy/Config"},
        Resource=["arn:aws:iam::*:role/orgkit-read", "arn:aws:config:us-east-1:222222222222:trail/*"],
        Condition={"Bool": {"aws:SecureTransport": "false"}, "Null": {"aws:RequestTag/Owner": "true"}},
    )  # fmt: skip
    names = ("Allow", "config", "trail", "aws", "orgkit", "true", "active")
    units = [
        {"id": f"ou-abcd-1111111{number}", "parent_id": "r-abcd", "name": name} for number, name in enumerate(names)
    ]
    masked = mask_snapshot(snapshot_with(own, units=[*units, {**units[0], "id": "ou-abcd-11111111x"}]))
    shop = masked.accounts[1]
    own["Resource"][1] = own["Resource"][1].replace("222222222222", shop.id)
    assert json.loads(masked.policies[0].content)["Statement"] == [own]
    assert shop.state == "ACTIVE"
    assert [role.name for role in shop.roles or ()] == ["orgkit-read"]


def test_a_pattern_still_stands_for_the_bucket_that_it_stood_for() -> None:
    masked = mask_snapshot(
        snapshot_with(statement(Resource="arn:aws:s3:::secretproject-logs-${aws:PrincipalAccount}-us-east-1-an"))
    )
    (own,) = json.loads(masked.policies[0].content)["Statement"]
    account_id = masked.accounts[1].id
    assert own["Resource"].replace("${aws:PrincipalAccount}", account_id) == f"arn:aws:s3:::{masked.trails[0].bucket}"
    assert masked.trails[0].bucket == masked.buckets[0].name


def test_a_long_document_is_masked_in_less_than_a_few_seconds() -> None:
    started = time.process_time()
    for text in ("a" * 9_000, "arn:${a}" * 1_000, "${" * 5_000, "a.@" * 3_000, "arn:aws:s3:::" + "${a" * 3_000):
        mask_snapshot(snapshot_with(statement(Note=text)))
    assert time.process_time() - started < 5
