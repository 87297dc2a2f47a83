"""Organizations' quotas: moto's service quotas know only those of VPC."""

import json
from typing import Any

from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

_default = ServiceQuotasBackend.list_aws_default_service_quotas
ACCOUNTS = "L-29A0C5DF"


def organizations_quotas(account: str) -> list[dict[str, Any]]:
    """As they are for the account; the quota of accounts is the one that a bootstrap meets."""
    value = world().seed.account_quota
    return [_quota(account, ACCOUNTS, "Default maximum number of accounts", value, adjustable=True)]


def _quota(account: str, code: str, name: str, value: float, *, adjustable: bool) -> dict[str, Any]:
    return {
        "ServiceCode": "organizations",
        "ServiceName": "AWS Organizations",
        "QuotaArn": f"arn:aws:servicequotas:us-east-1:{account}:organizations/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": adjustable,
        "GlobalQuota": True,
    }


def _known_quota(backend: ServiceQuotasBackend, service: str) -> list[dict[str, Any]]:
    if service == "organizations":
        return organizations_quotas(backend.account_id)
    quotas: list[dict[str, Any]] = _default(backend, service)
    return quotas


@corrects(ServiceQuotasResponse, moto="ListServiceQuotas is not there.")
def list_service_quotas(self: ServiceQuotasResponse) -> str:
    """ListServiceQuotas lists the quotas that apply to the account."""
    return json.dumps({"Quotas": _known_quota(self.backend, json.loads(self.body)["ServiceCode"])})


@corrects(ServiceQuotasBackend, moto="ListAWSDefaultServiceQuotas knows VPC's quotas only.")
def list_aws_default_service_quotas(self: ServiceQuotasBackend, service_code: str) -> list[dict[str, Any]]:
    """ListAWSDefaultServiceQuotas lists Organizations' quotas too."""
    if service_code == "organizations":
        return [{**quota, "Value": 10.0} for quota in organizations_quotas(self.account_id)]
    return _known_quota(self, service_code)


@corrects(ServiceQuotasBackend, moto="GetServiceQuota knows VPC's quotas only.")
def get_service_quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
    """GetServiceQuota returns Organizations' quotas too, as they apply to the account."""
    for quota in _known_quota(self, service_code):
        if quota["QuotaCode"] == quota_code:
            return quota
    raise refusal("NoSuchResourceException", f"The quota code {quota_code} isn't known for {service_code}.")


@corrects(ServiceQuotasResponse, moto="GetAWSDefaultServiceQuota is not there.")
def get_aws_default_service_quota(self: ServiceQuotasResponse) -> str:
    """GetAWSDefaultServiceQuota returns the default of one quota."""
    values = json.loads(self.body)
    quota = self.backend.get_service_quota(values["ServiceCode"], values["QuotaCode"])
    default = 10.0 if values["ServiceCode"] == "organizations" else quota["Value"]
    return json.dumps({"Quota": {**quota, "Value": default}})
