"""What the ledger did with orders is on record like every decision: it comes out again, is found, exported, and tells a
reader no more than they may know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.command_line import credence
from tests.support.keyed_services import asking_for_keys, bearer
from tests.support.order_desks import accounts, enter, keys_of_people, put_rows, settings_of_desk
from tests.support.running_service import journal_file

REASON = "they promised me on the phone"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of an order's life, whose service has ended."""
    settings = settings_of_desk(tmp_path_factory.mktemp("desk"))
    keys = keys_of_people(settings)
    put_rows(settings, accounts("C-1", profile={"current_ratio": "0.625"}))
    with asking_for_keys(settings) as client:
        _life(client, {login: bearer(key) for login, key in keys.items()})
    yield journal_file(settings)


def _life(client: httpx2.Client, people: dict[str, dict[str, str]]) -> None:
    assert enter(client, "SO-1", "12000.00", "C-1", **people["u.becker"]).status_code == 201
    path, desk = "/v1/orders/SO-1", people["u.hoffmann"]
    client.post(f"{path}/release", json={"reason": REASON}, headers=people["u.weber"])
    client.post(f"{path}/recheck", json={}, headers=people["u.becker"]).raise_for_status()
    client.post(f"{path}/release", json={"reason": REASON}, headers=desk).raise_for_status()
    client.post(
        f"{path}/deliver", json={"amount": "2000.00", "delivery": "D-1"}, headers=people["u.erp"]
    ).raise_for_status()
    client.post(
        f"{path}/undeliver", json={"amount": "1.00", "delivery": "R-1", "reason": "it was wet"}, headers=people["u.erp"]
    ).raise_for_status()
    client.post(f"{path}/hold", json={"reason": REASON}, headers=desk).raise_for_status()
    client.post(f"{path}/close", json={}, headers=people["u.becker"]).raise_for_status()


def test_all_decisions_on_the_ledgers_facts_come_out_again(journal: Path) -> None:
    done = credence("journal", "replay", "--all", "--journal", journal)
    assert (done.exit_code, done.stdout) == (0, "4 decisions: 4 same bytes\n")


def test_the_journal_verifies(journal: Path) -> None:
    done = credence("journal", "verify", journal)
    assert done.exit_code == 0, done.stdout + done.stderr


def test_a_masked_export_has_neither_what_was_asked_nor_what_was_done(journal: Path, tmp_path: Path) -> None:
    credence("journal", "export", tmp_path / "out", "--masked", "--journal", journal)
    credence("journal", "export", tmp_path / "whole", "--journal", journal)
    masked, whole = (
        "".join(path.read_text("utf-8") for path in (tmp_path / name).rglob("*.ndjson")) for name in ("out", "whole")
    )
    for each in (REASON, "u.becker", "u.hoffmann", "u.weber", "0.625", "they promised", "it was wet"):
        assert each in whole, each
        assert each not in masked, each
    lines = [json.loads(line) for line in masked.splitlines()]
    assert "ledger-act" in {part["path"] for line in lines for part in line.get("parts", ())}
