"""Where rows with faults go: beside the result only where there are any, to a named file in any case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import HEADING, credence, desk

SOUND = HEADING + "1,C-1,900.00,6/15/2026,No,\n"
FAULTY = SOUND + "2,C-1,nine,6/15/2026,No,\n"


def run(folder: Path, command: str, rows: str, *more: str | Path) -> tuple[int, str]:
    if not (folder / "rules").exists():
        desk(folder / "rules")
    source, out = folder / "in.csv", folder / "out.ndjson"
    source.write_text(rows, encoding="utf-8")
    answer = credence(
        command, source, "--map", folder / "rules/maps/erp.yaml", "--rules", folder / "rules", "--as-of", "2026-07-01",
        "--out", out, "--json", *more,
    )  # fmt: skip
    return answer.exit_code, answer.stdout


@pytest.mark.parametrize("command", ["decide-file", "batch"])
def test_beside_the_decisions_only_where_rows_were_rejected(tmp_path: Path, command: str) -> None:
    beside = tmp_path / "out.ndjson.rejects.csv"
    code, printed = run(tmp_path, command, FAULTY)
    assert (code, beside.exists(), json.loads(printed)["rejects"]) == (1, True, str(beside))
    code, printed = run(tmp_path, command, SOUND)
    assert (code, beside.exists(), json.loads(printed)["rejects"]) == (0, False, None)
    assert json.loads(printed)["rows"] == 1


@pytest.mark.parametrize("command", ["decide-file", "batch"])
def test_a_named_file_is_there_in_any_case(tmp_path: Path, command: str) -> None:
    named = tmp_path / "bad.csv"
    code, printed = run(tmp_path, command, SOUND, "--rejects", named)
    assert (code, json.loads(printed)["rejects"]) == (0, str(named))
    assert len(named.read_text("utf-8").splitlines()) == 1


@pytest.mark.parametrize(("rows", "code"), [(FAULTY, 1), (SOUND, 0)])
def test_beside_a_page_in_the_same_way(tmp_path: Path, rows: str, code: int) -> None:
    desk(tmp_path / "rules")
    text = (tmp_path / "rules/maps/erp.yaml").read_text("utf-8")
    issued = "  invoice.invoice_date: {formula: 'invoice.due_date'}\n"
    (tmp_path / "map.yaml").write_text(text.replace("  account.id:", f"{issued}  account.id:"), encoding="utf-8")
    (tmp_path / "in.csv").write_text(rows, encoding="utf-8")
    page, beside = tmp_path / "page.html", tmp_path / "page.html.rejects.csv"
    beside.write_text("of a former run", encoding="utf-8")
    answer = credence(
        "portfolio", tmp_path / "in.csv", "--map", tmp_path / "map.yaml", "--rules", tmp_path / "rules",
        "--as-of", "2026-07-01", "--report", page,
    )  # fmt: skip
    assert (answer.exit_code, page.exists()) == (code, True), answer.stderr
    assert beside.exists() == bool(code)
