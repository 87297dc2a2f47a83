"""What AWS's services are called: by price list, Cost Explorer and FOCUS exports; joined here, and nowhere guessed."""

from collections.abc import Mapping
from types import MappingProxyType

# Price list's service code → Cost Explorer's name. Cost Explorer groups by name alone: SERVICE_CODE is for cost
# category rules (botocore's model of GetCostAndUsage). A FOCUS export has both.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "AWSCloudTrail": "AWS CloudTrail",
        "AWSConfig": "AWS Config",
        "AWSCostExplorer": "AWS Cost Explorer",
        "AmazonCloudWatch": "AmazonCloudWatch",
        "AmazonDynamoDB": "Amazon DynamoDB",
        "AmazonRoute53": "Amazon Route 53",
        "AmazonS3": "Amazon Simple Storage Service",
        "awskms": "AWS Key Management Service",
    }
)
CATEGORIES: Mapping[str, str] = MappingProxyType(  # FOCUS's ServiceCategory, by Cost Explorer's name
    {
        "AWS CloudTrail": "Management and Governance",
        "AWS Config": "Management and Governance",
        "AWS Cost Explorer": "Management and Governance",
        "AWS Key Management Service": "Security",
        "Amazon DynamoDB": "Databases",
        "Amazon Route 53": "Networking",
        "Amazon Simple Storage Service": "Storage",
        "AmazonCloudWatch": "Management and Governance",
    }
)
OTHER_SERVICES = "Other"


def name_of(code: str, default: str = "") -> str:
    """Cost Explorer's name of a service code; what the source itself says where the code is not known."""
    return NAMES.get(code) or default or code


def category_of(name: str) -> str:
    """FOCUS's ServiceCategory; Other for a service that is not known here."""
    return CATEGORIES.get(name, OTHER_SERVICES)
