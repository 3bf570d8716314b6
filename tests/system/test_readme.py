"""What README.md shows is what the service and the command line say, with the policies as they are now."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from api.settings import Settings
from tests.support.command_line import credence
from tests.support.paths import ROOT, RULES
from tests.support.running_service import running

README = (ROOT / "README.md").read_text(encoding="utf-8")
ORDER = json.loads((ROOT / "docs" / "order.json").read_text(encoding="utf-8"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.copytree(RULES, tmp_path / "rules")
    return Settings(rules=tmp_path / "rules", journal=tmp_path / "credence.db")


def test_the_order_gets_the_answer_shown(settings: Settings) -> None:
    with running(settings) as client:
        answer = client.post("/v1/decisions/order", json=ORDER).text
    excerpt = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert excerpt
    shown = re.findall(r'"([^"]*)"', excerpt[1])
    assert {"hold", "orders.over-limit", "rules/orders.yaml:…"} <= set(shown)
    for text in shown:
        for part in text.split("…"):
            assert part in answer, text
    assert len(json.loads(answer)["reasons"]) == 1


def test_the_edit_has_the_effect_told(settings: Settings) -> None:
    assert "set the `value` of `limit_tolerance` from 0.05 to 0.10" in README
    assert '`"outcome": "approve", "reasons": []`' in README
    _edit(settings, r"(limit_tolerance:\n(?:    .*\n)*?    value: )0\.05\n", r"\g<1>0.10\n")

    with running(settings) as client:
        answer = client.post("/v1/decisions/order", json=ORDER).json()

    assert (answer["outcome"], answer["reasons"]) == ("approve", [])


def test_the_mistake_is_named_as_shown(settings: Settings) -> None:
    shown = re.search(
        r"^    rules/orders\.yaml:…(: N001 unknown name `(\w+)` \(did you mean `(\w+)`\?\))$", README, re.M
    )
    assert shown
    _edit(settings, rf"(when: .*> ){shown[3]}\]", rf"\g<1>{shown[2]}]")

    result = credence("check", settings.rules)

    said = result.stdout + result.stderr
    assert result.exit_code == 1
    assert re.search(rf"orders\.yaml:[0-9]+:[0-9]+{re.escape(shown[1])}", said), said


def _edit(settings: Settings, pattern: str, new: str) -> None:
    file = settings.rules / "orders.yaml"
    text, count = re.subn(pattern, new, file.read_text(encoding="utf-8"))
    assert count == 1
    file.write_text(text, encoding="utf-8")
