"""Persons, dates of the past and zeros behind the decimals come to the same in every way in: one request, a case file,
`decide-file` and `batch`, as JSON, YAML, CSV and Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.pipeline import Engine
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.vocabulary.binding import FactsRefused, Fault
from files.case_file import read_case
from files.input_refused import InputRefused
from tests.support.command_line import credence
from tests.support.facts_in_every_way import DAY, NAMES, Row, engine, rows, rules_files

Said = frozenset[str] | dict[str, Any]
"""The facts that are refused, or what the policy sees."""

UNREADABLE = "file"

ROWS = list(rows(150, 11))
EXPECTED: list[Said] = [row.refused or row.seen for row in ROWS]


def request(number: int, row: Row) -> dict[str, Any]:
    return {"account": {"id": f"C-{number}", **row.sent}}


def one_by_one(decide: Callable[[int, Row], Mapping[str, Any]]) -> list[Said]:
    said: list[Said] = []
    for number, row in enumerate(ROWS):
        try:
            said.append(dict(decide(number, row)))
        except FactsRefused as refused:
            said.append(frozenset(fault.path for fault in refused.faults))
    return said


def results(deciding: Engine, facts: Mapping[str, object]) -> Mapping[str, Any]:
    decision = deciding.decide("account", facts, DAY, "id")
    assert all(reason.rule != "engine-disagreement" for reason in decision.reasons)
    return decision.results["p"]


def test_the_rows_are_worth_something() -> None:
    refused = [said for said in EXPECTED if isinstance(said, frozenset)]
    seen = [said for said in EXPECTED if isinstance(said, dict)]
    assert {name for names in refused for name in names} == {"account.cap", "account.seen_on", "account.checker"}
    assert min(len(refused), sum(each["same"] for each in seen), sum(each["noted"] is None for each in seen)) > 10


def test_as_requests() -> None:
    deciding = engine()
    assert one_by_one(lambda number, row: results(deciding, request(number, row))) == EXPECTED


def in_a_case_file(deciding: Engine, text: str, name: str) -> Mapping[str, Any]:
    try:
        case = read_case(text.encode(), name, deciding.vocabulary, None)
    except InputRefused as refused:  # a YAML file as a whole holds nothing that nobody sees
        assert "invisible" in refused.message
        raise FactsRefused([Fault(UNREADABLE, refused.message)]) from None
    assert case.case is not None
    return results(deciding, case.facts)


def test_as_case_files() -> None:
    """In JSON and in YAML, amounts also without quotes."""
    deciding = engine()

    def as_json(number: int, row: Row) -> Mapping[str, Any]:
        text = json.dumps(request(number, row), ensure_ascii=False)
        bare = text.replace(f'"{row.sent["cap"]}"', row.sent["cap"]) if "x" not in row.sent["cap"] else text
        return in_a_case_file(deciding, bare, "case.json")

    def as_yaml(number: int, row: Row) -> Mapping[str, Any]:
        facts = {key: row.sent[key] if key in ("cap", "share", "count") else json.dumps(row.sent[key]) for key in NAMES}
        inner = ", ".join(f"{key}: {value}" for key, value in facts.items())
        return in_a_case_file(deciding, f"case: account\naccount: {{id: C, {inner}}}\n...\n", "case.yaml")

    assert one_by_one(as_json) == EXPECTED
    said = one_by_one(as_yaml)
    assert [expected if UNREADABLE in each else each for each, expected in zip(said, EXPECTED, strict=True)] == EXPECTED


def test_a_policy_test_of_the_past_lies_not_after_its_day() -> None:
    """A fixture is held to the day of each test that uses it."""
    text = (
        "cases: c\ncase_kind: account\nas_of: 2026-07-15\nfixtures: {f: {account: {id: C, seen_on: 2026-07-16}}}\n"
        "tests:\n"
        "  early: {use: f, expect: {outcome: good_standing, reasons: []}}\n"
        "  later: {use: f, as_of: 2026-07-16, expect: {outcome: good_standing, reasons: []}}\n...\n"
    )
    document, _ = read(text.encode(), "cases.yaml")
    assert document is not None
    suite, [mistake] = read_cases(document, engine().vocabulary)
    assert suite is not None
    assert [case.name for case in suite.cases] == ["later"]
    assert str(mistake) == (
        "cases.yaml:6:3: P042 the test `early`: `account.seen_on` lies after the day of the decision, 2026-07-15 "
        "(expected that day or an earlier one)"
    )


class Desk:
    """The rules in a folder, and files of the rows beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rules").mkdir()
        for name, content in rules_files().items():
            (folder / "rules" / name).write_bytes(content)

    def said(self, command: str, source: str, *options: str | Path) -> list[Said]:
        asked = ("--case", "account", "--as-of", str(DAY), "--rules", self.folder / "rules")
        out, rejects = self.folder / "out.ndjson", self.folder / "rejects.csv"
        ran = credence(command, self.folder / source, *asked, "--out", out, "--rejects", rejects, *options)
        assert ran.exit_code in (0, 1), ran.stderr
        first = 2 if source.endswith(".csv") else 1
        by_line: dict[int, Said] = {}
        with rejects.open(newline="", encoding="utf-8") as stream:
            for each in csv.DictReader(stream):
                faults = each["faults"].replace("; account.", "\naccount.").split("\n")
                by_line[int(each["line"]) - first] = frozenset(fault.partition(":")[0] for fault in faults)
        decided = [number for number in range(len(ROWS)) if number not in by_line]
        for number, line in zip(decided, out.read_text("utf-8").splitlines(), strict=True):
            decision = json.loads(line, parse_float=str)
            if "results" in decision:
                by_line[number] = decision["results"]["p"]
            else:  # of a batch, in any order
                seen = {name.removeprefix("p."): value for name, value in decision.items() if name.startswith("p.")}
                by_line[int(decision["account.id"].removeprefix("C-"))] = seen
        return [by_line[number] for number in range(len(ROWS))]


def alike(said: Said) -> Said:
    """A batch writes amounts and shares as numbers."""
    if isinstance(said, frozenset):
        return said
    numbers = ("cap_seen", "share_seen")
    return {name: Decimal(str(value)) if name in numbers else value for name, value in said.items()}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    lines = [json.dumps(request(number, row)) for number, row in enumerate(ROWS)]
    (tmp_path / "in.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    heading = ["account.id", *(f"account.{name}" for name in NAMES)]
    cells = [[f"C-{number}", *(str(row.sent[name]) for name in NAMES)] for number, row in enumerate(ROWS)]
    for each in cells:
        each[3] += ".00"  # a count as spreadsheets write it
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([heading, *cells])
    columns = {name: pa.array(column) for name, column in zip(heading, zip(*cells, strict=True), strict=True)}
    columns["account.count"] = pa.array([Decimal(row.sent["count"]) for row in ROWS], pa.decimal128(20, 4))
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    facts = "".join(f"  {name}: {{column: {name}}}\n" for name in heading)
    head = "map: m\ntitle: {en: M, zh: M}\ncase: account\ndates: yyyy-MM-dd\nfacts:\n"
    (tmp_path / "m.yaml").write_text(f"{head}{facts}...\n", "utf-8")
    return desk


@pytest.mark.parametrize("source", ["in.ndjson", "in.csv"])
def test_decide_file(source: str, desk: Desk) -> None:
    options = ("--map", desk.folder / "m.yaml") if source.endswith("csv") else ()
    assert desk.said("decide-file", source, *options) == EXPECTED


@pytest.mark.parametrize("source", ["in.ndjson", "in.csv", "in.parquet"])
def test_batch(source: str, desk: Desk) -> None:
    assert list(map(alike, desk.said("batch", source))) == list(map(alike, EXPECTED))
