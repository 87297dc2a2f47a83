"""What a probe of moto as it is can begin with."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Stock = Callable[..., Any]  # a client of moto without corrections, by the name of its service
Probe = Callable[[Stock], bool]

PROBES: dict[str, Probe] = {}


def probe(*keys: str) -> Callable[[Probe], Probe]:
    """Register a probe by a correction's key: it returns whether moto still does what the correction's `moto` says."""

    def register(function: Probe) -> Probe:
        PROBES.update(dict.fromkeys(keys, function))
        return function

    return register


class Organization:
    """moto's organization, as it makes one."""

    def __init__(self, stock: Stock, **settings: Any) -> None:
        self.client = stock("organizations")
        self.client.create_organization(**settings)
        self.root = str(self.client.list_roots()["Roots"][0]["Id"])

    def account(self, name: str) -> str:
        made = self.client.create_account(AccountName=name, Email=f"{name}@b.example")["CreateAccountStatus"]
        return str(made["AccountId"])

    def unit(self, name: str, parent: str = "") -> str:
        made = self.client.create_organizational_unit(ParentId=parent or self.root, Name=name)
        return str(made["OrganizationalUnit"]["Id"])

    def policy(self, content: str = "{}", kind: str = "SERVICE_CONTROL_POLICY") -> str:
        made = self.client.create_policy(Name="p", Description="", Type=kind, Content=content)
        return str(made["Policy"]["PolicySummary"]["Id"])


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    """The code of the error that a call ends with; nothing where it ends well."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""
