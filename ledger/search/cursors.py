"""Where a search goes on: a place in the log, signed together with the filter that it belongs to.

A cursor is 8 bytes of the place, 8 of the filter's hash and 16 of HMAC-SHA-256 over both by the journal's key for
blinds, in base64 for URLs. It is good in every process that works on the journal, after a restart too, and says nothing
that its reader has not seen. What is made up, or belongs to another search, is refused: it would leave records out.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from engine.diagnostics.wording import clipped
from ledger.search.record_filter import RecordFilter
from ledger.store.key_database import SubjectKeys

_PLACE, _FILTER = 8, 8
_WHAT = "cursor"
"""Tells its signatures from the blinds of accounts and cases."""


class BadCursor(Exception):
    """No cursor of this journal, or another search's; the message says what to do."""


def cursor(keys: SubjectKeys, wanted: RecordFilter, below: int) -> str:
    """Goes on with the records below this place."""
    said = below.to_bytes(_PLACE, "big") + _digest(wanted)
    return urlsafe_b64encode(said + keys.blind(_WHAT, said.hex())).decode().rstrip("=")


def read_cursor(keys: SubjectKeys, wanted: RecordFilter, text: str) -> int:
    """The place that it goes on below. Raises `BadCursor`."""
    try:
        content = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        content = b""
    said, signature = content[: _PLACE + _FILTER], content[_PLACE + _FILTER :]
    if not hmac.compare_digest(signature, keys.blind(_WHAT, said.hex())):
        raise BadCursor(f"`{clipped(text)}` is no cursor of this journal; begin without one, with the newest records")
    if said[_PLACE:] != _digest(wanted):
        raise BadCursor(
            "the cursor belongs to another search; send it with the filters of its first page, as whoever asked"
        )
    return int.from_bytes(said[:_PLACE], "big")


def _digest(wanted: RecordFilter) -> bytes:
    return sha256(wanted.text().encode()).digest()[:_FILTER]
