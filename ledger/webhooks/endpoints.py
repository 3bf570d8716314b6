"""Endpoints at one moment: what the last record of each says.

add  9c41…  {"url": "https://erp.example.com/hooks", "types": ["order.held"], "active": true, …}
end  9c41…  {}                                                  is gone
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.journal.opened_records import OpenedRecord
from ledger.record.new_records import ACT_BODY, ACT_SUBJECT
from ledger.webhooks.endpoint_secrets import Signature

ADD, CHANGE, ROTATE, DISABLE, END, SEND_AGAIN = "add", "change", "rotate", "disable", "end", "send-again"
"""What is done about an endpoint, as its record's outcome says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretMark:
    """One secret without its text."""

    id: str
    """By which its text is found."""

    sha256: str
    """Of its text."""

    public_key: str | None
    """What receivers verify by; None where they need the text."""

    until: datetime | None
    """From then on nothing is signed with it; None: its successor isn't there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """An address that events are sent to."""

    id: str
    """Opaque; the records have it."""

    url: str
    """https, as it was given."""

    types: tuple[str, ...]
    """Of the events that it is sent, in their order (`ledger.record.event_types`)."""

    signature: Signature
    """How they are signed."""

    description: str
    """What is there, for those who list endpoints."""

    active: bool
    """Whether anything is sent there."""

    inactive_because: str
    """Why it isn't; empty where it is."""

    secrets: tuple[SecretMark, ...]
    """The newest last; more than one while receivers change from one to the next."""

    def secrets_at(self, now: datetime) -> list[SecretMark]:
        """Those that sign at this moment."""
        return [mark for mark in self.secrets if mark.until is None or now < mark.until]

    def as_body(self) -> str:
        """All of it as its record says it."""
        said = {
            "url": self.url,
            "types": list(self.types),
            "signature": self.signature,
            "description": self.description,
            "active": self.active,
            "inactive_because": self.inactive_because,
            "secrets": [
                {
                    "id": mark.id,
                    "sha256": mark.sha256,
                    "public_key": mark.public_key,
                    "until": None if mark.until is None else mark.until.isoformat(),
                }
                for mark in self.secrets
            ],
        }
        return json.dumps(said, ensure_ascii=False)


Endpoints = Mapping[str, WebhookEndpoint]
"""Those that have not ended, by id, in the order in which they were added."""


def endpoints_of(records: Iterable[OpenedRecord]) -> Endpoints:
    """After these records, in their order. Raises ValueError (KeyError, TypeError) where they can't be ours."""
    found: dict[str, WebhookEndpoint] = {}
    for record in records:
        subject, body = record.text(ACT_SUBJECT), record.text(ACT_BODY)
        if subject is None or body is None:
            raise ValueError(f"record {record.header.seq} is about no endpoint")
        if record.header.outcome == END:
            found.pop(subject, None)
        elif record.header.outcome != SEND_AGAIN:
            found[subject] = _endpoint(subject, json.loads(body))
    return found


def _endpoint(id: str, body: Mapping[str, Any]) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=id,
        url=body["url"],
        types=tuple(body["types"]),
        signature=Signature(body["signature"]),
        description=body["description"],
        active=body["active"],
        inactive_because=body["inactive_because"],
        secrets=tuple(
            SecretMark(
                id=mark["id"],
                sha256=mark["sha256"],
                public_key=mark["public_key"],
                until=None if mark["until"] is None else datetime.fromisoformat(mark["until"]),
            )
            for mark in body["secrets"]
        ),
    )
