"""Webhooks over HTTP and on the command line: each change on record; and events that arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ledger.record.record_header import RecordKind
from tests.support.command_line import credence
from tests.support.journal_reading import acts_in
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, settings_in
from tests.support.running_service import BODY, ORDERS, eventually, journal_file
from tests.support.webhook_receivers import HERE_LISTED, Receiver, authority_file, receiving, verify

URL = "https://erp.example.com/hooks"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def keys(home: Path) -> dict[str, str]:
    return people_with_keys(journal_file(settings_in(home)), EVERY_ROLE)


@pytest.fixture(scope="module")
def client(home: Path, keys: dict[str, str]) -> Iterator[httpx2.Client]:
    assert keys
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(authority_file(home)))
        with asking_for_keys(settings_in(home, webhook_networks=HERE_LISTED)) as client:
            yield client


@pytest.fixture
def admin(keys: dict[str, str]) -> dict[str, str]:
    return bearer(keys["admin"])


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def _listed(client: httpx2.Client, headers: dict[str, str]) -> dict[str, Any]:
    return {each["id"]: each for each in client.get("/v1/webhooks", headers=headers).json()["webhooks"]}


def test_a_webhook_s_life(client: httpx2.Client, admin: dict[str, str], keys: dict[str, str], home: Path) -> None:
    body = {"url": URL, "types": ["order.rejected", "order.held", "order.held"], "description": "the ERP"}
    added = client.post("/v1/webhooks", json=body, headers=admin)
    assert (added.status_code, added.json()["public_key"]) == (201, None)
    one, secret = added.json()["id"], added.json()["secret"]
    assert secret.startswith("whsec_")
    listed = client.get("/v1/webhooks", headers=bearer(keys["auditor"])).json()["webhooks"]
    assert [each["id"] for each in listed] == [one]
    mark = listed[0].pop("secrets")
    assert listed[0] == {
        "id": one, "url": URL, "types": ["order.held", "order.rejected"], "signature": "hmac-sha256",
        "description": "the ERP", "active": True, "inactive_because": "", "waiting": 0, "dead_letters": 0,
    }  # fmt: skip
    assert [(each["until"], each["public_key"]) for each in mark] == [(None, None)]
    changed = client.post(f"/v1/webhooks/{one}/change", json={"types": ["limit.granted"]}, headers=admin).json()
    assert (changed["types"], changed["url"], changed["description"]) == (["limit.granted"], URL, "the ERP")
    rotated = client.post(f"/v1/webhooks/{one}/rotate", json={"overlap_days": 1}, headers=admin)
    assert rotated.status_code == 201
    assert rotated.json()["secret"] not in (secret, None)
    assert [each["until"] is None for each in _listed(client, admin)[one]["secrets"]] == [False, True]
    ended = client.post(f"/v1/webhooks/{one}/end", headers=admin)
    assert (ended.status_code, _listed(client, admin)) == (200, {})
    for act in ("change", "end", "rotate", "send-again"):
        gone = client.post(f"/v1/webhooks/{one}/{act}", json={}, headers=admin)
        assert (gone.status_code, gone.json()["type"]) == (404, "/problems/unknown-webhook")
    acts = acts_in(journal_file(settings_in(home)), RecordKind.WEBHOOK_ENDPOINT)
    assert [act.header.outcome for act in acts] == ["add", "change", "rotate", "end"]
    assert all(act.actor.startswith("key ") and act.text("subject") == one for act in acts)
    text = client.get(f"/v1/journal/{acts[0].header.seq}", headers=bearer(keys["auditor"])).text
    assert one in text
    assert secret.removeprefix("whsec_") not in text


def test_an_ed25519_webhook_shows_its_public_key_and_no_secret(client: httpx2.Client, admin: dict[str, str]) -> None:
    made = client.post(
        "/v1/webhooks", json={"url": URL, "types": ["limit.granted"], "signature": "ed25519"}, headers=admin
    )
    assert made.json()["secret"] is None
    assert made.json()["public_key"].startswith("whpk_")
    [listed] = _listed(client, admin).values()
    assert [each["public_key"] for each in listed["secrets"]] == [made.json()["public_key"]]
    assert "whsk_" not in made.text
    client.post(f"/v1/webhooks/{made.json()['id']}/end", headers=admin)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"url": "http://169.254.169.254/", "types": ["order.held"]}, "is no https address"),
        ({"url": "https://169.254.169.254/", "types": ["order.held"]}, "is link-local"),
        ({"url": "https://localhost/", "types": ["order.held"]}, "is this machine"),
        ({"url": "https://[::ffff:10.0.0.1]/", "types": ["order.held"]}, "is IPv4 within IPv6"),
        ({"url": "https://0x7f.1/", "types": ["order.held"]}, "write four decimal numbers"),
        ({"url": URL, "types": []}, "needs a type of event; they are order.approved, "),
        ({"url": URL, "types": ["order.hold"]}, "did you mean `order.held`?"),
        ({"url": URL, "types": ["order.held"], "description": "a\u202eb"}, "what nobody sees"),
    ],
)
def test_what_can_not_be_a_webhook_is_refused_in_words(
    client: httpx2.Client, admin: dict[str, str], body: dict[str, Any], said: str
) -> None:
    refused = client.post("/v1/webhooks", json=body, headers=admin)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/webhook-refused")
    assert said in refused.json()["detail"]
    assert _listed(client, admin) == {}


def test_a_body_with_faults_has_all_of_them_listed(client: httpx2.Client, admin: dict[str, str]) -> None:
    body = {"url": 5, "types": "order.held", "secret": "mine", "signature": "md5"}
    refused = client.post("/v1/webhooks", json=body, headers=admin).json()
    assert sorted(fault["path"] for fault in refused["errors"]) == ["/secret", "/signature", "/types", "/url"]


def test_events_arrive_and_dead_letters_are_sent_again(
    client: httpx2.Client, admin: dict[str, str], keys: dict[str, str], receiver: Receiver
) -> None:
    types = ["order.held", "policy.refused"]
    body = {"url": f"https://127.0.0.1:{receiver.port}/hooks", "types": types}
    made = client.post("/v1/webhooks", json=body, headers=admin).json()
    decided = client.post("/v1/decisions/order", json=BODY, headers=bearer(keys["desk"]))
    eventually(lambda: len(receiver.received) == 1)
    verify(receiver.received[0], made["secret"])
    assert receiver.received[0].event["data"] | {"policy": ""} == {
        "id": decided.json()["id"], "seq": int(decided.headers["journal-entry"]), "case": "order", "subject": "SO-1",
        "outcome": "hold", "policy": "",
    }  # fmt: skip
    receiver.answer(410)
    client.post("/v1/decisions/order", json=BODY, headers=bearer(keys["desk"]))
    eventually(lambda: _listed(client, admin)[made["id"]]["dead_letters"] == 1)
    listed = _listed(client, admin)[made["id"]]
    assert (listed["active"], listed["inactive_because"]) == (False, "it answered 410, gone")
    refused = client.post(f"/v1/webhooks/{made['id']}/send-again", json={}, headers=admin)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/webhook-refused")
    [letter] = client.get("/v1/webhooks/dead-letters", headers=bearer(keys["auditor"])).json()["dead_letters"]
    assert (letter["webhook"], letter["failure"], letter["type"]) == (made["id"], "it answered 410, gone", "order.held")
    assert "credence_webhook_dead_letters" in client.get("/metrics", headers=admin).text
    receiver.answer(204)
    client.post(f"/v1/webhooks/{made['id']}/change", json={}, headers=admin)
    client.post(f"/v1/webhooks/{made['id']}/send-again", json={"record": letter["record"]}, headers=admin)
    eventually(lambda: len(receiver.received) == 3)
    eventually(lambda: _listed(client, admin)[made["id"]]["dead_letters"] == 0)
    client.post(f"/v1/webhooks/{made['id']}/end", headers=admin)


def test_a_policy_set_that_is_refused_is_on_record_once_and_an_event(
    client: httpx2.Client, admin: dict[str, str], home: Path, receiver: Receiver
) -> None:
    url = f"https://127.0.0.1:{receiver.port}/policies"
    made = client.post("/v1/webhooks", json={"url": url, "types": ["policy.refused"]}, headers=admin).json()
    before = len(receiver.received)
    orders = home / "rules" / "orders.yaml"
    for broken in (ORDERS.replace("> limit", "> limt"), ORDERS, ORDERS.replace("> limit", "> limt")):
        orders.write_text(broken, encoding="utf-8")
        failed = broken != ORDERS
        eventually(lambda: (client.get("/readyz", headers=admin).json()["failed_change"] is not None) == failed)  # noqa: B023  # called at once
    eventually(lambda: len(receiver.received) == before + 1)
    assert receiver.received[-1].event["type"] == "policy.refused"
    refused = acts_in(journal_file(settings_in(home)), RecordKind.POLICY_REFUSED)
    assert len(refused) == 1  # the same once more, and nothing took effect in between
    assert "limt" in str(refused[0].text("refusal"))
    orders.write_text(ORDERS, encoding="utf-8")
    client.post(f"/v1/webhooks/{made['id']}/end", headers=admin)


def test_the_commands_do_the_same(client: httpx2.Client, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENCE_KEY", keys["admin"])

    def run(*words: str) -> str:
        done = credence("webhooks", *words, "--url", str(client.base_url))
        assert done.exit_code == 0, done.output
        return "".join(
            line for line in done.stdout.splitlines(keepends=True) if "[warning" not in line
        )  # of the service

    secret = run("add", URL, "--type", "order.held", "--description", "the ERP").strip()
    assert secret.startswith("whsec_")
    line = run("list")
    one = line.partition(":")[0]
    assert line == f"{one}: {URL}, order.held\n"
    assert (
        run("change", one, "--type", "order.rejected", "--address", f"{URL}/2") == f"{one}: {URL}/2, order.rejected\n"
    )
    assert run("rotate", one, "--overlap-days", "0").startswith("whsec_")
    assert json.loads(run("list", "--json"))["webhooks"][0]["description"] == "the ERP"
    assert run("dead-letters") == ""
    assert run("send-again", one, "--record", "5").startswith(one)
    assert run("end", one).startswith(one)
    assert run("list") == ""
    assert run("add", URL, "--type", "order.held", "--signature", "ed25519").startswith("whpk_")
    refused = credence("webhooks", "add", "https://10.0.0.1/", "--type", "order.held", "--url", str(client.base_url))
    assert refused.exit_code == 1
    assert "CREDENCE_WEBHOOK_NETWORKS" in refused.stderr
