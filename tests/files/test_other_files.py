"""A file that is no CSV with these delimiters is told in the same words by every command, before the first row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import HEADING, credence, desk

ROW = "1,C-1,900.00,6/15/2026,No,\n"
TOLD = {
    "semicolons": ((HEADING + ROW).replace(",", ";"), "separates its cells by `;` (give --delimiter ';')"),
    "tabs": ((HEADING + ROW).replace(",", "\t"), "separates its cells by tabs (give --delimiter '\\t')"),
    "bars": ((HEADING + ROW).replace(",", "|"), "separates its cells by `|` (give --delimiter '|')"),
    "commas": (HEADING + ROW, "separates its cells by `,` (give --delimiter ',')"),
    "workbook": ("PK\x03\x04\x14\x00" + "x" * 60, "is an Excel workbook or another archive, no CSV"),
    "page": ("<HTML><body><table>\n<tr><td>1</td></tr>\n", "is a web page, no CSV"),
}


@pytest.mark.parametrize("kind", TOLD)
def test_what_the_file_is_and_what_to_do(tmp_path: Path, kind: str) -> None:
    content, message = TOLD[kind]
    rules = desk(tmp_path / "rules")
    source = tmp_path / "in.csv"
    source.write_text(content, encoding="utf-8", newline="")
    delimiter = ("--delimiter", ";") if kind == "commas" else ()
    told = []
    for command in ("decide-file", "batch"):
        answer = credence(
            command, source, "--map", rules / "maps/erp.yaml", "--rules", rules, "--as-of", "2026-07-01",
            "--out", tmp_path / "out.ndjson", *delimiter,
        )  # fmt: skip
        assert (answer.exit_code, (tmp_path / "out.ndjson").exists()) == (2, False), answer.stderr
        told.append(answer.stderr.replace("; ", " (").strip().rstrip(")"))
    assert told[0] == told[1]
    assert message.rstrip(")") in told[0]
