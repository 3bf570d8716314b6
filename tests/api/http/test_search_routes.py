"""Decisions and records found again over HTTP: by whom, by what, and what of them each role sees."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from api.http import search_routes, search_turns
from api.http.answers import DecisionShape
from api.http.search_answers import PAGE, RecordDetailsShape
from api.http.search_routes import flagged_now
from ledger.access.roles import Role
from ledger.record.sealing import Blinding
from ledger.search import record_contents
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, service_key, settings_in
from tests.support.running_service import BODY, eventually, journal_file

RULES = """\
policy: orders
title: {en: Order release, zh: 订单放行}
decides: order
parameters:
  limit: 10000
values:
  ratio: {type: number, formula: account.current_ratio * 2}
rules:
  over-limit:
    when: order.amount > limit
    then: hold
    reason: {en: "Above {limit}: {order.amount}.", zh: "超过 {limit}：{order.amount}。"}
  prepaid:
    when: order.prepayment
    then: approve
    reason: {en: "Prepaid: {order.prepayment}.", zh: "预付：{order.prepayment}。"}
  insolvent:
    when: account.insolvent
    then: reject
    action: {do: notify_insurer, amount: order.amount}
    reason: {en: Insolvent., zh: 破产。}
  weak:
    when: ratio < 1
    then: hold
    reason: {en: "Weak: {ratio}.", zh: "偏低：{ratio}。"}
...
"""
CANARY = "0.3719"
ORDERS_OF = ("erp", "shop", "order-entry", "both")


def _body(subject: str, account: str, **facts: Any) -> dict[str, Any]:
    more = {"current_ratio": CANARY, "insolvent": True, **facts}
    order = {"id": subject, "amount": "12000.00", "prepayment": True}
    return {"as_of": "2026-07-01", "order": order, "account": {"id": account, **more}}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx2.Client, dict[str, str]]]:
    home: Path = tmp_path_factory.mktemp("service")
    settings = settings_in(home)
    (settings.rules / "orders.yaml").write_text(RULES, encoding="utf-8")
    made = people_with_keys(settings.journal, {**EVERY_ROLE, "both": frozenset({Role.EDITOR, Role.ORDER_ENTRY})})
    for service in ("erp", "shop"):
        made[service] = service_key(settings.journal, service, Role.ORDER_ENTRY)
    with asking_for_keys(settings) as client:
        for number in range(6):
            for who in ORDERS_OF:
                _decide(client, made[who], "order", _body(f"{who}-{number}", f"C-{number % 2}"))
        _decide(client, made["collector"], "account", {"account": {"id": "C-0"}, "as_of": "2026-07-01"})
        yield client, made


def _decide(client: httpx2.Client, key: str, case: str, body: Any) -> httpx2.Response:
    headers = bearer(key, x_request_id=f"r-{body.get('order', {}).get('id', 'account')}")
    answer = client.post(f"/v1/decisions/{case}", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


def _subjects(client: httpx2.Client, key: str, query: str = "") -> list[str]:
    answer = client.get(f"/v1/decisions?limit=200{query}", headers=bearer(key))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["next"], answer.json()["searched_to"]) == (None, 0)
    return [each["subject"] for each in answer.json()["decisions"]]


def _all(*whose: str) -> list[str]:
    return [f"{who}-{number}" for number in reversed(range(6)) for who in reversed(ORDERS_OF) if who in whose]


EVERYBODYS = ["C-0", *_all(*ORDERS_OF)]


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("erp", _all("erp")),
        ("shop", _all("shop")),
        ("order-entry", _all("order-entry")),
        ("booking", []),
        ("collector", ["C-0"]),
        ("desk", EVERYBODYS),
        ("auditor", EVERYBODYS),
        ("editor", EVERYBODYS),
        ("approver", EVERYBODYS),
        ("both", EVERYBODYS),
    ],
)
def test_each_finds_what_they_may_see_and_nothing_else(
    keys: tuple[httpx2.Client, dict[str, str]], who: str, seen: list[str]
) -> None:
    client, made = keys
    assert _subjects(client, made[who]) == seen
    assert _subjects(client, made[who], "&subject=shop-3") == [each for each in seen if each == "shop-3"]
    assert _subjects(client, made[who], "&account=C-1&case=order") == [each for each in seen if each[-1] in "135"]


def test_a_line_says_what_the_decision_says(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    """As a program asks after a time-out: by the order's number."""
    client, made = keys
    [line] = client.get("/v1/decisions?subject=erp-2", headers=bearer(made["erp"])).json()["decisions"]
    answer = client.get(f"/v1/decisions/{line['id']}", headers=bearer(made["erp"])).json()
    record = client.get(f"/v1/journal/{line['seq']}", headers=bearer(made["auditor"])).json()
    assert line == {
        "id": answer["id"],
        "seq": record["seq"],
        "recorded_at": record["recorded_at"],
        "case": "order",
        "subject": "erp-2",
        "account": "C-0",
        "as_of": "2026-07-01",
        "outcome": "reject",
        "rules": [reason["rule"] for reason in answer["reasons"]],
        "policy_version": answer["policy_version"],
        "trouble": None,
        "gone": None,
    }
    assert {*line["rules"]} == {"orders.over-limit", "orders.prepaid", "orders.insolvent", "orders.weak"}


def test_pages_go_on_by_their_cursor(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = keys
    seen: list[str] = []
    query = "account=C-0&limit=5"
    after = ""
    while True:
        page = client.get(f"/v1/decisions?{query}{after}", headers=bearer(made["desk"])).json()
        seen += [each["subject"] for each in page["decisions"]]
        if page["next"] is None:
            break
        after = f"&cursor={page['next']}"
    assert seen == [each for each in EVERYBODYS if each[-1] in "024"]


def test_where_nothing_is_said_a_page_has_fifty(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = keys
    page = client.get("/v1/journal", headers=bearer(made["auditor"])).json()
    assert (PAGE, len(page["records"])) == (50, 50)
    assert page["searched_to"] == page["records"][-1]["seq"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("case=ordr", ("`case` is `ordr`, which is not a kind of case", "did you mean `order`?")),
        ("outcome=hodl", ("`outcome` is `hodl`, which is not an outcome", "did you mean `hold`?")),
        ("rule=over-limit", ("`rule` is `over-limit`, which names no policy", "orders.over-limit")),
        ("rule=facts-missing", ("`rule` is `facts-missing`, which stands for several rules", "one of those that wait")),
        ("policy=xyz", ("`policy` is `xyz`", "first 8 to 64 digits")),
        ("from=tomorrow", ("`from` is `tomorrow`, which is no day", "2026-07-01T08:30:00Z")),
        ("until=2026-07-01T10:00:00", ("no time with its zone", "2026-07-01T08:30:00Z")),
        ("from=2026-07-02&until=2026-07-01", ("`until` is before `from`", "swap")),
        ("subject=", ("`subject` is blank", "leave it out")),
        ("subject=%00", ("`subject` is nothing that a record has", "500 characters")),
        ("limit=0", ("`limit`", "")),
        ("limit=201", ("`limit`", "")),
        ("acount=C-1", ("`acount` is unknown here", "did you mean `account`?")),
        ("case=order&case=invoice", ("`case` is given more than once", "give it once")),
        ("kind=decision", ("`kind` is unknown here", "")),
    ],
)
def test_a_word_that_no_record_has_is_refused(
    keys: tuple[httpx2.Client, dict[str, str]], query: str, said: tuple[str, str]
) -> None:
    client, made = keys
    answer = client.get(f"/v1/decisions?{query}", headers=bearer(made["desk"]))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request")
    [fault] = answer.json()["errors"]
    assert said[0] in fault["message"]
    assert said[1] in fault["hint"]


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/journal"])
def test_all_that_is_wrong_with_a_search_is_said_at_once(keys: tuple[httpx2.Client, dict[str, str]], path: str) -> None:
    """In the order in which it was sent; what is right isn't mentioned."""
    client, made = keys
    query = "from=2026-13-45&limit=-3&account=C-1&outcome=aprove&acount=C-1&case=order&case=ordr&rule=over&limt=5"
    answer = client.get(f"{path}?{query}", headers=bearer(made["auditor"])).json()
    assert answer["detail"] == "8 parameters can't be used"
    said = [
        "`from` is `2026-13-45`",
        "`limit`: input",
        "`outcome` is `aprove`",
        "`acount` is unknown",
        "`case` is given",
    ]
    said += ["`case` is `ordr`", "`rule` is `over`", "`limt` is unknown"]
    for fault, each in zip(answer["errors"], said, strict=True):
        assert each in fault["message"]


def test_a_cursor_of_another_search_or_reader_is_refused(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = keys
    page = client.get("/v1/decisions?limit=2", headers=bearer(made["erp"])).json()
    for query, who in (("", "shop"), ("", "desk"), ("&account=C-0", "erp")):
        answer = client.get(f"/v1/decisions?cursor={page['next']}{query}", headers=bearer(made[who]))
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/cursor-unusable")
        assert "belongs to another search" in answer.json()["detail"]
    forged = client.get(f"/v1/decisions?cursor={'A' * 43}", headers=bearer(made["erp"]))
    assert (forged.status_code, forged.json()["type"]) == (422, "/problems/cursor-unusable")
    assert client.get(f"/v1/decisions?limit=3&cursor={page['next']}", headers=bearer(made["erp"])).status_code == 200


# --- records ---------------------------------------------------------------------------------------------------------


def test_a_record_has_all_that_was_asked_and_answered(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = keys
    body = json.dumps(_body("raw-1", "C-9"), indent=2).encode()
    sent = bearer(made["erp"], x_request_id="raw", content_type="application/json")
    answer = client.post("/v1/decisions/order", content=body, headers=sent)
    number = answer.headers["journal-entry"]
    for called in (number, answer.json()["id"], answer.json()["id"].upper()):
        record = client.get(f"/v1/journal/{called}", headers=bearer(made["auditor"])).json()
        RecordDetailsShape.model_validate(record)
        assert (record["request"].encode(), record["answer"].encode()) == (body, answer.content)
        assert (record["account"], record["subject"], record["request_id"]) == ("C-9", "raw-1", "raw")
        assert (record["seq"], record["kind"], record["outcome"]) == (int(number), "decision", "reject")
        assert record["actor"].endswith(" of service erp")
        header = json.loads(record["header"])
        assert (header["at"], header["policy"], header["engine"]) == (
            record["recorded_at"],
            record["policy_version"],
            record["engine_version"],
        )
        assert record["proof"]["leaf"] == sha256(b"\0" + record["header"].encode()).hexdigest()


def test_a_record_is_covered_by_a_checkpoint_soon(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = keys

    def covered() -> int | None:
        record = client.get("/v1/journal/0", headers=bearer(made["auditor"])).json()
        checkpoint = record["proof"]["checkpoint"]
        assert checkpoint is None or isinstance(checkpoint, int)
        return checkpoint

    eventually(lambda: covered() is not None)
    assert (covered() or 0) > 0


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=person", 11),
        ("kind=key", 13),
        ("kind=policy", 1),
        ("kind=refusal", 0),
        ("subject=shop-3", 1),
        ("actor=shop", 6),
        ("actor=order-entry", 6),
        ("request_id=r-erp-4", 1),
        ("rule=orders.weak&actor=shop&account=C-1", 3),
        ("case=account", 1),
        ("from=2100-01-01", 0),
        ("until=2000-01-01", 0),
    ],
)
def test_records_are_found_by_what_is_known_of_them(
    keys: tuple[httpx2.Client, dict[str, str]], query: str, count: int
) -> None:
    client, made = keys
    page = client.get(f"/v1/journal?limit=200&{query}", headers=bearer(made["auditor"])).json()
    assert (len(page["records"]), page["next"]) == (count, None)


@pytest.mark.parametrize("who", ["privacy", "admin"])
def test_who_sees_headers_learns_what_they_say(keys: tuple[httpx2.Client, dict[str, str]], who: str) -> None:
    client, made = keys
    [line] = client.get("/v1/decisions?subject=erp-2", headers=bearer(made["erp"])).json()["decisions"]
    answer = client.get(f"/v1/journal/{line['seq']}", headers=bearer(made[who]))
    assert answer.headers["credence-withheld"] == "/account, /subject, /request, /answer, /request_id"
    record = answer.json()
    names = ("account", "subject", "request", "answer", "act", "request_id")
    assert {name: record[name] for name in names} == dict.fromkeys(names)
    assert "erp-2" not in answer.text
    whole = client.get(f"/v1/journal/{line['seq']}", headers=bearer(made["auditor"])).json()
    assert (whole["subject"], whole["request_id"]) == ("erp-2", "r-erp-2")  # the body has both: it names the case
    found = {
        reader: client.get("/v1/journal?request_id=r-erp-2", headers=bearer(made[reader])).json()["records"]
        for reader in (who, "auditor")
    }
    assert (len(found[who]), len(found["auditor"])) == (0, 1)
    assert (record["kind"], record["outcome"]) == ("decision", "reject")
    assert CANARY not in answer.text
    assert client.get("/v1/journal?outcome=reject&limit=1", headers=bearer(made[who])).status_code == 200
    for query in ("account=C-1", "subject=erp-2", "rule=orders.weak"):
        refused = client.get(f"/v1/journal?{query}", headers=bearer(made[who]))
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
        assert f"no header says `{query.partition('=')[0]}`" in refused.json()["detail"]


@pytest.mark.parametrize(
    "record",
    [
        *("999999", "9" * 40, "01a20069-767e-7289-841e-0c1e0d8f48ea", "x'--", "%D9%A3"),
        pytest.param("9" * 4_301, id="more digits than Python reads"),
    ],
)
def test_a_record_that_is_not_there(keys: tuple[httpx2.Client, dict[str, str]], record: str) -> None:
    client, made = keys
    answer = client.get(f"/v1/journal/{record}", headers=bearer(made["auditor"]))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-record")


def test_a_cursor_is_no_blind() -> None:
    """Signed by the same key, and never taken for each other."""
    assert len({Blinding(b"k" * 32).blind(what, "00") for what in ("cursor", "account", "subject")}) == 3


# --- masked ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["editor", "approver", "both"])
def test_what_is_confidential_is_withheld_and_said(keys: tuple[httpx2.Client, dict[str, str]], who: str) -> None:
    client, made = keys
    [line] = client.get("/v1/decisions?subject=erp-2", headers=bearer(made[who])).json()["decisions"]
    whole = client.get(f"/v1/decisions/{line['id']}", headers=bearer(made["desk"]))
    answer = client.get(f"/v1/decisions/{line['id']}", headers=bearer(made[who]))
    masked = answer.json()
    DecisionShape.model_validate_json(answer.content)
    assert "credence-withheld" not in whole.headers
    rules = [reason["rule"] for reason in whole.json()["reasons"]]
    assert {*rules} == {"orders.insolvent", "orders.over-limit", "orders.prepaid", "orders.weak"}
    by_rule = dict(zip(rules, masked["reasons"], strict=True))
    before = dict(zip(rules, whole.json()["reasons"], strict=True))
    assert by_rule["orders.prepaid"] == before["orders.prepaid"]
    assert (by_rule["orders.weak"]["rule"], by_rule["orders.weak"]["facts"]) == ("orders.weak", {})
    assert by_rule["orders.insolvent"]["rule"] == "withheld"
    assert masked["actions"] == [{"action": "notify_insurer", "by": None, "amount": None, "rule": "withheld"}]
    assert (masked["results"], masked["figures"], masked["passed"]) == ({}, [], [])
    assert (masked["outcome"], masked["subject"]) == ("reject", "erp-2")
    for secret in ("insolven", CANARY, "0.7438", "破产"):
        assert secret in whole.text or secret == CANARY
        assert secret not in answer.text
    withheld = answer.headers["credence-withheld"].split(", ")
    assert {"/actions", "/results", f"/reasons/{rules.index('orders.insolvent')}"} <= {*withheld}
    assert f"/reasons/{rules.index('orders.prepaid')}" not in withheld
    assert "orders.insolvent" not in line["rules"]
    assert "orders.weak" in line["rules"]


def test_whoever_sees_masked_does_not_find_by_rule(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = keys
    for who in ("editor", "approver", "both"):
        answer = client.get("/v1/decisions?rule=orders.insolvent", headers=bearer(made[who]))
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert client.get("/v1/decisions?rule=orders.insolvent", headers=bearer(made["desk"])).status_code == 200


@pytest.mark.parametrize("who", ["editor", "approver", "both", "erp", "collector", "booking"])
def test_who_asked_is_no_filter_for_whoever_does_not_see_all_decisions_whole(
    keys: tuple[httpx2.Client, dict[str, str]], who: str
) -> None:
    client, made = keys
    for actor in ("order-entry", "erp", "nobody-there"):
        answer = client.get(f"/v1/decisions?actor={actor}", headers=bearer(made[who]))
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    for reader in ("desk", "auditor"):
        assert client.get("/v1/decisions?actor=order-entry", headers=bearer(made[reader])).json()["decisions"] != []


@pytest.mark.parametrize("who", ["privacy", "admin"])
def test_whoever_sees_headers_finds_by_the_ids_in_them_and_by_no_login(
    keys: tuple[httpx2.Client, dict[str, str]], who: str
) -> None:
    client, made = keys

    def found(reader: str, actor: str) -> list[dict[str, Any]]:
        query = {"case": "order", "actor": actor}
        records: list[dict[str, Any]] = client.get("/v1/journal", params=query, headers=bearer(made[reader])).json()[
            "records"
        ]
        return records

    by_login = found("auditor", "order-entry")
    line = by_login[0]["actor"]
    assert len(by_login) == 6
    assert found(who, "order-entry") == []
    assert found(who, line) == found(who, line.rpartition(" ")[2]) == by_login


def test_somebody_who_asked_for_it_sees_their_own_whole(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = keys
    [line] = client.get("/v1/decisions?subject=both-1", headers=bearer(made["both"])).json()["decisions"]
    answer = client.get(f"/v1/decisions/{line['id']}", headers=bearer(made["both"]))
    assert "credence-withheld" not in answer.headers
    assert "orders.insolvent" in answer.text
    assert "orders.insolvent" in line["rules"]


def test_while_no_policy_is_in_force_the_engines_own_facts_are_withheld_all_the_same() -> None:
    """No set says then what is confidential, and a record of what was missing doesn't either."""
    nothing: Any = SimpleNamespace(in_force=None)
    assert {"account.current_ratio", "account.insolvent", "order.released_by"} <= flagged_now(nothing)


# --- what waits for facts, what can't be read, and what asks too much ------------------------------------------------


def test_rules_that_wait_for_facts_are_listed_and_found_each(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    """The answer has one reason for them all."""
    client, made = keys
    body = {"as_of": "2026-07-01", "order": {"id": "waits", "amount": "20000"}, "account": {"id": "C-W"}}
    answer = _decide(client, made["desk"], "order", body).json()
    [together] = [reason for reason in answer["reasons"] if reason["rule"] == "facts-missing"]
    assert {*together["rules"]} == {"orders.prepaid", "orders.insolvent", "orders.weak"}
    for rule in together["rules"]:
        found = client.get(f"/v1/decisions?account=C-W&rule={rule}", headers=bearer(made["desk"])).json()
        [line] = found["decisions"]
        assert line["rules"] == ["orders.over-limit", *together["rules"]]
    assert _subjects(client, made["desk"], "&rule=no-rules") == ["C-0"]
    assert _subjects(client, made["desk"], "&rule=engine-disagreement") == []
    [masked] = client.get("/v1/decisions?account=C-W", headers=bearer(made["editor"])).json()["decisions"]
    assert masked["rules"] == ["orders.over-limit", "orders.prepaid"]
    shown = client.get(f"/v1/decisions/{masked['id']}", headers=bearer(made["editor"]))
    assert "orders.insolvent" not in shown.text
    assert "account.insolvent" not in shown.text
    assert {"/missing", "/undetermined"} <= {*shown.headers["credence-withheld"].split(", ")}


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[tuple[httpx2.Client, dict[str, str]]]:
    """Of five decisions on C-1 the body of one can't be opened, and that of one is missing."""
    settings = settings_in(tmp_path)
    made = people_with_keys(settings.journal, EVERY_ROLE)
    with asking_for_keys(settings) as client:
        seqs = [
            int(_decide(client, made["desk"], "order", BODY | {"account": {"id": "C-1"}}).headers["journal-entry"])
            for _ in range(5)
        ]
        with closing(sqlite3.connect(journal_file(settings))) as database, database:
            for trigger in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {trigger[0]}")
            database.execute("UPDATE bodies SET sealed = zeroblob(length(sealed)) WHERE seq = ?", [seqs[1]])
            database.execute("DELETE FROM bodies WHERE seq = ?", [seqs[3]])
        yield client, made


def test_a_record_that_can_not_be_read_does_not_hide_the_others(damaged: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, made = damaged
    for query in ("", "&account=C-1", "&limit=2"):
        lines: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            answer = client.get(f"/v1/decisions?case=order{query}{after}", headers=bearer(made["desk"]))
            assert answer.status_code == 200, answer.text
            lines += answer.json()["decisions"]
            after = None if answer.json()["next"] is None else f"&cursor={answer.json()['next']}"
        assert ["damaged" in (line["trouble"] or "") for line in lines] == [False, True, False, True, False]
        for line in lines:
            assert (line["outcome"], line["case"]) == ("hold", "order")
            assert (line["subject"] is None) == (line["as_of"] is None) == (line["trouble"] is not None)
    unread = next(line for line in lines if line["trouble"])
    answer = client.get(f"/v1/journal/{unread['seq']}", headers=bearer(made["auditor"]))
    assert answer.status_code == 503


def test_whoever_has_too_many_searches_waiting_is_told_to_wait(
    keys: tuple[httpx2.Client, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, made = keys
    monkeypatch.setattr(search_turns, "WAITING_OF_A_CALLER_MAX", -1)
    for path in ("/v1/decisions", "/v1/journal"):
        answer = client.get(path, headers=bearer(made["auditor"]))
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/too-many-searches")
        assert int(answer.headers["retry-after"]) > 0


def test_bodies_are_read_in_the_searches_own_threads(
    keys: tuple[httpx2.Client, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page may hold megabytes of JSON: while it is read, others are answered."""
    client, made = keys
    threads: set[str] = set()

    def contents_of(record: Any) -> Any:
        threads.add(threading.current_thread().name.partition("_")[0])
        return record_contents.contents_of(record)

    monkeypatch.setattr(search_routes, "contents_of", contents_of)
    assert client.get("/v1/decisions", headers=bearer(made["desk"])).status_code == 200
    assert threads == {"search"}
