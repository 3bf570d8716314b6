"""A witness's cosignature of a checkpoint: C2SP tlog-cosignature, version 1, Ed25519.

It says: at this time, this was the largest tree of that log that I saw, and it goes on from all that I saw before. It
is a line of the checkpoint's note, beside the log's own signature:

    — auditor.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ…

What is signed is `cosignature/v1`, a line feed, `time` with the seconds since 1970, a line feed, and the note's text.
In base64 stand the key's id (4 bytes), the time (8 bytes, the highest first) and the signature (64 bytes).
"""

from __future__ import annotations

from ledger.record.signed_notes import BadNote, NoteSigner, NoteVerifier, split_note

_TIME_BYTES = 8
_AHEAD_SECONDS_MAX = 86_400
"""How far a witness's clock may be ahead of ours."""


def cosignature(witness: NoteSigner, note: str, seconds: int) -> str:
    """The line, with its line feed. `seconds`: since 1970, in UTC. Raises `BadNote` where `note` is none."""
    text, _ = split_note(note)
    return witness.line(seconds.to_bytes(_TIME_BYTES) + witness.key.sign(_signed(text, seconds)))


def cosigned_at(witness: NoteVerifier, note: str, now: float | None = None) -> int | None:
    """When this witness cosigned the note, in seconds since 1970; None where it didn't. `now`: the time by our own
    clock, where there is one. Raises `BadNote` where a line says that it is by this witness, and isn't, or has a time
    that nobody can have seen."""
    text, lines = split_note(note)
    for signature in witness.own(lines):
        seconds = int.from_bytes(signature[:_TIME_BYTES])
        if len(signature) <= _TIME_BYTES or not seconds:
            raise BadNote("its cosignature can't be read")
        if now is not None and seconds > now + _AHEAD_SECONDS_MAX:
            raise BadNote("its cosignature says that it was made more than a day from now")
        witness.check(_signed(text, seconds), signature[_TIME_BYTES:])
        return seconds
    return None


def _signed(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
