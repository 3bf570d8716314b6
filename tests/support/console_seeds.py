"""A small ledger under the policies that ship, for tests that look at pages: one customer at its limit with an order of
EUR 18,500.00 that waits, one with a Chinese name, one whose name is a script, one without a grade."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import httpx2

from tests.support.running_service import eventually

DESK = {"Credence-On-Behalf-Of": "u.hoffmann; roles=desk; authority=credit_manager"}
ENTRY = {"Credence-On-Behalf-Of": "u.becker; roles=order-entry"}
SCRIPT_NAME = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'

_KNOWN = ("2020-01-01", "standard", "u.lindner", "false", "false", "false", "0", "20000.00")
_PROFILE = (
    "account", "name", "customer_since", "customer_class", "sales_person", "insolvent", "litigation",
    "abnormal_operation", "broken_promises", "expected_monthly_sales",
)  # fmt: skip
NAMES = {"C-17": "Nordwind Handels GmbH", "C-2": "华东机电有限公司", "C-66": SCRIPT_NAME, "C-77": "شركة النور للتجارة"}
ORDERS = (("SO-1001", "C-17", "18500.00"), ("SO-1002", "C-2", "7900.00"), ("SO-1003", "C-66", "40000.00"))


def seed_ledger(client: httpx2.Client) -> None:
    """Into the empty ledger of a service that asks nobody for a key."""
    today = datetime.now(UTC).date()

    def day(days: int) -> str:
        return (today + timedelta(days=days)).isoformat()

    _import(client, "accounts", [_PROFILE, *((number, name, *_KNOWN) for number, name in NAMES.items())])
    paid = [
        (f"H-{account}-{n}", account, "5000.00", day(-45 - 30 * n), day(-15 - 30 * n), day(-15 - 30 * n))
        for account in ("C-17", "C-2")
        for n in range(11)
    ]
    _import(client, "invoices", [("invoice", "account", "amount", "issued_on", "due_on", "settled_on"), *paid])
    unpaid = [
        ("I-1", "C-17", "30000.00", day(-11), day(19)),
        ("I-2", "C-17", "15000.00", day(-6), day(24)),
        ("I-3", "C-2", "3000.00", day(-2), day(28)),
    ]
    columns = ("invoice", "account", "open_amount", "issued_on", "due_on")
    _import(client, "open-items", [columns, *unpaid], complete="true")
    limits = [("C-17", "60000.00", "u.hoffmann"), ("C-2", "20000.00", "u.hoffmann")]
    _import(client, "limits", [("account", "amount", "granted_by"), *limits])
    for account in ("C-17", "C-2"):
        assert client.post(f"/v1/accounts/{account}/assess", json={}, headers=DESK).status_code == 201
    for number, account, amount in ORDERS:
        body = {"account": account, "order": {"id": number, "amount": amount, "payment_days": 30}}
        assert client.post("/v1/orders", json=body, headers=ENTRY).status_code == 201


def _import(client: httpx2.Client, kind: str, rows: list[tuple[str, ...]], **query: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    content = file.getvalue().encode()
    begun = client.post(f"/v1/import/{kind}", params=query, content=content, headers={"Content-Type": "text/csv"})
    assert begun.status_code == 202, begun.text
    path = f"/v1/imports/{begun.json()['id']}"
    eventually(lambda: client.get(path).json()["state"] != "running")
    run = client.get(path).json()
    assert (run["state"], run["rejected"]) == ("done", 0), run
