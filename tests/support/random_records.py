"""Random policies about lists of records, persons, named lists and exceptions, and random rows for them.

Rows can be written in every way in which a file can give its lists.

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
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.policy_files import ended, whole_set
from tests.support.small_policies import HEAD, REASON

AT_MOST = 5
FACTS = f"""currency: EUR
facts:
  account.cap: {{type: money, title: {{en: Cap, zh: 上限}}}}
  account.keeper: {{type: person, title: {{en: Keeper, zh: 保管人}}}}
  account.day: {{type: date, title: {{en: Day, zh: 日期}}}}
  account.land: {{type: text, title: {{en: Country, zh: 国家}}}}
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
      clerk: person
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
    "clerk": pa.string(),
}
KEEPERS = ("u.becker", "U.Becker", " u.BECKER ", "ｕ．ｂｅｃｋｅｒ", "m.weiß", "李雷", None)
DAYS = ("2026-01-31", "2026-02-28", "2028-02-02", "2026-07-01", "2026-07-14", "2026-07-15", "2026-12-31", None)
LANDS = ("AT", "DE", "SG", "at", "XX", None)

Record = dict[str, Any] | None


class Row(NamedTuple):
    """What is known of one account; None stands for what is missing."""

    id: str
    cap: str | None
    items: list[Record] | None
    keeper: str | None
    land: str | None
    day: str | None

    @property
    def facts(self) -> dict[str, Any]:
        """As a request carries them."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class RecordPolicyMaker:
    """A random policy over `account.items`, as an author writes it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)

    def text(self) -> str:
        numbers = "".join(f"  n{i}: {{formula: '{self._number()}', type: money}}\n" for i in range(4))
        flags = "".join(f"  f{i}: '{self._condition()}'\n" for i in range(4))
        counts = f"  c: '{self._items()}'\n".replace("c: '", "c: 'count(").replace("'\n", ")'\n")
        rules = "".join(
            f"  r{i}: {{when: '{self._condition()}', then: {then}, reason: {REASON}{self._action(i)}}}\n"
            for i, then in enumerate(("watch", "review", "restrict", "review"))
        )
        lands = f"values: {{2020-01-01: [{self._pick('AT', 'XX')}], 2026-01-01: [AT, {self._pick('DE', 'at')}]}}"
        parameters = f"  lands: {{type: list, {lands}}}\n  always: [DE, SG]\n"
        values = f"  kept: account.land in always\n{numbers}{flags}{counts}{self._dates()}{self._rounded()}"
        return f"parameters:\n{parameters}values:\n{values}rules:\n{rules}"

    def _dates(self) -> str:
        """Ends of months, working days, and months that go on; with dice of their own, as all that came later."""
        chance = random.Random(f"dates {self.seed}")
        day = chance.choice(("account.day", "account.day + 30", "(account.day - 1)", 'account.day + duration("P1M")'))
        dates = (
            f"last day of month({day})",
            f"{chance.choice(('first', 'last'))} working day({day}, lists.holidays)",
            f'{day} {chance.choice("+-")} {chance.choice((1, 2, 13))} * duration("P1M")',
            f"date(account.day.year, account.day.month, {chance.choice((1, 28))})",
        )
        return "".join(f"  d{number}: '{formula}'\n" for number, formula in enumerate(dates))

    def _rounded(self) -> str:
        chance = random.Random(f"rounded {self.seed}")
        modes = ("round half up", "round half down", "round up", "round down", "decimal", "floor", "ceiling")
        amounts = ("account.cap", "account.cap / 8", "sum(account.items.amount)", "-account.cap / 3")
        return "".join(
            f"  m{number}: {{formula: '{chance.choice(modes)}({chance.choice(amounts)}, {decimals})', type: money}}\n"
            for number, decimals in enumerate((-3, -2, -1, chance.choice((0, 1))))
        )

    def _action(self, rule: int) -> str:
        chance = random.Random(f"action {self.seed} {rule}")
        parts = (f"do: {chance.choice(('litigate', 'file_claim'))}", f"by: d{chance.randrange(4)}", f"amount: m{rule}")
        kept = parts[: chance.randint(0, 3)]
        return f", action: {{{', '.join(kept)}}}" if kept else ""

    def exceptions(self) -> str:
        """Two, of which one may have ended."""
        entries = []
        for number in range(2):
            waives = ", ".join(f"p.r{rule}" for rule in sorted(self.chance.sample(range(4), 2)))
            until = self._pick("2026-12-31", "2026-07-14", "2026-07-15")
            entries.append(
                f"e{number}:\n  waives: [{waives}]\n  when: '{self._condition()}'\n"
                f"  from: 2026-02-01\n  until: {until}\n"
                "  by: a.first\n  approved_by: b.second\n  reason: agreed\n"
            )
        return "".join(entries)

    def lists(self) -> dict[str, str]:
        """Lists in files of their own, by their names in the set."""
        lands = (
            f"entry,from,until\nAT,,{self._pick('2026-07-14', '')}\nSG,{self._pick('2026-07-15', '2026-07-16')},\n...\n"
        )
        days = f"of: date\nvalue: [2026-07-15, {self._pick('2026-07-14', '2026-06-14')}]\n...\n"
        return {"lists/lands.csv": lands, "lists/holidays.yaml": days}

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
            "word in lists.lands",
            "due in lists.holidays",
            'clerk = "U.Becker"',
            "clerk = account.keeper",
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
            f"account.land in {self._pick('p.lands', 'lists.lands', 'p.always')}",
            f"not(account.land in {self._pick('p.lands', 'lists.lands')})",
            f'account.keeper {self._pick("=", "!=")} "{self._pick("U.Becker", "m.weiss", "李雷")}"',
        )


def record_policy(seed: int) -> str:
    return RecordPolicyMaker(seed).text()


def policy_files(seed: int) -> dict[str, bytes]:
    """The whole set: policy, facts, lists and exceptions. Every policy reads each of its lists."""
    maker = RecordPolicyMaker(seed)
    every = "account.land in lands or account.land in lists.lands or account.day in lists.holidays"
    reading = f"  every_list: {{when: {every}, then: watch, reason: {REASON}}}\n"
    files = whole_set({"p": HEAD + maker.text() + reading}, FACTS)
    others = maker.lists() | {"exceptions.yaml": ended(maker.exceptions())}
    return files | {name: text.encode() for name, text in others.items()}


def random_rows(seed: int, count: int, *, faulty: float = 0.25) -> Iterator[Row]:
    """A share of them with something wrong: too many records, a record that is null, a value out of its range, or an
    amount that is missing."""
    chance, dates = random.Random(f"rows {seed}"), random.Random(f"days {seed}")
    for number in range(count):
        cap = None if chance.random() < 0.15 else f"{chance.choice((0, 12.5, 100, 250)):.2f}"
        kind = chance.random()
        items: list[Record] | None = None if kind < 0.1 else []
        if items is not None and kind >= 0.2:
            items += [_record(chance) for _ in range(chance.randint(1, AT_MOST))]
            if chance.random() < faulty:
                _spoil(items, chance)
        yield Row(f"C-{number}", cap, items, chance.choice(KEEPERS), chance.choice(LANDS), dates.choice(DAYS))


def _record(chance: random.Random) -> dict[str, Any]:
    day = date(2026, 7, 15) + timedelta(days=chance.choice((-400, -31, -1, 0, 1, 90)))
    full: dict[str, Any] = {
        "due": day.isoformat(),
        "kind": chance.choice(("invoice", "credit")),
        "paid": chance.random() < 0.5,
        "share": chance.choice(("0", "0.05", "0.333333", "1")),
        "waits": chance.choice((0, 29, 30, 90, 91)),
        "word": chance.choice(("A", "a", "it's", "中", "SG")),
        "clerk": chance.choice(("u.becker", " U.Becker", "m.lehmann")),
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
    lines = [json.dumps({"account": row.facts}, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), "utf-8")
    return path


def write_cells(path: Path, rows: Sequence[Row]) -> Path:
    """As CSV whose cells hold the lists as JSON."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([f"account.{name}" for name in Row._fields])
        for row in rows:
            items = "" if row.items is None else json.dumps(row.items, ensure_ascii=False)
            writer.writerow([row.id, row.cap or "", items, row.keeper or "", row.land or "", row.day or ""])
    return path


def write_structs(path: Path, rows: Sequence[Row]) -> Path:
    """As Parquet with a column of lists of structs, each value of its own type."""
    struct = pa.struct(list(TYPES.items()))
    caps = [None if row.cap is None else Decimal(row.cap) for row in rows]
    items = [None if row.items is None else [record and _typed(record) for record in row.items] for row in rows]
    table = pa.table(
        {
            "account.id": [row.id for row in rows],
            "account.cap": pa.array(caps, pa.decimal128(16, 2)),
            "account.items": pa.array(items, pa.list_(struct)),
            "account.keeper": pa.array([row.keeper for row in rows], pa.string()),
            "account.land": pa.array([row.land for row in rows], pa.string()),
            "account.day": pa.array([row.day and date.fromisoformat(row.day) for row in rows], pa.date32()),
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
        for row in rows:
            stream.write(json.dumps({"account": row._replace(items=None).facts}) + "\n")
    lines: list[list[str]] = []
    for row in rows:
        lines += [[row.id, *(_cell((record or {}).get(name)) for name in TYPES)] for record in row.items or ()]
        if row.items == []:
            lines.append([row.id, *[""] * len(TYPES)])
    random.Random(seed).shuffle(lines)
    with items_path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["account.id", *TYPES])
        writer.writerows(lines)


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
