"""`credence batch --engine spark` on a session in this process: the same decisions, in folders, or one clear line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.dataset as pads
import pyarrow.json as pajson
import pytest
from typer.testing import Result

from tests.files.maps.test_columns_agree import CLOSE, SPECS, both, map_of
from tests.files.maps.test_map_formulas_agree import of_numbers
from tests.support import facts_in_every_way
from tests.support.command_line import credence, desk
from tests.support.large import how_many
from tests.support.random_row_maps import DAY, RandomRowMap, seeing_engine, seen

pytestmark = [
    pytest.mark.long,
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROWS = 400
EXCEPTIONS = """\
kn:
  waives: [orders.over-limit, orders.insolvent]
  when: account.id = "C-3"
  from: 2026-07-01
  until: 2026-12-31
  by: a
  approved_by: b
  reason: Agreed
...
"""
ACTS = """\
  tell-insurer:
    when: order.amount > 5000
    then: approve
    reason: {en: Large., zh: 大额。}
    action: {do: notify_insurer, by: as_of + 30, amount: order.amount - 5000}
  proof-of-debt:
    when: account.insolvent
    then: reject
    if_missing: ignore
    reason: {en: Insolvent., zh: 破产。}
    action: {do: file_proof_of_debt, amount: order.amount}
...
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Orders on both sides of the desk's limit, some without what a rule asks for, some with faults."""
    pyspark = pytest.importorskip("pyspark.sql", exc_type=ImportError)
    folder = tmp_path_factory.mktemp("orders")
    rules = desk(folder / "rules")
    (rules / "exceptions.yaml").write_text(EXCEPTIONS, encoding="utf-8")
    policy = (rules / "orders.yaml").read_text(encoding="utf-8")
    (rules / "orders.yaml").write_text(policy.removesuffix("...\n") + ACTS, encoding="utf-8")
    lines = ["order.id,account.id,order.amount,account.insolvent"]
    for number in range(ROWS):
        amount = "1,5" if number % 37 == 0 else f"{number * 50}.00"
        lines.append(f'SO-{number},C-{number % 7},"{amount}",{("true", "false", "")[number % 3]}')
    (folder / "orders.csv").write_text("\n".join(lines), encoding="utf-8")
    yield folder / "orders.csv"
    pyspark.SparkSession.builder.getOrCreate().stop()


def batch(orders: Path, source: Path, out: Path, *options: str) -> Result:
    asked = ("--case", "order", "--as-of", "2026-07-01", "--rules", str(orders.with_name("rules")), "--out", str(out))
    return credence("batch", str(source), *asked, *options)


def on_spark(orders: Path, source: Path, out: Path, *options: str) -> Result:
    return batch(orders, source, out, "--engine", "spark", "--master", "local[2]", *options)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "ndjson"])
def test_spark_writes_what_duckdb_writes(orders: Path, tmp_path: Path, suffix: str) -> None:
    here = batch(orders, orders, tmp_path / f"here.{suffix}", "--summary")
    there = on_spark(orders, orders, tmp_path / f"there.{suffix}", "--summary")

    assert (here.exit_code, there.exit_code) == (1, 1), there.stderr
    assert here.stdout == there.stdout
    read = {"parquet": pads.dataset, "csv": lambda path: pads.dataset(path, format="csv")}.get(suffix, _ndjson)
    mine, theirs = (read(tmp_path / f"{name}.{suffix}") for name in ("here", "there"))
    wanted = [f"{group}.id" for group in ("order", "account")] + [
        "outcome",
        "fired",
        "waived",
        "undetermined",
        "actions",
    ]
    assert mine.to_table(wanted).to_pylist() == theirs.to_table(wanted).to_pylist()
    rejected = pads.dataset(tmp_path / f"there.{suffix}.rejects.parquet").count_rows()
    assert 0 < rejected == ROWS - mine.count_rows()


def _ndjson(path: Path) -> pads.Dataset:
    files = sorted(path.glob("part-*")) if path.is_dir() else [path]
    return pads.dataset([pajson.read_json(file) for file in files])


def test_only_reasons(orders: Path, tmp_path: Path) -> None:
    invoices = tmp_path / "invoices.csv"
    invoices.write_text("invoice.id,account.id,invoice.open_amount,invoice.due_date\nI-1,C-1,5.00,2026-06-01\n")
    names = []
    for name, options in (("all", ()), ("reasons", ("--no-results",))):
        on_spark(orders, invoices, tmp_path / f"{name}.parquet", "--case", "invoice", *options)
        names.append(pads.dataset(tmp_path / f"{name}.parquet").schema.names)

    assert [name for name in names[0] if name not in names[1]] == ["dunning.step"]


def test_what_exists_stays_as_it_is(orders: Path, tmp_path: Path) -> None:
    (tmp_path / "out.parquet").mkdir()
    (tmp_path / "out.parquet" / "theirs").write_text("theirs")
    result = on_spark(orders, orders, tmp_path / "out.parquet")

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "exists; on Spark it becomes a new folder" in result.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["out.parquet", "theirs"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "Spark can't do it"),
        ("order.id,order.amount\nSO-1,1.00,and one more\n", "Spark can't do it"),
        ("who,what\na,b\n", "no column bears the name of a fact"),
    ],
    ids=["no such file", "a row too long", "no facts"],
)
def test_files_that_spark_cannot_use(orders: Path, tmp_path: Path, content: str | None, words: str) -> None:
    source = tmp_path / "in.csv"
    if content is not None:
        source.write_text(content)
    result = on_spark(orders, source, tmp_path / "out.parquet")

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
    assert words in result.stderr
    assert [path.name for path in tmp_path.iterdir() if path != source] == []


def test_formats_that_spark_does_not_take(orders: Path, tmp_path: Path) -> None:
    result = on_spark(orders, tmp_path / "in.ndjson", tmp_path / "out.parquet")

    assert (result.exit_code, "reads CSV or Parquet" in result.stderr) == (2, True)


CELLS_MAP = """map: m
title: {en: M, zh: 图}
case: account
decimal: ","
thousands: "."
negative: [trailing_minus, parentheses]
two_digit_years_from: 1950
no_date: [0000-00-00, 31.12.9999]
facts:
  account.id: {column: [no, x], join: /}
  account.level: {formula: '1'}
  account.cap: {column: x, round: true}
  account.share: {column: x, no_value: n/a}
  account.wait: {column: x}
  account.day: {column: x, format: [dd.MM.yyyy, dd-MMM-yy, yyyy-MM-dd]}
  account.word: {column: x, no_value: "-"}
...
"""


@pytest.mark.usefixtures("orders")
def test_cells_have_on_spark_the_words_that_they_have_elsewhere(tmp_path: Path) -> None:
    """Every cell in a column of each type; nearly all are faults of some of them."""
    from files.batch.spark.frames import decide_frame

    cells = [*CLOSE, *(cell for spec in SPECS.values() for cell in spec.sound)]
    rows = [(f"N{number}", cell) for number, cell in enumerate(cells)]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("no", "x"), *rows])
    one, _, expected, in_duckdb = both(CELLS_MAP, tmp_path / "in.csv")
    session = pytest.importorskip("pyspark.sql").SparkSession.builder.getOrCreate()
    frame = session.createDataFrame(rows, ["no", "x"])

    frames = decide_frame(frame, seeing_engine().ruleset("account", DAY), DAY, map_of(CELLS_MAP), cells=True)

    number = {f"N{line - 2}": line for line in range(2, 2 + len(rows))}
    faults = {number[row["no"]]: sorted(row["faults"].split("\n")) for row in frames.rejects.collect()}
    assert faults == expected == in_duckdb
    assert frames.decisions.count() == len(one)


def test_other_delimiters_are_read_and_other_encodings_refused(orders: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(orders.read_text().replace('"1,5"', "1.5").replace(",", ";"))
    read = on_spark(orders, tmp_path / "in.csv", tmp_path / "out.parquet", "--delimiter", ";")
    assert f"{ROWS} rows: {ROWS} decided" in read.stderr

    for options, words in ((("--encoding", "cp1252"), "CSV is read as UTF-8, not cp1252"),):
        refused = on_spark(orders, tmp_path / "in.csv", tmp_path / "more.parquet", *options)
        assert (refused.exit_code, words in refused.stderr) == (2, True), refused.stderr
    (tmp_path / "sep.csv").write_text("sep=;\norder.id;order.amount\n")
    refused = on_spark(orders, tmp_path / "sep.csv", tmp_path / "more.parquet")
    assert (refused.exit_code, "that says `sep=;`" in refused.stderr) == (2, True), refused.stderr


@pytest.mark.parametrize("seed", [3, 8, 11, 12][: how_many(1, large=4)])
@pytest.mark.usefixtures("orders")
def test_formulas_of_a_row_map_give_on_spark_what_the_interpreter_has(seed: int) -> None:
    """As tests/files/maps/test_map_formulas_agree.py has it for DuckDB."""
    made = RandomRowMap(seed)
    rows = made.rows(ROWS // 2)
    from files.batch.spark.frames import decide_frame

    session = pytest.importorskip("pyspark.sql").SparkSession.builder.getOrCreate()
    frame = session.createDataFrame([cells for cells, _ in rows], list(made.heading))
    ruleset = seeing_engine().ruleset("account", DAY)

    frames = decide_frame(frame, ruleset, DAY, made.row_map, cells=True, lists_as_json=True)

    by_id = {f"C-{number}": row for number, (_, row) in enumerate(rows)}
    rejected = {row["account.id"].strip(): row["faults"].split("\n") for row in frames.rejects.collect()}
    decided = {row["account.id"]: row.asDict() for row in frames.decisions.collect()}
    assert {id_: {fault.partition(":")[0] for fault in faults} for id_, faults in rejected.items()} == {
        id_: set(row.faulty) for id_, row in by_id.items() if row.faulty
    }
    for id_, row in by_id.items():
        if not row.faulty:
            expected = seen(row.facts)
            assert of_numbers({name: _shown(decided[id_][f"p.{name}"]) for name in expected}) == of_numbers(expected)
    assert len(rejected) > len(rows) / 20
    assert len(decided) > len(rows) / 20


@pytest.mark.usefixtures("orders")
def test_persons_dates_of_the_past_and_zeros_are_read_on_spark_as_everywhere() -> None:
    """As tests/files/batch/test_facts_in_every_way.py has it for the others."""
    from files.batch.spark.frames import decide_frame

    rows = list(facts_in_every_way.rows(150, 23))
    session = pytest.importorskip("pyspark.sql").SparkSession.builder.getOrCreate()
    heading = ["account.id", *(f"account.{name}" for name in facts_in_every_way.NAMES)]
    cells = [[f"C-{n}", *(str(row.sent[name]) for name in facts_in_every_way.NAMES)] for n, row in enumerate(rows)]
    for each in cells:
        each[3] += ".00"  # a count as spreadsheets write it
    day = facts_in_every_way.DAY
    ruleset = facts_in_every_way.engine().ruleset("account", day)

    frames = decide_frame(session.createDataFrame(cells, heading), ruleset, day, cells=True)

    said: dict[str, object] = {
        row["account.id"]: frozenset(fault.partition(":")[0] for fault in row["faults"].split("\n"))
        for row in frames.rejects.collect()
    }
    for row in frames.decisions.collect():
        values = {name.removeprefix("p."): _shown(value) for name, value in row.asDict().items() if name[:2] == "p."}
        said[row["account.id"]] = values | {name: Decimal(str(values[name])) for name in ("cap_seen", "share_seen")}
    expected = [
        row.refused or row.seen | {name: Decimal(row.seen[name]) for name in ("cap_seen", "share_seen")} for row in rows
    ]
    assert [said[f"C-{number}"] for number in range(len(rows))] == expected


def _shown(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
