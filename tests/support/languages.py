"""A set of policies with every kind of text, in any languages, each text saying what it is and in which language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

NAMES = {"en": "English", "zh": "Chinese", "de": "German", "fr": "French", "pl": "Polish"}

_MARK = re.compile(r"TEXT\((?P<what>[^)]*)\)")

FACTS = """\
currency: EUR
languages: [LISTED]
policies: [orders, standing]
facts:
  account.region:
    type: enum
    members: {north: TEXT(member of a fact), south: }
    title: TEXT(title of a fact)
    note: TEXT(note of a fact)
  account.items: {type: list, of: {amount: money}, title: TEXT(title of a list), note: TEXT(note of a list)}
...
"""

ORDERS = """\
policy: orders
title: TEXT(title of a policy)
decides: order
parameters:
  limit: {type: money, value: 1000, title: TEXT(title of a parameter), note: TEXT(note of a parameter)}
  codes: {type: list, values: {2026-01-01: [AT]}, title: TEXT(title of a list parameter), note: TEXT(note of a list)}
values:
  known: {type: yes/no, formula: account.country in codes}
  room: {type: money, formula: limit - order.amount, show: true, title: TEXT(title of a value)}
table:
  outputs:
    kind: {members: {small: TEXT(member of an output), large: }, title: TEXT(title of an output)}
  rows:
    - {when: {order.amount: "<= 1000"}, then: {kind: small}}
    - {when: {order.amount: "> 1000"}, then: {kind: large}}
rules:
  over-limit:
    title: TEXT(title of a rule)
    when: order.amount > limit
    then: hold
    reason: TEXT(reason {order.amount} {kind})
    remedy: TEXT(remedy {room})
    conditions: {deposit: {formula: order.amount - limit, title: TEXT(title of a condition)}}
  south:
    when: account.region = "south"
    then: hold
    reason: TEXT(reason {account.region} {account.region = "south"} {as_of})
...
"""

STANDING = """\
policy: standing
title: TEXT(title of another policy)
decides: account
scorecard:
  total: points
  criteria:
    months: {title: TEXT(title of a criterion), input: account.months, bands: {"< 6": 0, ">= 6": 5, null: 0}}
...
"""

EXCEPTIONS = """\
north:
  waives: [orders.over-limit]
  when: account.region = "north"
  from: 2026-01-01
  until: 2026-12-31
  by: ann
  approved_by: bo
  reason: TEXT(reason of an exception)
...
"""

CASES = """\
cases: orders
case_kind: order
as_of: 2026-07-01
tests:
  waived:
    title: TEXT(title of a test)
    facts: {order: {id: SO-1, amount: 2000.00}, account: {id: C-1, region: north}}
    expect: {outcome: approve, reasons: [orders.over-limit], waived: [orders.over-limit]}
...
"""

MAP = """\
map: erp
title: TEXT(title of a map)
case: order
facts:
  order.id: {column: No}
  order.amount: {column: Amount}
  account.id: {column: Customer}
...
"""

HISTORY = """\
history: past
title: TEXT(title of a history map)
currency: EUR
columns:
  customer: {column: Customer}
  invoice: {column: No}
  amount: {column: Amount}
  issued: {column: Issued}
  due: {column: Due}
  settled: {column: Settled}
assume:
  account.region: {value: south, because: TEXT(why a fact is assumed)}
...
"""

FILES = {
    "facts.yaml": FACTS,
    "orders.yaml": ORDERS,
    "standing.yaml": STANDING,
    "exceptions.yaml": EXCEPTIONS,
    "cases/orders.yaml": CASES,
    "maps/erp.yaml": MAP,
    "maps/past.yaml": HISTORY,
}


def text_in(what: str, languages: Iterable[str]) -> str:
    """A text as an author writes it: `{en: "en title of a rule", de: "de title of a rule"}`."""
    entries = (f"{code}: '{code} {what}'" for code in languages)
    return f"{{{', '.join(entries)}}}"


def files_in(listed: tuple[str, ...], *, texts: Iterable[str] | None = None) -> dict[str, str]:
    """The files with each text in the languages `texts`, where `listed` are those of facts.yaml."""
    written = tuple(listed if texts is None else texts)
    return {
        name: _MARK.sub(lambda mark: text_in(mark["what"], written), text.replace("LISTED", ", ".join(listed)))
        for name, text in FILES.items()
    }


def with_one_left_out(listed: tuple[str, ...]) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """For each text and each of its languages: the file, the text, the language, and the files in which that one text
    lacks that one language."""
    whole = files_in(listed)
    for name, text in FILES.items():
        text = text.replace("LISTED", ", ".join(listed))
        for mark in _MARK.finditer(text):
            for code in listed:
                others = tuple(each for each in listed if each != code)
                before, after = text[: mark.start()], text[mark.end() :]
                lacking = "MARK" + text_in(mark["what"], others)
                filled = _MARK.sub(lambda each: text_in(each["what"], listed), before + lacking + after)
                yield name, mark["what"], code, whole | {name: filled.replace("MARK", "")}


def texts_count() -> int:
    """How many texts the files of the set have, policy tests and maps left out."""
    return sum(len(_MARK.findall(text)) for name, text in FILES.items() if "/" not in name)
