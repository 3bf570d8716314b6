"""What a command is answered, put together from what its record says: so the same is answered when it is asked again.

{"order": {…}, "decision": {…}, "ledger": {…}}        the decision byte for byte as the journal has it
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import to_json

from ledger.credit.change import Change
from ledger.journal.opened_records import OpenedRecord
from ledger.record.decision_parts import ANSWER
from ledger.record.new_records import LEDGER_ACT
from ledger.store.trouble import DAMAGED, FileTrouble


def act_of(change: Change) -> dict[str, Any]:
    """What the record says of a change: the command's word, what it was about, what came of it (`shown`), and on which
    state and day (`ledger`)."""
    return {
        "act": change.act,
        "about": change.about,
        "account": change.account,
        "status": change.status,
        "shown": dict(change.shown),
        "ledger": dict(change.told),
    }


def answer_of(act: Mapping[str, Any], decision: bytes | None) -> bytes:
    """The whole answer. `decision`: as it was recorded."""
    members = [b"%b:%b" % (to_json(name), to_json(value)) for name, value in act["shown"].items()]
    if decision is not None:
        members.append(b'"decision":' + decision)
    members.append(b'"ledger":' + to_json(act["ledger"]))
    return b"{" + b",".join(members) + b"}"


def answered_before(
    record: OpenedRecord, shown: Callable[[bytes | None], bytes | None] = lambda decision: decision
) -> tuple[int, bytes]:
    """Status and answer of a command that is recorded. `shown`: what the caller sees of a decision. Raises
    `FileTrouble` where the record is no command's."""
    act = record.text(LEDGER_ACT)
    if act is None:
        raise FileTrouble(f"{DAMAGED}: record {record.header.seq} is no command's")
    said = json.loads(act)
    return said["status"], answer_of(said, shown(record.body.document(ANSWER)))
