"""`credence batch` on every kind of input file: the same rows decided, and each that can't be named by its line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import Result

from files.batch.duckdb.ndjson_input import SCHEMA, NdjsonCells, UnknownKeys, cells_sql
from tests.support.command_line import credence, desk_beside
from tests.support.default_policies import AS_OF_DAY, policies_of_november_2026
from tests.support.paths import NOVEMBER_2026
from tests.support.policy_files import ended
from tests.support.steps import long_after

ORDERS = policies_of_november_2026().ruleset("order", AS_OF_DAY)


def batch(*files: Path, out: Path, options: Sequence[str | Path] = (), rules: Path | None = None) -> Result:
    policies = ("--rules", rules or desk_beside(out.parent))
    return credence("batch", *files, "--case", "order", "--as-of", "2026-07-01", *policies, "--out", out, *options)


def decided(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def rejected(out: Path) -> dict[tuple[str, int], str]:
    file = out.with_name(out.name + ".rejects.csv")
    if not file.exists():
        return {}
    with file.open(newline="", encoding="utf-8") as stream:
        return {(Path(row["file"]).name, int(row["line"])): row["faults"] for row in csv.DictReader(stream)}


# --- Arrow -----------------------------------------------------------------------------------------------------------

TYPED: Mapping[str, pa.Array] = {
    "order.id": pa.array(["S1", "S2", "S3", "S4"], pa.large_string()),
    "order.amount": pa.array([Decimal("1250.25"), Decimal("2.50"), None, Decimal("3.00")], pa.decimal128(12, 2)),
    "order.deposit_paid": pa.array([1, 2, 3, 4], pa.int64()),
    "order.payment_days": pa.array([30, 30, 30, 400_000], pa.int32()),
    "order.delivery_date": pa.array([date(2026, 7, 1)] * 4, pa.date32()),
    "order.prepayment": pa.array([True, False, None, True]),
    "account.id": pa.array(["C"] * 4),
    "account.status": pa.array(["active", None, "active", "nonsense"]).dictionary_encode(),
    "account.country": pa.nulls(4),
    "account.customer_class": pa.array(["key", "small", None, "standard"], pa.string_view()),
    "account.credit_limit": pa.array([1, 2, 3, 4], pa.uint16()),
    "remark": pa.array([[1], [2], None, [3]]),
}


def write_arrow(path: Path, table: pa.Table) -> Path:
    make = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    with make(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    return path


@pytest.mark.parametrize(
    "name", long_after(3, ["in.arrow", "in.parquet", "in.arrows", "in.ARROW", "in.feather", "in.ipc", "in.pq"])
)
def test_typed_files_of_every_form_give_the_same_decisions(name: str, tmp_path: Path) -> None:
    table, path, out = pa.table(dict(TYPED)), tmp_path / name, tmp_path / "out.ndjson"
    if path.suffix in (".parquet", ".pq"):
        pq.write_table(table.drop_columns("account.customer_class"), path)
    else:
        write_arrow(path, table)

    result = batch(path, out=out, rules=NOVEMBER_2026)

    assert result.exit_code == 1, result.stderr
    assert "4 rows: 2 decided, 2 rejected" in result.stderr
    assert "no fact is named `remark`" in result.stderr
    assert [row["order.id"] for row in decided(out)] == ["S1", "S2"]
    assert [row["orders.deposit_paid"] for row in decided(out)] == [1.0, 2.0]
    assert decided(out)[0]["condition.prepayment"] == 1249.25
    assert rejected(out) == {
        (name, 3): "order.amount: is required",
        (name, 4): "order.payment_days: `400000` is out of range (expected between 0 and 3650)\n"
        "account.status: `nonsense` is not one of the known words (expected one of active, blocked, closed)",
    }


def test_values_of_a_type_that_no_fact_has_are_faults(tmp_path: Path) -> None:
    columns = {
        **TYPED,
        "order.amount": pa.array([[1], [2], None, [3]]),
        "order.prepayment": pa.array(["yes"] * 4),
        "order.discount_rate": pa.array([0.5] * 4),
    }
    path = write_arrow(tmp_path / "in.arrow", pa.table(columns))

    assert batch(path, out=tmp_path / "out.csv").exit_code == 1

    found = rejected(tmp_path / "out.csv")
    assert [faults.splitlines()[0].partition(" (")[0] for faults in found.values()] == [
        "order.amount: is not a number",
        "order.amount: is not a number",
        "order.amount: is required",
        "order.amount: is not a number",
    ]
    assert all("order.prepayment: `yes` is neither true nor false" in faults for faults in found.values())
    assert all("order.discount_rate: is a floating-point number" in faults for faults in found.values())


def test_arrow_files_with_words_of_their_own_are_one_input(tmp_path: Path) -> None:
    for name, word in (("a", "active"), ("b", "closed")):
        status = pa.array([word] * 2).dictionary_encode()
        table = pa.table({**{key: value[:2] for key, value in TYPED.items()}, "account.status": status})
        write_arrow(tmp_path / f"{name}.arrow", table)

    assert batch(tmp_path / "*.arrow", out=tmp_path / "out.ndjson", rules=NOVEMBER_2026).exit_code == 0

    fired = ["orders.account-closed" in row["fired"] for row in decided(tmp_path / "out.ndjson")]
    assert fired == [False, False, True, True]


@pytest.mark.parametrize("name", ["in.arrow", "in.arrows", "in.parquet"])
@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_a_broken_file_is_refused_in_one_line(name: str, damage: str, tmp_path: Path) -> None:
    path, table = tmp_path / name, pa.table(dict(TYPED)).drop_columns("account.customer_class")
    pq.write_table(table, path) if name == "in.parquet" else write_arrow(path, table)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3] if damage == "cut" else b"no such file at all, but text")

    result = batch(path, out=tmp_path / "out.csv")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "can't be read" in result.stderr
    assert name in result.stderr
    assert [left.name for left in tmp_path.iterdir()] == [name]


def test_one_column_in_two_types_is_refused(tmp_path: Path) -> None:
    """Read by the first one's type, 0.005 would be rounded."""
    pq.write_table(pa.table({**TYPED, "order.amount": pa.array([0.005] * 4)}), tmp_path / "b.parquet")
    pq.write_table(pa.table(dict(TYPED)), tmp_path / "a.parquet")

    result = batch(tmp_path / "*.parquet", out=tmp_path / "out.csv")

    assert result.exit_code == 2
    assert "`order.amount` is DECIMAL(12,2) in" in result.stderr
    assert "and DOUBLE in" in result.stderr


@pytest.mark.parametrize(
    ("precision", "scale"), [(9, 2), (18, 6), (37, 0), (38, 0), (38, 1), (38, 10), (38, 37), (38, 38)]
)
def test_decimal_columns_of_every_width_are_read_exactly(precision: int, scale: int, tmp_path: Path) -> None:
    """In each: 5 units of what an amount can hold, the smallest number of the column, its negative, its largest one."""
    five = f"5E-{min(scale, 2)}"
    amounts = [Decimal(five), Decimal(f"1E-{scale}"), Decimal(f"-1E-{scale}"), Decimal(f"{'9' * precision}E-{scale}")]
    column = pa.array(amounts, pa.decimal128(precision, scale))
    table = pa.table({"order.id": list("1234"), "order.amount": column, "account.id": ["C"] * 4})
    pq.write_table(table, tmp_path / "in.parquet")

    batch(tmp_path / "in.parquet", out=tmp_path / "out.ndjson")

    said = {line: fault.partition(" (")[0] for (_, line), fault in rejected(tmp_path / "out.ndjson").items()}
    faults = {line: re.sub("`.*` ", "", fault) for line, fault in said.items()}
    finer, beyond = "order.amount: has more than 2 decimals", "order.amount: is out of range"
    without_zero = {line: f"{amounts[line - 1]:f}".replace("0.", ".", 1) for line in said}
    assert all(
        f"`{shown}` " in said[line].replace("`0.", "`.").replace("`-0.", "`-.") for line, shown in without_zero.items()
    )
    fine = {2: finer, 3: finer, 4: finer}
    assert faults == (fine if scale > 2 else {4: beyond} if precision > 18 else {})
    assert len(decided(tmp_path / "out.ndjson")) == 4 - len(faults)


@pytest.mark.parametrize("blank", ["", "  ", "\u3000"])
@pytest.mark.parametrize("name", ["in.parquet", "in.arrow"])
def test_blank_text_of_typed_files_is_a_fault_as_in_the_service(name: str, blank: str, tmp_path: Path) -> None:
    table = pa.table(
        {
            "order.id": ["S1", blank, "S3"],
            "order.amount": [1, 1, 1],
            "order.second_released_by": [blank, None, None],
            "account.id": ["C", blank, "C"],
        }
    )
    write(tmp_path / name, table)

    assert batch(tmp_path / name, out=tmp_path / "out.ndjson").exit_code == 1

    assert [row["order.id"] for row in decided(tmp_path / "out.ndjson")] == ["S3"]
    known_by = f"`{blank}` is empty (send the number or name it is known by)"
    assert rejected(tmp_path / "out.ndjson") == {
        (name, 1): f"order.second_released_by: `{blank}` is empty (leave it out or give null where it is unknown)",
        (name, 2): f"order.id: {known_by}\naccount.id: {known_by}",
    }


# --- words of a map --------------------------------------------------------------------------------------------------

TRANSLATED = """\
map: words
title: {en: Words, zh: 词语}
case: order
facts:
  order.id: {column: order}
  account.id: {column: customer}
  order.amount: {column: amount}
  order.released_amount: {column: amount}
  order.released_on: {column: released}
  order.released_by: {column: who}
  order.released_by_role: {column: role, values: {boss: cfo}}
  order.second_released_by: {column: second, values: {"-": null, anna: anna}}
  order.prepayment: {column: prepaid, values: {"Y": true, "N": false}}
  order.payment_days: {column: terms, values: {month: 30}}
"""


def write(path: Path, table: pa.Table) -> Path:
    match path.suffix:
        case ".parquet":
            pq.write_table(table, path)
        case ".arrow":
            write_arrow(path, table)
        case ".ndjson":
            path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
        case _:
            pa_csv.write_csv(table, path)
    return path


def released(**columns: Any) -> pa.Table:
    """Four orders that the CFO released alone, with a second person, with a stranger, and with nobody."""
    same = {"customer": "C", "amount": "250000", "released": "2026-07-01", "who": "carl", "role": "boss"}
    every = {key: [value] * 4 for key, value in {**same, "prepaid": "N", "terms": "month"}.items()}
    return pa.table({"order": list("1234"), **every, "second": ["-", " anna", "zoe", ""], **columns})


def translated(path: Path, table: pa.Table) -> tuple[list[dict[str, Any]], dict[tuple[str, int], str]]:
    map_file, out = path.with_name("map.yaml"), path.with_name("out.ndjson")
    map_file.write_text(ended(TRANSLATED), encoding="utf-8")
    result = batch(write(path, table), out=out, options=("--map", map_file), rules=NOVEMBER_2026)
    assert result.exit_code in (0, 1), result.stderr
    return decided(out), rejected(out)


@pytest.mark.parametrize("name", ["in.csv", "in.ndjson", "in.parquet", "in.arrow"])
def test_a_map_s_values_translate_the_text_of_every_kind_of_file(name: str, tmp_path: Path) -> None:
    rows, rejects = translated(tmp_path / name, released())

    missing = {row["order.id"]: row["release.second_person"] is False for row in rows}
    assert missing == {"1": True, "2": False, "4": True}
    assert [faults.partition(" (")[0] for faults in rejects.values()] == [
        "order.second_released_by: column `second`: `zoe` is not among the values of the map"
    ]


def test_a_map_s_values_translate_columns_of_a_few_words_kept_once(tmp_path: Path) -> None:
    second = pa.array(["-", "anna", "zoe", None]).dictionary_encode()
    rows, rejects = translated(tmp_path / "in.arrow", released(second=second))

    missing = {row["order.id"]: row["release.second_person"] is False for row in rows}
    assert missing == {"1": True, "2": False, "4": True}
    assert [line for _, line in rejects] == [3]


@pytest.mark.parametrize("name", ["in.parquet", "in.arrow"])
def test_values_translate_yes_and_no_by_their_words(name: str, tmp_path: Path) -> None:
    rows, rejects = translated(tmp_path / name, released(prepaid=[True, None, False, None], second=["-"] * 4))

    assert [row["order.id"] for row in rows] == ["2", "4"]
    said = "order.prepayment: column `prepaid`: `{}` is not among the values of the map (it translates `Y`, `N`)"
    assert rejects == {(name, 1): said.format("true"), (name, 3): said.format("false")}


@pytest.mark.parametrize("name", ["in.parquet", "in.arrow"])
def test_values_on_a_column_that_is_no_text_are_faults_of_its_rows(name: str, tmp_path: Path) -> None:
    days = [date(2026, 7, 15), None, date(2026, 7, 16), None]
    rows, rejects = translated(tmp_path / name, released(prepaid=days, second=["-"] * 4))

    assert [row["order.id"] for row in rows] == ["2", "4"]
    said = "order.prepayment: column `prepaid` is no text, so the map's `values` can't translate it"
    hint = "(leave `values` out of the map, or write the column as text)"
    assert rejects == {(name, line): f"{said} {hint}" for line in (1, 3)}


# --- NDJSON ----------------------------------------------------------------------------------------------------------


def order(**members: object) -> dict[str, dict[str, object]]:
    return {"order": {"id": "S", "amount": "12.50", **members}, "account": {"id": "C"}}


def test_lines_that_are_no_request_are_rejects_with_their_number(tmp_path: Path) -> None:
    sound = json.dumps(order())
    lines: list[tuple[bytes, str]] = [
        (sound.encode(), ""),
        (b"not json", "row: is not JSON: expecting value at column 1"),
        (b"", ""),
        (b"[1]", "row: is not a JSON object"),
        (b'{"order": {"id": "S", "id": "T"}}', "row: holds the key `id` twice"),
        (b'{"order": {"id": "S"}, "order": {}}', "row: holds the key `order` twice"),
        (b"{" * 5_000, "row: is not JSON: expecting property name enclosed in double quotes at column 2"),
        (sound.replace('"12.50"', "NaN").encode(), "row: holds NaN, which is not JSON"),
        (b'\xff{"order": {}}', "row: byte 0xFF at character 1 is not in the file's encoding"),
        (sound.encode() + b" " * (1 << 20), "row: is longer than 1048576 bytes"),
        (json.dumps(order(amuont=5)).encode(), "order.amuont: unknown fact (did you mean `order.amount`?)"),
        (json.dumps({**order(), "ordr": {"id": 1}}).encode(), "ordr: unknown group of facts"),
        (json.dumps({**order(), "account": 5}).encode(), "account: must be an object of facts"),
        (json.dumps({**order(), "order.amount": 5}).encode(), "order.amount: is given twice"),
        (json.dumps(order(entered_by=["x"])).encode(), "order.entered_by: is an object or a list, not a value"),
        (
            json.dumps(order(entered_by="\ud800")).encode(),
            "row: holds an escape that stands for half a character (a lone surrogate)",
        ),
        (json.dumps(order(entered_by="\x00")).encode(), "order.entered_by: `·` holds control characters"),
        (sound.replace(', "account"', ' "account"').encode(), "row: is not JSON"),
        (sound.replace("}}", "},}").encode(), "row: is not JSON"),
        (json.dumps(order(amount=1e300)).encode(), "order.amount: `1e+300` is not a plain decimal number"),
        (sound.encode(), ""),
    ]
    for lines_first in (1, 200):  # the order of the keys is learned from lines before
        content = [(sound.encode(), "")] * lines_first + lines
        (tmp_path / "in.ndjson").write_bytes(b"\n".join(line for line, _ in content))
        out = tmp_path / "out.ndjson"

        result = batch(tmp_path / "in.ndjson", out=out)

        said = rejected(out)
        expected = {at: words for at, (_, words) in enumerate(content, 1) if words}
        assert result.exit_code == 1, result.stderr
        assert {line for _, line in said} == set(expected)
        for at, words in expected.items():
            assert said["in.ndjson", at].startswith(words), at
        assert len(decided(out)) == lines_first + 2


def test_a_line_with_an_unknown_key_says_its_other_faults_too(tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_text(json.dumps(order(amuont=5, payment_days=-1)) + "\n")

    batch(tmp_path / "in.ndjson", out=tmp_path / "out.csv")

    [faults] = rejected(tmp_path / "out.csv").values()
    assert [fault.partition(":")[0] for fault in faults.splitlines()] == ["order.amuont", "order.payment_days"]


def test_decimals_without_quotes_keep_every_digit(tmp_path: Path) -> None:
    """With a mark of the encoding or without, whatever ends the lines."""
    amounts = ["999999999999999.99", "0.10", "12", "1234567890123456.78", "0.001", "1e3", "12.00"]
    lines = [
        json.dumps(order(entered_by=": 1.5", prepayment=True)).replace('"12.50"', amount).encode() for amount in amounts
    ]
    files = [tmp_path / f"{number}.ndjson" for number in range(4)]
    for file, (start, end) in zip(files, product((b"", b"\xef\xbb\xbf"), (b"\n", b"\r\n")), strict=True):
        file.write_bytes(start + b"".join(line + end for line in lines))
    out = tmp_path / "out.parquet"

    batch(*files, out=out, rules=NOVEMBER_2026)

    shown = pq.read_table(out).column("orders.new_credit").to_pylist()
    assert [str(amount) for amount in shown] == 4 * ["999999999999999.99", "0.10", "12.00", "12.00"]
    said = rejected(out)
    assert sorted(said) == [(file.name, line) for file in files for line in (4, 5, 6)]
    assert all("out of range" in said[file.name, 4] for file in files)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.decimals(-1000, 1000, places=3),
    st.sampled_from((":1.5", ": 1.5,", '":1.5', ':1.5}"', "\\", "null", ":null")),
    st.text(alphabet='a:,{}[]"\\/é中😀\x00\x7f\n\t 1.5', max_size=6),
)


def _as_json(value: object, *, ascii_only: bool) -> str:
    if isinstance(value, dict):
        members = (f"{json.dumps(key)}:{_as_json(item, ascii_only=ascii_only)}" for key, item in value.items())
        return "{" + ", ".join(members) + "}"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=ascii_only)


def cells_of(*paths: Path) -> list[tuple[Any, ...]]:
    """Line, fault and the cell of each fact, file after file."""
    names = [fact.name for fact in ORDERS.facts]
    batches = NdjsonCells(names, UnknownKeys(ORDERS)).batches([(str(path), str(path)) for path in paths])
    with duckdb.connect() as connection:
        connection.register("lines", pa.RecordBatchReader.from_batches(SCHEMA, batches))
        query = f'SELECT * EXCLUDE "credence file" FROM ({cells_sql(names, "lines")})'
        return connection.execute(query).fetchall()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional={"id": SCALARS, "amount": SCALARS, "entered_by": SCALARS})))
def test_lines_read_by_their_pattern_and_one_by_one_hold_the_same(tmp_path_factory: Any, rows: list[Any]) -> None:
    """The first line teaches the pattern in one reader; in the other, each line is the first of its file."""
    sound = order(id="S", amount="1", entered_by="x")
    requests = [{"order": row, "account": {"id": "C"}} for row in rows]
    lines = [json.dumps(sound)] * 1_000
    lines += [_as_json(request, ascii_only=ascii_only) for request in requests for ascii_only in (True, False)]
    folder = tmp_path_factory.mktemp("ndjson")
    (folder / "all.ndjson").write_text("\n".join(lines), "utf-8")

    together = cells_of(folder / "all.ndjson")

    ones = [folder / f"{number}.ndjson" for number in range(1_001, len(lines) + 1)]
    for file, line in zip(ones, lines[1_000:], strict=True):
        file.write_text(line, "utf-8")
    alone = cells_of(*ones) if ones else []
    for line, (number, *cells), (first, *others) in zip(lines[1_000:], together[1_000:], alone, strict=True):
        assert (first, cells) == (1, others), (number, line)
