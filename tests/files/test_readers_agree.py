"""decide-file, portfolio, backtest and batch read the same file as the same rows, with the same words for the same
fault.

Files are generated: encoding × byte order mark × delimiter × line ends × what is wrong with one row. What each reader
must find is written down by hand, so that they can't all be wrong in the same way.
"""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from engine.pipeline import Engine, load
from engine.reading.document import read
from files.batch.decide_file import DecideFileJob, Watch, decide_file
from files.input_refused import InputRefused
from files.maps.row_map import RowMap
from files.maps.row_map_file import read_row_map
from files.rejects import faults_in_words
from receivables.history.history_file import HistorySource, read_history
from receivables.history.history_map import HistoryMap
from receivables.history.history_map_file import read_history_map
from receivables.portfolio.portfolio_files import PortfolioFileOptions, records
from tests.support.policy_files import whole_set
from tests.support.small_policies import AS_OF, REASON
from tests.support.steps import long_after

ROW_MAP = """map: m
title: {en: M, zh: 图}
case: order
columns:
  issued: {column: Issued, type: date}
facts:
  order.id: {column: No}
  account.id: {column: Customer}
  order.amount: {column: Amount}
...
"""
HISTORY_MAP = """history: h
title: {en: H, zh: 史}
currency: EUR
dates: yyyy-MM-dd
columns:
  invoice: {column: No}
  customer: {column: Customer}
  issued: {column: Issued}
  due: {column: Due}
  settled: {column: Paid}
  amount: {column: Amount}
...
"""
HEADING = ("No", "Customer", "Issued", "Due", "Paid", "Amount", "Note")
HEAD = "policy: p\ntitle: {en: P, zh: 策略}\ndecides: order\n"


@cache
def engine() -> Engine:
    rule = f"rules:\n  r: {{when: order.amount > 5, then: hold, reason: {REASON}}}\n"
    loaded = load(whole_set({"p": HEAD + rule}))
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


@cache
def row_map() -> RowMap:
    document, _ = read(ROW_MAP.encode(), "m.yaml", end_mark=True)
    assert document is not None
    found, diagnostics = read_row_map(document, engine().vocabulary)
    assert found is not None, diagnostics
    return found


@cache
def history_map() -> HistoryMap:
    document, _ = read(HISTORY_MAP.encode(), "h.yaml", end_mark=True)
    assert document is not None
    found, diagnostics = read_history_map(document, engine().vocabulary)
    assert found is not None, diagnostics
    return found


@dataclass(frozen=True)
class Found:
    """`rows`: those that could be taken apart. `faults`: by line, of the others. `refused`: instead of both."""

    rows: int = 0
    faults: tuple[tuple[int, str], ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Text:
    encoding: str = "utf-8"
    delimiter: str = ","


Reader = Callable[[Path, Text], Found]


def by_decide_file(path: Path, text: Text) -> Found:
    out, rejects = path.with_suffix(".out"), path.with_suffix(".rejects")
    job = DecideFileJob(
        source=path,
        case="order",
        row_map=row_map(),
        as_of=AS_OF,
        out=str(out),
        rejects=str(rejects),
        encoding=text.encoding,
        delimiter=text.delimiter,
    )
    tally = decide_file(engine(), job, Watch())
    return Found(tally.decided, tuple(rejected(rejects)))


def by_portfolio(path: Path, text: Text) -> Found:
    rows = list(records(path, PortfolioFileOptions(row_map(), text.encoding, text.delimiter)))
    faults = tuple((row.line, str(row.fault)) for row in rows if row.fault)
    assert all(len(row.cells or ()) == len(row.heading) == len(HEADING) for row in rows if not row.fault)
    return Found(len(rows) - len(faults), faults)


def by_backtest(path: Path, text: Text) -> Found:
    history = read_history(
        HistorySource(
            path=path,
            history_map=history_map(),
            currency_digits=2,
            encoding=text.encoding,
            delimiter=text.delimiter,
        )
    )
    faults = tuple((line, faults_in_words(faults)) for line, faults in history.rejects)
    return Found(history.rows - history.rejected, faults)


def by_batch(path: Path, text: Text) -> Found:
    duckdb_run = pytest.importorskip("files.batch.duckdb.duckdb_run")
    out, rejects = path.with_suffix(".csv.out.csv"), path.with_suffix(".rejects")
    job = duckdb_run.SqlBatchJob(
        sources=(str(path),),
        ruleset=engine().ruleset("order", AS_OF),
        row_map=row_map(),
        as_of=AS_OF,
        out=str(out),
        rejects=str(rejects),
        encoding=text.encoding,
        delimiter=text.delimiter,
    )
    return Found(duckdb_run.run(job).decided, tuple(rejected(rejects)))


READERS: dict[str, Reader] = {
    "decide-file": by_decide_file,
    "portfolio": by_portfolio,
    "backtest": by_backtest,
    "batch": by_batch,
}


def rejected(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            yield int(row["line"]), row["faults"]


def found(name: str, path: Path, text: Text) -> Found:
    try:
        return READERS[name](path, text)
    except InputRefused as refused:
        return Found(refused=str(refused).replace(str(path), path.name))


# --- CSV -------------------------------------------------------------------------------------------------------------


def sound(number: int, note: str = "x") -> list[str]:
    return [f"N{number}", "C", "2026-01-01", "2026-02-01", "2026-02-02", "7.50", note]


def line(cells: list[str], delimiter: str) -> str:
    return delimiter.join(f'"{cell}"' if any(mark in cell for mark in '\r\n",;\t') else cell for cell in cells)


FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "none": (lambda delimiter: line(sound(9), delimiter), ""),
    "a cell too many": (lambda delimiter: line([*sound(9), ""], delimiter), "row: has 8 cells, the heading has 7"),
    "a cell too few": (lambda delimiter: line(sound(9)[:6], delimiter), "row: has 6 cells, the heading has 7"),
    "one cell": (lambda delimiter: "N9", "row: has 1 cell, the heading has 7"),
    "wrong quotes": (
        lambda delimiter: delimiter.join(['"N9"x', *sound(9)[1:]]),
        "row: the quotes are wrong: '{}' expected after '\"'",
    ),
}
"""The text of a third row, and what every reader says to it."""


def content(kind: str, end: str, delimiter: str) -> str:
    """A heading, a row on line 2 with a line end in its last cell, a blank line, the row in question on line 5, a
    row."""
    lines = [line(list(HEADING), delimiter), line(sound(1, note="a\nb"), delimiter), "", FAULTS[kind][0](delimiter)]
    return end.join([*lines, line(sound(2), delimiter), ""])


BATCH_READS = (("utf-8", ","), ("utf-8", ";"), ("utf-8-sig", ","), ("utf-16", ";"), ("gb18030", "\t"))
"""What is tried with `batch`, whose runs take longer: each encoding and each delimiter once and more."""


@pytest.mark.parametrize("kind", long_after(1, FAULTS))
def test_a_csv_file_gives_the_same_rows_and_faults_to_every_command(kind: str, tmp_path: Path) -> None:
    words = FAULTS[kind][1]
    encodings = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-16", "gb18030": "gb18030"}
    for written, end, delimiter in itertools.product(encodings, ("\n", "\r\n"), ",;\t"):
        path = tmp_path / "in.csv"
        path.write_bytes(content(kind, end, delimiter).encode(written))
        expected = Found(2, ((5, words.format(delimiter)),)) if words else Found(3)
        text = Text(encodings[written], delimiter)
        for name in READERS:
            if name != "batch" or (written, delimiter) in BATCH_READS:
                assert found(name, path, text) == expected, (name, written, end, delimiter)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_of_another_encoding_costs_its_row_only(end: str, tmp_path: Path) -> None:
    lines = [line(list(HEADING), ","), line(sound(1), ",").replace("C", "M\xfcller"), line(sound(2), ",")]
    (tmp_path / "in.csv").write_bytes(end.join(lines).encode("latin-1"))

    for name in READERS:
        fault = (2, "row: byte 0xFC at character 5 is not in the file's encoding")
        assert found(name, tmp_path / "in.csv", Text()) == Found(1, (fault,)), name


HEADING_ONLY = ",".join(HEADING).encode()
NO_AMOUNT = ",".join(name for name in HEADING if name != "Amount").encode()
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "in.csv: the file is empty"),
    "a byte order mark only": (b"\xef\xbb\xbf", "in.csv: the file holds no heading"),
    "blank lines only": (b"\n\n", "in.csv: the file holds no heading"),
    "a column that the map reads is missing": (
        NO_AMOUNT,
        "in.csv: Amount: the column that `{}` is read from is missing "
        "(possible are `No`, `Customer`, `Issued`, `Due`, `Paid`, `Note`)",
    ),
    "a column that the map reads is there twice": (
        HEADING_ONLY + b",Amount",
        "in.csv: Amount: is the heading of 2 columns (rename all but the one for `{}`)",
    ),
    "an old workbook": (
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
        "in.csv: the file is an Excel workbook of the old format, no text; "
        "open it in a spreadsheet and save it as CSV in UTF-8",
    ),
    "a compressed file": (
        gzip.compress(HEADING_ONLY),
        "in.csv: the file is compressed by gzip, no text; unpack it first",
    ),
    "UTF-32": (HEADING_ONLY.decode().encode("utf-32"), "in.csv: the file is UTF-32; save it as UTF-8"),
    "UTF-16": (HEADING_ONLY.decode().encode("utf-16"), "in.csv: the file is UTF-16, not UTF-8; "),
    "a heading of another encoding": (
        b"No,M\xfcller\n",
        "in.csv: the heading in line 1 can't be read (byte 0xFC at character 5 is not in the file's encoding); ",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_csv_file_that_can_not_be_used_is_refused_in_the_same_words(kind: str, tmp_path: Path) -> None:
    body, words = REFUSED[kind]
    (tmp_path / "in.csv").write_bytes(body)

    for name in READERS:
        refused = found(name, tmp_path / "in.csv", Text()).refused
        expected = words.format("history.amount" if name == "backtest" else "order.amount")
        assert refused.startswith(expected) if words.endswith("; ") else refused == expected, name
        assert ("--encoding" in refused) == words.endswith("; ")


def test_a_heading_alone_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(HEADING_ONLY)

    for name in READERS:
        assert found(name, tmp_path / "in.csv", Text()) == Found(), name


def test_batch_names_another_delimiter(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(content("none", "\n", ";"), newline="")

    refused = "in.csv: the file separates its cells by `;`; give --delimiter ';'"
    assert found("batch", tmp_path / "in.csv", Text()) == Found(refused=refused)


ABOVE: dict[str, tuple[str, str, int]] = {
    "a title": ("Open items\nas of 1 July\n\n", ",", 3),
    "a title with quotes": ('Open "items"\n5" screws\n', ",", 2),
    "a separator": ("sep=;\n", ";", 0),
    "a separator in capitals and quotes": ('"SEP=;"\n', ";", 0),
    "a separator that is a comma": ("sep=,\n", ",", 0),
    "a separator that is counted": ("sep=|\nOpen items\n", "|", 2),
    "a separator with blanks around it": ("sep= ; \n", ";", 0),
    "a separator that is written out": ("sep=\\t\n", "\t", 0),
    "a separator with its row's other cells": ("sep=;,,,,\n", ";", 0),
}
"""Lines above a heading, the delimiter of the table, and what the map says to skip."""


@pytest.mark.parametrize("kind", ABOVE)
def test_lines_above_the_heading_are_left_out_and_counted(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    above, delimiter, skip_lines = ABOVE[kind]
    skipping = replace(row_map(), skip_lines=skip_lines), replace(history_map(), skip_lines=skip_lines)
    monkeypatch.setattr(f"{__name__}.row_map", lambda: skipping[0])
    monkeypatch.setattr(f"{__name__}.history_map", lambda: skipping[1])
    lines = above.count("\n")
    expected = Found(2, ((5 + lines, "row: has 6 cells, the heading has 7"),))
    for end, encoding in (("\n", "utf-8"), ("\r\n", "utf-8-sig"), ("\r\n", "utf-16"), ("\n", "cp1252")):
        text = above.replace("\n", end) + content("a cell too few", end, delimiter)
        (tmp_path / "in.csv").write_bytes(text.encode(encoding))
        given = Text(encoding, "," if "separator" in kind else delimiter)
        for name in READERS:
            assert found(name, tmp_path / "in.csv", given) == expected, (name, end, encoding)


def test_a_title_above_the_heading_is_seen(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Open items\n\n" + content("none", "\n", ","), newline="")

    for name in READERS:
        refused = found(name, tmp_path / "in.csv", Text()).refused
        assert refused.endswith("line 3 holds all columns of the map: write `skip_lines: 2` at the top of the map"), (
            name
        )


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_without_a_mark_is_recognised(order: str, tmp_path: Path) -> None:
    for text in (content("none", "\n", ","), content("none", "\r\n", ",").replace("x", "客户信用额度" * 40)):
        (tmp_path / "in.csv").write_bytes(text.encode(f"utf-16-{order}"))
        for name in READERS:
            refused = found(name, tmp_path / "in.csv", Text()).refused
            assert f"is UTF-16 without a byte order mark (utf-16-{order}), not UTF-8" in refused, name
            for encoding in ("utf-16", f"utf-16-{order}"):
                assert found(name, tmp_path / "in.csv", Text(encoding)) == Found(3), name


def test_a_separator_that_contradicts_the_option_is_said(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("sep=;\n" + content("none", "\n", ";"), newline="")

    words = "in.csv: the first line says `sep=;`, and --delimiter is `|`; leave --delimiter out, or the first line"
    for name in READERS:
        assert found(name, tmp_path / "in.csv", Text(delimiter="|")) == Found(refused=words), name


def test_bytes_that_are_in_no_encoding_never_become_characters_together(tmp_path: Path) -> None:
    """Bytes that ASCII doesn't know are a letter in UTF-8, which `batch` reads in place of the file."""
    lines = [line(list(HEADING), ","), line(sound(1), ",").replace("C", "Caf\u00e9"), line(sound(2), ",")]
    (tmp_path / "in.csv").write_bytes("\n".join(lines).encode())

    for name in READERS:
        fault = (2, "row: byte 0xC3 at character 7 is not in the file's encoding")
        assert found(name, tmp_path / "in.csv", Text("ascii")) == Found(1, (fault,)), name


# --- NDJSON ----------------------------------------------------------------------------------------------------------

LINES: dict[bytes, str] = {
    b"[1]": "row: is not a JSON object",
    b'{"No": "9", "No": "10"}': "row: holds the key `No` twice",
    b'{"No": NaN}': "row: holds NaN, which is not JSON",
    b'{"No": "9"} {}': "row: is not JSON: extra data at column 13",
    b'{"No": "9"': "row: is not JSON: expecting ',' delimiter at column 11",
    b'\xff{"No": "9"}': "row: byte 0xFF at character 1 is not in the file's encoding",
    b'{"No": "\\ud800"}': "row: holds an escape that stands for half a character (a lone surrogate)",
    b"[" * 200 + b"]" * 200: "row: is JSON nested too deeply",
    b'{"No": ' + b"9" * 5_000 + b"}": "row: holds a number of more than 4300 digits",
    "\u3000".encode(): "row: is not JSON: expecting value at column 1",
}


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_an_ndjson_file_gives_the_same_rows_and_faults_to_every_command(
    start: bytes, end: bytes, tmp_path: Path
) -> None:
    lines = [as_object(1), b"", *LINES, b" \t", as_object(2)]
    (tmp_path / "in.ndjson").write_bytes(start + end.join(lines))
    faults = tuple((lines.index(text) + 1, words) for text, words in LINES.items())

    for name in READERS:
        assert found(name, tmp_path / "in.ndjson", Text()) == Found(2, faults), name


def as_object(number: int) -> bytes:
    members = (f'"{key}": "{cell}"' for key, cell in zip(HEADING, sound(number), strict=True))
    return f"{{{', '.join(members)}}}".encode()


@pytest.mark.parametrize("body", [b"", as_object(1).decode().encode("utf-16")])
def test_an_ndjson_file_that_can_not_be_used_is_refused_in_the_same_words(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_bytes(body)

    words = "in.ndjson: the file is UTF-16, not UTF-8" if body else "in.ndjson: the file is empty"
    assert {found(name, tmp_path / "in.ndjson", Text()).refused.partition(";")[0] for name in READERS} == {words}
