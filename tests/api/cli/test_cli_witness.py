"""A witness on a machine of its own: it cosigns what goes on from what it saw, and nothing else, whatever breaks."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from ledger.record.checkpoints import Checkpoint
from ledger.record.cosignatures import cosigned_at
from ledger.record.log_proofs import read_proof
from ledger.record.merkle_tree import leaf_hash
from ledger.record.signed_notes import COSIGNATURE, new_signer, read_verifier
from ledger.record.witness_requests import read_request
from ledger.store.secret_files import beside, signing_key
from ledger.witness.mirror import Mirror
from tests.support.command_line import credence
from tests.support.tampering import SIGNED, changed, write_journal

JOURNAL = Path("var/credence.db")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("written") / "var"
    write_journal(home / "credence.db", beside(home / "credence.db"))
    return home


@pytest.fixture(autouse=True)
def _home(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(written, "var")
    done = credence("witness", "new-key", "auditor.example/w1")
    assert done.exit_code == 0
    vkey = signing_key(beside(JOURNAL.absolute()).signing_key, may_make=False).verifier.as_text()
    Path("journal.vkey").write_text(vkey, "utf-8")
    Path("trust.policy").write_text(f"log {vkey}\nwitness auditor {done.stdout}quorum auditor\n", "utf-8")


def _asked(since: int | str, *more: str, size: int = 1_000) -> None:
    """As the journal was at this size."""
    for name in ("request", "hashes"):
        Path(name).unlink(missing_ok=True)
    shutil.copytree("var", "then")
    journal = Path("then/credence.db")
    if size < 1_000:
        with changed(journal, beside(journal.absolute())) as rows:
            del rows.entries[size:], rows.bodies[size:]
            rows.checkpoints = [row for row in rows.checkpoints if row["size"] <= size]
            rows.rebuild()
    words = ["--for-witness", str(since), "--save", "request", "--journal", str(journal), *more]
    done = credence("journal", "checkpoint", *words)
    shutil.rmtree("then")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def _cosigned(*more: str) -> Result:
    first = () if Path("witness.state").exists() else ("--first",)
    return credence("witness", "cosign", "request", "--log", "journal.vkey", *first, *more)


def _kept() -> dict[str, bytes]:
    names = ("witness.key", "witness.state", "mirror")
    return {name: Path(name).read_bytes() for name in names if Path(name).exists()}


def test_a_journal_that_grows_is_cosigned_again_and_again(written: Path) -> None:
    since: int | str = 0
    for size in SIGNED:
        _asked(since, size=size)
        done = _cosigned()
        assert (done.exit_code, done.stderr) == (0, "")
        note = read_request(Path("request").read_text("utf-8")).note
        verifier = read_verifier(credence_key(), COSIGNATURE)
        assert cosigned_at(verifier, note + done.stdout) is not None
        assert Path("witness.state").read_text("utf-8") == note + done.stdout
        since = size if size < 768 else "witness.state"
    assert Path("witness.key").stat().st_mode & 0o777 == 0o600
    assert Path("witness.state").stat().st_size < 500
    Path("line").write_text(done.stdout, "utf-8")
    kept = credence("journal", "cosignature", "line", "--request", "request", "--trust", "trust.policy")
    assert (kept.exit_code, kept.stdout) == (0, "kept: auditor cosigned the checkpoint of 1,000 records\n")
    again = credence("journal", "cosignature", "line", "--request", "request", "--trust", "trust.policy")
    assert again.stdout == "there already: auditor cosigned the checkpoint of 1,000 records\n"
    proof = read_proof(credence("journal", "proof", "700").stdout)
    assert cosigned_at(verifier, proof.note) == cosigned_at(verifier, note + done.stdout)
    assert credence("journal", "checkpoint").stdout == note + done.stdout


def credence_key() -> str:
    return Path("trust.policy").read_text("utf-8").split("\n")[1].split(" ")[2]


@pytest.mark.parametrize("seen", [1_000, 768, 512])
def test_a_history_that_was_written_anew_is_refused_even_with_the_true_key(seen: int) -> None:
    _asked(0, size=seen)
    assert _cosigned().exit_code == 0
    with changed(JOURNAL, beside(JOURNAL.absolute())) as rows:
        rows.rewrite(300)
        rows.rebuild()
        rows.sign(rows.signer)
    before = _kept()
    _asked(seen)
    done = _cosigned()
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"credence: refused: another history of {seen} records than the one seen\n"
    assert _kept() == before


def test_what_does_not_go_on_from_what_was_seen_is_refused() -> None:
    _asked(0, size=768)
    first = Path("request").read_bytes()
    assert _cosigned().exit_code == 0
    before = _kept()
    _asked(512)
    assert (_cosigned().exit_code, "768 were seen; make it again with --for-witness 768" in _cosigned().stderr) == (
        2,
        True,
    )
    _asked(0, size=512)
    done = _cosigned()
    assert (done.exit_code, done.stderr) == (1, "credence: refused: a history of 512 records, and 768 were seen\n")
    Path("request").write_bytes(first)
    assert _cosigned().exit_code == 2  # it goes on from nothing
    _asked(768)
    lines = Path("request").read_text("utf-8").split("\n")
    for number in range(1, lines.index("")):
        Path("request").write_text("\n".join([*lines[:number], *lines[number + 1 :]]), "utf-8")
        assert _cosigned().stderr == "credence: refused: another history of 768 records than the one seen\n"
    assert _kept() == before


def test_another_logs_checkpoint_is_refused() -> None:
    _asked(0)
    origin = Path("journal.vkey").read_text("utf-8").split("+")[0]
    request = read_request(Path("request").read_text("utf-8"))
    for signer in (new_signer(origin), new_signer("example.com/other")):
        note = Checkpoint(signer.name, 1_000, bytes(32)).signed(signer)
        Path("request").write_text(f"old 0\n\n{note}", "utf-8")
        done = _cosigned()
        assert (done.exit_code, f"the checkpoint is not signed by {origin}" in done.stderr) == (1, True)
    assert not Path("witness.state").exists()
    Path("request").write_text(request.text(), "utf-8")
    assert _cosigned().exit_code == 0
    Path("other.vkey").write_text(new_signer(origin).verifier.as_text(), "utf-8")
    assert credence("witness", "cosign", "request", "--log", "other.vkey").exit_code == 1


def _forged(name: str, verifier_id: bytes, content: bytes) -> str:
    return f"\u2014 {name} {b64encode(verifier_id + content).decode()}\n"


@pytest.mark.parametrize("content", [bytes(8) + b"x" * 64, b"\xff" * 72, b"x", b"x" * 500])
def test_no_line_beside_the_logs_own_gets_into_the_state(content: bytes) -> None:
    """Whatever a journal's owner adds to a request, the next honest one is cosigned."""
    own, stranger = read_verifier(credence_key(), COSIGNATURE), new_signer("other.example/w", COSIGNATURE)
    since = 0
    for size in (512, 768):
        _asked(since, size=size)
        honest, before = Path("request").read_text("utf-8"), _kept()
        Path("request").write_text(honest + _forged(own.name, own.id, content), "utf-8")
        done = _cosigned()
        assert (done.exit_code, done.stdout) == (1, "")
        assert "refused: it holds a line by auditor.example/w1 already" in " ".join(done.stderr.split())
        assert _kept() == before
        more = _forged(stranger.name, stranger.verifier.id, content) + _forged(own.name, b"abcd", content)
        Path("request").write_text(honest + more, "utf-8")
        done = _cosigned()
        assert (done.exit_code, done.stderr) == (0, "")
        assert Path("witness.state").read_text("utf-8") == read_request(honest).note + done.stdout
        since = size


def test_a_state_that_is_missing_is_never_made_anew_by_itself() -> None:
    """Nor is it looked for where the command happens to run: it stands beside the key."""
    _asked(0, size=512)
    assert _cosigned().exit_code == 0
    Path("keys").mkdir()
    for name in ("witness.key", "witness.state"):
        Path(name).rename(f"keys/{name}")
    with changed(JOURNAL, beside(JOURNAL.absolute())) as rows:
        rows.rewrite(300)
        rows.rebuild()
        rows.sign(rows.signer)
    _asked(0)
    words = ("witness", "cosign", "request", "--log", "journal.vkey", "--witness-key", "keys/witness.key")
    assert (credence(*words).exit_code, credence(*words, "--first").exit_code) == (2, 2)
    Path("keys/witness.state").unlink()
    missing = credence(*words)
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "the witness's state `keys/witness.state` is missing" in " ".join(missing.stderr.split())
    assert not Path("keys/witness.state").exists()
    assert not Path("witness.state").exists()


def test_an_export_has_the_cosignatures_by_which_a_quorum_is_met() -> None:
    """Also where its newest checkpoint is cosigned by nobody."""
    other = credence("witness", "new-key", "other.example/w", "--witness-key", "other.key").stdout.strip()
    log, auditor, _ = Path("trust.policy").read_text("utf-8").splitlines()
    _trust(log, auditor, f"witness other {other}", "quorum none")
    for key, sizes in (("witness", (256, 512, 768)), ("other", (256, 512))):
        for size in sizes:
            _asked(f"{key}.state" if size > 256 else 0, size=size)
            first = ["--first"] if size == 256 else []
            words = ["cosign", "request", "--log", "journal.vkey", "--witness-key", f"{key}.key"]
            Path("line").write_text(credence("witness", *words, *first).stdout, "utf-8")
            kept = credence("journal", "cosignature", "line", "--request", "request", "--trust", "trust.policy")
            assert kept.exit_code == 0, kept.stderr
    done = credence("journal", "export", "out")
    assert done.exit_code == 0, done.stderr
    assert sorted(each.name for each in Path("out/cosigned").iterdir()) == ["512", "768"]
    for asked, least, size in (("auditor", 1, 768), ("other", 1, 512), ("group", 2, 512), ("group", 1, 768)):
        _trust(log, auditor, f"witness other {other}", f"group group {least} auditor other", f"quorum {asked}")
        said = json.loads(credence("journal", "verify", "out", "--trust", "trust.policy", "--json").stdout)
        assert (said["faults"], said["witnessed"], said["size"]) == (0, size, 1_000), asked
    told = credence("journal", "verify", "out", "--trust", "trust.policy").stdout
    assert told.splitlines()[-1] == "no fault in the first 768"
    whole = Path("out/cosigned/512").read_bytes()
    for name, changed_to, why in (
        ("512", Path("out/cosigned/768").read_bytes(), "is not the one in manifest.json"),
        ("512", whole[:-20], "is not the one in manifest.json"),
        ("512", None, "is missing"),
    ):
        Path(f"out/cosigned/{name}").unlink()
        if changed_to is not None:
            Path(f"out/cosigned/{name}").write_bytes(changed_to)
        found = json.loads(credence("journal", "verify", "out", "--trust", "trust.policy", "--json").stdout)
        assert f"cosigned/{name}: {why}" in [each["fault"] for each in found["first"]]
        Path(f"out/cosigned/{name}").write_bytes(whole)


def _trust(*lines: str) -> None:
    Path("trust.policy").write_text("\n".join([*lines, ""]), "utf-8")


def test_the_mirror_has_the_hash_of_each_record() -> None:
    for since, size in ((0, 256), (256, 700), (700, 700), (700, 1_000)):
        with changed(JOURNAL, beside(JOURNAL.absolute())) as rows:
            rows.sign(rows.signer, (256, 700, 1_000))
            leaves = b"".join(leaf_hash(row["header"].encode()) for row in rows.entries)
        _asked(since, "--save-hashes", "hashes", size=size)
        done = _cosigned("--mirror", "mirror", "--hashes", "hashes")
        assert done.exit_code == 0, done.stderr
        assert Path("mirror").read_bytes() == leaves[: size * 32]


def test_a_mirror_may_begin_late_and_hashes_that_are_not_the_journals_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _asked(0, size=512)
    assert _cosigned().exit_code == 0
    _asked(512, "--save-hashes", "hashes")
    done = _cosigned("--mirror", "mirror", "--hashes", "hashes")
    assert (done.exit_code, "write them with --save-hashes and --since 0" in done.stderr) == (2, True)
    _asked(512, "--save-hashes", "hashes", "--since", "0")
    whole, before = Path("hashes").read_bytes(), _kept()
    for at in (5, 32 * 511, 32 * 512, len(whole) - 1):
        Path("hashes").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        done = _cosigned("--mirror", "mirror", "--hashes", "hashes")
        assert (done.exit_code, "the hashes are not those of the" in done.stderr) == (2, True)
    assert _kept() == before
    Path("hashes").write_bytes(whole)
    checked = Mirror._check  # between the check and what is added

    def check_and_change(mirror: Mirror, *more: Any) -> None:
        checked(mirror, *more)
        Path("hashes").write_bytes(bytes(len(whole)))

    Path("mirror").write_bytes(b"")
    monkeypatch.setattr(Mirror, "_check", check_and_change)
    assert _cosigned("--mirror", "mirror", "--hashes", "hashes").exit_code == 0
    assert Path("mirror").read_bytes() == whole


def test_whatever_breaks_the_state_is_the_old_one_or_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror grows first: what an interrupted run left is passed over."""
    _asked(0, "--save-hashes", "hashes", size=512)
    assert _cosigned("--mirror", "mirror", "--hashes", "hashes").exit_code == 0
    before = Path("witness.state").read_bytes()
    _asked(512, "--save-hashes", "hashes")
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", _fail)
        done = _cosigned("--mirror", "mirror", "--hashes", "hashes")
        assert (done.exit_code, done.stdout, "can't be written" in done.stderr) == (2, "", True)
    assert Path("witness.state").read_bytes() == before
    assert [each.name for each in Path().iterdir() if "witness.state" in each.name] == ["witness.state"]
    assert _cosigned("--mirror", "mirror", "--hashes", "hashes").exit_code == 0
    assert Path("mirror").stat().st_size == 32_000


def _fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["new-key", "a b"], "`a b` can't be a witness's name"),
        (["new-key", "a+b"], "`a+b` can't be a witness's name"),
        (["new-key", "a.b/w"], "`witness.key` is there already"),
        (["new-key", "a.b/w", "--witness-key", "none/key"], None),
        (["cosign", "none", "--log", "journal.vkey"], "the request `none` is no file"),
        (["cosign", "journal.vkey", "--log", "journal.vkey"], "it is no request to a witness"),
        (["cosign", "request", "--log", "witness.key"], "it is no verifier key"),
        (["cosign", "request", "--log", "journal.vkey", "--witness-key", "none"], "`none` can't be used: No such file"),
        (
            ["cosign", "request", "--log", "journal.vkey", "--witness-key", "journal.vkey"],
            "can't be used: it is no witness's",
        ),
        (["cosign", "request", "--log", "journal.vkey", "--mirror", "m"], "--mirror and --hashes belong together"),
        (["cosign", "request", "--log", "journal.vkey", "--state", "journal.vkey"], "it is no signed note"),
        (["cosign", "request", "--log", "journal.vkey"], "`witness.state` is missing; put it back, or give --first"),
        (["cosign", "request", "--log", "journal.vkey", "--state", "journal.vkey", "--first"], "leave --first out"),
    ],
)
def test_what_can_not_be_used_is_said(words: list[str], said: str | None) -> None:
    _asked(0)
    done = credence("witness", *words)
    assert done.exit_code == (0 if said is None else 2)
    assert (said or "") in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["checkpoint", "--for-witness", "1001"], "no checkpoint of 1001 records or more: the newest covers 1000"),
        (["checkpoint", "--for-witness", "journal.vkey"], "`journal.vkey` is no witness's state"),
        (["checkpoint", "--for-witness", "none"], "is no file"),
        (["checkpoint", "--save-hashes", "h"], "give --for-witness too"),
        (["checkpoint", "--for-witness", "0", "--since", "1"], "--since says what --save-hashes begins with"),
        (["checkpoint", "--save", "none/a"], "`none/a` can't be written"),
        (["checkpoint", "--save", "line"], "`line` is there already"),
        (["cosignature", "line", "--request", "request"], "give one with --trust"),
        (["cosignature", "line", "--request", "line", "--trust", "trust.policy"], "it is no request to a witness"),
        (["cosignature", "other", "--request", "request", "--trust", "trust.policy"], "not one line of one witness"),
        (["cosignature", "request", "--request", "request", "--trust", "trust.policy"], "no line of a signature"),
        (["cosignature", "line", "--request", "later", "--trust", "trust.policy"], "is not the answer to `later`"),
        (["cosignature", "line", "--request", "request", "--trust", "line"], "the trust policy `line` can't be used"),
    ],
)
def test_what_a_journal_can_not_use_is_said(words: list[str], said: str) -> None:
    _asked(0, size=768)
    Path("line").write_text(_cosigned().stdout, "utf-8")
    Path("request").rename("earlier")
    _asked(768)
    Path("request").rename("later")
    Path("earlier").rename("request")
    credence("witness", "new-key", "other.example/w", "--witness-key", "other.key")
    other = credence("witness", "cosign", "request", "--log", "journal.vkey", "--witness-key", "other.key", "--first")
    Path("other").write_text(other.stdout, "utf-8")
    done = credence("journal", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())
