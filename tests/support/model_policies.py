"""Policies of orders that are small enough to be written down a second time, in plain Python (`ledger_model`): a
limit, a temporary one, a guarantee, a group's limit, a largest order with its sisters, releases, and approvals that
last.
"""

from __future__ import annotations

from functools import cache

from engine.pipeline import Engine, load

LARGEST_ORDER = 8_000_00
"""In cents, with its sisters."""

CREDIT_MANAGER_MAX = 6_000_00
TWO_PEOPLE_ABOVE = 10_000_00
GROWTH = 5
"""Percent by which an order may grow under its release."""

COUNTS_DAYS = 3
"""For so many days a release counts, and an approval at delivery."""

AUTOMATIC_MAX = 2_500_00
"""The largest order that goes by itself once nothing holds it."""

_ORDERS = """\
policy: orders
title: {en: Order release, zh: 订单放行}
decides: order
values:
  own:
    type: money
    title: {en: Own, zh: 本单}
    formula: order.amount - (if order.deposit_paid = null then 0 else order.deposit_paid)
  sisters:
    type: money
    title: {en: Sisters, zh: 关联}
    formula: if order.related_amount = null then 0 else order.related_amount
  owed:
    type: money
    title: {en: Owed, zh: 敞口}
    formula: account.open_invoices + account.delivered_not_invoiced + account.open_orders - account.deposits_held
  guarantee:
    type: money
    title: {en: Guarantee, zh: 担保}
    formula: >-
      if account.guarantee_amount = null then 0
      else if as_of <= account.guarantee_until then account.guarantee_amount else 0
  granted:
    type: money
    title: {en: Limit, zh: 额度}
    formula: >-
      if account.temporary_limit != null and as_of >= account.temporary_from and as_of <= account.temporary_until
      then account.temporary_limit else if account.limit_status = "none" then 0 else account.credit_limit
  stands:
    type: yes/no
    title: {en: Approval stands, zh: 放行有效}
    formula: >-
      order.checkpoint = "delivery" and order.approved_on != null and as_of - order.approved_on <= 3
      and order.amount <= order.approved_amount
rules:
  over-limit:
    when: [not(release.in_force), not(stands), owed + own - guarantee > granted]
    then: hold
    reason: {en: Over the limit., zh: 超额度。}
  over-group:
    when:
      - not(release.in_force)
      - not(stands)
      - account.group_limit != null
      - account.group_exposure + own > account.group_limit
    then: hold
    reason: {en: Over the group's limit., zh: 超集团额度。}
  too-large:
    when: [not(release.in_force), not(stands), order.amount + sisters > 8000]
    then: hold
    reason: {en: Too large., zh: 过大。}
  blocked:
    when: account.status = "blocked"
    then: hold
    reason: {en: Blocked., zh: 已冻结。}
...
"""

_RELEASE = """\
policy: release
title: {en: Release, zh: 特批放行}
decides: order
values:
  at_stake: {type: money, title: {en: At stake, zh: 涉及}, formula: order.amount + orders.sisters}
  authority:
    type: enum
    members: {credit_manager: {en: credit manager, zh: 信用经理}, cfo: {en: CFO, zh: 财务总监}}
    title: {en: Who, zh: 谁}
    formula: if at_stake <= 6000 then "credit_manager" else "cfo"
  two_people: {type: yes/no, title: {en: Two, zh: 双人}, formula: at_stake > 10000}
  lift:
    type: enum
    members: {automatic: {en: by itself, zh: 自动}, offer: {en: offered, zh: 提交}}
    title: {en: Lift, zh: 解除}
    formula: if order.amount <= 2500 then "automatic" else "offer"
  second:
    type: yes/no
    title: {en: Second, zh: 第二人}
    formula: >-
      order.second_released_by != null and order.second_released_by != order.released_by
      and order.second_released_by != order.entered_by and order.second_released_by_role != "assistant"
  in_force:
    type: yes/no
    title: {en: In force, zh: 有效}
    formula: >-
      order.released_on != null and as_of - order.released_on <= 3
      and order.amount <= order.released_amount * 1.05 and order.released_by != order.entered_by
      and (order.released_by_role = "cfo" or (order.released_by_role = "credit_manager" and at_stake <= 6000))
      and (not(two_people) or second)
...
"""

_GRANTING = """\
policy: granting
title: {en: Limits, zh: 额度}
decides: limit
rules:
  referred:
    when: [limit.granted_on = null]
    then: refer
    reason: {en: Somebody grants it., zh: 须审批。}
...
"""


@cache
def model_engine() -> Engine:
    """Compiled once."""
    facts = "currency: EUR\npolicies: [orders, release, granting]\nfacts: {}\n...\n"
    texts = {"facts.yaml": facts, "orders.yaml": _ORDERS, "release.yaml": _RELEASE, "granting.yaml": _GRANTING}
    loaded = load({f"rules/{name}": text.encode() for name, text in texts.items()})
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine
