"""A service that keeps orders, by a policy set small enough to see through, with people and rows made before it starts.

An order is held while the account's open orders and this one exceed 10,000.00, or the customer's current ratio is below
one. Up to 20,000.00 a credit manager releases it, above that a second person too. Orders of up to 2,000.00 go by
themselves once nothing holds them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx2

from api.settings import Settings
from ledger.access.changes import KeyWords, PersonWords, add_person, create_key
from ledger.access.roles import Authority, Role
from ledger.books.writing import _put
from ledger.credit.account import Account
from ledger.credit.snapshot import LedgerRow
from ledger.journal.journal import Journal
from ledger.store.place import JournalPlace
from tests.support.keyed_services import changed
from tests.support.running_service import write_rules

ORDERS = """\
policy: orders
title: {en: Order release, zh: 订单放行}
decides: order
values:
  after: {type: money, formula: account.open_orders + order.amount, title: {en: After, zh: 本单后}}
  headroom: {type: money, show: true, formula: 10000 - after, title: {en: Headroom, zh: 余量}}
rules:
  over-limit:
    when: [not(release.in_force), after > 10000]
    then: hold
    reason: {en: "{after} is more than 10,000.00.", zh: "{after} 超过上限。"}
    remedy: {en: "Payment of {after - 10000}.", zh: "回款 {after - 10000}。"}
  weak:
    when: [not(release.in_force), account.current_ratio != null, account.current_ratio < 1]
    then: hold
    reason: {en: "The current ratio is {account.current_ratio}.", zh: "流动比率为 {account.current_ratio}。"}
  blocked:
    when: account.status = "blocked"
    then: hold
    reason: {en: "Blocked.", zh: "已冻结。"}
...
"""
RELEASE = """\
policy: release
title: {en: Release, zh: 特批放行}
decides: order
values:
  authority:
    type: enum
    members: {credit_manager: {en: credit manager, zh: 信用经理}, cfo: {en: CFO, zh: 财务总监}}
    title: {en: Who, zh: 谁}
    formula: if order.amount <= 50000 then "credit_manager" else "cfo"
  two_people: {type: yes/no, formula: order.amount > 20000, title: {en: Two, zh: 双人}}
  lift:
    type: enum
    members: {automatic: {en: by itself, zh: 自动}, offer: {en: offered, zh: 提交}}
    title: {en: Lift, zh: 解除}
    formula: if order.amount <= 2000 then "automatic" else "offer"
  is_second:
    type: yes/no
    title: {en: Second, zh: 第二人}
    formula: >-
      order.second_released_by != null and order.second_released_by != order.released_by
      and order.second_released_by != order.entered_by
  in_force:
    type: yes/no
    title: {en: In force, zh: 有效}
    formula: >-
      order.released_on != null and order.released_by_role != "assistant" and order.released_by != order.entered_by
      and order.amount <= order.released_amount and (not(two_people) or is_second)
rules:
  own-order:
    when: [order.released_on != null, order.released_by = order.entered_by]
    then: approve
    reason: {en: Own order., zh: 本人录单。}
  second-person-missing:
    when: [order.released_on != null, two_people, not(is_second)]
    then: approve
    reason: {en: A second person is missing., zh: 缺第二人。}
...
"""

PROVISIONS = """\
policy: provisions
title: {en: Write-off, zh: 核销}
decides: invoice
values:
  write_off_authority:
    type: text
    title: {en: Agreed by, zh: 审批人}
    formula: if invoice.open_amount > 1000 then "cfo" else "credit_manager"
rules:
  write-off:
    when: [invoice.recovery_exhausted != null, invoice.recovery_exhausted]
    then: write_off
    reason: {en: "It is given up.", zh: "予以核销。"}
  open:
    when: [invoice.recovery_exhausted = null]
    then: review
    reason: {en: "It is open.", zh: "未清。"}
...
"""
FACTS = "currency: EUR\npolicies: [orders, release]\nfacts: {}\n...\n"

PEOPLE = {
    "u.becker": (Role.ORDER_ENTRY, Authority.NONE),
    "u.klein": (Role.ORDER_ENTRY, Authority.NONE),
    "u.erp": (Role.BOOKING, Authority.NONE),
    "u.hoffmann": (Role.DESK, Authority.CREDIT_MANAGER),
    "u.keller": (Role.DESK, Authority.CFO),
    "u.weber": (Role.DESK, Authority.ASSISTANT),
    "u.trainee": (Role.DESK, Authority.NONE),
    "u.auditor": (Role.AUDITOR, Authority.NONE),
    "u.editor": (Role.EDITOR, Authority.NONE),
    "u.collector": (Role.COLLECTOR, Authority.NONE),
}
"""Login → role and authority."""


def settings_of_desk(home: Path, **more: Any) -> Settings:
    """The policies are on disk."""
    rules = write_rules(home / "rules", ORDERS)
    (rules / "release.yaml").write_text(RELEASE, encoding="utf-8")
    (rules / "facts.yaml").write_text(FACTS, encoding="utf-8")
    return Settings(rules=rules, journal=home / "var" / "credence.db", **more)


def write_provisions(settings: Settings) -> None:
    """A policy of invoices beside those of orders: who may write off how much."""
    (settings.rules / "provisions.yaml").write_text(PROVISIONS, encoding="utf-8")
    facts = settings.rules / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("release", "release, provisions", 1), "utf-8")


def keys_of_people(settings: Settings) -> dict[str, str]:
    """All of `PEOPLE` with a key each, and one of the program `shop` that acts for them."""
    added = [
        add_person(login, PersonWords(roles=frozenset({role}), authority=authority))
        for login, (role, authority) in PEOPLE.items()
    ]
    shop = KeyWords(service="shop", roles=frozenset({Role.ORDER_ENTRY, Role.DESK}), acts_for=True)
    keys = changed(settings.journal, *added, *(create_key(KeyWords(login=login)) for login in PEOPLE), create_key(shop))
    return dict(zip((*PEOPLE, "shop"), keys, strict=True))


def put_rows(settings: Settings, rows: Iterable[LedgerRow]) -> None:
    """Into a journal that no service has open, past every command."""
    put_rows_at(settings.journal, rows)


def put_rows_at(place: JournalPlace, rows: Iterable[LedgerRow]) -> None:
    """The same by the journal's place."""

    async def put() -> None:
        journal = Journal(place)

        def work(transaction: Any) -> None:
            for row in rows:
                _put(transaction.connection, type(row), [row])

        try:
            await journal.write(work)
        finally:
            await asyncio.to_thread(journal.close)

    asyncio.run(put())


def accounts(*ids: str, **more: Any) -> list[Account]:
    return [Account(id=each, currency="EUR", **{"profile": {}, **more}) for each in ids]


def enter(client: httpx2.Client, number: str, amount: str, account: str = "C-1", **headers: Any) -> httpx2.Response:
    body = {"account": account, "order": {"id": number, "amount": amount, "payment_days": 30}}
    return client.post("/v1/orders", json=body, headers=headers)
