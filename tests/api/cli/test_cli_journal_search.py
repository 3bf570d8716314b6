"""`credence journal search`: what HTTP finds, as a table and as data, page after page."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.search import record_search
from tests.support.command_line import credence
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, settings_in
from tests.support.running_service import BODY, journal_file

COUNT = 12


class Kept:
    def __init__(self, home: Path) -> None:
        settings = settings_in(home)
        keys = people_with_keys(settings.journal, EVERY_ROLE)
        with asking_for_keys(settings) as client:
            for number in range(COUNT):
                body: dict[str, Any] = {
                    **BODY,
                    "order": {"id": f"SO-{number}", "amount": f"{9_999 + number % 3}"},
                    "account": {"id": "鞍钢" if number % 2 else "C-1"},
                }
                who = bearer(keys["desk" if number % 2 else "order-entry"])
                assert client.post("/v1/decisions/order", json=body, headers=who).status_code == 201
            everything = client.get("/v1/journal?limit=200", headers=bearer(keys["auditor"])).json()
        self.file = journal_file(settings)
        self.records: list[dict[str, Any]] = everything["records"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept"))


def _search(kept: Kept, *words: str) -> dict[str, Any]:
    found = credence("journal", "search", "--journal", kept.file, "--json", *words)
    assert found.exit_code == 0, found.stderr
    printed: dict[str, Any] = json.loads(found.stdout)
    return printed


def test_what_is_found_is_what_http_finds(kept: Kept) -> None:
    printed = _search(kept, "--limit", "200")
    assert [(each["seq"], each["id"], each["kind"]) for each in printed["records"]] == [
        (each["seq"], each["id"], each["kind"]) for each in kept.records
    ]
    assert (printed["next"], printed["searched_to"]) == (None, 0)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--account", "鞍钢"], 6),
        (["--subject", "SO-3"], 1),
        (["--case", "order", "--outcome", "hold"], 4),
        (["--kind", "policy"], 1),
        (["--rule", "orders.over-limit", "--account", "C-1"], 2),
        (["--actor", "desk", "--kind", "decision"], 6),
        (["--from", "2100-01-01"], 0),
        (["--until", "2000-01-01T00:00:00+01:00"], 0),
        (["--request-id", "nobody's"], 0),
        (["--policy", "00000000"], 0),
    ],
    ids=lambda words: " ".join(words).encode("ascii", "backslashreplace").decode() if isinstance(words, list) else None,
)
def test_each_option_narrows(kept: Kept, words: list[str], count: int) -> None:
    assert len(_search(kept, *words)["records"]) == count


def test_the_table_says_of_whom_and_what_and_goes_on(kept: Kept) -> None:
    found = credence("journal", "search", "--journal", kept.file, "--kind", "decision", "--limit", "2")
    assert found.exit_code == 0, found.stderr
    heading, first, second = found.stdout.splitlines()
    assert heading.split() == ["number", "recorded", "what", "outcome", "subject", "account", "by"]
    assert first.split()[2:6] == ["order", "hold", "SO-11", "鞍钢"]
    assert second.split()[2:6] == ["order", "hold" if 10_000 < 9_999 + 10 % 3 else "approve", "SO-10", "C-1"]
    after = found.stderr.split()[-1]
    rest = _search(kept, "--kind", "decision", "--after", after, "--limit", "100")
    assert [each["subject"] for each in rest["records"]] == [f"SO-{number}" for number in reversed(range(COUNT - 2))]


def test_a_long_way_is_gone_in_several_steps(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_search, "HEADERS_MAX", 3)
    assert len(_search(kept, "--case", "order", "--outcome", "hold")["records"]) == 4


def test_nothing_found_is_said(kept: Kept) -> None:
    found = credence("journal", "search", "--journal", kept.file, "--account", "C-9")
    assert (found.exit_code, found.stdout) == (0, "nothing found\n")


def test_all_faults_come_at_once(kept: Kept) -> None:
    words = ["--case", "ordr", "--outcome", "hodl", "--request-id", " ", "--from", "yesterday", "--limit", "-3"]
    found = credence("journal", "search", "--journal", kept.file, *words)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "--case is `ordr`, which is not a kind of case; did you mean `order`?" in found.stderr
    assert "--outcome is `hodl`, which is not an outcome; did you mean `hold`?" in found.stderr
    assert "--request-id is blank" in found.stderr
    assert "--from is `yesterday`" in found.stderr
    assert "--limit is -3; write 1 or more" in found.stderr


def test_another_searchs_cursor_is_refused(kept: Kept) -> None:
    after = _search(kept, "--limit", "1")["next"]
    found = credence("journal", "search", "--journal", kept.file, "--account", "C-1", "--after", after)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "belongs to another search" in found.stderr
    forged = credence("journal", "search", "--journal", kept.file, "--after", "x")
    assert (forged.exit_code, forged.stdout) == (2, "")
    assert "`x` is no cursor of this journal" in forged.stderr


def test_a_damaged_body_leaves_the_others_to_be_found(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    seq = kept.records[3]["seq"]
    with closing(sqlite3.connect(kept.file)) as database:
        database.execute("DROP TRIGGER bodies_no_update")
        database.execute("UPDATE bodies SET sealed = zeroblob(9) WHERE seq = ?", [seq])
        database.commit()
    printed = _search(kept, "--limit", "200")["records"]
    assert [each["seq"] for each in printed] == [each["seq"] for each in kept.records]
    assert [each["seq"] for each in printed if "trouble" in each] == [seq]
    shown = credence("journal", "search", "--journal", kept.file, "--limit", "5")
    assert f"record {seq}: " in shown.stderr


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    found = credence("journal", "search", "--journal", tmp_path / "none.db")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "can't be read" in found.stderr
    assert list(tmp_path.iterdir()) == []
