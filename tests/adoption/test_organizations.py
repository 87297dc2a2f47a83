"""Organizations that were built without orgkit: adopted, planned, and compared with what the server holds."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orgkit.model.desired import parse_path
from tests.adoption.forks import results_of
from tests.adoption.organizations import ODD_DOCUMENT

CHECKOUT = Path(__file__).parents[2]
NAMES = ("small", "nested", "many")
# The kinds of step that a file gets without the keys by which it asks for less.
TAGS, ROLES = {"tag-unit", "tag-account", "tag-trail"}, {"create-read-role"}
RECORDS_BUCKET = "orgkit-records-123456789012"
Result = dict[str, Any]


@cache
def all_adopted() -> dict[str, Result]:
    """What `tests.adoption.scenario` reports of each organization."""
    return results_of("tests.adoption.scenario", (*NAMES, "denied"))


def adopted(name: str) -> Result:
    """What is reported of one organization."""
    return all_adopted()[name]


def content(result: Result) -> dict[str, Any]:
    return tomllib.loads(result["text"])


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_of_an_adopted_organization_is_empty_in_all_phases(name: str) -> None:
    assert {phase: steps for phase, steps in adopted(name)["plans"].items() if steps} == {}
    assert len(adopted(name)["plans"]) >= 7
    assert adopted(name)["not_read"] == []


@pytest.mark.parametrize("name", NAMES)
def test_without_the_keys_that_ask_for_less_the_plan_has_tags_roles_and_the_records_bucket_alone(name: str) -> None:
    plans = adopted(name)["plans_without_keys"]
    steps = [step for phase in plans.values() for step in phase]
    others = [step for step in steps if step.split(":")[0] not in TAGS | ROLES]
    assert [step for step in others if RECORDS_BUCKET not in step] == []
    assert {step.split(":")[0] for step in steps} >= ROLES | {"tag-unit", "tag-account"}
    assert bool(others) == (name == "small")  # the one with a trail


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_the_server_holds_is_neither_in_the_file_nor_listed(name: str) -> None:
    assert list(missing(adopted(name))) == []


def test_contacts_of_all_accounts_are_stated_once_and_those_of_single_ones_in_tables_of_their_own() -> None:
    result = adopted("nested")
    contacts = content(result)["contacts"]
    assert contacts["security"]["name"] == "Ada"
    assert contacts["accounts"]["deep"]["security"]["name"] == 'Bob # "x"'
    assert contacts["accounts"]["built"]["operations"]["title"] == 'Head of "all"'
    assert "\n[contacts.accounts.deep]\n" in result["text"]
    assert len(result["server"]["contacts"]) == 9
    listed = {item["subject"].partition(":")[0] for item in result["not_expressed"]}
    assert "BILLING contact of the management account" in listed
    assert "contacts" not in content(adopted("small"))
    assert "the alternate contacts of 4 member account(s)" in {i["subject"] for i in adopted("small")["not_expressed"]}


@pytest.mark.parametrize("name", NAMES)
def test_what_aws_cannot_say_of_a_state_backend_is_listed(name: str) -> None:
    reasons = [item["reason"] for item in adopted(name)["not_expressed"] if "for the state of" in item["subject"]]
    assert len(reasons) == 1
    assert "write [state_backend]" in reasons[0]


def test_the_file_says_that_it_asks_for_less() -> None:
    file = content(adopted("small"))
    assert file["organization"]["tags"] == "none"
    assert file["members"] == {"read_role": False}
    assert file["trail"]["records_bucket"] is False
    assert "trail" not in content(adopted("nested"))


def test_a_document_is_kept_byte_for_byte() -> None:
    assert adopted("small")["files"]["adopted-policies/deny-leaving.json"] == ODD_DOCUMENT


def test_the_document_of_a_policy_that_the_file_cannot_have_is_written_too() -> None:
    result = adopted("nested")
    assert result["files"]["adopted-policies/break-glass-roles.json"] == ODD_DOCUMENT
    assert "break_glass_roles" not in content(result)["policies"]


def test_five_levels_and_equal_names_are_paths_of_the_file() -> None:
    paths = {parse_path(path) for path in content(adopted("nested"))["units"]}
    assert ("Workloads", "Europe", "Prod", "Teams", "Shop") in paths
    assert {("Prod",), ("Sandbox", "Prod"), ("CI/CD",), ('Team "quoted" = [x]',), ("It's \\ back",)} <= paths


def test_good_practice_is_named_with_its_runbook() -> None:
    advice = {item["subject"].split(":")[0].strip("0123456789 "): item for item in adopted("small")["advice"]}
    in_the_root = advice["of 4 member accounts are in the organization root"]
    assert (in_the_root["severity"], "03-accounts" in in_the_root["runbook"]) == ("medium", True)
    (trail,) = [item for item in adopted("many")["advice"] if "05-trail" in item["runbook"]]
    assert trail["severity"] == "high"
    assert any("aws-{name}@corp.test" in item["subject"] for item in adopted("small")["advice"])


def test_a_trail_that_orgkit_would_change_is_a_comment_with_what_it_would_do() -> None:
    result = adopted("nested")
    assert result["left_out"] == ["trail"]
    text = " ".join(result["text"].replace("\n#", " ").split())
    assert "with this section 05-trail would log all management events with trail half-hearted" in text
    assert "start logging of trail half-hearted to bucket audit-logs" in text
    assert '\n#log_archive_account = "audit"\n' in result["text"]


def test_the_printed_policy_allows_every_read() -> None:
    limited = adopted("small")["limited"]
    assert limited["not_read"] == []
    assert limited["by the policy"] == limited["by an administrator"]


def test_what_could_not_be_read_is_named_and_nothing_of_it_is_planned() -> None:
    result = adopted("denied")
    unread = {item["subject"] for item in result["not_read"]}
    assert unread >= {
        "trails", "budgets", "anomaly monitors", "cost allocation tags", "invitations", "delegated administrators",
        "the resource policy of the organization", "centralized root access",
        "policy Deny leaving (SERVICE_CONTROL_POLICY)",
    }  # fmt: skip
    assert all("explicit deny" in item["reason"] for item in result["not_read"])
    changed = {phase: steps for phase, steps in result["plans"].items() if steps}
    assert changed == {"billing": ["error: AccessDeniedException"]}  # which cannot be planned, and so changes nothing
    file = content(result)
    assert {"trail", "policies"} & file.keys() == set()
    assert file["organization"]["centralized_root_access"] is False
    assert file["billing"]["cost_allocation_tags"] == []
    assert not [item for item in result["advice"] if "no organization trail" in item["subject"]]
    assert "# Not read: false, so that orgkit enables nothing." in result["text"]


def test_no_line_of_the_file_moves_the_cursor_or_shows_a_secret() -> None:
    for name in NAMES:
        text = adopted(name)["text"]
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "AKIAIOSFODNN7EXAMPLE" not in text
        assert "hunter2hunter2A9x" not in text


def missing(result: Result) -> Iterator[str]:
    """Yield what is in the server's dump, and neither in the file nor in the list of what is not expressed."""
    file, server = content(result), result["server"]
    listed = [item["subject"] for item in result["not_expressed"]]

    def is_listed(*parts: str) -> bool:
        return any(all(part in text for part in parts) for text in listed)

    yield from _organization(file, server, is_listed)
    yield from _units(file, server, is_listed)
    yield from _accounts(file, server, is_listed)
    yield from _policies(file, server, result["files"], is_listed)
    yield from _contacts(file, server, is_listed)


def _organization(file: Result, server: Result, is_listed: Any) -> Iterator[str]:
    organization = file["organization"]
    if organization["trusted_access"] != server["services"] or organization["policy_types"] != server["policy_types"]:
        yield "trusted access or policy types"
    for account, service in server["delegated"]:
        if not is_listed(account, service):
            yield f"delegated administrator {account} for {service}"
    if server["resource_policy"] and not is_listed("resource policy"):
        yield "the resource policy"
    for handshake in server["handshakes"]:
        if not is_listed(handshake):
            yield f"handshake {handshake}"
    alerts = [(kind, name) for kind in ("budget", "monitor") for name in server[f"{kind}s"]]
    yield from (f"{kind} {name}" for kind, name in alerts if not is_listed(kind, name))
    yield from _trails(file, server, is_listed)
    yield from _tags_listed(server, server["root"], is_listed)


def _trails(file: Result, server: Result, is_listed: Any) -> Iterator[str]:
    for name, bucket, data_selectors in server["trails"]:
        section = file.get("trail", {})
        if (section.get("name"), section.get("bucket")) != (name, bucket) and not is_listed("[trail]", name, bucket):
            yield f"trail {name}"
        if data_selectors and not is_listed("event selector", "AWS::Lambda::Function"):
            yield f"selectors of {name}"


def _tags_listed(server: Result, resource: str, is_listed: Any) -> Iterator[str]:
    for key, value in server["tags"][resource].items():
        if not is_listed(f"{key} = {value}"):
            yield f"tag {key} of {resource}"


def _units(file: Result, server: Result, is_listed: Any) -> Iterator[str]:
    units = {parse_path(path): table for path, table in file["units"].items()}
    for unit, path in server["units"].items():
        table = units.get(tuple(path))
        if table is None and not (is_listed(unit) or is_listed("units.[redacted")):
            yield f"unit {path}"
        if table is not None and table.get("tags", {}) != server["tags"][unit]:
            yield f"tags of unit {path}"


def _accounts(file: Result, server: Result, is_listed: Any) -> Iterator[str]:
    sections = {**file.get("accounts", {}), **file.get("imports", {})}
    entries = {entry["id"]: (key, entry) for key, entry in sections.items()}
    for account in server["accounts"]:
        if account["id"] == file["organization"]["management_account_id"]:
            yield from _tags_listed(server, account["id"], is_listed)
            continue
        key, entry = entries.get(account["id"], ("", None))
        if entry is None:
            if not is_listed(account["id"], account["email"]):
                yield f"account {account}"
            continue
        yield from _entry(account, key, entry, server["tags"][account["id"]], is_listed)


def _entry(account: Result, key: str, entry: Result, tags: dict[str, str], is_listed: Any) -> Iterator[str]:
    unit = () if entry["unit"] == "/" else parse_path(entry["unit"])
    if (account["state"], entry["email"], list(unit)) != ("ACTIVE", account["email"], account["unit"]):
        yield f"account {account} is {entry}"
    if entry.get("name", key) != account["name"] and not is_listed(account["id"], account["name"]):
        yield f"name of {account}"
    for name, value in tags.items():
        if entry.get("tags", {}).get(name) != value and not is_listed(f"accounts.{key}.tags.{name}"):
            yield f"tag {name} of {account}"


def _contacts(file: Result, server: Result, is_listed: Any) -> Iterator[str]:
    """Yield contacts; without trusted access, those of members are listed as not shown."""
    section = file.get("contacts", {})
    keys = {entry["id"]: key for name in ("accounts", "imports") for key, entry in file.get(name, {}).items()}
    for account, kind, name in server["contacts"]:
        own = section.get("accounts", {}).get(keys.get(account, ""), {})
        stated = own.get(kind.lower()) or section.get(kind.lower(), {})
        of_management = account == file["organization"]["management_account_id"]
        if stated.get("name") != name and not is_listed(kind, "management account" if of_management else account, name):
            yield f"{kind} contact of {account}"


def _policies(file: Result, server: Result, files: dict[str, str], is_listed: Any) -> Iterator[str]:
    paths = {unit: tuple(path) for unit, path in server["units"].items()}
    for policy in server["policies"]:
        entry = file.get("policies", {}).get(policy["name"])
        if entry is None:
            if not is_listed(policy["name"].replace('"', '\\"')) or policy["content"] not in files.values():
                yield f"policy {policy['name']}"
            continue
        yield from _policy(policy, entry, files, paths, is_listed)
        yield from _tags_listed(server, policy["id"], is_listed)
    for target in server["without_full_access"]:
        if not is_listed("FullAWSAccess", target):
            yield f"FullAWSAccess detached from {target}"


def _policy(policy: Result, entry: Result, files: Result, paths: Result, is_listed: Any) -> Iterator[str]:
    if files[entry["file"]] != policy["content"] or entry["type"] != policy["type"]:
        yield f"document of policy {policy['name']}"
    attached = {parse_path(path) for path in entry.get("attach", ())}
    for target in policy["targets"]:
        if paths.get(target) not in attached and not is_listed(policy["name"], target):
            yield f"attachment of {policy['name']} to {target}"
    if policy["description"] and not is_listed(policy["description"]):
        yield f"description of {policy['name']}"


def test_the_comparison_notices_what_is_left_out() -> None:
    result = adopted("small")
    without = {**result, "not_expressed": [item for item in result["not_expressed"] if "budget" not in item["subject"]]}
    assert list(missing(without)) == ["budget monthly", "budget traffic"]
    shorter = {**result, "text": re.sub(r"\[accounts\.blog\]\n(.+\n)+", "", result["text"])}
    (lost,) = missing(shorter)
    assert lost.startswith("account ")
