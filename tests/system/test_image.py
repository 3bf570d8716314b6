"""Dockerfile, .dockerignore and compose.yaml: linted, and each promise that can be tried without Docker is tried. What
is copied exists and suffices for the wheel, the command starts the service, the health check tells it from a dead one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from api.settings import Settings
from tests.support.distribution import built, known_files, packaged_files, plain_environment, wheel_files
from tests.support.paths import ROOT, RULES
from tests.support.patience import PATIENCE
from tests.support.running_service import eventually
from tests.support.service_processes import free_port

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
HADOLINT = Path(sys.executable).with_name("hadolint")


def instructions(text: str) -> list[list[tuple[str, str]]]:
    """Each stage's instructions with what stands behind them; continued lines as one."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    stages: list[list[tuple[str, str]]] = []
    for line in filter(str.strip, lines.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest.strip()))
    return stages


BUILDER, IMAGE = instructions(DOCKERFILE)


def of(word: str, stage: list[tuple[str, str]] = IMAGE) -> list[str]:
    return [rest for each, rest in stage if each == word]


def environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(of("ENV"))))


def copies(stage: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Sources in the build context with their target."""
    found = []
    for rest in of("COPY", stage):
        *sources, target = rest.split()
        if not sources[0].startswith("--from="):
            found += [(source.rstrip("/"), target) for source in sources]
    return found


# --- what .dockerignore lets through, by Docker's rules: the last pattern that fits a file or a folder above it decides


def let_through(path: str, patterns: list[str]) -> bool:
    there = True
    for pattern in patterns:
        if _fits(path, pattern.removeprefix("!")):
            there = pattern.startswith("!")
    return there


def _fits(path: str, pattern: str) -> bool:
    inner = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    above = [path, *(each.as_posix() for each in PurePosixPath(path).parents)]
    return any(re.fullmatch(inner, each) for each in above if each != ".")


def ignore_patterns() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line.rstrip("/") for line in lines if line and not line.startswith("#")]


@cache
def context() -> list[str]:
    return [name for name in known_files() if let_through(name, ignore_patterns())]


@pytest.mark.parametrize(
    ("path", "patterns", "there"),
    [
        ("api/http/app.py", ["*", "!api"], True),
        ("api/__pycache__/x.pyc", ["*", "!api", "**/__pycache__"], False),
        ("docs/api.md", ["*", "!docs/order.json"], False),
        ("docs/order.json", ["*", "!docs/order.json"], True),
        ("api/.x.swp", ["*", "!api", "**/.*"], False),
        (".git/config", ["*", "!api"], False),
    ],
)
def test_ignored_files_are_told_as_docker_tells_them(path: str, patterns: list[str], there: bool) -> None:
    assert let_through(path, patterns) is there


# --- the Dockerfile


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("python:3.13-slim-bookworm\n", "python\n", "DL3006"),
        ("--yes --no-install-recommends", "--yes", "DL3015"),
        ("USER 10001:10001", "USER root", "DL3002"),
        ("WORKDIR /build", "WORKDIR build", "DL3000"),
    ],
)
def test_hadolint_would_find_what_is_wrong(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in DOCKERFILE
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.replace(old, new))

    done = subprocess.run([HADOLINT, tmp_path / "Dockerfile"], capture_output=True, text=True)

    assert done.returncode == 1
    assert code in done.stdout


@pytest.mark.parametrize("source", sorted({source for stage in (BUILDER, IMAGE) for source, _ in copies(stage)}))
def test_what_is_copied_exists_and_is_not_ignored(source: str) -> None:
    there = [name for name in known_files() if name == source or name.startswith(f"{source}/")]

    assert there
    assert set(there) <= set(context())


def test_nothing_else_reaches_the_build() -> None:
    sources = tuple(source for source, _ in copies(BUILDER))

    assert [
        name for name in context() if not any(name == each or name.startswith(f"{each}/") for each in sources)
    ] == []
    for private in (
        ".git/config",
        ".venv/pyvenv.cfg",
        "var/credence.db",
        ".env",
        "tests/support/command_line.py",
    ):
        assert not let_through(private, ignore_patterns())


@pytest.mark.slow
def test_what_is_copied_is_enough_for_the_whole_wheel(tmp_path: Path) -> None:
    names = context()
    for source, target in copies(BUILDER):
        for name in names:
            if name == source or name.startswith(f"{source}/"):
                inside = (
                    name.removeprefix(f"{source}/") if name != source else "" if not target.endswith("/") else source
                )
                place = tmp_path / "build" / target / inside
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, place, follow_symlinks=False)

    assert wheel_files(built("wheel", tmp_path / "build", tmp_path / "wheel")) == packaged_files()


def test_both_stages_are_the_same_python_by_a_tag_that_names_its_release() -> None:
    images = [rest.split()[0] for rest in (*of("FROM", BUILDER), *of("FROM"))]

    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.1[123]-slim-bookworm(@sha256:[0-9a-f]{64})?", images[0])


def test_it_runs_as_nobody_and_writes_to_the_volume_only() -> None:
    settings = environment()
    (volume,) = of("VOLUME")

    assert of("USER") == ["10001:10001"]
    assert PurePosixPath(settings["CREDENCE_JOURNAL"]).parent == PurePosixPath(volume)
    assert f"install --directory --owner=credence --group=credence --mode=0700 {volume}" in of("RUN")[0]
    assert ("rules", settings["CREDENCE_RULES"] + "/") in copies(IMAGE)


def test_its_environment_is_made_of_settings_that_there_are() -> None:
    given = {
        name.removeprefix("CREDENCE_").lower(): value for name, value in environment().items() if "CREDENCE_" in name
    }

    assert set(given) <= set(Settings.model_fields)
    settings = Settings(**given)  # type: ignore[arg-type]  # text, as from the environment
    assert (settings.host, str(settings.port)) == ("0.0.0.0", of("EXPOSE")[0])


@pytest.mark.slow
@pytest.mark.long
def test_its_command_serves_and_its_health_check_tells_whether_it_does(tmp_path: Path) -> None:
    port = free_port()
    places = {"CREDENCE_JOURNAL": str(tmp_path / "journal.db"), "CREDENCE_RULES": str(RULES)}
    own = {name: value for name, value in environment().items() if name != "PATH"}
    env = plain_environment() | own | places | {"CREDENCE_PORT": str(port), "CREDENCE_HOST": "127.0.0.1"}
    env["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), env["PATH"]))
    check = json.loads(of("HEALTHCHECK")[0].partition("CMD ")[2])

    def is_healthy() -> bool:
        return subprocess.run(check, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL, timeout=PATIENCE).returncode == 0

    assert not is_healthy()
    with subprocess.Popen(json.loads(of("CMD")[0]), cwd=tmp_path, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(is_healthy)
        finally:
            process.terminate()
            process.wait(PATIENCE)
    assert process.returncode == 0
    assert (tmp_path / "journal.db").exists()
    assert not is_healthy()


# --- compose.yaml; its keys are those of https://github.com/compose-spec/compose-spec

SERVICE_KEYS = {
    *("build", "image", "ports", "volumes", "environment", "read_only", "tmpfs", "init", "cap_drop", "security_opt"),
    *("restart", "stop_grace_period", "profiles", "secrets", "healthcheck", "depends_on"),
}
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_compose_has_keys_that_compose_knows() -> None:
    assert set(COMPOSE) <= {"name", "services", "volumes", "secrets"}
    for service in SERVICES.values():
        assert set(service) <= SERVICE_KEYS
        assert set(service.get("healthcheck", ())) <= {"test", "interval", "timeout", "retries", "start_period"}


def test_compose_publishes_on_the_loopback_address_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]

    assert ports == [f"127.0.0.1:8000:{of('EXPOSE')[0]}"]
    assert all(service.get("network_mode") is None for service in SERVICES.values())


def test_compose_runs_the_image_as_it_is_made_to_run() -> None:
    service = SERVICES["credence"]
    mounted = dict(reversed(volume.split(":")[:2]) for volume in service["volumes"])

    assert (service["build"], service["read_only"], service["tmpfs"]) == (".", True, ["/tmp"])
    assert service["cap_drop"] == ["ALL"]
    assert mounted == {of("VOLUME")[0]: "journal", environment()["CREDENCE_RULES"]: "./rules"}
    assert service["volumes"][1].endswith(":ro")


def test_compose_declares_what_its_services_name() -> None:
    for service in SERVICES.values():
        named = {volume.split(":")[0] for volume in service["volumes"]}
        assert {name for name in named if not name.startswith(".")} <= set(COMPOSE["volumes"])
        assert all((ROOT / name).is_dir() for name in named if name.startswith("."))


def test_compose_keeps_the_journal_in_a_postgresql_that_nobody_else_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    database, ours = SERVICES["postgresql"], SERVICES["credence"]
    own = ours["environment"]

    assert re.fullmatch(r"postgres:\d+-bookworm", database["image"])
    assert "ports" not in database
    assert ours["depends_on"] == {"postgresql": {"condition": "service_healthy"}}
    assert own["PGPASSWORD"] == database["environment"]["POSTGRES_PASSWORD"]
    assert own["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    for name in ("CREDENCE_JOURNAL", "CREDENCE_WORKERS"):
        monkeypatch.setenv(name, own[name])
    user, name = (database["environment"][each] for each in ("POSTGRES_USER", "POSTGRES_DB"))
    assert str(Settings().journal) == f"postgresql://{user}@postgresql/{name}"
    assert Settings().workers == 2
