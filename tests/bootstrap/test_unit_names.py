"""An organizational unit may have a slash in its name: it is one unit, and accounts in it are planned from there."""

from tests.bootstrap.project import Stage


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
