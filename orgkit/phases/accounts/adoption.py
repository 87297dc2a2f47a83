"""`[accounts]` as AWS has them, and what `[imports]` has in common with it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from orgkit.model.desired import KEY_TAG, format_path
from orgkit.model.observed import Account, Observed
from orgkit.phases.adopted import Adopted, Advice, Unexpressed, members_of, own_tags
from orgkit.phases.schema import formats
from orgkit.phases.schema.raw import Raw, members, section, unit_paths
from orgkit.phases.schema.raw import path as path_of
from orgkit.phases.schema.section import account_tags

RUNBOOK = "03-accounts"
INVITED = "INVITED"
MAX_KEY = 41


def adopt(observed: Observed, raw: Raw) -> Adopted:
    """Return the accounts that the organization created, and advice about all of them."""
    created = [account for account in members_of(observed) if account.join_method != INVITED]
    adopted = adopt_members(observed, raw, created)
    return Adopted(
        values=adopted.values,
        advice=tuple(_advice(observed)),
        not_expressed=adopted.not_expressed,
    )


def adopt_members(observed: Observed, raw: Raw, accounts: Iterable[Account]) -> Adopted:
    """Return open accounts as entries of a section, by keys that no other account of the file has."""
    values: dict[str, Any] = {}
    not_expressed: list[Unexpressed] = []
    names = Names(observed, raw)
    for account in accounts:
        if account.is_closed:
            not_expressed.append(_closed(account))
            continue
        reason = _unit_problem(account, raw)
        if reason:
            not_expressed.append(Unexpressed(_subject(account), reason))
            continue
        key = names.new_key(account)
        entry = {"id": account.id, "email": account.email, "unit": format_path(account.unit) or formats.ROOT}
        name, problem = names.new_name(account)
        entry |= {"name": name} if name and name != key else {}
        if problem:
            not_expressed.append(Unexpressed(f"the name of account {account.id}: {account.name}", problem))
        tags = own_tags(raw, account_tags(key, account.name, {}, {}), account.tags)
        values[key] = {**entry, **({"tags": tags} if tags else {})}
    return Adopted(values=values, not_expressed=tuple(not_expressed))


def _subject(account: Account) -> str:
    return f"account {account.id} ({account.name}, {account.email}) in {format_path(account.unit) or 'the root'}"


def _closed(account: Account) -> Unexpressed:
    tags = f", with tags {', '.join(f'{key} = {value}' for key, value in account.tags)}" if account.tags else ""
    return Unexpressed(
        f"{_subject(account)}, {account.state}{tags}", "a closed account is not in the file: nothing can be changed"
    )


def _unit_problem(account: Account, raw: Raw) -> str:
    known = unit_paths(path for text in section(raw, "units") if (path := path_of(text)))
    if account.unit and account.unit not in known:
        return f"its unit {format_path(account.unit)} is not in the file"
    return ""


class Names:
    """The keys and names of a file under way: each is unique, and no key is the name of another account."""

    def __init__(self, observed: Observed, raw: Raw) -> None:
        self._keys = {member.key for member in members(raw)}
        self._names = {member.name for member in members(raw)}
        self._all_names = Counter(account.name for account in observed.accounts)
        self._stated_keys = Counter(account.tag.get(KEY_TAG, "") for account in members_of(observed))

    def new_key(self, account: Account) -> str:
        """Return the value of its tag orgkit:key where that can be a key; else one made from its name."""
        stated = account.tag.get(KEY_TAG, "")
        if re.fullmatch(formats.KEY, stated) and self._stated_keys[stated] == 1 and stated not in self._keys:
            self._keys.add(stated)
            return stated
        base = _slug(account.name) or f"account-{account.id}"
        candidates = (base, *(f"{base[: MAX_KEY - 13]}-{account.id}",))
        key = next((text for text in candidates if self._is_free(text, account)), f"account-{account.id}")
        self._keys.add(key)
        return key

    def _is_free(self, key: str, account: Account) -> bool:
        is_other_name = self._all_names[key] > (1 if account.name == key else 0)
        return key not in self._keys and key not in self._stated_keys and not is_other_name

    def new_name(self, account: Account) -> tuple[str, str]:
        """Return the account's name, or "" and why the file cannot have it."""
        try:
            name = formats.account_name(account.name)
        except ValueError as error:
            return "", str(error)
        if name in self._names:
            return "", "another account has this name, and the file has each name once"
        self._names.add(name)
        return name, ""


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_KEY].strip("-")


def _advice(observed: Observed) -> Iterator[Advice]:
    accounts = [account for account in members_of(observed) if not account.is_closed]
    in_root = [account for account in accounts if not account.unit]
    if in_root:
        yield Advice(
            "medium",
            f"{len(in_root)} of {len(accounts)} member accounts are in the organization root: {_names(in_root)}",
            "no policy of a unit applies to them",
            f"name their unit in the file, then {RUNBOOK}",
        )
    convention = email_convention(accounts)
    if convention:
        deviating_accounts = [
            account for account in accounts if account.email.casefold() not in _expected(convention, account)
        ]
        if deviating_accounts:
            yield Advice(
                "low",
                f"{len(deviating_accounts)} root emails are not {convention}: {_names(deviating_accounts)}",
                "mail to an address that nobody expects is easily lost, and with it the root user",
                "change the email in the account, then email_convention in the file and 00-management-account",
            )


def _names(accounts: list[Account]) -> str:
    more = f" and {len(accounts) - 3} more" if len(accounts) > 3 else ""
    return f"{', '.join(account.name for account in accounts[:3])}{more}"


def email_convention(accounts: list[Account]) -> str:
    """Return the pattern of at least half of the root emails, with {name} for the account's name; "" for none."""
    patterns = Counter(pattern for account in accounts for pattern in _patterns(account))
    pattern, count = max(patterns.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return pattern if count > 1 and count * 2 >= len(accounts) else ""


def _patterns(account: Account) -> set[str]:
    email, name = account.email.casefold(), account.name.casefold()
    return {email.replace(text, "{name}", 1) for text in {name, _slug(account.name)} if text and text in email}


def _expected(convention: str, account: Account) -> set[str]:
    return {convention.replace("{name}", text) for text in (account.name.casefold(), _slug(account.name))}
