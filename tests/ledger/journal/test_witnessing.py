"""How much of a journal no witness vouches for: by whom it is cosigned is worked out, not read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.http.metrics import Metrics
from api.http.witness_watch import WitnessWatch
from api.settings import Settings
from ledger.journal.clock import Clock
from ledger.journal.journal import Journal
from ledger.journal.signed_log import keep_cosignature, note_of_size
from ledger.journal.witnessing import Witnessing
from ledger.record.cosignatures import cosignature
from ledger.record.signed_notes import COSIGNATURE, NoteSigner, new_signer
from ledger.record.trust_policies import TrustPolicy, read_trust_policy
from ledger.store.secret_files import beside
from tests.support.tampering import connected, write_journal

A, B, STRANGER = (new_signer(f"{name}.example/w", COSIGNATURE) for name in "abs")
WITNESSES = "".join(f"witness {name} {each.verifier.as_text()}\n" for name, each in (("a", A), ("b", B)))
BOTH = f"{WITNESSES}group both all a b\nquorum both\n"
EITHER = f"{WITNESSES}group either any a b\nquorum either\n"
SIZES = (10, 20, 30)
HOURS = 3_600 * 10**9


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_journal(tmp_path / "credence.db", beside(tmp_path / "credence.db"), SIZES)
    return tmp_path / "credence.db"


@pytest.fixture
def journal(file: Path) -> Iterator[Journal]:
    """Five hours after its records."""
    opened = Journal(file, clock=Clock(lambda: time.time_ns() + 5 * HOURS))
    yield opened
    opened.close()


def _cosign(file: Path, witness: NoteSigner, size: int, line: str | None = None) -> None:
    with connected(file) as connection:
        note = note_of_size(connection, size)
        trusted = replace(_policy(BOTH), witnesses={"a": witness.verifier})
        keep_cosignature(connection, trusted, size, cosignature(witness, note, int(time.time())))
        if line is not None:
            connection.exec_driver_sql("UPDATE cosignatures SET line = ? WHERE size = ?", (line, size))


def _policy(text: str) -> TrustPolicy:
    return read_trust_policy(text.encode())


@pytest.mark.parametrize(
    ("policy", "cosigned", "witnessed"),
    [
        (BOTH, [], 0),
        (BOTH, [(A, 30)], 0),
        (BOTH, [(A, 10), (B, 10)], 10),
        (BOTH, [(A, 10), (B, 10), (A, 30), (B, 20)], 10),
        (BOTH, [(A, 10), (B, 10), (A, 30), (B, 30)], 30),
        (EITHER, [(A, 10), (B, 20)], 20),
        (EITHER, [(STRANGER, 30), (B, 20)], 20),
        (None, [(A, 30)], 0),
    ],
)
def test_records_are_witnessed_up_to_the_newest_checkpoint_that_enough_cosigned(
    file: Path, journal: Journal, policy: str | None, cosigned: list[tuple[NoteSigner, int]], witnessed: int
) -> None:
    watching = Witnessing(journal, None if policy is None else _policy(policy))
    for witness, size in cosigned:
        watching.look()
        _cosign(file, witness, size)
    found = watching.look()
    assert found.records == 30 - witnessed
    assert (found.seconds == 0) == (witnessed == 30)
    if witnessed < 30:
        assert 5 * 3_600 <= found.seconds < 5 * 3_600 + 600


def test_a_line_that_was_changed_in_the_database_vouches_for_nothing(file: Path, journal: Journal) -> None:
    _cosign(file, A, 20)
    _cosign(file, A, 30, line="\u2014 a.example/w AAAA\n")
    assert Witnessing(journal, _policy(EITHER)).look().records == 10


def test_witnesses_that_are_late_raise_an_alarm_and_end_it(
    file: Path, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever nobody asked to be told is counted, and no alarm."""
    (tmp_path / "trust.policy").write_text(EITHER, "utf-8")
    trusted = {"trust_policy": str(tmp_path / "trust.policy")}

    def shown(**settings: str | int) -> tuple[float, bool, float]:
        metrics, stop = Metrics(), asyncio.Event()

        def witnessed(**found: Any) -> None:
            Metrics.witnessed(metrics, **found)
            stop.set()

        monkeypatch.setattr(metrics, "witnessed", witnessed)
        watching = WitnessWatch(journal, metrics, Settings(**settings))  # type: ignore[arg-type]  # as pydantic takes it
        asyncio.run(watching.run(stop))
        families = text_string_to_metric_families(metrics.text().decode())
        values = {each.name: each.samples[0].value for each in families if each.samples}
        found = [values[f"credence_journal_{name}"] for name in ("unwitnessed_records", "unwitnessed_seconds")]
        return found[0], found[1] > 0, values["credence_journal_witnesses_late"]

    assert shown() == (30, True, 0)
    assert shown(**trusted) == (30, True, 0)
    assert shown(witnessed_within_hours=4, **trusted) == (30, True, 1)
    assert shown(witnessed_within_hours=6, **trusted) == (30, True, 0)
    _cosign(file, A, 30)
    assert shown(witnessed_within_hours=4, **trusted) == (0, False, 0)
