"""`[state_backend]`: where Terraform and OpenTofu keep the state, and the repository whose jobs use it."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from orgkit.model.state_backend import STATE_ACCOUNT_ID, GitHubSpec, StateBackendSpec
from orgkit.phases.schema.formats import REGION, quote, refuse, suggest
from orgkit.phases.schema.location import Violation
from orgkit.phases.schema.raw import Raw, common_tags, members, section, tags, text
from orgkit.phases.schema.section import Defaults, Section, too_many_tags, trail_tags
from orgkit.phases.schema.types import Region, SectionModel, Tags, checked_text, editor_check
from orgkit.phases.storage.bucket_names import ACCOUNT_REGIONAL, Bucket

BUCKET = "terraform-state"
_STATE_KEY = r"(?!.*//)(?!.*\.tflock$)[A-Za-z0-9_][A-Za-z0-9/_.=-]{0,199}(?<!/)"
_KMS_KEY = rf"(?:arn:aws:kms:{REGION}:[0-9]{{12}}:key/[A-Za-z0-9-]{{1,64}})?"
_ENVIRONMENT = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"  # of GitHub, without what `sub` would encode


def state_key(value: str) -> str:
    """Check the key of the state: it becomes part of ARNs, in which * and ? would stand for other keys."""
    if not re.fullmatch(_STATE_KEY, value):
        refuse(
            value,
            "is not a key for the state: write up to 200 letters, digits or / _ . = -, without a slash at an edge, as "
            '"organization/terraform.tfstate"; the key of its lock ends with .tflock.',
        )
    return value


def kms_key_arn(value: str) -> str:
    """Check the ARN of a KMS key, or "": an alias may come to name another key."""
    if not re.fullmatch(_KMS_KEY, value):
        refuse(value, "is not the ARN of a KMS key: write arn:aws:kms:REGION:ACCOUNT:key/ID, and no alias.")
    return value


def environment(value: str) -> str:
    """Check the name of an environment of GitHub, which a role's trust policy names."""
    if not re.fullmatch(_ENVIRONMENT, value):
        refuse(value, "cannot be an environment here: write letters, digits and . _ -, as terraform-plan.")
    return value


Environment = Annotated[str, checked_text(environment), editor_check(_ENVIRONMENT)]
Number = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]


class GitHubModel(SectionModel):
    """`[state_backend] github`: one repository."""

    owner: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,39}$", examples=['"acme"'])]
    owner_id: Annotated[Number, Field(examples=['"1234567"'])]
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$", examples=['"infrastructure"'])]
    repository_id: Annotated[Number, Field(examples=['"7654321"'])]
    plan_environment: Environment = "terraform-plan"
    apply_environment: Environment = "terraform-apply"
    subject: Literal["immutable", "name"] = "immutable"


class StateBackendModel(SectionModel):
    """`[state_backend]`."""

    account: str | None = None
    bucket: Bucket = BUCKET
    bucket_namespace: Literal["account-regional", "global"] = "account-regional"
    region: Region | None = None
    key: Annotated[str, checked_text(state_key), editor_check(_STATE_KEY)] = "organization/terraform.tfstate"
    kms_key: Annotated[str, checked_text(kms_key_arn), editor_check(_KMS_KEY)] = ""
    noncurrent_days: int = Field(default=90, ge=0, le=36500)
    github: GitHubModel | None = None
    tags: Tags = {}


def full_name(prefix: str, namespace: str, region: str) -> str:
    """Return the name of the bucket: in the account's own namespace, account and region follow the prefix."""
    return f"{prefix}-{STATE_ACCOUNT_ID}-{region}-an" if namespace == ACCOUNT_REGIONAL else prefix


def build(model: StateBackendModel, defaults: Defaults) -> StateBackendSpec:
    """Return the frozen value; without an account, there is no backend."""
    if model.account is None:
        return StateBackendSpec()
    region, github = model.region or defaults.home_region, model.github
    return StateBackendSpec(
        account=model.account,
        bucket=full_name(model.bucket, model.bucket_namespace, region),
        bucket_namespace=model.bucket_namespace,
        region=region,
        key=model.key,
        kms_key=model.kms_key,
        keeps_key="kms_key" not in model.model_fields_set,
        noncurrent_days=model.noncurrent_days,
        tags=trail_tags(defaults.common_tags, model.tags),
        github=GitHubSpec(**github.model_dump()) if github else None,
    )


def account(raw: Raw) -> Iterator[Violation]:
    """Report an account that is missing, not in the file, or one that should not hold the state."""
    backend = section(raw, "state_backend")
    key, known = text(backend, "account"), {member.key for member in members(raw)}
    if "account" not in backend and backend:
        yield ("state_backend", "account"), "is missing: write the key of the account that is to keep the state."
    if key is None:
        return
    place = ("state_backend", "account")
    if key == text(section(raw, "organization"), "management_account_id"):
        yield (
            place,
            "is the management account, where no service control policy applies: name a member account.",
        )
    elif key == text(section(raw, "trail"), "log_archive_account"):
        yield (
            place,
            "is the log archive account, which jobs that apply Terraform should not enter: name another account.",
        )
    elif key not in known:
        hint = suggest(key, known) or "Add the account that is to keep the state."
        yield place, f"no account or import has the key {quote(key)}. {hint}"


def bucket(raw: Raw) -> Iterator[Violation]:
    """Report a name that is too long with account and region, or that of another bucket of the file."""
    backend = section(raw, "state_backend")
    name, namespace = text(backend, "bucket") or BUCKET, text(backend, "bucket_namespace") or ACCOUNT_REGIONAL
    home = text(section(raw, "organization"), "home_region") or "us-east-1"
    region = text(backend, "region") or home
    max_length = 63 - len(full_name("", namespace, region).replace(STATE_ACCOUNT_ID, "1" * 12))
    if len(name) > max_length:
        yield (
            ("state_backend", "bucket"),
            f"{quote(name)} has {len(name)} characters; before account and {region}, S3 takes {max_length}.",
        )
    trail = section(raw, "trail")
    if namespace == "global" and name in (text(trail, "bucket"), text(trail, "records_bucket")):
        yield ("state_backend", "bucket"), f"{quote(name)} is a bucket of [trail] too: the state needs its own."


def key_region(raw: Raw) -> Iterator[Violation]:
    """Report a KMS key of another region: S3 takes only those of the bucket's."""
    backend, organization = section(raw, "state_backend"), section(raw, "organization")
    region = text(backend, "region") or text(organization, "home_region") or "us-east-1"
    key = text(backend, "kms_key")
    if key and re.fullmatch(_KMS_KEY, key) and key.split(":")[3] != region:
        yield ("state_backend", "kms_key"), f"is a key of {key.split(':')[3]}, and the bucket is in {region}."


def environments(raw: Raw) -> Iterator[Violation]:
    """Report one environment for both roles: a job that may plan could apply."""
    github = section(raw, "state_backend", "github")
    plan = text(github, "plan_environment") or "terraform-plan"
    if plan == (text(github, "apply_environment") or "terraform-apply"):
        yield (
            ("state_backend", "github", "apply_environment"),
            f"is {quote(plan)}, as plan_environment: each job that plans could apply. Write another environment.",
        )


def tag_counts(raw: Raw) -> Iterator[Violation]:
    """Report more tags than AWS allows, the default tags included."""
    own = tags(section(raw, "state_backend"))
    yield from too_many_tags(("state_backend",), trail_tags(common_tags(raw), own))


SECTION = Section(
    "state_backend",
    StateBackendModel,
    build,
    StateBackendModel(),
    checks=(account, bucket, key_region, environments, tag_counts),
)
