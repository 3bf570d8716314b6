"""The 2,466 invoices of the IBM sample get the same decisions from a file, over HTTP from 16 clients at once, and from
SQL."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.cli.tests_and_maps import read_map
from api.settings import Settings
from engine.vocabulary.days import EPOCH
from files.maps.mapped_rows import row_reader
from receivables.backtest.replay import FactRows
from receivables.payment_record import ReceivablesByDay, facts_at_issue
from tests.support.command_line import credence
from tests.support.default_policies import default_policies
from tests.support.invoice_histories import accounts_of, sample, sample_map
from tests.support.large import how_many
from tests.support.paths import ROOT, RULES
from tests.support.running_service import running
from tests.support.sql_against_engine import compare, compare_decisions, on_duckdb

INVOICES = ROOT.parent / "shared" / "data" / "ibm_accounts_receivable.csv"
MAP = RULES / "maps" / "ibm_accounts_receivable.yaml"
AS_OF = date(2013, 6, 30)
CLIENTS = 16

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not INVOICES.exists(), reason="the sample is not in this repository"),
]

Json = dict[str, Any]


@pytest.fixture(scope="module")
def from_file(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    home = tmp_path_factory.mktemp("invoices")
    result = credence(
        *("decide-file", INVOICES, "--case", "invoice", "--map", MAP, "--as-of", AS_OF.isoformat()),
        *("--out", home / "decisions.ndjson", "--rejects", home / "rejects.csv", "--rules", RULES),
    )
    assert result.exit_code == 0, result.stderr
    assert "2466 rows = 2466 decisions + 0 rejects" in result.stderr
    assert (home / "rejects.csv").read_text(encoding="utf-8") == "line,faults,row\n"
    return [json.loads(line) for line in (home / "decisions.ndjson").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    journal = tmp_path_factory.mktemp("journal") / "credence.db"
    with running(Settings(rules=RULES, journal=journal)) as client:
        yield client


def _bodies(map_file: Path = MAP, as_of: date = AS_OF) -> list[Json]:
    row_map, _ = read_map(map_file.read_bytes(), map_file.name, default_policies().vocabulary)
    assert row_map is not None
    with INVOICES.open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    read = row_reader(row_map, heading, as_of)
    return [dict(read(row).facts) for row in rows]


def test_the_file_and_sixteen_concurrent_clients_get_the_same_decisions(
    from_file: list[Json], client: httpx2.Client
) -> None:
    def decided(body: Json) -> Json:
        answer = client.post("/v1/decisions/invoice", json={"as_of": AS_OF.isoformat(), **body})
        assert answer.status_code == 201, answer.text
        decision: Json = answer.json()
        return decision

    with ThreadPoolExecutor(CLIENTS) as pool:
        over_http = list(pool.map(decided, _bodies()))

    assert len({decision["id"] for decision in from_file}) == len({decision["id"] for decision in over_http}) == 2466
    for decision in (*from_file, *over_http):
        del decision["id"]
    assert over_http == from_file


def test_the_decisions_agree_with_the_sample_counted_by_hand(from_file: list[Json]) -> None:
    """Counted here from the columns, without the map or the policies."""
    with INVOICES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    stages: Counter[str] = Counter()
    amounts: dict[str, Decimal] = {}
    for row in rows:
        stage = _stage(row)
        stages[stage] += 1
        amounts[stage] = amounts.get(stage, Decimal()) + Decimal(row["InvoiceAmount"])

    decided = Counter(decision["reasons"][0]["rule"].partition(".")[2] for decision in from_file)
    assert decided == stages
    assert sum(stages[stage] for stage in stages if stage not in ("settled", "not-issued")) == 84
    assert sum(amounts[stage] for stage in stages if stage not in ("settled", "not-issued")) == Decimal("5119.85")


def _stage(row: dict[str, str]) -> str:
    """What a collector would say on 30 June 2013, a Sunday: nobody is contacted before Monday. A reminder falls 7 days
    before the due date, or on the Monday after that, and not for less than 10; the first step 1 day after the due date.
    What is due on the Sunday itself is not reminded any more. What was due on the Saturday may be paid on Monday."""
    assert f"{AS_OF:%A}" == "Sunday"
    issued, due, settled = (_day(row[name]) for name in ("InvoiceDate", "DueDate", "SettledDate"))
    if settled <= AS_OF:
        return "settled"
    if issued > AS_OF:
        return "not-issued"
    if row["Disputed"] == "Yes":
        return "disputed"
    remind = due - timedelta(days=7)
    while f"{remind:%a}" in ("Sat", "Sun"):
        remind += timedelta(days=1)
    if remind > AS_OF:
        return "not-due" if Decimal(row["InvoiceAmount"]) >= 10 else "not-due-unreminded"
    if due >= AS_OF:
        return "reminder-later" if due > AS_OF else "no-reminder"
    return "payable-today" if due == AS_OF - timedelta(days=1) else "week-end"


def _day(text: str) -> date:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


ONE_OF = how_many(5, large=1)
"""Of so many cases one is decided with its texts too; that all are, the file and the clients above show."""

# --- SQL -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("map_file", [MAP, MAP.with_name("ibm_portfolio.yaml")], ids=lambda path: path.stem)
@pytest.mark.parametrize("as_of", [AS_OF, date(2012, 6, 30)][: how_many(1, large=2)], ids=str)
def test_sql_decides_every_invoice_as_one_by_one(map_file: Path, as_of: date) -> None:
    engine = default_policies()
    ruleset = engine.ruleset("invoice", as_of)
    day = (as_of - EPOCH).days
    cases = [(tuple(engine.bind("invoice", body, as_of)), day) for body in _bodies(map_file, as_of)]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == 2466
    some = cases[::ONE_OF]
    assert compare_decisions(ruleset, some, "duckdb", on_duckdb) == len(some)


def test_sql_decides_every_invoice_as_the_order_that_it_was() -> None:
    """Each on the day it was issued, on what was known then."""
    ruleset = default_policies().ruleset("order", AS_OF)
    rows = FactRows(ruleset, sample_map())
    book = ReceivablesByDay(sample())
    accounts = accounts_of(sample()).values()
    known = [case for account in accounts for case in facts_at_issue(account, book)]
    cases = [(tuple(rows.row(*case)), case[0].issued) for case in known]
    assert compare(ruleset, cases, "duckdb", on_duckdb) == 2466
    some = cases[::ONE_OF]
    assert compare_decisions(ruleset, some, "duckdb", on_duckdb) == len(some)
