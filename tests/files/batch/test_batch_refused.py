"""`credence batch` on files as people have them: a clear line for each that can't be used, and nothing half-written."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from tests.support.command_line import credence, desk, desk_beside
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.policy_files import ended

HEAD = "order.id,order.amount,account.id\n"
BLANK_ABOVE = "in.csv: a blank line stands above the heading; delete it, or write `skip_lines: 1` at the top of the map"


def batch(folder: Path, *names: str, out: str = "out.csv", options: tuple[str | Path, ...] = ()) -> Result:
    files = [folder / name for name in names]
    fixed = ("--case", "order", "--as-of", "2026-07-01", "--rules", desk_beside(folder), "--out", folder / out)
    return credence("batch", *files, *fixed, *options)


def rejected(folder: Path, name: str = "out.csv.rejects.csv") -> dict[int, str]:
    with (folder / name).open(newline="", encoding="utf-8") as stream:
        return {int(row["line"]): row["faults"].partition(" (")[0] for row in csv.DictReader(stream)}


def refused(result: Result, folder: Path) -> str:
    """What was said, in one line; nothing but the input may be left."""
    assert result.exit_code == 2, result.output
    [line] = result.stderr.splitlines()
    assert not list(folder.glob("out*"))
    assert not list(folder.glob(".*"))
    return line.removeprefix("credence: ").replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "in.csv: the file is empty"),
        (b"\n" + HEAD.encode(), BLANK_ABOVE),
        (
            b"order.id,order.amount,account.id,order.amount\n",
            "`order.amount` is the heading of 2 columns; rename all but one",
        ),
        (
            b"order.id,order.amuont\n",
            "the column `order.amuont` is no fact of this case kind (did you mean `order.amount`?)",
        ),
        (b"No,Amount\n", "no column bears the name of a fact, such as `order.amount`; give --map"),
        (b"order.id;order.amount\n1;2\n", "in.csv: the file separates its cells by `;`; give --delimiter ';'"),
        (b"order.id\torder.amount\n1\t2\n", "in.csv: the file separates its cells by tabs; give --delimiter '\\t'"),
        (HEAD.encode("utf-16"), "in.csv: the file is UTF-16, not UTF-8; give --encoding utf-16, or save it as UTF-8"),
        (
            b"order.id,M\xfcller\n",
            "in.csv: the heading in line 1 can't be read (byte 0xFC at character 11 is not in the file's encoding); "
            "if it isn't UTF-8, give --encoding, such as gb18030 or cp1252",
        ),
        (
            HEAD.encode() + b'1,2,3\n"2,2,3\n4,2,3\n',
            'in.csv: line 3: a quote that is opened here is never closed; close it, or write it twice ("") where it '
            "stands for itself",
        ),
        (
            HEAD.encode() + b'\n1,"2",3\r\n2,"2",3\n' * 3,
            "in.csv: can't be read: its lines end in different ways (\\n and \\r\\n); write all ends alike",
        ),
    ],
)
def test_a_csv_file_that_can_not_be_read_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(content)

    assert refused(batch(tmp_path, "in.csv"), tmp_path) == said


def test_a_quote_that_is_never_closed_swallows_no_row_of_a_long_file(tmp_path: Path) -> None:
    """Beyond two million bytes DuckDB takes up rows again behind the cell that it can't close."""
    rows = [f"{number},2,C" for number in range(400_000)]
    rows[200_000] = '200000,2,"C'
    (tmp_path / "in.csv").write_text(HEAD + "\n".join(rows) + "\n")

    said = refused(batch(tmp_path, "in.csv"), tmp_path)

    assert said.startswith("in.csv: line 200002: a quote that is opened here is never closed")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("none*.csv",), "`none*.csv` matches no file"),
        (("none.csv",), "`none.csv` is no file"),
        (("folder",), "`folder` is a folder; give the files in it, such as `folder/*.csv`"),
        (("in.csv", "other.csv"), "`other.csv` has another heading than `in.csv`; give files of one heading at a time"),
        (("in.csv", "in.ndjson"), "`in.csv` and `in.ndjson` are of two formats; give files of one format at a time"),
    ],
)
def test_files_that_do_not_go_together_are_refused(names: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "in.csv").write_text(HEAD)
    (tmp_path / "other.csv").write_text("account.id,order.id\n")
    (tmp_path / "in.ndjson").write_text("{}\n")

    assert refused(batch(tmp_path, *names), tmp_path).startswith(said)


@pytest.mark.parametrize(
    ("out", "rejects", "said"),
    [
        ("in.csv", "r.csv", "what is read and --out and --rejects must be different files"),
        ("./folder/../in.csv", "r.csv", "what is read and --out and --rejects must be different files"),
        ("o.csv", "in.csv", "what is read and --out and --rejects must be different files"),
        ("o.csv", "o.csv", "what is read and --out and --rejects must be different files"),
        ("folder.csv", "r.csv", "--out `folder.csv` is a folder; name a file in it"),
        ("o.xlsx", "r.csv", "--out `o.xlsx`: a batch writes .parquet, .csv, .ndjson or .jsonl"),
        ("o.arrow", "r.csv", "--out `o.arrow`: a batch writes .parquet, .csv, .ndjson or .jsonl"),
        ("none/o.csv", "r.csv", "--out `none/o.csv`: the folder `none` does not exist"),
        ("o.csv", "none/r.csv", "--rejects `none/r.csv`: the folder `none` does not exist"),
        ("o.csv", "dangling", "--rejects `dangling`: the folder `none` does not exist"),
        ("o.csv", "/dev/null", "--rejects `/dev/null` is no ordinary file"),
    ],
)
def test_paths_that_can_not_be_written_are_refused_first(out: str, rejects: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "dangling").symlink_to("none/r.csv")
    (tmp_path / "in.csv").write_text(HEAD + "1,2,3\n")

    result = batch(tmp_path, "in.csv", out=out, options=("--rejects", tmp_path / rejects))

    assert refused(result, tmp_path) == said
    assert (tmp_path / "in.csv").read_text() == HEAD + "1,2,3\n"


def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEAD)

    result = credence(
        "batch", tmp_path / "in.csv", "--case", "order", "--rules", desk_beside(tmp_path), "--out", "/proc/out.csv"
    )

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "/proc" in result.stderr


def test_a_map_with_a_formula_that_databases_differ_on_is_refused_before_a_file_is_opened(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    erp = rules / "maps" / "erp.yaml"
    formula = "account.country: {formula: upper case(account.id)}"
    erp.write_text(erp.read_text(encoding="utf-8").replace("facts:\n", f"facts:\n  {formula}\n"), encoding="utf-8")
    fixed = ("--case", "invoice", "--as-of", "2026-07-01", "--rules", rules, "--out", tmp_path / "out.csv")

    result = credence("batch", tmp_path / "none.csv", *fixed, "--map", erp)

    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first == "credence: the map `erp` has a formula for `credence decide-file` alone"
    assert "rules/maps/erp.yaml:9:3: B001 " in second
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("name", ["x[1].csv", "x*.csv", "x?.csv"])
def test_a_name_that_stands_for_other_names_is_refused(name: str, tmp_path: Path) -> None:
    """DuckDB would read x1.csv twice and this file never."""
    for file in ("x1.csv", name):
        (tmp_path / file).write_text(HEAD + f"{len(file)},2,3\n")

    said = refused(batch(tmp_path, "*.csv"), tmp_path)

    assert said == f"`{name}` holds `[`, `*` or `?`, which stand for other names; rename it"


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_columns_that_differ_in_capitals_only_are_refused(suffix: str, tmp_path: Path) -> None:
    columns = {"order.id": ["S"], "order.amount": ["5"], "Order.Amount": ["7"], "account.id": ["C"]}
    table = pa.table({name: pa.array(cells) for name, cells in columns.items()})
    if suffix == "parquet":
        pq.write_table(table, tmp_path / "in.parquet")
    else:
        feather.write_feather(table, tmp_path / "in.arrow")

    said = refused(batch(tmp_path, f"in.{suffix}"), tmp_path)

    assert said == f"`in.{suffix}` has the columns `order.amount` and `Order.Amount`; rename one of them"


def test_a_parquet_file_with_garbage_in_it_is_named(tmp_path: Path) -> None:
    """Behind a sound heading, so that it is found while rows are read."""
    numbers = [str(number) for number in range(5_000)]
    table = pa.table({name: pa.array(numbers) for name in ("order.id", "order.amount", "account.id")})
    pq.write_table(table, tmp_path / "in.parquet", compression="none")
    content = (tmp_path / "in.parquet").read_bytes()
    (tmp_path / "in.parquet").write_bytes(content[:4] + b"\xab" * 400 + content[404:])

    said = refused(batch(tmp_path, "in.parquet"), tmp_path)

    assert said.startswith("in.parquet: can't be read: ")
    assert said[-1] not in ":. "


# --- what can be read ------------------------------------------------------------------------------------------------


def test_a_file_without_rows_gives_files_without_rows(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEAD)

    result = batch(tmp_path, "in.csv", options=("--summary", "--rejects", tmp_path / "named.csv"))

    assert result.exit_code == 0
    assert "0 rows: 0 decided, 0 rejected" in result.stderr
    assert (tmp_path / "out.csv").read_text().startswith("order.id,")
    assert (tmp_path / "named.csv").read_text() == "file,line,faults\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rejects_name_the_lines_that_an_editor_shows(end: str, tmp_path: Path) -> None:
    """A byte order mark, blanks around headings, blank lines and line ends within quotes put rows out of step."""
    lines = [
        "\ufefforder.id , order.amount,account.id,order.entered_by,",
        'S1,1,"C",x,',
        "",
        "S2,one,C,,",
        '"S3",2,C,"two',
        'lines",',
        "S4,2",
        "S5,3,C,,",
        'S6,"4"x,C,,',
        "S7,,C,,",
    ]
    (tmp_path / "in.csv").write_text(end.join(lines) + end, "utf-8", newline="")

    result = batch(tmp_path, "in.csv")

    assert "7 rows: 2 decided, 5 rejected" in result.stderr
    assert rejected(tmp_path) == {
        4: "order.amount: `one` is not a plain decimal number",
        5: "order.entered_by: `two·lines` holds control characters".replace("·", "·" * len(end)),
        7: "row: has 2 cells, the heading has 5",
        9: "row: the quotes are wrong: ',' expected after '\"'",
        10: "order.amount: is required",
    }


@pytest.mark.parametrize("more", [",", ",,", ',""', ", ", ",5", ",,5"])
def test_a_row_of_more_cells_than_the_heading_is_a_reject_though_the_last_are_empty(more: str, tmp_path: Path) -> None:
    """Such as `1000,50,`: an amount with a decimal comma before an empty cell."""
    (tmp_path / "in.csv").write_text(HEAD + f"1,2,C{more}\n2,x,C\n3,2,\n4,2,C\n")

    result = batch(tmp_path, "in.csv")

    assert "4 rows: 1 decided, 3 rejected" in result.stderr
    assert rejected(tmp_path) == {
        2: f"row: has {3 + more.count(',')} cells, the heading has 3",
        3: "order.amount: `x` is not a plain decimal number",
        4: "account.id: is required",
    }


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_are_no_rows_of_a_single_column(end: str, tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    (tmp_path / "in.csv").write_text(end.join(["account.id", "A", "", "B", '""', "", ""]), newline="")

    result = credence(
        "batch", tmp_path / "in.csv", "--case", "account", "--rules", rules, "--out", tmp_path / "out.csv"
    )

    assert "3 rows: 2 decided, 1 rejected" in result.stderr
    assert rejected(tmp_path) == {5: "account.id: is required"}


def test_bytes_of_another_encoding_cost_their_rows_only(tmp_path: Path) -> None:
    content = HEAD.encode() + b"1,2,Meyer\n2,2,M\xfcller\n3,2,M\xc3\xbcller\n4,x,C\n"
    (tmp_path / "in.csv").write_bytes(content)

    assert batch(tmp_path, "in.csv").exit_code == 1
    assert rejected(tmp_path) == {
        3: "row: byte 0xFC at character 6 is not in the file's encoding",
        5: "order.amount: `x` is not a plain decimal number",
    }


def test_other_encodings_and_delimiters_are_read_and_lines_are_those_of_the_file(tmp_path: Path) -> None:
    content = HEAD.replace(",", ";") + "1;2;M\xfcller\n2;x;Fran\xe7ois\n\n3;1;\x81\n"
    (tmp_path / "in.csv").write_bytes(content.encode("latin-1"))

    result = batch(tmp_path, "in.csv", options=("--encoding", "cp1252", "--delimiter", ";"))

    assert "3 rows: 1 decided, 2 rejected" in result.stderr
    assert rejected(tmp_path) == {
        3: "order.amount: `x` is not a plain decimal number",
        5: "row: byte 0x81 at character 5 is not in the file's encoding",
    }
    written = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert "M\xfcller" in written
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "in.csv",
        "out.csv",
        "out.csv.rejects.csv",
    ]


def test_rejects_of_several_files_name_the_file(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(HEAD + "1,2,3\n,2,3\n")

    batch(tmp_path, "*.csv", out="o.ndjson")

    with (tmp_path / "o.ndjson.rejects.csv").open(newline="") as stream:
        found = [(Path(row["file"]).name, row["line"]) for row in csv.DictReader(stream)]
    assert found == [("a.csv", "3"), ("b.csv", "3")]


def test_a_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,2,3\n")
    (tmp_path / "soft.csv").symlink_to("a.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "a.csv")
    (tmp_path / "copy.csv").write_text(HEAD + "1,2,3\n")
    (tmp_path / "folder").mkdir()

    result = batch(tmp_path, "a.csv", "folder/../a.csv", "soft.csv", "hard.csv", "copy.csv")

    assert "2 rows: 2 decided, 0 rejected" in result.stderr


def test_a_folder_s_name_takes_the_place_of_no_column(tmp_path: Path) -> None:
    """As DuckDB has it for files in folders like `month=7`."""
    (tmp_path / "order.id=F" / "c0=F").mkdir(parents=True)
    table = pa.table({"order.id": ["S"], "order.amount": ["5"], "account.id": ["C"]})
    pq.write_table(table, tmp_path / "order.id=F" / "in.parquet")
    (tmp_path / "order.id=F" / "c0=F" / "in.csv").write_text(HEAD + "S,5,C\n")

    for number, name in enumerate(("order.id=F/in.parquet", "order.id=F/c0=F/in.csv")):
        assert batch(tmp_path, name, out=f"out{number}.csv").exit_code == 0
        with (tmp_path / f"out{number}.csv").open(newline="") as stream:
            assert [row["order.id"] for row in csv.DictReader(stream)] == ["S"]


def test_links_stay_and_what_they_point_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEAD + "1,2,3\n,2,3\n")
    (tmp_path / "elsewhere").mkdir()
    for link, target in (("out.csv", "out"), ("rejects.csv", "rejects")):
        (tmp_path / link).symlink_to(tmp_path / "elsewhere" / target)
    (tmp_path / "elsewhere" / "out").write_text("before")

    result = batch(tmp_path, "in.csv", options=("--rejects", tmp_path / "rejects.csv"))

    assert result.exit_code == 1
    assert (tmp_path / "out.csv").is_symlink()
    assert (tmp_path / "rejects.csv").is_symlink()
    assert (tmp_path / "elsewhere/out").read_text().startswith("order.id,")
    assert (tmp_path / "elsewhere/rejects").read_text().startswith("file,line,faults\n")
    assert not [*tmp_path.glob(".*"), *(tmp_path / "elsewhere").glob(".*")]


NO_VALUE = "is an object or a list, not a value"


@pytest.mark.parametrize(
    ("row", "headings", "faults"),
    [
        (
            '{"order.id": "S", "order": {"id": "S", "amount": [1]}}',
            (),
            ["order.id: is given twice", f"order.amount: {NO_VALUE}", "account.id: is required"],
        ),
        (
            '{"No": ["S"], "Customer": "C"}',
            ("No", "Sum", "Customer"),
            [f"No: {NO_VALUE}", "order.amount: column `Sum`: is required"],
        ),
    ],
)
def test_a_value_that_can_not_be_read_is_not_missing_too(
    row: str, headings: tuple[str, ...], faults: list[str], tmp_path: Path
) -> None:
    (tmp_path / "in.ndjson").write_text(row + "\n")
    facts = zip(("order.id", "order.amount", "account.id"), headings, strict=False)
    lines = ["map: m", "title: {en: m, zh: m}", "case: order", "facts:"]
    lines += [f"  {fact}: {{column: {heading}}}" for fact, heading in facts]
    (tmp_path / "map.yaml").write_text(ended("\n".join(lines)))

    batch(tmp_path, "in.ndjson", options=("--map", tmp_path / "map.yaml") if headings else ())

    with (tmp_path / "out.csv.rejects.csv").open(newline="") as stream:
        assert [row["faults"].split("\n") for row in csv.DictReader(stream)] == [faults]


def test_columns_of_any_name_stand_beside_the_facts(tmp_path: Path) -> None:
    """Such as those that bulk itself writes, and one word in two spellings."""
    heading = "file,line,faults,Amount,amount,," + HEAD
    (tmp_path / "in.csv").write_text(heading + "f,7,x,1,2,,S1,3,C\nf,7,x,1,2,,S2,x,C\n")

    result = batch(tmp_path, "in.csv")

    assert "2 rows: 1 decided, 1 rejected" in result.stderr
    assert "no fact is named `file`, `line`, `faults`, `Amount`, `amount`; not read" in result.stderr
    assert list(rejected(tmp_path)) == [3]


@pytest.mark.parametrize("options", [(), ("--quiet",)])
def test_rows_that_no_rule_decides_wait_for_a_person_and_that_is_said(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The outcome of one such decision, whose reason is `no-rules`."""
    rules = desk(tmp_path / "rules")
    (tmp_path / "in.csv").write_text("account.id\nC1\nC2\n")
    (tmp_path / "one.json").write_text('{"account": {"id": "C1"}}')

    fixed = ("--case", "account", "--rules", rules)
    result = credence("batch", tmp_path / "in.csv", *fixed, "--out", tmp_path / "out.csv", *options)

    one = json.loads(credence("decide", tmp_path / "one.json", *fixed, "--json").stdout)
    assert [reason["rule"] for reason in one["reasons"]] == ["no-rules"]
    assert result.exit_code == 0
    assert result.stderr.splitlines()[0] == (
        f"no rule decides account cases, as none can give `review` or worse: every row is `{one['outcome']}`"
    )
    with (tmp_path / "out.csv").open(newline="") as stream:
        assert [row["outcome"] for row in csv.DictReader(stream)] == [one["outcome"]] * 2


def test_nothing_is_said_of_rules_where_there_are_some(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEAD + "1,2,3\n")

    assert batch(tmp_path, "in.csv", options=("--quiet",)).stderr == ""


def test_what_stood_in_the_way_is_replaced_when_all_is_done(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(HEAD + "1,2,3\n")
    (tmp_path / "out.csv").write_text("before")

    assert batch(tmp_path, "in.csv").exit_code == 0
    assert (tmp_path / "out.csv").read_text().startswith("order.id,")


@pytest.mark.long
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """In a process of its own, while it decides."""
    with (tmp_path / "in.csv").open("w") as stream:
        stream.write(HEAD)
        stream.writelines(f"{number},2,C\n" for number in range(1_500_000))
    (tmp_path / "out.csv").write_text("before")
    command = [
        sys.executable,
        "-m",
        "api.cli",
        "batch",
        str(tmp_path / "in.csv"),
        "--case",
        "order",
        "--rules",
        "rules",
    ]
    # a shell that puts a command into the background lets it ignore the signal
    process = subprocess.Popen(
        [*command, "--as-of", "2026-07-01", "--out", str(tmp_path / "out.csv")],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while process.poll() is None and not _has_begun(tmp_path):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)

    assert (process.returncode, said) == (130, "credence: interrupted; nothing was written\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]
    assert (tmp_path / "out.csv").read_text() == "before"


def _has_begun(folder: Path) -> bool:
    return any(path.stat().st_size for path in folder.glob(".credence-batch-*/out"))
