"""`credence journal show`: a record by its id or its number, and all that it rests on, byte for byte."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from api.settings import Settings
from ledger.record.sealing import Sealed
from ledger.store.key_database import SubjectKeys
from ledger.store.secret_files import beside, wrapping_key
from tests.support.command_line import credence
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys
from tests.support.running_service import BODY, journal_file, write_rules

RAW = json.dumps(BODY, indent=3).encode() + b"\n"
SEALED = f"r-{json.loads(RAW)['order']['id']}"
"""A request id that names the case, and so is sealed with the body."""


class Kept:
    """A journal with people, keys, a policy set and one decision."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(rules=write_rules(home / "rules"), journal=home / "var" / "journal.db")
        keys = people_with_keys(self.settings.journal, EVERY_ROLE)
        with asking_for_keys(self.settings) as client:
            rights = {"roles": ["admin", "approver"]}  # for oneself, which is refused
            client.post("/v1/people/admin/change", json=rights, headers=bearer(keys["admin"]))
            asked = {"content-type": "application/json", **bearer(keys["desk"]), "x-request-id": SEALED}
            self.answer: httpx2.Response = client.post("/v1/decisions/order", content=RAW, headers=asked)
            self.version = client.get("/v1/policies", headers=bearer(keys["desk"])).json()["version"]
        assert self.answer.status_code == 201
        self.file = journal_file(self.settings)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept"))


def test_a_decision_is_shown_by_its_id_and_by_its_number(kept: Kept) -> None:
    id_, number = kept.answer.json()["id"], kept.answer.headers["journal-entry"]
    by_id, by_number = (
        credence("journal", "show", name, "--journal", kept.file) for name in (id_.upper(), f"0{number}")
    )
    assert by_id.exit_code == 0, by_id.stderr
    assert by_id.stdout == by_number.stdout
    lines = dict(line.split(maxsplit=1) for line in by_id.stdout.splitlines() if line[:1].strip() and " " in line)
    assert (lines["record"], lines["kind"], lines["id"]) == (number, "decision", id_)
    assert (lines["outcome"], lines["policies"]) == (kept.answer.json()["outcome"], kept.version)
    assert " of person " in lines["by"]


def test_all_of_it_as_json(kept: Kept) -> None:
    found = json.loads(credence("journal", "show", kept.answer.json()["id"], "--journal", kept.file, "--json").stdout)
    assert (found["request"], found["answer"]) == (BODY, kept.answer.json())
    assert (found["kind"], found["case"], found["seq"]) == (
        "decision",
        "order",
        int(kept.answer.headers["journal-entry"]),
    )
    assert found["request_id"] == SEALED


def test_what_it_rests_on_is_written_byte_for_byte_and_explains_it(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new" / "grounds"
    shown = credence("journal", "show", kept.answer.json()["id"], "--journal", kept.file, "--to", folder)
    assert shown.exit_code == 0, shown.stderr
    assert (folder / "request.json").read_bytes() == RAW
    assert (folder / "answer.json").read_bytes() == kept.answer.content
    assert (folder / "rules" / "orders.yaml").read_bytes() == (kept.settings.rules / "orders.yaml").read_bytes()
    [command] = [line.partition("&& credence ")[2] for line in shown.stdout.splitlines() if line.startswith("grounds")]
    monkeypatch.chdir(folder)
    explained = credence(*command.split())
    assert explained.exit_code == 0, explained.stderr
    assert explained.stdout.startswith(kept.answer.json()["outcome"].upper())
    assert kept.version[:8] in explained.stdout


def test_people_keys_and_policies_are_records_too(kept: Kept) -> None:
    kinds = set()
    for number in range(int(kept.answer.headers["journal-entry"])):
        shown = json.loads(credence("journal", "show", str(number), "--journal", kept.file, "--json").stdout)
        kinds.add(shown["kind"])
        assert shown["act"]
        assert ("subject" in shown) == (shown["kind"] != "policy"), shown
        assert "\nact  " in credence("journal", "show", str(number), "--journal", kept.file).stdout
    assert kinds == {"person", "key", "policy", "refusal"}


def test_what_an_export_took_is_shown(kept: Kept, tmp_path: Path) -> None:
    exported = credence("journal", "export", tmp_path / "some", "--account", "C-1", "--journal", kept.file)
    assert exported.exit_code == 0, exported.stderr
    found = credence("journal", "search", "--kind", "export", "--journal", kept.file, "--json")
    [record] = json.loads(found.stdout)["records"]
    shown = json.loads(credence("journal", "show", str(record["seq"]), "--journal", kept.file, "--json").stdout)
    manifest = json.loads((tmp_path / "some" / "manifest.json").read_text("utf-8"))
    assert (shown["act"]["filter"], shown["act"]["records"]) == ({"account": "C-1"}, manifest["records"])


@pytest.mark.parametrize(
    "record",
    ["01a20069-767e-7289-841e-0c1e0d8f48ea", "999999", "9" * 40, "9" * 4_301, "x' OR 1=1", "٣"],
    ids=str.encode,
)
def test_what_is_not_there_is_said(kept: Kept, record: str) -> None:
    shown = credence("journal", "show", record, "--journal", kept.file)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert f"has no record `{record}`; give a decision's id or a record's number" in shown.stderr


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    shown = credence("journal", "show", "1", "--journal", tmp_path / "none.db")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "can't be read" in shown.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "tables",
    ["CREATE TABLE t (a)", "CREATE TABLE alembic_version (version_num); CREATE TABLE decisions (id)"],
    ids=["another program's", "of an earlier version"],
)
def test_what_is_no_journal_of_this_version_says_what_to_do(tmp_path: Path, tables: str) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.executescript(tables)
    shown = credence("journal", "show", "1", "--journal", tmp_path / "x.db")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "its tables are not those of this version of credence" in shown.stderr
    assert "`credence journal take-over`" in shown.stderr


def test_a_folder_that_holds_anything_is_left_as_it_is(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    shown = credence("journal", "show", kept.answer.json()["id"], "--journal", kept.file, "--to", tmp_path)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "is not empty; nothing was written" in shown.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def changed(kept: Kept, statement: str, *values: object) -> None:
    """Directly in the file, by somebody who may write it."""
    with closing(sqlite3.connect(kept.file)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute(statement, values)
        database.commit()


def test_a_changed_record_is_not_shown(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    changed(kept, "UPDATE bodies SET sealed = zeroblob(length(sealed))")
    shown = credence("journal", "show", kept.answer.json()["id"], "--journal", kept.file)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "damaged" in shown.stderr


def test_a_body_that_was_sealed_anew_with_the_right_key_is_not_shown(tmp_path: Path) -> None:
    """Whoever has the keys can seal another request; its digest is not the one in the header."""
    kept = Kept(tmp_path)
    places, seq = beside(kept.file), int(kept.answer.headers["journal-entry"])
    keys = SubjectKeys(places.subject_keys, wrapping_key(places.wrapping_key, may_make=False))
    with closing(sqlite3.connect(kept.file)) as database:
        row = database.execute("SELECT key_number, nonce, sealed FROM bodies WHERE seq = ?", [seq]).fetchone()
    key = keys.key(row[0])
    body = key.open(seq, Sealed(row[1], row[2]))
    assert body.count(b"SO-") > 0
    resealed = key.seal(seq, body.replace(b"SO-", b"XO-"))
    changed(kept, "UPDATE bodies SET nonce = ?, sealed = ? WHERE seq = ?", resealed.nonce, resealed.content, seq)
    shown = credence("journal", "show", str(seq), "--journal", kept.file)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert f"damaged: record {seq} can't be read" in shown.stderr


def test_a_file_of_the_policies_is_written_nowhere_else(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    changed(kept, "UPDATE policy_sets SET files = ?", json.dumps({"../evil.yaml": "x"}))
    shown = credence("journal", "show", kept.answer.json()["id"], "--journal", kept.file, "--to", tmp_path / "to")
    assert shown.exit_code == 2
    assert "`../evil.yaml`, which lies outside" in shown.stderr
    assert not (tmp_path / "evil.yaml").exists()
