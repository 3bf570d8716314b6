"""What the makers of oversized policy sets share: pieces of policies, and the list of all kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

FACTS = """currency: EUR
policies: [p]
facts:
  account.points: {type: integer, minimum: 0, maximum: 1000000, title: {en: Points, zh: 积分}}
  account.word: {type: text, title: {en: Word, zh: 文字}}
  account.flag: {type: yes/no, title: {en: Flag, zh: 标志}}
  account.day: {type: date, title: {en: Day, zh: 日期}}
  account.rating: {type: enum, members: [a1, a2, a3, a4], title: {en: Rating, zh: 评级}}
"""
HEAD = "policy: p\ntitle: {en: P, zh: 策略}\ndecides: order\n"
TEXT = "{en: x, zh: 甲}"
RULE = "rules:\n  r: {when: account.points > 1, then: hold, reason: {en: x, zh: 甲}}\n"

Files = dict[str, str]
Maker = Callable[[int], Files]

KINDS: dict[str, Maker] = {}


def kind(maker: Maker) -> Maker:
    KINDS[maker.__name__] = maker
    return maker


def of_size(name: str, size: int) -> dict[str, bytes]:
    """The most repetitions of a kind of at most `size` bytes."""
    low, high = 1, 2
    while _size(name, high) <= size and high < 10**7:
        low, high = high, high * 2
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if _size(name, middle) <= size else (low, middle)
    return {file: text.encode() for file, text in KINDS[name](low).items()}


def _size(name: str, times: int) -> int:
    return sum(len(text.encode()) for text in KINDS[name](times).values())


def whole(policy: str, facts: str = FACTS, head: str = HEAD) -> Files:
    return {"facts.yaml": facts + "...\n", "p.yaml": head + policy + "...\n"}


def rules_text(texts: Iterable[str]) -> str:
    rules = (f"  r{n}: {{when: {text!s}, then: hold, reason: {TEXT}}}\n" for n, text in enumerate(texts))
    return "rules:\n" + "".join(rules)


def table_text(rows: Iterable[str], hit: str = "unique") -> str:
    """Under `first` with a last row for all that is left."""
    if hit == "first":
        *rows, last = rows
        rows = [*rows, last, "{when: {}, then: {" + last.rpartition("then: {")[2]]
    return f"tables:\n  t:\n    hit: {hit}\n    rows:\n" + "".join(f"      - {row}\n" for row in rows) + RULE


def days(count: int) -> Iterator[str]:
    start = date(1950, 1, 1)
    return ((start + timedelta(days=n)).isoformat() for n in range(count))


def dated(count: int) -> str:
    return "{" + ", ".join(f"{day}: {n % 97}" for n, day in enumerate(days(min(count, 70_000)))) + "}"
