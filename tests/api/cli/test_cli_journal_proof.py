"""`credence journal proof` and its file, checked on a machine that has the verifier key and nothing else."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.record.signed_notes import new_signer
from ledger.store.secret_files import beside, signing_key
from tests.support.command_line import credence
from tests.support.tampering import changed, write_journal


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_journal(home / "var" / "credence.db", beside(home / "var" / "credence.db"), (256, 600))
    return home


@pytest.fixture
def key(home: Path) -> str:
    return signing_key(beside(home / "var" / "credence.db").signing_key, may_make=False).verifier.as_text()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _proved(home: Path, record: str) -> str:
    done = credence("journal", "proof", record, "--journal", home / "var" / "credence.db", "--save", "a.tlog-proof")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    return Path("a.tlog-proof").read_bytes().decode()


@pytest.mark.parametrize(("called", "seq"), [("0", 0), ("255", 255), ("id-300", 300), ("599", 599)])
def test_a_record_is_proved_elsewhere_by_the_key_alone(home: Path, key: str, called: str, seq: int) -> None:
    text = _proved(home, called)
    done = credence("journal", "verify", "a.tlog-proof", "--key", key, "--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["header"]["seq"], said["header"]["id"], said["size"]) == (0, seq, f"id-{seq}", 600)
    assert _root_of(text) == text.partition("\n\n")[2].split("\n")[2]


def _root_of(text: str) -> str:
    """Without anything of the product: from the header up, the other side's hash by the bits of index and size."""
    lines = text.partition("\n\n")[0].split("\n")
    hash_ = sha256(b"\0" + b64decode(lines[1].split(" ")[1])).digest()
    at, last = int(lines[2].split(" ")[1]), 600 - 1
    for line in lines[3:]:
        while at == last and not at & 1:  # alone on its level
            at, last = at >> 1, last >> 1
        other = b64decode(line)
        hash_ = sha256(b"\1" + (other + hash_ if at & 1 else hash_ + other)).digest()
        at, last = at >> 1, last >> 1
    return b64encode(hash_).decode()


def test_without_a_file_it_is_printed(home: Path) -> None:
    text = _proved(home, "7")
    assert credence("journal", "proof", "7", "--journal", home / "var" / "credence.db").stdout == text


def test_on_the_terminal_it_says_what_is_proved(home: Path, key: str) -> None:
    _proved(home, "7")
    Path("key").write_text(key, "utf-8")
    done = credence("journal", "verify", "a.tlog-proof", "--key", "key")
    lines = done.stdout.splitlines()
    assert (lines[:4], lines[-1]) == (
        ["proof     a.tlog-proof", "record    7", "kind      decision", "id        id-7"],
        "no fault",
    )
    assert "outcome   hold" in lines


def test_what_was_changed_is_refused(home: Path, key: str) -> None:
    text = _proved(home, "7")
    header = b64decode(text.split("\n")[1].split(" ")[1])
    other = text.replace(b64encode(header).decode(), b64encode(header.replace(b'"hold"', b'"free"')).decode())
    for changed_text, why in ((other, "its header is not that of record 7"), (text + "\n", "not signed by the key")):
        Path("b.tlog-proof").write_text(changed_text, "utf-8")
        done = credence("journal", "verify", "b.tlog-proof", "--key", key)
        assert done.exit_code == 1
        assert done.stdout.startswith("FAULT     b.tlog-proof: ")
        assert why in " ".join(done.stdout.split())
    origin = key.split("+")[0]
    done = credence("journal", "verify", "a.tlog-proof", "--key", new_signer(origin).verifier.as_text(), "--json")
    assert (done.exit_code, json.loads(done.stdout)["faults"]) == (1, 1)


def test_a_proof_that_was_kept_names_a_record_that_is_not_there_any_more(home: Path, tmp_path: Path) -> None:
    """Whoever has both keys writes the record anew and signs all: the kept proof still holds, the journal's doesn't say
    the same."""
    kept = _proved(home, "7").split("\n")[1]
    journal = home / "var" / "credence.db"
    with changed(journal, beside(journal)) as rows:
        before = [dict(row) for row in rows.entries], [dict(row) for row in rows.bodies], rows.tiles, rows.checkpoints
        head = dict(rows.head[0])
        rows.rewrite(7)
        rows.rebuild()
        rows.sign(rows.signer, (256, 600))
    try:
        (tmp_path / "a.tlog-proof").unlink()
        assert _proved(home, "7").split("\n")[1] != kept
    finally:
        with changed(journal, beside(journal)) as rows:
            rows.entries, rows.bodies, rows.tiles, rows.checkpoints = before
            rows.head = [head]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["proof", "600"], "the journal has no record `600`"),
        (["proof", "nobody"], "the journal has no record `nobody`"),
        (["proof", "7", "--save", "a.tlog-proof"], "`a.tlog-proof` is there already"),
        (["proof", "7", "--save", "none/a"], "can't be written: No such file or directory"),
        (["verify", "a.tlog-proof"], "give the journal's verifier key with --key"),
        (["verify", "a.tlog-proof", "--key", "x", "--checkpoint", "x"], "leave --checkpoint, --witness-notes"),
        (["verify", "a.tlog-proof", "--key", "x"], "the key `x` is no file"),
    ],
)
def test_what_can_not_be_used_is_refused(home: Path, words: list[str], said: str) -> None:
    _proved(home, "7")
    where = ["--journal", str(home / "var" / "credence.db")] if words[0] == "proof" else []
    done = credence("journal", *words, *where)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_what_no_checkpoint_covers_yet_is_said(home: Path) -> None:
    journal = home / "var" / "credence.db"
    with changed(journal, beside(journal)) as rows:
        newest = rows.checkpoints.pop()
    done = credence("journal", "proof", "300", "--journal", journal)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no checkpoint covers record 300 yet" in done.stderr
    assert credence("journal", "proof", "255", "--journal", journal).exit_code == 0
    with changed(journal, beside(journal)) as rows:
        rows.checkpoints.append(newest)
