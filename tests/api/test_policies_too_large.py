"""Policies that take too long to check, in the running service: refused in time, and everything else goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from api.settings import Settings
from api.worker import WAITING_OF_A_CALLER_MAX
from ledger.policies.check_limits import CheckLimits
from tests.support.command_line import credence
from tests.support.patience import PATIENCE
from tests.support.running_service import BODY, ORDERS, eventually, running, write_rules
from tests.support.steps import long_after

CHECK, DECIDE = "/v1/policies/check", "/v1/decisions/order"


def slow(rules: int = 50, dates: int = 390) -> str:
    """A policy that takes some seconds however well it is checked: every rule is another one from each date on."""
    first = date(2020, 1, 1)
    values = ", ".join(f"{first + timedelta(days=n)}: {n}" for n in range(dates))
    texts = "".join(
        f"  r{n}: {{when: order.amount > limit * {n + 1}, then: hold, reason: {{en: 'x {{limit}}', zh: 甲}}}}\n"
        for n in range(rules)
    )
    return ORDERS.partition("parameters:\n")[0] + f"parameters: {{limit: {{{values}}}}}\nrules:\n{texts}...\n"


QUICK, ENDLESS = slow(3, 3), slow()


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx2.Client]:
    monkeypatch.setattr("api.http.app.LIMITS", CheckLimits(processor_seconds=1, seconds=PATIENCE))
    settings = Settings(rules=write_rules(tmp_path / "rules"), journal=tmp_path / "credence.db")
    with running(settings) as client:
        yield client


def checked(client: httpx2.Client, text: str) -> httpx2.Response:
    return client.post(CHECK, json={"files": {"orders.yaml": text}})


def test_a_check_ends_in_time_and_says_what_is_too_large(client: httpx2.Client) -> None:
    assert checked(client, QUICK).json()["ok"]
    answer = checked(client, ENDLESS).json()
    [mistake] = answer["diagnostics"]
    assert (answer["ok"], answer["version"], answer["count"]) == (False, None, 1)
    assert (mistake["file"], mistake["line"], mistake["code"]) == ("rules/orders.yaml", 1, "Y098")
    assert mistake["message"].startswith("the policies can't be checked: it was not done after ")
    assert checked(client, QUICK).json()["ok"]


def test_a_change_that_is_too_large_never_comes_into_force(client: httpx2.Client, tmp_path: Path) -> None:
    """Decisions go on with the policies before it, and readiness says since when it is being compiled."""
    version = client.get("/readyz").json()["policy_version"]
    assert client.get("/readyz").json()["compiling_since"] is None
    (tmp_path / "rules" / "orders.yaml").write_text(ENDLESS, encoding="utf-8")
    eventually(lambda: client.get("/readyz").json()["compiling_since"] is not None)
    since = datetime.fromisoformat(client.get("/readyz").json()["compiling_since"] or "2000-01-01T00:00:00Z")
    assert client.post(DECIDE, json=BODY).json()["policy_version"] == version
    eventually(lambda: client.get("/readyz").json()["failed_change"] is not None)
    ready = client.get("/readyz").json()
    assert since <= datetime.fromisoformat(ready["failed_change"]["at"])
    assert [found["code"] for found in ready["failed_change"]["diagnostics"]] == ["Y098"]
    assert (ready["policy_version"], ready["compiling_since"]) == (version, None)
    write_rules(tmp_path / "rules", ORDERS.replace("10000", "10001"))
    eventually(lambda: client.get("/readyz").json()["policy_version"] != version)


def test_a_caller_who_hangs_up_ends_the_check(client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({"files": {"orders.yaml": ENDLESS}}).encode()
    host, port = client.base_url.host, client.base_url.port
    head = f"POST {CHECK} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
    for _ in range(WAITING_OF_A_CALLER_MAX + 2):  # more than may wait: each is gone when the next comes
        with socket.create_connection((str(host), port or 80)) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            time.sleep(0.2)
    assert checked(client, QUICK).status_code == 200


@pytest.mark.long
def test_few_checks_of_one_caller_wait(client: httpx2.Client) -> None:
    statuses: list[int] = []

    def ask() -> None:
        with httpx2.Client(base_url=client.base_url, timeout=PATIENCE) as own:
            answer = checked(own, ENDLESS)
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                assert answer.json()["type"] == "/problems/too-many-checks"
                assert answer.headers["retry-after"] == "1"

    threads = [threading.Thread(target=ask) for _ in range(WAITING_OF_A_CALLER_MAX + 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200, 429} and len(statuses) == len(threads)
    assert statuses.count(200) <= WAITING_OF_A_CALLER_MAX + 1


def test_files_of_one_base_name_are_refused(client: httpx2.Client) -> None:
    """A rules folder is flat, so one would silently replace the other."""
    names = ["a/orders.yaml", "b/orders.yaml", "a/other.yaml"]
    answer = client.post(CHECK, json={"files": dict.fromkeys(names, ORDERS)})
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert fault["path"] == "/files/b~1orders.yaml"
    assert "`a/orders.yaml`" in fault["message"] and "`b/orders.yaml`" in fault["message"]


def test_the_number_of_files_and_of_mistakes_is_bounded(client: httpx2.Client) -> None:
    many = client.post(CHECK, json={"files": {f"p{n}.yaml": "" for n in range(201)}})
    assert (many.status_code, many.json()["errors"][0]["path"]) == (422, "/files")
    mistakes = "".join(f"wrong{n}: 1\n" for n in range(300))
    answer = checked(client, ORDERS.replace("...\n", f"{mistakes}...\n")).json()
    assert len(answer["diagnostics"]) == 100 and answer["count"] == 300


@contextmanager
def _service(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    settings = {"CREDENCE_RULES": "rules", "CREDENCE_JOURNAL": "credence.db", "CREDENCE_PORT": str(port)}
    settings["CREDENCE_INSECURE_LOCAL"] = "1"
    environment = os.environ | settings | {"PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen([sys.executable, "-m", "api.http"], env=environment, cwd=home) as process:
        try:
            yield process
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _client_of(port: int) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)


def _children(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text("ascii").split()]


@pytest.mark.long
def test_a_stop_is_not_held_up_by_a_change_that_is_being_compiled(tmp_path: Path) -> None:
    """And leaves no process behind."""
    port = _free_port()
    rules = write_rules(tmp_path / "rules")
    with _service(tmp_path, port) as process, _client_of(port) as client:
        eventually(lambda: _answers(client))
        (rules / "orders.yaml").write_text(ENDLESS, encoding="utf-8")
        eventually(lambda: client.get("/readyz").json()["compiling_since"] is not None)
        children = _children(process.pid)
        assert children
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0  # not 1, as it ends where something holds it up
        assert not any(Path(f"/proc/{child}").exists() for child in children)


def _answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize(
    "command", long_after(1, [["decide", "case.json"], ["check"], ["test"], ["sql", "--case", "order"]])
)
def test_commands_refuse_what_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setattr("ledger.policies.check_limits.LIMITS", CheckLimits(1, 1))
    rules = write_rules(tmp_path / "rules", ENDLESS)
    where = [rules] if command[0] in ("check", "test") else ["--rules", rules]
    result = credence(*command, *where)
    assert result.exit_code == 1
    assert "rules/orders.yaml:1:1: Y098 the policies can't be checked: it was not done" in result.output
