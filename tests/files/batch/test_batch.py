"""`credence batch` decides as the service does: the same rows accepted, the same faults found, nothing lost."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from engine.diagnostics.diagnostic import Place
from engine.pipeline import Engine
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind
from files.batch.duckdb.duckdb_run import SqlBatchJob, run
from files.batch.job import BatchTally
from files.input_refused import InputRefused
from files.maps.date_format import ISO, DateFormat
from files.maps.mapped_rows import row_reader
from files.maps.row_map import Column, RowMap
from tests.support.command_line import engine_of_desk
from tests.support.default_policies import AS_OF_DAY, default_policies, policies_of_november_2026
from tests.support.large import IS_LARGE, how_many
from tests.support.steps import long_after

HERE = Place("map.yaml", 1, 1)
CELLS: dict[Kind, tuple[str, ...]] = {
    Kind.MONEY: ("0", "5", "12.5", "12.50", "12.500", "-0.01", "007.5", "+1", "1e3", ".5", "5.", "1,000", "NaN", "")
    + (
        "999999999999999.99",
        "1000000000000000",
        "1000000000000000.01",
        "99999999999999999999",
        "123456789012345.67",
        "99999999999999.99",
        "-100000000000000",
        "9223372036854775807",
        " 7 ",
    ),
    Kind.RATE: ("0", "0.05", "1", "1.000001", "0.999999", "0.0000001", "-0.1", "5%", "1000000", "0.100000000000", ""),
    Kind.NUMBER: ("0", "1.5", "1000", "1000.000001", "999.999999", "-1", "0.0000001", "1_0", ""),
    Kind.INTEGER: ("0", "6", "7", "-1", "007", "1.0", "99999999999999999999", "999999999999999999", "x", "", " 3"),
    Kind.DAYS: ("0", "30", "36500", "36501", "100000", "-5", "1e2", "٣", ""),
    Kind.MONTHS: ("0", "3600", "3601", "-1", "six", ""),
    Kind.DATE: ("2026-07-01", "2026-02-29", "2024-02-29", "1899-12-31", "1900-01-01", "2199-12-31", "2200-01-01", "")
    + ("2026-7-1", "01.07.2026", "0000-01-01", "2026-13-01", "2026-07-01T00:00:00", "9999-12-31"),
    Kind.YES_NO: ("true", "false", "True", "yes", "1", "0", ""),
    Kind.PERSON: ("U.Becker", " ü b", "ＵＢ", "u.bеcker", "a\u034fb", "x" * 201, "ﷺ" * 60, "\x7f", ""),
    Kind.TEXT: ("x", "中文", "a\tb", "a\x00b", "\x7f", "\x85x", "x" * 200, "é" * 200, "x" * 201, "", "'", '"', " x "),
}


def cells_of(fact: Fact) -> tuple[str, ...]:
    if fact.type.kind is Kind.ENUM:
        return (*fact.type.members, fact.type.members[0].upper() + "x", "?", "")
    return CELLS[fact.type.kind]


def sound_cell(fact: Fact) -> str:
    example = fact.example
    return ("true" if example else "false") if isinstance(example, bool) else str(example)


def rows_of_cells(
    case: str, count: int | None, seed: int, policies: Engine | None = None
) -> tuple[list[Fact], list[list[str]]]:
    """Sound rows in which about one cell is odd; each odd cell of each fact at least once, where `count` allows. Lists
    have tests of their own."""
    ruleset = (policies or default_policies()).ruleset(case, AS_OF_DAY)
    facts = [fact for fact in ruleset.facts if fact.type.kind is not Kind.LIST]
    chance = random.Random(seed)
    odd = [(index, cell) for index, fact in enumerate(facts) for cell in cells_of(fact)]
    rows = []
    for number in range(len(odd) if count is None else count):
        row = [sound_cell(fact) for fact in facts]
        for index, cell in [odd[number % len(odd)], *chance.sample(odd, chance.choice((0, 0, 1, 3)))]:
            row[index] = cell
        rows.append(row)
    return facts, rows


def identity_map(case: str, facts: Iterable[Fact]) -> RowMap:
    iso = DateFormat.of(ISO)
    columns = [
        Column(
            name=fact.name,
            place=HERE,
            column=fact.name,
            type=fact.type,
            dates=(iso,) if iso and fact.type.kind is Kind.DATE else (),
            values=None,
        )
        for fact in facts
    ]
    title = Text("identity", "identity")
    return RowMap(name="identity", place=HERE, title=title, case=case, columns=tuple(columns))


def one_by_one(
    case: str, facts: Sequence[Fact], rows: Sequence[Sequence[str]], policies: Engine | None = None
) -> list[Any]:
    """The decision of each row, or the names of its faulty facts."""
    engine = policies or default_policies()
    read = row_reader(identity_map(case, facts), [fact.name for fact in facts], AS_OF_DAY)
    found: list[Any] = []
    for row in rows:
        mapped = read(row)
        faulty = {fault.path for fault in mapped.faults}
        try:
            decision = engine.decide(case, mapped.facts, AS_OF_DAY, "id")
        except FactsRefused as refused:
            faulty |= {fault.path for fault in refused.faults}
        found.append(faulty if faulty else decision)
    return found


def job(
    case: str, source: Path | str, out: Path, row_map: RowMap | None = None, policies: Engine | None = None
) -> SqlBatchJob:
    ruleset = (policies or default_policies()).ruleset(case, AS_OF_DAY)
    rejects = out.with_suffix(".rejects.csv")
    return SqlBatchJob(
        sources=(str(source),),
        ruleset=ruleset,
        as_of=AS_OF_DAY,
        out=str(out),
        rejects=str(rejects),
        row_map=row_map,
        summary=True,
    )


def write_csv(path: Path, facts: Sequence[Fact], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([fact.name for fact in facts])
        writer.writerows(rows)


def rejects_of(path: Path) -> dict[int, set[str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return {int(row["line"]): {fault.partition(":")[0] for fault in row["faults"].split("\n")} for row in rows}


@pytest.mark.parametrize("case", long_after(2, ["portfolio", "account", "limit", "order", "invoice"]))
def test_csv_rows_are_accepted_refused_and_decided_as_one_by_one(case: str, tmp_path: Path) -> None:
    facts, rows = rows_of_cells(case, None, 1)
    said = one_by_one(case, facts, rows)
    write_csv(tmp_path / "in.csv", facts, rows)
    tally = run(job(case, tmp_path / "in.csv", tmp_path / "out.parquet"))
    rejected = rejects_of(tmp_path / "out.rejects.csv")
    for number, (row, expected) in enumerate(zip(rows, said, strict=True)):
        faulty = expected if isinstance(expected, set) else set()
        assert rejected.get(number + 2, set()) == faulty, row
    decisions = [decision for decision in said if not isinstance(decision, set)]
    written = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert (tally.rows, tally.decided, tally.rejected) == (len(rows), len(decisions), len(rows) - len(decisions))
    for decision, found in zip(decisions, written, strict=True):
        same_decision(decision, found)


def same_decision(decision: Any, found: dict[str, Any], policies: Engine | None = None) -> None:
    assert found["outcome"] == decision.outcome
    unsure = {item.id for item in decision.undetermined}
    assert set(found["fired"].split()) == {reason.rule for reason in decision.reasons if reason.rule not in unsure}
    rules = {rule.id for rule in (policies or default_policies()).ruleset(decision.case, AS_OF_DAY).rules}
    assert set(found["undetermined"].split()) == unsure & rules
    for policy, members in decision.results.items():
        for name, value in members.items():
            assert as_shown(found[f"{policy}.{name}"]) == as_number(value), (policy, name)
    for name, value in decision.conditions.items():
        assert as_shown(found[f"condition.{name}"]) == as_number(value)


def as_shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def as_number(value: Any) -> Any:
    """Decimals by value: 0.10 and 0.1 are one."""
    try:
        return Decimal(value) if isinstance(value, str) and not isinstance(value, bool) else value
    except ArithmeticError:
        return value


@pytest.mark.long
def test_every_form_of_input_and_output_gives_the_same_decisions(tmp_path: Path) -> None:
    policies = engine_of_desk()
    facts, rows = rows_of_cells("order", 300, 2, policies)
    write_csv(tmp_path / "in.csv", facts, rows)
    with (tmp_path / "in.ndjson").open("w", encoding="utf-8") as stream:
        for row in rows:
            body: dict[str, dict[str, str]] = {}
            for fact, cell in zip(facts, row, strict=True):
                body.setdefault(fact.group, {})[fact.name.partition(".")[2]] = cell
            stream.write(json.dumps(body) + "\n")
    seen: list[tuple[BatchTally, list[Any]]] = []
    forms = [(source, kind) for source in ("in.csv", "in.ndjson") for kind in ("parquet", "csv", "ndjson")]
    for source, kind in forms if IS_LARGE else forms[::2]:
        out = tmp_path / f"{source}.{kind}"
        tally = run(job("order", tmp_path / source, out, policies=policies))
        reader = {"parquet": "read_parquet", "csv": "read_csv", "ndjson": "read_json"}[kind]
        ids = "array_to_string(fired, ' ')" if kind == "ndjson" else "coalesce(fired, '')"
        query = f"SELECT \"order.id\"::VARCHAR, outcome, {ids} FROM {reader}('{out}')"
        tally.seconds = 0
        seen.append((tally, duckdb.execute(query).fetchall()))
    assert {outcome for _, outcome, _ in seen[0][1]} == {"approve", "hold"}
    assert all(found == seen[0] for found in seen), [tally for tally, _ in seen]


def test_typed_columns_count_by_their_value(tmp_path: Path) -> None:
    """Money as decimals or whole numbers, dates as dates; floats are refused row by row, as in a request."""
    table = pa.table(
        {
            "order.id": ["S1", "S2", "S3", None],
            "account.id": ["C1"] * 4,
            "order.amount": pa.array(
                [Decimal("12.500"), Decimal("0.001"), None, Decimal("7.000")], pa.decimal128(12, 3)
            ),
            "order.deposit_paid": pa.array([1, 2, 3, 4], pa.int32()),
            "order.delivery_date": pa.array([date(2026, 7, 1), None, None, date(1800, 1, 1)]),
            "order.prepayment": [True, False, None, True],
            "order.discount_rate": pa.array([None, None, 0.5, None], pa.float64()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    tally = run(job("order", tmp_path / "in.parquet", tmp_path / "out.parquet", policies=policies_of_november_2026()))
    assert (tally.rows, tally.decided) == (4, 1)
    assert rejects_of(tmp_path / "out.rejects.csv") == {
        2: {"order.amount"},
        3: {"order.amount", "order.discount_rate"},
        4: {"order.id", "order.delivery_date"},
    }
    [row] = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert row["orders.deposit_paid"] == Decimal("1.00")


def test_numbers_of_json_keep_every_digit(tmp_path: Path) -> None:
    lines = ['{"order": {"id": "S", "amount": 1234567890123.45, "prepayment": true}, "account": {"id": "C"}}']
    lines += [
        "not json",
        '{"order": {"id": "S", "id": "T"}}',
        '{"order": {"id": "S", "amount": 1e3}, "account": {"id": "C"}}',
    ]
    (tmp_path / "in.ndjson").write_text("\n".join(lines) + "\n")
    tally = run(job("order", tmp_path / "in.ndjson", tmp_path / "out.parquet", policies=policies_of_november_2026()))
    assert (tally.rows, tally.decided) == (4, 1)
    [row] = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert row["orders.new_credit"] == Decimal("1234567890123.45")
    assert set(rejects_of(tmp_path / "out.rejects.csv")) == {2, 3, 4}


def test_rows_that_are_no_rows_are_rejects_with_their_number(tmp_path: Path) -> None:
    facts, _ = rows_of_cells("order", 1, 1, policies_of_november_2026())
    sound = [sound_cell(fact) for fact in facts]
    wrong = ["", *sound[1:]]
    write_csv(tmp_path / "in.csv", facts, [sound, ["too", "few"], wrong, [*sound, "more"], sound, wrong])
    tally = run(job("order", tmp_path / "in.csv", tmp_path / "out.csv", policies=policies_of_november_2026()))
    assert (tally.rows, tally.decided, tally.rejected) == (6, 2, 4)
    assert rejects_of(tmp_path / "out.rejects.csv") == {3: {"row"}, 4: {"order.id"}, 5: {"row"}, 7: {"order.id"}}


def test_a_map_renames_columns_and_translates_words(tmp_path: Path) -> None:
    facts, _ = rows_of_cells("order", 1, 1)
    by_name = {fact.name: fact for fact in facts}

    def mapped(name: str, heading: str, dates: str | None = None, values: Any = None) -> Column:
        type_ = by_name[name].type
        written = DateFormat.of(dates) if dates else None
        return Column(
            name=name, place=HERE, column=heading, type=type_, dates=(written,) if written else (), values=values
        )

    columns = (
        mapped("order.id", "No"),
        mapped("account.id", "Customer"),
        mapped("order.amount", "Value"),
        mapped("order.delivery_date", "Ship", "M/d/yyyy"),
        mapped("order.prepayment", "Paid", values={"Y": True, "N": False, "-": None}),
    )
    row_map = RowMap(name="m", place=HERE, title=Text("m", "m"), case="order", columns=columns)
    text = (
        "No,Customer,Value,Ship,Paid\n1,C,100,7/14/2026,Y\n2,C,100,2026-07-14,N\n3,C,100,2/30/2026,-\n4,C,100,,maybe\n"
    )
    (tmp_path / "in.csv").write_text(text)
    tally = run(job("order", tmp_path / "in.csv", tmp_path / "out.parquet", row_map))
    assert rejects_of(tmp_path / "out.rejects.csv") == {
        3: {"order.delivery_date"},
        4: {"order.delivery_date"},
        5: {"order.prepayment"},
    }
    [row] = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert (tally.rows, row["cover.delivery_date"]) == (4, date(2026, 7, 14))


def test_what_can_not_be_used_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("order.id,order.amout\n1,2\n")
    with pytest.raises(InputRefused, match=r"did you mean `order.amount`"):
        run(job("order", tmp_path / "in.csv", tmp_path / "out.parquet"))
    with pytest.raises(InputRefused, match="matches no file"):
        run(job("order", tmp_path / "none*.csv", tmp_path / "out.parquet"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_the_command_decides_and_says_so(tmp_path: Path) -> None:
    facts, rows = rows_of_cells("order", 50, 3)
    write_csv(tmp_path / "in.csv", facts, rows)
    arguments = ["batch", str(tmp_path / "*.csv"), "--case", "order", "--as-of", "2026-07-01", "--summary"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out.ndjson"), "--rules", "rules"])
    assert result.exit_code == 1, result.output
    assert "orders.over-limit" in result.output
    assert "50 rows" in result.output


def test_the_sql_command_prints_a_query(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sql", "--case", "order", "--as-of", "2026-07-01", "--dialect", "bigquery"])
    assert result.exit_code == 0
    assert "AS rule_orders_over_limit" in result.output


@pytest.mark.long
@pytest.mark.spark
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_spark_accepts_refuses_and_decides_the_same_rows(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", exc_type=ImportError)
    from pyspark.sql import SparkSession

    from files.batch.spark.frames import decide_frame

    policies = policies_of_november_2026() if IS_LARGE else default_policies()
    case = "account" if IS_LARGE else "portfolio"  # Spark plans for a minute where there are many facts
    facts, rows = rows_of_cells(case, how_many(400, large=1_200), 4, policies)
    names = [fact.name for fact in facts]
    table = pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)} | {"n": range(len(rows))})
    pq.write_table(table, tmp_path / "in.parquet")
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    frame = session.read.parquet(str(tmp_path / "in.parquet"))
    decided = decide_frame(frame, policies.ruleset(case, AS_OF_DAY), AS_OF_DAY, cells=True)
    said = one_by_one(case, facts, rows, policies)
    refused = {row["n"]: {f.partition(":")[0] for f in row["faults"].split("\n")} for row in decided.rejects.collect()}
    assert refused == {n: found for n, found in enumerate(said) if isinstance(found, set)}
    written = [row.asDict() for row in decided.decisions.collect()]
    decisions = [found for found in said if not isinstance(found, set)]
    assert len(written) == len(decisions)
    for decision, found in zip(decisions, written, strict=True):
        same_decision(decision, found, policies)
    session.stop()
