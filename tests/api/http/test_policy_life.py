"""A change of policies over HTTP in approved mode: from a first thought to a roll-back, and everything in between that
nobody may do.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from ledger.journal.clock import Clock
from ledger.policies.policy_mode import PolicyMode
from tests.support.policy_acts import PolicyActs, approved_service, orders_with, problem_of
from tests.support.running_service import eventually, running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("approved")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[PolicyActs]:
    with approved_service(home) as service:
        yield service


@pytest.fixture
def acts(service: PolicyActs) -> PolicyActs:
    """With the limit of 10,000 in force and nothing scheduled, whatever a test before has done."""
    for each in service.ask("auditor", "GET", "/proposals?state=scheduled").json()["proposals"]:
        service.done("a.kurz", "cancel", each)
    if service.decide().json()["outcome"] != "hold":
        service.in_force(10000)
    return service


def test_nothing_is_in_force_before_a_first_set_is_proposed_approved_and_activated(tmp_path: Path) -> None:
    with approved_service(tmp_path, starts=False) as acts:
        assert problem_of(acts.decide()) == (503, "no-policy-in-force")
        first = acts.proposed("admin", 10000)
        assert problem_of(acts.act("a.kurz", "activate", first)) == (409, "proposal-state")
        acts.done("a.kurz", "approve", first)
        acts.done("a.kurz", "activate", first)
        assert acts.decide().json()["outcome"] == "hold"
        [row] = acts.activations()
        assert (row["kind"], row["author"], row["approvers"], row["who"]) == ("first", "admin", ["a.kurz"], "a.kurz")


def test_a_change_goes_from_a_draft_to_a_roll_back_and_each_act_is_on_record(acts: PolicyActs) -> None:
    proposal = acts.proposed("e.lang", 20000)
    assert (proposal["state"], proposal["findings"]["words"]) == ("proposed", ["orders.limit: 10,000 → 20,000"])
    assert acts.decide().json()["outcome"] == "hold"
    approved = acts.done("a.kurz", "approve", proposal)
    assert [(each["who"], each["counts"]) for each in approved["approvals"]] == [("a.kurz", True)]
    active = acts.done("a.meyer", "activate", approved)
    assert (active["state"], active["activation"]) == ("in-force", len(acts.activations()))
    assert active["name"].endswith(f", v{active['activation']}")
    assert acts.decide().json()["outcome"] == "approve"
    first = acts.activations()[-2]
    back = acts.ask("a.kurz", "POST", "/rollback", {"version": first["version"], "why": "Too many went out."})
    assert (back.status_code, back.json()["state"], back.json()["kind"]) == (201, "in-force", "rollback"), back.text
    assert acts.decide().json()["outcome"] == "hold"
    assert acts.ask("e.lang", "GET", f"/proposals/{proposal['number']}").json()["state"] == "superseded"
    assert problem_of(acts.act("a.kurz", "approve", back.json())) == (403, "approver-is-author")
    acts.done("a.meyer", "approve", back.json())
    said = [(row["kind"], row["author"], row["approvers"]) for row in acts.activations()[-2:]]
    assert said == [
        ("approved", "e.lang", ["a.kurz"]),
        ("rollback", "a.kurz", ["a.meyer"]),
    ]


def test_nobody_approves_what_they_had_a_hand_in_and_that_is_on_record(acts: PolicyActs) -> None:
    before = _refusals(acts)
    own = acts.proposed("e.both", 20000)
    for word in ("approve", "reject", "activate"):
        expected = (403, "approver-is-author") if word != "activate" else (409, "proposal-state")
        assert problem_of(acts.act("e.both", word, own)) == expected
    other = acts.begin("e.lang", 30000)
    acts.edit("e.both", other, why="A comment of mine.")
    proposal = acts.propose("e.lang", other["number"]).json()
    assert problem_of(acts.act("e.both", "approve", proposal)) == (403, "approver-is-author")
    assert problem_of(acts.act("e.lang", "approve", proposal)) == (403, "forbidden")
    acts.done("a.kurz", "approve", proposal)
    after = _refusals(acts)
    assert len(after) - len(before) == 3, after


def _refusals(acts: PolicyActs) -> list[object]:
    answer = acts.client.get("/v1/journal?kind=refusal", headers={"Authorization": f"Bearer {acts.keys['auditor']}"})
    records: list[object] = answer.json()["records"]
    return records


EDITS: dict[str, dict[str, Any]] = {
    "cell": {"files": {"facts.yaml": None, "orders.yaml": "21000"}},
    "title": {"title": "Other"},
    "why": {"why": "Other"},
    "instant": {"on": "2099-01-01"},
    "acknowledgement": {"acknowledged": {"test:none": "Other."}},
}


def test_an_approval_is_of_exactly_what_was_seen(acts: PolicyActs) -> None:
    """Each kind of edit makes another digest, voids the approval, and makes a draft of it again."""
    proposal = acts.proposed("e.lang", 20000)
    for said in EDITS.values():
        approved = acts.done("a.kurz", "approve", proposal)
        if "files" in said:
            said = {"files": acts.ask("e.lang", "GET", f"/drafts/{proposal['number']}").json()["files"]}
            said["files"]["rules/orders.yaml"] = said["files"]["rules/orders.yaml"].replace("20000", "21000")
        draft = acts.edit("e.lang", proposal, **said).json()
        assert draft["state"] == "draft"
        assert [each["counts"] for each in draft["approvals"]] == [False] * len(draft["approvals"])
        assert problem_of(acts.act("a.kurz", "activate", approved)) == (409, "proposal-changed")
        answer = acts.propose("e.lang", proposal["number"])
        assert problem_of(acts.act("a.kurz", "activate", approved)) == (409, "proposal-changed")
        before, proposal = proposal, answer.json()
        assert proposal["digest"] != before["digest"]
        assert problem_of(acts.act("a.kurz", "approve", before)) == (409, "proposal-changed")
    stale = acts.edit("e.lang", {"number": proposal["number"], "revision": 1}, title="Late")
    assert problem_of(stale) == (412, "draft-changed")
    assert acts.decide().json()["outcome"] == "hold"


def test_a_change_of_what_is_not_in_force_any_more_is_not_approved(acts: PolicyActs) -> None:
    one, other = acts.proposed("e.lang", 20000), acts.proposed("e.lang", 30000)
    approved = acts.done("a.kurz", "approve", other)
    acts.done("a.kurz", "approve", one)
    acts.done("a.kurz", "activate", one)
    assert acts.ask("e.lang", "GET", f"/proposals/{other['number']}").json()["base_moved"] is True
    assert problem_of(acts.act("a.kurz", "activate", approved)) == (409, "base-moved")
    draft = acts.edit("e.lang", approved, files={"facts.yaml": "", "orders.yaml": ""}).json()
    assert (draft["base"], draft["base_moved"]) == (acts.activations()[-1]["version"], False)


def test_a_failing_test_is_acknowledged_in_words_or_mended(acts: PolicyActs) -> None:
    draft = acts.begin("e.lang", 60000)
    refused = acts.propose("e.lang", draft["number"])
    assert problem_of(refused) == (409, "tests-not-acknowledged")
    assert refused.json()["items"] == ["test:limits/large-order-waits"]
    acts.edit("e.lang", draft, acknowledged={"test:limits/large-order-waits": "   "})
    assert problem_of(acts.propose("e.lang", draft["number"])) == (409, "tests-not-acknowledged")
    draft = acts.edit(
        "e.lang", {**draft, "revision": 2}, acknowledged={"test:limits/large-order-waits": "Meant."}
    ).json()
    proposal = acts.propose("e.lang", draft["number"]).json()
    assert proposal["findings"]["tests_failed"] == ["limits/large-order-waits"]
    without = acts.begin("e.lang", 20000, tests={})
    assert acts.propose("e.lang", without["number"]).json()["items"] == ["test:none"]


def test_files_with_mistakes_stay_a_draft(acts: PolicyActs) -> None:
    draft = acts.begin("e.lang", files={"facts.yaml": "currency: EUR\n", "orders.yaml": "policy: orders\n"})
    refused = acts.propose("e.lang", draft["number"])
    assert problem_of(refused) == (422, "policies-have-mistakes")
    assert refused.json()["mistakes"]
    same = acts.begin("e.lang", 10000)
    assert problem_of(acts.propose("e.lang", same["number"])) == (409, "proposal-state")


def test_instants_that_can_not_be_met_are_refused(acts: PolicyActs) -> None:
    for said in ({"on": "2020-01-01"}, {"at": "2020-01-01T00:00:00+01:00"}):
        draft = acts.begin("e.lang", 20000, **said)
        assert problem_of(acts.propose("e.lang", draft["number"])) == (422, "activation-in-the-past")
    one, other = (acts.proposed("e.lang", limit, on="2099-01-01") for limit in (20000, 30000))
    acts.done("a.kurz", "approve", one)
    acts.done("a.kurz", "approve", other)
    assert acts.done("a.kurz", "activate", one)["state"] == "scheduled"
    assert problem_of(acts.act("a.kurz", "activate", other)) == (409, "instant-taken")
    assert acts.done("a.kurz", "cancel", one)["state"] == "approved"
    assert acts.done("a.kurz", "activate", other)["state"] == "scheduled"
    text = {"title": "x", "why": "x", "files": {"a.yaml": ""}}
    bad = acts.ask("e.lang", "POST", "/drafts", {**text, "on": "soon"})
    assert problem_of(bad) == (422, "invalid-request")
    late = acts.ask("e.lang", "POST", "/drafts", {**text, "on": "2020-01-01"}).json()["number"]
    no_gate_has_run = acts.propose("e.lang", late)
    assert problem_of(no_gate_has_run) == (422, "activation-in-the-past")


def test_what_is_sent_again_with_its_key_is_done_once(acts: PolicyActs) -> None:
    proposal = acts.proposed("e.lang", 20000)
    path, body = f"/proposals/{proposal['number']}/approve", {"digest": proposal["digest"]}
    answers = [acts.ask("a.kurz", "POST", path, body, **{"Idempotency-Key": "one"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_a_saved_file_changes_nothing_and_is_told(acts: PolicyActs, home: Path) -> None:
    file = home / "rules" / "orders.yaml"
    file.write_text(file.read_text("utf-8").replace("10000", "20000"), "utf-8")
    eventually(lambda: _ready(acts)["folder_differs"] == ["orders.yaml"])
    assert acts.decide().json()["outcome"] == "hold"
    acts.in_force(20000)
    eventually(lambda: _ready(acts)["folder_differs"] == [])
    file.write_text("policy: [", "utf-8")
    eventually(lambda: _ready(acts)["folder_differs"] == ["orders.yaml"])
    assert (_ready(acts)["ready"], acts.decide().json()["outcome"]) == (True, "approve")


def _ready(acts: PolicyActs) -> Any:
    answer = acts.client.get("/readyz", headers={"Authorization": f"Bearer {acts.keys['auditor']}"}).json()
    assert (answer["policies"], answer["ready"]) == ("approved", True)
    assert answer["policy_name"].startswith("Credit policy 20")
    return answer


class _Set:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.at = time.time_ns()

    def __call__(self) -> int:
        return self.at

    def go_on(self, hours: float) -> None:
        self.at += int(hours * 3_600e9)

    def in_hours(self, hours: float) -> str:
        return (datetime.fromtimestamp(self.at // 10**9, UTC) + timedelta(hours=hours)).isoformat()


def test_a_scheduled_set_decides_from_its_instant_on_also_where_nobody_was_there(tmp_path: Path) -> None:
    """And one that was proposed against another set than is in force by then doesn't."""
    clock = _Set()
    with approved_service(tmp_path, clock=Clock(clock)) as acts:
        one, two = (acts.proposed("e.lang", limit, at=clock.in_hours(h)) for limit, h in ((20000, 1), (30000, 2)))
        for each in (one, two):
            acts.done("a.kurz", "approve", each)
        acts.done("a.kurz", "activate", one)
        assert problem_of(acts.act("a.kurz", "activate", two)) == (409, "base-moved")
        assert acts.decide().json()["outcome"] == "hold"
        clock.go_on(1.01)
        assert acts.decide().json()["outcome"] == "approve"
        row = acts.activations()[-1]
        assert datetime.fromisoformat(row["from_at"]) == datetime.fromisoformat(one["effective"]["at"])
        three = acts.proposed("e.lang", 9000, at=clock.in_hours(1))
        acts.done("a.kurz", "approve", three)
        acts.done("a.kurz", "activate", three)
    clock.go_on(3)
    keys = acts.keys
    settings = Settings(
        rules=tmp_path / "rules", journal=tmp_path / "var" / "credence.db", policies=PolicyMode.APPROVED
    )
    with running(settings, Clock(clock), asks_for_keys=True) as client:
        again = PolicyActs(client, keys)
        assert again.decide().json()["outcome"] == "hold"
        row = again.activations()[-1]
        assert (row["number"], row["kind"], row["approvers"]) == (3, "approved", ["a.kurz"])
        assert datetime.fromisoformat(row["from_at"]) == datetime.fromisoformat(three["effective"]["at"])


REGION = """\
currency: EUR
policies: [orders]
facts:
  account.region: {type: text, title: {en: Region, zh: 地区}, example: north}
...
"""


def test_facts_that_are_gone_are_dropped_and_named_and_what_was_decided_is_decided_again_alike(
    acts: PolicyActs,
) -> None:
    before = acts.activations()[-1]["version"]
    assert problem_of(acts.decide(region="north")) == (422, "invalid-request")
    proposal = acts.proposed("e.lang", files={"facts.yaml": REGION, "orders.yaml": orders_with(20000)})
    assert proposal["approvals_needed"] == 2
    assert acts.done("a.kurz", "approve", proposal)["state"] == "proposed"
    acts.done("a.meyer", "approve", proposal)
    acts.done("a.kurz", "activate", proposal)
    with_it = acts.decide(region="north")
    assert with_it.json()["outcome"] == "approve"
    acts.ask("a.kurz", "POST", "/rollback", {"version": before, "why": "Wrong region."})
    dropped = acts.decide(region="north")
    assert (dropped.json()["outcome"], dropped.json()["dropped_facts"]) == ("hold", ["account.region"])
    assert "dropped_facts" not in acts.decide().json()
    assert problem_of(acts.decide(regoin="north")) == (422, "invalid-request")
    for answer in (with_it, dropped):
        path = f"/v1/journal/{answer.headers['Journal-Entry']}/replay"
        said = acts.client.get(path, headers={"Authorization": f"Bearer {acts.keys['auditor']}"}).json()
        assert said["result"] == "same bytes", said


def test_a_rollback_waits_for_a_second_person_and_readyz_says_so(acts: PolicyActs) -> None:
    version = acts.activations()[-1]["version"]
    acts.in_force(20000)
    back = acts.ask("a.kurz", "POST", "/rollback", {"version": version, "why": "Too many."}).json()
    eventually(lambda: "rollback_unapproved" in _ready(acts))
    waits = _ready(acts)["rollback_unapproved"]
    assert (waits["proposal"], waits["overdue"]) == (back["number"], False)
    acts.done("a.meyer", "approve", back)
    eventually(lambda: "rollback_unapproved" not in _ready(acts))
    never = acts.ask("a.kurz", "POST", "/rollback", {"version": "a" * 64, "why": "x"})
    assert problem_of(never) == (404, "unknown-proposal")
    same = acts.ask("a.kurz", "POST", "/rollback", {"version": version, "why": "x"})
    assert problem_of(same) == (409, "proposal-state")
