"""A fact's value stands in the journal, sealed, and nowhere else: not in the log, the metrics, an event or a refusal of
others' requests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.paths import ROOT
from tests.support.patience import PATIENCE
from tests.support.running_service import eventually, write_rules
from tests.support.service_processes import free_port
from tests.support.steps import long_after
from tests.support.webhook_receivers import HERE_LISTED, authority_file, receiving

TEXT, AMOUNT = "Kanarienvogel", "73912846.51"
SPELLINGS = (TEXT, TEXT.encode("utf-16-le").decode("latin-1"), AMOUNT, "7391284651", "73,912,846.51")
ORDER = {
    "as_of": "2026-07-01",
    "order": {"id": "SO-1", "amount": AMOUNT, "entered_by": TEXT, "released_by": TEXT},
    "account": {"id": "C-1", "name": TEXT, "limit": AMOUNT, "exposure": AMOUNT},
}
KNOWN = {"as_of": "2026-07-01", "order": {"id": "SO-1", "amount": AMOUNT, "entered_by": TEXT}, "account": {"id": "C-1"}}


@contextmanager
def _service(home: Path, form: str, workers: int) -> Iterator[tuple[httpx2.Client, Path]]:
    log, port = home / f"log.{form}", free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "CREDENCE_RULES": str(write_rules(home / "rules")),
        "CREDENCE_JOURNAL": str(home / "credence.db"),
        "CREDENCE_PORT": str(port),
        "CREDENCE_WORKERS": str(workers),
        "CREDENCE_INSECURE_LOCAL": "true",
        "CREDENCE_LOG_LEVEL": "debug",
        "CREDENCE_LOG_FORMAT": form,
        "CREDENCE_WEBHOOK_NETWORKS": HERE_LISTED,
        "SSL_CERT_FILE": str(authority_file(home)),
    }
    with (
        log.open("wb") as file,
        subprocess.Popen([sys.executable, "-m", "api.http"], cwd=home, env=environment, stderr=file) as process,
    ):
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
                eventually(lambda: _is_ready(client))
                yield client, log
        finally:
            process.terminate()
            assert process.wait(PATIENCE) == 0


def _is_ready(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize(("form", "workers"), long_after(1, [("json", 1), ("text", 2)]))
def test_a_fact_s_value_is_in_no_log_metric_event_or_problem(tmp_path: Path, form: str, workers: int) -> None:
    with receiving() as receiver, _service(tmp_path, form, workers) as (client, log):
        hook = {"url": f"https://127.0.0.1:{receiver.port}/", "types": ["order.held"]}
        secret = client.post("/v1/webhooks", json=hook).json()["secret"]
        decided = client.post("/v1/decisions/order", json=KNOWN)
        assert (decided.status_code, decided.json()["outcome"]) == (201, "hold")
        assert AMOUNT in decided.text  # to whom it belongs
        seen = [
            client.post("/v1/decisions/order", json=ORDER).headers["x-request-id"],
            client.post("/v1/decisions/ordr", json=KNOWN).headers["x-request-id"],
            client.post("/v1/decisions/order", json=KNOWN, headers={"Idempotency-Key": "a"}).headers["journal-entry"],
        ]
        other = {**KNOWN, "as_of": "2026-07-02"}
        again = client.post("/v1/decisions/order", json=other, headers={"Idempotency-Key": "a"})
        assert again.status_code == 422
        receiver.answer(500, {}, TEXT.encode())
        client.post("/v1/decisions/order", json=KNOWN)
        eventually(lambda: len(receiver.received) >= 3)
        eventually(lambda: "was not taken" in log.read_text("utf-8"))
        metrics = client.get("/metrics").text
        hooks = client.get("/v1/webhooks").text
        json_type = {"Content-Type": "application/json"}
        refused = client.post("/v1/decisions/order", content=b"{" + TEXT.encode(), headers=json_type)
        assert (refused.status_code, all(seen)) == (400, True)
    told = {
        "log": log.read_text("utf-8"),
        "metrics": metrics,
        "webhooks": hooks,
        "events": "".join(str((each.path, each.headers)) + each.body.decode() for each in receiver.received),
        "problems": again.text + refused.text,
    }
    assert "webhook changed" in told["log"]
    assert "SO-1" in told["events"]
    for where, text in told.items():
        assert not any(spelling in text for spelling in SPELLINGS), where
        assert secret.removeprefix("whsec_") not in text, where
    for file in tmp_path.iterdir():
        if file.name.startswith("credence"):
            content = file.read_bytes()
            assert not any(spelling.encode() in content for spelling in SPELLINGS), file.name
            assert secret.encode() not in content, file.name
