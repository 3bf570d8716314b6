"""`credence portfolio`: the same figures as text, JSON and HTML; every row counted; no name can break a page.

The figures themselves are worked out by hand in test_portfolio.py; this file holds the same small book.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from api.cli.policy_folder import engine_of
from api.cli.tests_and_maps import read_map
from receivables.portfolio import run_portfolio
from receivables.portfolio.portfolio_files import PortfolioFileOptions
from receivables.portfolio.run_portfolio import PortfolioRequest, portfolio_of
from tests.support.command_line import credence
from tests.support.paths import NOVEMBER_2026, ROOT, RULES
from tests.support.policy_files import ended

SAMPLE = ROOT.parent / "shared" / "data" / "ibm_accounts_receivable.csv"
SAMPLE_MAP = RULES / "maps" / "ibm_portfolio.yaml"

MAP = """\
map: erp
title: {en: ERP, zh: ERP}
case: invoice
dates: d.M.yyyy
columns:
  amount: {column: Amount, type: money}
  settled: {column: Settled, type: date}
  industry: {column: Industry}
facts:
  account.id: {column: Customer}
  account.country: {column: Country}
  account.status: {column: Status}
  invoice.id: {column: No}
  invoice.invoice_date: {column: Issued}
  invoice.due_date: {column: Due}
  invoice.disputed: {column: Disputed, values: {"y": true, "n": false}}
  invoice.open_amount: {column: Open}
"""
AMOUNT = "amount: {column: Amount, type: money}"
HEADING = "No,Customer,Issued,Due,Settled,Amount,Open,Disputed,Country,Industry,Status\n"
ROWS = """\
A,C-1,1.10.2025,31.10.2025,10.11.2025,1000,0,n,DE,manufacturing,active
B,C-2,15.11.2025,15.12.2025,20.1.2026,500,0,n,FR,manufacturing,active
C,C-1,20.12.2025,19.1.2026,19.1.2026,300,0,n,DE,manufacturing,active
D,C-1,10.2.2026,12.3.2026,2.4.2026,800,0,n,DE,manufacturing,active
E,C-2,20.3.2026,19.4.2026,,400,400,n,FR,manufacturing,active
F,C-3,10.5.2026,9.6.2026,,600,450,n,DE,manufacturing,active
G,C-1,20.6.2026,20.7.2026,,900,900,y,DE,manufacturing,active
H,C-2,25.6.2026,25.6.2026,,-100,-100,n,FR,manufacturing,active
I,C-1,1.7.2026,31.7.2026,,700,700,n,DE,manufacturing,active
"""
HOSTILE = "</script><img src=x onerror=alert(1)>&\"'[red]"

Json = dict[str, Any]


class Run:
    """The command on one file."""

    def __init__(self, home: Path, content: str | bytes, *options: str | Path, name: str = "in.csv") -> None:
        (home / "map.yaml").write_text(ended(MAP), encoding="utf-8")
        self.source = home / name
        self.source.write_bytes(content.encode() if isinstance(content, str) else content)
        common = ("--map", home / "map.yaml", "--as-of", "2026-06-30", "--rules", RULES)
        self.result: Result = credence("portfolio", self.source, *common, *options)

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.result.stdout)
        return found


def test_json_holds_every_figure(tmp_path: Path) -> None:
    run = Run(tmp_path, HEADING + ROWS, "--json")
    found = run.json

    assert run.result.exit_code == 0
    assert found["rows"] == {
        "files": ["in.csv"],
        "read": 9,
        "items": 8,
        "converted": [],
        "issued_later": 1,
        "settled_items": True,
        "rejected": 0,
        "contradicted": [],
    }
    assert found["receivables"] == {
        "count": 4,
        "amount": "1650.00",
        "open_invoices": "1750.00",
        "credit_notes": "-100.00",
        "overdue_count": 2,
        "overdue": "850.00",
        "overdue_share": "0.485714",
        "disputed": "900.00",
        "no_value": {},
    }
    assert (found["as_of"], found["opening"], found["currency"]) == ("2026-06-30", "2025-10-01", "EUR")
    assert found["credit_notes"] == {"count": 1, "amount": "-100.00"}
    assert [(q["from"], q["dso"], q["collection_effectiveness"]) for q in found["quarters"]] == [
        ("2025-10-01", "40.000000", "0.666667"),
        ("2026-01-01", "90.000000", "0.500000"),
        ("2026-04-01", "106.071429", "0.527778"),
    ]
    assert found["concentration"]["herfindahl"] == "0.404959"
    assert [line["key"] for line in found["overdue"]["country"]] == ["DE", "FR"]
    assert [line["key"] for line in found["overdue"]["industry"]] == ["manufacturing"]
    assert (found["loss_allowance"]["total"], found["loss_allowance"]["complete"]) == ("58.00", True)
    warned = [reason["rule"] for reason in found["warnings"]["portfolio"]["reasons"] if not reason["missing"]]
    assert "portfolio_health.dso-above-industry" in warned  # all rows say `manufacturing`
    assert "portfolio_health.dso-rising" in warned
    assert [account["customer"] for account in found["warnings"]["accounts"]] == ["C-2", "C-1"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Aging", "106.1", "Payments are 21 days late on average, after 0 before.", "1,650.00", "2026 Q2")),
        ("zh", ("账龄", "106.1", "平均逾期由 0 天增至 21 天。", "1,650.00", "2026年2季度")),
    ],
)
def test_text_and_html_say_the_same_in_both_languages(tmp_path: Path, language: str, said: tuple[str, ...]) -> None:
    page = tmp_path / "report.html"
    text = Run(tmp_path, HEADING + ROWS, "--lang", language).result.stdout
    written = Run(tmp_path, HEADING + ROWS, "--lang", language, "--out", page).result

    html = page.read_text(encoding="utf-8")
    for words in said:
        assert words in " ".join(text.split()) or len(words) > 20  # long reasons are folded on the terminal
        assert words in html
    assert (written.stdout, str(page.name) in written.stderr.replace("\n", "")) == ("", True)
    assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in html


def test_the_overdue_structure_is_by_country_and_industry_too(tmp_path: Path) -> None:
    """Open of C-2 in France: E, 400 and overdue, and the credit note H of 100; of the others: F, 450 and overdue, and
    G, 900. The credit note lessens what is owed, not what is overdue."""
    rows = ROWS.replace("FR,manufacturing", "FR,consumer_goods")

    by = Run(tmp_path, HEADING + rows, "--json").json["overdue"]
    chinese = " ".join(Run(tmp_path, HEADING + rows, "--lang", "zh").result.stdout.split())

    figures = {
        name: [tuple(line[key] for key in ("key", "count", "amount", "overdue", "overdue_share")) for line in by[name]]
        for name in ("country", "industry")
    }
    german, french = (2, "1350.00", "450.00", "0.333333"), (2, "300.00", "400.00", "1.000000")
    assert figures["country"] == [("DE", *german), ("FR", *french)]
    assert figures["industry"] == [("manufacturing", *german), ("consumer_goods", *french)]
    assert "| 制造业 | 2 | 1,350.00 | 1 | 450.00 | 33.3% | 0.00 | 1,350.00 |" in chinese
    assert "| 快消品 | 2 | 400.00 | 1 | 400.00 | 100.0% | -100.00 | 300.00 |" in chinese


class _Page(HTMLParser):
    """Tags are closed in the order they are opened; nothing is fetched and nothing runs."""

    VOID = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name in ("src", "href", "onerror", "onload") for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_well_formed_and_hostile_names_stay_text(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    rows = ROWS.replace("C-2", quoted).replace("FR", quoted)

    result = Run(tmp_path, HEADING + rows, "--out", page).result

    assert result.exit_code == 0, result.stderr
    html = page.read_text(encoding="utf-8")
    parsed = _Page()
    parsed.feed(html)
    parsed.close()
    assert parsed.open == []
    assert not parsed.seen & {"script", "img", "link", "iframe", "object"}
    assert HOSTILE in parsed.text
    charts = html.split("<svg")[1:]
    assert len(charts) == 9
    for chart in charts:
        ElementTree.fromstring("<svg" + chart[: chart.index("</svg>") + 6])


def test_hostile_names_stay_text_on_the_terminal(tmp_path: Path) -> None:
    result = Run(tmp_path, HEADING + ROWS.replace("C-2", "[red]C-2[/red]")).result

    assert "[red]C-2[/red]" in result.stdout


# --- rows ------------------------------------------------------------------------------------------------------------

BAD = [
    ("A,C-1,1.1.2026,31.1.2026,,1,1,n,,,", "invoice.id: column `No`: `A` stands in an earlier row too"),
    ("X,C-1,,31.1.2026,,1,1,n,,,", "invoice.invoice_date: column `Issued`: is missing"),
    ("X,C-1,1.1.2026,,,1,1,n,,,", "invoice.due_date: column `Due`: is missing"),
    ("X,C-1,1.1.2026,31.1.2026,,,1,n,,,", "row.amount: column `Amount`: is required"),
    ("X,C-1,1.1.2026,31.1.2026,,1.005,1,n,,,", "row.amount: column `Amount`: `1.005` has more than 2 decimals"),
    ("X,,1.1.2026,31.1.2026,,1,1,n,,,", "account.id: column `Customer`: is required"),
    ("X,C-1,1.1.2026,31.1.2026,,1,2,n,,,", "invoice.open_amount: is not between 0 and the amount of the invoice"),
    ("X,C-1,1.1.2026,31.1.2026,,-1,1,n,,,", "invoice.open_amount: is not between 0 and the amount of the invoice"),
    ("X,C-1,1.1.2026,31.1.2026,1.2.2026,1,1,n,,,", "invoice.open_amount: is not 0 although the invoice was settled on"),
    (
        "X,C-1,1.1.2026,31.1.2026,,1,0,n,,,",
        "invoice.open_amount: is 0 although the invoice is not settled on 2026-06-30",
    ),
    ("X,C-1,2026-01-01,31.1.2026,,x,1,?,,,", "row.amount: column `Amount`: `x` is not a plain decimal number"),
    ("X,C-1", "row: has 2 cells, the heading has 11"),
]


@pytest.mark.parametrize(("row", "said"), BAD, ids=[said[:40] for _, said in BAD])
def test_a_row_with_faults_is_in_no_figure_and_in_the_rejects(tmp_path: Path, row: str, said: str) -> None:
    rejects = tmp_path / "rejects.csv"
    run = Run(tmp_path, HEADING + ROWS + row + "\n", "--json", "--rejects", rejects)

    assert run.result.exit_code == 1
    assert (run.json["rows"]["read"], run.json["rows"]["items"], run.json["rows"]["rejected"]) == (10, 8, 1)
    assert run.json["receivables"]["amount"] == "1650.00"
    with rejects.open(encoding="utf-8", newline="") as file:
        heading, (name, line, faults, text) = list(csv.reader(file))
    assert heading == ["file", "line", "faults", "row"]
    assert (name, line, text) == ("in.csv", "11", row)
    assert said in faults
    assert "1 of 10 rows have faults and are in no figure" in run.result.stderr


def test_all_faults_of_a_row_come_together_once_each(tmp_path: Path) -> None:
    run = Run(tmp_path, HEADING + "X,C-1,2026-01-01,31.1.2026,32.1.2026,x,1,?,,,\n")

    assert [fault.split(":")[0] for fault in run.result.stderr.split("in.csv:2: ")[1].split("\n")[0].split("; ")] == [
        *("row.amount", "row.settled", "invoice.invoice_date", "invoice.disputed")
    ]


def test_rows_with_faults_stand_beside_the_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    run = Run(tmp_path, HEADING + ROWS + "x\n", "--report", page)

    beside = tmp_path / "report.html.rejects.csv"
    assert (run.result.exit_code, f"the rejects and their faults are in {beside}" in run.result.stderr) == (1, True)
    with beside.open(encoding="utf-8", newline="") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["x"]


def test_without_a_rejects_file_the_first_faults_are_shown(tmp_path: Path) -> None:
    run = Run(tmp_path, HEADING + ROWS + "bad\n" * 7)

    assert run.result.stderr.count("has 1 cell, the heading has 11") == 5
    assert "… and more; --rejects FILE keeps them all" in run.result.stderr
    assert "7 of 16 rows have faults and are in no figure." in run.result.stdout


def test_what_the_rows_of_a_customer_disagree_on_is_left_out_and_said(tmp_path: Path) -> None:
    moved = ROWS.replace("F,C-3,10.5.2026,9.6.2026,,600,450,n,DE", "F,C-1,10.5.2026,9.6.2026,,600,450,n,FR")
    run = Run(tmp_path, HEADING + moved, "--json")

    assert run.json["rows"]["contradicted"] == [{"account": "C-1", "fact": "account.country"}]


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ("", 0, "The files hold no rows, so there is nothing to report."),
        ("bad\n", 1, "nothing to report: 0 were issued later, 1 have faults."),
        (ROWS.splitlines()[-1], 0, "No row counts on 2026-06-30, so there is nothing to report: 1 were issued later"),
    ],
    ids=["no rows", "all rejected", "as-of before all invoices"],
)
def test_an_empty_book_is_no_table_of_zeros(tmp_path: Path, rows: str, code: int, said: str) -> None:
    page = tmp_path / "report.html"
    result = Run(tmp_path, HEADING + rows, "--out", page).result

    assert result.exit_code == code
    html = page.read_text(encoding="utf-8")
    assert said in html and "<td" not in html
    assert Run(tmp_path, HEADING + rows, "--json").json["quarters"] == []


ODD = {
    "a credit note alone": "H,C-2,25.6.2026,25.6.2026,,-100,-100,n,FR,,active\n",
    "an invoice of nothing": "H,C-2,25.6.2026,25.6.2026,,0,0,n,FR,,active\n",
    "one invoice": "H,C-2,25.6.2026,25.6.2026,,10,10,n,FR,,active\n",
    "everything is paid": "H,C-2,25.5.2026,25.6.2026,26.6.2026,10,0,n,FR,,active\n",
    "no sales this quarter": "H,C-2,25.5.2025,25.6.2025,,10,10,n,FR,,active\n",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("row", ODD.values(), ids=ODD)
def test_where_there_is_little_to_tell_from_no_figure_is_made_up(tmp_path: Path, row: str, language: str) -> None:
    page = tmp_path / "report.html"
    run = Run(tmp_path, HEADING + row, "--json", "--lang", language, "--out", page)

    assert run.result.exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "portfolio_health." not in html  # readers see titles
    for word in ("NaN", "Infinity", "None", "nan%"):
        assert word not in html and word not in run.result.stdout
    quarters = run.json["quarters"]  # none where nothing was ever settled: then only what is open is known
    assert bool(quarters) == ("26.6.2026" in row)
    assert all(quarter["average_days_delinquent"] is None or quarter["whole"] for quarter in quarters)


def test_quarters_without_figures_say_why(tmp_path: Path) -> None:
    asked = (HEADING + ROWS.splitlines()[0] + "\n", "--opening", "2025-09-01")
    run = Run(tmp_path, *asked)

    assert "2025 Q3: the books begin within this quarter" in run.result.stdout
    rows = [line.strip("| ").split() for line in run.result.stdout.splitlines()]
    assert ["2025", "Q3", "|", "–", *["|", "0.00"] * 4] in rows
    cut, whole = Run(tmp_path, *asked, "--json").json["quarters"][:2]
    assert (cut["whole"], cut["opening_receivables"], cut["credit_sales"]) == (False, None, "0.00")
    assert (whole["whole"], whole["opening_receivables"]) == (True, "0.00")
    assert (
        "2026 Q1, DSO, days; Change of DSO; Best possible DSO, days; Average days delinquent: "
        "there were no credit sales in the quarter."
    ) in run.result.stdout


CREDITED = (  # of the quarter's sales of 50, 80 is credited; 70 of all is still owed
    "A,C-1,1.12.2025,31.12.2025,,100,100,n,DE,,active\n"
    "B,C-1,10.4.2026,10.5.2026,,50,50,n,DE,,active\n"
    "C,C-1,20.4.2026,20.5.2026,,-80,-80,n,DE,,active\n"
    "D,C-1,1.10.2025,31.10.2025,31.10.2025,10,0,n,DE,,active\n"
)


@pytest.mark.parametrize(
    ("language", "name", "why"),
    [
        ("en", "DSO, days", "credit notes of the quarter are more than its sales"),
        ("zh", "DSO（天）", "该季度贷项多于赊销"),
    ],
    ids=["en", "zh"],
)
def test_the_tile_of_a_quarter_that_was_credited_says_so(tmp_path: Path, language: str, name: str, why: str) -> None:
    lines = Run(tmp_path, HEADING + CREDITED, "--lang", language).result.stdout.splitlines()

    (tile,) = (line for line in lines if line.strip("| ").startswith(name) and line.count("|") == 5)
    assert [cell.strip() for cell in tile.strip(" |").split("|")] == [name, "–", "", why]


FIXED = (  # formulas that give every row the same, and the columns that would
    ("account.status: {column: Status}", 'account.status: {formula: "\\"active\\""}'),
    ('invoice.disputed: {column: Disputed, values: {"y": true, "n": false}}', 'invoice.disputed: {formula: "false"}'),
)


def test_formulas_that_give_every_row_the_same_count_as_columns_do(tmp_path: Path) -> None:
    """The disputed invoice alone differs, and what is told by a formula reaches accounts and invoices alike."""
    desk = tmp_path / "desk"
    desk.mkdir()
    columns = Run(desk, HEADING + ROWS.replace(",y,", ",n,"), "--json").json
    text = MAP
    for column, formula in FIXED:
        assert column in text
        text = text.replace(column, formula)
    (tmp_path / "fixed.yaml").write_text(ended(text), encoding="utf-8")

    found = Run(desk, HEADING + ROWS, "--json", "--map", tmp_path / "fixed.yaml").json

    assert found.pop("policy_version") == columns.pop("policy_version")
    assert found == columns
    assert found["receivables"]["disputed"] == "0.00"


@pytest.mark.parametrize("formula", ['"lively"', 'if account.country = "DE" then "active" else "lively"'])
def test_a_formula_that_gives_a_word_that_its_fact_does_not_have_is_a_mistake_in_the_map(
    tmp_path: Path, formula: str
) -> None:
    text = MAP.replace("account.status: {column: Status}", f"account.status: {{formula: '{formula}'}}")
    (tmp_path / "fixed.yaml").write_text(ended(text), encoding="utf-8")

    run = Run(tmp_path, HEADING + ROWS, "--map", tmp_path / "fixed.yaml")

    assert run.result.exit_code == 2
    assert "T007 `lively` is not one of the declared words" in run.result.stderr


@pytest.mark.parametrize("formula", ["row.amount - 900", "if as_of.year > 2000 then row.amount - 900 else 0"])
def test_a_formula_that_gives_what_a_fact_can_not_hold_is_a_fault_of_the_row(tmp_path: Path, formula: str) -> None:
    text = MAP.replace("account.status: {column: Status}", f"account.credit_limit: {{formula: {formula}}}")
    (tmp_path / "fixed.yaml").write_text(ended(text), encoding="utf-8")

    run = Run(tmp_path, HEADING + ROWS, "--map", tmp_path / "fixed.yaml")

    assert run.result.exit_code == 1
    said = (
        f"account.credit_limit: the formula `{formula}` gives a value that is out of range (expected between 0.00 and"
    )
    assert said in run.result.stderr


# --- formats ---------------------------------------------------------------------------------------------------------


def _typed(arrow: Any) -> Any:
    """The same book as typed columns: dates as dates, amounts as decimals."""
    rows = list(csv.DictReader((HEADING + ROWS).splitlines()))
    columns: dict[str, list[object]] = {name: [row[name] or None for row in rows] for name in rows[0]}
    for name in ("Issued", "Due", "Settled"):
        columns[name] = [_day(str(text)) if text else None for text in columns[name]]
    for name in ("Amount", "Open"):
        columns[name] = [Decimal(f"{text}.00") for text in columns[name]]
    return arrow.table(columns)


def _day(text: str) -> date:
    day, month, year = map(int, text.split("."))
    return date(year, month, day)


def test_all_formats_give_the_same_figures(tmp_path: Path) -> None:
    arrow, parquet, feather = map(pytest.importorskip, ("pyarrow", "pyarrow.parquet", "pyarrow.feather"))
    rows = [json.dumps(row) for row in csv.DictReader((HEADING + ROWS).splitlines())]
    parquet.write_table(_typed(arrow), tmp_path / "typed.parquet")
    feather.write_feather(_typed(arrow), tmp_path / "typed.arrow", compression="uncompressed")
    expected = Run(tmp_path, HEADING + ROWS, "--json").json

    for name, content in (
        ("in.ndjson", "\n".join(rows).encode()),
        ("in.parquet", (tmp_path / "typed.parquet").read_bytes()),
        ("in.arrow", (tmp_path / "typed.arrow").read_bytes()),
    ):
        found = Run(tmp_path, content, "--json", name=name).json
        for part in ("receivables", "aging", "quarters", "concentration", "overdue", "loss_allowance"):
            assert found[part] == expected[part], (name, part)


def test_several_files_are_one_portfolio(tmp_path: Path) -> None:
    lines = ROWS.splitlines(keepends=True)
    second = tmp_path / "more.csv"
    second.write_text(HEADING + "".join(lines[4:]), encoding="utf-8")

    found = Run(tmp_path, HEADING + "".join(lines[:4]), second, "--json").json

    assert (found["rows"]["files"], found["rows"]["items"]) == (["in.csv", "more.csv"], 8)
    assert found["receivables"]["amount"] == "1650.00"


@pytest.mark.parametrize(
    ("content", "name", "options", "said"),
    [
        (b"", "in.csv", (), "in.csv: the file is empty"),
        (b"PAR1", "in.parquet", (), "in.parquet: can't be read as Parquet"),
        (b"No,Customer\n", "in.csv", (), "the column that `row.amount` is read from is missing"),
        ((HEADING + ROWS).encode("utf-16"), "in.csv", (), "give --encoding utf-16"),
        (HEADING.encode(), "in.csv", ("--industry", "mining"), "`mining` is not an industry of the policies"),
        (HEADING.encode(), "in.csv", ("--encoding", "klingon"), "`klingon` is not a known encoding"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes, name: str, options: tuple[str, ...], said: str
) -> None:
    run = Run(tmp_path, content, *options, "--rejects", tmp_path / "rejects.csv", name=name)

    assert run.result.exit_code == 2
    assert said in run.result.stderr
    assert not (tmp_path / "rejects.csv").exists()


@pytest.mark.parametrize("name", ["base64", "rot13", "hex", "idna", "undefined"])
def test_an_encoding_that_files_can_not_be_read_in_is_refused(tmp_path: Path, name: str) -> None:
    result = Run(tmp_path, HEADING + ROWS, "--encoding", name).result

    said = f"credence: `{name}` is not a known encoding of text files; try utf-8, gb18030, cp1252 or utf-16\n"
    assert (result.exit_code, result.stderr) == (2, said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((HEADING + ROWS).encode("utf-16")[:-1], "truncated data"),
        ((HEADING + ROWS).encode("utf-16") + b"\x00\xd8\n\x00", "illegal UTF-16 surrogate"),
    ],
    ids=["cut short", "half a character"],
)
def test_text_that_is_not_in_the_encoding_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "first.csv").write_bytes(HEADING.encode("utf-16"))
    rejects = tmp_path / "rejects.csv"

    result = Run(tmp_path, content, tmp_path / "first.csv", "--encoding", "utf-16", "--rejects", rejects).result

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"credence: {tmp_path / 'in.csv'}: can't be read: ")
    assert result.stderr.endswith(f"{said}; check --encoding, or save the file as UTF-8\n")
    assert not rejects.exists()


def _parquet(table: Any) -> bytes:
    """With rubbish where the rows begin; the footer is whole."""
    written = io.BytesIO()
    pq.write_table(table, written)
    whole = written.getvalue()
    return whole[:4] + b"\x99" * 200 + whole[204:]


def _arrow_stream(table: Any) -> bytes:
    """Without its last rows."""
    written = io.BytesIO()
    with ipc.new_stream(written, table.schema) as stream:
        stream.write_table(table)
    return written.getvalue()[:-100]


@pytest.mark.parametrize(
    ("name", "spoiled", "said"),
    [
        ("in.parquet", _parquet, "Couldn't deserialize thrift"),
        ("in.arrows", _arrow_stream, "Expected to be able to read"),
    ],
)
def test_a_spoiled_columnar_file_is_refused_by_its_name_and_with_the_reason(
    tmp_path: Path, name: str, spoiled: Callable[[Any], bytes], said: str
) -> None:
    (tmp_path / "first.csv").write_text(HEADING, encoding="utf-8")
    content = spoiled(pa.table({column: ["1"] * 1000 for column in HEADING.strip().split(",")}))

    result = Run(tmp_path, content, tmp_path / "first.csv", name=name).result

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    kind = "Arrow" if name.endswith("arrows") else "Parquet"
    assert result.stderr.startswith(f"credence: {tmp_path / name}: can't be read as {kind}: {said}")


@pytest.mark.parametrize(
    ("line", "instead", "lacks"),
    [
        ("  invoice.due_date: {column: Due}\n", "", "`invoice.due_date` is not mapped"),
        (f"  {AMOUNT}\n", "", "under `columns`, `amount: {column: …, type: money}` is missing"),
        (AMOUNT, AMOUNT.replace("money", "integer"), "`amount: {column: …, type: money}` is missing"),
        (AMOUNT, AMOUNT.replace("money", "number"), "`amount: {column: …, type: money}` is missing"),
    ],
)
def test_a_map_that_does_not_do_says_what_it_lacks(tmp_path: Path, line: str, instead: str, lacks: str) -> None:
    source, map_file = tmp_path / "in.csv", tmp_path / "map.yaml"
    source.write_text(HEADING, encoding="utf-8")
    assert line in MAP
    map_file.write_text(ended(MAP.replace(line, instead)), encoding="utf-8")

    result = credence("portfolio", source, "--map", map_file, "--as-of", "2026-06-30", "--rules", RULES)

    assert result.exit_code == 2
    assert lacks in result.stderr


def test_the_map_of_a_backtest_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEADING, encoding="utf-8")
    history = RULES / "maps" / "ibm_history.yaml"

    result = credence("portfolio", tmp_path / "in.csv", "--map", history, "--as-of", "2026-06-30", "--rules", RULES)

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "is a history map (it begins with `history:`, for `credence backtest`)" in result.stderr


def test_a_file_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path, HEADING + ROWS, tmp_path / "in.csv")

    assert (run.result.exit_code, "in.csv` is given twice" in run.result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--report", "none/report.html"), "--report `none/report.html`: the folder `none` does not exist"),
        (("--out", "."), "--report `.` is a folder; name a file in it"),
        (("--rejects", "/proc/rejects.csv"), "--rejects `/proc/rejects.csv` can't be written"),
        (("--opening", "2026-07-01"), "--opening 2026-07-01 lies after --as-of 2026-06-30"),
    ],
)
def test_what_can_not_be_written_or_meant_is_refused(tmp_path: Path, options: tuple[str, str], said: str) -> None:
    run = Run(tmp_path, HEADING + ROWS, *options)

    assert (run.result.exit_code, run.result.stdout) == (2, "")
    assert said in run.result.stderr


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    pages = [tmp_path / "1.html", tmp_path / "2.html"]
    for page in pages:
        Run(tmp_path, HEADING + ROWS, "--out", page)

    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_progress_is_told_from_the_first_row_to_the_last_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_portfolio, "ROWS_BETWEEN", 150)
    source = tmp_path / "in.csv"
    rows = (f"N{number},客户{number},1.10.2025,31.10.2025,,10,10,n,DE,,\n" for number in range(3 * 150))
    source.write_text(HEADING + "".join(rows), encoding="utf-8")
    engine = engine_of(NOVEMBER_2026)
    row_map, _ = read_map(ended(MAP).encode(), "map.yaml", engine.vocabulary)
    assert row_map is not None
    told: list[tuple[str, float | None]] = []

    request = PortfolioRequest(files=[source], reading=PortfolioFileOptions(row_map), as_of=date(2026, 6, 30))
    portfolio_of(engine, request, lambda *_: None, lambda what, done: told.append((what, done)))

    for what in ("reading", "deciding"):
        shares = [done for name, done in told if name == what and done is not None]
        assert len(shares) >= 4
        assert shares == sorted(shares) and shares[0] > 0 and shares[-1] == 1
    assert [what for what, _ in told] == sorted((what for what, _ in told), reverse=True)


# --- real data -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample is not in this repository")
def test_the_ibm_sample_on_30_june_2013(tmp_path: Path) -> None:
    """Counted here from the columns; docs/portfolio.md shows the same figures."""
    options = ("--map", SAMPLE_MAP, "--as-of", "2013-06-30", "--opening", "2012-01-01", "--rules", RULES)
    result = credence("portfolio", SAMPLE, *options, "--json")
    found = json.loads(result.stdout)
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = [_SampleRow(row) for row in csv.DictReader(file)]

    as_of = date(2013, 6, 30)
    owed = [row for row in rows if row.issued <= as_of < row.settled]
    overdue = [row for row in owed if row.due < as_of]
    sales = sum(row.amount for row in rows if date(2013, 4, 1) <= row.issued <= as_of)
    total = sum((row.amount for row in owed), Decimal())
    assert (len(owed), total) == (84, Decimal("5119.85"))
    assert found["receivables"]["count"] == len(owed)
    assert found["receivables"]["amount"] == str(total)
    assert found["receivables"]["overdue"] == str(sum((row.amount for row in overdue), Decimal()))
    last = found["quarters"][-1]
    assert last["credit_sales"] == str(sales)
    assert last["dso"] == str((total * 90 / sales).quantize(Decimal("0.000001")))
    assert len(found["quarters"]) == 6
    assert found["rows"] == {
        "files": [SAMPLE.name],
        "read": 2466,
        "items": 1930,
        "converted": [],
        "issued_later": 536,
        "rejected": 0,
        "contradicted": [],
        "settled_items": True,
    }
    assert len(found["overdue"]["country"]) == 5


class _SampleRow:
    def __init__(self, row: dict[str, str]) -> None:
        self.issued, self.due, self.settled = (_us(row[name]) for name in ("InvoiceDate", "DueDate", "SettledDate"))
        self.amount = Decimal(row["InvoiceAmount"])


def _us(text: str) -> date:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


# --- open items alone, credit notes, dates ---------------------------------------------------------------------------

OPEN_MAP = """map: open
title: {en: Open items, zh: 未清项}
case: invoice
decimal: ","
thousands: "."
no_date: 31.12.9999
dates: dd.MM.yyyy
skip_lines: 1
columns:
  debit: {column: Debit, type: money}
  credit: {column: Credit, type: money, negative: trailing_minus}
  state: {column: State}
  paid: {column: Paid, type: date}
  amount: {formula: if row.debit = null then row.credit else row.debit, type: money}SETTLED
facts:
  invoice.id: {column: [Company, No], join: /}
  account.id: {column: Customer}
  invoice.invoice_date: {column: Issued}
  invoice.due_date: {column: Due}
  invoice.open_amount: {formula: OPEN}
"""
OPEN_ROWS = """Open items of 30 June
Company;No;Customer;Issued;Due;Debit;Credit;State;Paid
10;1;C-1;01.05.2026;31.05.2026;1.000,00;;open;
20;1;C-1;01.06.2026;31.12.9999;;800,00-;open;
10;2;C-2;10.06.2026;01.06.2026;250,00;;open;
10;3;C-2;01.02.2026;01.03.2026;2.500,50;;paid;15.03.2026
"""


def open_items(home: Path, settled: str, open_amount: str, rows: str = OPEN_ROWS) -> Json:
    text = OPEN_MAP.replace("SETTLED", settled and f"\n  settled: {settled}").replace("OPEN", open_amount)
    (home / "open.yaml").write_text(ended(text), encoding="utf-8")
    (home / "open.csv").write_text(rows, encoding="utf-8")
    common = ("--map", home / "open.yaml", "--as-of", "2026-06-30", "--rules", RULES, "--delimiter", ";", "--json")
    result = credence("portfolio", home / "open.csv", *common)
    assert result.exit_code == 0, result.stderr
    found: Json = json.loads(result.stdout)
    return found


PAID = "{formula: 'if row.state = \"paid\" then row.paid else null', type: date}"
OWED = 'if row.state = "paid" then 0 else row.amount'


@pytest.mark.parametrize(
    ("settled", "rows"),
    [("", OPEN_ROWS), (PAID, OPEN_ROWS.replace("paid;15.03.2026", "open;").replace("2.500,50", "1,00"))],
    ids=["no column", "a column without a day"],
)
def test_open_items_alone_have_no_figures_that_need_settled_ones(tmp_path: Path, settled: str, rows: str) -> None:
    found = open_items(tmp_path, settled, OWED, rows)

    assert found["rows"]["settled_items"] is False
    assert found["quarters"] == []
    assert Decimal(found["receivables"]["overdue"]) > 0
    assert sum(bucket["count"] for bucket in found["aging"]) >= 2
    reasons = found["warnings"]["portfolio"]["reasons"]
    effectiveness = [reason for reason in reasons if "effectiveness" in reason["rule"]]
    assert all(reason["missing"] for reason in effectiveness)
    accounts = [reason for account in found["warnings"]["accounts"] for reason in account["warnings"]]
    assert all("average_monthly_sales" not in str(reason) for reason in accounts)


def test_formulas_give_amount_and_settlement(tmp_path: Path) -> None:
    found = open_items(tmp_path, PAID, OWED)

    assert (found["rows"]["settled_items"], found["rows"]["items"]) == (True, 4)
    sales = {quarter["from"]: quarter["credit_sales"] for quarter in found["quarters"]}
    assert sales["2026-04-01"] == "450.00"  # 1,000 and 250, less the credit note of 800


def test_a_credit_note_without_due_date_lessens_and_is_never_overdue(tmp_path: Path) -> None:
    found = open_items(tmp_path, "", OWED)

    assert found["receivables"]["amount"] == "450.00"
    assert (found["receivables"]["overdue_count"], found["receivables"]["overdue"]) == (2, "1250.00")
    assert found["credit_notes"] == {"count": 1, "amount": "-800.00"}


def test_an_invoice_without_due_date_is_still_a_reject(tmp_path: Path) -> None:
    run = Run(tmp_path, HEADING + ROWS.replace("10.5.2026,9.6.2026", "10.5.2026,"), "--json")

    assert (run.result.exit_code, run.json["rows"]["rejected"]) == (1, 1)
    assert "in.csv:7: invoice.due_date: column `Due`: is missing" in run.result.stderr


# --- what people read ------------------------------------------------------------------------------------------------


def test_customers_are_called_by_their_names_where_the_map_says_them(tmp_path: Path) -> None:
    """C-2's rows differ: the last one that says a name counts. C-3 has none."""
    rows = ROWS.replace(",active\n", ",active,Alpha AG\n").replace("C-1,20.6", "C-1,20.6")
    rows = "\n".join(
        line.replace("Alpha AG", {"C-1": "Alpha <AG>", "C-2": "Beta", "C-3": ""}[line.split(",")[1]])
        for line in rows.splitlines()
    )
    named = MAP.replace(
        "  industry: {column: Industry}\n", "  industry: {column: Industry}\n  customer_name: {column: Name}\n"
    )
    (tmp_path / "named.yaml").write_text(ended(named), encoding="utf-8")
    (tmp_path / "in.csv").write_text(HEADING.replace("Status", "Status,Name") + rows + "\n", encoding="utf-8")
    asked = (
        "portfolio",
        tmp_path / "in.csv",
        "--map",
        tmp_path / "named.yaml",
        "--as-of",
        "2026-06-30",
        "--rules",
        RULES,
    )
    page = tmp_path / "report.html"

    found = json.loads(credence(*asked, "--json", "--report", page).stdout)
    text = credence(*asked).stdout

    assert [each["name"] for each in found["concentration"]["top"]] == ["Alpha <AG>", None, "Beta"]
    assert [each["name"] for each in found["warnings"]["accounts"]] == ["Beta", "Alpha <AG>"]
    for words in ("Alpha <AG> (C-1)", "Beta (C-2)", "| C-3 "):
        assert words in text
    html = page.read_text(encoding="utf-8")
    assert "Alpha &lt;AG&gt; (C-1)" in html and "<AG>" not in html


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            (
                "Receivables are in a bad state: DSO rose from 40 to 90 and 106.1 days, by more than 15% in each of "
                "two quarters (4 more warnings below).",
                "+37.5% from 1,200.00 in 2026 Q1",
                "−18.1 points from 66.7% in 2026 Q1: better",
                "+16.1 days from 90.0 in 2026 Q1: worse",
            ),
        ),
        (
            "zh",
            (
                "应收账款状况不佳：应收账款周转天数由 40 升至 90 再升至 106.1 天，连续两季升幅超过 15%"
                "（另有 4 项预警见下文）。",
                "2026年1季度为 66.7%，−18.1 个百分点，好转",
            ),
        ),
    ],
)
def test_the_report_begins_with_whether_things_are_good_or_bad(
    tmp_path: Path, language: str, said: tuple[str, ...]
) -> None:
    """Overdue was 800 of 1,200 in the quarter before and is 850 of 1,750."""
    page = tmp_path / "report.html"
    text = Run(tmp_path, HEADING + ROWS, "--lang", language).result.stdout
    Run(tmp_path, HEADING + ROWS, "--lang", language, "--out", page)

    for words in said:
        assert words in text
        assert words in page.read_text(encoding="utf-8")


FAULTS = {  # kinds of books of which ratios used to say what nobody can act on
    "credit notes are most of it": (
        "A,C-1,1.5.2026,31.5.2026,,100,100,n,DE,,active\nB,C-1,1.6.2026,31.7.2026,,900,900,n,DE,,active\n"
        "C,C-1,1.6.2026,1.6.2026,,-800,-800,n,DE,,active\nD,C-2,2.1.2026,1.2.2026,1.2.2026,50,0,n,DE,,active\n",
        # sales 200, receivables 200, of which 200 - 100 are current
        ("0.100000", "90.000000", "45.000000", "45.000000"),
    ),
    "more credit notes than what is not overdue": (
        "A,C-1,1.5.2026,31.5.2026,,100,100,n,DE,,active\nC,C-1,1.6.2026,,,-80,-80,n,DE,,active\n"
        "D,C-2,2.1.2026,1.2.2026,1.2.2026,50,0,n,DE,,active\n",
        ("1.000000", "90.000000", "0.000000", "90.000000"),
    ),
    "a credit balance": (
        "A,C-1,1.5.2026,31.5.2026,,100,100,n,DE,,active\nC,C-1,1.1.2026,,,-180,-180,n,DE,,active\n"
        "D,C-2,2.1.2026,1.2.2026,1.2.2026,50,0,n,DE,,active\n",
        ("1.000000", None, None, None),
    ),
}


@pytest.mark.parametrize(("rows", "ratios"), FAULTS.values(), ids=FAULTS)
def test_credit_notes_stand_apart_from_what_is_overdue(
    tmp_path: Path, rows: str, ratios: tuple[str | None, ...]
) -> None:
    found = Run(tmp_path, HEADING + rows, "--json", "--opening", "2026-01-01").json
    last = found["quarters"][-1]

    shown = (
        found["receivables"]["overdue_share"],
        last["dso"],
        last["best_possible_dso"],
        last["average_days_delinquent"],
    )
    assert shown == ratios
    assert set(last["no_value"].values()) == ({"credit-balance"} if None in ratios else set())
    assert found["receivables"]["overdue"] == "100.00"
