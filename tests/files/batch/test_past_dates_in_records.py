"""Dates of the past in records of lists, held to the day of the decision in every way in: one by one and in bulk."""

from __future__ import annotations

import csv
import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.pipeline import Engine, load
from engine.vocabulary.binding import FactsRefused
from tests.support.command_line import credence
from tests.support.policy_files import whole_set

DAY = date(2026, 7, 15)
FACTS = """currency: EUR
facts:
  account.visits:
    type: list
    of:
      seen: {type: date, future: unknown}
      paid: {type: date, future: refused}
      due: date
    title: {en: Visits, zh: 拜访}
"""
POLICY = """policy: p
title: {en: P, zh: 策略}
decides: account
values:
  last_seen: max(account.visits[seen != null].seen)
  last_paid: max(account.visits[paid != null].paid)
  last_due: max(account.visits[due != null].due)
  unseen: {formula: "count(account.visits[seen = null])", type: integer}
"""


def files() -> dict[str, bytes]:
    return whole_set({"p": POLICY}, FACTS)


@pytest.fixture(scope="module")
def engine() -> Engine:
    loaded = load(files())
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


Visits = list[dict[str, str]]


def random_visits(chance: random.Random) -> Visits:
    def day() -> str:
        return (DAY + timedelta(days=chance.choice([-400, -1, 0, 0, 1, 30]))).isoformat()

    names = ("seen", "due", *["paid"] * (chance.random() < 0.3))
    return [{name: day() for name in names if chance.random() < 0.8} for _ in range(chance.randint(0, 3))]


def one(engine: Engine, number: int, visits: Visits) -> Any:
    """What a request gets; the paths of the faults where it is refused."""
    try:
        facts = {"account": {"id": str(number), "visits": visits}}
        decision: dict[str, Any] = engine.decide("account", facts, DAY, "-").as_json()
        return decision["results"]["p"]
    except FactsRefused as refused:
        return {fault.path for fault in refused.faults}


def test_one_after_the_day_counts_as_missing_or_is_refused(engine: Engine) -> None:
    late = (DAY + timedelta(days=1)).isoformat()
    assert one(engine, 1, [{"seen": late}, {"seen": "2026-07-15"}]) == {
        "last_seen": "2026-07-15",
        "last_paid": None,
        "last_due": None,
        "unseen": 1,
    }
    assert one(engine, 1, [{"paid": "2026-07-15"}, {"paid": late}]) == {"account.visits[2].paid"}
    assert one(engine, 1, [{"due": late}])["last_due"] == late


def write(folder: Path, lists: list[Visits]) -> list[Path]:
    facts = [{"id": str(number), "visits": visits} for number, visits in enumerate(lists, 1)]
    bodies: list[dict[str, Any]] = [{"account": each} for each in facts]
    ndjson, cells, structs = (folder / f"rows.{kind}" for kind in ("ndjson", "csv", "parquet"))
    ndjson.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    with cells.open("w", newline="", encoding="utf-8") as stream:
        rows = ([body["account"]["id"], json.dumps(body["account"]["visits"])] for body in bodies)
        csv.writer(stream).writerows([["account.id", "account.visits"], *rows])
    struct = pa.struct([(name, pa.date32()) for name in ("seen", "paid", "due")])
    typed = [[{name: date.fromisoformat(each) for name, each in one.items()} for one in visits] for visits in lists]
    table = {
        "account.id": [body["account"]["id"] for body in bodies],
        "account.visits": pa.array(typed, pa.list_(struct)),
    }
    pq.write_table(pa.table(table), structs)
    return [ndjson, cells, structs]


def test_every_way_in_holds_them_alike(engine: Engine, tmp_path: Path) -> None:
    chance = random.Random(4)
    lists = [random_visits(chance) for _ in range(60)]
    wanted = {str(number): one(engine, number, visits) for number, visits in enumerate(lists, 1)}
    assert {type(each) for each in wanted.values()} == {dict, set}
    rules, out, rejects = tmp_path / "rules", tmp_path / "out.ndjson", tmp_path / "rejects.csv"
    rules.mkdir()
    for name, content in files().items():
        (rules / name).write_bytes(content)
    ways = [("batch", path) for path in write(tmp_path, lists)]
    for command, source in [("decide-file", ways[0][1]), *ways]:
        asked = ("--rules", rules, "--case", "account", "--as-of", str(DAY), "--out", out, "--rejects", rejects)
        ran = credence(command, source, *asked)
        assert ran.exit_code == 1, ran.output
        found: dict[str, Any] = {}
        for line in out.read_text(encoding="utf-8").splitlines():
            body = json.loads(line)
            flat = {name.removeprefix("p."): value for name, value in body.items() if name.startswith("p.")}
            found[body.get("account.id") or body["subject"]] = flat or body["results"]["p"]
        with rejects.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                faults = row["faults"].replace("; ", "\n").splitlines()
                found[str(int(row["line"]) - (source.suffix == ".csv"))] = {each.split(":")[0] for each in faults}
        assert {id_: (each, found.get(id_)) for id_, each in wanted.items() if found.get(id_) != each} == {}, source


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("{type: money, future: refused}", "P033 `money` has no future, a date has (leave `future` out)"),
        ("{type: date, future: soon}", "P007 `soon` is not what `future` can be"),
        ("{type: date, future: unknown, required: true}", "is required, and could count as missing"),
    ],
)
def test_a_future_that_says_nothing_is_a_mistake(declared: str, said: str) -> None:
    text = FACTS.replace("{type: date, future: unknown}", declared)
    found = load(whole_set({"p": "policy: p\ntitle: {en: P, zh: P}\ndecides: account\nvalues:\n  a: 1\n"}, text))
    assert any(said in str(each) for each in found.diagnostics), "\n".join(map(str, found.diagnostics))
