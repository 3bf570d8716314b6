"""Where each setting comes from is shown, and a mistyped one keeps the service from starting."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.setting_origins import settings_shown, unknown_variables
from api.settings import Settings
from tests.support.command_line import credence
from tests.support.paths import ROOT
from tests.support.steps import long_after


def test_every_setting_is_shown_with_its_value_origin_and_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENCE_LOG_LEVEL", "warning")
    monkeypatch.setenv("credence_port", "81")
    monkeypatch.setenv("CREDENCE_JOURNAL", "postgresql://me:s3cret@db.example.com/credence?sslpassword=0ther")
    shown = json.loads(credence("config", "--port", "82", "--insecure-local", "--json").stdout)["settings"]
    assert [each["variable"] for each in shown] == [f"CREDENCE_{name.upper()}" for name in Settings.model_fields]
    assert all(each["meaning"].endswith(".") for each in shown)
    told = {each["variable"].removeprefix("CREDENCE_"): (each["value"], each["origin"]) for each in shown}
    assert told["PORT"] == ("82", "option --port")
    assert told["INSECURE_LOCAL"] == ("true", "option --insecure-local")
    assert told["LOG_LEVEL"] == ("warning", "environment")
    assert told["HOST"] == ("127.0.0.1", "default")
    assert told["JOURNAL"][1] == "environment"
    assert "db.example.com" in told["JOURNAL"][0]
    assert not any(secret in str(told) for secret in ("s3cret", "0ther"))
    text = credence("config", "--port", "82").stdout
    assert "CREDENCE_PORT=82  (option --port)\n    Port to listen on" in text
    assert "s3cret" not in text


def test_an_option_is_shown_as_the_environment_where_only_that_says_it() -> None:
    shown = settings_shown(Settings(), {"credence_PORT": "1"}, {})
    [port] = [each for each in shown if each.variable == "CREDENCE_PORT"]
    assert port.origin == "environment"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CREDENCE_PROT", "did you mean `CREDENCE_PORT`?"),
        ("credence_host_s", "did you mean `CREDENCE_HOSTS`?"),
        ("CREDENCE_LOGLEVEL", "did you mean `CREDENCE_LOG_LEVEL`?"),
        ("CREDENCE_PORT_8000_TCP_ADDR", ""),
    ],
)
def test_a_variable_that_is_no_setting_is_named_with_a_near_one(name: str, hint: str) -> None:
    ours = {"PATH": "/", "CREDENCE_KEY": "crk_", "CREDENCE_PORT": "1", "XCREDENCE_A": ""}
    [line] = unknown_variables({name: "x", **ours})
    assert line.startswith(f"the variable {name} is no setting; {hint}")


@pytest.mark.parametrize(
    "command",
    long_after(1, [["-m", "api.http"], ["-m", "api.cli", "serve"], ["-m", "api.cli", "config"]]),
    ids=lambda each: each[-1],
)
def test_the_service_does_not_start_with_a_mistyped_variable(tmp_path: Path, command: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CREDENCE_JOURNAl_": "secret-value"}
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "CREDENCE_JOURNAl_ is no setting; did you mean `CREDENCE_JOURNAL`?" in done.stderr
    assert "secret-value" not in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
