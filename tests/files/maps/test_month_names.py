"""Months as words of several languages: what the Unicode CLDR has for each is that month, in Python and in SQL."""

from __future__ import annotations

import random
from datetime import date

import duckdb
import pytest
from babel.dates import get_month_names

from engine.lowering.sql.dialect import DUCKDB
from engine.lowering.sql.levels import column
from engine.vocabulary.days import day_number
from files.batch.cell_sql import day_of_text
from files.maps.date_format import DateFormat
from files.maps.month_names import LANGUAGES, without_marks
from tests.files.maps.test_row_currency import row_map_of
from tests.support.small_policies import engine_of


def written(language: str, spelling: str) -> dict[str, date | None]:
    """Cells of this form, and the day that each must name."""
    token = "MMMM" if "MMMM" in spelling else "MMM"
    names = get_month_names("wide" if token == "MMMM" else "abbreviated", locale=language)
    chance = random.Random(3)
    cells: dict[str, date | None] = {}
    for month, name in dict(names).items():
        day, bare = date(2026, month, chance.randint(1, 28)), name.removesuffix(".")
        cell = spelling.replace("dd", f"{day:%d}").replace("yyyy", "2026")
        for form in (bare, bare.upper(), bare.lower(), without_marks(bare)):
            cells[cell.replace(token, form)] = day
        if token == "MMM" and language != "en":
            cells[cell.replace(token, f"{bare}.")] = day
        cells[cell.replace(token, f"{bare}x")] = None
    return cells


@pytest.mark.parametrize("spelling", ["dd-MMM-yyyy", "dd MMMM yyyy"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_months_of_a_language_are_read(language: str, spelling: str) -> None:
    read = DateFormat.of(spelling, language=language)
    assert read is not None
    cells = written(language, spelling)
    assert {cell: read.read(cell) for cell in cells} == cells
    sql = day_of_text((read,), column("cell"), DUCKDB).sql("duckdb")
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT cell, {sql} FROM (SELECT unnest(?) AS cell)", [list(cells)]).fetchall()
    assert dict(found) == {cell: day and day_number(day) for cell, day in cells.items()}


def test_what_german_spreadsheets_write_is_read() -> None:
    read = DateFormat.of("dd-MMM-yy", 1950, "de")
    assert read is not None
    months = ["Jan", "Feb", "Mrz", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
    assert [read.read(f"07-{month}-26") for month in months] == [date(2026, month, 7) for month in range(1, 13)]
    assert read.read("07-May-26") is None


def test_a_map_names_the_language_of_its_months() -> None:
    vocabulary = engine_of("values:\n  a: 1\n").vocabulary
    text = """map: m
title: {en: M, zh: 甲}
case: account
month_names: LANGUAGE
dates: dd-MMM-yyyy
facts:
  account.id: {column: No}
  account.level: {formula: 1}
  account.day: {column: Day}
...
"""
    row_map = row_map_of(text.replace("LANGUAGE", "fr"), vocabulary)
    [formats] = [each.dates for each in row_map.columns if each.dates]
    assert formats[0].read("14-févr.-2026") == date(2026, 2, 14)
    with pytest.raises(AssertionError, match="`deutsch` is not a language of month names"):
        row_map_of(text.replace("LANGUAGE", "deutsch"), vocabulary)
