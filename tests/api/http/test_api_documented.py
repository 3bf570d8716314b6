"""docs/api.md names every setting, problem, metric and path there is."""

from __future__ import annotations

import httpx2
import pytest

from api.http.guard import ConnectionLimits
from api.http.metrics import Metrics
from api.http.problem_kind import ProblemKind
from api.http.problems import ALL_KINDS
from api.settings import Settings
from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.paths import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_is_documented_with_its_default(name: str) -> None:
    default = Settings.model_fields[name].default
    shown = f"`{default}`" if default != "" else "none"
    assert f"| `CREDENCE_{name.upper()}` | {shown} |" in DOCUMENT


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.slug)
def test_each_problem_is_documented_with_its_status(kind: ProblemKind) -> None:
    assert f"| `/problems/{kind.slug}` | {kind.status} |" in DOCUMENT


def test_each_metric_is_documented() -> None:
    for family in Metrics().registry.collect():
        assert f"| `credence_{family.name.removeprefix('credence_')}" in DOCUMENT, family.name


def test_each_path_is_documented(client: httpx2.Client) -> None:
    cases = tuple(f"/v1/decisions/{case}" for case in CASE_KINDS)
    for path in client.get("/openapi.json").json()["paths"]:
        shown = "/v1/decisions/{order|" if path in cases else path
        assert shown in DOCUMENT, path


def test_the_limits_are_documented() -> None:
    limits = ConnectionLimits()
    rows = {
        "request line and headers": f"{limits.head_bytes >> 10} kB",
        "time for the head": f"{limits.head_seconds} s",
        "head and body as they come": f"{limits.chunks:,} chunks",
        "time for the body": f"{limits.body_seconds} s",
        "bodies not answered yet": f"{limits.bodies_bytes >> 20} MB",
        "requests sent ahead": f"{limits.ahead} wait",
        "an answer that nobody reads": f"{limits.unread_seconds} s",
        "a connection on which": f"{limits.idle_seconds} s",
        "connections": f"{limits.connections:,}",
    }
    for start, limit in rows.items():
        (row,) = [line for line in DOCUMENT.splitlines() if line.startswith(f"| {start}")]
        assert limit in row
