"""Whoever changes the folder of an export: `credence journal verify` names line and record, with the folder alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.record.body_parts import Part, commitment
from ledger.record.checkpoints import Checkpoint
from ledger.record.signed_notes import new_signer
from ledger.store.secret_files import beside, signing_key
from ledger.verify.journal_faults import MEANINGS, FaultKind
from tests.support.command_line import credence
from tests.support.steps import one_in
from tests.support.tampering import SIGNED, VERSION, changed, write_journal

Lines = list[dict[str, Any]]
Tamper = Callable[[Path], object]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal; `out`, all of it; `some`, of one customer, masked; `key`, `kept-…`, checkpoints."""
    home = tmp_path_factory.mktemp("home")
    journal = home / "var" / "credence.db"
    write_journal(journal, beside(journal))
    for words in (["out"], ["some", "--account", "C-7", "--masked"]):
        assert credence("journal", "export", "--journal", journal, home / words[0], *words[1:]).exit_code == 0
    key = signing_key(beside(journal).signing_key, may_make=False).verifier.as_text()
    (home / "key").write_text(f"{key}\n", "utf-8")
    with changed(journal, beside(journal)) as rows:
        for row in rows.checkpoints:
            (home / f"kept-{row['size']}").write_text(row["note"], "utf-8")
    return home


@pytest.fixture
def folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all: nothing else is beside it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(home / "out", tmp_path / "out")
    return tmp_path / "out"


def _verified(*words: str | Path, faults: bool) -> dict[str, Any]:
    done = credence("journal", "verify", *words, "--json")
    assert (done.exit_code, done.stderr) == (1 if faults else 0, ""), done.stdout
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _lines(folder: Path, change: Callable[[Lines], object]) -> None:
    """Changes the lines, and what the manifest says of them."""
    lines = [json.loads(line) for line in (folder / "entries.ndjson").read_text("utf-8").splitlines()]
    change(lines)
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    (folder / "entries.ndjson").write_bytes(content)
    _manifest(
        folder,
        lambda said: said["files"].update(
            {"entries.ndjson": {"bytes": len(content), "sha256": sha256(content).hexdigest()}}
        ),
    )


def _manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    said = json.loads((folder / "manifest.json").read_text("utf-8"))
    change(said)
    (folder / "manifest.json").write_text(json.dumps(said), "utf-8")


def _on_lines(change: Callable[[Lines], object]) -> Tamper:
    return lambda folder: _lines(folder, change)


def _content(lines: Lines) -> None:
    part = next(part for part in lines[700]["parts"] if part["path"] == "answer")
    part["content"] = part["content"].replace("hold", "approve")


def _content_with_commitment(lines: Lines) -> None:
    _content(lines)
    part = next(part for part in lines[700]["parts"] if part["path"] == "answer")
    part["commitment"] = commitment(bytes.fromhex(part["salt"]), Part("answer", part["content"].encode())).hex()


def _say_gone(line: dict[str, Any], how: str) -> None:
    del line["parts"]
    line["gone"] = {"how": how, "by": 701}


def _header(lines: Lines) -> None:
    lines[700]["header"] = lines[700]["header"].replace('"hold"', '"approve"')


def _swapped(lines: Lines) -> None:
    lines[700], lines[701] = lines[701], lines[700]


def _bytes_of(name: str, at: int) -> Tamper:
    def act(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])

    return act


def _signed_by_another(folder: Path) -> None:
    signer = new_signer(json.loads((folder / "manifest.json").read_text())["checkpoint"]["verifier_key"].split("+")[0])
    note = (folder / "checkpoint").read_text("utf-8")
    (folder / "checkpoint").write_text(signer.signed(note.partition("\n\n")[0] + "\n"), "utf-8")
    _manifest(folder, lambda said: said["checkpoint"].update(verifier_key=signer.verifier.as_text()))
    content = (folder / "checkpoint").read_bytes()
    _sum(folder, "checkpoint", content)


def _sum(folder: Path, name: str, content: bytes) -> None:
    said = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    _manifest(folder, lambda manifest: manifest["files"].update({name: said}))


def _policy_set(folder: Path) -> None:
    name = f"policy_sets/{VERSION}.json"
    content = (folder / name).read_bytes().replace(b"orders", b"others")
    (folder / name).write_bytes(content)
    _sum(folder, name, content)


SUM = "is not the one in manifest.json"
HISTORY = "records 0..999: one of them is not what checkpoint 1000 was signed over"
TAMPERINGS: dict[str, tuple[Tamper, list[str]]] = {
    "nothing": (lambda _: None, []),
    "content": (_on_lines(_content), ["entries.ndjson:701: record 700: part answer is not the one recorded"]),
    "content and its commitment": (
        _on_lines(_content_with_commitment),
        ["entries.ndjson:701: record 700: its body is not the one recorded"],
    ),
    "a commitment": (
        _on_lines(lambda lines: lines[700]["parts"][0].update(commitment="0" * 64)),
        ["entries.ndjson:701: record 700: its body is not the one recorded"],
    ),
    "said to be erased": (
        _on_lines(lambda lines: _say_gone(lines[700], "erased")),
        ["entries.ndjson:701: record 700: its body is missing, and record 701 does not list it"],
    ),
    "said to be dropped": (
        _on_lines(lambda lines: _say_gone(lines[700], "dropped")),
        ["entries.ndjson:701: record 700: its body is missing"],
    ),
    "header": (_on_lines(_header), ["entries.ndjson:701: record 700: is not the one in tile 0/2"]),
    "removed": (
        _on_lines(lambda lines: lines.pop(700)),
        ["entries.ndjson:701: record 700: is missing", "manifest.json: says 1000 records, entries.ndjson has 999"],
    ),
    "the last removed": (
        _on_lines(lambda lines: lines.__delitem__(slice(990, None))),
        [
            "entries.ndjson:991: records 990..999: are missing",
            "manifest.json: says 1000 records, entries.ndjson has 990",
        ],
    ),
    "swapped": (_on_lines(_swapped), ["entries.ndjson:702: record 700: stands behind record 701"]),
    "doubled": (
        _on_lines(lambda lines: lines.insert(701, lines[700])),
        [
            "entries.ndjson:702: record 700: stands there twice",
            "manifest.json: says 1000 records, entries.ndjson has 1001",
        ],
    ),
    "a part removed": (
        _on_lines(lambda lines: lines[700]["parts"].pop()),
        ["entries.ndjson:701: record 700: its body is not the one recorded"],
    ),
    "salt": (
        _on_lines(lambda lines: lines[700]["parts"][0].update(salt="0" * 32)),
        ["entries.ndjson:701: record 700: part request is not the one recorded"],
    ),
    "no hexadecimal": (
        _on_lines(lambda lines: lines[700]["parts"][0].update(salt="x")),
        ["entries.ndjson:701: record 700: its parts can't be read"],
    ),
    "something more on a line": (
        _on_lines(lambda lines: lines[700].update(approved_by="me")),
        [
            "entries.ndjson:701: is no record with its header and its parts",
            "entries.ndjson:702: record 700: is missing",
        ],
    ),
    "the manifest's sum": (
        lambda folder: _sum(folder, "entries.ndjson", b""),
        [f"entries.ndjson: {SUM}"],
    ),
    "hash in a tile": (
        _bytes_of("tile/0/002", 32 * (700 - 512)),
        [
            "entries.ndjson:701: record 700: is not the one in tile 0/2",
            HISTORY,
            "tile 1/0: is not made of the tiles below it",
        ],
    ),
    "hash in the last tile": (
        _bytes_of("tile/0/003.p/232", 32),
        ["entries.ndjson:770: record 769: is not the one in tile 0/3", HISTORY],
    ),
    "hash above": (_bytes_of("tile/1/000.p/3", 5), ["tile 1/0: is not made of the tiles below it"]),
    "tile removed": (
        lambda folder: (folder / "tile/0/001").unlink(),
        ["tile/0/001: is missing, or not of its size"],
    ),
    "tile cut off": (
        lambda folder: (folder / "tile/0/003.p/232").write_bytes(b""),
        ["tile/0/003.p/232: is missing, or not of its size"],
    ),
    "checkpoint": (
        _bytes_of("checkpoint", -3),
        [f"checkpoint: {SUM}", "checkpoint 1000: its signature is not that of the journal key"],
    ),
    "checkpoint removed": (
        lambda folder: (folder / "checkpoint").unlink(),
        ["checkpoint: is missing", "checkpoint: holds none, so nothing is signed"],
    ),
    "signed by another": (_signed_by_another, ["checkpoint 1000: its signature is not that of the journal key"]),
    "policy set": (_policy_set, [f"policy set {VERSION[:8]}: its files do not give its version"]),
    "policy set removed": (
        lambda folder: shutil.rmtree(folder / "policy_sets"),
        [f"policy_sets/{VERSION}.json: is missing", f"policy set {VERSION[:8]}: is missing, and record 0 names it"],
    ),
    "another file named": (
        lambda folder: _sum(folder, "../../secret", b""),
        ["manifest.json: names `../../secret`, which no export has"],
    ),
}


@pytest.mark.parametrize("name", one_in(4, TAMPERINGS))
def test_what_was_changed_is_named(home: Path, folder: Path, name: str) -> None:
    act, expected = TAMPERINGS[name]
    act(folder)
    said = _verified(folder, "--key", home / "key", faults=bool(expected))
    assert [each["fault"] for each in said["first"]] == expected


def test_its_own_key_is_taken_where_none_is_brought_and_said_so(home: Path, folder: Path) -> None:
    _signed_by_another(folder)
    said = _verified(folder, faults=False)
    assert (said["key_brought"], said["key_from"]) == (False, "the folder's own manifest.json")
    shown = credence("journal", "verify", folder)
    assert "the folder's own manifest.json; with --key you bring one" in " ".join(shown.stdout.split())
    assert _verified(folder, "--key", (home / "key").read_text(), faults=True)["key_brought"] is True


def test_masked_and_in_part_it_holds(home: Path) -> None:
    said = _verified(home / "some", "--key", home / "key", faults=False)
    assert (said["records"], said["size"], said["bodies_withheld_in_part"], said["bodies"]) == (20, 1_001, 20, 0)


@pytest.mark.parametrize("size", SIGNED)
def test_each_checkpoint_that_was_taken_away_holds(home: Path, size: int) -> None:
    said = _verified(home / "some", "--key", home / "key", "--checkpoint", home / f"kept-{size}", faults=False)
    assert said["checkpoints"] == 2


def test_a_checkpoint_over_another_history_is_named(home: Path, tmp_path: Path) -> None:
    signer = signing_key(beside(home / "var" / "credence.db").signing_key, may_make=False)
    kept = tmp_path / "kept"
    kept.write_text(Checkpoint(signer.name, 300, bytes(32)).signed(signer), "utf-8")
    said = _verified(home / "out", "--checkpoint", kept, faults=True)
    assert [each["fault"] for each in said["first"]] == [
        f"records 0..299: the checkpoint in `{kept}` was signed over another history of 300 records"
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "--key", "key"], "there is nothing at `nowhere`"),
        (["key"], "`key`: the journal can't be read now: the file is not an SQLite database"),
        (["var"], "`var` is no export: it has no manifest.json"),
        (["out", "--key", "none"], "the key `none` is no file"),
        (["out", "--key", "out/checkpoint"], "`out/checkpoint`: it is no verifier key of Ed25519; give a verifier key"),
        (["out", "--checkpoint", "key"], "the checkpoint `key` is none"),
        (["out", "--checkpoint", "beyond"], "covers 2000 records, and the export ends at 1000"),
    ],
)
def test_what_can_not_be_used_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(home)
    signer = signing_key(beside(home / "var" / "credence.db").signing_key, may_make=False)
    (home / "beyond").write_text(Checkpoint(signer.name, 2_000, bytes(32)).signed(signer), "utf-8")
    done = credence("journal", "verify", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_on_the_terminal_the_first_fault_comes_with_what_it_means(home: Path, folder: Path) -> None:
    _lines(folder, _content)
    done = credence("journal", "verify", "out", "--key", home / "key")
    assert done.exit_code == 1
    means = MEANINGS[FaultKind.BODY]
    assert [line for line in done.stdout.splitlines() if not line.startswith("key ")] == [
        "export    out",
        "records   1,000",
        "bodies    999 as recorded",
        "signed    1,000 by the newest checkpoint that holds, of 1",
        "policies  1 policy set as its version says",
        "FAULT     entries.ndjson:701: record 700: part answer is not the one recorded",
        f"          {means}",
        "faults    1 × body not the one recorded",
    ]
