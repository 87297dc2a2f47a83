"""What of a comparison ends with which exit code, what is announced, and what is asked of CloudTrail."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orgkit import errors
from orgkit.aws.rejections import Rejected
from orgkit.model.desired import ACCESS_ROLE, AccountSpec, UnitSpec
from orgkit.model.inventory import PRESENCE, PRESENT, Gap, Resource
from orgkit.model.observed import Account, Observed, Unit, Unread
from orgkit.model.plan import ABSENT
from orgkit.phases.account_imports.facts import Handshake, ImportFacts
from orgkit.phases.alternate_contacts.facts import ContactFacts
from orgkit.phases.alternate_contacts.inventory import KIND
from orgkit.phases.alternate_contacts.spec import Contact, ContactsSpec
from orgkit.phases.billing.facts import AdoptedAlerts
from orgkit.phases.organization.facts import OrganizationFacts
from orgkit.phases.policies.facts import AdoptedPolicies, DescribedPolicy, ObservedPolicy, subject_of
from orgkit.phases.policies.spec import PoliciesSpec, PolicySpec
from orgkit.phases.trail.facts import TrailFacts
from orgkit.records.health import event_history_aws
from orgkit.records.health import own_requests as own_changes
from orgkit.records.health.comparison import FILE, LAST_RUN, ChangeEvent, Difference, Snapshot, compare
from orgkit.records.health.event_history_aws import MAX_LOOKUPS, TOO_MANY, with_events
from orgkit.records.health.health import Health, _notices, compared_inventory, inventory_of, redacted_forms
from orgkit.records.health.last_run import as_event, find_last_run
from orgkit.records.health.quotas_aws import read_quotas
from orgkit.records.reconcile.cloudtrail_event import CloudTrailEvent
from orgkit.runbook.views import health_views
from orgkit.runbook.views.views import Verification
from tests.plans.loader import desired_of, observed_of

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MANAGEMENT = "999999999999"
UNIT = Resource(
    kind="organizational unit", id="ou-1", name="A", values={"name": "B"}, spec_values={"name": "A"},
    account=MANAGEMENT, identifiers=("ou-1",), calls={"name": ("UpdateOrganizationalUnit",), "tag": ("TagResource",)},
)  # fmt: skip
CONTACT = Contact("Ada", "CISO", "ada@acme.example", "+1 555 0100")
RENAME = Difference(resource=UNIT, attribute="name", expected="A", actual="B", basis=FILE)
DENIED = Rejected("organizations:ListPolicies", "AccessDenied", "", "explicit deny", "")


def seen() -> Observed:
    """An organization as base.toml asks, with no units or accounts."""
    return observed_of({"organization": {}})


def health(**fields: Any) -> Health:
    observed = seen()
    values: dict[str, Any] = {"resources": (), "differences": (), "gaps": (), **fields}
    return Health(observed, desired_of(), **values)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, errors.EXIT_DONE),
        ({"differences": (replace(RENAME, is_drift=False),)}, errors.EXIT_DONE),
        ({"resources": (replace(UNIT, spec_values=None),)}, errors.EXIT_DONE),
        ({"gaps": (Gap("role", "", "the file says so", is_expected=True),)}, errors.EXIT_DONE),
        ({"differences": (RENAME,)}, errors.EXIT_NOT_VERIFIED),
        ({"gaps": (Gap("policy", "", "denied"),)}, errors.EXIT_NOT_VERIFIED),
        ({"plan_drift": ("a trail delivers nothing",)}, errors.EXIT_NOT_VERIFIED),
    ],
)
def test_drift_and_what_could_not_be_read_end_with_6_and_nothing_else_does(fields: dict[str, Any], code: int) -> None:
    assert health(**fields).exit_code == code


def test_what_was_not_read_is_never_called_no_drift() -> None:
    result = health(gaps=(Gap("policy", "", "denied"),))
    assert result.sentence == "1 not read."
    assert "denied" in health_views.render_not_read(result).text
    assert result.as_json()["not_read"] == [{"what": "every policy", "reason": "denied", "is_expected": False}]


LEFT_OUT = (
    Gap("role", "1/orgkit-read", "the file has read_role = false in [members]", is_expected=True),
    Gap("role", "2/orgkit-read", "the file has read_role = false in [members]", is_expected=True),
    Gap("bucket", "", "the file has read_role = false in [members]", is_expected=True),
    Gap("role", "3/orgkit-read", "account 3 is closed", is_expected=True),
)
LEFT_OUT_SENTENCE = (
    "Not compared: roles, buckets (the file has read_role = false in [members]); roles (account 3 is closed)."
)


def test_everything_was_read_is_said_only_where_everything_was_compared() -> None:
    """A bucket that nobody looked at may be public."""
    whole, partial = health(), health(gaps=LEFT_OUT)
    assert whole.sentence == "No drift: everything that the file names was read and compared."
    assert whole.as_json()["everything_compared"]
    assert partial.sentence == f"No drift in what was read. {LEFT_OUT_SENTENCE}"
    assert partial.exit_code == errors.EXIT_DONE, "the file says so"
    assert (partial.as_json()["summary"], partial.as_json()["everything_compared"]) == (partial.sentence, False)
    drifted = health(gaps=LEFT_OUT, differences=(RENAME,))
    assert drifted.sentence == f"1 difference that is drift. {LEFT_OUT_SENTENCE}"
    texts = [view(partial).text for view in (health_views.render_drift, health_views.render_not_read)]
    texts.append(Verification(None, sentence=partial.sentence).view().text)
    for text in texts:
        assert "read_role = false" in " ".join(text.split())
        assert "as it should be" not in text
        assert "Nothing differs" not in text
        assert "verything was read" not in text
    many = tuple(Gap("role", f"{number}/r", f"account {number} is closed", is_expected=True) for number in range(9))
    assert health(gaps=many).sentence.endswith("(account 2 is closed); and for 6 more reason(s).")


def test_attributes_that_were_not_read_are_a_gap_of_their_resource() -> None:
    observed = replace(seen(), phase_facts=(ImportFacts(), OrganizationFacts(root_tags=Unread("denied"))))
    resources, gaps = inventory_of(observed, desired_of(), {})
    (organization,) = (item for item in resources if "tag" in item.unread)
    assert [gap.reason for gap in gaps if gap.covers(organization.key)] == ["not read of it: tag"]


def test_a_phase_that_aws_did_not_let_us_read_is_a_gap_for_each_of_its_kinds() -> None:
    """And one that the file does not ask for is none."""
    observed = replace(seen(), phase_facts=(ImportFacts(),))
    _, gaps = inventory_of(observed, desired_of(), {"policies": DENIED, "trail": DENIED})
    assert {gap.kind for gap in gaps if "explicit deny" in gap.reason} == {"policy", "trail", "bucket", "KMS key"}
    assert observed.facts(AdoptedAlerts) is None
    assert "budget" not in {gap.kind for gap in gaps}
    assert observed.facts(TrailFacts) is None


def test_what_no_inventory_shows_is_a_gap_of_its_phase_where_aws_did_not_let_us_read_it() -> None:
    names = ("root-emails", "accounts", "organization", "alternate-contacts")
    _, gaps = inventory_of(seen(), desired_of(), dict.fromkeys(names, DENIED))
    assert {gap.kind for gap in gaps} == {
        "read of 15-emails", "read of 03-accounts", "read of 01-organization", "alternate contact",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("present", "kind"),
    [(Unread("denied", "ask"), Gap), (None, Resource), (replace(CONTACT, email="eve@x.y"), Resource)],
)
def test_a_contact_that_differs_is_drift_and_one_that_was_not_read_is_a_gap(
    present: Contact | Unread | None, kind: type
) -> None:
    facts = ContactFacts(((MANAGEMENT, "SECURITY", present),))
    spec = ContactsSpec((("SECURITY", CONTACT),))
    resources, gaps = inventory_of(seen().with_facts(facts), desired_of().with_section(spec), {})
    differences = [item for item in compare(resources, gaps, None, redacted_forms()) if item.resource.kind == KIND]
    assert bool(gaps) is (kind is Gap)
    assert [item.attribute for item in differences] == ([] if kind is Gap else ["email" if present else PRESENCE])


def test_a_policy_that_could_not_be_read_is_not_called_absent() -> None:
    spec = PolicySpec("deny", "SERVICE_CONTROL_POLICY", "deny.json", (), "{}")
    desired = desired_of().with_section(PoliciesSpec((spec,)))
    subject, denied = subject_of("deny", "SERVICE_CONTROL_POLICY"), Unread("denied")
    unread = AdoptedPolicies(unread=((subject, denied),), unread_ids=((subject, "p-1"),))
    for facts, presence in ((AdoptedPolicies(), [None]), (unread, [])):
        observed = replace(seen(), phase_facts=(ImportFacts(), facts))
        resources, gaps = inventory_of(observed, desired, {})
        assert [item.values for item in resources if item.kind == "policy"] == presence
        assert [gap.id for gap in gaps if gap.kind == "policy"] == (["p-1"] if not presence else [])


def test_an_adopted_account_whose_name_the_file_cannot_have_is_no_drift() -> None:
    account = Account("3" * 12, "Shop", "shop@acme.example", "ACTIVE", (), "CREATED", ())
    observed = replace(seen(), accounts=(account,), phase_facts=(ImportFacts(),))
    for pin, names in ((account.id, []), (None, ["shop"])):
        spec = AccountSpec("shop", "shop", account.email, (), ACCESS_ROLE, False, (), id=pin)
        resources, _ = inventory_of(observed, replace(desired_of(), accounts=(spec,)), {})
        differences = compare(resources, (), None, redacted_forms())
        assert [item.expected for item in differences if item.attribute == "name"] == names


def test_an_organization_as_the_file_asks_has_no_difference() -> None:
    observed = replace(seen(), phase_facts=(ImportFacts(),))
    resources, gaps = inventory_of(observed, desired_of(), {})
    kinds = {item.resource.kind for item in compare(resources, gaps, None, redacted_forms())}
    assert kinds <= {"organizational unit", "account"}, "which base.toml asks for, and nobody has made"


def test_invitations_near_their_end_and_closed_accounts_are_announced() -> None:
    soon, later = (Handshake(f"h-{day}", "1" * 12, "", "OPEN", f"2026-12-{day:02} 12:00 UTC") for day in (4, 12))
    unknown = replace(soon, id="h-x", expires="")
    observed = replace(seen(), phase_facts=(ImportFacts((soon, later, unknown)),))
    closed = Account("2" * 12, "old", "old@acme.example", "SUSPENDED", (), "CREATED", ())
    lines = list(_notices(replace(observed, accounts=(closed,)), NOW))
    assert lines[0] == f"The invitation of {'1' * 12} (h-4) expires in 3 days and 0 hours."
    assert lines[1].startswith("Account 222222222222 (old) is SUSPENDED.")
    assert len(lines) == 2


def test_a_limit_comes_from_the_api_or_is_not_known() -> None:
    quotas = [{"QuotaName": "Default maximum number of accounts", "Value": 10.0}]
    aws: Any = SimpleNamespace(pages=lambda *_, **__: iter(quotas))
    (accounts, units, policies), gaps = read_quotas(aws, seen())
    assert (accounts.limit, accounts.remaining, gaps) == (10, 10 - accounts.used, ())
    assert (units.limit, policies.remaining) == (None, None)
    assert "no API reports it" in units.source

    def deny(*_: object, **__: object) -> Iterator[Any]:
        raise DENIED

    aws.pages = deny
    assert read_quotas(aws, seen())[1][0].kind == "quota"


def test_an_inventory_is_read_back_from_a_sealed_record_alone(tmp_path: Path) -> None:
    folder = tmp_path / MANAGEMENT / "20261201T120000Z-08-health-0123abcd"
    folder.mkdir(parents=True)
    event = {"event": "inventory", "read_at": NOW.isoformat(), **as_event((UNIT,), (Gap("policy", "", "denied"),))}
    (folder / "events.jsonl").write_text(json.dumps(event) + "\n")
    assert find_last_run(tmp_path, MANAGEMENT).snapshot is None
    (folder / "manifest.json").write_text("{}")
    last = find_last_run(tmp_path, MANAGEMENT)
    assert last.snapshot is None
    assert "is not as it was sealed" in last.unusable[0]


def test_an_inventory_is_the_same_after_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / MANAGEMENT / "20261201T120000Z-08-health-0123abcd"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    event = {"event": "inventory", "read_at": NOW.isoformat(), **as_event((UNIT,), (Gap("policy", "", "denied"),))}
    (folder / "events.jsonl").write_text(json.dumps(event) + "\n")
    monkeypatch.setattr("orgkit.records.health.last_run.verify_record", lambda *_: ())
    snapshot = find_last_run(tmp_path, MANAGEMENT).snapshot
    assert snapshot is not None
    assert (snapshot.values[UNIT.key], snapshot.identifiers[UNIT.key]) == ({"name": "B"}, ("ou-1",))
    assert snapshot.gaps == (Gap("policy", "", "denied"),)
    assert compare((replace(UNIT, spec_values=None),), (), snapshot, redacted_forms()) == ()


def event(name: str, *mentions: str, **fields: Any) -> CloudTrailEvent:
    values: dict[str, Any] = {
        "event_id": "e", "request_id": "r", "at": NOW, "source": "organizations.amazonaws.com", "name": name,
        "account": MANAGEMENT, "region": "us-east-1", "arn": "arn:aws:iam::999999999999:user/eve", **fields,
    }  # fmt: skip
    return CloudTrailEvent(**values, mentions=frozenset(mentions))


@pytest.mark.parametrize("text", ["2026-12-01T11:00:00+00:00", "2026-12-01T11:00:00", "2026-12-01T12:00:00+01:00"])
def test_the_time_of_the_last_run_can_be_compared_whatever_zone_a_file_says(text: str) -> None:
    assert event_history_aws.time_of(text) == datetime(2026, 12, 1, 11, tzinfo=UTC)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[CloudTrailEvent]:
    """What CloudTrail has, by the name of the event; the lookups are counted by the length of the list `asked`."""
    events: list[CloudTrailEvent] = []

    def look_up(_aws: object, account: str, region: str, _window: object, attribute: Any) -> Iterator[CloudTrailEvent]:
        if account == "denied":
            raise DENIED
        yield from (item for item in events if item.name == attribute["AttributeValue"] and item.region == region)

    monkeypatch.setattr(event_history_aws, "lookup_events", look_up)
    return events


AWS: Any = SimpleNamespace(
    clock=SimpleNamespace(now=lambda: NOW), caller=lambda: SimpleNamespace(account=MANAGEMENT),
    assume=lambda *_: None,
)  # fmt: skip


def test_the_event_that_names_the_resource_says_who_changed_it(logged: list[CloudTrailEvent]) -> None:
    agent = "Boto3/1.0 app/orgkit-20261201T115900Z-02-units-0123abcd"
    logged += [
        event("UpdateOrganizationalUnit", "ou-1", "B", agent=agent),
        event("UpdateOrganizationalUnit", "ou-2", "C"),
        event("UpdateOrganizationalUnit", "ou-1", error="AccessDenied"),
        event("MoveAccount", "ou-1"),
    ]
    (item,) = with_events(AWS, [RENAME], None)
    assert item.events == (
        ChangeEvent(
            at="2026-12-01 12:00:00 UTC", call="organizations:UpdateOrganizationalUnit",
            identity="arn:aws:iam::999999999999:user/eve", event_id="e", run="20261201T115900Z-02-units-0123abcd",
        ),
    )  # fmt: skip


def test_an_event_before_the_last_run_did_not_make_what_is_new_since_then(logged: list[CloudTrailEvent]) -> None:
    logged.append(event("UpdateOrganizationalUnit", "ou-1"))
    since = NOW.replace(hour=13)
    new, known = replace(RENAME, last_value="A"), replace(RENAME, last_value="B")
    assert [bool(item.events) for item in with_events(AWS, [new, known], since)] == [False, True]


def test_what_creates_a_resource_did_not_end_it_nor_the_reverse(logged: list[CloudTrailEvent]) -> None:
    """Of a unit that was made before the last record, the name alone says little."""
    names = ("CreateOrganizationalUnit", "DeleteOrganizationalUnit", "TagResource", "UntagResource")
    logged += [event(name, "ou-1", "Owner") for name in names]
    calls = {PRESENCE: names[:2], "tag": names[2:], "not attached to": names[:2]}
    unit = replace(UNIT, calls=calls)
    cases = {
        (PRESENCE, ABSENT): ["DeleteOrganizationalUnit"], (PRESENCE, PRESENT): ["CreateOrganizationalUnit"],
        ("tag Owner", ABSENT): ["UntagResource"], ("tag Owner", "eve"): ["TagResource", "UntagResource"],
        ("not attached to ou-1", ABSENT): [*names[:2]],
    }  # fmt: skip
    for (attribute, actual), seen_calls in cases.items():
        difference = replace(RENAME, resource=unit, attribute=attribute, actual=actual)
        (item,) = with_events(AWS, [difference], None)
        assert sorted(each.call.partition(":")[2] for each in item.events) == seen_calls, attribute


def test_what_sealed_runs_of_orgkit_alone_changed_is_no_drift(logged: list[CloudTrailEvent]) -> None:
    """A user agent proves nothing: the ids of the requests are those of the journals."""
    logged.append(event("UpdateOrganizationalUnit", "ou-1", request_id="own"))
    change = replace(RENAME, basis=LAST_RUN, last_value="A")
    unnamed = replace(UNIT, spec_values=None, calls={PRESENCE: ("UpdateOrganizationalUnit",)})
    new = replace(change, resource=unnamed, attribute=PRESENCE, expected=ABSENT, actual=PRESENT, last_value=ABSENT)
    gone = replace(new, expected=PRESENT, actual=ABSENT, last_value=PRESENT)
    by_file = replace(RENAME, last_value="A")
    items = [change, new, gone, by_file]

    def drift(own: tuple[str, ...]) -> list[Difference]:
        found = with_events(AWS, items, NOW, own)
        assert found == tuple(sorted(found, key=lambda item: not item.is_drift))
        return [replace(item, events=()) for item in found if item.is_drift]

    assert drift(("own",)) == [new, by_file]
    assert drift(()) == items
    logged.append(event("UpdateOrganizationalUnit", "ou-1", request_id="of somebody"))
    assert drift(("own",)) == items, "somebody changed it, too"


def test_the_requests_of_a_run_count_while_its_record_is_as_it_was_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_run(name: str, request: str, *, sealed: bool = True) -> None:
        folder = tmp_path / MANAGEMENT / name
        folder.mkdir(parents=True)
        sent = {"event": "intent", "intent": 1, "call": "organizations:DeletePolicy", "at": NOW.isoformat()}
        answers = [
            {"event": "answer", "intent": 1, "result": "committed", "request_id": request},
            {"event": "intent", **sent, "intent": 2},
            {"event": "answer", "intent": 2, "result": "refused", "request_id": "refused"},
        ]
        (folder / "events.jsonl").write_text("".join(json.dumps(item) + "\n" for item in (sent, *answers)))
        if sealed:
            (folder / "manifest.json").write_text("{}")

    write_run("20261201T110000Z-13-policy-removal-0123abcd", "before")
    write_run("20261201T130000Z-13-policy-removal-0123abcd", "own")
    write_run("20261201T140000Z-05-trail-0123abcd", "unsealed", sealed=False)
    write_run("20261201T150000Z-05-trail-0123abcd", "edited")
    faults = {"20261201T150000Z-05-trail-0123abcd": ["edited"]}
    monkeypatch.setattr(own_changes, "verify_record", lambda folder, _: iter(faults.get(folder.name, ())))
    assert own_changes.own_requests(tmp_path, MANAGEMENT, "20261201T120000Z-08-health-0123abcd") == {"own"}


def adopted(**paths: tuple[str, ...]) -> Observed:
    """An organization without a tag: units by their ids, with an account in `child`, and one policy."""
    account = Account("1" * 12, "old-team", "old@acme.example", "ACTIVE", paths["child"], "INVITED", ())
    policy = ObservedPolicy(
        "SERVICE_CONTROL_POLICY", paths.get("policy", ("deny",))[0], "p-1", targets=("ou-child",), content="{}"
    )
    units = tuple(Unit(path, f"ou-{name}", ()) for name, path in paths.items() if name != "policy")
    facts = (ImportFacts(), AdoptedPolicies((DescribedPolicy(policy, "", ()),)))
    return replace(seen(), units=units, accounts=(account,), phase_facts=facts)


def test_one_rename_is_one_difference_where_the_last_record_has_the_id() -> None:
    """No tag says which unit it is, and the units below it and their accounts are where they were."""
    specs = tuple(UnitSpec(path, ()) for path in (("CI/CD",), ("CI/CD", "Sub")))
    account = AccountSpec("old-team", "old-team", "old@acme.example", ("CI/CD", "Sub"), ACCESS_ROLE, False, ())
    policy = PolicySpec("deny", "SERVICE_CONTROL_POLICY", "deny.json", (("CI/CD", "Sub"),), "{}")
    desired = replace(desired_of(), units=specs, accounts=(account,), imports=())
    desired = desired.with_section(PoliciesSpec((policy,)))
    before = adopted(parent=("CI/CD",), child=("CI/CD", "Sub"))
    last = snapshot_of(compared_inventory(before, desired, {}, None)[0])
    now = adopted(parent=("Pipelines",), child=("Pipelines", "Sub"), policy=("deny2",))
    resources, _, differences = compared_inventory(now, desired, {}, last)
    shown = [(item.resource.kind, item.resource.id, item.attribute, item.expected, item.actual) for item in differences]
    assert sorted(row for row in shown if row[0] in ("organizational unit", "account", "policy")) == [
        ("organizational unit", "ou-parent", "name", "CI/CD", "Pipelines"),
        ("policy", "p-1", "name", "deny", "deny2"),
    ]
    assert {item.kind for item in resources if item.is_unmanaged} & {"organizational unit", "policy"} == set()
    detached = replace(now, phase_facts=(ImportFacts(), AdoptedPolicies(()))), desired
    (gone,) = (item for item in compared_inventory(*detached, {}, last)[2] if item.resource.kind == "policy")
    assert (gone.resource.id, gone.last_value) == ("p-1", PRESENT)


def snapshot_of(resources: tuple[Resource, ...]) -> Snapshot:
    there = [item for item in resources if item.values is not None]
    return Snapshot(
        run="r", at=NOW.isoformat(), names={item.key: item.name for item in there},
        values={item.key: item.values or {} for item in there},
        identifiers={item.key: item.identifiers for item in there}, unread={item.key: item.unread for item in there},
    )  # fmt: skip


def test_of_a_tag_only_the_events_about_its_key_count(logged: list[CloudTrailEvent]) -> None:
    logged += [event("TagResource", "ou-1", "Owner", "eve"), event("TagResource", "ou-1", "Project", "x")]
    (item,) = with_events(AWS, [replace(RENAME, attribute="tag Owner")], None)
    assert len(item.events) == 1


def test_what_cloudtrail_could_not_be_asked_is_not_read(logged: list[CloudTrailEvent]) -> None:
    denied = replace(RENAME, resource=replace(UNIT, account="denied"))
    unknown = replace(RENAME, attribute=PRESENCE, actual=ABSENT)
    lines = [" ".join(health_views.changed_by(item)) for item in with_events(AWS, [denied, unknown, RENAME], None)]
    assert "explicit deny" in lines[0]
    assert lines[1].startswith("not read: ")
    assert lines[2].startswith("CloudTrail shows no event that names it")


def test_a_run_looks_up_so_many_kinds_of_events_and_says_where_it_stopped(logged: list[CloudTrailEvent]) -> None:
    many = [replace(RENAME, resource=replace(UNIT, account=f"{number:012}")) for number in range(MAX_LOOKUPS + 1)]
    assert [item.log_gap for item in with_events(AWS, many, None)][-2:] == ["", TOO_MANY]


def test_the_views_escape_what_anybody_may_have_chosen() -> None:
    hostile = replace(RENAME, actual="<script>\x1b[2J", resource=replace(UNIT, name="<u>\n"))
    view = health_views.render_drift(health(differences=(hostile,), notes=("<i>",)))
    assert "<script>" not in view.html
    assert "<u>" not in view.html
    assert "\x1b" not in view.text + view.html
    assert "compared with the file" in view.text
