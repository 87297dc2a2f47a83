"""Changes that somebody makes with plain AWS calls to what was handed over, and what Terraform's plan has to show.

In the larger file policy types are ignored, since one is enabled that the provider refuses: `of_the_example` has that
change. `of_members` are those of roles, where the file hands them over.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orgkit.sandbox.ids import one_time_code
from tests.bootstrap.project import Stage

ATTRIBUTES_WITHOUT_A_CHANGE = {  # of resources that are handed over, and why nobody can change them
    "aws_budgets_budget": {"name", "budget_type", "time_unit"},  # AWS: a budget with another one is another budget
    "aws_ce_anomaly_monitor": {"monitor_dimension", "monitor_type"},  # UpdateAnomalyMonitor takes the name alone
    "aws_ce_cost_allocation_tag": {"tag_key"},  # the identity
    "aws_cloudtrail": {"name"},  # the identity
    "aws_iam_role": {"name"},  # the identity
    "aws_iam_role_policy": {"name", "role"},  # the identity
    "aws_iam_role_policy_attachment": {"policy_arn", "role"},  # without it, Terraform's own session may read nothing
    "aws_kms_alias": {"name"},  # the identity
    "aws_organizations_account": {"role_name", "iam_user_access_to_billing"},  # AWS does not report them
    "aws_organizations_organization": {"feature_set"},  # AWS never takes features away
    "aws_organizations_organizational_unit": {"parent_id"},  # AWS moves no unit
    "aws_organizations_policy": {"type"},  # UpdatePolicy does not take it
    "aws_organizations_policy_attachment": {"policy_id", "target_id"},  # is there or not: the change is `create`
    "aws_s3_bucket": {"bucket", "object_lock_enabled"},  # the identity; S3 never takes the lock away
    "aws_s3_bucket_versioning": {"versioning_configuration"},  # S3 refuses it where there is an Object Lock
}
TAGS = frozenset({"tags", "tags_all"})
Clients = Callable[..., Any]


@dataclass(frozen=True)
class Place:
    """Where the resources of one organization are."""

    stage: Stage
    imports: Mapping[str, str]  # import ids by address

    @property
    def archive(self) -> str:
        return self.imports['aws_organizations_account.accounts["custody"]']

    @property
    def bucket(self) -> str:
        return self.imports["aws_s3_bucket.logs"]

    @property
    def key(self) -> str:
        return self.imports["aws_kms_key.trail"]

    @property
    def trail(self) -> str:
        return self.imports["aws_cloudtrail.organization"]

    def unit(self, path: str) -> str:
        level = path.count("/") + 1
        return self.imports[f'aws_organizations_organizational_unit.level_{level}["{path}"]']

    def policy(self, name: str) -> str:
        return self.imports[f'aws_organizations_policy.policies["{name}"]']

    def organizations(self) -> Any:
        return self.stage.client("organizations")

    def cloudtrail(self) -> Any:
        return self.stage.client("cloudtrail", region_name="eu-central-1")

    def s3(self) -> Any:
        return self.stage.client("s3", self.archive, region_name="eu-central-1")

    def kms(self) -> Any:
        return self.stage.client("kms", self.archive, region_name="eu-central-1")

    def account(self, address: str) -> str:
        return self.imports[address].partition("_")[0]

    def budget(self) -> dict[str, Any]:
        """The budget of the organization, as DescribeBudget returns it."""
        client = self.stage.client("budgets")
        account = self.stage.seed.management_account_id
        return dict(client.describe_budget(AccountId=account, BudgetName="orgkit-organization")["Budget"])

    def iam(self, address: str, role: str = "OrganizationAccountAccessRole") -> Any:
        return self.stage.client("iam", self.account(address), role)


@dataclass(frozen=True)
class Change:
    """One change: the address of the resource, the attributes that a plan shows, and the call."""

    address: str
    attributes: frozenset[str]
    make: Callable[[Place], object]
    actions: tuple[str, ...] = ("update",)


def _change(address: str, attributes: str, make: Callable[[Place], object], *actions: str) -> Change:
    names = frozenset(attributes.split())
    return Change(address, names | TAGS if "tags" in names else names, make, actions or ("update",))


LIVE = 'aws_organizations_organizational_unit.level_3["Shops/Online/Live"]'
TRIAL = 'aws_organizations_organizational_unit.level_3["Shops/Online/Trial"]'
TILL_TRIAL = 'aws_organizations_account.accounts["till-trial"]'
SHOP = 'aws_organizations_account.imported_accounts["old-shop"]'
ORGANIZATION = "aws_organizations_organization.organization"
BUDGET = 'aws_budgets_budget.budgets["orgkit-organization"]'
TRAIL, KEY, ALIAS = "aws_cloudtrail.organization", "aws_kms_key.trail", "aws_kms_alias.trail"
MONITOR, ALERT = "aws_ce_anomaly_monitor.services", "aws_ce_anomaly_subscription.anomalies"
OTHER_EMAIL = "other@obriens-bakery.co.uk"
PRINCIPAL = "sso.amazonaws.com"
TAG = [{"Key": "Foreign", "Value": "x"}]
ACCOUNT, IMPORTED = 'aws_organizations_account.accounts["{}"]', 'aws_organizations_account.imported_accounts["{}"]'
OTHER_TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole"}
OPEN = {"Sid": "Foreign", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket"}


def _public_access(name: str) -> Callable[[Place], object]:
    def make(place: Place) -> None:
        names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        settings = {key: key != name for key in names}
        place.s3().put_public_access_block(Bucket=place.bucket, PublicAccessBlockConfiguration=settings)

    return make


def _lifecycle(key: str, value: Any) -> Callable[[Place], object]:
    def make(place: Place) -> None:
        rules = place.s3().get_bucket_lifecycle_configuration(Bucket=place.bucket)["Rules"]
        configuration = {"Rules": [{**rules[0], key: value}]}
        place.s3().put_bucket_lifecycle_configuration(Bucket=place.bucket, LifecycleConfiguration=configuration)

    return make


def _foreign_rule(place: Place) -> None:
    rules = place.s3().get_bucket_lifecycle_configuration(Bucket=place.bucket)["Rules"]
    foreign = {"ID": "foreign", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 900}}
    place.s3().put_bucket_lifecycle_configuration(
        Bucket=place.bucket, LifecycleConfiguration={"Rules": [*rules, foreign]}
    )


def _bucket_policy(place: Place) -> None:
    document = json.loads(place.s3().get_bucket_policy(Bucket=place.bucket)["Policy"])
    document["Statement"].append({**OPEN, "Resource": f"arn:aws:s3:::{place.bucket}"})
    place.s3().put_bucket_policy(Bucket=place.bucket, Policy=json.dumps(document))


def _encrypt(place: Place) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    place.s3().put_bucket_encryption(Bucket=place.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _lock(mode: str, days: int) -> Callable[[Place], object]:
    rule = {"DefaultRetention": {"Mode": mode, "Days": days}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    return lambda place: place.s3().put_object_lock_configuration(
        Bucket=place.bucket, ObjectLockConfiguration=configuration
    )


def _key_policy(place: Place) -> None:
    document = json.loads(place.kms().get_key_policy(KeyId=place.key, PolicyName="default")["Policy"])
    document["Statement"].pop()
    place.kms().put_key_policy(KeyId=place.key, PolicyName="default", Policy=json.dumps(document))


def _policy_content(place: Place) -> None:
    content = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a4b:*", "Resource": "*"}]}
    place.organizations().update_policy(PolicyId=place.policy("deny-root"), Content=json.dumps(content))


def _data_events(place: Place) -> None:
    selector = {
        "ReadWriteType": "All", "IncludeManagementEvents": True,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    }  # fmt: skip
    place.cloudtrail().put_event_selectors(TrailName=place.trail, EventSelectors=[selector])


def _update_trail(**values: Any) -> Callable[[Place], object]:
    return lambda place: place.cloudtrail().update_trail(Name=place.trail, **values)


def _write_elsewhere(place: Place) -> None:
    other, region = "another-bucket-of-the-bakery", {"LocationConstraint": "eu-central-1"}
    place.s3().create_bucket(Bucket=other, CreateBucketConfiguration=region)
    policy = place.s3().get_bucket_policy(Bucket=place.bucket)["Policy"].replace(place.bucket, other)
    place.s3().put_bucket_policy(Bucket=other, Policy=policy)
    place.cloudtrail().update_trail(Name=place.trail, S3BucketName=other)


def _delete_notification(place: Place) -> None:
    budgets = place.stage.client("budgets")
    budget = {"AccountId": place.stage.seed.management_account_id, "BudgetName": "orgkit-organization"}
    first = budgets.describe_notifications_for_budget(**budget)["Notifications"][0]
    identity = {name: value for name, value in first.items() if name != "NotificationState"}
    budgets.delete_notification(**budget, Notification=identity)


def _update_budget(**values: Any) -> Callable[[Place], object]:
    def make(place: Place) -> None:
        budget = {**place.budget(), **values}
        place.stage.client("budgets").update_budget(AccountId=place.stage.seed.management_account_id, NewBudget=budget)

    return make


def _update_alert(**values: Any) -> Callable[[Place], object]:
    return lambda place: place.stage.client("ce").update_anomaly_subscription(
        SubscriptionArn=place.imports[ALERT], **values
    )


def _point_alias_elsewhere(place: Place) -> None:
    other = place.kms().create_key(Description="other")["KeyMetadata"]["KeyId"]
    place.kms().update_alias(AliasName=place.imports[ALIAS], TargetKeyId=other)


def _change_email(place: Place) -> None:
    account, client = place.account(TILL_TRIAL), place.stage.client("account")
    client.start_primary_email_update(AccountId=account, PrimaryEmail=OTHER_EMAIL)
    client.accept_primary_email_update(AccountId=account, PrimaryEmail=OTHER_EMAIL, Otp=one_time_code(OTHER_EMAIL))


def _move(key: str, source: str, destination: str) -> Callable[[Place], object]:
    def make(place: Place) -> None:
        account = place.imports[key]
        parents = {"SourceParentId": place.unit(source), "DestinationParentId": place.unit(destination)}
        place.organizations().move_account(AccountId=account, **parents)

    return make


def changes() -> Iterator[Change]:
    """Every change, each of another attribute."""
    yield from _organization_changes()
    yield from _trail_changes()
    yield from _bucket_changes()
    yield from _other_changes()


def _organization_changes() -> Iterator[Change]:
    yield _change(
        ORGANIZATION, "aws_service_access_principals",
        lambda place: place.organizations().enable_aws_service_access(ServicePrincipal=PRINCIPAL),
    )  # fmt: skip
    yield _change(
        "aws_iam_organizations_features.organization", "enabled_features",
        lambda place: place.stage.client("iam").disable_organizations_root_sessions(),
    )  # fmt: skip
    yield _change(
        LIVE, "name",
        lambda place: place.organizations().update_organizational_unit(
            OrganizationalUnitId=place.unit("Shops/Online/Live"), Name="Dead"
        ),
    )  # fmt: skip
    yield _change(
        TRIAL, "tags",
        lambda place: place.organizations().tag_resource(ResourceId=place.unit("Shops/Online/Trial"), Tags=TAG),
    )  # fmt: skip
    yield _change(TILL_TRIAL, "parent_id", _move(TILL_TRIAL, "Shops/Online/Trial", "Shops"))
    yield _change(
        TILL_TRIAL, "name",
        lambda place: place.stage.client("account").put_account_name(
            AccountId=place.account(TILL_TRIAL), AccountName="other"
        ),
    )  # fmt: skip
    # What would be created again has the arguments that are ignored otherwise.
    replaced = "email role_name iam_user_access_to_billing"
    yield _change(TILL_TRIAL, replaced, _change_email, "delete", "create")
    yield _change(
        SHOP, "tags", lambda place: place.organizations().tag_resource(ResourceId=place.imports[SHOP], Tags=TAG)
    )


def _trail_changes() -> Iterator[Change]:
    yield _change(TRAIL, "is_multi_region_trail", _update_trail(IsMultiRegionTrail=False))
    yield _change(TRAIL, "enable_log_file_validation", _update_trail(EnableLogFileValidation=False))
    yield _change(TRAIL, "kms_key_id", _update_trail(KmsKeyId=""))
    yield _change(TRAIL, "include_global_service_events", _update_trail(IncludeGlobalServiceEvents=False))
    yield _change(TRAIL, "is_organization_trail", _update_trail(IsOrganizationTrail=False))
    yield _change(TRAIL, "s3_bucket_name", _write_elsewhere)
    yield _change(TRAIL, "event_selector", _data_events)
    yield _change(TRAIL, "enable_logging", lambda place: place.cloudtrail().stop_logging(Name=place.trail))
    yield _change(TRAIL, "tags", lambda place: place.cloudtrail().add_tags(ResourceId=place.trail, TagsList=TAG))


def _bucket_changes() -> Iterator[Change]:
    yield _change(
        "aws_s3_bucket.logs", "tags",
        lambda place: place.s3().put_bucket_tagging(Bucket=place.bucket, Tagging={"TagSet": TAG}),
    )  # fmt: skip
    for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
        attribute = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
        yield _change("aws_s3_bucket_public_access_block.logs", attribute, _public_access(name))
    yield _change(
        "aws_s3_bucket_ownership_controls.logs", "rule",
        lambda place: place.s3().put_bucket_ownership_controls(
            Bucket=place.bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
    )  # fmt: skip
    yield _change("aws_s3_bucket_server_side_encryption_configuration.logs", "rule", _encrypt)
    lifecycle = "aws_s3_bucket_lifecycle_configuration.logs"
    yield _change(lifecycle, "rule", _lifecycle("Expiration", {"Days": 401}))
    yield _change(lifecycle, "rule", _lifecycle("Transitions", [{"Days": 60, "StorageClass": "STANDARD_IA"}]))
    yield _change(lifecycle, "rule", _lifecycle("NoncurrentVersionExpiration", {"NoncurrentDays": 30}))
    yield _change(lifecycle, "rule", _lifecycle("AbortIncompleteMultipartUpload", {"DaysAfterInitiation": 1}))
    yield _change(lifecycle, "rule", _lifecycle("Status", "Disabled"))
    yield _change(lifecycle, "rule", _lifecycle("Filter", {"Prefix": "x/"}))
    yield _change(lifecycle, "rule", _foreign_rule)
    lock = "aws_s3_bucket_object_lock_configuration.logs"
    yield _change(lock, "rule", _lock("GOVERNANCE", 32))
    yield _change(lock, "rule", _lock("COMPLIANCE", 31))
    yield _change("aws_s3_bucket_policy.logs", "policy", _bucket_policy)


def _other_changes() -> Iterator[Change]:
    yield _change(
        KEY, "description", lambda place: place.kms().update_key_description(KeyId=place.key, Description="other")
    )
    yield _change(KEY, "enable_key_rotation", lambda place: place.kms().disable_key_rotation(KeyId=place.key))
    yield _change(KEY, "policy", _key_policy)
    yield _change(
        KEY, "tags",
        lambda place: place.kms().tag_resource(KeyId=place.key, Tags=[{"TagKey": "Foreign", "TagValue": "x"}]),
    )  # fmt: skip
    yield _change('aws_organizations_policy.policies["deny-root"]', "content", _policy_content)
    yield _change(
        'aws_organizations_policy.policies["deny-root"]', "description",
        lambda place: place.organizations().update_policy(PolicyId=place.policy("deny-root"), Description="other"),
    )  # fmt: skip
    yield _change(
        'aws_organizations_policy.policies["deny-root"]', "name",
        lambda place: place.organizations().update_policy(PolicyId=place.policy("deny-root"), Name="other"),
    )  # fmt: skip
    yield _change(
        'aws_organizations_policy_attachment.policies["deny-root: Custody"]', "",
        lambda place: place.organizations().detach_policy(
            PolicyId=place.policy("deny-root"), TargetId=place.unit("Custody")
        ),
        "create",
    )  # fmt: skip
    yield _change(
        'aws_organizations_policy.policies["deny-leaving"]', "tags",
        lambda place: place.organizations().tag_resource(ResourceId=place.policy("deny-leaving"), Tags=TAG),
    )  # fmt: skip
    yield _change(ALIAS, "target_key_id", _point_alias_elsewhere)
    yield from _billing_changes()


def _billing_changes() -> Iterator[Change]:
    yield _change(BUDGET, "notification", _delete_notification)
    yield _change(BUDGET, "limit_amount", _update_budget(BudgetLimit={"Amount": "12345", "Unit": "USD"}))
    yield _change(BUDGET, "cost_types", _update_budget(CostTypes={"IncludeTax": False}))
    yield _change(
        BUDGET, "tags",
        lambda place: place.stage.client("budgets").tag_resource(
            ResourceARN=f"arn:aws:budgets::{place.stage.seed.management_account_id}:budget/orgkit-organization",
            ResourceTags=TAG,
        ),
    )  # fmt: skip
    yield _change(
        MONITOR, "name",
        lambda place: place.stage.client("ce").update_anomaly_monitor(
            MonitorArn=place.imports[MONITOR], MonitorName="other"
        ),
    )  # fmt: skip
    yield _change(ALERT, "frequency", _update_alert(Frequency="WEEKLY"))
    yield _change(ALERT, "name", _update_alert(SubscriptionName="other"), "delete", "create")
    yield _change(ALERT, "subscriber", _update_alert(Subscribers=[{"Type": "EMAIL", "Address": OTHER_EMAIL}]))
    yield _change(ALERT, "monitor_arn_list", _update_alert(MonitorArnList=[]))
    dimension = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"], "Values": ["7"]}
    yield _change(ALERT, "threshold_expression", _update_alert(ThresholdExpression={"Dimensions": dimension}))
    yield _change(
        'aws_ce_cost_allocation_tag.tags["orgkit:key"]', "status",
        lambda place: place.stage.client("ce").update_cost_allocation_tags_status(
            CostAllocationTagsStatus=[{"TagKey": "orgkit:key", "Status": "Inactive"}]
        ),
    )  # fmt: skip


def of_the_example() -> Iterator[Change]:
    """The change of an organization whose types of policy the provider accepts."""
    yield _change(
        ORGANIZATION, "enabled_policy_types",
        lambda place: place.organizations().enable_policy_type(
            RootId=place.organizations().list_roots()["Roots"][0]["Id"], PolicyType="CHATBOT_POLICY"
        ),
    )  # fmt: skip


def of_members() -> Iterator[Change]:
    """Changes of roles in member accounts."""
    till, recipes = ACCOUNT.format("till"), IMPORTED.format("recipes")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{**OTHER_TRUST, "Principal": {"AWS": "*"}}]})
    yield _change(
        "aws_iam_role.read_role_till", "assume_role_policy",
        lambda place: place.iam(till).update_assume_role_policy(RoleName="orgkit-read", PolicyDocument=trust),
    )  # fmt: skip
    yield _change(
        "aws_iam_role.access_role_recipes", "description",
        lambda place: place.iam(recipes, "bakery+admin").update_role(RoleName="bakery+admin", Description="other"),
    )  # fmt: skip
    yield _change(
        "aws_iam_role.read_role_recipes", "tags",
        lambda place: place.iam(recipes, "bakery+admin").tag_role(RoleName="orgkit-read", Tags=TAG),
    )  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**OTHER_TRUST, "Resource": "*"}]})
    yield _change(
        "aws_iam_role_policy.read_role_till", "policy",
        lambda place: place.iam(till).put_role_policy(
            RoleName="orgkit-read", PolicyName="orgkit-read", PolicyDocument=document
        ),
    )  # fmt: skip


def shown(planned: Mapping[str, Any]) -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    """What a plan would do: address → its actions, and the attributes that differ."""
    items = [item for item in planned.get("resource_changes", []) if item["change"]["actions"] != ["no-op"]]
    return {item["address"]: (tuple(item["change"]["actions"]), _attributes(item["change"])) for item in items}


def _attributes(change: Mapping[str, Any]) -> frozenset[str]:
    before, after, unknown = change["before"], change["after"] or {}, change["after_unknown"] or {}
    if before is None:
        return frozenset()
    names = {name for name in {*before, *after} if unknown.get(name) is not True}
    # An import leaves null what no API reports: to Terraform that is the same as nothing of its kind.
    return frozenset(name for name in names if (before.get(name) or None) != (after.get(name) or None))
