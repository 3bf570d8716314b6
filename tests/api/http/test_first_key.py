"""The first key: printed once, opens the door for the first admin and closes behind; and no key is ever in the log.

The service is a process of its own here, with its log as operators see it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.command_line import credence
from tests.support.keyed_services import bearer
from tests.support.patience import PATIENCE
from tests.support.raw_http import ask, post
from tests.support.running_service import eventually, write_rules
from tests.support.service_processes import free_port

pytestmark = pytest.mark.slow

KEY = re.compile(r"crk_[0-9A-Za-z]{36}")


@contextmanager
def _served(home: Path, log: Path) -> Iterator[httpx2.Client]:
    port = free_port()
    environment = {**os.environ, "CREDENCE_PORT": str(port), "CREDENCE_JOURNAL": "credence.db"}
    with log.open("ab") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "api.http"], cwd=home, env=environment, stderr=stderr)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            eventually(lambda: _answers(client) and "policy set in force" in log.read_text())
            yield client
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def _add_first_admin(client: httpx2.Client, first: str) -> str:
    assert client.post("/v1/people", json={"login": "a.roth", "roles": ["admin"]}, headers=bearer(first)).is_success
    made = client.post("/v1/keys", json={"login": "A.Roth"}, headers=bearer(first))
    key: str = made.json()["key"]
    return key


def test_the_first_key_is_shown_once_and_keys_stay_out_of_the_log(tmp_path: Path) -> None:
    write_rules(tmp_path / "rules")
    log = tmp_path / "log"
    with _served(tmp_path, log) as client:
        eventually(lambda: KEY.search(log.read_text()) is not None)
        [first] = KEY.findall(log.read_text())
        for path in ("/metrics", "/v1/facts", "/v1/policies"):
            answer = client.get(path, headers=bearer(first))
            assert (answer.status_code, "first key" in answer.json()["detail"]) == (403, True)
        admin = _add_first_admin(client, first)
        assert client.get("/v1/people", headers=bearer(first)).status_code == 401
        [person] = client.get("/v1/people", headers=bearer(admin)).json()["people"]
        assert (person["login"], person["roles"], person["active"]) == ("a.roth", ["admin"], True)

        client.get(f"/v1/decisions/{admin}", headers=bearer(admin))
        client.post(f"/v1/people/{admin}/end", headers=bearer(admin))
        client.get("/metrics", headers={**bearer(admin), "X-Request-Id": admin})
        client.get("/v1/facts", headers={"Authorization": f"Basic {admin}", "X-Request-Id": admin})
        client.get("/v1/facts", headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln"})
        ask(client, post(target=f"/v1/policies?key={admin}", host="evil.example"))
        ask(client, post(target=f"/{admin}", host="evil.example"))
    written = log.read_text()
    assert written.count("request refused") >= 6
    assert KEY.findall(written) == [first]
    assert "eyJzdWIi" not in written
    line = next(line for line in written.splitlines() if first in line)
    assert line.strip() == f"export CREDENCE_KEY={first}"

    with _served(tmp_path, log) as client:
        assert client.get("/v1/people", headers=bearer(admin)).status_code == 200
        recovered = credence("keys", "recover", "--journal", tmp_path / "credence.db")
        assert recovered.exit_code == 0
        [again] = KEY.findall(recovered.stdout)
        eventually(lambda: client.get("/v1/keys", headers=bearer(again)).status_code == 200)
        assert client.get("/v1/facts", headers=bearer(again)).status_code == 403
    assert KEY.findall(log.read_text()) == [first]


def test_without_a_journal_there_is_nothing_to_recover(tmp_path: Path) -> None:
    result = credence("keys", "recover", "--journal", tmp_path / "none.db")
    assert (result.exit_code, "there is no journal at" in result.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
