"""A map's formula may work out a person's name from texts; it is read as a cell with the name would be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import credence

FACTS = """\
currency: EUR
policies: [p]
facts:
  account.keeper: {type: person, title: {en: Keeper, zh: 保管人}}
  account.checker: {type: person, title: {en: Checker, zh: 复核人}}
  account.same: {type: text, title: {en: Same, zh: 同}}
...
"""
POLICY = """\
policy: p
title: {en: P, zh: 策略}
decides: account
values:
  who: {type: person, formula: account.keeper}
  same: {type: yes/no, formula: account.keeper = account.checker}
...
"""
MAP = """\
map: m
title: {en: M, zh: M}
case: account
columns:
  first: {column: First}
  last: {column: Last}
facts:
  account.id: {column: No}
  account.keeper: {formula: 'FORMULA'}
  account.checker: {column: Checker}
  account.same: {formula: 'if account.keeper = account.checker then "same" else "other"'}
...
"""
JOINED = 'row.first + "." + row.last'
NAMES = {
    ("U", "Becker", "u.becker"): ("u.becker", True),
    ("u", "BECKER ", "Ｕ．Becker"): ("u.becker", True),
    ("Ｕ", "Ｂｅｃｋｅｒ", "u.becker"): ("u.becker", True),
    ("Ann", "O’Neil", "ann.o'neil"): ("ann.o'neil", True),
    ("李", "雷", "李.雷"): ("李.雷", True),
    ("jörg", "Groß", "JÖRG.GROSS"): ("jörg.gross", True),
    ("u", "becker", "u.chief"): ("u.becker", False),
    ("", "becker", "u.becker"): (None, None),
}
REFUSED = {
    ("u", "bеcker"): "text that holds letters of two scripts, Latin `u` and Cyrillic `е`",
    ("x" * 150, "y" * 60): "text that is longer than 200 characters",
}


def desk(folder: Path, formula: str) -> Path:
    (folder / "rules").mkdir()
    for name, text in {"facts.yaml": FACTS, "p.yaml": POLICY}.items():
        (folder / "rules" / name).write_text(text, encoding="utf-8")
    (folder / "map.yaml").write_text(MAP.replace("FORMULA", formula), encoding="utf-8")
    return folder / "rules"


def decided(folder: Path, rows: list[tuple[str, ...]], formula: str = JOINED, command: str = "decide-file") -> int:
    rules = desk(folder, formula)
    lines = ["No,First,Last,Checker", *(f"{number},{','.join(row)}" for number, row in enumerate(rows))]
    (folder / "in.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = folder / "out.ndjson"
    answer = credence(command, folder / "in.csv", "--map", folder / "map.yaml", "--rules", rules, "--out", out)
    (folder / "stderr").write_text(answer.stderr, encoding="utf-8")
    return answer.exit_code


def test_a_name_is_read_as_a_cell_with_it_would_be(tmp_path: Path) -> None:
    assert decided(tmp_path, list(NAMES)) == 0
    for line, (who, same) in zip(
        (tmp_path / "out.ndjson").read_text("utf-8").splitlines(), NAMES.values(), strict=True
    ):
        results = json.loads(line)["results"]["p"]
        assert (results["who"], results["same"]) == (who, same)


@pytest.mark.parametrize("parts", REFUSED)
def test_a_name_that_is_none_is_a_fault_of_the_row(tmp_path: Path, parts: tuple[str, str]) -> None:
    assert decided(tmp_path, [(*parts, "x")]) == 1
    rejects = (tmp_path / "out.ndjson.rejects.csv").read_text("utf-8")
    assert f"account.keeper: the formula `{JOINED.replace(chr(34), chr(34) * 2)}` gives {REFUSED[parts]}" in rejects


def test_in_bulk_it_is_refused_before_the_first_row(tmp_path: Path) -> None:
    assert decided(tmp_path, list(NAMES), command="batch") == 2
    told = (tmp_path / "stderr").read_text("utf-8")
    assert "B005 `account.keeper` is a person, and the formula works the name out" in told
    assert not (tmp_path / "out.ndjson").exists()


def test_a_person_of_a_column_passes_through_a_formula_in_bulk_too(tmp_path: Path) -> None:
    formula = 'if row.first = "x" then null else account.checker'
    assert decided(tmp_path, list(NAMES), formula, "batch") == 0
    lines = (tmp_path / "out.ndjson").read_text("utf-8").splitlines()
    assert [json.loads(line)["p.same"] for line in lines] == [True] * 7 + [None]
