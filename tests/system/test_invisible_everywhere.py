"""Text facts with characters that nobody sees, in every way in: each is taken or refused alike, by the same words."""

from __future__ import annotations

import csv
import json
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.settings import Settings
from engine.vocabulary.invisible import CONTROLS, FILLERS, UNSEEN
from engine.vocabulary.plain_text import text_fault
from tests.support.command_line import credence
from tests.support.paths import RULES
from tests.support.running_service import running, write_rules
from tests.support.steps import long_after

AS_OF = ("--as-of", "2026-07-01")
BLANKS = {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()}
MAP = """\
map: words
title: {en: Words, zh: 词语}
case: order
facts:
  order.id: {column: order.id}
  account.id: {column: account.id}
  order.amount: {column: order.amount}
...
"""


@cache
def letters() -> tuple[str, ...]:
    """A few of each general category, and both ends of every range that is refused; no halves of characters."""
    found: dict[str, list[int]] = {}
    for code in range(sys.maxunicode + 1):
        found.setdefault(unicodedata.category(chr(code)), []).append(code)
    found.pop("Cs")
    codes = {code for listed in found.values() for code in (*listed[:2], listed[len(listed) // 2], listed[-1])}
    codes |= {code for ends in (*CONTROLS, *UNSEEN, *FILLERS) for end in ends for code in (end - 1, end, end + 1)}
    return tuple(chr(code) for code in sorted(codes) if 0 <= code <= sys.maxunicode and not 0xD800 <= code <= 0xDFFF)


def rows() -> list[dict[str, str]]:
    """Each letter within an id; a row's number tells it."""
    return [{"order.id": f"{n}{a}x", "account.id": "C", "order.amount": "1.00"} for n, a in enumerate(letters())]


def said_by_the_binder() -> dict[int, str]:
    """The fault of each row that has one."""
    found = {}
    for number, letter in enumerate(letters()):
        if fault := text_fault(f"{number}{letter}x"):
            found[number] = f"order.id: {fault[0]}" + (f" ({fault[1]})" if fault[1] else "")
    return found


def write(path: Path) -> Path:
    table = {name: [row[name] for row in rows()] for name in rows()[0]}
    match path.suffix:
        case ".parquet":
            pq.write_table(pa.table(table), path)
        case ".arrow":
            with pa.ipc.new_file(path, pa.table(table).schema) as writer:
                writer.write_table(pa.table(table))
        case ".ndjson":
            lines = (json.dumps(_request(row), ensure_ascii=bool(n % 2)) for n, row in enumerate(rows()))
            path.write_text("".join(line + "\n" for line in lines), "utf-8")
        case _:
            with path.open("w", newline="", encoding="utf-8") as stream:
                csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(
                    [list(table), *zip(*table.values(), strict=True)]
                )
    return path


def _request(row: Mapping[str, str]) -> dict[str, dict[str, str]]:
    body: dict[str, dict[str, str]] = {}
    for name, value in row.items():
        group, _, key = name.partition(".")
        body.setdefault(group, {})[key] = value
    return body


def faults_of(path: Path) -> list[str]:
    """Without the id that each shows."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [_without_id(row["faults"]) for row in csv.DictReader(stream)]


def _without_id(faults: str) -> str:
    return re.sub("`[0-9]+[^`]*x` ", "", faults, count=1)


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet", "arrow"])
def test_batch_refuses_what_one_decision_refuses(suffix: str, tmp_path: Path) -> None:
    rules, source, out = write_rules(tmp_path / "rules"), write(tmp_path / f"in.{suffix}"), tmp_path / "out.ndjson"

    ran = credence("batch", source, "--case", "order", *AS_OF, "--rules", rules, "--out", out)

    assert ran.exit_code == 1, ran.stderr
    expected = said_by_the_binder()
    assert len(expected) > 50
    assert faults_of(tmp_path / "out.ndjson.rejects.csv") == list(expected.values())
    taken = [json.loads(line)["order.id"] for line in out.read_text("utf-8").split("\n") if line]
    assert taken == [row["order.id"] for number, row in enumerate(rows()) if number not in expected]


@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_decide_file_refuses_them_too(suffix: str, tmp_path: Path) -> None:
    rules, source = write_rules(tmp_path / "rules"), write(tmp_path / f"in.{suffix}")
    (tmp_path / "map.yaml").write_text(MAP, "utf-8")
    how = ("--map", tmp_path / "map.yaml") if suffix == "csv" else ("--case", "order")
    files = ("--out", tmp_path / "d.ndjson", "--rejects", tmp_path / "r.csv")

    ran = credence("decide-file", source, *how, *AS_OF, "--rules", rules, *files)

    assert ran.exit_code == 1, ran.stderr
    assert faults_of(tmp_path / "r.csv") == list(said_by_the_binder().values())


def test_the_service_refuses_them(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules")
    with running(Settings(rules=rules, journal=tmp_path / "journal.db")) as client:
        for letter in ("\u202e", "\u200b", "\u2028", "\U000e0061"):
            body = {"as_of": "2026-07-01", "order": {"id": f"S{letter}1", "amount": "1.00"}, "account": {"id": "C"}}
            answer = client.post("/v1/decisions/order", json=body)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["message"] == "holds invisible characters"


# --- maps, books and histories ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["\u202e", "\u200b", "\u2028", "\U000e0061"])
def test_a_map_translates_to_none(letter: str, tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules")
    translation = f'  order.entered_by: {{column: who, values: {{a: "x\\U{ord(letter):08x}"}}}}\n'
    (tmp_path / "map.yaml").write_text(MAP.replace("...\n", f"{translation}...\n"), "utf-8")
    (tmp_path / "in.csv").write_text("order.id,account.id,order.amount,who\n1,C,1.00,a\n")
    for command in ("batch", "decide-file"):
        case = ("--case", "order") if command == "batch" else ("--rejects", tmp_path / "r.csv")
        ran = credence(
            command,
            tmp_path / "in.csv",
            *case,
            "--map",
            tmp_path / "map.yaml",
            "--rules",
            rules,
            "--out",
            tmp_path / "o.ndjson",
        )
        assert ran.exit_code == 2
        assert "Y003" in ran.stderr


PORTFOLIO = """\
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
HISTORY = """\
history: past
title: {en: Past, zh: 历史}
currency: CNY
columns:
  invoice: {column: "no"}
  customer: {column: who}
  issued: {column: from}
  due: {column: due}
  settled: {column: paid}
  amount: {column: sum}
  disputed: {column: bad}
...
"""
ROWS = """\
no,who,from,due,paid,sum,open,bad
1,C,2025-01-01,2025-02-01,2025-02-03,10.00,0,false
2,C,2025-01-01,2025-02-01,,20.00,20.00,false
3{},C,2025-01-01,2025-02-01,2025-02-03,10.00,0,false
4,C{}D,2025-01-01,2025-02-01,2025-02-03,10.00,0,false
"""
SHIPPED = RULES


@pytest.mark.parametrize("letter", long_after(2, ["\u202e", "x" * 200, "\u200b", "\u2066", "\U000e0061", "\u0007"]))
def test_books_and_histories_refuse_ids_that_the_service_refuses(letter: str, tmp_path: Path) -> None:
    """In the quick way through a history, too: the rows before have taught it."""
    (tmp_path / "in.csv").write_text(ROWS.replace("{}", letter + "z"), "utf-8")
    (tmp_path / "book.yaml").write_text(PORTFOLIO, "utf-8")
    (tmp_path / "past.yaml").write_text(HISTORY, "utf-8")
    wrong = {"\u0007": "holds control characters", "x" * 200: "is longer than 200 characters"}.get(
        letter, "holds invisible"
    )

    book = credence(
        "portfolio", tmp_path / "in.csv", "--map", tmp_path / "book.yaml", "--as-of", "2026-06-30", "--rules", SHIPPED
    )
    past = credence(
        "backtest", "--history", tmp_path / "in.csv", "--map", tmp_path / "past.yaml", *AS_OF, "--rules", SHIPPED
    )

    for ran in (book, past):
        assert ran.exit_code == 1, ran.stderr
        assert [line for line in ran.stderr.splitlines() if ":4:" in line and wrong in line], ran.stderr
        assert [line for line in ran.stderr.splitlines() if ":5:" in line and wrong in line], ran.stderr


# --- on Spark --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spark() -> Iterator[None]:
    pyspark = pytest.importorskip("pyspark.sql", exc_type=ImportError)
    yield
    pyspark.SparkSession.builder.getOrCreate().stop()


@pytest.mark.usefixtures("spark")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_spark_refuses_them_too(suffix: str, tmp_path: Path) -> None:
    rules, source = write_rules(tmp_path / "rules"), write(tmp_path / f"in.{suffix}")
    engine: Sequence[str] = ("--engine", "spark", "--master", "local[1]")

    ran = credence(
        "batch", source, "--case", "order", *AS_OF, "--rules", rules, "--out", tmp_path / "out.parquet", *engine
    )

    assert ran.exit_code == 1, ran.stderr
    refused = pq.read_table(tmp_path / "out.parquet.rejects.parquet").to_pylist()
    assert sorted(_without_id(row["faults"]) for row in refused) == sorted(said_by_the_binder().values())
