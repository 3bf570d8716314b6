"""`credence simulate`: cases of a file, of policy tests, of a journal and of a history, by two policy sets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.command_line import credence
from tests.support.paths import RULES
from tests.support.replayed_journals import write_replayed_journal
from tests.support.small_invariants import files


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders that differ in one number."""
    folders = (tmp_path / "before", tmp_path / "rules")
    for folder in folders:
        folder.mkdir()
        for name, content in files().items():
            (folder / Path(name).name).write_bytes(content)
    desk = folders[1] / "desk.yaml"
    desk.write_text(desk.read_text().replace("value: 1000", "value: 2000"))
    return folders


ORDERS = [
    {"order": {"id": "SO-1", "amount": "1500.00"}, "account": {"id": "C-1", "insolvent": False}},
    {"order": {"id": "SO-1", "amount": "1600.00"}, "account": {"id": "C-1", "insolvent": False}},
    {"case": "order", "as_of": "2026-07-15", "order": {"id": "SO-2", "amount": "10.00"}, "account": {"id": "C-1"}},
]


def _file(path: Path, *more: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in (*map(json.dumps, ORDERS), "", *more)))
    return path


def test_a_file_of_orders_is_decided_by_both_and_each_order_counts_once(
    sets: tuple[Path, Path], tmp_path: Path
) -> None:
    orders = _file(tmp_path / "orders.ndjson")

    result = credence("simulate", *sets, "--decisions", orders, "--as-of", "2026-07-15", "--quiet")

    assert result.exit_code == 0, result.output
    assert "Cases: 2 (3 decisions), 1,610.00 EUR" in result.stdout
    assert "Other outcome: 1, 1,600.00 EUR" in result.stdout
    assert "order: hold → approve" in result.stdout
    in_chinese = credence("simulate", *sets, "--decisions", orders, "--lang", "zh").stdout
    assert "结果改变：1 件，1,600.00 EUR" in in_chinese


def test_json_and_a_page_say_the_same_and_what_is_unread_is_counted(sets: tuple[Path, Path], tmp_path: Path) -> None:
    orders = _file(tmp_path / "orders.ndjson", '{"order": {"id": "SO-3"', '{"ordr": {}}')
    page = tmp_path / "page.html"

    result = credence("simulate", *sets, "--decisions", orders, "--json", "--report", page)
    shown = json.loads(result.stdout)

    assert result.exit_code == 1
    assert (shown["subjects"], shown["decisions"], shown["unread"]) == (2, 3, 2)
    (group,) = shown["groups"]
    assert (group["before"], group["after"], group["amount"], group["decisions"]) == ("hold", "approve", "1600.00", 2)
    assert "`ordr` is not a key of a case (did you mean `order`?)" in result.stderr
    assert "hold → approve" in page.read_text().replace("&rarr;", "→") or "SO-1" in page.read_text()


def test_policy_tests_of_the_second_folder_are_the_usual_cases(sets: tuple[Path, Path]) -> None:
    assert credence("simulate", *sets).exit_code == 2
    cases = sets[1] / "cases"
    cases.mkdir()
    tests = "".join(
        f"  t{amount}:\n    facts: {{order: {{id: SO-1, amount: {amount}}}, account: {{id: C-1, insolvent: false}}}}\n"
        "    expect: {outcome: hold, reasons: []}\n"
        for amount in (500, 1500, 1700, 2500)
    )
    (cases / "mine.yaml").write_text(f"cases: mine\ncase_kind: order\nas_of: 2026-07-15\ntests:\n{tests}...\n")

    for words in ((), ("--decisions", sets[1]), ("--decisions", cases)):
        result = credence("simulate", *sets, *words, "--json")
        group, reasons = json.loads(result.stdout)["groups"]
        assert (reasons["difference"], reasons["amount"]) == ("reasons", "2500.00")
        assert (group["subjects"], group["amount"], result.exit_code) == (2, "3200.00", 0)
        assert [each["subject"] for each in group["largest"]] == ["mine/t1700", "mine/t1500"]


@pytest.mark.parametrize(
    ("words", "said"),
    (
        (("--decisions", "last:0"), "`last:0` is not understood; write last:2000 or since:2026-07-01"),
        (("--decisions", "nowhere.ndjson"), "`nowhere.ndjson` can't be read"),
        (("--history", "h.csv"), "--history needs --map"),
        (("--history", "h.csv", "--decisions", "last:3"), "each is a simulation of its own"),
    ),
)
def test_what_can_not_be_simulated_is_refused(
    sets: tuple[Path, Path], words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sets[0].parent)
    result = credence("simulate", *sets, *words)

    assert result.exit_code == 2
    assert said in result.stderr


def test_decisions_of_a_journal_are_decided_again(tmp_path: Path) -> None:
    """By the set that decided nothing differs; by one with another number orders flip, each once."""
    written = write_replayed_journal(tmp_path / "journal", 12)
    changed = tmp_path / "changed"
    shutil.copytree(RULES, changed, ignore=shutil.ignore_patterns("cases", "maps"))
    orders = changed / "orders.yaml"
    orders.write_text(orders.read_text().replace("value: 0.05", "value: 0.90", 1))

    same = credence("simulate", "@in-force", "@in-force", "--decisions", "last:9", "--journal", written.file, "--json")
    shown = json.loads(same.stdout)
    since = ("--decisions", "since:2000-01-01", "--case", "order", "--journal", written.file, "--json")
    orders_only = json.loads(credence("simulate", "@in-force", changed, *since).stdout)

    assert (shown["decisions"], shown["groups"], shown["unread"]) == (9, [], 0)
    assert 0 < orders_only["decisions"] <= len(written.answers)
    assert {group["case"] for group in orders_only["groups"]} <= {"order"}


def test_a_history_is_joined_with_how_it_was_paid(tmp_path: Path) -> None:
    rows = "".join(
        f"IV-{of}{month},C-{of},2025-{month:02}-03,2025-{month:02}-28,2025-{month:02}-27,{900 * of},no\n"
        for of in (1, 2, 3)
        for month in (1, 3, 5)
    )
    history = tmp_path / "history.csv"
    history.write_text(f"Invoice,Customer,Issued,Due,Settled,Amount,Disputed\n{rows}")

    words = ("--history", history, "--map", RULES / "maps" / "invoice_history.yaml", "--json")
    result = credence("simulate", RULES, RULES, *words)

    assert result.exit_code == 0, result.output
    assert [each["label"] for each in json.loads(result.stdout)["policies"]] == [str(RULES), f"{RULES} (2)"]
