"""What a command to the credit ledger was answered, put together from what its record says: so the same is answered
when it is asked again, and nothing of it is kept anywhere else.

    {"order": {…}, "decision": {…}, "ledger": {…}}        the decision byte for byte as the record has it
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import to_json

from ledger.journal.opened_records import OpenedRecord
from ledger.record.decision_parts import ANSWER
from ledger.record.new_records import LEDGER_ACT
from ledger.store.trouble import DAMAGED, FileTrouble

Mask = Callable[[bytes], bytes]
"""Makes of a decision's text what a reader may see of it."""


def answer_of(act: Mapping[str, Any], decision: bytes | None) -> bytes:
    """The whole answer. `decision`: as it was recorded, or as its reader may see it."""
    members = [b"%b:%b" % (to_json(name), to_json(value)) for name, value in act["shown"].items()]
    if decision is not None:
        members.append(b'"decision":' + decision)
    members.append(b'"ledger":' + to_json(act["ledger"]))
    return b"{" + b",".join(members) + b"}"


def shown_then(record: OpenedRecord) -> Mapping[str, Any]:
    """What a command that is recorded showed. Raises `FileTrouble` where the record is no command's."""
    shown: Mapping[str, Any] = _act(record)["shown"]
    return shown


def answered_before(record: OpenedRecord, mask: Mask | None = None) -> tuple[int, bytes]:
    """Status and answer of a command that is recorded. Raises `FileTrouble` where the record is no command's."""
    said = _act(record)
    decision = record.body.document(ANSWER)
    return said["status"], answer_of(said, decision if decision is None or mask is None else mask(decision))


def _act(record: OpenedRecord) -> dict[str, Any]:
    act = record.text(LEDGER_ACT)
    if act is None:
        raise FileTrouble(f"{DAMAGED}: record {record.header.seq} is no command's")
    said: dict[str, Any] = json.loads(act)
    return said
