"""Today is the site's: which day a case is decided for where nobody says it, whichever way it comes in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from api.settings import Settings
from engine.pipeline import load
from engine.vocabulary.days import UTC_NAME, day_in, timezones
from ledger.journal.clock import Clock
from tests.support.command_line import credence
from tests.support.policy_files import ended
from tests.support.running_service import BODY, ORDERS, running

EAST, WEST = "Pacific/Kiritimati", "Etc/GMT+12"
"""26 hours apart, so that it is never the same day in both."""

OFFSETS = {EAST: 14, WEST: -12, "Asia/Shanghai": 8, "Asia/Kolkata": 5.5, "America/Phoenix": -7, "UTC": 0}
"""Hours ahead of UTC, in places that don't change their clocks."""

WITH_DAY = ORDERS.replace("rules:", "values:\n  day: as_of\nrules:")

CASE = {group: facts for group, facts in BODY.items() if group != "as_of"}
START = datetime(2026, 6, 30, tzinfo=UTC)


def write_site(folder: Path, timezone: str | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    site = f"site: {{timezone: {timezone}}}\n" if timezone else ""
    (folder / "facts.yaml").write_text(ended(f"currency: EUR\n{site}policies: [orders]\n"), encoding="utf-8")
    (folder / "orders.yaml").write_text(WITH_DAY, encoding="utf-8")
    return folder


class Reading:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> int:
        return int(self.at.timestamp()) * 10**9


@pytest.mark.parametrize("zone", OFFSETS)
def test_a_day_begins_at_midnight_of_the_zone(zone: str) -> None:
    there = timezone(timedelta(hours=OFFSETS[zone]))
    for quarter in range(4 * 48):
        moment = START + timedelta(minutes=15 * quarter)
        assert day_in(zone, moment) == moment.astimezone(there).date()


def test_a_day_begins_at_midnight_of_summer_time_too() -> None:
    winter, summer = datetime(2026, 1, 15, 22, 30, tzinfo=UTC), datetime(2026, 7, 15, 22, 30, tzinfo=UTC)
    assert day_in("Europe/Berlin", winter).isoformat() == "2026-01-15"
    assert day_in("Europe/Berlin", summer).isoformat() == "2026-07-16"


@pytest.mark.parametrize("zone", [None, EAST, WEST, "Asia/Shanghai"])
def test_a_request_without_a_date_is_decided_for_the_site_s_day(tmp_path: Path, zone: str | None) -> None:
    rules = write_site(tmp_path / "rules", zone)
    reading = Reading(START)
    with running(Settings(rules=rules, journal=tmp_path / "j.db"), Clock(reading)) as client:
        there = timezone(timedelta(hours=OFFSETS[zone or "UTC"]))
        midnight = datetime(2026, 7, 2, tzinfo=there)
        for moment, day in ((midnight - timedelta(seconds=1), "2026-07-01"), (midnight, "2026-07-02")):
            reading.at = moment
            assert client.post("/v1/decisions/order", json=CASE).json()["as_of"] == day
        assert client.post("/v1/decisions/order", json=BODY).json()["as_of"] == BODY["as_of"]
        reading.at = midnight - timedelta(hours=1, seconds=1)
        assert client.post("/v1/decisions/order", json=CASE).json()["type"] == "/problems/clock-behind"
        assert client.get("/v1/facts").json()["timezone"] == (zone or "UTC")
        schema = client.get("/openapi.json").json()["components"]["schemas"]["OrderRequest"]["properties"]["as_of"]
        assert schema["description"] == f"Today in {zone or 'UTC'} where it is left out."


def today_in(zone: str) -> Iterator[str]:
    """Asked before and after a command, since a day may end meanwhile."""
    return iter([datetime.now(timezone(timedelta(hours=OFFSETS[zone]))).date().isoformat()])


@pytest.mark.parametrize("command", ["decide", "explain", "decide-file", "batch", "sql"])
def test_a_command_without_a_date_decides_for_the_site_s_day(tmp_path: Path, command: str) -> None:
    (tmp_path / "case.json").write_text(json.dumps(CASE), encoding="utf-8")
    (tmp_path / "cases.ndjson").write_text(json.dumps(CASE) + "\n", encoding="utf-8")
    days = {}
    for zone in (EAST, WEST):
        rules = str(write_site(tmp_path / zone.replace("/", "-"), zone))
        out = tmp_path / "out.ndjson"
        before = next(today_in(zone))
        if command == "sql":
            printed = credence("sql", "--case", "order", "--rules", rules)
            text = printed.stdout
        elif command in ("decide", "explain"):
            printed = credence(command, str(tmp_path / "case.json"), "--case", "order", "--rules", rules)
            text = printed.stdout
        else:
            files = (str(tmp_path / "cases.ndjson"), "--out", str(out))
            printed = credence(command, *files, "--case", "order", "--rules", rules, "--quiet")
            text = out.read_text("utf-8")
        assert printed.exit_code == 0, printed.output
        days[zone] = {before, next(today_in(zone))}
        assert any(day in text for day in days[zone]), text
    assert days[EAST].isdisjoint(days[WEST])


def test_every_zone_of_the_database_can_be_a_site_s() -> None:
    for zone in sorted(timezones()):
        assert (day_in(zone, START) - START.date()).days in (-1, 0, 1)
    assert {"Europe/Berlin", "Asia/Shanghai", UTC_NAME} < timezones()
    assert timezones().isdisjoint({"localtime", "Factory"})


def test_the_zone_belongs_to_the_version() -> None:
    versions = set()
    for site in ("", "site: {timezone: UTC}\n", "site: {timezone: Asia/Shanghai}\n"):
        files = {
            "facts.yaml": ended(f"currency: EUR\n{site}policies: [orders]\n").encode(),
            "orders.yaml": ORDERS.encode(),
        }
        engine = load(files).engine
        assert engine is not None
        versions.add(engine.version)
    assert len(versions) == 3
