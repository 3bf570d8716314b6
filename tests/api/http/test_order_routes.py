"""Orders over HTTP: who may what, what each is shown, and what the service does by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx2
import pytest

from api.settings import Settings
from ledger.credit.account import Account
from tests.support.keyed_services import asking_for_keys, bearer
from tests.support.order_desks import accounts, enter, keys_of_people, put_rows, settings_of_desk
from tests.support.running_service import eventually

WITHHELD = "credence-withheld"
Keys = dict[str, str]

_numbers = count(1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_of_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def keys(settings: Settings) -> Keys:
    keys = keys_of_people(settings)
    put_rows(settings, accounts(*(f"C-{each}" for each in range(1, 60))))
    put_rows(settings, [Account(id="C-weak", currency="EUR", profile={"current_ratio": "0.5"})])
    return keys


@pytest.fixture(scope="module")
def client(settings: Settings, keys: Keys) -> Iterator[httpx2.Client]:
    assert keys
    with asking_for_keys(settings) as client:
        yield client


@pytest.fixture
def account() -> str:
    """One that no other test uses."""
    return f"C-{next(_numbers)}"


def as_(keys: Keys, login: str, **headers: str) -> dict[str, str]:
    return bearer(keys[login], **headers)


def _post(client: httpx2.Client, keys: Keys, login: str, path: str, **body: Any) -> httpx2.Response:
    return client.post(path, json=body, headers=as_(keys, login))


def _held(client: httpx2.Client, keys: Keys, account: str, amount: str = "12000.00", by: str = "u.becker") -> str:
    number = f"SO-{account}-{next(_numbers)}"
    answer = enter(client, number, amount, account, **as_(keys, by))
    assert answer.json()["order"]["state"] == "held", answer.text
    return number


def test_an_order_goes_through_its_life(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = f"SO-{account}"
    entered = enter(client, number, "8000.00", account, **as_(keys, "u.becker"))
    assert entered.status_code == 201
    assert entered.json()["order"]["reserved"] == "8000.00"
    path = f"/v1/orders/{number}"
    changed = _post(client, keys, "u.becker", f"{path}/change", revision=2, order={"amount": "9000.00"})
    assert (changed.status_code, changed.json()["order"]["reserved"]) == (200, "9000.00")
    delivered = _post(client, keys, "u.erp", f"{path}/deliver", amount="4000.00", delivery="D-1")
    assert delivered.json()["order"]["delivered"] == "4000.00"
    back = _post(client, keys, "u.erp", f"{path}/undeliver", amount="1000.00", delivery="R-1", reason="damaged")
    assert back.json()["order"]["lapsed"] == "1000.00"
    closed = _post(client, keys, "u.becker", f"{path}/close")
    assert (closed.json()["order"]["state"], closed.json()["order"]["undelivered"]) == ("closed", "0.00")
    read = client.get(path, headers=as_(keys, "u.hoffmann")).json()
    assert read["order"] == closed.json()["order"] | {"journal_entry": int(closed.headers["Journal-Entry"])}


def test_a_held_order_says_everything_about_its_hold(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account)
    hold = client.get(f"/v1/orders/{number}", headers=as_(keys, "u.hoffmann")).json()["hold"]
    assert (hold["rules"], hold["authority"], hold["two_people"]) == (["orders.over-limit"], "credit_manager", False)
    assert hold["reasons"][0]["remedy"]["en"] == "Payment of EUR 2,000.00."
    assert hold["passes_at"] == {
        "now": False, "amount": "10000.00", "payment": None, "deposit": None, "security": None,
    }  # fmt: skip
    [listed] = client.get("/v1/holds", params={"account": account}, headers=as_(keys, "u.hoffmann")).json()["holds"]
    assert listed["hold"] == hold


def test_a_release_is_judged_by_the_policies(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account)
    path = f"/v1/orders/{number}/release"
    for login, status, slug in (
        ("u.becker", 403, "forbidden"),
        ("u.trainee", 403, "forbidden"),
        ("u.weber", 403, "release-refused"),
    ):
        answer = _post(client, keys, login, path, reason="they pay")
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}"), login
    assert _post(client, keys, "u.hoffmann", path).status_code == 422  # no reason
    released = _post(client, keys, "u.hoffmann", path, reason="they pay")
    assert (released.status_code, released.json()["order"]["state"]) == (200, "approved")
    assert released.json()["release"]["by"] == "u.hoffmann"
    again = _post(client, keys, "u.hoffmann", path, reason="they pay")
    assert (again.status_code, again.json()["legal_moves"]) == (
        409,
        ["change", "hold", "cancel", "deliver", "bill", "close"],
    )


def test_a_refused_release_is_on_record(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account)
    refused = _post(client, keys, "u.weber", f"/v1/orders/{number}/release", reason="they pay")
    assert [each["rule"] for each in refused.json()["reasons"]] == ["orders.over-limit"]
    records = client.get("/v1/journal", params={"subject": number}, headers=as_(keys, "u.auditor")).json()["records"]
    assert [(each["kind"], each["outcome"]) for each in records] == [("refusal", "release"), ("decision", "hold")]
    record = client.get(f"/v1/journal/{records[0]['seq']}", headers=as_(keys, "u.auditor")).json()
    assert (record["account"], record["subject"]) == (account, number)
    assert json.loads(record["act"])["act"] == "release"


def test_two_people_release_together(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account, "25000.00")
    path = f"/v1/orders/{number}/release"
    first = _post(client, keys, "u.hoffmann", path, reason="they pay")
    assert (first.status_code, first.json()["order"]["state"]) == (202, "held")
    assert first.json()["second_person"]["not"] == ["u.hoffmann", "u.becker"]
    assert _post(client, keys, "u.hoffmann", path, reason="me again").status_code == 403
    second = _post(client, keys, "u.keller", path, reason="agreed")
    assert (second.status_code, second.json()["release"]["second_by"]) == (200, "u.keller")


def test_a_program_releases_for_a_person_alone(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account)
    path = f"/v1/orders/{number}/release"
    alone = client.post(path, json={"reason": "x"}, headers=as_(keys, "shop"))
    assert (alone.status_code, alone.json()["type"]) == (403, "/problems/forbidden")
    for_becker = as_(keys, "shop", credence_on_behalf_of="u.hoffmann")
    assert client.post(path, json={"reason": "x"}, headers=for_becker).status_code == 200


def test_several_orders_are_released_in_one_call(client: httpx2.Client, keys: Keys, account: str) -> None:
    numbers = [_held(client, keys, account), _held(client, keys, account, by="u.klein"), "SO-none"]
    answer = _post(client, keys, "u.weber", "/v1/holds/release", orders=numbers, reason="x")
    assert [each["status"] for each in answer.json()["results"]] == [403, 403, 404]
    answer = _post(client, keys, "u.hoffmann", "/v1/holds/release", orders=numbers, reason="x")
    assert [each["status"] for each in answer.json()["results"]] == [200, 200, 404]


def test_a_held_order_goes_by_itself_once_there_is_room(client: httpx2.Client, keys: Keys, account: str) -> None:
    first = f"SO-{account}-first"
    enter(client, first, "9000.00", account, **as_(keys, "u.becker"))
    small, large = _held(client, keys, account, "1500.00"), _held(client, keys, account, "9500.00")
    _post(client, keys, "u.becker", f"/v1/orders/{first}/cancel")
    desk = as_(keys, "u.hoffmann")
    eventually(lambda: client.get(f"/v1/orders/{small}", headers=desk).json()["order"]["state"] == "approved")
    assert client.get(f"/v1/orders/{large}", headers=desk).json()["order"]["state"] == "held"
    _post(client, keys, "u.becker", f"/v1/orders/{small}/cancel")
    eventually(lambda: client.get(f"/v1/orders/{large}", headers=desk).json()["hold"]["liftable_since"] is not None)
    listed = client.get("/v1/holds", params={"account": account, "liftable": "true"}, headers=desk).json()
    assert [each["order"]["id"] for each in listed["holds"]] == [large]
    assert listed["holds"][0]["hold"]["passes_at"]["now"] is True
    records = client.get("/v1/journal", params={"subject": small}, headers=as_(keys, "u.auditor")).json()["records"]
    lifted = client.get(f"/v1/journal/{records[1]['seq']}", headers=as_(keys, "u.auditor")).json()
    assert json.loads(lifted["act"])["ledger"]["cause"]["act"] == "cancel"
    assert lifted["actor"] == "credit ledger"


def test_lists_show_what_was_changed_in_pages(client: httpx2.Client, keys: Keys, account: str) -> None:
    numbers = [f"SO-{account}-{each}" for each in range(5)]
    for number in numbers:
        enter(client, number, "10.00", account, **as_(keys, "u.becker"))
    desk, params = as_(keys, "u.hoffmann"), {"account": account, "limit": "2"}
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/v1/orders", params=params | cursor, headers=desk).json()
        found += [each["id"] for each in page["orders"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == numbers[::-1]
    newest = client.get("/v1/orders", params={"account": account}, headers=desk).json()["changed_to"]
    _post(client, keys, "u.becker", f"/v1/orders/{numbers[1]}/cancel")
    polled = client.get("/v1/orders", params={"account": account, "changed_since": str(newest)}, headers=desk).json()
    assert [(each["id"], each["state"]) for each in polled["orders"]] == [(numbers[1], "cancelled")]
    later = {"account": account, "changed_since": str(polled["changed_to"])}
    nothing = client.get("/v1/orders", params=later, headers=desk).json()
    assert (nothing["orders"], nothing["changed_to"]) == ([], polled["changed_to"])
    other = client.get("/v1/orders", params={"cursor": page["next"] or cursor["cursor"]}, headers=desk)
    assert other.json()["type"] == "/problems/cursor-unusable"


def test_order_entry_sees_its_own(client: httpx2.Client, keys: Keys, account: str) -> None:
    mine, other = _held(client, keys, account), _held(client, keys, account, by="u.klein")
    own = as_(keys, "u.becker")
    listed = client.get("/v1/orders", params={"account": account}, headers=own).json()["orders"]
    assert [each["id"] for each in listed] == [mine]
    holds = client.get("/v1/holds", params={"account": account}, headers=own).json()
    assert [each["order"]["id"] for each in holds["holds"]] == [mine]
    assert holds["total"] == 1
    assert client.get(f"/v1/orders/{other}", headers=own).status_code == 403
    shop = as_(keys, "shop", credence_on_behalf_of="u.becker")
    assert client.get(f"/v1/orders/{mine}", headers=shop).status_code == 200


@pytest.mark.parametrize(
    ("move", "body"),
    [
        ("change", {"revision": 2, "order": {"amount": "1.00"}}),
        ("recheck", {}),
        ("cancel", {}),
        ("reopen", {}),
        ("close", {}),
        ("deliver", {"amount": "1.00", "delivery": "D-1"}),
    ],
)
def test_order_entry_moves_its_own_alone(
    client: httpx2.Client, keys: Keys, account: str, move: str, body: dict[str, Any]
) -> None:
    other = _held(client, keys, account, by="u.klein")
    before = client.get(f"/v1/orders/{other}", headers=as_(keys, "u.klein")).json()["order"]
    path = f"/v1/orders/{other}/{move}"
    for answer in (_post(client, keys, "u.becker", path, **body), _post(client, keys, "u.becker", path, **body)):
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert client.get(f"/v1/orders/{other}", headers=as_(keys, "u.klein")).json()["order"] == before
    assert _post(client, keys, "u.klein", path, **body).status_code in (200, 409)
    none = _post(client, keys, "u.becker", f"/v1/orders/SO-none/{move}", **body)
    assert (none.status_code, none.json()["type"]) == (404, "/problems/unknown-order")


def test_goods_come_back_by_booking_with_a_reason(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = f"SO-{account}-back"
    enter(client, number, "8000.00", account, **as_(keys, "u.becker"))
    delivered = _post(client, keys, "u.erp", f"/v1/orders/{number}/deliver", amount="4000.00", delivery="D-1")
    delivered.raise_for_status()
    path = f"/v1/orders/{number}/undeliver"
    back = {"amount": "1.00", "delivery": "R-1"}
    assert _post(client, keys, "u.becker", path, **back, reason="x").status_code == 403
    assert _post(client, keys, "u.erp", path, **back).status_code == 422
    assert _post(client, keys, "u.erp", path, **back, reason="damaged").status_code == 200


def test_order_entry_sees_no_confidential_figure(client: httpx2.Client, keys: Keys, settings: Settings) -> None:
    body = {"account": "C-weak", "order": {"id": "SO-weak", "amount": "20000.00"}}
    del settings
    headers = as_(keys, "u.becker", Idempotency_Key="weak-1")
    answer = client.post("/v1/orders", json=body, headers=headers)
    again = client.post("/v1/orders", json=body, headers=headers)
    resent = client.post("/v1/orders", json=body, headers=as_(keys, "u.becker"))
    decision = answer.json()["decision"]["id"]
    shown = [answer, again, resent]
    shown += [
        client.get(path, headers=as_(keys, "u.becker"))
        for path in (f"/v1/decisions/{decision}", "/v1/holds", "/v1/orders/SO-weak")
    ]
    shown.append(client.post("/v1/orders/preview", json={"orders": [body]}, headers=as_(keys, "u.becker")))
    shown.append(_post(client, keys, "u.becker", "/v1/orders/SO-weak/recheck"))
    for each in shown:
        assert each.status_code in (200, 201), each.text
        assert "0.5" not in each.text and "orders.weak" not in each.text, each.request.url
        assert "10,000.00" in each.text, each.request.url  # what isn't confidential is told
    assert again.content == answer.content == resent.content
    whole = client.get(f"/v1/decisions/{decision}", headers=as_(keys, "u.hoffmann")).text
    assert "0.5" in whole
    assert "orders.weak" in whole
    editor = client.get("/v1/holds", params={"account": "C-weak"}, headers=as_(keys, "u.editor")).text
    assert "0.5" not in editor
    assert "orders.weak" not in editor


def test_a_preview_answers_as_the_order_would_and_does_nothing(client: httpx2.Client, keys: Keys, account: str) -> None:
    orders = [
        {"account": account, "order": {"id": f"SO-{account}-{each}", "amount": "6000.00"}} for each in range(2)
    ] + [{"account": "C-none", "order": {"id": "SO-x", "amount": "1.00"}}]
    desk = as_(keys, "u.hoffmann")
    for _ in range(2):
        answer = client.post("/v1/orders/preview", json={"as_of": "2030-01-02", "orders": orders}, headers=desk).json()
        assert answer["as_of"] == "2030-01-02"
        states = [each["answer"].get("order", {}).get("state") for each in answer["previews"]]
        assert states == ["approved", "held", None]
        assert answer["previews"][2]["answer"]["type"] == "/problems/unknown-account"
    assert client.get("/v1/orders", params={"account": account}, headers=desk).json()["orders"] == []
    too_many = client.post("/v1/orders/preview", json={"orders": orders[:1] * 501}, headers=desk)
    assert too_many.status_code == 422


def test_headroom_says_an_amount_and_nothing_else(client: httpx2.Client, keys: Keys, account: str) -> None:
    enter(client, f"SO-{account}", "4000.00", account, **as_(keys, "u.becker"))
    headers = as_(keys, "u.becker")
    assert client.get(f"/v1/accounts/{account}/headroom", headers=headers).json() == {
        "account": account, "currency": "EUR", "state": "open", "amount": "6000.00",
    }  # fmt: skip
    assert client.get("/v1/accounts/C-weak/headroom", headers=headers).json()["state"] == "none"
    assert client.get("/v1/accounts/C-none/headroom", headers=headers).status_code == 404


def test_stateful_decisions_replay(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account)
    _post(client, keys, "u.hoffmann", f"/v1/orders/{number}/release", reason="x")
    _post(client, keys, "u.erp", f"/v1/orders/{number}/deliver", amount="1.00", delivery="D-1")
    auditor = as_(keys, "u.auditor")
    found = client.get("/v1/decisions", params={"subject": number}, headers=auditor).json()["decisions"]
    assert [each["outcome"] for each in found] == ["approve", "approve", "hold"]
    for each in found:
        replayed = client.get(f"/v1/journal/{each['seq']}/replay", headers=auditor).json()
        assert replayed["result"] == "same bytes", replayed


def test_a_delivery_that_is_stopped_says_why(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account)
    path = f"/v1/orders/{number}"
    _post(client, keys, "u.hoffmann", f"{path}/release", reason="x")
    _post(client, keys, "u.becker", f"{path}/change", revision=2, order={"amount": "11000.00", "payment_days": 30})
    over = _post(client, keys, "u.erp", f"{path}/deliver", amount="11000.01", delivery="D-1")
    assert (over.status_code, over.json()["type"], over.json()["undelivered"]) == (
        409,
        "/problems/over-delivery",
        "11000.00",
    )
    assert _post(client, keys, "u.erp", f"{path}/deliver", amount="11000.00", delivery="D-1").status_code == 200


@pytest.mark.parametrize("move", ["deliver", "undeliver"])
def test_goods_move_once_however_often_it_is_sent(client: httpx2.Client, keys: Keys, account: str, move: str) -> None:
    path = f"/v1/orders/SO-{account}"
    enter(client, f"SO-{account}", "8000.00", account, **as_(keys, "u.becker")).raise_for_status()
    _post(client, keys, "u.erp", f"{path}/deliver", amount="5000.00", delivery="D-1").raise_for_status()
    more = {"reason": "damaged"} if move == "undeliver" else {}
    bare = _post(client, keys, "u.erp", f"{path}/{move}", amount="1000.00", **more)
    assert (bare.status_code, bare.json()["errors"][0]["path"]) == (422, "/delivery")
    numbered = {"delivery": "X-1", **more}
    first, again = (_post(client, keys, "u.erp", f"{path}/{move}", amount="1000.00", **numbered) for _ in "ab")
    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (200, 200, "true")
    assert again.content == first.content
    other = _post(client, keys, "u.erp", f"{path}/{move}", amount="1000.01", **numbered)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/delivery-differs")
    keyed = {**as_(keys, "u.erp"), "Idempotency-Key": f"{account}-{move}"}
    assert client.post(f"{path}/{move}", json={"amount": "1000.00", **more}, headers=keyed).status_code == 200
    order = client.get(path, headers=as_(keys, "u.hoffmann")).json()["order"]
    assert order["delivered"] == ("7000.00" if move == "deliver" else "3000.00")


def test_who_entered_an_order_does_not_judge_it(client: httpx2.Client, keys: Keys, account: str) -> None:
    number = _held(client, keys, account, by="u.hoffmann")
    for move in ("release", "reject"):
        answer = _post(client, keys, "u.hoffmann", f"/v1/orders/{number}/{move}", reason="x")
        assert answer.status_code == 403, move
        assert answer.json()["type"] in ("/problems/release-refused", "/problems/own-order")
    assert _post(client, keys, "u.keller", f"/v1/orders/{number}/reject", reason="x").status_code == 200
    for login, slug in (("u.trainee", "no-authority"), ("u.hoffmann", "own-order"), ("u.becker", "forbidden")):
        refused = _post(client, keys, login, f"/v1/orders/{number}/reopen")
        assert (refused.status_code, refused.json()["type"]) == (403, f"/problems/{slug}"), login
    reopened = _post(client, keys, "u.keller", f"/v1/orders/{number}/reopen")
    assert reopened.json()["order"]["state"] == "held"


def test_the_ledger_takes_the_sites_day_and_no_other(client: httpx2.Client, keys: Keys, account: str) -> None:
    """Only a preview may choose its day: on another one a guarantee was valid."""
    body = {"account": account, "order": {"id": f"SO-{account}", "amount": "1.00"}, "as_of": "2026-01-01"}
    refused = client.post("/v1/orders", json=body, headers=as_(keys, "u.becker"))
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "/as_of")
    preview = {"as_of": "2026-01-01", "orders": [{name: body[name] for name in ("account", "order")}]}
    assert client.post("/v1/orders/preview", json=preview, headers=as_(keys, "u.becker")).status_code == 200
