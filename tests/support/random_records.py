"""Random policies about a list of records, and random rows for them, in every way in which a row can give its list.

Seeded. Of each row is known what it holds; whether that is sound, and what is decided, the engine says.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.policy_files import whole_set
from tests.support.small_policies import HEAD, REASON

AT_MOST = 5
FACTS = f"""currency: EUR
facts:
  account.cap: {{type: money, title: {{en: Cap, zh: 上限}}}}
  account.items:
    type: list
    of:
      amount: {{type: money, required: true}}
      due: date
      kind: {{type: enum, members: [invoice, credit]}}
      paid: yes/no
      share: {{type: rate, minimum: 0, maximum: 1}}
      waits: {{type: days, minimum: 0, maximum: 400}}
      word: text
    at_most: {AT_MOST}
    title: {{en: Items, zh: 项目}}
"""
TYPES = {
    "amount": pa.decimal128(16, 2),
    "due": pa.date32(),
    "kind": pa.string(),
    "paid": pa.bool_(),
    "share": pa.decimal128(7, 6),
    "waits": pa.int32(),
    "word": pa.string(),
}

Record = dict[str, Any] | None
Row = tuple[str, str | None, list[Record] | None]
"""The account's id, its cap, and its items; None where there are none known."""


class RecordPolicyMaker:
    """A random policy over `account.items`, as an author writes it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def text(self) -> str:
        numbers = "".join(f"  n{i}: {{formula: '{self._number()}', type: money}}\n" for i in range(4))
        flags = "".join(f"  f{i}: '{self._condition()}'\n" for i in range(4))
        counts = f"  c: '{self._items()}'\n".replace("c: '", "c: 'count(").replace("'\n", ")'\n")
        rules = "".join(
            f"  r{i}: {{when: '{self._condition()}', then: {then}, reason: {REASON}}}\n"
            for i, then in enumerate(("watch", "review", "restrict"))
        )
        return f"values:\n{numbers}{flags}{counts}rules:\n{rules}"

    def _pick(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def _test(self) -> str:
        """What is asked of one record, whose values have their plain names."""
        simple = (
            f"amount {self._pick('>', '<=', '=')} {self._pick('100', '0', 'account.cap', '12.50')}",
            f"due {self._pick('<', '>=')} as_of",
            f"kind = {self._pick('invoice', 'credit')}",
            "paid",
            f"share * amount > {self._pick('5', 'account.cap')}",
            "waits in [30..90]",
            'word = "A"',
            "due = null",
        )
        return self._pick(*simple, f"({self._pick(*simple)} {self._pick('and', 'or')} not({self._pick(*simple)}))")

    def _items(self) -> str:
        return self._pick("account.items", f"account.items[{self._test()}]")

    def _number(self) -> str:
        items = self._items()
        return self._pick(
            f"sum({items}.amount)",
            f"{self._pick('min', 'max', 'mean')}({items}.amount)",
            f"sum(for i in {items} return i.amount * i.share)",
            f"max(for i in {items} return i.amount) - account.cap",
        )

    def _condition(self) -> str:
        test = self._test()
        for name in TYPES:
            test = test.replace(f"{name} ", f"i.{name} ") if not test.startswith("paid") else test
        return self._pick(
            f"{self._number()} {self._pick('>', '<=')} {self._pick('100', 'account.cap')}",
            f"count({self._items()}) {self._pick('=', '>')} {self._pick('0', '2')}",
            f"{self._pick('some', 'every')} i in {self._items()} satisfies i.amount > account.cap",
            f"{self._pick('some', 'every')} i in account.items satisfies i.due < as_of or i.paid",
            f"{self._pick('any', 'all')}({self._items()}.paid)",
            f'list contains({self._items()}.kind, "credit")',
        )


def record_policy(seed: int) -> str:
    return RecordPolicyMaker(seed).text()


def policy_files(seed: int) -> dict[str, bytes]:
    return whole_set({"p": HEAD + record_policy(seed)}, FACTS)


def random_rows(seed: int, count: int, *, faulty: float = 0.25) -> Iterator[Row]:
    """A share of them with something wrong: too many records, a record that is null, a value out of its range, or an
    amount that is missing."""
    chance = random.Random(f"rows {seed}")
    for number in range(count):
        cap = None if chance.random() < 0.15 else f"{chance.choice((0, 12.5, 100, 250)):.2f}"
        kind = chance.random()
        items: list[Record] | None = None if kind < 0.1 else []
        if items is not None and kind >= 0.2:
            items += [_record(chance) for _ in range(chance.randint(1, AT_MOST))]
            if chance.random() < faulty:
                _spoil(items, chance)
        yield f"C-{number}", cap, items


def _record(chance: random.Random) -> dict[str, Any]:
    day = date(2026, 7, 15) + timedelta(days=chance.choice((-400, -31, -1, 0, 1, 90)))
    full: dict[str, Any] = {
        "due": day.isoformat(),
        "kind": chance.choice(("invoice", "credit")),
        "paid": chance.random() < 0.5,
        "share": chance.choice(("0", "0.05", "0.333333", "1")),
        "waits": chance.choice((0, 29, 30, 90, 91)),
        "word": chance.choice(("A", "a", "it's", "中")),
    }
    amount = chance.choice(("12.50", "100.00", "-7.00", "0.01", "99.99", "9999999999999.99"))
    return {"amount": amount} | {name: value for name, value in full.items() if chance.random() < 0.85}


def _spoil(items: list[Record], chance: random.Random) -> None:
    at = chance.randrange(len(items))
    record = items[at]
    match chance.choice(("many", "null", "amount", "range", "word", "two")):
        case "many":
            items += [_record(chance) for _ in range(AT_MOST)]
        case "null":
            items[at] = None
        case "amount" if record:
            del record["amount"]
        case "range" if record:
            record.update(chance.choice(({"share": "1.5"}, {"waits": 401}, {"amount": "99999999999999.00"})))
        case "word" if record:
            record.update(chance.choice(({"kind": "other"}, {"word": " "}, {"word": "x" * 201})))
        case "two" if record:
            record.update({"share": "2", "waits": -1})
            items.append({})


# --- as files --------------------------------------------------------------------------------------------------------


def write_requests(path: Path, rows: Sequence[Row]) -> Path:
    """As NDJSON, one request a line."""
    lines = []
    for id_, cap, items in rows:
        account = {"id": id_, "cap": cap} | ({} if items is None else {"items": items})
        lines.append(json.dumps({"account": account}, ensure_ascii=False) + "\n")
    path.write_text("".join(lines), "utf-8")
    return path


def write_cells(path: Path, rows: Sequence[Row]) -> Path:
    """As CSV whose cells hold the lists as JSON."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["account.id", "account.cap", "account.items"])
        for id_, cap, items in rows:
            writer.writerow([id_, cap or "", "" if items is None else json.dumps(items, ensure_ascii=False)])
    return path


def write_structs(path: Path, rows: Sequence[Row]) -> Path:
    """As Parquet with a column of lists of structs, each value of its own type."""
    struct = pa.struct(list(TYPES.items()))
    caps = [None if cap is None else Decimal(cap) for _, cap, _ in rows]
    items = [None if each is None else [record and _typed(record) for record in each] for _, _, each in rows]
    items = [each and [{} if record == {} else record for record in each] if each else each for each in items]
    table = pa.table(
        {
            "account.id": [id_ for id_, _, _ in rows],
            "account.cap": pa.array(caps, pa.decimal128(16, 2)),
            "account.items": pa.array(items, pa.list_(struct)),
        }
    )
    pq.write_table(table, path)
    return path


def _typed(record: dict[str, Any]) -> dict[str, Any]:
    typed = dict(record)
    for name in ("amount", "share"):
        if name in typed:
            typed[name] = Decimal(typed[name])
    if "due" in typed:
        typed["due"] = date.fromisoformat(typed["due"])
    return typed


def write_apart(rows_path: Path, items_path: Path, rows: Sequence[Row], seed: int) -> None:
    """As two files: the rows without their lists, and one line a record in any order; a line with an id alone for an
    account that has none."""
    with rows_path.open("w", encoding="utf-8") as stream:
        for id_, cap, _ in rows:
            stream.write(json.dumps({"account": {"id": id_, "cap": cap}}) + "\n")
    lines: list[list[str]] = []
    for id_, _, items in rows:
        lines += [[id_, *(_cell((record or {}).get(name)) for name in TYPES)] for record in items or ()]
        if items == []:
            lines.append([id_, *[""] * len(TYPES)])
    random.Random(seed).shuffle(lines)
    with items_path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["account.id", *TYPES])
        writer.writerows(lines)


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
