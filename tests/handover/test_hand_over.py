"""`orgkit handover` on the sandbox: HCL that another parser reads, and a plan that imports and does nothing else."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest

from orgkit.errors import EXIT_APPROVAL_NEEDED, EXIT_REFUSED, EXIT_WAITING
from orgkit.handover.permissions import TYPES
from orgkit.phases.registry import OWNED_BY_TERRAFORM
from tests.handover.arguments import variations
from tests.handover.changes import ATTRIBUTES_WITHOUT_A_CHANGE, Place, changes, of_members, of_the_example
from tests.handover.server_dump import unaccounted
from tests.handover.stages import MEMBERS, NO_TERRAFORM, PHASES, HandedOver, handed_over
from tests.handover.terraform import batches, detect, imports_of_folder, take_over, vary
from tests.sandbox.terraform_plan import TERRAFORM

IGNORED = {"role_name", "iam_user_access_to_billing", "enabled_policy_types"}


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandedOver]:
    with handed_over(tmp_path_factory.mktemp("handover"), larger=True) as handed:
        yield handed


@pytest.fixture(scope="module")
def answer(handed: HandedOver) -> dict[str, Any]:
    return handed.hand_over()


def resources(handed: HandedOver) -> dict[str, dict[str, Any]]:
    """Each resource block by its address."""
    documents = [hcl2.loads(path.read_text(encoding="utf-8")) for path in sorted(handed.folder.glob("[0-9]*.tf"))]
    return {
        f"{kind}.{name}".replace('"', ""): body
        for document in documents
        for block in document.get("resource", [])
        for kind, named in block.items()
        for name, body in named.items()
    }


def test_nothing_but_reading_is_asked_of_aws(handed, answer):
    assert handed.stage.changes() == []


def test_every_resource_has_an_import_and_permissions_and_cannot_be_destroyed(handed, answer):
    blocks = resources(handed)
    assert len(blocks) > 20
    for address, body in blocks.items():
        (lifecycle,) = body["lifecycle"]
        assert lifecycle["prevent_destroy"] is True, address
        assert address.partition(".")[0] in TYPES
    imports = [item for path in handed.folder.glob("[0-9]*.tf") for item in hcl2.loads(path.read_text())["import"]]
    targets = {str(item["to"]).strip("${}").partition("[")[0] for item in imports}
    assert targets == set(blocks)


def test_only_what_aws_does_not_report_or_the_provider_does_not_accept_is_ignored(handed, answer):
    ignored = {address: body["lifecycle"][0].get("ignore_changes") for address, body in resources(handed).items()}
    names = {address: {str(name).strip("${}") for name in values} for address, values in ignored.items() if values}
    assert set().union(*names.values()) == IGNORED
    assert names["aws_organizations_organization.organization"] == {"enabled_policy_types"}
    assert names["aws_organizations_account.accounts"] == {"role_name", "iam_user_access_to_billing"}


def test_each_attribute_that_is_handed_over_is_among_the_changes_or_has_a_reason(handed, answer):
    """`python -m tests.handover.terraform changes members` makes each of them, and compares Terraform's plan."""
    made: dict[str, set[str]] = {}
    for change in (*changes(), *of_the_example(), *of_members()):
        made.setdefault(change.address.partition(".")[0], set()).update(change.attributes)
    for address, body in resources(handed).items():
        kind = address.partition(".")[0]
        blocks = {label.strip('"') for item in body.get("dynamic", ()) for label in item}
        arguments = {name for name in body if not name.startswith("__")} | blocks
        names = arguments - {"provider", "for_each", "lifecycle", "dynamic", "limit_unit", "cost_filter"}
        if kind.startswith("aws_s3_bucket_"):
            names -= {"bucket"}  # the identity
        assert names <= made.get(kind, set()) | ATTRIBUTES_WITHOUT_A_CHANGE.get(kind, set()), address


def test_each_variation_of_an_argument_fits_the_generated_files(handed, answer):
    """`python -m tests.handover.terraform arguments members` plans each of them."""
    for variation in variations():
        text = (handed.folder / variation.file).read_text(encoding="utf-8")
        assert variation.apply(text) != text


def test_what_the_server_has_is_imported_or_left_out_with_a_reason(handed, answer):
    imports = list(imports_of_folder(handed.folder).items())
    dump = handed.stage.sandbox._ask("/moto-api/data.json")
    assert list(unaccounted(dump, imports, answer["left_out"])) == []
    assert all(item["reason"] for item in answer["left_out"])


def test_the_same_hand_over_writes_nothing_again(handed, answer):
    assert set(handed.hand_over()["files"].values()) == {"unchanged"}


def test_a_hand_edit_in_a_block_of_orgkit_is_refused(handed, answer, tmp_path):
    copy = handed.copy(tmp_path / "copy")
    path = copy.folder / "03-accounts.tf"
    path.write_text(path.read_text().replace("Till@", "till@"))
    error = copy.hand_over(code=EXIT_REFUSED)["error"]
    assert "03-accounts.tf" in error
    assert "till@" in path.read_text()


def test_a_folder_of_somebody_else_is_refused(handed, tmp_path):
    (tmp_path / "main.tf").write_text("")
    HandedOver(handed.stage, tmp_path).hand_over(code=EXIT_REFUSED)
    assert [path.name for path in tmp_path.iterdir()] == ["main.tf"]


def test_opentofu_gets_the_same_resources_and_is_said_to_be_untried(handed, answer, tmp_path):
    other = HandedOver(handed.stage, tmp_path / "tofu")
    notes = other.hand_over(tool="opentofu")["notes"]
    assert "OpenTofu itself is untried." in notes
    for path in handed.folder.glob("[0-9]*.tf"):
        assert (other.folder / path.name).read_bytes() == path.read_bytes()


def test_with_members_the_roles_of_each_account_are_handed_over_by_a_provider_of_its_own(handed, answer, tmp_path):
    project = handed.stage.project
    file = project.file.with_name("members.toml")
    file.write_text(project.file.read_text(encoding="utf-8") + MEMBERS, encoding="utf-8")
    more = project.json("handover", "terraform", tmp_path / "tf", "--file", file)
    document = hcl2.loads((tmp_path / "tf" / "member-roles.tf").read_text(encoding="utf-8"))
    accounts = {body["alias"]: body["allowed_account_ids"] for block in document["provider"] for body in block.values()}
    assert len(accounts) == len(document["provider"]) == 7
    blocks = [
        (kind, *item) for block in document["resource"] for kind, named in block.items() for item in named.items()
    ]
    kinds = [kind.strip('"') for kind, _, _ in blocks]
    assert [kinds.count(f"aws_iam_role{suffix}") for suffix in ("", "_policy", "_policy_attachment")] == [9, 7, 2]
    for _, name, body in blocks:
        assert body["lifecycle"][0]["prevent_destroy"] is True
        alias = body["provider"].removeprefix("${aws.").removesuffix("}")
        assert alias.removeprefix("member_") == name.strip('"').split("_", 2)[2]
    assert more["imports"] == answer["imports"] + len(blocks) == answer["imports"] + len(document["import"])
    assert "permissions-member.json" in more["files"]
    assert "orgkit-read" not in json.dumps(more["left_out"])
    dump = handed.stage.sandbox._ask("/moto-api/data.json")
    imports = [(item["address"], item["id"]) for item in manifest(tmp_path / "tf")]
    assert list(unaccounted(dump, imports, more["left_out"])) == []


def test_the_runbook_writes_the_same_files_and_says_that_terraform_has_not_checked_them(handed, answer, tmp_path):
    handed.stage.sandbox.forget_calls()
    without_terraform = handed.stage.project.within({"PATH": str(tmp_path)})
    more = ("-p", "folder=infrastructure/organization")
    done = without_terraform.phase("handover", code=EXIT_WAITING, more=more)
    assert done["waiting"] == ["not checked by Terraform: Terraform is not installed here"]
    assert done["commands"][0].endswith("terraform -chdir=infrastructure/organization plan")
    written = without_terraform.folder / "infrastructure" / "organization"
    assert sorted(path.name for path in written.iterdir()) == sorted([*answer["files"], "orgkit-handover.json"])
    for path in written.iterdir():
        assert path.read_bytes() == (handed.folder / path.name).read_bytes(), path.name
    assert handed.stage.changes() == []
    without_terraform.orgkit("records", "verify")


def test_without_a_folder_the_runbook_writes_nothing(handed):
    before = sorted(handed.stage.project.folder.iterdir())
    assert handed.stage.project.phase("handover")["outcome"] == "done"
    assert sorted(handed.stage.project.folder.iterdir()) == before


def test_orgkit_reports_what_terraform_owns(handed, answer):
    project = handed.stage.project
    handed.stage.client("organizations").disable_aws_service_access(ServicePrincipal="backup.amazonaws.com")
    text = project.file.read_text(encoding="utf-8")
    owned = project.file.with_name("owned.toml")
    owned.write_text(text + '\n[handover]\nphases = ["organization"]\n', encoding="utf-8")
    (planned,) = project.json("plan", owned, "01", code=EXIT_WAITING)["plans"]
    assert planned["steps"] == []
    assert any("Terraform owns this: change it there" in item["what"] for item in planned["waiting"])
    handed.stage.client("organizations").enable_aws_service_access(ServicePrincipal="backup.amazonaws.com")


RENAMED = ('name = "Till, Ireland"', 'name = "Till of Ireland"\nrenamed_from = "Till, Ireland"')
OWNED = '\n[handover]\nphases = ["accounts"]\nfolder = "owned"\n'


def test_a_rename_of_what_terraform_owns_writes_the_files_again_or_changes_nothing(handed, answer, tmp_path):
    handed.stage.begin(*PHASES)
    project = handed.stage.project.within({"PATH": str(tmp_path)})
    file, accounts = project.file.with_name("renamed.toml"), project.folder / "owned" / "03-accounts.tf"
    project.orgkit("handover", "terraform", accounts.parent, "--file", project.file)
    file.write_text(project.file.read_text(encoding="utf-8").replace(*RENAMED) + OWNED, encoding="utf-8")
    (planned,) = project.json("plan", file, "03", code=EXIT_APPROVAL_NEEDED)["plans"]
    assert [step["id"] for step in planned["steps"]] == ["rename-account:till"]
    approved = ("run", file, "03", "--approved-plan", planned["digest"])
    text = accounts.read_text(encoding="utf-8")
    accounts.write_text(text.replace("Till@", "till@"), encoding="utf-8")
    assert "03-accounts.tf" in project.orgkit(*approved, code=EXIT_REFUSED).stdout
    assert handed.stage.changes() == []
    accounts.write_text(text, encoding="utf-8")
    done = project.json(*approved, code=EXIT_WAITING)
    assert OWNED_BY_TERRAFORM in done["waiting"][0]  # the tag Name
    assert done["waiting"][1:] == ["not checked by Terraform: Terraform is not installed here"]
    assert done["commands"] == ["terraform -chdir=owned init && terraform -chdir=owned plan"]
    assert '= "Till of Ireland"' in accounts.read_text(encoding="utf-8")
    handed.stage.begin(*PHASES)


def test_terraform_imports_and_then_shows_what_somebody_changed(handed, answer, report):
    """With Terraform and its provider; without them a line at the end of all tests says that nothing was planned.

    After the imports a sample is drawn: some changes that somebody makes, or some arguments that are left out.
    """
    if TERRAFORM is None or has_no_provider(handed):
        report(NO_TERRAFORM)
        return
    assert list(take_over(handed)) == []
    place = Place(handed.stage, imports_of_folder(handed.folder))
    chance = random.Random()
    if chance.random() < 0.5:
        assert list(detect(handed, place, chance.choice(batches(changes(), at_once=True)))) == []
    else:
        assert list(vary(handed, chance.choice(batches(variations(), at_once=True)))) == []


def has_no_provider(handed: HandedOver) -> bool:
    done = handed.terraform.run("init", "-input=false", "-no-color", codes=(0, 1))
    return bool(done.returncode)


def manifest(folder: Path) -> list[dict[str, str]]:
    values = json.loads((folder / "orgkit-handover.json").read_bytes())
    return list(values["resources"])
