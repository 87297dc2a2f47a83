"""A record joined with CloudTrail events, as values: matched, missing and unmatched changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orgkit.records.reconcile.cloudtrail_event import CloudTrailEvent
from orgkit.records.reconcile.journal_changes import Window, mutations_of, window_of
from orgkit.records.reconcile.match import reconcile
from orgkit.records.reconcile.report import MatchStatus

RUN = "20261123T090000Z-02-units-0a1b2c3d"
PLANTED = "20261127T000000Z-02-units-00000000"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MANAGEMENT, ARCHIVE = "999999999999", "112103421649"
USER = f"arn:aws:iam::{MANAGEMENT}:user/jane"
HOME, ELSEWHERE = (MANAGEMENT, "us-east-1"), (ARCHIVE, "eu-west-1")
UNIT = "organizations:CreateOrganizationalUnit"
ACCESS = f"arn:aws:sts::{ARCHIVE}:assumed-role/OrganizationAccountAccessRole"


def sent(name, result="committed", *, call=UNIT, place=HOME, seconds=0, request=None):
    """Intent and answer of one change; without an answer for result None."""
    at = (NOON + timedelta(seconds=seconds)).isoformat()
    account, region = place
    intent = {"event": "intent", "at": at, "intent": name, "call": call, "key": f"Name={name}", "sent": at}
    events = [{**intent, "account": account, "region": region}]
    request_id = request if request is not None else f"id-{name}" if result in ("committed", "refused") else ""
    answer = {"event": "answer", "at": at, "intent": name, "result": result, "request_id": request_id}
    return [*events, answer] if result else events


def logged(name, *, call=UNIT, place=HOME, arn=USER, seconds=1, run=RUN, **more):
    service, _, operation = call.partition(":")
    at, agent = NOON + timedelta(seconds=seconds), f"Boto3/1.42 app/orgkit-{run}"
    values = {"source": f"{service}.amazonaws.com", "name": operation, "account": place[0], "region": place[1]}
    values |= {"event_id": f"event-{name}", "request_id": f"id-{name}", "at": at, "arn": arn, "agent": agent}
    return CloudTrailEvent(**{**values, "kind": "AwsApiCall", **more})


def join(*events, log=(), minutes=20, requests=(HOME, ELSEWHERE), unasked=None, neighbour=(), claim=()):
    mutations = mutations_of(RUN, [event for group in events for event in group])
    others = mutations_of("20261123T090000Z-03-accounts-00000000", [event for group in neighbour for event in group])
    claimed = mutations_of(PLANTED, [event for group in claim for event in group])
    window, now = Window(NOON, NOON + timedelta(minutes=1)), NOON + timedelta(minutes=minutes)
    return reconcile(
        mutations, others, log, claimed_mutations=claimed,
        sessions={USER}, scope=set(requests), unasked=unasked or {}, window=window, now=now,
    )  # fmt: skip


def words(found):
    return [str(verdict.status) for verdict in found.verdicts]


def remark(found):
    return found.verdicts[0].remark


def test_a_change_is_matched_by_its_request_id_and_all_is_well():
    found = join(sent("a"), sent("b"), log=[logged("a"), logged("b")])
    assert (words(found), found.unmatched, found.exit_code) == (["matched", "matched"], (), 0)
    assert found.sentence == "2 change(s) sent: 2 matched; 0 unmatched event(s) in CloudTrail."
    assert list(found.sentences()) == []


def test_until_15_minutes_have_passed_it_is_not_visible_yet_and_then_it_is_unknown():
    assert (words(join(sent("a"), minutes=14)), join(sent("a"), minutes=14).exit_code) == (["not yet visible"], 9)
    found = join(sent("a"))
    assert (words(found), found.exit_code) == (["unknown"], 6)
    ((word, line),) = found.sentences()
    assert word == "unknown"
    assert line == f"{UNIT} Name=a in account {MANAGEMENT}, us-east-1, 2026-11-23 12:00:00 UTC, request id-a"


def test_all_matched_early_is_not_the_end_since_something_beside_may_still_show():
    found = join(sent("a"), log=[logged("a")], minutes=6)
    assert (words(found), found.complete, found.exit_code) == (["matched"], False, 9)


def test_a_run_that_sent_nothing_is_well_when_nobody_else_was_it():
    assert join().exit_code == 0
    assert join(log=[logged("x")]).exit_code == 6


class TestRefused:
    def test_it_is_matched_with_aws_s_error(self):
        found = join(sent("a", "refused"), log=[logged("a", error="AccessDenied")])
        assert (words(found), remark(found), found.exit_code) == (["matched"], "AccessDenied", 0)

    def test_one_that_aws_does_not_log_changed_nothing(self):
        found = join(sent("a", "refused"))
        assert (words(found), found.exit_code) == (["not logged"], 0)

    @pytest.mark.parametrize(("result", "error"), [("refused", ""), ("committed", "AccessDenied")])
    def test_a_record_that_says_otherwise_than_aws_is_contradicted(self, result, error):
        found = join(sent("a", result), log=[logged("a", error=error)])
        assert (words(found), found.exit_code) == (["contradicted"], 6)


class TestWithoutAnAnswer:
    @pytest.mark.parametrize("result", ["unsure", None])
    def test_one_that_aws_did_is_matched_by_what_and_when_and_said_to_be_done(self, result):
        found = join(sent("a", result), log=[logged("aws-s-own")])
        assert (words(found), found.unmatched, found.exit_code) == (["matched"], (), 0)
        assert remark(found) == "no answer had come; AWS logs it as done"
        assert [word for word, _ in found.sentences()] == ["matched"]

    def test_one_that_aws_does_not_know_did_not_arrive(self):
        found = join(sent("a", "unsure"))
        assert (words(found), found.exit_code) == (["not logged"], 0)
        assert "did not arrive" in remark(found)

    def test_it_is_sought_under_the_name_that_cloudtrail_has_for_it(self):
        event = logged("x", call="s3:PutBucketPublicAccessBlock")
        assert words(join(sent("a", "unsure", call="s3:PutPublicAccessBlock"), log=[event])) == ["matched"]

    @pytest.mark.parametrize(
        "other",
        [
            {"call": "organizations:TagResource"}, {"place": ELSEWHERE}, {"seconds": 400}, {"run": "another"},
        ],
    )  # fmt: skip
    def test_what_is_not_like_it_is_beside_it(self, other):
        found = join(sent("a", "unsure"), log=[logged("x", **other)])
        assert (words(found), len(found.unmatched)) == (["not logged"], 1)

    def test_two_of_the_same_take_one_event_each_and_the_third_event_is_beside_them(self):
        log = [logged(name, seconds=number) for number, name in enumerate("xyz", 1)]
        found = join(sent("a", "unsure"), sent("b", "unsure", seconds=1), log=log)
        assert words(found) == ["matched", "matched"]
        assert [event.request_id for event in found.unmatched] == ["id-z"]

    def test_one_of_a_neighbour_is_not_held_against_this_run(self):
        name = "20261123T090000Z-03-accounts-00000000"
        found = join(sent("a"), log=[logged("a"), logged("x", run=name)], neighbour=[sent("n", "unsure")])
        assert (found.unmatched, found.exit_code) == ((), 0)


class TestBeside:
    @pytest.mark.parametrize(
        ("arn", "own"),
        [
            (USER, True),
            (f"{ACCESS}/orgkit-{RUN}", True),
            (f"{ACCESS}/somebody", True),
            (f"arn:aws:sts::{ARCHIVE}:assumed-role/Other/orgkit-{RUN}", True),
            (f"arn:aws:sts::{ARCHIVE}:assumed-role/Other/somebody", False),
            (f"arn:aws:sts::{MANAGEMENT}:assumed-role/OrganizationAccountAccessRole/somebody", False),
            (f"arn:aws:iam::{MANAGEMENT}:user/ann", False),
            (f"arn:aws:iam::{MANAGEMENT}:root", False),
            ("", False),
        ],
    )
    def test_the_same_caller_role_or_session_is_suspected_and_nobody_else(self, arn, own):
        own_rows = logged("a", place=ELSEWHERE, arn=f"{ACCESS}/orgkit-{RUN}")
        found = join(sent("a", place=ELSEWHERE), log=[own_rows, logged("x", arn=arn, place=ELSEWHERE)])
        assert ([event.arn for event in found.unmatched], found.exit_code) == ([arn] if own else [], 6 if own else 0)
        assert len(found.other_events) == (not own)

    def test_what_a_neighbour_s_record_has_is_known(self):
        found = join(sent("a"), log=[logged("a"), logged("n")], neighbour=[sent("n")])
        assert (found.unmatched, found.other_events, found.exit_code) == ((), (), 0)

    def test_what_aws_itself_did_on_our_behalf_and_signing_in_are_nothing_that_we_did(self):
        linked = logged("x", call="iam:CreateServiceLinkedRole", service="organizations.amazonaws.com")
        login = logged("y", call="signin:ConsoleLogin", kind="AwsConsoleSignIn")
        found = join(sent("a"), log=[logged("a"), linked, login])
        assert (found.unmatched, found.exit_code) == ((), 0)
        assert linked in found.other_events

    def test_one_request_in_the_logs_of_two_accounts_is_one(self):
        found = join(log=[logged("x"), replace(logged("x", place=ELSEWHERE), event_id="other")])
        assert len(found.unmatched) == 1

    def test_a_person_reads_who_did_what_where_and_when(self):
        ((word, line),) = join(log=[logged("x", error="AccessDenied")]).sentences()
        assert word == "unmatched"
        assert line == (
            f"{UNIT} in account {MANAGEMENT}, us-east-1, 2026-11-23 12:00:01 UTC, request id-x, by {USER} "
            "(refused: AccessDenied)"
        )


class TestConsole:
    def test_what_somebody_changes_in_the_console_is_beside_it_too(self):
        found = join(log=[logged("x", kind="AwsConsoleAction")])
        assert ([event.request_id for event in found.unmatched], found.exit_code) == (["id-x"], 6)

    def test_an_event_without_a_request_is_known_by_its_own_id(self):
        log = [logged(name, kind="AwsConsoleAction", request_id="") for name in "xy"]
        found = join(sent("a", "unsure", call="iam:CreateUser"), sent("b", request=""), log=log)
        assert [event.event_id for event in found.unmatched] == ["event-x", "event-y"]


class TestClaims:
    def test_what_only_a_run_that_nobody_sealed_has_is_shown_with_that_run(self):
        found = join(sent("a"), log=[logged("a"), logged("x"), logged("y")], claim=[sent("x")])
        ((claimed),) = found.claimed_events
        assert (claimed.event.request_id, claimed.run) == ("id-x", PLANTED)
        assert ([event.request_id for event in found.unmatched], found.exit_code) == (["id-y"], 6)
        assert found.sentence.endswith("1 unmatched event(s) in CloudTrail, 1 claimed by runs that nobody can check.")

    def test_a_claim_alone_is_never_clean(self):
        assert join(sent("a"), log=[logged("a"), logged("x")], claim=[sent("x")]).exit_code == 6

    def test_such_a_run_takes_no_event_from_one_that_is_sealed(self):
        found = join(sent("a"), log=[logged("a"), logged("n")], neighbour=[sent("n")], claim=[sent("n"), sent("a")])
        assert (words(found), found.claimed_events, found.exit_code) == (["matched"], (), 0)

    def test_without_an_answer_it_claims_what_is_like_what_it_sent(self):
        found = join(log=[logged("x", run=PLANTED)], claim=[sent("z", "unsure")])
        assert ([each.run for each in found.claimed_events], found.unmatched) == ([PLANTED], ())


class TestTheRecordItself:
    def test_one_that_nobody_sealed_is_never_clean(self):
        found = replace(join(sent("a"), log=[logged("a")]), sealed=False)
        assert (found.exit_code, [word for word, _ in found.sentences()]) == (6, ["not sealed"])

    def test_one_that_was_changed_is_never_clean_and_each_fault_is_told(self):
        found = replace(join(sent("a"), log=[logged("a")]), faults=("it was changed",))
        assert (found.exit_code, list(found.sentences())) == (6, [("fault", "it was changed")])
        assert found.facts()["faults"] == ["it was changed"]


class TestTamperedJournal:
    def test_a_request_id_that_was_taken_out_leaves_an_unknown_change_and_one_beside_it(self):
        found = join(sent("a", request=""), log=[logged("a")])
        assert (words(found), len(found.unmatched), found.exit_code) == (["unknown"], 1, 6)
        assert "no request id" in remark(found)

    def test_a_change_that_was_taken_out_is_beside_the_others(self):
        assert [event.request_id for event in join(sent("a"), log=[logged("a"), logged("b")]).unmatched] == ["id-b"]


class TestNotAsked:
    def test_a_change_in_an_account_that_could_not_be_asked_is_never_clean(self):
        found = join(sent("a", place=ELSEWHERE), requests=[HOME], unasked={ELSEWHERE: "AccessDenied"})
        assert (words(found), found.exit_code) == (["could not be asked"], 6)
        assert found.facts()["unasked"] == [{"account": ARCHIVE, "region": "eu-west-1", "why": "AccessDenied"}]

    def test_an_account_that_could_not_be_asked_is_not_clean_without_any_change_either(self):
        assert join(unasked={HOME: "AccessDenied"}, requests=[]).exit_code == 6


class TestOldJournals:
    OLD = ({"event": "intent", "at": NOON.isoformat(), "intent": "a", "call": UNIT, "key": ""},)
    ANSWER = ({"event": "answer", "at": NOON.isoformat(), "intent": "a", "result": "committed", "request_id": "id-a"},)

    def test_a_request_id_is_all_that_a_match_needs(self):
        assert words(join(self.OLD, self.ANSWER, log=[logged("a")])) == ["matched"]

    def test_without_a_match_it_is_said_that_the_place_is_not_known(self):
        found = join(self.OLD, self.ANSWER)
        assert (words(found), found.exit_code) == (["could not be asked"], 6)
        assert "does not say in which account" in remark(found)


class TestWindow:
    def test_it_is_told_by_aws_s_clock_where_the_journal_knows_it(self):
        ahead = {"at": NOON.isoformat(), "sent": (NOON + timedelta(hours=2)).isoformat(), "event": "intent"}
        first = {"event": "phase", "at": (NOON - timedelta(seconds=9)).isoformat()}
        last = {"event": "end", "at": (NOON + timedelta(seconds=5)).isoformat()}
        window = window_of([first, ahead, last])
        assert window == Window(NOON + timedelta(hours=2, seconds=-9), NOON + timedelta(hours=2, seconds=5))

    def test_an_approval_tells_the_time_of_the_gate_and_no_events_tell_none(self):
        gate = {"event": "approval", "at": "2020-01-01T00:00:00+00:00"}
        assert window_of([gate, {"event": "end", "at": NOON.isoformat()}]) == Window(NOON, NOON)
        assert window_of([]) is None


def test_the_facts_have_each_change_with_its_event():
    facts = join(sent("a"), log=[logged("a"), logged("x"), logged("y", arn="")]).facts()
    assert facts["counts"] == {str(word): 1 if word is MatchStatus.MATCHED else 0 for word in MatchStatus}
    assert facts["mutations"][0]["logged"]["request_id"] == "id-a"
    assert (len(facts["unmatched"]), len(facts["others"]), facts["exit_code"]) == (1, 1, 6)
