"""A reader of logs that is none of ours agrees: Go's own tlog and note packages, over HTTP (tests/go_reader)."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from api.settings import Settings
from ledger.record.log_tiles import LogTree
from ledger.record.merkle_proofs import ProofMaker
from ledger.record.merkle_tree import leaf_hash
from ledger.store.secret_files import beside, signing_key
from ledger.store.tables import entries
from tests.support.paths import ROOT
from tests.support.running_service import FACTS, ORDERS, eventually, running
from tests.support.tampering import connected, write_journal

PACKAGES = Path("/usr/share/gocode")
"""Where Debian has Go's packages of others."""

PROOFS = 10_000
SIZES = 50
NO_GO = "no Go; install it with: sudo apt-get install golang-go golang-golang-x-mod-dev"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go, built = shutil.which("go"), tmp_path_factory.mktemp("built")
    if go is None or not (PACKAGES / "src" / "golang.org" / "x" / "mod").exists():
        if os.environ.get("CI"):
            pytest.fail(NO_GO, pytrace=False)
        pytest.skip(NO_GO)
    own = {"GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(built / "cache")}
    command = [go, "build", "-o", str(built / "reader"), str(ROOT / "tests" / "go_reader" / "main.go")]
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return built / "reader"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("journal") / "credence.db"
    write_journal(file, beside(file))
    return file


@pytest.fixture(scope="module")
def client(journal: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    rules = tmp_path_factory.mktemp("rules")
    (rules / "facts.yaml").write_text(FACTS, encoding="utf-8")
    (rules / "orders.yaml").write_text(ORDERS, encoding="utf-8")
    with running(Settings(rules=rules, journal=journal)) as client:
        eventually(lambda: int(client.get("/checkpoint").text.split("\n")[1]) > 1_000)  # the set that took effect
        yield client


@pytest.fixture(scope="module")
def proofs(journal: Path, client: httpx2.Client) -> list[dict[str, object]]:
    """Of random trees, half that a record is in it, half that it begins with a smaller one."""
    with connected(journal) as connection:
        headers = list(connection.execute(select(entries.c.header).order_by(entries.c.seq)).scalars())
    leaves = [leaf_hash(header.encode()) for header in headers]
    chance, made = random.Random(20261128), []
    for size in [1, 2, 255, 256, 257, 512, *(chance.randint(1, 1_000) for _ in range(SIZES - 6))]:
        tree, full = LogTree().appended(leaves[:size])
        tiles = {(tile.level, tile.number): tile.hashes for tile in full}
        maker = ProofMaker(tree, lambda level, number, tiles=tiles: tiles.get((level, number)))  # type: ignore[misc]
        for _ in range(PROOFS // SIZES // 2):
            leaf, old = chance.randrange(size), chance.randint(1, size)
            hash_ = b64encode(leaves[leaf]).decode()
            made.append({"size": size, "leaf": leaf, "hash": hash_, "proof": _texts(maker.inclusion(leaf))})
            made.append({"size": size, "old": old, "proof": _texts(maker.consistency(old))})
    return made


def _texts(hashes: list[bytes]) -> list[str]:
    return [b64encode(each).decode() for each in hashes]


def read(reader: Path, journal: Path, url: str, proofs: list[dict[str, object]]) -> subprocess.CompletedProcess[str]:
    key = signing_key(beside(journal).signing_key, may_make=False).verifier.as_text()
    lines = "".join(json.dumps(each) + "\n" for each in proofs)
    return subprocess.run([reader, key, url], input=lines, capture_output=True, text=True, check=False, timeout=120)


def test_it_agrees_on_ten_thousand_proofs(
    reader: Path, journal: Path, client: httpx2.Client, proofs: list[dict[str, object]]
) -> None:
    done = read(reader, journal, str(client.base_url).rstrip("/"), proofs)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f": {PROOFS} proofs agree\n")


def test_it_sees_what_is_wrong(
    reader: Path, journal: Path, client: httpx2.Client, proofs: list[dict[str, object]]
) -> None:
    """So that the test above can fail: another hash, one hash too few, another record, another size."""
    (whole,) = [each for each in proofs if each.get("leaf") is not None and len(str(each["proof"])) > 400][:1]
    texts = list(whole["proof"])  # type: ignore[call-overload]
    wrong = [
        {**whole, "proof": [b64encode(bytes(32)).decode(), *texts[1:]]},
        {**whole, "proof": texts[1:]},
        {**whole, "hash": b64encode(bytes(32)).decode()},
        {**whole, "size": 1_000_000},
    ]
    for each in wrong:
        done = read(reader, journal, str(client.base_url).rstrip("/"), [each])
        assert (done.returncode, done.stdout) == (1, ""), each
