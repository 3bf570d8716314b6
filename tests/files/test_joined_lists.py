"""Lists whose records stand in a file of their own: who has which, what is refused, and what a map says of the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.pipeline import load
from engine.reading.document import read
from files.maps.row_map_file import read_row_map
from tests.support.command_line import credence
from tests.support.policy_files import whole_set
from tests.support.random_records import FACTS
from tests.support.small_policies import HEAD, REASON

POLICY = f"""values:
  open: {{formula: sum(account.items.amount), type: money}}
  late: count(account.items[due < as_of])
rules:
  late: {{when: late > 0, then: review, reason: {REASON}}}
"""
ROWS = "".join(json.dumps({"account": {"id": f"C-{number}"}}) + "\n" for number in range(1, 5))
ITEMS = """account.id,amount,due
C-1,12.50,2026-07-01
C-2,,
C-1,7.00,
C-3,1.00,2027-01-01
"""
SAID = {"C-1": ("review", "19.50"), "C-2": ("good_standing", "0.00"), "C-3": ("good_standing", "1.00")}
"""Outcome and sum; C-4 has no line, so that nobody knows."""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name, content in whole_set({"p": HEAD + POLICY}, FACTS).items():
        (tmp_path / "rules" / name).write_bytes(content)
    (tmp_path / "rows.ndjson").write_text(ROWS, "utf-8")
    return tmp_path


def run(desk: Path, command: str, *options: str, rows: str = "rows.ndjson") -> tuple[int, str, list[tuple[str, str]]]:
    """Exit code, what is said, and what is decided row by row: outcome and sum."""
    out = desk / f"{command}.ndjson"
    out.unlink(missing_ok=True)
    asked = ("--as-of", "2026-07-15", "--rules", desk / "rules", "--out", out, "--rejects", desk / "rejects.csv")
    ran = credence(command, desk / rows, *asked, *options)
    decided = []
    for line in out.read_text("utf-8").splitlines() if out.exists() else ():
        body = json.loads(line)
        decided.append((body["outcome"], body["p.open"] if command == "batch" else body["results"]["p"]["open"]))
    return (
        ran.exit_code,
        ran.stderr,
        [(outcome, f"{float(sum_):.2f}" if sum_ is not None else "") for outcome, sum_ in decided],
    )


BOTH = pytest.mark.parametrize("command", ["decide-file", "batch"])
OF_ITEMS = ("--case", "account", "--list")


@BOTH
@pytest.mark.parametrize(
    "items",
    [
        ITEMS,
        ITEMS.replace("\n", "\r\n"),
        "﻿" + ITEMS,
        "amount,account.id,due\n12.50,C-1,2026-07-01\n,C-2,\n7.00,C-1,\n1.00, C-3 ,2027-01-01\n",
    ],
)
def test_records_find_their_rows(desk: Path, command: str, items: str) -> None:
    """C-2 has none, since a line says so; of C-4 nothing is known, and a person looks at it."""
    (desk / "items.csv").write_text(items, "utf-8", newline="")
    _, _, decided = run(desk, command, *OF_ITEMS, f"account.items={desk / 'items.csv'}")
    assert decided == [*SAID.values(), ("review", "")]


@BOTH
def test_rows_of_ndjson_may_leave_values_out(desk: Path, command: str) -> None:
    lines = ['{"account.id": "C-1", "amount": 12.50, "due": "2026-07-01"}', '{"amount": "7.00", "account.id": "C-1"}']
    lines += ['{"account.id": "C-2", "amount": null}', '{"account.id": "C-3", "amount": 1, "due": "2027-01-01"}']
    (desk / "items.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    _, _, decided = run(desk, command, *OF_ITEMS, f"account.items={desk / 'items.ndjson'}")
    assert decided == [*SAID.values(), ("review", "")]


@BOTH
@pytest.mark.parametrize(
    ("items", "said"),
    [
        (ITEMS.rstrip(), "items.csv: the last line has no line end, so that the file may be cut off; see that nothing"),
        ("account.id,amount\n", ""),
        ("", "items.csv: the file is empty"),
        ("id,amount\nC-1,5\n", "items.csv: no column says whose record a row is; name one column like the fact"),
        ("account.id,account.id,amount\nC-1,C-1,5\n", "items.csv: several columns say whose record a row is"),
        (
            "account.id,amuont\nC-1,5\n",
            "the column `amuont` is no value of the records of `account.items`; did you mean",
        ),
        (
            "account.id,amount,amount\nC-1,5,5\n",
            "items.csv: the column `amount`, which `amount` is read from, is there",
        ),
        ("account.id,amount\n,5\n", "items.csv: line 2 doesn't say whose record it is: `account.id` is empty"),
        ("account.id,amount\nC-1,5\nC-1\n", "items.csv: line 3 can't be read: has 1 cell, the heading has 2"),
        ('account.id,amount\nC-1,"5\n', "items.csv: line 2 can't be read: a quote that is opened here is never closed"),
    ],
)
def test_a_file_that_might_lack_anybody_s_record_is_refused(desk: Path, command: str, items: str, said: str) -> None:
    (desk / "items.csv").write_text(items, "utf-8")
    code, err, decided = run(desk, command, *OF_ITEMS, f"account.items={desk / 'items.csv'}")
    if said:
        assert (code, decided) == (2, [])
        assert said in err
    else:  # there is a heading and nothing else: nothing is known of anybody
        assert decided == [("review", "")] * 4


@BOTH
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("account.items", "--list takes a fact and a file, such as account.open_items=open_items.csv"),
        ("account.item=x.csv", "`account.item` is no list of this case kind; did you mean `account.items`?"),
        ("account.cap=x.csv", "`account.cap` is no list of this case kind"),
        ("account.items=gone.csv", "gone.csv"),
    ],
)
def test_a_list_that_can_not_be_meant_is_refused(desk: Path, command: str, option: str, said: str) -> None:
    code, err, _ = run(desk, command, *OF_ITEMS, option)
    assert code == 2
    assert said in " ".join(err.split())


@BOTH
def test_faults_say_the_line_of_the_other_file(desk: Path, command: str) -> None:
    (desk / "items.csv").write_text(ITEMS + "C-3,x,\nC-3,,2026-01-01\nC-2,1.001,soon\n", "utf-8")
    code, _, decided = run(desk, command, *OF_ITEMS, f"account.items={desk / 'items.csv'}")
    assert (code, decided) == (1, [SAID["C-1"], ("review", "")])
    rejects = (desk / "rejects.csv").read_text("utf-8")
    assert "account.items: line 6 of `items.csv`: column `amount`: `x` is not a plain decimal number" in rejects
    assert "account.items: line 7 of `items.csv`: `amount` is required" in rejects
    assert "account.items: line 8 of `items.csv`: column `amount`: `1.001` has more than 2 decimals" in rejects
    assert "account.items: line 8 of `items.csv`: column `due`: `soon` is not a date of the form" in rejects


@BOTH
def test_too_many_records_of_one_row_refuse_that_row(desk: Path, command: str) -> None:
    (desk / "items.csv").write_text(ITEMS + "C-3,1.00,\n" * 5, "utf-8")
    code, _, decided = run(desk, command, *OF_ITEMS, f"account.items={desk / 'items.csv'}")
    assert (code, decided) == (1, [SAID["C-1"], SAID["C-2"], ("review", "")])
    assert "account.items: has 6 records, more than 5" in (desk / "rejects.csv").read_text("utf-8")


@BOTH
def test_a_row_with_a_list_of_its_own_is_refused_where_a_file_has_it_too(desk: Path, command: str) -> None:
    own = json.dumps({"account": {"id": "C-1", "items": []}}) + "\n"
    (desk / "rows.ndjson").write_text(own + ROWS, "utf-8")
    (desk / "items.csv").write_text(ITEMS, "utf-8")
    code, _, decided = run(desk, command, *OF_ITEMS, f"account.items={desk / 'items.csv'}")
    assert (code, decided) == (1, [*SAID.values(), ("review", "")])
    assert "account.items: is given in the row and in `items.csv`" in (desk / "rejects.csv").read_text("utf-8")


def test_ids_of_decisions_follow_from_the_records_too(desk: Path) -> None:
    ids = []
    for items in (ITEMS, ITEMS, ITEMS.replace("7.00", "7.01")):
        (desk / "items.csv").write_text(items, "utf-8")
        run(desk, "decide-file", *OF_ITEMS, f"account.items={desk / 'items.csv'}")
        ids.append([json.loads(line)["id"] for line in (desk / "decide-file.ndjson").read_text().splitlines()])
    assert ids[0] == ids[1]
    assert [a == b for a, b in zip(ids[0], ids[2], strict=True)] == [False, True, True, True]


# --- maps ------------------------------------------------------------------------------------------------------------

MAP = """map: erp
title: {en: ERP, zh: ERP}
case: account
decimal: ","
facts:
  account.id: {column: Customer}
  account.items:
    key: {account.id: Cust No}
    of:
      amount: {column: Open}
      due: {column: Due on, format: dd.MM.yyyy}
...
"""


@BOTH
def test_a_map_says_how_the_other_file_is_written(desk: Path, command: str) -> None:
    (desk / "map.yaml").write_text(MAP, "utf-8")
    (desk / "rows.csv").write_text("Customer;Name\nC-1;x\nC-2;x\nC-3;x\nC-4;x\n", "utf-8")
    items = "Name;Cust No;Open;Due on\nx;C-1;12,50;01.07.2026\n;C-2;;\nx;C-1;7,00;\nx;C-3;1,00;01.01.2027\n"
    (desk / "items.csv").write_text(items, "utf-8")
    mapped = ("--map", str(desk / "map.yaml"), "--delimiter", ";")
    _, _, decided = run(desk, command, *mapped, "--list", f"account.items={desk / 'items.csv'}", rows="rows.csv")
    assert decided == [*SAID.values(), ("review", "")]
    code, err, _ = run(desk, command, *mapped, rows="rows.csv")
    assert (code, "give --list account.items=FILE" in err) == (2, True)
    (desk / "items.csv").write_text(items.replace("Due on", "Due"), "utf-8")
    code, err, _ = run(desk, command, *mapped, "--list", f"account.items={desk / 'items.csv'}", rows="rows.csv")
    assert (code, "the column `Due on`, which `due` is read from, is missing" in err) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{account.id: Cust No}", "{account.cap: Cust No}", "8:11: M001 `account.cap` is not a fact"),
        ("{account.id: Cust No}", "Cust No", "8:10: P003 the key of `account.items` must be a group"),
        ("{account.id: Cust No}", "{account.id: A, account.word: B}", "8:10: M002 a list is found by one fact"),
        ("    key: {account.id: Cust No}\n", "", "7:3: P002 the list `account.items` has no `key`"),
        ("amount: {column: Open}", "amuont: {column: Open}", "10:7: M001 `amuont` is no value of the records"),
        ("      amount: {column: Open}\n", "", "10:7: M007 the required value `amount` of `account.items` is not"),
        ("{column: Open}", "{column: Open, fromat: x}", "10:30: P001 `fromat` is not a key of a column"),
        ("account.id: {column: Customer}", "account.id: {formula: '\"C-1\"'}", "8:11: M007 `account.id`, by which"),
    ],
)
def test_what_is_wrong_with_a_map_of_the_other_file(old: str, new: str, said: str) -> None:
    loaded = load(whole_set({"p": HEAD + POLICY}, FACTS))
    assert loaded.vocabulary
    assert old in MAP
    document, _ = read(MAP.replace(old, new), "map.yaml")
    assert document
    found = [str(each).removeprefix("map.yaml:") for each in read_row_map(document, loaded.vocabulary)[1]]
    assert any(each.startswith(said) for each in found), found
