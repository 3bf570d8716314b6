"""`credence import`: files of any encoding, delimiter and format become the rows that the service takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.cli import import_files
from tests.support.command_line import credence
from tests.support.paths import RULES

MAP = """import: payments
decimal: ","
thousands: "."
dates: dd.MM.yyyy
columns:
  payment: {column: [Buchungskreis, Belegnummer], join: "/"}
  account: {column: Debitor}
  amount: {column: Betrag}
  effective_on: {column: Gebucht}
...
"""
HEADING = "Buchungskreis;Belegnummer;Debitor;Betrag;Gebucht"
ROWS = ("1000;4711;Müller;1.234,50;01.06.2026", "1000;4712;Müller;0,5;02.06.2026")
SENT = [
    {"payment": "1000/4711", "account": "Müller", "amount": "1234.50", "effective_on": "2026-06-01", "_place": "2"},
    {"payment": "1000/4712", "account": "Müller", "amount": "0.5", "effective_on": "2026-06-02", "_place": "3"},
]
RUN = {"id": "1", "kind": "payments", "state": "done", "rows": 2, "new": 2, "detail": None} | dict.fromkeys(
    ("same", "changed", "rejected", "settled"), 0
)


@pytest.fixture(name="sent")
def _sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """What the service would be sent, with the type of each body."""
    bodies: list[tuple[str, bytes]] = []

    def send(_word: str, file: BinaryIO, media_type: str, *_: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        bodies.append((media_type, file.read()))
        return dict(RUN), []

    monkeypatch.setattr(import_files, "_send", send)
    return bodies


def _lines(body: bytes) -> list[Any]:
    return [json.loads(line) for line in body.decode().splitlines()]


@pytest.mark.parametrize(
    ("encoding", "delimiter", "title"),
    [("cp1252", ";", 0), ("utf-16", ";", 0), ("utf-8", "\\t", 0), ("utf-8-sig", ";", 2), ("iso8859-15", "|", 1)],
)
def test_a_file_is_read_by_its_encoding_its_delimiter_and_its_map(
    encoding: str, delimiter: str, title: int, tmp_path: Path, sent: list[tuple[str, bytes]]
) -> None:
    sign = "\t" if delimiter == "\\t" else delimiter
    lines = [line.replace(";", sign) for line in (HEADING, *ROWS)]
    source = tmp_path / "zahlungen.csv"
    source.write_text("".join(f"{line}\r\n" for line in ["Liste Müller"] * title + lines), encoding=encoding)
    text = MAP.replace("decimal:", f"skip_lines: {title}\ndecimal:", 1) if title else MAP
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    options = ("--map", str(tmp_path / "map.yaml"), "--delimiter", delimiter, "--rules", str(RULES))
    result = credence("import", "payments", str(source), "--encoding", encoding.removesuffix("-sig"), *options)
    assert result.exit_code == 0, result.output
    [(media_type, body)] = sent
    assert media_type == "application/x-ndjson"
    assert _lines(body) == [{**each, "_place": str(int(each["_place"]) + title)} for each in SENT]


def test_a_parquet_file_is_read_by_its_columns(tmp_path: Path, sent: list[tuple[str, bytes]]) -> None:
    rows: list[dict[str, str | None]] = [
        {"payment": "P-1", "account": "C-1", "amount": "5.00"},
        {"payment": "P-2", "account": "C-1", "amount": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    result = credence("import", "payments", str(tmp_path / "p.parquet"), "--rules", str(RULES))
    assert result.exit_code == 1
    assert "p.parquet:2: amount: is missing" in result.stderr
    assert _lines(sent[0][1]) == [{**rows[0], "_place": "1"}]


def test_what_the_service_reads_itself_is_sent_as_it_is(tmp_path: Path, sent: list[tuple[str, bytes]]) -> None:
    text = b"\xef\xbb\xbfpayment,account,amount\nP-1,C-1,5.00\n"
    (tmp_path / "p.csv").write_bytes(text)
    assert credence("import", "payments", str(tmp_path / "p.csv"), "--rules", str(RULES)).exit_code == 0
    assert sent == [("text/csv", text)]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("p.csv", ("--encoding", "klingon"), "`klingon` is not a known encoding"),
        ("p.csv", ("--delimiter", ";;"), "--delimiter takes one character"),
        ("p.csv", ("--delimiter", ";"), "separates its cells by `,`"),
        ("p.parquet", ("--delimiter", ";"), "--delimiter changes nothing"),
        ("p.parquet", ("--encoding", "cp1252"), "--encoding changes nothing"),
    ],
)
def test_what_can_not_be_read_so_is_refused(
    name: str, options: tuple[str, ...], said: str, tmp_path: Path, sent: list[tuple[str, bytes]]
) -> None:
    (tmp_path / name).write_text("payment,account,amount\nP-1,C-1,5.00\n")
    result = credence("import", "payments", str(tmp_path / name), *options, "--rules", str(RULES))
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert not sent
