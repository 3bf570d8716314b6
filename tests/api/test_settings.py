"""Settings that can't be used are refused by name, before anything is opened or listened on."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from api.http.guard import ConnectionLimits
from api.http.server import connection_limits
from api.settings import Settings, refusal
from tests.support.patience import PATIENCE
from tests.support.running_service import running, write_rules

TIMES = ("KEEP_ALIVE_SECONDS", "HEAD_SECONDS_MAX", "BODY_SECONDS_MAX", "UNREAD_SECONDS_MAX")
SIZES = ("HEAD_BYTES_MAX", "BODIES_BYTES_MAX")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        # listening on all addresses, and rules from the folder that the process happens to run in
        *((name, value, "is empty") for name in ("CREDENCE_HOST", "CREDENCE_RULES") for value in ("", " ", "\t")),
        *(("CREDENCE_PORT", value, "") for value in ("", "http", "-1", "65536", "8" * 40, "80.5")),
        # bodies of any size, each held in memory
        *(("CREDENCE_BODY_BYTES_MAX", value, "") for value in ("", "0", "1 MiB", str(1 << 30), "9" * 30)),
        # connections that are never closed, or at once
        *((f"CREDENCE_{name}", value, "") for name in TIMES for value in ("", "0", "-1", "1e9", "nan", "long")),
        *(("CREDENCE_CONNECTIONS_MAX", value, "") for value in ("", "0", "-5", "1000000", "many")),
        *((f"CREDENCE_{name}", value, "") for name in SIZES for value in ("", "0", "9" * 30, "32 kB")),
        *(("CREDENCE_LOG_LEVEL", value, "'debug', 'info', 'warning' or 'error'") for value in ("", "loud", "INFO")),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    told = refusal(refused.value)
    assert told.startswith(f"the setting {variable}")
    assert said in told
    assert "\n" not in told


def test_the_defaults_of_the_settings_are_those_of_the_limits() -> None:
    assert connection_limits(Settings()) == ConnectionLimits()


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [
        ("CONNECTIONS_MAX", "connections", 7),
        ("KEEP_ALIVE_SECONDS", "idle_seconds", 75.5),
        ("HEAD_BYTES_MAX", "head_bytes", 2048),
        ("HEAD_SECONDS_MAX", "head_seconds", 3),
        ("BODY_BYTES_MAX", "body_bytes", 4096),
        ("BODY_SECONDS_MAX", "body_seconds", 4),
        ("BODIES_BYTES_MAX", "bodies_bytes", 1 << 21),
        ("UNREAD_SECONDS_MAX", "unread_seconds", 5),
    ],
)
def test_each_limit_can_be_set(name: str, member: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CREDENCE_{name}", str(value))
    changed: dict[str, Any] = {member: value}
    assert connection_limits(Settings()) == replace(ConnectionLimits(), **changed)


def test_an_idle_connection_is_closed_after_the_time_that_is_set(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules")
    closed = {}
    for seconds in (0.3, 30):
        settings = Settings(rules=rules, journal=tmp_path / f"{seconds}.db", keep_alive_seconds=seconds)
        with running(settings) as client, socket.create_connection(("127.0.0.1", client.base_url.port)) as idle:
            idle.settimeout(PATIENCE if seconds < 1 else 2)
            try:
                closed[seconds] = idle.recv(1) == b""
            except TimeoutError:
                closed[seconds] = False
    assert closed == {0.3: True, 30: False}


@pytest.mark.parametrize("policy", [None, "quorum none\n"])
def test_nobody_waits_for_witnesses_whom_no_policy_names(tmp_path: Path, policy: str | None) -> None:
    trusted = {}
    if policy is not None:
        (tmp_path / "trust.policy").write_text(policy, "utf-8")
        trusted = {"trust_policy": str(tmp_path / "trust.policy")}
    with pytest.raises(ValidationError) as refused:
        Settings(witnessed_within_hours=2, **trusted)  # type: ignore[arg-type]  # as pydantic takes it
    told = refusal(refused.value)
    assert told.startswith("CREDENCE_WITNESSED_WITHIN_HOURS waits for witnesses; name them in CREDENCE_TRUST_POLICY")
