"""A map that may be cut off is refused by every command that takes one: what is gone may be a fact."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.cli.test_cli_check import PAST
from tests.support.command_line import HEADING, MAP, credence, desk

SAID = "Y008 the file ends without its end mark `...`; it may be cut off"


def _cut(text: str) -> str:
    assert text.endswith("\n...\n")
    return text.removesuffix("...\n")


@pytest.mark.parametrize("command", ["decide-file", "batch", "portfolio"])
def test_a_row_map_without_its_end_mark_is_refused(tmp_path: Path, command: str) -> None:
    rules = desk(tmp_path / "rules")
    source, cut, out = tmp_path / "in.csv", tmp_path / "cut.yaml", tmp_path / "out.ndjson"
    source.write_text(HEADING, encoding="utf-8")
    cut.write_text(_cut(MAP), encoding="utf-8")
    options: dict[str, tuple[str | Path, ...]] = {
        "decide-file": ("--out", out, "--rejects", tmp_path / "no.csv"),
        "batch": ("--case", "invoice", "--out", out),
        "portfolio": ("--as-of", "2026-07-01"),
    }

    result = credence(command, source, "--map", cut, "--rules", rules, *options[command])

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"cut.yaml:13:33: {SAID}" in result.stderr
    assert not out.exists()


def test_a_history_map_without_its_end_mark_is_refused(tmp_path: Path) -> None:
    cut, history = tmp_path / "cut.yaml", tmp_path / "past.csv"
    cut.write_text(_cut(PAST), encoding="utf-8")
    history.write_text("no,who,from,due,paid,amount\n", encoding="utf-8")
    result = credence("backtest", "--history", history, "--map", cut, "--rules", desk(tmp_path / "rules"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert SAID in result.stderr


@pytest.mark.parametrize("text", [MAP, PAST], ids=["row map", "history map"])
def test_check_finds_both(tmp_path: Path, text: str) -> None:
    rules = desk(tmp_path / "rules")
    (rules / "maps" / "cut.yaml").write_text(_cut(text.replace("map: erp", "map: second")), encoding="utf-8")
    result = credence("check", rules)
    assert (result.exit_code, result.stdout.count(SAID)) == (1, 1)


def test_policy_tests_may_end_with_the_mark_and_need_not(tmp_path: Path) -> None:
    rules = desk(tmp_path / "rules")
    cases = rules / "cases" / "orders.yaml"
    assert not cases.read_text(encoding="utf-8").endswith("...\n")
    assert credence("check", rules).exit_code == 0
    cases.write_text(cases.read_text(encoding="utf-8") + "...\n", encoding="utf-8")
    assert credence("check", rules).exit_code == 0
