"""An organizational unit may have a slash in its name: it is one unit, and accounts in it are planned from there."""

from orgkit.engine.observe import observe
from orgkit.parameters import load_text
from tests.bootstrap.project import Stage

FILE = """
[units."CI/CD"]
[units.'CI\\/CD']
[units.security]
[accounts.lower]
email = "aws-lower@example.com"
unit = "security"
[accounts.builds]
email = "aws-builds@example.com"
unit = ["CI/CD"]
[accounts.deploys]
email = "aws-deploys@example.com"
unit = "CI/CD"
"""


def test_a_literal_slash_and_names_that_differ_in_case_go_through_both_phases(stage: Stage) -> None:
    stage.begin("organization", "units", "accounts")
    usual = stage.desired
    text = stage.project.file.read_text().replace("[units.Production]", f"{FILE}[units.Production]", 1)
    try:
        stage.desired = load_text(text, "acme.toml", stage.project.file.parent)
        stage.apply("units")
        stage.apply("accounts")
        assert stage.plan("units").empty
        assert stage.plan("accounts").empty
        with stage.connected() as aws:
            placed = {account.name: account.unit for account in observe(aws, stage.desired, "accounts").accounts}
    finally:
        stage.desired = usual
    assert placed["lower"] == ("security",)
    assert placed["log-archive"] == ("Security",)
    assert placed["builds"] == ("CI/CD",)
    assert placed["deploys"] == ("CI", "CD")


def test_a_unit_called_ci_cd_is_unmanaged_and_an_account_in_it_is_moved_to_where_the_file_wants_it(
    stage: Stage,
) -> None:
    stage.begin("organization", "units", "accounts")
    client = stage.client("organizations")
    (root,) = client.list_roots()["Roots"]
    unit = client.create_organizational_unit(ParentId=root["Id"], Name="CI/CD")["OrganizationalUnit"]["Id"]
    pages = client.get_paginator("list_accounts").paginate()
    account = next(each for page in pages for each in page["Accounts"] if each["Name"] == "website-prod")["Id"]
    source = client.list_parents(ChildId=account)["Parents"][0]["Id"]
    client.move_account(AccountId=account, SourceParentId=source, DestinationParentId=unit)

    units = stage.plan("units")
    assert (units.steps, units.unmanaged) == ((), (r"organizational unit CI\/CD",))
    (step,) = stage.plan("accounts").steps
    assert (step.id, step.reason) == ("move-account:website-prod", r"it is in CI\/CD")
    stage.apply("accounts")
    assert client.list_parents(ChildId=account)["Parents"][0]["Id"] == source
    assert stage.plan("accounts").empty
