"""Items and money over HTTP and from the terminal: allocations, write-offs, one invoice, the register."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from api.settings import Settings
from tests.support.command_line import credence
from tests.support.keyed_services import asking_for_keys, bearer
from tests.support.order_desks import accounts, keys_of_people, put_rows, settings_of_desk, write_provisions

INVOICE = {
    "amount": "1200.00", "issued_on": "2026-01-05", "due_on": "2026-02-04", "discount_rate": "0.02",
    "discount_days": 10,
}  # fmt: skip


class Desk:
    """A running service and the keys of its people."""

    def __init__(self, client: httpx2.Client, keys: dict[str, str]) -> None:
        self.client, self.keys = client, keys

    def post(self, login: str, path: str, **body: Any) -> httpx2.Response:
        headers = bearer(self.keys[login])
        if path.endswith("/allocate"):
            headers["Idempotency-Key"] = f"allocate-{len(json.dumps(body))}"
        return self.client.post(path, json=body, headers=headers)

    def done(self, login: str, path: str, **body: Any) -> Any:
        answer = self.post(login, path, **body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, login: str, path: str) -> httpx2.Response:
        return self.client.get(path, headers=bearer(self.keys[login]))


@pytest.fixture(scope="module", name="settings")
def settings_with_write_offs(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_of_desk(tmp_path_factory.mktemp("money"))
    write_provisions(settings)
    return settings


@pytest.fixture(scope="module", name="desk")
def running_desk(settings: Settings) -> Iterator[Desk]:
    keys = keys_of_people(settings)
    put_rows(settings, accounts("C-1", "C-2", "C-3"))
    with asking_for_keys(settings) as client:
        yield Desk(client, keys)


def test_what_a_payment_pays_is_said_later_and_taken_back(desk: Desk) -> None:
    desk.done("u.erp", "/v1/invoices", id="RE-1", account="C-1", **INVOICE)
    paid = {"id": "P-1", "account": "C-1", "amount": "1176.00", "effective_on": "2026-01-15", "on_account": True}
    desk.done("u.erp", "/v1/payments", **paid)
    path = "/v1/payments/P-1"
    without_key = desk.client.post(
        f"{path}/allocate", json={"references": [{"invoice": "RE-1"}]}, headers=bearer(desk.keys["u.erp"])
    )
    assert (without_key.status_code, without_key.json()["errors"][0]["path"]) == (422, "/Idempotency-Key")
    allocated = desk.done("u.erp", f"{path}/allocate", references=[{"invoice": "RE-1"}])
    assert [(each["cause"], each["amount"]) for each in allocated["allocations"]] == [
        ("payment", "1176.00"), ("discount", "24.00"),
    ]  # fmt: skip
    assert desk.post("u.collector", f"{path}/allocate", references=[{"invoice": "RE-1"}]).status_code == 403
    opened = desk.done("u.hoffmann", f"{path}/unallocate", invoice="RE-1")
    assert (opened["item"]["open_amount"], opened["opened"][0]["open_amount"]) == ("-1176.00", "1200.00")
    read = desk.get("u.collector", "/v1/items/RE-1").json()
    assert read["item"]["discount_rate"] == "0.020000"
    assert len(read["allocations"]) == 2
    assert all(each["reversed_on"] for each in read["allocations"])
    assert {each["interest"] for each in read["interest"]["spans"]} == {None}, "these policies say nothing of interest"
    assert read["interest"]["total"] is None
    assert desk.get("u.erp", "/v1/items/RE-1").status_code == 404, "an account that booking didn't put"
    assert desk.get("u.hoffmann", "/v1/items/RE-9").json()["type"] == "/problems/unknown-item"


def test_who_has_not_the_authority_proposes_a_write_off(desk: Desk) -> None:
    desk.done("u.erp", "/v1/invoices", id="RE-2", account="C-2", **INVOICE)
    given_up = {"account": "C-2", "invoice": "RE-2", "reason": "they closed"}
    proposed = desk.post("u.collector", "/v1/write-offs", id="WO-1", amount="900.00", **given_up)
    assert (proposed.status_code, proposed.json()["write_off"]["state"]) == (202, "proposed")
    assert proposed.json()["write_off"]["authority"] == "credit_manager"
    waiting = desk.get("u.hoffmann", "/v1/write-offs?state=proposed&account=C-2").json()
    assert [each["id"] for each in waiting["write_offs"]] == ["WO-1"]
    assert desk.post("u.collector", "/v1/write-offs/WO-1/approve").status_code == 403
    refused = desk.post("u.weber", "/v1/write-offs/WO-1/approve")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/write-off-refused")
    booked = desk.done("u.hoffmann", "/v1/write-offs/WO-1/approve")
    assert (booked["write_off"]["decided_by"], booked["invoice"]["written_off"]) == ("u.hoffmann", "900.00")
    rest = desk.post("u.hoffmann", "/v1/write-offs", id="WO-2", **given_up)
    assert (rest.status_code, rest.json()["write_off"]["authority"]) == (202, "cfo"), "900.00 and 300.00 are 1,200.00"
    assert desk.done("u.keller", "/v1/write-offs/WO-2/approve")["invoice"]["state"] == "written_off"
    more = desk.post("u.keller", "/v1/write-offs", id="WO-3", **given_up)
    assert (more.status_code, more.json()["open_amount"]) == (409, "0.00")
    recovered = desk.done(
        "u.erp", "/v1/payments", id="P-2", account="C-2", amount="50.00", references=[{"invoice": "RE-2"}]
    )
    assert [each["cause"] for each in recovered["allocations"]] == ["recovery"]
    taken_back = desk.post("u.erp", "/v1/payments/WO-2/reverse", bounced=False)
    assert taken_back.json()["opened"][0]["open_amount"] == "300.00"


def test_the_register_and_the_aging_are_the_same_from_the_terminal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    desk.done("u.erp", "/v1/invoices", id="RE-3", account="C-3", **INVOICE)
    listed = desk.get("u.collector", "/v1/register?account=C-3&on=2026-02-05")
    assert listed.headers["Content-Type"].startswith("application/x-ndjson")
    [row] = [json.loads(line) for line in listed.text.splitlines()]
    assert (row["item"], row["days_overdue"], row["open_amount"], row["next_step"]) == ("RE-3", 1, "1200.00", None)
    today = json.loads(desk.get("u.collector", "/v1/register?account=C-3").text)
    assert today["next_step"] == "review"
    [heading, values] = csv.reader(desk.get("u.collector", "/v1/register?account=C-3&format=csv").text.splitlines())
    assert dict(zip(heading, values, strict=True))["item"] == "RE-3"
    stands = desk.get("u.collector", "/v1/receivables?account=C-3&on=2026-02-05").json()
    assert {each["bucket"]: each["amount"] for each in stands["aging"]}["1-30"] == "1200.00"
    assert desk.get("u.collector", "/v1/receivables?on=2199-01-01").status_code == 422
    assert desk.get("u.erp", "/v1/receivables").status_code == 403

    monkeypatch.setenv("CREDENCE_KEY", desk.keys["u.collector"])
    url = ("--url", str(desk.client.base_url).rstrip("/"))
    shown = credence("register", "--account", "C-3", "--on", "2026-02-05", *url)
    assert "1 days" in shown.stdout
    assert "RE-3" in shown.stdout
    assert '"RE-3"' in credence("register", "--account", "C-3", "--json", *url).stdout
    assert credence("register", "--account", "C-3", "--csv", *url).stdout.startswith("account,name,item,")
    text = credence("receivables", "--account", "C-3", "--on", "2026-02-05", *url).stdout
    assert "1,200.00 EUR overdue" in text.replace("1,200.00 overdue", "1,200.00 EUR overdue")
    assert json.loads(credence("receivables", "--account", "C-3", "--json", *url).stdout)["account"] == "C-3"
