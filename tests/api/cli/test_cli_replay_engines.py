"""`credence journal replay` by another engine than the one that decided, and by that one's wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.version import ENGINE_VERSION
from tests.support.command_line import credence
from tests.support.other_engines import (
    OTHER_COMPARISON,
    OTHER_REASONS,
    engine_with,
    run_by,
    wheel_of,
    wheelhouse_of,
)
from tests.support.replayed_journals import ReplayedJournal, requests, write_replayed_journal

pytestmark = pytest.mark.slow

COUNT = 40


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> ReplayedJournal:
    return write_replayed_journal(tmp_path_factory.mktemp("written"), COUNT)


@pytest.fixture(scope="module")
def other_reasons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return engine_with(OTHER_REASONS, tmp_path_factory.mktemp("other_reasons"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of this engine, and of one with other reasons."""
    return wheel_of(tmp_path_factory.mktemp("this")), wheel_of(tmp_path_factory.mktemp("other"), OTHER_REASONS)


def _replayed(engine: Path, written: ReplayedJournal, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return run_by(engine, "journal", "replay", "--all", "--journal", written.file, *words)


def _with_reasons(written: ReplayedJournal) -> int:
    return sum(bool(json.loads(text)["reasons"]) for text in written.answers.values())


def test_other_words_for_reasons_are_the_same_decision(written: ReplayedJournal, other_reasons: Path) -> None:
    done = _replayed(other_reasons, written)
    total, others = len(written.answers), _with_reasons(written)
    assert 10 < others < total
    parts = sorted([(others, "same decision, other wording"), (total - others, "same bytes")], reverse=True)
    said = ", ".join(f"{count} {word}" for count, word in parts)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{total} decisions: {said}\n", "")


def test_another_comparison_is_named_with_its_records(written: ReplayedJournal, tmp_path: Path) -> None:
    done = _replayed(engine_with(OTHER_COMPARISON, tmp_path), written, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    asked = dict(zip(written.answers, requests(COUNT), strict=True))
    at_a_limit = {
        seq
        for seq, (case, body) in asked.items()
        if case == "order" and '"outcome":"approve"' in written.answers[seq]
        if '"headroom":"0.00"' in written.answers[seq] or body["order"].get("payment_days") == 30
    }
    assert 2 < len(at_a_limit) < COUNT / 2
    found = {each["seq"] for each in said["records"] if each["result"] == "DIFFERENT (outcome)"}
    assert found == at_a_limit
    assert said["results"]["DIFFERENT (outcome)"] == len(at_a_limit)
    ids = {json.loads(written.answers[seq])["id"] for seq in at_a_limit}
    assert ids <= {each["id"] for each in said["records"]}
    assert {each["engine_version"] for each in said["records"]} == {ENGINE_VERSION}
    assert all(f"the one that decided, {ENGINE_VERSION}" in each["why"] for each in said["records"])


@pytest.mark.long
def test_the_engine_that_decided_is_asked_by_its_wheel(
    written: ReplayedJournal, other_reasons: Path, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    total = len(written.answers)
    house = wheelhouse_of(tmp_path / "house", *wheels)
    done = _replayed(other_reasons, written, "--with-engine", house)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{total} decisions: {total} same bytes\n", "")
    house = wheelhouse_of(tmp_path / "other", wheels[1])
    assert "same decision, other wording" in _replayed(other_reasons, written, "--with-engine", house).stdout


def test_a_wheel_that_is_not_the_pinned_one_is_not_run(
    written: ReplayedJournal, wheels: tuple[Path, Path], tmp_path: Path
) -> None:
    """Another wheel under its name, one byte more, no pin, no file of pins, and what is no wheel of ours."""
    house = wheelhouse_of(tmp_path / "house", wheels[0])
    [wheel] = house.glob("*.whl")

    def refused(because: str) -> None:
        done = credence("journal", "replay", "--all", "--journal", written.file, "--with-engine", house)
        assert (done.exit_code, done.stdout) == (2, "")
        assert because in " ".join(done.stderr.split())

    shutil.copy2(wheels[1], wheel)
    refused("is not the wheel that SHA256SUMS names; nothing of it is run")
    wheel.write_bytes(wheels[0].read_bytes() + b"\0")
    refused("is not the wheel that SHA256SUMS names; nothing of it is run")
    shutil.copy2(wheels[0], house / "another.whl")
    refused("another.whl` is not named in SHA256SUMS; nothing of it is run")
    (house / "SHA256SUMS").unlink()
    refused("it must hold wheels and the file SHA256SUMS that pins them")
