"""What callers and operators see when the journal's file or the clock is not as it was: no decision, and why."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.http.server import main
from api.settings import Settings
from ledger.journal.clock import Clock
from ledger.journal.opening import check_writable
from tests.ledger.journal.test_clock import Reading
from tests.support.command_line import credence, desk
from tests.support.journal_moves import MOVES, Move, listing
from tests.support.journal_reading import headers_in
from tests.support.running_service import BODY, eventually, journal_file, running, write_rules

NOW = datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
SEEN_OVER_HTTP = (
    "file removed",
    "file moved",
    "file replaced by a copy",
    "file emptied",
    "file cut off",
    "log removed",
    "log moved",
    "index removed",
    "folder made anew",
)
"""tests/ledger tries every move on the journal itself."""

CASES: dict[str, dict[str, Any]] = {
    "order": {name: facts for name, facts in BODY.items() if name != "as_of"},
    "invoice": {
        "invoice": {"id": "I-1", "open_amount": "10.00", "due_date": "2026-01-01"},
        "account": {"id": "C"},
    },
    "account": {"account": {"id": "C-1"}},
    "portfolio": {"portfolio": {"id": "P-1", "receivables": "100.00"}},
    "limit": {"limit": {"id": "L-1", "kind": "limit", "amount": "100.00"}, "account": {"id": "C-1"}},
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(rules=write_rules(tmp_path / "rules"), journal=tmp_path / "var" / "data" / "credence.db")


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx2.Client]:
    with running(settings) as client:
        yield client


@pytest.mark.parametrize("move", [move for move in MOVES if move.name in SEEN_OVER_HTTP], ids=lambda move: move.name)
def test_a_journal_that_was_moved_decides_nothing_shows_nothing_and_is_not_made_anew(
    client: httpx2.Client, settings: Settings, move: Move
) -> None:
    client.post("/v1/decisions/order", json=BODY)
    with closing(sqlite3.connect(journal_file(settings))) as other:
        other.execute("PRAGMA wal_checkpoint")  # some of it in the file, some in its log
    answered = client.post("/v1/decisions/order", json=BODY)
    home = journal_file(settings).parent.parent
    move.act(journal_file(settings))
    before = listing(home)
    refused = client.post("/v1/decisions/order", json=BODY)
    ready = client.get("/readyz")
    read = client.get(answered.headers["location"])
    assert [answer.status_code for answer in (refused, ready, read)] == [503] * 3
    assert refused.json()["type"] == read.json()["type"] == "/problems/journal-unavailable"
    reasons = refused.json()["detail"], ready.json()["journal_trouble"], read.json()["detail"]
    for reason in reasons:
        assert "the file was moved or replaced" in reason or "the file was cut off" in reason
    assert (ready.json()["ready"], ready.json()["journal"]) == (False, "unavailable")
    assert listing(home) == before
    assert client.get("/healthz").status_code == 200
    if move.back is not None:
        move.back(journal_file(settings))
        assert client.get("/readyz").status_code == 200
        assert client.post("/v1/decisions/order", json=BODY).status_code == 201
        assert client.get(answered.headers["location"]).content == answered.content


def test_readiness_says_nothing_is_wrong_where_nothing_is(client: httpx2.Client) -> None:
    ready = client.get("/readyz").json()
    assert (ready["journal"], ready["journal_trouble"], ready["clock_behind_seconds"]) == ("writable", None, 0)
    metrics = client.get("/metrics").text
    assert "credence_clock_behind_seconds 0.0" in metrics
    size = next(line for line in metrics.splitlines() if line.startswith("credence_journal_wal_bytes "))
    assert float(size.split()[1]) > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TRIGGER entries_no_delete", "its triggers are missing or changed"),
        ("DROP TABLE probe", "its tables are not those of this version of credence"),
        ("UPDATE alembic_version SET version_num = '9999'", "its tables are not those of this version of credence"),
    ],
)
def test_a_journal_that_was_tampered_with_is_refused_in_one_line_or_never_ready(
    settings: Settings, tmp_path: Path, change: str, said: str
) -> None:
    check_writable(settings.journal)
    with closing(sqlite3.connect(journal_file(settings), isolation_level=None)) as other:
        other.execute(change)
    result = credence("serve", "--port", "0", "--rules", desk(tmp_path / "desk"), "--journal", journal_file(settings))
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert f"can't be written: {said}; choose another with --journal" in result.stderr
    with running(settings) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["journal_trouble"]) == (503, said)
        assert client.post("/v1/decisions/order", json=BODY).status_code == 503


@pytest.mark.parametrize("place", ["", " ", ":memory:", "file:x.db", "sqlite:///x.db", ".", "x/", "/dev/null", "/tmp"])
def test_what_can_not_be_a_journal_is_refused_in_one_line(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(desk(tmp_path / "rules").parent)
    result = credence("serve", "--port", "0", "--journal", place)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    monkeypatch.setenv("CREDENCE_JOURNAL", place)
    by_environment = credence("serve", "--port", "0")
    assert (by_environment.exit_code, by_environment.stderr) == (2, result.stderr)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err) == (2, result.stderr)
    assert result.stderr.startswith("credence: ")
    assert "give the path of a file, such as var/credence.db" in result.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["rules"]


# The clock


@pytest.mark.parametrize("case", CASES)
def test_a_clock_far_behind_the_last_record_can_not_say_what_day_it_is(settings: Settings, case: str) -> None:
    reading = Reading(NOW)
    with running(settings, Clock(reading)) as client:
        path = f"/v1/decisions/{case}"
        first = client.post(path, json=CASES[case])
        assert (first.status_code, first.json()["as_of"]) == (201, "2026-11-26")
        reading.at = NOW - timedelta(hours=1, seconds=1)
        for body in (CASES[case], {**CASES[case], "as_of": None}):
            refused = client.post(path, json=body)
            assert (refused.status_code, refused.json()["type"]) == (503, "/problems/clock-behind")
            assert "1:00:01 behind the last record" in refused.json()["detail"]
            assert refused.headers["retry-after"]
        dated = client.post(path, json={**CASES[case], "as_of": "2026-07-01"})
        assert (dated.status_code, dated.json()["as_of"]) == (201, "2026-07-01")
        assert dated.json()["id"] > first.json()["id"]
        assert client.get("/readyz").json()["clock_behind_seconds"] == pytest.approx(3601, abs=0.01)
        assert "credence_clock_behind_seconds 3601.0" in client.get("/metrics").text
        reading.at = NOW - timedelta(minutes=59)
        near = client.post(path, json=CASES[case])
        assert (near.status_code, near.json()["as_of"]) == (201, "2026-11-26")  # the day of the last record
        reading.at = NOW + timedelta(days=1)
        assert client.post(path, json=CASES[case]).json()["as_of"] == "2026-11-27"
    rows = [(header.id, header.at) for header in headers_in(settings.journal)]
    assert rows == sorted(rows)
    assert len(rows) == 4


def test_a_service_started_with_a_clock_set_back_knows_it_from_the_journal(settings: Settings) -> None:
    with running(settings, Clock(Reading(NOW))) as client:
        assert client.post("/v1/decisions/order", json=CASES["order"]).status_code == 201
    with running(settings, Clock(Reading(datetime(1986, 4, 26, tzinfo=UTC)))) as client:
        assert client.post("/v1/decisions/order", json=CASES["order"]).json()["type"] == "/problems/clock-behind"
        assert client.post("/v1/decisions/order", json=BODY).status_code == 201
    times = [header.at for header in headers_in(settings.journal)]
    assert times == sorted(times)
    assert times[-1].startswith("2026-11-26")


def test_a_mistake_in_the_body_is_told_although_the_clock_is_behind(settings: Settings) -> None:
    reading = Reading(NOW)
    with running(settings, Clock(reading)) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        reading.at = NOW - timedelta(days=2)
        answer = client.post("/v1/decisions/order", json={**BODY, "as_of": "tomorrow"})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/as_of")
