"""`credence decide-file`: every row is decided or rejected with all its faults, and nothing is left half-written."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.support.command_line import HEADING, MAP, credence, desk
from tests.support.patience import PATIENCE

ROW = "0001,C-1,55.94,2/1/2013,No,7/15/2013\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return desk(tmp_path / "rules")


class Run:
    """decide-file on one file, and what it wrote."""

    def __init__(self, rules: Path, content: bytes | str, *options: str, name: str = "in.csv") -> None:
        home = rules.parent
        self.source, self.out, self.rejects_file = home / name, home / "out.ndjson", home / "rejects.csv"
        self.source.write_bytes(content.encode() if isinstance(content, str) else content)
        options = options if "--case" in options else ("--map", f"{rules}/maps/erp.yaml", *options)
        files: tuple[str | Path, ...] = (self.source, "--out", self.out, "--rejects", self.rejects_file)
        self.result: Result = credence("decide-file", *files, "--as-of", "2013-06-30", "--rules", rules, *options)

    @property
    def decisions(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()]

    @property
    def rejects(self) -> list[tuple[int, str, str]]:
        """Line, faults, row."""
        with self.rejects_file.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["line", "faults", "row"]
        return [(int(line), faults, row) for line, faults, row in rows[1:]]


def test_each_row_is_a_decision_in_input_order(rules: Path) -> None:
    run = Run(rules, HEADING + ROW + "0002,C-2,10,12/1/2013,Yes,\n" + "0003,C-2,10,1/1/2013,No,1/2/2013\n")

    assert run.result.exit_code == 0
    assert [(d["subject"], d["outcome"]) for d in run.decisions] == [
        ("0001", "email"),
        ("0002", "no_action"),
        ("0003", "no_action"),
    ]
    assert [d["results"]["dunning"]["step"] for d in run.decisions] == ["remind", "wait", "none"]
    assert run.rejects == []
    assert "3 rows = 3 decisions + 0 rejects" in run.result.stderr
    assert "no_action 2, email 1" in run.result.stderr
    assert run.result.stdout == ""


def test_a_bad_row_is_rejected_with_its_line_its_text_and_all_its_faults(rules: Path) -> None:
    bad = '0002,C-2,"1,000.00",13/1/2013,Maybe,7/15/2013\n'
    run = Run(rules, HEADING + ROW + bad + ROW)

    assert run.result.exit_code == 1
    assert len(run.decisions) == 2
    ((line, faults, row),) = run.rejects
    assert (line, row) == (3, bad.rstrip("\n"))
    assert [fault.split(":")[0] for fault in faults.split("; ")] == [
        "row.amount",
        "invoice.due_date",
        "invoice.disputed",
    ]


def test_faults_of_the_map_and_of_the_facts_come_together(rules: Path) -> None:
    """The id is too long for a text fact, which only binding knows; the date is no date, which the map knows."""
    run = Run(rules, HEADING + f"{'9' * 300},C-1,1.00,x,No,\n")

    ((_, faults, _),) = run.rejects
    assert "invoice.due_date: column `Due`: `x` is not a date of the form M/d/yyyy" in faults
    assert f"invoice.id: column `No`: `{'9' * 39}…` is longer than 200 characters" in faults


def test_a_missing_required_fact_is_a_fault(rules: Path) -> None:
    run = Run(rules, HEADING + ",C-1,1.00,2/1/2013,No,\n")

    assert [(line, faults) for line, faults, _ in run.rejects] == [(2, "invoice.id: column `No`: is required")]


@pytest.mark.parametrize(
    ("rows", "rejected"),
    [
        ("0001,C-1\n", [(2, "row: has 2 cells, the heading has 6")]),
        ("0001,C-1,5,2/1/2013,No,,more\n", [(2, "row: has 7 cells, the heading has 6")]),
        ('0001,"C"-1,5,2/1/2013,No,\n', [(2, "row: the quotes are wrong: ',' expected after '\"'")]),
        ('0001,C-1,5,2/1/2013,No,\n0002,"C-1,5\n\n', [(3, "row: a quote that is opened here is never closed")]),
        ("\n\n0001\n", [(4, "row: has 1 cell, the heading has 6")]),
        ('0001,"C\n1",x,2/1/2013,No,\n0002\n', [(2, "row.amount"), (4, "row: has 1 cell")]),
    ],
    ids=["short", "long", "quotes", "open-quote", "blank-lines", "newline-in-cell"],
)
def test_rows_that_cannot_be_taken_apart_are_rejected_at_their_first_line(
    rules: Path, rows: str, rejected: list[tuple[int, str]]
) -> None:
    run = Run(rules, HEADING + rows)

    assert run.result.exit_code == 1
    assert [line for line, _, _ in run.rejects] == [line for line, _ in rejected]
    for (_, faults, _), (_, said) in zip(run.rejects, rejected, strict=True):
        assert faults.startswith(said)


def test_lines_may_end_as_windows_or_old_macs_end_them_and_a_byte_order_mark_is_no_heading(rules: Path) -> None:
    for end in ("\r\n", "\r"):
        run = Run(rules, b"\xef\xbb\xbf" + (HEADING + ROW + "0002\n").replace("\n", end).encode())

        assert [d["subject"] for d in run.decisions] == ["0001"]
        assert [(line, row) for line, _, row in run.rejects] == [(3, "0002")]


def test_a_byte_outside_the_encoding_rejects_its_row_only(rules: Path) -> None:
    run = Run(rules, (HEADING + ROW).encode() + b"0002,M\xfcller,5,2/1/2013,No,\n" + ROW.encode())

    assert len(run.decisions) == 2
    ((line, faults, row),) = run.rejects
    assert (line, faults) == (3, "row: byte 0xFC at character 7 is not in the file's encoding")
    assert row.startswith("0002,M\\xFCller")


@pytest.mark.parametrize(("encoding", "name"), [("gb18030", "客户"), ("cp1252", "Müller"), ("utf-16", "客户")])
def test_another_encoding_can_be_named(rules: Path, encoding: str, name: str) -> None:
    run = Run(rules, (HEADING + ROW.replace("0001", name)).encode(encoding), "--encoding", encoding)

    assert [d["subject"] for d in run.decisions] == [name]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", (), "the file is empty"),
        (b"\n\n", (), "the file holds no heading"),
        (
            HEADING.replace("Due", "Du") + ROW,
            (),
            "Due: the column that `invoice.due_date` is read from is missing (did",
        ),
        (HEADING.replace("Due", "No") + ROW, (), "No: is the heading of 2 columns"),
        ((HEADING + ROW).encode("utf-16"), (), "the file is UTF-16, not UTF-8; give --encoding utf-16"),
        (b"No,K\xfcnde\n", (), "the heading in line 1 can't be read"),
        (b"x" * (1 << 21), (), "line 1 is longer than 1048576 characters"),
        (HEADING + ROW, ("--encoding", "klingon"), "`klingon` is not a known encoding"),
        (HEADING + ROW, ("--encoding", "base64"), "`base64` is not a known encoding of text files"),
        (
            HEADING + ROW,
            ("--encoding", "utf-16"),
            "in.csv: can't be read: UTF-16 stream does not",
        ),
        ((HEADING + ROW).encode("utf-16")[:-1], ("--encoding", "utf-16"), "truncated data; check --encoding, or save"),
        (HEADING + ROW, ("--delimiter", ";;"), "--delimiter takes one character"),
        (HEADING + ROW, ("--summary", "outcom"), "`outcom` is not `outcome`, `reason`, a result or a fact (did you"),
        (HEADING + ROW, ("--summary-by", "xyzzy"), "a result or a fact (such as `account.id`)"),
        (HEADING + ROW, ("--summary-by", "outcome", "--total", "xyzzy"), "(amounts, numbers and yes/no facts can)"),
        (HEADING + ROW, ("--total", "invoice.id", "--summary", "outcome"), "`invoice.id` is no fact that can be added"),
        (HEADING + ROW, ("--case", "invoice"), "a CSV file needs a map from its columns to facts"),
        (HEADING + ROW, ("--as-of", "1850-01-01"), "--as-of 1850-01-01 is outside"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_anything_is_written(
    rules: Path, content: bytes | str, options: tuple[str, ...], said: str
) -> None:
    run = Run(rules, content, *options)

    assert run.result.exit_code == 2
    assert said in run.result.stderr
    assert sorted(path.name for path in rules.parent.iterdir()) == ["in.csv", "rules"]


def test_a_heading_alone_is_a_file_of_no_rows(rules: Path) -> None:
    run = Run(rules, HEADING, "--summary", "outcome")

    assert (run.result.exit_code, run.decisions, run.rejects) == (0, [], [])
    assert "0 rows = 0 decisions + 0 rejects" in run.result.stderr


def test_the_outputs_may_not_be_the_input(rules: Path) -> None:
    source = rules.parent / "in.txt"
    source.write_text(HEADING + ROW, encoding="utf-8")
    common = ("decide-file", source, "--map", rules / "maps" / "erp.yaml", "--rules", rules)

    result = credence(*common, "--out", source, "--rejects", rules.parent / "r.csv")

    assert (result.exit_code, "what is read and --out and --rejects must be different files" in result.stderr) == (
        2,
        True,
    )
    assert source.read_text(encoding="utf-8") == HEADING + ROW


@pytest.mark.parametrize("option", ["--out", "--rejects"])
def test_what_is_no_ordinary_file_is_not_replaced_by_one(rules: Path, option: str) -> None:
    """As root, a file could take the place of /dev/null."""
    home = rules.parent
    pipe = home / "pipe"
    os.mkfifo(pipe)
    (home / "in.csv").write_text(HEADING + ROW, encoding="utf-8")
    paths = {"--out": home / "out.ndjson", "--rejects": home / "rejects.csv"} | {option: pipe}
    options = [word for each in paths.items() for word in each]

    result = credence("decide-file", home / "in.csv", "--map", rules / "maps/erp.yaml", "--rules", rules, *options)

    assert (result.exit_code, result.stderr) == (2, f"credence: {option} `{pipe}` is no ordinary file\n")
    assert pipe.is_fifo()
    assert sorted(path.name for path in home.iterdir()) == ["in.csv", "pipe", "rules"]


def test_a_pipe_is_refused_as_input(rules: Path) -> None:
    os.mkfifo(rules.parent / "in.csv")

    result = credence(
        *("decide-file", rules.parent / "in.csv", "--map", rules / "maps/erp.yaml", "--rules", rules),
        *("--out", rules.parent / "out.ndjson", "--rejects", rules.parent / "rejects.csv"),
    )

    assert (result.exit_code, result.stderr) == (2, f"credence: `{rules.parent}/in.csv` is no ordinary file\n")


def test_the_same_file_gives_the_same_bytes_and_other_policies_other_ids(rules: Path) -> None:
    first = Run(rules, HEADING + ROW + ROW).out.read_bytes()
    again = Run(rules, HEADING + ROW + ROW)
    ids = [d["id"] for d in again.decisions]
    policy = rules / "orders.yaml"
    policy.write_text(policy.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")

    assert again.out.read_bytes() == first
    assert len(set(ids)) == 2  # two equal rows are two decisions
    assert not set(ids) & {d["id"] for d in Run(rules, HEADING + ROW + ROW).decisions}


def test_ndjson_through_a_map(rules: Path) -> None:
    rows = [
        '{"No": "1", "Customer": "C-1", "Amount": 55.94, "Due": "2/1/2013", "Disputed": "No", "Settled": null}',
        '{"No": "2", "Customer": "C-1", "Amount": 10, "Due": "12/1/2013"}',
        '{"No": "3", "No": "4"}',
        "",
        "[1]",
        '{"No": "5", "Customer": {"name": "x"}, "Amount": NaN}',
    ]
    run = Run(rules, "\n".join(rows), name="in.ndjson")

    assert [(d["subject"], d["outcome"]) for d in run.decisions] == [("1", "email"), ("2", "no_action")]
    assert [(line, faults) for line, faults, _ in run.rejects] == [
        (3, "row: holds the key `No` twice"),
        (5, "row: is not a JSON object"),
        (6, "row: holds NaN, which is not JSON"),
    ]


def test_a_key_that_no_row_has_is_mentioned(rules: Path) -> None:
    run = Run(rules, '{"No": "1", "Customer": "C-1", "Amount": "5"}\n', name="in.ndjson")

    assert "note: no row has the key `Due` that the map reads" in run.result.stderr


def test_ndjson_rows_that_are_requests_need_no_map(rules: Path) -> None:
    rows = [
        '{"order": {"id": "SO-1", "amount": "12000.00"}, "account": {"id": "C-1"}}',
        '{"order": {"id": "SO-2", "amount": "12,000"}, "acount": {"id": "C-1"}}',
    ]
    run = Run(rules, "\n".join(rows), "--case", "order", name="in.ndjson")

    assert [d["outcome"] for d in run.decisions] == ["hold"]
    ((line, faults, _),) = run.rejects
    assert line == 2
    assert [fault.split(":")[0] for fault in faults.split("; ")] == ["account.id", "acount", "order.amount"]


def test_summaries_group_by_outcomes_results_and_facts(rules: Path) -> None:
    rows = ROW + ROW.replace("No,", "Yes,") + ROW.replace("55.94", "4.06") + ROW.replace("7/15/2013", "2/2/2013")
    options = ("--summary", "outcome, dunning.step", "--summary", "invoice.disputed")
    totals = ("--total", "invoice.open_amount", "--total", "invoice.disputed")
    run = Run(rules, HEADING + rows, *options, *totals)

    assert run.result.stdout.splitlines() == [
        "",
        "| outcome   | dunning.step | rows | invoice.open_amount | invoice.disputed |",
        "|-----------|--------------|-----:|--------------------:|-----------------:|",
        "| no_action | none         |    1 |                0.00 |                0 |",
        "| email     | remind       |    3 |              115.94 |                1 |",
        "| all       |              |    4 |              115.94 |                1 |",
        "",
        "| invoice.disputed | rows | invoice.open_amount | invoice.disputed |",
        "|------------------|-----:|--------------------:|-----------------:|",
        "| no               |    3 |               60.00 |                0 |",
        "| yes              |    1 |               55.94 |                1 |",
        "| all              |    4 |              115.94 |                1 |",
    ]


def test_rows_without_a_reason_are_a_group_too(rules: Path) -> None:
    run = Run(rules, HEADING + ROW + ROW.replace("2/1/2013", "2/1/2014"), "--summary", "reason")

    assert [line.split("|")[1].strip() for line in run.result.stdout.splitlines()[3:]] == [
        "(none)",
        "dunning.late",
        "all",
    ]


def test_a_map_with_mistakes_is_refused_with_its_diagnostics(rules: Path) -> None:
    (rules / "maps" / "erp.yaml").write_text(MAP.replace("M/d/yyyy", "mm/dd"), encoding="utf-8")
    run = Run(rules, HEADING + ROW)

    assert run.result.exit_code == 2
    assert "erp.yaml:4:8: M003" in run.result.stderr


def test_quiet_says_nothing(rules: Path) -> None:
    run = Run(rules, HEADING + ROW, "--quiet")

    assert (run.result.exit_code, run.result.stdout, run.result.stderr) == (0, "", "")


def test_ctrl_c_leaves_nothing_half_written_and_what_was_there_before(rules: Path) -> None:
    home = rules.parent
    source, out, rejects = home / "in.csv", home / "out.ndjson", home / "rejects.csv"
    source.write_text(HEADING + ROW * 300_000, encoding="utf-8")
    out.write_text("before", encoding="utf-8")
    command = ("decide-file", source, "--map", rules / "maps" / "erp.yaml", "--rules", rules)
    files = ("--out", out, "--rejects", rejects, "--as-of", "2013-06-30")
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli", *map(str, (*command, *files))],
        env=environment,
        stderr=subprocess.PIPE,
        # what a shell runs in the background ignores Ctrl-C, and hands that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            end = time.monotonic() + 30
            while not any(path.stat().st_size for path in home.glob(".out.ndjson.*.partial")):
                assert time.monotonic() < end
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()

    assert process.returncode == 130
    assert said.decode() == "credence: interrupted; nothing was written\n"
    assert out.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in home.iterdir()) == ["in.csv", "out.ndjson", "rules"]
