"""The account API: contacts, name and email; moto has alternate contacts only, and anybody may change them."""

import json
import re
from typing import Any

from moto.account.exceptions import UnspecifiedContactType
from moto.account.models import ALLOWED_CONTACT_TYPES, account_backends
from moto.account.responses import AccountResponse
from moto.core.responses import ActionResult, EmptyResult

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.members import backend_of, management_of
from orgkit.sandbox.corrections.registry import corrects, refusal
from orgkit.sandbox.world import world

REGIONS = (
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-central-1", "eu-north-1",
    "eu-west-1", "eu-west-2", "eu-west-3", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-southeast-1", "ap-southeast-2",
)  # fmt: skip
CONTACT = {
    "FullName": "Sandbox", "AddressLine1": "1 Example Street", "City": "Exampleton", "PostalCode": "00000",
    "CountryCode": "US", "PhoneNumber": "+15555550100",
}  # fmt: skip
# (a second, at once), of the page of quotas in AWS's Account Management reference guide.
RATES = {
    "GetAlternateContact": (10.0, 15.0),
    "PutAlternateContact": (5.0, 8.0),
    "PutAccountName": (1.0, 1.0),
    "StartPrimaryEmailUpdate": (1.0, 1.0),
    "AcceptPrimaryEmailUpdate": (1.0, 1.0),
}
# Patterns of the API's model.
NAME = re.compile("[ -;=?-~]+")
CONTACT_EMAIL = re.compile(r"[\s]*[\w+=.#|!&-]+@[\w.-]+\.[\w]+[\s]*")
PHONE = re.compile(r"[\s0-9()+-]+")


def _target(response: AccountResponse) -> str:
    """Of a member only by the management account, with trusted access for account.amazonaws.com.

    The management account is refused under its own id: "it must call the operation in standalone context by not
    including the AccountId parameter". [API reference of each operation]
    """
    caller, account_id = response.current_account, _parameters(response).get("AccountId")
    _check_rate(caller, response._get_action())
    backend = backend_of(caller)
    is_management = backend.org is not None and management_of(caller) == caller
    if account_id is None or (account_id == caller and not is_management):
        return str(caller)
    trusted = any(service["ServicePrincipal"] == "account.amazonaws.com" for service in backend.services)
    is_member = account_id != caller and management_of(account_id) == caller
    if not (is_management and is_member and trusted):
        raise refusal("AccessDeniedException", "You don't have permissions to access this account's information.")
    return str(account_id)


def _check_rate(account: str, operation: str) -> None:
    if world().seed.throttling and operation in RATES and world().throttled(account, operation, *RATES[operation]):
        message = "You have sent too many requests in too short a period of time."
        raise refusal("TooManyRequestsException", message)


def _check(pattern: re.Pattern[str], name: str, value: str) -> None:
    if not pattern.fullmatch(value):
        raise refusal("ValidationException", f"Value at '{name}' failed to satisfy constraint: {pattern.pattern}")


def _parameters(response: AccountResponse) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(response.body or "{}")
    return values


def _names(account: str) -> tuple[str, str]:
    """Name and email, whether the account is in an organization or not."""
    seed = world().seed
    for member in backend_of(account).accounts:
        if member.id == account:
            return member.name, member.email
    standalone = world().standalone(account)
    if standalone is not None:
        return standalone.name, standalone.email
    return seed.management_name, seed.management_email


def _stored_account(name: str) -> dict[str, Any]:
    values: dict[str, Any] = world().state.setdefault(f"account.{name}", {})
    return values


@corrects(AccountResponse, moto="GetAccountInformation is not there.")
def get_account_information(self: AccountResponse) -> ActionResult:
    """GetAccountInformation returns an account's name, id and state."""
    account = _target(self)
    values = {"AccountId": account, "AccountName": _names(account)[0], "AccountState": "ACTIVE"}
    return ActionResult({**values, "AccountCreatedDate": world().clock.start.replace(tzinfo=None)})


@corrects(AccountResponse, moto="GetContactInformation is not there.")
def get_contact_information(self: AccountResponse) -> ActionResult:
    """GetContactInformation works for any account; of a member by the management account, with trusted access."""
    return ActionResult({"ContactInformation": _stored_account("contact").get(_target(self), CONTACT)})


@corrects(AccountResponse, moto="PutContactInformation is not there.")
def put_contact_information(self: AccountResponse) -> EmptyResult:
    """PutContactInformation works for any account, as GetContactInformation does."""
    _stored_account("contact")[_target(self)] = _parameters(self)["ContactInformation"]
    return EmptyResult()


@corrects(AccountResponse, moto="PutAccountName is not there.")
def put_account_name(self: AccountResponse) -> EmptyResult:
    """PutAccountName changes the name of an account."""
    account, name = _target(self), _parameters(self)["AccountName"]
    _check(NAME, "accountName", name)
    for member in backend_of(account).accounts:
        if member.id == account:
            member.name = name
    return EmptyResult()


def _contact_type(response: AccountResponse) -> str:
    kind = str(_parameters(response)["AlternateContactType"])
    if kind not in ALLOWED_CONTACT_TYPES:
        raise refusal("ValidationException", "You specified an invalid alternate contact type.")
    return kind


@corrects(AccountResponse, moto="GetAlternateContact reads the contacts of any account, for anybody.")
def get_alternate_contact(self: AccountResponse) -> ActionResult:
    """GetAlternateContact works for any account; of a member by the management account, with trusted access."""
    account, kind = _target(self), _contact_type(self)
    contact = account_backends[account][self.partition]._alternate_contacts.get(kind)
    if contact is None:
        raise UnspecifiedContactType
    return ActionResult({"AlternateContact": contact})


@corrects(AccountResponse, moto="PutAlternateContact changes the contacts of any account, for anybody.")
def put_alternate_contact(self: AccountResponse) -> EmptyResult:
    """PutAlternateContact sets one contact whole, as GetAlternateContact reads it."""
    account, kind, values = _target(self), _contact_type(self), _parameters(self)
    _check(CONTACT_EMAIL, "emailAddress", values["EmailAddress"])
    _check(PHONE, "phoneNumber", values["PhoneNumber"])
    account_backends[account][self.partition].put_alternate_contact(
        kind, values["EmailAddress"], values["Name"], values["PhoneNumber"], values["Title"]
    )
    return EmptyResult()


@corrects(AccountResponse, moto="DeleteAlternateContact deletes the contacts of any account, for anybody.")
def delete_alternate_contact(self: AccountResponse) -> EmptyResult:
    """DeleteAlternateContact deletes one contact, as GetAlternateContact reads it."""
    account, kind = _target(self), _contact_type(self)
    backend = account_backends[account][self.partition]
    backend.get_alternate_contact(kind)
    backend.delete_alternate_contact(kind)
    return EmptyResult()


@corrects(AccountResponse, moto="GetPrimaryEmail is not there.")
def get_primary_email(self: AccountResponse) -> ActionResult:
    """GetPrimaryEmail returns the root user's email of a member."""
    return ActionResult({"PrimaryEmail": _names(_member_target(self))[1]})


@corrects(AccountResponse, moto="StartPrimaryEmailUpdate is not there.")
def start_primary_email_update(self: AccountResponse) -> ActionResult:
    """StartPrimaryEmailUpdate sends a one-time code to the new address."""
    account, email = _member_target(self), _parameters(self)["PrimaryEmail"]
    if any(member.email.casefold() == email.casefold() for member in backend_of(account).accounts):
        raise refusal("ConflictException", "The email address is the primary email of another account.")
    _stored_account("email")[account] = (email, ids.one_time_code(email))
    return _with_status(account, "PENDING")


@corrects(AccountResponse, moto="AcceptPrimaryEmailUpdate is not there.")
def accept_primary_email_update(self: AccountResponse) -> ActionResult:
    """AcceptPrimaryEmailUpdate changes the email of a member, with that code."""
    account, values = _member_target(self), _parameters(self)
    if _stored_account("email").get(account) != (values["PrimaryEmail"], values["Otp"]):
        raise refusal("ValidationException", "The one-time code is not valid.")
    for member in backend_of(account).accounts:
        if member.id == account:
            member.email = values["PrimaryEmail"]
    _stored_account("email").pop(account)  # a code is for one use
    return _with_status(account, "ACCEPTED")


@corrects(AccountResponse, moto="GetPrimaryEmailUpdateStatus is not there.")
def get_primary_email_update_status(self: AccountResponse) -> ActionResult:
    """GetPrimaryEmailUpdateStatus returns how far the last change of a member's email is."""
    account = _member_target(self)
    status = _stored_account("email status").get(account)
    if status is None:
        raise refusal("ResourceNotFoundException", "There is no update of the primary email of this account.")
    return ActionResult({"Status": status[0], "UpdatedAt": status[1]})


def _with_status(account: str, status: str) -> ActionResult:
    _stored_account("email status")[account] = status, world().clock.now().replace(tzinfo=None)
    return ActionResult({"Status": status})


def _member_target(response: AccountResponse) -> str:
    """Return a member: these operations are for the management account alone, and not about itself."""
    account = _target(response)
    if account == response.current_account:
        raise refusal("AccessDeniedException", "This operation is for member accounts of an organization.")
    return account


@corrects(AccountResponse, moto="ListRegions is not there.")
def list_regions(self: AccountResponse) -> ActionResult:
    """ListRegions lists the regions of an account (here without those that were not opted into)."""
    _target(self)
    status = {name: "ENABLED_BY_DEFAULT" if name in REGIONS else "ENABLED" for name in world().seed.regions or REGIONS}
    regions = [{"RegionName": name, "RegionOptStatus": value} for name, value in status.items()]
    return ActionResult({"Regions": regions})
