"""What a witness, its mirror and a caller's receipt tell of a journal that somebody changed who may change all of it,
and sign it anew; and a trust policy that asks for cosignatures.

The journal is the one of `test_tampered_journal`; all four of its checkpoints were cosigned, the mirror has all 1,000
hashes, and the caller of record 700 has its proof.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from time import time
from typing import Any

import pytest
from sqlalchemy import text

from ledger.record.checkpoints import next_epoch
from ledger.record.cosignatures import cosignature
from ledger.record.merkle_tree import leaf_hash
from ledger.record.signed_notes import COSIGNATURE, NoteSigner, new_signer
from ledger.store.place import JournalPlace, ServerAddress
from ledger.store.secret_files import KeyPlaces, signing_key
from tests.ledger.verify.test_tampered_journal import TAMPERINGS, verified
from tests.support.command_line import credence
from tests.support.large import IS_LARGE
from tests.support.steps import one_in
from tests.support.tampering import SIGNED, changed, connected

WITNESS, OTHER = (new_signer(f"{name}.example/w1", COSIGNATURE) for name in ("auditor", "other"))
TIME = 1_700_000_000
MIRROR = "record 700: is not the one the mirror has"
RECEIPT = "record 700: is not the one that `so-700.tlog-proof` proves"
SIGNED_OVER = "the checkpoint in `so-700.tlog-proof` was signed over"
HISTORY = f"records 0..999: {SIGNED_OVER} another history of 1000 records"
WITNESSED = "records 0..767: the witness saw another history of 768 records"
OUTSIDE = {
    "body, header, column": [HISTORY, MIRROR, RECEIPT],
    "and tiles": [HISTORY, MIRROR, RECEIPT],
    "and signed by another key": [WITNESSED, HISTORY, MIRROR, RECEIPT],
    "and signed by the true key": [WITNESSED, HISTORY, MIRROR, RECEIPT],
    "removed, renumbered": [
        MIRROR,
        "records 701..998: are not those the mirror has",
        RECEIPT,
        f"record 999: is missing: the journal ends there, and {SIGNED_OVER} 1000",
    ],
    "inserted": [
        HISTORY,
        "record 701: is not the one the mirror has",
        "records 702..999: are not those the mirror has",
    ],
    "cut off": [f"record 990: is missing: the journal ends there, and {SIGNED_OVER} 1000"],
    "cut off with its checkpoint": [
        "record 990: is missing: the journal ends there, and the witness saw 1000 records",
        f"record 990: is missing: the journal ends there, and {SIGNED_OVER} 1000",
    ],
    "backup, and gone on": [
        HISTORY,
        "record 900: is not the one the mirror has",
        "records 901..999: are not those the mirror has",
        "records 0..999: the witness saw another history of 1000 records",
    ],
    "spelling of a header": [HISTORY, MIRROR, RECEIPT],
    "earlier": [HISTORY, MIRROR, RECEIPT],
}
"""What is found beside what the journal and its key tell; where a name lacks, nothing."""

NOTES = ("--trust", "trust.policy", "--witness-notes", "notes")
BROUGHT = (*NOTES, "--mirror", "mirror", "--receipt", "so-700.tlog-proof")


@pytest.fixture(autouse=True)
def _evidence(place: JournalPlace, keys: KeyPlaces) -> None:
    """Kept by others before anything was changed."""
    vkey = signing_key(keys.signing_key, may_make=False).verifier.as_text()
    _trust(f"log {vkey}", f"witness auditor {WITNESS.verifier.as_text()}", "quorum auditor")
    Path("notes").mkdir()
    with changed(place, keys) as rows:
        Path("mirror").write_bytes(b"".join(leaf_hash(row["header"].encode()) for row in rows.entries))
        for row in rows.checkpoints:
            _keep(row["note"], WITNESS, f"notes/{row['size']}")
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    done = credence("journal", "proof", "700", "--journal", where, "--save", "so-700.tlog-proof")
    assert done.exit_code == 0, done.stderr


def _trust(*lines: str) -> None:
    Path("trust.policy").write_text("\n".join([*lines, ""]), "utf-8")


def _keep(note: str, witness: NoteSigner, path: str) -> None:
    Path(path).write_text(note + cosignature(witness, note, TIME), "utf-8")


def _first(said: dict[str, Any]) -> list[str]:
    return [each["fault"] for each in said["first"]]


QUIET = ["nothing", "removed", "swapped", "cut off", "hash in a tile", "text of a checkpoint"]
"""To which nothing is added; the others of that kind are tried in `make large`."""

NAMES = [*OUTSIDE, *(TAMPERINGS.keys() - OUTSIDE.keys() if IS_LARGE else QUIET)]


@pytest.mark.parametrize("name", one_in(4, sorted(NAMES)))
def test_what_others_kept_names_it_too(place: JournalPlace, keys: KeyPlaces, name: str) -> None:
    tampering = TAMPERINGS[name]
    with changed(place, keys) as rows:
        tampering.act(rows)
    expected = [*tampering.alone, *OUTSIDE.get(name, [])]
    said = verified(place, *BROUGHT, faults=bool(expected))
    assert sorted(_first(said)) == sorted(expected)
    assert said["faults"] == len(expected)


def test_where_nothing_was_changed_it_says_how_far_witnesses_vouch(place: JournalPlace, keys: KeyPlaces) -> None:
    Path("notes/1000").unlink()
    said = verified(place, *BROUGHT, faults=False)
    assert (said["signed"], said["witnessed"], said["mirrored"], said["key_brought"]) == (1_000, 768, 1_000, True)
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    assert said["last_cosigned"] == "2023-11-14T22:13:20Z"
    lines = credence("journal", "verify", where, *BROUGHT).stdout.splitlines()
    assert "since     232 records are vouched for by nobody; last cosigned 2023-11-14T22:13:20Z" in lines
    assert lines[-1] == "no fault in the first 768"
    assert "witnessed 768 by the newest checkpoint that holds and is cosigned by `auditor`" in lines
    assert "mirrored  1,000 as the mirror has them" in lines


def _into_table(place: JournalPlace, rows: Sequence[dict[str, Any]]) -> None:
    with connected(place) as connection:
        for row in rows:
            statement = "INSERT INTO cosignatures (size, witness, line) VALUES (:size, :witness, :line)"
            connection.execute(text(statement), row)


def test_cosignatures_that_the_journal_kept_count_by_the_keys_of_the_policy(
    place: JournalPlace, keys: KeyPlaces
) -> None:
    with changed(place, keys) as rows:
        notes = {row["size"]: row["note"] for row in rows.checkpoints}
    lines = {size: cosignature(WITNESS, notes[size], TIME) for size in SIGNED}
    none = ["checkpoints: none that holds is cosigned as the trust policy asks, by `auditor`"]
    assert _first(verified(place, "--trust", "trust.policy", faults=True)) == none
    _into_table(place, [{"size": 512, "witness": "x", "line": cosignature(OTHER, notes[512], TIME)}])
    assert _first(verified(place, "--trust", "trust.policy", faults=True)) == none
    _into_table(place, [{"size": 768, "witness": "w", "line": lines[768]}])
    assert verified(place, "--trust", "trust.policy", faults=False)["witnessed"] == 768
    _into_table(place, [{"size": 1_000, "witness": "w", "line": lines[768]}])
    said = verified(place, "--trust", "trust.policy", faults=True)
    assert _first(said) == [
        "checkpoint 1000: the cosignature of `auditor.example/w1` does not count: its signature is not that of the key"
    ]
    assert said["witnessed"] == 768


@pytest.mark.parametrize("by", ["journal", "notes"])
def test_witnesses_may_not_have_looked_too_long_ago(place: JournalPlace, keys: KeyPlaces, by: str) -> None:
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    with changed(place, keys) as rows:
        note = rows.checkpoints[-1]["note"]
    ago = int(time()) - 26 * 3_600
    if by == "journal":
        _into_table(place, [{"size": 1_000, "witness": "w", "line": cosignature(WITNESS, note, ago)}])
    else:
        Path("state").write_text(note + cosignature(WITNESS, note, ago), "utf-8")
    words = ("--trust", "trust.policy", *(() if by == "journal" else ("--witness-notes", "state")))
    for within, is_late in (("2d", False), ("27h", False), ("25h", True), ("1d", True)):
        said = verified(place, *words, "--witnessed-within", within, faults=is_late)
        assert (said["witnessed"], [each["kind"] for each in said["first"]]) == (
            1_000,
            ["cosignature missing or not by the witness"] * is_late,
        )
    assert credence("journal", "verify", where, *words).stdout.splitlines()[-1] == "no fault"
    for odd in ("2", "d", "0d", "-1d", "2w", "1" * 5_000 + "d", "2d ", ""):
        done = credence("journal", "verify", where, *words, f"--witnessed-within={odd}")
        assert (done.exit_code, "write how many hours or days" in " ".join(done.stderr.split())) == (2, True), odd
    _trust(Path("trust.policy").read_text("utf-8").split("\n")[0], "quorum none")
    assert credence("journal", "verify", where, *words[:2], "--witnessed-within", "2d").exit_code == 2
    assert credence("journal", "verify", where, "--witnessed-within", "2d").exit_code == 2


SPOILED: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "no signature": lambda _: "hello\n",
    "no end": lambda line: line.removesuffix("\n"),
    "two ends": lambda line: f"{line}\n",
    "cut": lambda line: f"{line[:40]}*\n",
    "another character": lambda line: f"{line[:-2]}!\n",
    "a blank line before": lambda line: f"\n{line}",
    "two lines": lambda line: line + line,
}


@pytest.mark.parametrize("name", one_in(4, SPOILED))
def test_a_cosignature_that_is_spoiled_says_nothing_against_its_checkpoint(
    place: JournalPlace, keys: KeyPlaces, name: str
) -> None:
    """Nor against another witness's of the same one."""
    with changed(place, keys) as rows:
        notes = {row["size"]: row["note"] for row in rows.checkpoints}
    spoiled = SPOILED[name](cosignature(OTHER, notes[768], TIME))
    good = cosignature(WITNESS, notes[768], TIME)
    _into_table(place, [{"size": 768, "witness": f"{w}", "line": line} for w, line in (("a", spoiled), ("z", good))])
    said = verified(place, "--trust", "trust.policy", faults=True)
    assert said["kinds"] == {"cosignature missing or not by the witness": 1}
    assert _first(said)[0].startswith("checkpoint 768: the cosignature `")
    assert _first(said)[0].endswith("can't be read")
    assert (said["signed"], said["witnessed"]) == (1_000, 768)
    assert verified(place, faults=True)["kinds"] == {"cosignature missing or not by the witness": 1}


def test_two_receipts_of_one_record_that_differ_are_told(place: JournalPlace, keys: KeyPlaces) -> None:
    """The journal is that of the one caller, or of the other: the key signed both."""
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    receipts = ("--receipt", "so-700.tlog-proof", "--receipt", "other.tlog-proof")
    assert credence("journal", "proof", "700", "--journal", where, "--save", "other.tlog-proof").exit_code == 0
    _trust(Path("trust.policy").read_text("utf-8").split("\n")[0], "quorum none")
    verified(place, "--trust", "trust.policy", *receipts, faults=False)
    Path("other.tlog-proof").unlink()
    with changed(place, keys) as rows:
        rows.rewrite(700)
        rows.rebuild()
        rows.sign(rows.signer)
    assert credence("journal", "proof", "700", "--journal", where, "--save", "other.tlog-proof").exit_code == 0
    for turned in (receipts, (*receipts[2:], *receipts[:2])):
        said = _first(verified(place, "--trust", "trust.policy", *turned, faults=True))
        assert RECEIPT in said
        assert HISTORY in said
        assert any("prove two records of that number: two histories were signed" in each for each in said)


def test_the_checkpoint_in_a_receipt_counts_where_its_record_is_the_same(place: JournalPlace, keys: KeyPlaces) -> None:
    with changed(place, keys) as rows:
        rows.rewrite(900)
        rows.rebuild()
        rows.sign(rows.signer)
    said = verified(place, "--trust", "trust.policy", "--receipt", "so-700.tlog-proof", faults=True)
    assert HISTORY in _first(said)
    assert RECEIPT not in _first(said)


def test_a_quorum_of_two_takes_both(place: JournalPlace, keys: KeyPlaces) -> None:
    log = Path("trust.policy").read_text("utf-8").split("\n")[0]
    witnesses = [f"witness auditor {WITNESS.verifier.as_text()}", f"witness other {OTHER.verifier.as_text()}"]
    _trust(log, *witnesses, "group both all auditor other", "quorum both")
    none = "checkpoints: none that holds is cosigned as the trust policy asks, by `both`"
    assert _first(verified(place, *NOTES, faults=True)) == [none]
    _keep(Path("notes/512").read_text("utf-8").rpartition("\u2014 ")[0], OTHER, "other.state")
    assert verified(place, *NOTES, "--witness-notes", "other.state", faults=False)["witnessed"] == 512
    with changed(place, keys) as rows:
        rows.rewrite(300)
        rows.rebuild()
        rows.sign(rows.signer)
    assert sorted(_first(verified(place, *NOTES, "--witness-notes", "other.state", faults=True))) == [
        none,
        "records 0..511: witness `auditor` saw another history of 512 records",
        "records 0..511: witness `other` saw another history of 512 records",
    ]


def test_a_proof_counts_with_the_cosignatures_that_the_policy_asks_for(place: JournalPlace, keys: KeyPlaces) -> None:
    """Checked where nothing of the journal is."""
    bare = credence("journal", "verify", "so-700.tlog-proof", "--trust", "trust.policy")
    why = "its checkpoint is cosigned by nobody, and the trust policy asks for `auditor`"
    assert (bare.exit_code, bare.stdout) == (1, f"FAULT     so-700.tlog-proof: {why}\n")
    proof = Path("so-700.tlog-proof").read_text("utf-8")
    note = proof.partition("\n\n")[2]
    cosigned = proof + cosignature(WITNESS, note, TIME)
    Path("so-700.tlog-proof").write_text(cosigned, "utf-8")
    done = credence("journal", "verify", "so-700.tlog-proof", "--trust", "trust.policy")
    assert (done.exit_code, "witnessed by auditor, 2023-11-14T22:13:20Z" in done.stdout) == (0, True)
    said = json.loads(credence("journal", "verify", "so-700.tlog-proof", "--trust", "trust.policy", "--json").stdout)
    assert (said["cosigned"], said["header"]["seq"]) == (["auditor"], 700)
    signer = signing_key(keys.signing_key, may_make=False)
    for other in (new_signer(signer.name), NoteSigner("example.com/other", signer.key)):
        _trust(f"log {other.verifier.as_text()}", "quorum none")
        refused = credence("journal", "verify", "so-700.tlog-proof", "--trust", "trust.policy")
        assert (refused.exit_code, "not signed by the key" in refused.stdout) == (1, True)
    _trust(f"log {NoteSigner(next_epoch(signer.name), signer.key).verifier.as_text()}", "quorum none")
    assert credence("journal", "verify", "so-700.tlog-proof", "--trust", "trust.policy").exit_code == 0


def test_a_receipt_of_a_record_that_is_gone_says_so(place: JournalPlace, keys: KeyPlaces) -> None:
    with changed(place, keys) as rows:
        del rows.entries[600:], rows.bodies[600:]
        rows.checkpoints = rows.checkpoints[:2]
        rows.rebuild()
    alone = ("--trust", "trust.policy", "--receipt", "so-700.tlog-proof")
    _trust(Path("trust.policy").read_text("utf-8").split("\n")[0], "quorum none")
    assert _first(verified(place, *alone, faults=True)) == [
        f"record 600: is missing: the journal ends there, and {SIGNED_OVER} 1000",
    ]
    assert _first(verified(place, "--mirror", "mirror", faults=True)) == [
        "record 600: is missing: the journal ends there, and the mirror has 1000 records",
    ]


def test_what_can_not_be_used_is_refused(place: JournalPlace, keys: KeyPlaces) -> None:
    where = place.uri if isinstance(place, ServerAddress) else str(place)
    _keep(Path("notes/512").read_text("utf-8").rpartition("\u2014 ")[0], OTHER, "foreign")
    Path("empty").mkdir()
    Path("odd").write_bytes(b"abc")
    Path("quorum").write_text("quorum none\n", "utf-8")
    trust = ["--trust", "trust.policy"]
    for words, why in (
        (["--witness-notes", "notes"], "name them with --trust"),
        (["--receipt", "so-700.tlog-proof"], "give it with --trust or --key"),
        ([*trust, "--key", WITNESS.verifier.as_text()], "names the journal's key; leave --key out"),
        (["--trust", "quorum"], "has no line `log KEY`; add it, or give the key with --key"),
        (["--trust", "odd"], "the trust policy `odd` can't be used: line 1: `abc` is none of"),
        ([*trust, "--witness-notes", "foreign"], "is cosigned by no witness that the trust policy names"),
        ([*trust, "--witness-notes", "empty"], "the folder `empty` has no witness's note"),
        ([*trust, "--witness-notes", "odd"], "the witness's note `odd` can't be used: it is no signed note"),
        ([*trust, "--receipt", "notes/512"], "`notes/512` proves nothing: it is no proof"),
        ([*trust, "--mirror", "odd"], "`odd` is no file of hashes of 32 bytes"),
        ([*trust, "--mirror", "none"], "`none` can't be read: No such file"),
    ):
        done = credence("journal", "verify", where, *words)
        assert (done.exit_code, done.stdout) == (2, ""), words
        assert why in " ".join(done.stderr.split()), words
