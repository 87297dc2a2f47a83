"""The sandbox's Cost Explorer, asked by plain boto3."""

import pytest

OCTOBER = {"Start": "2026-10-01", "End": "2026-11-01"}


def row(account, service="AWS Config", kind="Usage", amount="1.50", month=None):
    return {"month": month or MONTH, "account": account, "service": service, "record_type": kind, "amount": amount}


MONTH = "2026-10"


@pytest.fixture
def requests(world):
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


def test_before_there_is_a_bill_the_data_is_not_available(requests, error):
    assert error(requests) == "DataUnavailableException"


def test_a_month_that_is_not_ready_is_not_available_and_others_are(requests, error):
    requests.seed(row("management"), not_ready=[requests.last])
    assert requests()["ResultsByTime"][0]["Total"]["UnblendedCost"]["Amount"] == "1.50"
    assert error(requests, start=requests.last, end=requests.this) == "DataUnavailableException"


def test_rows_are_filtered_grouped_and_added_up(requests):
    requests.seed(row("management"), row("management", amount="0.25"), row("management", kind="Credit", amount="-1"))
    only = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit"]}}}
    (result,) = requests(GroupBy=by("LINKED_ACCOUNT", "SERVICE"), Filter=only)["ResultsByTime"]
    (group,) = result["Groups"]
    assert (group["Keys"], group["Metrics"]["UnblendedCost"]["Amount"]) == (["123456789012", "AWS Config"], "1.75")
    assert result["Total"] == {}


def test_large_and_small_amounts_add_up_to_the_last_digit(requests):
    requests.seed(row("management", amount="999999999999999"), row("management", amount="0.00000000000000000001"))
    total = requests()["ResultsByTime"][0]["Total"]["UnblendedCost"]["Amount"]
    assert total == "999999999999999.00000000000000000001"


def test_groups_come_in_pages_and_each_once(requests, error):
    requests.seed(*(row("management", service=f"S{number}") for number in range(5)), page_size=2)
    seen, token = [], {}
    while True:
        page = requests(GroupBy=by("LINKED_ACCOUNT", "SERVICE"), **token)
        seen += [group["Keys"][1] for result in page["ResultsByTime"] for group in result["Groups"]]
        if "NextPageToken" not in page:
            break
        token = {"NextPageToken": page["NextPageToken"]}
    assert seen == ["S0", "S1", "S2", "S3", "S4"]
    assert error(requests, GroupBy=by("SERVICE"), NextPageToken="nonsense") == "InvalidNextTokenException"


def test_an_account_may_be_called_by_its_name_and_an_unknown_one_is_named(requests, world):
    account = world.account("website")
    assert requests.seed(row("nobody"), row("website")) == ["nobody"]
    assert requests.seed(row("website")) == []
    (group,) = requests(GroupBy=by("LINKED_ACCOUNT"))["ResultsByTime"][0]["Groups"]
    assert group["Keys"] == [account]


def test_the_month_that_is_not_over_is_an_estimate(requests):
    requests.seed(row("management"))
    output = requests(start=requests.old, end=requests.this)["ResultsByTime"]
    assert output[0]["Estimated"] is False
    year, number = map(int, requests.this.split("-"))
    after = f"{year + 1}-01" if number == 12 else f"{year}-{number + 1:02}"
    assert requests(start=requests.this, end=after)["ResultsByTime"][0]["Estimated"] is True


def test_what_aws_refuses_is_refused(requests, error):
    requests.seed(row("management"))
    for wrong in (
        {"GroupBy": by("SERVICE", "LINKED_ACCOUNT", "RECORD_TYPE")},
        {"Metrics": ["Nonsense"]},
        {"start": requests.last, "end": requests.old},
        {"start": "2020-01", "end": "2020-02"},
    ):
        assert error(requests, **wrong) == "ValidationException", wrong
