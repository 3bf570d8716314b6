"""docs/integration.md lists every type of event, and its example of a receiver verifies what is sent."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.journal.clock import Clock
from ledger.record.event_types import EVENT_TYPES
from ledger.webhooks.endpoint_changes import rotate_secret
from tests.support.paths import ROOT
from tests.support.webhook_receivers import Received, receiving
from tests.support.webhook_sending import Sending, sending

PAGE = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")


def _example() -> Callable[[str, dict[str, str], bytes], Any]:
    [code] = re.findall(r"```python verify_event\.py\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    verified: Callable[[str, dict[str, str], bytes], Any] = names["verified"]
    return verified


def test_every_type_is_listed_with_its_meaning() -> None:
    listed = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert listed == [(each.name, each.meaning) for each in EVENT_TYPES]


def _sent(folder: Path, *, seconds_off: int = 0) -> tuple[Received, list[str]]:
    """An event signed by two secrets."""
    sent: list[Received] = []
    texts: list[str] = []

    async def go(one: Sending) -> None:
        one.journal.clock = Clock(lambda: time.time_ns() + seconds_off * 10**9)
        one.time.clock = one.journal.clock
        endpoint, first = await one.add(receiver.url())
        texts.extend([first, (await one.change(rotate_secret(endpoint, overlap_days=1))).secret.text])
        await one.held()
        await one.sender.send_due()
        sent.extend(receiver.received)

    with receiving() as receiver:
        sending(folder / "journal.db", go)
    [event] = sent
    return event, texts


def test_the_example_verifies_what_is_sent_and_the_shape_is_that_of_the_page(tmp_path: Path) -> None:
    received, texts = _sent(tmp_path)
    verified = _example()
    [shown] = re.findall(r"usually within a second:\n\n```json\n(.*?)```", PAGE, re.DOTALL)
    for text in texts:
        event = verified(text, received.headers, received.body)
        assert [*event, *event["data"]] == [*json.loads(shown), *json.loads(shown)["data"]]
    forged = received.body.replace(b"hold", b"approve")
    for text, body in ((texts[0], forged), ("whsec_" + "A" * 43 + "=", received.body)):
        with pytest.raises(ValueError, match="no signature"):
            verified(text, received.headers, body)
    later = str(int(received.headers["webhook-timestamp"]) + 1)
    for name, value in (("webhook-id", "x"), ("webhook-timestamp", later)):
        with pytest.raises(ValueError, match="no signature"):
            verified(texts[0], {**received.headers, name: value}, received.body)


@pytest.mark.parametrize("seconds_off", [-400, 400])
def test_the_example_refuses_what_is_old_or_of_another_time(tmp_path: Path, seconds_off: int) -> None:
    received, texts = _sent(tmp_path, seconds_off=seconds_off)
    with pytest.raises(ValueError, match="too long ago"):
        _example()(texts[0], received.headers, received.body)
