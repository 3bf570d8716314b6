"""The pictures of docs/console.md and README.md, taken of the pages: with UPDATE_PICTURES=1 they are written,
else the pages of which they were taken are still there, and each picture is in its place and small.

    UPDATE_PICTURES=1 pytest -n 0 tests/browser/test_console_pictures.py
"""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.paths import ROOT

pytestmark = pytest.mark.long

PICTURES = {
    "console_orders": ("/console/orders", "Order desk", 560),
    "console_order": ("/console/orders/SO-1001", "Order SO-1001", 690),
    "console_account": ("/console/accounts/C-17", "Nordwind Handels GmbH", 650),
    "console_decision": ("/console/orders/SO-1001", "Order SO-1001", 620),
}
"""Page, its heading, and how much of it the picture shows, in pixels from its top."""

_WIDTH = 1000
_BYTES_MAX = 110_000


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_the_console_is_in_its_place_and_small(opened: OpenPage, name: str) -> None:
    path, heading, height = PICTURES[name]
    file = ROOT / "docs" / "pictures" / f"{name}.png"
    with opened("u.hoffmann", "desk", authority="credit_manager", width=_WIDTH) as page:
        page.goto(path)
        if name == "console_decision":
            page.get_by_role("link", name="Its last decision").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        if os.environ.get("UPDATE_PICTURES"):
            clip = {"x": 0, "y": 0, "width": _WIDTH, "height": height}
            page.screenshot(path=file, full_page=True, clip=clip)  # type: ignore[arg-type]
    assert file.stat().st_size <= _BYTES_MAX
    shown = re.findall(r"!\[[^\]]{20,}\]\(pictures/([\w.]+)\)", (ROOT / "docs" / "console.md").read_text("utf-8"))
    assert file.name in shown
