"""An account that was closed takes neither its name nor its key with it."""

from orgkit.engine.observe import observe
from orgkit.parameters import load_text
from tests.bootstrap.project import Stage


def test_a_closed_account_gets_a_successor_of_its_name_minutes_after_it_was_created(stage: Stage) -> None:
    stage.begin("organization", "units", "accounts")
    client, usual = stage.client("organizations"), stage.desired
    pages = client.get_paginator("list_accounts").paginate()
    closed = next(each for page in pages for each in page["Accounts"] if each["Name"] == "website-prod")["Id"]
    client.close_account(AccountId=closed)
    text = stage.project.file.read_text().replace("aws-website-prod@", "aws-website-prod-2@", 1)
    try:
        stage.desired = load_text(text, "acme.toml", stage.project.file.parent)
        stage.apply("accounts")
        assert stage.plan("accounts").empty
        with stage.connected() as aws:
            accounts = observe(aws, stage.desired, "accounts").accounts
    finally:
        stage.desired = usual
    found = {account.email: account.id for account in accounts if account.name == "website-prod"}
    assert found.keys() == {"aws-website-prod@example.com", "aws-website-prod-2@example.com"}
    assert found.pop("aws-website-prod@example.com") == closed
