"""Rows in several currencies: what each must come to, in Python and in SQL, for everything that a map may say of them.

Rows are made with what must become of them, so that the two ways of reading aren't held against each other alone.
"""

from __future__ import annotations

import json
import random
from csv import DictReader
from datetime import date
from pathlib import Path

import pytest

from engine.diagnostics.codes import ErrorCode
from engine.pipeline import Engine
from engine.reading.document import read
from engine.vocabulary.rates import NO_RATES, Rates, read_rates
from engine.vocabulary.vocabulary import Vocabulary
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.batch.duckdb.duckdb_run import SqlBatchJob, run
from files.maps.row_currency import named_like_currencies
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from tests.support.small_policies import engine_of
from tests.support.steps import long_after

DAY = date(2026, 7, 15)
POLICY = "values:\n  seen: account.cap * 1\n  half: account.cap * 0.5\n"
MAP = """map: m
title: {{en: M, zh: 甲}}
case: account
{currency}
facts:
  account.id: {{column: No}}
  account.level: {{formula: 1}}
  account.cap: {{column: Cap}}
...
"""
CODES = ("EUR", "USD", "JPY", "KWD", "", "Euro", "$", "XAU", "usd", "IDR")
OTHER = "is another currency than EUR"
RATES = read_rates(
    [
        {"currency": "USD", "date": "2026-07-14", "rate": "0.5"},
        {"currency": "USD", "date": "2026-07-16", "rate": "9"},
        {"currency": "JPY", "date": "2026-07-08", "rate": "0.005"},
        {"currency": "KWD", "date": "2026-07-07", "rate": "3"},
    ],
    "EUR",
)


def expected(says: str, code: str, own: str = "EUR") -> str:
    """The fault that a row with this cell must have; empty where it is decided."""
    if says == "nothing":
        return f"{OTHER}, and the map doesn't say" if code in ("USD", "JPY", "KWD", "IDR", "$", "usd") else ""
    if says in ("EUR", "JPY"):
        return "" if says == own else OTHER
    if says == "words":
        code = {"$": "USD", "Euro": "EUR"}.get(code, code)
    if not code:
        return "is missing"
    return "" if code == own else OTHER if code in ("USD", "JPY", "KWD", "IDR") else "is not a currency"


SAYS = {
    "nothing": "",
    "EUR": "currency: EUR",
    "JPY": "currency: JPY",
    "column": "currency: {column: Waers}",
    "words": "currency: {column: Waers, values: {$: USD, Euro: EUR}}",
}


def row_map_of(text: str, vocabulary: Vocabulary) -> RowMap:
    document, mistakes = read(text.encode(), "map.yaml", end_mark=True)
    assert document is not None, mistakes
    row_map, mistakes = read_row_map(document, vocabulary)
    assert row_map is not None, "\n".join(map(str, mistakes))
    return row_map


@pytest.fixture(scope="module")
def engine() -> Engine:
    return engine_of(POLICY)


def write(folder: Path, rows: list[tuple[str, str]], heading: str = "Waers", kind: str = "csv") -> Path:
    path = folder / f"in.{kind}"
    if kind == "csv":
        lines = [f"No,Cap,{heading}", *(f"{n},{cap},{code}" for n, (cap, code) in enumerate(rows, 1))]
    else:
        lines = [json.dumps({"No": str(n), "Cap": cap, heading: code}) for n, (cap, code) in enumerate(rows, 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def faults(rejects: Path, first_line: int) -> dict[int, str]:
    with rejects.open(encoding="utf-8", newline="") as stream:
        return {int(row["line"]) - first_line: row["faults"] for row in DictReader(stream)}


def one_by_one(engine: Engine, source: Path, row_map: RowMap | None, rates: Rates = NO_RATES) -> dict[int, object]:
    """By row the decision, or the faults."""
    out, rejects = source.with_name("one.ndjson"), source.with_name("one.csv")
    job = DecideFileJob(
        source=source, case="account", row_map=row_map, as_of=DAY, rates=rates, out=str(out), rejects=str(rejects)
    )
    decide_file(engine, job, Watch())
    decided = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    first = 1 if source.suffix == ".csv" else 0
    return {int(each["subject"]): each for each in decided} | faults(rejects, first)


def in_bulk(engine: Engine, source: Path, row_map: RowMap | None) -> dict[int, object]:
    out, rejects = source.with_name("bulk.ndjson"), source.with_name("bulk.csv")
    ruleset = engine.ruleset("account", DAY)
    run(
        SqlBatchJob(
            sources=(str(source),), ruleset=ruleset, row_map=row_map, as_of=DAY, out=str(out), rejects=str(rejects)
        )
    )
    decided = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    first = 1 if source.suffix == ".csv" else 0
    return {int(each["account.id"]): each for each in decided} | faults(rejects, first)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize("says", SAYS)
def test_no_row_in_another_currency_is_decided_as_if_it_were_in_ours(
    engine: Engine, says: str, kind: str, tmp_path: Path
) -> None:
    row_map = row_map_of(MAP.format(currency=SAYS[says]), engine.vocabulary)
    rows = [("12.50", code) for code in CODES]
    source = write(tmp_path, rows, kind=kind)
    one, bulk = one_by_one(engine, source, row_map), in_bulk(engine, source, row_map)
    for number, code in enumerate(CODES, 1):
        wanted, mine, theirs = expected(says, code), one[number], bulk[number]
        if wanted:
            assert isinstance(mine, str) and wanted in mine, (code, mine)
            assert mine == theirs
        else:
            assert isinstance(mine, dict) and mine["results"]["p"]["seen"] == "12.50"
            assert isinstance(theirs, dict) and str(theirs["p.seen"]) in ("12.5", "12.50")


@pytest.mark.parametrize(
    "heading", ["Currency", "CURRENCY CODE", "waers", "Währung", "currency_iso_code", "币种", "Ccy"]
)
def test_a_column_that_is_plainly_a_currency_is_not_passed_over(engine: Engine, heading: str, tmp_path: Path) -> None:
    row_map = row_map_of(MAP.format(currency=""), engine.vocabulary)
    source = write(tmp_path, [("1", "EUR"), ("2", "USD")], heading)
    for found in (one_by_one(engine, source, row_map), in_bulk(engine, source, row_map)):
        assert isinstance(found[1], dict)
        assert f"column `{heading}`: `USD` {OTHER}" in str(found[2])
        assert f"write `currency: {{column: {heading}}}` in the map, or `currency: EUR`" in str(found[2])


SIGNS = ("usd", "US$", "$", "£", "¥", "￥", "RMB", "CNH", "人民币", "美元", "SFr.")


def test_a_sign_in_place_of_a_code_is_another_currency_in_every_way(engine: Engine, tmp_path: Path) -> None:
    """In a column that the map passes over; what says euro, in whatever way, or nothing that is known, counts."""
    own = ("EUR", "eur", "€", "Euro", "欧元")
    row_map = row_map_of(MAP.format(currency=""), engine.vocabulary)
    source = write(tmp_path, [("1", sign) for sign in (*SIGNS, *own)])
    for found in (one_by_one(engine, source, row_map), in_bulk(engine, source, row_map)):
        assert [f"`{sign}` {OTHER}" in str(found[n]) for n, sign in enumerate(SIGNS, 1)] == [True] * len(SIGNS)
        assert all(isinstance(found[len(SIGNS) + n], dict) for n in range(1, len(own) + 1))


@pytest.mark.parametrize("reads", ["", 'if row.money = "EUR" then 1 else 2'])
def test_a_column_that_is_named_and_not_read_is_passed_over_too(engine: Engine, reads: str, tmp_path: Path) -> None:
    """A formula that reads it may mean to convert; a name alone says nothing."""
    text = MAP.format(currency="columns:\n  money: {column: Waers}")
    row_map = row_map_of(text.replace("formula: 1", f"formula: {reads or 1}"), engine.vocabulary)
    source = write(tmp_path, [("1", "USD"), ("1", "EUR")])
    for found in (one_by_one(engine, source, row_map), in_bulk(engine, source, row_map)):
        assert [isinstance(found[number], dict) for number in (1, 2)] == [bool(reads), True]
        assert reads or OTHER in str(found[1])


@pytest.mark.parametrize("says", ["euro", "XAU", "{column: Waers, values: {$: Dollar}}"])
def test_a_currency_that_is_none_is_named_where_it_stands(engine: Engine, says: str) -> None:
    document, _ = read(MAP.format(currency=f"currency: {says}").encode(), "map.yaml", end_mark=True)
    assert document is not None
    row_map, found = read_row_map(document, engine.vocabulary)
    assert row_map is None
    assert [(each.code, each.place.line) for each in found] == [(ErrorCode.M011, 4)]


def test_other_columns_are_no_currencies() -> None:
    assert not list(named_like_currencies(["Country", "Current", "Curriculum", "Amount", "Rate", "Cur. balance", ""]))


@pytest.mark.parametrize("code", long_after(1, ["USD", "JPY", "KWD", "EUR"]))
def test_rows_without_a_map_say_their_currency_beside_their_facts(engine: Engine, code: str, tmp_path: Path) -> None:
    path = tmp_path / "in.ndjson"
    facts = {"account": {"id": "1", "level": 1, "cap": "12.50"}}
    bodies = [{"currency": code, **facts}, {**facts, "account": {**facts["account"], "id": "2"}}]
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    for found in (one_by_one(engine, path, None), in_bulk(engine, path, None)):
        assert isinstance(found[2], dict)
        assert isinstance(found[1], dict) if code == "EUR" else OTHER in str(found[1])


def test_amounts_are_converted_by_the_rate_of_the_day_before_formulas_read_them(engine: Engine, tmp_path: Path) -> None:
    text = MAP.format(currency="currency: {column: Waers}").replace("{column: Cap}", "{formula: row.cap - row.ten}")
    text = text.replace(
        "facts:", "columns:\n  cap: {column: Cap, type: money}\n  ten: {formula: 10, type: money}\nfacts:"
    )
    row_map = row_map_of(text, engine.vocabulary)
    rows = [("100.01", "USD"), ("100.03", "USD"), ("1250", "JPY"), ("12.5", "JPY"), ("1.255", "KWD"), ("100", "EUR")]
    found = one_by_one(engine, write(tmp_path, rows), row_map, RATES)
    seen = {number: each["results"]["p"]["seen"] for number, each in found.items() if isinstance(each, dict)}
    assert seen == {1: "40.00", 2: "40.02", 3: "-3.75", 6: "90.00"}  # 50.005 and 50.015 to the even cent; 6.25
    assert found[1]["converted_from"] == {"currency": "USD", "date": "2026-07-14", "rate": "0.5"}  # type: ignore[index]
    assert "converted_from" not in found[6]  # type: ignore[operator]
    assert "`12.5` has more than 0 decimals" in str(found[4])
    assert "newest rate, of 2026-07-07, is more than 7 days older than 2026-07-15" in str(found[5])


def test_an_amount_that_is_too_large_once_converted_is_refused(engine: Engine, tmp_path: Path) -> None:
    """`account.cap` lies between -1,000 and 1,000."""
    row_map = row_map_of(MAP.format(currency="currency: USD"), engine.vocabulary)
    found = one_by_one(engine, write(tmp_path, [("2000", ""), ("2000.02", ""), ("-2000", "")]), row_map, RATES)
    assert [type(found[number]) for number in (1, 2, 3)] == [dict, str, dict]
    assert "account.cap: column `Cap`: `2000.02` is out of range once converted" in str(found[2])


def test_converted_rows_are_those_that_a_request_would_be_converted_to(engine: Engine, tmp_path: Path) -> None:
    chance = random.Random(9)
    row_map = row_map_of(MAP.format(currency="currency: {column: Waers}"), engine.vocabulary)
    rows = [(f"{chance.randint(-1000, 1000)}.{chance.randint(0, 99):02}", "USD") for _ in range(50)]
    found = one_by_one(engine, write(tmp_path, rows), row_map, RATES)
    for number, (cap, code) in enumerate(rows, 1):
        facts = {"account": {"id": str(number), "level": 1, "cap": cap}}
        own, rate = engine.in_own_currency("account", facts, DAY, code, RATES)
        assert engine.decide("account", own, DAY, "-", rate).as_json()["results"] == found[number]["results"]  # type: ignore[index]


def test_a_vocabulary_says_how_old_a_rate_may_be(engine: Engine) -> None:
    assert engine.vocabulary.rate_days == 7
    assert Vocabulary(currency="EUR", currency_digits=2).rate_days == 7
