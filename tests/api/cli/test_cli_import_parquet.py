"""`credence import` takes the same rows from Parquet as from CSV and NDJSON, by a map, and says what it didn't take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.command_line import credence
from tests.support.order_desks import accounts, put_rows, settings_of_desk
from tests.support.running_service import running

ROWS: list[dict[str, Any]] = [
    {"Nr": "I-1", "Kunde": "C-1", "Offen": Decimal("1250.50"), "Faellig": date(2026, 7, 20)},
    {"Nr": "I-2", "Kunde": "C-none", "Offen": Decimal("9.00"), "Faellig": date(2026, 7, 25)},
    {"Nr": "I-3", "Kunde": "C-1", "Offen": Decimal("0.01"), "Faellig": date(2026, 8, 1)},
]
MAP = """\
import: open-items
columns:
  invoice: {column: Nr}
  account: {column: Kunde}
  open_amount: {column: Offen}
  due_on: {column: Faellig}
...
"""


@pytest.fixture(name="service", scope="module")
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx2.Client, Path]]:
    settings = settings_of_desk(tmp_path_factory.mktemp("import"))
    put_rows(settings, accounts("C-1"))
    with running(settings) as client:
        yield client, settings.rules


def _written(path: Path) -> Path:
    if path.suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
        return path
    texts = [{name: str(value) for name, value in row.items()} for row in ROWS]
    if path.suffix == ".csv":
        lines = [",".join(ROWS[0]), *(",".join(row.values()) for row in texts)]
    else:
        lines = [json.dumps(row) for row in texts]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _import(service: tuple[httpx2.Client, Path], home: Path, suffix: str) -> tuple[int, dict[str, Any], str]:
    client, rules = service
    (home / "map.yaml").write_text(MAP, encoding="utf-8")
    rejects = home / "rejects.csv"
    done = credence(
        "import", "open-items", _written(home / f"items{suffix}"), "--map", home / "map.yaml", "--rules", rules,
        "--rejects", rejects, "--json", "--url", str(client.base_url),
    )  # fmt: skip
    return done.exit_code, json.loads(done.stdout), rejects.read_text("utf-8")


def test_parquet_is_imported_as_csv_and_ndjson_are(service: tuple[httpx2.Client, Path], tmp_path: Path) -> None:
    client, _ = service
    told = {}
    for suffix in (".parquet", ".csv", ".ndjson"):
        home = tmp_path / suffix.strip(".")
        home.mkdir()
        exit_code, run, rejects = _import(service, home, suffix)
        [heading, rejected] = rejects.splitlines()
        assert (exit_code, run["rows"], run["rejected"]) == (1, 3, 1)
        assert heading == "file,line,faults"
        assert "C-none" in rejected
        told[suffix] = (run["new"], run["same"])
    assert told == {".parquet": (2, 0), ".csv": (0, 2), ".ndjson": (0, 2)}
    items = client.get("/v1/accounts/C-1/items").json()["items"]
    assert [(each["id"], each["open_amount"], each["due_on"]) for each in items] == [
        ("I-1", "1250.50", "2026-07-20"),
        ("I-3", "0.01", "2026-08-01"),
    ]
