"""Whoever changes a journal's rows, one way after the other: `credence journal verify` names what is meant.

The journal has 1,000 decisions about 50 customers and checkpoints at 256, 512, 768 and 1,000. `alone` is what the
journal and its key tell; `kept` what a checkpoint tells that an auditor took away.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.journal.journal import Journal
from ledger.record.signed_notes import new_signer
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import KeyPlaces, beside, signing_key
from ledger.verify.journal_check import verify_journal
from ledger.verify.trusted_key import key_beside
from tests.support.command_line import credence
from tests.support.large import how_many
from tests.support.steps import one_in
from tests.support.tampering import ACCOUNTS, SIGNED, TABLES, VERSION, Rows, changed, connected, write_journal

Tamper = Callable[[Rows], object]

BODY = "record 700: its body is not the one recorded"
IN_TILE = "record 700: is not the one in tile 0/2"
HISTORY = "records 512..767: one of them is not what checkpoint 768 was signed over (checkpoint 512 still holds)"
HEAD = "head: its hashes are not those of the records"


@dataclass
class Tampering:
    act: Tamper

    alone: list[str]
    """What is found by the journal and its key."""

    kept: list[str] | None = None
    """What a checkpoint of all 1,000 tells beside; None: nothing more."""


def _nothing(_: Rows) -> None:
    pass


def _answer(rows: Rows) -> None:
    rows.set_body(700, rows.with_another_answer(700))


def _sealed(rows: Rows) -> None:
    rows.bodies[700]["sealed"] = bytes([rows.bodies[700]["sealed"][0] ^ 1]) + rows.bodies[700]["sealed"][1:]


def _column(rows: Rows) -> None:
    rows.entries[700]["outcome"] = "approve"


def _with_tiles(rows: Rows) -> None:
    rows.rewrite(700)
    rows.rebuild()


def _other_key(rows: Rows) -> None:
    _with_tiles(rows)
    rows.sign(new_signer(rows.signer.name))


def _true_key(rows: Rows) -> None:
    _with_tiles(rows)
    rows.sign(rows.signer)


def _removed(rows: Rows) -> None:
    del rows.entries[700], rows.bodies[700]


def _removed_and_renumbered(rows: Rows) -> None:
    packed = [rows.body(seq) for seq in range(701, 1_000)]
    _removed(rows)
    for seq, body in enumerate(packed, 700):
        rows.set_header(seq, seq=seq)
        rows.set_body(seq, body)
    rows.rebuild()


def _inserted(rows: Rows) -> None:
    packed = [rows.body(seq) for seq in range(700, 1_000)]
    rows.entries.insert(701, {**rows.entries[700]})
    rows.bodies.insert(701, {**rows.bodies[700]})
    for seq, body in enumerate(packed, 701):
        rows.set_header(seq, seq=seq, **({"id": "another"} if seq == 701 else {}))
        rows.set_body(seq, body)
    rows.rebuild()


def _swapped(rows: Rows) -> None:
    one, other = rows.entries[700], rows.entries[701]
    rows.entries[700], rows.entries[701] = {**other, "seq": 700}, {**one, "seq": 701}


def _cut_off(rows: Rows) -> None:
    del rows.entries[990:], rows.bodies[990:]


def _cut_off_and_unsigned(rows: Rows) -> None:
    _cut_off(rows)
    del rows.checkpoints[-1]
    rows.rebuild()


def _restored_and_gone_on(rows: Rows) -> None:
    for seq in range(900, 1_000):
        rows.rewrite(seq)
    rows.rebuild()
    rows.sign(rows.signer)


def _tile(rows: Rows) -> None:
    at = 32 * (700 - 512)
    hashes = rows.tiles[2]["hashes"]
    rows.tiles[2]["hashes"] = hashes[:at] + bytes(32) + hashes[at + 32 :]


def _checkpoint(rows: Rows) -> None:
    rows.checkpoints[2]["note"] = rows.checkpoints[2]["note"].replace("\n768\n", "\n769\n")


def _policy_set(rows: Rows) -> None:
    rows.policy_sets[0]["files"] = json.dumps({"orders.yaml": "policy: other\n"})


def _set(table: str, at: int, column: str, value: Any) -> Tamper:
    return lambda rows: getattr(rows, table)[at].__setitem__(column, value)


def _earlier(rows: Rows) -> None:
    rows.set_header(700, at="2020-01-01T00:00:00.000000Z")


def _spelled(rows: Rows) -> None:
    rows.entries[700]["header"] = rows.entries[700]["header"].replace('"v":1', '"v": 1')


POLICY = f"policy set {VERSION[:8]}"
KEPT = "records 0..999: the checkpoint in `kept` was signed over another history of 1000 records"
TAMPERINGS = {
    "nothing": Tampering(_nothing, []),
    "answer in the body": Tampering(_answer, [BODY]),
    "bytes of the sealed body": Tampering(_sealed, [BODY]),
    "column alone": Tampering(_column, ["record 700: column outcome says 'approve', the header 'hold'"]),
    "body, header, column": Tampering(lambda rows: rows.rewrite(700), [IN_TILE, HISTORY, HEAD], [KEPT]),
    "and tiles": Tampering(_with_tiles, [HISTORY], [KEPT]),
    "and signed by another key": Tampering(
        _other_key, [f"checkpoint {size}: its signature is not that of the journal key" for size in SIGNED], [KEPT]
    ),
    "and signed by the true key": Tampering(_true_key, [], [KEPT]),
    "removed": Tampering(_removed, ["record 700: is missing"]),
    "removed, renumbered": Tampering(
        _removed_and_renumbered,
        [HISTORY, "record 999: is missing: the journal ends there, and checkpoint 1000 was signed"],
        ["record 999: is missing: the journal ends there, and the checkpoint in `kept` was signed over 1000"],
    ),
    "inserted": Tampering(_inserted, [HISTORY], [KEPT]),
    "swapped": Tampering(
        _swapped,
        ["record 700: its header says it is record 701", "record 701: its header says it is record 700"],
    ),
    "cut off": Tampering(
        _cut_off,
        [
            "record 990: is missing: the journal ends there, and checkpoint 1000 was signed",
            "head: says 1000 records, and the journal has 990",
        ],
        ["record 990: is missing: the journal ends there, and the checkpoint in `kept` was signed over 1000"],
    ),
    "cut off with its checkpoint": Tampering(
        _cut_off_and_unsigned,
        [],
        ["record 990: is missing: the journal ends there, and the checkpoint in `kept` was signed over 1000"],
    ),
    "backup, and gone on": Tampering(_restored_and_gone_on, [], [KEPT]),
    "hash in a tile": Tampering(_tile, [IN_TILE]),
    "text of a checkpoint": Tampering(_checkpoint, ["checkpoint 768: its signature is not that of the journal key"]),
    "policy set": Tampering(_policy_set, [f"{POLICY}: its files do not give its version"]),
    "body deleted": Tampering(lambda rows: rows.bodies.pop(700), ["record 700: its body is missing"]),
    "spelling of a header": Tampering(
        _spelled,
        ["record 700: its header can't be read: it is not in its canonical form", IN_TILE, HISTORY, HEAD],
        [KEPT],
    ),
    "earlier": Tampering(_earlier, ["record 700: is earlier than the one before", IN_TILE, HISTORY, HEAD], [KEPT]),
    "tile deleted": Tampering(lambda rows: rows.tiles.pop(2), ["tile 0/2: is missing"]),
    "tile too many": Tampering(
        lambda rows: rows.tiles.append({"level": 0, "number": 9, "hashes": bytes(8192)}),
        ["tiles: there are 1 more than 1000 records give"],
    ),
    "newest checkpoint deleted": Tampering(
        lambda rows: rows.checkpoints.pop(),
        ["checkpoint 768: the head says that checkpoint 1000 is the newest"],
    ),
    "policy set deleted": Tampering(
        lambda rows: rows.policy_sets.clear(), [f"{POLICY}: is missing, and record 0 names it"]
    ),
    "standard facts deleted": Tampering(
        _set("policy_sets", 0, "standard_facts", None),
        [f"{POLICY}: has lost its standard facts, and record 0 names it"],
    ),
    "head deleted": Tampering(lambda rows: rows.head.clear(), ["head: is missing"]),
    "time of the head": Tampering(
        _set("head", 0, "at", ""), ["head: its time or its last key is not that of the records"]
    ),
}


def verified(place: JournalPlace, *words: str, faults: bool) -> dict[str, Any]:
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    done = credence("journal", "verify", where, "--json", *words)
    assert (done.exit_code, done.stderr) == (1 if faults else 0, ""), done.stdout
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("name", one_in(4, TAMPERINGS))
def test_what_was_changed_is_named(place: JournalPlace, keys: KeyPlaces, name: str) -> None:
    tampering, true_key = TAMPERINGS[name], signing_key(keys.signing_key, may_make=False).verifier.as_text()
    with changed(place, keys) as rows:
        Path("kept").write_text(rows.checkpoints[-1]["note"], "utf-8")
        tampering.act(rows)
    expected = [*tampering.alone, *(tampering.kept or [])]
    said = verified(place, "--checkpoint", "kept", "--key", true_key, faults=bool(expected))
    found = [each["fault"] for each in said["first"]]
    assert [text for text in found if "`kept`" not in text] == tampering.alone
    assert sorted(found) == sorted(expected)
    assert (said["faults"], sum(said["kinds"].values())) == (len(expected), len(expected))


def test_signed_by_the_true_key_nothing_is_seen_without_a_checkpoint_from_elsewhere(
    place: JournalPlace, keys: KeyPlaces
) -> None:
    with changed(place, keys) as rows:
        _true_key(rows)
    said = verified(place, faults=False)
    assert (said["records"], said["signed"], said["bodies"], said["policy_sets"]) == (1_000, 1_000, 1_000, 1)
    assert said["key_brought"] is False


def test_a_customers_key_that_was_deleted_is_named_and_others_open(place: JournalPlace, keys: KeyPlaces) -> None:
    with closing(sqlite3.connect(keys.subject_keys)) as raw, raw:
        raw.execute("DELETE FROM subject_keys WHERE number = 8")
    said = verified(place, faults=True)
    assert [each["fault"] for each in said["first"]] == ["subject key 8: is gone, and no erasure record says why"]
    assert said["bodies"] == 1_000 - 1_000 // ACCOUNTS


def test_without_the_keys_all_but_bodies_is_checked_where_that_is_meant(place: JournalPlace, keys: KeyPlaces) -> None:
    vkey = signing_key(keys.signing_key, may_make=False).verifier.as_text()
    keys.wrapping_key.unlink()
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    refused = credence("journal", "verify", where)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "credence.wrapping-key" in refused.stderr
    assert "or give --without-bodies" in " ".join(refused.stderr.split())
    keys.signing_key.unlink()
    assert "with --key" in credence("journal", "verify", where, "--without-bodies").stderr
    said = verified(place, "--without-bodies", "--key", vkey, faults=False)
    assert (said["records"], said["bodies"], said["key_brought"]) == (1_000, 0, True)


def test_a_record_that_the_disk_garbled_is_named(place: JournalPlace) -> None:
    if isinstance(place, ServerAddress):
        return  # a server takes no text that is none
    with connected(place) as connection:
        connection.exec_driver_sql("UPDATE entries SET header = CAST(x'ff' || header AS TEXT) WHERE seq = 700")
    said = verified(place, faults=True)
    assert [each["fault"] for each in said["first"]] == ["record 700: its row can't be read"]


def test_any_change_of_what_the_log_covers_is_found(tmp_path: Path) -> None:
    """Any column of any row of its tables, replaced by something like it."""
    original = tmp_path / "var" / "credence.db"
    chance, places = random.Random(14), beside(original)
    write_journal(original, places, (256, 270))
    trusted = key_beside(places, "test")
    covered = [
        (table, column.name)
        for table in TABLES
        for column in table.columns
        if (table.name, column.name) not in UNCOVERED
    ]
    for number in range(how_many(len(covered), large=1_000)):
        table, column = covered[number % len(covered)]
        copied = tmp_path / f"{number}.db"
        shutil.copy(original, copied)
        with changed(copied, places) as rows:
            row = chance.choice(getattr(rows, table.name))
            row[column] = _like(row[column], chance)
        journal = Journal(copied, places=places)
        try:
            found = verify_journal(journal, trusted, places)
        finally:
            journal.close()
        assert found.faults.total > 0, (table.name, column, row)
        copied.unlink()


UNCOVERED = {("policy_sets", "loaded_at"), ("head", "number")}
"""When a set was first loaded stands nowhere else: records say when it took effect."""


def _like(value: Any, chance: random.Random) -> Any:
    """Another value of its kind, which no other row has."""
    if isinstance(value, int):
        return value + chance.choice([1_000, 5_000])
    at = chance.randrange(len(value))
    if isinstance(value, bytes):
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    return value[:at] + chance.choice([each for each in "axZ" if each != value[at]]) + value[at + 1 :]
