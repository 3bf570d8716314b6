"""`credence backtest` from files to a report: text, JSON and HTML, one policy set and two, and what can't be used."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from api.cli.policy_folder import engine_of
from api.cli.report_files import REJECTS_SHOWN
from engine.reading.document import read
from files.long_run import ROWS_BETWEEN
from receivables.backtest.replay import decider
from receivables.backtest.replay_sql import sql_decider
from receivables.backtest.run_backtest import BacktestRequest, run
from receivables.history.history_file import REJECTS_KEPT, HistorySource
from receivables.history.history_map_file import read_history_map
from receivables.payment_record import ReceivablesByDay, facts_at_issue
from tests.support.command_line import credence
from tests.support.default_policies import default_policies
from tests.support.invoice_histories import SAMPLE, SAMPLE_MAP, accounts_of, sample, sample_map
from tests.support.policy_files import ended, facts_file

ORDERS = """\
policy: orders
title: {en: Orders, zh: 订单}
decides: order
rules:
  overdue:
    title: {en: "Overdue <b>&", zh: 逾期}
    when: account.overdue_amount > 0
    then: hold
    reason: {en: Overdue., zh: 逾期。}
"""
LARGE = """\
  large:
    title: {en: Large, zh: 大额}
    when: order.amount > 100
    then: approve_with_conditions
    reason: {en: Large., zh: 大额。}
"""
MAP = """\
history: past
title: {en: "Past <script>", zh: 历史}
currency: USD
columns:
  invoice: {column: no}
  customer: {column: who}
  issued: {column: from}
  due: {column: due}
  settled: {column: paid}
  amount: {column: sum}
assume:
  account.status: {value: active, because: {en: Delivered to., zh: 已供货。}}
  account.assessed_on: {value: as_of, because: {en: Each day., zh: 每日。}}
"""
ROWS = """\
no,who,from,due,paid,sum
1,A,2024-01-01,2024-01-31,2024-01-20,100.00
2,A,2024-02-01,2024-03-02,2024-04-01,200.00
3,A,2024-03-10,2024-04-09,2024-05-09,300.00
4,<i>B,2024-01-05,2024-02-04,,400.00
"""


def _desk(folder: Path, rows: str = ROWS, orders: str = ORDERS) -> dict[str, Path]:
    rules = folder / "rules"
    rules.mkdir(parents=True)
    (rules / "facts.yaml").write_text(facts_file([ORDERS]), encoding="utf-8")
    (rules / "orders.yaml").write_text(ended(orders), encoding="utf-8")
    paths = {"--rules": rules, "--history": folder / "past.csv", "--map": folder / "map.yaml"}
    paths["--history"].write_text(rows, encoding="utf-8")
    paths["--map"].write_text(ended(MAP), encoding="utf-8")
    return paths


def _arguments(paths: dict[str, Path]) -> list[str]:
    return [str(word) for pair in paths.items() for word in pair]


def test_the_report_says_what_the_policies_would_have_done(tmp_path: Path) -> None:
    result = credence("backtest", *_arguments(_desk(tmp_path)))

    assert (result.exit_code, result.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "Orders replayed: 4 · 1,000.00 USD" in lines
    assert "Orders from: 2024-01-01 – 2024-03-10" in lines
    assert "Payments known until: 2024-05-09" in lines
    # 300 of 1,000 held, paid 30 days late; of the 700 passed, 200 and 400 came more than 15 days late
    assert any(line.startswith("The policies hold 30.0% of the amount. Of what they hold, 100.0%") for line in lines)
    assert "| hold | 1 | 25.0% | 300.00 | 30.0% | 100.0% | 100.0% | 100.0% | 0.0% | 0.0% |" in lines
    assert "| approve | 3 | 75.0% | 700.00 | 70.0% | 85.7% | 85.7% | 85.7% | 57.1% | 0.0% |" in lines
    assert "| 15 days | 1.11 | 100.0% | 33.3% | 1.33 | 100.0% | 33.3% |" in lines
    assert "| Overdue <b>& (orders.overdue) | hold | 1 | 300.00 | 30.0% | 100.0% | 100.0% | 0 | 1 | 300.00 |" in lines
    # the held order's 300 came 30 days late: more than 0, 7 and 15, not more than 30
    assert "| hold | 300.00 | 300.00 | 300.00 | 0.00 | 1 | 1 | 1 | 0 |" in lines
    assert "| approve | 600.00 | 600.00 | 600.00 | 400.00 | 2 | 2 | 2 | 1 |" in lines
    assert "| Account status (account.status) | active | Delivered to. |" in lines
    assert "| Last credit assessment (account.assessed_on) | The day of the order | Each day. |" in lines
    assert any("compared one to one" in line for line in lines)


def test_json_holds_the_same_as_decimal_text(tmp_path: Path) -> None:
    result = credence("backtest", *_arguments(_desk(tmp_path)), "--json")

    found = json.loads(result.stdout)
    (side,) = found["policies"]
    assert (found["from"], found["until"], found["payments_known_until"]) == ("2024-01-01", "2024-03-10", "2024-05-09")
    assert (found["currency"], found["policy_currency"], found["rows"], found["rejected"]) == ("USD", "EUR", 4, 0)
    assert side["held"]["amount"] == "300.00"
    assert side["accuracy"][2] == {
        "days": 15,
        "lift": "1.111111",
        "precision": "1.000000",
        "recall": "0.333333",
        "lift_by_count": "1.333333",
        "precision_by_count": "1.000000",
        "recall_by_count": "0.333333",
        "no_value": {},
    }
    assert found["assumed"][1]["value"] == "as_of"
    assert "account.on_time_rate" in found["told"]
    assert "." not in re.sub(r'"(\\.|[^"])*"', "", result.stdout), "a number that is not text"


def test_a_stretch_of_days_is_decided_with_all_that_came_before(tmp_path: Path) -> None:
    result = credence(
        "backtest", *_arguments(_desk(tmp_path)), "--json", "--from", "2024-03-01", "--until", "2024-03-31"
    )

    found = json.loads(result.stdout)
    assert found["all"]["orders"] == 1
    assert found["policies"][0]["rules"][0]["rule"] == "orders.overdue"


def test_two_policy_sets_stand_side_by_side_with_the_orders_that_flip(tmp_path: Path) -> None:
    paths = _desk(tmp_path / "a")
    other = _desk(tmp_path / "b", orders=ORDERS + LARGE)["--rules"]

    result = credence("backtest", *_arguments(paths), "--rules", str(other), "--json")
    page = tmp_path / "report.html"
    text = credence("backtest", *_arguments(paths), "--rules", str(other), "--out", str(page))

    found = json.loads(result.stdout)
    assert [side["label"] for side in found["policies"]] == [paths["--rules"].as_posix(), other.as_posix()]
    assert found["flips"] == 2
    (change,) = found["changes"]
    assert (change["before"], change["after"]) == ("approve", "approve_with_conditions")
    assert (change["rules_only_in_first"], change["rules_only_in_second"]) == ([], ["orders.large"])
    assert [(flip["order"], flip["days_late"]) for flip in found["largest_flips"]] == [("4", None), ("2", 30)]
    assert (text.stdout, page.name in text.stderr.replace("\n", "")) == ("", True)
    html = page.read_text(encoding="utf-8")
    assert "2 orders are decided differently." in html
    assert "Side by side" in html
    assert "Large (orders.large)" in html


def test_rules_whose_text_functions_sql_can_not_say_are_replayed_one_by_one(tmp_path: Path) -> None:
    orders = ORDERS.replace("account.overdue_amount > 0", "'upper case(account.id) = \"A\"'")
    paths = _desk(tmp_path, orders=orders)

    result = credence("backtest", *_arguments(paths), "--json")

    assert "B001" in credence("check", paths["--rules"]).stdout
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["policies"][0]["held"]["amount"] == "600.00"


LONG = """\
parameters: {factor: 9900000000000000000}
values: {index: account.ratio * account.ratio * account.cap * factor}
rules:
"""
LONG_FACTS = """\
currency: EUR
facts:
  account.ratio: {type: number, minimum: 0, maximum: 10, title: {en: Ratio, zh: 比值}}
  account.cap: {type: money, minimum: -1000, maximum: 1000, title: {en: Cap, zh: 上限}}
"""
LONG_ASSUMED = """\
  account.ratio: {value: 10, because: {en: All., zh: 全部。}}
  account.cap: {value: 1000, because: {en: All., zh: 全部。}}
"""


def test_rules_whose_numbers_are_too_long_for_sql_are_replayed_one_by_one(tmp_path: Path) -> None:
    when = "index > 0 and order.amount > 250"
    orders = ORDERS.replace("rules:\n", LONG).replace("account.overdue_amount > 0", when)
    paths = _desk(tmp_path, orders=orders)
    (paths["--rules"] / "facts.yaml").write_text(facts_file([ORDERS], LONG_FACTS), encoding="utf-8")
    paths["--map"].write_text(ended(MAP + LONG_ASSUMED), encoding="utf-8")

    result = credence("backtest", *_arguments(paths), "--json")

    assert "B002" in credence("check", paths["--rules"]).stdout
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["policies"][0]["held"]["amount"] == "700.00"


class _Page(HTMLParser):
    """Tags in balance, attributes that fetch or run something, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.reaching_out: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.reaching_out += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href") or name.startswith("on")]
        if tag not in ("meta", "line", "rect", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "rect", "circle", "path") or self.open[-1] == tag:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(("language", "title"), [("en", "Backtest of the credit policies"), ("zh", "信用政策回测")])
def test_the_page_stands_alone_and_escapes_what_comes_from_data(tmp_path: Path, language: str, title: str) -> None:
    page_file = tmp_path / "report.html"

    result = credence("backtest", *_arguments(_desk(tmp_path)), "--out", str(page_file), "--lang", language)

    assert result.exit_code == 0
    page = _Page(page_file.read_text(encoding="utf-8"))
    assert not page.open and not page.reaching_out
    assert "script" not in page.tags and page.tags.count("svg") == 3
    assert title in page.words
    assert ("<script>" if language == "en" else "历史") in page.words
    assert "http" not in page_file.read_text(encoding="utf-8").replace("http-equiv", "")


def test_readers_see_titles_and_programs_see_words(tmp_path: Path) -> None:
    arguments = _arguments(_desk(tmp_path))

    chinese = credence("backtest", *arguments, "--lang", "zh").stdout
    found = json.loads(credence("backtest", *arguments, "--json").stdout)

    assert "正常" in chinese and "2024年1季度" in chinese
    assert " active " not in chinese and "2024-Q1" not in chinese
    assert found["assumed"][0]["value"] == "active"
    assert list(found["policies"][0]["quarters"]) == ["2024-Q1"]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("false", "The policies hold none of these orders; 90.0% of the amount was paid more than 15 days late."),
        ("true", "The policies hold all of these orders; 90.0% of the amount was paid more than 15 days late."),
    ],
)
def test_policies_that_hold_nothing_or_everything_are_compared_with_nothing(
    tmp_path: Path, when: str, said: str
) -> None:
    orders = ORDERS.replace("when: account.overdue_amount > 0", f"when: order.amount > 0 = {when}")

    assert said in " ".join(credence("backtest", *_arguments(_desk(tmp_path, orders=orders))).stdout.split())


def test_where_nothing_is_paid_yet_nobody_knows_how_the_orders_turned_out(tmp_path: Path) -> None:
    rows = f"{ROWS.splitlines()[0]}\n1,A,2024-01-01,2024-01-31,,100.00\n"

    text = " ".join(credence("backtest", *_arguments(_desk(tmp_path, rows))).stdout.split())

    assert "none of these orders was paid or long overdue, so nobody knows yet how they turned out" in text


def test_where_nobody_paid_late_nothing_is_said_of_how_well_the_policies_hold(tmp_path: Path) -> None:
    paid = ("1,A,2024-01-01,2024-01-05,2024-01-08,100.00", "2,A,2024-01-07,2024-01-31,2024-01-30,50.00")
    rows = "\n".join((ROWS.splitlines()[0], *paid))

    text = credence("backtest", *_arguments(_desk(tmp_path, rows))).stdout

    assert "The policies hold 33.3% of the amount. No order is known to have been paid more than 15 days late" in text


def test_what_is_still_open_and_not_yet_late_is_counted_apart(tmp_path: Path) -> None:
    rows = ROWS + "5,C,2024-05-01,2024-05-31,,50.00\n"

    result = credence("backtest", *_arguments(_desk(tmp_path, rows)))

    assert "Still open, left out of lateness: 1 · 50.00" in result.stdout


def test_progress_is_told_while_reading_and_replaying(tmp_path: Path) -> None:
    rows = "".join(f"{n},C{n % 7},2024-01-01,2024-01-31,2024-01-20,100.00\n" for n in range(2 * ROWS_BETWEEN))
    paths = _desk(tmp_path, ROWS.splitlines()[0] + "\n" + rows)
    engine = engine_of(paths["--rules"])
    document, _ = read(paths["--map"].read_bytes(), "map.yaml")
    assert document is not None
    history_map, _ = read_history_map(document, engine.vocabulary)
    assert history_map is not None
    told: list[tuple[str, float | None]] = []

    source = HistorySource(path=paths["--history"], history_map=history_map, currency_digits=2)
    request = BacktestRequest(source=source, engines={"rules": engine}, as_of=date(2026, 7, 1))
    run(request, lambda what, done: told.append((what, done)))

    assert [what for what, _ in told] == ["reading", "reading", "replaying"]
    shares = [done for _, done in told if done is not None]
    assert 0 < shares[0] <= shares[1] <= 1 == shares[2]


# --- what can't be used ----------------------------------------------------------------------------------------------


def test_rows_that_are_no_invoices_are_named_and_counted(tmp_path: Path) -> None:
    rows = ROWS + "5,C,2024-01-01,2023-01-01,,-10.00\n6,C,x,2024-01-01,,-1\n7,C\n" + ROWS.splitlines()[1] + "\n"

    result = credence("backtest", *_arguments(_desk(tmp_path, rows)))

    assert result.exit_code == 1
    said = result.stderr.replace(str(tmp_path), "")
    assert "past.csv:6: history.amount: is not an amount that an order can have" in said
    assert "past.csv:7: history.issued: column `from`: `x` is not a date of the form yyyy-MM-dd" in said
    assert "past.csv:8: row: has 2 cells, the heading has 6" in said
    assert "past.csv:9: history.invoice: `1` stands in an earlier row too" in said
    assert "8 rows = 4 invoices + 4 that could not be read" in said
    assert "Rejected: 4 of 8 rows have faults and are in no figure." in result.stdout


def test_ndjson_is_read_too(tmp_path: Path) -> None:
    paths = _desk(tmp_path)
    heading, *rows = [line.split(",") for line in ROWS.splitlines()]
    paths["--history"] = tmp_path / "past.ndjson"
    bodies = [{key: cell or None for key, cell in zip(heading, row, strict=True)} for row in rows]
    bodies[1] = dict(reversed(bodies[1].items()))
    del bodies[3]["paid"]
    paths["--history"].write_text("\n".join(map(json.dumps, bodies)), encoding="utf-8")

    found = json.loads(credence("backtest", *_arguments(paths), "--json").stdout)

    assert (found["rows"], found["rejected"], found["policies"][0]["held"]["amount"]) == (4, 0, "300.00")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("past.parquet", b"PAR1", "past.parquet: this command reads CSV and NDJSON, not Parquet; export it as CSV"),
        ("past.csv", ROWS.encode("utf-16"), "past.csv: the file is UTF-16, not UTF-8; give --encoding utf-16"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    paths = _desk(tmp_path) | {"--history": tmp_path / name}
    paths["--history"].write_bytes(content)

    result = credence("backtest", *_arguments(paths))

    assert (result.exit_code, said in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": "no,who\n1,A\n"}, "the column that `history.issued` is read from is missing"),
        ({"rows": ""}, "past.csv: the file is empty"),
        ({"rows": ROWS.splitlines()[0]}, "the file holds no invoices, only a heading"),
        (
            {"rows": "no,who,from,due,paid,sum\n1,A,x,2024-01-31,,5\n"},
            "none of the 1 rows is an invoice; line 2: history",
        ),
        ({"--from": "2030-01-01"}, "no order lies between --from and --until; the history runs from 2024-01-01 to"),
        ({"--from": "2024-03-01", "--until": "2024-02-01"}, "--from 2024-03-01 lies after --until 2024-02-01"),
        ({"--history": "none.csv"}, "`none.csv` does not exist"),
        ({"--history": "."}, "`.` is a folder"),
        ({"--map": "none.yaml"}, "the map `none.yaml` can't be read: No such file or directory"),
        ({"--out": "none/report.html"}, "--report `none/report.html`: the folder `none` does not exist"),
        ({"--out": "."}, "--report `.` is a folder; name a file in it"),
        ({"--encoding": "utf-9"}, "`utf-9` is not a known encoding"),
        ({"--encoding": "idna"}, "`idna` is not a known encoding of text files"),
        ({"--delimiter": ";;"}, "--delimiter takes one character"),
    ],
)
def test_what_can_not_be_used_is_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    paths = _desk(tmp_path, change.pop("rows", ROWS))

    result = credence("backtest", *_arguments(paths | {name: Path(value) for name, value in change.items()}))

    assert result.exit_code == 2
    assert said in result.stderr


def test_the_columns_of_a_wrong_file_are_listed_once(tmp_path: Path) -> None:
    columns = [f"column_{number}" for number in range(20)]

    result = credence("backtest", *_arguments(_desk(tmp_path, ",".join(columns) + "\n")))

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert (result.stderr.count("is missing"), result.stderr.count("`column_0`")) == (6, 1)
    assert f"is missing (the columns are {', '.join(f'`{name}`' for name in columns)})\n" in result.stderr


def test_a_map_with_mistakes_is_refused_with_their_places(tmp_path: Path) -> None:
    paths = _desk(tmp_path)
    paths["--map"].write_text(MAP.replace("account.status", "account.stat"), encoding="utf-8")

    result = credence("backtest", *_arguments(paths))

    assert result.exit_code == 2
    assert "map.yaml:12:3: H001 `account.stat` is not a fact of an order" in result.stderr


def test_a_row_map_is_named_as_such(tmp_path: Path) -> None:
    paths = _desk(tmp_path) | {"--map": SAMPLE_MAP.with_name("ibm_portfolio.yaml")}

    result = credence("backtest", *_arguments(paths))

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "is a row map (it begins with `map:`); this command needs a history map" in result.stderr


def test_three_policy_sets_and_two_currencies_are_refused(tmp_path: Path) -> None:
    paths = _desk(tmp_path / "a")
    other = _desk(tmp_path / "b")["--rules"]
    (other / "facts.yaml").write_text(facts_file([ORDERS], "currency: CNY"), encoding="utf-8")
    more = ["--rules", str(other)]

    assert "keep their amounts in CNY and EUR" in credence("backtest", *_arguments(paths), *more).stderr
    assert "give one folder, or two to compare" in credence("backtest", *_arguments(paths), *more, *more).stderr


def test_an_assumption_that_the_second_policy_set_can_not_take_is_refused(tmp_path: Path) -> None:
    region = "account.region: {type: enum, members: [%s], title: {en: Region, zh: 大区}, example: %s}"
    paths = _desk(tmp_path / "a")
    other = _desk(tmp_path / "b")["--rules"]
    for rules, member in ((paths["--rules"], "north"), (other, "south")):
        facts = f"currency: EUR\nfacts:\n  {region % (member, member)}\n"
        (rules / "facts.yaml").write_text(facts_file([ORDERS], facts), encoding="utf-8")
    assumed = "  account.region: {value: north, because: {en: All., zh: 全部。}}\n"
    paths["--map"].write_text(ended(MAP + assumed), encoding="utf-8")

    result = credence("backtest", *_arguments(paths), "--rules", str(other))

    assert result.exit_code == 2
    assert "these policies can't take what the map assumes: account.region: is not one of the known" in result.stderr


# --- the real invoices -----------------------------------------------------------------------------------------------


def test_orders_decided_in_bulk_are_decided_as_one_by_one() -> None:
    invoices, ruleset = sample(), default_policies().ruleset("order", date(2026, 7, 1))
    book = ReceivablesByDay(invoices)
    cases = [case for account in accounts_of(invoices).values() for case in facts_at_issue(account, book)]

    one_by_one, in_bulk = (make(ruleset, sample_map())(cases) for make in (decider, sql_decider))

    assert len(in_bulk) == 2_466
    assert in_bulk == one_by_one


@pytest.mark.skipif(not SAMPLE.exists(), reason="IBM's sample is not beside the repository")
def test_the_documented_result_is_what_the_command_prints() -> None:
    shared: list[Any] = ["backtest", "--history", SAMPLE, "--map", SAMPLE_MAP, "--rules", SAMPLE_MAP.parents[1]]

    found = json.loads(credence(*shared, "--from", "2013-02-25", "--json").stdout)

    (side,) = found["policies"]
    assert (found["all"]["orders"], found["all"]["amount"]) == (991, "59523.10")
    assert (side["held"]["orders"], side["held"]["amount"]) == (127, "7801.17")
    assert side["accuracy"][2]["lift"] == "4.743966"
    page = (SAMPLE_MAP.parents[2] / "docs" / "backtest.md").read_text(encoding="utf-8")
    assert "| last 40%: from 2013-02-25 | 991 | 13.1% | 4.74 | 29.3% | 62.2% |" in page


def test_every_row_with_faults_is_kept_beside_the_report(tmp_path: Path) -> None:
    """All of them, with their text, however many; also where `--rejects` names another file."""
    bad = "".join(f"{number},A,2024-01-01,x,,1.00\n" for number in range(10, 10 + REJECTS_KEPT + 5))
    arguments = _arguments(_desk(tmp_path, rows=ROWS + bad))
    page, other = tmp_path / "page.html", tmp_path / "other.csv"
    beside = credence("backtest", *arguments, "--report", page)
    named = credence("backtest", *arguments, "--json", "--rejects", other)

    assert (beside.exit_code, named.exit_code) == (1, 1)
    assert f"the rejects and their faults are in {page}.rejects.csv" in beside.stderr
    with other.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert other.read_bytes() == (tmp_path / "page.html.rejects.csv").read_bytes()
    assert len(rows) == REJECTS_KEPT + 5
    assert (rows[0]["file"], rows[0]["line"], rows[0]["row"]) == ("past.csv", "6", "10,A,2024-01-01,x,,1.00")
    assert "is not a date" in rows[0]["faults"]


def test_where_nothing_holds_the_rows_with_faults_the_first_are_printed(tmp_path: Path) -> None:
    bad = "".join(f"{number},A,2024-01-01,x,,1.00\n" for number in range(10, 20))

    result = credence("backtest", *_arguments(_desk(tmp_path, rows=ROWS + bad)))

    assert (result.exit_code, result.stderr.count("past.csv:")) == (1, REJECTS_SHOWN)
    assert "… and more; --rejects FILE keeps them all" in result.stderr
    assert "14 rows = 4 invoices + 10 that could not be read" in result.stderr


def test_the_day_of_the_parameters_has_a_name_of_its_own(tmp_path: Path) -> None:
    arguments = _arguments(_desk(tmp_path))
    days = [credence("backtest", *arguments, "--json", name, "2020-01-01") for name in ("--as-of", "--parameters-of")]

    assert days[0].stdout == days[1].stdout
    assert json.loads(days[0].stdout)["parameters_of"] == "2020-01-01"


def test_a_policy_is_no_map(tmp_path: Path) -> None:
    paths = _desk(tmp_path)
    result = credence("backtest", *_arguments(paths | {"--map": paths["--rules"] / "orders.yaml"}))

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "is a policy (it begins with `policy:`); this command needs a history map" in result.stderr


def test_sums_beyond_what_facts_hold_are_refused_and_not_wrapped(tmp_path: Path) -> None:
    most = "999999999999999.00"
    rows = ROWS.replace("100.00", most)
    fits = _desk(tmp_path / "fits", rows.replace("200.00", "0.50").replace("300.00", "0.50"))
    assert credence("backtest", *_arguments(fits)).exit_code == 0
    result = credence("backtest", *_arguments(_desk(tmp_path / "beyond", rows)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the invoices of customer `A` add up to more than policies can decide on" in result.stderr
    many = [f"{number},C{number},2024-01-05,2024-02-04,,{most}" for number in range(10, 25)]
    result = credence("backtest", *_arguments(_desk(tmp_path / "many", "\n".join([*ROWS.splitlines(), *many]) + "\n")))
    assert result.exit_code == 2 and "the invoices together add up to more" in result.stderr


def test_a_currency_column_that_the_map_passes_over_rejects_rows_in_others(tmp_path: Path) -> None:
    codes = ("Waers", "USD", "USD", "EUR", "USD")
    rows = "\n".join(f"{line},{code}" for line, code in zip(ROWS.splitlines(), codes, strict=True)) + "\n"
    paths = _desk(tmp_path, rows)
    found = json.loads(credence("backtest", *_arguments(paths), "--json").stdout)
    assert (found["rows"], found["rejected"]) == (4, 1)
    shown = credence("backtest", *_arguments(paths), "--rejects", str(tmp_path / "rejects.csv"))
    rejects = (tmp_path / "rejects.csv").read_text(encoding="utf-8")
    assert "history.currency: column `Waers`: `EUR` is another currency than USD" in rejects, shown.stderr
