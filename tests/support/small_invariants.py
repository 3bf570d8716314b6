"""A small policy set with invariants, which proofs settle in an instant."""

from __future__ import annotations

FACTS = """\
currency: EUR
policies: [desk]
...
"""

POLICY = """\
policy: desk
title: {en: Desk, zh: 审核}
decides: order
parameters:
  most: {type: money, title: {en: Most, zh: 上限}, value: 1000}
values:
  deposit:
    type: money
    title: {en: Deposit, zh: 预付款}
    formula: if order.deposit_paid = null then 0 else order.deposit_paid
  covered:
    type: money
    title: {en: Covered, zh: 已覆盖}
    formula: if account.guarantee_amount = null then 0 else account.guarantee_amount * account.guarantee_cover
  open: {type: money, title: {en: Open, zh: 未付}, formula: order.amount - deposit - covered}
rules:
  too-much:
    when: open > most
    then: hold
    reason: {en: Too much., zh: 过多。}
  insolvent:
    when: account.insolvent
    then: reject
    reason: {en: Insolvent., zh: 破产。}
  dead:
    when: [open > most, order.amount - deposit - covered <= 0]
    then: reject
    reason: {en: Never., zh: 永不。}
  small:
    when: open > 2 * most
    then: hold
    reason: {en: Far too much., zh: 太多。}
...
"""

INVARIANTS = """\
smaller-never-worse:
  title: {en: Smaller is never worse, zh: 减少不变差}
  level: must
  case: order
  change: {order.amount: less}
  then: not worse
more-guarantee-never-worse:
  title: {en: More guarantee is never worse, zh: 担保增加不变差}
  level: must
  case: order
  change: {account.guarantee_amount: more}
  then: not worse
larger-never-worse:
  title: {en: Larger is never worse, zh: 增加不变差}
  level: goal
  case: order
  change: {order.amount: more}
  then: not worse
insolvent-rejected:
  title: {en: Insolvent is rejected, zh: 破产即拒绝}
  level: must
  case: order
  given: account.insolvent
  then: {outcome: reject}
speaks-of-nobody:
  title: {en: Of nobody, zh: 无人}
  level: goal
  case: order
  given: account.insolvent and not(account.insolvent)
  then: {outcome: reject}
halves-never-both-pass:
  title: {en: Halves, zh: 拆单}
  level: goal
  case: order
  split: {amount: order.amount}
  then: not both pass
...
"""


def files(**changed: str) -> dict[str, bytes]:
    """The set's files; `changed` takes the place of `facts`, `desk` or `invariants`."""
    texts = {"facts": FACTS, "desk": POLICY, "invariants": INVARIANTS} | changed
    return {f"rules/{name}.yaml": text.encode() for name, text in texts.items()}
