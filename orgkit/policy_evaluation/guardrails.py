"""Which requests the policies of an organization bind: service control policies (SCPs) and resource control policies.

Source: AWS Organizations User Guide. "Service control policies (SCPs)" has tasks and entities not restricted by SCPs.
"Resource control policies (RCPs)" has the list of AWS services that support RCPs, as of 2026-09-26, and resources and
entities not restricted by RCPs.
"""

from orgkit.policy_evaluation.requests import SERVICE_LINKED_PATH, PrincipalKind, Request

# Prefixes of actions.
RCP_SERVICES = frozenset(
    {
        "aoss", "appconfig", "appstream", "autoscaling", "autoscaling-plans", "budgets", "clouddirectory", "cloudfront",
        "cloudsearch", "cloudtrail-data", "codeartifact", "codebuild", "codecommit", "codepipeline", "cognito-identity",
        "cognito-idp", "comprehend", "comprehendmedical", "compute-optimizer", "cost-optimization-hub", "dax", "dsql",
        "dynamodb", "ecr", "ecr-public", "events", "firehose", "fis", "fms", "gamelift", "health", "inspector-scan",
        "kendra", "kinesisvideo", "kms", "logs", "memorydb", "networkmonitor", "notifications", "opensearch",
        "pca-connector-ad", "personalize", "polly", "pricing", "resource-groups", "rolesanywhere", "s3",
        "secretsmanager", "servicediscovery", "signin", "sqs", "sts", "support", "swf", "textract",
        "timestream-influxdb", "transcribe", "transfer", "translate", "wafv2", "workspaces", "xray",
    }
)  # fmt: skip
_WITHOUT_RCPS = ("kms:retiregrant",)


def is_bound_by_scps(request: Request) -> bool:
    """Return whether SCPs apply: to the users, roles and root user of member accounts, not to service-linked roles."""
    principal = request.principal
    return principal.is_iam and principal.account.is_member and not principal.is_service_linked


def is_bound_by_rcps(request: Request) -> bool:
    """Return whether RCPs apply: to resources of member accounts, for any principal but service-linked roles."""
    if not request.owner.is_member or request.principal.is_service_linked or request.is_aws_managed_key:
        return False
    if request.principal.kind is PrincipalKind.SERVICE and SERVICE_LINKED_PATH in request.resource:
        return False  # a service that assumes its service-linked role
    return request.service in RCP_SERVICES and request.action.lower() not in _WITHOUT_RCPS
