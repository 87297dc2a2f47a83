"""The sandbox's Cost Explorer, asked by plain boto3."""

import pytest

OCTOBER = {"Start": "2026-10-01", "End": "2026-11-01"}


def row(account, service="AWS Config", kind="Usage", amount="1.50", month=None):
    return {"month": month or MONTH, "account": account, "service": service, "record_type": kind, "amount": amount}


MONTH = "2026-10"


@pytest.fixture
def asked(world):
    """A month before the sandbox's own, whatever the day of the test."""
    world.organization()
    year, number = map(int, world.sandbox.now()[:7].split("-"))
    months = [(year - (number <= back), (number - back - 1) % 12 + 1) for back in (2, 1, 0)]
    old, last, this = (f"{y}-{n:02}" for y, n in months)

    def seed(*rows, **more):
        moved = [each | {"month": old if each["month"] == MONTH else each["month"]} for each in rows]
        return world.sandbox.seed_bills({"rows": moved, "page_size": 1000, "not_ready": [], **more})

    def ask(profile="management", start=old, end=last, **more):
        period = {"Start": f"{start}-01", "End": f"{end}-01"}
        settings = {"Granularity": "MONTHLY", "Metrics": ["UnblendedCost"], "TimePeriod": period, **more}
        return world.client("ce", profile).get_cost_and_usage(**settings)

    ask.seed, ask.old, ask.last, ask.this = seed, old, last, this
    return ask


def by(*keys):
    return [{"Type": "DIMENSION", "Key": key} for key in keys]


def test_before_there_is_a_bill_the_data_is_not_available(asked, error):
    assert error(asked) == "DataUnavailableException"


def test_a_month_that_is_not_ready_is_not_available_and_others_are(asked, error):
    asked.seed(row("management"), not_ready=[asked.last])
    assert asked()["ResultsByTime"][0]["Total"]["UnblendedCost"]["Amount"] == "1.50"
    assert error(asked, start=asked.last, end=asked.this) == "DataUnavailableException"


def test_rows_are_filtered_grouped_and_added_up(asked):
    asked.seed(row("management"), row("management", amount="0.25"), row("management", kind="Credit", amount="-1"))
    only = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit"]}}}
    (result,) = asked(GroupBy=by("LINKED_ACCOUNT", "SERVICE"), Filter=only)["ResultsByTime"]
    (group,) = result["Groups"]
    assert (group["Keys"], group["Metrics"]["UnblendedCost"]["Amount"]) == (["123456789012", "AWS Config"], "1.75")
    assert result["Total"] == {}


def test_large_and_small_amounts_add_up_to_the_last_digit(asked):
    asked.seed(row("management", amount="999999999999999"), row("management", amount="0.00000000000000000001"))
    total = asked()["ResultsByTime"][0]["Total"]["UnblendedCost"]["Amount"]
    assert total == "999999999999999.00000000000000000001"


def test_groups_come_in_pages_and_each_once(asked, error):
    asked.seed(*(row("management", service=f"S{number}") for number in range(5)), page_size=2)
    seen, token = [], {}
    while True:
        page = asked(GroupBy=by("LINKED_ACCOUNT", "SERVICE"), **token)
        seen += [group["Keys"][1] for result in page["ResultsByTime"] for group in result["Groups"]]
        if "NextPageToken" not in page:
            break
        token = {"NextPageToken": page["NextPageToken"]}
    assert seen == ["S0", "S1", "S2", "S3", "S4"]
    assert error(asked, GroupBy=by("SERVICE"), NextPageToken="nonsense") == "InvalidNextTokenException"


def test_an_account_may_be_called_by_its_name_and_an_unknown_one_is_named(asked, world):
    account = world.account("website")
    assert asked.seed(row("nobody"), row("website")) == ["nobody"]
    assert asked.seed(row("website")) == []
    (group,) = asked(GroupBy=by("LINKED_ACCOUNT"))["ResultsByTime"][0]["Groups"]
    assert group["Keys"] == [account]


def test_the_month_that_is_not_over_is_an_estimate(asked):
    asked.seed(row("management"))
    told = asked(start=asked.old, end=asked.this)["ResultsByTime"]
    assert told[0]["Estimated"] is False
    year, number = map(int, asked.this.split("-"))
    after = f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02}"
    assert asked(start=asked.this, end=after)["ResultsByTime"][0]["Estimated"] is True


def test_what_aws_refuses_is_refused(asked, error):
    asked.seed(row("management"))
    for wrong in (
        {"GroupBy": by("SERVICE", "LINKED_ACCOUNT", "RECORD_TYPE")},
        {"Metrics": ["Nonsense"]},
        {"start": asked.last, "end": asked.old},
        {"start": "2020-01", "end": "2020-02"},
    ):
        assert error(asked, **wrong) == "ValidationException", wrong
