"""Signed notes and checkpoints: a note of Go's documentation, and each change of a note refused."""

from __future__ import annotations

from base64 import b64encode
from string import ascii_letters, digits

import pytest

from ledger.record.checkpoints import Checkpoint, read_checkpoint
from ledger.record.signed_notes import BadNote, NoteVerifier, new_signer, read_signer, read_verifier

PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_note_of_gos_documentation() -> None:
    """golang.org/x/mod/sumdb/note: Ed25519 signs a text in one way only."""
    signer = read_signer(PRIVATE)
    assert signer.verifier.as_text() == PUBLIC
    assert signer.signed(TEXT) == f"{TEXT}\n{SIGNATURE}"
    assert read_verifier(PUBLIC).verified(f"{TEXT}\n{SIGNATURE}") == TEXT


def test_keys_are_read_back_as_they_were_written() -> None:
    signer = new_signer("example.com/journal")
    assert read_signer(signer.as_text() + "\n").as_text() == signer.as_text()
    verifier = read_verifier(signer.verifier.as_text())
    assert verifier.verified(signer.signed("a\n")) == "a\n"


@pytest.mark.parametrize(
    "text",
    ["", "PRIVATE+KEY+a+b", PRIVATE.replace("c74f", "c74e"), PRIVATE.replace("Peter", "Pater"), PRIVATE[:-4], PUBLIC],
)
def test_what_is_no_signing_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        read_signer(text)


@pytest.mark.parametrize("text", ["", PUBLIC.replace("c74f", "c74e"), PUBLIC[:-4], PRIVATE.replace("PRIVATE+", "")])
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        read_verifier(text)


def test_a_note_with_signatures_of_others_is_verified_by_ones_own() -> None:
    mine, other = new_signer("mine"), new_signer("other")
    text, line = "a\n", other.signed("a\n").rpartition("\n\n")[2]
    both = mine.signed(text) + line
    assert mine.verifier.verified(both) == other.verifier.verified(both) == text
    namesake = NoteVerifier("mine", new_signer("mine").key.public_key())
    with pytest.raises(BadNote, match="no signature by mine"):
        namesake.verified(both)


def test_a_checkpoint_is_three_lines() -> None:
    signer = new_signer("example.com/journal")
    root = bytes(range(32))
    note = Checkpoint("example.com/journal", 1000, root).signed(signer)
    assert note.startswith(f"example.com/journal\n1000\n{b64encode(root).decode()}\n\n— example.com/journal ")
    assert read_checkpoint(note, signer.verifier) == Checkpoint("example.com/journal", 1000, root)


def test_no_changed_checkpoint_is_taken() -> None:
    signer = new_signer("a")
    note = Checkpoint("a", 77, b"\7" * 32).signed(signer)
    for at in range(len(note)):
        others = f"{ascii_letters}{digits}+/" if at > len(note) - 6 else "AZ9"
        for other in {*others, *"=\n\r\x1c\u2028 "} - {note[at]}:
            with pytest.raises(BadNote):
                read_checkpoint(f"{note[:at]}{other}{note[at + 1 :]}", signer.verifier)


@pytest.mark.parametrize("text", ["b\n1\n{}\n", "a\n01\n{}\n", "a\n-1\n{}\n", "a\n1\n", "a\n1\n{}", "a\n1\n!{}\n"])
def test_a_signed_note_that_is_no_checkpoint_of_this_log_is_refused(text: str) -> None:
    signer = new_signer("a")
    with pytest.raises(BadNote):
        read_checkpoint(signer.signed(text.format(b64encode(bytes(32)).decode())), signer.verifier)
