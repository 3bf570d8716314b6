"""Rows of facts that can be written in more than one way, and what each must come to, whichever way they come in.

Seeded. Persons in other cases, widths and blanks, and with letters of another script; amounts with zeros behind their
decimals; dates around the day of the decision. What must come out is known from how a row is made, not from the code.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.pipeline import Engine, load
from tests.support.policy_files import whole_set

DAY = date(2026, 7, 15)

FACTS = """currency: EUR
facts:
  account.cap: {type: money, title: {en: Cap, zh: 上限}}
  account.share: {type: rate, title: {en: Share, zh: 比例}}
  account.count: {type: integer, title: {en: Count, zh: 次数}}
  account.seen_on: {type: date, future: refused, title: {en: Seen on, zh: 发现日}}
  account.noted_on: {type: date, future: unknown, title: {en: Noted on, zh: 记录日}}
  account.keeper: {type: person, title: {en: Keeper, zh: 保管人}}
  account.checker: {type: person, title: {en: Checker, zh: 复核人}}
"""

NAMES = ("cap", "share", "count", "seen_on", "noted_on", "keeper", "checker")

POLICY = """policy: p
title: {en: P, zh: 策略}
decides: account
parameters:
  chief: {type: person, value: " U.Chief"}
values:
  same: {type: yes/no, formula: account.keeper = account.checker}
  others: {type: yes/no, formula: account.keeper != account.checker}
  is_chief: {type: yes/no, formula: account.keeper = chief}
  listed: {type: yes/no, formula: 'account.keeper in ["U.CHIEF", "ann  o\\u2019neil"]'}
  who: {type: person, formula: account.keeper}
  cap_seen: {formula: account.cap}
  share_seen: {formula: account.share}
  count_seen: {formula: account.count}
  seen: {formula: account.seen_on}
  noted: {formula: account.noted_on}
"""

RULES = {"p": POLICY}

_LOGINS = ("u.becker", "u.chief", "ann o'neil", "müller", "straße", "李雷", "иванов")
_ODD = ("u.bеcker", "ивaнов", "u\u034fb", "u.\u202ebecker", "\u3164", "x\ue000", "a١")
"""Letters of two scripts, characters that nobody sees, private ones."""


@dataclass(frozen=True, slots=True)
class Row:
    """The facts as they are sent, all but counts as text; the facts that must be refused; else what the policy sees."""

    sent: dict[str, Any]
    refused: frozenset[str]
    seen: dict[str, Any]


def engine() -> Engine:
    loaded = load(rules_files())
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def rules_files() -> dict[str, bytes]:
    return whole_set(RULES, FACTS)


def written(chance: random.Random, login: str) -> str:
    """The login in another case, width, with other blanks, hyphens and apostrophes."""
    text = "".join(chance.choice((each, each.upper(), each.title())) for each in login)
    if chance.random() < 0.3:
        text = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)
    if chance.random() < 0.3:
        text = text.replace("'", chance.choice("’ʼ＇"))
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(("", " ", "  ", "\u3000", "\u00a0")) + text[at:] + chance.choice(("", " "))


def rows(count: int, seed: int) -> Iterator[Row]:
    chance = random.Random(seed)
    for _ in range(count):
        yield _row(chance)


def _row(chance: random.Random) -> Row:
    keeper, checker = chance.choice(_LOGINS), chance.choice(_LOGINS)
    if chance.random() < 0.4:
        checker = keeper
    sent: dict[str, Any] = {"keeper": written(chance, keeper), "checker": written(chance, checker)}
    refused: set[str] = set()
    if chance.random() < 0.1:
        sent["checker"] = chance.choice(_ODD)
        refused.add("account.checker")
    cents, zeros = chance.randrange(-10_000_00, 10_000_00), "0" * chance.choice((0, 0, 1, 2, 7, 36))
    sign, whole = ("-" if cents < 0 else ""), f"{abs(cents) // 100}.{abs(cents) % 100:02}"
    sent["cap"], sent["share"] = f"{sign}{whole}{zeros}", chance.choice(("0.05", "0.050000000", "1.000000000000", "1"))
    if chance.random() < 0.1:
        sent["cap"] += "0" * chance.choice((0, 1)) + "1" if len(zeros) < 30 else "x"
        refused.add("account.cap")
    seen_on, noted_on = (DAY + timedelta(days=chance.choice((-400, -1, 0, 0, 1, 30))) for _ in range(2))
    if seen_on > DAY:
        refused.add("account.seen_on")
    sent |= {"seen_on": str(seen_on), "noted_on": str(noted_on), "count": chance.randrange(9)}
    return Row(sent, frozenset(refused), _seen(sent, keeper, checker, cents, noted_on))


def _seen(sent: dict[str, Any], keeper: str, checker: str, cents: int, noted_on: date) -> dict[str, Any]:
    folded = {"straße": "strasse", "ann o'neil": "anno'neil"}.get(keeper, keeper)
    return {
        "same": keeper == checker,
        "others": keeper != checker,
        "is_chief": keeper == "u.chief",
        "listed": keeper in ("u.chief", "ann o'neil"),
        "who": folded,
        "cap_seen": f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}",
        "share_seen": "0.05" if sent["share"].startswith("0") else "1",
        "count_seen": sent["count"],
        "seen": sent["seen_on"],
        "noted": sent["noted_on"] if noted_on <= DAY else None,
    }
