"""Rows in several currencies, in bulk: converted as one by one, and refused in the same words."""

from __future__ import annotations

import json
import random
from csv import DictReader
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from engine.lowering.sql.levels import column
from engine.pipeline import Engine
from engine.reading.document import read
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.rates import Rate, Rates, read_rates
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.batch.duckdb.duckdb_run import SqlBatchJob, run
from files.batch.duckdb.failures import QueryFailed
from files.batch.row_rates import RATE_DIVISOR, RowRates
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from tests.support.command_line import credence
from tests.support.large import how_many
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD, engine_of
from tests.support.steps import long_after

DAY = date(2026, 7, 15)
POLICY = """values:
  seen: account.cap * 1
  items: {formula: "sum(account.items[kind != credit].amount)", type: money}
  largest: max(account.items.amount)
"""
MAP = """map: m
title: {{en: M, zh: 甲}}
case: account
currency: {{column: Waers, values: {{$: USD, EUR: EUR, JPY: JPY, KWD: KWD, IDR: IDR, ISK: ISK, GBP: GBP, CHF: CHF}}}}
columns:
  paid: {{column: Paid, type: money}}
facts:
  account.id: {{column: No}}
  account.level: {{formula: 1}}
  account.cap: {{column: Cap{cap}}}
  account.wait: {{formula: 'if row.paid > 0 then 1 else 0'}}
  account.items: {{column: Items}}
...
"""
RATES = [
    ("USD", "2026-07-14", "0.5"),
    ("USD", "2026-07-16", "9"),
    ("JPY", "2026-07-08", "0.005"),
    ("KWD", "2026-07-15", "2.987654321012"),
    ("IDR", "2026-07-10", "0.0000187"),
    ("ISK", "2026-07-10", "33.1"),
    ("GBP", "2026-07-01", "1.1"),
    ("CHF", "2026-07-20", "1.1"),
]
"""The newest of the pound is too old, and that of the franc is still to come."""

CODES = ("EUR", "$", "JPY", "KWD", "IDR", "ISK", "GBP", "CHF", "Euro", "")


def rates() -> Rates:
    return read_rates([{"currency": code, "date": day, "rate": rate} for code, day, rate in RATES], "EUR")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return engine_of(POLICY)


def row_map(engine: Engine, cap: str = "") -> RowMap:
    document, mistakes = read(MAP.format(cap=cap).encode(), "map.yaml", end_mark=True)
    assert document is not None, mistakes
    found, mistakes = read_row_map(document, engine.vocabulary)
    assert found is not None, "\n".join(map(str, mistakes))
    return found


Row = dict[str, Any]


def random_amount(chance: random.Random) -> str | None:
    """Mostly amounts near the half of a cent, some that don't fit and some that are none."""
    whole = chance.choice([0, 1, 5, *(chance.randint(0, 999) for _ in range(9)), 10**6, 10**17])
    decimals = chance.choice(["", "", "", "", ".5", ".25", ".0000", ".015", ".00001"])
    return chance.choice([f"{chance.choice(['', '-'])}{whole}{decimals}"] * 15 + [None, "x", "1,5"])


def random_row(chance: random.Random, number: int) -> Row:
    items = [
        {"amount": random_amount(chance) or "1", "kind": chance.choice(["invoice", "credit", None])}
        for _ in range(chance.choice([0, 1, 1, 3]))
    ]
    return {
        "No": str(number),
        "Waers": chance.choice(CODES),
        "Cap": random_amount(chance),
        "Paid": chance.choice(["1", "2.5", ""]),
        "Items": chance.choice([None, items]),
    }


def write(folder: Path, rows: list[Row], kind: str) -> Path:
    path = folder / f"rows.{kind}"
    lists = [dict(row, Items=None if row["Items"] is None else json.dumps(row["Items"])) for row in rows]
    if kind == "ndjson":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        cells = [[each or "" for each in row.values()] for row in lists]
        quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
        path.write_text("\n".join(["No,Waers,Cap,Paid,Items", *quoted]) + "\n", encoding="utf-8")
    return path


def rejected(path: Path, first: int) -> dict[int, set[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        faults = {int(row["line"]) - first: row["faults"].replace("\n", "; ") for row in DictReader(stream)}
    return {number: set(words.split("; ")) for number, words in faults.items()}


Found = dict[int, tuple[Row, Row | None] | set[str]]
"""By row what is decided of it, or its faults."""


def numbers(results: dict[str, Any]) -> dict[str, Decimal | None]:
    """A batch writes numbers of JSON, and one decision text."""
    return {name: None if value is None else Decimal(str(value)) for name, value in results.items()}


def one_by_one(engine: Engine, source: Path, mapped: RowMap | None) -> Found:
    out, rejects = source.with_name("one.ndjson"), source.with_name("one.csv")
    job = DecideFileJob(
        source=source, case="account", row_map=mapped, as_of=DAY, rates=rates(), out=str(out), rejects=str(rejects)
    )
    decide_file(engine, job, Watch())
    found: Found = {}
    for line in out.read_text(encoding="utf-8").splitlines():
        decision: Row = json.loads(line)
        found[int(decision["subject"])] = (numbers(decision["results"]["p"]), decision.get("converted_from"))
    return found | rejected(rejects, 1 if source.suffix == ".csv" else 0)


def in_bulk(engine: Engine, source: Path, mapped: RowMap | None) -> Found:
    out, rejects = source.with_name("bulk.ndjson"), source.with_name("bulk.csv")
    job = SqlBatchJob(
        sources=(str(source),),
        ruleset=engine.ruleset("account", DAY),
        row_map=mapped,
        as_of=DAY,
        rates=rates(),
        out=str(out),
        rejects=str(rejects),
    )
    run(job)
    found: Found = {}
    for line in out.read_text(encoding="utf-8").splitlines():
        decision = json.loads(line)
        shown = {key: decision[f"converted_from.{key}"] for key in ("currency", "date", "rate")}
        results = {name.removeprefix("p."): value for name, value in decision.items() if name.startswith("p.")}
        found[int(decision["account.id"])] = (numbers(results), shown if shown["currency"] else None)
    return found | rejected(rejects, 1 if source.suffix == ".csv" else 0)


@pytest.mark.parametrize(("kind", "rounded"), long_after(1, [("csv", ", round: true"), ("csv", ""), ("ndjson", "")]))
@pytest.mark.parametrize("seed", range(how_many(1, large=20)))
def test_a_batch_converts_as_one_by_one_does(
    engine: Engine, seed: int, kind: str, rounded: str, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    mapped = row_map(engine, rounded)
    rows = [random_row(chance, number) for number in range(1, 201)]
    source = write(tmp_path, rows, kind)
    one, bulk = one_by_one(engine, source, mapped), in_bulk(engine, source, mapped)
    differing = {number: (rows[number - 1], each, bulk.get(number)) for number, each in one.items()}
    assert {number: each for number, each in differing.items() if each[1] != each[2]} == {}
    assert bulk.keys() == one.keys()
    seen = {str(each[1]["currency"]) for each in one.values() if isinstance(each, tuple) and each[1] is not None}
    assert seen == {"USD", "JPY", "KWD", "IDR", "ISK"}


def ties_up(rate: Rate, amount: int, own_digits: int) -> int:
    divisor: int = 10 ** (MINOR_UNITS[rate.currency] + rate.scale)
    quotient, rest = divmod(amount * rate.value * 10**own_digits, divisor)
    return int(quotient + (2 * rest >= divisor))


SLIPS: dict[str, tuple[type, str, object]] = {
    "ties up, one by one": (Rate, "converted", ties_up),
    "cut off, in SQL": (
        RowRates,
        "_rounded",
        lambda rates, product: rates.dialect.narrow_quotient(exp.Paren(this=product.copy()), column(RATE_DIVISOR)),
    ),
    "never too large, in SQL": (RowRates, "_within", lambda *_: exp.true()),
    "the amount itself, in SQL": (RowRates, "_times", lambda _, amount, value: amount.copy()),
}
"""What converts, and what stands in its place."""


@pytest.mark.parametrize("slip", SLIPS)
def test_a_planted_difference_is_found(
    engine: Engine, slip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(0)
    mapped = row_map(engine)
    source = write(tmp_path, [random_row(chance, number) for number in range(1, 201)], "csv")
    monkeypatch.setattr(*SLIPS[slip])
    try:
        assert one_by_one(engine, source, mapped) != in_bulk(engine, source, mapped)
    except QueryFailed:
        assert slip == "never too large, in SQL"


# --- columns that hold numbers, and arrays of structs ----------------------------------------------------------------


def typed_rows(chance: random.Random, count: int) -> list[Row]:
    """Facts as requests have them, each with a currency of its own."""
    rows = []
    for number in range(1, count + 1):
        row = random_row(chance, number)
        items = [
            {"amount": amount and amount.replace(",", "."), "kind": each["kind"]}
            for each in row["Items"] or ()
            for amount in [random_amount(chance)]
        ]
        code = {"$": "USD", "": None}.get(row["Waers"], row["Waers"])
        cap = row["Cap"] if row["Cap"] not in ("x", "1,5") else None
        facts = {"id": str(number), "level": 1, "cap": cap, "items": None if row["Items"] is None else items}
        rows.append({"currency": code, "account": facts})
    return rows


def expected(engine: Engine, row: Row) -> object:
    """What one request gets; None for one that is refused."""
    try:
        facts, rate = engine.in_own_currency("account", {"account": row["account"]}, DAY, row["currency"], rates())
        decision: Row = engine.decide("account", facts, DAY, "-", rate).as_json()
    except FactsRefused:
        return None
    return numbers(decision["results"]["p"]), decision.get("converted_from")


def typed_table(rows: list[Row]) -> pa.Table:
    facts = [row["account"] for row in rows]
    struct = pa.struct([("amount", pa.string()), ("kind", pa.string())])
    return pa.table(
        {
            "currency": pa.array([row["currency"] for row in rows], pa.string()),
            "account.id": pa.array([each["id"] for each in facts], pa.string()),
            "account.level": pa.array([each["level"] for each in facts], pa.int64()),
            "account.cap": pa.array([each["cap"] and Decimal(each["cap"]) for each in facts], pa.decimal128(38, 5)),
            "account.items": pa.array([each["items"] for each in facts], pa.list_(struct)),
        }
    )


def of_columns(decisions: list[Row]) -> dict[str, object]:
    found: dict[str, object] = {}
    for decision in decisions:
        shown = {key: decision[f"converted_from.{key}"] for key in ("currency", "date", "rate")}
        results = {name.removeprefix("p."): value for name, value in decision.items() if name.startswith("p.")}
        found[decision["account.id"]] = (numbers(results), shown if shown["currency"] else None)
    return found


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("seed", range(how_many(1, large=20)))
def test_amounts_of_columns_and_of_structs_are_converted_as_those_of_a_request(
    engine: Engine, seed: int, kind: str, tmp_path: Path
) -> None:
    rows = typed_rows(random.Random(seed), 200)
    source, out = tmp_path / f"rows.{kind}", tmp_path / "out.parquet"
    if kind == "parquet":
        pq.write_table(typed_table(rows), source)
    else:
        with pa.ipc.new_file(source, typed_table(rows).schema) as writer:
            writer.write_table(typed_table(rows))
    ruleset = engine.ruleset("account", DAY)
    run(
        SqlBatchJob(
            sources=(str(source),),
            ruleset=ruleset,
            as_of=DAY,
            rates=rates(),
            out=str(out),
            rejects=str(tmp_path / "rejects.csv"),
        )
    )
    found = of_columns(pq.read_table(out).to_pylist())
    wanted = {row["account"]["id"]: expected(engine, row) for row in rows}
    assert {id_: (each, found.get(id_)) for id_, each in wanted.items() if found.get(id_) != each} == {}
    assert 20 < len(found) < 180
    assert "is out of range once converted (expected between" in (tmp_path / "rejects.csv").read_text("utf-8")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.long
@pytest.mark.spark
def test_spark_converts_as_duckdb_does(engine: Engine, tmp_path: Path) -> None:
    pytest.importorskip("pyspark.sql", exc_type=ImportError)
    from files.batch.spark import cluster

    rows = typed_rows(random.Random(5), 200)
    source, out = tmp_path / "rows.parquet", tmp_path / "out.parquet"
    pq.write_table(typed_table(rows), source)
    job = SqlBatchJob(
        sources=(str(source),),
        ruleset=engine.ruleset("account", DAY),
        as_of=DAY,
        rates=rates(),
        out=str(out),
        rejects=str(tmp_path / "rejects"),
    )
    cluster.run(job, "local[1]")
    found = of_columns(pq.read_table(out).to_pylist())
    wanted = {row["account"]["id"]: expected(engine, row) for row in rows}
    assert {id_: (each, found.get(id_)) for id_, each in wanted.items() if found.get(id_) != each} == {}
    assert 20 < len(found) < 180


# --- rates that rows bring along -------------------------------------------------------------------------------------


def test_rows_that_are_requests_may_bring_rates(engine: Engine, tmp_path: Path) -> None:
    """They count before those of the file of rates, as in a request; a query doesn't read them, and says so."""
    source = tmp_path / "rows.ndjson"
    brought = [
        ("USD", [{"currency": "USD", "date": "2026-07-15", "rate": "0.25"}]),
        ("USD", None),
        ("USD", [{"currency": "USD", "date": "2026-07-15", "rate": "0"}]),
        ("GBP", [{"currency": "GBP", "date": "2026-07-15", "rate": 1.2}]),
    ]
    facts = {"level": 1, "cap": "100.00"}
    lines = [
        json.dumps({"currency": code, "rates": given, "account": {"id": str(number), **facts}})
        for number, (code, given) in enumerate(brought, 1)
    ]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = one_by_one(engine, source, None)
    seen = {number: each[0]["seen"] for number, each in found.items() if isinstance(each, tuple)}
    assert seen == {1: Decimal(25), 2: Decimal(50), 4: Decimal(120)}
    assert "rates[1].rate: is 0" in str(found[3])
    bulk = in_bulk(engine, source, None)
    assert isinstance(bulk[2], tuple)
    for number in (1, 3, 4):
        assert "rates: are not read from rows by a query (give --rates" in str(bulk[number])


def test_records_of_another_file_are_never_taken_for_the_currency_of_the_row(tmp_path: Path) -> None:
    """Nobody says in which currency they are."""
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, content in whole_set({"p": HEAD + POLICY}, FACTS.format(currency="EUR")).items():
        (rules / name).write_bytes(content)
    (tmp_path / "rates.csv").write_text("currency,date,rate\nUSD,2026-07-14,0.5\n", encoding="utf-8")
    (tmp_path / "items.csv").write_text("account.id,amount\n1,10.00\n2,10.00\n3,\n", encoding="utf-8")
    rows = [
        {"account": {"id": str(number), "level": 1}, "currency": code}
        for number, code in ((1, "EUR"), (2, "USD"), (3, "USD"), (4, "USD"))
    ]
    source = tmp_path / "rows.ndjson"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for command in ("decide-file", "batch"):
        out, rejects = tmp_path / f"{command}.ndjson", tmp_path / f"{command}.csv"
        options = ("--rules", rules, "--case", "account", "--as-of", str(DAY), "--rates", tmp_path / "rates.csv")
        beside = ("--list", f"account.items={tmp_path / 'items.csv'}", "--out", out, "--rejects", rejects)
        ran = credence(command, source, *options, *beside)
        assert ran.exit_code == 1, ran.output
        assert list(rejected(rejects, 0)) == [2]
        assert "account.items: comes from" in str(rejected(rejects, 0)[2]), rejected(rejects, 0)
