"""`--spreadsheet`: text of CSV outputs that a spreadsheet would take for a formula gets a mark, and nothing else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from files.spreadsheet import FORMULA_STARTS
from tests.support.command_line import credence
from tests.support.paths import RULES
from tests.support.running_service import write_rules

POLICY = """\
policy: orders
title: {en: Orders, zh: 订单}
decides: order
values:
  owed: {formula: order.amount - 1000, type: money, title: {en: Owed, zh: 欠款}}
  days: {formula: order.payment_days - 90, type: days, title: {en: Days, zh: 天数}}
  who: {formula: order.entered_by, type: person, title: {en: Who, zh: 谁}}
tables:
  t:
    hit: collect
    outputs: {names: {type: person, title: {en: Names, zh: 名}}}
    rows:
      - {id: one, when: {}, then: {names: "= order.entered_by"}}
rules:
  large:
    when: order.amount > 10
    then: approve_with_conditions
    reason: {en: Large., zh: 大。}
    conditions: {rest: order.amount - 500}
  larger:
    when: order.amount > 1000
    then: hold
    reason: {en: Larger., zh: 更大。}
...
"""
IDS = ('=HYPERLINK("http://x","y")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "-5", "=", "S-1", "a=b", "'=x", "1")
ASKED = ("--case", "order", "--as-of", "2026-07-01")
HEADING = ("order.id", "account.id", "order.amount", "order.payment_days", "order.entered_by")
TEXTS = {"order.id", "account.id", "outcome", "orders.who", "orders.names", "fired", "undetermined"}


def write(path: Path, amount: str = "20.00") -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADING)
        writer.writerows((id_, id_, amount, "30", id_) for id_ in IDS)
    return path


def cells(path: Path) -> list[dict[str, str]]:
    found = []
    for file in sorted(path.glob("part-*")) if path.is_dir() else [path]:
        with file.open(newline="", encoding="utf-8") as stream:
            found += list(csv.DictReader(stream))
    return found


def marked(text: str) -> str:
    return f"'{text}" if text.startswith(tuple(FORMULA_STARTS)) else text


def batch(folder: Path, source: Path, out: str, *options: str) -> Result:
    rules = write_rules(folder / "rules", POLICY)
    return credence("batch", source, *ASKED, "--rules", rules, "--out", folder / out, *options)


def assert_marked(plain: list[dict[str, str]], found: list[dict[str, str]]) -> None:
    assert len(plain) == len(found) == len(IDS)
    assert {row["orders.owed"] for row in found} == {"-980.00"}
    assert {(row["orders.days"], row["condition.rest"]) for row in found} == {("-60", "-480.00")}
    for before, after in zip(plain, found, strict=True):
        assert after == {name: marked(cell) if name in TEXTS else cell for name, cell in before.items()}
    assert [row["order.id"] for row in plain] == list(IDS)
    assert sum(row["order.id"].startswith("'") for row in found) == 7


def test_decisions_of_batch(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv")
    assert batch(tmp_path, source, "plain.csv").exit_code == 0
    assert batch(tmp_path, source, "marked.csv", "--spreadsheet", "--summary").exit_code == 0

    assert_marked(cells(tmp_path / "plain.csv"), cells(tmp_path / "marked.csv"))


def test_other_formats_stay_as_they_are(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv")
    for suffix in ("ndjson", "parquet"):
        batch(tmp_path, source, f"plain.{suffix}")
        batch(tmp_path, source, f"marked.{suffix}", "--spreadsheet")
        assert (tmp_path / f"plain.{suffix}").read_bytes() == (tmp_path / f"marked.{suffix}").read_bytes()


def test_rejects_of_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's name is text as well, and so is a key that a stranger wrote."""
    monkeypatch.chdir(tmp_path)
    Path("=in.ndjson").write_text('{"=1+1": 2, "order": {"id": "1", "amount": "x"}, "account": {"id": "C"}}\n')
    for name, options in (("plain", ()), ("marked", ("--spreadsheet",))):
        assert batch(tmp_path, Path("=in.ndjson"), f"{name}.parquet", *options).exit_code == 1

    [plain], [found] = (cells(tmp_path / f"{name}.parquet.rejects.csv") for name in ("plain", "marked"))
    assert (plain["file"], plain["faults"][:4]) == ("=in.ndjson", "=1+1")
    assert found == {name: marked(cell) for name, cell in plain.items()}
    assert (found["file"], found["line"]) == ("'=in.ndjson", "1")


MAP = """\
map: orders
title: {en: Orders, zh: 订单}
case: order
facts:
  order.id: {column: order.id}
  account.id: {column: account.id}
  order.amount: {column: order.amount}
...
"""


def test_rejects_of_decide_file(tmp_path: Path) -> None:
    source, rules = write(tmp_path / "in.csv", "x"), write_rules(tmp_path / "rules", POLICY)
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    asked = ("--map", tmp_path / "map.yaml", "--as-of", "2026-07-01", "--rules", rules, "--out", tmp_path / "o.ndjson")
    found = []
    for options in ((), ("--spreadsheet",)):
        assert credence("decide-file", source, *asked, "--rejects", tmp_path / "r.csv", *options).exit_code == 1
        found.append(cells(tmp_path / "r.csv"))

    plain, after = found
    assert [row["line"] for row in after] == [str(line) for line in range(2, len(IDS) + 2)]
    assert after == [{name: marked(cell) for name, cell in row.items()} for row in plain]
    assert sum(row["row"].startswith("'") for row in after) > sum(row["row"].startswith("'") for row in plain)


BOOK = """\
map: erp
title: {en: ERP, zh: ERP}
case: invoice
columns:
  amount: {column: sum, type: money}
  settled: {column: paid, type: date}
facts:
  account.id: {column: who}
  invoice.id: {column: "no"}
  invoice.invoice_date: {column: from}
  invoice.due_date: {column: due}
  invoice.open_amount: {column: open}
...
"""


def test_rejects_of_a_portfolio(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(BOOK, encoding="utf-8")
    (tmp_path / "in.csv").write_text(
        "no,who,from,due,paid,sum,open\n=1,C,2025-01-01,2025-02-01,,x,20.00\n2,C,2025-01-01,2025-02-01,,20.00,20.00\n"
    )
    rules = RULES
    asked = ("--map", tmp_path / "map.yaml", "--as-of", "2026-06-30", "--rules", rules, "--json")
    found = []
    for options in ((), ("--spreadsheet",)):
        ran = credence("portfolio", tmp_path / "in.csv", *asked, "--rejects", tmp_path / "r.csv", *options)
        assert ran.exit_code == 1, ran.stderr
        found += cells(tmp_path / "r.csv")

    plain, after = found
    assert plain["row"].startswith("=1,C")
    assert after == {**plain, "row": f"'{plain['row']}"}


@pytest.fixture
def spark() -> Iterator[None]:
    pyspark = pytest.importorskip("pyspark.sql", exc_type=ImportError)
    yield
    pyspark.SparkSession.builder.getOrCreate().stop()


@pytest.mark.usefixtures("spark")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_decisions_of_spark(tmp_path: Path) -> None:
    source, engine = write(tmp_path / "in.csv"), ("--engine", "spark", "--master", "local[1]")
    assert batch(tmp_path, source, "plain.csv", *engine).exit_code == 0
    assert batch(tmp_path, source, "marked.csv", "--spreadsheet", *engine).exit_code == 0

    assert_marked(cells(tmp_path / "plain.csv"), cells(tmp_path / "marked.csv"))
