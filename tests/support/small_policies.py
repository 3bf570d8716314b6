"""Small policy sets for the tests of compiling, checking and deciding."""

from __future__ import annotations

from datetime import date

from engine.deciding.decision import Decision
from engine.pipeline import Engine, load
from tests.support.policy_files import whole_set

AS_OF = date(2026, 7, 15)

FACTS = """currency: {currency}
facts:
  account.region: {{type: enum, members: [north, south, east], title: {{en: Sales region, zh: 大区}}}}
  account.color: {{type: enum, members: [red, blue], title: {{en: Colour, zh: 颜色}}}}
  account.points: {{type: integer, minimum: 0, maximum: 9, title: {{en: Points, zh: 积分}}}}
  account.level: {{type: integer, minimum: 0, maximum: 9, title: {{en: Level, zh: 级别}}, required: true}}
  account.wait: {{type: days, minimum: 0, maximum: 99, title: {{en: Wait, zh: 等待天数}}}}
  account.cap: {{type: money, minimum: -1000, maximum: 1000, title: {{en: Cap, zh: 上限}}}}
  account.share: {{type: rate, minimum: -1, maximum: 1, title: {{en: Share, zh: 比例}}}}
  account.ratio: {{type: number, minimum: 0, maximum: 10, title: {{en: Ratio, zh: 比值}}}}
  account.day: {{type: date, title: {{en: Day, zh: 日期}}}}
  account.flag: {{type: yes/no, title: {{en: Flag, zh: 标志}}}}
  account.word: {{type: text, title: {{en: Word, zh: 文字}}}}
  account.term: {{type: months, minimum: 0, maximum: 24, title: {{en: Term, zh: 期限}}}}
  account.items:
    type: list
    of:
      amount: {{type: money, required: true}}
      due: date
      kind: {{type: enum, members: [invoice, credit]}}
      paid: yes/no
    title: {{en: Items, zh: 项目}}
"""

HEAD = "policy: p\ntitle: {en: P, zh: 策略}\ndecides: account\n"
"""Three lines: what follows begins at line 4."""

REASON = "{en: a, zh: 甲}"


def check(text: str, *, head: str = HEAD, currency: str = "EUR", **more: str) -> list[str]:
    """Every diagnostic of the policy `head + text`, without its file's name; `more` are further files by name."""
    found = load(whole_set({"p": head + text, **more}, FACTS.format(currency=currency))).diagnostics
    return [str(diagnostic).removeprefix("p.yaml:") for diagnostic in found]


def engine_of(text: str, *, head: str = HEAD, currency: str = "EUR", **more: str) -> Engine:
    loaded = load(whole_set({"p": head + text, **more}, FACTS.format(currency=currency)))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def decide(engine: Engine, as_of: date = AS_OF, **account: object) -> Decision:
    """An account's decision; its facts by name without the group."""
    facts = {"account": {"id": "C-1", "level": 0, **account}}
    decision = engine.decide("account", facts, as_of, "test")
    assert all(reason.rule != "engine-disagreement" for reason in decision.reasons)
    return decision
