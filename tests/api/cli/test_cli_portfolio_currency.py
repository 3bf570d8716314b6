"""One file holds several currencies: rows in another than the policies' are rejected, or converted by dated rates."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import credence
from tests.support.paths import RULES
from tests.support.policy_files import ended

MAP = """\
map: erp
title: {en: ERP, zh: ERP}
case: invoice
CURRENCY
columns:
  amount: {column: Amount, type: money}
facts:
  account.id: {column: Customer}
  invoice.id: {column: No}
  invoice.invoice_date: {column: Issued}
  invoice.due_date: {column: Due}
  invoice.disputed: {formula: "false"}
  invoice.open_amount: {formula: row.amount}
"""
ROWS = """\
No,Customer,Issued,Due,Amount,Waers
1,C-1,2026-05-01,2026-08-01,1000.00,EUR
2,C-1,2026-05-01,2026-08-01,2000.00,USD
3,C-2,2026-05-01,2026-08-01,2150000,JPY
4,C-2,2026-05-01,2026-08-01,500.50,GBP
5,C-3,2026-05-01,2026-08-01,700.00,EUR
"""
RATES = "currency,date,rate\nUSD,2026-06-29,0.5\nJPY,2026-06-30,0.002\nGBP,2026-05-30,1.2\n"


def book(folder: Path, currency: str, *options: str) -> dict[str, Any]:
    (folder / "map.yaml").write_text(ended(MAP.replace("CURRENCY\n", currency)), encoding="utf-8")
    (folder / "items.csv").write_text(ROWS, encoding="utf-8")
    (folder / "rates.csv").write_text(RATES, encoding="utf-8")
    rejects = folder / "rejects.csv"
    arguments = ("--map", str(folder / "map.yaml"), "--rules", str(RULES), "--as-of", "2026-06-30", *options)
    run = credence("portfolio", str(folder / "items.csv"), *arguments, "--rejects", str(rejects), "--json")
    assert run.exit_code in (0, 1), run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    with rejects.open(encoding="utf-8", newline="") as stream:
        found["rejects"] = {int(row["line"]) - 1: row["faults"] for row in csv.DictReader(stream)}
    return found


@pytest.mark.parametrize("written", ["RMB", "usd", "US$", "$", "￥", "人民币", "£"])
def test_a_sign_of_another_currency_is_one_in_a_column_that_the_map_passes_over(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that say euro, in whatever way, or nothing count; 1,000 yuan are no 1,000 euros."""
    said = (written, "EUR", "€", "")
    rows = [f"{n},C-1,2026-05-01,2026-08-01,1000.00,{each}\n" for n, each in enumerate(said, 1)]
    monkeypatch.setitem(globals(), "ROWS", ROWS.splitlines(keepends=True)[0] + "".join(rows))

    found = book(tmp_path, "")

    assert list(found["rejects"]) == [1]
    assert f"`{written}` is another currency than EUR" in found["rejects"][1]
    assert found["receivables"]["amount"] == "3000.00"


@pytest.mark.parametrize("currency", ["", "currency: {column: Waers}\n"], ids=["passed over", "mapped"])
def test_amounts_of_several_currencies_are_not_added_up(currency: str, tmp_path: Path) -> None:
    found = book(tmp_path, currency)
    assert found["receivables"]["amount"] == "1700.00"
    assert found["rows"]["rejected"] == 3 and list(found["rejects"]) == [2, 3, 4]
    for number, code in ((2, "USD"), (3, "JPY"), (4, "GBP")):
        assert f"`{code}` is another currency than EUR" in found["rejects"][number]
    assert found["rows"]["converted"] == []


def test_rows_are_converted_by_dated_rates_and_counted(tmp_path: Path) -> None:
    found = book(tmp_path, "currency: {column: Waers}\n", "--rates", str(tmp_path / "rates.csv"))
    assert found["receivables"]["amount"] == "7000.00"  # 1,000 + 2,000 × 0.5 + 2,150,000 × 0.002 + 700
    assert list(found["rejects"]) == [4] and "of 2026-05-30, is more than 7 days older" in found["rejects"][4]
    assert found["rows"]["converted"] == [
        {"currency": "JPY", "date": "2026-06-30", "rate": "0.002", "items": 1},
        {"currency": "USD", "date": "2026-06-29", "rate": "0.5", "items": 1},
    ]


def test_the_report_says_what_was_converted(tmp_path: Path) -> None:
    book(tmp_path, "currency: {column: Waers}\n")
    arguments = ("--map", str(tmp_path / "map.yaml"), "--rules", str(RULES), "--as-of", "2026-06-30")
    for language, said in (("en", "USD (1) at 0.5 of 2026-06-29"), ("zh", "USD（1 笔），汇率 0.5")):
        run = credence(
            "portfolio",
            str(tmp_path / "items.csv"),
            *arguments,
            "--rates",
            str(tmp_path / "rates.csv"),
            "--lang",
            language,
        )
        assert said in run.stdout
