"""What a log sends to a witness: C2SP tlog-witness, the body of `add-checkpoint`.

old 600
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      how the log goes on from there: a consistency proof
…

credence.invalid/e39cbf3c71c68460                 the checkpoint
1000
…
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from ledger.record.merkle_tree import HASH_BYTES

PROOF_HASHES_MAX = 63

_HEAD = re.compile(r"old (?P<size>0|[1-9][0-9]{0,18})\n(?P<hashes>(?:[A-Za-z0-9+/]{43}=\n)*)")


class BadRequest(ValueError):
    """The text asks no witness for anything."""


@dataclass(frozen=True, slots=True)
class WitnessRequest:
    """To be cosigned."""

    old_size: int
    """How many records the witness saw last; 0: none."""

    hashes: tuple[bytes, ...]
    """The proof that the checkpoint's log begins with those."""

    note: str
    """The checkpoint, signed."""

    def text(self) -> str:
        """Of the file."""
        lines = [f"old {self.old_size}", *(b64encode(hash_).decode() for hash_ in self.hashes)]
        return "\n".join([*lines, "", self.note])


def read_request(text: str) -> WitnessRequest:
    """Raises `BadRequest` for any other text than the one that `WitnessRequest.text` gives."""
    head, _, note = text.partition("\n\n")
    match = _HEAD.fullmatch(f"{head}\n")
    lines = match["hashes"].split() if match else []
    if match is None or len(lines) > PROOF_HASHES_MAX:
        raise BadRequest("it is no request to a witness")
    request = WitnessRequest(int(match["size"]), tuple(map(b64decode, lines)), note)
    if request.text() != text or any(len(hash_) != HASH_BYTES for hash_ in request.hashes):
        raise BadRequest("it is no request to a witness")
    return request
