"""Cosignatures and requests to witnesses, byte by byte as C2SP has them, and trust policies line by line."""

from __future__ import annotations

import random
from base64 import b64decode
from hashlib import sha256

import pytest

from ledger.record.checkpoints import Checkpoint, epochs_until, next_epoch, read_checkpoint
from ledger.record.cosignatures import cosignature, cosigned_at
from ledger.record.signed_notes import (
    COSIGNATURE,
    BadNote,
    NoteSigner,
    NoteVerifier,
    new_signer,
    read_signer,
    read_verifier,
)
from ledger.record.trust_policies import BadTrustPolicy, read_trust_policy
from ledger.record.witness_requests import BadRequest, WitnessRequest, read_request

LOG = new_signer("example.com/journal")
W1, W2, W3 = (new_signer(f"w{number}.example/w", COSIGNATURE) for number in (1, 2, 3))
NOTE = Checkpoint("example.com/journal", 1_000, bytes(range(32))).signed(LOG)
TIME = 1_679_315_147


def test_a_cosignature_is_what_the_specification_says() -> None:
    """Computed here from its words: message, key id, time."""
    line = cosignature(W1, NOTE, TIME)
    name, content = line.removeprefix("\u2014 ").removesuffix("\n").split(" ")
    raw, public = b64decode(content), W1.key.public_key().public_bytes_raw()
    assert name == "w1.example/w"
    assert raw[:4] == sha256(b"w1.example/w\n\x04" + public).digest()[:4]
    assert raw[4:12] == TIME.to_bytes(8, "big")
    text = NOTE.partition("\n\n")[0] + "\n"
    W1.key.public_key().verify(raw[12:], f"cosignature/v1\ntime {TIME}\n{text}".encode())
    assert len(raw) == 4 + 8 + 64


def test_it_stands_beside_the_logs_own_signature() -> None:
    cosigned = NOTE + cosignature(W1, NOTE, TIME) + cosignature(W2, NOTE, TIME + 1)
    assert read_checkpoint(cosigned, LOG.verifier).size == 1_000
    assert cosigned_at(W1.verifier, cosigned) == TIME
    assert cosigned_at(W2.verifier, cosigned) == TIME + 1
    assert cosigned_at(W3.verifier, cosigned) is None


def test_each_bit_counts() -> None:
    line = cosignature(W1, NOTE, TIME)
    cosigned, chance = NOTE + line, random.Random(4)
    for at in range(len(cosigned) - 1):
        other = chance.choice([each for each in "AZaz09+/=\n " if each != cosigned[at]])
        changed = f"{cosigned[:at]}{other}{cosigned[at + 1 :]}"
        in_journals_signature = NOTE.index("\u2014") <= at < len(NOTE)
        expected = TIME if in_journals_signature and _is_note(changed) else None
        assert _found(changed) == expected, at


def _found(note: str) -> int | None:
    try:
        return cosigned_at(W1.verifier, note)
    except BadNote:
        return None


def _is_note(note: str) -> bool:
    try:
        list(W1.verifier.own(note.rpartition("\n\n")[2]))
    except BadNote:
        return False
    return True


def test_a_key_that_signs_notes_cosigns_nothing_and_the_other_way_round() -> None:
    assert read_signer(W1.as_text(), COSIGNATURE).as_text() == W1.as_text()
    assert read_verifier(W1.verifier.as_text(), COSIGNATURE).as_text() == W1.verifier.as_text()
    for read, text in ((read_signer, W1.as_text()), (read_verifier, W1.verifier.as_text())):
        with pytest.raises(BadNote):
            read(text)
    with pytest.raises(BadNote):
        read_signer(LOG.as_text(), COSIGNATURE)
    same_key = NoteVerifier(LOG.name, LOG.key.public_key(), COSIGNATURE)
    assert cosigned_at(same_key, NOTE) is None


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_each_key_that_a_policy_has_for_a_log_counts(turn: int) -> None:
    """A log whose key is replaced has two of one name, in whatever order they are written."""
    keys = [LOG, new_signer(LOG.name), new_signer(LOG.name)]
    turned = keys[turn:] + keys[:turn]
    lines = [*(f"log {each.verifier.as_text()}" for each in turned), "quorum none"]
    policy = read_trust_policy("\n".join(lines).encode())
    for signer in keys:
        note = Checkpoint(LOG.name, 7, bytes(32)).signed(signer)
        assert read_checkpoint(note, *policy.verifiers).size == 7
        both = note + Checkpoint(LOG.name, 7, bytes(32)).signed(new_signer(LOG.name)).rpartition("\n\n")[2]
        assert read_checkpoint(both, *policy.verifiers).size == 7
    for signer in (new_signer(LOG.name), NoteSigner("example.com/other", LOG.key)):
        with pytest.raises(BadNote):
            read_checkpoint(Checkpoint(signer.name, 7, bytes(32)).signed(signer), *policy.verifiers)
    for verifiers in (policy.verifiers, (LOG.verifier,)):
        with pytest.raises(BadNote):
            read_checkpoint(Checkpoint(LOG.name, int("1" + "0" * 4_000), bytes(32)).signed(LOG), *verifiers)


def test_a_request_reads_back_and_nothing_else_does() -> None:
    request = WitnessRequest(600, (bytes(32), bytes(range(32))), NOTE)
    text = request.text()
    assert text.startswith("old 600\nAAAA")
    assert read_request(text) == request
    first = WitnessRequest(0, (), NOTE)
    assert first.text() == f"old 0\n\n{NOTE}"
    assert read_request(first.text()) == first
    for other in (
        "",
        NOTE,
        text.replace("old 600", "old 0600"),
        text.replace("old", "new"),
        text.replace("AAA=", "AA=="),
        text.replace("\n\n", "\n", 1),
        WitnessRequest(600, tuple([bytes(32)] * 64), NOTE).text(),
    ):
        with pytest.raises(BadRequest):
            read_request(other)


def test_epochs_of_a_log_have_one_key() -> None:
    assert [next_epoch("a.b/c"), next_epoch("a.b/c/2"), next_epoch("a.b/c/9")] == ["a.b/c/2", "a.b/c/3", "a.b/c/10"]
    third = NoteVerifier("a.b/c/3", LOG.key.public_key())
    assert [each.name for each in epochs_until(third)] == ["a.b/c/3", "a.b/c/2", "a.b/c"]
    assert epochs_until(LOG.verifier) == (LOG.verifier,)


POLICY = f"""\
# whom the auditor trusts
log {LOG.verifier.as_text()} https://example.com/journal

witness one {W1.verifier.as_text()}
  witness\ttwo {W2.verifier.as_text()}
witness three {W3.verifier.as_text()} https://w3.example
group some 2 one two
group all-of-them all some three
quorum all-of-them
"""


@pytest.mark.parametrize(
    ("quorum", "by", "is_met"),
    [
        ("all-of-them", "one two three", True),
        ("all-of-them", "one three", False),
        ("all-of-them", "one two", False),
        ("some", "one two", True),
        ("some", "one", False),
        ("one", "one", True),
        ("one", "two three", False),
        ("none", "", True),
    ],
)
def test_a_quorum_is_met_by_enough_of_its_members(quorum: str, by: str, is_met: bool) -> None:
    policy = read_trust_policy(POLICY.replace("quorum all-of-them", f"quorum {quorum}").encode())
    signers = {"one": W1, "two": W2, "three": W3}
    note = NOTE + "".join(cosignature(signers[name], NOTE, TIME) for name in by.split())
    cosigned = policy.cosigned(note, TIME)
    assert cosigned == dict.fromkeys(by.split(), TIME)
    assert policy.is_met_by(cosigned) is is_met
    assert [each.name for each in policy.verifiers] == ["example.com/journal"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("quorum all-of-them", "", "it has no quorum"),
        ("quorum all-of-them", "quorum four", "line 9: no line before it is about `four`"),
        ("quorum all-of-them", "quorum one\nquorum two", "line 10: write one line `quorum NAME`"),
        ("quorum all-of-them", "quorom one", "line 9: `quorom` is none of log, witness, group, quorum"),
        ("2 one two", "3 one two", "line 7: `3` is not `any`, `all` or a number from 1 to 2"),
        ("2 one two", "0 one two", "line 7: `0` is not"),
        ("2 one two", f"000000001{'0' * 5_000} one two", "line 7: `0000"),
        ("2 one two", "2 one one", "line 7: `one` is a member already"),
        ("all some three", "all some one", "line 8: `one` is a member already"),
        ("all some three", "all some all-of-them", "line 8: no line before it is about `all-of-them`"),
        ("group some", "group one", "line 7: the name `one` is taken"),
        ("group some 2 one two", "group some 2", "line 7: write `group NAME"),
        ("witness three", "witness none", "line 6: the name `none` is taken"),
        (W3.verifier.as_text(), W1.verifier.as_text(), "line 6: the key of `w1.example/w` stands there twice"),
        (W3.verifier.as_text(), LOG.verifier.as_text(), "line 6: it is no witness's verifier key"),
        (LOG.verifier.as_text(), W1.verifier.as_text(), "line 2: it is no verifier key"),
        (LOG.verifier.as_text(), "", "line 2: it is no verifier key"),
        ("# whom", "\x07 whom", "characters that nobody sees"),
    ],
    ids=lambda each: each.partition("+")[0][:40],  # of a key its name: each process makes other keys
)
def test_a_mistake_in_a_trust_policy_is_named_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(BadTrustPolicy) as refused:
        read_trust_policy(POLICY.replace(old, new).encode())
    assert said in str(refused.value)
