"""Writes docs/facts.md from the vocabulary: `python scripts/facts_reference.py`. A test holds the two together."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from engine.pipeline import load
from engine.vocabulary.binding import json_value
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Fact, Kind, Vocabulary, money_max

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "facts.md"

_HEAD = """# Facts

What a request may carry, and policies may read: the standard facts of credence. A site adds its own in
`rules/facts.yaml` ([policy language](policy-language.md)); `GET /v1/facts` answers both. This page is made from the
vocabulary by `scripts/facts_reference.py`.

Money, rates and numbers are sent as decimal text (`"12500.00"`), dates as `"2026-07-01"`, counts and days as whole
numbers, yes/no as `true` and `false`. What is not known is left out; only **bold** facts must be sent. *Confidential*
ones say of a customer what not everybody who enters orders may see, *personal* ones name somebody: the journal keeps
each of them as a part of its own.
"""


def page(vocabulary: Vocabulary) -> str:
    """The whole of docs/facts.md, for a vocabulary of standard facts."""
    return _HEAD + "".join(_groups(vocabulary))


def _groups(vocabulary: Vocabulary) -> Iterator[str]:
    for kind in CASE_KINDS.values():
        facts = [fact for fact in vocabulary.facts.values() if fact.group == kind.name]
        carried = [f"`{other.name}`" for other in CASE_KINDS.values() if kind.name in other.groups]
        yield f"\n## {kind.title.en.capitalize()} · {kind.title.zh}\n\nIn requests about: {', '.join(carried)}.\n\n"
        yield "| fact | | | type | note |\n|---|---|---|---|---|\n"
        for fact in facts:
            yield _row(fact)


def _row(fact: Fact) -> str:
    name = f"**`{fact.name}`**" if fact.required else f"`{fact.name}`"
    note = f"{fact.note.en} {fact.note.zh}" if fact.note else ""
    flags = ", confidential" * fact.confidential + ", personal" * fact.personal
    return f"| {name} | {fact.title.en} | {fact.title.zh} | {_type(fact)}{flags} | {note} |\n"


def _type(fact: Fact) -> str:
    type_ = fact.type
    match type_.kind:
        case Kind.ENUM:
            more = "; a site may add more" if fact.extensible else ""
            return "one of " + ", ".join(f"`{word}`" for word in type_.members) + more
        case Kind.MONEY:
            total = "" if max(-type_.low, type_.high) <= money_max(type_.scale) else ", a total"
            return "money" + total + ("" if type_.low < 0 else ", not negative")
        case Kind.RATE | Kind.NUMBER | Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
            return f"{type_.kind}, {json_value(type_.low, type_)} to {json_value(type_.high, type_)}"
        case Kind.DATE if type_.future:
            return f"date, after the day of the decision {type_.future}"
        case Kind.LIST:
            fields = ", ".join(f"`{field.name}`{' (must be sent)' * field.required}" for field in type_.fields)
            return f"list of at most {type_.high:,} records of {fields}"
        case _:
            return str(type_.kind)


def standard_vocabulary() -> Vocabulary:
    """Of a site without facts of its own."""
    rule = (
        b"policy: p\ntitle: {en: P, zh: P}\ndecides: order\nrules:\n  r:\n    when: order.amount > 0\n    then: hold\n"
    )
    reason = b"    reason: {en: a, zh: a}\n...\n"
    loaded = load({"p.yaml": rule + reason, "facts.yaml": b"currency: EUR\npolicies: [p]\n...\n"})
    if loaded.engine is None:
        raise SystemExit("\n".join(map(str, loaded.diagnostics)))
    return loaded.engine.vocabulary


if __name__ == "__main__":
    PAGE.write_text(page(standard_vocabulary()), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)} written\n")
