"""What a hand-over knows of Terraform and its AWS provider, and the names that its files share."""

from orgkit.phases.terraform.hcl import Expression

# `import` with for_each and `removed` need 1.7, in Terraform and in OpenTofu.
REQUIRED_VERSION = ">= 1.7"
PROVIDER_SOURCE = "hashicorp/aws"
PROVIDER_VERSION = ">= 5.100.0, < 7.0.0"
TRIED_VERSION = "5.100"

# The policy types that hashicorp/aws 5.100 accepts. A test compares them with the provider's own message.
POLICY_TYPES = (
    "AISERVICES_OPT_OUT_POLICY", "BACKUP_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2",
    "RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY", "TAG_POLICY",
)  # fmt: skip

MANAGEMENT = Expression("aws.management")
LOG_ARCHIVE = Expression("aws.log_archive")

# Names that one file defines and others use.
ROOT_ID = Expression("aws_organizations_organization.organization.roots[0].id")
UNIT_IDS = "organizational_unit_ids"  # a local: ids by the path of the unit


def value_of(name: str) -> Expression:
    """Return a member of the map entry of a `for_each`."""
    return Expression(f"each.value.{name}")
