from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from api.settings import Settings
from tests.support.running_service import running, write_rules


@pytest.fixture(scope="module")
def service_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home: Path = tmp_path_factory.mktemp("service")
    return Settings(rules=write_rules(home / "rules"), journal=home / "var" / "credence.db", body_bytes_max=1 << 16)


@pytest.fixture(scope="module")
def client(service_settings: Settings) -> Iterator[httpx2.Client]:
    with running(service_settings) as client:
        yield client
