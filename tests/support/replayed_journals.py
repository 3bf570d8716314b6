"""A journal of decisions of every kind, made by a running service: for callers of their own, for people whom a program
acts for, with reasons that wait for facts together and with waived ones, in other currencies, with and without `as_of`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from api.settings import Settings
from ledger.access.roles import Role
from tests.support.command_line import DUNNING
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, service_key
from tests.support.policy_files import ended, whole_set

ORDERS = """\
policy: orders
title: {en: Order release, zh: 订单放行}
decides: order
parameters:
  limit: {values: {2020-01-01: 10000, 2026-07-01: 20000}, type: money}
values:
  headroom: {formula: limit - order.amount, type: money, title: {en: Headroom, zh: 余额}, show: true}
rules:
  over-limit:
    when: order.amount > limit
    then: hold
    reason: {en: "{order.amount} is above {limit}.", zh: "{order.amount} 超过 {limit}。"}
    remedy: {en: "Ask for at most {limit}.", zh: "请勿超过 {limit}。"}
    conditions: {deposit: order.amount - limit}
    action: {do: file_claim, amount: order.amount - limit}
  long-terms:
    when: order.payment_days > 30
    then: hold
    reason: {en: "Terms of {order.payment_days}.", zh: "账期 {order.payment_days}。"}
  old-debts:
    when: account.days_overdue_max > 30
    then: hold
    reason: {en: Old debts., zh: 旧欠款。}
  many-debts:
    when: account.overdue_amount > 1000
    then: hold
    reason: {en: Many debts., zh: 欠款多。}
...
"""
OTHERS = """\
policy: {case}s
title: {{en: Of a {case}, zh: 案件}}
decides: {case}
rules:
  noticed:
    when: {when}
    then: {then}
    reason: {{en: "Of {{{fact}}}.", zh: "{{{fact}}}。"}}
"""
EXCEPTIONS = (
    "long-terms-c-1: {waives: [orders.long-terms], when: 'account.id = \"C-1\"', from: 2026-01-01, until: 2026-12-31, "
    "by: u.hoffmann, approved_by: m.lehmann, reason: {en: Agreed, zh: 已约定}}\n"
)
DEBTS = {"days_overdue_max": 3, "overdue_amount": "12.00"}


@dataclass(frozen=True, slots=True)
class ReplayedJournal:
    """What a service wrote, and what its callers have."""

    settings: Settings
    answers: dict[int, str]
    """By the record's number."""

    keys: dict[str, str]

    @property
    def file(self) -> Path:
        assert isinstance(self.settings.journal, Path)
        return self.settings.journal

    def ids(self, outcome: str | None = None) -> list[int]:
        """Numbers of the decisions with this outcome, rising."""
        return [seq for seq, text in self.answers.items() if outcome in (None, json.loads(text)["outcome"])]


def write_policies(folder: Path) -> Path:
    others = {
        "accounts": OTHERS.format(case="account", when="account.overdue_amount > 10", then="watch", fact="account.id"),
        "portfolios": OTHERS.format(
            case="portfolio", when="portfolio.receivables > 10", then="watch", fact="portfolio.receivables"
        ),
        "limits": OTHERS.format(case="limit", when="limit.amount > 10", then="refer", fact="limit.amount"),
    }
    policies = {"orders": ORDERS.removesuffix("...\n"), "dunning": DUNNING.removesuffix("...\n"), **others}
    files = whole_set(policies) | {"exceptions.yaml": ended(EXCEPTIONS).encode()}
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def requests(count: int) -> list[tuple[str, dict[str, Any]]]:
    """Case kind and body of each; amounts of orders lie around the limit, many of them on it."""
    made: list[tuple[str, dict[str, Any]]] = []
    for number in range(count):
        amount = f"{(10_000, 10_000, 20_000, 9_999, 25_000)[number % 5]}.00"
        order: dict[str, Any] = {"id": f"SO-{number}", "amount": amount}
        account: dict[str, Any] = {"id": f"C-{number % 4}"}
        if number % 3:
            account |= DEBTS
            order["payment_days"] = (30, 60)[number % 2]
        body: dict[str, Any] = {"as_of": ("2026-06-30", "2026-07-01")[number % 2], "order": order, "account": account}
        if number % 7 == 0:
            del body["as_of"]
        if number % 11 == 0:
            body |= {"currency": "USD", "as_of": "2026-07-01"}
            body["rates"] = [{"currency": "USD", "date": "2026-07-01", "rate": "0.85"}]
        made.append(("order", body))
    return made + [
        (
            "invoice",
            {"invoice": {"id": "I-1", "open_amount": "9.00", "due_date": "2026-01-01"}, "account": {"id": "C"}},
        ),
        ("account", {"account": {"id": "C-1", "overdue_amount": "11.00"}}),
        ("account", {"account": {"id": "C-1"}}),
        ("portfolio", {"portfolio": {"id": "P-1", "receivables": "100.00"}}),
        ("limit", {"limit": {"id": "L-1", "kind": "limit", "amount": "100.00"}, "account": {"id": "C-1"}}),
    ]


def write_replayed_journal(home: Path, count: int) -> ReplayedJournal:
    """`count` orders and one or two of every other kind."""
    settings = Settings(rules=write_policies(home / "rules"), journal=home / "var" / "credence.db")
    keys = people_with_keys(settings.journal, EVERY_ROLE)
    acting = service_key(settings.journal, "portal", Role.DESK, acts_for=True)
    answers = {}
    with asking_for_keys(settings) as client:
        _activate(client, keys["approver"])
        for number, (case, body) in enumerate(requests(count)):
            headers = bearer(keys["desk"])
            if number % 4 == 1:
                headers = bearer(acting, credence_on_behalf_of="desk")
            answer = client.post(f"/v1/decisions/{case}", json=body, headers=headers)
            assert answer.status_code == 201, answer.text
            answers[int(answer.headers["journal-entry"])] = answer.text
    return ReplayedJournal(settings, answers, keys)


def _activate(client: httpx2.Client, key: str) -> None:
    """A new exception takes rules away, so that an approver puts the set into force."""
    pending = client.get("/readyz", headers=bearer(key)).json()["pending"]["version"]
    answer = client.post("/v1/policies/activate", json={"version": pending}, headers=bearer(key))
    assert answer.status_code == 200, answer.text
