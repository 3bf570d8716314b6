"""What `batch` writes, held against the JSON of `decide-file` cell by cell: lists by how they are written, the rest by
value, for random policies and each currency's decimals, in every format, on DuckDB and Spark."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.dataset as pads
import pytest

from engine.ruleset.ruleset import ListResult, RuleSet
from engine.vocabulary.binding import json_formatter
from engine.vocabulary.vocabulary import Future, Kind, Type
from tests.support.command_line import credence
from tests.support.policy_files import whole_set
from tests.support.random_policies import DAY, random_policy
from tests.support.random_rulesets import facts_near_thresholds
from tests.support.small_policies import FACTS, HEAD, engine_of
from tests.support.steps import long_after

ROWS = 60
CURRENCIES = {"EUR": 2, "JPY": 0, "KWD": 3}
EVERY_TYPE = """\
tables:
  t:
    hit: rule-order
    outputs:
      money: {type: money, title: {en: x, zh: x}}
      rate: {type: rate, title: {en: x, zh: x}}
      number: {type: number, title: {en: x, zh: x}}
      integer: {type: integer, title: {en: x, zh: x}}
      days: {type: days, title: {en: x, zh: x}}
      months: {type: months, title: {en: x, zh: x}}
      day: {type: date, title: {en: x, zh: x}}
      known: {type: yes/no, title: {en: x, zh: x}}
      word: {type: text, title: {en: x, zh: x}}
      grade: {members: [low, high], title: {en: x, zh: x}}
      nothing: {type: money, title: {en: x, zh: x}}
    rows:
      - when: {account.points: "< 5"}
        then: {money: -7, rate: 0.05, number: -0.5, integer: -3, days: 30, months: 1, day: "= account.day",
               known: true, word: '= "it''s, [\\"so\\"] 中"', grade: low, nothing: "= null"}
      - when: {account.points: "< 8"}
        then: {money: "= account.cap", rate: "= account.share", number: 1000000, integer: "= account.points",
               days: "= account.wait", months: "= account.term", day: "= as_of", known: "= account.flag",
               word: "= account.word", grade: high, nothing: "= null"}
      - when: {}
        then: {money: 0, rate: 1, number: 0, integer: 0, days: -1, months: 0, day: "= account.day", known: false,
               word: "= account.word", grade: low, nothing: "= null"}
"""


FEW_TYPES = """\
tables:
  t:
    hit: rule-order
    outputs:
      money: {type: money, title: {en: x, zh: x}}
      rate: {type: rate, title: {en: x, zh: x}}
      day: {type: date, title: {en: x, zh: x}}
      known: {type: yes/no, title: {en: x, zh: x}}
      word: {type: text, title: {en: x, zh: x}}
    rows:
      - when: {account.points: "< 5"}
        then: {money: -7, rate: 0.05, day: "= account.day", known: true, word: "= account.word"}
      - when: {}
        then: {money: "= account.cap", rate: 1, day: "= as_of", known: "= account.flag", word: '= "\\"so\\" 中"'}
"""


class Desk:
    """A policy set in a folder, rows for it, and what `decide-file` says of them."""

    def __init__(self, folder: Path, policy: str, currency: str, seed: int) -> None:
        self.folder = folder
        ruleset = engine_of(policy, currency=currency).ruleset("account", DAY)
        (folder / "rules").mkdir(parents=True)
        for name, content in whole_set({"p": HEAD + policy}, FACTS.format(currency=currency)).items():
            (folder / "rules" / name).write_bytes(content)
        _write_rows(folder, ruleset, seed)
        self.asked = ("--case", "account", "--as-of", str(DAY), "--rules", folder / "rules")
        files = ("--out", folder / "d.ndjson", "--rejects", folder / "r.csv")
        ran = credence("decide-file", folder / "in.ndjson", *self.asked, *files)
        assert ran.exit_code == 0, (folder / "r.csv").read_text("utf-8")
        self.decisions = [row["results"]["p"] for row in ndjson(folder / "d.ndjson")]
        self.elements = {s.name.partition(".")[2]: s.element for s in ruleset.steps if isinstance(s, ListResult)}

    def batch(self, out: str, source: str, *options: str) -> Path:
        ran = credence("batch", self.folder / source, *self.asked, "--out", self.folder / out, *options)
        assert ran.exit_code == 0, ran.stderr
        return self.folder / out


def _write_rows(folder: Path, ruleset: RuleSet, seed: int) -> None:
    """As requests and as cells."""
    rows = []
    for number, (facts, _) in enumerate(facts_near_thresholds(ruleset, seed, ROWS)):
        pairs = zip(ruleset.facts, facts, strict=True)
        body = {
            fact.name: _sent(json_formatter(fact.type)(value), fact.type)
            for fact, value in pairs
            if fact.type.kind is not Kind.LIST
        }
        rows.append(body | {"account.id": f"C-{number}"})
    requests = [{"account": {name.partition(".")[2]: value for name, value in row.items()}} for row in rows]
    (folder / "in.ndjson").write_text("".join(json.dumps(request) + "\n" for request in requests), "utf-8")
    with (folder / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(rows[0])
        writer.writerows([_cell(value) for value in row.values()] for row in rows)


def _sent(value: Any, type_: Type) -> Any:
    """What a request may hold and a cell as well: texts that stay as they are, dates that may be."""
    if value is None:
        return None
    if type_.kind in (Kind.TEXT, Kind.PERSON):
        return value if value and value == value.strip() and value.isprintable() else None
    return None if type_.future is Future.REFUSED and value > DAY.isoformat() else value


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


# --- what each format holds ------------------------------------------------------------------------------------------


def same_as_decided(desk: Desk, rows: Sequence[Mapping[str, Any]], list_form: Any) -> None:
    """Lists as `list_form` makes them of a decision's list and its members' type; other values by what they are."""
    assert len(rows) == len(desk.decisions)
    for decision, row in zip(desk.decisions, rows, strict=True):
        for name, value in decision.items():
            found = row[f"p.{name}"]
            element = desk.elements.get(name)
            if element is not None:
                assert found == (None if value is None else list_form(value, element)), name
            else:
                assert _plain(found) == _plain(value), name


def _plain(value: Any) -> Any:
    """Decimals by value, words of yes/no and dates as JSON has them, an empty cell as null."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return value


def as_json(value: list[Any], _: Type) -> list[Any]:
    return value


def as_text(value: list[Any], _: Type) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def typed(value: list[Any], element: Type) -> list[Any]:
    """As a column of this type holds them."""
    return [None if item is None else _typed(item, element) for item in value]


def _typed(item: Any, element: Type) -> Any:
    if element.kind is Kind.DATE:
        return date.fromisoformat(item)
    if element.kind in (Kind.MONEY, Kind.RATE, Kind.NUMBER):
        return Decimal(item) if element.scale else int(item)
    return item


def ndjson(path: Path) -> list[dict[str, Any]]:
    files = sorted(path.glob("part-*")) if path.is_dir() else [path]
    return [json.loads(line, parse_float=Decimal) for file in files for line in file.read_text("utf-8").splitlines()]


def cells(path: Path) -> list[dict[str, Any]]:
    found = []
    for file in sorted(path.glob("part-*")) if path.is_dir() else [path]:
        with file.open(newline="", encoding="utf-8") as stream:
            found += [{name: cell or None for name, cell in row.items()} for row in csv.DictReader(stream)]
    return found


def parquet(path: Path) -> list[dict[str, Any]]:
    return list(pads.dataset(path, format="parquet").to_table().to_pylist())


FORMS = {"ndjson": (ndjson, as_json), "csv": (cells, as_text), "parquet": (parquet, typed)}


def hold(desk: Desk, engine: str = "", options: Sequence[str] = (), source: str = "in.ndjson") -> None:
    for suffix, (read, form) in FORMS.items():
        same_as_decided(desk, read(desk.batch(f"{engine}out.{suffix}", source, *options)), form)


# --- on DuckDB and Spark ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "policy", "lists"),
    long_after(1, [("EUR", EVERY_TYPE, 11), ("JPY", FEW_TYPES, 5), ("KWD", FEW_TYPES, 5)]),
)
def test_lists_of_every_type_are_written_as_a_decision_has_them(
    currency: str, policy: str, lists: int, tmp_path: Path
) -> None:
    """Only money depends on the currency."""
    desk = Desk(tmp_path, policy, currency, 1)
    seen = [value for decision in desk.decisions for value in decision.values()]
    assert len(desk.elements) == lists
    assert any(value is None for value in seen)
    assert any(value and None in value for value in seen)
    seven = {2: "-7.00", 0: "-7", 3: "-7.000"}[CURRENCIES[currency]]
    assert any(decision["money"] and decision["money"][0] == seven for decision in desk.decisions)

    hold(desk)


@pytest.mark.parametrize(("seed", "source"), long_after(1, [(30, "in.csv"), (31, "in.ndjson")]))
def test_random_policies_are_written_as_decided(seed: int, source: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, random_policy(seed), "EUR", seed)
    assert desk.elements

    hold(desk, source=source)


@pytest.fixture(scope="module")
def spark() -> Iterator[None]:
    pyspark = pytest.importorskip("pyspark.sql", exc_type=ImportError)
    yield
    pyspark.SparkSession.builder.getOrCreate().stop()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.long
@pytest.mark.spark
def test_spark_writes_lists_as_a_decision_has_them(spark: None, tmp_path: Path) -> None:
    desk = Desk(tmp_path, FEW_TYPES, "EUR", 1)
    assert any(None in (value or ()) for decision in desk.decisions for value in decision.values())

    hold(desk, "spark-", ("--engine", "spark", "--master", "local[1]"), "in.csv")
