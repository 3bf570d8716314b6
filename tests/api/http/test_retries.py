"""Requests that are sent again with the same Idempotency-Key: done once, answered alike, on every route that POSTs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from api.http.access_table import ROWS, Right
from api.http.caller import LOCAL, Admitted, note_admitted
from api.http.order_routes import NEEDS_AUTHORITY
from api.http.problems import RequestInFlight
from api.http.retries import Retries
from api.settings import Settings
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.access.roles import Role
from ledger.books.lifting import ACTOR
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.journal.kept_answers import RequestKeyReused
from ledger.record.cosignatures import cosignature
from ledger.record.signed_notes import COSIGNATURE, new_signer
from tests.support.duties import RETENTION
from tests.support.journal_reading import from_journal, headers_in
from tests.support.keyed_services import asking_for_keys, bearer, changed, people_with_keys, service_key, settings_in
from tests.support.order_desks import ORDERS, accounts, enter, put_rows, settings_of_desk, write_provisions
from tests.support.patience import PATIENCE
from tests.support.raw_http import ask
from tests.support.running_service import BODY, eventually, journal_file, running

ORDER = "/v1/decisions/order"
REPLAYED = "idempotent-replayed"
WITNESS = new_signer("auditor.example/w1", COSIGNATURE)
UNREADABLE = "/problems/idempotency-key-unreadable"


@pytest.fixture(scope="module")
def service_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("service")
    (home / "trust.policy").write_text(f"witness auditor {WITNESS.verifier.as_text()}\nquorum auditor\n", "utf-8")
    settings = settings_of_desk(home, trust_policy=str(home / "trust.policy"))
    put_rows(settings, accounts("C-77", *(f"C-{move}" for move in MOVES)))
    (settings.rules / "retention.yaml").write_text(f"{RETENTION}\n...\n", "utf-8")
    write_provisions(settings)
    return settings


def _records(settings: Settings) -> int:
    """How many there are of what somebody asked: the ledger lists by itself what is to be done."""
    with closing(sqlite3.connect(journal_file(settings))) as raw:
        return int(raw.execute("SELECT count(*) FROM entries WHERE actor <> ?", [ACTOR]).fetchone()[0])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a route. `other` is another one that would be answered too."""

    path: str
    body: object
    other: object
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"

    def send(self, client: httpx2.Client, body: object, headers: Mapping[str, str]) -> httpx2.Response:
        """A text is a file of CSV, all else JSON."""
        if isinstance(body, str):
            return client.post(self.path, content=body.encode(), headers={"Content-Type": "text/csv", **headers})
        return client.request(self.method, self.path, json=body, headers=headers)


def _put(path: str, body: Mapping[str, object], **more: object) -> Callable[..., Asked]:
    return lambda client, _: (
        _new_account(client, "put"),
        Asked(path, body, {**body, **more}, {"If-Match": '"0"'} if "groups" in path else {}, "PUT"),
    )[1]


def _add(login: str) -> Callable[[httpx2.Client, Settings], object]:
    return lambda client, _: client.post("/v1/people", json={"login": login})


def _key_of_erp(client: httpx2.Client) -> str:
    return str(client.post("/v1/keys", json={"service": "erp", "roles": ["order-entry"]}).json()["id"])


def _cosigned(client: httpx2.Client) -> Asked:
    """The newest checkpoint, and another line of the same witness."""
    eventually(lambda: client.get("/checkpoint").status_code == 200)
    note = client.get("/checkpoint").text
    body, other = (
        {"size": int(note.split("\n")[1]), "cosignature": cosignature(WITNESS, note, time)} for time in (1, 2)
    )
    return Asked("/v1/journal/cosignatures", body, other)


def _to_erase(client: httpx2.Client) -> Asked:
    for account in ("C-1", "C-2"):
        client.post(ORDER, json={**BODY, "account": {"id": account}}).raise_for_status()
    asked, other = ({"account": account, "preview": True} for account in ("C-1", "C-2"))
    return Asked("/v1/erasures", asked, other)


HOOK = {"url": "https://erp.example.com/hooks", "types": ["limit.granted"]}
SECRET = {"/v1/keys": "key", "/v1/webhooks": "secret", "/v1/webhooks/{id}/rotate": "secret"}
"""Routes whose answer shows a secret, and in which member."""


def _webhook(client: httpx2.Client) -> str:
    return str(client.post("/v1/webhooks", json=HOOK).json()["id"])


def _pending(client: httpx2.Client, settings: Settings) -> str:
    (settings.rules / "orders.yaml").write_text(ORDERS.replace("  over-limit:", "  other:"), encoding="utf-8")
    eventually(lambda: client.get("/readyz").json()["pending"] is not None)
    return str(client.get("/readyz").json()["pending"]["version"])


DESK = {"Credence-On-Behalf-Of": "u.hoffmann; roles=desk; authority=credit_manager"}
REASON = {"reason": "they pay"}


MOVES = ("change", "recheck", "release", "hold", "reject", "cancel", "reopen", "deliver", "undeliver", "close", "many")


def _account(order: str) -> str:
    """One for each order, so that none takes another's room."""
    return order.replace("SO", "C")


def _order(client: httpx2.Client, number: str, amount: str = "10.00") -> str:
    """One that is approved, or held above 10,000.00."""
    by = {"Credence-On-Behalf-Of": "u.becker; roles=order-entry"}
    enter(client, number, amount, _account(number), **by).raise_for_status()
    return f"/v1/orders/{number}"


def _moved(move: str, body: object, amount: str = "10.00", **more: object) -> Callable[..., Asked]:
    other = {**body, **more} if isinstance(body, dict) else body
    return lambda client, _: Asked(
        f"{_order(client, f'SO-{move}', amount)}/{move}", body, other, DESK if move in NEEDS_AUTHORITY else {}
    )


IMPORT = "/v1/import/{kind}"
"""What it answers is done behind the answer."""

RATE = {"currency": "USD", "date": "2026-06-01", "rate": "0.92"}
INVOICE = {"id": "RE-1", "account": "C-invoices", "amount": "7.00", "issued_on": "2026-06-01", "due_on": "2026-07-01"}
DEPOSIT = {"id": "D-1", "account": _account("SO-deposit"), "order": "SO-deposit"}


def _new_account(client: httpx2.Client, word: str) -> str:
    client.put(f"/v1/accounts/C-{word}", json={}).raise_for_status()
    return f"/v1/accounts/C-{word}"


def _of_account(act: str, body: Mapping[str, object], **more: object) -> Callable[..., Asked]:
    headers = DESK if act in ("block", "figures", "assess") else {}
    return lambda client, _: Asked(f"{_new_account(client, act)}/{act}", body, {**body, **more}, headers)


def _booked(what: str, more: dict[str, object]) -> Callable[..., Asked]:
    body = {"id": f"{what}-1", "account": f"C-{what}", "amount": "7.00", **more}
    return lambda client, _: (_new_account(client, what), Asked(f"/v1/{what}", body, {**body, "amount": "8.00"}))[1]


def _owing(client: httpx2.Client, word: str) -> str:
    """An account that owes 7.00; gives its number."""
    _new_account(client, word)
    invoice = {**INVOICE, "id": f"RE-{word}", "account": f"C-{word}"}
    client.post("/v1/invoices", json=invoice).raise_for_status()
    return f"C-{word}"


def _paid(client: httpx2.Client, word: str, **more: object) -> httpx2.Response:
    payment = {"id": f"P-{word}", "account": f"C-{word}", "amount": "1.00", **more}
    return client.post("/v1/payments", json=payment).raise_for_status()


def _pays(word: str, **more: object) -> dict[str, object]:
    return {"references": [{"invoice": f"RE-{word}", **more}]}


def _given_up(word: str) -> dict[str, object]:
    return {"id": f"WO-{word}", "account": f"C-{word}", "invoice": f"RE-{word}", "reason": "they closed"}


PROPOSER = {"Credence-On-Behalf-Of": "u.c; roles=collector"}


def _limit(client: httpx2.Client, act: str) -> Asked:
    path = f"{_new_account(client, f'limit-{act}')}/limits"
    client.post(path, json={"amount": "10.00"}).raise_for_status()
    return Asked(f"{path}/1/{act}", REASON, {"reason": "never"}, DESK)


def _security(client: httpx2.Client) -> Asked:
    path = f"{_new_account(client, 'security')}/securities/G-1"
    client.put(path, json={"kind": "bank_guarantee", "amount": "5.00"}).raise_for_status()
    return Asked(f"{path}/end", REASON, {"reason": "expired"})


def _cancelled(client: httpx2.Client) -> str:
    path = _order(client, "SO-reopen")
    client.post(f"{path}/cancel", json={}).raise_for_status()
    return path


def _submitted(number: str, amount: str) -> dict[str, object]:
    return {"account": "C-77", "order": {"id": number, "amount": amount}}


EDITOR = {"Credence-On-Behalf-Of": "e.lang; roles=editor"}
APPROVER = {"Credence-On-Behalf-Of": "a.kurz; roles=approver"}


def _draft(client: httpx2.Client, name: str, **more: str) -> dict[str, Any]:
    """Of the set in force with another comment, so that the same is decided."""
    files = {each["name"]: each["text"] for each in client.get("/v1/policies?text=true").json()["files"]}
    files = {called: f"# {name}\n{text}" if called.endswith("orders.yaml") else text for called, text in files.items()}
    return {"title": name, "why": name, "files": files, "acknowledged": {"test:none": "A comment."}, **more}


def _proposal(client: httpx2.Client, word: str, *before: str, who: dict[str, str] = APPROVER, **more: str) -> Asked:
    """A proposal with which this is to be done, after all that was."""
    number = client.post("/v1/policies/drafts", json=_draft(client, word, **more), headers=EDITOR).json()["number"]
    proposed = client.post(f"/v1/policies/drafts/{number}/propose", json={}, headers=EDITOR)
    body = {"digest": proposed.raise_for_status().json()["digest"]}
    for each in before:
        client.post(f"/v1/policies/proposals/{number}/{each}", json=body, headers=APPROVER).raise_for_status()
    return Asked(f"/v1/policies/proposals/{number}/{word}", body, {"digest": "0" * 64}, who)


def _propose(client: httpx2.Client) -> Asked:
    number = client.post("/v1/policies/drafts", json=_draft(client, "propose"), headers=EDITOR).json()["number"]
    return Asked(f"/v1/policies/drafts/{number}/propose", {}, {"a": 1}, EDITOR)


def _requested(amount: str) -> dict[str, Any]:
    return {"limit": {"id": "L-1", "kind": "limit", "amount": amount}, "account": {"id": "C-1"}}


def _edit_draft(client: httpx2.Client) -> Asked:
    number = client.post("/v1/policies/drafts", json=_draft(client, "edit"), headers=EDITOR).json()["number"]
    headers = {**EDITOR, "If-Match": '"1"'}
    return Asked(f"/v1/policies/drafts/{number}", {"title": "Another"}, {"title": "A third"}, headers, "PUT")


def _roll_back(client: httpx2.Client) -> Asked:
    before = client.get("/v1/policies").json()["version"]
    asked = _proposal(client, "activate", "approve")
    client.post(asked.path, json=asked.body, headers=APPROVER).raise_for_status()
    body = {"version": before, "why": "It was better."}
    return Asked("/v1/policies/rollback", body, {**body, "why": "It was."}, APPROVER)


def _with_invoice(client: httpx2.Client, word: str, due: str) -> dict[str, object]:
    """An account with an invoice."""
    _new_account(client, word)
    body = {"id": f"RE-{word}", "account": f"C-{word}", "amount": "9.00", "issued_on": "2026-01-01", "due_on": due}
    client.post("/v1/invoices", json=body).raise_for_status()
    return {"account": f"C-{word}"}


def _of_owing(path: str, word: str, body: Mapping[str, object], **more: object) -> Callable[..., Asked]:
    def asked(client: httpx2.Client, _: Settings) -> Asked:
        sent = {**_with_invoice(client, word, _soon(90)), **body}
        return Asked(path, sent, {**sent, **more})

    return asked


def _after(
    path: str, before: Mapping[str, object], word: str, body: Mapping[str, object], **more: object
) -> Callable[..., Asked]:
    """On something that was recorded first, by another person."""

    def asked(client: httpx2.Client, _: Settings) -> Asked:
        account = _with_invoice(client, word, _soon(90))
        made = client.post(path.rpartition("/")[0], json={**account, **before})
        made.raise_for_status()
        sent = {**account, **body}
        return Asked(path, sent, {**sent, **more}, DESK if path.endswith("agree") else {})

    return asked


def _listed(move: str, body: Mapping[str, object], **more: object) -> Callable[..., Asked]:
    """On an entry of the worklist."""

    def asked(client: httpx2.Client, _: Settings) -> Asked:
        word = f"list-{move}"
        client.post("/v1/day", json={}).raise_for_status()
        _with_invoice(client, word, "2026-02-01")  # found late, so it is listed at once
        page = f"/v1/worklist?account=C-{word}"
        eventually(lambda: client.get(page).json()["entries"])
        entry = client.get(page).json()["entries"][0]["id"]
        return Asked(f"/v1/worklist/{entry}/{move}", body, {**body, **more})

    return asked


def _soon(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


INSTALMENTS = {"instalments": [{"due_on": _soon(9), "amount": "9.00"}]}
ASKED: dict[str, Callable[[httpx2.Client, Settings], Asked]] = {
    "/v1/policies/check": lambda *_: Asked("/v1/policies/check", {"files": {}}, {"files": {"a.yaml": "..."}}),
    "/v1/policies/activate": lambda client, settings: Asked(
        "/v1/policies/activate", {"version": _pending(client, settings)}, {"version": "0" * 64}
    ),
    "/v1/policies/drafts": lambda client, _: Asked(
        "/v1/policies/drafts", _draft(client, "begin"), _draft(client, "other"), EDITOR
    ),
    "/v1/policies/drafts/{number}/propose": lambda client, _: _propose(client),
    "/v1/policies/proposals/{number}/approve": lambda client, _: _proposal(client, "approve"),
    "/v1/policies/proposals/{number}/reject": lambda client, _: _proposal(client, "reject"),
    "/v1/policies/proposals/{number}/withdraw": lambda client, _: _proposal(client, "withdraw", who=EDITOR),
    "/v1/policies/proposals/{number}/activate": lambda client, _: _proposal(client, "activate", "approve"),
    "/v1/policies/proposals/{number}/cancel": lambda client, _: _proposal(
        client, "cancel", "approve", "activate", on="2099-01-01"
    ),
    "/v1/policies/rollback": lambda client, _: _roll_back(client),
    "PUT /v1/policies/drafts/{number}": lambda client, _: _edit_draft(client),
    "/v1/decisions/order/nearest": lambda *_: Asked(f"{ORDER}/nearest", BODY, {**BODY, "as_of": "2026-07-02"}),
    "/v1/decisions/limit/nearest": lambda *_: Asked(
        "/v1/decisions/limit/nearest", _requested("1.00"), _requested("2.00")
    ),
    "/v1/decisions/order": lambda *_: Asked(ORDER, BODY, {**BODY, "as_of": "2026-07-02"}),
    "/v1/audit/completeness": lambda *_: Asked(
        "/v1/audit/completeness", {"orders": {"SO-none": "1.00"}}, {"orders": {}}
    ),
    "/v1/orders": lambda *_: Asked("/v1/orders", _submitted("SO-new", "1.00"), _submitted("SO-newer", "1.00")),
    "/v1/orders/preview": lambda *_: Asked(
        "/v1/orders/preview", {"orders": [_submitted("SO-a", "1.00")]}, {"orders": [_submitted("SO-b", "1.00")]}
    ),
    "/v1/orders/{id}/change": _moved("change", {"revision": 2, "order": {"amount": "9.00"}}, revision=3),
    "/v1/orders/{id}/recheck": _moved("recheck", {}, "12000.00", reason="now"),
    "/v1/orders/{id}/release": _moved("release", REASON, "12000.00", reason="they paid"),
    "/v1/orders/{id}/hold": _moved("hold", REASON, reason="call"),
    "/v1/orders/{id}/reject": _moved("reject", REASON, "12000.00", reason="never"),
    "/v1/orders/{id}/cancel": _moved("cancel", {}, reason="by mistake"),
    "/v1/orders/{id}/reopen": lambda client, _: Asked(f"{_cancelled(client)}/reopen", {}, {"reason": "again"}),
    "/v1/orders/{id}/deliver": _moved("deliver", {"amount": "5.00"}, final=True),
    "/v1/orders/{id}/undeliver": lambda client, _: (
        client.post(
            f"{_order(client, 'SO-undeliver')}/deliver", json={"amount": "5.00", "delivery": "D-1"}
        ).raise_for_status(),
        Asked("/v1/orders/SO-undeliver/undeliver", {"amount": "1.00", **REASON}, {"amount": "2.00", **REASON}),
    )[1],
    "/v1/orders/{id}/close": _moved("close", {}, reason="enough"),
    "/v1/holds/release": lambda client, _: (
        _order(client, "SO-many", "12000.00"),
        Asked("/v1/holds/release", {**REASON, "orders": ["SO-many"]}, {**REASON, "orders": ["SO-x"]}, DESK),
    )[1],
    "/v1/accounts/{id}/figures": _of_account("figures", {"figures": {}}, source="a bureau"),
    "/v1/accounts/{id}/assess": _of_account("assess", {"taken_over": "B"}, review_on="2027-01-01"),
    "/v1/accounts/{id}/block": _of_account("block", REASON, reason="they don't"),
    "/v1/accounts/{id}/unblock": lambda client, _: (
        client.post(f"{_new_account(client, 'unblock')}/block", json=REASON, headers=DESK).raise_for_status(),
        Asked("/v1/accounts/C-unblock/unblock", REASON, {"reason": "now"}, DESK),
    )[1],
    "/v1/accounts/{id}/limits": _of_account("limits", {"amount": "10.00"}, amount="11.00"),
    "/v1/accounts/{id}/limits/{number}/refuse": lambda client, _: _limit(client, "refuse"),
    "/v1/accounts/{id}/limits/{number}/end": lambda client, _: _limit(client, "end"),
    "/v1/accounts/{id}/securities/{security}/end": lambda client, _: _security(client),
    "/v1/invoices": lambda client, _: (
        _new_account(client, "invoices"),
        Asked("/v1/invoices", INVOICE, {**INVOICE, "amount": "8.00"}),
    )[1],
    "/v1/credit-notes": _booked("credit-notes", {"issued_on": "2026-06-01"}),
    "/v1/payments": _booked("payments", {}),
    "/v1/payments/{id}/reverse": lambda client, _: (
        _new_account(client, "reverse"),
        client.post("/v1/payments", json={"id": "P-1", "account": "C-reverse", "amount": "1.00"}).raise_for_status(),
        Asked("/v1/payments/P-1/reverse", {}, {"bounced": False}),
    )[2],
    "/v1/payments/{id}/allocate": lambda client, _: (
        _owing(client, "allocate"),
        _paid(client, "allocate", on_account=True),
        Asked("/v1/payments/P-allocate/allocate", _pays("allocate"), _pays("allocate", amount="0.50")),
    )[2],
    "/v1/payments/{id}/unallocate": lambda client, _: (
        _owing(client, "unallocate"),
        _paid(client, "unallocate"),
        Asked("/v1/payments/P-unallocate/unallocate", {}, {"invoice": "RE-unallocate"}),
    )[2],
    "/v1/write-offs": lambda client, _: (
        _owing(client, "ask"),
        Asked("/v1/write-offs", _given_up("ask"), {**_given_up("ask"), "reason": "they moved"}, DESK),
    )[1],
    "/v1/write-offs/{id}/approve": lambda client, _: (
        _owing(client, "approve"),
        client.post("/v1/write-offs", json=_given_up("approve"), headers=PROPOSER).raise_for_status(),
        Asked("/v1/write-offs/WO-approve/approve", {}, REASON, DESK),
    )[2],
    "/v1/write-offs/{id}/refuse": lambda client, _: (
        _owing(client, "refuse"),
        client.post("/v1/write-offs", json=_given_up("refuse"), headers=PROPOSER).raise_for_status(),
        Asked("/v1/write-offs/WO-refuse/refuse", {}, REASON, DESK),
    )[2],
    "/v1/deposits": lambda client, _: (
        client.put(f"/v1/accounts/{_account('SO-deposit')}", json={}).raise_for_status(),
        _order(client, "SO-deposit"),
        Asked("/v1/deposits", {**DEPOSIT, "amount": "1.00"}, {**DEPOSIT, "amount": "2.00"}),
    )[2],
    "/v1/rates": lambda *_: Asked("/v1/rates", {"rates": [RATE]}, {"rates": [{**RATE, "rate": "0.9"}]}),
    "/v1/disputes": _of_owing("/v1/disputes", "disputes", {"invoice": "RE-disputes", "code": "price"}, code="other"),
    "/v1/disputes/settle": _after(
        "/v1/disputes/settle",
        {"invoice": "RE-settled", "code": "price"},
        "settled",
        {"invoice": "RE-settled", "number": 1, "rejected": "1.00"},
        rejected="2.00",
    ),
    "/v1/promises": _of_owing("/v1/promises", "promises", {"due_on": _soon(9)}, person="Ms Li"),
    "/v1/promises/withdraw": _after(
        "/v1/promises/withdraw", {"due_on": _soon(9)}, "withdrawn", {"number": 1}, number=2
    ),
    "/v1/plans": _of_owing("/v1/plans", "plans", INSTALMENTS, reason="they ask"),
    "/v1/plans/agree": _after("/v1/plans/agree", INSTALMENTS, "agreed", {"number": 1}, number=2),
    "/v1/plans/end": _after("/v1/plans/end", INSTALMENTS, "ended", {"number": 1, **REASON}, number=2),
    "/v1/contacts": _of_owing("/v1/contacts", "contacts", {"step": "call"}, step="email"),
    "/v1/dunning-blocks": _of_owing("/v1/dunning-blocks", "blocks", {"until": _soon(9), **REASON}, reason="no"),
    "/v1/dunning-blocks/end": _after(
        "/v1/dunning-blocks/end", {"until": _soon(9), **REASON}, "unblocked", {"number": 1}, number=2
    ),
    "/v1/item-facts": _of_owing(
        "/v1/item-facts", "facts", {"invoice": "RE-facts", "fact": "court_action", "value": True}, value=False
    ),
    "/v1/collectors": _of_owing("/v1/collectors", "collectors", {"collector": "u.weiss"}, collector="u.li"),
    "/v1/worklist/{entry}/done": _listed("done", {}, person="Ms Li"),
    "/v1/worklist/{entry}/promise": _listed("promise", {"due_on": _soon(9)}, person="Ms Li"),
    "/v1/worklist/{entry}/dispute": _listed("dispute", {"invoice": "RE-list-dispute", "code": "price"}, person="Ms Li"),
    "/v1/worklist/{entry}/defer": _listed("defer", {"until": _soon(3), **REASON}, reason="no"),
    "/v1/worklist/{entry}/skip": _listed("skip", REASON, reason="no"),
    "/v1/day": lambda *_: Asked("/v1/day", {}, {"date": None}),
    IMPORT: lambda *_: Asked("/v1/import/accounts", "account\nC-import\n", "account\nC-other\n"),
    "/v1/people": lambda *_: Asked("/v1/people", {"login": "u.new"}, {"login": "u.other"}),
    "/v1/people/{login}/change": lambda client, settings: (
        _add("u.changed")(client, settings),
        Asked("/v1/people/u.changed/change", {"roles": ["desk"]}, {"roles": []}),
    )[1],
    "/v1/people/{login}/end": lambda client, settings: (
        _add("u.ended")(client, settings),
        Asked("/v1/people/u.ended/end", {}, {"a": 1}),
    )[1],
    "/v1/people/{login}/erase": lambda client, settings: (
        _add("u.erased")(client, settings),
        client.post("/v1/people/u.erased/end", json={}).raise_for_status(),
        Asked("/v1/people/u.erased/erase", {}, {"a": 1}),
    )[2],
    "/v1/erasures": lambda client, _: _to_erase(client),
    "/v1/keys": lambda *_: Asked("/v1/keys", {"service": "erp", "roles": ["desk"], "acts_for": True}, {}),
    "/v1/keys/{id}/revoke": lambda client, _: Asked(
        f"/v1/keys/{_key_of_erp(client)}/revoke", {"in_days": 7}, {"in_days": 0}
    ),
    "/v1/journal/cosignatures": lambda client, _: _cosigned(client),
    "/v1/webhooks": lambda *_: Asked("/v1/webhooks", HOOK, {**HOOK, "types": ["order.rejected"]}),
    "/v1/webhooks/{id}/change": lambda client, _: Asked(
        f"/v1/webhooks/{_webhook(client)}/change", {"types": ["order.approved"]}, {}
    ),
    "/v1/webhooks/{id}/end": lambda client, _: Asked(f"/v1/webhooks/{_webhook(client)}/end", {}, {"a": 1}),
    "/v1/webhooks/{id}/rotate": lambda client, _: Asked(
        f"/v1/webhooks/{_webhook(client)}/rotate", {"overlap_days": 1}, {}
    ),
    "/v1/webhooks/{id}/send-again": lambda client, _: Asked(
        f"/v1/webhooks/{_webhook(client)}/send-again", {}, {"record": 1}
    ),
    "PUT /v1/accounts/{id}": _put("/v1/accounts/C-put-new", {"name": "Baumann"}, name="Bauer"),
    "PUT /v1/groups/{id}": _put("/v1/groups/G-put", {"limit": "9.00"}, limit="8.00"),
    "PUT /v1/accounts/{id}/securities/{security}": _put(
        "/v1/accounts/C-put/securities/G-1", {"kind": "bank_guarantee", "amount": "5.00"}, amount="6.00"
    ),
}
"""By route; the other kinds of case share the code of orders."""

GRANT = "/v1/accounts/{id}/limits/{number}/grant"
INIT = "/v1/policies/init"
PAGES = {row.path for row in ROWS if row.path.startswith("/console/")}
POSTED = {row.path for row in ROWS if row.method == "POST"} - {"/v1/decisions/{case}", GRANT, INIT} - PAGES
POSTED |= {f"PUT {row.path}" for row in ROWS if row.method == "PUT"}
"""Every route that POSTs or PUTs, but for those that only refuse: the policies here let no grant of a limit count, and
are not the first; and for forms, each of which is one request to one of these with a key of its own."""


def test_every_route_that_changes_something_is_asked_here() -> None:
    assert set(ASKED) | {f"/v1/decisions/{case}" for case in CASE_KINDS} == POSTED


@pytest.mark.parametrize("route", sorted(ASKED))
def test_on_every_route_the_same_request_is_done_once(
    client: httpx2.Client, service_settings: Settings, route: str
) -> None:
    asked = ASKED[route](client, service_settings)
    key = {"Idempotency-Key": f"once {route}".replace(" ", "-"), **asked.headers}
    first = asked.send(client, asked.body, key)
    assert first.is_success, first.text
    assert REPLAYED not in first.headers
    if route == IMPORT:
        eventually(lambda: client.get(f"/v1/imports/{first.json()['id']}").json()["state"] == "done")
    records = _records(service_settings)
    again = asked.send(client, asked.body, key)
    if route in SECRET:
        assert (again.status_code, again.json()["type"]) == (409, "/problems/secret-shown")
        assert first.json()["id"] in again.json()["detail"]
        assert first.json()[SECRET[route]] not in again.text
    else:
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers[REPLAYED] == "true"
        assert [again.headers.get(name) for name in ("location", "journal-entry", "content-type")] == [
            first.headers.get(name) for name in ("location", "journal-entry", "content-type")
        ]
    other = asked.send(client, asked.other, key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert _records(service_settings) == records


def test_a_file_larger_than_any_other_body_is_imported_once(client: httpx2.Client, service_settings: Settings) -> None:
    rows = "".join(f"C-large-{each},{'x' * 200}\n" for each in range(service_settings.body_bytes_max // 200))
    asked = Asked("/v1/import/accounts?check=true", f"account,name\n{rows}", "account,name\nC-x,y\n")
    key = {"Idempotency-Key": "a-large-file"}
    first = asked.send(client, asked.body, key)
    again = asked.send(client, asked.body, key)
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    assert again.headers[REPLAYED] == "true"
    assert asked.send(client, asked.other, key).json()["type"] == "/problems/idempotency-key-reused"
    eventually(lambda: client.get(f"/v1/imports/{first.json()['id']}").json()["state"] == "checked")


def test_the_same_body_at_another_path_is_another_request(client: httpx2.Client) -> None:
    key = {"Idempotency-Key": "paths"}
    assert client.post("/v1/people/u.none/end", json=BODY, headers=key).status_code == 404
    assert client.post(ORDER, json=BODY, headers=key).status_code == 201
    assert client.post("/v1/decisions/account", json=BODY, headers=key).json()["type"].endswith("key-reused")


def test_without_a_key_each_request_is_a_decision_of_its_own(client: httpx2.Client) -> None:
    assert len({client.post(ORDER, json=BODY).json()["id"] for _ in range(2)}) == 2


@pytest.mark.parametrize(
    "key", [b"", b"a" * 256, b"a b", "é".encode(), b"a\tb", b'"', b"a" * 255, b"~!"], ids=lambda key: repr(key[:8])
)
def test_a_key_is_visible_text_of_bounded_length(client: httpx2.Client, service_settings: Settings, key: bytes) -> None:
    records = _records(service_settings)
    answer = client.post(ORDER, json=BODY, headers=[(b"Idempotency-Key", key)])
    if 0 < len(key) <= 255 and all(33 <= each <= 126 for each in key):
        assert answer.status_code == 201
    else:
        assert (answer.status_code, answer.json()["type"]) == (400, UNREADABLE)
        assert _records(service_settings) == records


@pytest.mark.parametrize("control", [b"\0", b"\x01", b"\x1b", b"\x7f", b"\n", b"\r"], ids=repr)
def test_control_characters_decide_nothing(client: httpx2.Client, service_settings: Settings, control: bytes) -> None:
    records = _records(service_settings)
    head = b"POST /v1/decisions/order HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: a" + control + b"b\r\n"
    answer = ask(client, head + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
    assert answer.status == 400
    assert _records(service_settings) == records


def test_a_key_that_is_sent_twice_is_refused(client: httpx2.Client) -> None:
    answer = client.post(ORDER, json=BODY, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "a")])
    assert (answer.status_code, answer.json()["type"]) == (400, UNREADABLE)


def test_what_was_refused_is_not_kept(client: httpx2.Client) -> None:
    """Nothing was decided, so the key is still free for the mended request."""
    key = {"Idempotency-Key": "mended"}
    refused = [client.post(ORDER, json={**BODY, "oder": {}}, headers=key) for _ in range(2)]
    assert [(each.status_code, REPLAYED in each.headers) for each in refused] == [(422, False)] * 2
    first, again = (client.post(ORDER, json=BODY, headers=key) for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert client.post(ORDER, json={**BODY, "oder": {}}, headers=key).json()["type"].endswith("key-reused")


def test_a_get_takes_no_notice_of_a_key(client: httpx2.Client) -> None:
    assert client.get("/v1/facts", headers={"Idempotency-Key": ""}).status_code == 200


def test_a_key_of_one_caller_is_nothing_to_another(tmp_path: Path) -> None:
    """A person is one caller with whatever key of theirs; so is a program, for each person whom it asks for."""
    settings = settings_in(tmp_path)
    place = settings.journal
    from ledger.access.changes import KeyWords, create_key

    people = people_with_keys(place, {"u.a": frozenset({Role.DESK}), "u.b": frozenset({Role.DESK})})
    [second] = changed(place, create_key(KeyWords(login="u.a")))
    erp, shop = (service_key(place, name, Role.DESK, acts_for=True) for name in ("erp", "shop"))
    renewed = service_key(place, "erp", Role.DESK, acts_for=True)
    callers = {
        "u.a": bearer(people["u.a"]),
        "u.a's second key": bearer(second),
        "u.b": bearer(people["u.b"]),
        "erp": bearer(erp, credence_on_behalf_of="u.a"),
        "erp's second key": bearer(renewed, credence_on_behalf_of="u.a"),
        "erp's second key for u.b": bearer(renewed, credence_on_behalf_of="u.b"),
        "erp for u.b": bearer(erp, credence_on_behalf_of="u.b"),
        "shop": bearer(shop, credence_on_behalf_of="u.a"),
    }
    with asking_for_keys(settings) as client:
        ids = {
            who: client.post(ORDER, json=BODY, headers={**headers, "Idempotency-Key": "same"}).json()["id"]
            for who, headers in callers.items()
        }
    assert ids.pop("u.a's second key") == ids["u.a"]
    assert ids.pop("erp's second key") == ids["erp"]
    assert ids.pop("erp's second key for u.b") == ids["erp for u.b"]
    assert len(set(ids.values())) == len(ids)


def test_a_key_that_was_revoked_gets_no_answer_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    people = people_with_keys(settings.journal, {"u.a": frozenset({Role.DESK}), "u.b": frozenset({Role.ADMIN})})
    asked = {**bearer(people["u.a"]), "Idempotency-Key": "same"}
    with asking_for_keys(settings) as client:
        assert client.post(ORDER, json=BODY, headers=asked).status_code == 201
        client.post("/v1/people/u.a/change", json={"roles": ["editor"]}, headers=bearer(people["u.b"]))
        assert client.post(ORDER, json=BODY, headers=asked).status_code == 403
        client.post("/v1/people/u.a/end", headers=bearer(people["u.b"]))
        assert client.post(ORDER, json=BODY, headers=asked).status_code == 401


def test_a_secret_and_a_key_are_in_no_file(client: httpx2.Client, service_settings: Settings) -> None:
    word = "canary-of-a-word"
    made = client.post("/v1/keys", json={"service": "s", "roles": ["booking"]}, headers={"Idempotency-Key": word})
    added = client.post("/v1/people", json={"login": "u.s", "name": "Canaria"}, headers={"Idempotency-Key": word * 2})
    assert (made.status_code, added.status_code) == (201, 201)
    kept = [path.read_bytes() for path in journal_file(service_settings).parent.iterdir()]
    assert not any(secret.encode() in content for content in kept for secret in (made.json()["key"], word))
    rows = from_journal(service_settings.journal, _opened_answers)
    assert rows
    assert not any(made.json()["key"].encode() in content for content in rows)


def _opened_answers(journal: Journal) -> list[bytes]:
    """All that is kept, as whoever has the journal's keys reads it."""
    from sqlalchemy import select

    from ledger.record.sealing import Sealed
    from ledger.store.key_database import OWN
    from ledger.store.tables import kept_answers

    rows = journal.read(select(kept_answers).where(kept_answers.c.sealed.is_not(None)))
    key = journal._key_to_read(OWN)
    return [key.open_as(row.name, Sealed(row.nonce, row.sealed)) for row in rows]


def test_a_request_that_was_answered_is_answered_when_it_could_not_be_decided_any_more(tmp_path: Path) -> None:
    """Here for want of a clock that says what day it is."""
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    clock = Clock(lambda: int(at.timestamp() * 1e9))
    body = {name: part for name, part in BODY.items() if name != "as_of"}
    with running(settings_in(tmp_path), clock) as client:
        first = client.post(ORDER, json=body, headers={"Idempotency-Key": "a"})
        at -= timedelta(hours=2)
        assert client.post(ORDER, json=body, headers={"Idempotency-Key": "b"}).status_code == 503
        again = client.post(ORDER, json=body, headers={"Idempotency-Key": "a"})
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)


def test_after_a_503_the_same_key_is_decided_once(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    key = {"Idempotency-Key": "held"}
    with running(settings) as client:
        with closing(sqlite3.connect(journal_file(settings), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert client.post(ORDER, json=BODY, headers=key).status_code == 503
        first, again = (client.post(ORDER, json=BODY, headers=key) for _ in range(2))
        assert (first.status_code, REPLAYED in first.headers, again.content) == (201, False, first.content)
    assert len(headers_in(settings.journal)) == 1


def test_what_is_being_answered_is_in_flight(tmp_path: Path) -> None:
    """The second of two at once is told to come back, or that the key is another request's."""

    async def go() -> None:
        journal = Journal(tmp_path / "credence.db")
        await journal.probe()
        retries, begun, may_end = Retries(journal, 1000), asyncio.Event(), asyncio.Event()
        sent: list[Message] = []

        async def app(_: Scope, __: Receive, send: Send) -> None:
            begun.set()
            await may_end.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

        def asked(body: bytes) -> Any:
            scope = {"type": "http", "method": "POST", "path": "/v1/people", "query_string": b"", "headers": []}
            note_admitted(scope, Admitted(LOCAL, frozenset({Right.FULL})))

            async def receive() -> Message:
                return {"type": "http.request", "body": body}

            async def send(message: Message) -> None:
                sent.append(message)

            return retries.answer(app, scope, receive, send, "key", is_decision=False)

        first = asyncio.create_task(asked(b"{}"))
        await begun.wait()
        with pytest.raises(RequestInFlight):
            await asyncio.wait_for(asked(b"{}"), PATIENCE)
        with pytest.raises(RequestKeyReused):
            await asyncio.wait_for(asked(b"[]"), PATIENCE)
        may_end.set()
        await first
        await asked(b"{}")
        assert [message.get("status") for message in sent] == [200, None, 200, None]
        await asyncio.to_thread(journal.close)

    asyncio.run(go())
