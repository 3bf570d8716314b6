"""A journal that a running service wrote, computed again by an auditor's own program; and each tampering found."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from api.settings import Settings
from tests.support.auditor import Audit
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys
from tests.support.running_service import BODY, ORDERS, eventually, journal_file, write_rules

DECISIONS = 280
"""More than a tile has hashes."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People, keys, two policy sets, decisions; the service was stopped in order."""
    home = tmp_path_factory.mktemp("written")
    settings = Settings(rules=write_rules(home / "rules"), journal=home / "var" / "journal.db")
    keys = people_with_keys(settings.journal, EVERY_ROLE)
    asked = {}
    with asking_for_keys(settings) as client:
        for number in range(DECISIONS):
            body = {**BODY, "order": {"id": f"SO-{number}", "amount": f"{number * 100}.00", "entered_by": "q.canary"}}
            answer = client.post("/v1/decisions/order", json=body, headers=bearer(keys["desk"]))
            assert answer.status_code == 201, answer.text
            asked[int(answer.headers["journal-entry"])] = answer
        before = answer.json()["policy_version"]
        (settings.rules / "orders.yaml").write_text(ORDERS.replace("10000", "20000"), encoding="utf-8")
        eventually(lambda: client.get("/v1/policies", headers=bearer(keys["desk"])).json()["version"] != before)
    audit = Audit(journal_file(settings))
    for seq, answer in asked.items():
        opened = audit.opened(seq)
        assert opened.document("request") == answer.request.content
        assert opened.document("answer") == answer.content
        assert ("request/order.entered_by", b'"q.canary"') in [
            (path.partition("@")[0], content) for path, content in opened.parts
        ]
    return journal_file(settings)


def test_everything_is_computed_again_and_nothing_is_wrong(written: Path) -> None:
    audit = Audit(written)
    assert audit.findings() == []
    kinds = [entry["kind"] for entry in audit.entries]
    assert {kind: kinds.count(kind) > 0 for kind in ("decision", "person", "key", "policy")} == dict.fromkeys(
        ("decision", "person", "key", "policy"), True
    )
    assert kinds.count("decision") == DECISIONS
    assert kinds.count("policy") == 2
    assert audit.tiles
    assert audit.checkpoints[-1]["size"] == len(kinds)


def test_no_name_and_no_figure_stands_anywhere_in_the_clear(written: Path) -> None:
    content = b"".join(file.read_bytes() for file in written.parent.iterdir())
    for canary in (b"q.canary", b"SO-279", b"27900.00"):
        assert canary not in content


TAMPERINGS = {
    "column alone": (
        "UPDATE entries SET outcome = 'approve' WHERE seq = 200",
        "record 200: column outcome is not what the header says",
    ),
    "header and column": (
        "UPDATE entries SET outcome = 'x', header = replace(header, outcome, 'x') WHERE seq = 200",
        "tile 0/0: is not that of the records",
    ),
    "header of the last, in no tile": (
        "UPDATE entries SET actor = 'x', header = replace(header, actor, 'x') WHERE seq = (SELECT size - 1 FROM head)",
        "the head is not that of the records",
    ),
    "spelling of a header": (
        "UPDATE entries SET header = replace(header, '\"v\":1', '\"v\": 1') WHERE seq = 200",
        "record 200: its header is not canonical",
    ),
    "body": (
        "UPDATE bodies SET sealed = zeroblob(length(sealed)) WHERE seq = 200",
        "record 200: its body does not open",
    ),
    "body of another": (
        "UPDATE bodies SET (nonce, sealed) = (SELECT nonce, sealed FROM bodies WHERE seq = 201) WHERE seq = 200",
        "record 200: its body does not open",
    ),
    "body gone": ("DELETE FROM bodies WHERE seq = 200", "record 200: its body or its key is missing"),
    "record gone": ("DELETE FROM entries WHERE seq = 200", "record 200: is not where its number says"),
    "last record gone": (
        "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)",
        "the head is not that of the records",
    ),
    "tile": (
        "UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 0 AND number = 0",
        "tile 0/0: is not that of the records",
    ),
    "tile gone": ("DELETE FROM tiles", "tile 0/0: is not that of the records"),
    "head": ("UPDATE head SET frontier = zeroblob(length(frontier))", "the head is not that of the records"),
    "checkpoint": (
        "UPDATE checkpoints SET note = replace(note, char(10) || size || char(10), char(10) || (size - 1) || char(10))",
        "its signature is not that of the journal key",
    ),
    "rules": ("DELETE FROM entry_rules", "what records are found by is not what they say"),
    "blinds": ("UPDATE entry_blinds SET seq = seq + 1000", "what records are found by is not what they say"),
}


@pytest.fixture
def copied(written: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copied"
    shutil.copytree(written.parent, folder)
    return folder / written.name


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_in_the_file_is_found(copied: Path, name: str) -> None:
    statement, expected = TAMPERINGS[name]
    with closing(sqlite3.connect(copied)) as raw, raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        assert raw.execute(statement).rowcount > 0
    findings = Audit(copied).findings()
    assert any(expected in finding for finding in findings), findings
